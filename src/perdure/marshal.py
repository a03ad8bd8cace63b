"""The standard ``marshal`` module, with a reader that any bytes may be fed to.

``dump`` and ``dumps`` are the standard module's own; ``load`` and ``loads`` read the same values from the same
bytes, of versions 0 to 5, and give an error for all other bytes:

>>> from perdure import marshal
>>> marshal.loads(marshal.dumps({"rows": [(1, 2.5), (2, None)]}))
{'rows': [(1, 2.5), (2, None)]}
>>> marshal.loads(b"(\\xff\\xff\\xff\\x7f")
Traceback (most recent call last):
...
perdure.errors.TruncatedError: marshal data too short (at byte 5)

A file is left right behind the value:

>>> import io
>>> file = io.BytesIO(marshal.dumps("one") + marshal.dumps("two"))
>>> marshal.load(file), marshal.load(file)
('one', 'two')

Code objects load as records, :class:`Code`, unless ``trusted=perdure.TRUST_ALL``. docs/marshal.md has the rest.
"""

from marshal import dump, dumps, version

from perdure._engine.marshal.code import Code
from perdure._engine.marshal.reader import load, loads

__all__ = ["Code", "dump", "dumps", "load", "loads", "version"]
