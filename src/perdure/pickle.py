"""The standard ``pickle`` module's whole contract, by perdure's engine.

Every public name and keyword of the running Python's ``pickle`` is here and means the
same; any class loads, and no policy is asked. Change the import, and nothing else:

>>> from perdure import pickle
>>> pickle.loads(pickle.dumps({"a": (1, 2.5, None)}))
{'a': (1, 2.5, None)}

**Never load with this module what you did not write yourself**: like the standard one
it runs whatever the stream says. ``perdure.load`` is the door that asks first.

docs/pickle.md says where the two modules differ beyond speed.
"""

import sys
from _pickle import PickleBuffer, PickleError, PicklingError, UnpicklingError

from perdure import opcodes as _opcodes
from perdure._engine.reader.unpickler import Unpickler, load, loads
from perdure._engine.writer.pickler import Pickler, dump, dumps
from perdure.opcodes import *  # noqa: F403

TYPE_CHECKING = False
if TYPE_CHECKING:

    def whichmodule(obj: object, name: str) -> str: ...


__all__ = [
    "DEFAULT_PROTOCOL",
    "FALSE",
    "HIGHEST_PROTOCOL",
    "TRUE",
    "PickleBuffer",
    "PickleError",
    "Pickler",
    "PicklingError",
    "Unpickler",
    "UnpicklingError",
    "dump",
    "dumps",
    "load",
    "loads",
]
__all__ += _opcodes.__all__

HIGHEST_PROTOCOL = 5
DEFAULT_PROTOCOL = 5 if sys.version_info >= (3, 14) else 4
TRUE = b"I01\n"
FALSE = b"I00\n"

format_version = "5.0" if sys.version_info >= (3, 14) else "4.0"
compatible_formats = ["1.0", "1.1", "1.2", "1.3", "2.0", "3.0", "4.0", "5.0"]
bytes_types = (bytes, bytearray)


def __getattr__(name: str) -> object:
    """Any other name of the standard module is the standard module's own: nothing in it to speed up."""
    if not name.startswith("__"):
        import pickle

        if hasattr(pickle, name):
            return getattr(pickle, name)
    raise AttributeError(f"module 'perdure.pickle' has no attribute {name!r}")
