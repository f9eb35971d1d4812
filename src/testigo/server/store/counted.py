"""What stands, fetched from PostgreSQL into arrays: SQL only fetches, :mod:`testigo.tally` sums.

How it is fetched
-----------------
A row per station costs a message and Python objects per row: a COPY of a million stations takes 2.8 s. Here the
database lays whole columns end to end instead, so that a few large values arrive, which numpy reads as they are.
Votes are packed bytes (:func:`pack_votes`), for PostgreSQL sends an ``integer[]`` with a call per number, which alone
cost two thirds of the time. Very many rows come in parts, because no value in PostgreSQL may exceed 1 GB.

Rules of this module
--------------------
1. One statement, so one snapshot: a decision made meanwhile is in the next tally, whole.
2. A row whose counts do not fit the ballot is an error that names the contest; nothing is padded, cut or left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg.adapt import Buffer, Loader
from psycopg.pq import Format

from testigo.election import Contest, Register
from testigo.errors import InternalError
from testigo.tally import STANDINGS, Counted

_LARGEST_ARRAY = 2**26  # numbers in one value: 256 MB
# The plain columns of a row in two numbers, because each array costs the database about 50 ns per row:
# head: standing from bit 35 on, register_row + 1 (0 if null) from bit 3 on, contested, has candidates, has lines;
# rest: null votes + 1 (0 if null) from bit 32 on, blank votes + 1 (0 if null).
_PART = """
SELECT array_agg((standing::bigint << 35) | ((coalesce(register_row, -1)::bigint + 1) << 3)
                 | (contested::int << 2) | ((candidates IS NOT NULL)::int << 1) | (lines IS NOT NULL)::int),
       array_agg(((coalesce(null_votes, -1)::bigint + 1) << 32) | (coalesce(blank_votes, -1)::bigint + 1)),
       string_agg(candidates, ''), string_agg(lines, ''),
       coalesce(bool_and(octet_length(candidates) = %s), true) AND coalesce(bool_and(octet_length(lines) = %s), true)
  FROM standing
 WHERE contest = %s AND (%s = 1 OR coalesce(register_row, decision_leaf, 0) %% %s = %s)
