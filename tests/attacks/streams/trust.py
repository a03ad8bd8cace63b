"""Boundaries of trust: what trusting a class, a name, a package or a hook does not include."""

from tests.attacks.assembler import (
    Code,
    append,
    array,
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
    pop,
    put,
    stream,
    value,
)  # fmt: skip
from tests.attacks.streams.attack import CORRUPT, REFUSED, UNTRUSTED, VALUE, Family

family = Family("trust")
add = family.add

HOME = "tests.attacks.victim"
BUILTIN_OBJECT = name("builtins", "object")
NAMESPACE = call(name("types", "SimpleNamespace"))


def lab(path: str, module: str = HOME) -> Code:
    return name(module, path)


# ---- names: what a trusted package, class or name hands out ---------------------------------------------------
REACHES = {
    "a function": "function", "a re-exported function": "system", "a re-exported class": "Popen", "a partial": "shell", "a list": "NUMBERS", "a dict": "TABLE", "an instance": "SINGLE", "a module": "os", "a module's function": "os.system",
    "the modules": "subprocess.sys.modules", "a metaclass": "Meta", "a class's static method": "Outer.helper", "a class's class method": "Outer.maker", "a class's method": "Outer.method", "a class's attribute": "Outer.shell", "a class's other class": "Outer.other",
    "a class's module": "Outer.module", "through a class's module": "Outer.module.system", "__init__": "Plain.__init__", "__globals__": "Restored.__setstate__.__globals__", "__builtins__": "Restored.__setstate__.__builtins__", "__subclasses__": "Plain.__subclasses__", "__class__": "Plain.__class__",
    "__dict__": "Plain.__dict__", "__mro__": "Plain.__mro__", "__bases__": "Plain.__bases__", "__reduce_ex__": "Plain.__reduce_ex__", "__new__": "Plain.__new__", "a metaclass's property": "WithMeta.setting", "a metaclass's __getattr__": "WithMeta.missing", "a metaclass's method": "WithMeta.mro",
    "what __getattr__ of the package makes": "made_up", "a name that is none": "Plain.Nothing", "the package's __getattr__": "__getattr__", "its builtins": "__builtins__", "its loader": "__loader__", "a member's class": "Colour.RED.__class__", "an enum's method": "Colour.__call__", "an enum's mro": "Colour.mro",
    "a property of a class": "Hooked.price", "a namedtuple's maker": "Pair._make", "a namedtuple's field": "Pair.left", "fromkeys": "Dict.fromkeys", "array's fromfile": "Array.fromfile", "a Random's seed": "Random.seed",
}  # fmt: skip
DOORS_OF_NAMES = ("package", "class", "name")
for _what, _path in REACHES.items():
    for _door in DOORS_OF_NAMES:
        if _door == "name" and _path == "TABLE":
            continue  # named: see below
        add(f"{_what}, {_door}", "a name that trust in the package or its class does not cover", stream({"a": lab(_path)}), UNTRUSTED, door=_door)
    add(f"{_what}, called", "the same, called", stream(call(lab(_path), "harm")), UNTRUSTED, door="package")
    if "." in _path and not _path.startswith("Colour.RED"):
        add(f"{_what}, by getattr", "the same, by getattr", stream(getattribute(lab(_path.split(".")[0]), _path.split(".")[1])), REFUSED | VALUE if _path.endswith("__new__") else UNTRUSTED, door="package")
for _module, _path in (
    (f"{HOME}.__main__", "Plain"), (f"{HOME}.__main__", "__name__"), (HOME, "__main__.Plain"), (f"{HOME}.missing", "Plain"), (f"{HOME}s", "Plain"), (f"{HOME[:-1]}", "Plain"), ("tests.attacks.victimx.y", "Plain"), ("victim", "Plain"), (f"{HOME}..victim", "Plain"), (f"{HOME}.", "Plain"),
    (f"{HOME}.os", "system"), (f"{HOME}.elsewhere", "victim.function"), (f"{HOME}.elsewhere", "victim"), (f"{HOME}.elsewhere", "Impostor"), (f"{HOME}/../os", "system"), (f"{HOME}.elsewhere.victim", "function"), ("tests.attacks", "victim.Plain"), ("tests", "attacks.victim.Plain"), ("", f"{HOME}.Plain"),
    (f"{HOME}.__init__", "os.system"), (f"{HOME}.*", "Plain"), (f"{HOME}\0", "Plain"), ("tests.attacks.victim.arrays", "numpy.memmap"), ("tests.attacks.victim.arrays", "numpy"),
):  # fmt: skip
    add(f"module {_module[-30:]!a}:{_path[:30]}", "a module that the package's name does not cover, or that is run when it is imported", stream({"a": lab(_path, _module)}), REFUSED, door="package")
