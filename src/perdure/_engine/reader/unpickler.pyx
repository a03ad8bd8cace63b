# distutils: define_macros=CYTHON_USE_TYPE_SPECS=1
# (Heap types, as those of _pickle: seen by the collector, and immutable.)
# cython: binding=False, wraparound=True, boundscheck=True
# (load and loads as class attributes must not bind, as those of C do not; and calls cost less.)
"""The doors to the unpickling machine: `load`, `loads` and Unpickler with the standard module's
contract, `load_policy` and `loads_policy` for a policy that decides what may be built.

Each call makes a machine on the C stack; an Unpickler keeps one, for the memo and the window
that its next load() goes on with.
"""

from cpython.object cimport PyObject
from libc.stdint cimport uint64_t, uintptr_t

from perdure._engine.claims cimport *
from perdure._engine.collector cimport PAUSE_FROM, pause, resume
from perdure._engine.layouts cimport direct_memory
from perdure._engine.reader.capi cimport *
from perdure._engine.reader.filling cimport keep_foreign
from perdure._engine.reader.guard cimport Callee, found_by
from perdure._engine.reader.machine cimport *
from perdure._engine.reader.names cimport find_global
from perdure._engine.reader.origin cimport origin_of
from perdure._engine.reader.source cimport put_back, take_memory

from io import BytesIO

from perdure.errors import (
    CorruptError, LimitError, TruncatedError, UnpicklingError, UntrustedError,
)

cdef extern from *:
    """
    /* A reference given away: NULL means that an exception is set. */
    #define PERDURE_TAKE(p) (p)
    """
    object take "PERDURE_TAKE"(PyObject*)
    int PyObject_GetBuffer_ "PyObject_GetBuffer"(object, Py_buffer*, int) except -1

# ---- input ---------------------------------------------------------------------------------

cdef class File:
    """The methods of a file that a machine reads from; read() and readline() it must have."""
    cdef object read, readinto, readline, peek
    cdef object memory  # a BytesIO, to be read in place; then there are no methods

    def __cinit__(self, file):
        if direct_memory and type(file) is BytesIO:
            self.memory = file
            return
        self.peek = getattr(file, "peek", None)
        self.readinto = getattr(file, "readinto", None)
        self.read = getattr(file, "read", None)
        self.readline = getattr(file, "readline", None)
        if self.read is None or self.readline is None:
            raise TypeError("file must have 'read' and 'readline' attributes")


cdef inline PyObject* borrowed(object value) noexcept:
    return NULL if value is None else <PyObject*>value


cdef inline void set_file(Machine* m, File file) noexcept:
    m.read = borrowed(file.read)
    m.readline = borrowed(file.readline)
    m.readinto = borrowed(file.readinto)
    m.peek = borrowed(file.peek)
    m.memory = borrowed(file.memory)


cdef inline object buffers_iterator(object buffers):
    return None if buffers is None or buffers == () else iter(buffers)


cdef object run_bytes(Machine* m, object data):
    """Runs the machine over a bytes-like object, whose memory stays put meanwhile."""
    cdef Py_buffer view
    cdef PyObject* value
    cdef bint paused
    view.buf = NULL
    if PyBytes_CheckExact(<PyObject*>data):
        m.start = <const unsigned char*>PyBytes_AS_STRING(<PyObject*>data)
        m.end = m.start + PyBytes_GET_SIZE(<PyObject*>data)
    else:
        PyObject_GetBuffer_(data, &view, PyBUF_CONTIG_RO)
        m.start = <const unsigned char*>view.buf
        m.end = m.start + view.len
    m.p = m.start
    paused = pause(m.end - m.start)
    value = run(m)
    if paused:
        resume()
    if value == NULL:
        try:
            leave(m)
        finally:
            machine_end(m)
            if view.buf != NULL:
                PyBuffer_Release(&view)
    machine_end(m)
    if view.buf != NULL:
        PyBuffer_Release(&view)
    return take(value)


