"""Commitments bind and hide."""

from __future__ import annotations

from hashlib import sha256

import pytest

from testigo.errors import InputError
from testigo.ledger import NONCE_BYTES, commit, leaf_hash, new_nonce, opens

PHOTO = sha256(b"a photo").digest()


def test_the_documented_bytes() -> None:
    nonce = bytes(range(32))
    assert commit(nonce, PHOTO) == sha256(b"testigo commitment v1\x00" + nonce + PHOTO).digest()
    assert opens(commit(nonce, PHOTO), nonce, PHOTO)


def test_a_seized_phones_photo_does_not_find_its_leaf() -> None:
    """Two commitments to one photo share nothing, and none is the photo's hash."""
    first, second = commit(new_nonce(), PHOTO), commit(new_nonce(), PHOTO)
    assert len({first, second, PHOTO, leaf_hash(PHOTO), sha256(PHOTO).digest()}) == 5


def test_a_commitment_opens_to_nothing_else() -> None:
    nonce = new_nonce()
    assert not opens(commit(nonce, PHOTO), nonce, sha256(b"another").digest())
    assert not opens(commit(nonce, PHOTO), new_nonce(), PHOTO)


@pytest.mark.parametrize(("nonce", "digest"), [(b"", PHOTO), (bytes(31), PHOTO), (bytes(32), b""), (PHOTO * 2, PHOTO)])
def test_a_shorter_nonce_or_hash_is_refused(nonce: bytes, digest: bytes) -> None:
    with pytest.raises(InputError):
        commit(nonce, digest)


def test_nonces_are_long_and_never_the_same() -> None:
    nonces = {new_nonce() for _ in range(1000)}
    assert len(nonces) == 1000
    assert {len(nonce) for nonce in nonces} == {NONCE_BYTES} == {32}
