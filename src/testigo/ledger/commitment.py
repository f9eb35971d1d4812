"""Hiding commitments: bind oneself to a content without being an oracle for it.

Rules of this module
--------------------
1. A public leaf never holds the plain hash of a file: whoever seizes a phone could hash its photo and look who sent it.
   It holds ``SHA-256("testigo commitment v1" || 0x00 || nonce || digest)``.
2. The nonce is 32 random bytes, one for each commitment, kept where only an auditor reads, and opened one by one.
3. The prefix keeps a commitment from ever being a leaf or node of the tree, or the hash of a file.
"""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest
from secrets import token_bytes

from testigo.errors import InputError

NONCE_BYTES = 32
_DIGEST_BYTES = 32
_PREFIX = b"testigo commitment v1\x00"


def new_nonce() -> bytes:
    """32 bytes from the system's random source."""
    return token_bytes(NONCE_BYTES)


def commit(nonce: bytes, digest: bytes) -> bytes:
    """The commitment (32 bytes) to a content whose SHA-256 is ``digest``; InputError if either is not 32 bytes."""
    if len(nonce) != NONCE_BYTES or len(digest) != _DIGEST_BYTES:
        raise InputError("A commitment takes a nonce and a SHA-256 hash, of 32 bytes each.", "Check the two values.")
    return sha256(_PREFIX + nonce + digest).digest()


def opens(commitment: bytes, nonce: bytes, digest: bytes) -> bool:
    """Whether ``nonce`` and ``digest`` open ``commitment``."""
    return compare_digest(commitment, commit(nonce, digest))
