"""Publishers: keys of two halves (Ed25519), the private one to seal with, the public one for everybody who loads.

Rule: the ``cryptography`` package is imported where a signature is made or checked, and nowhere else;
to know whom the user trusts takes none of it.
"""

from __future__ import annotations

import os

from perdure.files.keyfiles import LENGTH, folder, names, put, read_public, read_secret, removed
from perdure.files.keys import changed, checked, known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = [
    "distrust", "public_key", "publisher", "publisher_new", "publishers", "signed", "trust_publisher", "verified",
]


def publisher_new(name: str) -> Ed25519PrivateKey:
    """Makes a key to publish with, keeps it under ``name``, and trusts its public half here.

    Raises ValueError if there is one of that name, ImportError without the ``cryptography`` package.
    """
    key = _ed25519().Ed25519PrivateKey.generate()
    place = folder()
    if f"{checked(name)}.publisher" in names(place) or not put(place, f"{name}.private", key.private_bytes_raw()):
        raise ValueError(f"there is a publisher called {name}: choose another name")
    trust_publisher(key.public_key(), name)
    private: Ed25519PrivateKey = key
    return private


def publisher(name: str) -> Ed25519PrivateKey:
    """The private key that :func:`publisher_new` made, for ``dump(..., key=)``.

    Raises LookupError if there is none of that name, ImportError without the ``cryptography`` package.
    """
    place = folder()
    if f"{checked(name)}.private" not in names(place):
        mine = [file.removesuffix(".private") for file in names(place) if file.endswith(".private")]
        raise LookupError(f"no private key is called {name!r}; there are: {', '.join(mine) or 'none'}")
    secret = read_secret(os.path.join(place, f"{name}.private"))
    private: Ed25519PrivateKey = _ed25519().Ed25519PrivateKey.from_private_bytes(secret)
    return private


def public_key(key: Ed25519PrivateKey) -> bytes:
    """The public half, 32 bytes: what those who load are to trust. Its ``.hex()`` is fit for a web page."""
    return key.public_key().public_bytes_raw()


def trust_publisher(public_key: bytes | str | Ed25519PublicKey, name: str) -> None:
    """From now on, what this publisher sealed loads in full. ``public_key`` is 32 bytes or their 64 hex digits.

    Raises ValueError if it is something else, or if another publisher has that name.
    """
    public, place = _public(public_key), folder()
    if not put(place, f"{checked(name)}.publisher", public.hex().encode() + b"\n", 0o644):
        if read_public(os.path.join(place, f"{name}.publisher")) != public:
            raise ValueError(f"another publisher is called {name}: distrust that one first, or choose another name")
    changed()


def publishers() -> dict[bytes, str]:
    """The trusted publishers: the name of each public key."""
    return dict(known().publishers)


def distrust(name: str) -> None:
    """What this publisher sealed is a stranger's from now on. A private key of that name stays.

    Raises LookupError if none has that name.
    """
    place = folder()
    if f"{checked(name)}.publisher" not in names(place):
        there = [file.removesuffix(".publisher") for file in names(place) if file.endswith(".publisher")]
        raise LookupError(f"no publisher is called {name!r}; there are: {', '.join(there) or 'none'}")
    removed(place, f"{name}.publisher")
    changed()


def signed(key: Ed25519PrivateKey, message: bytes) -> bytes:
    """The signature of the message, 64 bytes."""
    return key.sign(message)


def verified(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature is right. Raises ImportError without a ``cryptography`` package that can tell."""
    module = _ed25519()
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        module.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    except UnsupportedAlgorithm as error:  # OpenSSL of some government's build
        raise ImportError(f"the cryptography package here has no Ed25519: {error}") from error
    return True


def _public(key: bytes | str | Ed25519PublicKey) -> bytes:
    if isinstance(key, str):
        try:
            raw = bytes.fromhex(key) if len(key) == 2 * LENGTH else b""
        except ValueError:
            raw = b""
        if len(raw) != LENGTH:
            raise ValueError(f"a public key is {2 * LENGTH} hexadecimal digits, not {key!r}")
        return raw
    if isinstance(key, bytes):
        if len(key) != LENGTH:
            raise ValueError(f"a public key is {LENGTH} bytes, not {len(key)}")
        return key
    if hasattr(key, "private_bytes_raw"):
        raise TypeError("that is a private key, which stays with the publisher; public_key(key) gives the other half")
    if hasattr(key, "public_bytes_raw"):
        return _public(key.public_bytes_raw())
    kind = type(key).__name__
    raise TypeError(f"a public key is {LENGTH} bytes, their hexadecimal digits or an Ed25519PublicKey, not {kind}")


def _ed25519() -> ModuleType:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as error:
        raise ImportError("publishers' keys need the cryptography package: pip install 'perdure[sign]'") from error
    return ed25519
