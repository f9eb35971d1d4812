"""Where text stands on a page: pieces of lines, found by where ink is dense, not by letters.

Rules of this module
--------------------
1. A piece is a stretch of one line without a wide gap; what it says is not asked here.
2. Whatever runs on downwards (streaks, the sides of frames) is no text and joins no lines; nor do ruled lines.
3. Sizes are shares of the page's own letters; millimetres only say where to begin looking.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from testigo.reading.print.page import Float, Grey, Page

_LETTER = (0.9, 7.0)  # height of a line of text, millimetres: nothing else is text
_REACH = 2.4  # millimetres over which ink is joined sideways
_COARSE = 4.2  # pixels per millimetre at which lines are looked for
_GAP = 0.95  # of its height: what a piece may have of empty room between two words
_STRUNG, _EVEN = 1.7, 1.6  # the same where words are strung out evenly; what counts as evenly
_WEAK = 0.42  # share of the strongest ink around below which a piece is no print (a watermark)
_DENSE = 0.30  # share of the neighbourhood's densest row at which a row belongs to the text
_LEAST = 0.045  # density below which nothing is text


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: left, top, right, bottom in the page's pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left

    @property
    def middle(self) -> float:
        """The row in its middle."""
        return (self.top + self.bottom) / 2


def find_pieces(page: Page) -> list[Piece]:
    """All stretches of text of a page, top down, left to right in a line."""
    ink = without_rules(page.ink, page.scale)
    zoom = min(1.0, _COARSE / page.scale)
    small = cv2.resize(ink, (round(page.width * zoom), round(page.height * zoom)), interpolation=cv2.INTER_AREA)
    scale = page.scale * zoom
    density = _density(np.asarray(small, np.float32), scale)
    pieces: list[Piece] = []
    least, most = (size * page.scale for size in _LETTER)
    for left, top, width, height in _boxes(_text_rows(density, scale)):
        for piece in _split(density, Piece(left, top, left + width, top + height), scale):
            tight = _tighten(ink, _enlarged(piece, zoom), page.scale)
            if tight is not None and least * 0.7 <= tight.height <= most and tight.width >= least * 0.3:
                pieces.append(tight)
    strong = _strong(page, pieces)
    return _join(_whole(_merged(_parted(ink, strong))))


def crop(page: Page, piece: Piece) -> Grey:
    """The picture of a piece with a little room round it."""
    seen = seen_of(page, piece)
    part = page.grey[seen.top : seen.bottom, seen.left : seen.right]
    short = round(1.1 * part.shape[0]) - part.shape[1]
    return np.pad(part, ((0, 0), (short // 2, short - short // 2)), constant_values=255) if short > 0 else part


def seen_of(page: Page, piece: Piece) -> Piece:
    """The piece with the room round it that its picture shows."""
    room = max(2, round(piece.height * 0.2))
    wide = max(room, round(page.scale * 0.6))
    return Piece(
        max(0, piece.left - wide), max(0, piece.top - room),
        min(page.width, piece.right + wide), min(page.height, piece.bottom + room),
    )  # fmt: skip


def _enlarged(piece: Piece, zoom: float) -> Piece:
    return Piece(*(round(edge / zoom) for edge in (piece.left, piece.top, piece.right, piece.bottom)))


def _strong(page: Page, pieces: list[Piece]) -> list[Piece]:
    """The pieces without those much paler than their neighbours: watermarks, print that shines through."""
    if not pieces:
        return []
    strength = np.array([_strength(page.grey[p.top : p.bottom, p.left : p.right]) for p in pieces])
    middle = np.array([piece.middle for piece in pieces])
    kept = []
    for n, piece in enumerate(pieces):
        near = np.abs(middle - piece.middle) < 15 * page.scale
        if strength[n] >= _WEAK * np.percentile(strength[near], 90):
            kept.append(piece)
    return kept


def line_mask(ink: Float, scale: float) -> NDArray[np.uint8]:
    """Where long level and long upright lines run: 1, elsewhere 0."""
    solid = (ink > 0.4).astype(np.uint8)
    level = cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((1, round(9 * scale)), np.uint8))
    upright = cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((round(7 * scale), 1), np.uint8))
    wide = cv2.dilate(level, np.ones((3, 1), np.uint8)), cv2.dilate(upright, np.ones((1, 3), np.uint8))
    return np.asarray(cv2.bitwise_or(*wide), np.uint8)


def without_rules(ink: Float, scale: float) -> Float:
    """The ink without long level lines and long upright ones."""
    return np.where(line_mask(ink, scale) > 0, np.float32(0), ink)


def _strength(part: NDArray[np.uint8]) -> float:
    """How dark the ink of a part is."""
    values = np.sort(part[::2, ::2], axis=None)
    return 255 - float(values[len(values) // 12])


def _density(ink: Float, scale: float) -> Float:
    """Ink spread sideways, without whatever is taller than a line of text."""
    wide = cv2.blur(ink, (max(3, round(_REACH * scale)), max(1, round(0.25 * scale))))
    tall = np.ones((round(_LETTER[1] * scale), 1), np.uint8)
    return np.asarray(cv2.morphologyEx(wide, cv2.MORPH_TOPHAT, tall), np.float32)


def _text_rows(density: Float, scale: float) -> NDArray[np.uint8]:
    around = cv2.dilate(density, np.ones((round(3.2 * scale), round(5 * scale)), np.uint8))
    return ((density > _DENSE * around) & (density > _LEAST)).astype(np.uint8)


def _boxes(mask: NDArray[np.uint8]) -> list[tuple[int, int, int, int]]:
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    return [(int(x), int(y), int(w), int(h)) for x, y, w, h, _ in stats[1:]]


def _split(density: Float, piece: Piece, scale: float) -> list[Piece]:
    """Two lines that touch are parted where the ink is thinnest."""
    if piece.height < 4.6 * scale:
        return [piece]
    rows = density[piece.top : piece.bottom, piece.left : piece.right].mean(axis=1)
    edge = round(1.5 * scale)
    inner = rows[edge : len(rows) - edge]
    if len(inner) < 2:
        return [piece]
    cut = int(np.argmin(inner)) + edge
    if rows[cut] > 0.45 * min(rows[:cut].max(), rows[cut:].max()):
        return [piece]
    upper = Piece(piece.left, piece.top, piece.right, piece.top + cut)
    lower = Piece(piece.left, piece.top + cut, piece.right, piece.bottom)
    return [*_split(density, upper, scale), *_split(density, lower, scale)]


def _tighten(ink: Float, piece: Piece, scale: float) -> Piece | None:
    """The piece as far as its ink goes: without empty edges, with what hangs together with it above and below."""
    columns = np.flatnonzero(ink[piece.top : piece.bottom, piece.left : piece.right].sum(axis=0) > 0.5)
    if len(columns) < 2:
        return None
    left, right = piece.left + int(columns[0]), piece.left + int(columns[-1]) + 1
    reach = round(1.8 * scale)
    first, last = max(0, piece.top - reach), min(len(ink), piece.bottom + reach)
    rows = ink[first:last, left:right].sum(axis=1)
    inside = rows[piece.top - first : piece.bottom - first]
    least = max(0.7, 0.06 * float(np.percentile(inside, 90)))
    filled = rows > least
    core = piece.top - first + int(np.argmax(inside))
    # One empty row may be a scratch; two are the space between lines.
    gaps = ~filled & ~np.roll(filled, 1)
    above, below = np.flatnonzero(gaps[:core]), np.flatnonzero(gaps[core + 1 :])
    top = int(above[-1]) + 1 if len(above) else 0
    bottom = core + 1 + int(below[0]) - 1 if len(below) else len(rows)
    span = np.flatnonzero(filled[top:bottom])
    if len(span) < 2:
        return None
    grown = Piece(left, first + top + int(span[0]), right, first + top + int(span[-1]) + 1)
    if grown.height <= max(5.2 * scale, 1.0 * piece.height):
        return grown
    rows_in = np.flatnonzero(inside > least)
    return Piece(left, piece.top + int(rows_in[0]), right, piece.top + int(rows_in[-1]) + 1)


def _parted(ink: Float, pieces: list[Piece]) -> list[Piece]:
    """Pieces much taller than most, and wide, are two lines that blur or bleeding joined: parted at their thinnest."""
    if not pieces:
        return []
    usual = float(np.median([piece.height for piece in pieces]))
    parted: list[Piece] = []
    for piece in pieces:
        if piece.height < 1.55 * usual or piece.width < 2.5 * usual:
            parted.append(piece)
            continue
        rows = ink[piece.top : piece.bottom, piece.left : piece.right].sum(axis=1)
        rows = np.convolve(rows, np.ones(3) / 3, mode="same")
        first, last = round(0.28 * len(rows)), round(0.72 * len(rows))
        cut = first + int(np.argmin(rows[first:last]))
        if rows[cut] > 0.75 * min(rows[:cut].max(), rows[cut:].max()):
            parted.append(piece)
            continue
        for top, bottom in ((piece.top, piece.top + cut), (piece.top + cut, piece.bottom)):
            columns = np.flatnonzero(ink[top:bottom, piece.left : piece.right].sum(axis=0) > 0.5)
            if len(columns) >= 2 and bottom - top >= 4:
                parted.append(Piece(piece.left + int(columns[0]), top, piece.left + int(columns[-1]) + 1, bottom))
    return parted


def _merged(pieces: list[Piece]) -> list[Piece]:
    """Upper and lower parts of one letter, found apart, are one piece: they overlap, and make no more than a line."""
    if not pieces:
        return []
    line = float(np.percentile([piece.height for piece in pieces], 75))
    pieces = sorted(pieces, key=lambda piece: piece.top)
    merged: list[Piece] = []
    for piece in pieces:
        for n in range(len(merged) - 1, max(-1, len(merged) - 12), -1):
            other = merged[n]
            both = _both(piece, other)
            shared = min(piece.right, other.right) - max(piece.left, other.left)
            touching = min(piece.bottom, other.bottom) - max(piece.top, other.top) >= 0
            narrow = max(piece.width, other.width) < 1.6 * line
            if (
                touching
                and shared > 0.5 * min(piece.width, other.width)
                and both.height <= line * (1.7 if narrow else 1.35)
            ):
                merged[n] = both
                break
        else:
            merged.append(piece)
    return merged


def _whole(pieces: list[Piece]) -> list[Piece]:
    """Without slivers of a letter that lie inside a larger piece, which holds them already."""
    kept: list[Piece] = []
    bands: _Bands = {}
    for piece in sorted(pieces, key=lambda piece: -piece.width * piece.height):
        inside = any(
            o.left - 2 <= piece.left
            and piece.right <= o.right + 2
            and min(o.bottom, piece.bottom) - max(o.top, piece.top) > 0.5 * piece.height
            for o in (kept[n] for n in _near(bands, piece))
        )
        if not inside:
            _note(bands, piece, len(kept))
            kept.append(piece)
    return kept


#: Pieces by the height at which they stand, so that neighbours are found without asking all.
_Bands = dict[int, list[int]]
_BAND = 64


def _near(bands: _Bands, piece: Piece) -> list[int]:
    """The numbers of the pieces noted within a band of a piece's height, in the order in which they were noted."""
    band = int(piece.middle) // _BAND
    return sorted(n for b in (band - 1, band, band + 1) for n in bands.get(b, ()))


