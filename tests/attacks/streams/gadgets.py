"""Gadgets: allowed names, called or filled so that they run, import, open or break something."""

import re

from tests.attacks.assembler import (
    Code,
    append,
    build,
    call,
    doubled,
    dtype,
    extended,
    filled,
    get,
    getattribute,
    inst,
    name,
    new,
    new_ex,
    obj,
    old_name,
    pop,
    put,
    stream,
    value,
)  # fmt: skip
from tests.attacks.streams.attack import CORRUPT, LIMIT, REFUSED, UNTRUSTED, VALUE, Family

family = Family("gadgets")
add = family.add


def std(path: str) -> Code:
    """``"module:name"`` of the standard library."""
    return name(*path.split(":"))


NAMESPACE = call(std("types:SimpleNamespace"))
BYTES8 = b"12345678"

# ---- what a container calls later: factories and makers --------------------------------------------
for _what, _factory in {
    "a function": std("builtins:eval"), "a helper": std("builtins:getattr"), "encode": std("_codecs:encode"),
    "copyreg's": std("copyreg:_reconstructor"), "re's": std("re:_compile"), "an instance": NAMESPACE, "a number": value(1),
    "a ufunc": name("numpy", "add"), "a bound method": std("builtins:list.append"), "type": std("builtins:type"),
    "a dict": value({}),
}.items():  # fmt: skip
    add(f"factory, {_what}", "default_factory: called for each key that is missed", stream(call(std("collections:defaultdict"), _factory)))
add("factory, twice", "a second argument for defaultdict: items from an iterator",
    stream(call(std("collections:defaultdict"), std("builtins:list"), [(1, 2)])))  # fmt: skip
add("factory by BUILD", "default_factory as an attribute", stream(build(call(std("collections:defaultdict")), {"default_factory": 1})))
add("factory by slots", "default_factory as a slot", stream(build(call(std("collections:defaultdict")), (None, {"default_factory": 1}))))
add("factory, honest", "what defaultdicts have", stream(filled(call(std("collections:defaultdict"), std("builtins:list")), ("a", []))), VALUE)
add("namedtuple", "makes a class, by way of eval", stream(call(std("collections:namedtuple"), "x", "a b")), UNTRUSTED)
add("_make", "a namedtuple's maker, over any iterable", stream(call(std("urllib.parse:ParseResult._make"), "abcdef")), UNTRUSTED)
add("_replace", "a namedtuple's method", stream(call(std("urllib.parse:SplitResult._replace"), 1)), UNTRUSTED)
add("geturl", "a result whose parts are not str", stream(new(std("urllib.parse:ParseResult"), 1, 2, 3, 4, 5, 6)), CORRUPT)
add("result, too few", "NEWOBJ of a namedtuple without its fields", stream(new(std("urllib.parse:ParseResult"), "a")), CORRUPT)
add("result by tuple's new", "a result made by copyreg from a tuple that is too short",
    stream(call(std("copyreg:_reconstructor"), std("urllib.parse:ParseResult"), std("builtins:tuple"), ("a",))))  # fmt: skip

# ---- copyreg ------------------------------------------------------------------------------------------
RECONSTRUCTOR = std("copyreg:_reconstructor")
for _what, _cls, _base, _state in (
    ("a function", std("builtins:eval"), std("builtins:object"), None), ("an instance", NAMESPACE, std("builtins:object"), None),
    ("int as str", std("builtins:int"), std("builtins:str"), "1"), ("bytes from a size", std("builtins:bytes"), std("builtins:int"), 1 << 40),
    ("bytearray from a size", std("builtins:bytearray"), std("builtins:object"), None), ("type", std("builtins:type"), std("builtins:object"), None),
    ("bool as int", std("builtins:bool"), std("builtins:int"), 7), ("an uninitialised deque", std("collections:deque"), std("builtins:object"), None),
    ("a date without fields", std("datetime:date"), std("builtins:object"), None), ("a timezone without a delta", std("datetime:timezone"), std("builtins:object"), None),
    ("a pattern", std("re:_compile"), std("builtins:object"), None), ("an array", std("array:array"), std("builtins:object"), None),
    ("a Decimal", std("decimal:Decimal"), std("builtins:object"), None), ("an exception", std("builtins:OSError"), std("builtins:object"), None),
    ("an OSError by tuple", std("builtins:OSError"), std("builtins:tuple"), (1,)), ("a ZoneInfo", std("zoneinfo:ZoneInfo"), std("builtins:object"), None),
    ("an enum's member", std("http:HTTPStatus"), std("builtins:int"), 200), ("a new enum member", std("http:HTTPStatus"), std("builtins:int"), 7777),
    ("a path", std("pathlib:PosixPath"), std("builtins:object"), None), ("ndarray", name("numpy", "ndarray"), std("builtins:object"), None),
    ("a dtype", name("numpy", "dtype"), std("builtins:object"), None), ("a numpy scalar", name("numpy", "float64"), std("builtins:float"), 1.5),
    ("a generator", name("numpy.random", "MT19937"), std("builtins:object"), None), ("struct_time", std("time:struct_time"), std("builtins:tuple"), (1,)),
    ("stat_result", std("os:stat_result"), std("builtins:tuple"), (1,)), ("a Random", std("random:Random"), std("builtins:object"), None),
    ("a set from a dict", std("builtins:set"), std("builtins:set"), {1: 2}), ("an OrderedDict as dict", std("collections:OrderedDict"), std("builtins:object"), None),
    ("a wrong state", std("collections:OrderedDict"), std("builtins:dict"), [(1, 2)]), ("a base that is none", std("collections:OrderedDict"), std("builtins:list"), []),
    ("a base that is an instance", std("collections:OrderedDict"), 1, {}),
):  # fmt: skip
    add(f"_reconstructor, {_what}", "an instance without its constructor", stream(call(RECONSTRUCTOR, _cls, _base, _state)),
        REFUSED | VALUE if _what in ("an OrderedDict as dict", "an exception", "a Random") else REFUSED)  # fmt: skip
