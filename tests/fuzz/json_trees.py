"""JSON under the fuzzer: values of the whole vocabulary (docs/json.md), and words that are put in the place of others."""

import random
import re

from tests.fuzz.mutation import Tokens
from tests.fuzz.trees import Trees

TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|[a-zA-Z]+|[ \t\r\n]+|.', re.DOTALL)

HEAD = b'{"$perdure":1,"value":'
KINDS = "tests.property.kinds:"
VALUES = [
    b'null', b'true', b'-0.0', b'7', b'-2147483649', b'18446744073709551616', b'1e400', b'"text"', b'"\\ud800"', b'[]', b'{}', b'[1,[2.5]]',
    b'{"a":{"b":null},"c":1}', b'{"$tuple":[1,[2]]}', b'{"$tuple":[]}', b'{"$set":[1,"a"]}', b'{"$frozenset":[{"$tuple":[1]}]}', b'{"$list":[1]}',
    b'{"$dict":{"a":1}}', b'{"$dict":[[1,2],["$a",{"$tuple":[]}]]}', b'{"$bytes":"YWI="}', b'{"$bytearray":"YWI="}', b'{"$float":"inf"}',
    b'{"$float":"nan:7ff8000000000001"}', b'{"$int":"0x1f"}', b'{"$int":"-9007199254740993"}', b'{"$str":["a",55296,"b"]}', b'{"$name":"builtins:len"}',
    b'{"$name":"os:system"}', b'{"$name":["a:b","c"]}', b'{"$id":1,"$list":[{"$ref":1}]}', b'{"$id":2,"$tuple":[[{"$ref":2}]]}', b'{"$ref":1}', b'{"$ref":2}',
    b'{"$id":3,"$dict":{"a":{"$ref":3}}}', b'{"$id":4,"$bytes":"YQ=="}', b'{"$datetime":"2001-02-03T04:05:06.000007","zone":{"$timezone":"+01:00","name":"x"},"fold":1}',
    b'{"$date":"2001-02-03"}', b'{"$time":"04:05:06","fold":1}', b'{"$timedelta":[-1,2,3]}', b'{"$timezone":"-00:00:05.000001"}', b'{"$zoneinfo":"UTC"}',
    b'{"$decimal":"1.50"}', b'{"$fraction":"-1/3"}', b'{"$complex":[0.0,1.0]}', b'{"$uuid":"00000000-0000-0000-0000-000000000005"}', b'{"$posixpath":["/","etc"]}',
    b'{"$windowspath":["c:\\\\","a"]}', b'{"$pureposixpath":[]}', b'{"$purewindowspath":["a"]}', b'{"$member":{"$name":"builtins:str"},"name":"join"}',
    b'{"$array":[1.5,2.5],"dtype":"<f8","shape":[2]}', b'{"$array":"AQACAA==","dtype":">i2","shape":[1,2],"order":"F","readonly":true}',
    b'{"$array":[true],"dtype":"|b1","shape":[1]}', b'{"$array":"YQAAAA==","dtype":"<U1","shape":[]}', b'{"$array":[1.0],"dtype":{"$id":5,"$dtype":"<f4"},"shape":[1]}',
    b'{"$array":[2.0],"dtype":{"$ref":5},"shape":[1]}', b'{"$dtype":"|S3"}', b'{"$scalar":1.5,"dtype":"<f4"}', b'{"$persistent":1}', b'{"$extension":1}',
    b'{"$string":"YQ=="}', b'{"$buffer":true}', b'{"$call":"os:system","args":["true"]}', b'{"$call":"collections:OrderedDict","pairs":[["a",1]]}',
    b'{"$call":"collections:deque","args":[[]],"items":[1,2]}', b'{"$call":"collections:deque","arguments":{"$tuple":[]}}', b'{"$call":"builtins:set","args":[[1]],"adds":[2]}',
    b'{"$call":{"$call":"builtins:getattr","args":[{"$name":"zoneinfo:ZoneInfo"},"_unpickle"]},"args":["UTC",1]}', b'{"$list":[],"steps":[["items",[1]],["call",{"$call":"builtins:print","args":[]}]]}', b'{"$altered":{"$name":"a:b"},"steps":[["state",1]]}', b'{"$altered":"a","steps":[["call",{"$call":"a:b"}]]}',
    b'{"$id":6,"$tuple":[1],"steps":[["call",{"$call":"builtins:print","args":[{"$ref":6}]}]]}',
    *(text.replace("K:", KINDS).encode() for text in (
        '{"$object":"K:Plain","state":{"tag":1}}', '{"$id":7,"$object":"K:Plain","state":{"tag":1,"self":{"$ref":7}}}', '{"$object":"K:FrozenSlotData","state":[1,2]}',
        '{"$object":"K:SlotData","state":{"$tuple":[null,{"a":1}]}}', '{"$object":"K:Pair","new":[1,[2]]}', '{"$object":"K:NewKeywords","kwargs":{"tag":1}}',
        '{"$object":"K:ListSubclass","state":{"name":"x"},"items":[1]}', '{"$object":"K:SetSubclass","adds":[1]}', '{"$call":"K:SetSubclass","args":[[1]]}',
        '{"$call":"K:ReducedItems","state":{"a":1},"items":[1],"pairs":[["k",2]]}', '{"$object":"K:FalseState","new":[3]}', '{"$object":"K:StateTuple","state":{"$tuple":[4,[]]}}',
        '{"$call":"K:Colour","args":[1]}', '{"$member":{"$name":"K:Colour"},"name":"RED"}', '{"$inst":"K:Plain","args":[1]}', '{"$name":"K:SINGLETON"}', '{"$object":"K:Twig","state":{"twigs":[],"parent":null}}',
        '{"$object":"K:Plain","steps":[["state",{"tag":1}],["items",[1]],["pairs",[[1,2]]],["adds",[3]],["call",{"$call":"os:system","args":[]}]]}')),
]  # fmt: skip
TEXTS = [
    *VALUES, *(HEAD + value + b"}" for value in VALUES), b'{"$perdure":1,"before":[{"$call":"os:system","args":["true"]}],"value":[]}',
    b'{ "\\u0024perdure" : 1 , "value" : [ {"$id":1,"$list":[]} , {"$ref":1} ] }', b'{"a":1,"$perdure":1}', b'{"$perdure":2,"value":1}', b'{"$schema":1,"a":{"$ref":"#/x"}}',
    b' [1, 2 , {"a" : "b\\n\\u00e9\\ud83d\\ude00"} ]\n', b'[1,]', b'{"a":1,}', b'[NaN]', b'-Infinity', b'01', b'"\xff"', b'\xef\xbb\xbf[1]', "[1]".encode("utf-16"),
    b"[" * 300 + b"]" * 300, b'{"a":' * 300 + b"1" + b"}" * 300, b'[12345678901234567890123,-9223372036854775808,18446744073709551615,1.2345678901234567e5]',
    b"[" + b",".join([b'{"a":1,"b":[2.5,"x"]}'] * 12) + b"]", b"1" * 4301, b'{"a":1,"b":2,"a":3}',
]  # fmt: skip

