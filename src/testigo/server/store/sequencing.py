"""One turn of the sequencer: queued leaves get their indexes, and stations with new readings their decisions.

Rules of this module
--------------------
1. There is one sequencer: a turn is one transaction under an advisory lock (ADR 5).
2. Leaves are numbered in the queue's order. References to submissions become leaf indexes here and nowhere else.
3. Behind the leaves of a turn stand the decisions of every (contest, station) that it touched, in the order in which
   they were touched. A replay of the public leaves gives the same.
4. A program that faces the world may have been broken into: what it queued is held against its row, and what does not
   fit is marked as refused and stays there for people to see. It never stops the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection, transaction

from testigo.election import Profile
from testigo.errors import InputError
from testigo.ledger import SigningKey
from testigo.records import Evidence, Leaf, OpenedLeaf, PublicReading, parse_leaf
from testigo.review import RegisterFacts
from testigo.server.store import deciding, log
from testigo.server.store.election import Election


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn did.

    Attributes:
        leaves: leaves that were numbered, decisions among them.
        decisions: how many of them.
        refused: queue entries that were marked as refused.
        more: whether more may be waiting.
    """

    leaves: int = 0
    decisions: int = 0
    refused: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row of the queue, with the columns of the reading that it names."""

    number: int
    leaf: Leaf
    submission: int | None
    reading: int | None
    person: str


@dataclass(frozen=True, slots=True)
class _Refused:
    number: int
    why: str


def turn(election: Election, facts: RegisterFacts, key: SigningKey, *, now: int, most: int) -> Turn:
    """Number what waits, and decide what it touches.

    1. Be the only one. 2. Take from the queue, in order. 3. Fill in leaf indexes and ordinals, and note them.
    4. Decide. 5. Grow the log and sign. 6. Write down what stands now; empty the queue.

    Args:
        key: the log's.
        now: Unix seconds, for the checkpoint.
        most: queue entries to take at most.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # 1
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [log.SEQUENCER_LOCK])
        # 2
        taken = _take(cursor, election.profile, most)
        entries = [entry for entry in taken if isinstance(entry, _Entry)]
        refused = [entry for entry in taken if isinstance(entry, _Refused)]
        for entry in refused:
            cursor.execute("UPDATE ledger_queue SET refused = %s WHERE id = %s", [entry.why, entry.number])
        if not entries:
            return Turn(refused=len(refused), more=len(taken) == most)
        # 3
        start = log.head().tree.size
        resolved = _resolve(cursor, entries, start)
        _note(cursor, entries, start)
        # 4
        readings = [(start + at, leaf) for at, leaf in enumerate(resolved) if isinstance(leaf, PublicReading)]
        decisions = deciding.decide_all(cursor, election.profile, facts, readings)
        # 5
        log.grow([*resolved, *decisions], key, now)
        # 6
        deciding.save(cursor, election, decisions, start + len(resolved))
        cursor.execute("DELETE FROM ledger_queue WHERE id = ANY(%s)", [[entry.number for entry in entries]])
        return Turn(len(resolved) + len(decisions), len(decisions), len(refused), len(taken) == most)


def _take(cursor: Any, profile: Profile, most: int) -> list[_Entry | _Refused]:
    cursor.execute(
        "SELECT q.id, q.leaf_type, q.body, q.submission_id, q.reading_id, "
        "       r.contest, r.station, r.reader, r.version, r.person "
        "FROM ledger_queue q LEFT JOIN reading r ON r.id = q.reading_id "
        "WHERE q.refused = '' ORDER BY q.id LIMIT %s",
        [most],
    )
    return [_entry(profile, *row) for row in cursor.fetchall()]


def _entry(
    profile: Profile, number: int, kind: str, body: bytes, submission: int | None, reading: int | None, *row: str | None
) -> _Entry | _Refused:
    try:
        leaf = parse_leaf(bytes(body))
    except InputError as error:
        return _Refused(number, str(error))
    person = row[4] or ""
    if kind != leaf.TYPE:
        return _Refused(number, f"queued as {kind}, but a {leaf.TYPE}")
    if isinstance(leaf, PublicReading):
        if (leaf.contest, leaf.station, leaf.reader, leaf.version) != row[:4]:
            return _Refused(number, "not the reading that its row names")
        why = _unfit(profile, leaf, person)
        if why:
            return _Refused(number, why)
    return _Entry(number, leaf, submission, reading, person)


def _unfit(profile: Profile, reading: PublicReading, person: str) -> str:
    """Why a reading cannot be taken: numbers that are not this ballot's, or evidence that its reader cannot have."""
    try:
        contest = profile.contest(reading.contest)
    except InputError as error:
        return str(error)
    if set(reading.counts.candidates) != set(contest.candidate_codes):
        return "its candidates are not those of the ballot"
    lines = reading.counts.lines
    if lines is not None:
        if set(lines) != set(contest.line_codes):
            return "its lines are not those of the ballot"
        if contest.candidates_from_lines(lines) != dict(reading.counts.candidates):
            return "its lines do not sum to its candidates"
    if person and (reading.evidence != (Evidence.PRINT.value,) or reading.payload):
        return "a person reads the print, and nothing else"
    return ""


