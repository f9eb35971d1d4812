"""The register: every polling station, where it is, and how many electors it has.

Rules of this module
--------------------
1. One row per station. Columns: ``station``, ``centre``, ``centre_name``, ``electors``, and per level of the territory,
   top down, ``<level>`` (the area's code, unique in the country) and ``<level>_name``. Every code is text.
2. Unknown electors are null, never 0. A name that is not known is empty.
3. Stations known only by number have no row: they are the difference to the profile's national figure.
4. Order: by station code, so that the same register has the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from testigo.election.profile import Profile
from testigo.errors import InputError, Problem

COUNTRY = "country"

_PARQUET = b"PAR1"


@dataclass(frozen=True, slots=True)
class Area:
    """A node of the territory tree. The root's level is ``country`` and its parent is empty."""

    code: str
    level: str
    name: str
    parent: str


@dataclass(frozen=True, slots=True)
class Station:
    """A polling station. ``areas`` are the codes of the areas above it, top down, without the country."""

    code: str
    centre: str
    centre_name: str
    electors: int | None
    areas: tuple[str, ...]


def register_schema(profile: Profile) -> pa.Schema:
    """The columns of a register, with their types."""
    columns = [
        ("station", pa.string()),
        ("centre", pa.string()),
        ("centre_name", pa.string()),
        ("electors", pa.int64()),
    ]
    for level in profile.levels:
        columns += [(level.code, pa.string()), (f"{level.code}_name", pa.string())]
    return pa.schema(columns)


class Register:
    """Every station that is known by name.

    Args:
        profile: the election.
        table: columns of :func:`register_schema`; any order of rows.
        complete: whether this is the country's register, so that the profile's national figures hold beside it.
            Without it (a register made from an imported table), electors of the country are unknown.
        sha256: of the file it was read from, hex; empty if it was made from something else.

    Raises:
        InputError: a column is missing, a station stands twice, a code or a parent does not fit.
    """

    def __init__(self, profile: Profile, table: pa.Table, *, complete: bool = True, sha256: str = "") -> None:
        self.profile = profile
        self.complete = complete
        self.sha256 = sha256
        schema = register_schema(profile)
        missing = [name for name in schema.names if name not in table.column_names]
        if missing:
            raise InputError(
                f"The register lacks the column {missing[0]!r}.",
                f"It needs: {', '.join(schema.names)}.",
                [Problem("register", 1, name, "this column is missing") for name in missing],
            )
        self.table: pa.Table = table.select(schema.names).cast(schema).sort_by("station").combine_chunks()
        _check_rows(self.table)
        _check_codes(profile, self.table)
        self.areas: Mapping[str, Area] = _areas(profile, self.table)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __contains__(self, station: object) -> bool:
        return station in self.rows

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """Station code -> row of :attr:`table`."""
        return {code: row for row, code in enumerate(self.table["station"].to_pylist())}

    def find(self, station: str) -> Station | None:
        """The station with that code, or ``None``."""
        row = self.rows.get(station)
        if row is None:
            return None
        values = {name: self.table[name][row].as_py() for name in self.table.column_names}
        return Station(
            values["station"],
            values["centre"],
            values["centre_name"],
            values["electors"],
            tuple(values[level.code] for level in self.profile.levels),
        )

    @property
    def total_stations(self) -> int:
        """Stations of the whole country: the national figure, or those with a row if they are more."""
        return max(len(self), self.profile.national.stations or 0)

    @property
    def unnamed_stations(self) -> int:
        """Stations known only by number."""
        return self.total_stations - len(self)

    @property
    def total_electors(self) -> int | None:
        """Registered electors of the whole country; ``None`` if unknown."""
        if self.complete and self.profile.national.electors is not None:
            return self.profile.national.electors
        if self.unnamed_stations or self.table["electors"].null_count:
            return None
        return int(pc.sum(self.table["electors"]).as_py() or 0)


