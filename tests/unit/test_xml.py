"""perdure.xml: what it writes, what it reads, and where it says that a document is wrong."""

import base64
import collections
import datetime
import decimal
import fractions
import io
import math
import pathlib
import pickle
import struct
import subprocess
import sys
import uuid
import zoneinfo
from pathlib import Path
from typing import Any

import pytest

import perdure
from perdure import graph, xml
from perdure.formats import json_text, xml_text
from perdure.formats.xml_text import write
from tests import xml_schema
from tests.fuzz.same_graph import difference
from tests.unit import test_graph

OPEN = '<perdure xmlns="urn:perdure:graph:1">'
PAIR = '<tuple id="1"><int>1</int></tuple>'


def around(inner: str) -> str:
    return f"{OPEN}{inner}</perdure>"


def inner(obj: object) -> str:
    text = xml.dumps(obj)
    assert xml_schema.valid(text), xml_schema.problems(text)
    assert text.startswith(OPEN)
    return text[len(OPEN) : -len("</perdure>")]


def as_stream(text: str) -> bytes:
    """The pickle that a document is."""
    return xml_text.read([text.encode()]).dumps()

PATH = pathlib.PurePosixPath("/a b/c")
PATH_MODULE = "" if type(PATH).__module__ == "pathlib" else f' module="{type(PATH).__module__}"'


class Account:
    def __init__(self, email: str) -> None:
        self.email = email


class Slotted:
    __slots__ = ("x",)


class Keywords:
    def __new__(cls, *, tag: int) -> "Keywords":
        self = super().__new__(cls)
        self.tag = tag  # type: ignore[attr-defined]
        return self

    def __getnewargs_ex__(self) -> Any:
        return (), {"tag": 1}

    def __getstate__(self) -> None:
        return None


class Kept:
    """Its arguments are held elsewhere too."""

    def __init__(self, args: tuple[Any, ...]) -> None:
        self.args = args

    def __reduce__(self) -> Any:
        return of, self.args, self.args


def of(*args: Any) -> Kept:
    return Kept(args)


