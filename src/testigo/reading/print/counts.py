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
from dataclasses import dataclass, field, replace

import numpy as np

from testigo.reading.print.columns import Column, Places, Stand, column_of
from testigo.reading.print.ctc import WordGrammar, likely_numbers
from testigo.reading.print.evidence import (
    NOTHING,
    READABLE,
    Source,
    figures_source,
    together,
    words_source,
)
from testigo.reading.print.looking import SheetReader
from testigo.reading.print.matching import Alignment
from testigo.reading.print.page import Page
from testigo.reading.print.rows import Row, Text, around, joined
from testigo.reading.print.segments import Piece, crop

_WORD = re.compile(r"[a-z0-9?]+")
_WITNESSES = 8  # rows whose figures and words agree, from which on they say where the column is
_AGREE = 0.25  # share of the rows with words below which the figures found are not the counts
_FEW = 4  # rows with figures of more than one place that say so where most others seem to contradict
_SAMPLE, _CLEARLY = 10, 4.0  # rows that say how many words make a number; by how much their logarithms must say so
_WHOLE = -9.0  # natural logarithm of how much less likely words may be than the best reading, and still be words
_FEW_WHOLE = 0.1  # share of lines that may fit the profile's number of words on a sheet that prints another
_LETTER = 0.5  # of its height: how wide a letter is at least
_GLUED = 1.25  # times the second widest: figures that hold something else
_NO_ROW = 0.4  # of the usual distance between rows: nothing so near to a row is another row
_RATHER = 0.3  # chance from which on a source that is hardly legible bears out the other
_ADMITS = 0.01  # chance of a number from which on figures admit that they may be it
_HIDES, _NEVER_SURE = 0.2, 0.79  # share of a letter's width that hides a figure; how sure its neighbours may be
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

    def differ(self, least_figures: float, least_words: float) -> bool:
        """Whether both sources were read, no less surely than so, and say different numbers. Figures that may as well
        be what the words say (a blurred 8 for a 9) contradict nobody."""
        figures, words = self.figures.best, self.words.best
        if figures is None or words is None or figures[1] < least_figures or words[1] < least_words:
            return False
        return figures[0] != words[0] and self.figures.chances.get(words[0], 0.0) < _ADMITS

    def says_twice(self, number: int | None) -> bool:
        """Whether figures and words both say a number: one of them legibly, the other at least rather than another."""
        both = (self.figures.best, self.words.best)
        chances = [best[1] for best in both if best is not None and best[0] == number]
        return len(chances) == len(both) and max(chances) >= READABLE and min(chances) >= _RATHER

    def weigh(self) -> None:
        """Put the two together."""
        self.weights = together(self.figures, self.words) if self.figures.chances or self.words.chances else {}


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
    places = Places(page, column, [_stand(count, good=True) for count in counts if count.row is not None])
    _look_again(page, counts, places, grammar, reader)
    for count in counts:
        _beside_lost_columns(page, count)
        count.weigh()
    unknown = [n for n in alignment.unknown if _holds_count(page, rows[n], column, grammar)]
    printed = [count for count in counts if count.row is not None]
    return counts, tuple(n for n in unknown if not _of_another(rows[n], printed, places))


def _holds_count(page: Page, row: Row, column: Column | None, grammar: WordGrammar | None) -> bool:
    """Whether an unknown row has figures where the others have theirs, or legible words: a stamp has neither."""
    if column is None or any(column.holds(page, text.piece) for text in row.figures):
        return True
    return grammar is not None and words_source(grammar.read([joined(row.words)])[0]).readable is not None


def _of_another(row: Row, printed: Sequence[RowCount], places: Places) -> bool:
    """Whether an unknown row is part of a printed one: it stands so near one that it can be none itself (a stroke of a
    pen, with print under it), or where one has its words (badly printed, they may look like figures)."""
    middle = _middle(row)
    words = [place for count in printed if (place := places.words(_stand(count))) is not None]
    if any(place.top <= middle <= place.bottom for place in words):
        return True
    middles = np.array([_middle(_row(count)) for count in printed])
    if len(middles) < _WITNESSES:
        return False
    return float(np.abs(middles - middle).min()) < _NO_ROW * float(np.median(np.diff(middles)))


def _middle(row: Row) -> float:
    return (row.top + row.bottom) / 2


def find_column(page: Page, counts: Sequence[RowCount]) -> Column | None:
    """The column of the figures, and the edge by which they are aligned.

    It is where the rows' figures say what their words say; the rightmost figures of most rows if there are no words.
    A column that says otherwise in nearly all rows (party numbers beside the labels) is none.
    """
    rows = [count.row for count in counts if count.row is not None]
    agreeing = [text for count in counts if (text := _as_in_words(count)) is not None]
    spelt = sum(count.words.readable is not None and bool(count.row and count.row.figures) for count in counts)
    few = spelt >= _WITNESSES and len(agreeing) < _AGREE * spelt
    if few and not _in_one_column(page, agreeing):
        return None
    picked = agreeing if few or len(agreeing) >= _WITNESSES else [_rightmost(row) for row in rows if row.figures]
    pieces = [text.piece for text in picked]
    if len(pieces) < 3:
        return None
    column = column_of(page, pieces)
    # Long numbers are seldom among the witnesses; what stands in the column is as wide as any of its figures.
    inside = [text.piece.width for row in rows for text in row.figures if column.holds(page, text.piece)]
    return replace(column, widest=max(column.widest, *_without_outliers(inside)))


