"""Calls by a detour, which cost and are checked as any other: partials of __new__, copyreg's helpers, and arguments that
are nearly of a type that is counted."""

from tests.attacks.assembler import Code, build, call, doubled, extended, get, getattribute, name, new, pop, put, stream
from tests.attacks.streams.attack import REFUSED, VALUE, Family
from tests.attacks.streams.work import digits

family = Family("roundabout")
HOME = "tests.attacks.victim"


def std(path: str) -> Code:
    return name(*path.split(":"))


def lab(path: str) -> Code:
    return name(HOME, path)


def deferred(cls: Code, args: tuple[object, ...], keywords: object = None) -> Code:
    """partial(cls.__new__, cls, *args), as protocol 2 writes arguments by name."""
    return build(call(std("functools:partial"), put(9, getattribute(cls, "__new__"))), (get(9), (cls, *args), keywords, None))


def by_partial(cls: Code, args: tuple[object, ...], times: int) -> bytes:
    return stream(put(0, deferred(cls, args)), pop, Code(b"(" + (get(0) + b")R") * times + b"l"))


def by_newobj_ex(cls: Code, args: tuple[object, ...], times: int) -> bytes:
    return stream(put(0, std("copyreg:__newobj_ex__")), pop, put(1, (cls, args, {})), pop, Code(b"(" + (get(0) + get(1) + b"R") * times + b"l"))


def by_newobj(cls: Code, args: tuple[object, ...], times: int) -> bytes:
    return stream(put(0, std("copyreg:__newobj__")), pop, put(1, (cls, *args)), pop, Code(b"(" + (get(0) + get(1) + b"R") * times + b"l"))


ERROR = put(5, call(std("builtins:ValueError")))
DETOURS = {"a partial": by_partial, "__newobj_ex__": by_newobj_ex, "__newobj__": by_newobj}
COSTLY = {
    "Fractions": lambda how: how(std("fractions:Fraction"), (digits(500_000, 12345), digits(500_000, 54321)), 1000), "Randoms": lambda how: how(std("random:Random"), (), 300_000),
    "groups": lambda how: how(std("builtins:ExceptionGroup"), ("m", [ERROR] + [get(5)] * 50_000), 5000), "Unicode errors": lambda how: how(std("builtins:UnicodeDecodeError"), ("x", bytearray(100_000), 0, 1, "r"), 20_000),
    "dates": lambda how: how(std("datetime:date"), (b"\x07\xe5\x0c\x1f",), 100_000), "timedeltas": lambda how: how(std("datetime:timedelta"), (1 << 3_000_000, -86400 << 3_000_000, 0), 20_000),
    "URLs": lambda how: how(std("urllib.parse:DefragResult"), ("a" * 100_000, "b"), 20_000), "UserStrings": lambda how: how(std("collections:UserString"), ("a" * 100_000,), 20_000),
    "exceptions": lambda how: how(std("builtins:ValueError"), ("x" * 100_000,), 20_000),
}  # fmt: skip
for _what, _make in COSTLY.items():
    for _by, _how in DETOURS.items():
        family.add(f"{_what} by {_by}", "work for a call of a few bytes, by a detour", lambda make=_make, how=_how: make(how), REFUSED | VALUE)
MINE = {
    "List": ([1] * 50_000,), "Tuple": ((1,) * 50_000,), "Set": ([1] * 50_000,), "Frozen": ([1] * 50_000,), "Text": ("x" * 100_000,), "Bytes": (b"x" * 100_000,), "ByteArray": (b"x" * 100_000,), "Dict": ({i: i for i in range(20_000)},),
    "Count": ({i: i for i in range(20_000)},), "Ordered": ({i: i for i in range(20_000)},), "Deque": ([1] * 50_000,), "Number": (1 << 800_000,), "Array": ("d", [1.0] * 20_000), "Decimal": ("1" * 90_000,), "Fraction": (digits(300_000, 123), digits(300_000, 321)), "Random": (b"x" * 100_000,),
}  # fmt: skip
for _kind, _args in MINE.items():
    for _by, _how in DETOURS.items():
        family.add(f"trusted {_kind}s by {_by}", "memory for a call of a few bytes, by a detour", lambda kind=_kind, args=_args, how=_how: how(lab(kind), args, 20_000), REFUSED | VALUE, door="package")
for _kind in ("Set", "Frozen", "Dict", "Count", "Ordered"):
    for _what, _key in {"2**60 leaves": doubled(60, 1), "300000 levels": Code(b"N" + b"\x85" * 300_000)}.items():
        for _by, _how in DETOURS.items():
            _args = ([_key],) if _kind in ("Set", "Frozen") else ([(_key, 1)],)
            family.add(f"trusted {_kind} of {_what} by {_by}", "a hash, by a detour", lambda kind=_kind, args=_args, how=_how: how(lab(kind), args, 1), REFUSED | VALUE if _kind != "Frozen" else REFUSED, door="package")

