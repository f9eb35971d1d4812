"""One turn of the sequencer: queued leaves get their indexes, and stations with new readings their decisions.

Rules of this module
--------------------
1. There is one sequencer: a turn is one transaction under an advisory lock (ADR 5).
2. Leaves are numbered in the queue's order. References to submissions become leaf indexes here and nowhere else.
3. Behind the leaves of a turn stand the decisions of every (contest, station) that it touched, in the order in which
   they were touched. A replay of the public leaves gives the same.
4. A program that faces the world may have been broken into: what it queued is held against its row
   (:mod:`testigo.server.store.entries`), and what does not fit is marked as refused and stays there for people to see.
   It never stops the log.
5. A leaf has at most 65,535 bytes and a decision names every reading of its station, so there is a limit to the
   readings of one station and of one image. It is far above what honest people reach.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection, transaction

from testigo.election import Profile
from testigo.ledger import SigningKey
from testigo.records import Leaf, OpenedLeaf, PublicReading
from testigo.review import RegisterFacts
from testigo.server.store import deciding, log
from testigo.server.store.election import Election
from testigo.server.store.entries import OpenedRow, Queued, ReadingRow, judge

MOST_READINGS_OF_STATION = 2_000
MOST_READINGS_OF_IMAGE = 500


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
    """A row of the queue with what it names, and the indexes that those have in the log so far.

    Attributes:
        receipt: leaf index of the submission's receipt.
        opened: leaf index of its opened leaf; for a reading, that of the image which it reads.
        read: leaf index of the reading that the entry names: it has one already if it was queued twice.
    """

    queued: Queued
    receipt: int | None
    opened: int | None
    read: int | None


def turn(election: Election, facts: RegisterFacts, key: SigningKey, *, now: int, most: int) -> Turn:
    """Number what waits, and decide what it touches.

    1. Be the only one. 2. Take from the queue, in order. 3. Judge each, fill in leaf indexes and ordinals, note them.
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
        taken = _take(cursor, most)
        # 3
        start = log.head().tree.size
        numbering = _Numbering(cursor, election.profile, taken, start)
        for entry in taken:
            numbering.take(entry)
        for number, why in numbering.refused.items():
            cursor.execute("UPDATE ledger_queue SET refused = %s WHERE id = %s", [why, number])
        done = Turn(refused=len(numbering.refused), more=len(taken) == most)
        if not numbering.leaves:
            return done
        numbering.note(cursor)
        # 4
        readings = [(start + at, leaf) for at, leaf in enumerate(numbering.leaves) if isinstance(leaf, PublicReading)]
        decisions = deciding.decide_all(cursor, election.profile, facts, readings)
        # 5
        log.grow([*numbering.leaves, *decisions], key, now)
        # 6
        deciding.save(cursor, election, decisions, start + len(numbering.leaves))
        cursor.execute("DELETE FROM ledger_queue WHERE id = ANY(%s)", [numbering.numbered])
        return replace(done, leaves=len(numbering.leaves) + len(decisions), decisions=len(decisions))


def _take(cursor: Any, most: int) -> list[_Entry]:
    cursor.execute(
        "SELECT q.id, q.leaf_type, q.body, coalesce(r.submission_id, q.submission_id), q.reading_id, "
        "       s.leaf, s.leaf_index, o.outcome, o.image, o.withheld, o.same_as, o.leaf_index, "
        "       r.contest, r.station, r.reader, r.version, r.person, r.body, r.leaf_index "
        "FROM ledger_queue q LEFT JOIN reading r ON r.id = q.reading_id "
        "LEFT JOIN submission s ON s.id = coalesce(r.submission_id, q.submission_id) "
        "LEFT JOIN opened o ON o.submission_id = s.id "
        "WHERE q.refused = '' ORDER BY q.id LIMIT %s",
        [most],
    )
    return [_entry(*row) for row in cursor.fetchall()]


