# distutils: define_macros=CYTHON_USE_TYPE_SPECS=1
# (Heap types, as those of _pickle: seen by the collector, and immutable.)
# cython: binding=False
# (dump and dumps as class attributes must not bind, as those of C do not; and calls cost less.)
"""What a caller holds: Pickler, dump, dumps, with the contract of the standard module's.

Formats and meanings are those of ``pickle`` (PEP 307, 3154, 574), name for name; the
engine's own are ``canonical`` and errors that say where in the object they arose.
"""

import sys

from libc.stdint cimport uintptr_t

from _pickle import PicklingError

from perdure._engine.claims cimport *
from perdure._engine.writer.canonical cimport Canon
from perdure._engine.writer.capi cimport *
from perdure._engine.writer.loops cimport write_object
from perdure._engine.writer.output cimport Output
from perdure._engine.writer.output import Restart
from perdure._engine.writer.places cimport annotate
from perdure._engine.writer.shapes cimport return_shapes, exchange

cdef extern from *:
    """
    #ifndef PERDURE_PROFILED
    #define PERDURE_PROFILED 0
    #endif
    """
    const int PERDURE_PROFILED

HIGHEST_PROTOCOL = 5
DEFAULT_PROTOCOL = 5 if sys.version_info >= (3, 14) else 4
PROFILED = bool(PERDURE_PROFILED)   # how the engine was compiled: by tools/profiled.py

cdef object missing = object()
cdef int highest = 5
cdef int default = DEFAULT_PROTOCOL
cdef PyObject* idle = NULL   # the Output of the last dumps, owned: a small message makes none


cdef inline int set_protocol(Output out, protocol, buffer_callback) except -1:
    cdef int n = default
    if protocol is not None:
        n = protocol
        if n < 0:
            n = highest
        elif n > highest:
            raise ValueError(f"pickle protocol must be <= {highest}")
    if buffer_callback is not None and n < 5:
        raise ValueError("buffer_callback needs protocol >= 5")
    out.proto = n
    out.binary = n >= 1
    out.plain = n >= 4
    return 0


cdef object perform(Output out, obj):
    """One dump: the bytes, or None if they went to the file. Leaves the memo to the caller."""
    if out.canonical:
        out.canon = Canon(obj, out.proto)
    try:
        try:
            result = write_object(out, <PyObject*>obj)
        except Restart:
            # A hook fetched what had been written without a memo entry: once more, eliding nothing.
            out.reset()
            out.forget()
            out.elide = False
            out.decided = 0
            result = write_object(out, <PyObject*>obj)
    except BaseException as problem:
        annotate(out, problem)
        raise
    finally:
        out.part_of = None
        out.canon = None
        out.decided = 0
        if out.decisions:
            out.decisions.clear()
        out.reset()
        if out.shapes is not None:
            return_shapes(out.shapes)
            out.shapes = None
    return result


def dumps(obj, protocol=None, *, fix_imports=True, buffer_callback=None, canonical=False, path_notes=False):
    """The pickle of obj, as bytes."""
    cdef Output out
    cdef PyObject* taken = exchange(&idle, NULL)
    if taken != NULL:
        out = <Output>taken
        Py_DECREF(taken)
    else:
        out = Output()
    try:
        set_protocol(out, protocol, buffer_callback)
        out.fix_imports = fix_imports
        out.path_notes = path_notes
        out.canonical = canonical
        out.elide = not canonical
        if canonical:
            out.plain = False
        if buffer_callback is not None:
            out.buffer_callback = buffer_callback
        return perform(out, obj)
    finally:
        out.forget()
        if buffer_callback is not None:
            out.buffer_callback = None
        Py_INCREF(<PyObject*>out)
        Py_XDECREF(exchange(&idle, <PyObject*>out))


def dump(obj, file, protocol=None, *, fix_imports=True, buffer_callback=None, canonical=False, path_notes=False,
         write_large=None, set modules=None):
    """Write the pickle of obj to a file opened for binary writing.

    ``write_large(header, payload)`` is called in place of the file's write for an opcode whose argument stands
    outside frames. ``modules`` gets the names of the modules that the stream names."""
    cdef Output out = Output()
    set_protocol(out, protocol, buffer_callback)
    out.write = write_of(file)
    out.fix_imports = fix_imports
    out.path_notes = path_notes
    out.canonical = canonical
    if canonical:
        out.plain = False
    out.buffer_callback = buffer_callback
    out.write_large = write_large
    out.modules = modules
    perform(out, obj)


cdef object write_of(file):
    try:
        return file.write
    except AttributeError:
        raise TypeError("file must have a 'write' attribute") from None


cdef class PicklerMemoProxy:
    """What ``Pickler.memo`` gives: the memo, to copy, clear or hand to another pickler."""
    cdef Pickler pickler

    def __init__(self, Pickler pickler):
        self.pickler = pickler

    def clear(self):
        """Empty the memo."""
        self.pickler.clear_memo()

    def copy(self):
        """The memo as a dict: id -> (number, object)."""
        cdef Output out
        visiting = visit(&self.pickler.owner, "Pickler")
        try:
            out = self.pickler.out
            return {<size_t>out.owned[i]: (out.known(out.owned[i]), <object>out.owned[i])
                    for i in range(out.owned_count)}
        finally:
            if visiting:
                release(&self.pickler.owner)

    def __reduce__(self):
        return dict, (self.copy(),)


