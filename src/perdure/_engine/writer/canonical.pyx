"""Equal values give equal bytes: what ``canonical=True`` adds to the writer.

docs/canonical.md says what equal means. Three things would otherwise decide bytes, and each
has its answer here:

- The identity of what cannot change. Equal immutable values have one *representative*, and
  the memo is asked for that one. A composite value (a tuple, a datetime) is known by a code
  of its parts, found bottom-up; what is mutable has its own address for a code.
- The order of sets and of dicts. Text, bytes and ints have an order of their own. Other
  values are ordered by a *digest* of their parts' digests. What is mutable has no digest: a
  set of instances is ordered by the *rank* that each has in the graph of all mutable
  objects of the dump (refinement.pyx), which is made when the first such set is met.
- Reference counts. The writer elides nothing here, and no object comes to it with fewer
  than two references.

Rules that hold here:

- Nothing recurses: every descent has a stack of its own.
- An address is a code only as long as its object lives, so whatever was asked for is kept.
- A reduce method is called once per object and dump. Both the writer and the graph go by
  that one answer; else they might meet different objects.
"""

import copyreg
import sys
from _pickle import PickleBuffer, PicklingError

from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport qsort
from libc.string cimport memcmp, memcpy
from perdure._engine.writer.capi cimport *
from perdure._engine.writer.memo cimport table_get, table_new, table_put
from perdure._engine.writer.naming cimport global_name, type_name
from perdure._engine.writer.refinement cimport ranks
from perdure._engine.writer.shapes cimport NAMEDTUPLE, Shapes, borrow_shapes, return_shapes, shape_of

cdef enum:
    CODE = 9      # bytes of a part's code: a tag, and eight bytes of value or address
    DIGEST = 16

cdef object missing = object()
cdef object blake2b = None   # imported with the first digest

# Types whose instances are values: what they are follows from their reduce answer, and
# nothing changes it. Enum members, named tuples, and numpy's scalars and dtypes are too.
cdef set builtin_values = {
    complex, range, slice, type(copyreg.pickle.__get__(0)),
    type(len), type(str.join), type(dict.__dict__["fromkeys"]), type(object.__init__), type(object().__init__),
}
cdef set imported_values = {
    ("datetime", "date"), ("datetime", "time"), ("datetime", "datetime"), ("datetime", "timedelta"),
    ("datetime", "timezone"), ("zoneinfo", "ZoneInfo"), ("decimal", "Decimal"), ("fractions", "Fraction"),
    ("uuid", "UUID"), ("ipaddress", "IPv4Address"), ("ipaddress", "IPv6Address"), ("ipaddress", "IPv4Network"),
    ("ipaddress", "IPv6Network"), ("ipaddress", "IPv4Interface"), ("ipaddress", "IPv6Interface"),
    ("pathlib", "PurePosixPath"), ("pathlib", "PureWindowsPath"), ("pathlib", "PosixPath"),
    ("pathlib", "WindowsPath"),
}


cdef class Entry:
    """A dict's entry as a node of its own, where the key has no digest."""
    cdef object key, value

    def __init__(self, key, value):
        self.key = key
        self.value = value


