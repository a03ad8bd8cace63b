"""The pack "torch": tensors, dicts of them and modules load as by the standard module; what reaches beyond does not."""

import pickle
import pickletools
import warnings
from collections import OrderedDict
from typing import Any

import pytest

import perdure
from perdure import CorruptError, UntrustedError

torch = pytest.importorskip("torch", reason="the pack's own library is not installed: make test-heavy")

from tests.profile import torch_cases as cases
from tests.profile.apart import verdicts
from tests.profile.forge import having, tampered
from tests.profile.hostile_torch import CASES


def loaded(stream: bytes) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is in beta
        return perdure.loads(stream, trusted=["torch"])


def same(one: Any, other: Any) -> None:
    assert type(one) is type(other)
    if isinstance(one, torch.Tensor):
        assert (one.dtype, one.shape, one.layout, one.requires_grad) == (
            other.dtype, other.shape, other.layout, other.requires_grad,
        )  # fmt: skip
        assert one.is_conj() == other.is_conj() and one.is_neg() == other.is_neg()
        if one.layout is torch.strided:
            assert one.stride() == other.stride() and one.storage_offset() == other.storage_offset()
            assert one.untyped_storage().nbytes() == other.untyped_storage().nbytes()
        elif one.layout is torch.sparse_coo:
            assert one.is_coalesced() == other.is_coalesced()
        one, other = one.detach().to_dense(), other.detach().to_dense()
        assert torch.equal(one, other)
        assert vars(one).keys() == vars(other).keys()
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            same(left, right)
    elif isinstance(one, dict):
        assert list(one) == list(other)
        for key in one:
            same(one[key], other[key])
    elif hasattr(one, "tobytes"):
        assert one.tobytes() == other.tobytes()
    elif isinstance(one, torch.storage.TypedStorage):
        assert one.dtype is other.dtype and list(one.untyped()) == list(other.untyped())
    else:
        assert one == other


@pytest.mark.parametrize("name", [*cases.TENSORS, *cases.DICTS])
def test_tensors_and_dicts_of_them(name: str) -> None:
    found = (cases.TENSORS | cases.DICTS)[name]
    for protocol in range(2, 6):
        stream = pickle.dumps(found, protocol)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            one, other = loaded(stream), pickle.loads(stream)
            same(one, other)
    if isinstance(found, OrderedDict):
        assert one._metadata == found._metadata


@pytest.mark.parametrize("name", ["uint16", "uint64", "float8_e5m2"])
def test_numbers_that_torch_itself_can_not_read_again(name: str) -> None:
    """Their storages are pickled without a type, by releases that fail to read that."""
    found = torch.arange(3).to(getattr(torch, name))
    one = loaded(pickle.dumps(found))
    assert one.dtype is found.dtype and bytes(one.untyped_storage()) == bytes(found.untyped_storage())


def test_one_that_two_share_is_one_and_can_grow() -> None:
    one, other = loaded(pickle.dumps([cases.BASE] * 2))
    assert one is other
    assert one.resize_(100).shape == (100,)


@pytest.mark.parametrize("name", cases.MODULES)
def test_modules(name: str) -> None:
    make, given = cases.MODULES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = make().eval()
        for protocol in range(2, 6):
            stream = pickle.dumps(found, protocol)
            one, other = loaded(stream), pickle.loads(stream)
            assert vars(one).keys() == vars(other).keys()
            same(one.state_dict(), other.state_dict())
            same(list(one.parameters()), list(other.parameters()))
            if given:
                same(one(*given), other(*given))


class Mine(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Linear(2, 1)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        return self.first(given).relu()


def test_a_module_of_ones_own_is_held_to_what_it_inherits() -> None:
    found = Mine()
    stream = pickle.dumps(found)
    with pytest.raises(UntrustedError) as caught:
        loaded(stream)
    assert any(name.endswith("Mine") for name in caught.value.names)
    one = perdure.loads(stream, trusted=["torch", Mine])
    assert torch.equal(one(torch.ones(2)), found(torch.ones(2)))
    hooked = tampered(found, Mine, having(_forward_hooks={1: print}))
    with pytest.raises((CorruptError, UntrustedError)):
        perdure.loads(hooked, trusted=["torch", Mine, print])


@pytest.mark.parametrize("case", CASES)
def test_states_that_are_not_sound(case: str) -> None:
    verdict = verdicts("tests.profile.hostile_torch")[case]
    assert verdict.startswith(("CorruptError: ", "UntrustedError: ", "LimitError: ")), verdict


def test_other_devices_and_kinds_are_refused_clearly() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quantized = pickle.dumps(torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8))
    for stream in (pickle.dumps(torch.empty(2, device="meta")), quantized):
        with pytest.raises(UntrustedError, match="pack torch"):
            loaded(stream)
    stream = pickle.dumps(torch.ones(2))
    (inner,) = (argument for opcode, argument, _ in pickletools.genops(stream) if type(argument) is bytes)
    cuda = inner.replace(b"X\x03\0\0\0cpu", b"X\x06\0\0\0cuda:0")
    with pytest.raises(UntrustedError, match="cuda:0"):
        loaded(pickle.dumps(torch.storage._load_from_bytes)[:-1] + pickle.dumps(cuda)[11:-1] + b"\x85R.")


def test_nothing_of_it_loads_without_the_pack() -> None:
    with pytest.raises(UntrustedError) as caught:
        perdure.loads(pickle.dumps(torch.ones(2)))
    assert "torch._utils._rebuild_tensor_v2" in caught.value.names