cdef object run_file(Machine* m):
    cdef PyObject* value
    cdef bint paused
    cdef Py_ssize_t size = PAUSE_FROM  # who knows
    if m.memory != NULL:
        if take_memory(m) < 0:
            take(NULL)
        size = m.end - m.p
    paused = pause(size)
    value = run(m)
    if paused:
        resume()
    if m.memory != NULL:
        put_back(m)
    if value == NULL:
        leave(m)
    return take(value)


cdef int leave(Machine* m) except -1:
    """A load has failed: where in the stream, and where in the object. The exception is raised
    again, with the place in its notes."""
    if m.error_offset == 0:
        m.error_offset = m.passed + (m.p - m.start)
    try:
        take(NULL)
    except Exception as error:
        try:
            place = origin_of(m)
            if m.policy != NULL and isinstance(error, UntrustedError):
                error.add_note(f"at {place or 'an unknown place'}, by {opcode_at(m)} (byte {m.error_offset})")
            elif place is not None and place != "root":
                error.add_note(f"at {place}")
        except Exception:  # a key's repr may raise
            pass
        raise


cdef str opcode_at(Machine* m):
    """The name of the opcode at which a load has failed."""
    from perdure import opcodes

    byte = m.p[:1] if m.p < m.end else b""
    return next((name for name in opcodes.__all__ if getattr(opcodes, name) == byte), "an opcode")


# ---- the standard door ---------------------------------------------------------------------

def loads(data, /, *, bint fix_imports=True, str encoding not None="ASCII", str errors not None="strict",
          buffers=()):
    """Return the object that a pickle, given as a bytes-like object, describes.

    As the standard module's ``loads``: any class loads. Bytes after the pickle are ignored.
    """
    cdef Machine m
    machine_init(&m)
    m.fix_imports = fix_imports
    m.encoding = <PyObject*>encoding
    m.errors = <PyObject*>errors
    if buffers is not None and buffers is not ():
        buffers = iter(buffers)
        m.buffers = <PyObject*>buffers
    return run_bytes(&m, data)


def load(file, /, *, bint fix_imports=True, str encoding not None="ASCII", str errors not None="strict",
         buffers=()):
    """Return the object that the pickle at a binary file's position describes.

    As the standard module's ``load``: any class loads. The file is left behind the pickle.
    """
    cdef Machine m
    methods = File(file)
    machine_init(&m)
    set_file(&m, methods)
    m.fix_imports = fix_imports
    m.encoding = <PyObject*>encoding
    m.errors = <PyObject*>errors
    if buffers is not None and buffers is not ():
        buffers = iter(buffers)
        m.buffers = <PyObject*>buffers
    try:
        return run_file(&m)
    finally:
        machine_end(&m)


def empty_bytearray(Py_ssize_t size):
    """A bytearray of this size whose bytes are whatever lay in memory: for who fills it at once."""
    if size < 0:
        raise ValueError("a size is not negative")
    return take(PyByteArray_FromStringAndSize(NULL, size))


# ---- the policy door -----------------------------------------------------------------------

def loads_policy(data, policy, /, bint fix_imports=True, str encoding not None="ASCII",
                 str errors not None="strict", buffers=None, dict limits=None):
    """As `loads`, but *policy* decides what may be built: None (everything), or an object whose
    ``resolve(module, name)`` gives a Callee or a Constant, or raises UntrustedError.

    Malformed streams raise CorruptError with the offset (TruncatedError where they only end too
    early), work out of proportion LimitError; what code called by the stream raised passes.
    """
    cdef Machine m
    machine_init(&m)
    m.policy = borrowed(policy)
    m.fix_imports = fix_imports
    m.encoding = <PyObject*>encoding
    m.errors = <PyObject*>errors
    if buffers is not None:
        buffers = iter(buffers)
        m.buffers = <PyObject*>buffers
    if limits is not None:
        set_limits(&m, limits)
    try:
        return run_bytes(&m, data)
    except Exception as error:
        raise_converted(&m, error)


