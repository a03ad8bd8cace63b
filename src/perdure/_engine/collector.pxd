"""While something large is read the garbage collector is paused: it would only walk, again and again, objects that
are all alive."""

cdef enum:
    PAUSE_FROM = 8192  # bytes of a stream for which a pause is worth it

cdef bint pause(Py_ssize_t size) noexcept
cdef void resume() noexcept
