"""Seals: who vouches for a file's bytes. docs/file-format.md, "Seals", is what this obeys.

Rules: a seal counts only by a key that the reader holds or trusts, and nothing that it needs is
taken from outside the sealed bytes. A known key's seal that is wrong is never passed over for
another that is right. What is unknown costs nothing, and each known key is tried at most once.
"""

from __future__ import annotations

import hmac

from perdure.errors import CorruptError, TamperedError
from perdure.files.keys import Key, Ring
from perdure.files.publishers import signed, verified

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    Seal = tuple[int, bytes, bytes]

__all__ = ["ED25519", "HMAC", "Origin", "check", "message", "origin", "seal"]

HMAC = 1
ED25519 = 2
_PREFIX = b"perdure seal v1\0"
_TOLD = 3  # of the reasons why seals are unknown; a file may have any number


class Origin:
    """Who vouches. ``kind``: "own" (with the ``key``), "publisher" (with its ``name``) or "unknown" (with ``why``)."""

    __slots__ = ("key", "kind", "name", "why")

    def __init__(self, kind: str, name: str = "", key: Key | None = None, why: str = "") -> None:
        self.kind = kind
        self.name = name
        self.key = key
        self.why = why

    def __bool__(self) -> bool:
        """Whether anyone does whom the user trusts."""
        return self.kind != "unknown"

    def __repr__(self) -> str:
        return f"<Origin {self.kind}{f' {self.name!r}' if self.name else ''}{f': {self.why}' if self.why else ''}>"


def message(algorithm: int, key_id: bytes, body: bytes) -> bytes:
    """What a seal is a MAC or a signature of."""
    return b"".join((_PREFIX, bytes((algorithm, len(key_id))), key_id, body))


def seal(key: Key | Ed25519PrivateKey, body: bytes) -> Seal:
    """The key's seal over the body: algorithm, key id, seal."""
    if isinstance(key, Key):
        return HMAC, key.id, _mac(key, body)
    public = key.public_key().public_bytes_raw()
    return ED25519, public, signed(key, message(ED25519, public, body))


def check(
    seals: Iterable[Seal], body: bytes, keys: Mapping[bytes, Key], publishers: Mapping[bytes, str],
    problems: Iterable[str] = (),
) -> Origin:
    """Who of these keys and publishers vouches for the body; an own key before a publisher.

    ``problems`` says which keys could not be read, for the answer that nobody does. Raises
    TamperedError for a known key's seal that is wrong, CorruptError for two seals by one key.
    """
    found: Origin | None = None
    seen: set[tuple[int, bytes]] = set()
    reasons: list[str] = []
    unknown = 0
    for algorithm, key_id, given in seals:
        reason = ""
        if algorithm == HMAC and key_id in keys:
            key = keys[key_id]
            _once(seen, algorithm, key_id)
            if not hmac.compare_digest(given, _mac(key, body)):
                raise _tampered(f"your key {key.id.hex()}" + (f" ({key.name})" if key.name else ""))
            if found is None or found.kind != "own":
                found = Origin("own", key.name, key)
        elif algorithm == ED25519 and key_id in publishers:
            name = publishers[key_id]
            _once(seen, algorithm, key_id)
            try:
                right = verified(key_id, given, message(ED25519, key_id, body))
            except ImportError as error:
                reason = f"it has a seal by the publisher {name!r}, which could not be checked: {error}"
            else:
                if not right:
                    raise _tampered(f"the publisher {name!r}")
                found = found or Origin("publisher", name)
        elif algorithm == HMAC:
            reason = f"no key of id {key_id[:16].hex()} is known here"
        elif algorithm == ED25519:
            reason = f"the publisher whose public key is {key_id[:32].hex()} is not trusted here"
        else:
            reason = f"a seal of kind {algorithm} is unknown to this version of perdure"
        if reason:
            unknown += 1
            if len(reasons) < _TOLD:
                reasons.append(reason)
    if found is not None:
        return found
    if unknown > len(reasons):
        reasons.append(f"and so on for {unknown - len(reasons)} more seals")
    return Origin("unknown", why="; ".join((*(reasons or ["it has no seal"]), *problems)))


def origin(seals: Iterable[Seal], body: bytes, ring: Ring, purpose: str = "") -> Origin:
    """The same by a keyring, and for a purpose: a seal for another than the reader's vouches for nothing.

    ``purpose`` is what the body's PURP record says. Raises what :func:`check` raises.
    """
    answer = check(seals, body, ring.keys, ring.publishers, ring.problems)
    if answer and purpose != ring.purpose:
        sealed = f"it is sealed for the purpose {purpose!r}" if purpose else "it is sealed for no purpose"
        wanted = f"and was loaded for {ring.purpose!r}" if ring.purpose else "and was loaded for none"
        return Origin("unknown", why=f"{sealed}, {wanted}: key=key.for_purpose(...) says which")
    return answer


def _mac(key: Key, body: bytes) -> bytes:
    """The MAC of the message. Its beginning is the same for all of a key's, and half of the work on a small body."""
    primed = key._primed
    if primed is None:
        primed = key._primed = hmac.new(key._mac, message(HMAC, key.id, b""), "sha256")
    primed = primed.copy()
    primed.update(body)
    return primed.digest()


def _once(seen: set[tuple[int, bytes]], algorithm: int, key_id: bytes) -> None:
    """So that no file costs more than one check of its body for each key that is known."""
    if (algorithm, key_id) in seen:
        raise CorruptError(f"two seals by the key {key_id.hex()}")
    seen.add((algorithm, key_id))


def _tampered(who: str) -> TamperedError:
    return TamperedError(f"the seal by {who} does not fit the content: one of them was changed")
