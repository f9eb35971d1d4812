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
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from typing import Any, Final

import pyarrow as pa

from testigo.election import Profile, parse_profile
from testigo.errors import InputError, InternalError
from testigo.reading import problems
from testigo.reading.answers import READER, as_json, reader_version
from testigo.reading.beside import explained_reason, name_crops, verdict_of
from testigo.reading.found import SheetReadings
from testigo.reading.limits import Limits, Refusal
from testigo.reading.opening.images import OpenedImage, open_pages
from testigo.reading.sheets import PRINT_MODES, PrintMode, read_sheet

_VOTES = pa.map_(pa.string(), pa.int64())
_DISAGREEMENT = pa.struct(
    [
        pa.field("field", pa.string()),
        pa.field("qr", pa.int64()),
        pa.field("figures", pa.int64()),
        pa.field("words", pa.int64()),
        pa.field("region", pa.list_(pa.int32())),
        pa.field("crop", pa.string()),
    ]
)
_REASON = pa.struct(
    [
        pa.field("code", pa.string()),
        pa.field("serious", pa.bool_()),
        pa.field("values", pa.map_(pa.string(), pa.int64())),
    ]
)
_VERDICT = pa.struct([pa.field("readable", pa.bool_()), pa.field("reasons", pa.list_(_REASON))])

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
        pa.field("verdict", _VERDICT),
    ]
)
_LIMITS = Limits()
_CHOICES = ", ".join(PRINT_MODES)
_MAPS = tuple(field.name for field in SCHEMA if pa.types.is_map(field.type))
_NAMES = frozenset(SCHEMA.names)


@dataclass(frozen=True, slots=True)
class Options:
    """How a batch is read.

    Attributes:
        rehearsal: whether drawings may be read; otherwise one refuses its file (``simulacro``).
        print_mode: when print is read: one of :data:`PRINT_MODES`.
        verdict: whether each line says if the scan is good.
        crops: whether each disagreement is given the name of a picture (:func:`testigo.reading.beside.crops`).
        limits: the resource policy.
    """

    rehearsal: bool = False
    print_mode: PrintMode = "needed"
    verdict: bool = False
    crops: bool = False
    limits: Limits = _LIMITS

    def __post_init__(self) -> None:
        if self.print_mode not in PRINT_MODES:
            raise InputError(f"{self.print_mode!r} is no way to read print.", f"Choose one of {_CHOICES}.")


def read_batch(
    images: Sequence[tuple[str, bytes]], profile: bytes | Profile, options: Options | None = None
) -> pa.Table:
    """Read every sheet on every image.

    Args:
        images: (name, bytes of the file), in any number; names need not differ.
        profile: the election, or the source of its ``profile.toml`` (:attr:`Profile.source`), which travels better.
        options: how; the default ones if not given.

    Returns:
        a table of :data:`SCHEMA`.

    Raises:
        InputError: the profile is none.
    """
    known = profile if isinstance(profile, Profile) else profile_of(profile)
    options = options or Options()
    reader = reader_key(known, options)
    lines: list[dict[str, Any]] = []
    for name, data in images:
        given = {"sha256": hashlib.sha256(data).hexdigest(), "reader": reader}
        lines += _with_names([{**line, **given} for line in _read(known, name, data, options)], options)
    return to_table(lines)


def _read(profile: Profile, name: str, data: bytes, options: Options) -> list[dict[str, Any]]:
    try:
        if options.verdict:
            return _read_and_judged(profile, name, data, options)
        return as_json(name, _sheets(profile, data, options))
    except Exception:  # a defect of a reader, met on one file, must not lose the other 24,999
        return as_json(name, SheetReadings(problems=(problems.READER_FAILED,)))


def _sheets(profile: Profile, data: bytes | OpenedImage, options: Options) -> SheetReadings:
    return read_sheet(profile, data, rehearsal=options.rehearsal, limits=options.limits, print_mode=options.print_mode)


def _read_and_judged(profile: Profile, name: str, data: bytes, options: Options) -> list[dict[str, Any]]:
    """As without a verdict; a file of one page is opened only once."""
    pages = open_pages(data, options.limits)
    found = _sheets(profile, data if isinstance(pages, Refusal) or len(pages) > 1 else pages[0], options)
    lines = as_json(name, found)
    if not isinstance(pages, Refusal):
        for line in lines:
            number = line["page"] or 1
            line["verdict"] = verdict_of(profile, pages[number - 1], number, found)
    return lines


def _with_names(lines: list[dict[str, Any]], options: Options) -> list[dict[str, Any]]:
    if options.crops:
        name_crops(lines)
    return lines


def unread(name: str, problem: str, reader: str) -> pa.Table:
    """The one row of a file that could not be read at all, for the reason ``problem`` (a code)."""
    line = as_json(name, SheetReadings(problems=(problem,)))
    return to_table({**one, "reader": reader} for one in line)


def reader_key(profile: Profile, options: Options) -> str:
    """What an answer depends on besides the file's bytes: versions, election and options, in words.

    Two answers for the same bytes with the same key are the same answer.
    """
    parts = (
        *_versions(),
        f"{profile.code}@{profile.sha256[:16]}",
        f"print {options.print_mode}",
        *(name for name in ("rehearsal", "verdict", "crops") if getattr(options, name)),
        *(() if options.limits == _LIMITS else (str(options.limits),)),
    )
    return "; ".join(parts)


@lru_cache(maxsize=4)
def profile_of(source: bytes) -> Profile:
    """The profile of a source. The same source is parsed once; it gives an equal value whenever it is."""
    return parse_profile(source)


@lru_cache(maxsize=1)
def _versions() -> tuple[str, ...]:
    return f"testigo {version('testigo')}", f"{READER} {reader_version()}", f"rapidocr {version('rapidocr')}"


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
        if row["verdict"] is not None:
            row["verdict"]["reasons"] = [explained_reason(reason) for reason in row["verdict"]["reasons"]]
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
    if row.get("verdict") is not None:
        reasons = [{**reason, "values": list(reason["values"].items())} for reason in row["verdict"]["reasons"]]
        row["verdict"] = {"readable": row["verdict"]["readable"], "reasons": reasons}
    return row
