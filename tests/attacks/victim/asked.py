"""Things that do something when they are merely looked at: stand-ins for what would be imported or made only now."""

import enum
import functools
import types

from tests.attacks import victim


class Lazy:
    """As libraries have them for modules that are slow to import."""

    def __getattr__(self, name: str) -> object:
        victim.ran.append(f"a stand-in's __getattr__ for {name}")
        raise AttributeError(name)

    def __call__(self, *args: object) -> None:
        victim.ran.append("a stand-in's __call__")


class Proxy(Lazy):
    @property
    def __class__(self) -> type:  # type: ignore[override]
        victim.ran.append("a stand-in's __class__")
        return type


class Asked:
    def __getattribute__(self, name: str) -> object:
        if not name.startswith("__") or name in ("__module__", "__qualname__", "__class__"):
            victim.ran.append(f"__getattribute__ for {name}")
        return object.__getattribute__(self, name)


class Named:
    @property
    def __module__(self) -> str:  # type: ignore[override]
        victim.ran.append("a property __module__")
        return __name__


class LazyModule(types.ModuleType):
    def __getattr__(self, name: str) -> object:
        if not name.startswith("__") or name in ("__module__", "__qualname__"):
            victim.ran.append(f"a module's __getattr__ for {name}")
        raise AttributeError(name)


def _module_getattr(name: str) -> object:
    if not name.startswith("__") or name in ("__module__", "__qualname__"):
        victim.ran.append(f"a module's own __getattr__ for {name}")
    raise AttributeError(name)


lazy, proxy, asked, named, lazy_module = Lazy(), Proxy(), Asked(), Named(), LazyModule("lazy_module")
plain_module = types.ModuleType("plain_module")
plain_module.__getattr__ = _module_getattr  # type: ignore[method-assign]


class Descriptor:
    def __get__(self, instance: object, owner: object = None) -> object:
        victim.ran.append("a descriptor's __get__")
        return 1


def _note(cls: object) -> object:
    victim.ran.append("a class's property")
    return 1


class Holder:
    descriptor = Descriptor()
    prop = property(_note)
    class_prop = classmethod(property(_note))  # type: ignore[arg-type]
    class_descriptor = classmethod(Descriptor())  # type: ignore[arg-type]
    cached = functools.cached_property(_note)
    lazy, proxy, asked, named, module = lazy, proxy, asked, named, lazy_module
    static_lazy = staticmethod(lazy)
    static_proxy = staticmethod(proxy)
    partial = functools.partialmethod(_note)
    dispatched = functools.singledispatchmethod(_note)


class AskedMeta(type):
    def __getattribute__(cls, name: str) -> object:
        if name in ("__module__", "__qualname__", "__mro__", "__members__", "__new__", "Inner"):
            victim.ran.append(f"a metaclass's __getattribute__ for {name}")
        return type.__getattribute__(cls, name)


class WithAskedMeta(metaclass=AskedMeta):
    class Inner:
        pass


class NamedMeta(type):
    @property
    def __module__(cls) -> str:  # type: ignore[override]
        victim.ran.append("a metaclass's __module__")
        return "os"

    @property
    def __mro__(cls) -> tuple[type, ...]:  # type: ignore[override]
        victim.ran.append("a metaclass's __mro__")
        return (cls, object)

    def __instancecheck__(cls, instance: object) -> bool:
        victim.ran.append("a metaclass's __instancecheck__")
        return True

    def __subclasscheck__(cls, other: type) -> bool:
        victim.ran.append("a metaclass's __subclasscheck__")
        return True


class WithNamedMeta(metaclass=NamedMeta):
    pass


class Shade(enum.Enum):
    DARK = 1

    @classmethod
    def _missing_(cls, value: object) -> object:
        victim.ran.append("_missing_ for a value of a type that no member's has") if type(value) is not int else None
        return None


Many = enum.Enum("Many", {f"M{i}": i for i in range(2000)}, module=__name__)  # type: ignore[misc]
