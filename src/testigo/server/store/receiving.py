"""A file has arrived: row, nonce, job and ledger queue in one transaction, answered with a signed promise.

Rules of this module
--------------------
1. The blob is durable before :func:`receive` is called; the answer is given after its transaction is.
2. The receipt's leaf says nothing about the file: a commitment under a fresh nonce, and the batch (an hour).
3. A retry by the same sender is answered with the first promise, whatever was drawn for the second.
4. Whether anybody else sent the same bytes changes nothing that can be seen.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.db import Error, connection

from testigo.errors import InputError
from testigo.ledger import Promise, SigningKey, commit, leaf_hash, new_nonce, sign_promise
from testigo.records import ReceiptLeaf
from testigo.server.store.errors import translate

BATCH_SECONDS = 3600
STORED, TOO_LARGE, OVER_QUOTA = "stored", "too_large", "over_quota"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a sender is answered.

    Attributes:
        receipt: random name of the receipt; whoever knows it and the token may fetch its proof.
        promise: signed note.
        leaf: the receipt leaf's bytes.
        deadline: Unix seconds.
        outcome: what was done with the file: ``stored``, ``too_large``, ``over_quota``.
        again: whether these bytes came from this sender before; for counting here, never told to anybody.
    """

    receipt: str
    promise: str
    leaf: bytes
    deadline: int
    outcome: str
    again: bool

    @property
    def leaf_hash(self) -> str:
        """Hash of the leaf in the log, hex."""
        return leaf_hash(self.leaf).hex()


def admit(token_hash: bytes, size: int, quota_files: int, quota_bytes: int) -> str | None:
    """``stored`` or ``over_quota`` for a sender that may upload so many bytes; ``None`` for an unknown token."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT intake_admit(%s, %s, %s, %s)", [token_hash, size, quota_files, quota_bytes])
        row = cursor.fetchone()
    return None if row is None or row[0] is None else str(row[0])


def receive(
    token_hash: bytes, digest: str, size: int, outcome: str, *, key: SigningKey, origin: str, now: int, hours: int
) -> Receipt:
    """Record an arrival and promise its place in the log.

    Args:
        token_hash: of the sender's token.
        digest, size: SHA-256 (hex) and length of the bytes as received.
        outcome: ``stored``, ``too_large`` or ``over_quota``.
        key: the intake's.
        origin: name of the log.
        now: Unix seconds.
        hours: within which the leaf is promised.

    Raises:
        InputError: the token is unknown.
        WireError: the database did not do its part; nothing was promised.
    """
    nonce = new_nonce()
    batch = now // BATCH_SECONDS
    leaf = ReceiptLeaf(commit(nonce, bytes.fromhex(digest)).hex(), batch).to_bytes()
    deadline = now + hours * 3600
    promise = sign_promise(Promise(origin, leaf_hash(leaf), deadline), key).decode()
    name = secrets.token_hex(16)
    given: list[str | int | bytes] = [
        token_hash,
        digest,
        size,
        outcome,
        name,
        now,
        batch,
        nonce,
        leaf,
        promise,
        deadline,
    ]
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT o_receipt, o_promise, o_leaf, o_deadline, o_outcome, o_again "
                "FROM intake_receive(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                given,
            )
            row = cursor.fetchone()
    except Error as error:
        raise translate(error) from error
    assert row is not None  # noqa: S101  (a function with OUT parameters gives one row)
    return Receipt(row[0], row[1], bytes(row[2]), row[3], row[4], row[5])


def own_leaf(token_hash: bytes, receipt: str) -> tuple[bytes, int | None]:
    """Bytes and leaf index of one's own receipt; the index is ``None`` until the log has it.

    Raises:
        InputError: it is not one's own, or does not exist (which of the two is not told).
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT o_leaf, o_index FROM intake_leaf(%s, %s)", [token_hash, receipt])
        row = cursor.fetchone()
    if row is None:
        raise InputError("There is no such receipt.", "Give the receipt and the token that belong together.")
    return bytes(row[0]), row[1]
