"""Hostile documents: an error before they cost anything, in a process that watches its memory and its time.

The child reports the error, the memory that the document took (kilobytes of peak beyond what there was) and the seconds
of processor that it took. Bounds are far above what a sound machine needs and far below what an expansion would.
"""

import json
import subprocess
import sys
from typing import Any

import pytest

OPEN = '<perdure xmlns="urn:perdure:graph:1">'
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))

CHILD = r"""
import gc, json, resource, socket, sys, time
import perdure
from perdure import xml
from tests.attacks.test_xml import DOCUMENTS

def refused(*args, **kwargs): raise SystemExit("it went to the network, or to a file")
document = DOCUMENTS[sys.argv[1]]()
xml.loads(f'{"<perdure xmlns=%r>" % "urn:perdure:graph:1"}<none/></perdure>')
socket.socket.connect = socket.create_connection = refused
import os
def watch(event, args):
    if event in ("socket.connect", "subprocess.Popen", "os.system", "urllib.Request") or "passwd" in str(args[:1]): refused()
sys.addaudithook(watch)
before = resource.getrusage(resource.RUSAGE_SELF)
try:
    value = xml.loads(document)
    said = "a value of " + type(value).__name__
except perdure.UnpicklingError as error:
    said = f"{type(error).__name__}: {error}"[:300]
after = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([said, after.ru_maxrss - before.ru_maxrss, after.ru_utime - before.ru_utime, len(document)]))
sys.stdout.flush()
os._exit(0)
"""


def dtd(subset: str, use: str = "", kind: str = "") -> str:
    return f"<!DOCTYPE perdure {kind}[{subset}]>{OPEN}<str>{use}</str></perdure>"


def nested(begin: str, end: str, levels: int, inmost: str = "<none/>") -> str:
    return OPEN + begin * levels + inmost + end * levels + "</perdure>"


