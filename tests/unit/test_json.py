"""perdure.json: what is native stays so, what is tagged comes back, and no text does harm."""

import collections
import datetime
import decimal
import enum
import io
import json as standard
import math
import pathlib
import shutil
import struct
import subprocess
import uuid
import zoneinfo
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

import perdure
from perdure import json
from perdure.formats import forms, json_text
from perdure.graph import Graph
from tests.fuzz.same_graph import difference
from tests.sources import ROOT

HEAD = '{"$perdure":1,"value":'


class Colour(enum.Enum):
    RED = "r"


class Point:
    def __init__(self, x: Any, y: Any) -> None:
        self.x = x
        self.y = y


class Unpicklable:
    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("not this one")


@pytest.fixture(params=["orjson", "alone"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test twice: with orjson, and as if it were not installed."""
    if request.param == "alone":
        monkeypatch.setattr(json, "orjson", None)
    elif json.orjson is None:
        pytest.skip("orjson is not installed")


def back(value: Any, **options: Any) -> Any:
    return json.loads(json.dumps(value, **options), trusted=perdure.TRUST_ALL)


def tagged(text: str, **options: Any) -> Any:
    return json.loads(HEAD + text + "}", **options)


# -- what is native


@pytest.mark.parametrize("value", [
    None, True, 0, -1, 1.5, -0.0, 1e22, 1e-7, "", "é\n\x01\"\\/\u2028\U0001f600", [], {}, [[], {}], {"": {"a": [None]}},
    2**53 + 1, -2**63, 2**64 - 1, 2**64, -2**63 - 1, {"$schema": 1, "a": {"$ref": "#/x"}}, [{"$perdure": 1}],
])  # fmt: skip
def test_what_json_holds_is_native(value: Any) -> None:
    text = json.dumps(value)
    assert standard.loads(text) == value
    assert json.loads(text) == value
    assert repr(json.loads(standard.dumps(value))) == repr(value)


def test_floats_are_written_as_repr_does() -> None:
    values = [0.1, 1e16, 123456789012345680.0, 1e-5, 0.0001, 5e-324, 1.7976931348623157e308, 2.5, 100.0, 1e100]
    values += [struct.unpack("<d", struct.pack("<q", bits))[0] for bits in range(1, 2**62, 2**53 + 12345)]
    text = json_text.write(Graph(perdure.dumps(values))).decode()
    assert text == "[" + ",".join(map(repr, values)) + "]"
    assert json_text.read(text.encode()).root.items[3].value == 1e-5


def test_numbers_are_the_nearest_doubles() -> None:
    texts = ["1e23", "9007199254740993.0", "2.2250738585072011e-308", "4.9e-324", "1e-400", "1e999", "0.1e1", "-0e5",
             "123456789012345678901234567890.0", "8.5e-3", "1.00000000000000011102230246251565404236316680908203125",
             "7.2057594037927933e16", "1E+2", "0.000000000000000000000000000001"]  # fmt: skip
    assert [node.value for node in json_text.read(f"[{','.join(texts)}]".encode()).root.items] == [float(t) for t in texts]
    assert json.loads("[1e999, -0.0]") == [math.inf, 0.0]


def test_ints_beyond_64_bits_are_exact() -> None:
    for value in (2**64, 2**64 - 1, -2**63, -2**63 - 1, 10**18, 10**19, 12345678901234567890123, 10**25):
        for form in ("{}", "[{}]", '{{"a": {} }}', "[1, -{}]", '["12345678901234567890123", {}]', "[0.5,{},1e5]"):
            text = form.format(value)
            if "--" not in text:
                assert repr(json.loads(text)) == repr(standard.loads(text))
    assert json.loads("[0.12345678901234567890123, 1e5]") == [0.12345678901234568, 1e5]


def test_a_key_that_comes_twice_counts_as_it_last_stood() -> None:
    assert json.loads('{"a": 1, "b": 2, "a": 3}') == {"a": 3, "b": 2}


def test_a_lone_surrogate_in_an_escape_is_read() -> None:
    assert json.loads(r'"\ud800"') == "\ud800"
    assert json.loads(r'"\ud83d\ude00"') == "\U0001f600"


# -- what is tagged


@pytest.mark.parametrize(("value", "text"), [
    ((1,), '{"$tuple":[1]}'), ({1}, '{"$set":[1]}'), (frozenset([1]), '{"$frozenset":[1]}'), (b"a", '{"$bytes":"YQ=="}'),
    (bytearray(b"a"), '{"$bytearray":"YQ=="}'), (math.inf, '{"$float":"inf"}'), ({1: 2}, '{"$dict":[[1,2]]}'),
    ({"$a": ()}, '{"$dict":[["$a",{"$tuple":[]}]]}'), ({"b": 1, "$perdure": 2}, '{"$dict":[["b",1],["$perdure",2]]}'),
    ("\ud800x\udc00", '{"$str":[55296,"x",56320]}'), ("\ud83d" + "\ude00", '{"$str":[55357,56832]}'), (len, '{"$name":"builtins:len"}'),
    (datetime.datetime(1, 2, 3, 4, 5, 6, 7, fold=1), '{"$datetime":"0001-02-03T04:05:06.000007","fold":1}'),
    (datetime.datetime(1, 2, 3, tzinfo=datetime.UTC), '{"$datetime":"0001-02-03T00:00:00","zone":{"$timezone":"+00:00"}}'),
    (datetime.date(9999, 12, 31), '{"$date":"9999-12-31"}'), (datetime.time(4, 5), '{"$time":"04:05:00"}'),
    (datetime.timedelta(-1, 2, 3), '{"$timedelta":[-1,2,3]}'),
    (datetime.timezone(-datetime.timedelta(seconds=5, microseconds=1), "x"), '{"$timezone":"-00:00:05.000001","name":"x"}'),
    (zoneinfo.ZoneInfo("UTC"), '{"$zoneinfo":"UTC"}'), (decimal.Decimal("-0E+5"), '{"$decimal":"-0E+5"}'),
    (uuid.UUID(int=5), '{"$uuid":"00000000-0000-0000-0000-000000000005"}'), (1j, '{"$complex":[0.0,1.0]}'),
    (decimal.Decimal(1), '{"$decimal":"1"}'),
])  # fmt: skip
def test_what_it_is_not_is_tagged(value: Any, text: str) -> None:
    assert json.dumps(value) == HEAD + text + "}"
    assert repr(back(value)) == repr(value)
    assert type(back(value)) is type(value)


def test_a_nan_keeps_its_bits() -> None:
    value = struct.unpack("<d", bytes.fromhex("0100000000f8f8ff"))[0]
    assert struct.pack("<d", back([value])[0]) == struct.pack("<d", value)
    assert "NaN" not in json.dumps([value])


def test_instances_have_readable_attributes() -> None:
    text = json.dumps(Point(1, [2]))
    assert text == f'{HEAD}{{"$object":"{__name__}:Point","state":{{"x":1,"y":[2]}}}}}}'
    point = back(Point(1, [2]))
    assert (type(point), point.x, point.y) == (Point, 1, [2])


def test_references_and_cycles() -> None:
    shared: list[Any] = []
    shared.append(shared)
    assert json.dumps(shared) == HEAD + '{"$id":1,"$list":[{"$ref":1}]}}'
    a, b = back([shared, shared])
    assert a is b and a[0] is a
    turned: Any = ([],)
    turned[0].append(turned)
    again = back(turned)
    assert type(again) is tuple and again[0][0] is again
    key = Point(1, {})
    key.y[key] = key
    again = back(key)
    assert next(iter(again.y)) is again


def test_ints_above_the_interpreters_limit_are_hexadecimal() -> None:
    assert json.dumps(10**4299) == "1" + "0" * 4299
    assert back(10**4299) == 10**4299
    value = -(10**5000)
    assert '{"$int":"-0x' in json.dumps(value)
    assert back([value]) == [value]
    with pytest.raises(perdure.LimitError):
        json.loads("1" * 4301)


# -- options


def test_safe_integers() -> None:
    assert json.dumps([2**53, 2**53 + 1, -(2**60)], safe_integers=True) == (
        HEAD + '[9007199254740992,{"$int":"9007199254740993"},{"$int":"-1152921504606846976"}]}')
    assert back([2**53 + 1, 2**80], safe_integers=True) == [2**53 + 1, 2**80]


def test_indent_and_sorted_keys() -> None:
    value = {"b": [1, {}, []], "a": 'x",[{'}
    assert json.dumps(value, indent=2) == standard.dumps(value, indent=2)
    assert json.dumps(value, indent="\t", sort_keys=True) == standard.dumps(value, indent="\t", sort_keys=True)
    mixed = {"b": (1,), "a": {"d": 1, "c": {2}}}
    assert json.dumps(mixed, sort_keys=True) == HEAD + '{"a":{"c":{"$set":[2]},"d":1},"b":{"$tuple":[1]}}}'
    assert back(mixed, sort_keys=True, indent=1) == mixed


def test_ascii() -> None:
    assert json.dumps(["é\U0001f600"], ensure_ascii=True) == standard.dumps(["é\U0001f600"])


def test_text_or_bytes() -> None:
    assert json.dumps(["é"], text=False) == '["é"]'.encode()
    assert json.loads(bytearray('["é"]'.encode())) == ["é"]
    assert json.loads(memoryview(b"[1]")) == [1]


def test_default() -> None:
    value = [Unpicklable(), {"a": Unpicklable()}, (lambda: 1)]
    assert json.loads(json.dumps(value, default=lambda one: type(one).__name__)) == ["Unpicklable", {"a": "Unpicklable"}, "function"]
    one = Unpicklable()
    again = back([one, one], default=lambda one: ["x"])
    assert again == [["x"], ["x"]] and again[0] is again[1]
    with pytest.raises(TypeError, match="not this one"):
        json.dumps([Unpicklable()])


def test_an_error_says_where_in_the_object() -> None:
    with pytest.raises(TypeError) as caught:
        json.dumps({"users": [1, Unpicklable()]})
    assert "root['users'][1]" in "".join(caught.value.__notes__)


def test_what_cannot_be_honoured_is_refused_though_the_value_is_plain() -> None:
    for options in ({"arrays": "all"}, {"indent": "-"}):
        with pytest.raises(ValueError):
            json.dumps([1], **options)
    with pytest.raises(TypeError):
        json.dumps([1], indent=1.5)  # type: ignore[call-overload]
    with pytest.raises(ValueError):
        json.loads("[1]", limits={"nothing": 1})
    with pytest.raises(TypeError):
        json.loads("[1]", trusted=5)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        json.loads(5)


# -- files


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for value in ({"a": "é"}, (1, 2)):
        json.dump(value, path)
        assert json.load(path) == value
        assert path.read_text("utf-8") == json.dumps(value)
    with pytest.raises(TypeError):
        json.dump(Unpicklable(), path)
    assert json.load(path) == (1, 2)
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"]
    for file in (io.StringIO(), io.BytesIO()):
        json.dump({"a": "é"}, file, indent=1)
        file.seek(0)
        assert json.load(file) == {"a": "é"}


# -- what others lose


def test_jsonpickles_losses() -> None:
    class_of_names = collections.namedtuple("class_of_names", "a b")
    for value in (
        {"py/object": "builtins.list"}, {"py/tuple": [1]}, {1: "a", "1": "b"}, {None: 1, True: 2}, {(1, 2): [3]},
        [(1,), (1,)], {"a": {1, 2}}, collections.OrderedDict(b=1, a=2), collections.defaultdict(list, a=[1]),
        collections.Counter("aab"), collections.deque([1], 3), b"\xff", decimal.Decimal("1.10"), range(3), slice(1),
    ):  # fmt: skip
        assert back(value) == value
        assert type(back(value)) is type(value)
    shared = (1, [2])
    first, second = back([shared, shared])
    assert first is second
    assert class_of_names(1, 2) == (1, 2)


def test_int_keys_stay_ints() -> None:  # cpython #91774
    assert back({1: 2, "1": 3, 1.5: 4, None: 5}) == {1: 2, "1": 3, 1.5: 4, None: 5}


# -- texts of others


@pytest.mark.parametrize("text", [
    "", " ", "{", "[", '"', '"a', "[1,", "[1,]", "[,1]", "{,}", '{"a"}', '{"a":}', '{"a":1,}', "{a:1}", "{1:2}", "'a'", "nul",
    "nulll", "tru", "+1", "01", "-", "-a", "1.", ".5", "1e", "1e+", "0x1", "NaN", "Infinity", "-Infinity", "[NaN]", "1 2",
    "[1]]", "{}}", '"\t"', '"\\x"', '"\\u12"', '"\\u12g4"', "[1 2]", '{"a" 1}', "//", "/**/1", "\x00", "[1]\x00", "\ufeff1",
    "[1,2", '{"a":[', "\v1",
])  # fmt: skip
def test_what_is_no_json_is_refused(text: str) -> None:
    for given in (text, text.encode()):
        with pytest.raises(perdure.CorruptError) as caught:
            json.loads(given)
        assert isinstance(caught.value, ValueError)
        assert caught.value.offset is not None and 0 <= caught.value.offset <= len(given)


def test_cpythons_documents() -> None:
    fail = pytest.importorskip("test.test_json.test_fail")
    for number, document in enumerate(fail.JSONDOCS, 1):
        try:
            expected = standard.loads(document)
        except ValueError:
            with pytest.raises(perdure.CorruptError):
                json.loads(document)
        else:
            assert number in fail.SKIPS
            assert json.loads(document) == expected
    for name in ("pass1", "pass2", "pass3"):
        document = pytest.importorskip(f"test.test_json.test_{name}").JSON
        assert repr(json.loads(document)) == repr(standard.loads(document))
        assert json.loads(json.dumps(json.loads(document))) == standard.loads(document)


def test_offsets_are_of_the_text_as_given() -> None:
    with pytest.raises(perdure.CorruptError) as caught:
        json.loads('["éé", x]')
    assert caught.value.offset == 7
    with pytest.raises(perdure.CorruptError) as caught:
        json.loads('["éé", x]'.encode())
    assert caught.value.offset == 9


@pytest.mark.parametrize("data", [b"\xff", b'"\xff"', b'"\xed\xa0\x80"', "[1]".encode("utf-16"), b"\xef\xbb\xbf[1]"])
def test_other_encodings_are_refused(data: bytes) -> None:
    with pytest.raises(perdure.CorruptError):
        json.loads(data)
    with pytest.raises(perdure.CorruptError):
        json.loads('"\ud800"')


@pytest.mark.parametrize("text", [
    '{"$tuple":1}', '{"$tuple":[1],"a":2}', '{"$tuple":[1],"$set":[1]}', '{"$nothing":1}', '{"a":1,"$tuple":[1]}', '{"$":1}',
    '{"$ref":1}', '{"$ref":"1"}', '{"$ref":99999999999999999999}', '[{"$id":1,"$list":[]},{"$id":1,"$list":[]}]', '{"$id":1,"$id":2,"$list":[]}',
    '{"$id":1}', '{"$id":1,"a":2}', '{"$id":1,"$ref":1}', '{"$id":-1,"$list":[]}', '{"$id":1.0,"$list":[]}', '{"$bytes":"a"}', '{"$bytes":"é"}',
    '{"$bytes":"YQ==YQ=="}', '{"$bytes":"YR=="}', '{"$bytes":"yYUE="}', '{"$bytes":"===="}', '{"$bytearray":"YWi="}', '{"$array":"YR==","dtype":"|u1","shape":[1]}', '{"$bytes":5}', '{"$float":"1.5"}', '{"$float":"nan"}', '{"$float":"nan:7ff0000000000000"}',
    '{"$int":"1.5"}', '{"$int":"0xg"}', '{"$int":"١"}', '{"$str":[65]}', '{"$str":"a"}', '{"$name":"len"}', '{"$name":5}', '{"$extension":0}',
    '{"$extension":4294967296}', '{"$buffer":1}', '{"$dict":[[1]]}', '{"$dict":[[1,2,3]]}', '{"$dict":{"$a":1}}', '{"$dict":[1,2]}',
    '{"$object":5}', '{"$object":"list"}', '{"$object":"builtins:list","args":[]}', '{"$object":"builtins:list","new":1}',
    '{"$object":"builtins:list","items":[],"new":[]}', '{"$object":"a:b","state":1,"state":2}', '{"$object":"builtins:list","kwargs":[]}',
    '{"$object":"builtins:list","arguments":[]}', '{"$call":"a:b","kwargs":{}}', '{"$call":"a:b","call":1}', '{"$call":"a:b","steps":[["x",1]]}',
    '{"$call":"a:b","steps":[["items"]]}', '{"$call":"a:b","steps":[["items",[1],2]]}', '{"$list":[],"steps":1}', '{"$inst":"a:b","arguments":1}',
    '{"$datetime":"2001-02-03"}', '{"$datetime":"2001-02-03T04:05:06.7"}', '{"$datetime":"2001-13-03T04:05:06"}', '{"$datetime":5}',
    '{"$datetime":"2001-02-03T04:05:06","fold":2}', '{"$datetime":"2001-02-03T04:05:06","zone":1}', '{"$datetime":"2001-02-03T04:05:06","x":1}',
    '{"$date":"2001-02-0é"}', '{"$time":"24:00:00"}', '{"$timedelta":[1,2]}', '{"$timezone":"UTC"}', '{"$uuid":"5"}',
    '{"$uuid":"g0000000-0000-0000-0000-000000000005"}', '{"$fraction":"1"}', '{"$complex":[1,2]}', '{"$posixpath":"/"}', '{"$member":"a","name":"b"}',
    '{"$dtype":"object"}', '{"$dtype":"|O8"}', '{"$array":[1.0],"dtype":"<f8","shape":[2]}', '{"$array":"AAAA","dtype":"<f8","shape":[1]}',
    '{"$array":"AAAA","dtype":"<f8","shape":[999999999999999]}', '{"$array":[],"dtype":"<f8","shape":[-1]}', '{"$array":[],"dtype":"<O8","shape":[0]}',
    '{"$array":[300],"dtype":"|u1","shape":[1]}', '{"$array":["a"],"dtype":"<f8","shape":[1]}', '{"$array":[1.5],"dtype":"<i8","shape":[1]}',
    '{"$array":[],"dtype":"<U99999999999","shape":[0]}', '{"$array":[],"shape":[0]}', '{"$array":[]}', '{"$scalar":1,"dtype":"<U1"}',
    '{"$tuple":[}', '{"$tuple"', '{"$tuple":', '{"$tuple":[1]', '{"$id":1,"$call":"builtins:list","args":[{"$ref":1}]}',
    '{"$id":1,"new":[]}', '{"$id":1,"args":[1]}', '{"$id":1,"items":[]}', '{"$id":1,"steps":[1]}', '{"$id":1,"value":1}', '{"$id":1,"before":[]}',
    '{"$id":1,"$object":"a:b","new":[{"$array":[1.0],"dtype":{"$ref":1},"shape":[1]}]}', '{"$id":1,"$object":"a:b","new":[{"$scalar":1.0,"dtype":{"$ref":1}}]}',
    '{"$id":1,"$call":"a:b","args":[{"$member":{"$ref":1},"name":"b"}]}',
    '{"$altered":1}', '{"$altered":1,"steps":1}', '{"$altered":1,"steps":[],"steps":[]}', '{"$id":1,"$altered":[],"steps":[]}', '{"$altered":1,"a":1}',
    '{"$id":1,"$list":[{"$altered":{"$ref":1},"steps":[]}]}', '{"$altered":1,"steps":[["state",1]]}', '{"$list":[],"steps":[["state",{"a":1}]]}',
    '{"$tuple":[],"steps":[["items",[1]]]}', '{"$dict":{},"steps":[["adds",[1]]]}', '{"$frozenset":[],"steps":[["adds",[1]]]}',
    '{"$posixpath":{"$list":["a"],"steps":[["call",{"$call":"a:b"}]]}}', '{"$decimal":{"$altered":"1","steps":[["call",{"$call":"a:b"}]]}}',
    '{"$list":[],"steps":[["call",1]]}', '{"$altered":1,"steps":[["call",{"$tuple":[]}]]}',
    '1,"more":2', '1,"value":2', '1,"before":[]',
])  # fmt: skip
def test_what_has_a_tag_where_none_belongs_is_refused(text: str) -> None:
    with pytest.raises((perdure.CorruptError, perdure.LimitError)) as caught:
        tagged(text, trusted=perdure.TRUST_ALL)
    assert "at byte" not in str(caught.value)  # of a stream that nobody saw


def test_the_envelope() -> None:
    assert json.loads('{ "\\u0024perdure" : 1 , "value" : {"$tuple": []} }') == ()
    assert json.loads('{"a": 1, "$perdure": 1}') == {"a": 1, "$perdure": 1}
    with pytest.raises(perdure.CorruptError, match="version 2 "):
        json.loads('{"$perdure": 2, "value": 1}')
    for text in ('{"$perdure": 1, "before": [1], "value": 1}', '{"$perdure": 1}', '{"$perdure": "1", "value": 1}', '{"$perdure": 1, "a": 1, "value": 1}', '{"$perdure":1.0,"value":1}'):
        with pytest.raises(perdure.CorruptError):
            json.loads(text)


# -- hostile texts


@pytest.mark.parametrize("text", [
    '{"$call":"os:system","args":["true"]}', '{"$object":"subprocess:Popen","new":[["true"]]}', '{"$name":"os:system"}',
    '{"$call":{"$call":"builtins:getattr","args":[{"$name":"os:_wrap_close"},"__init__"]},"args":[]}',
    '{"$inst":"os:system","args":["true"]}', '{"$member":{"$name":"os:path"},"name":"os"}',
    '{"$datetime":"2001-02-03T04:05:06","zone":{"$call":"os:system","args":["true"]}}',
    '{"$dict":[[{"$call":"os:system","args":["true"]},1]]}', '{"$list":[],"steps":[["call",{"$call":"os:system","args":["true"]}]]}',
])  # fmt: skip
def test_what_a_text_names_is_the_policys(text: str) -> None:
    with pytest.raises(perdure.UnpicklingError) as caught:
        tagged(text)
    assert isinstance(caught.value, (perdure.UntrustedError, perdure.CorruptError))


def test_trusted_may_be_an_iterator() -> None:
    assert tagged('{"$name":"builtins:len"}', trusted=iter(["builtins.len"])) is len


def test_before_is_the_policys_too() -> None:
    with pytest.raises(perdure.UntrustedError):
        json.loads('{"$perdure":1,"before":[{"$call":"os:system","args":["true"]}],"value":1}')


def test_limits_hold() -> None:
    with pytest.raises(perdure.LimitError):
        tagged('{"$set":[' + ",".join(str(i * (2**61 - 1)) for i in range(100_000)) + "]}")


def test_depth() -> None:
    deep: Any = []
    for _ in range(1_000_000):
        deep = [deep]
    text = json.dumps(deep)
    assert text == "[" * 1_000_001 + "]" * 1_000_001
    again = json.loads(text)
    for _ in range(1_000_000):
        (again,) = again
    assert again == []
    deep = ()
    for _ in range(100_000):
        deep = (deep,)
    again = back(deep)
    for _ in range(100_000):
        (again,) = again
    assert again == ()


@pytest.mark.parametrize("start", ["[", '{"a":', HEAD + "[", HEAD + '{"$tuple":[', HEAD + '{"$object":', HEAD + '{"$dict":[['])
def test_what_only_opens_is_refused(start: str) -> None:
    with pytest.raises(perdure.CorruptError):
        json.loads(start[:len(HEAD)] * start.startswith(HEAD) + start[len(HEAD) * start.startswith(HEAD):] * 1_000_000)


def test_references_cost_what_they_are_long() -> None:
    levels = ['{"$id":1,"$list":[0,0]}'] + [f'{{"$id":{i},"$list":[{{"$ref":{i - 1}}},{{"$ref":{i - 1}}}]}}' for i in range(2, 60)]
    value = tagged("[" + ",".join(levels) + "]")
    assert value[59 - 1][0] is value[59 - 2]
    arrays = levels[:40] + ['{"$array":{"$ref":40},"dtype":"<f8","shape":[1]}']
    with pytest.raises(perdure.CorruptError):
        tagged("[" + ",".join(arrays) + "]")


def test_ids_need_not_be_in_order() -> None:
    a, b, c, d = tagged('[{"$id":7,"$list":[]},{"$id":0,"$list":[1]},{"$ref":7},{"$ref":0}]')
    assert a is c and b is d


def test_paths() -> None:
    """Their parts and their module are those that the interpreter pickles them by; any can be read."""
    path = pathlib.PurePosixPath("/a b", "c")
    parts = standard.dumps(path.__reduce__()[1], separators=(",", ":"))
    module = type(path).__module__
    named = "" if module == "pathlib" else f',"module":"{module}"'
    assert json.dumps(path) == HEAD + '{"$pureposixpath":' + parts + named + "}}"
    assert back(path) == path
    for text in ('["/","a b","c"]', '["/a b/c"]', '["/a b","c"],"module":"pathlib._local"'):
        assert tagged(f'{{"$pureposixpath":{text}}}') == path
    with pytest.raises(perdure.CorruptError, match="module"):
        tagged('{"$pureposixpath":["a"],"module":"os"}')
    stream = b"\x80\x04\x8c\x0epathlib._local\x8c\rPurePosixPath\x93\x8c\x01a\x85R."
    text = json_text.write(Graph(stream))
    assert text == b'{"$perdure":1,"value":{"$pureposixpath":["a"],"module":"pathlib._local"}}'
    assert json_text.write(json_text.read(text)) == text


# -- other streams


def test_nodes_of_other_streams() -> None:
    streams = [
        b"\x80\x02U\x03abc.", b"(i__main__\nA\np0\n.", b"(c__main__\nA\no.", b"\x80\x02\x82\x07.", b"Pabc\n.", b"\x80\x02K\x01Q.",
        b"\x80\x05\x97.", b"\x80\x05\x97\x98.", b"\x80\x02c__main__\nf\n)R0N.", b"(lp0\nI1\na.", b"\x80\x04]\x94c__main__\nf\nh\x00\x85R0.",
        b"]q\0(K\x01eca\nb\nh\0\x85R0(K\x02e.", b"K\x01ca\nb\n)R0.", b"\x8c\x01a}ca\nb\n)R0\x86.", b"}\x8c\x01aca\nb\n)R0Ns.", b"}Nca\nb\n)R0K\x01ca\nb\n)R0s.",
        b"\x8c\x09os:system)R.", b"\x8c\x01a)\x81.", b"(\x8c\x03a:bo.", b"\x8c\x04\xed\xa0\x80:)R.", b"cdatetime\ndate\nC\x04\x07\xd1\x02\x03\x85RNb.",
        b"cdatetime\ndatetime\nC\x0a\x07\xd1\x02\x03\x01\x01\x01\0\0\0]\x86R.", b"cdatetime\ndatetime\nC\x0a\x07\xd1\x02\x03\x01\x01\x01\0\0\0}K\x01Ns\x86R.",
        b"C\x01aq\0ca\nb\n)R0h\0\x86.", b"ca\nb\n)ca\nb\n)R0R.", b"ca\nb\nK\x01\x85q\0ca\nb\nh\0\x85R0R.", b"ca\nb\nq\0}bh\0\x86.", b"ca\nb\nq\0}bh\0\x85R.",
        b"ca\nb\nq\0h\0)Rh\0}b\x87.", b"ca\nb\n}b)R.", b"ca\nb\n}bK\x01K\x02\x87.", b"\x82\x05}b\x85.", b"K\x01Q}b.", b"ca\nb\n)Rq\x000Nh\0\x86.", b"ca\nb\n)Rq\x000Nh\x000.",
        b"\x8c\x01a\x8c\x04b\xed\xa0\x80\x93.", b"\x8c\x03\xed\xa0\x80\x8c\x01b\x93)R.", b"cdatetime\ndate\nC\x04\x07\xd1\x02\x03ca\nb\n)R0\x85R.", b"cdatetime\ndate\n}bC\x04\x07\xd1\x02\x03\x85R.",
        b"\x80\x04c__main__\nA\n)\x81(K\x01K\x02eK\x03b(K\x04e.", b"\x80\x04c__main__\nA\nc__main__\nB\n}\x92.",
    ]  # fmt: skip
    for stream in streams:
        g = Graph(stream)
        text = json_text.write(g)
        standard.loads(text)
        assert not difference(g, json_text.read(text))
        again = json_text.write(json_text.read(text))
        assert again == text


# -- in other languages


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_javascript_reads_it(tmp_path: Path) -> None:
    shared = [1]
    value = {
        "plain": [1, 2.5, None, True, "é"], "tuple": (1,), "set": {3}, "map": {1: "one"}, "bytes": b"ab", "big": 2**70, "nan": math.nan,
        "lone": "\ud800x", "shared": [shared, shared], "point": Point(1, (2,)), "when": datetime.datetime(2001, 2, 3), "__proto__": 1,
    }  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps(value, safe_integers=True))
    script = f"""
        const {{ loads, Tuple, Instance }} = require({str(ROOT / 'examples/json_reader.js')!r})
        const v = loads(require("fs").readFileSync("a.json", "utf8"))
        const is = (what, good) => {{ if (!good) throw new Error(what) }}
        is("plain", JSON.stringify(v.plain) === '[1,2.5,null,true,"é"]')
        is("tuple", v.tuple instanceof Tuple && v.tuple[0] === 1)
        is("set", v.set.has(3)); is("map", v.map.get(1) === "one"); is("bytes", v.bytes[1] === 98)
        is("big", v.big === 2n ** 70n); is("nan", Number.isNaN(v.nan)); is("lone", v.lone === "\\ud800x")
        is("shared", v.shared[0] === v.shared[1])
        is("point", v.point instanceof Instance && v.point.callee.qualname === "Point" && v.point.state.y[0] === 2)
        is("when", v.when.kind === "datetime" && v.when.value === "2001-02-03T00:00:00")
        is("own", Object.hasOwn(v, "__proto__"))
    """
    done = subprocess.run(["node", "-e", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_schema_knows_every_tag() -> None:
    schema = resources.files("perdure.formats").joinpath(json_text.SCHEMA).read_text()
    tags = {key for each in standard.loads(schema)["$defs"].values() for key in each.get("required", [])}
    assert forms.reading().keys() <= tags