cdef class Canon:
    """One canonical dump."""

    def __cinit__(self, root, int proto):
        self.root = root
        self.proto = proto
        self.texts, self.blobs, self.numbers, self.composites = {}, {}, {}, {}
        self.values, self.parts, self.digests, self.others = [], [], [], []
        self.value_types, self.answers, self.given = {}, {}, set()
        table_new(&self.known, 7)

    def __dealloc__(self):
        PyMem_RawFree(self.known.slots)

    # -- representatives -------------------------------------------------------

    cdef PyObject* representative(self, PyObject* obj) except NULL:
        """The object that stands for all values equal to obj; obj itself if it is mutable. Borrowed."""
        cdef PyTypeObject* t = Py_TYPE(obj)
        if t == &PyUnicode_Type:
            found = self.texts.setdefault(<str>obj, <str>obj)
            return <PyObject*>found  # the dict owns it
        if t == &PyBytes_Type:
            found = self.blobs.setdefault(<bytes>obj, <bytes>obj)
            return <PyObject*>found
        if not self.is_composite(obj):
            return obj
        found = self.values[self.number(<object>obj)]
        return <PyObject*>found

    cdef bint is_composite(self, PyObject* obj) except -1:
        """Whether obj is a value made of parts."""
        cdef PyTypeObject* t = Py_TYPE(obj)
        if t == &PyTuple_Type:
            return PyTuple_GET_SIZE(obj) > 0
        if t == &PyFrozenSet_Type:
            return True
        if t == &PyList_Type or t == &PyDict_Type or t == &PyLong_Type or t == &PyFloat_Type or t == &PyUnicode_Type:
            return False
        found = self.value_types.get(<object>t)
        if found is None:
            found = self.value_types[<object>t] = is_value_type(<object>t)
        return found

    cdef Py_ssize_t number(self, obj) except -1:
        """The number of a composite value."""
        cdef Py_ssize_t index = table_get(&self.known, <PyObject*>obj)
        cdef list stack, opened
        cdef set entered
        cdef tuple parts
        if index >= 0:
            return index
        parts = self.parts_of(obj)
        if not self.unknown(parts):
            return self.settle(obj, parts)
        stack, opened, entered = [obj], [parts], set()
        while stack:
            top, parts = stack[len(stack) - 1], opened[len(stack) - 1]
            if parts is None:
                if table_get(&self.known, <PyObject*>top) >= 0:
                    stack.pop()
                    opened.pop()
                    continue
                parts = opened[len(stack) - 1] = self.parts_of(top)
            if id(top) not in entered:  # a value can't hold itself, but for tricks in C
                entered.add(id(top))
                waiting = [part for part in self.unknown(parts) or () if id(part) not in entered]
                if waiting:
                    stack += waiting
                    opened += [None] * len(waiting)
                    continue
            stack.pop()
            opened.pop()
            index = self.settle(top, parts)
        return index

    cdef list unknown(self, tuple parts):
        """The composite values among parts that have no number yet; None: there are none."""
        cdef Py_ssize_t i
        cdef PyObject* part
        cdef list found = None
        for i in range(len(parts)):
            part = PyTuple_GET_ITEM(<PyObject*>parts, i)
            if self.is_composite(part) and table_get(&self.known, part) < 0:
                if found is None:
                    found = []
                found.append(<object>part)
        return found

    cdef Py_ssize_t settle(self, obj, tuple parts) except -1:
        """Number a value whose parts have theirs: as the value that it equals, else anew."""
        cdef Py_ssize_t n = len(parts), i
        cdef bytes code = <bytes>PyBytes_FromStringAndSize(NULL, 1 + CODE * n)
        cdef unsigned char* p = <unsigned char*>PyBytes_AS_STRING(<PyObject*>code)
        Py_DECREF(<PyObject*>code)  # `code` has a reference of its own
        t = type(obj)
        p[0] = b"t" if t is tuple else b"f" if t is frozenset else b"v"
        for i in range(n):
            self.code(p + 1 + CODE * i, PyTuple_GET_ITEM(<PyObject*>parts, i))
        if t is frozenset:
            qsort(p + 1, n, CODE, compare_codes)
        index = self.composites.get(code)
        if index is None:
            index = self.composites[code] = len(self.values)
            self.values.append(obj)
            self.parts.append(parts)
            self.digests.append(None)
        else:
            self.others.append(obj)
        table_put(&self.known, <PyObject*>obj, index)
        return index

    cdef int code(self, unsigned char* p, PyObject* part) except -1:
        """The code of a part: the same for equal values, and for nothing else while this dump lasts."""
        cdef PyTypeObject* t = Py_TYPE(part)
        cdef int overflow = 0
        cdef int64_t v
        cdef uint64_t bits
        cdef Py_ssize_t index
        p[0] = b"o"
        if t == &PyFloat_Type:
            p[0] = b"f"
            bits = float_bits(PyFloat_AS_DOUBLE(part), self.proto)
            memcpy(p + 1, &bits, 8)
            return 0
        if t == &PyLong_Type:
            v = PyLong_AsLongLongAndOverflow(part, &overflow)
            if not overflow:
                p[0] = b"i"
                memcpy(p + 1, &v, 8)
                return 0
            found = self.numbers.setdefault(<object>part, <object>part)
            part = <PyObject*>found
        elif self.is_composite(part):
            index = table_get(&self.known, part)
            if index >= 0:
                part = <PyObject*>self.values[index]
        else:
            part = self.representative(part)
        memcpy(p + 1, &part, sizeof(PyObject*))
        if sizeof(PyObject*) < 8:
            p[5] = p[6] = p[7] = p[8] = 0
        return 0

    cdef tuple parts_of(self, obj):
        """What a composite value is made of."""
        t = type(obj)
        if t is tuple:
            return obj
        if t is frozenset:
            return tuple(obj)
        if isinstance(obj, tuple):
            return (t, *obj)
        answer = self.answered(obj)
        if type(answer) is str:
            return (t, *global_name(obj, answer))
        if type(answer) is not tuple:
            return (t, answer)  # the writer tells of the mistake
        parts = [t]
        for part in answer:
            if type(part) is dict and sort_alike(list(part)):  # a state, made for this answer; UUIDs have one
                part = tuple([(key, part[key]) for key in sorted(part)])
            parts.append(part)
        return tuple(parts)

    # -- digests -----------------------------------------------------------------

    cdef object digest(self, obj):
        """What the value is in few bytes, the same in every process; None if any of it is mutable."""
        cdef Py_ssize_t index
        cdef list stack, codes
        cdef bint waits
        if not self.is_composite(<PyObject*>obj):
            return leaf_digest(obj, self.proto)
        stack = [self.number(obj)]
        first = stack[0]
        entered = set()
        while stack:
            index = stack[len(stack) - 1]
            if self.digests[index] is not None:
                stack.pop()
                continue
            codes, waits = [], False
            entered.add(index)
            for part in <tuple>self.parts[index]:
                if self.is_composite(<PyObject*>part):
                    number = self.number(part)
                    found = self.digests[number]
                    if found is None and number not in entered:
                        stack.append(number)
                        waits = True
                        continue
                else:
                    found = leaf_digest(part, self.proto)
                if not found:
                    codes, waits = None, False
                    break
                codes.append(found)
            if waits:
                continue
            stack.pop()
            t = type(self.values[index])
            if codes is None:
                self.digests[index] = b""
            else:
                if t is frozenset:
                    codes.sort()
                tag = b"t" if t is tuple else b"s" if t is frozenset else b"v"
                self.digests[index] = digest_of(tag, b"".join(codes))
        return self.digests[first] or None

    # -- order -------------------------------------------------------------------

    cdef list in_order(self, elements):
        """The elements of a set in canonical order."""
        cdef list items = list(elements), places
        if sort_alike(items):
            return items
        places = [self.place(x) for x in items]
        self.has_twins(items, places)
        return by_places(items, places)

    cdef list pairs_in_order(self, dict d):
        """A dict's entries, in the canonical order of the keys."""
        cdef list keys = list(d), pairs, places
        if sort_alike(keys):
            return [(key, d[key]) for key in keys]
        pairs = list(d.items())
        places = [self.place(key) for key, _ in pairs]
        if self.has_twins(keys, places):  # the values have to decide
            places = [(place, self.place(pair[1])) for place, pair in zip(places, pairs)]
        return by_places(pairs, places)

    cdef bint has_twins(self, list keys, list places) except -1:
        """Whether two keys are the same value, as nan can be: it is not equal to itself."""
        if len(set(places)) == len(places):
            return False
        seen = set()
        for key, place in zip(keys, places):
            if place in seen and self.is_composite(<PyObject*>key):
                # They would share their representative, and be one key when loaded.
                raise PicklingError(f"two {type_name(type(key))} objects in one set or dict are the same value "
                                    "(with a nan in it): canonical=True can't keep them apart")
            seen.add(place)
        return True

    cdef tuple place(self, obj):
        """Where obj comes among elements or keys: values by their digests, then the rest by rank."""
        found = self.digest(obj)
        if found is not None:
            return 0, found
        if self.ranks is None:
            self.ranks = self.rank_all()
        rank = self.ranks.get(<size_t>self.representative(<PyObject*>obj))
        if rank is None:
            raise RuntimeError(f"{type_name(type(obj))} object was not there when the dump began")
        return 1, rank

    # -- mutable objects -----------------------------------------------------------

    cdef object answered(self, obj):
        """What obj's reduce method says, asked once; lists in the place of its iterators."""
        found = self.answers.get(id(obj))
        if found is not None:
            return found[1]
        answer = self.ask(obj)
        self.answers[id(obj)] = obj, answer
        return answer

    cdef object ask(self, obj):
        t = type(obj)
        reduce = copyreg.dispatch_table.get(t, missing)
        if reduce is not missing:
            answer = reduce(obj)
        else:
            reduce = getattr(obj, "__reduce_ex__", missing)
            if reduce is not missing:
                answer = reduce(self.proto)
            else:
                reduce = getattr(obj, "__reduce__", missing)
                if reduce is missing:
                    raise PicklingError(f"Can't pickle {type_name(t)} object")
                answer = reduce()
        if type(answer) is tuple and 3 < len(<tuple>answer) <= 6:
            pieces = list(answer)
            for i in range(3, min(len(pieces), 5)):
                if hasattr(type(pieces[i]), "__next__"):
                    pieces[i] = list(pieces[i])
            answer = tuple(pieces)
        return answer

    cdef object answer(self, obj):
        """obj's reduce answer for the writer, with its elements and entries in canonical order."""
        # If its own arguments lead back to it before it is made, it is asked again: containers that it makes for an
        # answer must be others now, for a reader has not filled those that are being written.
        answer = self.answered(obj) if id(obj) not in self.given else self.ask(obj)
        self.given.add(id(obj))
        if type(answer) is not tuple or not 2 <= len(<tuple>answer) <= 6:
            return answer  # a global's name, or a mistake that the writer tells of
        pieces = list(answer)
        if has_elements(obj, answer):
            pieces[1] = (self.in_order(answer[1][0]),)
        if len(pieces) > 4 and has_unordered_pairs(obj, answer):
            pieces[4] = self.pairs_in_order(dict(answer[4]))
        for i in range(3, min(len(pieces), 5)):
            if type(pieces[i]) is list:
                pieces[i] = iter(pieces[i])
        return tuple(pieces)

    cdef dict rank_all(self):
        """id -> rank, of every mutable object that the root leads to and every value with one in it."""
        cdef list nodes = [], labels = [], edges = []
        cdef dict numbers = {}
        cdef set chosen = set()
        cdef PyObject* part
        cdef Py_ssize_t i = 0
        part = self.representative(<PyObject*>self.root)
        nodes.append(<object>part)
        numbers[<size_t>part] = 0
        while i < len(nodes):
            label, named_parts = self.described(nodes[i])
            values = []
            for name, obj in <list>named_parts:
                found = self.digest(obj)
                if found is not None:
                    values.append(<bytes>name + found)
                    continue
                part = self.representative(<PyObject*>obj)
                target = numbers.setdefault(<size_t>part, len(nodes))
                if target == len(nodes):
                    nodes.append(<object>part)
                edges.append((i, name, target))
                if (<bytes>name)[0] in NEEDS_RANK:
                    chosen.add(target)
            values.sort()
            labels.append(digest_of(b"n" if i else b"r", label + b"".join(values)))
            i += 1
        found = ranks(labels, edges, chosen)
        return {<size_t><PyObject*>nodes[i]: found[i] for i in range(len(nodes))}

    cdef tuple described(self, obj):
        """A node: what it is by itself, and its parts as (name, part), where parts of one name have no order."""
        t = type(obj)
        if t is Entry:
            return b"entry", [(KEY, (<Entry>obj).key), (VALUE, (<Entry>obj).value)]
        label = name_of(t)
        if self.is_composite(<PyObject*>obj):
            parts = self.parts[self.number(obj)]
            return label, unordered(parts) if t is frozenset else ordered(b"i", parts)
        if t is list:
            return label, ordered(b"i", obj)
        if t is dict:
            return label, self.entries(obj.items())
        if t is set:
            return label, unordered(obj)
        if t is bytearray:
            return label + digest_of(b"b", obj), []
        try:
            if t is PickleBuffer:
                return label + digest_of(b"b", obj.raw()), []
            answer = self.answered(obj)
        except Exception:
            return label, []  # the writer comes here too, and says where in the object it is
        if type(answer) is not tuple or not 2 <= len(<tuple>answer) <= 6:
            return label + str(answer).encode("utf-8", "surrogatepass"), []
        parts = list(answer)
        found = []
        if len(parts) > 4 and type(parts[4]) is list:
            if has_unordered_pairs(obj, answer):
                found += self.entries(parts[4])
            else:
                found += ordered(b"p", parts[4])
            parts[4] = None
        if len(parts) > 3 and type(parts[3]) is list:
            found += ordered(b"l", parts[3])
            parts[3] = None
        if has_elements(obj, answer):
            found += unordered(parts[1][0])
            parts[1] = None
        return label, found + ordered(b"r", parts)

    def entries(self, pairs):
        """The parts of a dict: each value under its key's digest, if there is one."""
        pairs = list(pairs)
        digests = [self.digest(key) for key, _ in pairs]
        twins, seen, found = set(), set(), []
        for digest in digests:
            (twins if digest in seen else seen).add(digest)
        for digest, (key, value) in zip(digests, pairs):
            if digest is None:
                found.append((ENTRY, Entry(key, value)))
            else:
                found.append(((TWIN if digest in twins else VALUE) + digest, value))
        return found


