"""Forms: how a reader sees the objects that everybody knows, where a stream has a call with packed arguments.

A form is a tag and fields; both text formats write them. Rules:
- A form is for nodes of exactly one shape: what it writes leads back to the same nodes, or it is None and the object
  is written as any other.
- No object is built, nothing imported: a form goes from arguments to fields and back.

What is called is given as "module:qualname". Arguments and state are given as values where nodes are leaves (None,
bool, int, float, str; bytes; a memoryview of what a bytearray holds), tuples or dicts of those which nobody else
refers to; any other node as the node itself (graph.Node).
"""

from __future__ import annotations

from perdure.formats.forms import times, values
from perdure.formats.forms.arrays import Numpy, read_dtype

TYPE_CHECKING = False
if TYPE_CHECKING:
    from perdure.formats.forms.fields import Read, Write

__all__ = ["ARRAYS", "reading", "writing"]

ARRAYS = ("auto", "numbers", "base64")


def writing(arrays: str = "auto") -> dict[str, Write]:
    """By the name of what is called: a function of (how, arguments, state) that gives the tag and the fields, or None.
    Under "" one of (callee, arguments, state), for a callee that is no name but an object."""
    numpy = Numpy(arrays)
    return times.WRITING | values.WRITING | {
        "numpy:dtype": numpy.write_dtype,
        "numpy._core.numeric:_frombuffer": numpy.write_array,
        "numpy._core.multiarray:scalar": numpy.write_scalar,
    }


def reading() -> dict[str, Read]:
    """By tag, for one text: a function that makes of {key: value} how an object is made, its callee, arguments and
    state. Values are given as to `writing`, lists and dicts for tuples. Raises ValueError where the fields are not
    the form's."""
    numpy = Numpy("auto")
    return times.READING | values.READING | {
        "$dtype": read_dtype, "$array": numpy.read_array, "$scalar": numpy.read_scalar,
    }  # fmt: skip
