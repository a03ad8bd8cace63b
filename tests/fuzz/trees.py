"""Turns texts into other texts, a value at a time, so that most are still well formed: what opens is closed.

A text is a list of tokens, of which some open and some close. A language's class knows these, and what its values look
like; all randomness comes from one generator.
"""

import random

from tests.fuzz import mutation
from tests.fuzz.mutation import Tokens

MOST = 300  # tokens of a text
DEEP = (2, 2, 3, 5, 20, 60, 300)  # levels that are put around a value at once

Span = tuple[int, int]


class Trees:
    """A language. What is left open here is its own."""

    between: Tokens = []  # what stands between two values

    def tokens(self, text: bytes) -> Tokens:
        raise NotImplementedError

    def depth(self, token: bytes) -> int:
        """1 where it opens, -1 where it closes."""
        raise NotImplementedError

    def is_value(self, pieces: Tokens, at: int) -> bool:
        """Whether a token that neither opens nor closes is a value by itself."""
        raise NotImplementedError

    def value(self, rng: random.Random) -> Tokens:
        raise NotImplementedError

    def token(self, rng: random.Random) -> bytes:
        raise NotImplementedError

    def around(self, rng: random.Random) -> tuple[Tokens, Tokens]:
        """What may stand before and behind a value."""
        raise NotImplementedError

    def reword(self, rng: random.Random, pieces: Tokens, at: int) -> None:
        """Another token of the same sort in this place, and what goes with it elsewhere."""
        raise NotImplementedError

    def prologue(self, rng: random.Random) -> Tokens:
        """What may stand, or may not, before everything."""
        raise NotImplementedError

    def spans(self, pieces: Tokens) -> list[Span]:
        """Where values begin and end. What is never closed, or never opened, is none."""
        found, opened = [], []
        for at, token in enumerate(pieces):
            depth = self.depth(token)
            if depth > 0:
                opened.append(at)
            elif depth < 0 and opened:
                found.append((opened.pop(), at + 1))
            elif not depth and self.is_value(pieces, at):
                found.append((at, at + 1))
        return found

    def mutate(self, rng: random.Random, pieces: Tokens, other: Tokens) -> Tokens:
        """One change or a few; ``other``, of the same language, lends its values."""
        if rng.random() < 0.12:
            return mutation.mutate(rng, pieces, other, self.token)
        for _ in range(1 + int(rng.expovariate(1.2))):
            changed = self.change(rng, list(pieces), other)
            if len(changed) <= max(MOST, len(pieces)):
                pieces = changed
        return pieces

    def change(self, rng: random.Random, new: Tokens, other: Tokens) -> Tokens:
        spans = self.spans(new)
        kind = rng.randrange(14)
        if not spans or kind == 0:
            return self.prologue(rng) + new if rng.random() < 0.3 else [*new, self.token(rng)]
        begin, end = rng.choice(spans)
        if kind <= 4 and new:
            self.reword(rng, new, rng.randrange(len(new)))
        elif kind == 5:
            new[begin:end] = self.value(rng)
        elif kind == 6:
            new[begin:end] = self.lent(rng, other)
        elif kind == 7:
            new[begin:end] = self.lent(rng, new)
        elif kind == 8:
            first, second = sorted((rng.choice(spans), (begin, end)))
            if first[1] <= second[0]:
                new = [*new[:first[0]], *new[slice(*second)], *new[first[1]:second[0]], *new[slice(*first)], *new[second[1]:]]
        elif kind == 9:
            before, behind = self.around(rng)
            new[begin:end] = [*before, *new[begin:end], *behind]
        elif kind == 10:
            before, behind = self.around(rng)
            levels = rng.choice(DEEP)  # one token each, so that they do not count
            new[begin:end] = [b"".join(before) * levels, *new[begin:end], b"".join(behind) * levels]
        elif kind == 11:
            again = self.value(rng) if rng.random() < 0.5 else new[begin:end]
            new[end:end] = [*self.between, *again] * rng.choice((1, 1, 1, 2, 20))
        elif kind == 12:
            n = len(self.between)
            if n and new[begin - n:begin] == self.between:
                begin -= n
            elif n and new[end:end + n] == self.between:
                end += n
            del new[begin:end]
        else:
            at = rng.randrange(len(new))
            new[at] = mutation.damage(rng, new[at])
        return new

    def lent(self, rng: random.Random, other: Tokens) -> Tokens:
        spans = self.spans(other)
        return other[slice(*rng.choice(spans))] if spans else self.value(rng)