add("OrderedDict by dict's __init__", "a dict's items in an OrderedDict without its links",
    stream(call(RECONSTRUCTOR, std("collections:OrderedDict"), std("builtins:dict"), {1: 2, 3: 4})), REFUSED | VALUE)  # fmt: skip
for _how, _helper in (("__newobj__", std("copyreg:__newobj__")), ("__newobj_ex__", std("copyreg:__newobj_ex__"))):
    for _what, _args in (
        ("nothing", ()), ("a function", (std("builtins:eval"), ("1",), {})), ("an instance", (NAMESPACE, (), {})), ("range", (std("builtins:range"), (0, 1 << 60, 1), {})),
        ("bytes of a size", (std("builtins:bytes"), (1 << 40,), {})), ("str for args", (std("datetime:date"), "abc", {})), ("kwargs", (std("datetime:date"), (), {1: 2})),
        ("itself", (std("copyreg:__newobj__"), (), {})), ("uuid and args", (std("uuid:UUID"), (1, 2), {"a": 1})),
    ):  # fmt: skip
        add(f"{_how} of {_what}", "copyreg's own NEWOBJ", stream(call(_helper, *_args)), REFUSED | VALUE)

# ---- numbers --------------------------------------------------------------------------------------------
for _text in ("1e999999999", "1/0", "0x1", "1_000", " 1", "1.5", "nan", "inf", "-", "", "1/-1", "１/２", "9" * 10_000 + "/1", "1/" + "9" * 10_000):
    add(f"Fraction({_text[:12]!r})", "text that int() or Fraction() reads in its own way", stream(call(std("fractions:Fraction"), _text)), CORRUPT)
for _args in ((1, 0), (1, -1), (1.5, 1), (std("builtins:int"), 1), ((1, 2),), (1, 2, 3), ("1", "2"), (True, 2), (call(std("decimal:Decimal"), "1e99"), 1)):
    add(f"Fraction{str(_args)[:30]}", "parts that are no numbers of a Fraction", stream(call(std("fractions:Fraction"), *_args)), CORRUPT)
add("Fraction slots", "a denominator of nought by BUILD", stream(build(call(std("fractions:Fraction"), "1/2"), (None, {"_denominator": 0}))), UNTRUSTED)
add("Fraction NEWOBJ", "a Fraction without parts", stream(build(new(std("fractions:Fraction")), (None, {"_numerator": 1}))))
for _text in ("1e999999999999999999999", "sNaN", "NaN" + "1" * 90_000, "Infinity", "-0", "1E-999999999999999999", "\0", "1_0", "١"):
    add(f"Decimal({_text[:12]!r})", "a number at the edge of what decimals are", stream({"a": call(std("decimal:Decimal"), _text)}), CORRUPT | VALUE)
add("Decimal of a tuple", "digits that are none", stream(call(std("decimal:Decimal"), (0, (99,), 0))), CORRUPT)
add("Decimal key", "a key whose hash raises", stream({call(std("decimal:Decimal"), "sNaN"): 1}), CORRUPT)
for _args in ((), (1,), (1, 2), (0, 5, 0), (0.5, 1, 1), ("a", 1, 1), (0, 1, 1, 1), (True, 2, 1), (NAMESPACE, 1, 1)):
    add(f"range{str(_args)[:20]}", "a range of what is no number, or of no step", stream(call(std("builtins:range"), *_args)), CORRUPT)