"""
_PACKED = np.dtype("<i4")
_LOW_HALF = 2**32 - 1
_LARGEST_COUNT = 2**31 - 1

Int64 = npt.NDArray[np.int64]


class _Whole(Loader):
    """Gives a ``bytea`` or a ``bigint[]`` as it came, without a Python object per number."""

    format = Format.BINARY

    def load(self, data: Buffer) -> bytes:
        return bytes(data)


def pack_votes(votes: Iterable[int]) -> bytes:
    """Votes as the table ``standing`` keeps them: 32-bit numbers, little-endian, end to end."""
    return np.fromiter(votes, _PACKED).tobytes()


def fetch_counted(connection: psycopg.Connection[Any], contest: Contest, register: Register) -> Counted:
    """What stands for every station of the contest that has a decision.

    Args:
        connection: any role that may read the table ``standing``.
        contest: its order of candidates and of lines is that of the table's arrays.
        register: the register whose rows ``register_row`` means.

    Raises:
        InternalError: the table does not fit the contest or the register.
    """
    parts = _parts(contest, register)
    query = " UNION ALL ".join([_PART] * parts)
    sizes = [_PACKED.itemsize * columns for columns in (len(contest.candidates), len(contest.lines))]
    arguments = [value for part in range(parts) for value in (*sizes, contest.code, parts, parts, part)]
    # Django's connections make cursors that bind on the client and cannot ask for binary results; this one can.
    with psycopg.Cursor(connection) as cursor:
        for oid in (connection.adapters.types["int8"].array_oid, connection.adapters.types["bytea"].oid):
            cursor.adapters.register_loader(oid, _Whole)
        rows = cursor.stream(query, arguments, binary=True)
        chunks = [_chunk(row, contest) for row in rows if row[0] is not None]
    counted = _joined(chunks, contest)
    if len(counted) and int(counted.station_row.max()) >= len(register):
        raise InternalError(
            f"The table of standings names row {int(counted.station_row.max())} of the register, which has "
            f"{len(register)} stations.",
            "It was made with another register: configure that one, or make the table again.",
        )
    return counted


def _parts(contest: Contest, register: Register) -> int:
    """Into how many parts the rows are cut, so that no array grows too large."""
    columns = max(len(contest.candidates), len(contest.lines), 1)
    return -(-register.total_stations * columns // _LARGEST_ARRAY) or 1


def _unfit(contest: Contest) -> InternalError:
    return InternalError(
        f"The table of standings holds counts that do not fit the ballot of {contest.code}.",
        "It was made with another profile: configure that one, or make the table again.",
    )


def _chunk(row: tuple[Any, ...], contest: Contest) -> Counted:
    """One chunk of rows as arrays."""
    if not row[4]:
        raise _unfit(contest)
    head, rest = _numbers(row[0]), _numbers(row[1])
    standing, null, blank = head >> 35, (rest >> 32) & _LOW_HALF, rest & _LOW_HALF
    if (
        standing.min() < 0 or standing.max() >= len(STANDINGS) or max(null.max(), blank.max()) > _LARGEST_COUNT + 1
    ):  # a number below 0 spills over the bits that are its own
        raise _unfit(contest)
    has_counts, has_lines = (head & 2) != 0, (head & 1) != 0
    return Counted(
        station_row=(((head >> 3) & _LOW_HALF) - 1).astype(np.int32),
        standing=standing.astype(np.int8),
        contested=(head & 4) != 0,
        candidates=_votes(row[2], has_counts, len(contest.candidates), contest),
        lines=_votes(row[3], has_lines, len(contest.lines), contest) if has_lines.any() else None,
        has_lines=has_lines if has_lines.any() else None,
        null=null - 1,
        blank=blank - 1,
        has_counts=has_counts,
    )


def _numbers(data: bytes) -> Int64:
    """The numbers of a ``bigint[]`` in PostgreSQL's binary form (``array_send``).

    The form: number of dimensions (1), whether there are nulls, element type, length, lower bound; per element its
    length in bytes and itself. All big-endian, 4 bytes, the elements 8.

    Raises:
        InternalError: it holds nulls, or is not what was asked for.
    """
    header = np.frombuffer(data[:20], ">i4")
    elements = np.frombuffer(data, np.dtype([("size", ">i4"), ("value", ">i8")]), offset=20)
    if len(header) < 5 or header[0] != 1 or header[1] or len(elements) != header[3] or (elements["size"] != 8).any():
        raise InternalError("The database answered with an array that was not expected.")
    return elements["value"].astype(np.int64)


def _votes(packed: bytes | None, there: npt.NDArray[np.bool_], columns: int, contest: Contest) -> Int64:
    """Votes of all rows as int64[rows, columns] with each column contiguous; 0 where the row has none."""
    votes = np.frombuffer(packed or b"", _PACKED)
    if len(votes) != int(there.sum()) * columns or (votes < 0).any():
        raise _unfit(contest)
    spread = np.zeros((len(there), columns), dtype=np.int64, order="F")
    if there.all():
        spread[:] = votes.reshape(-1, columns)
    else:
        spread[there] = votes.reshape(-1, columns)
    return spread


def _joined(chunks: list[Counted], contest: Contest) -> Counted:
    """All chunks behind each other."""
    if len(chunks) == 1:
        return chunks[0]
    empty = _empty(contest)
    with_lines = any(chunk.lines is not None for chunk in chunks)

    def column(name: str, parts: Iterable[Counted]) -> npt.NDArray[np.generic]:
        return np.concatenate([getattr(empty, name), *(getattr(part, name) for part in parts)])

    def matrix(name: str, columns: int) -> Int64:
        joined = np.zeros((sum(map(len, chunks)), columns), dtype=np.int64, order="F")
        start = 0
        for chunk in chunks:
            part = getattr(chunk, name)
            joined[start : start + len(chunk)] = 0 if part is None else part
            start += len(chunk)
        return joined

    has_lines = [np.zeros(len(c), np.bool_) if c.has_lines is None else c.has_lines for c in chunks]
    names = ("station_row", "standing", "contested", "null", "blank", "has_counts")
    return Counted(
        candidates=matrix("candidates", len(contest.candidates)),
        lines=matrix("lines", len(contest.lines)) if with_lines else None,
        has_lines=np.concatenate(has_lines) if with_lines else None,
        **{name: column(name, chunks) for name in names},  # type: ignore[arg-type]
    )


def _empty(contest: Contest) -> Counted:
    none = np.zeros(0, dtype=np.int64)
    flags = np.zeros(0, dtype=np.bool_)
    votes = np.zeros((0, len(contest.candidates)), dtype=np.int64)
    return Counted(none.astype(np.int32), none.astype(np.int8), flags, votes, None, None, none, none, flags)