for _path in ("Plain", "Outer.Inner", "Colour.RED", "Pair"):
    add(f"honest {_path}", "what the package is trusted for", stream([lab(_path)]), VALUE, door="package")
add("nested, by trust in the outer class", "a nested class is another class", stream(new(lab("Outer.Inner"))), UNTRUSTED, door="class")
add("alias", "a class under the name of another module of its package", stream(new(lab("Alias", f"{HOME}.elsewhere"))), VALUE, door="package")
add("function of its package, trusted by another", "a function in the package of a trusted function", stream(call(lab("function"))), UNTRUSTED, door="function")
add("trusted function", "what it is trusted for", stream(call(lab("trusted_function"), [1])), VALUE, door="function")
add("trusted function, as a value", "a function as a value of the object", stream([lab("trusted_function")]), REFUSED | VALUE, door="function")
add("trusted function's attributes", "what a trusted function holds", stream(lab("trusted_function.__globals__")), UNTRUSTED, door="function")
add("trusted name of a dict", "fills in what a trusted name stands for", stream(filled(lab("TABLE"), ("setting", "changed"))), UNTRUSTED, door="name")
for _how, _data in {
    "SETITEM": stream(Code(lab("TABLE") + value("a") + value(1) + b"s")), "BUILD": stream(build(lab("TABLE"), {"a": 1})), "in place": stream(lab("TABLE"), Code(b"}(" + value("a") + value(1) + b"ub")), "from the memo": stream(put(0, lab("TABLE")), pop, filled(get(0), ("a", 1))), "from a call's result": stream(filled(call(lab("TABLE")), ("a", 1))),
}.items():  # fmt: skip
    add(f"trusted name of a dict, {_how}", "fills in what a trusted name stands for", _data, UNTRUSTED, door="name")

# ---- instances -----------------------------------------------------------------------------------------------
for _how, _data in {
    "NEWOBJ": stream(new(lab("WithMeta"), 1)), "a call": stream(call(lab("WithMeta"), 1)), "INST": stream(inst(HOME, "WithMeta", 1)), "OBJ": stream(obj(lab("WithMeta"), 1)), "by its metaclass": stream(call(lab("Meta"), "x", (), {})), "BUILD": stream(build(lab("WithMeta"), {"x": 1})), "slots": stream(build(lab("WithMeta"), (None, {"x": 1}))),
    "APPEND": stream(append(lab("WithMeta"), 1)), "type() of its instance": stream(call(name("builtins", "type"), new(lab("WithMeta")))), "its class's class, by getattr": stream(getattribute(lab("WithMeta"), "__class__")), "a member added": stream(build(lab("Colour"), {"BLUE": 3})), "a member changed": stream(build(lab("Colour.RED"), {"_value_": 3})),
    "a member by __new__": stream(new(lab("Colour"), 3)), "the functional API": stream(call(lab("Colour"), "X", "a b")), "a member by copyreg": stream(call(name("copyreg", "_reconstructor"), lab("Colour"), BUILTIN_OBJECT, None)), "a member that is none": stream(call(lab("Colour"), 99)), "a member of a bomb": stream(call(lab("Colour"), doubled(60, 1))),
    "a member of a deep value": stream(call(lab("Colour"), Code(b"N" + b"\x85" * 300_000))), "a member of lists, shown": stream(call(lab("Colour"), doubled(60, []))), "a member of frozensets": stream(call(lab("Colour"), Code(b"(\x91" + Code(b"q\x000(h\0h\0\x85\x91") * 40))), "a flag of many bits": stream(call(lab("Access"), 1 << 100_000)),
    "a flag of -1": stream(call(lab("Access"), -1)), "appended to a class": stream(extended(lab("Plain"), 1)), "filled into a class": stream(filled(lab("Plain"), ("x", 1))), "a class filled in place": stream(lab("Plain"), Code(b"}(" + value("x") + value(1) + b"ub")), "a class's slots in place": stream(lab("Plain"), Code(b"N}(" + value("x") + value(1) + b"u\x86b")),
    "a memoized class": stream(put(0, lab("Plain")), pop, new(get(0)), pop, build(get(0), {"x": 1})), "a class in a list": stream([lab("Plain")], Code(b"0"), build(lab("Plain"), {"x": 1})), "a namedtuple's state": stream(build(new(lab("Pair"), 1, 2), {"x": 1})), "a namedtuple too short": stream(new(lab("Pair"), 1)), "a namedtuple of a list": stream(new_ex(lab("Pair"), ([1, 2],), {})),
}.items():  # fmt: skip
    add(_how, "an instance, or a class, past what trusting its class means", _data, REFUSED | VALUE if "flag" in _how else REFUSED, door="package")
