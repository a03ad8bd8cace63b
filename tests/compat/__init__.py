"""CPython's own pickle tests, those of the running interpreter, against perdure.pickle."""