def load_policy(file, policy, /, bint fix_imports=True, str encoding not None="ASCII",
                str errors not None="strict", buffers=None, dict limits=None):
    """As `loads_policy`, from a binary file, which is left behind the pickle."""
    cdef Machine m
    methods = File(file)
    machine_init(&m)
    set_file(&m, methods)
    m.policy = borrowed(policy)
    m.fix_imports = fix_imports
    m.encoding = <PyObject*>encoding
    m.errors = <PyObject*>errors
    if buffers is not None:
        buffers = iter(buffers)
        m.buffers = <PyObject*>buffers
    if limits is not None:
        set_limits(&m, limits)
    try:
        return run_file(&m)
    except Exception as error:
        raise_converted(&m, error)
    finally:
        machine_end(&m)


cdef int set_limits(Machine* m, dict limits) except -1:
    """``hashing``, steps, and ``memory``, bytes, instead of the budgets in proportion to the stream."""
    if "hashing" in limits:
        m.budget = limits["hashing"]
        m.fixed_steps = True
    if "memory" in limits:
        m.copies = limits["memory"]
        m.fixed_copies = True
    return 0


cdef int raise_converted(Machine* m, object error) except -1:
    """The one boundary of the policy door: what the machine itself raised becomes an error that
    says so; what came out of code that the stream called, or of the file, stays what it is."""
    if m.hook or m.foreign and m.policy == NULL or isinstance(error, (CorruptError, LimitError, UntrustedError)):
        raise error
    if m.reading and isinstance(error, OSError) or m.foreign and isinstance(error, Warning):
        raise error
    text = text_of(error)
    kind = TruncatedError if m.truncated else CorruptError
    if isinstance(error, (RecursionError, MemoryError)):
        raise LimitError(f"{text:.300} (at byte {m.error_offset})", limit_of(error)) from error
    notes = getattr(error, "__notes__", ())
    place = f", {notes[-1]}" if notes and notes[-1].startswith("at root") else ""
    raise kind(f"{text:.300} (at byte {m.error_offset}{place})", m.error_offset) from error


cdef str text_of(object error):
    """What it says, where that is text already: the repr of what it was raised with could be endless."""
    if all([type(arg) is str or type(arg) is int or type(arg) is bytes or arg is None for arg in error.args]):
        return str(error) or type(error).__name__
    return type(error).__name__


cdef str limit_of(object error):
    return "depth" if isinstance(error, RecursionError) else "memory"


# ---- Unpickler -----------------------------------------------------------------------------

