"""Objects that outlive their process: pickle's reach, JSON's safety, faster than both.

    perdure.dump(model, "model.sav")
    model = perdure.load("model.sav", trusted=perdure.TRUST_ALL)

``from perdure import pickle`` is the standard module's whole contract, only faster; ``marshal`` likewise, but safe.
"""

from perdure.errors import (
    CorruptError,
    KeyFileError,
    LimitError,
    PerdureWarning,
    PickleError,
    PicklingError,
    TamperedError,
    UnpicklingError,
    UntrustedError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from perdure import graph as graph
    from perdure import json as json
    from perdure import keys as keys
    from perdure import marshal as marshal
    from perdure import pickle as pickle
    from perdure import xml as xml
    from perdure.api import Pickler, Unpickler, dump, dumps, load, loads, pause_collector, untrusted
    from perdure.conversion import convert
    from perdure.filing import sign, verify
    from perdure.policy import TRUST_ALL, packs, trust

__all__ = [
    "TRUST_ALL",
    "CorruptError",
    "KeyFileError",
    "LimitError",
    "PerdureWarning",
    "PickleError",
    "Pickler",
    "PicklingError",
    "TamperedError",
    "UnpicklingError",
    "Unpickler",
    "UntrustedError",
    "convert",
    "dump",
    "dumps",
    "graph",
    "json",
    "keys",
    "load",
    "loads",
    "marshal",
    "packs",
    "pause_collector",
    "pickle",
    "sign",
    "trust",
    "untrusted",
    "verify",
    "xml",
]

__version__ = "0.1.0.dev0"

# Where the other public names live (None: the name is a module). They are imported when first
# asked for, so that `import perdure` costs no more than `import pickle` does.
_HOMES = {
    "TRUST_ALL": "policy",
    "Pickler": "api",
    "Unpickler": "api",
    "convert": "conversion",
    "dump": "api",
    "dumps": "api",
    "graph": None,
    "json": None,
    "keys": None,
    "load": "api",
    "loads": "api",
    "marshal": None,
    "pause_collector": "api",
    "packs": "policy",
    "pickle": None,
    "sign": "filing",
    "trust": "policy",
    "untrusted": "api",
    "verify": "filing",
    "xml": None,
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'perdure' has no attribute {name!r}")
    from importlib import import_module

    home = _HOMES[name]
    value = import_module(f"perdure.{home or name}")
    if home:
        value = globals()[name] = getattr(value, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