DTD = "CorruptError: XML: a DTD"
DOCUMENTS: dict[str, Any] = {
    "billion laughs": lambda: dtd('<!ENTITY l0 "ha">' + LAUGHS, "&l11;" * 20),
    "billion laughs, in UTF-16": lambda: dtd('<!ENTITY l0 "ha">' + LAUGHS, "&l11;" * 20).encode("utf-16"),
    "quadratic": lambda: dtd(f'<!ENTITY a "{"a" * 100_000}">', "&a;" * 100_000),
    "parameters": lambda: dtd('<!ENTITY % a "<!ENTITY b \'c\'>">%a;', "&b;"),
    "an external entity": lambda: dtd('<!ENTITY a SYSTEM "file:///etc/passwd">', "&a;"),
    "an external entity, PUBLIC": lambda: dtd('<!ENTITY a PUBLIC "x" "http://127.0.0.1:1/a">', "&a;"),
    "an external parameter": lambda: dtd('<!ENTITY % a SYSTEM "http://127.0.0.1:1/a">%a;'),
    "an external subset": lambda: dtd("", "", 'SYSTEM "http://127.0.0.1:1/a" '),
    "an external subset, PUBLIC": lambda: f'<!DOCTYPE perdure PUBLIC "x" "file:///etc/passwd">{OPEN}<none/></perdure>',
    "an empty one": lambda: f"<!DOCTYPE perdure>{OPEN}<none/></perdure>",
    "attributes": lambda: dtd('<!ATTLIST str a CDATA "b">'),
    "elements": lambda: dtd("<!ELEMENT str ANY>"),
    "notations": lambda: dtd('<!NOTATION a SYSTEM "b"><!ENTITY c SYSTEM "d" NDATA a>'),
    "a DTD behind comments": lambda: f"<!--{'x' * 30_000}-->" + dtd('<!ENTITY l0 "ha">' + LAUGHS, "&l11;"),
    "a DTD behind the declaration": lambda: '<?xml version="1.0" standalone="no"?>\n' + dtd('<!ENTITY l0 "ha">' + LAUGHS, "&l11;"),
    "a long prolog": lambda: " " * 5_000_000 + f"{OPEN}<none/></perdure>",
    "a long comment before": lambda: f"<!--{'x' * 5_000_000}-->{OPEN}<none/></perdure>",
    "a long comment within": lambda: f"{OPEN}<!--{'x' * 20_000_000}--><none/></perdure>",
    "a long instruction": lambda: f"{OPEN}<?a {'x' * 20_000_000}?><none/></perdure>",
    "a long attribute": lambda: f"{OPEN}<object class='{'x' * 20_000_000}'/></perdure>",
    "a long name": lambda: f"{OPEN}<{'x' * 20_000_000}/></perdure>",
    "a long reference": lambda: f"{OPEN}<str>&{'x' * 20_000_000};</str></perdure>",
    "many attributes": lambda: f"{OPEN}<list {' '.join(f'a{n}=' + chr(39) * 2 for n in range(100_000))}/></perdure>",
    "many prefixes": lambda: f"{OPEN}<list {' '.join(f'xmlns:a{n}=' + chr(39) + 'u' + chr(39) for n in range(60_000))}/></perdure>",
    "a long namespace": lambda: f"<a:perdure xmlns:a='{'u' * 1_000_000}'>" + "<a:none/>" * 1_000_000 + "</a:perdure>",
    "a million deep": lambda: nested("<list>", "</list>", 1_000_000),
    "a million deep, tuples": lambda: nested("<tuple>", "</tuple>", 1_000_000),
    "a million deep, dicts": lambda: nested("<dict><entry key='a'>", "</entry></dict>", 1_000_000),
    "a million deep, keys": lambda: nested("<dict><entry><key>", "</key><none/></entry></dict>", 1_000_000),
    "a million deep, frozensets": lambda: nested("<frozenset>", "</frozenset>", 1_000_000),
    "a million deep, objects": lambda: nested("<object class='a:b'><state>", "</state></object>", 1_000_000),
    "a million deep, calls": lambda: nested("<call function='a:b'><args>", "</args></call>", 1_000_000),
    "a million deep, callees": lambda: nested("<call><callee>", "</callee></call>", 1_000_000),
    "a million deep, altered": lambda: nested("<altered>", "<effect><call function='a:b'/></effect></altered>", 1_000_000),
    "a million deep, persistent": lambda: nested("<persistent>", "</persistent>", 1_000_000),
    "a million deep, cut short": lambda: OPEN + "<list>" * 1_000_000,
    "five million deep": lambda: OPEN + "<list>" * 5_000_000,
    "a million ids": lambda: OPEN + "<list>" + "".join(f"<list id='{n}'/>" for n in range(1_000_000)) + "</list></perdure>",
    "a million refs": lambda: OPEN + "<list id='a'>" + "<ref id='a'/>" * 1_000_000 + "</list></perdure>",
    "a doubled tuple": lambda: OPEN + "<set>" + "".join(f"<tuple id='{n}'>" for n in range(50, 0, -1)) + "<int>1</int>"
    + "".join(f"</tuple><ref id='{n}'/>" for n in range(1, 50)) + "</tuple></set></perdure>",
    "a long int": lambda: f"{OPEN}<int>{'9' * 10_000_000}</int></perdure>",
    "a long float": lambda: f"{OPEN}<float>{'9' * 10_000_000}</float></perdure>",
    "a claimed array": lambda: f"{OPEN}<call function='numpy._core.multiarray:_reconstruct'><args><name>numpy:ndarray</name><tuple>"
    "<int>99999999999</int></tuple><bytes>Yg==</bytes></args></call></perdure>",
    "os.system": lambda: f"{OPEN}<call function='os:system'><args><str>touch /tmp/never</str></args></call></perdure>",
    "os.system, by getattr": lambda: f"{OPEN}<call><callee><call function='builtins:getattr'><args><name>os:path</name><str>os</str></args></call>"
    "</callee><args><str>x</str></args></call></perdure>",
    "eval, as two texts": lambda: f"{OPEN}<call><callee><name><str>builtins</str><str>eval</str></name></callee><args><str>1</str></args></call></perdure>",
}
EXPECTED = {
    **dict.fromkeys(list(DOCUMENTS)[:15], DTD),
    "a long prolog": "LimitError", "a long comment before": "LimitError", "a long comment within": "LimitError", "a long instruction": "LimitError",
    "a long attribute": "LimitError", "a long name": "LimitError", "a long reference": "LimitError", "many attributes": "CorruptError",
    "a long namespace": "LimitError", "a million deep": "a value of list", "a million deep, tuples": "a value of tuple",
    "a million deep, dicts": "a value of dict", "a million deep, cut short": "TruncatedError", "five million deep": "LimitError: XML: more than 4,000,000",
    "a million ids": "a value of list", "a million deep, altered": "UntrustedError", "a million refs": "a value of list", "a doubled tuple": "LimitError", "a long int": "CorruptError",
    "a long float": "CorruptError", "os.system": "UntrustedError", "os.system, by getattr": "UntrustedError", "eval, as two texts": "UntrustedError",
}  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="no getrusage")
@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] if "million" in name else []) for name in DOCUMENTS])
def test_a_hostile_document(name: str) -> None:
    done = subprocess.run([sys.executable, "-c", CHILD, name], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    said, memory, seconds, size = json.loads(done.stdout)
    assert said.startswith(EXPECTED.get(name, ("a value", "CorruptError", "LimitError", "UntrustedError"))), said
    assert memory * 1024 < 60_000_000 + 100 * size
    if said.startswith(DTD):
        assert memory < 20_000 and seconds < 1, (memory, seconds)