# The names of a node's parts, and those among whose bearers somebody asks for an order.
cdef bytes ELEMENT = b"e"
cdef bytes KEY = b"k"
cdef bytes ENTRY = b"y"
cdef bytes VALUE = b"v"
cdef bytes TWIN = b"w"
cdef bytes NEEDS_RANK = b"ekw"


cdef list by_places(list items, list places):
    return [items[i] for i in sorted(range(len(items)), key=places.__getitem__)]


cdef list unordered(items):
    return [(ELEMENT, x) for x in items]


cdef list ordered(bytes prefix, items):
    return [(prefix + i.to_bytes(8, "big"), x) for i, x in enumerate(items)]


cdef bint has_elements(obj, tuple answer) except -1:
    """Whether the arguments of a reduce answer are a set's elements, in whatever order they lay."""
    return (isinstance(obj, (set, frozenset)) and type(obj).__reduce__ in (set.__reduce__, frozenset.__reduce__)
            and type(answer[1]) is tuple and len(<tuple>answer[1]) == 1 and type(answer[1][0]) is list)


cdef bint has_unordered_pairs(obj, tuple answer) except -1:
    """Whether the entries of a reduce answer are those of a dict to whose equality order is nothing."""
    if not isinstance(obj, dict) or type(obj).__eq__ is not dict.__eq__ or type(answer[4]) is not list:
        return False
    return all([type(pair) is tuple and len(<tuple>pair) == 2 for pair in answer[4]])


