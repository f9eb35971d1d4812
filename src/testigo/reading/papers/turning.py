"""Which way up a sheet lies, from its print alone: the way in which a recogniser of text reads it.

Rules of this module
--------------------
1. Lines of print are found by their shape; a few of them are read in each way that a sheet can lie.
2. A way is believed only if it reads well and clearly better than all others; otherwise nothing is known, and said so.
3. One thread. Without the recogniser (an optional library) nothing is known.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from testigo.errors import InputError
from testigo.reading.papers.outlines import ink_of
from testigo.reading.pixels import Grey, as_grey
from testigo.reading.print.recogniser import recogniser

_LINES, _LONGEST = 5, 10  # lines read, and how many of their heights of them
_LEAST, _CLEAR, _AT_ONCE = 0.77, 0.06, 0.90  # mean confidence of a way; better than the next by; stop asking


class Way(NamedTuple):
    """How a picture must be changed to be upright: quarter turns against the clock, then mirrored left to right."""

    quarters: int
    mirrored: bool


#: The likelier first: a recogniser that reads stops the search.
WAYS = tuple(Way(quarters, mirrored) for mirrored in (False, True) for quarters in (0, 2, 1, 3))


def changed(pixels: Grey, way: Way) -> Grey:
    """A picture turned and mirrored."""
    turned = np.rot90(pixels, way.quarters)
    return as_grey(turned[:, ::-1] if way.mirrored else turned)


def lines_across(pixels: Grey) -> float:
    """How much more the print looks like lines from side to side than like lines from top to bottom (log ratio)."""
    ink = (ink_of(pixels) > 0).astype(np.float32)
    ratios = []
    height, width = ink.shape
    tile = max(40, min(height, width) // 3)
    for top in range(0, height - tile + 1, tile):
        for left in range(0, width - tile + 1, tile):
            part = ink[top : top + tile, left : left + tile]
            if 0.02 < part.mean() < 0.4:
                rows, columns = part.mean(axis=1), part.mean(axis=0)
                ratios.append(np.log((np.diff(rows).var() + 1e-6) / (np.diff(columns).var() + 1e-6)))
    return float(np.median(ratios)) if ratios else 0.0


def which_way(pixels: Grey, ways: tuple[Way, ...] = WAYS) -> tuple[Way, float] | None:
    """The way in which a straightened sheet reads.

    Args:
        pixels: one sheet, its sides parallel to the picture's, about 500 to 1,000 pixels on the shorter side.
        ways: those that are possible.

    Returns:
        The way and how much better than the next it reads (0 to 1); ``None`` if that is not clear.
    """
    scores: dict[Way, float] = {}
    for quarters in dict.fromkeys(way.quarters % 2 for way in ways):
        lines = _lines(as_grey(np.rot90(pixels, quarters)))
        if len(lines) < 3:
            continue
        for way in ways:
            if way.quarters % 2 == quarters:
                rest = Way(way.quarters - quarters, way.mirrored)
                scores[way] = _reads([changed(line, rest) for line in lines])
                if scores[way] >= _AT_ONCE:
                    return way, scores[way] - max([s for w, s in scores.items() if w != way], default=0.85)
    if not scores:
        return None
    best = max(scores, key=lambda way: scores[way])
    others = [score for way, score in scores.items() if way != best]
    lead = scores[best] - max(others, default=0.0)
    return (best, lead) if scores[best] >= _LEAST and lead >= _CLEAR else None


def _lines(pixels: Grey) -> list[Grey]:
    """Pictures of a few lines of print, of different heights on the sheet."""
    ink = ink_of(pixels)
    width = pixels.shape[1]
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, max(3, width // 40)), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    found: list[tuple[float, int, int, int, int]] = []
    for x, y, w, h, area in stats[1:]:
        if 8 <= h <= width / 8 and 3 * h <= w <= 30 * h and 0.15 * w * h < area:
            body = float(np.count_nonzero(ink[y : y + h, x : x + w])) / (w * h)
            if 0.08 < body < 0.65:
                found.append((min(w / h, 12.0), int(x), int(y), int(w), int(h)))
    found.sort(reverse=True)
    chosen: list[Grey] = []
    for _, x, y, w, h in found[: _LINES * 3 : max(1, min(3, len(found) // _LINES))][:_LINES]:
        pad = max(2, h // 5)
        chosen.append(pixels[max(0, y - pad) : y + h + pad, max(0, x - pad) : x + min(w, _LONGEST * h) + pad])
    return chosen


def _reads(lines: list[Grey]) -> float:
    """How well lines read: the recogniser's confidence, less where it leaves most of a line unread."""
    try:
        engine = recogniser()
    except InputError:  # not installed
        return 0.0
    scores = []
    for line, frames in zip(lines, engine.read(lines), strict=True):
        found = frames.text()
        sure = float(np.mean([frames.best[step] for _, step in found])) if found else 0.0
        letters = sum(letter.isalnum() for letter, _ in found)
        expected = 1.2 * line.shape[1] / line.shape[0]  # characters, at the least
        scores.append(sure * min(1.0, 0.5 + 0.5 * letters / max(1.0, expected)))
    return float(np.median(scores)) if scores else 0.0
