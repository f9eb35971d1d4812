"""The count of each printed row: which piece holds its figures, which its words, and what the two say.

How a count is read
-------------------
1. The figures of all rows stand in one column; which pieces those are, all rows decide together. A party code beside
   the label stands elsewhere and is never taken for votes.
2. A row whose figures or words were not found, or were read badly, is looked at again: where the other rows have
   theirs, and with all the model's width.
3. Figures and words become evidence; together they are the row's weights.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from testigo.reading.print.ctc import WordGrammar, likely_numbers
from testigo.reading.print.evidence import NOTHING, READABLE, Source, figures_source, together, words_source
from testigo.reading.print.looking import SheetReader
from testigo.reading.print.matching import Alignment
from testigo.reading.print.page import Page
from testigo.reading.print.rows import Row, Text, around, joined
from testigo.reading.print.segments import Piece, crop

_WORD = re.compile(r"[a-z0-9?]+")
_LONGER = 1.4  # times the usual width: numbers of more figures than most
_USUALLY_RIGHT = 0.1  # share of the rows that must say otherwise where nearly all numbers have one figure
_OFF = 1.8  # millimetres by which figures may stand off their column
_WITNESSES = 8  # rows whose figures and words agree, from which on they say where the column is
_AGREE = 0.25  # share of the rows with words below which the figures found are not the counts
_SAMPLE, _CLEARLY = 10, 4.0  # rows that say how many words make a number; by how much their logarithms must say so
_SURE = 0.98  # a source at least so sure is not looked at again


@dataclass
class RowCount:
    """What a row's count may be.

    Attributes:
        row: the row found, or ``None``.
        figures, words: what each source says.
        figures_at, words_at: where they stand.
        weights: number -> weight, of both together.
    """

    row: Row | None
    figures: Source = NOTHING
    words: Source = NOTHING
    figures_at: Piece | None = None
    words_at: Piece | None = None
    weights: dict[int, float] = field(default_factory=dict)

    def differ(self, least: float) -> bool:
        """Whether both sources were read, each no less surely than ``least``, and say different numbers."""
        figures, words = self.figures.best, self.words.best
        if figures is None or words is None or min(figures[1], words[1]) < least:
            return False
        return figures[0] != words[0]

    def weigh(self) -> None:
        """Put the two together."""
        self.weights = together(self.figures, self.words) if self.figures.chances or self.words.chances else {}


@dataclass(frozen=True, slots=True)
class Column:
    """Where the figures of all rows stand: ``edge`` is which edge is aligned, ``slope`` pixels per row of pixels."""

    edge: str
    at: float
    slope: float
    widest: int
    height: float
    drop: float  # from the label's middle down to the figures'

    def place(self, piece: Piece) -> float:
        """How far a piece stands off the column, pixels."""
        return _edge(piece, self.edge) - (self.at + self.slope * piece.middle)


def _edge(piece: Piece, edge: str) -> float:
    return {"left": piece.left, "right": piece.right, "middle": (piece.left + piece.right) / 2}[edge]


def read_counts(page: Page, rows: Sequence[Row], alignment: Alignment, grammar: WordGrammar | None,
                reader: SheetReader) -> tuple[list[RowCount], tuple[int, ...]]:  # fmt: skip
    """The count of each expected row, from the tape's pieces; and which of the unknown rows hold a count as well."""
    counts = [RowCount(None if match.row is None else rows[match.row]) for match in alignment.matches]
    if grammar is not None:
        grammar = _as_printed(counts, grammar)
        _take_words(counts, grammar)
    column = find_column(page, counts)
    for count in counts:
        if count.row is not None:
            _take_figures(page, count, column)
    _look_again(page, counts, column, grammar, reader)
    for count in counts:
        count.weigh()
    return counts, tuple(n for n in alignment.unknown if _holds_count(page, rows[n], column, grammar))


def _holds_count(page: Page, row: Row, column: Column | None, grammar: WordGrammar | None) -> bool:
    """Whether an unknown row has figures where the others have theirs, or legible words: a stamp has neither."""
    if column is None or any(abs(column.place(text.piece)) <= _OFF * page.scale for text in row.figures):
        return True
    return grammar is not None and words_source(grammar.read([joined(row.words)])[0]).readable is not None