cdef bint is_value_type(t) except -1:
    if t in builtin_values:
        return True
    module = getattr(t, "__module__", None)
    name = t.__name__
    if type(module) is str:
        package = module.partition(".")[0]  # pathlib's classes are in pathlib._local in 3.13
        if (package, name) in imported_values and getattr(sys.modules.get(package), name, None) is t:
            return True
    numpy = sys.modules.get("numpy")
    for owner, attribute in ((sys.modules.get("enum"), "Enum"), (numpy, "generic"), (numpy, "dtype")):
        base = getattr(owner, attribute, None)
        if isinstance(base, type) and issubclass(t, base):
            return True
    return issubclass(t, tuple) and is_namedtuple(t)


cdef bint is_namedtuple(t) except -1:
    cdef Shapes shapes = borrow_shapes()
    cdef bint found = shape_of(shapes, <PyTypeObject*>t).kind == NAMEDTUPLE
    return_shapes(shapes)
    return found


cdef bint sort_alike(list items) except -1:
    """Sort items that are all text, all bytes or all ints, and say so."""
    cdef PyTypeObject* t
    if not items:
        return True
    t = Py_TYPE(<PyObject*>items[0])
    if t != &PyUnicode_Type and t != &PyBytes_Type and t != &PyLong_Type:
        return False
    for x in items:
        if Py_TYPE(<PyObject*>x) != t:
            return False
    items.sort()
    return True


