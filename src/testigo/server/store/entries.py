"""What may become a leaf: a queue entry held against its row, before anybody relies on it.

Rules of this module
--------------------
1. Pure: a queue entry and its row in, the leaf or the reason for its refusal out. Nothing here raises for what a body
   holds, because whoever broke into a program that faces the world chooses it.
2. Only what its row says, in canonical bytes and in the right shape: what a verifier would reject never gets an index.
3. Numbers fit the columns that they will lie in, texts are printable, lists are short: no entry can stop the log.
4. Decisions are never queued: the sequencer makes them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testigo.election import Profile, centre_of, parse_payload
from testigo.errors import InputError
from testigo.records import (
    ConfigurationLeaf,
    Counts,
    Evidence,
    Leaf,
    OpenedLeaf,
    Opening,
    PublicReading,
    ReceiptLeaf,
    ReleaseLeaf,
    Withheld,
    fact_problem,
    parse_leaf,
)

#: No station has so many votes, and the sum over any ballot still fits an ``integer`` of the database.
MOST_VOTES = 9_999_999
#: Bytes of an entry; a leaf may have 65,535, and the sequencer adds to it.
MOST_BYTES = 16_384
MOST_TEXT = 256
PERSON = "person"

#: What a program can rest on: the code, the print, or a code that only the print made readable.
_BY_A_PROGRAM = ((Evidence.QR.value,), (Evidence.PRINT.value,), (Evidence.PRINT.value, Evidence.QR.value))

_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NOT_KEPT = (Opening.TOO_LARGE, Opening.OVER_QUOTA)


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """The columns of the reading that an entry names."""

    contest: str
    station: str
    reader: str
    version: str
    person: str
    body: bytes


@dataclass(frozen=True, slots=True)
class OpenedRow:
    """The columns of the opened submission that an entry names."""

    outcome: str
    image: str
    withheld: str
    same_as: int | None


@dataclass(frozen=True, slots=True)
class Queued:
    """A row of the queue with what it names.

    Attributes:
        number: of the queue's row.
        kind: leaf type as queued.
        body: canonical bytes as queued.
        submission: number of the submission; for a reading, of the one that it reads.
        reading: number of the reading.
        receipt: the leaf's bytes that were promised for the submission.
        opened: what the submission was found to be.
        read: the reading's columns.
    """

    number: int
    kind: str
    body: bytes
    submission: int | None = None
    reading: int | None = None
    receipt: bytes | None = None
    opened: OpenedRow | None = None
    read: ReadingRow | None = None


def judge(profile: Profile, queued: Queued) -> Leaf | str:
    """The leaf that an entry is, still without indexes and ordinals; or why it is refused."""
    if len(queued.body) > MOST_BYTES:
        return f"longer than {MOST_BYTES} bytes"
    try:
        leaf = parse_leaf(queued.body)
    except (InputError, TypeError, RecursionError):
        return "not a leaf in canonical form"
    if queued.kind != leaf.TYPE:
        return "queued as another type of leaf than it is"
    match leaf:
        case ReceiptLeaf():
            why = _receipt(leaf, queued)
        case OpenedLeaf():
            why = _opened(leaf, queued.opened)
        case PublicReading():
            why = _reading(profile, leaf, queued)
        case ConfigurationLeaf() | ReleaseLeaf():
            why = ""
        case _:
            why = "decisions are made by the sequencer alone"
    return why or leaf


# ---------------------------------------------------------------------- by type


def _receipt(leaf: ReceiptLeaf, queued: Queued) -> str:
    if queued.receipt != queued.body:
        return "not the receipt that was promised"
    if not _is_hash(leaf.commitment) or not _is_number(leaf.batch, 2**40):
        return "a receipt of the wrong shape"
    return ""


def _opened(leaf: OpenedLeaf, row: OpenedRow | None) -> str:
    if row is None or (leaf.outcome, leaf.image, leaf.withheld) != (row.outcome, row.image, row.withheld):
        return "not what its row says"
    if leaf.outcome not in set(Opening) or leaf.withheld not in set(Withheld):
        return "no known outcome"
    if (leaf.outcome == Opening.SAME) != (row.same_as is not None):
        return "the same as nothing, or as something and yet not"
    if bool(leaf.commitment) == (leaf.outcome in _NOT_KEPT) or not _is_hash(leaf.commitment or "0" * 64):
        return "a commitment of the wrong shape"
    if leaf.image and (not _is_hash(leaf.image) or leaf.outcome != Opening.IMAGE or leaf.withheld):
        return "an image that cannot be"
    boxes = [(*box,) if isinstance(box, tuple) else () for box in _items(leaf.rectangles)]
    numbers = [number for box in (*boxes, _items(leaf.size)) for number in box]
    shapes = all(len(box) == 4 for box in boxes) and len(_items(leaf.size)) in (0, 2)
    if len(boxes) > MOST_TEXT or not shapes or not all(_is_number(number, 10**6) for number in numbers):
        return "rectangles of the wrong shape"
    return ""


def _reading(profile: Profile, leaf: PublicReading, queued: Queued) -> str:
    row = queued.read
    if row is None or row.body != queued.body:
        return "not the reading that its row names"
    if (leaf.contest, leaf.station, leaf.reader, leaf.version) != (row.contest, row.station, row.reader, row.version):
        return "not the reading that its row names"
    if (leaf.reader == PERSON) != bool(row.person):
        return "a person's reading without a person, or a program's with one"
    try:
        contest = profile.contest(leaf.contest)
        centre_of(profile, leaf.station)
    except InputError as error:
        return str(error)
    return (
        _shape(leaf) or _numbers(leaf.counts, leaf.printed) or _ballot(contest, leaf.counts) or _evidence(contest, leaf)
    )


def _shape(leaf: PublicReading) -> str:
    """Whether every field is of its kind: a leaf's fields are whatever its JSON held."""
    texts = (leaf.reader, leaf.version, leaf.sheet_code, leaf.adjudicates, *_items(leaf.problems))
    if not all(_is_text(text) for text in texts) or not _is_text(leaf.payload, MOST_BYTES):
        return "a text of the wrong shape"
    if not all(_is_number(n, 10**6) for n in (leaf.confidence, leaf.erased, leaf.corrected)) or leaf.confidence > 1000:
        return "a number of the wrong shape"
    if not _is_text(leaf.symbols, MOST_BYTES) or set(leaf.symbols) - set(".ce"):
        return "a map of symbols of the wrong shape"
    wrong = fact_problem(leaf.facts)
    if wrong:
        return wrong
    if (leaf.person, leaf.opened, leaf.source, leaf.line) != (0, None, "", 0):
        return "fields that are not its own to fill in"
    return ""


