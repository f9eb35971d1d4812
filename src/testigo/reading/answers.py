"""What was read, in the forms that others take: the record for the ledger, the line of ``testigo read --json``.

Rules of this module
--------------------
1. The JSON line's fields are documented and kept; new ones are only added.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from testigo.reading import problems
from testigo.reading.byprint import PRINT_READER, print_version
from testigo.reading.cascade import COMBINED, SOFT
from testigo.reading.found import FoundSheet, SheetReadings
from testigo.reading.judged import JUDGED
from testigo.records import Evidence, Reading

READER = "qr/zxing-cpp"
SOFT_READER = "qr/soft"
_SOFT_STAGES = (SOFT, COMBINED, JUDGED)


def reader_version() -> str:
    """The version of the reader, as readings name it."""
    try:
        return version("zxing-cpp")
    except PackageNotFoundError:
        return "unknown"


def reader_versions() -> dict[str, str]:
    """Every program that reads here -> its version."""
    return {READER: reader_version(), SOFT_READER: version("testigo"), PRINT_READER: print_version()}


def _reader_of(sheet: FoundSheet) -> str:
    if sheet.code is None:
        return PRINT_READER
    return SOFT_READER if sheet.stage in _SOFT_STAGES else READER


def to_readings(sheet: FoundSheet, *, opened: int | None = None) -> tuple[Reading, ...]:
    """The records of a sheet that was read: one of its code, one of its print if that proves itself.

    They are two readings because they rest on two things: one can confirm the other.

    Args:
        sheet: as found.
        opened: leaf index of the opened leaf that was read, where there is one.
    """
    both = [to_reading(sheet, opened=opened)]
    print_reading = sheet.by_print.reading if sheet.by_print else None
    if sheet.code is None or print_reading is None or not print_reading.proven or print_reading.counts is None:
        return tuple(both)
    code = print_reading.sheet_code
    both.append(
        Reading(
            contest=print_reading.contest,
            station=print_reading.station,
            reader=PRINT_READER,
            version=print_version(),
            evidence=(Evidence.PRINT.value,),
            counts=print_reading.counts,
            opened=opened,
            sheet_code=code.text if code else "",
            printed=dict(print_reading.printed),
            confidence=print_reading.confidence,
            problems=tuple(sorted(print_reading.problems)),
            facts=dict(sheet.facts),
        )
    )
    return tuple(both)


def to_reading(sheet: FoundSheet, *, opened: int | None = None) -> Reading:
    """The record of a sheet by what its counts rest on: its code, or its print where no code was read.

    Args:
        sheet: as found.
        opened: leaf index of the opened leaf that was read, where there is one.
    """
    by_code = sheet.code is not None
    return Reading(
        contest=sheet.contest,
        station=sheet.station,
        reader=_reader_of(sheet),
        version=reader_versions()[_reader_of(sheet)],
        evidence=sheet.evidence,
        counts=sheet.counts,
        opened=opened,
        sheet_code=sheet.sheet_code,
        # A reading by the code says what the code says, and no more: the print is a reading of its own.
        printed=dict(sheet.payload.printed if sheet.payload else sheet.printed),
        payload=sheet.payload.text if sheet.payload else "",
        confidence=sheet.confidence,
        erased=sheet.code.erased if sheet.code else 0,
        corrected=sheet.code.corrected if sheet.code else 0,
        symbols=sheet.code.symbols if sheet.code else "",
        problems=sheet.problems,
        facts={} if by_code else dict(sheet.facts),
    )


def as_json(file: str, readings: SheetReadings) -> list[dict[str, Any]]:
    """The lines of ``testigo read --json``: one per sheet; for a file without a readable sheet one with ``by`` null.

    Args:
        file: the file's name as the user gave it.
        readings: of that file.
    """
    return [_line(file, sheet) for sheet in readings.found] or [_no_sheet(file, readings)]


def _by(sheet: FoundSheet) -> str:
    """``qr``, ``print``; or ``qr+print``: the print alone proves what the code says, or helped to read it."""
    both = sheet.print_confirms or len(sheet.evidence) > 1
    return "qr+print" if both else "".join(sheet.evidence)


def _line(file: str, sheet: FoundSheet) -> dict[str, Any]:
    counts = sheet.counts
    return {
        "file": file,
        "page": sheet.page,
        "region": list(sheet.region),
        "contest": sheet.contest,
        "station": sheet.station,
        "sheet_code": sheet.sheet_code,
        "by": _by(sheet),
        "counts": None if counts.lines is None else dict(counts.lines),
        "candidates": dict(counts.candidates),
        "null": counts.null,
        "blank": counts.blank,
        "payload": sheet.payload.text if sheet.payload else None,
        "confidence": sheet.confidence,
        "stage": sheet.stage,
        "problems": problems.explained(sheet.problems),
        "corrected": sheet.code.corrected if sheet.code else None,
        "erased": sheet.code.erased if sheet.code else None,
        "symbols": sheet.code.symbols if sheet.code else None,
        "printed": dict(sheet.printed),
        "facts": dict(sheet.facts),
        "disagreements": [one.as_json() for one in sheet.disagreements],
    }


def _no_sheet(file: str, readings: SheetReadings) -> dict[str, Any]:
    said = ("page", "region", "contest", "station", "sheet_code", "by", "counts", "candidates", "null", "blank")
    more = ("corrected", "erased", "symbols", "printed", "facts", "disagreements")
    return {
        "file": file,
        **dict.fromkeys((*said, "payload")),
        "confidence": 0,
        "stage": None,
        "problems": problems.explained(readings.problems),
        **dict.fromkeys(more),
    }
