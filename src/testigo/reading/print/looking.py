"""The recogniser with one sheet before it: what looks alike is read once, and a single figure beside other figures.

How it looks
------------
1. A long line that shows the same as an earlier one of the sheet says the same ("Cero, Cero, Cero, Cero" stands there
   thirty times): its frames are taken over.
2. A letter that stands alone has no company to say what it is: a zero with a stroke through it passes for a sign of
   another script. Single letters are therefore set side by side, behind figures of the same sheet that are sure.

Rules of this module
--------------------
1. Alike is what differs nowhere by as much as a letter does. It is asked of pictures, never of what they were read as.
2. Whoever is set beside figures is given no meaning: he still has to be read as a figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from testigo.reading.print.page import Grey, Page
from testigo.reading.print.recogniser import (
    STEP,
    TALL,
    Frames,
    Recogniser,
    certainty,
    fitted,
    width_of,
)
from testigo.reading.print.segments import Piece, crop

_LONG = 200  # columns from which on a line is compared with earlier ones
_KNOWN = 8  # earlier lines of one width that are kept
_DOWN, _ACROSS = 3, 4  # pixels by which alike lines may be shifted
_LETTER, _SAME = 5, 55.0  # side of a part of a letter, and how much its brightness may differ on average
_CORRELATED = 0.93
_NARROW = 1.2  # of its height: a piece narrower than so is one letter
_SIDE = 4  # columns of room at each side of a letter in a strip; with more it stands alone again
_STRIP = 8  # letters in a strip
_TRUSTED = 0.97  # certainty of figures that may stand beside others
_COMPANY = (1.4, 4.5)  # their width, in heights


class SheetReader:
    """The recogniser for one sheet, with memory of what it saw there."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._known: dict[int, list[tuple[Grey, Frames]]] = {}
        self._company: tuple[float, Grey] | None = None

    def read(self, lines: Sequence[Grey], loose: Sequence[bool] | None = None) -> list[Frames]:
        """The frames of each picture of a line; see :meth:`Recogniser.read`."""
        widths = [width_of(line, loose is None or loose[n]) for n, line in enumerate(lines)]
        pictures = [fitted(line, width) for line, width in zip(lines, widths, strict=True)]
        found: dict[int, Frames] = {}
        same: dict[int, int] = {}
        fresh: list[int] = []
        for n, (picture, width) in enumerate(zip(pictures, widths, strict=True)):
            if width >= _LONG:
                known = next((seen for other, seen in self._known.get(width, ()) if _alike(other, picture)), None)
                twin = next((m for m in fresh if widths[m] == width and _alike(pictures[m], picture)), None)
                if known is not None:
                    found[n] = known
                    continue
                if twin is not None:
                    same[n] = twin
                    continue
            fresh.append(n)
        for n, seen in zip(fresh, self._recogniser.run([pictures[n] for n in fresh]), strict=True):
            found[n] = seen
            if widths[n] >= _LONG:
                self._known.setdefault(widths[n], []).append((pictures[n], seen))
                del self._known[widths[n]][:-_KNOWN]
        return [found[same.get(n, n)] for n in range(len(lines))]

    # -------------------------------------------------------------------------- single letters

    def meet(self, page: Page, piece: Piece, frames: Frames) -> None:
        """A piece that was read: the surest figures are the company of single letters."""
        if not _COMPANY[0] < piece.width / piece.height < _COMPANY[1]:
            return
        sure = certainty(frames)
        least = _TRUSTED if self._company is None else self._company[0]
        if sure > least and "".join(letter for letter, _ in frames.text()).isdigit():
            self._company = (sure, _letter(page, piece))

    def single(self, page: Page, pieces: Sequence[Piece], together: int = _STRIP) -> list[Frames]:
        """The frames of pieces that hold one letter or few, read in company; by themselves if there is none yet."""
        if self._company is None:
            return self.read([crop(page, piece) for piece in pieces])
        letters = [_letter(page, piece) for piece in pieces]
        strips, places = [], []
        for start in range(0, len(letters), together):
            parts = [self._company[1], *letters[start : start + together]]
            strip = np.hstack(parts)
            short = max(-strip.shape[1] % (2 * STEP), 6 * STEP - strip.shape[1])
            strips.append(np.pad(strip, ((0, 0), (0, short)), constant_values=int(strip.max())))
            places.append(np.round(np.cumsum([part.shape[1] for part in parts]) / STEP).astype(int))
        answers: list[Frames] = []
        for frames, steps in zip(self._recogniser.run(strips), places, strict=True):
            answers += [frames.part(int(a), int(b)) for a, b in pairwise(steps)]
        return answers


def is_single(piece: Piece) -> bool:
    """Whether a piece is no wider than one letter."""
    return piece.width < _NARROW * piece.height


def _letter(page: Page, piece: Piece) -> Grey:
    """A letter, or few, in the model's height and its own shape, with a little room at its sides."""
    part = crop(page, piece)
    narrow = fitted(part, max(STEP, round(part.shape[1] * TALL / part.shape[0])))
    ink = np.flatnonzero(narrow.min(axis=0) < 150)
    if len(ink):
        narrow = narrow[:, max(0, int(ink[0]) - _SIDE) : int(ink[-1]) + 1 + _SIDE]
    return np.pad(narrow, ((0, 0), (_SIDE // 2, _SIDE // 2)), constant_values=int(narrow.max()))


def _alike(one: Grey, other: Grey) -> bool:
    """Whether two pictures of a line show the same: nowhere does a part of a letter differ."""
    inner = other[_DOWN:-_DOWN, _ACROSS:-_ACROSS]
    fit = cv2.matchTemplate(one, inner, cv2.TM_CCOEFF_NORMED)
    down, across = np.unravel_index(int(fit.argmax()), fit.shape)
    if fit[down, across] < _CORRELATED:
        return False
    part = one[down : down + inner.shape[0], across : across + inner.shape[1]]
    difference = cv2.blur(part.astype(np.float32) - inner, (_LETTER, _LETTER))
    return float(np.abs(difference).max()) < _SAME
