cdef object find_global(object module_name, object global_name, int proto, bint fix_imports)
cdef object find_extension(long code)
cdef object extension_name(long code)
cdef int keep_extension(long code, object found) except -1
cdef tuple renamed(object module_name, object global_name)
