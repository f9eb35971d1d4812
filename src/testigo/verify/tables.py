"""Steps 6 and 11: tables follow from the leaves, CSV says what Parquet says, the list of changes is what changed.

Rules of this module
--------------------
1. Equal bytes or equal tables end a comparison; otherwise row, column and both values are named.
2. A row is named by its key, never by its place: one lost row is one problem.
3. CSV is parsed here by the standard library, not by the library that wrote it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

import pyarrow as pa

from testigo.bundle import Leaves, Manifest, readings_schema, tallies_schema
from testigo.bundle.manifest import CHANGES
from testigo.bundle.read import parse_parquet
from testigo.bundle.texts import CHANGES_SCHEMA, changes_between, changes_table, csv_bytes, text_rows
from testigo.election import Profile, Register, register_schema
from testigo.errors import InputError
from testigo.verify.report import Findings

KEYS: Mapping[str, tuple[str, ...]] = {
    "stations": ("station",),
    "tallies": ("contest", "station"),
    "readings": ("leaf",),
    "changes": ("table", "contest", "station", "change", "column"),
}
Key = tuple[str, ...]
Rows = Mapping[Key, Sequence[str]]


def load_tables(profile: Profile, files: Mapping[str, bytes], found: Findings) -> dict[str, pa.Table]:
    """The Parquet tables that can be read, by name."""
    schemas = {
        "stations": register_schema(profile),
        "tallies": tallies_schema(profile),
        "readings": readings_schema(profile),
    }
    tables = {}
    for name, schema in schemas.items():
        path = f"{name}.parquet"
        if path in files:
            try:
                tables[name] = parse_parquet(files[path], schema, path)
            except InputError as error:
                found.refused("table", error)
    return tables


def load_register(
    profile: Profile, manifest: Manifest, tables: Mapping[str, pa.Table], found: Findings
) -> Register | None:
    """The register that the table of stations holds, if it is one."""
    if "stations" not in tables:
        return None
    complete, digest = manifest.register_complete, manifest.register_sha256
    try:
        register = Register(profile, tables["stations"], complete=complete, sha256=digest)
    except InputError as error:
        found.problem("table", "stations.parquet", error.message)
        return None
    if not register.table.equals(tables["stations"]):
        found.problem("table", "stations.parquet", "its rows are not in the order of their stations")
    return register


def check_tables(profile: Profile, leaves: Leaves, tables: Mapping[str, pa.Table], found: Findings) -> pa.Table:
    """Step 6, first half: tallies and readings made again from the leaves. Returns the tallies as they must be."""
    right = {"tallies": leaves.tallies(profile), "readings": leaves.readings_table(profile)}
    for name, table in right.items():
        if name in tables and not table.equals(tables[name]):
            expected, actual = _by_key(name, table), _by_key(name, tables[name])
            _compare(
                "table", f"{name}.parquet", table.column_names, expected, actual, ("the log says", "the table"), found
            )
    return right["tallies"]


def check_csv(name: str, table: pa.Table, data: bytes, found: Findings) -> None:
    """Step 6, second half: the CSV holds what the Parquet table holds."""
    path = f"{name}.csv"
    if data == csv_bytes(table):
        return
    try:
        lines = list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        found.problem("csv", path, f"it is not CSV in UTF-8: {error}")
        return
    header, rows = (lines[0], lines[1:]) if lines else ([], [])
    if header != table.column_names:
        odd = sorted(set(header) ^ set(table.column_names)) or ["their order"]
        found.problem("csv", f"{path}, line 1", f"its columns are not those of the table: {', '.join(odd)}")
        return
    places = [header.index(column) for column in KEYS[name]]
    actual: dict[Key, Sequence[str]] = {}
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            found.problem("csv", f"{path}, row {number}", f"it has {len(row)} cells instead of {len(header)}")
            continue
        key = tuple(row[place] for place in places)
        if key in actual:
            found.problem("csv", f"{path}, {' '.join(key)}", "the row stands twice")
        actual[key] = row
    expected = _by_key(name, table)
    _compare("csv", path, header, expected, actual, (f"{name}.parquet says", "the CSV"), found)
    if list(actual) != list(expected) and set(actual) == set(expected):
        found.problem("csv", path, "its rows stand in another order")


def check_changes(
    profile: Profile,
    leaves: Leaves,
    manifest: Manifest,
    tables: tuple[pa.Table, pa.Table | None, pa.Table | None],
    data: bytes,
    found: Findings,
) -> None:
    """Step 11: the list of changes, made again from the log (tallies) and the previous release (stations).

    Args:
        tables: tallies and stations of this release, stations of the previous one if it was given.
        data: ``changes.csv``.
    """
    tallies, stations, stations_before = tables
    rows: list[tuple[str, ...]] = []
    if manifest.release > 1:
        if stations is not None and stations_before is not None:
            rows += changes_between("stations", stations_before, stations)
        rows += changes_between("tallies", leaves.tallies(profile, manifest.previous_covers), tallies)
    try:
        lines = list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        found.problem("changes", CHANGES, f"it is not CSV in UTF-8: {error}")
        return
    if not lines or lines[0] != CHANGES_SCHEMA.names:
        found.problem("changes", f"{CHANGES}, line 1", f"its columns must be {', '.join(CHANGES_SCHEMA.names)}")
        return
    listed = [tuple(line) for line in lines[1:] if line[:1] != ["stations"] or stations_before is not None]
    if len(listed) < len(lines) - 1 or (manifest.release > 1 and stations_before is None):
        found.skip(
            "changed_stations",
            "los cambios en la lista de mesas (dé la publicación anterior con --previous)",
            "changes in the list of stations (give the previous release with --previous)",
        )
    wanted = [tuple(row) for row in zip(*(c.to_pylist() for c in changes_table(rows).columns), strict=True)]
    for row in sorted(set(wanted) - set(listed)):
        found.problem("changes", f"{CHANGES}, {' '.join(row[:3])}", f"it leaves out: {' '.join(row[3:])}".rstrip())
    for row in sorted(set(listed) - set(wanted)):
        found.problem("changes", f"{CHANGES}, {' '.join(row[:3])}", f"it did not happen: {' '.join(row[3:])}".rstrip())
    if listed != wanted and set(listed) == set(wanted):
        found.problem("changes", CHANGES, "its rows stand in another order, or twice")


def _by_key(name: str, table: pa.Table) -> dict[Key, Sequence[str]]:
    places = [table.column_names.index(column) for column in KEYS[name]]
    rows = [[cell or "" for cell in row] for row in text_rows(table)]
    return {tuple(row[place] for place in places): row for row in rows}


def _compare(
    kind: str,
    path: str,
    columns: Sequence[str],
    expected: Rows,
    actual: Rows,
    names: tuple[str, str],
    found: Findings,
) -> None:
    for key in sorted(expected.keys() | actual.keys()):
        where = f"{path}, {' '.join(key)}"
        if key not in actual:
            found.problem(kind, where, "the row is missing")
        elif key not in expected:
            found.problem(kind, where, "the row does not belong there")
        elif list(expected[key]) != list(actual[key]):
            for column, right, wrong in zip(columns, expected[key], actual[key], strict=True):
                if right != wrong:
                    found.problem(kind, where, f"{column}: {names[0]} {right!r}, {names[1]} {wrong!r}")
