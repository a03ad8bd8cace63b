# What loads remember of dict keys: a table of short strings, and templates of whole dicts.
#
# Rules:
# - Both are bounded and own what they hold: at most 4 * KEY_SETS strings of at most 16 bytes, and at
#   most SHAPES dicts of at most SHAPE_KEYS short keys and no values.
# - No Python code runs in here: keys are exact str, values None.
# - They are shared by all loads under the GIL; free-threaded builds do not use them (see the
#   two `FREE_THREADED` tests in the reader). Templates rely on the layout of dict tables, which
#   layouts.pyx proves on known dicts when it is imported.

from cpython.object cimport PyObject
from libc.stdint cimport uint64_t, uint8_t
from perdure._engine.layouts cimport *
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.machine cimport Machine
from perdure._engine.reader.work cimport look_after
from perdure._engine.reader.values cimport Words, words_of, text_of_words, text_of, HIGH_BITS

cdef enum:
    KEY_SETS = 2048      # of four strings each
    SHAPES = 1024
    SHAPE_KEYS = 64      # the most keys a template has
    SHAPE_KEY_SIZE = 64  # and the longest of them
    KEY_DEPTH = 1000     # levels of tuples in a key
    KEY_STEPS = 64       # items of tuples that may be hashed for each key, ...
    HASH_STEPS = 1 << 26  # ... and beyond these in a load: about a second

cdef struct Key:
    Words words
    Py_ssize_t length
    PyObject* text

cdef struct Shape:
    # A dict with these keys in this order and None as every value; before that is made, only
    # the hash of the keys that were here last (a shape seen once is not worth a template).
    uint64_t hash
    PyObject* template

cdef struct KeySet:
    Key ways[4]

cdef struct Keys:
    KeySet sets[KEY_SETS]
    Shape shapes[SHAPES]


cdef extern from *:
    """
    #define PERDURE_SLICE_PARTS(s) (&((PySliceObject *)(s))->start)
    """
    PyObject** slice_parts "PERDURE_SLICE_PARTS"(PyObject*) noexcept


cdef inline bint is_nest(PyObject* key) noexcept:
    """Whether its hash is that of its parts, taken each time: a tuple, a slice."""
    return PyTuple_Check(key) or Py_TYPE(key) == &PySlice_Type


cdef inline bint is_deep(Py_ssize_t* steps, PyObject* key) noexcept:
    """Whether hashing a key could overflow the C stack, or takes more than what is left of the
    load's steps (2**n for n tuples, each of the one before twice); RecursionError is set then."""
    if likely(not is_nest(key)):
        return False
    steps[0] += KEY_STEPS
    if tuple_depth(steps, key, KEY_DEPTH):
        return False
    if steps[0] < 0:
        PyErr_SetString(PyExc_RecursionError, b"tuples are shared too often to be hashed as keys")
    else:
        PyErr_SetString(PyExc_RecursionError, b"maximum recursion depth exceeded while hashing a key")
    return True


cdef inline bint tuple_depth(Py_ssize_t* steps, PyObject* key, int depth) noexcept:
    """Whether the tuple (or slice) nests at most `depth` levels, and its hash takes at most `steps`; takes them off.
    Walks as the hash will, until it is too deep or the steps are used up."""
    cdef Py_ssize_t i
    cdef Py_ssize_t n = 3
    cdef PyObject** parts = slice_parts(key)
    if PyTuple_Check(key):
        n = PyTuple_GET_SIZE(key)
        parts = (<PyTupleObject*>key).ob_item
    if depth == 0:
        return False
    steps[0] -= n + 1
    if steps[0] < 0:
        return False
    for i in range(n):
        if is_nest(parts[i]) and not tuple_depth(steps, parts[i], depth - 1):
            return False
    return True


cdef inline uint64_t mix(uint64_t h) noexcept:
    h *= <uint64_t>0x9E3779B97F4A7C15
    return h ^ (h >> 29)


cdef inline Key* find_key(KeySet* place, Words w, Py_ssize_t n) noexcept:
    cdef int i
    for i in range(4):
        if place.ways[i].words.low == w.low and place.ways[i].words.high == w.high and place.ways[i].length == n:
            return &place.ways[i]
    return NULL


