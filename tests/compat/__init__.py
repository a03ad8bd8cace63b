"""CPython's own tests of pickle and marshal, those of the running interpreter, against perdure's."""
