"""Hostile streams by family: a family is what one rule has to stop, in all its forms."""

from tests.attacks.streams import (
    asking,
    filling,
    gadgets,
    inheriting,
    lending,
    listing,
    memory,
    names,
    packs,
    roundabout,
    trust,
    weights,
    work,
)
from tests.attacks.streams.attack import Attack

__all__ = ["ATTACKS", "FAMILIES"]

FAMILIES = [
    names.family, asking.family, gadgets.family, filling.family, lending.family, memory.family, packs.family, trust.family, inheriting.family,
    roundabout.family, work.family, weights.family, listing.family,
]  # fmt: skip
ATTACKS: dict[str, Attack] = {attack.id: attack for family in FAMILIES for attack in family}
if len(ATTACKS) < sum(map(len, FAMILIES)):
    raise ValueError("two attacks of one name")
