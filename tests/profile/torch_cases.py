"""Tensors, dicts of them, and modules of torch's, and how to ask a module for its answer."""

import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

torch.manual_seed(0)
torch.set_num_threads(1)
torch.sparse.check_sparse_tensor_invariants.disable()  # so that torch does not warn of it

BASE = torch.arange(24.0).reshape(2, 3, 4)


def _tensors() -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is in beta
        compressed = torch.eye(3).to_sparse_csr()
        strange = torch.eye(4).to_sparse_bsr((2, 2))
    named = torch.ones(2)
    named.label = "mine"
    gradient = torch.ones(2, requires_grad=True)
    dtypes = (
        "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool", "complex64",
        "complex128",
    )  # fmt: skip
    return {
        **{f"of {name}": torch.arange(3).to(getattr(torch, name)) for name in dtypes},
        "no numbers": torch.empty(0),
        "no numbers, many axes": torch.empty(2, 0, 3),
        "one number": torch.tensor(1.5),
        "a part": BASE[1, 1:, ::2],
        "turned": BASE.permute(2, 0, 1),
        "expanded": torch.ones(1).expand(5, 3),
        "two of one storage": [BASE, BASE[0]],
        "the same twice": [gradient, gradient],
        "with a gradient": gradient,
        "conjugate": torch.tensor([1 + 2j]).conj(),
        "negative": torch.tensor([1 + 2j]).conj().imag,
        "with attributes": named,
        "a buffer": nn.Buffer(torch.ones(2)),
        "a parameter": nn.Parameter(torch.ones(2), requires_grad=False),
        "sparse": torch.eye(3).to_sparse(),
        "sparse, not in order": torch.sparse_coo_tensor([[2, 0]], [1.0, 2.0], (3,)),
        "sparse by rows": compressed,
        "sparse by blocks": strange,
        "a size": BASE.size(),
        "a type": [torch.float32, torch.strided],
        "devices": [torch.device("cpu"), torch.device("cuda", 1)],
        "a storage": BASE._typed_storage(),
        "of numpy": [torch.from_numpy(BASE.numpy()), BASE.numpy()],
    }


TENSORS = _tensors()


def _trained() -> dict[str, Any]:
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 1))
    optimizer = torch.optim.Adam(model.parameters(), amsgrad=True)
    for _ in range(2):
        optimizer.zero_grad()
        model(torch.ones(5, 3)).sum().backward()
        optimizer.step()
    return {
        "of a model": model.state_dict(),
        "of an optimizer": optimizer.state_dict(),
        "a checkpoint": {"epoch": 3, "model": model.state_dict(), "optimizer": optimizer.state_dict(), "loss": 0.5},
    }


DICTS = _trained()