cdef inline KeySet* key_set(Keys* table, Words w, Py_ssize_t n) noexcept:
    return &table.sets[mix(w.low ^ (w.high * 31) ^ <uint64_t>n) >> 20 & (KEY_SETS - 1)]


cdef inline PyObject* key_text(Keys* table, const unsigned char* s, Py_ssize_t n) noexcept:
    """The string of 2 to 16 bytes at s, the same object as last time where possible (new)."""
    cdef Words w = words_of(s, n)
    cdef KeySet* place = key_set(table, w, n)
    cdef Key* key = find_key(place, w, n)
    if likely(key != NULL):
        Py_INCREF(key.text)
        return key.text
    if unlikely((w.low | w.high) & HIGH_BITS):
        return text_of(s, n)
    return new_key(place, w, n)


cdef inline PyObject* new_key(KeySet* place, Words w, Py_ssize_t n) noexcept:
    """Takes a free way, or the one that is this string's own: where five strings come in turn, two
    of them push each other out, while by age each would find itself gone."""
    cdef PyObject* text = text_of_words(w, n)
    cdef PyObject* old
    cdef int i = 0
    if likely(text != NULL):
        while i < 4 and place.ways[i].text != NULL:
            i += 1
        if i == 4:
            i = mix(w.low ^ w.high) >> 60 & 3
        old = place.ways[i].text
        place.ways[i].words = w
        place.ways[i].length = n
        place.ways[i].text = text
        Py_INCREF(text)
        Py_XDECREF(old)
    return text


cdef inline void key_interned(Keys* table, PyObject* text) noexcept:
    """The interned form of a string that may stand in the table: from now on give that."""
    cdef Py_ssize_t n = PyUnicode_GET_LENGTH(text)
    cdef Words w
    cdef Key* key
    cdef PyObject* old
    if n < 2 or n > 16 or not PyUnicode_IS_COMPACT_ASCII(text):
        return
    w = words_of(<const unsigned char*>PyUnicode_DATA(text), n)
    key = find_key(key_set(table, w, n), w, n)
    if key != NULL and key.text != text:
        old = key.text
        key.text = text
        Py_INCREF(text)
        Py_DECREF(old)


cdef inline uint64_t shape_hash(PyObject** items, Py_ssize_t n) noexcept:
    """Three keys tell most shapes apart; all of them are compared before a template is used."""
    cdef uint64_t h = mix(<uint64_t>items[0] ^ <uint64_t>n)
    h = mix(h ^ <uint64_t>items[n & ~<Py_ssize_t>1])
    return mix(h ^ <uint64_t>items[2 * n - 2])


cdef inline bint is_template(Shape* shape, uint64_t h, PyObject** items, Py_ssize_t n) noexcept:
    """Whether the shape's template has these keys in this order."""
    cdef DictEntry* entries
    cdef Py_ssize_t i = 0
    if shape.template == NULL or shape.hash != h:
        return False
    entries = whole_entries(shape.template, n)
    if entries == NULL:
        return False
    while i < n and entries[i].key == items[2 * i]:
        i += 1
    return i == n


cdef inline void fill_entries(DictEntry* entries, PyObject** items, Py_ssize_t n) noexcept:
    """A copy of a template gets the values; it holds its own reference to each key, and one to None."""
    cdef Py_ssize_t i
    for i in range(n):
        Py_DECREF(entries[i].value)
        entries[i].value = items[2 * i + 1]
        Py_DECREF(items[2 * i])


cdef inline PyObject* dict_of(Keys* table, Machine* m, PyObject** items, Py_ssize_t n) noexcept:
    """A new dict of n pairs on the stack, which it consumes; on failure none is consumed."""
    cdef uint64_t h
    cdef Shape* shape
    cdef DictEntry* entries
    cdef PyObject* made
    if FREE_THREADED or n > SHAPE_KEYS or not direct_dicts:
        return plain_dict(m, items, n)
    h = shape_hash(items, n)
    shape = &table.shapes[h >> 20 & (SHAPES - 1)]
    if is_template(shape, h, items, n):
        made = PyDict_Copy(shape.template)
        if unlikely(made == NULL):
            return NULL
        entries = whole_entries(made, n)
        if likely(entries != NULL):
            fill_entries(entries, items, n)
            return made
        Py_DECREF(made)
    made = plain_dict(m, items, n)
    if made != NULL:
        learn_shape(shape, h, made, n)
    return made


