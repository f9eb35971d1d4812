"""The codes of an image that are sheets' codes, from cheap to costly.

How an image is searched
------------------------
1. Codes at half size. If they account for the whole image, that is all.
2. At full size; the places of codes that were found but not decoded are kept.
3. Squares that look like codes are cut out and searched with another binarizer and another size.
4. What is left goes to the soft decoder (:mod:`testigo.reading.soft`), as long as the time allowed lasts.
5. Outside a rehearsal the marks of a drawing are looked for (``marks.py``), and once more, harder, round a code that
   only the soft decoder could read: a drawing too damaged for its marks to be read by chance must not pass as a sheet.

Rules of this module
--------------------
1. Syntax only: nothing is completed, nothing is guessed, nothing is judged by which votes are likely.
2. A stage runs only if those before it left something to learn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from testigo.election.grammar import Payload, find_payload
from testigo.election.profile import Profile
from testigo.election.simulacro import says_simulacro
from testigo.reading import problems
from testigo.reading.codes import Code, Trace, find_codes, find_codes_and_traces
from testigo.reading.marks import find_marks_besides, find_marks_round
from testigo.reading.opening.images import OpenedImage
from testigo.reading.soft import (
    Clock,
    Region,
    SoftCode,
    find_regions,
    read_region,
)
from testigo.reading.soft.confidence import confidence_of, confidence_of_plain

HALF, FULL, ADAPTIVE, CROP, SOFT, COMBINED = "half", "full", "adaptive", "crop", "soft", "combined"

_BARELY_BELOW_UNUSED = 300
#: An image this much larger than its sheets, judged by the size of their codes, may show a further sheet.
_ROOM_FOR_ANOTHER = 1.6
#: Two ends of tapes may lie one above the other: of a part of a sheet this share of the image is surely its own.
_END_OF_A_SHEET = 0.6
#: An image with a side of less pixels is searched at its full size: its code has hardly more pixels than modules.
_SMALL = 300
#: A further sheet's code is about as large as those that were read, and dense.
_ALIKE, _DENSE = 1.7, 0.52


@dataclass(frozen=True, slots=True)
class CodeSheet:
    """One sheet as its code says it.

    Attributes:
        payload: what the code says, taken apart.
        code: the code as found; its place is in the image's upright pixels.
        stage: how much work it took: ``half``, ``full``, ``adaptive``, ``crop``, ``soft``, ``combined``.
        confidence: per mille.
        problems: codes of :data:`testigo.reading.PROBLEMS`.
        judged: whether something else than the code (the print) was needed to read it; such a reading names the print
            as evidence.
    """

    payload: Payload
    code: Code
    stage: str
    confidence: int
    problems: tuple[str, ...] = ()
    judged: bool = False


@dataclass(frozen=True, slots=True)
class CodeAnswer:
    """What the codes of an image say: the sheets (one per code found, repetitions included), and all codes seen."""

    sheets: tuple[CodeSheet, ...] = ()
    codes: tuple[Code, ...] = ()

    @property
    def is_drawing(self) -> bool:
        """Whether a code says that the image is a drawing."""
        return says_simulacro([code.text for code in self.codes])


@dataclass(frozen=True, slots=True)
class Search:
    """What a search may cost.

    Attributes:
        costly_seconds: CPU for crops and the soft decoder, for the whole image, where no sheet was read before.
        further_seconds: the same where a sheet was read, and the image has room for another.
        regions: squares that are looked at.
    """

    costly_seconds: float = 1.5
    further_seconds: float = 0.6
    regions: int = 4


def find_sheets_by_code(
    profile: Profile, image: OpenedImage, *, rehearsal: bool, search: Search | None = None
) -> CodeAnswer:
    """Find the sheets whose codes can be read, stopping as soon as nothing more can be learnt.

    Args:
        profile: the election; its contests' grammars say what a payload is.
        image: opened.
        rehearsal: whether drawings may be read; outside a rehearsal their marks are looked for.
        search: what it may cost.
    """
    answer = _searched(profile, image, rehearsal, search or Search())
    sheets = tuple(_with_symbols(profile, image, sheet) for sheet in answer.sheets)
    return CodeAnswer(sheets, answer.codes)


def _searched(profile: Profile, image: OpenedImage, rehearsal: bool, search: Search) -> CodeAnswer:
    codes = list(find_codes(image.half(), 2))
    sheets = _sheets(profile, codes, HALF)
    settled = bool(sheets) and not _room_for_another(profile, image, sheets, _END_OF_A_SHEET)
    drawn = says_simulacro([code.text for code in codes])
    if (settled and rehearsal) or (drawn and not rehearsal):
        return CodeAnswer(tuple(sheets), tuple(codes))
    traces: tuple[Trace, ...] = ()
    if not settled:
        more, traces = find_codes_and_traces(image.full())
        new = [code for code in more if not _is_among(code, codes)]
        codes += new
        sheets += _sheets(profile, new, FULL)
    if not rehearsal:
        scales = [scale for sheet in sheets if (scale := _per_mm(profile, sheet))]
        scale = min(scales) if settled and len(scales) == len(sheets) else None
        codes += find_marks_besides(image, [sheet.code for sheet in sheets], scale)
        if says_simulacro([code.text for code in codes]):
            return CodeAnswer(tuple(sheets), tuple(codes))
    if not settled and (not sheets or _room_for_another(profile, image, sheets)):
        return _Costly(profile, image, search, sheets, codes).run(traces, rehearsal)
    return CodeAnswer(tuple(sheets), tuple(codes))


def _with_symbols(profile: Profile, image: OpenedImage, sheet: CodeSheet) -> CodeSheet:
    """A code that was barely corrected, with the map of what was: the soft decoder reads it again."""
    if sheet.code.unused >= _BARELY_BELOW_UNUSED or sheet.code.symbols:
        return sheet
    contests = [contest for contest in profile.contests if contest.qr is not None]
    corners = np.array(sheet.code.corners)
    clock = Clock(Search().further_seconds)
    again = read_region(image.full(), around(Trace(sheet.code.corners)), contests, clock, quads=[corners])
    if again is None or again.decoded.payload.text != sheet.payload.text:
        return sheet
    decoded = again.decoded
    code = replace(sheet.code, corrected=decoded.corrected, erased=decoded.erased, symbols=decoded.symbols)
    return replace(sheet, code=code, confidence=max(sheet.confidence, confidence_of(decoded)))


def _sheets(profile: Profile, codes: Iterable[Code], stage: str) -> list[CodeSheet]:
    sheets = []
    for code in codes:
        payload = find_payload(profile.contests, code.text) if code.is_qr else None
        if payload is not None:
            barely = code.unused < _BARELY_BELOW_UNUSED
            odd = (problems.CODE_DAMAGED,) if barely else ()
            sheets.append(CodeSheet(payload, code, stage, confidence_of_plain(code.unused), odd))
    return sheets


def _is_among(code: Code, codes: Iterable[Code]) -> bool:
    """Whether a code was found before: the same text, and the middle of the one inside the other."""
    middle = np.array(code.corners).mean(axis=0)
    return any(
        known.text == code.text and float(np.hypot(*(np.array(known.corners).mean(axis=0) - middle))) < known.side / 2
        for known in codes
    )


def _room_for_another(profile: Profile, image: OpenedImage, sheets: Sequence[CodeSheet], part: float = 1.0) -> bool:
    """Whether the image is larger than the sheets read so far account for. Without a layout it always may be.

    A sheet that is longer than the image shows a part of itself: as much as ``part`` of the image's longer side.
    """
    accounted, longest = 0.0, float(max(image.size))
    for code in {sheet.code.text: sheet for sheet in sheets}.values():
        layout, pixels_per_mm = profile.contest(code.payload.code.contest).layout, _per_mm(profile, code)
        if layout is None or pixels_per_mm is None:
            return True
        height = layout.paper_height * pixels_per_mm
        accounted += layout.paper_width * pixels_per_mm * (height if height <= longest else part * longest)
    return image.width * image.height > accounted * _ROOM_FOR_ANOTHER


def _per_mm(profile: Profile, sheet: CodeSheet) -> float | None:
    """Pixels per millimetre of a sheet, whose ruler is the size of its code's modules; ``None`` without a layout."""
    layout = profile.contest(sheet.payload.code.contest).layout
    block = layout.block("code") if layout else None
    if block is None or not block.module or not sheet.code.modules:
        return None
    return sheet.code.side / (sheet.code.modules * block.module)


