"""Streams that torch would follow out of bounds, into an unpickler of its own, or to functions of somebody's."""

import pickle
import pickletools
import struct
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from tests.profile import torch_cases as cases
from tests.profile.forge import changed, having, tampered

BASE = cases.BASE


class _Raw:
    """What a pickler writes as a call."""

    def __init__(self, call: Any, *args: Any) -> None:
        self.call, self.args = call, args

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.call, self.args


def inner(tensor: torch.Tensor = BASE) -> bytes:
    """The bytes of a tensor's storage, as torch writes them."""
    (found,) = (item for _, item, _ in pickletools.genops(pickle.dumps(tensor)) if type(item) is bytes)
    return found


def _storage(data: object) -> _Raw:
    return _Raw(torch.storage._load_from_bytes, data)


def _tensor(*args: Any, data: object = None) -> bytes:
    """Of a storage of 24 floats and other arguments than a tensor's."""
    given = args if len(args) > 3 else (*args, False, OrderedDict())
    return pickle.dumps(_Raw(torch._utils._rebuild_tensor_v2, _storage(data or inner()), *given))


def _edited(old: bytes, new: bytes) -> bytes:
    data = inner()
    assert old in data
    return _tensor(0, (2,), (1,), data=data.replace(old, new))


def _sparse(places: list[list[int]], size: tuple[int, ...]) -> bytes:
    tensors = torch.tensor(places), torch.ones(len(places[0]))
    return pickle.dumps(_Raw(torch._utils._rebuild_sparse_tensor, torch.sparse_coo, (*tensors, torch.Size(size), True)))


def _rows(starts: list[int], columns: list[int]) -> bytes:
    parts = torch.tensor(starts), torch.tensor(columns), torch.ones(len(columns)), torch.Size((2, 2))
    return pickle.dumps(_Raw(torch._utils._rebuild_sparse_tensor, torch.sparse_csr, parts))


def _module(make: Callable[[], nn.Module], **changes: object) -> bytes:
    found = make()
    return tampered(found, type(found), having(**changes))


class _Code:
    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        import os

        return os._exit, (77,)


def _look(found: Any) -> None:
    found = found.to_dense() if found.layout is not torch.strided else found
    found.sum().item()
    found.clone()


def _run(found: Any) -> None:
    found(torch.ones(2, 2))


_COUNT = b"K\x18Nt"

