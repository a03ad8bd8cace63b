from perdure._engine.machine cimport Machine

cdef object origin_of(Machine* m)