def _note(bands: _Bands, piece: Piece, number: int) -> None:
    bands.setdefault(int(piece.middle) // _BAND, []).append(number)


def _join(pieces: list[Piece]) -> list[Piece]:
    """Neighbours in one line with no more than a word's gap between them are one piece."""
    joined: list[Piece] = []
    bands: _Bands = {}
    for piece in sorted(pieces, key=lambda piece: piece.left):
        for n in _near(bands, piece):
            other = joined[n]
            if piece.left - other.right < _GAP * min(piece.height, other.height) and _beside(other, piece):
                joined[n] = _both(other, piece)
                break
        else:
            _note(bands, piece, len(joined))
            joined.append(piece)
    return sorted(_strung(joined), key=lambda piece: (piece.middle, piece.left))


def _beside(left: Piece, right: Piece) -> bool:
    """Whether two pieces are alike in height and stand in one line."""
    height, tall = sorted((left.height, right.height))
    return min(left.bottom, right.bottom) - max(left.top, right.top) > 0.55 * height and tall < 1.9 * height


def _both(one: Piece, other: Piece) -> Piece:
    return Piece(
        min(one.left, other.left), min(one.top, other.top), max(one.right, other.right), max(one.bottom, other.bottom)
    )


def _strung(pieces: list[Piece]) -> list[Piece]:
    """Three and more words strung out evenly are one piece: letters of one width leave wide gaps between words."""
    runs: list[list[Piece]] = []
    bands: _Bands = {}
    for piece in sorted(pieces, key=lambda piece: piece.left):
        for n in _near(bands, piece):
            run, last = runs[n], runs[n][-1]
            gap = piece.left - last.right
            near = 0 < gap < _STRUNG * min(piece.height, last.height) and _beside(last, piece)
            if near and min(piece.width, last.width) > 1.2 * piece.height:
                before = [b.left - a.right for a, b in pairwise(run)]
                if all(gap < _EVEN * other and other < _EVEN * gap for other in before):
                    run.append(piece)
                    break
        else:
            _note(bands, piece, len(runs))
            runs.append([piece])
    strung: list[Piece] = []
    for run in runs:
        if len(run) < 3:
            strung += run
            continue
        whole = run[0]
        for piece in run[1:]:
            whole = _both(whole, piece)
        strung.append(whole)
    return strung