@pytest.mark.parametrize(("obj", "text"), [
    (None, "<none/>"), (True, "<true/>"), (False, "<false/>"),
    (-7, "<int>-7</int>"), (1 << 40, "<int>1099511627776</int>"), (-(1 << 4096), "<int>-0x1" + "0" * 1024 + "</int>"),
    (0.1, "<float>0.1</float>"), (-0.0, "<float>-0.0</float>"), (-math.inf, "<float>-inf</float>"), (1e300, "<float>1e+300</float>"),
    (math.nan, "<float>nan</float>"), (struct.unpack(">d", bytes.fromhex("fff8000000000001"))[0], "<float>nan:fff8000000000001</float>"),
    ("", "<str/>"), (" a]]>&<\r\n\t", "<str> a]]&gt;&amp;&lt;&#13;\n\t</str>"), ("\0\ud83d\ude00\uffff\ufffd",
     '<str><char code="0"/><char code="d83d"/><char code="de00"/><char code="ffff"/>\ufffd</str>'),
    (b"", "<bytes/>"), (b"abc", "<bytes>YWJj</bytes>"), (bytearray(b"abc"), "<bytearray>YWJj</bytearray>"),
    ([1, []], "<list><int>1</int><list/></list>"), ((), "<tuple/>"), ({1}, "<set><int>1</int></set>"), (frozenset(), "<frozenset/>"),
    ({'a"<\n': 1}, '<dict><entry key="a&quot;&lt;&#10;"><int>1</int></entry></dict>'),
    ({1: 2}, "<dict><entry><key><int>1</int></key><int>2</int></entry></dict>"),
    ({"\0": 2}, '<dict><entry><key><str><char code="0"/></str></key><int>2</int></entry></dict>'),
    (len, "<name>builtins:len</name>"), (str.join, '<member name="join"><name>builtins:str</name></member>'),
    (collections.OrderedDict(a=1), '<call function="collections:OrderedDict"><pairs><entry key="a"><int>1</int></entry></pairs></call>'),
    (decimal.Decimal("1.5"), "<decimal>1.5</decimal>"), (decimal.Decimal, "<name>decimal:Decimal</name>"),
    (datetime.datetime(2026, 1, 2, 3, 4, 5, 6, datetime.UTC, fold=1),
     '<datetime fold="1">2026-01-02T03:04:05.000006<timezone>+00:00</timezone></datetime>'),
    (datetime.date(2026, 1, 2), "<date>2026-01-02</date>"), (datetime.timedelta(-1, 2), "<timedelta>-1 2 0</timedelta>"),
    (datetime.timezone(datetime.timedelta(hours=1), "a\n"), '<timezone name="a&#10;">+01:00</timezone>'),
    (datetime.timezone(datetime.timedelta(hours=1), "\0"), '<call function="datetime:timezone"><args><timedelta>0 3600 0</timedelta>'
     '<str><char code="0"/></str></args></call>'),
    ([uuid.UUID(int=7)] * 2, '<list><uuid id="1">00000000-0000-0000-0000-000000000007</uuid><ref id="1"/></list>'),
    (complex(1, math.nan), "<complex>1.0 nan</complex>"), (fractions.Fraction(-1, 3), "<fraction>-1/3</fraction>"),
    (PATH, f"<pureposixpath{PATH_MODULE}>{''.join(f'<str>{part}</str>' for part in PATH.__reduce__()[1])}</pureposixpath>"),
    (zoneinfo.ZoneInfo("UTC"), "<zoneinfo>UTC</zoneinfo>"),
    (Account("x@y"), f'<object class="{__name__}:Account"><attr name="email"><str>x@y</str></attr></object>'),
    (Slotted(), f'<object class="{__name__}:Slotted"/>'),
    (Keywords(tag=1), f'<object class="{__name__}:Keywords"><kwargs><dict><entry key="tag"><int>1</int></entry></dict></kwargs></object>'),
    (test_graph.Setter(), f'<call id="1" function="{test_graph.__name__}:Setter"><effect><call function="{test_graph.__name__}:set_state">'
     '<args><ref id="1"/><dict><entry key="a"><int>1</int></entry></dict></args></call></effect></call>'),
    (Kept((1, 2)), f'<call function="{__name__}:of"><arguments><tuple id="1"><int>1</int><int>2</int></tuple></arguments>'
     '<state><ref id="1"/></state></call>'),
])  # fmt: skip
def test_what_is_written(obj: object, text: str) -> None:
    assert inner(obj) == text


def test_shared_and_circular() -> None:
    ring: list[Any] = []
    ring.append((ring,))
    assert inner(ring) == '<list id="1"><tuple><ref id="1"/></tuple></list>'
    twice = ["a"]
    assert inner([twice, twice, (), ()]) == '<list><list id="1"><str>a</str></list><ref id="1"/><tuple/><tuple/></list>'
    again = xml.loads(xml.dumps([twice, twice]))
    assert again[0] is again[1]
    for circle in test_graph.circles():
        text = xml.dumps(circle)
        assert xml.dumps(xml.loads(text, trusted=perdure.TRUST_ALL)) == text


def test_values_come_back() -> None:
    for value in test_graph.VALUES:
        text = xml.dumps(value, indent=1)
        assert xml_schema.valid(text), xml_schema.problems(text)
        again = xml.loads(text, trusted=perdure.TRUST_ALL)
        assert type(again) is type(value)
        assert xml.dumps(again, indent=1) == text


