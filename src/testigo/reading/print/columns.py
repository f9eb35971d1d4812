"""Where the parts of a row stand, known from the rows that were read well: figures in a column, words in another.

Rules of this module
--------------------
1. A place is where the other rows have theirs; what stands there is read from the picture, or not at all.
2. The nearest row says best how high or low a part stands: paper is never quite level, nor quite evenly fed.
3. A column that nearly all rows contradict is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from testigo.reading.print.page import Page
from testigo.reading.print.segments import Piece

_LONGER = 1.4  # times the usual width: numbers of more figures than most
_USUALLY_RIGHT = 0.1  # share of the rows that must say otherwise where nearly all numbers have one figure
_NEAR = 1.8  # millimetres by which a part may stand off its column
_LEAST = 3  # rows that say where a part stands
_ROOM = 0.15  # of its height: how much further than seen so far words may go


@dataclass(frozen=True, slots=True)
class Column:
    """Where the figures of all rows stand.

    Attributes:
        edge: which edge is aligned.
        at: where it is in the uppermost row of pixels.
        slope: pixels per row of pixels.
        widest, height: of the figures, pixels.
    """

    edge: str
    at: float
    slope: float
    widest: int
    height: float

    def place(self, piece: Piece) -> float:
        """How far a piece stands off the column, pixels."""
        return _edge(piece, self.edge) - (self.at + self.slope * piece.middle)

    def holds(self, page: Page, piece: Piece) -> bool:
        """Whether a piece stands in the column."""
        return abs(self.place(piece)) <= _NEAR * page.scale


def column_of(page: Page, pieces: Sequence[Piece]) -> Column:
    """The column in which most of the pieces stand."""
    edge, at, slope = _aligned(page, pieces)
    height = float(np.median([piece.height for piece in pieces]))
    return Column(edge, at, slope, max(piece.width for piece in pieces), height)


def _usual(column: Column, pieces: Sequence[Piece]) -> Column:
    """The column with the width that nearly all of its pieces keep to: one or two are glued to something."""
    return replace(column, widest=round(float(np.percentile([piece.width for piece in pieces], 97))))


def _edge(piece: Piece, edge: str) -> float:
    return {"left": piece.left, "right": piece.right, "middle": (piece.left + piece.right) / 2}[edge]


def _aligned(page: Page, pieces: Sequence[Piece]) -> tuple[str, float, float]:
    """The edge by which figures are aligned, where it is in the uppermost row, and its slope.

    It is the edge that nearly all share. Numbers of one figure share all of them: the longer ones decide.
    """
    downs = np.array([piece.middle for piece in pieces])
    widths = np.array([piece.width for piece in pieces])
    long = widths > _LONGER * np.median(widths)
    weights = np.where(long, 1.0, 0.1) if long.sum() >= _LEAST else np.ones(len(pieces))
    least = 0.02 if long.sum() >= _LEAST else _USUALLY_RIGHT
    chosen: tuple[float, str, float, float] | None = None
    for edge in ("right", "left", "middle"):
        places = np.array([_edge(piece, edge) for piece in pieces], np.float64)
        at, slope = _line(downs, places, _NEAR * page.scale)
        off = np.abs(places - at - slope * downs)
        outside = float(np.average(off > 0.6 * page.scale, weights=weights)) + 0.02 * float(np.median(off)) / page.scale
        if chosen is None or outside < chosen[0] - least:
            chosen = (outside, edge, at, slope)
    assert chosen is not None  # noqa: S101  (there are three edges)
    return chosen[1:]


def _line(x: np.ndarray, y: np.ndarray, near: float) -> tuple[float, float]:
    """A straight line through most of the points."""
    at, slope = float(np.median(y)), 0.0
    for _ in range(3):
        good = np.abs(y - at - slope * x) < near
        if good.sum() < 6 or np.ptp(x[good]) < 1:
            break
        slope, at = (float(value) for value in np.polyfit(x[good], y[good], 1))
    return at, slope


# ------------------------------------------------------------------------------------- places


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the parts of one row stand; ``None``: not found."""

    label: Piece | None
    figures: Piece | None
    words: Piece | None

    def part(self, name: str) -> Piece | None:
        """``label``, ``figures`` or ``words``."""
        return {"label": self.label, "figures": self.figures, "words": self.words}[name]


class Places:
    """Where any row should have its figures and its words.

    Args:
        figures: the column of the figures, if there is one.
        good: rows whose parts were read well; a part that was not is ``None``.
    """

    def __init__(self, page: Page, figures: Column | None, good: Sequence[Stand]) -> None:
        self._page, self._figures, self._good = page, figures, good
        words = [stand.words for stand in good if stand.words is not None]
        self._words = _usual(column_of(page, words), words) if len(words) >= _LEAST else None

    def figures(self, row: Stand) -> Piece | None:
        """Where a row's figures should stand: as wide as the widest."""
        return self._place(self._figures, self._middle(row, "figures", ("words", "label")), 0.0)

    def words(self, row: Stand) -> Piece | None:
        """Where a row's words should stand: as long as the longest, and whatever of them was found already."""
        place = self._place(self._words, self._middle(row, "words", ("figures", "label")), _ROOM)
        own = row.words
        if place is None or own is None or own.bottom < place.top or own.top > place.bottom:
            return place
        return Piece(min(place.left, own.left), place.top, max(place.right, own.right), place.bottom)

    def _place(self, column: Column | None, middle: float | None, room: float) -> Piece | None:
        if column is None or middle is None:
            return None
        edge, more, half = column.at + column.slope * middle, room * column.height, column.height / 2
        left = {"right": edge - column.widest, "left": edge, "middle": edge - column.widest / 2}[column.edge]
        right = min(left + column.widest + more, self._page.width)
        return self._inside(max(0.0, left - more), middle - half, right, middle + half)

    def _middle(self, row: Stand, part: str, anchors: Sequence[str]) -> float | None:
        """The row of pixels of a part's middle: its own if it is as tall as others, else as in the nearest good row."""
        own = row.part(part)
        known = [piece for stand in self._good if (piece := stand.part(part)) is not None]
        if len(known) < _LEAST:
            return None
        tall = float(np.median([piece.height for piece in known]))
        if own is not None and 0.75 * tall < own.height < 1.4 * tall:
            return own.middle
        for name in anchors:
            anchor = row.part(name)
            pairs = [(stand.part(name), stand.part(part)) for stand in self._good]
            both = [(one.middle, other.middle) for one, other in pairs if one is not None and other is not None]
            if anchor is not None and both:
                near, wanted = min(both, key=lambda pair: abs(pair[0] - anchor.middle))
                return anchor.middle + wanted - near
        return None

    def _inside(self, left: float, top: float, right: float, bottom: float) -> Piece | None:
        piece = Piece(max(0, round(left)), max(0, round(top)), round(right), round(bottom))
        return piece if piece.right <= self._page.width and piece.bottom <= self._page.height else None
