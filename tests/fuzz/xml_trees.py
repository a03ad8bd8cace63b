"""XML under the fuzzer: elements of the whole vocabulary (docs/xml.md), and what else a document may hold."""

import random
import re

from tests.fuzz.json_trees import KINDS, STRINGS
from tests.fuzz.mutation import Tokens
from tests.fuzz.trees import Trees

TOKEN = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>|<[^>]*>|[^<]+|<", re.DOTALL)
TAG = re.compile(rb"(</?)([^\s/>]*)(.*?)(/?>)", re.DOTALL)
ATTRIBUTE = re.compile(rb"""\s+[^\s=]+=(?:"[^"]*"|'[^']*')""")

OPEN = b'<perdure xmlns="urn:perdure:graph:1">'
CLOSE = b"</perdure>"
VALUES = [
    b"<none/>", b"<true/>", b"<false/>", b"<int>7</int>", b"<int>-0x1f</int>", b"<int>18446744073709551616</int>", b"<float>1.5</float>", b"<float>inf</float>",
    b"<float>nan:7ff8000000000001</float>", b"<str>text</str>", b"<str/>", b'<str>a<char code="0"/>b<char code="d800"/></str>', b"<str>&amp;&#13;<![CDATA[<&]]></str>",
    b"<bytes>YWI=</bytes>", b'<bytearray id="9">YWI=</bytearray>', b"<string>YQ==</string>", b'<buffer readonly="true"/>', b"<list/>", b"<list><int>1</int><list/></list>", b"<tuple/>",
    b"<tuple><int>1</int><str>a</str></tuple>", b"<set><int>1</int></set>", b"<frozenset><tuple><int>1</int></tuple></frozenset>", b'<dict><entry key="a"><none/></entry></dict>',
    b"<dict><entry><key><int>1</int></key><list/></entry></dict>", b"<name>builtins:len</name>", b"<name>os:system</name>", b"<name><str>a:b</str><str>c</str></name>",
    b'<list id="1"><ref id="1"/></list>', b'<tuple id="2"><list><ref id="2"/></list></tuple>', b'<ref id="1"/>', b'<ref id="2"/>', b'<dict id="3"><entry key="a"><ref id="3"/></entry></dict>',
    b'<datetime fold="1">2026-01-02T03:04:05.000006<timezone name="x">+01:00</timezone></datetime>', b"<date>2026-01-02</date>", b"<time>03:04:05</time>", b"<timedelta>-1 2 0</timedelta>",
    b"<zoneinfo>UTC</zoneinfo>", b"<decimal>1.50</decimal>", b"<fraction>-1/3</fraction>", b"<complex>1.0 nan</complex>", b"<uuid>00000000-0000-0000-0000-000000000007</uuid>",
    b"<posixpath><str>/</str><str>etc</str></posixpath>", b"<windowspath><str>c:\\</str></windowspath>", b"<pureposixpath/>", b"<purewindowspath><str>a</str></purewindowspath>",
    b'<member name="join"><name>builtins:str</name></member>', b'<array dtype="&lt;f8" shape="2">1.5 2.5</array>', b'<array dtype="&gt;i2" shape="1 2" order="F" readonly="true" encoding="base64">AQACAA==</array>',
    b'<array shape="1">1.0<dtype id="5">&lt;f4</dtype></array>', b'<array shape="1">2.0<ref id="5"/></array>', b"<dtype>|S3</dtype>", b'<scalar dtype="&lt;f4">1.5</scalar>',
    b"<persistent><int>1</int></persistent>", b'<extension code="1"/>', b"<altered><name>a:b</name><state><none/></state></altered>", b'<altered><str>a</str><effect><call function="a:b"/></effect></altered>', b'<call function="os:system"><args><str>true</str></args></call>',
    b'<call function="collections:OrderedDict"><pairs><entry key="a"><int>1</int></entry></pairs></call>', b'<call function="collections:deque"><arguments><tuple/></arguments><items><int>1</int></items></call>',
    b'<call><callee><call function="builtins:getattr"><args><name>zoneinfo:ZoneInfo</name><str>_unpickle</str></args></call></callee><args><str>UTC</str><int>1</int></args></call>',
    b'<altered><tuple id="6"><int>1</int></tuple><effect><call function="builtins:print"><args><ref id="6"/></args></call></effect></altered>',
    *(text.replace("K:", KINDS).encode() for text in (
        '<object class="K:Plain"><attr name="tag"><int>1</int></attr></object>', '<object id="7" class="K:Plain"><attr name="self"><ref id="7"/></attr></object>', '<object class="K:FrozenSlotData"><state><list><int>1</int><none/></list></state></object>',
        '<object class="K:SlotData"><state><tuple><none/><dict><entry key="a"><int>1</int></entry></dict></tuple></state></object>', '<object class="K:Pair"><args><int>1</int><list/></args></object>',
        '<object class="K:NewKeywords"><kwargs><dict><entry key="tag"><int>1</int></entry></dict></kwargs></object>', '<object class="K:ListSubclass"><attr name="name"><str>x</str></attr><items><int>1</int></items></object>',
        '<object class="K:SetSubclass"><adds><int>1</int></adds></object>', '<call function="K:ReducedItems"><items><int>1</int></items><pairs><entry key="k"><int>2</int></entry></pairs></call>',
        '<object class="K:FalseState"><args><int>3</int></args></object>', '<call function="K:Colour"><args><int>1</int></args></call>', '<member name="RED"><name>K:Colour</name></member>', '<instance class="K:Plain"><args><int>1</int></args></instance>',
        '<object class="K:Plain"><attr name="a"><int>1</int></attr><state><none/></state><attr name="b"><int>2</int></attr><items><int>1</int></items><pairs><entry><key><int>1</int></key><none/></entry></pairs><adds><none/></adds><effect><call function="a:b"/></effect></object>')),
]  # fmt: skip
MARKUP = [
    b"<!-- a -->", b"<!-- -- -->", b"<!---->", b"<?b c?>", b"<?xml version='1.0'?>", b"<![CDATA[<&]]>", b"<![CDATA[]]>", b"]]>", b"&amp;", b"&lt;", b"&#65;", b"&#x10FFFF;", b"&#0;", b"&#xD800;", b"&#xFFFE;",
    b"&nothing;", b"&", b"<", b">", b"\r\n", b"\xc2\xa0", b"\xc3\xa9", b"\xed\xa0\x80", b"\xff", b"\x00", b"\x0b", b"\xef\xbf\xbe", b"\xf4\x90\x80\x80", b"<!DOCTYPE a>", b"<!ELEMENT a ANY>", b"<!", b"<a:b/>", b"<b xmlns=''/>",
]  # fmt: skip
PROLOGUES = [
    b'<?xml version="1.0"?>', b'<?xml version="1.0" encoding="UTF-8"?>\n', b'<?xml version="1.1"?>', b"<?xml version='1.0' encoding='iso-8859-1'?>", b"<?xml version='1.0' encoding='utf-16'?>", b"<?xml version='1.0' encoding='utf-7'?>",
    b"<?xml version='1.0' standalone='yes'?>", b"<!DOCTYPE perdure>", b'<!DOCTYPE perdure [<!ENTITY a "b">]>', b'<!DOCTYPE perdure SYSTEM "file:///etc/passwd">', b'<!DOCTYPE a PUBLIC "a" "http://localhost/" [<!ENTITY % p SYSTEM "x">%p;]>',
    b'<!DOCTYPE p [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>', b"<!-- a -->", b"<?a?>", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b" ", b"\n" * 300, b"x",
]  # fmt: skip
TEXTS = [
    *(OPEN + value + CLOSE for value in VALUES), OPEN + b"<list>" + b"".join(VALUES[:12]) + b"</list>" + CLOSE, OPEN + b'<effect><call function="os:system"/></effect><none/>' + CLOSE,
    *(start + OPEN + b"<str>\xc3\xa9</str>" + CLOSE for start in PROLOGUES), (OPEN + b"<str>a</str>" + CLOSE).decode().encode("utf-16"), (OPEN + b"<none/>" + CLOSE).decode().encode("utf-16-be"),
    b"<p:perdure xmlns:p='urn:perdure:graph:1'><p:int> 1\n</p:int></p:perdure>", b'<perdure xmlns="urn:perdure:graph:2"><none/></perdure>', OPEN + b"<list>" * 300 + b"</list>" * 300 + CLOSE, OPEN + b"<none/>", b"<perdure/>",
    OPEN + b"\n  <list>\n    <int>1</int>\n    <!-- a -->\n    <str>a<!-- b -->c&#x64;&apos;</str>\n  </list>\n" + CLOSE + b"\n<!-- d -->\n", OPEN + b"<none/>" + CLOSE + b"<a/>", OPEN + b"&foo;" + CLOSE,
]  # fmt: skip
ELEMENTS = sorted({name for value in VALUES for name in re.findall(rb"<([a-z]+)", value)} | {b"perdure", b"effect", b"char", b"callee", b"nothing"})
ATTRIBUTES = [
    b"id", b"key", b"class", b"function", b"name", b"code", b"readonly", b"fold", b"dtype", b"shape", b"order", b"encoding", b"xmlns", b"xmlns:p", b"xml:space", b"xml:id", b"p:id", b"x",
]  # fmt: skip
TEXT = [
    *(text for text in STRINGS if b"\\" not in text), b"0", b"1", b"-1", b"0x", b"-0xff", b"1.5", b"1e5", b"1.", b"1e400", b"1 2", b"1 2 3", b" 1\n", b"true", b"false", b"base64", b"d800", b"10ffff", b"110000", b"&#10;", b"&lt;f8",
    b"&gt;i2", b"urn:perdure:graph:1", b"urn:perdure:graph:2", b"1" * 641, b"1" * 2001, b"2147483648", b"infinity", b"a.b-c", b"\xef\xbc\x91", b"\t\n ", b"a" * 101, b"9999999999999",
]  # fmt: skip
AROUND = [
    (b"<list>", b"</list>"), (b"<tuple>", b"</tuple>"), (b"<set>", b"</set>"), (b"<frozenset>", b"</frozenset>"), (b'<dict><entry key="a">', b"</entry></dict>"), (b"<dict><entry><key>", b"</key><none/></entry></dict>"),
    (b"<persistent>", b"</persistent>"), (b"<altered>", b"<state><none/></state></altered>"), (b"<altered><int>1</int><effect>", b"</effect></altered>"), (b'<call function="collections:deque"><args>', b"</args></call>"),
    (b"<call><callee>", b"</callee></call>"), (b'<object class="tests.property.kinds:Plain"><attr name="a">', b"</attr></object>"), (b'<object class="a:b"><arguments>', b"</arguments></object>"), (OPEN, CLOSE),
    (b"<datetime>2026-01-02T03:04:05", b"</datetime>"), (b'<member name="a">', b"</member>"), (b'<array shape="1">1.0', b"</array>"), (b'<tuple id="1">', b"</tuple>"), (b"<str>", b"</str>"), (b"<name>", b"</name>"), (b"<int>", b"</int>"),
    (b"<effect>", b"</effect>"), (b"<args>", b"</args>"), (b"<key>", b"</key>"), (b"<entry>", b"</entry>"),
]  # fmt: skip


