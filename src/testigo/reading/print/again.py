"""A second and a third look at a sheet whose print nearly proves itself: with heavier strokes, then with sharper ones.

Rules of this module
--------------------
1. Only what was *not read* is worth another look. What contradicts itself (figures and words, the sums, the code) is an
   answer, and looking until it does not would be choosing it.
2. Another look may fill what the first left open; it never overrules what that was sure of.
3. Each look must prove the sheet by itself; looks are not mixed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np

from testigo.reading import problems
from testigo.reading.print.answers import PrintReading
from testigo.reading.print.page import Grey

#: What may be lacking for another look: rows, labels or numbers that were not read, or not surely.
_UNREAD = frozenset(
    {
        problems.ROW_MISSING, problems.ROW_UNKNOWN, problems.LABELS_UNREAD, problems.COUNT_UNREAD, problems.SUM_UNREAD,
        problems.AMBIGUOUS, problems.READ_ONCE, problems.CODE_UNREAD,
    }
)  # fmt: skip
#: Share of the ballot lines that must have been read: a sheet of which less is legible costs no further look.
_LEGIBLE = 0.7
_SURE = 900  # per mille


def looks(pixels: Grey) -> Iterator[Grey]:
    """The picture changed, each time otherwise; nothing moves."""
    yield np.asarray(cv2.erode(cv2.GaussianBlur(pixels, (0, 0), 0.8), np.ones((3, 3), np.uint8)), np.uint8)
    soft = cv2.GaussianBlur(pixels, (0, 0), 2.0)
    yield np.asarray(cv2.addWeighted(pixels, 1.8, soft, -0.8, 0.0), np.uint8)


def looked_again(first: PrintReading, pixels: Grey, read: Callable[[Grey], PrintReading | None]) -> PrintReading:
    """The first look's reading, or that of the first further look that proves the sheet.

    Args:
        first: what the sheet says at first.
        pixels: grey, as read.
        read: reads a changed picture.
    """
    if not _worth(first):
        return first
    for changed in looks(pixels):
        other = read(changed)
        if other is not None and other.proven and _agree(first, other):
            return other
    return first


def _worth(first: PrintReading) -> bool:
    read = sum(line.value is not None for line in first.lines)
    nearly = not first.proven and read >= _LEGIBLE * max(1, len(first.lines))
    return nearly and set(first.problems) <= _UNREAD


def _agree(first: PrintReading, other: PrintReading) -> bool:
    """Whether nothing that the first look was sure of is otherwise now."""
    known = {row.name: row.value for row in (*other.lines, *other.rows)}
    sure = [row for row in (*first.lines, *first.rows) if row.value is not None and row.confidence >= _SURE]
    same_code = first.sheet_code is None or first.sheet_code.confidence < _SURE or (other.sheet_code is not None and (
        first.sheet_code.text == other.sheet_code.text))  # fmt: skip
    return first.contest == other.contest and same_code and all(known.get(row.name) == row.value for row in sure)
