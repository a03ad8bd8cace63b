from perdure._engine.graph.tape cimport Tape

cdef bytes write(Tape tape)