# ---- arguments that are nearly of a type that is counted -----------------------------------------------------------
CARRIERS = {
    "a List": (call(lab("List"), [1] * 50_000), "List Tuple Deque Set Frozen"), "a Tuple": (call(lab("Tuple"), (1,) * 50_000), "List Tuple Deque Set Frozen"), "a Deque": (call(lab("Deque"), [1] * 50_000), "List Tuple Deque Set Frozen"), "a deque": (call(std("collections:deque"), [1] * 50_000), "List Tuple Deque Set Frozen"),
    "a Set": (call(lab("Set"), list(range(20_000))), "List Tuple Set Frozen Deque"), "a Dict": (call(lab("Dict"), {i: i for i in range(20_000)}), "List Tuple Dict Ordered Count Set"), "an OrderedDict": (extended(call(std("collections:OrderedDict"))) + b"0" + call(lab("Ordered"), {i: i for i in range(20_000)}), "Dict Ordered Count"),
    "a Text": (call(lab("Text"), "x" * 100_000), "Text"), "a Number": (call(lab("Number"), 1 << 800_000), "Number"), "a Frozen": (call(lab("Frozen"), list(range(20_000))), "List Set Frozen"),
}  # fmt: skip
for _what, (_code, _kinds) in CARRIERS.items():
    for _kind in _kinds.split():
        family.add(f"{_kind}s of {_what}", "copies of what is nearly a container that is counted", lambda code=_code, kind=_kind: stream(put(0, lab(kind)), pop, put(1, (code,)), pop, Code(b"(" + (get(0) + get(1) + b"R") * 20_000 + b"l")), REFUSED | VALUE, door="package")
for _what, _holder in {
    "a deque": call(std("collections:deque"), [ERROR] + [get(5)] * 50_000), "a UserList": build(new(std("collections:UserList")), {"data": [ERROR] + [get(5)] * 50_000}), "a range": call(std("builtins:range"), 0, 1 << 33, 1), "a str": "abc", "an array": call(std("array:array"), "d", [1.0]),
}.items():  # fmt: skip
    for _cls in ("ExceptionGroup", "BaseExceptionGroup", "SyntaxError", "IndentationError", "TabError"):
        family.add(f"{_cls} of {_what}", "what a constructor in C goes through, and copies", lambda cls=_cls, holder=_holder: stream(put(0, std(f"builtins:{cls}")), pop, put(1, ("m", holder)), pop, Code(b"(" + (get(0) + get(1) + b"R") * 20_000 + b"l")), REFUSED)
for _what, _item in {"a Decimal": call(std("decimal:Decimal"), "7" * 60_000), "a Fraction": call(std("fractions:Fraction"), digits(300_000, 123), digits(300_000, 321)), "a member": call(std("http:HTTPStatus"), 200), "a range": call(std("builtins:range"), 0, 9, 1)}.items():
    for _code in "dfqQlB":
        family.add(f"array of {_what}, {_code}", "items that are converted, by methods that may take long", lambda item=_item, code=_code: stream(put(0, _item_of(item)), pop, call(std("array:array"), code, [get(0)] * 100_000)), REFUSED)


def _item_of(item: Code) -> Code:
    return item


# ---- the markers of a partial ------------------------------------------------------------------------------------
PLAIN, NEW = lab("Plain"), getattribute(lab("Plain"), "__new__")
DEFERRED = deferred(PLAIN, ())
for _what, _data in {
    "__new__ as a value": stream([NEW]), "a partial as a value": stream([DEFERRED]), "__new__ called": stream(call(NEW, PLAIN)), "__new__ of another class": stream(call(deferred(lab("List"), ())), call(build(call(std("functools:partial"), put(9, NEW)), (get(9), (lab("List"),), None, None)))),
    "__new__ of nothing": stream(call(build(call(std("functools:partial"), put(9, NEW)), (get(9), (), None, None)))), "a partial that was not filled": stream(call(call(std("functools:partial"), NEW))), "a partial filled twice": stream(call(build(DEFERRED, (get(9), (PLAIN,), None, None)))), "a partial with arguments": stream(call(DEFERRED, 1)),
    "a partial of a partial": stream(call(std("functools:partial"), DEFERRED)), "a partial's attributes": stream(build(call(std("functools:partial"), put(9, NEW)), (get(9), (PLAIN,), None, {"func": 1}))), "a partial of the marker's class": stream(call(name("perdure.policy.partial", "NewOf"), PLAIN)), "a marker named": stream(name("perdure.policy.partial", "Deferred")),
    "__new__ of list": stream(getattribute(std("builtins:list"), "__new__")), "__new__ of type": stream(getattribute(std("builtins:type"), "__new__")), "a marker filled": stream(build(NEW, {"cls": std("builtins:list")})), "a marker's slots": stream(build(NEW, (None, {"cls": std("builtins:list")}))), "a deferred's slots": stream(build(DEFERRED, (None, {"args": (std("builtins:list"),)}))),
    "a marker appended to": stream(extended(NEW, 1)), "a deferred as a class": stream(new(DEFERRED)), "a deferred as a factory": stream(call(std("collections:defaultdict"), DEFERRED)), "a deferred's key": stream({DEFERRED: 1}), "arguments by name that are no text": stream(call(deferred(PLAIN, (), {1: 2}))), "arguments by name": stream(call(deferred(lab("Pair"), (), {"left": 1, "right": 2}))),
    "a state that is shared": stream(put(1, {}), pop, call(deferred(PLAIN, (), get(1)))),
}.items():  # fmt: skip
    family.add(_what, "what stands for Class.__new__, or a partial of it, as more than that", _data, REFUSED | VALUE, door="package")
