"""What a stream may name, call and fill in: `Policy` decides it for the engine, by tables.

- `decide` holds Policy; `trusting` makes one of ``trusted=``.
- `registry` says which tables know which library; `names` finds what goes by a name, without running its code.
- `helpers` are copyreg's functions and their like: they ask the policy again.
- `classes` says what may be done to a class that somebody trusts.
- `tables` are the built-in profile and the packs, one module for each library: they are read when a
  stream first names something of that library.
- `rows` is what tables are made of.
"""

from perdure.policy.decide import Policy
from perdure.policy.registry import packs
from perdure.policy.trusting import TRUST_ALL, TrustAll, policy_for, trust

__all__ = ["TRUST_ALL", "Policy", "TrustAll", "packs", "policy_for", "trust"]