cdef class Pickler:
    """Writes objects to a file, one pickle after another, sharing one memo."""
    cdef Output out
    cdef object persistent_id_hook, table
    cdef uintptr_t owner
    cdef object __weakref__

    def __init__(self, file, protocol=None, fix_imports=True, buffer_callback=None):
        cdef Output out
        claim(&self.owner, "Pickler")
        try:
            out = Output()
            set_protocol(out, protocol, buffer_callback)
            out.write = write_of(file)
            out.fix_imports = fix_imports
            out.buffer_callback = buffer_callback
            self.out = out
        finally:
            release(&self.owner)

    def dump(self, obj, /):
        """Write the pickle of obj to the file."""
        cdef Output out
        claim(&self.owner, "Pickler")
        out = self.out
        try:
            if out is None:
                raise PicklingError(f"Pickler.__init__() was not called by {type(self).__name__}.__init__()")
            self.set_hooks()
            perform(out, obj)
        finally:
            if out is not None:
                out.persistent_id = out.reducer_override = out.dispatch_table = None
            release(&self.owner)

    cdef int set_hooks(self) except -1:
        """What a subclass, or an attribute, has put in the place of the usual."""
        cdef Output out = self.out
        out.persistent_id = self.persistent_id_hook
        out.dispatch_table = self.table
        if type(self) is not Pickler:
            if out.persistent_id is None and getattr(type(self), "persistent_id", None) is not own_persistent_id:
                out.persistent_id = self.persistent_id
            out.reducer_override = getattr(self, "reducer_override", missing)
            if out.reducer_override is missing:
                out.reducer_override = None
            elif out.reducer_override is None:
                raise TypeError("'NoneType' object is not callable")  # as calling it would say
            out.dispatch_table = getattr(self, "dispatch_table", None)
        out.plain = out.proto >= 4 and out.persistent_id is None
        return 0

    def clear_memo(self):
        """Forget what has been written: the next dump is self-contained."""
        visiting = visit(&self.owner, "Pickler")
        if self.out is not None:
            self.out.forget()
        if visiting:
            release(&self.owner)

    def no_persistent_id(self, obj, /):
        return None

    @property
    def persistent_id(self):
        """Called with every object; an answer that is not None is written in its place."""
        return self.persistent_id_hook if self.persistent_id_hook is not None else self.no_persistent_id

    @persistent_id.setter
    def persistent_id(self, hook):
        if not callable(hook):
            raise TypeError("persistent_id must be a callable taking one argument")
        self.persistent_id_hook = hook

    @persistent_id.deleter
    def persistent_id(self):
        self.persistent_id_hook = None

    @property
    def dispatch_table(self):
        """Reduce functions by class, in place of copyreg's."""
        if self.table is None:
            raise AttributeError("dispatch_table")
        return self.table

    @dispatch_table.setter
    def dispatch_table(self, table):
        self.table = table

    @dispatch_table.deleter
    def dispatch_table(self):
        if self.table is None:
            raise AttributeError("dispatch_table")
        self.table = None

    @property
    def bin(self):
        """Whether the protocol is a binary one."""
        return int(self.out.binary)

    @bin.setter
    def bin(self, value):
        cdef int number = value
        self.out.binary = number != 0

    @bin.deleter
    def bin(self):
        raise TypeError("can't delete numeric/char attribute")

    @property
    def fast(self):
        """Write no memo: smaller, but shared objects are written again and cycles fail."""
        return int(self.out.fast)

    @fast.setter
    def fast(self, value):
        cdef int number = value
        self.out.fast = number != 0

    @fast.deleter
    def fast(self):
        raise TypeError("can't delete numeric/char attribute")

    @property
    def memo(self):
        """What has been written; set it to share a memo between picklers."""
        return PicklerMemoProxy(self)

    @memo.deleter
    def memo(self):
        raise TypeError("attribute deletion is not supported")

    @memo.setter
    def memo(self, memo):
        if isinstance(memo, PicklerMemoProxy):
            memo = (<PicklerMemoProxy>memo).copy()
        elif not isinstance(memo, dict):
            raise TypeError("'memo' attribute must be a PicklerMemoProxy object or dict, "
                            f"not {type(memo).__name__}")
        for value in memo.values():
            if type(value) is not tuple or len(value) != 2:
                raise TypeError("'memo' values must be 2-item tuples")
        entries = [(<unsigned int>number, obj) for number, obj in memo.values()]
        claim(&self.owner, "Pickler")
        try:
            self.out.forget()
            for number, obj in entries:
                self.out.own_as(<PyObject*>obj, number)
        finally:
            release(&self.owner)


cdef object own_persistent_id = Pickler.__dict__["persistent_id"]

make_immutable(<PyObject*>Pickler)
make_immutable(<PyObject*>PicklerMemoProxy)