def find_column(page: Page, counts: Sequence[RowCount]) -> Column | None:
    """The column of the figures, and the edge by which they are aligned.

    It is where the rows' figures say what their words say; the rightmost figures of most rows if there are no words.
    A column that says otherwise in nearly all rows (party numbers beside the labels) is none.
    """
    rows = [count.row for count in counts if count.row is not None]
    agreeing = [text for count in counts if (text := _as_in_words(count)) is not None]
    spelt = sum(count.words.readable is not None and bool(count.row and count.row.figures) for count in counts)
    if spelt >= _WITNESSES and len(agreeing) < _AGREE * spelt:
        return None
    picked = agreeing if len(agreeing) >= _WITNESSES else [_rightmost(row) for row in rows if row.figures]
    pieces = [text.piece for text in picked]
    if len(pieces) < 3:
        return None
    edge, at, slope = _aligned(page, pieces)
    known = {id(text) for text in picked}
    drops = [
        text.piece.middle - row.texts[0].piece.middle
        for row in rows
        for text in row.figures
        if row.texts and id(text) in known
    ]
    return Column(
        edge, at, slope, max(piece.width for piece in pieces), float(np.median([p.height for p in pieces])),
        float(np.median(drops)) if drops else 0.0,
    )  # fmt: skip


def _aligned(page: Page, pieces: Sequence[Piece]) -> tuple[str, float, float]:
    """The edge by which figures are aligned, where it is in the uppermost row, and its slope.

    It is the edge that nearly all share. Numbers of one figure share all of them: the longer ones decide.
    """
    downs = np.array([piece.middle for piece in pieces])
    widths = np.array([piece.width for piece in pieces])
    long = widths > _LONGER * np.median(widths)
    weights = np.where(long, 1.0, 0.1) if long.sum() >= 3 else np.ones(len(pieces))
    least = 0.02 if long.sum() >= 3 else _USUALLY_RIGHT
    chosen: tuple[float, str, float, float] | None = None
    for edge in ("right", "left", "middle"):
        places = np.array([_edge(piece, edge) for piece in pieces], np.float64)
        at, slope = _line(downs, places, _OFF * page.scale)
        off = np.abs(places - at - slope * downs)
        outside = float(np.average(off > 0.6 * page.scale, weights=weights)) + 0.02 * float(np.median(off)) / page.scale
        if chosen is None or outside < chosen[0] - least:
            chosen = (outside, edge, at, slope)
    assert chosen is not None  # noqa: S101  (there are three edges)
    return chosen[1:]


def _as_in_words(count: RowCount) -> Text | None:
    """The piece of a row that says in figures what the row says in words."""
    said = count.words.readable
    if said is None or count.row is None:
        return None
    return next((text for text in reversed(count.row.figures) if _plain(text) == str(said)), None)


def _plain(text: Text) -> str:
    return text.text.replace(" ", "").replace("o", "0").replace("l", "1").replace("i", "1")


def _rightmost(row: Row) -> Text:
    return max(row.figures, key=lambda text: text.piece.right)


def _line(x: np.ndarray, y: np.ndarray, near: float) -> tuple[float, float]:
    """A straight line through most of the points."""
    at, slope = float(np.median(y)), 0.0
    for _ in range(3):
        good = np.abs(y - at - slope * x) < near
        if good.sum() < 6 or np.ptp(x[good]) < 1:
            break
        slope, at = (float(value) for value in np.polyfit(x[good], y[good], 1))
    return at, slope


# ------------------------------------------------------------------------------------ figures


def _take_figures(page: Page, count: RowCount, column: Column | None) -> None:
    assert count.row is not None  # noqa: S101
    found = count.row.figures
    # Figures that stand in no column are a party's number, a speck, a note: nobody knows.
    found = [text for text in found if column is not None and abs(column.place(text.piece)) <= _OFF * page.scale]
    if not found:
        return
    text = max(found, key=lambda text: text.piece.right)
    count.figures_at = text.piece
    count.figures = figures_source(likely_numbers(text.frames))


def _figures_place(page: Page, row: Row, column: Column) -> Piece | None:
    """Where a row's figures should stand."""
    anchor = row.texts[0].piece if row.texts else row.words[0].piece if row.words and not row.own else None
    if anchor is None or not row.texts:
        return None
    middle = anchor.middle + column.drop
    edge = column.at + column.slope * middle
    wide = column.widest
    left = {"right": edge - wide, "left": edge, "middle": edge - wide / 2}[column.edge]
    half = column.height / 2
    piece = Piece(max(0, round(left)), max(0, round(middle - half)), round(left + wide), round(middle + half))
    return piece if piece.right <= page.width and piece.bottom <= page.height else None


# -------------------------------------------------------------------------------------- words


def _take_words(counts: Sequence[RowCount], grammar: WordGrammar) -> None:
    spelt = [count for count in counts if count.row is not None and count.row.words]
    for count, read in zip(spelt, grammar.read([joined(_row(count).words) for count in spelt]), strict=True):
        count.words = words_source(read)
        count.words_at = around([text.piece for text in _row(count).words])


