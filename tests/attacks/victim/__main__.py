"""Nothing that a name in a stream may import: what stands here is run as a program."""

from tests.attacks import victim

victim.ran.append("the package's __main__")


class Plain:
    pass