cdef class Unpickler:
    """Unpickler(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())

    Reads pickles from a binary file, as the standard module's Unpickler: the memo is kept from
    one load() to the next; subclasses may override find_class and persistent_load.
    """
    cdef Machine machine
    cdef File file
    cdef object buffers
    cdef str encoding
    cdef str errors
    cdef object persistent_load_attribute
    cdef dict given_memo
    cdef uintptr_t owner

    def __cinit__(self, *args, **kwargs):
        machine_init(&self.machine)
        self.machine.keeps_memo = True

    def __dealloc__(self):
        machine_end(&self.machine)

    def __init__(self, file, *, bint fix_imports=True, str encoding not None="ASCII",
                 str errors not None="strict", buffers=()):
        claim(&self.owner, "Unpickler")
        try:
            self.file = None
            machine_end(&self.machine)
            machine_init(&self.machine)
            self.machine.keeps_memo = True
            self.machine.fix_imports = fix_imports
            self.encoding = encoding
            self.errors = errors
            self.buffers = buffers_iterator(buffers)
            self.file = File(file)
        finally:
            release(&self.owner)

    def load(self):
        """Read a pickle from the file and return the object that it describes."""
        cdef Machine* m = &self.machine
        if self.file is None:
            raise UnpicklingError("Unpickler.__init__() was not called by "
                                  f"{type(self).__name__}.__init__()")
        claim(&self.owner, "Unpickler")
        try:
            return self.load_claimed()
        finally:
            m.persistent_load = NULL
            machine_rest(m)
            release(&self.owner)

    cdef object load_claimed(self):
        cdef Machine* m = &self.machine
        persistent_load = self.persistent_load_attribute
        m.unpickler = NULL
        if type(self) is not Unpickler:
            if m.policy == NULL or type(self).find_class is not PolicyUnpickler.find_class:
                m.unpickler = <PyObject*>self
            if persistent_load is None:
                persistent_load = self.persistent_load
        if m.read == NULL and m.memory == NULL:
            set_file(m, self.file)
        m.persistent_load = borrowed(persistent_load)
        m.encoding = <PyObject*>self.encoding
        m.errors = <PyObject*>self.errors
        m.buffers = borrowed(self.buffers)
        m.proto = 0
        m.callees = m.pending = 0
        if not m.fixed_steps:
            m.budget = m.granted = 0
        if not m.fixed_copies:
            m.copies = FREE_COPIES
        m.error_offset = 0
        m.truncated = m.foreign = m.reading = m.hook = False
        return run_file(m)

    def find_class(self, module_name, global_name, /):
        """Return an object from a module, which is imported if need be.

        Called for every class and function that a stream names; override it to restrict them.
        """
        return find_global(module_name, global_name, self.machine.proto, self.machine.fix_imports)

    def persistent_load(self, pid, /):
        """Return the object that a persistent id stands for; override it."""
        raise UnpicklingError("A load persistent id instruction was encountered, "
                              "but no persistent_load function was specified.")

    # As in C: a persistent_load set on the instance hides the method, and can be deleted again.
    # Subclasses inherit this; the class itself gets the same in C, see `unpickler_getattro`.
    def __getattribute__(self, name):
        if self.persistent_load_attribute is not None and name == "persistent_load":
            return self.persistent_load_attribute
        return take(PyObject_GenericGetAttr(<PyObject*>self, <PyObject*>name))

    def __setattr__(self, name, value):
        if name == "persistent_load":
            self.persistent_load_attribute = value
        elif PyObject_GenericSetAttr(<PyObject*>self, <PyObject*>name, <PyObject*>value) < 0:
            take(NULL)

    def __delattr__(self, name):
        if name == "persistent_load":
            self.persistent_load_attribute = None
        elif PyObject_GenericSetAttr(<PyObject*>self, <PyObject*>name, NULL) < 0:
            take(NULL)

    @property
    def memo(self):
        return UnpicklerMemoProxy(self)

    @memo.setter
    def memo(self, value):
        cdef dict entries
        cdef Py_ssize_t index
        if isinstance(value, UnpicklerMemoProxy):
            entries = value.copy()
        elif isinstance(value, dict):
            entries = dict(value)
        else:
            raise TypeError("'memo' attribute must be an UnpicklerMemoProxy object "
                            f"or dict, not {type(value).__name__:.200}")
        for key in entries:
            if not isinstance(key, int):
                raise TypeError("memo key must be integers")
            if key < 0:
                raise ValueError("memo key must be positive integers.")
        visiting = visit(&self.owner, "Unpickler")
        try:
            memo_clear(&self.machine)
            for key, item in entries.items():
                index = key
                if type(item) is Callee:
                    continue  # of a policy that need not be ours
                if memo_put(&self.machine, index, <PyObject*>item) < 0:
                    take(NULL)
            self.given_memo = entries  # under a policy: not to be filled in
        finally:
            if visiting:
                release(&self.owner)

    @memo.deleter
    def memo(self):
        raise TypeError("attribute deletion is not supported")


