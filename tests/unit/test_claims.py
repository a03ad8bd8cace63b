"""A Pickler and an Unpickler belong to one thread at a time; a hook of its own may look at it."""

import io
import threading
from collections.abc import Callable

import pytest

from perdure.pickle import Pickler, Unpickler


def elsewhere(call: Callable[[], object]) -> BaseException | None:
    """What the call raises in another thread."""
    raised: list[BaseException] = []

    def work() -> None:
        try:
            call()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return raised[0] if raised else None


class Hooked:
    """Calls ``action`` while it is dumped, or while its persistent id is loaded."""

    def __init__(self, action: Callable[[], object]) -> None:
        self.action = action

    def __reduce__(self) -> tuple:
        self.action()
        return list, ()


PICKLER = {
    "dump": lambda pickler: pickler.dump(1), "clear_memo": lambda pickler: pickler.clear_memo(),
    "__init__": lambda pickler: pickler.__init__(io.BytesIO()), "memo.copy": lambda pickler: pickler.memo.copy(),
    "memo.clear": lambda pickler: pickler.memo.clear(), "memo=": lambda pickler: setattr(pickler, "memo", {}),
}
UNPICKLER = {
    "load": lambda unpickler: unpickler.load(), "__init__": lambda unpickler: unpickler.__init__(io.BytesIO()),
    "memo.copy": lambda unpickler: unpickler.memo.copy(), "memo.clear": lambda unpickler: unpickler.memo.clear(),
    "memo=": lambda unpickler: setattr(unpickler, "memo", {}),
}


@pytest.mark.parametrize("name", PICKLER)
def test_a_pickler_in_use(name: str) -> None:
    seen: list[BaseException | None] = []
    pickler = Pickler(io.BytesIO(), 5)
    pickler.dump([Hooked(lambda: seen.append(elsewhere(lambda: PICKLER[name](pickler))))])
    assert type(seen[0]) is RuntimeError and str(seen[0]) == "Pickler object is already used"
    assert elsewhere(lambda: PICKLER[name](pickler)) is None


@pytest.mark.parametrize("name", UNPICKLER)
def test_an_unpickler_in_use(name: str) -> None:
    seen: list[BaseException | None] = []

    class Asking(Unpickler):
        def persistent_load(self, pid: object) -> object:
            seen.append(elsewhere(lambda: UNPICKLER[name](self)))
            return pid

    unpickler = Asking(io.BytesIO(b"\x80\x04NQ.N."))
    assert unpickler.load() is None
    assert type(seen[0]) is RuntimeError and str(seen[0]) == "Unpickler object is already used"
    assert elsewhere(lambda: UNPICKLER[name](unpickler)) is None


@pytest.mark.parametrize("name", ["clear_memo", "memo.copy", "memo.clear"])
def test_a_hook_may_look_at_its_own_pickler(name: str) -> None:
    pickler = Pickler(io.BytesIO(), 5)
    pickler.dump([Hooked(lambda: PICKLER[name](pickler))])
    with pytest.raises(RuntimeError, match="already used"):
        pickler.dump([Hooked(lambda: pickler.dump(1))])