class Xml(Trees):
    def tokens(self, text: bytes) -> Tokens:
        return TOKEN.findall(text) or [b""]

    def depth(self, token: bytes) -> int:
        if token[:1] != b"<" or token[1:2] in (b"!", b"?", b"") or token[-2:] == b"/>" or token[-1:] != b">":
            return 0
        return -1 if token[1:2] == b"/" else 1

    def is_value(self, pieces: Tokens, at: int) -> bool:
        return True

    def value(self, rng: random.Random) -> Tokens:
        return self.tokens(rng.choice(VALUES)) if rng.random() < 0.8 else [self.token(rng)]

    def token(self, rng: random.Random) -> bytes:
        sort = rng.randrange(4)
        if sort == 0:
            return rng.choice((b"<%b>", b"</%b>", b"<%b/>")) % rng.choice(ELEMENTS)
        return rng.choice(TEXT if sort == 1 else MARKUP)

    def around(self, rng: random.Random) -> tuple[Tokens, Tokens]:
        before, behind = rng.choice(AROUND)
        return self.tokens(before), self.tokens(behind)

    def prologue(self, rng: random.Random) -> Tokens:
        return [rng.choice(PROLOGUES)]

    def reword(self, rng: random.Random, pieces: Tokens, at: int) -> None:
        tag = TAG.fullmatch(pieces[at])
        if tag is None or pieces[at][1:2] in (b"!", b"?"):
            pieces[at] = rng.choice(TEXT if rng.random() < 0.7 else MARKUP)
        elif rng.random() < 0.4:
            self.rename(rng, pieces, at)
        elif tag[1] == b"<":
            attributes = ATTRIBUTE.findall(tag[3])
            change = rng.randrange(3)
            if attributes and change:
                place = rng.randrange(len(attributes))
                attributes[place] = b"" if change == 1 else attributes[place].partition(b"=")[0] + self.quoted(rng)
            else:
                attributes.append(b" " + rng.choice(ATTRIBUTES) + self.quoted(rng))
            pieces[at] = b"<" + tag[2] + b"".join(attributes) + tag[4]

    def quoted(self, rng: random.Random) -> bytes:
        return b'="%b"' % rng.choice(TEXT)

    def rename(self, rng: random.Random, pieces: Tokens, at: int) -> None:
        """A tag, and mostly the one that goes with it."""
        name = rng.choice(ELEMENTS)
        if rng.random() < 0.1:
            name = b"p:" + name
        ends = [(begin, end - 1) for begin, end in self.spans(pieces) if at in (begin, end - 1)]
        for place in {at, *(ends[0] if ends and rng.random() < 0.95 else ())}:
            if tag := TAG.fullmatch(pieces[place]):
                pieces[place] = tag[1] + name + tag[3] + tag[4]
