"""Objects whose making leads back to them: through what they hold, and without end."""

import pickle
from typing import Any

import pytest

import perdure


class Inward:
    """Made by a call whose argument is a list that it holds, and is in."""

    def __init__(self, box: list[Any] | None = None) -> None:
        self.box = [self] if box is None else box

    def __reduce__(self) -> Any:
        return Inward, (self.box,)


class Endless:
    def __reduce__(self) -> Any:
        return Endless, ([self],)


class Bounced:
    def __reduce__(self) -> Any:
        return Bounced, ({"x": Other(self)},)


class Other:
    def __init__(self, of: Any) -> None:
        self.of = of

    def __reduce__(self) -> Any:
        return Other, (self.of,)


@pytest.mark.parametrize("canonical", [False, True])
@pytest.mark.parametrize("protocol", range(6))
def test_what_it_holds_comes_back_in_it(protocol: int, canonical: bool) -> None:
    made = pickle.loads(perdure.dumps(Inward(), protocol, canonical=canonical))
    assert made.box[0].box is made.box


@pytest.mark.parametrize("canonical", [False, True])
@pytest.mark.parametrize("value", [Endless(), [Endless()], Bounced()], ids=["list", "inside", "in turns"])
def test_what_is_never_done_is_told(value: Any, canonical: bool) -> None:
    with pytest.raises(perdure.PicklingError, match="without end"):
        perdure.dumps(value, canonical=canonical)
    with pytest.raises(pickle.PicklingError, match="without end"):
        perdure.pickle.dumps(value)
