"""Numbers at fixed places of a short text, as dates have them. In a pattern each run of zeros stands for a number of as
many digits; any other character, which is of ASCII, for itself."""

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object, Py_ssize_t*) except NULL


def numbers_in(str text, str pattern, /):
    """The numbers, in their order; ValueError where the text is of another pattern."""
    cdef Py_ssize_t n, i, length
    cdef const char* expected = PyUnicode_AsUTF8AndSize(pattern, &n)
    cdef const char* given
    cdef long long number = -1
    cdef list numbers = []
    if len(text) == n and text.isascii():
        given = PyUnicode_AsUTF8AndSize(text, &length)
        for i in range(n):
            if expected[i] == 48:
                if not 48 <= given[i] <= 57:
                    break
                number = (0 if number < 0 else 10 * number) + given[i] - 48
            else:
                if number >= 0:
                    numbers.append(number)
                    number = -1
                if given[i] != expected[i]:
                    break
        else:
            if number >= 0:
                numbers.append(number)
            return tuple(numbers)
    raise ValueError(f"{pattern.replace('0', 'D')} is expected, of which each D is a digit")


def with_numbers(str pattern, numbers, /):
    """The pattern with the numbers in it, which fit."""
    cdef Py_ssize_t n, i, last
    cdef const char* expected = PyUnicode_AsUTF8AndSize(pattern, &n)
    cdef char text[64]
    cdef long long number = 0
    last = len(numbers)
    for i in range(n - 1, -1, -1):
        if expected[i] != 48:
            text[i] = expected[i]
            continue
        if i == n - 1 or expected[i + 1] != 48:
            last -= 1
            number = numbers[last]
        text[i] = <char>(48 + number % 10)
        number //= 10
    return text[:n].decode("ascii")
