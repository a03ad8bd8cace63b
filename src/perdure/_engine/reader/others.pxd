from perdure._engine.reader.machine cimport Machine

cdef int load_other(Machine* m, int op) noexcept
