"""PyTorch (pack "torch"): tensors, parameters, the dicts of them that models and optimizers give, and modules of nn.

Of a pickled storage torch makes a call of `torch.load`, an unpickler without a policy; here the bytes are held to the
one form that torch writes them in, and the storage is made of them. A tensor is proven to lie inside its storage,
which torch would enlarge without a word, by whatever was in memory. Modules are Python: their attributes are plain
values, tensors and modules, and their hooks are none.
"""

from __future__ import annotations

import re
import sys
from collections import OrderedDict
from importlib import import_module

from perdure.errors import CorruptError, UntrustedError
from perdure.policy.rows import Callee, Constant, Kind, attributes_of, bare, kind_in, never
from perdure.policy.tables.torch_names import FUNCTIONS, MODULES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from perdure.policy.rows import Answer, Kinds

__all__ = ["NEEDS", "TOPS", "kind", "row"]

TOPS = ("torch",)
NEEDS = ()

_UTILS = "torch._utils"
_MOST = 1 << 62
_MOST_AXES = 64
# Each class of storage, and the numbers in it.
_STORAGES = {
    "BFloat16Storage": "bfloat16", "BoolStorage": "bool", "ByteStorage": "uint8", "CharStorage": "int8",
    "ComplexDoubleStorage": "complex128", "ComplexFloatStorage": "complex64", "DoubleStorage": "float64",
    "FloatStorage": "float32", "HalfStorage": "float16", "IntStorage": "int32", "LongStorage": "int64",
    "ShortStorage": "int16", "UntypedStorage": "uint8",
}  # fmt: skip
_DTYPES = frozenset((
    *_STORAGES.values(), "uint16", "uint32", "uint64", "float8_e5m2", "float8_e4m3fn", "float8_e5m2fnuz",
    "float8_e4m3fnuz", "float8_e8m0fnu",
))  # fmt: skip
_LAYOUTS = frozenset(("strided", "sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc"))


def _torch() -> Any:
    return import_module("torch")


def _elsewhere(what: str) -> None:
    raise UntrustedError(f"the pack torch makes tensors in main memory alone, dense or sparse: {what}", ())


# ---- storages --------------------------------------------------------------------------------

# Five pickles of protocol 2: a number, a version, what the machine was like, the storage by a persistent id, its name.
_FORM = re.compile(
    rb"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19\.\x80\x02M\xe9\x03\."
    rb"\x80\x02\}q\x00\(X\x10\0\0\0protocol_versionq\x01M\xe9\x03X\r\0\0\0little_endianq\x02(?P<little>[\x88\x89])"
    rb"X\n\0\0\0type_sizesq\x03\}q\x04\(X\x05\0\0\0shortq\x05K\x02X\x03\0\0\0intq\x06K\x04X\x04\0\0\0longq\x07K[\x04\x08]uu\."
    rb"\x80\x02\(X\x07\0\0\0storageq\x00ctorch(?:\.storage)?\n(?P<cls>[A-Za-z0-9]{1,40})\nq\x01"
    rb"X(?P<size>.\0\0\0)(?P<key>[0-9]{1,20})q\x02X(?P<length>.\0\0\0)(?P<device>[a-z0-9:_]{1,40})q\x03"
    rb"(?:K(?P<one>.)|M(?P<two>..)|J(?P<four>....)|\x8a(?P<long>[\x01-\x08].{1,8}?))Ntq\x04Q\."
    rb"\x80\x02\]q\x00X(?P=size)(?P=key)q\x01a\.",
    re.DOTALL,
)


def _storage(*args: Any) -> Any:
    """_load_from_bytes(bytes): what torch.save gives of one storage."""
    data = args[0] if len(args) == 1 else None
    if type(data) is not bytes:
        never("torch.storage._load_from_bytes", args)
    match = _FORM.match(data)
    if match is None:
        raise CorruptError("the bytes of a torch storage are not as torch writes them")
    name, device = match["cls"].decode(), match["device"].decode()
    if device != "cpu":
        _elsewhere(f"a storage was on {device}")
    if name not in _STORAGES:
        _elsewhere(f"a {name}")
    if match["size"][0] != len(match["key"]) or match["length"][0] != len(device):
        raise CorruptError("the bytes of a torch storage are not as torch writes them")
    if (match["little"] == b"\x88") != (sys.byteorder == "little"):
        raise CorruptError("a torch storage of a machine with another order of bytes")
    count = _count(match)
    torch = _torch()
    dtype = getattr(torch, _STORAGES[name])
    body = memoryview(data)[match.end() :]
    if len(body) != 8 + count * dtype.itemsize or int.from_bytes(body[:8], sys.byteorder) != count:
        raise CorruptError("a torch storage has not as many numbers as it says")
    return torch.storage.TypedStorage(wrap_storage=_filled(body[8:], name), dtype=dtype, _internal=True)