add("a singleton", "fills in the one instance that the program has", stream(build(lab("SINGLE"), {"setting": "changed"})), UNTRUSTED, door="class")
add("a singleton, memoized", "the same, from the memo", stream(put(0, lab("SINGLE")), pop, build(get(0), {"setting": "changed"})), UNTRUSTED, door="class")
add("a class attribute", "an instance's own attribute hides the class's, and changes nothing there", stream(build(new(lab("Single")), {"setting": "mine"})), VALUE, door="class")

# ---- classes that inherit from types in C ---------------------------------------------------------------------
RANGE = call(name("builtins", "range"), 0, 1 << 33, 1)
BOMB = doubled(60, 1)
DEEP = Code(b"N" + b"\x85" * 300_000)
for _kind in ("List", "Set", "Frozen", "Tuple", "Deque", "ByteArray", "Bytes", "Array", "Ordered", "Dict", "Count", "Default", "Text", "Number"):
    _first = ("d",) if _kind == "Array" else ()
    for _what, _arg in {"a long range": RANGE, "a number": 1 << 40}.items():
        for _how, _data in {"called": stream(call(lab(_kind), *_first, _arg)), "new": stream(new(lab(_kind), *_first, _arg)), "new with keywords": stream(new_ex(lab(_kind), (*_first, _arg), {})), "copyreg": stream(call(name("copyreg", "__newobj__"), lab(_kind), *_first, _arg))}.items():
            if not (_what == "a number" and _kind in ("Number", "Text")):
                add(f"{_kind} of {_what}, {_how}", "memory for what an argument of a few bytes says", _data, REFUSED | VALUE, door="package")
for _kind in ("Set", "Frozen", "Ordered", "Dict", "Count", "Default"):
    for _what, _key in {"2**60 leaves": BOMB, "300000 levels": DEEP}.items():
        _arg: object = [_key] if _kind in ("Set", "Frozen", "Count") else [(_key, 1)]
        _args = (None, _arg) if _kind == "Default" else (_arg,)
        add(f"{_kind} of {_what}", "a constructor that hashes what it is given", stream(call(lab(_kind), *_args)), REFUSED, door="package")
        add(f"{_kind} of {_what}, in a tuple", "a constructor that hashes what it is given", stream(call(lab(_kind), *((None,) if _kind == "Default" else ()), ((_key,),) if _kind in ("Set", "Frozen", "Count") else (((_key, 1),),))), REFUSED, door="package")
        add(f"{_kind} of {_what}, new", "a __new__ that hashes what it is given", stream(new(lab(_kind), *_args)), REFUSED | VALUE, door="package")
        add(f"{_kind} filled with {_what}", "SETITEMS or ADDITEMS hash what they are given", stream(call(lab(_kind)) if _kind != "Frozen" else NAMESPACE, Code(b"(" + value(_key) + (b"" if _kind in ("Set",) else value(1)) + (b"\x90" if _kind == "Set" else b"u"))), REFUSED, door="package")