def _as_printed(counts: Sequence[RowCount], grammar: WordGrammar) -> WordGrammar:
    """The grammar with as many words to a number as the sheet prints: all rows together decide, and none by itself."""
    spelt = [count.row.words for count in counts if count.row is not None and count.row.words]
    sample = spelt[:: max(1, len(spelt) // _SAMPLE)]
    if len(sample) < 3:
        return grammar
    # As many as are seen: where the paper's edge cuts the last word off, what is left of it is no place less.
    seen = round(float(np.median([len(_WORD.findall(" ".join(text.text for text in words))) for words in sample])))
    lines = [joined(words) for words in sample]
    possible = (grammar, *(other for other in grammar.others if other.places == seen))
    if len(possible) == 1:
        return grammar
    fits = {one: float(np.median([read.fit for read in one.read(lines)])) for one in possible}
    best = max(fits, key=lambda one: fits[one])
    return best if fits[best] > fits[grammar] + _CLEARLY else grammar


def _words_place(page: Page, row: Row, typical: tuple[float, float, float, float] | None) -> Piece | None:
    """Where a row's words should stand: beside or below its label, as in the other rows."""
    if typical is None or not row.texts:
        return None
    left, right, drop, height = typical
    middle = row.texts[0].piece.middle + drop
    piece = Piece(round(left), round(middle - height / 2), round(right), round(middle + height / 2))
    inside = piece.left >= 0 and piece.top >= 0 and piece.right <= page.width and piece.bottom <= page.height
    return piece if inside else None


def _typical_words(counts: Sequence[RowCount]) -> tuple[float, float, float, float] | None:
    """Left, right, drop from the label's middle, and height of the words of well-read rows."""
    good = [
        (count.words_at, count.row.texts[0].piece.middle)
        for count in counts
        if count.row is not None and count.row.texts and count.words_at is not None and count.words.readable is not None
    ]
    if len(good) < 3:
        return None
    height = float(np.median([piece.height for piece, _ in good]))
    lefts = np.array([piece.left for piece, _ in good])
    rights = np.array([piece.right for piece, _ in good])
    drop = float(np.median([piece.middle - middle for piece, middle in good]))
    return float(np.percentile(lefts, 3)), float(np.percentile(rights, 97)), drop, height


# -------------------------------------------------------------------------------- second look


def _look_again(page: Page, counts: Sequence[RowCount], column: Column | None, grammar: WordGrammar | None,
                reader: SheetReader) -> None:  # fmt: skip
    """Rows read badly or not at all are read once more; the surer of the two looks stands."""
    doubtful = [count for count in counts if count.row is not None and not _agree(count)]
    if column is not None:
        unsure = [count for count in doubtful if _unsure(count.figures)]
        places = [count.figures_at or _figures_place(page, _row(count), column) for count in unsure]
        _figures_again(page, [(c, place) for c, place in zip(unsure, places, strict=True) if place], reader)
    if grammar is not None:
        typical = _typical_words(counts)
        unsure = [count for count in doubtful if _unsure(count.words) and len(_row(count).words) <= 1]
        places = [count.words_at or _words_place(page, _row(count), typical) for count in unsure]
        _words_again(page, [(c, place) for c, place in zip(unsure, places, strict=True) if place], grammar, reader)


def _figures_again(page: Page, jobs: Sequence[tuple[RowCount, Piece]], reader: SheetReader) -> None:
    frames = reader.single(page, [place for _, place in jobs], together=1)
    for (count, place), seen in zip(jobs, frames, strict=True):
        source = figures_source(likely_numbers(seen))
        if _surer(source, count.figures):
            count.figures, count.figures_at = source, place


def _words_again(page: Page, jobs: Sequence[tuple[RowCount, Piece]], grammar: WordGrammar,
                 reader: SheetReader) -> None:  # fmt: skip
    frames = reader.read([crop(page, place) for _, place in jobs])
    for (count, place), read in zip(jobs, grammar.read(frames), strict=True):
        source = words_source(read)
        if _surer(source, count.words):
            count.words, count.words_at = source, place


def _row(count: RowCount) -> Row:
    assert count.row is not None  # noqa: S101  (asked of rows that were found)
    return count.row


def _agree(count: RowCount) -> bool:
    """Whether figures and words were both read and say the same: a closer look would say nothing new."""
    return count.figures.readable is not None and count.figures.readable == count.words.readable


def _unsure(source: Source) -> bool:
    best = source.best
    return best is None or best[1] < _SURE


def _surer(new: Source, old: Source) -> bool:
    """Whether a second look says more than the first. Two sure looks that differ leave the first."""
    fresh, known = new.best, old.best
    if fresh is None:
        return False
    return known is None or (fresh[1] > known[1] and not (fresh[0] != known[0] and known[1] >= READABLE))