def test_indent() -> None:
    assert xml.dumps([1, {"a": (), "b": (2,)}], indent="\t") == (
        f'{OPEN}\n\t<list>\n\t\t<int>1</int>\n\t\t<dict>\n\t\t\t<entry key="a"><tuple/></entry>\n\t\t\t<entry key="b"><tuple>\n'
        "\t\t\t\t<int>2</int>\n\t\t\t</tuple></entry>\n\t\t</dict>\n\t</list>\n</perdure>"
    )
    for wrong in ("x", " \n"):
        with pytest.raises(ValueError, match="indent="):
            xml.dumps(1, indent=wrong)
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    assert len(xml.dumps(deep, indent=8)) < 10_000 * 2 * (60 * 8 + 10)


def test_canonical() -> None:
    assert xml.dumps({"b", "a", "c"}, canonical=True) == xml.dumps({"c", "a", "b"}, canonical=True)


@pytest.mark.parametrize(("text", "obj"), [
    ("<p:perdure xmlns:p='urn:perdure:graph:1'><p:int> 1\n</p:int></p:perdure>", 1),
    (f"<!-- a --><?b c?>\n{around('<str>a<!-- b -->c<![CDATA[<&]]>&#x64;&apos;</str>')}<!-- d -->\n", "ac<&d'"),
    (f"<?xml version='1.0' encoding='iso-8859-1'?>{around('<str>é</str>')}", "é"),  # text is past its encoding
    (around("<float>1</float>"), 1.0), (around("<float>1.e5</float>"), 1e5), (around("<int>0x10</int>"), 16),
    (around("<bytes>\n YW\n Jj\n</bytes>"), b"abc"),
    (around(f"<list id='a.b-c'><list id='1'/><ref id='1'/>{PAIR.replace('1', 'x', 1).replace('>1', '>7')}</list>"), [[], [], (7,)]),
])  # fmt: skip
def test_what_others_write(text: str, obj: object) -> None:
    assert xml.loads(text) == obj


def test_bytes_of_every_kind() -> None:
    text = xml.dumps("é😀")
    for data in (text.encode(), b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16"), b"\xfe\xff" + text.encode("utf-16-be"),
                 b'<?xml version="1.0" encoding="UTF-8"?>' + text.encode(), f'<?xml version="1.0" encoding="utf-16"?>{text}'.encode("utf-16")):  # fmt: skip
        assert xml.loads(data) == xml.loads(bytearray(data)) == xml.loads(memoryview(data)) == "é😀"
    for wrong in (1, None, [1]):
        with pytest.raises(TypeError):
            xml.loads(wrong)