def _in_one_column(page: Page, texts: Sequence[Text]) -> bool:
    """Whether figures that say what the words say stand below one another: most rows' figures were lost, glued to
    their words, and others (a party's number) found."""
    longer = [text.piece for text in texts if len(_plain(text)) > 1]
    if len(longer) < _FEW:
        return False
    column = column_of(page, longer)
    return all(column.holds(page, text.piece) for text in texts)


def _without_outliers(widths: Sequence[int]) -> list[int]:
    """Widths without the single largest that no other comes near: figures glued to something else."""
    order = sorted(widths)
    return order[:-1] if len(order) > 1 and order[-1] > _GLUED * order[-2] else order


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


# ------------------------------------------------------------------------------------ figures


def _take_figures(page: Page, count: RowCount, column: Column | None) -> None:
    assert count.row is not None  # noqa: S101
    found = count.row.figures
    # Figures that stand in no column are a party's number, a speck, a note: nobody knows.
    found = [text for text in found if column is not None and column.holds(page, text.piece)]
    if not found:
        return
    text = max(found, key=lambda text: text.piece.right)
    count.figures_at = text.piece
    count.figures = figures_source(likely_numbers(text.frames))


def _beside_lost_columns(page: Page, count: RowCount) -> None:
    """Figures beside or across columns without a picture may lack one: they are never so sure as to contradict."""
    at = count.figures_at
    if at is None or not count.figures.chances:
        return
    letter = round(_LETTER * at.height)
    if page.lost_columns(at.left - letter, at.top, at.right + letter, at.bottom) >= _HIDES * letter:
        count.figures = Source({number: min(_NEVER_SURE, chance) for number, chance in count.figures.chances.items()})


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
    fits = {one: one.fits(lines) for one in possible}
    # Pale words are lost here and there; a sheet with a word less to a number has no whole line of so many.
    if (fits[grammar] > _WHOLE).mean() > _FEW_WHOLE:
        return grammar
    best = max(fits, key=lambda one: float(np.median(fits[one])))
    return best if np.median(fits[best]) > np.median(fits[grammar]) + _CLEARLY else grammar


# -------------------------------------------------------------------------------- second look


def _look_again(page: Page, counts: Sequence[RowCount], places: Places, grammar: WordGrammar | None,
                reader: SheetReader) -> None:  # fmt: skip
    """Rows whose figures and words do not agree are read once more, where the other rows have theirs, whole."""
    doubtful = [count for count in counts if count.row is not None and not _agree(count)]
    unsure = [count for count in doubtful if _worth(count, count.figures)]
    spots = [places.figures(_stand(count)) for count in unsure]
    _figures_again(page, [(c, spot) for c, spot in zip(unsure, spots, strict=True) if spot], reader)
    if grammar is not None:
        unsure = [count for count in doubtful if not _agree(count) and _worth(count, count.words)]
        spots = [places.words(_stand(count)) for count in unsure]
        _words_again(page, [(c, spot) for c, spot in zip(unsure, spots, strict=True) if spot], grammar, reader)


def _stand(count: RowCount, *, good: bool = False) -> Stand:
    """Where a row's parts stand; of the good ones only those that were read."""
    row = _row(count)
    figures = count.figures_at if not good or count.figures.readable is not None else None
    words = count.words_at if not good or count.words.readable is not None else None
    return Stand(row.texts[0].piece if row.texts else None, figures, words)


def _worth(count: RowCount, source: Source) -> bool:
    """Whether a source is worth a second look: it is unsure, or the other one says something else."""
    return _unsure(source) or None not in (count.figures.readable, count.words.readable)


def _figures_again(page: Page, jobs: Sequence[tuple[RowCount, Piece]], reader: SheetReader) -> None:
    frames = reader.single(page, [place for _, place in jobs], together=1)
    for (count, place), seen in zip(jobs, frames, strict=True):
        source = figures_source(likely_numbers(seen))
        if _surer(source, count.figures) or (_wider(place, count.figures_at) and _goes_on(source, count.figures)):
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


def _wider(place: Piece, first: Piece | None) -> bool:
    """Whether a second look saw a whole letter more than the first."""
    return first is not None and place.width > first.width + _LETTER * first.height


def _goes_on(new: Source, old: Source) -> bool:
    """Whether a wider look at figures says what the first said, with more figures before or behind."""
    if new.readable is None or old.best is None:
        return False
    more, less = str(new.readable), str(old.best[0])
    return len(more) > len(less) and less in more
