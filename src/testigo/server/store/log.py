"""The log as the database keeps it: leaves, tiles, signed checkpoints, proofs.

Rules of this module
--------------------
1. Leaves and checkpoints are append-only; tiles of a smaller size are replaced, for the leaves say it all.
2. A log grows only in :func:`grow`, inside its caller's transaction, under the sequencer's lock.
3. The size orders everything. A clock that goes backwards changes nothing but a time that people read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from django.db import Error, connection

from testigo.errors import InputError, WireError
from testigo.ledger import (
    EMPTY_HEAD,
    SigningKey,
    Tree,
    TreeHead,
    append,
    make_proof_file,
    parse_checkpoint,
    parse_note,
    sign_checkpoint,
    successor,
)
from testigo.records import Leaf, parse_leaf

#: Any number, as long as every sequencer asks for the same: the lock that makes it the only one.
SEQUENCER_LOCK = 7_203_480
#: The same for whoever configures or makes a release.
OPERATOR_LOCK = 7_203_481


@contextmanager
def one_operator() -> Iterator[None]:
    """Wait until no other process configures or makes a release, and be the only one meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [OPERATOR_LOCK])
    try:
        yield
    finally:
        with suppress(Error), connection.cursor() as cursor:  # a lost connection has let go of it
            cursor.execute("SELECT pg_advisory_unlock(%s)", [OPERATOR_LOCK])


class TileTable:
    """Reads the log's files from the table."""

    def read(self, path: str) -> bytes:
        """A file of the log; WireError if there is none of that path."""
        return _one("SELECT body FROM tile WHERE path = %s", path)


class HashTiles:
    """Reads the log's hashes by the function that the observers' program may call."""

    def read(self, path: str) -> bytes:
        """A tile of hashes; WireError if there is none of that path."""
        return _one("SELECT log_tile(%s)", path)


def _one(statement: str, path: str) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(statement, [path])
        row = cursor.fetchone()
    if row is None or row[0] is None:
        raise WireError(f"The log has no file {path!r}.", "Restore the database from a copy that verifies.")
    return bytes(row[0])


@dataclass(frozen=True, slots=True)
class Head:
    """The log's latest checkpoint: its tree head and the signed note (empty for an empty log)."""

    tree: TreeHead
    text: str


def head(*, by_function: bool = False) -> Head:
    """The latest checkpoint; ``by_function`` for the observers' program, which may not read the table."""
    source = "log_head()" if by_function else "(SELECT size, root, text FROM checkpoint ORDER BY size DESC LIMIT 1) c"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {source}")
        row = cursor.fetchone()
    return Head(EMPTY_HEAD, "") if row is None else Head(TreeHead(row[0], bytes(row[1])), row[2])


def grow(entries: Sequence[Leaf], key: SigningKey, now: int) -> int:
    """Append leaves, sign the new checkpoint; the index of the first of them.

    Args:
        entries: in order.
        key: the log's.
        now: Unix seconds.
    """
    before = head()
    bodies = [entry.to_bytes() for entry in entries]
    growth = append(TileTable(), before.tree, bodies)
    previous = parse_checkpoint(parse_note(before.text.encode()).text) if before.text else None
    text = sign_checkpoint(successor(previous, key.name, growth.head, now), key).decode()
    start = before.tree.size
    with connection.cursor() as cursor:
        with cursor.copy("COPY leaf (index, leaf_type, body, leaf_hash) FROM STDIN") as copy:
            for number, (entry, body, digest) in enumerate(zip(entries, bodies, growth.leaf_hashes, strict=True)):
                copy.write_row((start + number, entry.TYPE, body, digest))
        cursor.execute("DELETE FROM tile WHERE path = ANY(%s)", [list(growth.obsolete)])
        cursor.executemany("INSERT INTO tile (path, body) VALUES (%s, %s)", list(growth.files.items()))
        cursor.execute(
            "INSERT INTO checkpoint (size, root, text) VALUES (%s, %s, %s)",
            [growth.head.size, growth.head.root, text],
        )
    return start


def leaves(start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """The canonical bytes of the leaves ``start`` … ``stop``-1, in order, without holding them all."""
    with connection.cursor() as cursor:
        limit = head().tree.size if stop is None else stop
        for first in range(start, limit, _PIECE):
            last = min(first + _PIECE, limit)
            cursor.execute("SELECT body FROM leaf WHERE index >= %s AND index < %s ORDER BY index", [first, last])
            rows = cursor.fetchall()
            if len(rows) != last - first:
                raise WireError(f"Leaves are missing between {first} and {last}.", "Restore the database from a copy.")
            yield from (bytes(row[0]) for row in rows)


_PIECE = 5_000


def parsed_leaves(start: int = 0) -> Iterator[Leaf]:
    """As :func:`leaves`, each parsed."""
    return (parse_leaf(body) for body in leaves(start))


def proof_of(leaf: bytes, index: int | None) -> bytes:
    """The ``tlog-proof`` file of a leaf of the log, for the program that faces observers.

    Raises:
        InputError: the log does not have it yet.
    """
    latest = head(by_function=True)
    if index is None or index >= latest.tree.size:
        raise InputError("The log does not have this receipt yet.", "Ask again in a minute.")
    tree = Tree(HashTiles(), latest.tree.size)
    return make_proof_file(tree, index, latest.text.encode()).encode()


def backlog() -> tuple[int, int]:
    """(leaves that wait for their index, jobs that wait or run)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT o_leaves, o_jobs FROM backlog()")
        row = cursor.fetchone()
    assert row is not None  # noqa: S101  (a function with OUT parameters gives one row)
    return int(row[0]), int(row[1])