for _what, _data in {
    "Fraction's exponent": stream(call(lab("Fraction"), "1e999999999")), "Fraction's exponent, new": stream(new(lab("Fraction"), "1e999999999")), "Fraction of a Decimal": stream(call(lab("Fraction"), call(name("decimal", "Decimal"), "1e999999999"))), "Fraction of nothing": stream(call(lab("Fraction"), 1, 0)), "Fraction's slots": stream(build(new(lab("Fraction")), (None, {"_denominator": 0}))),
    "Decimal of a tuple": stream(call(lab("Decimal"), (0, (99,), 0))), "Decimal of long text": stream(call(lab("Decimal"), "9" * 1_000_000)), "Random's state": stream(build(call(lab("Random")), (3, (1,) * 624 + (99999,), None))), "Random's seed": stream(call(lab("Random"), BOMB)), "a UUID of 2**200": stream(build(new(lab("Uuid")), {"int": 1 << 200})),
    "a Namespace's class": stream(build(call(lab("Namespace")), {"__class__": 1})), "a Number of long text": stream(new(lab("Number"), "9" * 1_000_000)), "a Number of another base": stream(new(lab("Number"), "z" * 500_000, 35)), "a Text of an object": stream(new(lab("Text"), doubled(60, []))), "a Text of bytes": stream(new(lab("Text"), b"a", "idna")), "a Bytes of a codec": stream(new(lab("Bytes"), "a", "idna")),
    "a Tuple of a dict": stream(new(lab("Tuple"), {1: 2})), "a Default of a number": stream(call(lab("Default"), 1)), "a Deque of a str": stream(call(lab("Deque"), "abc", -1)), "a Failure's state": stream(build(new(lab("Failure"), 1), {"__traceback__": 1, "__cause__": 1})), "a Failure's slots": stream(build(new(lab("Failure"), 1), (None, {"args": 1}))),
    "an Array's bytes": stream(new(lab("Array"), "d", b"123")), "an Array by its helper": stream(call(name("array", "_array_reconstructor"), lab("Array"), "d", 16, b"123")), "a Dict as its base": stream(call(name("copyreg", "_reconstructor"), lab("Dict"), name("builtins", "dict"), {1: 2})), "a List as another's base": stream(call(name("copyreg", "_reconstructor"), lab("List"), name("builtins", "dict"), {})),
    "an Ordered as a dict": stream(call(name("copyreg", "_reconstructor"), lab("Ordered"), name("builtins", "dict"), {1: 2})), "a Set as a frozenset": stream(call(name("copyreg", "_reconstructor"), lab("Set"), name("builtins", "frozenset"), frozenset((1,)))), "a Deque's class": stream(call(name("copyreg", "_reconstructor"), lab("Deque"), BUILTIN_OBJECT, None)),
}.items():  # fmt: skip
    add(_what, "what a type in C takes from a class that inherits it", _data, REFUSED | VALUE, door="package")
ARRAYS = f"{HOME}.arrays"
for _what, _data in {
    "an array's constructor": stream(new(lab("Matrix", ARRAYS), (1 << 14, 1 << 14))), "objects over bytes": stream(new(lab("Matrix", ARRAYS), (1,), dtype("O"), b"AAAAAAAA")), "objects over bytes, called": stream(call(lab("Matrix", ARRAYS), (1,), dtype("O"), b"AAAAAAAA")), "strides": stream(new_ex(lab("Matrix", ARRAYS), ((10,),), {"dtype": dtype("u1"), "buffer": b"A" * 10, "strides": (-1,)})),
    "objects over bytes, by copyreg": stream(call(name("copyreg", "__newobj__"), lab("Matrix", ARRAYS), (1,), dtype("O"), b"AAAAAAAA")), "a masked array's constructor": stream(call(lab("Masked", ARRAYS), [1], BOMB)), "an array's state": stream(array((1, (1 << 20,), dtype("u1"), False, b"a"), lab("Matrix", ARRAYS))), "a masked array's state": stream(array((1, (1 << 20,), dtype("u1"), False, b"a", b"\0", None), lab("Masked", ARRAYS))),
    "a generator's place": stream(build(call(lab("Twister", ARRAYS)), {"bit_generator": "Twister", "state": {"key": [1] * 624, "pos": 999_999}})), "a generator's place, under its base's name": stream(build(call(lab("Twister", ARRAYS)), {"bit_generator": "MT19937", "state": {"key": [1] * 624, "pos": 999_999}})), "a generator's seed": stream(call(lab("Twister", ARRAYS), BOMB)),
    "a RandomState's place": stream(build(call(lab("Stream", ARRAYS)), {"bit_generator": "MT19937", "state": {"key": [1] * 624, "pos": 999_999}})), "honest array": stream(array((1, (1,), dtype("u1"), False, b"a"), lab("Matrix", ARRAYS))),
}.items():  # fmt: skip
    add(_what, "what numpy takes from a class that inherits from it", _data, REFUSED | VALUE, door="package", needs="numpy")

