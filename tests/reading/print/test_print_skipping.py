"""The codes of the parties need not be read; the counts beside them are never passed over."""

from __future__ import annotations

import numpy as np
import pytest

from testigo.election import load_profile
from testigo.reading.print.recogniser import CLASSES, Frames
from testigo.reading.print.rows import Text
from testigo.reading.print.segments import Piece
from testigo.reading.print.skipping import CodeColumn, code_column

WORDS = load_profile("ve2024").contest().printing.digit_words  # type: ignore[union-attr]
NOTHING = Frames(np.zeros((0, CLASSES), np.float32), np.zeros(0, np.float32))
CODE, COUNT, WORD = (200, 260), (310, 350), (370, 560)


def text(said: str, columns: tuple[int, int], row: int) -> Text:
    return Text(Piece(columns[0], 60 * row, columns[1], 60 * row + 24), NOTHING, said)


def spelt(count: int) -> str:
    return ", ".join(WORDS[int(digit)].lower() for digit in f"{count:04}")


def rows(counts: list[int], codes: list[str], words: bool = True) -> list[Text]:
    texts = []
    for n, (count, code) in enumerate(zip(counts, codes, strict=True)):
        texts += [text("partido", (40, 170), n), text(code, CODE, n), text(str(count), COUNT, n)]
        texts += [text(spelt(count), WORD, n)] if words else []
    return texts


CODES = ["269", "9", "1017", "514", "6", "219", "906"]


def test_the_column_of_the_codes_is_learnt_from_rows_whose_words_say_the_count() -> None:
    assert code_column(rows([20, 2, 35, 19, 1, 0, 8], CODES), WORDS) == CodeColumn(*CODE)


def test_codes_that_happen_to_say_the_count_change_nothing() -> None:
    assert code_column(rows([269, 9, 35, 19, 6, 0, 906], CODES), WORDS) == CodeColumn(*CODE)


@pytest.mark.parametrize("many", [0, 4])
def test_nothing_is_skipped_before_enough_rows_have_agreed(many: int) -> None:
    assert code_column(rows([20, 2, 35, 19][:many], CODES[:many]), WORDS) is None


def test_without_words_nobody_knows_which_column_holds_the_counts() -> None:
    assert code_column(rows([20, 2, 35, 19, 1, 0, 8], CODES, words=False), WORDS) is None


def test_a_column_that_the_counts_reach_into_is_read() -> None:
    texts = rows([20, 2, 35, 19, 1, 0, 8], CODES)
    texts.append(text("1234", (255, 350), 20))
    texts += [text("269", (180, 245), 20), text(spelt(1234), WORD, 20), text("partido", (40, 170), 20)]
    assert code_column(texts, WORDS) is None


def test_only_what_stands_between_a_label_and_a_count_is_skipped() -> None:
    code, count, words = Piece(*(CODE[0], 0, CODE[1], 24)), Piece(310, 0, 350, 24), Piece(370, 0, 560, 24)
    label = Piece(40, 0, 170, 24)
    column = CodeColumn(*CODE)
    skipped = column.of([label, code, count, words])
    assert [one.piece for one in skipped] == [code]
    assert skipped[0].is_digits  # the row is still known as one with figures
    # A tape that leans: what now stands in the codes' place, the leftmost of its line, may be a label.
    assert column.of([code, count, words]) == []
    # And what is the last of its line may be a count.
    assert column.of([label, code]) == []
    assert column.of([label, Piece(CODE[0], 0, CODE[1] + 60, 24), words]) == []
