"""What lines can say, and what sums can prove: on frames and weights made by hand, without pictures."""

from __future__ import annotations

import numpy as np
import pytest

from testigo.reading.print.ctc import WordGrammar, chances_of, likely_numbers
from testigo.reading.print.evidence import NOTHING, Source, figures_source, together, words_source
from testigo.reading.print.proof import MARGIN, holds, judge
from testigo.reading.print.recogniser import BLANK, CLASSES, INDEX, Frames, fold

WORDS = ("Cero", "Uno", "Dos", "Tres", "Cuatro", "Cinco", "Seis", "Siete", "Ocho", "Nueve")


def frames(text: str, sure: float = 0.98) -> Frames:
    """As if the model saw the text, a step per letter and a blank between."""
    chances = np.full((2 * len(text) + 1, CLASSES), (1 - sure) / CLASSES, np.float32)
    for n, letter in enumerate(fold(text)):
        chances[2 * n, BLANK] += sure
        chances[2 * n + 1, INDEX[letter]] += sure
    chances[-1, BLANK] += sure
    return Frames(chances, chances.max(axis=1))


def spread(*numbers: tuple[int, float]) -> dict[int, float]:
    return dict(numbers)


def test_a_number_is_read_with_its_chance() -> None:
    numbers = likely_numbers(frames("1017"))
    assert numbers[0][0] == "1017"
    assert numbers[0][1] > 0.8
    assert figures_source(numbers).readable == 1017


def test_repeated_digits_are_not_run_together() -> None:
    assert likely_numbers(frames("1101"))[0][0] == "1101"


def test_leading_zeros_are_no_printed_number() -> None:
    assert figures_source([("007", 0.9), ("0", 0.05)]).best == (0, 0.05)


def test_words_are_read_digit_by_digit() -> None:
    grammar = WordGrammar(WORDS, 4)
    read = grammar.read([frames("Cero, Cuatro, Ocho, Tres"), frames("Uno Nueve Nueve Cinco")])
    assert [words_source(one).readable for one in read] == [483, 1995]


def test_words_with_a_misread_letter_are_read_and_less_sure() -> None:
    grammar = WordGrammar(WORDS, 4)
    clean, broken = grammar.read([frames("Cero, Cero, Seis, Dos"), frames("Cero, Cero, Sxis, Dos")])
    assert words_source(clean).chances[62] == pytest.approx(1.0, abs=0.01)
    assert words_source(broken).readable == 62
    assert words_source(broken).chances[62] < 0.9


def test_a_word_too_badly_printed_to_be_told_is_no_word_sure_of_itself() -> None:
    # Of ten words one is always the nearest: that is no reason to believe it.
    (read,) = WordGrammar(WORDS, 4).read([frames("Cero, Cero, Cero, Laer")])
    assert words_source(read).readable is None
    assert read.posteriors[3].sum() < 0.5
    assert read.posteriors[:3, 0].min() > 0.99


def test_a_line_that_lacks_a_word_does_not_say_which_number_it_is() -> None:
    (read,) = WordGrammar(WORDS, 4).read([frames("Cero, Cero, Cinco")])
    assert words_source(read).readable is None


def test_fewer_words_to_a_number_fit_the_grammar_with_one_less() -> None:
    grammar = WordGrammar(WORDS, 4)
    lines = [frames("Cero, Cuatro, Tres"), frames("Uno, Cero, Cero")]
    shorter = next(other for other in grammar.others if other.places == 3)
    assert [words_source(one).readable for one in shorter.read(lines)] == [43, 100]
    assert shorter.fits(lines).min() > grammar.fits(lines).max() + 4


def test_what_is_no_digit_word_says_nothing() -> None:
    grammar = WordGrammar(WORDS, 4)
    (read,) = grammar.read([frames("Luis Eduardo Martinez")])
    assert words_source(read).readable is None


def test_labels_are_told_apart_by_their_chance() -> None:
    scores = chances_of(frames("UPV"), ["UVV", "UPV", "PV", "MPV"])
    assert int(scores.argmax()) == 1
    assert scores[1] > np.delete(scores, 1).max() + 3


def test_two_sources_that_agree_are_surer_than_one() -> None:
    one = together(Source({12: 0.9}), NOTHING)
    both = together(Source({12: 0.9}), Source({12: 0.9}))
    assert both[12] > one[12]


def test_a_source_that_cannot_be_read_does_not_spoil_the_other() -> None:
    alone = together(Source({12: 0.99}), NOTHING)
    beside_rubbish = together(Source({12: 0.99}), Source({47: 1e-3, 52: 1e-4}))
    assert beside_rubbish[12] == pytest.approx(alone[12], abs=0.02)


def test_two_sure_sources_that_differ_decide_nothing() -> None:
    weights = together(Source({788: 0.999}), Source({188: 0.999}))
    assert max(weights.values()) < 0.9


def test_no_number_weighs_more_before_the_picture_is_seen() -> None:
    small, large = together(Source({3: 0.6, 9873: 0.4})), together(Source({3: 0.4, 9873: 0.6}))
    assert small[3] == pytest.approx(large[9873])


TOTALS = {
    "valid": spread((30, 0.999)),
    "null": spread((1, 0.999)),
    "blank": spread((0, 0.999)),
    "votes": spread((31, 0.999)),
}


def test_the_sums_confirm_what_the_rows_say() -> None:
    verdict = judge([spread((10, 0.999)), spread((20, 0.999))], TOTALS)
    assert verdict.lines == (10, 20)
    assert holds(verdict) and verdict.corrected == ()


def test_one_weak_row_is_decided_by_the_sums() -> None:
    verdict = judge([spread((16, 0.6), (10, 0.39)), spread((20, 0.999))], TOTALS)
    assert verdict.lines == (10, 20)
    assert holds(verdict) and verdict.corrected == (0,)


def test_a_sure_row_is_never_corrected() -> None:
    verdict = judge([spread((16, 0.999), (10, 0.0005)), spread((20, 0.999))], TOTALS)
    assert not holds(verdict)


def test_two_ways_that_both_fit_decide_nothing() -> None:
    verdict = judge([spread((10, 0.5), (12, 0.5)), spread((20, 0.5), (18, 0.5))], TOTALS)
    assert verdict.margin < MARGIN
    assert not holds(verdict)


def test_no_number_enters_because_the_sum_needs_it() -> None:
    verdict = judge([spread((11, 0.999)), spread((20, 0.999))], TOTALS)
    assert verdict.lines == ()
    assert judge([spread(), spread((20, 0.999))], TOTALS).lines == ()


def test_null_and_blank_must_fit_the_votes() -> None:
    totals = {**TOTALS, "votes": spread((33, 0.999))}
    assert not holds(judge([spread((10, 0.999)), spread((20, 0.999))], totals))
