"""What a row's figures and words say of each other, on sources and pages made by hand, without the recogniser."""

from __future__ import annotations

import numpy as np
import pytest

from testigo.reading.print.columns import Places, Stand, column_of
from testigo.reading.print.counts import RowCount, _beside_lost_columns, _in_one_column, _of_another
from testigo.reading.print.evidence import NOTHING, Source
from testigo.reading.print.page import Page
from testigo.reading.print.recogniser import CLASSES, Frames
from testigo.reading.print.rows import Row, Text
from testigo.reading.print.segments import Piece
from testigo.reading.print.verdict import _CONTRADICTS

UNREAD = Frames(np.zeros((0, CLASSES), np.float32), np.zeros(0, np.float32))


def page_of(lost: slice | None = None) -> Page:
    white = np.full((3000, 600), 255, np.uint8)
    gone = None
    if lost is not None:
        gone = np.zeros(white.shape, np.uint8)
        gone[:, lost] = 1
    return Page(white, np.zeros(white.shape, np.float32), 8.0, np.array([[1.0, 0, 0], [0, 1.0, 0]]), gone)


def row(n: int, said: str = "7", right: int = 309) -> Row:
    top = 100 + 60 * n
    figures = Text(Piece(right - 12 * len(said), top, right, top + 20), UNREAD, said)
    words = Text(Piece(330, top + 24, 560, top + 40), UNREAD, "cero, cero, cero, siete")
    return Row([Text(Piece(20, top, 90, top + 20), UNREAD, "label")], [figures], [words])


@pytest.mark.parametrize(
    ("figures", "words", "differ"),
    [
        ({91: 0.99}, {97: 0.99}, True),
        ({1: 0.85}, {0: 0.99}, True),  # a figure changed by hand, not quite clean
        ({9: 0.9, 8: 0.05}, {8: 0.99}, False),  # a blurred 8: it may as well be what the words say
        ({91: 0.7}, {97: 0.99}, False),
        ({91: 0.99}, {97: 0.9}, False),
        ({97: 0.99}, {97: 0.99}, False),
    ],
)
def test_only_what_is_legible_contradicts(figures: dict[int, float], words: dict[int, float], differ: bool) -> None:
    count = RowCount(None, Source(figures), Source(words))
    assert count.differ(*_CONTRADICTS) is differ


@pytest.mark.parametrize(
    ("figures", "words", "twice"),
    [
        ({7: 0.99}, {7: 0.4}, True),
        ({7: 0.4}, {7: 0.99}, True),
        ({7: 0.4}, {7: 0.4}, False),  # none of them is legible
        ({7: 0.99}, {7: 0.2}, False),
        ({7: 0.99}, {8: 0.4}, False),
        ({8: 0.99}, {8: 0.99}, False),  # another number than the sums chose
    ],
)
def test_two_sources_bear_a_number_out_if_one_is_legible(
    figures: dict[int, float], words: dict[int, float], twice: bool
) -> None:
    assert RowCount(None, Source(figures), Source(words)).says_twice(7) is twice
    assert not RowCount(None, Source(figures), NOTHING).says_twice(7)


@pytest.mark.parametrize(("lost", "sure"), [(slice(284, 294), False), (slice(100, 130), True), (None, True)])
def test_a_figure_beside_a_dead_column_never_contradicts(lost: slice | None, sure: bool) -> None:
    count = RowCount(None, Source({2: 0.998}), Source({12: 0.997}), Piece(297, 100, 309, 120))
    _beside_lost_columns(page_of(lost), count)
    assert count.differ(*_CONTRADICTS) is sure
    assert count.figures.readable == 2


def test_a_stroke_of_a_pen_and_words_read_as_figures_are_no_rows_of_their_own() -> None:
    page = page_of()
    printed = [RowCount(row(n), figures_at=row(n).figures[0].piece, words_at=row(n).words[0].piece) for n in range(20)]
    column = column_of(page, [count.figures_at for count in printed if count.figures_at])
    label = row(0).texts[0].piece
    places = Places(page, column, [Stand(label, count.figures_at, count.words_at) for count in printed])
    pen = Row([], [Text(Piece(150, 410, 309, 440), UNREAD, "1")])
    garbled = Row([], [Text(Piece(297, 424, 309, 438), UNREAD, "72")])
    left_over = Row([], [Text(Piece(297, 1350, 309, 1370), UNREAD, "5")])
    assert _of_another(pen, printed, places)
    assert _of_another(garbled, printed, places)
    assert not _of_another(left_over, printed, places)


def test_a_few_long_figures_below_each_other_are_a_column_but_short_or_scattered_ones_are_not() -> None:
    def said(*numbers: str, drift: int = 0) -> list[Text]:
        return [row(6 * n, number, 309 - drift * n).figures[0] for n, number in enumerate(numbers)]

    page = page_of()
    assert _in_one_column(page, said("52", "26", "161", "52", "7"))
    assert not _in_one_column(page, said("1", "2", "6", "9", "1"))  # parties' numbers that happen to agree
    assert not _in_one_column(page, [*said("52", "26", "161", "52"), *(row(9, "26", 180).figures)])