def _modules() -> dict[str, tuple[Callable[[], nn.Module], tuple[torch.Tensor, ...]]]:
    flat, image, video, words = torch.rand(2, 6), torch.rand(1, 4, 8, 8), torch.rand(1, 4, 4, 4, 4), torch.tensor([[0, 2]])
    series, steps = torch.rand(1, 4, 8), torch.rand(3, 2, 6)
    probable = torch.rand(2, 6).softmax(1)
    kinds: dict[str, tuple[Callable[[], nn.Module], tuple[torch.Tensor, ...]]] = {}
    for name in (
        "CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "LogSigmoid",
        "Mish", "PReLU", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softplus", "Softshrink", "Softsign", "Tanh",
        "Tanhshrink", "Identity", "Flatten", "RReLU", "Dropout", "AlphaDropout",
    ):
        kinds[name] = (getattr(nn, name), (flat,))
    for name in ("LogSoftmax", "Softmax", "Softmin"):
        kinds[name] = (lambda name=name: getattr(nn, name)(dim=1), (flat,))
    for axes, data in ((1, series), (2, image), (3, video)):
        for name in ("BatchNorm", "InstanceNorm"):
            kinds[f"{name}{axes}d"] = (lambda name=name, axes=axes: getattr(nn, f"{name}{axes}d")(4), (data,))
        for name in ("Conv", "ConvTranspose"):
            kinds[f"{name}{axes}d"] = (lambda name=name, axes=axes: getattr(nn, f"{name}{axes}d")(4, 2, 3), (data,))
        for name in ("MaxPool", "AvgPool", "AdaptiveAvgPool", "AdaptiveMaxPool", "ZeroPad", "ReflectionPad",
                     "ReplicationPad", "CircularPad"):  # fmt: skip
            kinds[f"{name}{axes}d"] = (lambda name=name, axes=axes: getattr(nn, f"{name}{axes}d")(2), (data,))
    for name in ("BCELoss", "L1Loss", "MSELoss", "HuberLoss", "SmoothL1Loss", "KLDivLoss", "SoftMarginLoss"):
        kinds[name] = (getattr(nn, name), (probable, probable.flip(1)))
    return kinds | {
        "Conv2d: padded": (lambda: nn.Conv2d(4, 4, 3, padding="same", padding_mode="reflect", groups=2), (image,)),
        "CrossEntropyLoss": (lambda: nn.CrossEntropyLoss(weight=torch.ones(6)), (flat, torch.tensor([1, 2]))),
        "NLLLoss": (nn.NLLLoss, (flat, torch.tensor([1, 2]))),
        "Linear": (lambda: nn.Linear(6, 3), (flat,)),
        "Linear: no bias": (lambda: nn.Linear(6, 3, bias=False, dtype=torch.float32), (flat,)),
        "Bilinear": (lambda: nn.Bilinear(6, 6, 2), (flat, flat)),
        "Embedding": (lambda: nn.Embedding(5, 3, padding_idx=0), (words,)),
        "EmbeddingBag": (lambda: nn.EmbeddingBag(5, 3), (words,)),
        "LayerNorm": (lambda: nn.LayerNorm(6), (flat,)),
        "RMSNorm": (lambda: nn.RMSNorm(6), (flat,)),
        "GroupNorm": (lambda: nn.GroupNorm(2, 4), (image,)),
        "LocalResponseNorm": (lambda: nn.LocalResponseNorm(2), (image,)),
        "PixelShuffle": (lambda: nn.PixelShuffle(2), (image,)),
        "Upsample": (lambda: nn.Upsample(scale_factor=2), (image,)),
        "Unfold": (lambda: nn.Unfold(2), (image,)),
        "CosineSimilarity": (nn.CosineSimilarity, (flat, flat)),
        "RNN": (lambda: nn.RNN(6, 3, 2), (steps,)),
        "LSTM": (lambda: nn.LSTM(6, 3, 2, bidirectional=True, proj_size=2), (steps,)),
        "GRU": (lambda: nn.GRU(6, 3, batch_first=True), (steps,)),
        "LSTMCell": (lambda: nn.LSTMCell(6, 3), (flat,)),
        "MultiheadAttention": (lambda: nn.MultiheadAttention(6, 2), (steps, steps, steps)),
        "TransformerEncoder": (
            lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(6, 2, 8, activation="gelu"), 2), (steps,),
        ),
        "Transformer": (lambda: nn.Transformer(6, 2, 1, 1, 8), (steps, steps)),
        "Sequential": (
            lambda: nn.Sequential(OrderedDict(a=nn.Linear(6, 4), b=nn.BatchNorm1d(4), c=nn.Sequential(nn.ReLU()))), (flat,),
        ),
        "ModuleList": (lambda: nn.ModuleList([nn.Linear(1, 1)]), ()),
        "ModuleDict": (lambda: nn.ModuleDict({"a": nn.Linear(1, 1)}), ()),
        "ParameterList": (lambda: nn.ParameterList([torch.ones(2)]), ()),
        "ParameterDict": (lambda: nn.ParameterDict({"a": torch.ones(2)}), ()),
    }


MODULES = _modules()
