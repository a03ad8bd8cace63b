cdef str type_name(t)
cdef tuple global_name(obj, name)
