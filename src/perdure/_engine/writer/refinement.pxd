cdef list ranks(list labels, list edges, set chosen)
