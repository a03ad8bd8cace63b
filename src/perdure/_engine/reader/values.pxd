# Leaf values from their bytes: text (ascii words, UTF-8) and the tables of small values.
#
# Rules: the caller has checked that all n bytes are in the window; nothing here reads or
# writes a byte beyond them, so no padding is needed and sanitizers stay quiet. Every
# function gives a new reference, or NULL with an exception.

from libc.string cimport memcpy
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from cpython.object cimport PyObject
from perdure._engine.reader.capi cimport (
    Py_INCREF, Py_DECREF, PyUnicode_New, PyUnicode_DATA, PyUnicode_DecodeUTF8,
    word, half, put_word, put_half, ascii_data, likely, unlikely,
)

cdef extern from *:
    """
    #define PERDURE_HIGH 0x8080808080808080ULL
    /* How many bytes have their highest bit set (no other bit is). */
    #define PERDURE_POPCOUNT(w) ((Py_ssize_t)((((uint64_t)(w) >> 7) * 0x0101010101010101ULL) >> 56))
    """
    uint64_t HIGH_BITS "PERDURE_HIGH"
    Py_ssize_t popcount "PERDURE_POPCOUNT"(uint64_t) noexcept


cdef struct Words:
    # Up to 16 bytes as two words that overlap in the middle: together with the length
    # they tell any two such strings apart, and no byte outside the string is touched.
    uint64_t low
    uint64_t high


cdef inline Words words_of(const unsigned char* s, Py_ssize_t n) noexcept:
    cdef Words w
    if n >= 8:
        w.low = word(s)
        w.high = word(s + n - 8)
    elif n >= 4:
        w.low = half(s) | (<uint64_t>half(s + n - 4) << 32)
        w.high = 0
    elif n > 0:
        w.low = s[0] | (<uint64_t>s[n >> 1] << 8) | (<uint64_t>s[n - 1] << 16)
        w.high = 0
    else:
        w.low = w.high = 0
    return w


cdef inline PyObject* text_of_words(Words w, Py_ssize_t n) noexcept:
    """The ascii string of 2 to 16 characters that the words hold."""
    cdef PyObject* text = PyUnicode_New(n, 127)
    cdef unsigned char* to
    if unlikely(text == NULL):
        return NULL
    to = ascii_data(text)
    if n >= 8:
        put_word(to, w.low)
        put_word(to + n - 8, w.high)
    elif n >= 4:
        put_half(to, <uint32_t>w.low)
        put_half(to + n - 4, <uint32_t>(w.low >> 32))
    else:
        to[0] = <uint8_t>w.low
        to[n >> 1] = <uint8_t>(w.low >> 8)
        to[n - 1] = <uint8_t>(w.low >> 16)
    return text


cdef inline bint is_ascii(const unsigned char* s, Py_ssize_t n) noexcept:
    """Whether n >= 8 bytes are all below 128."""
    cdef uint64_t bits = word(s + n - 8)
    cdef const unsigned char* last = s + n - 8
    while s + 24 < last:
        if (word(s) | word(s + 8) | word(s + 16) | word(s + 24)) & HIGH_BITS:
            return False
        s += 32
    while s < last:
        bits |= word(s)
        s += 8
    return (bits & HIGH_BITS) == 0


cdef inline PyObject* text_of(const unsigned char* s, Py_ssize_t n) noexcept:
    """Any UTF-8 of more than 16 bytes, or non-ascii of any length."""
    cdef PyObject* text
    if n > 16 and is_ascii(s, n):
        text = PyUnicode_New(n, 127)
        if likely(text != NULL):
            memcpy(ascii_data(text), s, n)
        return text
    return decode_utf8(s, n)


cdef struct Counts:
    # What one pass over UTF-8 tells: how many continuation bytes there are, and a bit for each
    # class of lead byte that occurs (in all eight bytes' highest bits).
    Py_ssize_t continuations
    uint64_t wide    # 0xC4 and up: more than latin-1
    uint64_t three   # 0xE0 and up: three bytes or more
    uint64_t four    # 0xF0 and up


cdef inline void count_word(uint64_t w, Counts* counts) noexcept:
    cdef uint64_t lead = w & (w << 1) & HIGH_BITS
    counts.continuations += popcount(w & ~(w << 1) & HIGH_BITS)
    counts.wide |= lead & ((w << 2) | (w << 3) | (w << 4) | (w << 5))
    counts.three |= lead & (w << 2)
    counts.four |= lead & (w << 2) & (w << 3)