CASES: dict[str, Callable[[], tuple[bytes, list[str], Any]]] = {
    name: (lambda make=make, use=use: (make(), ["torch"], use))
    for name, (make, use) in {
        # ---- tensors in their storage
        "beyond its storage": (lambda: _tensor(0, (25,), (1,)), _look),
        "far beyond its storage": (lambda: _tensor(0, (10**9,), (1,)), _look),
        "an offset beyond": (lambda: _tensor(20, (5,), (1,)), _look),
        "an offset far beyond": (lambda: _tensor(10**12, (1,), (1,)), _look),
        "a negative offset": (lambda: _tensor(-4, (2,), (1,)), _look),
        "a stride beyond": (lambda: _tensor(0, (2, 3), (100, 1)), _look),
        "a negative stride": (lambda: _tensor(23, (3,), (-1,)), _look),
        "a negative size": (lambda: _tensor(0, (-1,), (1,)), _look),
        "a size without end": (lambda: _tensor(0, (2**62, 4), (0, 0)), None),
        "sizes that overflow": (lambda: _tensor(0, (2**32, 2**32), (1, 1)), None),
        "strides that overflow": (lambda: _tensor(0, (2, 2), (2**61, 2**62)), None),
        "fewer strides than axes": (lambda: _tensor(0, (2, 3), (1,)), _look),
        "a size that is no number": (lambda: _tensor(0, (2.0,), (1,)), _look),
        "a hundred axes": (lambda: _tensor(0, (1,) * 100, (1,) * 100), None),
        "hooks": (lambda: _tensor(0, (2,), (1,), False, OrderedDict(a=1)), None),
        "flags that are none": (lambda: _tensor(0, (2,), (1,), False, OrderedDict(), {"conj": True}), None),
        "a gradient of whole numbers": (
            lambda: _tensor(0, (2,), (1,), True, OrderedDict(), data=inner(torch.arange(3))), None,
        ),
        "no storage": (
            lambda: pickle.dumps(_Raw(torch._utils._rebuild_tensor_v2, b"1234", 0, (1,), (1,), False, OrderedDict())), None,
        ),
        "a wider type": (
            lambda: pickle.dumps(_Raw(
                torch._utils._rebuild_tensor_v3, _storage(inner()), 0, (24,), (1,), False, OrderedDict(), torch.float64)),
            _look,
        ),
        "truth that is neither": (
            lambda: _tensor(0, (2,), (1,), data=inner(torch.tensor([True, False])).replace(b"\x01\x00", b"\x07\x05")[:-2] + b"\x07\x05"),
            None,
        ),
        "truth of another storage": (
            lambda: pickle.dumps(_Raw(
                torch._utils._rebuild_tensor_v3, _storage(inner()), 0, (24,), (1,), False, OrderedDict(), torch.bool)),
            _look,
        ),
        # ---- the bytes of a storage
        "storage: code in the bytes": (lambda: pickle.dumps(_storage(pickle.dumps(_Code(), 2))), None),
        "storage: code after the number": (
            lambda: pickle.dumps(_storage(inner()[:15] + inner()[15:21] + pickle.dumps(_Code(), 2) + inner()[21:])), None,
        ),
        "storage: another class": (lambda: _edited(b"ctorch\nFloatStorage\n", b"cos\nsystem\n"), None),
        "storage: a class that is none": (lambda: _edited(b"FloatStorage", b"SomeStorage"), None),
        "storage: quantized": (lambda: _edited(b"FloatStorage", b"QInt8Storage"), None),
        "storage: more numbers than bytes": (lambda: _edited(_COUNT, b"J\0\0\0\x40Nt"), _look),
        "storage: fewer numbers": (lambda: _edited(_COUNT, b"K\x01Nt"), None),
        "storage: a negative number of them": (lambda: _edited(_COUNT, b"J\xff\xff\xff\xffNt"), None),
        "storage: a length that disagrees": (
            lambda: _edited(b"a." + struct.pack("<q", 24), b"a." + struct.pack("<q", 2**40)), None,
        ),
        "storage: wider numbers": (lambda: _edited(b"FloatStorage", b"DoubleStorage"), _look),
        "storage: a view": (lambda: _edited(b"Ntq\x04Q", b"X\x01\0\0\0aK\0K\x05\x87tq\x04Q"), None),
        "storage: another machine's order": (lambda: _edited(b"q\x02\x88X", b"q\x02\x89X"), None),
        "storage: a text of another length": (lambda: _edited(b"X\x03\0\0\0cpu", b"X\x04\0\0\0cpu"), None),
        "storage: bytes that end early": (lambda: pickle.dumps(_storage(inner()[:-1])), None),
        "storage: bytes that go on": (lambda: pickle.dumps(_storage(inner() + b"\0")), None),
        "storage: no bytes": (lambda: pickle.dumps(_storage(b"")), None),
        "storage: text": (lambda: pickle.dumps(_storage("text")), None),
        "storage: a tar": (lambda: pickle.dumps(_storage(b"storages".ljust(512, b"\0"))), None),
        "storage: a zip": (lambda: pickle.dumps(_storage(b"PK\x03\x04" + bytes(100))), None),
        # ---- sparse ones
        "sparse: an index beyond": (lambda: _sparse([[0, 10**6]], (3,)), _look),
        "sparse: a negative index": (lambda: _sparse([[0, -10**6]], (3,)), _look),
        "sparse: rows beyond": (lambda: _rows([0, 1, 10**6], [0, 1]), _look),
        "sparse: a column beyond": (lambda: _rows([0, 1, 2], [0, 10**6]), _look),
        "sparse: no size": (
            lambda: pickle.dumps(_Raw(torch._utils._rebuild_sparse_tensor, torch.sparse_coo, (torch.tensor([[0]]),))), None,
        ),
        # ---- what goes by a name
        "torch.load": (lambda: pickle.dumps(_Raw(torch.load, "/etc/passwd")), None),
        "a function as a value": (lambda: pickle.dumps([torch.storage._load_from_bytes]), None),
        "a class of tensors that is called": (lambda: pickle.dumps(_Raw(torch.Tensor, 10**9)), None),
        "a size without numbers": (lambda: pickle.dumps(_Raw(torch.Size, ("a",))), None),
        # ---- modules
        "module: a hook": (lambda: _module(lambda: nn.Linear(2, 1), _forward_hooks={1: torch.relu}), _run),
        "module: a hook of a name that is allowed": (
            lambda: _module(lambda: nn.Linear(2, 1), _forward_hooks=OrderedDict({1: nn.functional.relu})), _run,
        ),
        "module: a hook that is a module": (
            lambda: _module(lambda: nn.Linear(2, 1), _forward_pre_hooks=OrderedDict({1: nn.ReLU()})), _run,
        ),
        "module: a method that is hidden": (lambda: _module(lambda: nn.Linear(2, 1), forward=nn.ReLU()), _run),
        "module: a special name": (lambda: _module(lambda: nn.Linear(2, 1), __class__=nn.ReLU()), _run),
        "module: no parameters": (lambda: _module(lambda: nn.Linear(2, 1), _parameters=[1]), _run),
        "module: parameters that are numbers": (lambda: _module(lambda: nn.Linear(2, 1), _parameters={"weight": 1}), _run),
        "module: parts that are texts": (lambda: _module(lambda: nn.Sequential(nn.ReLU()), _modules={"0": "a"}), _run),
        "module: another's function": (lambda: _module(lambda: nn.Linear(2, 1), extra=print), _run),
        "module: weights that are not its own": (
            lambda: tampered(nn.RNN(2, 1), nn.RNN, changed("_flat_weights_names", lambda names: [*names, "other"])), _run,
        ),
        "module: fewer weights": (
            lambda: tampered(nn.RNN(2, 1), nn.RNN, changed("_flat_weights_names", lambda names: names[:1])), _run,
        ),
    }.items()
}  # fmt: skip
