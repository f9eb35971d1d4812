"""Read a table of counts that anybody published: CSV in whatever encoding, or Parquet.

How a table becomes a side
--------------------------
1. Decode: a byte order mark is believed; else UTF-8, else cp1252. The separator is the header's commonest.
2. Every cell is a text: a reader that guesses turns ``010101001`` into a number and ``.10`` into ``.1``.
3. Find the columns: the mapping's, or by their names.
4. The key of every row; 5. its votes; 6. one row per station.

Rules of this module
--------------------
1. Tolerant of spelling (``323.0``, spaces, lost zeros), never of meaning: what is not a whole number is a problem.
2. A row without any votes is a station that was not counted: it is left out, and their number is noted.
3. Counts are not judged: a row whose total does not fit is compared like any other, and noted. Judging is for
   ``testigo import``.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from testigo.election import Contest, Profile
from testigo.errors import InputError, Problem
from testigo.forensics.compare.mapping import Mapping, layout_of
from testigo.forensics.compare.side import OTHERS, UNKNOWN, Bools, Int64, Side, keys_of, split

#: Problems that are listed of one table.
MOST_PROBLEMS = 1000
#: A code with both parts, if neither mapping nor profile says how it is written.
_ANY_CODE = r"(?P<centre>[0-9]+)[^0-9]+(?P<number>[0-9]+)(?:[^0-9].*)?"
_WHOLE = r"^[0-9]{1,9}(\.0+)?$"


def read_side(
    path: Path, mapping: Mapping | None = None, profile: Profile | None = None, contest: Contest | None = None
) -> Side:
    """Read a table from a file; see :func:`parse_side`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"The table {path} cannot be read: {error.strerror}.", "Check the path.") from error
    return parse_side(data, str(path), mapping, profile, contest)


def _fitting(
    table: pa.Table, file: str, mapping: Mapping | None, profile: Profile | None, contest: Contest | None
) -> Mapping:
    """The mapping given, or that of known names; every column of it is in the table."""
    if mapping is None:
        if profile is None or contest is None:
            raise InputError(f"The columns of {file} are not known.", "Name the election (--profile) or a mapping.")
        mapping = layout_of(table.column_names, profile, contest, file)
    missing = [name for name in mapping.columns() if name not in table.column_names]
    if missing:
        absent = [Problem(file, 1, name, "this column is missing") for name in missing]
        has = f"The table has: {', '.join(table.column_names[:40])}."
        raise InputError(f"The table does not fit the mapping: {absent[0]}.", has, absent)
    return mapping


def parse_side(
    data: bytes,
    file: str,
    mapping: Mapping | None = None,
    profile: Profile | None = None,
    contest: Contest | None = None,
) -> Side:
    """The counts that a table holds; the module's docstring has the steps.

    Args:
        file: its name, for errors.
        mapping: which columns say what; without one, profile and contest are needed to find them.

    Raises:
        InputError: it is no table, a column is missing, or cells make no sense; every problem is named.
    """
    table = _table(data, file, mapping)  # 1, 2
    mapping = _fitting(table, file, mapping, profile, contest)  # 3
    problems: list[Problem] = []
    notes: list[Problem] = []
    keys = _keys(table, mapping, profile, file, problems, notes)  # 4
    groups = dict(mapping.candidates) | ({OTHERS: mapping.others} if mapping.others else {})
    cells = [_numbers(table, name, file, problems) for names in groups.values() for name in names]  # 5
    empty = np.array([column < 0 for column in cells]).reshape(len(cells), table.num_rows)
    kept: Bools = np.logical_not(empty.all(axis=0))
    _note_empty(file, kept, notes)
    for row in np.flatnonzero(empty.any(axis=0) & kept).tolist():
        problems.append(Problem(file, row + 2, "", "some of the candidates' cells are empty; write 0 or empty all"))
    _raise(file, problems)
    votes = _summed(cells, groups)
    valid, null, blank = (
        _numbers(table, name, file, problems) for name in (mapping.valid, mapping.null, mapping.blank)
    )
    _note_sums(file, votes, valid, kept & ~empty.any(axis=0), notes)
    first = _first_rows(keys, kept, np.column_stack([votes, null, blank]), file, problems, notes)  # 6
    _raise(file, problems)
    return Side(file, keys.take(pa.array(first)), tuple(groups), votes[first], null[first], blank[first], tuple(notes))