def _count(match: re.Match[bytes]) -> int:
    if match["long"] is not None:
        size, raw = match["long"][0], match["long"][1:]
        count = int.from_bytes(raw, "little", signed=True) if len(raw) == size else -1
    else:
        short = match["one"] or match["two"]
        count = int.from_bytes(short or match["four"], "little", signed=short is None)
    if count < 0:
        raise CorruptError("a torch storage has not as many numbers as it says")
    return count


def _filled(body: memoryview, name: str) -> Any:
    """Memory of torch's own with these bytes, which can grow, as that of a buffer could not."""
    torch = _torch()
    kept = torch.empty(len(body), dtype=torch.uint8)
    if len(body):
        kept.copy_(torch.frombuffer(bytearray(body), dtype=torch.uint8))
        if name == "BoolStorage" and kept.max() > 1:
            raise CorruptError("a truth value is 0 or 1")
    return kept.untyped_storage()


# ---- tensors ---------------------------------------------------------------------------------


class Builder:
    """Stands for a function that makes a tensor, where `_rebuild_from_type_v2` is told which: of no other use."""

    __slots__ = ("make",)

    def __init__(self, make: Any) -> None:
        self.make = make


def _sizes(found: Any, what: str) -> tuple[int, ...]:
    if not isinstance(found, tuple) or len(found) > _MOST_AXES:
        raise CorruptError(f"the {what} of a tensor is a tuple of numbers")
    if not all(type(axis) is int and 0 <= axis < _MOST for axis in found):
        raise CorruptError(f"the {what} of a tensor is a tuple of numbers")
    return tuple(found)


def _tensor(storage: Any, offset: Any, size: Any, stride: Any, dtype: Any = None) -> Any:
    """A tensor whose last number lies inside its storage."""
    torch = _torch()
    if type(storage) is not torch.storage.TypedStorage or storage.device.type != "cpu":
        raise CorruptError("a tensor has a storage in main memory")
    size, stride = _sizes(size, "size"), _sizes(stride, "stride")
    dtype = storage.dtype if dtype is None else dtype
    if type(dtype) is not torch.dtype or str(dtype).removeprefix("torch.") not in _DTYPES:
        raise CorruptError("a tensor has a type of numbers")
    if dtype is torch.bool and storage.dtype is not torch.bool:
        raise CorruptError("a truth value is 0 or 1")
    room = storage.nbytes() // dtype.itemsize
    total, last = 1, 0
    for axis, step in zip(size, stride, strict=False):
        total *= axis
        last += (axis - 1) * step
    if len(size) != len(stride) or type(offset) is not int or not 0 <= offset <= room or total >= _MOST:
        raise CorruptError("a tensor has a beginning, and a stride for each axis")
    if total and offset + last >= room:
        raise CorruptError("a tensor reaches beyond its storage")
    made = torch.empty((0,), dtype=dtype)
    return made.set_(storage._untyped_storage, offset, size, stride)


def _finished(tensor: Any, grad: Any, hooks: Any, flags: Any = None) -> Any:
    """With what autograd knows of it: whether it has a gradient, and no hooks."""
    _check_hooks(hooks)
    if type(grad) is not bool:
        raise CorruptError("a tensor has a gradient or not")
    tensor.requires_grad = grad
    if flags:
        known = {"conj", "neg"} if tensor.dtype.is_complex else {"neg"} if tensor.dtype.is_floating_point else set()
        if type(flags) is not dict or not set(flags) <= known or not all(type(flag) is bool for flag in flags.values()):
            raise CorruptError("a tensor is conjugate, or negative, or neither")
        _torch()._utils.set_tensor_metadata(tensor, flags)
    tensor._backward_hooks = OrderedDict()
    return tensor


def _check_hooks(hooks: Any) -> None:
    if hooks is not None and (type(hooks) not in (dict, OrderedDict) or len(hooks) or getattr(hooks, "__dict__", None)):
        raise CorruptError("hooks of a tensor or a module are functions, which no pickle has")


def _tensor_v1(*args: Any) -> Any:
    if len(args) != 4:
        never("torch._utils._rebuild_tensor", args)
    return _tensor(*args)


def _tensor_v2(*args: Any) -> Any:
    if len(args) not in (6, 7):
        never("torch._utils._rebuild_tensor_v2", args)
    return _finished(_tensor(*args[:4]), *args[4:])


