"""Classes that give what the program has already: one instance for all, one dict for all instances."""

from typing import Any


class ByNew:
    only: Any = None
    role = "guest"

    def __new__(cls, *args: object) -> "ByNew":
        if cls.only is None:
            cls.only = super().__new__(cls)
        return cls.only  # type: ignore[no-any-return]


class Meta(type):
    only: Any = None

    def __call__(cls, *args: object, **keywords: object) -> object:
        if cls.only is None:
            cls.only = super().__call__()
        return cls.only


class ByMeta(metaclass=Meta):
    role = "guest"


class ByKey:
    known: "dict[object, ByKey]" = {}
    role = "guest"

    def __new__(cls, key: object = "a") -> "ByKey":
        key = key if type(key) is str else "a"
        return cls.known.setdefault(key, super().__new__(cls))


class Sloted:
    __slots__ = ("role",)
    only: Any = None

    def __new__(cls, *args: object) -> "Sloted":
        if cls.only is None:
            cls.only = super().__new__(cls)
        return cls.only  # type: ignore[no-any-return]


class ListOfAll(list[Any]):
    only: Any = None

    def __new__(cls, *args: object) -> "ListOfAll":
        if cls.only is None:
            cls.only = super().__new__(cls)
        return cls.only  # type: ignore[no-any-return]

    def __init__(self, *args: object) -> None:
        pass


class DictOfAll(dict[Any, Any]):
    only: Any = None

    def __new__(cls, *args: object) -> "DictOfAll":
        if cls.only is None:
            cls.only = super().__new__(cls)
        return cls.only  # type: ignore[no-any-return]

    def __init__(self, *args: object) -> None:
        pass


SETTINGS = {"role": "guest"}


class Other:
    """Its constructor gives the program's own dict."""

    def __new__(cls, *args: object) -> "Other":
        return SETTINGS  # type: ignore[return-value]


class SharedByInit:
    shared = {"role": "guest"}

    def __init__(self, *args: object) -> None:
        self.__dict__ = self.shared


class SharedByNew:
    shared = {"role": "guest"}

    def __new__(cls, *args: object) -> "SharedByNew":
        made = super().__new__(cls)
        made.__dict__ = cls.shared
        return made


class SlotedShared:
    """With a slot, and a dict that all share."""

    __slots__ = ("__dict__", "own")
    shared = {"role": "guest"}

    def __new__(cls, *args: object) -> "SlotedShared":
        made = super().__new__(cls)
        made.__dict__ = cls.shared
        return made


LENDERS = (ByNew, ByMeta, ByKey, Sloted, ListOfAll, DictOfAll, Other, SharedByInit, SharedByNew, SlotedShared)
for _cls in LENDERS:
    _cls()
Sloted().role = "guest"


def state() -> str:
    """All that these classes lend."""
    lent = (ByNew.only, ByMeta.only, *ByKey.known.values())
    return repr([*map(vars, lent), Sloted.only.role, ListOfAll.only, DictOfAll.only, SETTINGS, SharedByInit.shared, SharedByNew.shared,
                 SlotedShared.shared])  # fmt: skip