# ---- what hooks lend ---------------------------------------------------------------------------------------------
ALTER = {
    "APPEND": Code(value(9) + b"a"), "APPENDS": Code(b"(" + value(9) + b"e"), "SETITEM": Code(value("setting") + value(9) + b"s"), "SETITEMS": Code(b"(" + value("setting") + value(9) + b"u"), "ADDITEMS": Code(b"(" + value(9) + b"\x90"), "BUILD": Code(value({"setting": 9}) + b"b"),
    "BUILD in place": Code(b"}(" + value("setting") + value(9) + b"ub"), "slots": Code(value((None, {"setting": 9})) + b"b"), "BUILD of one": Code(b"}" + value("setting") + value(9) + b"sb"), "NEWOBJ": Code(b")\x81"), "REDUCE": Code(value(("touch pwned",)) + b"R"), "REDUCE of nothing": Code(b")R"),
    "NEWOBJ_EX": Code(b")}\x92"), "REDUCE in place": Code(value("touch pwned") + b"\x85R"),
}  # fmt: skip
THINGS = ("list", "dict", "set", "plain", "single", "function", "shell", "class", "popen", "module", "method")
for _thing in THINGS:
    for _way, _alter in ALTER.items():
        add(f"the memo's {_thing}, {_way}", "calls or fills in what the memo was given", stream(get(10 + THINGS.index(_thing)), _alter), REFUSED, door="memo")
        add(f"persistent_load's {_thing}, {_way}", "calls or fills in what persistent_load gave", stream(Code(value(_thing) + b"Q"), _alter), REFUSED, door="persistent_load")
        if _thing == "popen" and ("NEWOBJ" in _way or "REDUCE" in _way):
            continue  # find_class gave the class: that is to trust it
        _lent = _thing == "class" and _way in ("NEWOBJ", "REDUCE of nothing", "NEWOBJ_EX")
        add(f"find_class's {_thing}, {_way}", "calls or fills in what find_class gave", stream(name("lent", _thing), _alter), VALUE if _lent else REFUSED, door="find_class")
    add(f"persistent_load's {_thing}, OBJ", "calls what persistent_load gave", stream(Code(b"(" + value(_thing) + b"Qo")), REFUSED, door="persistent_load")
    add(f"persistent_load's {_thing}, as a factory", "makes a factory of what persistent_load gave", stream(call(name("collections", "defaultdict"), Code(value(_thing) + b"Q"))), VALUE if _thing == "class" else REFUSED, door="persistent_load")  # a trusted one
    for _helper, _args in (("_reconstructor", (BUILTIN_OBJECT, None)), ("__newobj__", ())):
        add(f"persistent_load's {_thing}, {_helper}", "an instance of what persistent_load gave", stream(call(name("copyreg", _helper), Code(value(_thing) + b"Q"), *_args)), REFUSED if _thing != "class" else REFUSED | VALUE, door="persistent_load")
    add(f"persistent_load's {_thing}, getattr", "an attribute of what persistent_load gave", stream(getattribute(Code(value(_thing) + b"Q"), "system")), REFUSED, door="persistent_load")
for _number, _what in enumerate(("bytes", "bytearray", "list", "function", "class")):
    _buffer = Code(b"\x97" * (_number + 1))
    for _way in ("APPEND", "SETITEM", "BUILD", "REDUCE", "NEWOBJ", "ADDITEMS"):
        add(f"the buffers' {_what}, {_way}", "calls or fills in what buffers= gave", stream(_buffer, ALTER[_way]), REFUSED, door="buffers")
    add(f"the buffers' {_what}, read only", "READONLY_BUFFER of what is no buffer", stream(_buffer, Code(b"\x98")), REFUSED | VALUE, door="buffers")
add("one buffer too many", "more buffers than were given", stream(Code(b"\x97" * 6)), REFUSED, door="buffers")
add("no buffers", "a buffer where none were given", stream(Code(b"\x97")), CORRUPT)
add("no persistent_load", "a persistent id where nobody knows one", stream(Code(value("x") + b"Q")), CORRUPT)
for _number in (0, 1):
    for _way, _data in {"alone": stream(get(_number)), "item": stream([get(_number)]), "called": stream(call(get(_number), name("collections", "OrderedDict"), BUILTIN_OBJECT, None)), "called and an item": stream([call(get(_number))], [get(_number)]), "many": stream(Code(b"(" + get(_number) * 3 + b"l")), "and another helper": stream([call(get(_number)), name("copyreg", "_reconstructor")])}.items():
        add(f"another memo's callee {_number}, {_way}", "a helper that another unpickler's memo held", _data, REFUSED | VALUE, door="memo")
for _what, _first, _second in (
    ("a helper", stream(put(0, name("copyreg", "_reconstructor")), None), stream([get(0)])), ("a list", stream(put(0, [1])), stream(append(get(0), 2))), ("an array", stream(put(0, array((1, (1,), dtype("u1"), False, b"a")))), stream(build(get(0), (1, (2,), dtype("u1"), False, b"ab")))),
    ("a UUID", stream(put(0, build(new(name("uuid", "UUID")), {"int": 1}))), stream(build(get(0), {"int": 2}))), ("a class", stream(put(0, name("collections", "OrderedDict")), None), stream(call(get(0)))),
):  # fmt: skip
    add(f"{_what} of the stream before", "what the caller got already, altered by the next stream", _first + _second, REFUSED | VALUE if _what in ("a list", "a class") else REFUSED, door="twice", needs="numpy" if _what == "an array" else "")