for _args in ((1 << 40,), ([256],), ("a",), ("a", "utf-16"), ("a", "idna"), ("a", "latin-1", "strict"), (NAMESPACE,), (b"a", b"b")):
    for _cls in ("bytes", "bytearray"):
        add(f"{_cls}{str(_args)[:20]}", "a size, an iterable or a codec", stream(call(std(f"builtins:{_cls}"), *_args)), CORRUPT)
for _args in (("a", "rot13"), ("a", "idna"), ("a", "punycode"), ("a", "unicode_escape"), ("a", "zip"), ("a", "LATIN1 "), (b"a", "latin1"), ("\u0100", "latin1"),
              ("a",), ("a", "latin1", "replace"), ("a", NAMESPACE), (NAMESPACE, "latin1")):  # fmt: skip
    add(f"encode{str(_args)[:24]}", "codecs that import, compress or call", stream(call(std("_codecs:encode"), *_args)), CORRUPT)
add("type of three", "type(name, bases, dict) makes a class", stream(call(std("builtins:type"), "x", (std("builtins:object"),), {})), CORRUPT)
add("type of one", "type() of an instance gives its class", stream(call(std("builtins:type"), NAMESPACE)), CORRUPT)
add("complex of objects", "arguments with __complex__", stream(call(std("builtins:complex"), NAMESPACE, 1.0)), CORRUPT)
add("slice of two", "a slice of another arity", stream(call(std("builtins:slice"), 1, 2)), CORRUPT)
add("object with arguments", "object() that takes them", stream(call(std("builtins:object"), 1)), CORRUPT)
for _name in ("int", "float", "str", "bool", "tuple", "list", "dict"):
    add(f"call of {_name}", "a built-in type that is only a value", stream(call(std(f"builtins:{_name}"), "1")), UNTRUSTED)
    add(f"NEWOBJ of {_name}", "a built-in type that is only a value", stream(new(std(f"builtins:{_name}"), "1")), UNTRUSTED)
    add(f"OBJ of {_name}", "a built-in type that is only a value", stream(obj(std(f"builtins:{_name}"), "1")), UNTRUSTED)
    add(f"INST of {_name}", "a built-in type that is only a value", stream(inst("builtins", _name, "1")), UNTRUSTED)

# ---- exceptions -----------------------------------------------------------------------------------------
CALLS_BACK = build(NAMESPACE, {"count": name("numpy", "memmap"), "rfind": std("builtins:complex"), "strip": std("builtins:list")})
DECODE = std("json.decoder:JSONDecodeError")
add("JSONDecodeError calls back", "doc.count(...) with a class that opens files as the method", stream(call(DECODE, "m", CALLS_BACK, "r")), CORRUPT, needs="numpy")
add("JSONDecodeError, state", "attributes that hide methods", stream(build(call(DECODE, "m", "doc", 0), {"with_traceback": 1, "count": 1})), VALUE | CORRUPT)
add("JSONDecodeError, formatted", "a message that is formatted: repr of 2**60 lists", stream(call(DECODE, doubled(60, []), "doc", 0)), CORRUPT)
add("re.error calls back", "pattern.count(...)", stream(call(std("re:error"), "m", CALLS_BACK, 1)), CORRUPT)
add("re.error, formatted", "a message that is formatted: repr of 2**60 lists", stream(call(std("re:error"), doubled(60, []), "a", 1)), CORRUPT)
for _name, _args in (
    ("UnicodeDecodeError", ("x", b"abc", -(2**62), 2**62, "r")), ("UnicodeDecodeError", ("x", b"", 5, 9, "r")), ("UnicodeDecodeError", ("x", NAMESPACE, 0, 1, "r")),
    ("UnicodeEncodeError", ("x", "abc", 2**62, -(2**62), "r")), ("UnicodeEncodeError", ("x", "\ud800", 0, 1, "r")), ("UnicodeTranslateError", ("abc", -9, 99, "r")),
    ("UnicodeDecodeError", ()), ("SyntaxError", ("m", ("f", 1 << 70, 2, "t"))), ("SyntaxError", ("m", ("f", 1, 2))), ("SyntaxError", ("m", [1])),
    ("OSError", (2**70, "x")), ("OSError", (2, "x", "file", 0, "other")), ("OSError", (Code(b"N" + b"\x85" * 100_000), "x")), ("BlockingIOError", (11, "x", 2**70)),
    ("StopIteration", (NAMESPACE,)), ("ImportError", (1, 2)), ("KeyError", (NAMESPACE,)), ("ExceptionGroup", ("m", [1])), ("ExceptionGroup", ("m", [])),
    ("ExceptionGroup", ("m", std("builtins:ValueError"))), ("BaseExceptionGroup", ("m", [call(std("builtins:ValueError"))])), ("ExceptionGroup", (1, 2, 3)),
):  # fmt: skip
    add(f"{_name}{str(_args)[:40]}", "positions and parts that an exception shows later", stream(call(std(f"builtins:{_name}"), *_args)), CORRUPT | VALUE)
    add(f"{_name}, made but not initialised {str(_args)[:30]}", "an exception by NEWOBJ", stream(new(std(f"builtins:{_name}"), *_args)), CORRUPT | VALUE)