def _tensor_v3(*args: Any) -> Any:
    if len(args) not in (7, 8):
        never("torch._utils._rebuild_tensor_v3", args)
    storage, offset, size, stride, grad, hooks, dtype, *flags = args
    return _finished(_tensor(storage, offset, size, stride, dtype), grad, hooks, *flags)


def _sparse(*args: Any) -> Any:
    """A layout and its parts, whose indices torch proves when it is asked to."""
    torch = _torch()
    if len(args) != 2 or type(args[0]) is not torch.layout or type(args[1]) is not tuple:
        never("torch._utils._rebuild_sparse_tensor", args)
    layout, parts = args
    tensors = parts[:2] if layout is torch.sparse_coo else parts[:3]
    rest = parts[len(tensors) :]
    dense = all(type(each) is torch.Tensor and each.layout is torch.strided for each in tensors)
    if not tensors or not rest or not dense:
        raise CorruptError("a sparse tensor is made of tensors and a size")
    size = _sizes(rest[0], "size")
    if layout is torch.sparse_coo:
        if len(rest) > 2 or type(rest[-1]) not in (bool, type(rest[0])):
            raise CorruptError("a sparse tensor is made of tensors and a size")
        made = torch.sparse_coo_tensor(*tensors, size, check_invariants=True)
        return made._coalesced_(True) if rest[1:] == (True,) and _is_coalesced(made) else made
    if len(rest) != 1 or layout is torch.strided:
        raise CorruptError("a sparse tensor is made of tensors and a size")
    return torch.sparse_compressed_tensor(*tensors, size, layout=layout, check_invariants=True)


def _is_coalesced(tensor: Any) -> bool:
    """Whether the indices rise, as operators believe of what says so."""
    places = tensor._indices().t().tolist()
    return all(one < other for one, other in zip(places, places[1:], strict=False))


def _parameter(*args: Any) -> Any:
    """_rebuild_parameter(data, requires_grad, hooks), and the same with attributes."""
    torch = _torch()
    if len(args) not in (3, 4) or type(args[0]) is not torch.Tensor or type(args[1]) is not bool:
        never("torch._utils._rebuild_parameter", args)
    _check_hooks(args[2])
    made = torch.nn.Parameter(args[0], args[1])
    made._backward_hooks = OrderedDict()
    return _with_attributes(made, args[3]) if len(args) == 4 else made


def _from_type(*args: Any) -> Any:
    """_rebuild_from_type_v2(function, class, arguments, attributes): a tensor with attributes of its own."""
    torch = _torch()
    if len(args) != 4 or type(args[0]) is not Builder or args[1] is not torch.Tensor or type(args[2]) is not tuple:
        never("torch._tensor._rebuild_from_type_v2", args)
    return _with_attributes(args[0].make(*args[2]), args[3])


def _with_attributes(tensor: Any, state: Any) -> Any:
    if state is not None:
        tensor.__dict__.update(attributes_of(tensor, state))
    return tensor


def _size(*args: Any) -> Any:
    if len(args) != 1 or type(args[0]) is not tuple:
        never("torch.Size", args)
    return _torch().Size(_sizes(args[0], "size"))


def _device(*args: Any) -> Any:
    """The name of one: nothing is on it."""
    if not args or type(args[0]) is not str or len(args[0]) > 40 or [*map(type, args[1:])] not in ([], [int]):
        never("torch.device", args)
    return _torch().device(*args)


def _layout(*args: Any) -> Any:
    if len(args) != 1 or type(args[0]) is not str or args[0].removeprefix("torch.") not in _LAYOUTS:
        never("torch.serialization._get_layout", args)
    return getattr(_torch(), args[0].removeprefix("torch."))


def _refused(what: str) -> Any:
    return lambda *args: _elsewhere(what)


# ---- modules ---------------------------------------------------------------------------------

_HOOKS = "hook"
_DEEP = 8


def _is_plain(found: Any, depth: int = 0) -> bool:
    """Numbers, texts, tensors, modules, names of types, and tuples, lists and dicts of these."""
    torch = _torch()
    if found is None or type(found) in (bool, float, str):
        return True
    if type(found) is int:
        return -_MOST < found < _MOST
    if type(found) in (torch.Tensor, torch.nn.Parameter, torch.dtype, torch.device, torch.layout, torch.memory_format):
        return True
    if isinstance(found, torch.nn.Module):
        return True
    if depth < _DEEP and type(found) in (tuple, list, set, torch.Size):
        return all(_is_plain(each, depth + 1) for each in found)
    if depth < _DEEP and type(found) in (dict, OrderedDict):
        return all(type(key) in (str, int) and _is_plain(value, depth + 1) for key, value in found.items())
    return any(found is _function(*name.rsplit(".", 1)) for name in FUNCTIONS)


def _function(module: str, name: str) -> Any:
    return getattr(import_module(module), name, None)