cdef class PolicyUnpickler(Unpickler):
    """PolicyUnpickler(file, policy, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=None, limits=None)

    As Unpickler, with the policy, the limits and the errors of `loads_policy`. What persistent_load returns
    is a value.
    """
    cdef object policy
    cdef dict limits

    def __init__(self, file, policy, *, bint fix_imports=True, str encoding not None="ASCII",
                 str errors not None="strict", buffers=None, dict limits=None):
        self.limits = limits
        Unpickler.__init__(self, file, fix_imports=fix_imports, encoding=encoding, errors=errors,
                           buffers=buffers)
        self.policy = policy

    def find_class(self, module_name, global_name, /):
        """What the policy allows a name to stand for; UntrustedError where it is nothing.

        Override it to decide otherwise: a class that it returns is trusted, a function is a
        value, unless the policy lets it be called.
        """
        cdef Machine* m = &self.machine
        if self.policy is None:
            return Unpickler.find_class(self, module_name, global_name)
        return found_by(self.policy, module_name, global_name, m.proto < 3 and m.fix_imports)

    def load(self):
        """Read a pickle from the file and return the object that it describes."""
        try:
            return Unpickler.load(self)
        except Exception as error:
            if self.file is None or self.owner:
                raise
            raise_converted(&self.machine, error)

    cdef object load_claimed(self):
        cdef Machine* m = &self.machine
        m.policy = borrowed(self.policy)
        if self.limits is not None:
            set_limits(m, self.limits)
        if self.given_memo is not None and self.policy is not None:
            for item in self.given_memo.values():
                if keep_foreign(m, <PyObject*>item) < 0:
                    take(NULL)
        return Unpickler.load_claimed(self)


cdef class UnpicklerMemoProxy:
    """An Unpickler's memo as an object: copy, clear, and assign it to another's `memo`."""
    cdef Unpickler unpickler

    def __cinit__(self, Unpickler unpickler not None):
        self.unpickler = unpickler

    __hash__ = None

    def clear(self):
        """Remove all items from memo."""
        visiting = visit(&self.unpickler.owner, "Unpickler")
        memo_clear(&self.unpickler.machine)
        if visiting:
            release(&self.unpickler.owner)

    def copy(self):
        """Copy the memo to a new dict, index to object."""
        cdef Machine* m = &self.unpickler.machine
        cdef dict copied = {}
        cdef object key, value
        cdef Py_ssize_t i
        visiting = visit(&self.unpickler.owner, "Unpickler")
        try:
            if m.memo_sparse != NULL:
                for key, value in (<dict><object>m.memo_sparse).items():
                    copied[<uint64_t>key * undone] = value
            for i in range(m.memo_filled):
                if m.memo[i] != NULL:
                    copied[i] = <object>m.memo[i]
            return copied
        finally:
            if visiting:
                release(&self.unpickler.owner)

    def __reduce__(self):
        return dict, (self.copy(),)


cdef PyObject* unpickler_getattro(PyObject* self, PyObject* name) noexcept:
    cdef PyObject* set_on_instance = <PyObject*>(<Unpickler>self).persistent_load_attribute
    if (set_on_instance != Py_None and PyUnicode_CheckExact(name)
            and PyUnicode_Compare(name, <PyObject*>S_persistent_load) == 0):
        Py_INCREF(set_on_instance)
        return set_on_instance
    return PyObject_GenericGetAttr(self, name)


cdef extern from *:
    """
    /* What Cython cannot say of a class: its attribute slot in C, and that it is immutable. */
    static void perdure_finish_type(PyObject *type, PyObject *(*getattro)(PyObject *, PyObject *)) {
        if (getattro != NULL) ((PyTypeObject *)type)->tp_getattro = getattro;
        ((PyTypeObject *)type)->tp_flags |= Py_TPFLAGS_IMMUTABLETYPE;
        PyType_Modified((PyTypeObject *)type);
    }
    """
    void finish_type "perdure_finish_type"(PyObject*, PyObject* (*)(PyObject*, PyObject*) noexcept)

cdef str S_persistent_load = "persistent_load"
finish_type(<PyObject*>Unpickler, unpickler_getattro)
finish_type(<PyObject*>PolicyUnpickler, NULL)
finish_type(<PyObject*>UnpicklerMemoProxy, NULL)
