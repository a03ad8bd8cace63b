"""What tags say that no other node is in: leaves, names, and references by labels."""

from libc.stdint cimport uint32_t

from perdure._engine.graph.stack cimport push_row
from perdure._engine.graph.tape cimport *
from perdure._engine.opcodes cimport *
from perdure._engine.text.json_machine cimport *
from perdure._engine.text.scanner cimport space

from perdure._engine.text.base64 import decoded
from perdure.errors import CorruptError


cdef class Leaves(Machine):
    """The machine, with these."""

    cdef long long label(self) except -1:
        cdef const unsigned char* q
        cdef long long label
        space(self)
        q = self.p
        label = self.whole_number()
        if self.row_labelled(label):
            self.p = q
            raise CorruptError("an $id that another one has")
        return label

    cdef uint32_t row_labelled(self, long long label):
        cdef uint32_t row = self.labelled.at[label] if label < self.labelled.count else 0
        return row if row or not self.labels else self.labels.get(label, 0)

    cdef int set_label(self, long long label, uint32_t row) except -1:
        if label == self.labelled.count:
            return push_row(&self.labelled, row)
        self.labels[label] = row
        return 0

    cdef int reference(self) except -1:
        cdef const unsigned char* q
        cdef uint32_t row
        space(self)
        q = self.p
        row = self.row_labelled(self.whole_number())
        if not row:
            self.p = q
            raise CorruptError("a $ref to an $id that has not come yet")
        if self.depth and self.frames[self.depth - 1].tag == ALTERED_:
            self.p = q
            raise CorruptError("a $ref in $altered, which holds what it alters")
        self.expect(125)
        return self.deliver(row)

    cdef uint32_t leaf(self, int tag) except 0:
        cdef const unsigned char* q
        space(self)
        q = self.p
        if tag == NAME_:
            return self.name()
        if tag == STR_:
            return self.broken_string()
        if tag == BUFFER_:
            if self.word(b"true", 4):
                return self.builder.buffer(True)
            if self.word(b"false", 5):
                return self.builder.buffer(False)
            raise CorruptError("true or false is expected: whether the buffer is read-only")
        if tag == EXTENSION_:
            value = self.whole_number()
            if not 0 < value <= 0x7FFFFFFF:
                self.p = q
                raise CorruptError("an extension's number is from 1 to 2,147,483,647")
            return self.builder.extension(value)
        text = self.string_object()
        if tag == FLOAT_:
            value = special(text)
        elif tag == INT_:
            value = integer_of(text)
        else:
            try:
                value = decoded(text)
            except ValueError:
                value = None
        if value is None:
            self.p = q
            raise CorruptError('a $float is "inf", "-inf" or "nan:" and sixteen hexadecimal digits' if tag == FLOAT_
                               else 'an $int is decimal digits, at most 4,300, or "0x" and hexadecimal ones'
                               if tag == INT_ else "no base64")
        if tag == FLOAT_:
            return self.tape.put_leaf(FLOAT, OP_BINFLOAT, 1, <bytes>value, 8)
        if tag == INT_:
            return self.builder.integer(value)
        if tag == BYTES_:
            return self.builder.octets(value)
        return self.builder.octet_array(value) if tag == BYTEARRAY_ else self.builder.string(value)

    cdef uint32_t broken_string(self) except 0:
        """Of pieces: strings, and the code points of lone surrogates."""
        cdef const unsigned char* q
        cdef bytearray whole = bytearray()
        cdef Text text
        self.expect(91)
        if space(self) == 93:
            self.p += 1
            return self.builder.text_of(b"", 0)
        while True:
            q = self.p
            if space(self) == 34:
                text = self.string()
                whole += text.data[:text.n]
            else:
                code = self.whole_number()
                if not 0xD800 <= code < 0xE000:
                    self.p = q
                    raise CorruptError("in a $str, numbers are the code points of surrogates")
                whole += chr(code).encode("utf-8", "surrogatepass")
            if space(self) == 93:
                self.p += 1
                return self.builder.text_of(whole, len(whole))
            self.expect(44)

    cdef uint32_t name(self) except 0:
        """"module:qualname", or both in an array."""
        cdef const unsigned char* q = self.p
        cdef Text text
        cdef Known* known
        cdef uint32_t row
        if q[0] == 91:
            self.p += 1
            module = self.string_object()
            self.expect(44)
            name = self.string_object()
            self.expect(93)
            return self.builder.name(module, name)
        text = self.string()
        known = self.place(2, text)
        if self.is_known(known, text):
            return known.row
        module, colon, name = text.data[:text.n].decode("utf-8", "surrogatepass").partition(":")
        if not colon:
            self.p = q
            raise CorruptError('a name is "module:qualname"')
        row = self.builder.name(module, name)
        self.remember(known, text, row)
        return row


cdef object special(str text):
    """The eight bytes of what JSON has no number for; None where it is none."""
    if text == "inf":
        return b"\x7f\xf0\0\0\0\0\0\0"
    if text == "-inf":
        return b"\xff\xf0\0\0\0\0\0\0"
    if len(text) == 20 and text.startswith("nan:"):
        try:
            bits = bytes.fromhex(text[4:])
        except ValueError:
            return None
        if len(bits) == 8 and bits[0] & 0x7F == 0x7F and bits[1] & 0xF0 == 0xF0 and (bits[1] & 15 or any(bits[2:])):
            return bits
    return None


cdef object integer_of(str text):
    digits = text.removeprefix("-")
    if digits.startswith("0x") and digits[2:].isalnum() and digits.isascii():
        try:
            return int(text, 16)
        except ValueError:
            return None
    if digits.isdecimal() and digits.isascii() and len(digits) <= 4300:
        return int(text)
    return None