def _check_rows(table: pa.Table) -> None:
    problems = []
    counts = pc.value_counts(table["station"].combine_chunks())
    for entry in counts.filter(pc.greater(counts.field("counts"), 1)).to_pylist():
        problems.append(
            Problem("register", 0, "station", f"the station {entry['values']} stands {entry['counts']} times")
        )
    for column in table.column_names:
        empty = table[column].null_count if column != "electors" else 0
        if empty:
            problems.append(Problem("register", 0, column, f"{empty} rows have no value"))
    negative = pc.sum(pc.less(table["electors"], 0)).as_py()
    if negative:
        problems.append(Problem("register", 0, "electors", f"{negative} rows have fewer than 0 electors"))
    if problems:
        raise InputError(f"The register cannot be used: {problems[0]}.", "Correct the rows named.", problems)


def _check_codes(profile: Profile, table: pa.Table) -> None:
    """A station's code must be one of this election, and its centre the one that the code names (lost zeros show here).

    Raises:
        InputError: naming every such station (the first hundred).
    """
    pattern = re.compile(profile.station.pattern, re.ASCII)
    problems = []
    for code, centre in zip(table["station"].to_pylist(), table["centre"].to_pylist(), strict=True):
        match = pattern.fullmatch(code)
        if match is None:
            problems.append(Problem("register", 0, "station", f"{code!r} is not the code of a station"))
        elif match["centre"] != centre:
            problems.append(Problem("register", 0, "centre", f"the station {code} is not of the centre {centre!r}"))
        if len(problems) == 100:
            break
    if problems:
        raise InputError(f"The register does not fit {profile.code}: {problems[0]}.", "Correct the codes.", problems)


def _areas(profile: Profile, table: pa.Table) -> dict[str, Area]:
    """The territory tree that the rows span. Raises :class:`InputError` if an area has two parents or two names."""
    areas = {profile.country: Area(profile.country, COUNTRY, profile.country_name[profile.languages[0]], "")}
    parent_column = None
    for level in profile.levels:
        columns = [level.code, f"{level.code}_name"] + ([parent_column] if parent_column else [])
        distinct = table.select(columns).group_by(columns).aggregate([]).sort_by(level.code)
        for row in distinct.to_pylist():
            parent = row[parent_column] if parent_column else profile.country
            area = Area(row[level.code], level.code, row[f"{level.code}_name"], parent)
            known = areas.get(area.code)
            if known is not None:
                raise InputError(
                    f"The register gives the area {area.code} twice: {known.name!r} in {known.parent!r} and "
                    f"{area.name!r} in {area.parent!r}.",
                    "An area has one name and one parent; codes are unique in the whole country.",
                )
            areas[area.code] = area
        parent_column = level.code
    return areas


def read_register(profile: Profile, path: Path) -> Register:
    """Read a register from CSV (UTF-8) or Parquet.

    Raises:
        InputError: no such file, not a table, or :class:`Register`'s.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"The register {path.name} cannot be read: {error.strerror}.", "Check the path.") from error
    return parse_register(profile, data, path.name)


def parse_register(profile: Profile, data: bytes, file: str = "register") -> Register:
    """The register that a file's bytes hold, CSV (UTF-8) or Parquet; ``file`` is the name used in errors."""
    schema = register_schema(profile)
    try:
        if data.startswith(_PARQUET):
            table = pq.read_table(io.BytesIO(data))
        else:
            # An explicit type per column: a reader that guesses turns 010101001 into a number.
            options = pacsv.ConvertOptions(column_types=dict(zip(schema.names, schema.types, strict=True)))
            options.strings_can_be_null = False
            table = pacsv.read_csv(io.BytesIO(data), convert_options=options)
    except pa.ArrowException as error:
        raise InputError(f"The register {file} is not a table that can be read: {error}.") from error
    return Register(profile, table, sha256=hashlib.sha256(data).hexdigest())


def write_register(register: Register, path: Path) -> None:
    """Write a register as CSV or Parquet, by the file's ending."""
    if path.suffix == ".parquet":
        pq.write_table(register.table, path, compression="zstd")
    else:
        pacsv.write_csv(register.table, path)
