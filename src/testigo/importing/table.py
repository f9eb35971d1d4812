"""Read a table of results that others published; strictly, and with every problem, not the first.

Rules of this module
--------------------
1. The profile says which columns there are. A column that is missing, unknown or named twice is a problem.
2. Nothing is half-imported: a table with one problem gives no row at all.
3. Nothing is corrected, with one exception that is noted: one leading zero that a spreadsheet took from a centre's
   code is put back. More than one missing digit is a guess, and a problem.
4. Links to images are not read into anything: they lead to sheets that show people's names.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from testigo.election import Profile, TableColumns, station_code
from testigo.errors import InputError, Problem
from testigo.importing.decoding import decode, oddity, rows_of

#: More votes than any polling station has: the largest number that five digits can say.
MOST = 99_999


@dataclass(frozen=True, slots=True)
class Row:
    """One station's counts.

    Attributes:
        line: in the file, from 1.
        station, centre: codes, with their zeros.
        areas: (code, name) of the areas above, top down.
        candidates: votes, in the profile's order.
        valid: the table's own total.
        null, electors: ``None`` where the table has no such column.
    """

    line: int
    station: str
    centre: str
    areas: tuple[tuple[str, str], ...]
    candidates: tuple[int, ...]
    valid: int
    null: int | None
    electors: int | None


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A table in which nothing is wrong.

    Attributes:
        file: its name as given.
        sha256: of its bytes, hex.
        encoding: in which it was read.
        contest: code of the contest.
        rows: in the file's order.
        notes: what was put back and may be worth knowing, one entry per kind.
    """

    file: str
    sha256: str
    encoding: str
    contest: str
    rows: tuple[Row, ...]
    notes: tuple[Problem, ...] = ()


def read_table(profile: Profile, path: Path) -> PublishedTable:
    """Read a table of results from a CSV file.

    1. Decode. 2. The header. 3. Every row by itself. 4. Rows against each other. 5. All or nothing.

    Raises:
        InputError: the profile describes no such table, or the file has problems; ``problems`` names every one.
    """
    columns = profile.published_table
    if columns is None:
        raise InputError(
            f"The profile {profile.code} does not describe a published table.",
            "Add [published_table] with the names of its columns.",
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"The table {path} cannot be read: {error.strerror}.", "Check the path.") from error
    return parse_table(profile, columns, data, str(path))


def parse_table(profile: Profile, columns: TableColumns, data: bytes, file: str) -> PublishedTable:
    """As :func:`read_table`, from bytes."""
    # 1
    text, encoding, problems = decode(file, data, columns.encodings)
    rows: list[Row] = []
    parser = _Parser(profile, columns, file, problems)
    if not problems:
        lines = rows_of(file, text, problems)
        # 2
        _, header = next(lines, (1, []))
        parser.header(header)
        # 3
        seen = 0
        for line, cells in lines:
            seen += 1
            row = parser.row(line, cells)
            if row is not None:
                # 4
                parser.compare(row)
                rows.append(row)
        if not seen:
            parser.problem(0, "", "the file has no rows; one row per station is needed")
    # 5
    raise_problems(f"The table {file} cannot be imported", problems)
    digest = hashlib.sha256(data).hexdigest()
    return PublishedTable(file, digest, encoding, columns.contest, tuple(rows), parser.notes())


def raise_problems(message: str, problems: list[Problem]) -> None:
    """Raise :class:`InputError` with all problems, by file and line, if there are any."""
    if problems:
        ordered = sorted(problems, key=lambda p: (p.file, p.line))
        listed = "; ".join(str(problem) for problem in ordered[:3])
        more = f" (and {len(ordered) - 3} more)" if len(ordered) > 3 else ""
        count = f"{len(ordered)} problem{'s' if len(ordered) > 1 else ''}"
        raise InputError(f"{message}: {count}. {listed}{more}.", "Correct them and try again.", ordered)