WRONG = [
    ("<list><int>1</int>", "mismatched"), ("<int>1</int><int>2</int>", "holds one value"), ("", "holds one value"), ("<int>1 2</int>", "the int"),
    ("<int>１</int>", "the int"), ("<int>1_000</int>", "the int"), ("<int/>", "the int"), ("<int>0xG</int>", "the int"),
    ("<float>1_0.0</float>", "the float"), ("<float>infinity</float>", "the float"), ("<float>nan:7FF8000000000001</float>", "the float"),
    ("<none>x</none>", "text in <none>"), ("<list>x</list>", "text in <list>"), ("<list>\u00a0</list>", "text in <list>"),
    ("x<none/>", "text in <perdure>"), ("<bytes>YWJ</bytes>", "not base64"), ("<bytes>YW-j</bytes>", "not base64"), ("<bytes>YWi=</bytes>", "not base64"), ("<string>YR==</string>", "not base64"), ("<string>yYUE=</string>", "not base64"),
    ("<bytes>YQ==YQ==</bytes>", "not base64"), ("<List/>", "the element 'List'"), ("<os.system/>", "the element"),
    ("<int x='1'>1</int>", "no attribute 'x'"), ("<int id='1'>1</int>", "no attribute 'id'"), ("<list xml:space='preserve'/>", "no attribute"),
    ("<str>a<str/></str>", "<str> in <str>"), ("<str>a<int>1</int></str>", "<int> in <str>"),
    ("<entry key='a'><none/></entry>", "<entry> in <perdure>"), ("<dict><none/></dict>", "<none> in <dict>"),
    ("<dict><entry key='a'/></dict>", "holds one value"), ("<dict><entry><none/></entry></dict>", "<entry>"),
    ("<dict><entry><none/><none/></entry></dict>", "<entry>"), ("<dict><entry><none/><key><none/></key></entry></dict>", "<key> comes first"),
    ("<dict><entry key='a'><key><none/></key><none/></entry></dict>", "<key> comes first"),
    ("<dict><entry><key><none/></key></entry></dict>", "<entry>"), ("<dict><entry><key><none/></key><key/></entry></dict>", "<key>"),
    ("<dict><entry key='a'><none/><none/></entry></dict>", "holds one value"), ("<dict><entry><key/><none/></entry></dict>", "holds one value"),
    ("<char code='0'/>", "<char> in"), ("<str><char/></str>", "without code="), ("<str><char code='-1'/></str>", "the code"),
    ("<str><char code='0'>a</char></str>", "text in <char>"), ("<ref/>", "without id="), ("<list id=''/>", "the id"), ("<list id='é'/>", "the id"), ("<list id='１'/>", "the id"), ("<list id='a b'/>", "the id"),
    (f"<list id='{'a' * 101}'/>", "the id"), ("<name>os</name>", "module:qualname"), ("<name/>", "module:qualname"),
    ("<name>a:b<str/><str/></name>", "a <name> is"), ("<name><str/></name>", "a <name> is"), ("<name><int>1</int><str/></name>", "<int> in <name>"),
    ("<object/>", "without class="), ("<call/>", "without function="), ("<object class='os'/>", "module:qualname"),
    ("<object class='a:b'><callee><none/></callee></object>", "<callee> besides"), ("<object><callee/></object>", "holds one value"),
    ("<object class='a:b'><args/><callee><none/></callee></object>", "too late"), ("<object class='a:b'><args/><args/></object>", "too late"),
    ("<object class='a:b'><args/><arguments><tuple/></arguments></object>", "too late"),
    ("<object class='a:b'><state><none/></state><args/></object>", "too late"), ("<object class='a:b'><state/></object>", "holds one value"),
    ("<object class='a:b'><attr><none/></attr></object>", "without name="),
    ("<call function='a:b'><kwargs><dict/></kwargs></call>", "<kwargs> in <call>"), ("<object class='a:b'><none/></object>", "<none> in <object>"),
    ("<object function='a:b'/>", "no attribute 'function'"), ("<altered/>", "holds one value"),
    ("<altered><state><none/></state></altered>", "holds one value"), ("<altered><none/><none/></altered>", "holds one value"),
    ("<list id='1'><altered><ref id='1'/><state><none/></state></altered></list>", "a <ref> in <altered>"),
    ("<altered><none/><effect><call function='a:b'/></effect><none/></altered>", "holds one value"), ("<extension code='0'/>", "the code"),
    ("<extension/>", "without code="), ("<buffer readonly='maybe'/>", "true or false"), ("<persistent/>", "holds one value"),
    ("&foo;", "undefined entity"), ("<int>&#0;</int>", "invalid"), ("<date>2026-1-1</date>", "<date>: "),
    ("<date fold='1'>2026-01-01</date>", "no attribute 'fold'"), ("<date><none/></date>", "<none> in <date>"),
    ("<datetime>2026-01-02</datetime>", "<datetime>: "), ("<datetime fold='2'>2026-01-02T00:00:00</datetime>", "fold"),
    ("<datetime>2026-01-02T00:00:00<none/><none/></datetime>", "holds one value"), ("<timedelta>1 2</timedelta>", "days"),
    ("<timedelta>1 2 x</timedelta>", "the float"), ("<fraction>1</fraction>", "digits"), ("<uuid>7</uuid>", "UUID"),
    ("<posixpath>a</posixpath>", "a <str>"), ("<posixpath><int>1</int></posixpath>", "<int> in <posixpath>"),
    ("<member name='a'>x<name>a:b</name></member>", "no text"), ("<member><name>a:b</name></member>", "name of a class"),
    ("<member name='a'/>", "name of a class"), ("<array shape='2'>1 2</array>", "dtype"), ("<array dtype='&lt;f8'>1 2</array>", "shape"),
    ("<array dtype='&lt;f8' shape='-1'/>", "shape"), ("<array dtype='&lt;f8' shape='1' encoding='hex'>00</array>", "encoding"),
    ("<array dtype='&lt;f8' shape='1' order='C'>1.0</array>", "order"), ("<array dtype='&lt;f8' shape='1' readonly='false'>1.0</array>", "true"),
    ("<array dtype='&lt;f8' shape='1'>1.0<dtype>&lt;f8</dtype></array>", "one dtype"), ("<scalar dtype='&lt;f8'/>", "the float"),
    ("<none/><effect><none/></effect>", "behind the value"), ("<effect><call function='a:b'/></effect>", "holds one value"), ("<effect/><none/>", "holds one value"),
    ("<a:b/>", "unbound prefix"), ("<b xmlns=''/>", "no namespace"), ("<list xmlns='urn:perdure:graph:2'/>", "another version"),
    ("<list xmlns='urn:perdure:graph'/>", "of the namespace"), ("<perdure><none/></perdure>", "<perdure> in <perdure>"), ("\0", "not well-formed"),
]  # fmt: skip
BEYOND_A_SCHEMA = [
    (f"<int>{'1' * 641}</int>", "hexadecimal"), ("<float>nan:7ff0000000000000</float>", "the float"), (f"<float>{'1' * 2001}</float>", "the float"),
    ("<bytes>é</bytes>", "not base64"), ("<str><char code='110000'/></str>", "the code"), ("<ref id='1'/>", "nobody's id"),
    ("<list><ref id='2'/><list id='2'/></list>", "nobody's id"), ("<list><list id='1'/><list id='1'/></list>", "second time"),
    ("<list><bytes id='1'/><bytearray id='1'/></list>", "second time"), ("<extension code='2147483648'/>", "the code"),
    ("<altered><int>1</int><state><none/></state></altered>", "int is not filled like this"), ("<altered><tuple/><items><none/></items></altered>", "not filled"),
    ("<altered><list/><attr name='a'><none/></attr></altered>", "list is not filled like this"), ("<altered><dict/><adds><none/></adds></altered>", "not filled"),
    ("<effect><none/></effect><none/>", "no call"), ("<altered><int>1</int><effect><tuple/></effect></altered>", "no call"), ("<date>2026-13-01</date>", "a date"), ("<complex>1 2</complex>", "points"), ("<member name='a'><int>1</int></member>", "name of a class"),
    ("<array dtype='&lt;f8' shape='3'>1.0</array>", "3 numbers"),
    ("<array dtype='&lt;f8' shape='9999999999999' encoding='base64'>AAAA</array>", "base64 of"),
    ("<object id='1' class='a:b'><args><array shape='1'>1.0<ref id='1'/></array></args></object>", "a dtype"),
    ("<call id='1' function='a:b'><args><scalar>1.0<ref id='1'/></scalar></args></call>", "a dtype"),
    ("<call id='1' function='a:b'><args><member name='a'><ref id='1'/></member></args></call>", "name of a class"),
    ("<array dtype='&lt;i1' shape='1'>300</array>", "dtype"), ("<array dtype='|i1' shape='1'>300</array>", "<array>"),
    ("<array dtype='&lt;i8' shape='1'>1.5</array>", "numbers"), ("<dtype>O</dtype>", "dtype"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "message"), WRONG + BEYOND_A_SCHEMA)