for _key in ("__cause__", "__context__", "__traceback__", "__class__", "__dict__", "__suppress_context__", "__setstate__", "__reduce__", "__str__", "a b", ""):
    add(f"exception's {_key}", "an attribute that no state sets", stream(build(call(std("builtins:ValueError"), "x"), {_key: []})), CORRUPT | (VALUE if _key == "__notes__" else frozenset()))
add("notes that are none", "__notes__ of another type", stream(build(call(std("builtins:ValueError"), "x"), {"__notes__": "x"})), CORRUPT)
add("args by state", "args as an attribute", stream(build(call(std("builtins:ValueError"), "x"), {"args": 1})), VALUE)
add("exception's slots", "slot state on an exception", stream(build(call(std("builtins:ValueError"), "x"), (None, {"args": ()}))), CORRUPT)
for _name in ("SystemExit", "KeyboardInterrupt", "GeneratorExit"):
    add(_name, "an exception that ends the program of whoever raises it", stream(call(std(f"builtins:{_name}"), 1)), UNTRUSTED)

# ---- times ------------------------------------------------------------------------------------------------
for _what, _code in {
    "date of 3 bytes": call(std("datetime:date"), b"abc"), "date of zeros": call(std("datetime:date"), b"\0\0\0\0"), "date of text": call(std("datetime:date"), "\x07\xe5\x0d\x01"),
    "datetime of 9 bytes": call(std("datetime:datetime"), b"123456789"), "datetime out of range": call(std("datetime:datetime"), b"\x07\xe5\x0c\x1f\x18\x3c\x3c\xff\xff\xff"),
    "datetime with a tz that is none": call(std("datetime:datetime"), b"\x07\xe5\x0c\x1f\0\0\0\0\0\0", NAMESPACE), "datetime with a class for tz": call(std("datetime:datetime"), b"\x07\xe5\x0c\x1f\0\0\0\0\0\0", std("zoneinfo:ZoneInfo")),
    "time of 6 bytes": call(std("datetime:time"), b"\x18\0\0\0\0\0"), "time with fold": call(std("datetime:time"), b"\xff\xff\xff\xff\xff\xff"), "timedelta out of range": call(std("datetime:timedelta"), 10**10, 0, 0),
    "timedelta of floats": call(std("datetime:timedelta"), float("nan"), float("inf")), "timedelta of objects": call(std("datetime:timedelta"), NAMESPACE, 1, 1),
    "timezone of a day": call(std("datetime:timezone"), call(std("datetime:timedelta"), 1, 0, 0)), "timezone of objects": call(std("datetime:timezone"), NAMESPACE),
    "tzinfo with arguments": call(std("datetime:tzinfo"), "UTC"), "a date with kwargs": new_ex(std("datetime:date"), (), {"year": 0, "nothing": 1}), "a date with odd kwargs": new_ex(std("datetime:date"), (1, 1, 1), {1: 1}),
    "short state by BUILD": build(call(std("datetime:date"), b"\x07\xe5\x0c\x1f"), b"ab"), "attributes by BUILD": build(call(std("datetime:datetime"), b"\x07\xe5\x0c\x1f\0\0\0\0\0\0"), {"_year": 1}),
    "struct_time of nothing": call(std("time:struct_time"), ()), "struct_time of a list": call(std("time:struct_time"), [1] * 9), "struct_time of objects": call(std("time:struct_time"), (NAMESPACE,) * 9),
    "struct_time and odd names": call(std("time:struct_time"), (1,) * 9, {1: 2, "tm_zone": 5, "x": "y"}), "stat_result too long": call(std("os:stat_result"), (1,) * 100), "stat_result by NEWOBJ": new(std("os:stat_result"), 5),
}.items():  # fmt: skip
    add(f"time: {_what}", "fields that are not those of a time", stream(_code), REFUSED | VALUE if "fold" in _what or "odd names" in _what or "stat_result too" in _what else REFUSED)
for _key in ("../../../etc/passwd", "/etc/passwd", "Europe/../../../etc/passwd", "Europe//Berlin", "./Europe/Berlin", "Europe/Berlin\0", "Europe\\Berlin", "..", ".", "", "~/x", "Europe", "tzdata.zi",
             "zone.tab", "a" * 300, "Europe/" + "a" * 190, "os", "__init__.py", "posixrules/x", "a.b/c", "Évreux", "C:/x", "Europe/Berlin/", "%s%n", "right/../UTC"):  # fmt: skip
    for _form in ("ZoneInfo", "_unpickle"):
        add(f"{_form}({_key[:24]!a})", "a key that is a path, or makes an importer import",
            stream(call(std("zoneinfo:ZoneInfo"), _key) if _form == "ZoneInfo" else call(getattribute(std("zoneinfo:ZoneInfo"), "_unpickle"), _key, 0)), CORRUPT)  # fmt: skip
