"""Names of things that run code as soon as somebody asks what they are: a name is judged without asking."""

from tests.attacks.assembler import Code, build, call, getattribute, inst, name, new, obj, stream, value
from tests.attacks.streams.attack import REFUSED, UNTRUSTED, VALUE, Family

family = Family("asking")
HOME = "tests.attacks.victim.asked"

OBJECTS = ("lazy", "proxy", "asked", "named", "lazy_module", "plain_module")
IN_CLASSES = ("descriptor", "prop", "class_prop", "class_descriptor", "cached", "lazy", "proxy", "asked", "named", "module", "static_lazy",
              "static_proxy", "partial", "dispatched")  # fmt: skip
for _path in (*OBJECTS, *(f"Holder.{member}" for member in IN_CLASSES), *(f"{thing}.x" for thing in OBJECTS), "Holder.lazy.x", "Holder.class_prop.x"):
    _tries = "a name of something that answers by itself when it is asked what it is"
    _code = name(HOME, _path)
    for _how, _data in {"a value": stream([_code]), "called": stream(call(_code, 1)), "made": stream(new(_code)), "filled": stream(build(_code, {"x": 1}))}.items():
        family.add(f"{_path}, {_how}", _tries, _data, UNTRUSTED, door="package")
    outer, dot, member = _path.partition(".")
    if dot:
        family.add(f"{_path}, by getattr", _tries, stream(getattribute(name(HOME, outer), member)), UNTRUSTED, door="package")
for _path in OBJECTS[:2]:
    family.add(f"{_path}, by INST", "the same, by INST", stream(inst(HOME, _path, 1)), UNTRUSTED, door="package")
    family.add(f"{_path}, by OBJ", "the same, by OBJ", stream(obj(name(HOME, _path), 1)), UNTRUSTED, door="package")
for _cls in ("WithAskedMeta", "WithNamedMeta"):
    _code = name(HOME, _cls)
    _tries = "a class whose metaclass would answer for it"
    for _how, _data in {
        "made": stream(new(_code)), "called": stream(call(_code)), "filled": stream(build(new(_code), {"x": 1})), "in place": stream(new(_code), Code(b"}(" + value("x") + value(1) + b"ub")),
        "slots": stream(build(new(_code), (None, {"x": 1}))), "a value": stream([_code]), "copyreg's": stream(call(name("copyreg", "__newobj__"), _code)), "_reconstructor's": stream(call(name("copyreg", "_reconstructor"), _code, name("builtins", "object"), None)),
        "a factory": stream(call(name("collections", "defaultdict"), _code)), "by partial": stream(call(build(call(name("functools", "partial"), getattribute(_code, "__new__") + b"q\7"), (Code(b"h\7"), (_code,), {}, None)))),
    }.items():  # fmt: skip
        family.add(f"{_cls}, {_how}", _tries, _data, VALUE | REFUSED, door="package")
    for _member in ("__qualname__", "__mro__", "__module__", "__dict__", "__init__.__globals__", "mro", "Nothing"):
        family.add(f"{_cls}.{_member}", _tries, stream([name(HOME, f"{_cls}.{_member}")]), UNTRUSTED, door="package")
family.add("nested in a class with a metaclass", "the walk to a nested class", stream(new(name(HOME, "WithAskedMeta.Inner"))), VALUE, door="package")
family.add("an instance as a class", "__newobj__ of an instance of a class with a metaclass", stream(call(name("copyreg", "__newobj__"), new(name(HOME, "WithNamedMeta")))), REFUSED, door="package")
for _what in ("x", 1.5, b"1", (1,), frozenset((1,)), None, 1 << 400):
    family.add(f"_missing_ of {str(_what)[:20]}", "_missing_, with what no member is", stream(call(name(HOME, "Shade"), _what)), REFUSED, door="package")
family.add("a member of many, often", "a look at all members for each value", lambda: stream(Code(name(HOME, "Many") + b"q\0" + value((500,)) + b"q\1("), Code(b"h\0h\1R" * 200_000 + b"l")), VALUE, door="package")
