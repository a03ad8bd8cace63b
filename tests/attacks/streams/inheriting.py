"""Constructors that trusted classes inherit from the standard library's: written in Python, they call methods of what
they are given, show it in an error, or go through it."""

from tests.attacks.assembler import Code, build, call, doubled, name, new, new_ex, stream
from tests.attacks.streams.attack import REFUSED, VALUE, Family

family = Family("inheriting")
HOME = "tests.attacks.victim.inheriting"
NOTED = name(HOME, "Noted")
METHODS = ("replace", "count", "rfind", "find", "split", "partition", "strip", "lower", "upper", "encode", "decode", "items", "keys", "get", "copy", "update", "format",
           "startswith", "endswith", "index", "group", "data", "is_integer", "to_bytes")  # fmt: skip
PLANTED = build(call(name("types", "SimpleNamespace")), dict.fromkeys(METHODS, NOTED))
# What a constructor might show, hash, compare or go through; each is small.
HOSTILE: dict[str, Code | tuple[object, ...] | list[object]] = {
    "planted methods": PLANTED, "2**60 lists": doubled(60, []), "2**60 leaves": doubled(60, 1), "2**60 dicts": Code(b"}q\0" + b"0}N\x8c\1ah\0s" * 0 + b"(" + b"h\0" * 2 + b"t" + b"2\x86" * 58),
    "a long range": call(name("builtins", "range"), 0, 1 << 40, 1), "an exception of 2**60": call(name("builtins", "ValueError"), doubled(60, [])), "300000 levels": Code(b"N" + b"\x85" * 300_000),
    "a list of 2**60": [doubled(60, [])], "a class": NOTED,
}  # fmt: skip
# Where in the arguments it stands, and what stands beside it.
ARGUMENTS: dict[str, tuple[tuple[object, ...], ...]] = {
    "Uuid": ((None,),), "DecodeError": ((None, "doc", 0), ("m", None, 0), ("m", "doc", None)), "PatternError": ((None,), ("m", None, 0), ("m", "a", None)),
    "Record": ((None, 1, "p", 1, "m", (), None), ("a", None, "p", 1, "m", (), None), ("a", 1, None, 1, "m", (), None), ("a", 1, "p", 1, None, (), None), ("a", 1, "p", 1, "m", None, None), ("a", 1, "p", 1, "m", (), None, None)),
    "Normal": ((None,), (1.0, None)), "Template": ((None,),), "UserText": ((None,),), "UserItems": ((None,),), "UserPairs": ((None,),), "Chain": ((None,), ({}, None)), "Path": ((None,), ("a", None)),
    **dict.fromkeys(("Address4", "Address6", "Interface4", "Interface6"), ((None,),)), **dict.fromkeys(("Network4", "Network6"), ((None,), (None, True))),
}  # fmt: skip
for _cls, _shapes in ARGUMENTS.items():
    for _at, _shape in enumerate(_shapes):
        for _what, _thing in HOSTILE.items():
            if _what in ("300000 levels", "2**60 dicts") and _at:
                continue
            _args = tuple(_thing if each is None else each for each in _shape)
            family.add(f"{_cls} of {_what}, {_at}", "a constructor in Python that asks, shows or walks what it is given", stream(call(name(HOME, _cls), *_args)), REFUSED | VALUE, door="package")
    family.add(f"{_cls} by NEWOBJ", "the same without __init__", stream(new(name(HOME, _cls), *(PLANTED if each is None else each for each in _shapes[0]))), REFUSED | VALUE, door="package")
    family.add(f"{_cls} by __newobj_ex__", "the same by copyreg", stream(call(name("copyreg", "__newobj_ex__"), name(HOME, _cls), tuple(PLANTED if each is None else each for each in _shapes[0]), {})), REFUSED | VALUE, door="package")
for _what, _args in {"bytes": (b"1234",), "a number": (1,), "text": ("1.2.3.4",), "a number of many digits": (1 << 4_000_000,), "a float": (1.5,), "None": (None,), "nothing": ()}.items():
    for _cls in ("Address4", "Network4", "Uuid", "Path", "UserText"):
        family.add(f"{_cls} of {_what}", "what they do take", stream(call(name(HOME, _cls), *_args)), REFUSED | VALUE, door="package")
for _cls in ("Uuid", "Address4", "Normal", "Arguments", "Space", "Record"):
    for _what, _keywords in {"planted": {"hex": PLANTED, "bytes": PLANTED, "mu": PLANTED}, "a bomb": {"a": doubled(60, [])}, "__class__": {"__class__": NOTED}, "self": {"self": 1}}.items():
        family.add(f"{_cls} by keywords, {_what}", "arguments by name", stream(new_ex(name(HOME, _cls), (), _keywords)), REFUSED | VALUE, door="package")