def _entry(number: int, kind: str, body: bytes, submission: int | None, reading: int | None, *row: Any) -> _Entry:
    promised, receipt, outcome, image, withheld, same_as, opened = row[:7]
    contest, station, reader, version, person, read_body, read = row[7:]
    found = None if outcome is None else OpenedRow(outcome, image, withheld, same_as)
    said = None if read_body is None else bytes(read_body)
    return _Entry(
        Queued(
            number=number,
            kind=kind,
            body=bytes(body),
            submission=submission,
            reading=reading,
            receipt=None if promised is None else bytes(promised),
            opened=found,
            read=None if said is None else ReadingRow(contest, station, reader, version, person, said),
        ),
        receipt,
        opened,
        read,
    )


class _Numbering:
    """Gives entries their indexes, one after the other; those that do not fit give way to the next.

    Attributes:
        leaves: with indexes instead of submissions, and ordinals instead of persons; the first stands at ``start``.
        numbered: their numbers in the queue.
        refused: number in the queue -> why.
    """

    def __init__(self, cursor: Any, profile: Profile, entries: Sequence[_Entry], start: int) -> None:
        self.leaves: list[Leaf] = []
        self.numbered: list[int] = []
        self.refused: dict[int, str] = {}
        self._profile, self._start = profile, start
        self._images = _images(cursor, entries)
        self._receipts: dict[int, int] = {}
        self._read: dict[int, int] = {}
        self._crowd = _Crowd(cursor, entries)

    def take(self, entry: _Entry) -> None:
        """Number an entry, or refuse it."""
        leaf = judge(self._profile, entry.queued)
        if not isinstance(leaf, str):
            leaf = self._filled_in(entry, leaf)
        if isinstance(leaf, str):
            self.refused[entry.queued.number] = leaf
        else:
            self.leaves.append(leaf)
            self.numbered.append(entry.queued.number)

    def _filled_in(self, entry: _Entry, leaf: Leaf) -> Leaf | str:
        number, index = entry.queued.submission or 0, self._start + len(self.leaves)
        if isinstance(leaf, PublicReading):
            return self._reading(entry, leaf, index)
        if isinstance(leaf, OpenedLeaf):
            return self._opened(entry, leaf, index)
        if leaf.TYPE == "receipt":
            if self._receipts.get(number, entry.receipt) is not None:
                return "this receipt is in the log already"
            self._receipts[number] = index
        return leaf

    def _opened(self, entry: _Entry, leaf: OpenedLeaf, index: int) -> Leaf | str:
        number = entry.queued.submission or 0
        receipt = self._receipts.get(number, entry.receipt)
        first = entry.queued.opened.same_as if entry.queued.opened is not None else None
        if self._images.get(number, entry.opened) is not None:
            return "this submission's opening is in the log already"
        if receipt is None:
            return "its receipt is not in the log"
        if first is not None and first not in self._images:
            return "the image that it repeats is not in the log"
        self._images[number] = index
        return replace(leaf, receipt=receipt, same_as=None if first is None else self._images[first])

    def _reading(self, entry: _Entry, leaf: PublicReading, index: int) -> Leaf | str:
        number, row = entry.queued.submission or 0, entry.queued.reading or 0
        opened = self._images.get(number, entry.opened)
        if opened is None or entry.queued.opened is None or entry.queued.opened.outcome != "image":
            return "what it reads is not in the log as an image"
        if row in self._read or entry.read is not None:
            return "this reading is in the log already"
        person = entry.queued.read.person if entry.queued.read is not None else ""
        ordinal = self._crowd.admit(leaf, number, person)
        if ordinal is None:
            return "too many readings of this station or image"
        self._read[row] = index
        return replace(leaf, opened=opened, person=ordinal)

    def note(self, cursor: Any) -> None:
        """Give the rows of evidence their leaf indexes, and people their ordinals."""
        images = {number: index for number, index in self._images.items() if index >= self._start}
        for statement, given in (
            ("UPDATE submission SET leaf_index = n.leaf FROM {} WHERE id = n.row", self._receipts),
            ("UPDATE opened SET leaf_index = n.leaf FROM {} WHERE submission_id = n.row", images),
            ("UPDATE reading SET leaf_index = n.leaf FROM {} WHERE id = n.row", self._read),
        ):
            if given:
                pairs = "unnest(%s::bigint[], %s::bigint[]) AS n (row, leaf)"
                cursor.execute(statement.format(pairs), [list(given), list(given.values())])
        self._crowd.note(cursor)


