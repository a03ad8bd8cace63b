"""The opcode table: the one place where the pickle machine's instructions are written down.

Data only. ``tools/generate.py`` makes from it the engine's enum, the constants of
``perdure.pickle`` and a page of the documentation; whatever walks a stream without
building it reads the rows themselves. A test holds the table against the standard
library's ``pickletools`` and the engine's sources against the table.

The machine
===========

A pickle is a program for a small stack machine. The reader takes one byte, the opcode,
then the argument that this opcode has, acts, and goes on until ``STOP``; the program's
result is then the one thing left on the stack. There are no jumps and no loops: a stream
does at most what its length lets it do, save where an opcode hands control to somebody
else's code. Those opcodes carry the effects ``IMPORT``, ``CALL``, ``STATE``, ``FILL``
(when what is filled is no plain container) and ``PERSIST``; all that is dangerous about
pickle is in them, and a policy has to be asked at each.

**The stack** holds objects under construction. **A mark** on it remembers a height:
opcodes for which the number of operands is open (a list's items, a dict's pairs) take
everything above the topmost mark, and the mark with it. In the rows below, the top of
the stack is at the right; ``mark items`` is a mark and all that lies above it.

**The memo** is an array beside the stack. ``PUT`` and its kin copy the reference on top
of the stack into it, ``GET`` and its kin push it again: so one object appears twice, and
so a container comes to hold itself, since it enters the memo while it is still empty.
A tuple cannot: its items come first, and a writer that finds, having written them, that
the tuple got into the memo meanwhile throws them away (``POP``, ``POP_MARK``) and says
``GET`` instead. ``MEMOIZE`` numbers entries by itself, in the order of their coming;
``PUT`` names the number, and nothing stops a hostile stream from naming 2**32 - 1.

**Protocols** only ever added opcodes. ``PROTO`` says which of them a reader must know.
Protocol 0 is text, each argument a line; 1 made arguments binary; 2 added ``NEWOBJ``,
booleans and the extension registry; 3 bytes; 4 frames, 8-byte lengths, sets and
``MEMOIZE``; 5 buffers.

**Frames** (4) are about input alone: ``FRAME n`` promises that the next n bytes are
whole opcodes, so a reader can fetch them at one go. They mean nothing to the machine and
do not nest. A large payload stands outside frames, so that it need not be copied into one.

**Buffers** (5) are payloads that do not travel in the stream. Writer and reader agree on
a sequence of them out of band; ``NEXT_BUFFER`` pushes the next one.

**Names** are looked up by ``GLOBAL`` and ``STACK_GLOBAL`` (import a module, take an
attribute, with dots a path of attributes), by the ``EXT`` opcodes (the same, through a
number that the process registered), and by ``INST``. What was found is called by
``REDUCE``, ``NEWOBJ``, ``NEWOBJ_EX``, ``OBJ`` and ``INST``; ``BUILD`` gives the result
its state.
"""

from enum import Flag, auto
from typing import NamedTuple

__all__ = ["ARGUMENTS", "EFFECTS", "OPCODES", "Argument", "Effect", "Opcode"]


class Argument(NamedTuple):
    """What follows an opcode in the stream.

    ``size`` is its length in bytes; ``None`` for text that ends with a newline.
    ``counted`` says that those bytes are a length, and so many bytes follow them.
    """

    name: str
    size: int | None
    counted: bool
    meaning: str


ARGUMENTS = {
    argument.name: argument
    for argument in (
        Argument("-", 0, False, "nothing"),
        Argument("u1", 1, False, "unsigned integer of one byte"),
        Argument("u2", 2, False, "unsigned little-endian integer of two bytes"),
        Argument("u4", 4, False, "unsigned little-endian integer of four bytes"),
        Argument("s4", 4, False, "signed little-endian integer of four bytes"),
        Argument("u8", 8, False, "unsigned little-endian integer of eight bytes"),
        Argument("f8", 8, False, "big-endian IEEE 754 double: the one argument that is not little-endian"),
        Argument("int line", None, False, "a decimal integer; `00` and `01` are False and True (INT alone)"),
        Argument("long line", None, False, "a decimal integer, which may end in `L`"),
        Argument("float line", None, False, "a decimal float, as `repr` writes it"),
        Argument("quoted line", None, False, "a Python 2 string literal, quotes and escapes included"),
        Argument("text line", None, False, "raw-unicode-escape text; newline, backslash, NUL and 0x1a escaped"),
        Argument("plain line", None, False, "text without escapes"),
        Argument("two lines", None, False, "two lines without escapes: module, then name"),
        Argument("long1", 1, True, "a u1 length, then a little-endian two's-complement integer of so many bytes"),
        Argument("long4", 4, True, "a non-negative s4 length, then the same"),
        Argument("string1", 1, True, "a u1 length, then bytes of a Python 2 str"),
        Argument("string4", 4, True, "a non-negative s4 length, then bytes of a Python 2 str"),
        Argument("bytes1", 1, True, "a u1 length, then bytes"),
        Argument("bytes4", 4, True, "a u4 length, then bytes"),
        Argument("bytes8", 8, True, "a u8 length, then bytes"),
        Argument("text1", 1, True, "a u1 length, then UTF-8 (lone surrogates as `surrogatepass` has them)"),
        Argument("text4", 4, True, "a u4 length, then the same"),
        Argument("text8", 8, True, "a u8 length, then the same"),
    )
}


