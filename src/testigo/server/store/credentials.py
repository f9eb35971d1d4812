"""Pseudonyms and their tokens. Who is behind one is known to headquarters' offline keys, not here.

Rules of this module
--------------------
1. A token is 256 random bits, shown once; the database keeps its hash.
2. A pseudonym is random: neither the order of enrolment nor a place can be read from it.
3. Kinds: ``observer`` (photos), ``hub`` (flat scans), ``reviewer`` (typed readings), ``ingest`` (files taken in here).
"""

from __future__ import annotations

import hashlib
import secrets

from testigo.errors import InputError
from testigo.server.store.models import CredentialRow

KINDS = ("observer", "hub", "reviewer")
INGEST = "ingest"


def hash_token(token: str) -> bytes:
    """What the database knows of a token. Plain SHA-256: a token has too many bits to be guessed."""
    return hashlib.sha256(token.encode()).digest()


def issue_tokens(kind: str, count: int) -> list[tuple[str, str]]:
    """New pseudonyms of a kind with their tokens.

    Raises:
        InputError: there is no such kind, or the count is not 1 to 10,000.
    """
    if kind not in KINDS:
        raise InputError(f"There is no kind of person {kind!r}.", f"Known: {', '.join(KINDS)}.")
    if not 1 <= count <= 10_000:
        raise InputError(f"Cannot issue {count} tokens.", "Ask for 1 to 10,000 at a time.")
    issued = [(secrets.token_hex(6), secrets.token_urlsafe(32)) for _ in range(count)]
    CredentialRow.objects.bulk_create(
        CredentialRow(pseudonym=pseudonym, kind=kind, token_hash=hash_token(token)) for pseudonym, token in issued
    )
    return issued


def ingest_token() -> bytes:
    """Hash of the token of the pseudonym under which files are taken in on this machine.

    It stays the same, because two processes may take files in at once. Nobody knows the token itself.
    """
    CredentialRow.objects.bulk_create(
        [CredentialRow(pseudonym=INGEST, kind=INGEST, token_hash=hash_token(secrets.token_urlsafe(32)))],
        ignore_conflicts=True,
    )
    return bytes(CredentialRow.objects.get(pseudonym=INGEST).token_hash)