add("ZoneInfo's class", "_unpickle with a from_cache that is neither", stream(call(std("zoneinfo:ZoneInfo._unpickle"), "UTC", [])), CORRUPT)
add("ZoneInfo by NEWOBJ", "a zone without a key", stream(new(std("zoneinfo:ZoneInfo"), "UTC")), UNTRUSTED)
for _what, _code in {
    "utc with arguments": call(std("pytz:_UTC"), 1), "no zone": call(std("pytz:_p"), "../x"), "a new zone": call(std("pytz:_p"), "Europe/Berlin", 1234567, 0, "poison"),
    "a timedelta": call(std("pytz:_p"), "Europe/Berlin", 10**12, 10**12, "X"), "tzfile": call(std("dateutil.tz.tz:tzfile"), "/etc/passwd"),
    "tzlocal": call(std("dateutil.tz.tz:tzlocal")), "gettz": call(std("dateutil.tz:gettz"), "/etc/passwd"), "tzstr": call(std("dateutil.tz.tz:tzstr"), "EST5EDT"),
}.items():  # fmt: skip
    add(f"old zones: {_what}", "what pytz and dateutil read, cache or open", stream(_code))

# ---- enums --------------------------------------------------------------------------------------------------
for _path in ("http:HTTPStatus", "re:RegexFlag", "signal:Signals", "socket:AddressFamily", "uuid:SafeUUID", "http:HTTPMethod"):
    for _what, _args in (
        ("nothing", ()), ("the functional API", ("X", "a b")), ("a value that is none", (1 << 40,)), ("a negative value", (-(1 << 40),)), ("a huge value", (1 << 100_000,)),
        ("a name", ("OK",)), ("an object", (NAMESPACE,)), ("a list", ([],)), ("2**60 leaves", (doubled(60, 1),)),
    ):  # fmt: skip
        add(f"{_path} of {_what}", "a value that makes a member, or a class", stream(call(std(_path), *_args)))
    add(f"{_path} by NEWOBJ", "a member past the lookup", stream(new(std(_path), 1)), UNTRUSTED)
    add(f"{_path} by object.__new__", "a member past the lookup", stream(call(RECONSTRUCTOR, std(_path), std("builtins:object"), None)))
add("a member that is not there", "a dotted name of an enum's class attribute", stream(std("http:HTTPStatus.phrase")), UNTRUSTED)
add("a member by its name", "what Python 3.12 pickles a member as", stream(std("http:HTTPStatus.OK")), VALUE)

# ---- patterns, text, identifiers --------------------------------------------------------------------------------
COMPILE = std("re:_compile")
for _what, _args in {
    "DEBUG prints": ("a", int(re.DEBUG)), "DEBUG among others": ("a", int(re.DEBUG | re.I | re.M)), "unknown flags": ("a", 1 << 20), "huge flags": ("a", 1 << 80), "negative flags": ("a", -1),
    "an object": (NAMESPACE, 0), "a flag's member": ("a", call(std("re:RegexFlag"), 2)), "bytearray": (bytearray(b"a"), 0), "no flags": ("a",), "LOCALE": ("a", 4), "broken": ("(", 0), "bad escape": ("\\N{x", 0),
    "bytes and UNICODE": (b"a", 32), "warns": ("[[a]", 0), "warns of flags": ("a(?i)", 0), "warns of a set": ("[a--b]", 0), "TEMPLATE": ("a", 1),
}.items():  # fmt: skip
    add(f"pattern: {_what}", "flags and patterns that print, warn or break", stream(call(COMPILE, *_args)),
        VALUE | CORRUPT | LIMIT if "flag's" not in _what else CORRUPT)  # fmt: skip
for _what, _state in {
    "negative": {"int": -1}, "too large": {"int": 1 << 128}, "no int": {"is_safe": 0}, "a str": {"int": "1"}, "a bool": {"int": True}, "another attribute": {"int": 1, "hex": 1}, "not safe": {"int": 1, "is_safe": 77},
    "a member of another": {"int": 1, "is_safe": call(std("http:HTTPStatus"), 200)}, "no dict": [1], "slots": (None, {"int": -1}), "dunder": {"int": 1, "__class__": 1}, "empty": {},
    "a subclass of int": {"int": call(std("socket:AddressFamily"), 2)},
}.items():  # fmt: skip
    add(f"UUID: {_what}", "128 bits that are none", stream(build(new(std("uuid:UUID")), _state)), CORRUPT)
    add(f"UUID by short cut: {_what}", "the same, as C pickle writes it", stream(new(std("uuid:UUID")), Code(b"}(" + (b"".join(value(k) + value(v) for k, v in _state.items()) if isinstance(_state, dict) else value(1) * 2) + b"ub")), CORRUPT)
