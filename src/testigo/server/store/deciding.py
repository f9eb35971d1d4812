"""Decisions inside a sequencer's turn: gather what the decider needs, ask it, write down what stands.

Rules of this module
--------------------
1. It decides nothing: :func:`testigo.review.decide` does, from public readings.
2. What the operator asserts (provenance, sameness of images) is gathered here from private rows, and published as an
   assertion; what waits for its leaf or was refused is not looked at.
3. Many stations are gathered at once; one statement per question, whatever their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from testigo.election import Profile
from testigo.errors import InternalError
from testigo.records import Decision, Flag, Provenance, PublicReading, Standing, parse_leaf
from testigo.review import RegisterFacts, decide
from testigo.server.store.counted import pack_votes
from testigo.server.store.election import Election

Key = tuple[str, str]
_STANDINGS = {standing.value: number for number, standing in enumerate(Standing)}
#: Other stations that a decision names: enough to see that something is wrong, and a leaf has its limits.
_MOST_NAMED = 100
_KEYS = "(SELECT * FROM unnest(%s::text[], %s::text[]))"


def decide_all(
    cursor: Any, profile: Profile, facts: RegisterFacts, fresh: Sequence[tuple[int, PublicReading]]
) -> list[Decision]:
    """The decisions that new readings ask for, one per (contest, station), in the order of the first new reading.

    Args:
        fresh: (leaf index, reading) of the readings of this turn; their rows have their leaf indexes already.
    """
    keys = list(dict.fromkeys((reading.contest, reading.station) for _, reading in fresh))
    if not keys:
        return []
    readings = _earlier_readings(cursor, keys)
    for index, reading in fresh:
        readings.setdefault((reading.contest, reading.station), {})[index] = reading
    previous = _latest(cursor, keys)
    provenance = _provenance(cursor, keys)
    same_image = _same_image(cursor, keys)
    decisions = []
    for contest, station in keys:
        key = (contest, station)
        known = facts.of(station, same_image.get(key, ()), provenance.get(key, Provenance.ANONYMOUS.value))
        decisions.append(decide(profile, station, contest, sorted(readings[key].items()), known, previous.get(key)))
    return decisions


def _columns(keys: Sequence[Key]) -> list[list[str]]:
    return [[contest for contest, _ in keys], [station for _, station in keys]]


def _earlier_readings(cursor: Any, keys: Sequence[Key]) -> dict[Key, dict[int, PublicReading]]:
    cursor.execute(
        "SELECT l.index, l.body FROM reading r JOIN leaf l ON l.index = r.leaf_index "
        f"WHERE (r.contest, r.station) IN {_KEYS}",
        _columns(keys),
    )
    found: dict[Key, dict[int, PublicReading]] = {}
    for index, body in cursor.fetchall():
        reading = parse_leaf(bytes(body))
        if not isinstance(reading, PublicReading):
            raise InternalError(f"Leaf {index} should be a reading.")
        found.setdefault((reading.contest, reading.station), {})[index] = reading
    return found


def _latest(cursor: Any, keys: Sequence[Key]) -> dict[Key, tuple[int, Decision]]:
    cursor.execute(
        "SELECT l.index, l.body FROM leaf l WHERE l.index IN (SELECT max(leaf_index) FROM decision "
        f"WHERE (contest, station) IN {_KEYS} GROUP BY contest, station)",
        _columns(keys),
    )
    found: dict[Key, tuple[int, Decision]] = {}
    for index, body in cursor.fetchall():
        decision = parse_leaf(bytes(body))
        if not isinstance(decision, Decision):
            raise InternalError(f"Leaf {index} should be a decision.")
        found[decision.contest, decision.station] = (index, decision)
    return found


def _provenance(cursor: Any, keys: Sequence[Key]) -> dict[Key, str]:
    """Two sources are two senders with different images: a photo that two people forward is one source."""
    cursor.execute(
        "SELECT DISTINCT r.contest, r.station, s.sender, o.plaintext FROM reading r "
        "JOIN opened f ON f.submission_id = r.submission_id "
        "JOIN opened o ON o.plaintext = f.plaintext JOIN submission s ON s.id = o.submission_id "
        f"WHERE r.leaf_index IS NOT NULL AND f.plaintext <> '' AND (r.contest, r.station) IN {_KEYS}",
        _columns(keys),
    )
    sources: dict[Key, set[tuple[str, str]]] = {}
    for contest, station, sender, plaintext in cursor.fetchall():
        sources.setdefault((contest, station), set()).add((sender, plaintext))
    return {key: _source_of(pairs).value for key, pairs in sources.items()}


def _source_of(pairs: Iterable[tuple[str, str]]) -> Provenance:
    pairs = set(pairs)
    independent = any(a[0] != b[0] and a[1] != b[1] for a in pairs for b in pairs)
    return Provenance.TWO_SOURCES if independent else Provenance.ONE_SOURCE


def _same_image(cursor: Any, keys: Sequence[Key]) -> Mapping[Key, tuple[str, ...]]:
    cursor.execute(
        "SELECT DISTINCT r.contest, r.station, other.station FROM reading r "
        "JOIN opened f ON f.submission_id = r.submission_id JOIN opened o ON o.plaintext = f.plaintext "
        "JOIN reading other ON other.submission_id = o.submission_id AND other.station <> r.station "
        f"WHERE r.leaf_index IS NOT NULL AND other.leaf_index IS NOT NULL AND (r.contest, r.station) IN {_KEYS}",
        _columns(keys),
    )
    found: dict[Key, list[str]] = {}
    for contest, station, other in cursor.fetchall():
        found.setdefault((contest, station), []).append(other)
    return {key: tuple(sorted(others)[:_MOST_NAMED]) for key, others in found.items()}


def save(cursor: Any, election: Election, decisions: Sequence[Decision], start: int) -> None:
    """Note where decisions stand in the log, and what stands now.

    Args:
        start: leaf index of the first of them.
    """
    if not decisions:
        return
    with cursor.copy("COPY decision (leaf_index, contest, station, standing) FROM STDIN") as copy:
        for at, decision in enumerate(decisions):
            copy.write_row((start + at, decision.contest, decision.station, decision.standing))
    rows = [_standing_row(election, decision, start + at) for at, decision in enumerate(decisions)]
    cursor.executemany(
        "INSERT INTO standing (contest, station, register_row, standing, contested, candidates, lines, null_votes, "
        "blank_votes, decision_leaf) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (contest, station) DO UPDATE SET register_row = excluded.register_row, "
        "standing = excluded.standing, contested = excluded.contested, candidates = excluded.candidates, "
        "lines = excluded.lines, null_votes = excluded.null_votes, blank_votes = excluded.blank_votes, "
        "decision_leaf = excluded.decision_leaf",
        rows,
    )


def _standing_row(election: Election, decision: Decision, index: int) -> tuple[Any, ...]:
    contest = election.profile.contest(decision.contest)
    counts = decision.counts
    row = election.register.rows.get(decision.station) if election.register is not None else None
    candidates = None if counts is None else pack_votes(counts.candidates[code] for code in contest.candidate_codes)
    lines = counts.lines if counts is not None else None
    return (
        decision.contest,
        decision.station,
        row,
        _STANDINGS[decision.standing],
        Flag.CONTESTED.value in decision.flags,
        candidates,
        None if lines is None else pack_votes(lines[code] for code in contest.line_codes),
        None if counts is None else counts.null,
        None if counts is None else counts.blank,
        index,
    )