KEYS = [
    b"$perdure", b"value", b"before", b"$id", b"$ref", b"$tuple", b"$list", b"$set", b"$frozenset", b"$dict", b"$bytes", b"$bytearray", b"$float", b"$int", b"$str",
    b"$name", b"$object", b"$call", b"$inst", b"new", b"args", b"arguments", b"kwargs", b"state", b"items", b"pairs", b"adds", b"steps", b"call", b"$datetime", b"zone",
    b"fold", b"$date", b"$time", b"$timedelta", b"$timezone", b"name", b"$zoneinfo", b"$decimal", b"$fraction", b"$complex", b"$uuid", b"$posixpath", b"$windowspath",
    b"$pureposixpath", b"$purewindowspath", b"$member", b"$array", b"dtype", b"shape", b"order", b"readonly", b"$dtype", b"$scalar", b"$persistent", b"$extension",
    b"$string", b"$buffer", b"$altered", b"$", b"$nothing", b"\\u0024tuple", b"\\u0024perdure", b"a", b"tag", b"", b"__class__", b"__dict__", b"__setstate__", b"b" * 300,
]  # fmt: skip
STRINGS = [
    *KEYS, b"builtins:list", b"builtins:set", b"builtins:frozenset", b"builtins:complex", b"builtins:object", b"builtins:getattr", b"collections:OrderedDict", b"collections:deque",
    b"datetime:datetime", b"decimal:Decimal", b"uuid:UUID", b"numpy:dtype", b"numpy._core.numeric:_frombuffer", b"copyreg:_reconstructor", b"os:system", b"no:such",
    b":", b"a", b"a:b:c", b"tests.attacks.victim:Point", *((KINDS + name).encode() for name in ("Plain", "Pair", "SlotData", "FrozenSlotData", "Colour", "Singleton")),
    b"YQ==", b"YWI=", b"YQ", b"AAAA" * 20, b"inf", b"-inf", b"nan:7ff0000000000000", b"nan:fff8000000000000", b"0x", b"-0xff", b"1_0", b"1", b"-1", b"0", b"1" * 4301,
    b"<f8", b">f2", b"|b1", b"<c16", b"|S0", b"|S5", b"<U2", b"<U999999999", b"|O8", b"=f8", b"<i1", b"F", b"C", b"UTC", b"Europe/Paris", b"../../etc/passwd", b"/",
    b"2001-02-03", b"0000-00-00", b"9999-12-31", b"2001-02-30", b"23:59:59", b"24:00:00", b"23:59:59.999999", b"2001-02-03T04:05:06", b"+23:59", b"-24:00", b"+00:00:00.000001",
    b"1/0", b"-1/3", b"1e5", b"NaN", b"sNaN7", b"RED", b"join", b"__init__", b"_unpickle", b"\\ud800", b"\\ud83d\\ude00", b"\\udc00\\ud800", b"\\u0000", b"\\u00e9", b"\\u12",
    b"\\x41", b"\\", b"\\n\\t\\/\\\\\\\"\\b\\f\\r", b"\xc3\xa9", b"\xf0\x9f\x98\x80", b"\xed\xa0\x80", b"\xff", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\x00", b"\n", b"\x7f", b"\xe2\x80\xa8", b"x" * 15 + b"\xed\x9f\xbf",
]  # fmt: skip
NUMBERS = [
    b"0", b"1", b"2", b"3", b"4", b"7", b"-1", b"-0", b"255", b"256", b"65536", b"2147483647", b"2147483648", b"-2147483649", b"4294967296", b"999999999999999999",
    b"1000000000000000000", b"9223372036854775807", b"9223372036854775808", b"-9223372036854775809", b"18446744073709551615", b"18446744073709551616", b"1" * 4300,
    b"1" * 4301, b"1.0", b"-0.0", b"1e5", b"1E+2", b"1e400", b"-1e400", b"5e-324", b"2.2250738585072011e-308", b"9007199254740993.0", b"0." + b"1" * 40, b"1e99999999999",
    b"01", b"1.", b".5", b"+1", b"1e", b"0x1", b"1_0", b"-", b"55296", b"57343", b"55295", b"1." + b"0" * 400, b"1" * 400 + b".5",
]  # fmt: skip
WORDS = [b"null", b"true", b"false", b"NaN", b"Infinity", b"-Infinity", b"nul", b"True", b"undefined", b"nulll"]
BLANKS = [b" ", b"\n", b"\t", b"\r\n", b"  " * 20, b"\v", b"\x00", b"\xc2\xa0", b"\xef\xbb\xbf", b"/**/", b"//\n", b""]
MARKS = [b"{", b"}", b"[", b"]", b",", b":", b'"', b"'"]
AROUND = [
    (b"[", b"]"), (b'{"a":', b"}"), (b'{"$tuple":[', b"]}"), (b'{"$frozenset":[', b"]}"), (b'{"$set":[', b"]}"), (b'{"$dict":[[', b",1]]}"), (b'{"$list":[', b"]}"),
    (b'{"$call":"collections:deque","args":[', b"]}"), (b'{"$object":"tests.property.kinds:Plain","state":{"a":', b"}}"), (b'{"$call":', b"}"), (b'{"$id":1,"$tuple":[', b"]}"),
    (HEAD, b"}"), (b'{"$datetime":"2001-02-03T04:05:06","zone":', b"}"), (b'{"$persistent":', b"}"), (b'{"$list":[],"steps":[["state",', b"]]}"), (b'{"$member":', b',"name":"a"}'),
    (b'{"$array":', b',"dtype":"<f8","shape":[1]}'), (b'{"$object":"a:b","arguments":', b"}"), (b'{"$perdure":1,"before":[', b'],"value":1}'), (b'{"$tuple":[1],"steps":[["call",', b"]]}"),
]  # fmt: skip