def _build_module(module: Any, state: Any) -> None:
    cls = type(module)
    torch = _torch()
    attributes = attributes_of(module, state)
    if module.__dict__:
        raise CorruptError(f"BUILD on a {cls.__name__:.100} that has attributes already")
    for key, value in attributes.items():
        if _HOOKS in key and type(value) not in (bool, type(None)):
            _check_hooks(value)
        elif not _is_plain(value):
            raise CorruptError(f"{key:.100} of a {cls.__name__:.100} is none of what modules have")
    parts = {"_parameters": torch.nn.Parameter, "_buffers": torch.Tensor, "_modules": torch.nn.Module}
    for key, base in parts.items():
        part = attributes.get(key)
        if type(part) not in (dict, OrderedDict) or not all(
            type(name) is str and (value is None or isinstance(value, base)) for name, value in part.items()  # type: ignore[union-attr]
        ):
            raise CorruptError(f"{key} of a {cls.__name__:.100} are not what they are called")
        attributes[key] = type(part)(part)  # type: ignore[misc]
    if isinstance(module, torch.nn.RNNBase):
        _check_recurrent(attributes)
    next(base for base in cls.__mro__ if base.__module__.startswith("torch.")).__setstate__(module, attributes)  # type: ignore[attr-defined]


def _check_recurrent(attributes: dict[str, Any]) -> None:
    """Its weights in the order that C++ takes them in, which are its parameters."""
    names = attributes.get("_flat_weights_names")
    known = attributes["_parameters"]
    if type(names) is not list or not all(type(name) is str and name in known for name in names):
        raise CorruptError("the weights of a recurrent module are its parameters")
    attributes["_flat_weights_names"] = list(names)
    attributes["_flat_weights"] = [known[name] for name in names]
    groups = attributes.get("_all_weights")
    if type(groups) is not list or [name for group in groups for name in group] != names:
        raise CorruptError("the weights of a recurrent module are its parameters")


# ---- the table -------------------------------------------------------------------------------

_CALLS = {
    (_UTILS, "_rebuild_tensor"): _tensor_v1,
    (_UTILS, "_rebuild_tensor_v2"): _tensor_v2,
    (_UTILS, "_rebuild_tensor_v3"): _tensor_v3,
    (_UTILS, "_rebuild_sparse_tensor"): _sparse,
    (_UTILS, "_rebuild_parameter"): _parameter,
    (_UTILS, "_rebuild_parameter_with_state"): _parameter,
    (_UTILS, "_rebuild_qtensor"): _refused("a quantized tensor"),
    (_UTILS, "_rebuild_nested_tensor"): _refused("a nested tensor"),
    (_UTILS, "_rebuild_meta_tensor_no_storage"): _refused("a tensor on meta"),
    (_UTILS, "_rebuild_device_tensor_from_numpy"): _refused("a tensor on another device"),
    (_UTILS, "_rebuild_device_tensor_from_cpu_tensor"): _refused("a tensor on another device"),
    ("torch._tensor", "_rebuild_from_type_v2"): _from_type,
    ("torch.storage", "_load_from_bytes"): _storage,
    ("torch.serialization", "_get_layout"): _layout,
    ("torch", "Size"): _size,
    ("torch", "device"): _device,
}
_BUILDERS = {"_rebuild_tensor_v2": Builder(_tensor_v2), "_rebuild_tensor_v3": Builder(_tensor_v3)}
_NAMES: dict[str, frozenset[str]] = {module: frozenset(names.split()) for module, names in MODULES.items()}
_MODULE = Kind(_build_module)
KINDS: Kinds = {
    ("torch.nn.modules.module", "Module"): _MODULE,  # what a class of somebody's own inherits
    **{(module, name): _MODULE for module, names in _NAMES.items() for name in names},
}


def row(module: str, name: str) -> Answer | None:
    call = _CALLS.get((module, name))
    if call is not None:
        full = f"{module}.{name}"
        if module == "torch":
            return Callee(full, call, value=getattr(_torch(), name))
        return Callee(full, call, value=_BUILDERS[name]) if name in _BUILDERS else Callee(full, call)
    if module == "torch" and (name in _DTYPES or name in _LAYOUTS or name == "Tensor"):
        return Constant(getattr(_torch(), name), shared=True) if hasattr(_torch(), name) else None
    if f"{module}.{name}" in FUNCTIONS:
        found = _function(module, name)
        return None if found is None else Constant(found, shared=True)
    if name in _NAMES.get(module, ()):
        found = _function(module, name)
        return None if found is None else bare(found)
    return None


def kind(cls: type) -> Kind | None:
    return kind_in(KINDS, cls)
