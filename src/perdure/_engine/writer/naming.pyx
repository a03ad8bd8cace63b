"""How an object that is pickled by reference is named, and whether the name leads back to it.

The rules and the words of the errors are CPython 3.14's (``save_global`` and
``whichmodule`` in Lib/pickle.py), whatever the running version.
"""

import sys
from types import BuiltinFunctionType, FunctionType

from _pickle import PicklingError

from perdure._engine.writer.capi cimport PyDict_GetItemWithError, PyModule_CheckExact, PyModule_GetDict, PyObject

cdef dict modules = sys.modules


cdef str type_name(t):
    """A type's name as errors show it: with its module, but for builtins and __main__."""
    module, name = t.__module__, t.__qualname__
    if type(module) is not str or module in ("builtins", "__main__"):
        return name
    return f"{module}.{name}"


def whichmodule(obj, name):
    """The name of the module that an object of that (dotted) name belongs to.

    ``obj.__module__`` if it says so; else the first imported module where the name leads
    to this very object; else ``"__main__"``.
    """
    module = getattr(obj, "__module__", None)
    if module is not None:
        return module
    path = name.split(".")
    for module, content in sys.modules.copy().items():  # a module's __getattr__ may import
        if module == "__main__" or module == "__mp_main__" or content is None:
            continue
        try:
            if walk(content, path) is obj:
                return module
        except AttributeError:
            pass
    return "__main__"


cdef object walk(start, list path):
    for part in path:
        start = getattr(start, part)
    return start


cdef list mangled(list path):
    """Private names inside a class as the compiler stores them: A.__b is A._A__b."""
    if sys.version_info < (3, 15):
        return path
    mended = path[:1]
    for before, part in zip(path, path[1:]):
        outer = before.lstrip("_")
        if outer and part.startswith("__") and not part.endswith("__"):
            part = f"_{outer}{part}"
        mended.append(part)
    return mended


cdef tuple global_name(obj, name):
    """(module, dotted name) of an object, proven.

    ``name`` is what the object's reduce answer says, or None. Raises PicklingError unless
    importing the module and following the name gives this very object.
    """
    if name is None and isinstance(obj, (type, FunctionType, BuiltinFunctionType)):
        found = quick_name(<PyObject*>obj)
        if found is not None:
            return found
    if name is None:
        name = getattr(obj, "__qualname__", None)
        if name is None:
            name = obj.__name__
    path = mangled(name.split("."))
    name = ".".join(path)
    if "<locals>" in path:
        raise PicklingError(f"Can't pickle local object {obj!r}")
    module = whichmodule(obj, name)
    found = sys.modules.get(module)
    if found is None:
        try:
            __import__(module, level=0)
            found = sys.modules[module]
        except (ImportError, ValueError, KeyError) as problem:
            raise_from_within(f"Can't pickle {obj!r}: {problem!s}", problem)
    try:
        for part in path:
            found = getattr(found, part)
    except AttributeError as problem:
        raise_from_within(f"Can't pickle {obj!r}: it's not found as {module}.{name}", problem)
    if found is not obj:
        raise PicklingError(f"Can't pickle {obj!r}: it's not the same object as {module}.{name}")
    return module, name


cdef tuple quick_name(PyObject* obj):
    """The common case: what its imported module holds under its own, undotted name."""
    cdef PyObject* module
    cdef PyObject* found
    module_name, name = (<object>obj).__module__, (<object>obj).__qualname__
    if type(module_name) is not str or type(name) is not str:
        return None
    module = PyDict_GetItemWithError(<PyObject*>modules, <PyObject*>module_name)
    if module == NULL or not PyModule_CheckExact(module):
        return None
    found = PyDict_GetItemWithError(PyModule_GetDict(module), <PyObject*>name)
    return (module_name, name) if found == obj else None


cdef int raise_from_within(str text, problem) except -1:
    """PicklingError with ``problem`` as its context, as if raised where it was handled."""
    error = PicklingError(text)
    error.__context__ = problem
    raise error
