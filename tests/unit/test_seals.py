"""Seals: right ones tell who vouches, wrong ones are forgeries, and no bit of either can change unseen."""

import hashlib
import hmac
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perdure.errors import CorruptError, TamperedError
from perdure.files.keys import Key, Ring
from perdure.files.seals import ED25519, HMAC, check, message, origin, seal

KEY = Key(bytes(range(32)), "mine")
OTHER = Key(bytes(range(1, 33)))
KEYS = {KEY.id: KEY}
BODY = b"what a file is, by its digests"


@pytest.fixture
def publisher() -> object:
    ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
    return ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def test_hmac_seal_is_that_of_the_format() -> None:
    secret = bytes(range(32))
    key_id = hashlib.sha256(b"perdure key id" + secret).digest()[:8]
    key = hmac.new(secret, b"perdure file seal v1", "sha256").digest()
    expected = hmac.new(key, b"perdure seal v1\0\x01\x08" + key_id + BODY, "sha256").digest()
    assert seal(KEY, BODY) == (HMAC, key_id, expected)
    assert expected.hex() == "8c7759440d4c7065f017f9c045abbf8be45e582f1da10a9cfd99bad471ec4e25"  # for other implementations


def test_ed25519_seal_is_that_of_the_format(publisher: object) -> None:
    algorithm, public, signature = seal(publisher, BODY)  # type: ignore[arg-type]
    assert (algorithm, len(public), len(signature)) == (ED25519, 32, 64)
    publisher.public_key().verify(signature, b"perdure seal v1\0\x02\x20" + public + BODY)  # type: ignore[attr-defined]
    assert message(ED25519, public, BODY) == b"perdure seal v1\0\x02\x20" + public + BODY


def test_who_vouches(publisher: object) -> None:
    theirs = seal(publisher, BODY)  # type: ignore[arg-type]
    publishers = {theirs[1]: "them"}
    answer = check([seal(KEY, BODY)], BODY, KEYS, {})
    assert (answer.kind, answer.key, answer.name) == ("own", KEY, "mine") and answer
    answer = check([theirs], BODY, KEYS, publishers)
    assert (answer.kind, answer.key, answer.name) == ("publisher", None, "them") and answer
    for both in ([theirs, seal(KEY, BODY)], [seal(KEY, BODY), theirs]):
        assert check(both, BODY, KEYS, publishers).kind == "own"
    assert check([seal(OTHER, BODY), theirs], BODY, KEYS, publishers).kind == "publisher"


def test_unknown_and_why(publisher: object) -> None:
    theirs = seal(publisher, BODY)  # type: ignore[arg-type]
    for seals, reason in [
        ([], "it has no seal"),
        ([seal(OTHER, BODY)], f"no key of id {OTHER.id.hex()} is known"),
        ([theirs], f"the publisher whose public key is {theirs[1].hex()} is not trusted"),
        ([(3, b"id", b"seal")], "a seal of kind 3 is unknown"),
    ]:
        answer = check(seals, BODY, KEYS, {}, ["own.key has mode 0644: chmod 600 own.key"])
        assert answer.kind == "unknown" and not answer
        assert reason in answer.why and "chmod 600" in answer.why


