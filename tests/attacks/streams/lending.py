"""What a trusted class gives when it is called need not be new: the program's one instance is nothing to fill in."""

from tests.attacks.assembler import (
    Code,
    build,
    call,
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
)
from tests.attacks.streams.attack import REFUSED, UNTRUSTED, VALUE, Family

family = Family("lending")
HOME = "tests.attacks.victim.lending"
OBJECT = name("builtins", "object")


def ways_to_make(cls: str) -> dict[str, Code]:
    code = name(HOME, cls)
    partial = build(call(name("functools", "partial"), getattribute(code, "__new__") + b"q\7"), (Code(b"h\7"), (code,), {}, None))
    return {
        "NEWOBJ": new(code), "NEWOBJ_EX": new_ex(code, (), {}), "REDUCE": call(code), "OBJ": obj(code), "OBJ with an argument": obj(code, "a"), "INST": inst(HOME, cls), "__newobj__": call(name("copyreg", "__newobj__"), code),
        "__newobj_ex__": call(name("copyreg", "__newobj_ex__"), code, (), {}), "a partial": call(partial), "the memo": put(3, new(code)) + pop + get(3), "NEWOBJ with an argument": new(code, "a"),
    }  # fmt: skip


FILL = {
    "BUILD": value({"role": "admin"}) + b"b", "BUILD in place": Code(b"}(" + value("role") + value("admin") + b"ub"), "BUILD of one": Code(b"}" + value("role") + value("admin") + b"sb"),
    "slots": value((None, {"role": "admin"})) + b"b", "slots in place": Code(b"N}(" + value("role") + value("admin") + b"u\x86b"), "state and slots": value(({"role": "admin"}, {"role": "admin"})) + b"b",
}  # fmt: skip
for _cls in ("ByNew", "ByMeta", "ByKey", "Sloted", "Other", "SharedByInit", "SharedByNew", "SlotedShared"):
    for _made, _code in ways_to_make(_cls).items():
        # object.__new__ makes a new one, which is the stream's.
        _fresh = _cls in ("ByMeta", "SharedByInit") and _made not in ("REDUCE", "OBJ with an argument")
        for _how, _fill in FILL.items():
            if _made not in ("NEWOBJ", "REDUCE", "a partial") and _how not in ("BUILD in place", "slots"):
                continue
            family.add(f"{_cls} by {_made}, {_how}", "attributes of an instance, or in a dict, that others have", stream(_code, _fill),
                       REFUSED | VALUE if _fresh else REFUSED, door="package")  # fmt: skip
for _cls, _fill in (("ListOfAll", Code(b"(K\1e")), ("ListOfAll", Code(b"K\1a")), ("DictOfAll", Code(b"(K\1K\2u")), ("DictOfAll", Code(b"K\1K\2s")), ("Other", Code(b"K\1K\2s")), ("Other", Code(b"(K\1K\2u")), ("Other", Code(b"}(K\1K\2ub"))):
    for _made, _code in ways_to_make(_cls).items():
        family.add(f"{_cls} by {_made}, {_fill!r}", "items of a container that the program has", stream(_code, _fill), REFUSED, door="package")

# ---- what comes from the hooks of a reader whose find_class gives the class of it only afterwards ----------------
LATE = {
    "BUILD": {"x": 1}, "slots": (None, {"x": 1}),
}  # fmt: skip
for _thing in ("plain", "single"):
    for _way, _state in LATE.items():
        family.add(f"{_thing} before its class, {_way}", "what persistent_load gave before find_class gave its class", stream(put(1, Code(value(_thing) + b"Q")), pop, name("victim", "Plain" if _thing == "plain" else "Single"), pop, build(get(1), _state)), UNTRUSTED, door="both hooks")
        family.add(f"{_thing} after its class, {_way}", "what persistent_load gave after find_class gave its class", stream(name("victim", "Plain" if _thing == "plain" else "Single"), pop, build(Code(value(_thing) + b"Q"), _state)), UNTRUSTED, door="both hooks")
family.add("a class with a metaclass, lent", "persistent_load gives a metaclass's instance", stream([Code(value("meta") + b"Q")]), VALUE, door="persistent_load")
for _how, _data in {"a list": stream(extended(Code(value("list") + b"Q"), 1)), "a dict": stream(filled(Code(value("dict") + b"Q"), (1, 2)))}.items():
    family.add(f"{_how} by both hooks", "fills in what persistent_load gave", _data, UNTRUSTED, door="both hooks")
