"""Many images -> one table: the pure function behind ``testigo read``, its processes and its clusters.

Rules of this module
--------------------
1. One schema for all: a row of the table, a line of ``testigo read --json`` and a row of the Parquet file are the same
   thing. :data:`SCHEMA` names every field; a line with a field that it does not name is a defect, never dropped.
2. The table is a function of the arguments alone: no clock, no environment, no state. Every argument can be pickled.
3. One row per sheet; one row with ``by`` null for a file without a sheet. Rows are in the order of the images.
4. One bad file costs its own row: whatever reading it raises becomes the problem ``reader_failed``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from typing import Any, Final

import pyarrow as pa

from testigo.election import Profile, parse_profile
from testigo.errors import InputError, InternalError
from testigo.reading import problems
from testigo.reading.answers import READER, as_json, reader_version
from testigo.reading.limits import Limits
from testigo.reading.sheets import PRINT_MODES, PrintMode, SheetReadings, read_sheet

_VOTES = pa.map_(pa.string(), pa.int64())
_DISAGREEMENT = pa.struct(
    [
        pa.field("field", pa.string()),
        pa.field("qr", pa.int64()),
        pa.field("figures", pa.int64()),
        pa.field("words", pa.int64()),
        pa.field("region", pa.list_(pa.int32())),
    ]
)

#: Every field of the answer, in its order. Problems are kept as codes; a line carries their explanations too.
SCHEMA: Final = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("sha256", pa.string()),
        pa.field("reader", pa.string(), nullable=False),
        pa.field("page", pa.int32()),
        pa.field("region", pa.list_(pa.int32())),
        pa.field("contest", pa.string()),
        pa.field("station", pa.string()),
        pa.field("sheet_code", pa.string()),
        pa.field("by", pa.string()),
        pa.field("counts", _VOTES),
        pa.field("candidates", _VOTES),
        pa.field("null", pa.int64()),
        pa.field("blank", pa.int64()),
        pa.field("payload", pa.string()),
        pa.field("confidence", pa.int32(), nullable=False),
        pa.field("stage", pa.string()),
        pa.field("problems", pa.list_(pa.string()), nullable=False),
        pa.field("corrected", pa.int32()),
        pa.field("erased", pa.int32()),
        pa.field("symbols", pa.string()),
        pa.field("printed", _VOTES),
        pa.field("facts", pa.map_(pa.string(), pa.string())),
        pa.field("disagreements", pa.list_(_DISAGREEMENT)),
    ]
)
_MAPS = tuple(field.name for field in SCHEMA if pa.types.is_map(field.type))
_NAMES = frozenset(SCHEMA.names)


def read_batch(
    images: Sequence[tuple[str, bytes]],
    profile: bytes | Profile,
    *,
    rehearsal: bool = False,
    print_mode: PrintMode = "needed",
    limits: Limits | None = None,
) -> pa.Table:
    """Read every sheet on every image.

    Args:
        images: (name, bytes of the file), in any number; names need not differ.
        profile: the election, or the source of its ``profile.toml`` (:attr:`Profile.source`), which travels better.
        rehearsal: whether drawings may be read; otherwise one refuses its file (``simulacro``).
        print_mode: when print is read: one of :data:`PRINT_MODES`.
        limits: the resource policy, if not the default one.

    Returns:
        a table of :data:`SCHEMA`.

    Raises:
        InputError: the profile or the mode is none.
    """
    if print_mode not in PRINT_MODES:
        raise InputError(f"{print_mode!r} is no way to read print.", f"Choose one of {', '.join(PRINT_MODES)}.")
    known = profile if isinstance(profile, Profile) else profile_of(profile)
    reader = reader_key(known, rehearsal=rehearsal, print_mode=print_mode)
    lines: list[dict[str, Any]] = []
    for name, data in images:
        found = _read(known, data, rehearsal, print_mode, limits)
        given = {"sha256": hashlib.sha256(data).hexdigest(), "reader": reader}
        lines += ({**line, **given} for line in as_json(name, found))
    return to_table(lines)


def _read(
    profile: Profile, data: bytes, rehearsal: bool, print_mode: PrintMode, limits: Limits | None
) -> SheetReadings:
    try:
        return read_sheet(profile, data, rehearsal=rehearsal, limits=limits, print_mode=print_mode)
    except Exception:  # a defect of a reader, met on one file, must not lose the other 24,999
        return SheetReadings(problems=(problems.READER_FAILED,))


def unread(name: str, problem: str, reader: str) -> pa.Table:
    """The one row of a file that could not be read at all, for the reason ``problem`` (a code)."""
    line = as_json(name, SheetReadings(problems=(problem,)))
    return to_table({**one, "reader": reader} for one in line)


def reader_key(profile: Profile, *, rehearsal: bool, print_mode: PrintMode) -> str:
    """What an answer depends on besides the file's bytes: versions, election and settings, in words.

    Two answers for the same bytes with the same key are the same answer.
    """
    parts = (
        *_versions(),
        f"{profile.code}@{profile.sha256[:16]}",
        f"print {print_mode}",
        *(("rehearsal",) if rehearsal else ()),
    )
    return "; ".join(parts)


@lru_cache(maxsize=4)
def profile_of(source: bytes) -> Profile:
    """The profile of a source. The same source is parsed once; it gives an equal value whenever it is."""
    return parse_profile(source)


@lru_cache(maxsize=1)
def _versions() -> tuple[str, str]:
    return f"testigo {version('testigo')}", f"{READER} {reader_version()}"


# ---------------------------------------------------------------------- rows and lines


def to_table(lines: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Lines of ``testigo read --json`` as a table. A field that a line leaves out is null.

    Raises:
        InternalError: a line has a field that :data:`SCHEMA` does not name.
    """
    return pa.Table.from_pylist([_row(line) for line in lines], schema=SCHEMA)


def to_lines(table: pa.Table) -> Iterator[dict[str, Any]]:
    """The rows of a table as lines of ``testigo read --json``: every field of :data:`SCHEMA`, in its order."""
    for row in table.to_pylist(maps_as_pydicts="strict"):
        row["problems"] = problems.explained(row["problems"])
        yield row


def _row(line: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(line) - _NAMES)
    if unknown:
        raise InternalError(
            f"Fields without a column: {', '.join(unknown)}.", "Add them to SCHEMA in reading/batch.py."
        )
    row = dict(line)
    for name in _MAPS:
        row[name] = None if row.get(name) is None else list(row[name].items())
    row["problems"] = [problem["code"] for problem in row["problems"]]
    return row