add("UUID without state", "a UUID without its number, as a key", stream({new(std("uuid:UUID")): 1}), CORRUPT)
add("UUID twice", "another number after it was put in a set", stream(put(0, new(std("uuid:UUID"))), value({"int": 1}) + b"b", pop, put(1, frozenset([get(0)])), get(0), value({"int": 2}) + b"b", pop), CORRUPT)
add("UUID called", "UUID(...) parses text", stream(call(std("uuid:UUID"), "x")), UNTRUSTED)
for _path in ("ipaddress:IPv4Address", "ipaddress:IPv6Address", "ipaddress:IPv4Network", "ipaddress:IPv6Interface"):
    for _args in ((), (-1,), (1 << 129,), (b"1234",), (NAMESPACE,), ("x" * 100_000,), ("::1%" + "z" * 1000,), ("1.2.3.4/99",), (("1.2.3.4", 8),), ("1", "2"), ("١.2.3.4",), (":" * 1000,)):
        add(f"{_path[10:]}{str(_args)[:24]!a}", "an address that is none", stream(call(std(_path), *_args)), CORRUPT | VALUE if "%" in str(_args) else CORRUPT)
for _path in ("PurePath", "PosixPath", "PurePosixPath", "PureWindowsPath", "WindowsPath"):
    for _what, _args in (("bytes", (b"a",)), ("an object", (NAMESPACE,)), ("a path", (call(std("pathlib:PurePath"), "a"),)), ("NUL", ("a\0b",)), ("surrogate", ("\ud800",)), ("up", ("../../etc/passwd",)), ("home", ("~root",))):
        add(f"{_path} of {_what}", "a path that asks, or opens", stream(call(std(f"pathlib:{_path}"), *_args)), CORRUPT | VALUE)
add("path by BUILD", "a path's parts by state", stream(build(call(std("pathlib:PurePath"), "a"), (None, {"_drv": "x", "_parts": NAMESPACE}))), UNTRUSTED)

# ---- holders of attributes ----------------------------------------------------------------------------------------
for _path in ("types:SimpleNamespace", "argparse:Namespace", "logging:LogRecord"):
    _made = call(std(_path)) if "Simple" in _path else new(std(_path))
    for _key in ("__class__", "__dict__", "__getattr__", "__array_interface__", "__array__", "__reduce_ex__", "__fspath__", "__setstate__", 1, b"a", ("a",)):
        add(f"{_path} {_key!r}", "an attribute that somebody asks for and calls", stream(build(_made, {_key: std("builtins:list")})), CORRUPT)
    add(f"{_path} called", "its constructor, with arguments", stream(call(std(_path), "a", 1, 2, 3, 4, 5, 6)))
    add(f"{_path} of a mapping", "a state that is no dict", stream(build(_made, call(std("collections:OrderedDict")))), CORRUPT)
    add(f"{_path} slots", "slot state", stream(build(_made, (None, {"a": 1}))), CORRUPT)
    add(f"{_path} of a str subclass", "a key that is nearly a str", stream(build(_made, {call(std("http:HTTPMethod"), "GET"): 1})), REFUSED)
for _what, _path, _state in (
    ("UserDict of a list", "UserDict", {"data": []}), ("UserDict of itself", "UserDict", {"data": {}, "x": 1}), ("UserDict of a UserDict", "UserDict", {"data": new(std("collections:UserDict"))}),
    ("UserList of a tuple", "UserList", {"data": ()}), ("UserString of bytes", "UserString", {"data": b"a"}), ("ChainMap of a tuple", "ChainMap", {"maps": ({},)}),
    ("ChainMap of numbers", "ChainMap", {"maps": [1]}), ("ChainMap of nothing", "ChainMap", {}), ("UserDict, no state", "UserDict", None), ("UserDict, slots", "UserDict", (None, {"data": {}})),
    ("UserDict, more", "UserDict", {"data": {}, "__missing__": std("builtins:list")}), ("UserDict, a defaultdict", "UserDict", {"data": call(std("collections:defaultdict"), std("builtins:list"))}),
):  # fmt: skip
    add(_what, "data of another type than its methods expect", stream(build(new(std(f"collections:{_path}")), _state)), CORRUPT)
add("ChainMap filled later", "maps that are appended to after they were looked at",
    stream(build(new(std("collections:ChainMap")), {"maps": put(0, [{}])}), put(1), pop, append(get(0), 1), pop, get(1)), VALUE)  # fmt: skip