def test_what_is_wrong_is_said_with_its_place(content: str, message: str) -> None:
    with pytest.raises(perdure.CorruptError, match=message.replace("(", r"\(")) as caught:
        xml.loads(around(content))
    assert isinstance(caught.value.offset, int) and 0 < caught.value.offset <= len(around(content).encode())
    assert "line 1" in str(caught.value)


@pytest.mark.skipif(xml_schema.schema is None, reason="no lxml")
@pytest.mark.parametrize("content", [content for content, _ in WRONG])
def test_the_schema_refuses_what_the_reader_refuses(content: str) -> None:
    try:
        assert not xml_schema.valid(around(content))
    except xml_schema.etree.XMLSyntaxError:
        pass


@pytest.mark.parametrize(("document", "message"), [
    ("", "no element found"), (" ", "no element found"), ("<", "unclosed token"), (OPEN, "no element found"), (f"{OPEN}<str>a", "no element found"),
    (f"{OPEN}<str><![CDATA[a", "unclosed CDATA"), (around("<none/>")[:-1], "unclosed token"),
])  # fmt: skip
def test_what_is_cut_short_is_an_end_of_file(document: str, message: str) -> None:
    with pytest.raises(EOFError, match=message):
        xml.loads(document)
    with pytest.raises(perdure.CorruptError, match=message):
        xml.loads(document)


