"""What a hostile stream is here: its bytes, what it tries, and what must come of it."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["CORRUPT", "LIMIT", "REFUSED", "UNTRUSTED", "VALUE", "Attack", "Family"]

UNTRUSTED = frozenset(("UntrustedError",))
CORRUPT = frozenset(("CorruptError", "TruncatedError"))
LIMIT = frozenset(("LimitError",))
VALUE = frozenset(("value",))  # one that is harmless: `worker` looks
REFUSED = UNTRUSTED | CORRUPT | LIMIT  # by whichever rule it meets first


@dataclass(frozen=True)
class Attack:
    """One stream and its verdict."""

    family: str
    name: str
    tries: str
    data: bytes | Callable[[], bytes]  # what is large is made where it is used
    verdict: frozenset[str]
    door: str = "loads"  # see `doors`
    needs: str = ""  # a module without which it means nothing

    @property
    def id(self) -> str:
        return f"{self.family}: {self.name}"

    def bytes(self) -> bytes:
        return self.data if isinstance(self.data, bytes) else self.data()


class Family(list[Attack]):
    """The attacks of one family, in the order in which they are added."""

    def __init__(self, name: str, needs: str = "") -> None:
        self.name = name
        self.needs = needs

    def add(
        self,
        name: str,
        tries: str,
        data: bytes | Callable[[], bytes],
        verdict: frozenset[str] = REFUSED,
        door: str = "loads",
        needs: str = "",
    ) -> None:
        self.append(Attack(self.name, name, tries, data, verdict, door, needs or self.needs))
