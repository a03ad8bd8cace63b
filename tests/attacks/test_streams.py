"""Every hostile stream ends as its verdict says, and nobody but the caller notices that it came.

A process apart takes them (see `worker`): no foreign code, nothing shared that has changed, no crash, no hang, no
memory out of proportion, no value with something in it that could be called.
"""

from importlib.util import find_spec
from typing import Any

import pytest

from tests.attacks.run import run
from tests.attacks.streams import ATTACKS
from tests.attacks.streams.attack import Attack

LIBRARIES = (b"numpy", b"pandas", b"scipy", b"sklearn", b"networkx")


def is_here(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # nor the package that it would be in
        return False


def is_standard(attack: Attack) -> bool:
    """Whether it is the same to it which libraries are installed."""
    return not attack.needs and not (isinstance(attack.data, bytes) and any(name in attack.data for name in LIBRARIES))


def parameters() -> list[Any]:
    found = []
    for attack in ATTACKS.values():
        marks = [pytest.mark.standard] if is_standard(attack) else []
        if attack.needs and not is_here(attack.needs):
            marks.append(pytest.mark.skip(reason=f"{attack.needs} is not installed"))
        found.append(pytest.param(attack, id=attack.id, marks=marks))
    return found


@pytest.fixture(scope="session")
def reports(request: pytest.FixtureRequest) -> dict[str, dict[str, Any]]:
    """What came of the streams that this run is about."""
    ours = [item for item in request.session.items if getattr(item, "function", None) is test_attack]
    wanted = [item.callspec.params["attack"].id for item in ours if not item.get_closest_marker("skip")]
    return run([], wanted)


@pytest.mark.parametrize("attack", parameters())
def test_attack(attack: Attack, reports: dict[str, dict[str, Any]]) -> None:
    report = reports[attack.id]
    assert not report["wrong"], f"it {attack.tries}: {report['outcome']} {report['text']} {report['wrong']}"
    assert report["outcome"] in attack.verdict, f"it {attack.tries}: {report['text']}"