class Effect(Flag):
    """What an opcode does to the machine or the world; the danger lies in what hands control away."""

    PUSH = auto()
    STACK = auto()
    BUILD = auto()
    FILL = auto()
    PUT = auto()
    GET = auto()
    IMPORT = auto()
    CALL = auto()
    STATE = auto()
    PERSIST = auto()
    BUFFER = auto()
    FRAME = auto()
    START = auto()
    STOP = auto()


EFFECTS = {
    Effect.PUSH: "pushes a new value that the opcode and its argument hold entirely",
    Effect.STACK: "rearranges the stack: nothing is made",
    Effect.BUILD: "makes a new built-in container of what is on the stack",
    Effect.FILL: "adds to the container below; of any other object it calls `append`, `extend`, `add` "
    "or `__setitem__`, so a policy must know the object",
    Effect.PUT: "stores the top of the stack in the memo",
    Effect.GET: "pushes what the memo holds",
    Effect.IMPORT: "looks a name up, importing its module: a policy must know the name",
    Effect.CALL: "calls what an earlier import found: a policy must know the callable",
    Effect.STATE: "hands an object its state, through `__setstate__` or straight into its attributes: "
    "a policy must know the object, and which state its type bears",
    Effect.PERSIST: "asks the reader's owner for an object of theirs, by an id of theirs",
    Effect.BUFFER: "uses a buffer that travels outside the stream",
    Effect.FRAME: "tells how much to fetch ahead; means nothing to the machine",
    Effect.START: "names the protocol",
    Effect.STOP: "ends the program; the top of the stack is its result",
}


class Opcode(NamedTuple):
    """One row: ``before`` and ``after`` are the stack's top, topmost at the right.

    ``written`` says whether perdure's writer emits the opcode; its reader knows them all.
    """

    name: str
    code: bytes
    argument: str
    before: str
    after: str
    protocol: int
    effect: Effect
    written: bool
    meaning: str


_E = Effect
_W, _R = True, False  # written and read; read only