def test_no_cryptography(publisher: object, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = seal(publisher, BODY)  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    answer = check([theirs], BODY, KEYS, {theirs[1]: "them"})
    assert answer.kind == "unknown" and "'them'" in answer.why and "perdure[sign]" in answer.why
    assert check([theirs, seal(KEY, BODY)], BODY, KEYS, {theirs[1]: "them"}).kind == "own"


def test_a_cryptography_without_ed25519(publisher: object, monkeypatch: pytest.MonkeyPatch) -> None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ed25519

    class Refusing:
        @staticmethod
        def from_public_bytes(public: bytes) -> None:
            raise UnsupportedAlgorithm("not here")

    theirs = seal(publisher, BODY)  # type: ignore[arg-type]
    monkeypatch.setattr(ed25519, "Ed25519PublicKey", Refusing)
    assert "not here" in check([theirs], BODY, KEYS, {theirs[1]: "them"}).why


def test_a_wrong_seal_is_not_passed_over_for_a_right_one(publisher: object) -> None:
    _, public, signature = seal(publisher, BODY)  # type: ignore[arg-type]
    for seals in (
        [seal(KEY, b"other"), (ED25519, public, signature)],
        [(ED25519, public, signature), seal(KEY, b"other")],
        [seal(KEY, BODY), (ED25519, public, bytes(64))],
    ):
        with pytest.raises(TamperedError, match="does not fit the content"):
            check(seals, BODY, KEYS, {public: "them"})


@pytest.mark.parametrize("wrong", [b"", b"short", bytes(32), bytes(33), bytes(64), bytes(65535)])
def test_seals_of_any_length(wrong: bytes, publisher: object) -> None:
    public = seal(publisher, BODY)[1]  # type: ignore[arg-type]
    for forged in ((HMAC, KEY.id, wrong), (ED25519, public, wrong)):
        with pytest.raises(TamperedError):
            check([forged], BODY, KEYS, {public: "them"})


def test_another_kinds_key_is_no_key(publisher: object) -> None:
    """A public key is no MAC's secret, and an id no public key."""
    public = seal(publisher, BODY)[1]  # type: ignore[arg-type]
    forged = (HMAC, public, hmac.digest(public, message(HMAC, public, BODY), "sha256"))
    assert not check([forged, (ED25519, KEY.id, bytes(64))], BODY, KEYS, {public: "them"})


def test_a_known_key_is_tried_once() -> None:
    """So that copies of one seal do not cost a look at the whole body each."""
    with pytest.raises(CorruptError, match="two seals"):
        check([seal(KEY, BODY)] * 2, BODY, KEYS, {})
    assert "99997 more" in check([seal(OTHER, BODY)] * 100_000, BODY, KEYS, {}).why


def test_purposes() -> None:
    ring = Ring()
    ring.keys = KEYS
    session = ring.accepting(KEY.for_purpose("session"))
    seals = [seal(KEY, BODY)]
    assert origin(seals, BODY, ring).kind == origin(seals, BODY, session, "session").kind == "own"
    for reader, purpose in ((ring, "session"), (session, ""), (session, "model")):
        answer = origin(seals, BODY, reader, purpose)
        assert answer.kind == "unknown" and "purpose" in answer.why
    with pytest.raises(TamperedError):
        origin(seals, b"other", session, "model")


def test_a_key_given_vouches() -> None:
    assert origin([seal(OTHER, BODY)], BODY, Ring().accepting(bytes(range(1, 33)))).kind == "own"
    assert "key=False" in origin([seal(KEY, BODY)], BODY, Ring().accepting(False)).why


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def vouched(sealed: tuple[int, bytes, bytes], body: bytes, publishers: dict[bytes, str]) -> bool:
    try:
        return bool(check([sealed], body, KEYS, publishers))
    except TamperedError:
        return False


@given(body=st.binary(min_size=1, max_size=200), data=st.data())
def test_any_flipped_bit_is_seen(body: bytes, data: st.DataObject) -> None:
    whole = seal(KEY, body)
    assert vouched(whole, body, {})
    algorithm, key_id, sealed = whole
    bit = data.draw(st.integers(0, 8 * len(body) - 1))
    assert not vouched(whole, flipped(body, bit), {})
    bit = data.draw(st.integers(0, 8 * len(key_id) - 1))
    assert not vouched((algorithm, flipped(key_id, bit), sealed), body, {})
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    assert not vouched((algorithm, key_id, flipped(sealed, bit)), body, {})
    assert not vouched((algorithm ^ 1 << data.draw(st.integers(0, 7)), key_id, sealed), body, {})


def test_every_flipped_bit_of_a_signature_is_seen(publisher: object) -> None:
    algorithm, public, signature = seal(publisher, BODY)  # type: ignore[arg-type]
    trusted = {public: "them"}
    assert vouched((algorithm, public, signature), BODY, trusted)
    for bit in range(8 * len(BODY)):
        assert not vouched((algorithm, public, signature), flipped(BODY, bit), trusted)
    for bit in range(8 * len(signature)):
        assert not vouched((algorithm, public, flipped(signature, bit)), BODY, trusted)
    for bit in range(8 * len(public)):
        assert not vouched((algorithm, flipped(public, bit), signature), BODY, trusted)


def test_another_files_seal(tmp_path: Path) -> None:
    with pytest.raises(TamperedError):
        check([seal(KEY, b"one file")], b"another file", KEYS, {})
