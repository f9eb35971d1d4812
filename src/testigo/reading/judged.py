"""A code that could not be read alone, read with what the print of the same sheet says.

Rules of this module
--------------------
1. The print says how the payload begins (the sheet code in the header) and what it sums to (the totals), and nothing
   else: no ballot line's votes. It need not have been read rightly: see :mod:`testigo.reading.soft.judging`.
2. A reading that needed the print says so: its evidence is both, its confidence is capped, and that print cannot
   confirm it.
3. Where the print proves the sheet by itself it is not asked. Time is limited.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import cv2
import numpy as np

from testigo.election.profile import Contest, Profile
from testigo.election.simulacro import says_simulacro
from testigo.reading.byprint import PrintedSheet, said_by
from testigo.reading.cascade import SOFT, CodeSheet, sheet_of
from testigo.reading.marks import find_marks_round
from testigo.reading.opening.images import OpenedImage
from testigo.reading.print import CountPrint, PrintReading
from testigo.reading.soft import (
    Clock,
    Judge,
    ModuleMap,
    Region,
    Totals,
    decode_judged,
    find_regions,
    module_maps,
    placed,
)

JUDGED: Final = "judged"
#: Per mille: a header read with less confidence is not worth a try.
_LEAST_HEADER = 300
_REGIONS, _MOST_MAPS = 4, 6


def judge_of(reading: PrintReading) -> Judge | None:
    """What a sheet's print can say of its code; ``None`` if that is nothing."""
    header = reading.sheet_code
    text = header.text if header is not None and header.confidence >= _LEAST_HEADER else ""
    totals = Totals(*(_total(reading.rows, name) for name in ("valid", "null", "blank")))
    return Judge(reading.contest, text, totals) if text or totals else None


def _total(rows: Sequence[CountPrint], name: str) -> int | None:
    """A total that every row with it says, where it was surely read."""
    said = {value for row in rows if row.kind == "summary" and row.name == name for value in said_by(row)} - {None}
    return next(iter(said)) if len(said) == 1 else None


def read_judged(
    profile: Profile, image: OpenedImage, printed: PrintedSheet, *, seconds: float = 2.0
) -> CodeSheet | None:
    """The sheet that a code says with its print's help.

    Args:
        profile: the election.
        image: as opened.
        printed: the print of one sheet on it, whose code could not be read.
        seconds: CPU that it may cost.

    Returns:
        The sheet; ``judged`` if the print was needed, and not if more time was enough. ``None`` if nothing is sure.
    """
    judge = judge_of(printed.reading)
    contests = [contest for contest in profile.contests if judge and contest.code == judge.contest and contest.qr]
    if judge is None or not contests or printed.reading.proven:
        return None
    clock = Clock(seconds)
    for number, module_map in enumerate(_maps(image, printed, contests, clock)):
        for mirrored in (False, True):
            trust = module_map.trust.T if mirrored else module_map.trust
            decoded = decode_judged(trust, contests, [judge])
            if decoded is not None:
                return sheet_of(placed(decoded, module_map, mirrored), JUDGED if decoded.judged else SOFT)
        if clock.over() or number + 1 >= _MOST_MAPS:
            break
    return None


def _maps(image: OpenedImage, printed: PrintedSheet, contests: Sequence[Contest], clock: Clock) -> Iterator[ModuleMap]:
    """Maps of what looks like a code on the sheet's paper."""
    outline = np.array(printed.paper.corners, np.float32)
    for half in find_regions(image.half(), _REGIONS):
        region = Region(2 * half.x, 2 * half.y, 2 * half.side, half.density)
        if cv2.pointPolygonTest(outline, (region.x, region.y), True) > -region.side / 2:
            yield from module_maps(image.full(), region, contests, clock)


def is_drawing(image: OpenedImage, sheet: CodeSheet) -> bool:
    """Whether a mark of a drawing lies beside the code."""
    return says_simulacro([mark.text for mark in find_marks_round(image.full(), sheet.code)])