cdef inline PyObject* decode_utf8(const unsigned char* s, Py_ssize_t n) noexcept:
    """Counts, then fills; whatever is not plain well-formed UTF-8 (surrogates too) goes to CPython.

    The count of lead bytes is the length and the greatest lead byte tells the width, so the
    fill can neither overflow nor leave the string wider than it needs to be.
    """
    cdef const unsigned char* p = s
    cdef const unsigned char* end = s + n
    cdef Counts counts
    cdef uint64_t last = 0
    cdef PyObject* text
    cdef Py_ssize_t length
    cdef bint well
    if n > 2:  # one character: CPython keeps those of latin-1 as singletons
        counts.continuations = 0
        counts.wide = counts.three = counts.four = 0
        while end - p >= 8:
            count_word(word(p), &counts)
            p += 8
        while p < end:  # zero bytes fill up the last word: they count as nothing
            last = last << 8 | p[0]
            p += 1
        count_word(last, &counts)
        length = n - counts.continuations
        if counts.four:
            text = PyUnicode_New(length, 0x10FFFF)
            well = text != NULL and fill4(s, end, <uint32_t*>PyUnicode_DATA(text))
        elif counts.three:
            text = PyUnicode_New(length, 0xFFFF)
            well = text != NULL and fill2(s, end, <uint16_t*>PyUnicode_DATA(text))
        elif counts.wide:
            text = PyUnicode_New(length, 0xFFFF)
            well = text != NULL and fill_pairs16(s, end, <uint16_t*>PyUnicode_DATA(text), length)
        else:
            text = PyUnicode_New(length, 0xFF)
            well = text != NULL and fill_pairs8(s, end, <uint8_t*>PyUnicode_DATA(text), length)
        if likely(well) or text == NULL:
            return text
        Py_DECREF(text)
    return PyUnicode_DecodeUTF8(<const char*>s, n, b"surrogatepass")


# Characters of one or two bytes are told apart without a branch: which comes next is as good as
# random in most languages. `bad` collects what is no well-formed pair.

cdef inline uint32_t next_of_pairs(const unsigned char** p, uint32_t* bad) noexcept:
    cdef uint32_t c = p[0][0]
    cdef uint32_t after = p[0][1]
    cdef uint32_t two = c >> 7
    bad[0] |= two & ((c < 0xC2) | ((after & 0xC0) != 0x80))
    p[0] += 1 + two
    return c ^ ((c ^ ((c & 0x1F) << 6 | (after & 0x3F))) & (0 - two))


cdef inline bint fill_pairs8(const unsigned char* p, const unsigned char* end, uint8_t* to, Py_ssize_t length) noexcept:
    cdef uint8_t* stop = to + length
    cdef uint32_t bad = 0
    while to < stop and p < end - 1:
        to[0] = <uint8_t>next_of_pairs(&p, &bad)
        to += 1
    return not bad and ends_well(p, end, stop - to) and (stop == to or store8(to, p[0]))


cdef inline bint fill_pairs16(const unsigned char* p, const unsigned char* end, uint16_t* to,
                              Py_ssize_t length) noexcept:
    cdef uint16_t* stop = to + length
    cdef uint32_t bad = 0
    while to < stop and p < end - 1:
        to[0] = <uint16_t>next_of_pairs(&p, &bad)
        to += 1
    return not bad and ends_well(p, end, stop - to) and (stop == to or store16(to, p[0]))


cdef inline bint ends_well(const unsigned char* p, const unsigned char* end, Py_ssize_t missing) noexcept:
    """Whether all is done, or one last ascii character is missing."""
    if p == end:
        return missing == 0
    return end - p == 1 and missing == 1 and p[0] < 0x80


cdef inline bint store8(uint8_t* to, uint8_t value) noexcept:
    to[0] = value
    return True


cdef inline bint store16(uint16_t* to, uint8_t value) noexcept:
    to[0] = value
    return True


cdef inline bint fill2(const unsigned char* p, const unsigned char* end, uint16_t* to) noexcept:
    cdef uint32_t c
    while p < end:
        if p[0] < 0x80:
            to[0] = p[0]
            p += 1
        elif p[0] < 0xE0:
            if p[0] < 0xC2 or end - p < 2 or (p[1] & 0xC0) != 0x80:
                return False
            to[0] = <uint16_t>(((p[0] & 0x1F) << 6) | (p[1] & 0x3F))
            p += 2
        else:
            if end - p < 3 or (p[1] & 0xC0) != 0x80 or (p[2] & 0xC0) != 0x80:
                return False
            c = ((p[0] & 0x0F) << 12) | ((p[1] & 0x3F) << 6) | (p[2] & 0x3F)
            if c < 0x800 or (c & 0xF800) == 0xD800:
                return False
            to[0] = <uint16_t>c
            p += 3
        to += 1
    return True


cdef inline bint fill4(const unsigned char* p, const unsigned char* end, uint32_t* to) noexcept:
    cdef uint32_t c
    while p < end:
        if p[0] < 0x80:
            to[0] = p[0]
            p += 1
        elif p[0] < 0xE0:
            if p[0] < 0xC2 or end - p < 2 or (p[1] & 0xC0) != 0x80:
                return False
            to[0] = ((p[0] & 0x1F) << 6) | (p[1] & 0x3F)
            p += 2
        elif p[0] < 0xF0:
            if end - p < 3 or (p[1] & 0xC0) != 0x80 or (p[2] & 0xC0) != 0x80:
                return False
            c = ((p[0] & 0x0F) << 12) | ((p[1] & 0x3F) << 6) | (p[2] & 0x3F)
            if c < 0x800 or (c & 0xF800) == 0xD800:
                return False
            to[0] = c
            p += 3
        else:
            if end - p < 4 or (p[1] & 0xC0) != 0x80 or (p[2] & 0xC0) != 0x80 or (p[3] & 0xC0) != 0x80:
                return False
            c = (<uint32_t>(p[0] & 0x0F) << 18) | ((p[1] & 0x3F) << 12) | ((p[2] & 0x3F) << 6) | (p[3] & 0x3F)
            if p[0] > 0xF4 or c < 0x10000 or c > 0x10FFFF:
                return False
            to[0] = c
            p += 4
        to += 1
    return True
