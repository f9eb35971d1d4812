"""What was read, in the forms that others take: the record for the ledger, the line of ``testigo read --json``.

Rules of this module
--------------------
1. The JSON line's fields are documented and kept; new ones are only added.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from testigo.reading import problems
from testigo.reading.sheets import FoundSheet, SheetReadings
from testigo.records import Reading

READER = "qr/zxing-cpp"


def reader_version() -> str:
    """The version of the reader, as readings name it."""
    try:
        return version("zxing-cpp")
    except PackageNotFoundError:
        return "unknown"


def to_reading(sheet: FoundSheet, *, opened: int | None = None) -> Reading:
    """The record of a sheet that was read: reader, version, evidence and counts.

    Args:
        sheet: as found.
        opened: leaf index of the opened leaf that was read, where there is one.
    """
    return Reading(
        contest=sheet.contest,
        station=sheet.station,
        reader=READER,
        version=reader_version(),
        evidence=sheet.evidence,
        counts=sheet.counts,
        opened=opened,
        sheet_code=sheet.sheet_code,
        printed=dict(sheet.printed),
        payload=sheet.payload.text if sheet.payload else "",
        confidence=sheet.confidence,
        erased=sheet.code.erased if sheet.code else 0,
        corrected=sheet.code.corrected if sheet.code else 0,
        symbols=sheet.code.symbols if sheet.code else "",
        facts=dict(sheet.facts),
        problems=sheet.problems,
    )


def as_json(file: str, readings: SheetReadings) -> list[dict[str, Any]]:
    """The lines of ``testigo read --json``: one per sheet; for a file without a readable sheet one with ``by`` null.

    Args:
        file: the file's name as the user gave it.
        readings: of that file.
    """
    return [_line(file, sheet) for sheet in readings.found] or [_no_sheet(file, readings)]


def _by(sheet: FoundSheet) -> str:
    """``qr``, ``print``, or ``qr+print`` for a code that only the print made readable."""
    return "+".join(sorted(sheet.evidence, reverse=True))


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