class _Costly:
    """The stages that cost: squares that look like codes, one after the other, until all is read or time is up."""

    def __init__(
        self, profile: Profile, image: OpenedImage, search: Search, sheets: list[CodeSheet], codes: list[Code]
    ) -> None:
        self.profile, self.image, self.search = profile, image, search
        self.sheets, self.codes = sheets, codes
        self.had = bool(sheets)
        self.clock = Clock(search.further_seconds if self.had else search.costly_seconds)

    def run(self, traces: Sequence[Trace], rehearsal: bool) -> CodeAnswer:
        """Search the regions; where nothing of a sheet was read, all of them, until the first sheet leaves no room."""
        for region in self._regions(traces):
            if self.clock.over():
                break
            if self._known(region):
                continue
            quads = [np.array(trace.corners) for trace in traces if _inside(trace, region)]
            if self._by_crop(region) or self._by_soft(region, quads, rehearsal):
                if self.codes and not rehearsal and says_simulacro([code.text for code in self.codes]):
                    break
                if not _room_for_another(self.profile, self.image, self.sheets):
                    break
        return CodeAnswer(tuple(self.sheets), tuple(self.codes))

    def _regions(self, traces: Sequence[Trace]) -> list[Region]:
        """Squares to look at: those that another reader found, then those that look like codes."""
        whole = min(self.image.size) < _SMALL
        least = find_regions(self.image.full() if whole else self.image.half(), self.search.regions)
        seen = least if whole else [Region(2 * r.x, 2 * r.y, 2 * r.side, r.density) for r in least]
        found = [around(trace) for trace in traces]
        known = [sheet.code.side for sheet in self.sheets]
        if known:
            low, high = min(known) / _ALIKE, max(known) * _ALIKE
            seen = [r for r in seen if low < r.side < high and r.density > _DENSE]
            found = [r for r in found if low < r.side < high]
        return [r for r in found if r.side >= 40][:3] + seen

    def _known(self, region: Region) -> bool:
        """Whether a sheet's code that was read lies there, or the region is a part of it."""
        for corners in (np.array(sheet.code.corners, np.float32) for sheet in self.sheets):
            x, y = corners.mean(axis=0)
            if math.hypot(float(x) - region.x, float(y) - region.y) < 0.6 * region.side:
                return True
            if cv2.pointPolygonTest(corners, (region.x, region.y), False) >= 0:
                return True
        return False

    def _by_crop(self, region: Region) -> bool:
        """Another binarizer, another size."""
        reach = 0.85 * region.side
        left, top = max(0, int(region.x - reach)), max(0, int(region.y - reach))
        part = self.image.full()[top : int(region.y + reach), left : int(region.x + reach)]
        if min(part.shape, default=0) < 40:
            return False
        zoom = 2.0 if region.side < 260 else 0.5 if region.side > 700 else 1.0
        how = cv2.INTER_CUBIC if zoom > 1 else cv2.INTER_AREA
        sized = cv2.resize(part, None, fx=zoom, fy=zoom, interpolation=how) if zoom != 1 else part
        for binarizer, stage in (("global", ADAPTIVE), ("local", CROP)):
            pixels = np.ascontiguousarray(sized if stage == CROP or zoom != 1 else cv2.GaussianBlur(sized, (0, 0), 1.2))
            codes, _ = find_codes_and_traces(
                np.asarray(pixels, np.uint8), offset=(left, top), scale=1 / zoom, binarizer=binarizer
            )
            sheets = _sheets(self.profile, codes, stage)
            self.codes += codes
            self.sheets += sheets
            if sheets:
                return True
        return False

    def _by_soft(self, region: Region, quads: Sequence[npt.NDArray[np.float64]], rehearsal: bool) -> bool:
        contests = [contest for contest in self.profile.contests if contest.qr is not None]
        found = read_region(self.image.full(), region, contests, self.clock, quads=quads)
        if found is None:
            return False
        sheet = sheet_of(found)
        if not rehearsal:
            self.codes += find_marks_round(self.image.full(), sheet.code)
        self.codes.append(sheet.code)
        self.sheets.append(sheet)
        return True


def sheet_of(found: SoftCode, stage: str = SOFT) -> CodeSheet:
    """A sheet that the soft decoder read."""
    decoded = found.decoded
    code = Code(
        text=decoded.payload.text,
        corners=found.corners,
        is_qr=True,
        modules=len(decoded.modules),
        level=decoded.level,
        unused=decoded.unused,
        corrected=decoded.corrected,
        erased=decoded.erased,
        symbols=decoded.symbols,
        mirrored=found.mirrored,
    )
    barely = decoded.unused < _BARELY_BELOW_UNUSED
    odd = (problems.CODE_DAMAGED,) if barely else ()
    return CodeSheet(decoded.payload, code, stage, confidence_of(decoded), odd, decoded.judged)


def around(trace: Trace) -> Region:
    """The square where another reader saw a code."""
    corners = np.array(trace.corners)
    x, y = corners.mean(axis=0)
    side = float(np.mean(np.hypot(*(corners - np.roll(corners, 1, axis=0)).T)))
    return Region(float(x), float(y), side, 1.0)


def _inside(trace: Trace, region: Region) -> bool:
    near = around(trace)
    return math.hypot(near.x - region.x, near.y - region.y) < 0.35 * region.side and near.side > 0.4 * region.side
