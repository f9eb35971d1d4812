"""What is known in advance holds for every payload, and never says which votes are likely."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from testigo.reading.soft.counting import fillings_bits
from testigo.reading.soft.symbol import blocks, layout, mask_bits
from testigo.reading.soft.syntax import Filling, shape_of, syntax_of


def data_bits(modules: Any, version: int, level: str, mask: int) -> Any:
    place, dealt = layout(version), blocks(version, level)
    bits = modules[place.rows, place.columns] ^ mask_bits(version, mask)
    return bits[dealt.message_bits]


@pytest.mark.parametrize(("version", "level"), [(8, "Q"), (10, "M"), (7, "L"), (15, "H")])
@pytest.mark.parametrize("kind", ["contest", "alphanumeric"])
def test_known_bits_are_those_of_real_codes(codes: Any, version: int, level: str, kind: str) -> None:
    contest = getattr(codes, kind)
    syntax = syntax_of(contest)
    assert syntax is not None
    mode = "byte" if kind == "contest" else "alphanumeric"
    for number in range(3):
        text = codes.payload(number, contest)
        bits = data_bits(codes.modules(text, version, level, 3), version, level, 3)
        shapes = [
            shape_of(syntax, Filling(mode, len(text), end), version, sum(blocks(version, level).data))
            for end in range(3)
        ]
        fits = [not ((s.known > 0) & ~bits | (s.known < 0) & bits).any() for s in shapes]
        assert fits[2], "the header and the alphabet"
        assert fits[0] or fits[1], "the padding, as the standard or as some encoders have it"


def test_the_profile_says_three_bits_of_eight_and_the_sheet_code_more(codes: Any) -> None:
    syntax = syntax_of(codes.contest)
    assert syntax is not None
    shape = shape_of(syntax, Filling("byte", 104, 0), 8, 110)
    characters = shape.known[12 : 12 + 8 * 104].reshape(104, 8)
    assert (characters[30] != 0).tolist() == [True] * 3 + [False] * 5
    assert (characters[9] != 0).all()  # the dot behind the centre
    assert (characters[0] != 0).tolist() == [True] * 4 + [False] * 4  # a digit
    assert characters[103].tolist()[:4] == [-1, -1, 1, 1]  # the last is a digit
    assert syntax.shortest == 99
    assert 0 < shape.free[12:20].sum() < 4


def test_no_vote_is_likelier_than_another(codes: Any) -> None:
    syntax = syntax_of(codes.contest)
    assert syntax is not None
    every = {"".join(sorted(syntax.admitted(place, 104))) for place in range(21, 103)}
    assert every == {"".join(sorted("0123456789,.!"))}


def test_a_judges_text_is_known_in_full(codes: Any) -> None:
    syntax = syntax_of(codes.contest, "040200001.01.1.0001")
    assert syntax is not None
    assert [len(syntax.admitted(place, 104)) for place in range(20)] == [1] * 20


def test_the_choice_that_a_grammar_leaves_is_counted(codes: Any) -> None:
    contest, syntax = codes.contest, syntax_of(codes.contest)
    assert syntax is not None
    text = codes.payload(1)
    start = text.index(",") - 1
    # one number of one digit: ten ways; "d,d": a hundred, for the comma can stand nowhere else
    assert fillings_bits(contest, syntax, text.replace(text[20:start], "")[:0] + text, 20, 20) == 0.0
    short = next(k for k in range(25, 90) if text[k] == text[k + 2] == "," and text[k + 1].isdigit())
    assert fillings_bits(contest, syntax, text, short + 1, short + 2) == pytest.approx(np.log2(10), abs=0.2)
    assert fillings_bits(contest, syntax, text, 0, 9) == pytest.approx(9 * np.log2(10))
    whole = fillings_bits(contest, syntax, text, 0, len(text))
    assert whole < 8 * len(text) * 0.4
    assert whole > np.log2(10) * sum(c.isdigit() for c in text[20:]) - 30
