"""The keys that say which files are yours: to make, rotate, share and publish with them. docs/keys.md is the guide.

    perdure.keys.own()                          the key that seals, made on first use
    perdure.keys.new()                          another seals from now on; the present one still verifies
    perdure.keys.add(key, "team")               what the team sealed is yours too; use("team") seals with it
    perdure.keys.trust_publisher(hex, "them")   what they published loads in full

>>> from perdure import keys
>>> before = keys.own()
>>> after = keys.new()
>>> keys.own() == after, before.id in keys.known().keys
(True, True)
"""

from perdure.errors import KeyFileError
from perdure.files.keyfiles import folder
from perdure.files.keys import Key, Ring, add, forget, known, new, own, use
from perdure.files.publishers import (
    distrust,
    public_key,
    publisher,
    publisher_new,
    publishers,
    trust_publisher,
)

__all__ = [
    "Key", "KeyFileError", "Ring", "add", "distrust", "folder", "forget", "known", "new", "own", "public_key",
    "publisher", "publisher_new", "publishers", "trust_publisher", "use",
]