add("Template's pattern", "a Template with a pattern of its own", stream(build(new(std("string:Template")), {"template": "$x", "pattern": 1})), CORRUPT)
add("Template of bytes", "a template that is no str", stream(build(new(std("string:Template")), {"template": b"$x"})), CORRUPT)
add("LogRecord formats", "a record whose args ask for much when they are formatted", stream(build(new(std("logging:LogRecord")), {"msg": "%*d", "args": (10**9, 1)})), VALUE)
add("LogRecord called", "its constructor reads the program's state", stream(call(std("logging:LogRecord"), "a", 1, "p", 1, "m", (), None)), UNTRUSTED)

# ---- sequences and deques --------------------------------------------------------------------------------------------
for _what, _args in {
    "a range": (call(std("builtins:range"), 0, 1 << 40, 1),), "a str": ("abc",), "a negative length": ([], -1), "a huge length": ([], 1 << 70), "a float": ([], 1.0), "a bool": ([], True), "a dict": ({},),
    "three": ([], 1, 2), "an iterator": (call(std("collections:deque"), [1]),),
}.items():  # fmt: skip
    add(f"deque of {_what}", "an iterable or a length that no deque is pickled with", stream(call(std("collections:deque"), *_args)), CORRUPT | LIMIT)
add("deque set", "SETITEMS on a deque", stream(filled(call(std("collections:deque"), [1]), (0, 2))), CORRUPT | VALUE)
add("deque state", "attributes of a deque", stream(build(call(std("collections:deque"), [1]), {"maxlen": 1})), UNTRUSTED)
for _what, _args in {"a list": ([1, 2],), "pairs of lists": ([([], 1)],), "a triple": ([(1, 2, 3)],), "an int key": ([(1, 2)],), "a dict": ({},), "kwargs": ([], {})}.items():
    add(f"OrderedDict of {_what}", "items from an iterable", stream(call(std("collections:OrderedDict"), *_args)), CORRUPT)
for _what, _args in {"a list": ([1, 1],), "a str": ("aab",), "a Counter": (call(std("collections:Counter"), {1: 1}),), "two": ({}, {}), "a range": (call(std("builtins:range"), 0, 1 << 40, 1),)}.items():
    add(f"Counter of {_what}", "counts what it is given", stream(call(std("collections:Counter"), *_args)), CORRUPT | LIMIT)
add("Counter filled", "SETITEMS on a Counter", stream(filled(call(std("collections:Counter")), (1, 2))), UNTRUSTED)
for _what, _args in {
    "a float for bytes": ("B", [1.5]), "an object": ("d", [NAMESPACE]), "out of range": ("B", [256]), "a huge int": ("q", [1 << 80]), "a Decimal": ("q", [call(std("decimal:Decimal"), "1e999999999")]),
    "half an item": ("d", b"1234"), "an unknown code": ("x", []), "two codes": ("dd", []), "bytes for a code": (b"d", []), "a range": ("q", call(std("builtins:range"), 0, 1 << 40, 1)), "text": ("u", "\U0010ffff"),
    "text for numbers": ("d", "abc"), "an array": ("d", call(std("array:array"), "d", [1.0])), "a Fraction": ("d", [call(std("fractions:Fraction"), "1/3")]),
}.items():  # fmt: skip
    add(f"array of {_what}", "items that are converted one by one", stream(call(std("array:array"), *_args)), CORRUPT | VALUE | LIMIT)
for _what, _args in {
    "odd bytes": ("d", 16, b"123"), "an odd format": ("d", 99, BYTES8), "a negative format": ("d", -1, BYTES8), "another's format": ("d", 18, b"\xff\xff" * 4), "code points that are none": ("u", 21, b"\xff" * 8),
    "half a pair": ("u", 18, b"\x00\xd8" * 2), "text for bytes": ("d", 16, "12345678"), "doubles as ints": ("l", 16, BYTES8), "too large": ("b", 13, b"\xff" * 8), "an object's code": ([], 16, BYTES8),
}.items():  # fmt: skip
    add(f"array's bytes: {_what}", "bytes in a format that is not theirs", stream(call(std("array:_array_reconstructor"), std("array:array"), *_args)), CORRUPT | VALUE)
