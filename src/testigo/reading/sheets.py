"""An image -> what its sheets say: the first version, by the QR code alone.

Rules of this module
--------------------
1. How an image is read: (1) codes at half size; (2) where that found no sheet, or where the image has room for more
   than one, at full size; (3) outside a rehearsal the marks of a drawing are looked for at full size, and one mark
   refuses the whole file; (4) each payload that fits the election's grammar is a sheet, once.
2. Syntax only: nothing is completed, nothing is guessed, nothing is judged by which votes are likely.
3. A text that does not fit the grammar is never repeated in an answer: a photo of the wrong thing may show anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from testigo.election.grammar import Payload, find_payload
from testigo.election.profile import Profile
from testigo.election.simulacro import says_simulacro
from testigo.reading import problems
from testigo.reading.codes import Code, Region, find_codes, find_marks
from testigo.reading.limits import Limits, Refusal
from testigo.reading.opening import OpenedImage, open_image
from testigo.records import Counts, Evidence, Opening, Reading

READER = "qr/zxing-cpp"
HALF, FULL = "half", "full"

#: Not calibrated yet: a code that checks, fits the grammar and had correction to spare; and one that had not.
_SURE, _BARELY = 995, 900
_BARELY_BELOW_UNUSED = 300
#: An image this much larger than its sheets, judged by the size of their codes, may show a further sheet.
_ROOM_FOR_ANOTHER = 1.6


@dataclass(frozen=True, slots=True)
class FoundSheet:
    """One sheet found on an image.

    Attributes:
        payload: what its code says, taken apart.
        code: the code as found; its place is in the image's upright pixels.
        stage: ``half`` or ``full``: the size at which it was read.
        confidence: per mille.
        problems: codes of :data:`testigo.reading.PROBLEMS`, sorted.
    """

    payload: Payload
    code: Code
    stage: str
    confidence: int
    problems: tuple[str, ...] = ()

    @property
    def contest(self) -> str:
        """Code of the contest."""
        return self.payload.code.contest

    @property
    def station(self) -> str:
        """Code of the polling station."""
        return self.payload.code.station

    @property
    def counts(self) -> Counts:
        """The votes."""
        return self.payload.counts

    @property
    def region(self) -> Region:
        """The rectangle around the sheet's code, in upright pixels: x, y, width, height."""
        return self.code.region


@dataclass(frozen=True, slots=True)
class SheetReadings:
    """What was read of one file.

    Attributes:
        found: its sheets, from top to bottom; empty if refused or if none could be read.
        refusal: why the file was refused as a whole, or ``None``.
        problems: codes of what was odd about the file.
        size: (width, height) in upright pixels; (0, 0) if it is no image.
    """

    found: tuple[FoundSheet, ...] = ()
    refusal: Refusal | None = None
    problems: tuple[str, ...] = ()
    size: tuple[int, int] = (0, 0)


def reader_version() -> str:
    """The version of the reader, as readings name it."""
    try:
        return version("zxing-cpp")
    except PackageNotFoundError:
        return "unknown"


def read_sheet(
    profile: Profile, data: bytes | OpenedImage, *, rehearsal: bool, limits: Limits | None = None
) -> SheetReadings:
    """Read every sheet on an image.

    Args:
        profile: the election; its contests' grammars say what a payload is.
        data: a file's bytes, or an image opened by :func:`open_image`.
        rehearsal: whether drawings may be read. Outside a rehearsal one refuses the file (``simulacro``).
        limits: the resource policy, if not the default one.

    Returns:
        The sheets found, or the refusal. Never raises for what the bytes hold.
    """
    image = data if isinstance(data, OpenedImage) else open_image(data, limits or Limits())
    if isinstance(image, Refusal):
        return SheetReadings(refusal=image, problems=(image.outcome.value,))
    sheets, codes = _by_stages(profile, image, rehearsal)
    is_drawing = says_simulacro([code.text for code in codes])
    if is_drawing and not rehearsal:
        refusal = Refusal(Opening.SIMULACRO)
        return SheetReadings(refusal=refusal, problems=(refusal.outcome.value,), size=image.size)
    found, odd = _each_once(sheets)
    if not found:
        odd.append(problems.NO_CODE)
        foreign = [code for code in codes if code.is_qr and not says_simulacro([code.text])]
        if foreign:
            odd.append(problems.FOREIGN_CODE)
    if image.pages > 1:
        odd.append(problems.MORE_PAGES)
    named = tuple(replace(sheet, problems=tuple(sorted({*sheet.problems, *odd}))) for sheet in found)
    return SheetReadings(named, problems=tuple(sorted(set(odd))), size=image.size)


