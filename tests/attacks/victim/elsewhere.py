"""Classes that live in this module, and one that only says so."""

from tests.attacks import victim


class Plain:
    pass


Alias = victim.Plain  # defined elsewhere, in the same package


class Impostor:
    """Says that it is of another package."""


Impostor.__module__ = "os"
