# distutils: define_macros=CYTHON_USE_TYPE_SPECS=1
# cython: auto_pickle=False
"""A code object as a stream describes it: a record, which cannot be run.

Rule: hashing one takes no more than its name and its bytes do; `==` goes into the constants, and what that may
take is known (`cost`) before one can become a key.
"""

from perdure._engine.marshal.code cimport Code

cdef enum:  # of a name in co_localspluskinds
    LOCAL = 0x20
    CELL = 0x40
    FREE = 0x80


cdef class Code:
    """What a stream says of a code object, as it lies there: data, which cannot be run.

    Attributes are those of ``types.CodeType`` that the stream has. The names of variables stand in
    ``co_localsplusnames``, and what each is in ``co_localspluskinds``, of which ``co_varnames``,
    ``co_cellvars``, ``co_freevars`` and ``co_nlocals`` are made. Equal records have equal attributes.

    >>> from perdure import marshal
    >>> code = marshal.loads(marshal.dumps(compile("a + 1", "sum.py", "eval")))
    >>> code
    <perdure.marshal.Code <module> at 'sum.py':1>
    >>> code.co_names
    ('a',)
    """

    def __init__(self):
        raise TypeError("what a code object says is read from a stream, and not made")

    @property
    def co_varnames(self):
        """Names of local variables, those of the arguments first."""
        return names_of(self, LOCAL)

    @property
    def co_cellvars(self):
        """Names of variables that inner functions refer to."""
        return names_of(self, CELL)

    @property
    def co_freevars(self):
        """Names of variables of outer functions."""
        return names_of(self, FREE)

    @property
    def co_nlocals(self):
        """How many local variables there are."""
        return len(names_of(self, LOCAL))

    def __eq__(self, other):
        if type(other) is not Code:
            return NotImplemented
        return self is other or values_of(self) == values_of(other)

    def __hash__(self):
        return hash((self.co_name, self.co_firstlineno, self.co_code))

    def __repr__(self):
        return f"<perdure.marshal.Code {self.co_qualname:.100} at {self.co_filename[:100]!r}:{self.co_firstlineno}>"


cdef tuple names_of(Code code, int kind):
    return tuple([name for name, bits in zip(code.co_localsplusnames, code.co_localspluskinds) if bits & kind])


cdef tuple values_of(Code code):
    return (
        code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_stacksize, code.co_flags,
        code.co_firstlineno, code.co_code, code.co_names, code.co_localsplusnames, code.co_localspluskinds,
        code.co_filename, code.co_name, code.co_qualname, code.co_linetable, code.co_exceptiontable, code.co_consts,
    )
