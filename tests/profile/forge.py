"""Streams that no pickler writes: genuine objects, of which one class's state or arguments are others."""

import copyreg
import io
import pickle
from collections.abc import Callable


def tampered(
    value: object,
    cls: type,
    state: Callable[[object], object] | None = None,
    args: Callable[[tuple], tuple] | None = None,
    protocol: int = 4,
) -> bytes:
    """``value``'s stream, where instances of just ``cls`` have another state, or are made with other arguments."""

    class Forger(pickle.Pickler):
        def reducer_override(self, found: object) -> object:
            if type(found) is not cls:
                return NotImplemented
            call, given, kept, *rest = (*found.__reduce_ex__(protocol), None, None)[:4]
            if isinstance(kept, dict):
                kept = dict(kept)
            return (call, args(given) if args else given, state(kept) if state else kept, *rest)

    file = io.BytesIO()
    Forger(file, protocol).dump(value)
    return file.getvalue()


def without_state(value: object, cls: type, protocol: int = 4) -> bytes:
    return tampered(value, cls, lambda kept: None, protocol=protocol)


def having(**changes: object) -> Callable[[dict], dict]:
    """A state with these attributes in the place of what it has."""
    return lambda kept: {**kept, **changes}


def changed(key: str, change: Callable[[object], object]) -> Callable[[dict], dict]:
    """A state with one attribute made of what it was."""
    return lambda kept: {**kept, key: change(kept[key])}


def edited(place: object, value: object, field: str | None = None) -> Callable[[object], object]:
    """An array with another value in one place."""

    def edit(array: object) -> object:
        array = array.copy()
        (array if field is None else array[field])[place] = value
        return array

    return edit


class Call:
    """Pickles as a call of a function, and a state."""

    def __init__(self, function, *args, state=None):
        self.reduced = (function, args) if state is None else (function, args, state)

    def __reduce__(self):
        return self.reduced


class New(Call):
    """Pickles as an instance of a class, made without arguments, and a state."""

    def __init__(self, cls, state):
        super().__init__(copyreg._reconstructor, cls, object, None, state=state)
