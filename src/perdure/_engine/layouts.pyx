"""CPython's private layouts, tried on objects that we know (see layouts.pxd)."""

from perdure._engine.layouts cimport *

from io import BytesIO


cdef bint can_walk_dicts() except -1:
    """A dict's table: tried on one with a hole, and on one whose keys are no text."""
    cdef Py_ssize_t n = 0
    cdef DictEntry* entries
    sample = {"a": 1, "hole": 0, "b": 2.0, "c": None}
    del sample["hole"]
    other = {1: 2}
    keys = list(sample)
    entries = dict_entries(<PyObject*>sample, &n)
    return (entries != NULL and n == 4 and entries[1].value == NULL
            and entries[0].key == <PyObject*>keys[0] and entries[2].key == <PyObject*>keys[1]
            and entries[3].key == <PyObject*>keys[2] and entries[3].value == <PyObject*>None
            and entries[2].value == <PyObject*>sample["b"] and dict_entries(<PyObject*>other, &n) == NULL
            and whole_entries(<PyObject*>sample, 3) == NULL and whole_entries(<PyObject*>sample, 4) == NULL)


class Sample:
    """Its instances' dicts share their keys."""


cdef bint can_gather_split() except -1:
    """The same for dicts whose values lie apart: attributes set in another order, and one taken away."""
    cdef DictEntry entries[SPLIT]
    cdef Py_ssize_t i, n
    samples = [Sample() for _ in range(3)]
    for sample, names in zip(samples, ("abcd", "dbca", "badc")):
        for name in names:
            setattr(sample, name, object())
    del samples[1].b
    samples[2].c = None
    for sample in samples:
        attributes = vars(sample)
        n = split_entries(<PyObject*>attributes, entries)
        if n != len(attributes):
            return False
        for i, (key, value) in enumerate(attributes.items()):
            if entries[i].key != <PyObject*>key or entries[i].value != <PyObject*>value:
                return False
    return True


cdef bint can_order() except -1:
    """An OrderedDict's nodes: looks at one that the interpreter made, then lets it work with ours."""
    cls = <object>&PyODict_Type
    known, ours = cls(), cls()
    known["key"] = known["other key"] = None
    if not is_ordered(<PyObject*>known):
        return False
    dict.update(ours, known)
    if put_in_order(<PyObject*>ours, 2) != 1:
        return False
    ours["third"] = None
    ours.move_to_end("key")
    del ours["other key"]
    return list(ours) == ["third", "key"] and list(reversed(ours)) == ["key", "third"]


cdef bint can_read_memory() except -1:
    """A BytesIO's fields: read, written to, exported, moved from here, closed."""
    cdef Memory* memory
    if BytesIO.__basicsize__ != sizeof(Memory):
        return False
    file = BytesIO(b"0123456789")
    memory = <Memory*><PyObject*>file
    file.read(3)
    if memory.bytes == NULL or memory.position != 3 or memory.size != 10 or memory.exports:
        return False
    kept = <object>memory.bytes
    if type(kept) is not bytes or kept[:10] != b"0123456789":
        return False
    file.write(b"abc")  # to bytes of its own, as somebody else holds these
    view = file.getbuffer()
    if kept[:10] != b"0123456789" or memory.bytes == <PyObject*>kept or memory.exports != 1:
        return False
    view.release()
    memory.position = 8
    if memory.exports or file.tell() != 8 or file.read() != b"89":
        return False
    file.close()
    return memory.bytes == NULL


cdef bint can_read_decimals(cls) except -1:
    """A decimal's fields, read from some and compared with what they say of themselves."""
    cdef Decimal* d
    if cls.__basicsize__ != sizeof(Decimal):
        return False
    for text in ("-12.345", "7e+20", "0.000", "12345678901234567890123.5", "-Infinity", "sNaN12"):
        number = cls(text)
        sign, digits, exponent = number.as_tuple()
        d = <Decimal*><PyObject*>number
        if d.flags & DECIMAL_NEGATIVE != sign or (d.flags & DECIMAL_SPECIAL != 0) != (not number.is_finite()):
            return False
        if number.is_finite():
            if d.words != &d.own_words[0] or d.exponent != exponent or d.digits != len(digits):
                return False
            if d.used != (len(digits) + 18) // 19:
                return False
            if sum(d.words[i] * 10 ** (19 * i) for i in range(d.used)) != int("".join(map(str, digits))):
                return False
    return True


direct_dicts = can_walk_dicts()
direct_split = not FREE_THREADED and can_gather_split()
direct_ordered = not FREE_THREADED and direct_dicts and can_order()
direct_memory = not FREE_THREADED and can_read_memory()
