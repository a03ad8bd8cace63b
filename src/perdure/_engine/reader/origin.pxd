from perdure._engine.reader.machine cimport Machine

cdef object origin_of(Machine* m)