def _numbers(counts: Any, printed: Any) -> str:
    if not isinstance(counts, Counts) or not isinstance(printed, Mapping):
        return "no counts"
    votes = [*counts.candidates.values(), *(counts.lines or {}).values(), counts.null or 0, counts.blank or 0]
    if not all(_is_number(n, MOST_VOTES) for n in (*votes, *printed.values())):
        return "more votes than a station can have"
    if len(printed) > MOST_TEXT or not all(_is_text(name) for name in printed):
        return "printed figures of the wrong shape"
    return ""


def _ballot(contest: Any, counts: Counts) -> str:
    if set(counts.candidates) != set(contest.candidate_codes):
        return "its candidates are not those of the ballot"
    if counts.lines is not None:
        if set(counts.lines) != set(contest.line_codes):
            return "its lines are not those of the ballot"
        if contest.candidates_from_lines(counts.lines) != dict(counts.candidates):
            return "its lines do not sum to its candidates"
    return ""


def _evidence(contest: Any, leaf: PublicReading) -> str:
    """Whether a reading used what its reader can use, and says of a code exactly what the code says."""
    if leaf.reader == PERSON:
        fits = leaf.evidence == (Evidence.PRINT.value,) and not leaf.payload
        return "" if fits else "a person reads the print, and nothing else"
    if leaf.evidence not in _BY_A_PROGRAM or leaf.adjudicates:
        return "evidence that a program cannot have"
    if leaf.evidence == (Evidence.PRINT.value,):
        return "a payload without a code" if leaf.payload else ""
    said = parse_payload(contest, leaf.payload)
    if said is None or (said.code.station, said.code.text, said.counts, dict(said.printed)) != (
        leaf.station,
        leaf.sheet_code,
        leaf.counts,
        dict(leaf.printed),
    ):
        return "its payload says something else"
    return ""


# ---------------------------------------------------------------------- values


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def _is_number(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _is_text(value: Any, most: int = MOST_TEXT) -> bool:
    return isinstance(value, str) and len(value) <= most and value.isprintable()


def _items(value: Any) -> tuple[Any, ...]:
    """The items of a list; one that is none has one item, which no rule accepts."""
    return value if isinstance(value, tuple) else (None,)
