# CPython's private layouts that reader and writer both rely on: known since 3.11, and not to
# be trusted for that. layouts.pyx tries each on objects that it knows and says which hold;
# what does not is done by the public calls.

from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport int32_t, int64_t

cdef extern from *:
    """
    #include <stdint.h>
    #ifdef Py_GIL_DISABLED
    #define PERDURE_FREE_THREADED 1
    #else
    #define PERDURE_FREE_THREADED 0
    #endif

    /* A dict's table of entries. */
    typedef struct {
        Py_ssize_t refcnt;
        uint8_t log2_size, log2_index_bytes, kind, mutex;
        uint32_t version;
        Py_ssize_t usable, nentries;
        char indices[];
    } perdure_dict_keys;
    typedef struct { PyObject *key, *value; } perdure_dict_entry;
    typedef struct {
        PyObject_HEAD
        Py_ssize_t used;
        uint64_t tag;
        perdure_dict_keys *keys;
        void *values;
    } perdure_dict;
    enum { PERDURE_KEYS_OF_TEXT = 1 };
    #define PERDURE_TABLE(k) ((perdure_dict_entry *)((k)->indices + ((size_t)1 << (k)->log2_index_bytes)))
    /* Its entries, if all keys are text and the values lie beside them; else NULL. */
    static inline perdure_dict_entry *perdure_dict_entries(PyObject *o, Py_ssize_t *n) {
        perdure_dict *d = (perdure_dict *)o;
        if (d->values != NULL || d->keys->kind != PERDURE_KEYS_OF_TEXT) return NULL;
        *n = d->keys->nentries;
        return PERDURE_TABLE(d->keys);
    }
    /* The same, if there are `count` of them and no holes. */
    static inline perdure_dict_entry *perdure_whole_entries(PyObject *o, Py_ssize_t count) {
        Py_ssize_t n = -1;
        perdure_dict_entry *entries = perdure_dict_entries(o, &n);
        return n == count && ((perdure_dict *)o)->used == count ? entries : NULL;
    }

    /* The __dict__ of an instance shares its table of keys with others of the class; its values, and
       the order they came in, lie apart: gathered in `to`, in that order. -1: it is no such dict. */
    enum { PERDURE_SPLIT = 30 };  /* such a dict has no more entries */
    static inline Py_ssize_t perdure_split_entries(PyObject *o, perdure_dict_entry *to) {
        perdure_dict *d = (perdure_dict *)o;
        perdure_dict_entry *entries;
        PyObject **values;
        Py_ssize_t n = d->used;
        if (d->values == NULL || n > PERDURE_SPLIT || PY_VERSION_HEX >= 0x03100000) return -1;
        entries = PERDURE_TABLE(d->keys);
    #if PY_VERSION_HEX >= 0x030D0000
        values = (PyObject **)((char *)d->values + 8);
        const uint8_t *order = (const uint8_t *)&values[*(uint8_t *)d->values];
        for (Py_ssize_t i = 0; i < n; i++) { to[i].key = entries[order[i]].key; to[i].value = values[order[i]]; }
    #else
        values = (PyObject **)d->values;
        const uint8_t *order = (const uint8_t *)d->values - 3;
        for (Py_ssize_t i = 0; i < n; i++) { to[i].key = entries[order[-i]].key; to[i].value = values[order[-i]]; }
    #endif
        return n;
    }

    /* An OrderedDict: the order is a list of nodes, found by the index of their entry
       in the dict's table. */
    typedef struct perdure_node {
        PyObject *key;
        Py_hash_t hash;
        struct perdure_node *next, *prev;
    } perdure_node;
    typedef struct {
        perdure_dict dict;
        perdure_node *first, *last, **nodes;
        Py_ssize_t size;
        void *keys;
        size_t state;
        PyObject *attributes, *weak;
    } perdure_ordered;
    static inline int perdure_is_blank(PyObject *o) {
        perdure_ordered *d = (perdure_ordered *)o;
        return Py_IS_TYPE(o, &PyODict_Type) && d->dict.used == 0 && d->first == NULL && d->nodes == NULL;
    }
    /* Gives the `count` entries of the dict inside an OrderedDict without nodes theirs: 1 done, 0 not
       with this table, -1 no memory (and no exception). Runs no code. */
    static inline int perdure_order(PyObject *o, Py_ssize_t count) {
        perdure_ordered *d = (perdure_ordered *)o;
        perdure_dict_entry *entries = perdure_whole_entries(o, count);
        Py_ssize_t i, size;
        perdure_node *node, *last = NULL, **nodes;
        if (entries == NULL || count == 0 || d->first != NULL || d->nodes != NULL)
            return 0;
        size = (Py_ssize_t)1 << d->dict.keys->log2_size;
        nodes = (perdure_node **)PyMem_Calloc(size, sizeof(perdure_node *));
        if (nodes == NULL)
            return -1;
        for (i = 0; i < count; i++) {
            node = (perdure_node *)PyMem_Malloc(sizeof(perdure_node));
            if (node == NULL) {
                while (i-- > 0) {
                    Py_DECREF(nodes[i]->key);
                    PyMem_Free(nodes[i]);
                }
                PyMem_Free(nodes);
                return -1;
            }
            node->key = Py_NewRef(entries[i].key);
            node->hash = ((PyASCIIObject *)node->key)->hash;
            node->prev = last;
            node->next = NULL;
            if (last != NULL)
                last->next = node;
            nodes[i] = last = node;
        }
        d->first = nodes[0];
        d->last = last;
        d->nodes = nodes;
        d->size = size;
        d->keys = d->dict.keys;
        d->state += count;
        return 1;
    }
    /* Whether an OrderedDict of two str, filled by the interpreter, is what `perdure_order` makes. */
    static inline int perdure_is_ordered(PyObject *o) {
        perdure_ordered *d = (perdure_ordered *)o;
        perdure_dict_entry *e = perdure_whole_entries(o, 2);
        if (e == NULL || PyODict_Type.tp_basicsize != sizeof(perdure_ordered)
                || PyODict_Type.tp_weaklistoffset != offsetof(perdure_ordered, weak)
                || d->keys != d->dict.keys || d->size != 8 || d->state != 2 || d->nodes == NULL
                || d->first == NULL || d->last == NULL)
            return 0;
        return d->nodes[0] == d->first && d->nodes[1] == d->last && d->nodes[2] == NULL
            && d->first->key == e[0].key && d->last->key == e[1].key
            && d->first->hash == ((PyASCIIObject *)e[0].key)->hash
            && d->last->hash == ((PyASCIIObject *)e[1].key)->hash
            && d->first->next == d->last && d->last->next == NULL
            && d->first->prev == NULL && d->last->prev == d->first;
    }

    /* A decimal: sign and kind, exponent, and digits in words of nineteen, the lowest first. */
    typedef struct {
        PyObject_HEAD
        Py_hash_t hash;
        uint8_t flags;
        Py_ssize_t exponent, digits, used, allocated;
        uint64_t *words;
        uint64_t own_words[4];
    } perdure_decimal;

    /* An io.BytesIO; `exports` counts the views through which others may write to its bytes. */
    typedef struct {
        PyObject_HEAD
        PyObject *bytes;  /* NULL: closed */
        Py_ssize_t position, size;
        PyObject *dict, *weak;
        Py_ssize_t exports;
    } perdure_bytesio;

    /* The digits of an int that fits 60 bits, as one signed number. */
    #if PY_VERSION_HEX >= 0x030C0000
    #define PERDURE_LONG_DIGITS(o) (((PyLongObject *)(o))->long_value.lv_tag >> 3)
    #define PERDURE_LONG_NEGATIVE(o) ((((PyLongObject *)(o))->long_value.lv_tag & 3) == 2)
    #define PERDURE_LONG_DIGIT(o, i) ((int64_t)((PyLongObject *)(o))->long_value.ob_digit[i])
    /* 3.14 marks its small ints with the third bit. */
    #define PERDURE_LONG_IS_DIGIT(o) ((((PyLongObject *)(o))->long_value.lv_tag & ~(uintptr_t)4) == 8)
    #define PERDURE_LONG_IS_SHORT(o) (PERDURE_LONG_DIGITS(o) <= 2 && PyLong_SHIFT == 30)
    #else
    #define PERDURE_LONG_DIGITS(o) (Py_SIZE(o) < 0 ? -Py_SIZE(o) : Py_SIZE(o))
    #define PERDURE_LONG_NEGATIVE(o) (Py_SIZE(o) < 0)
    #define PERDURE_LONG_DIGIT(o, i) ((int64_t)((PyLongObject *)(o))->ob_digit[i])
    #define PERDURE_LONG_IS_DIGIT(o) (Py_SIZE(o) == 1)  /* one digit, and positive */
    #define PERDURE_LONG_IS_SHORT(o) ((size_t)(Py_SIZE(o) + 2) <= 4 && PyLong_SHIFT == 30)
    #endif
    #if defined(__SANITIZE_ADDRESS__) || defined(Py_DEBUG)
    #define PERDURE_LONG_HAS_SECOND(o) (PERDURE_LONG_DIGITS(o) == 2)
    #else
    /* An int's memory is rounded up to 16 bytes: the second digit can always be read. */
    #define PERDURE_LONG_HAS_SECOND(o) 1
    #endif
    /* Whether an int has one digit or two is as good as random, so it decides no branch. */
    static inline int64_t perdure_long_short_value(PyObject *o) {
        int64_t n = (int64_t)PERDURE_LONG_DIGITS(o);
        int64_t sign = -(int64_t)PERDURE_LONG_NEGATIVE(o);
        int64_t v = PERDURE_LONG_DIGIT(o, 0) & -(int64_t)(n != 0);
        if (PERDURE_LONG_HAS_SECOND(o)) v |= (PERDURE_LONG_DIGIT(o, 1) & -(int64_t)(n == 2)) << 30;
        return (v ^ sign) - sign;
    }
    """
    bint long_is_digit "PERDURE_LONG_IS_DIGIT"(PyObject*) noexcept
    int32_t long_digit "PERDURE_LONG_DIGIT"(PyObject*, int i) noexcept
    bint long_is_short "PERDURE_LONG_IS_SHORT"(PyObject*) noexcept
    int64_t long_short_value "perdure_long_short_value"(PyObject*) noexcept
    int FREE_THREADED "PERDURE_FREE_THREADED"
    PyTypeObject PyODict_Type

    ctypedef struct DictEntry "perdure_dict_entry":
        PyObject* key
        PyObject* value
    DictEntry* dict_entries "perdure_dict_entries"(PyObject*, Py_ssize_t*) noexcept  # borrowed, as all entries
    DictEntry* whole_entries "perdure_whole_entries"(PyObject*, Py_ssize_t) noexcept
    enum: SPLIT "PERDURE_SPLIT"
    Py_ssize_t split_entries "perdure_split_entries"(PyObject*, DictEntry*) noexcept

    ctypedef struct OrderedNode "perdure_node":
        PyObject* key
        OrderedNode* next
    ctypedef struct OrderedDict "perdure_ordered":
        OrderedNode* first
    bint is_blank "perdure_is_blank"(PyObject*) noexcept
    int put_in_order "perdure_order"(PyObject*, Py_ssize_t) noexcept
    bint is_ordered "perdure_is_ordered"(PyObject*) noexcept

    ctypedef struct Decimal "perdure_decimal":
        unsigned char flags
        Py_ssize_t exponent
        Py_ssize_t digits
        Py_ssize_t used
        unsigned long long* words
        unsigned long long* own_words

    ctypedef struct Memory "perdure_bytesio":
        PyObject* bytes
        Py_ssize_t position
        Py_ssize_t size
        Py_ssize_t exports

cdef enum:  # a decimal's flags
    DECIMAL_NEGATIVE = 1
    DECIMAL_SPECIAL = 2 | 4 | 8  # infinite, or no number

# Which of them hold. Where threads run without the GIL only dicts that nobody else knows may be read so.
cdef bint direct_dicts, direct_split, direct_ordered, direct_memory
cdef bint can_read_decimals(cls) except -1
