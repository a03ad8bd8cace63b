from perdure._engine.machine cimport Machine

cdef int load_other(Machine* m, int op) noexcept