def _by_stages(profile: Profile, image: OpenedImage, rehearsal: bool) -> tuple[list[FoundSheet], list[Code]]:
    """The sheets, and all codes seen, from cheap to costly, stopping as soon as nothing more can be learnt."""
    codes = list(find_codes(image.half(), 2))
    sheets = _sheets(profile, codes, HALF)
    settled = bool(sheets) and not _room_for_another(profile, image, sheets)
    drawn = says_simulacro([code.text for code in codes])
    if (settled and rehearsal) or (drawn and not rehearsal):
        return sheets, codes
    more = [] if settled else list(find_codes(image.full()))
    if not rehearsal:  # a drawing's marks may be too small for the half size, so only the full size settles it
        more += find_marks(image.full())
    return sheets + _sheets(profile, more, FULL), codes + more


def _sheets(profile: Profile, codes: Sequence[Code], stage: str) -> list[FoundSheet]:
    sheets = []
    for code in codes:
        payload = find_payload(profile.contests, code.text) if code.is_qr else None
        if payload is not None:
            barely = code.unused < _BARELY_BELOW_UNUSED
            odd = (problems.CODE_DAMAGED,) if barely else ()
            sheets.append(FoundSheet(payload, code, stage, _BARELY if barely else _SURE, odd))
    return sheets


def _room_for_another(profile: Profile, image: OpenedImage, sheets: Sequence[FoundSheet]) -> bool:
    """Whether the image is larger than the sheets read so far account for. Without a layout it always may be."""
    accounted = 0.0
    for sheet in sheets:
        layout = profile.contest(sheet.contest).layout
        block = layout.block("code") if layout else None
        if layout is None or block is None or not block.module or not sheet.code.modules:
            return True
        pixels_per_mm = sheet.code.side / (sheet.code.modules * block.module)
        accounted += layout.paper_width * layout.paper_height * pixels_per_mm**2
    return image.width * image.height > accounted * _ROOM_FOR_ANOTHER


def _each_once(sheets: Sequence[FoundSheet]) -> tuple[list[FoundSheet], list[str]]:
    """Each payload once (the earlier stage's), and what is odd about repetitions."""
    kept: list[FoundSheet] = []
    odd: list[str] = []
    for sheet in sheets:
        known = next((k for k in kept if k.payload.text == sheet.payload.text), None)
        if known is not None:
            if not _overlap(known.region, sheet.region):
                odd.append(problems.SHOWN_TWICE)
            continue
        if any((k.contest, k.station) == (sheet.contest, sheet.station) for k in kept):
            odd.append(problems.STATION_TWICE)
        kept.append(sheet)
    return sorted(kept, key=lambda sheet: (sheet.region[1], sheet.region[0])), sorted(set(odd))


def _overlap(a: Region, b: Region) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


# ---------------------------------------------------------------------- answers


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
        evidence=(Evidence.QR.value,),
        counts=sheet.counts,
        opened=opened,
        sheet_code=sheet.payload.code.text,
        printed=dict(sheet.payload.printed),
        payload=sheet.payload.text,
        confidence=sheet.confidence,
        corrected=sheet.code.corrected,
        problems=sheet.problems,
    )


def as_json(file: str, readings: SheetReadings) -> list[dict[str, Any]]:
    """The lines of ``testigo read --json``: one per sheet; for a file without a readable sheet one with ``by`` null.

    Args:
        file: the file's name as the user gave it.
        readings: of that file.
    """
    return [_line(file, sheet) for sheet in readings.found] or [_no_sheet(file, readings)]


def _line(file: str, sheet: FoundSheet) -> dict[str, Any]:
    counts = sheet.counts
    return {
        "file": file,
        "region": list(sheet.region),
        "contest": sheet.contest,
        "station": sheet.station,
        "sheet_code": sheet.payload.code.text,
        "by": "qr",
        "counts": None if counts.lines is None else dict(counts.lines),
        "candidates": dict(counts.candidates),
        "null": counts.null,
        "blank": counts.blank,
        "payload": sheet.payload.text,
        "confidence": sheet.confidence,
        "stage": sheet.stage,
        "problems": problems.explained(sheet.problems),
    }


def _no_sheet(file: str, readings: SheetReadings) -> dict[str, Any]:
    empty = ("region", "contest", "station", "sheet_code", "by", "counts", "candidates", "null", "blank", "payload")
    line: dict[str, Any] = {"file": file, **dict.fromkeys(empty), "confidence": 0, "stage": None}
    line["problems"] = problems.explained(readings.problems)
    return line
