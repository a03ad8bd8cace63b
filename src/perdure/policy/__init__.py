"""What a stream may name, call and fill in: `Policy` decides it for the engine, by tables.

- `decide` holds Policy and what ``trusted=`` means.
- `classes` says what may be done to a class that somebody trusts.
- `tables` are the built-in profile and the packs, one module for each library: they are read when a
  stream first names something of that library.
- `rows` is what tables are made of.
"""

from perdure.policy.decide import TRUST_ALL, Policy, TrustAll, packs, policy_for, trust

__all__ = ["TRUST_ALL", "Policy", "TrustAll", "packs", "policy_for", "trust"]
