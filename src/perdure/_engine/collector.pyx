"""Who has paused the collector, over all loads of the process."""

from perdure._engine.layouts cimport FREE_THREADED

cdef extern from "Python.h":
    int PyGC_Disable() noexcept
    int PyGC_Enable() noexcept

# Loads under way that paused it, and whether the first of them found it on.
cdef Py_ssize_t pauses = 0
cdef bint was_on = False
cdef bint may_pause = True


def pause_collector(bint allowed):
    """Whether large loads may pause the garbage collector (the default); gives the old setting.

    While a load of more than a few kilobytes runs, no thread of the interpreter collects
    cycles; the collector is back on when the last such load has ended, however it ended.
    """
    global may_pause
    old = may_pause
    may_pause = allowed
    return old


cdef bint pause(Py_ssize_t size) noexcept:
    """True where `resume` must follow."""
    global pauses, was_on
    if size < PAUSE_FROM or not may_pause or FREE_THREADED:
        return False
    if pauses == 0:
        was_on = PyGC_Disable() == 1
    pauses += 1
    return True


cdef void resume() noexcept:
    global pauses
    pauses -= 1
    if pauses == 0 and was_on:
        PyGC_Enable()
