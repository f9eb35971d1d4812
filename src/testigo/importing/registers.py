"""A register from published tables.

Rules of this module
--------------------
1. A station is known if any table has it. Electors are known if any table says them; unknown is null, never 0.
2. Tables that contradict each other (electors, areas, names) are reported with file and line; none of them is believed.
3. A register made beside an import is not the country's: only ``testigo register`` makes a complete one, whose missing
   stations the profile's national figure counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from testigo.election import Profile, Register, register_schema
from testigo.errors import InputError, Problem
from testigo.importing.table import PublishedTable, Row, raise_problems, read_table


def build_register(profile: Profile, paths: Sequence[Path]) -> Register:
    """The country's register from published tables.

    Raises:
        InputError: no table, or problems in or between them; ``problems`` names every one.
    """
    if not paths:
        raise InputError("No table was given.", "Name at least one published table.")
    tables: list[PublishedTable] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            tables.append(read_table(profile, path))
        except InputError as error:
            if not error.problems:
                raise
            problems += error.problems
    raise_problems("The register cannot be built", problems)
    return register_of(profile, tables, complete=True)


def register_of(profile: Profile, tables: Sequence[PublishedTable], *, complete: bool = False) -> Register:
    """The register of the stations that the tables have.

    Raises:
        InputError: two tables contradict each other; ``problems`` names every place.
    """
    merger = _Merger(profile)
    for table in tables:
        for row in table.rows:
            merger.add(table.file, row)
    raise_problems("The tables contradict each other", merger.problems)
    return Register(profile, merger.table(), complete=complete)


class _Merger:
    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.problems: list[Problem] = []
        self._stations: dict[str, tuple[Row, str]] = {}
        self._electors: dict[str, int] = {}
        self._names: dict[str, str] = {}
        columns = profile.published_table
        self._centre = columns.centre if columns else ""
        self._electors_column = columns.electors if columns else ""

    def add(self, file: str, row: Row) -> None:
        """Take a row, or say what it contradicts."""
        known, where = self._stations.setdefault(row.station, (row, file))
        if [code for code, _ in known.areas] != [code for code, _ in row.areas]:
            text = f"the station {row.station} lies in other areas than in {where}, line {known.line}"
            self.problems.append(Problem(file, row.line, self._centre, text))
        for code, name in row.areas:
            other = self._names.setdefault(code, name)
            if other != name:
                text = f"the area {code} is {name!r} here and {other!r} elsewhere"
                self.problems.append(Problem(file, row.line, "", text))
        if row.electors is not None:
            electors = self._electors.setdefault(row.station, row.electors)
            if electors != row.electors:
                text = f"the station {row.station} has {row.electors} electors here and {electors} elsewhere"
                self.problems.append(Problem(file, row.line, self._electors_column, text))

    def table(self) -> pa.Table:
        """The register's columns."""
        rows = [row for row, _ in self._stations.values()]
        columns: dict[str, list[str] | list[int | None]] = {
            "station": [row.station for row in rows],
            "centre": [row.centre for row in rows],
            "centre_name": [""] * len(rows),  # the published tables name no centres
            "electors": [self._electors.get(row.station) for row in rows],
        }
        for depth, level in enumerate(self.profile.levels):
            columns[level.code] = [row.areas[depth][0] for row in rows]
            columns[f"{level.code}_name"] = [row.areas[depth][1] for row in rows]
        return pa.table(columns, schema=register_schema(self.profile))