cdef int compare_codes(const void* a, const void* b) noexcept nogil:
    return memcmp(a, b, CODE)


cdef uint64_t float_bits(double value, int proto) noexcept:
    """The bits of a float, as far as they are written: protocol 0 has but one nan."""
    cdef uint64_t bits
    if proto == 0 and value != value:
        return 0x7ff8000000000000
    memcpy(&bits, &value, 8)
    return bits


cdef bytes digest_of(bytes tag, data):
    """Sixteen bytes. Who would make two values agree gains no more than an order that is not canonical."""
    global blake2b
    if blake2b is None:
        from hashlib import blake2b
    h = blake2b(tag, digest_size=DIGEST)
    h.update(data)
    return h.digest()


cdef bytes leaf_digest(obj, int proto):
    """The digest of what has no parts; None for what is mutable."""
    t = type(obj)
    if t is str:
        return digest_of(b"u", (<str>obj).encode("utf-8", "surrogatepass"))
    if t is int:
        return digest_of(b"i", obj.to_bytes(obj.bit_length() // 8 + 1, "little", signed=True))
    if t is bytes:
        return digest_of(b"b", obj)
    if t is float:
        return digest_of(b"d", (<object>float_bits(<double>obj, proto)).to_bytes(8, "little"))
    if t is tuple:  # the empty one: others are composite
        return digest_of(b"t", b"")
    if obj is None or t is bool or obj is ... or obj is NotImplemented:
        return digest_of(b"c", repr(obj).encode())
    if isinstance(obj, type) or <PyTypeObject*>t == &PyFunction_Type:
        return digest_of(b"g", name_of(obj))
    return None


cdef bytes name_of(obj):
    return f"{getattr(obj, '__module__', None)}\0{obj.__qualname__}\0".encode("utf-8", "surrogatepass")
