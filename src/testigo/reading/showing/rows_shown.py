"""What of a sheet may be seen that no layout fits: the rows that were read, and nothing between them.

A layout says where names stand, and is worth nothing on a sheet that was printed otherwise. So here nothing is shown
because of where it stands: a row is shown only because what it says was read, and is something that may be seen.

Rules of this module
--------------------
1. Shown are: rows of ballot lines and of totals of which a number was surely read; the sheet code, the UUID, the print
   time and the number of electors, where surely read; the code's own square. Nothing else: no place, no address.
2. A sheet that does not lie upright, or of which a ballot line would be missing, gives no picture.
3. No rectangle is taller than rows of the same sheet are, nor reaches into the next: a wrong box shows no name.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable

from testigo.reading.byprint import PrintedSheet
from testigo.reading.codes import Code, Region
from testigo.reading.found import FoundSheet
from testigo.reading.print import CountPrint, Said

_SURE, _SURE_SHAPED = 900, 250  # per mille
_MOST_ANGLE_DEGREES = 1.5
_MOST_HEIGHT = 1.6  # of the ballot lines' usual height
_MARGIN = 0.03  # of a row's height, so that no letter loses its edge; neighbours may stand close
_MODULES_AROUND = 1.0


def visible_rows(sheet: FoundSheet, size: tuple[int, int]) -> tuple[Region, ...]:
    """The rectangles of a sheet that may be seen, in the image's upright pixels, from top to bottom.

    Args:
        sheet: as found, with its print.
        size: (width, height) of the image.

    Returns:
        Rectangles that do not overlap; none if the sheet cannot be shown safely.
    """
    printed = sheet.by_print
    if printed is None or not _lies_straight(printed):
        return ()
    lines = [_band(row) for row in printed.reading.lines if row.box is not None and _is_read(row)]
    if not lines or len(lines) < len(printed.reading.lines):
        return ()
    most = statistics.median(box[3] for box in lines) * _MOST_HEIGHT
    boxes = [*lines, *(_band(row) for row in printed.reading.rows if row.box is not None and _is_read(row))]
    boxes += _said(printed)
    if any(box[3] > most for box in boxes):
        boxes = [box for box in boxes if box[3] <= most]
        if not all(box in boxes for box in lines):
            return ()
    placed = [printed.place(_wider(box)) for box in boxes]
    if sheet.code is not None:
        square = _square(sheet.code)
        if square is None:
            return ()
        placed.append(square)
    return _apart(placed, size)


def _lies_straight(printed: PrintedSheet) -> bool:
    paper = printed.paper
    if paper.turned != 0 or paper.mirrored:
        return False
    (x, y), (right, upper), _, (left, bottom) = paper.corners
    along = math.degrees(math.atan2(upper - y, right - x))
    down = math.degrees(math.atan2(left - x, bottom - y))
    return max(abs(along), abs(down)) <= _MOST_ANGLE_DEGREES


def _is_read(row: CountPrint) -> bool:
    """Whether the row surely is the row of a number: its figures or its words were read, and do not stand alone."""
    both = row.figures is not None and row.figures == row.words
    return row.confidence >= _SURE and (both or row.named)


def _band(row: CountPrint) -> Region:
    """A row from side to side, only as tall as its figures and words."""
    assert row.box is not None  # noqa: S101  (checked by the callers)
    read = [box for box in (row.figures_box, row.words_box) if box is not None] or [row.box]
    top, bottom = min(y for _, y, _, _ in read), max(y + height for _, y, _, height in read)
    return row.box[0], top, row.box[2], bottom - top


def _said(printed: PrintedSheet) -> list[Region]:
    reading = printed.reading
    said: Iterable[Said | None] = (reading.sheet_code, reading.uuid, reading.printed_at, reading.electors)
    # Their shapes (digits and dots, 32 hexadecimal digits, a time) are no name's, however sure each character is.
    return [one.box for one in said if one is not None and one.box is not None and one.confidence >= _SURE_SHAPED]


def _wider(box: Region) -> Region:
    x, y, width, height = box
    margin = round(height * _MARGIN)
    return max(0, x - margin), max(0, y - margin), width + 2 * margin, height + 2 * margin


def _square(code: Code) -> Region | None:
    """The upright rectangle round a code and a module more; ``None`` if it does not lie straight."""
    if not code.modules:
        return None
    (x, y), (right, upper), _, _ = code.corners
    if abs(math.degrees(math.atan2(upper - y, right - x))) > _MOST_ANGLE_DEGREES:
        return None
    around = math.ceil(_MODULES_AROUND * code.side / code.modules)
    left, top, width, height = code.region
    return left - around, top - around, width + 2 * around, height + 2 * around


def _apart(boxes: list[Region], size: tuple[int, int]) -> tuple[Region, ...]:
    """The rectangles inside the image, from top to bottom, each ending where the next one begins; empty ones left out.

    Rows side by side are one band: the rectangle round both would show what stands between them, so the later one is
    cut to what lies below.
    """
    inside: list[Region] = []
    for x, y, width, height in sorted(boxes, key=lambda box: (box[1], box[0])):
        left, top, right, bottom = max(0, x), max(0, y), min(size[0], x + width), min(size[1], y + height)
        if inside:
            above = inside[-1]
            top = max(top, above[1] + above[3])
        if right > left and bottom > top:
            inside.append((left, top, right - left, bottom - top))
    return tuple(inside)