@pytest.mark.parametrize("document", [
    around("<none/>") + "<a/>", around("<none/>") + "x", "x", "<perdure/>", "<list xmlns='urn:perdure:graph:1'/>", "\ud800",
    around("<str>\ud800</str>"), "<?xml version='1.1'?>" + around("<none/>"),
])  # fmt: skip
def test_what_is_no_document(document: str) -> None:
    with pytest.raises(perdure.CorruptError):
        xml.loads(document)


@pytest.mark.parametrize("data", [
    b"<?xml version='1.0' encoding='utf-7'?>+ADw-perdure/+AD4-", around("<none/>").encode("utf-32"),
    f"<?xml version='1.0' encoding='iso-8859-1'?>{around('<none/>')}".encode(), f"<?xml version='1.0' encoding='utf-16'?>{around('<none/>')}".encode(),
    f"<?xml version='1.0' encoding='cp037'?>{around('<none/>')}".encode("cp037"), around("<str>é</str>").encode("latin-1"),
    around("<none/>").encode("utf-16-be")[1:], around("<str>\ud800</str>").encode("utf-8", "surrogatepass"), b"\0" * 100, b"\xff\xfe",
])  # fmt: skip
def test_encodings_that_are_not_read(data: bytes) -> None:
    with pytest.raises(perdure.CorruptError):
        xml.loads(data)


def test_the_policy_is_that_of_loads() -> None:
    text = around("<call function='os:system'><args><str>exit 1</str></args></call>")
    with pytest.raises(perdure.UntrustedError) as caught:
        xml.loads(text)
    assert caught.value.names == ("os.system",)
    assert xml.loads(around("<call function='operator:neg'><args><int>1</int></args></call>"), trusted=["operator.neg"]) == -1
    account = xml.loads(xml.dumps(Account("a")), trusted=[Account])
    assert type(account) is Account and account.email == "a"


def test_errors_of_an_object_speak_of_the_object() -> None:
    text = around("<dict><entry key='a'><call function='datetime:date'><args><int>1</int></args></call></entry></dict>")
    with pytest.raises(perdure.CorruptError) as caught:
        xml.loads(text)
    assert caught.value.offset is None and "byte" not in str(caught.value)
    assert "root['a']" in str(caught.value) + "".join(getattr(caught.value, "__notes__", ()))
    bomb = "<tuple><str>a</str></tuple>"
    for n in range(60):
        bomb = f"<tuple>{bomb.replace('<tuple>', f'<tuple id={chr(39)}{n}{chr(39)}>', 1)}<ref id='{n}'/></tuple>"
    with pytest.raises(perdure.LimitError) as limit:
        xml.loads(around(f"<set>{bomb}</set>"))
    assert "byte" not in str(limit.value) and limit.value.limit
    with pytest.raises(perdure.CorruptError, match="made of itself"):
        xml.loads(around("<tuple id='1'><ref id='1'/></tuple>"))
    for lonely in ("<persistent><int>1</int></persistent>", "<buffer/>", "<extension code='77'/>"):
        with pytest.raises(perdure.UnpicklingError) as error:
            xml.loads(around(lonely))
        assert "byte" not in str(error.value)