OPCODES = (
    # Integers
    Opcode("INT", b"I", "int line", "", "int|bool", 0, _E.PUSH, _W,
           "An integer in decimal. Before protocol 2, `I00` and `I01` are the only booleans."),
    Opcode("BININT", b"J", "s4", "", "int", 1, _E.PUSH, _W,
           "A signed 32-bit integer."),
    Opcode("BININT1", b"K", "u1", "", "int", 1, _E.PUSH, _W,
           "An integer from 0 to 255, the shortest form."),
    Opcode("BININT2", b"M", "u2", "", "int", 1, _E.PUSH, _W,
           "An integer from 0 to 65535."),
    Opcode("LONG", b"L", "long line", "", "int", 0, _E.PUSH, _W,
           "An integer of any size in decimal: quadratic to read, so its digits need a bound."),
    Opcode("LONG1", b"\x8a", "long1", "", "int", 2, _E.PUSH, _W,
           "An integer of up to 255 bytes; no bytes at all mean 0."),
    Opcode("LONG4", b"\x8b", "long4", "", "int", 2, _E.PUSH, _W,
           "An integer of up to 2**31 - 1 bytes."),

    # Python 2's str, which may have been text or bytes: the reader's `encoding` decides
    Opcode("STRING", b"S", "quoted line", "", "bytes|str", 0, _E.PUSH, _R,
           "A Python 2 str as a literal; the reader's `encoding` makes it text or bytes."),
    Opcode("BINSTRING", b"T", "string4", "", "bytes|str", 1, _E.PUSH, _R,
           "A Python 2 str, its length signed."),
    Opcode("SHORT_BINSTRING", b"U", "string1", "", "bytes|str", 1, _E.PUSH, _R,
           "A Python 2 str of up to 255 bytes."),

    # Bytes and buffers
    Opcode("BINBYTES", b"B", "bytes4", "", "bytes", 3, _E.PUSH, _W,
           "Bytes, up to 2**32 - 1 of them."),
    Opcode("SHORT_BINBYTES", b"C", "bytes1", "", "bytes", 3, _E.PUSH, _W,
           "Up to 255 bytes."),
    Opcode("BINBYTES8", b"\x8e", "bytes8", "", "bytes", 4, _E.PUSH, _W,
           "Bytes of any number."),
    Opcode("BYTEARRAY8", b"\x96", "bytes8", "", "bytearray", 5, _E.PUSH, _W,
           "A bytearray: new and mutable at each reading."),
    Opcode("NEXT_BUFFER", b"\x97", "-", "", "buffer", 5, _E.BUFFER, _W,
           "Pushes the next out-of-band buffer, as the reader's owner handed it over."),
    Opcode("READONLY_BUFFER", b"\x98", "-", "buffer", "buffer", 5, _E.BUFFER, _W,
           "Replaces the buffer on top by a read-only view of it."),

    # Constants
    Opcode("NONE", b"N", "-", "", "none", 0, _E.PUSH, _W, "None."),
    Opcode("NEWTRUE", b"\x88", "-", "", "bool", 2, _E.PUSH, _W, "True."),
    Opcode("NEWFALSE", b"\x89", "-", "", "bool", 2, _E.PUSH, _W, "False."),

    # Text
    Opcode("UNICODE", b"V", "text line", "", "str", 0, _E.PUSH, _W,
           "Text on a line of its own, escaped."),
    Opcode("SHORT_BINUNICODE", b"\x8c", "text1", "", "str", 4, _E.PUSH, _W,
           "Text of up to 255 bytes of UTF-8."),
    Opcode("BINUNICODE", b"X", "text4", "", "str", 1, _E.PUSH, _W,
           "Text of up to 2**32 - 1 bytes of UTF-8."),
    Opcode("BINUNICODE8", b"\x8d", "text8", "", "str", 4, _E.PUSH, _W,
           "Text of any length."),

    # Floats
    Opcode("FLOAT", b"F", "float line", "", "float", 0, _E.PUSH, _W,
           "A float in decimal; `nan`, `inf` and `-inf` by name."),
    Opcode("BINFLOAT", b"G", "f8", "", "float", 1, _E.PUSH, _W,
           "A float to the bit."),

    # Lists
    Opcode("EMPTY_LIST", b"]", "-", "", "list", 1, _E.PUSH, _W, "A new list."),
    Opcode("APPEND", b"a", "-", "list any", "list", 0, _E.FILL, _W,
           "Appends one item to the list, or calls the object's `append`."),
    Opcode("APPENDS", b"e", "-", "list mark items", "list", 1, _E.FILL, _W,
           "Appends all items above the mark: to a list directly, else by `extend` or `append`."),
    Opcode("LIST", b"l", "-", "mark items", "list", 0, _E.BUILD, _W,
           "A list of the items above the mark."),

    # Tuples
    Opcode("EMPTY_TUPLE", b")", "-", "", "tuple", 1, _E.PUSH, _W, "The empty tuple."),
    Opcode("TUPLE", b"t", "-", "mark items", "tuple", 0, _E.BUILD, _W,
           "A tuple of the items above the mark."),
    Opcode("TUPLE1", b"\x85", "-", "any", "tuple", 2, _E.BUILD, _W, "A tuple of the topmost object."),
    Opcode("TUPLE2", b"\x86", "-", "any any", "tuple", 2, _E.BUILD, _W, "A tuple of the two topmost objects."),
    Opcode("TUPLE3", b"\x87", "-", "any any any", "tuple", 2, _E.BUILD, _W, "A tuple of the three topmost objects."),

    # Dicts
    Opcode("EMPTY_DICT", b"}", "-", "", "dict", 1, _E.PUSH, _W, "A new dict."),
    Opcode("DICT", b"d", "-", "mark items", "dict", 0, _E.BUILD, _W,
           "A dict of the keys and values that alternate above the mark: an even number of them."),
    Opcode("SETITEM", b"s", "-", "dict any any", "dict", 0, _E.FILL, _W,
           "Sets one key (below) to one value (on top), in a dict or by `__setitem__`."),
    Opcode("SETITEMS", b"u", "-", "dict mark items", "dict", 1, _E.FILL, _W,
           "Sets all pairs above the mark. Hashing and comparing keys may run the keys' own code."),

    # Sets
    Opcode("EMPTY_SET", b"\x8f", "-", "", "set", 4, _E.PUSH, _W, "A new set."),
    Opcode("ADDITEMS", b"\x90", "-", "set mark items", "set", 4, _E.FILL, _W,
           "Adds all items above the mark: to a set directly, else by `add`."),
    Opcode("FROZENSET", b"\x91", "-", "mark items", "frozenset", 4, _E.BUILD, _W,
           "A frozenset of the items above the mark."),

    # The stack itself
    Opcode("POP", b"0", "-", "any", "", 0, _E.STACK, _W,
           "Drops the topmost object; a mark, if a mark is what lies on top."),
    Opcode("DUP", b"2", "-", "any", "any any", 0, _E.STACK, _R, "Pushes the topmost object once more."),
    Opcode("MARK", b"(", "-", "", "mark", 0, _E.STACK, _W, "Pushes a mark."),
    Opcode("POP_MARK", b"1", "-", "mark items", "", 1, _E.STACK, _W,
           "Drops the topmost mark and all that lies above it."),

    # The memo
    Opcode("GET", b"g", "int line", "", "any", 0, _E.GET, _W, "Pushes the memo's entry of that number."),
    Opcode("BINGET", b"h", "u1", "", "any", 1, _E.GET, _W, "The same, numbers up to 255."),
    Opcode("LONG_BINGET", b"j", "u4", "", "any", 1, _E.GET, _W, "The same, numbers up to 2**32 - 1."),
    Opcode("PUT", b"p", "int line", "", "", 0, _E.PUT, _W,
           "Stores the topmost object, which stays, in the memo under that number."),
    Opcode("BINPUT", b"q", "u1", "", "", 1, _E.PUT, _W, "The same, numbers up to 255."),
    Opcode("LONG_BINPUT", b"r", "u4", "", "", 1, _E.PUT, _W, "The same, numbers up to 2**32 - 1."),
    Opcode("MEMOIZE", b"\x94", "-", "any", "any", 4, _E.PUT, _W,
           "Stores the topmost object under the number of entries that the memo has so far."),

    # Names
    Opcode("EXT1", b"\x82", "u1", "", "any", 2, _E.IMPORT, _W,
           "What `copyreg` has registered under this number: a name, looked up as by GLOBAL."),
    Opcode("EXT2", b"\x83", "u2", "", "any", 2, _E.IMPORT, _W, "The same, numbers up to 65535."),
    Opcode("EXT4", b"\x84", "s4", "", "any", 2, _E.IMPORT, _W,
           "The same, numbers up to 2**31 - 1; 0 and less are invalid."),
    Opcode("GLOBAL", b"c", "two lines", "", "any", 0, _E.IMPORT, _W,
           "Imports the module and takes the name from it; below protocol 4 the name has no dots."),
    Opcode("STACK_GLOBAL", b"\x93", "-", "str str", "any", 4, _E.IMPORT, _W,
           "The same, with module and name (which may be a dotted path) from the stack."),

    # Instances
    Opcode("REDUCE", b"R", "-", "any any", "any", 0, _E.CALL, _W,
           "Calls the lower object with the tuple on top as arguments: the opcode that pickle's bad name is due to."),
    Opcode("BUILD", b"b", "-", "any any", "any", 0, _E.STATE, _W,
           "Gives the lower object the state on top: by `__setstate__`, else a dict into `__dict__`, "
           "else a pair whose second half is set attribute by attribute (slots)."),
    Opcode("INST", b"i", "two lines", "mark items", "any", 0, _E.IMPORT | _E.CALL, _R,
           "Looks a class up by name and calls it with the items above the mark."),
    Opcode("OBJ", b"o", "-", "mark any items", "any", 1, _E.CALL, _R,
           "Calls the object right above the mark with the items above it."),
    Opcode("NEWOBJ", b"\x81", "-", "any any", "any", 2, _E.CALL, _W,
           "`cls.__new__(cls, *args)`, cls below, args on top."),
    Opcode("NEWOBJ_EX", b"\x92", "-", "any any any", "any", 4, _E.CALL, _W,
           "`cls.__new__(cls, *args, **kwargs)`."),

    # The stream
    Opcode("PROTO", b"\x80", "u1", "", "", 2, _E.START, _W,
           "The stream keeps to this protocol. First in a stream of protocol 2 and later; harmless elsewhere."),
    Opcode("STOP", b".", "-", "any", "", 0, _E.STOP, _W,
           "Ends the program. Nothing but its result should be on the stack."),
    Opcode("FRAME", b"\x95", "u8", "", "", 4, _E.FRAME, _W,
           "The next so many bytes are whole opcodes: fetch them at once."),

    # Persistent ids
    Opcode("PERSID", b"P", "plain line", "", "any", 0, _E.PERSIST, _W,
           "An object that the reader's `persistent_load` gives for the id on the line."),
    Opcode("BINPERSID", b"Q", "-", "any", "any", 1, _E.PERSIST, _W,
           "The same, for the id on top of the stack, which may be any object."),
)