cdef inline PyObject* plain_dict(Machine* m, PyObject** items, Py_ssize_t n) noexcept:
    """As dict_of, key by key. A table for keys that are not str is sized at once: it is of the
    general kind anyway (one for str keys would become so, and stay larger and slower)."""
    cdef PyObject* made
    cdef Py_ssize_t i
    if n > 5 and not PyUnicode_CheckExact(items[0]):
        made = _PyDict_NewPresized(n)
    else:
        made = PyDict_New()
    if made == NULL:
        return NULL
    for i in range(n):
        if (is_deep(&m.steps, items[2 * i]) or PyDict_SetItem(made, items[2 * i], items[2 * i + 1]) < 0
                or look_after(m, made, items[2 * i]) < 0):
            Py_DECREF(made)
            return NULL
    for i in range(2 * n):
        Py_DECREF(items[i])
    return made


cdef inline int fill_ordered(Keys* table, PyObject* made, PyObject** items, Py_ssize_t n) noexcept:
    """Gives an OrderedDict that is empty n pairs on the stack: 1 done (and consumed), 0 not with
    these keys, -1 an error. The dict is filled first and its nodes made of the finished table: the
    interpreter itself looks each key up several times, and all of them again whenever it grows."""
    cdef uint64_t h = shape_hash(items, n)
    cdef Shape* shape = &table.shapes[h >> 20 & (SHAPES - 1)]
    cdef Py_ssize_t i
    cdef int status
    cdef bint copied = is_template(shape, h, items, n)
    if copied:
        if PyDict_Update(made, shape.template) < 0:
            return -1
    else:
        for i in range(n):
            if not PyUnicode_CheckExact(items[2 * i]):
                return 0
        for i in range(n):
            if PyDict_SetItem(made, items[2 * i], items[2 * i + 1]) < 0:
                PyDict_Clear(made)
                return -1
    status = put_in_order(made, n)
    if unlikely(status <= 0):
        # A key came twice, or there is no memory.
        PyDict_Clear(made)
        if status < 0:
            PyErr_NoMemory()
        return status
    if copied:
        fill_entries(whole_entries(made, n), items, n)
    else:
        if n <= SHAPE_KEYS:
            learn_shape(shape, h, made, n)
        for i in range(2 * n):
            Py_DECREF(items[i])
    return 1


cdef inline void learn_shape(Shape* shape, uint64_t h, PyObject* made, Py_ssize_t n) noexcept:
    """Second time in a row: a template. Otherwise the place goes to this shape."""
    cdef DictEntry* entries
    cdef PyObject* old = shape.template
    cdef PyObject* template = NULL
    cdef PyObject* tracker
    cdef Py_ssize_t i
    if shape.hash == h and old == NULL:
        entries = whole_entries(made, n)
        if entries == NULL:
            return
        for i in range(n):
            if not PyUnicode_CheckExact(entries[i].key) or PyUnicode_GET_LENGTH(entries[i].key) > SHAPE_KEY_SIZE:
                return
        template = PyDict_Copy(made)
        tracker = PyList_New(0)
        if template != NULL and tracker != NULL:
            # Once a container has been its value the dict is tracked by the collector for
            # good, and so is every copy of it.
            for i in range(n):
                if PyDict_SetItem(template, entries[i].key, tracker) < 0:
                    break
            for i in range(n):
                if PyDict_SetItem(template, entries[i].key, Py_None) < 0:
                    break
        Py_XDECREF(tracker)
        if PyErr_Occurred() != NULL or (template != NULL and whole_entries(template, n) == NULL):
            PyErr_Clear()
            Py_XDECREF(template)
            template = NULL
    shape.hash = h
    shape.template = template
    Py_XDECREF(old)
