"""The bundle's tables: their columns, and how they follow from the ledger's leaves.

Rules of this module
--------------------
1. The tables hold nothing that the leaves do not: they are a projection, made again by anybody who doubts them.
2. Counts have one column per code: ``c_<candidate>`` and ``l_<line>``, in the profile's order over all contests; null
   where a contest has no such code or a source does not say. Unknown is null, never 0.
3. Lists are lists in Parquet and space-separated in CSV (codes hold no spaces); mappings are canonical JSON texts.
4. ``tallies`` has one row per (contest, station) that has a decision, ``readings`` one per reading leaf, ordered by
   (contest, station) and by leaf; ``stations`` is the register. Stations without a sheet are in ``stations`` alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from testigo.election import Profile
from testigo.records import Check, Counts, Decision, OpenedLeaf, PublicReading, canonical

INT, TEXT, TEXTS, INTS = pa.int64(), pa.string(), pa.list_(pa.string()), pa.list_(pa.int64())


def count_columns(profile: Profile) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Codes of all candidates and of all lines, in the profile's order, each once."""
    candidates = dict.fromkeys(code for contest in profile.contests for code in contest.candidate_codes)
    lines = dict.fromkeys(code for contest in profile.contests for code in contest.line_codes)
    return tuple(candidates), tuple(lines)


def _count_fields(profile: Profile) -> list[tuple[str, pa.DataType]]:
    candidates, lines = count_columns(profile)
    votes = [(f"c_{code}", INT) for code in candidates] + [(f"l_{code}", INT) for code in lines]
    return [("valid", INT), ("null", INT), ("blank", INT), *votes]


def tallies_schema(profile: Profile) -> pa.Schema:
    """Columns of ``tallies``: what stands for each (contest, station)."""
    return pa.schema(
        [
            ("contest", TEXT),
            ("station", TEXT),
            ("standing", TEXT),
            ("rule", TEXT),
            ("flags", TEXTS),
            ("provenance", TEXT),
            *_count_fields(profile),
            ("checks", TEXT),
            ("same_image", TEXTS),
            ("sheets", TEXTS),
            ("withheld", TEXTS),
            ("decision", INT),
            ("inputs", INTS),
            ("supports", INTS),
            ("opened", INTS),
        ]
    )


def readings_schema(profile: Profile) -> pa.Schema:
    """Columns of ``readings``: every reading, whether it carries a decision or not."""
    return pa.schema(
        [
            ("leaf", INT),
            ("contest", TEXT),
            ("station", TEXT),
            ("reader", TEXT),
            ("version", TEXT),
            ("person", INT),
            ("evidence", TEXTS),
            ("opened", INT),
            ("sheet_code", TEXT),
            *_count_fields(profile),
            ("printed", TEXT),
            ("payload", TEXT),
            ("confidence", INT),
            ("erased", INT),
            ("corrected", INT),
            ("adjudicates", TEXT),
            ("problems", TEXTS),
            ("source", TEXT),
            ("line", INT),
            ("symbols", TEXT),
            ("facts", TEXT),
        ]
    )


def _counts_row(profile: Profile, counts: Counts | None) -> dict[str, int | None]:
    candidates, lines = count_columns(profile)
    if counts is None:
        return {"valid": None, "null": None, "blank": None}
    row: dict[str, int | None] = {"valid": counts.valid, "null": counts.null, "blank": counts.blank}
    row.update({f"c_{code}": counts.candidates.get(code) for code in candidates})
    row.update({f"l_{code}": (counts.lines or {}).get(code) for code in lines})
    return row


def counts_of(profile: Profile, contest: str, row: Mapping[str, Any]) -> Counts | None:
    """The counts that a row of ``tallies`` or ``readings`` holds; ``None`` if it holds none."""
    if row["valid"] is None:
        return None
    ballot = profile.contest(contest)
    lines = {code: row[f"l_{code}"] for code in ballot.line_codes}
    known = all(votes is not None for votes in lines.values())
    votes = {code: row[f"c_{code}"] for code in ballot.candidate_codes}
    return Counts(votes, lines if known else None, row["null"], row["blank"])


def _plain_check(check: Check) -> dict[str, Any]:
    values = dict(check.values)
    return {"rule": check.rule, "outcome": check.outcome, "because": check.because, "values": values}


def tally_row(
    profile: Profile,
    index: int,
    decision: Decision,
    readings: Mapping[int, PublicReading],
    opened: Mapping[int, OpenedLeaf],
) -> dict[str, Any]:
    """The row of ``tallies`` for the decision at that leaf index.

    Args:
        readings, opened: leaves by index; those that the decision names must be there.
    """
    leaves = sorted({r.opened for i in decision.inputs if (r := readings[i]).opened is not None})
    shown = [opened[i] for i in leaves]
    return {
        "contest": decision.contest,
        "station": decision.station,
        "standing": decision.standing,
        "rule": decision.rule,
        "flags": list(decision.flags),
        "provenance": decision.provenance,
        **_counts_row(profile, decision.counts),
        "checks": canonical([_plain_check(check) for check in decision.checks]).decode(),
        "same_image": list(decision.same_image),
        "sheets": [leaf.image for leaf in shown if leaf.image],
        "withheld": sorted({leaf.withheld for leaf in shown if leaf.withheld}),
        "decision": index,
        "inputs": list(decision.inputs),
        "supports": list(decision.supports),
        "opened": leaves,
    }


def reading_row(profile: Profile, index: int, reading: PublicReading) -> dict[str, Any]:
    """The row of ``readings`` for the reading at that leaf index."""
    plain = ("contest", "station", "reader", "version", "person", "opened", "sheet_code", "payload", "confidence")
    more = ("erased", "corrected", "adjudicates", "source", "line", "symbols")
    return {
        "leaf": index,
        **{name: getattr(reading, name) for name in (*plain, *more)},
        "evidence": list(reading.evidence),
        "problems": list(reading.problems),
        "printed": canonical(dict(reading.printed)).decode(),
        "facts": canonical(dict(reading.facts)).decode(),
        **_counts_row(profile, reading.counts),
    }


def tallies_table(profile: Profile, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows of :func:`tally_row` as a table, ordered by (contest, station)."""
    ordered = sorted(rows, key=lambda row: (row["contest"], row["station"]))
    return pa.Table.from_pylist([dict(row) for row in ordered], schema=tallies_schema(profile))


def readings_table(profile: Profile, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows of :func:`reading_row` as a table, ordered by leaf."""
    ordered = sorted(rows, key=lambda row: int(row["leaf"]))
    return pa.Table.from_pylist([dict(row) for row in ordered], schema=readings_schema(profile))
