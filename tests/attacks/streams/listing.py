"""The pass over a refused stream, which names what it would need: it costs no more than the stream's size allows.

Each begins with a name that is refused.
"""

import pickle

from tests.attacks.assembler import Code, get, name, pop, put, stream, value
from tests.attacks.streams.attack import REFUSED, UNTRUSTED, Family

family = Family("listing")
FIRST = name("os", "system")
LONG = "x" * 1_000_000
G00 = get(0) + get(0)
USE = G00 + pickle.STACK_GLOBAL
BODIES = {
    "as many texts as uses, of one index": lambda: Code((value("a") + b"q\0" + USE) * 40_000), "a text put often": lambda: Code(value(LONG) + b"q\0" * 10_000 + USE), "a text put under many indices": lambda: Code(value(LONG) + b"".join(b"r" + i.to_bytes(4, "little") for i in range(5000)) + b"".join(get(i) * 2 + b"\x93" for i in range(5000))),
    "a text memoized often": lambda: Code(value(LONG) + b"\x94" * 10_000 + get(77) * 2 + b"\x93"), "a long name, often": lambda: Code(put(0, LONG) + USE * 100_000), "a long name, often, followed": lambda: Code(put(0, LONG) + (G00 + b"2\x93") * 100_000), "a long module, with many names": lambda: Code(put(0, LONG) + b"".join(get(0) + value(str(i)) + b"\x93" for i in range(20_000))),
    "a long module, with many names, followed": lambda: Code(put(0, LONG) + b"".join(get(0) + value(str(i)) + b"2\x930" for i in range(20_000))), "many names": lambda: Code(b"".join(b"ca%x\nb\n" % i for i in range(150_000))), "many names, followed": lambda: Code(value("a") + b"2\x93" + b"".join(value(f"a{i}") + value("b") + b"\x93" for i in range(80_000))),
    "many long names": lambda: Code(b"".join(b"c%s%d\nb\n" % (b"x" * 900, i) for i in range(1000))), "names of dots": lambda: Code(b"".join(b"c%s%d\nb\n" % (b"a." * 400, i) for i in range(1000))), "marks": lambda: Code(b"(" * 500_000), "marks, followed": lambda: Code(value("a") + b"2\x93" + b"(" * 500_000), "pops": lambda: Code(b"N0" * 300_000),
    "values, followed": lambda: Code(value("a") + b"2\x93" + b"N" * 300_000 + b"0" * 300_000), "texts and values, followed": lambda: Code(value("a") + b"2\x93" + (b"N" + value("t")) * 100_000), "DUPs of a text": lambda: Code(value(LONG) + b"2" * 200_000 + b"\x93" * 100_000), "memo far out": lambda: Code(value("a") + b"r\xff\xff\xff\xff" + b"j\xff\xff\xff\xff" * 2 + b"\x93"),
    "a PUT of a megabyte": lambda: Code(b"Np" + b"9" * 1_000_000 + b"\n"), "a GET of a megabyte": lambda: Code(b"g" + b"9" * 1_000_000 + b"\n"), "a PUT of -1": lambda: Code(b"Np-1\n"), "PUTs of lines": lambda: Code(b"N" + b"".join(b"p%d\n" % (i * 7919) for i in range(50_000))), "GETs of nothing": lambda: Code(b"h\7" * 200_000),
    "text of escapes": lambda: Code(b"V" + b"\\U0010ffff" * 50_000 + b"\n2\x93"), "a STRING of escapes": lambda: Code(b"S'" + b"\\x41" * 100_000 + b"'\n2\x93"), "a STRING without quotes": lambda: Code(b"S\n2\x93"), "text that is no UTF-8": lambda: Code(b"X\2\0\0\0\xff\xfe2\x93"), "a name that is no UTF-8": lambda: Code(b"c\xff\n\xfe\n"), "surrogates": lambda: Code(value("\ud800") + b"2\x93"),
    "wide text cut in a character": lambda: Code(value("\U0001f600" * 1000) + b"2\x93"), "extensions": lambda: Code(b"\x82\xf0" * 100_000), "an extension that is none": lambda: Code(b"\x84\xff\xff\xff\xff"), "PROTO in between": lambda: Code(b"\x80\x02c__builtin__\neval\n\x80\x04c__builtin__\neval\n" * 20_000), "frames": lambda: Code(b"\x95\xff\xff\xff\xff\xff\xff\xff\xff"),
    "a length of 2**63": lambda: Code(b"\x8d\xff\xff\xff\xff\xff\xff\xff\x7f"), "a length of 2**32": lambda: Code(b"X\xff\xff\xff\xff"), "an opcode that is none": lambda: Code(b"\xfe"), "a name without its end": lambda: Code(b"cabc"), "INSTs": lambda: Code(b"(ia\nb\n" * 50_000), "INSTs without a mark": lambda: Code(b"ia\nb\n" * 50_000), "STACK_GLOBAL of nothing": lambda: Code(b"\x93"),
    "STACK_GLOBAL of numbers": lambda: Code(b"K\1K\1\x93"), "STACK_GLOBAL under a mark": lambda: Code(value("a") + b"(" + value("b") + b"\x93"), "names of the same": lambda: Code(b"cx\ny\n" * 100_000), "names that are trusted": lambda: Code(b"ccollections\nOrderedDict\n0" * 50_000), "modules of tables, names of none": lambda: Code(b"".join(b"ccollections\nx%d\n0" % i for i in range(30_000))),
    "persistent ids": lambda: Code(b"Pabc\n" * 50_000), "buffers": lambda: Code(b"\x97\x98" * 100_000), "reduces": lambda: Code(b"NNR" * 100_000), "builds": lambda: Code(b"NNb" * 100_000), "empty lines": lambda: Code(b"c\n\n" * 50_000), "NULs in names": lambda: Code(b"ca\0b\nc\0d\n" * 1000),
}  # fmt: skip
for _what, _make in BODIES.items():
    family.add(_what, "a pass over the rest of a refused stream", lambda make=_make: stream(FIRST, pop, make()), UNTRUSTED)
    family.add(f"{_what}, by untrusted()", "the same, asked for", lambda make=_make: stream(FIRST, pop, make(), pop), REFUSED | frozenset(("value",)), door="untrusted")
    family.add(f"{_what}, cut off", "the same, without an end", lambda make=_make: stream(FIRST, pop, make())[:-1], UNTRUSTED)
