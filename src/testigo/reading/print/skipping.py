"""Figures that are no counts: the codes of the parties, which stand in a column of their own and need not be read.

Rules of this module
--------------------
1. Where codes stand is learnt from rows that were read: their words say which of their figures are the counts.
2. Nothing is skipped that reaches into the column of the counts, and nothing before enough rows have agreed.
3. A code stands between its label and its count: on a tape that leans, nothing else is taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from testigo.reading.print.recogniser import CLASSES, Frames, fold
from testigo.reading.print.rows import Row, Text, make_rows
from testigo.reading.print.segments import Piece

_ENOUGH = 5  # rows that must show the column of the codes, and as many that of the counts
_APART = 3.0  # heights by which figures of one column may stand off its middle
_ROOM = 0.5  # of its height: how far a code may reach out of where the others stand
_SOME_CODE = "0000"  # no count is printed so
_UNREAD = Frames(np.zeros((0, CLASSES), np.float32), np.zeros(0, np.float32))


@dataclass(frozen=True, slots=True)
class CodeColumn:
    """Where the codes stand: columns of pixels."""

    left: int
    right: int

    def of(self, pieces: Sequence[Piece]) -> list[Text]:
        """The codes among pieces, as figures that say nothing: they still show that a row has figures, and where."""
        return [Text(piece, _UNREAD, _SOME_CODE) for piece in pieces if self._holds(piece) and _between(piece, pieces)]

    def _holds(self, piece: Piece) -> bool:
        room = _ROOM * piece.height
        return self.left - room <= piece.left and piece.right <= self.right + room


def _between(piece: Piece, pieces: Sequence[Piece]) -> bool:
    """Whether something stands at the left of a piece (its label) and at its right (the count)."""
    line = [other for other in pieces if abs(other.middle - piece.middle) < 0.5 * piece.height]
    return any(o.right <= piece.left for o in line) and any(o.left >= piece.right for o in line)


def code_column(texts: Sequence[Text], digit_words: Sequence[str]) -> CodeColumn | None:
    """The column of the codes, or ``None`` if the rows read so far show none."""
    known = [fold(word) for word in digit_words]
    counts: list[Piece] = []
    codes: list[Piece] = []
    for row in make_rows(texts, digit_words):
        figures = sorted(row.figures, key=lambda text: text.piece.right)
        if len(figures) > 1 and figures[-1].text == _in_words(row, known):
            counts.append(figures[-1].piece)
            codes += [text.piece for text in figures[:-1]]
    if len(counts) < _ENOUGH:
        return None
    middle = float(np.median([piece.left + piece.right for piece in codes])) / 2
    codes = [piece for piece in codes if abs((piece.left + piece.right) / 2 - middle) < _APART * piece.height]
    column = CodeColumn(min(piece.left for piece in codes), max(piece.right for piece in codes))
    clear = min(piece.left for piece in counts) - column.right > 2 * _ROOM * max(piece.height for piece in codes)
    return column if clear and len(codes) >= _ENOUGH else None


def _in_words(row: Row, words: Sequence[str]) -> str | None:
    """The number that a row's words spell, as figures."""
    spelt = re.findall(r"[a-z0-9?]+", " ".join(text.text for text in row.words))
    nearest = [get_close_matches(word, words, 1) for word in spelt]
    if not spelt or not all(nearest):
        return None
    return str(int("".join(str(words.index(near[0])) for near in nearest)))
