"""What the fuzzer starts from: streams that between them use every opcode."""

import array
import collections
import datetime
import decimal
import pickle
import uuid

from tests.property import kinds


def values() -> list:
    shared = [1, "shared"]
    cycle: list = []
    cycle.append(cycle)
    keyed = {"a": 1, "b": {"c": cycle}}
    node = kinds.Plain(1)
    node.self = node
    twig = kinds.Twig()
    kinds.Twig(twig)
    slots = kinds.Slots()
    slots.a = slots
    items = kinds.ReducedItems(1, 2)
    items["key"] = shared
    subclass = kinds.ListSubclass([1])
    subclass.name = "x"
    return [
        None, True, 0, -1, 300, 70000, 2**31, -(2**40), 2**3000, 1.5, float("nan"), "", "text", "é\ud800", "x" * 300, b"", b"bytes" * 80,
        bytearray(b"array"), (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], [1, [2, [3]]], list(range(20)), [0.5] * 20, ["s"] * 5,
        {}, {1: 2}, keyed, {"a": {"a": {"a": 1}}}, [{"x": i, "y": None} for i in range(4)], set(), {1, 2}, frozenset({3}),
        [shared, shared], cycle, (cycle, cycle), 1 + 2j, int, len, kinds.Colour.RED, [kinds.Colour.GREEN] * 3,
        datetime.datetime(2001, 2, 3, 4, 5, 6, 7, datetime.UTC), datetime.date(1, 2, 3), datetime.time(1, 2), datetime.timedelta(1, 2, 3),
        decimal.Decimal("1.50"), uuid.UUID(int=5), collections.OrderedDict(a=1), collections.deque([1], 2), collections.Counter("aab"),
        collections.defaultdict(list, {1: [2]}), array.array("d", [1, 2]), kinds.Pair(1, [2]), kinds.Data(1, [2]), kinds.SlotData(1, "b"),
        kinds.FrozenData(1, 2), kinds.FrozenSlotData(1, 2), node, twig, slots, items, subclass, kinds.SINGLETON, kinds.NewKeywords(tag=1),
        kinds.FalseState(3), kinds.StateTuple(4), kinds.Reduced(5), kinds.ReducedWithSetter(6), kinds.Failure("message", 1),
        [kinds.Data(i, str(i)) for i in range(4)], [kinds.Pair(i, "x") for i in range(4)],
    ]


STREAMS = [  # opcodes that no pickler of today writes, and lengths that lie
    b"(lp0\nI01\naI00\naI7\naL8L\naF1.5\naS'a\\x41'\naVu\\u0041\na.", b"T\x03\0\0\0abc.", b"U\x03abc.", b"(NNo.",
    b"(ctests.property.kinds\nPlain\nK\x01o.", b"(itests.property.kinds\nPlain\n.", b"\x82\x01)R.", b"\x83\x02\x01)R.", b"\x84\x03\0\x01\0)R.",
    b"P1\n.", b"K\x01Q.", b"N2\x86.", b"(NN1N.", b"NN0.", b"\x97\x98\x97\x86.", b"\x8b\x02\0\0\0\0\x01.", b"(K\x01K\x02d.", b"(K\x01t.",
    b"Nr\xff\xff\xff\xffj\xff\xff\xff\xff.", b"Np4294967295\ng4294967295\n.", b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f", b"\x8d\0\0\0\0\0\0\0\x80",
    b"\x96\xff\xff\xff\xff\xff\xff\xff\xff", b"\x95\xff\xff\xff\xff\xff\xff\xff\x7fN.", b"\x8b\xff\xff\xff\x7f", b"B\xff\xff\xff\xff", b"X\xfe\xff\xff\xff",
    b"\x80\x04\x95\x04\0\0\0\0\0\0\0]N.\x95\x02\0\0\0\0\0\0\0N.", b"N.I1\n.N.",
]


def streams() -> list[bytes]:
    found = list(STREAMS)
    for value in values():
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            try:
                found.append(pickle.dumps(value, protocol))
            except Exception:  # below protocol 2 some have no form
                pass
    big = [[i, str(i)] for i in range(500)]
    return [*dict.fromkeys(found), pickle.dumps(big, 4), pickle.dumps(big, 1)]