def test_steps_keep_their_order() -> None:
    text = (
        f"<object class='{__name__}:Account'><attr name='a'><int>1</int></attr><state><dict><entry key='a'><int>2</int>"
        "</entry></dict></state><attr name='b'><int>3</int></attr><items><int>4</int></items><attr name='c'><int>5</int></attr></object>"
    )
    root = graph.loads(as_stream(around(text))).root
    assert [what for what, _ in root.steps] == ["state", "state", "state", "items", "state"]
    again = write(graph.loads(as_stream(around(text)))).decode()
    assert again == around(text).replace("'", '"')


@pytest.mark.parametrize("stream", [
    b"U\x03abc.", b"S'abc'\n.", b"\x97\x98.", b"\x97.", b"\x82\x05.", b"P7\n.", b"K\x07Q.", b"(ca\nb\nK\x01o.", b"(K\x01ia\nb\n.", b"(ia\nb\n.",
    b"ca\nb\n}b.", b"(lca\nb\n(tR0.", b"Nca\nb\n)R0.", b"\x8c\x03a:b\x8c\x01c\x93.", b"\x8c\x01\0\x8c\x01c\x93)R.", b"ca\nb\nNR.", b"ca\nb\n)N\x92.",
    b"K\x07QK\x01\x85R.", b"ca\nb\n)R(K\x01K\x02e(K\x01Nu(K\x01\x90Nb}b}(K\x01Nub.", b"}(K\x01N\x8c\x01aNu.", b"V\\u0000a\n.", b"Fnan\n.", b"L12L\n.", b"I01\n.",
    b"]q\0(K\x01eca\nb\nh\0\x85R0(K\x02e.", b"K\x01ca\nb\n)R0.", b"\x8c\x01a}ca\nb\n)R0\x86.", b"}\x8c\x01aca\nb\n)R0Ns.", b"ca\nb\n)ca\nb\n)R0R.", b"ca\nb\nK\x01\x85q\0ca\nb\nh\0\x85R0R.",
    b"ca\nb\nq\0}bh\0\x86.", b"ca\nb\nq\0}bh\0\x85R.", b"ca\nb\nq\0h\0)Rh\0}b\x87.", b"ca\nb\n}b)R.", b"ca\nb\n}bK\x01K\x02\x87.", b"\x82\x05}b\x85.",
    b"K\x01\x8c\x03UTCK\x01\x86R.", b"cdatetime\ndate\nC\x04\x07\xd1\x02\x03\x85RNb.", b"cdatetime\ndatetime\nC\x0a\x07\xd1\x02\x03\x01\x01\x01\0\0\0]\x86R.",
    b")q\0ca\nb\nh\0\x85R0.", b"ca\nb\n)q\0ca\nb\nh\0R0h\0\x86.", b"ca\nb\n)Rq\x000Nh\0\x86.", b"ca\nb\n)Rq\x000Nh\x000.",
    b"cos\nsystem\n)R0N.", b"cos\nsystem\n)R0ca\nb\n(lp0\nh\0\x86R0g0\n.",
])  # fmt: skip
def test_whatever_a_stream_holds_has_its_elements(stream: bytes) -> None:
    text = write(graph.loads(stream)).decode()
    assert xml_schema.valid(text), xml_schema.problems(text)
    assert not difference(graph.loads(stream), xml_text.read([text.encode()]))
    assert write(xml_text.read([text.encode()])).decode() == text
    assert write(graph.loads(as_stream(text))).decode() == text


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    obj = {"é": [1, 2.5, (None,)], "t": datetime.date(2026, 1, 2)}
    xml.dump(obj, path, indent=2)
    assert path.read_bytes().startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<perdure') and path.read_bytes().endswith(b">\n")
    assert xml.load(path) == xml.load(str(path)) == obj
    before = path.read_bytes()
    with pytest.raises(pickle.PicklingError):
        xml.dump(lambda: 0, path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["a.xml"]
    with open(path, encoding="utf-8") as text_file, open(path, "rb") as binary:
        assert xml.load(text_file) == xml.load(binary) == obj
    for file in (io.BytesIO(), io.StringIO()):
        xml.dump(obj, file)
        file.seek(0)
        assert xml.load(file) == obj
    with pytest.raises(FileNotFoundError):
        xml.load(tmp_path / "b.xml")
    with pytest.raises(EOFError):
        xml.load(io.StringIO())


def test_a_file_is_read_in_pieces() -> None:
    class Slow(io.RawIOBase):
        def __init__(self, data: bytes) -> None:
            self.data = io.BytesIO(data)

        def read(self, size: int = -1) -> bytes:
            assert 0 < size <= 1 << 20
            return self.data.read(min(size, 3))

    obj = ["é\0" * 100, b"x" * 1000, {"k": (1,)}]
    assert xml.load(Slow(xml.dumps(obj).encode())) == obj
    assert xml.load(Slow(xml.dumps(obj).encode("utf-16"))) == obj


def test_a_document_leaves_nothing_behind() -> None:
    import gc

    xml.loads(around("<none/>"))
    gc.collect()
    gc.disable()
    try:
        before = sum(type(each).__module__ == xml_text.__name__ for each in gc.get_objects())
        for _ in range(10):
            xml.loads(around("<list><none/></list>"))
            with pytest.raises(perdure.CorruptError):
                xml.loads(around("<list>"))
        after = sum(type(each).__module__ == xml_text.__name__ for each in gc.get_objects())
    finally:
        gc.enable()
    assert after <= before + 5


def test_nothing_is_imported_by_reading() -> None:
    xml_text.read([around("<name>antigravity_of_nobody:fly</name>").encode()])
    assert "antigravity_of_nobody" not in sys.modules
    code = "import sys, perdure.xml; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"xml.dom", "xml.etree", "xml.sax", "urllib.request", "socket"} & set(done.stdout.split())


def test_base64_is_that_of_the_standard() -> None:
    data = bytes(range(256)) * 10
    assert inner(data) == f"<bytes>{base64.b64encode(data).decode()}</bytes>"


def test_what_needs_a_care_is_found_wherever_it_stands() -> None:
    for special in ("&", "<", ">", '"', "\r", "\n", "\0", "\x1f", "\ud7ff", "\ud800", "\udfff", "\ufffd", "\uffff", "\U0001fffe"):
        texts = {"a" * before + special + "b" * after: special * after for before in range(18) for after in range(10)}
        text = xml.dumps(texts)
        assert xml_schema.valid(text), xml_schema.problems(text)
        assert xml.loads(text) == texts


@pytest.mark.parametrize("container", [b"]", b"}", b"\x8f"], ids=["list", "dict", "set"])
def test_what_is_called_between_two_items_is_called_there(container: bytes) -> None:
    items = [b"K\x01a", b"K\x02a"] if container == b"]" else [b"K\x01Ns", b"K\x02Ns"] if container == b"}" else [b"(K\x01\x90", b"(K\x02\x90"]
    name = f"c{__name__}\nnote_length\n".encode()
    stream = b"\x80\x04" + container + b"\x94" + items[0] + name + b"h\x00\x85R0" + items[1] + b"."
    read = [xml_text.read([write(graph.loads(stream))]), json_text.read(json_text.write(graph.loads(stream)))]
    for data in (stream, *map(graph.dumps, read)):
        lengths.clear()
        assert len(pickle.loads(data)) == 2
        assert lengths == [1]


lengths: list[int] = []


def note_length(container: Any) -> None:
    lengths.append(len(container))