add("array's class", "an array of another class", stream(call(std("array:_array_reconstructor"), std("builtins:list"), "d", 16, BYTES8)), CORRUPT)
add("array filled", "APPENDS on an array", stream(extended(call(std("array:array"), "d", [1.0]), 2.0)), UNTRUSTED)
for _what, _state in {
    "a place too far": (3, (1,) * 624 + (625,), None), "a negative place": (3, (1,) * 624 + (-1,), None), "a short state": (3, (1,) * 10, None), "a word too large": (3, (1 << 32,) + (1,) * 623 + (1,), None),
    "floats": (3, (1.0,) * 624 + (1,), None), "version 9": (9, (1,) * 625, None), "a list": (3, [1] * 625, None), "gauss": (3, (1,) * 625, "x"), "a dict": {}, "slots": (None, {"gauss_next": 1}), "True": (True, (1,) * 625, None),
}.items():  # fmt: skip
    add(f"Random: {_what}", "a generator's words", stream(build(call(std("random:Random")), _state)), CORRUPT)
add("Random seeded", "Random(seed) hashes what it is given", stream(call(std("random:Random"), doubled(60, 1))), CORRUPT)
add("SystemRandom", "the system's own", stream(call(std("random:SystemRandom"))), UNTRUSTED)
add("NormalDist", "a deviation that is none", stream(build(new(std("statistics:NormalDist")), (None, {"_mu": 1.0, "_sigma": float("nan")}))), CORRUPT)

# ---- Python 2 -----------------------------------------------------------------------------------------------------------
add("Python 2's OrderedDict", "a list of pairs whose keys are lists", stream(call(old_name("collections", "OrderedDict"), [[[], 1]]), protocol=2), CORRUPT)
add("Python 2's array", "an array from a str", stream(call(old_name("array", "array"), "c", "abc"), protocol=2), CORRUPT)
add("Python 2's date", "a date from text that is no latin-1", stream(call(old_name("datetime", "date"), "\u0107\xe5\x0c\x1f"), protocol=2), CORRUPT)

# ---- numpy's, besides its states (see `memory`) -----------------------------------------------------------------------
for _what, _code in {
    "a dtype of a class": call(name("numpy", "dtype"), std("builtins:list")), "a dtype of a ctypes name": call(name("numpy", "dtype"), "c_void_p"), "a dtype of a comma list": dtype("i4,O,f8"),
    "a dtype of a dict": call(name("numpy", "dtype"), {"names": ["a"], "formats": ["O"], "offsets": [3], "itemsize": 11}), "a dtype of a list": call(name("numpy", "dtype"), [("a", "O")]),
    "a dtype of a namespace": call(name("numpy", "dtype"), build(NAMESPACE, {"dtype": "O"})), "a scalar type": call(name("numpy", "float64"), "1"), "a ufunc": call(name("numpy", "add"), 1, 2),
    "memmap": call(name("numpy", "memmap"), "canary", "u1", "r"), "memmap by NEWOBJ": new(name("numpy", "memmap"), "pwned", "u1", "w+", 0, (5,)), "recarray": call(name("numpy", "recarray"), (1 << 30,), "O"),
    "ndarray by NEWOBJ": new(name("numpy", "ndarray"), (1,), dtype("O"), 0, b"AAAAAAAA"), "a ufunc by its name": call(name("numpy._core", "_ufunc_reconstruct"), "os", "system"),
    "a ufunc that is none": call(name("numpy._core", "_ufunc_reconstruct"), "numpy", "memmap"), "StringDType": call(name("numpy._core._internal", "_convert_to_stringdtype_kwargs"), True, NAMESPACE),
    "StringDType of a str": call(name("numpy._core._internal", "_convert_to_stringdtype_kwargs"), "x", "y"), "MaskedConstant": build(call(name("numpy.ma.core", "MaskedConstant")), (1, (), dtype("f8"), False, BYTES8, b"\0", None)),
    "a bit generator of a class": call(name("numpy.random._pickle", "__bit_generator_ctor"), std("builtins:list")), "a bit generator of a namespace": call(name("numpy.random._pickle", "__bit_generator_ctor"), build(NAMESPACE, {"name": "MT19937"})),
    "a bit generator that is none": call(name("numpy.random._pickle", "__bit_generator_ctor"), "BitGenerator"), "a Generator of an object": call(name("numpy.random._pickle", "__generator_ctor"), NAMESPACE),
    "a Generator of a class": call(name("numpy.random._pickle", "__generator_ctor"), name("numpy.random", "SeedSequence")), "a poly1d called": call(name("numpy", "poly1d"), [1]),
    "a poly1d of text": build(new(name("numpy", "poly1d")), {"_coeffs": "abc", "order": 2}), "a polynomial of objects": build(new(name("numpy.polynomial.polynomial", "Polynomial")), {"coef": [1]}),
    "a ufunc filled in": build(name("numpy", "add"), {"__doc__": 1}), "a scalar type filled in": build(name("numpy", "float64"), {"x": 1}), "float64's slots": build(name("numpy", "float64"), (None, {"x": 1})),
}.items():  # fmt: skip
    add(f"numpy: {_what}", "numpy's own makers", stream(_code), needs="numpy")
