"""The part of the package that needs numpy."""

import numpy


class Matrix(numpy.ndarray):
    pass


class Masked(numpy.ma.MaskedArray):
    pass


class Twister(numpy.random.MT19937):
    pass


class Stream(numpy.random.RandomState):
    pass
