"""What is known of each library's pickles: one module a library, each with

- ``row(module, name)``: the Callee or Constant of a name, or None; the library is
  imported only for a name that is known;
- ``kind(cls)``: what may be done to instances of a class, or None.

A table that is a pack has two constants more: ``TOPS``, the first parts of the names that it knows, and ``NEEDS``,
the packs that it implies.
"""
