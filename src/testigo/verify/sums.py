"""Step 8: every sum again, in DuckDB, from the published files.

Rules of this module
--------------------
1. Another engine than the one that made the result, with its own readers of CSV and Parquet. It is never asked to guess
   a column's type.
2. Three witnesses: the CSV, the Parquet, and plain addition over the log's decisions. They must give the same numbers
   for every contest, standing and column.
3. Within a row, candidates sum to ``valid``, and ballot lines to their candidate.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testigo.bundle import Leaves, count_columns
from testigo.election import Contest, Profile
from testigo.records import HEADLINE
from testigo.verify.report import Findings

if TYPE_CHECKING:
    import duckdb

Sums = dict[tuple[str, str], tuple[int, ...]]
_LISTED = 50


def check_sums(root: Path, profile: Profile, leaves: Leaves, files: Mapping[str, bytes], found: Findings) -> None:
    """Add everything up from CSV and Parquet, compare with the log's decisions, and note the headline."""
    import duckdb  # here, so that the processes that read images do without it

    columns = _columns(profile)
    right = _from_log(profile, leaves, columns)
    with duckdb.connect(":memory:", config={"autoinstall_known_extensions": False, "threads": 2}) as engine:
        for path in ("tallies.parquet", "tallies.csv"):
            if path not in files:
                continue
            try:
                _load(engine, root / path, columns)
                sums = _from_table(engine, columns)
                _check_rows(engine, profile, path, found)
            except duckdb.Error as error:
                found.problem("sum", path, f"DuckDB cannot add it up: {str(error).splitlines()[0]}")
                continue
            _compare(path, columns, right, sums, found)
    found.totals.extend(_headline(contest, columns, right) for contest in profile.contests)
    found.stations = len({station for _, station in leaves.standing()})


def _columns(profile: Profile) -> tuple[str, ...]:
    candidates, lines = count_columns(profile)
    return ("valid", "null", "blank", *(f"c_{code}" for code in candidates), *(f"l_{code}" for code in lines))


def _from_log(profile: Profile, leaves: Leaves, columns: tuple[str, ...]) -> Sums:
    sums: dict[tuple[str, str], list[int]] = {}
    places = {column: place for place, column in enumerate(columns, 1)}
    for _, decision in leaves.standing().values():
        row = sums.setdefault((decision.contest, decision.standing), [0] * (len(columns) + 1))
        row[0] += 1
        counts = decision.counts
        if counts is None:
            continue
        values = {"valid": counts.valid, "null": counts.null, "blank": counts.blank}
        values.update({f"c_{code}": votes for code, votes in counts.candidates.items()})
        values.update({f"l_{code}": votes for code, votes in (counts.lines or {}).items()})
        for column, votes in values.items():
            if column in places:
                row[places[column]] += votes or 0
    return {key: tuple(row) for key, row in sums.items()}


def _load(engine: duckdb.DuckDBPyConnection, path: Path, columns: tuple[str, ...]) -> None:
    votes = ", ".join(
        f"CAST(NULLIF(CAST({_quoted(column)} AS VARCHAR), '') AS BIGINT) AS {_quoted(column)}" for column in columns
    )
    source = "read_parquet($path)"
    if path.suffix == ".csv":
        dialect = "header=true, all_varchar=true, auto_detect=false, delim=',', quote='\"', escape='\"'"
        source = f"read_csv($path, {dialect}, columns={_struct(path)})"
    select = f"SELECT contest, station, standing, {votes} FROM {source}"  # noqa: S608  (codes are [A-Za-z0-9_]+)
    engine.execute(f"CREATE OR REPLACE TABLE t AS {select}", {"path": str(path)})


def _struct(path: Path) -> str:
    with path.open(encoding="utf-8", newline="") as stream:
        names = [name.strip().strip('"') for name in stream.readline().split(",")]
    return "{" + ", ".join(f"'{name.replace(chr(39), chr(39) * 2)}': 'VARCHAR'" for name in names) + "}"


def _from_table(engine: duckdb.DuckDBPyConnection, columns: tuple[str, ...]) -> Sums:
    votes = ", ".join(f"coalesce(sum({_quoted(column)}), 0)" for column in columns)
    rows = engine.execute(f"SELECT contest, standing, count(*), {votes} FROM t GROUP BY contest, standing").fetchall()  # noqa: S608
    return {(row[0], row[1]): tuple(int(value) for value in row[2:]) for row in rows}


def _check_rows(engine: duckdb.DuckDBPyConnection, profile: Profile, path: str, found: Findings) -> None:
    for contest in profile.contests:
        equations = [("valid", [f"c_{code}" for code in contest.candidate_codes], "valid")]
        lines = [
            (f"c_{one.code}", [f"l_{code}" for code in one.lines], f"l_{one.lines[0]}")
            for one in contest.candidates
            if one.lines
        ]
        for total, parts, known in equations + lines:
            added = " + ".join(f"coalesce({_quoted(part)}, 0)" for part in parts)
            rows = engine.execute(
                f"SELECT station, {_quoted(total)}, {added} FROM t WHERE contest = $contest"  # noqa: S608
                f" AND {_quoted(known)} IS NOT NULL AND {_quoted(total)} IS DISTINCT FROM ({added})"
                f" ORDER BY station LIMIT {_LISTED}",
                {"contest": contest.code},
            ).fetchall()
            for station, says, is_ in rows:
                found.problem(
                    "sum", f"{path}, {contest.code} {station}", f"{total} is {says}, and its parts sum to {is_}"
                )


def _compare(path: str, columns: tuple[str, ...], right: Sums, sums: Sums, found: Findings) -> None:
    names = ("stations", *columns)
    zero = (0,) * len(names)
    for key in sorted(right.keys() | sums.keys(), key=str):
        for name, logged, added in zip(names, right.get(key, zero), sums.get(key, zero), strict=True):
            if logged != added:
                where = f"{path}, {key[0]} {key[1]}"
                found.problem("sum", where, f"{name}: the log's decisions sum to {logged}, the table to {added}")


def _headline(contest: Contest, columns: tuple[str, ...], sums: Sums) -> dict[str, Any]:
    """What the headline counts: confirmed and imported."""
    rows = [sums[key] for key in ((contest.code, standing.value) for standing in HEADLINE) if key in sums]
    totals = [sum(values) for values in zip(*rows, strict=True)] or [0] * (len(columns) + 1)
    named = dict(zip(("stations", *columns), totals, strict=True))
    return {
        "contest": contest.code,
        "stations": named["stations"],
        "valid": named["valid"],
        "null": named["null"],
        "candidates": {code: named[f"c_{code}"] for code in contest.candidate_codes},
    }


def _quoted(name: str) -> str:
    return f'"{name}"'
