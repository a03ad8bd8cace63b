"""What the fuzzer once found, through every door."""

from pathlib import Path

import pytest

from tests.fuzz.doors import FORBIDDEN, Door, doors

FOUND = sorted((Path(__file__).parent / "regressions").iterdir())


@pytest.mark.parametrize("door", doors(), ids=lambda door: door.name)
@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_what_the_fuzzer_found(path: Path, door: Door) -> None:
    try:
        door.enter(path.read_bytes())
    except door.allowed as error:
        assert not isinstance(error, FORBIDDEN)
