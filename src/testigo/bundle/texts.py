"""Tables as text: the bundle's CSV, and what changed between two tables.

Rules of this module
--------------------
1. One dialect: UTF-8, comma, LF after every line, the header and every text in double quotes (doubled inside), numbers
   plain, *unknown* is nothing at all between two commas. The quotes also keep a spreadsheet from eating leading zeros.
2. A list is written with spaces between its items; no code in it holds a space.
3. Changes are row by row and column by column: nothing is summarised, and nothing that changed is left out.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

TEXT = pa.string()
CHANGES_SCHEMA = pa.schema(
    [(name, TEXT) for name in ("table", "contest", "station", "change", "column", "before", "after")]
)
Row = tuple[str | None, ...]


def flat(table: pa.Table) -> pa.Table:
    """The table with its lists as texts, as CSV holds it."""
    columns = [_flat(column) for column in table.columns]
    return pa.table(columns, names=table.column_names)


def _flat(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_list(column.type):
        return column
    column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    texts = column.cast(pa.list_(TEXT)) if column.type.value_type != TEXT else column
    return pa.chunked_array([pc.binary_join(texts, " ")])


def csv_bytes(table: pa.Table) -> bytes:
    """The table in the bundle's dialect of CSV."""
    sink = io.BytesIO()
    pacsv.write_csv(flat(table), sink)
    return sink.getvalue()


def flat_schema(schema: pa.Schema) -> pa.Schema:
    """The columns of the CSV of a table: lists are texts."""
    return pa.schema([(one.name, TEXT if pa.types.is_list(one.type) else one.type) for one in schema])


def parse_csv(data: bytes, schema: pa.Schema) -> pa.Table:
    """A table from the bundle's CSV; ``schema`` is the Parquet table's, the result has :func:`flat_schema`.

    Raises:
        pyarrow.ArrowInvalid: it is not CSV, or a cell is not of its column's type.
    """
    wanted = flat_schema(schema)
    # An explicit type per column: a reader that guesses turns 010101001 into a number.
    options = pacsv.ConvertOptions(column_types=dict(zip(wanted.names, wanted.types, strict=True)))
    options.strings_can_be_null = False
    options.null_values = [""]
    return pacsv.read_csv(
        io.BytesIO(data), convert_options=options, parse_options=pacsv.ParseOptions(newlines_in_values=True)
    )


def text_rows(table: pa.Table) -> list[Row]:
    """Every row as texts, as CSV shows them; ``None`` is unknown."""
    columns = [column.cast(TEXT).to_pylist() for column in flat(table).columns]
    return list(zip(*columns, strict=True)) if columns else []


def _keyed(table: pa.Table) -> dict[tuple[str, str], Row]:
    names = table.column_names
    contest, station = (names.index("contest") if "contest" in names else None), names.index("station")
    return {(row[contest] or "" if contest is not None else "", row[station] or ""): row for row in text_rows(table)}


def changes_between(name: str, before: pa.Table, after: pa.Table) -> Iterator[tuple[str, ...]]:
    """Rows of ``changes.csv`` for one table, ordered by (contest, station) and column.

    An added or removed row is one line without column; of a changed row, every changed cell is a line. ``before`` may
    have other columns (another profile): a column that is in one of them only counts as unknown in the other.
    """
    old, new = _keyed(before), _keyed(after)
    columns = list(dict.fromkeys([*after.column_names, *before.column_names]))
    places = [(column, _place(before, column), _place(after, column)) for column in columns]
    same = before.column_names == after.column_names
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key), new.get(key)
        if was is None or now is None:
            yield (name, *key, "removed" if now is None else "added", "", "", "")
        elif was != now or not same:
            for column, i, j in places:
                left, right = ("" if at is None else row[at] or "" for at, row in ((i, was), (j, now)))
                if left != right:
                    yield (name, *key, "changed", column, left, right)


def _place(table: pa.Table, column: str) -> int | None:
    return table.column_names.index(column) if column in table.column_names else None


def changes_table(rows: Iterable[tuple[str, ...]]) -> pa.Table:
    """Rows of :func:`changes_between` as a table."""
    listed = list(rows)
    columns = [[row[at] for row in listed] for at in range(len(CHANGES_SCHEMA))]
    return pa.table([pa.array(column, TEXT) for column in columns], schema=CHANGES_SCHEMA)
