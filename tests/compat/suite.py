"""Loads CPython's own tests of pickle and marshal so that what they call the standard module is ours.

Nothing of CPython is copied: the running interpreter's ``test`` package is imported
while ``pickle`` and ``_pickle`` are stand-ins for the module under test, and ``marshal``
one for perdure.marshal, all of whose loads trust everything: the suite loads code.
A stand-in gives its *public* names from that module alone, so that a missing one fails;
names with an underscore (``pickle._Pickler``, the pure-Python twin that the suite
compares with) are the standard library's.

Rules:
- every test of every class that reaches the module under test counts;
- a class in ``ELSEWHERE`` never reaches it, so passing would prove nothing;
- a test in ``SKIPPED`` cannot hold for any other implementation, and says why.
"""

import functools
import importlib
import importlib.util
import marshal
import pickle
import sys
import types
import unittest
from pathlib import Path

MODULES = ("test_pickle", "test_picklebuffer", "test_pickletools", "test_marshal")

ELSEWHERE = {
    "PyPickleTests": "pickle.py's own dump, dumps, load, loads",
    "PyUnpicklerTests": "pickle.py's own Unpickler",
    "PyPicklerTests": "pickle.py's own classes",
    "PyPicklingErrorTests": "pickle.py's own Pickler",
    "PyPersPicklerTests": "pickle.py's own classes",
    "PyIdPersPicklerTests": "pickle.py's own classes",
    "PyPicklerUnpicklerObjectTests": "pickle.py's own classes",
    "PyDispatchTableTests": "pickle.py's own Pickler",
    "PyChainDispatchTableTests": "pickle.py's own Pickler",
    "PyPicklerHookTests": "pickle.py's own Pickler",
    "CompatPickleTests": "the tables of _compat_pickle",
    "LazyImportTest": "what importing pickle.py imports",
    "CommandLineTest": "python -m pickle",
    "GenopsTests": "pickletools.genops",
    "DisTests": "pickletools.dis",
    "MiscTestCase": "the names that pickletools exports",
}

SKIPPED = {
    "SizeofTests.test_pickler": "the size of _pickle.c's own struct, byte for byte",
    "SizeofTests.test_unpickler": "the size of _pickle.c's own struct, byte for byte",
}


class StandIn(types.ModuleType):
    """A module that has `subject`'s names where the standard module's public ones are asked for."""

    def __init__(self, name: str, standard: types.ModuleType, subject: object) -> None:
        super().__init__(name)
        self.__dict__.update(_subject=subject, _standard=standard)

    def __getattr__(self, name: str) -> object:
        if name in getattr(self._standard, "__all__", ()) or (self._standard is marshal and not name.startswith("_")):
            return getattr(self._subject, name)
        return getattr(self._standard, name)


class TrustingMarshal:
    """perdure.marshal, with everything trusted."""

    def __getattr__(self, name: str) -> object:
        import perdure

        found = getattr(perdure.marshal, name)
        if name in ("load", "loads"):
            return functools.partial(found, trusted=perdure.TRUST_ALL)
        return found


def load(subject: types.ModuleType, folder: Path | None = None) -> list[types.ModuleType]:
    """Import the suite around `subject`; `folder` may hold another version's ``test`` package."""
    import test

    names = ["pickletester", *MODULES]
    if folder is not None:
        lend_missing_helpers()
        if (folder / "picklecommon.py").exists():
            names.insert(0, "picklecommon")
    stand_ins = {name: StandIn(name, pickle, subject) for name in ("pickle", "_pickle")}
    stand_ins["marshal"] = StandIn("marshal", marshal, marshal if subject is pickle else TrustingMarshal())
    saved = {name: sys.modules.get(name) for name in stand_ins}
    sys.modules.update(stand_ins)
    try:
        modules = []
        for name in names:
            full = f"test.{name}"
            if folder is None:
                module = importlib.import_module(full)
            else:
                spec = importlib.util.spec_from_file_location(full, folder / f"{name}.py")
                module = importlib.util.module_from_spec(spec)
                sys.modules[full] = module
                setattr(test, name, module)
                spec.loader.exec_module(module)
            modules.append(module)
    finally:
        for name, module in saved.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
    return [module for module in modules if module.__name__.removeprefix("test.") in MODULES]


def lend_missing_helpers() -> None:
    """Let another version's suite import and use the helpers that this version's lacks, as no-ops."""
    from test import support
    from test.support import import_helper

    def unchanged(*args, **keywords):
        return args[0] if args and callable(args[0]) else unchanged

    def lend(name):
        if name.startswith("__"):
            raise AttributeError(name)
        return unchanged

    support.__getattr__ = import_helper.__getattr__ = lend
    lent = {
        "assertStartsWith": lambda self, text, prefix: self.assertEqual(text[:len(prefix)], prefix),
        "assertHasAttr": lambda self, obj, name: self.assertTrue(hasattr(obj, name)),
        "assertNotHasAttr": lambda self, obj, name: self.assertFalse(hasattr(obj, name)),
    }
    for name, method in lent.items():
        if not hasattr(unittest.TestCase, name):
            setattr(unittest.TestCase, name, method)


def tests(subject: types.ModuleType, folder: Path | None = None) -> list[unittest.TestCase]:
    """Every test of the suite that reaches `subject`, in order; those of SKIPPED say why they skip."""
    found = []
    for module in load(subject, folder):
        for cls in unittest.TestLoader().loadTestsFromModule(module):
            for case in flatten(cls):
                name = type(case).__name__
                if name in ELSEWHERE or isinstance(case, unittest.FunctionTestCase) or "DocTest" in name:
                    continue
                reason = SKIPPED.get(label(case))
                if reason is not None:
                    case = skipping(case, reason)
                found.append(case)
    return found


def flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


def label(case: unittest.TestCase) -> str:
    return f"{type(case).__name__}.{case._testMethodName}"


def skipping(case: unittest.TestCase, reason: str) -> unittest.TestCase:
    name = case._testMethodName
    cls = type(type(case).__name__, (unittest.TestCase,), {name: unittest.skip(reason)(lambda self: None)})
    return cls(name)