def _resolve(cursor: Any, entries: Sequence[_Entry], start: int) -> list[Leaf]:
    """The leaves with indexes instead of submissions, and ordinals instead of persons."""
    receipts = _indexes(cursor, "submission", "id", entries)
    images = _indexes(cursor, "opened", "submission_id", entries)
    same = _same_as(cursor, entries)
    images.update(_opened_of(cursor, same.values()))
    ordinals = _ordinals(cursor, entries)
    leaves: list[Leaf] = []
    for at, entry in enumerate(entries):
        leaf, number = entry.leaf, entry.submission or 0
        if leaf.TYPE == "receipt":
            receipts[number] = start + at
        elif isinstance(leaf, OpenedLeaf):
            images[number] = start + at
            first = same.get(number)
            leaf = replace(leaf, receipt=receipts[number], same_as=None if first is None else images[first])
        elif isinstance(leaf, PublicReading):
            ordinal = ordinals.get((leaf.contest, leaf.station, entry.person), 0)
            leaf = replace(leaf, opened=images.get(number), person=ordinal)
        leaves.append(leaf)
    return leaves


def _indexes(cursor: Any, table: str, column: str, entries: Iterable[_Entry]) -> dict[int, int]:
    """Submission number -> leaf index of its row in that table, where it has one."""
    numbers = list({entry.submission for entry in entries if entry.submission is not None})
    cursor.execute(
        f"SELECT {column}, leaf_index FROM {table} WHERE {column} = ANY(%s) AND leaf_index IS NOT NULL",
        [numbers],
    )
    return dict(cursor.fetchall())


def _opened_of(cursor: Any, numbers: Iterable[int]) -> dict[int, int]:
    cursor.execute(
        "SELECT submission_id, leaf_index FROM opened WHERE submission_id = ANY(%s) AND leaf_index IS NOT NULL",
        [list(set(numbers))],
    )
    return dict(cursor.fetchall())


def _same_as(cursor: Any, entries: Iterable[_Entry]) -> dict[int, int]:
    """Submission number -> number of the submission that showed the same plaintext first."""
    numbers = [entry.submission for entry in entries if isinstance(entry.leaf, OpenedLeaf)]
    cursor.execute(
        "SELECT submission_id, same_as FROM opened WHERE submission_id = ANY(%s) AND same_as IS NOT NULL", [numbers]
    )
    return dict(cursor.fetchall())


def _ordinals(cursor: Any, entries: Iterable[_Entry]) -> Mapping[tuple[str, str, str], int]:
    """(contest, station, pseudonym) -> ordinal; whoever has none yet is given the next."""
    people = dict.fromkeys(
        (entry.leaf.contest, entry.leaf.station, entry.person)
        for entry in entries
        if isinstance(entry.leaf, PublicReading) and entry.person
    )
    if not people:
        return {}
    cursor.execute(
        "SELECT contest, station, pseudonym, ordinal FROM person_ordinal "
        "WHERE (contest, station) IN (SELECT * FROM unnest(%s::text[], %s::text[]))",
        [[contest for contest, _, _ in people], [station for _, station, _ in people]],
    )
    known = {(contest, station, who): ordinal for contest, station, who, ordinal in cursor.fetchall()}
    last: dict[tuple[str, str], int] = {}
    for (contest, station, _), ordinal in known.items():
        last[contest, station] = max(ordinal, last.get((contest, station), 0))
    for contest, station, who in people:
        if (contest, station, who) not in known:
            last[contest, station] = last.get((contest, station), 0) + 1
            known[contest, station, who] = last[contest, station]
            cursor.execute(
                "INSERT INTO person_ordinal (contest, station, pseudonym, ordinal) VALUES (%s, %s, %s, %s)",
                [contest, station, who, last[contest, station]],
            )
    return known


def _note(cursor: Any, entries: Sequence[_Entry], start: int) -> None:
    """Give the rows of evidence their leaf indexes."""
    rows: dict[str, tuple[str, list[int], list[int]]] = {
        "receipt": ("submission SET leaf_index = n.leaf FROM", [], []),
        "opened": ("opened SET leaf_index = n.leaf FROM", [], []),
        "reading": ("reading SET leaf_index = n.leaf FROM", [], []),
    }
    for at, entry in enumerate(entries):
        row = entry.reading if entry.leaf.TYPE == "reading" else entry.submission
        if entry.leaf.TYPE in rows and row is not None:
            rows[entry.leaf.TYPE][1].append(row)
            rows[entry.leaf.TYPE][2].append(start + at)
    for kind, (update, numbers, indexes) in rows.items():
        column = "submission_id" if kind == "opened" else "id"
        cursor.execute(
            f"UPDATE {update} unnest(%s::bigint[], %s::bigint[]) AS n (row, leaf) WHERE {column} = n.row",
            [numbers, indexes],
        )