@dataclass(slots=True)
class _Parser:
    """What is known of the table so far."""

    profile: Profile
    columns: TableColumns
    file: str
    problems: list[Problem]
    width: int = 0
    at: dict[str, int] = field(default_factory=dict)
    stations: dict[str, int] = field(default_factory=dict)
    centres: dict[str, tuple[int, tuple[tuple[str, str], ...]]] = field(default_factory=dict)
    areas: dict[tuple[str, ...], tuple[str, int]] = field(default_factory=dict)
    codes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    odd: dict[str, str] = field(default_factory=dict)
    zeros: int = 0
    first_zero: tuple[int, str] = (0, "")

    def problem(self, line: int, column: str, text: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(self.file, line, column, text))

    # ---------------------------------------------------------------- header

    def header(self, cells: list[str]) -> None:
        """Find every column; what is missing, unknown or double is a problem."""
        names = [cell.strip() for cell in cells]
        self.width = len(names)
        columns = self.columns
        areas = [name for _, code, text in columns.areas for name in (code, text)]
        needed = [columns.centre, columns.number, columns.valid, *columns.candidates.values(), *areas]
        allowed = {*needed, columns.null, columns.electors, *columns.ignore} - {""}
        for position, name in enumerate(names):
            if name in self.at:
                self.problem(1, name, "this column stands twice; remove one")
            elif name not in allowed:
                self.problem(1, name, f"this column is not known; the table has {', '.join(sorted(allowed))}")
            self.at.setdefault(name, position)
        for name in needed:
            if name not in self.at:
                self.problem(1, name, "this column is missing")

    # ------------------------------------------------------------------ rows

    def row(self, line: int, cells: list[str]) -> Row | None:
        """One row by itself; ``None`` if anything is wrong with it or with the header."""
        before = len(self.problems)
        if len(cells) != self.width:
            self.problem(line, "", f"the line has {len(cells)} cells, and the header has {self.width}")
            return None
        columns = self.columns
        station, centre = self._station(line, cells)
        areas = self._areas(line, cells)
        votes = tuple([self._number(line, cells, name) for name in columns.candidates.values()])
        valid = self._number(line, cells, columns.valid)
        null = self._number(line, cells, columns.null)
        electors = self._number(line, cells, columns.electors)
        known = [number for number in votes if number is not None]
        if len(known) < len(votes) or valid is None or len(self.problems) > before:
            return None
        if sum(known) != valid:
            self.problem(line, columns.valid, f"it says {valid}, but the candidates' votes sum to {sum(known)}")
        if electors is not None and valid + (null or 0) > electors:
            text = f"{valid + (null or 0)} votes were cast, but only {electors} electors are registered"
            self.problem(line, columns.electors, text)
        if len(self.problems) > before:
            return None
        return Row(line, station, centre, areas, tuple(known), valid, null, electors)

    def _number(self, line: int, cells: list[str], column: str) -> int | None:
        """The number in a cell; ``None`` for a column that is not there, and for a problem."""
        position = self.at.get(column)
        if position is None:
            return None
        cell = cells[position]
        if cell.isdigit() and cell.isascii() and len(cell) <= 18:
            number = int(cell)
            if number <= MOST:
                return number
            self.problem(line, column, f"{number} is more than a polling station can have ({MOST})")
        elif not cell.strip():
            self.problem(line, column, "the cell is empty; write 0 if none were counted")
        elif cell.strip().startswith("-") and cell.strip()[1:].isdigit():
            self.problem(line, column, f"{cell!r} is negative; a count is 0 or more")
        else:
            self.problem(line, column, f"{_short(cell)} is not a number; write digits alone")
        return None

    def _station(self, line: int, cells: list[str]) -> tuple[str, str]:
        columns, grammar = self.columns, self.profile.station
        places = self.at.get(columns.centre), self.at.get(columns.number)
        if places[0] is None or places[1] is None:
            return "", ""
        centre, number = cells[places[0]], cells[places[1]]
        good = True
        for cell, column in ((centre, columns.centre), (number, columns.number)):
            if not (cell.isascii() and cell.isdigit()):
                what = f"{_short(cell)} is not a code; write its digits" if cell.strip() else "the cell is empty"
                self.problem(line, column, what)
                good = False
        if not good:
            return "", ""
        lost = grammar.centre_digits - len(centre)
        code = station_code(self.profile, centre, number) if lost in (0, 1) else None
        if lost not in (0, 1):
            text = f"{_short(centre)} has {len(centre)} digits, a centre's code has {grammar.centre_digits}"
            self.problem(line, columns.centre, f"{text}; write its leading zeros")
        elif code is None:
            self.problem(line, columns.number, f"{_short(number)} is not a station's number in a centre")
        if lost == 1 and code is not None:
            self.zeros += 1
            self.first_zero = self.first_zero if self.first_zero[0] else (line, centre)
        return code or "", centre.zfill(grammar.centre_digits)

    def _areas(self, line: int, cells: list[str]) -> tuple[tuple[str, str], ...]:
        """(code, name) per level; a code is its own part after those of the levels above."""
        found: list[tuple[str, str]] = []
        path: tuple[str, ...] = ()
        digits = {level.code: level.digits for level in self.profile.levels}
        for level, code_column, name_column in self.columns.areas:
            places = self.at.get(code_column), self.at.get(name_column)
            if places[0] is None or places[1] is None:
                return ()
            part, name = cells[places[0]].strip(), cells[places[1]].strip()
            if not (part.isascii() and part.isdigit()):
                self.problem(line, code_column, f"{_short(part)} is not a code" if part else "the cell is empty")
                return ()
            path += (part.lstrip("0").zfill(digits[level]),)
            code = "".join(path)
            self._name(line, name_column, name, path, code)
            found.append((code, name))
        return tuple(found)

    def _name(self, line: int, column: str, name: str, path: tuple[str, ...], code: str) -> None:
        if name not in self.odd:
            self.odd[name] = oddity(name) if name else "the cell is empty"
        if self.odd[name]:
            self.problem(line, column, self.odd[name])
            return
        known, first = self.areas.setdefault(path, (name, line))
        if known != name:
            self.problem(line, column, f"the area {code} is {name!r} here and {known!r} in line {first}")
        if self.codes.setdefault(code, path) != path:
            other = "+".join(self.codes[code])
            self.problem(line, column, f"the area {'+'.join(path)} has the same code as {other}: two parents")

    # ------------------------------------------------------- between the rows

    def compare(self, row: Row) -> None:
        """Repeated stations, and centres in two places."""
        first = self.stations.setdefault(row.station, row.line)
        if first != row.line:
            text = f"the station {row.station} stands in line {first} already; a station has one row"
            self.problem(row.line, self.columns.centre, text)
        line, areas = self.centres.setdefault(row.centre, (row.line, row.areas))
        if areas != row.areas:
            text = f"the centre {row.centre} lies in {_last(row.areas)} here and in {_last(areas)} in line {line}"
            self.problem(row.line, self.columns.centre, text)

    def notes(self) -> tuple[Problem, ...]:
        """What was put back."""
        if not self.zeros:
            return ()
        line, centre = self.first_zero
        whole = centre.zfill(self.profile.station.centre_digits)
        text = f"{self.zeros} centres had lost their leading zero; it was put back ({centre} is {whole})"
        return (Problem(self.file, line, self.columns.centre, text),)


def _last(areas: tuple[tuple[str, str], ...]) -> str:
    return f"{areas[-1][1]} ({areas[-1][0]})" if areas else "no area"


def _short(cell: str) -> str:
    return repr(cell if len(cell) <= 40 else cell[:40] + "…")
