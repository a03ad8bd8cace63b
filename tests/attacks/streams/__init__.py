"""Hostile streams by family: a family is what one rule has to stop, in all its forms."""

from tests.attacks.streams import filling, gadgets, memory, names, packs, trust, work
from tests.attacks.streams.attack import Attack

__all__ = ["ATTACKS", "FAMILIES"]

FAMILIES = [names.family, gadgets.family, filling.family, memory.family, packs.family, trust.family, work.family]
ATTACKS: dict[str, Attack] = {attack.id: attack for family in FAMILIES for attack in family}
if len(ATTACKS) < sum(map(len, FAMILIES)):
    raise ValueError("two attacks of one name")
