# What becomes of a container once its items are there, and what that may cost.
#
# Rules:
# - Keys are charged before they are hashed (work.pxd). What charge() cannot know is measured first: code objects
#   and frozendicts, of which == may cost more than hash(), and tuples that are not finished.
# - A cycle of nothing but immutable values, which the collector could not free, is taken apart and refused.

from cpython.object cimport PyObject
from perdure._engine.marshal.state cimport Reader

cdef PyObject* finish(Reader* r) noexcept
cdef int add_pairs(Reader* r) noexcept
cdef PyObject* finish_pairs(Reader* r) noexcept
cdef int note_unfinished(Reader* r, PyObject* value) noexcept
cdef int untie(Reader* r) except -1
cdef bint has_frozendict