def _raise(file: str, problems: list[Problem]) -> None:
    if problems:
        listed = "; ".join(str(problem) for problem in problems[:3])
        more = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
        raise InputError(
            f"The table {file} cannot be compared: {listed}{more}.", "Correct it.", problems[:MOST_PROBLEMS]
        )


# ------------------------------------------------------------------- the cells


def _table(data: bytes, file: str, mapping: Mapping | None) -> pa.Table:
    """Every cell as text."""
    if data.startswith(b"PAR1"):
        try:
            table = pq.read_table(io.BytesIO(data))
            return pa.table({name: table[name].cast(pa.string()).combine_chunks() for name in table.column_names})
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{file} is not a Parquet table that can be read: {error}.") from error
    text = _decoded(data, file, mapping.encoding if mapping else "")
    header = text.split("\n", 1)[0].rstrip("\r")
    separator = (mapping.separator if mapping else "") or max(",;\t|", key=header.count)
    if len(separator) != 1 or not separator.isascii():
        raise InputError(f"{separator!r} separates no cells.", "Write one character as separator, such as ';'.")
    bad: list[Problem] = []
    table = _parsed(text, separator, file, bad)
    twice = sorted({name for name in table.column_names if table.column_names.count(name) > 1})
    _raise(file, [Problem(file, 1, name, "this column stands twice") for name in twice] + bad)
    return table


def _decoded(data: bytes, file: str, encoding: str) -> str:
    tries = [encoding] if encoding else ["utf-8-sig", "cp1252", "latin-1"]
    if not encoding and data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        tries = ["utf-16"]
    for name in tries:
        try:
            return data.decode(name).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
        except LookupError as error:
            raise InputError(f"There is no encoding {name!r}.", "Use one such as utf-8 or cp1252.") from error
    raise InputError(f"{file} is not text in {' or '.join(tries)}.", "Name its encoding in a mapping file.")


def _parsed(text: str, separator: str, file: str, bad: list[Problem]) -> pa.Table:
    def odd(row: pacsv.InvalidRow) -> str:
        said = f"the line has {row.actual_columns} cells, and the header has {row.expected_columns}"
        bad.append(Problem(file, row.number or 0, "", said))
        return "skip"

    parse = pacsv.ParseOptions(delimiter=separator, newlines_in_values=True, invalid_row_handler=odd)
    read = pacsv.ReadOptions(use_threads=False)
    encoded = text.encode()
    try:
        # The names first, then an explicit type per column: nothing may be guessed.
        with pacsv.open_csv(io.BytesIO(encoded), parse_options=parse, read_options=read) as reader:
            names = reader.schema.names
        bad.clear()
        convert = pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
        table = pacsv.read_csv(io.BytesIO(encoded), parse_options=parse, read_options=read, convert_options=convert)
    except pa.ArrowException as error:
        raise InputError(f"{file} is not a table that can be read: {error}.", "Save it as CSV, UTF-8.") from error
    if not table.num_rows and not bad:
        raise InputError(f"{file} has no rows.", "A header and one row per station are needed.")
    return table.rename_columns([name.strip() for name in table.column_names]).combine_chunks()


# --------------------------------------------------------------------- the key


def _keys(
    table: pa.Table,
    mapping: Mapping,
    profile: Profile | None,
    file: str,
    problems: list[Problem],
    notes: list[Problem],
) -> pa.Array:
    if mapping.centre and mapping.number:
        names = (mapping.centre, mapping.number)
        centre, number = (_column(table, name) for name in names)
        for name, column in zip(names, (centre, number), strict=True):
            for row in _rows(pc.equal(pc.utf8_trim_whitespace(column), "")):
                problems.append(Problem(file, row + 2, name, "the cell is empty"))
        return keys_of(centre, number)
    codes = pc.utf8_trim_whitespace(_column(table, mapping.station))
    patterns = [mapping.pattern or (profile.station.pattern if profile else ""), "" if mapping.pattern else _ANY_CODE]
    centre = number = None
    for pattern in filter(None, patterns):
        try:
            centre, number = split(codes, pattern)
        except pa.ArrowException as error:
            raise InputError(f"The pattern {pattern!r} cannot be used: {error}.", "Correct the mapping.") from error
        if not centre.null_count:
            break
    assert centre is not None  # noqa: S101  (there is always a pattern)
    for row in _rows(pc.is_null(centre)):
        text = f"{codes[row].as_py()[:60]!r} is not the code of a station"
        problems.append(Problem(file, row + 2, mapping.station, text))
    return keys_of(centre, _restored(codes, number, mapping.station, file, notes))


