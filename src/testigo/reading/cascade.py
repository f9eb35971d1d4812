"""The codes of an image that are sheets' codes, from cheap to costly.

Rules of this module
--------------------
1. How an image is searched: (1) codes at half size; (2) where that found no sheet, or where the image has room for more
   than one, at full size; (3) outside a rehearsal the marks of a drawing are looked for at full size.
2. Syntax only: nothing is completed, nothing is guessed, nothing is judged by which votes are likely.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from testigo.election.grammar import Payload, find_payload
from testigo.election.profile import Profile
from testigo.election.simulacro import says_simulacro
from testigo.reading import problems
from testigo.reading.codes import Code, find_codes, find_marks
from testigo.reading.opening import OpenedImage

HALF, FULL = "half", "full"

#: Not calibrated yet: a code that checks, fits the grammar and had correction to spare; and one that had not.
_SURE, _BARELY = 995, 900
_BARELY_BELOW_UNUSED = 300
#: An image this much larger than its sheets, judged by the size of their codes, may show a further sheet.
_ROOM_FOR_ANOTHER = 1.6


@dataclass(frozen=True, slots=True)
class CodeSheet:
    """One sheet as its code says it.

    Attributes:
        payload: what the code says, taken apart.
        code: the code as found; its place is in the image's upright pixels.
        stage: how much work it took: ``half``, ``full``, ….
        confidence: per mille.
        problems: codes of :data:`testigo.reading.PROBLEMS`.
    """

    payload: Payload
    code: Code
    stage: str
    confidence: int
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeAnswer:
    """What the codes of an image say: the sheets (one per code found, repetitions included), and all codes seen."""

    sheets: tuple[CodeSheet, ...] = ()
    codes: tuple[Code, ...] = ()

    @property
    def is_drawing(self) -> bool:
        """Whether a code says that the image is a drawing."""
        return says_simulacro([code.text for code in self.codes])


def find_sheets_by_code(profile: Profile, image: OpenedImage, *, rehearsal: bool) -> CodeAnswer:
    """Find the sheets whose codes can be read, stopping as soon as nothing more can be learnt.

    Args:
        profile: the election; its contests' grammars say what a payload is.
        image: opened.
        rehearsal: whether drawings may be read; outside a rehearsal their marks are searched at full size.
    """
    codes = list(find_codes(image.half(), 2))
    sheets = _sheets(profile, codes, HALF)
    settled = bool(sheets) and not _room_for_another(profile, image, sheets)
    drawn = says_simulacro([code.text for code in codes])
    if (settled and rehearsal) or (drawn and not rehearsal):
        return CodeAnswer(tuple(sheets), tuple(codes))
    more = [] if settled else list(find_codes(image.full()))
    if not rehearsal:  # a drawing's marks may be too small for the half size, so only the full size settles it
        more += find_marks(image.full())
    return CodeAnswer((*sheets, *_sheets(profile, more, FULL)), (*codes, *more))


def _sheets(profile: Profile, codes: Sequence[Code], stage: str) -> list[CodeSheet]:
    sheets = []
    for code in codes:
        payload = find_payload(profile.contests, code.text) if code.is_qr else None
        if payload is not None:
            barely = code.unused < _BARELY_BELOW_UNUSED
            odd = (problems.CODE_DAMAGED,) if barely else ()
            sheets.append(CodeSheet(payload, code, stage, _BARELY if barely else _SURE, odd))
    return sheets


def _room_for_another(profile: Profile, image: OpenedImage, sheets: Sequence[CodeSheet]) -> bool:
    """Whether the image is larger than the sheets read so far account for. Without a layout it always may be."""
    accounted = 0.0
    for sheet in sheets:
        layout = profile.contest(sheet.payload.code.contest).layout
        block = layout.block("code") if layout else None
        if layout is None or block is None or not block.module or not sheet.code.modules:
            return True
        pixels_per_mm = sheet.code.side / (sheet.code.modules * block.module)
        accounted += layout.paper_width * layout.paper_height * pixels_per_mm**2
    return image.width * image.height > accounted * _ROOM_FOR_ANOTHER
