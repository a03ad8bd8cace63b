"""What goes by a name: found, and asked for its own name, without running code of its own.

Only `find` imports, and only the module that is named: its caller has decided that it may be.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import (
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
    WrapperDescriptorType,
)

from perdure.policy.classes import is_class, names_of, static_attribute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["NOTHING", "find", "is_own_value", "own_name", "shown"]

NOTHING = object()
_IN_C: tuple[Any, ...] = (GetSetDescriptorType, MemberDescriptorType, WrapperDescriptorType)  # of types in C


def own_name(thing: Any, default: tuple[str, str] = ("", "")) -> tuple[str, str]:
    """The module and qualified name by which a class or function knows itself; no code of its own is asked, which
    could be that of a stand-in for something that would be imported or made now."""
    if is_class(thing):
        module, name = names_of(thing)
    elif _answers_by_itself(type(thing)):
        return default
    else:
        try:
            module, name = thing.__module__, thing.__qualname__
        except Exception:
            return default
    return (module, name) if type(module) is str and type(name) is str else default


def _answers_by_itself(cls: type) -> bool:
    """Whether asking instances of a class for their name could run Python code: a module's is its __getattr__."""
    if issubclass(cls, ModuleType) or static_attribute(cls, "__getattr__")[0] is not None:
        return True
    found = [static_attribute(cls, name) for name in ("__getattribute__", "__module__", "__qualname__")]
    return any(owner is not None and type(value) not in (str, *_IN_C) for owner, value in found)


def shown(thing: Any) -> str:
    """What something is called, at no cost: showing a value may take for ever."""
    return ".".join(own_name(thing)) if is_class(thing) else f"a {type(thing).__name__}"


def is_own_value(found: Any, module: str) -> bool:
    """Whether something that is no class may go by a name in a module: a function of another library may not."""
    if found is NOTHING or is_class(found) or issubclass(type(found), ModuleType):
        return False
    own, _ = own_name(found, default=(module, ""))
    return own.split(".")[0].lstrip("_") == module.split(".")[0].lstrip("_")


def find(module: str, name: str) -> Any:
    """The object of a name that could be trusted: through the module's own names and then through classes
    alone; nothing is run but the import. ``NOTHING`` where there is none."""
    parts = name.split(".")
    if not all(part.isidentifier() for part in (*module.split("."), *parts)):
        return NOTHING
    if any(part.startswith("__") for part in module.split(".")[1:]):
        return NOTHING  # __main__, which is a program, and __init__, which would run again
    loaded: Any = sys.modules.get(module)
    if loaded is None:
        loaded = import_module(module)
    if not issubclass(type(loaded), ModuleType):
        return NOTHING
    found = ModuleType.__getattribute__(loaded, "__dict__").get(parts[0], NOTHING)
    for part in parts[1:]:
        if not is_class(found):
            return NOTHING
        cls = found
        owner, found = static_attribute(cls, part)
        if owner is None:
            return NOTHING
        if type(found) is staticmethod:
            found = found.__func__
        elif type(found) is classmethod and type(found.__func__) is FunctionType:
            found = MethodType(found.__func__, cls)  # not by __get__, which of a property would give the value
    return found