def _restored(codes: pa.Array, number: pa.Array, name: str, file: str, notes: list[Problem]) -> pa.Array:
    """Numbers of which a spreadsheet took the last zero: beside ``….01`` and ``….11``, ``….1`` was ``….10``."""
    short = pc.and_(pc.equal(pc.utf8_length(number), 1), pc.match_substring_regex(codes, r"^[0-9]+\.[0-9]$"))
    padded = pc.match_substring_regex(number, "^0[0-9]$")
    if not (pc.any(short).as_py() and pc.any(padded).as_py()):
        return number
    text = f"{pc.sum(short).as_py()} station numbers had lost their last zero to a spreadsheet; it was put back"
    notes.append(Problem(file, 0, name, text))
    return pc.if_else(short, pc.binary_join_element_wise(number, "0", ""), number)


# ------------------------------------------------------------------- the votes


def _numbers(table: pa.Table, name: str, file: str, problems: list[Problem]) -> Int64:
    """int64[rows], -1 where the cell is empty or there is no such column."""
    if not name:
        return np.full(table.num_rows, UNKNOWN, dtype=np.int64)
    texts = pc.utf8_trim_whitespace(_column(table, name))
    empty = pc.equal(texts, "")
    whole = pc.match_substring_regex(texts, _WHOLE)
    for row in _rows(pc.invert(pc.or_(whole, empty))):
        problems.append(Problem(file, row + 2, name, f"{texts[row].as_py()[:40]!r} is not a whole number, 0 or more"))
    digits = pc.if_else(whole, pc.replace_substring_regex(texts, r"\.0+$", ""), str(UNKNOWN))
    return np.asarray(digits.cast(pa.int64()).to_numpy(), dtype=np.int64)


def _summed(cells: list[Int64], groups: dict[str, tuple[str, ...]]) -> Int64:
    columns, at = [], 0
    for names in groups.values():
        columns.append(np.sum(np.maximum(cells[at : at + len(names)], 0), axis=0, dtype=np.int64))
        at += len(names)
    return np.column_stack(columns)


def _note_empty(file: str, kept: Bools, notes: list[Problem]) -> None:
    left = int(np.count_nonzero(~kept))
    if left:
        notes.append(Problem(file, 0, "", f"{left} rows without votes were left out: stations that were not counted"))


def _note_sums(file: str, votes: Int64, valid: Int64, kept: Bools, notes: list[Problem]) -> None:
    odd = np.flatnonzero(kept & (valid >= 0) & (votes.sum(axis=1) != valid))
    if len(odd):
        text = f"in {len(odd)} rows the candidates' votes do not sum to the row's own total (this is the first)"
        notes.append(Problem(file, int(odd[0]) + 2, "", text))


def _first_rows(
    keys: pa.Array,
    kept: Bools,
    values: Int64,
    file: str,
    problems: list[Problem],
    notes: list[Problem],
) -> Int64:
    """The rows that are kept: the first of every station. Repeated rows that differ are problems."""
    rows = np.flatnonzero(kept)
    index = pc.index_in(keys, value_set=keys.filter(pa.array(kept)).unique()).fill_null(-1).to_numpy()[rows]
    _, first, inverse = np.unique(index, return_index=True, return_inverse=True)
    again = np.flatnonzero(first[inverse] != np.arange(len(rows)))
    for row in again.tolist():
        earlier, later = int(rows[first[inverse[row]]]), int(rows[row])
        if (values[earlier] != values[later]).any():
            code = ".".join(keys[later].as_py().split("\x1f"))
            text = f"the station {code} stands in line {earlier + 2} already, with other counts"
            problems.append(Problem(file, later + 2, "", text))
    if len(again) and not problems:
        notes.append(Problem(file, 0, "", f"{len(again)} rows repeat a station with the same counts; they count once"))
    chosen: Int64 = rows[np.sort(first)]
    return chosen


def _column(table: pa.Table, name: str) -> pa.Array:
    column = table[name].combine_chunks() if isinstance(table[name], pa.ChunkedArray) else table[name]
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], pa.string())
    return pc.fill_null(column, "")


def _rows(mask: pa.Array) -> Iterator[int]:
    return iter(np.flatnonzero(np.asarray(pc.fill_null(mask, False).to_numpy(zero_copy_only=False))).tolist())