class Json(Trees):
    between = [b","]

    def tokens(self, text: bytes) -> Tokens:
        return TOKEN.findall(text) or [b""]

    def depth(self, token: bytes) -> int:
        return 1 if token in (b"{", b"[") else -1 if token in (b"}", b"]") else 0

    def is_value(self, pieces: Tokens, at: int) -> bool:
        """A key is none."""
        return (pieces[at][:1] not in b':," \t\r\n' or len(pieces[at]) > 1 and pieces[at][:1] == b'"') and pieces[at + 1:at + 2] != [b":"]

    def value(self, rng: random.Random) -> Tokens:
        return self.tokens(rng.choice(VALUES)) if rng.random() < 0.8 else [self.token(rng)]

    def token(self, rng: random.Random) -> bytes:
        sort = rng.randrange(10)
        if sort < 4:
            return b'"' + rng.choice(STRINGS) + b'"'
        return rng.choice(NUMBERS if sort < 7 else WORDS if sort == 7 else MARKS if sort == 8 else BLANKS)

    def around(self, rng: random.Random) -> tuple[Tokens, Tokens]:
        before, behind = rng.choice(AROUND)
        return self.tokens(before), self.tokens(behind)

    def prologue(self, rng: random.Random) -> Tokens:
        return [rng.choice(BLANKS)]

    def reword(self, rng: random.Random, pieces: Tokens, at: int) -> None:
        first = pieces[at][:1]
        if first == b'"':
            pieces[at] = b'"' + rng.choice(KEYS if pieces[at + 1:at + 2] == [b":"] else STRINGS) + b'"'
        elif first.isdigit() or first == b"-":
            pieces[at] = rng.choice(NUMBERS)
        elif first.isalpha():
            pieces[at] = rng.choice(WORDS)
        elif first.isspace():
            pieces[at] = rng.choice(BLANKS)
        elif rng.random() < 0.3:
            pieces[at] = rng.choice(MARKS)
        else:
            pieces.insert(at, rng.choice(BLANKS))
