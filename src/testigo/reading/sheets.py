"""An image -> what its sheets say: the readers, put together.

Rules of this module
--------------------
1. How an image is read: (1) its codes (``cascade.py``); (2) a mark of a drawing refuses the whole file outside a
   rehearsal; (3) each payload that fits the election's grammar is a sheet, once.
2. A text that does not fit the grammar is never repeated in an answer: a photo of the wrong thing may show anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from testigo.election.grammar import Payload
from testigo.election.profile import Profile
from testigo.election.simulacro import says_simulacro
from testigo.reading import problems
from testigo.reading.cascade import CodeAnswer, CodeSheet, find_sheets_by_code
from testigo.reading.codes import Code, Region
from testigo.reading.limits import Limits, Refusal
from testigo.reading.opening import OpenedImage, open_pages
from testigo.records import Counts, Evidence, Opening


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One number of a sheet of which its code, its figures and its words do not say the same.

    Attributes:
        field: the line's code, or the figure's name (``valid``).
        qr, figures, words: what each says; ``None`` where it could not be read.
        region: where the line stands, in the image's upright pixels: x, y, width, height.
    """

    field: str
    qr: int | None
    figures: int | None
    words: int | None
    region: Region

    def as_json(self) -> dict[str, Any]:
        """``{"field", "qr", "figures", "words", "region"}``."""
        return {
            **{name: getattr(self, name) for name in ("field", "qr", "figures", "words")},
            "region": list(self.region),
        }


@dataclass(frozen=True, slots=True)
class FoundSheet:
    """One sheet found on an image.

    Attributes:
        contest, station, sheet_code: which sheet it is.
        counts: the votes.
        evidence: what the counts rest on: the code, the print, or both where one was needed to read the other.
        region: the rectangle around the sheet's code (around its print, if no code was read), in upright pixels:
            x, y, width, height.
        stage: how much work it took: ``half``, ``full``, ….
        confidence: per mille.
        payload: what its code says, taken apart; ``None`` if no code was read.
        code: the code as found; its place is in the image's upright pixels.
        page: of the file, from 1.
        printed: further figures by name (``electors``, ``valid``, …).
        facts: what the print says of the sheet itself; see :func:`testigo.records.fact_problem`.
        disagreements: where the code, the figures and the words differ, each with its place.
        problems: codes of :data:`testigo.reading.PROBLEMS`, sorted.
    """

    contest: str
    station: str
    sheet_code: str
    counts: Counts
    evidence: tuple[str, ...]
    region: Region
    stage: str
    confidence: int
    payload: Payload | None = None
    code: Code | None = None
    page: int = 1
    printed: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    disagreements: tuple[Disagreement, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetReadings:
    """What was read of one file.

    Attributes:
        found: its sheets, page by page, from top to bottom; empty if refused or if none could be read.
        refusal: why the file was refused as a whole, or ``None``.
        problems: codes of what was odd about the file.
        size: (width, height) of the first page in upright pixels; (0, 0) if it is no image.
    """

    found: tuple[FoundSheet, ...] = ()
    refusal: Refusal | None = None
    problems: tuple[str, ...] = ()
    size: tuple[int, int] = (0, 0)


def read_sheet(
    profile: Profile,
    data: bytes | OpenedImage,
    *,
    rehearsal: bool,
    limits: Limits | None = None,
) -> SheetReadings:
    """Read every sheet on every page of a file.

    Args:
        profile: the election; its contests' grammars say what a payload is.
        data: a file's bytes, or one image opened by :func:`open_image`.
        rehearsal: whether drawings may be read. Outside a rehearsal one refuses the file (``simulacro``).
        limits: the resource policy, if not the default one.

    Returns:
        The sheets found, or the refusal. Never raises for what the bytes hold.
    """
    pages = (data,) if isinstance(data, OpenedImage) else open_pages(data, limits or Limits())
    if isinstance(pages, Refusal):
        return SheetReadings(refusal=pages, problems=(pages.outcome.value,))
    sheets: list[FoundSheet] = []
    unread: list[list[str]] = []
    for number, image in enumerate(pages, 1):
        answer = find_sheets_by_code(profile, image, rehearsal=rehearsal)
        if answer.is_drawing and not rehearsal:
            refusal = Refusal(Opening.SIMULACRO)
            return SheetReadings(refusal=refusal, problems=(refusal.outcome.value,), size=pages[0].size)
        sheets += (_by_code(sheet, number) for sheet in answer.sheets)
        if not answer.sheets:
            unread.append(_nothing_found(answer))
    found, repeated = _each_once(sheets)
    odd = {*repeated}
    if unread:
        odd.update([problems.PAGE_UNREAD] if found else [code for one in unread for code in one])
    named = tuple(replace(sheet, problems=tuple(sorted({*sheet.problems, *odd}))) for sheet in found)
    return SheetReadings(named, problems=tuple(sorted(odd)), size=pages[0].size)


def _by_code(sheet: CodeSheet, page: int) -> FoundSheet:
    return FoundSheet(
        contest=sheet.payload.code.contest,
        station=sheet.payload.code.station,
        sheet_code=sheet.payload.code.text,
        counts=sheet.payload.counts,
        evidence=(Evidence.QR.value,),
        region=sheet.code.region,
        stage=sheet.stage,
        confidence=sheet.confidence,
        payload=sheet.payload,
        code=sheet.code,
        page=page,
        printed=sheet.payload.printed,
        problems=sheet.problems,
    )


def _nothing_found(answer: CodeAnswer) -> list[str]:
    foreign = [code for code in answer.codes if code.is_qr and not says_simulacro([code.text])]
    return [problems.NO_CODE, problems.FOREIGN_CODE] if foreign else [problems.NO_CODE]


def _each_once(sheets: Sequence[FoundSheet]) -> tuple[list[FoundSheet], list[str]]:
    """Each payload once (the earlier stage's), and what is odd about repetitions."""
    kept: list[FoundSheet] = []
    odd: list[str] = []
    for sheet in sheets:
        known = next(
            (k for k in kept if (k.contest, k.sheet_code, k.counts) == (sheet.contest, sheet.sheet_code, sheet.counts)),
            None,
        )
        if known is not None:
            if known.page != sheet.page or not _overlap(known.region, sheet.region):
                odd.append(problems.SHOWN_TWICE)
            continue
        if any((k.contest, k.station) == (sheet.contest, sheet.station) for k in kept):
            odd.append(problems.STATION_TWICE)
        kept.append(sheet)
    return sorted(kept, key=lambda sheet: (sheet.page, sheet.region[1], sheet.region[0])), sorted(set(odd))


def _overlap(a: Region, b: Region) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]