def _images(cursor: Any, entries: Iterable[_Entry]) -> dict[int, int]:
    """Submission -> leaf index of its opened leaf, for those that entries of this turn repeat."""
    rows = (entry.queued.opened for entry in entries if entry.queued.opened is not None)
    firsts = {row.same_as for row in rows if row.same_as is not None}
    if not firsts:
        return {}
    cursor.execute(
        "SELECT submission_id, leaf_index FROM opened WHERE submission_id = ANY(%s) AND leaf_index IS NOT NULL",
        [list(firsts)],
    )
    return dict(cursor.fetchall())


class _Crowd:
    """Who has read what so far: ordinals of people within a station, and how many readings there are."""

    def __init__(self, cursor: Any, entries: Iterable[_Entry]) -> None:
        rows = [(entry.queued.read, entry.queued.submission) for entry in entries if entry.queued.read is not None]
        keys = list({(row.contest, row.station) for row, _ in rows})
        self._ordinals: dict[tuple[str, str, str], int] = {}
        self._last: Counter[tuple[str, str]] = Counter()
        self._new: list[tuple[str, str, str, int]] = []
        self._stations: Counter[tuple[str, str]] = Counter()
        self._images: Counter[int] = Counter()
        if not keys:
            return
        columns = [[contest for contest, _ in keys], [station for _, station in keys]]
        where = "WHERE (contest, station) IN (SELECT * FROM unnest(%s::text[], %s::text[]))"
        cursor.execute(f"SELECT contest, station, pseudonym, ordinal FROM person_ordinal {where}", columns)
        for contest, station, who, ordinal in cursor.fetchall():
            self._ordinals[contest, station, who] = ordinal
            self._last[contest, station] = max(ordinal, self._last[contest, station])
        logged = f"FROM reading {where} AND leaf_index IS NOT NULL GROUP BY contest, station"
        cursor.execute(f"SELECT contest, station, count(*) {logged}", columns)
        self._stations.update({(contest, station): count for contest, station, count in cursor.fetchall()})
        cursor.execute(
            "SELECT submission_id, count(*) FROM reading WHERE submission_id = ANY(%s) AND leaf_index IS NOT NULL "
            "GROUP BY submission_id",
            [list({number for _, number in rows})],
        )
        self._images.update(dict(cursor.fetchall()))

    def admit(self, leaf: PublicReading, image: int, person: str) -> int | None:
        """The ordinal of whoever read (0 for a program); ``None`` if there are too many readings already."""
        key = (leaf.contest, leaf.station)
        if self._stations[key] >= MOST_READINGS_OF_STATION or self._images[image] >= MOST_READINGS_OF_IMAGE:
            return None
        self._stations[key] += 1
        self._images[image] += 1
        if not person:
            return 0
        if (*key, person) not in self._ordinals:
            self._last[key] += 1
            self._ordinals[*key, person] = self._last[key]
            self._new.append((*key, person, self._last[key]))
        return self._ordinals[*key, person]

    def note(self, cursor: Any) -> None:
        """Keep the ordinals that were given."""
        if self._new:
            cursor.executemany(
                "INSERT INTO person_ordinal (contest, station, pseudonym, ordinal) VALUES (%s, %s, %s, %s)", self._new
            )
