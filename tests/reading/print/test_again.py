"""A further look fills what was not read; it never makes a contradiction go away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from testigo.reading import problems
from testigo.reading.print import read_print
from testigo.reading.print.again import looked_again, looks
from testigo.reading.print.answers import PrintReading


@pytest.fixture(scope="module")
def whole(tapes: Any) -> tuple[Any, PrintReading]:
    pixels = tapes.drawn(1)
    reading = read_print(tapes.profile, pixels)
    assert reading is not None and reading.proven
    return pixels, reading


def unread(whole: PrintReading, *, sure_of: int | None = None, problem: str = problems.COUNT_UNREAD) -> PrintReading:
    """A first look that lost its first line, or was sure of another number there."""
    line, *others = whole.lines
    lost = replace(line, value=sure_of, confidence=0 if sure_of is None else 980)
    return replace(whole, lines=(lost, *others), proven=False, problems=(problem,))


def counting(answer: PrintReading | None) -> tuple[Callable[[Any], PrintReading | None], list[int]]:
    asked: list[int] = []

    def read(pixels: Any) -> PrintReading | None:
        asked.append(int(pixels.sum()))
        return answer

    return read, asked


def test_what_was_not_read_is_filled_by_a_look_that_proves_the_sheet(whole: tuple[Any, PrintReading]) -> None:
    pixels, reading = whole
    read, asked = counting(reading)
    assert looked_again(unread(reading), pixels, read) is reading
    assert len(asked) == 1, "the first further look was enough"


@pytest.mark.parametrize("problem", [problems.WORDS_DIFFER, problems.SUM_DIFFERS, problems.CODE_DIFFERS])
def test_a_sheet_that_contradicts_itself_is_not_looked_at_until_it_does_not(
    whole: tuple[Any, PrintReading], problem: str
) -> None:
    pixels, reading = whole
    read, asked = counting(reading)
    first = unread(reading, problem=problem)
    assert looked_again(first, pixels, read) is first
    assert asked == []


def test_what_the_first_look_was_sure_of_is_never_overruled(whole: tuple[Any, PrintReading]) -> None:
    pixels, reading = whole
    read, asked = counting(reading)
    value = reading.lines[0].value
    assert value is not None
    first = unread(reading, sure_of=value + 1)
    assert looked_again(first, pixels, read) is first
    assert len(asked) == 2, "both looks were taken, and neither agreed"


def test_a_sheet_of_which_little_is_legible_costs_no_further_look(whole: tuple[Any, PrintReading]) -> None:
    pixels, reading = whole
    read, asked = counting(reading)
    blind = replace(unread(reading), lines=tuple(replace(line, value=None) for line in reading.lines))
    assert looked_again(blind, pixels, read) is blind
    assert asked == []


def test_looks_change_the_strokes_and_move_nothing(whole: tuple[Any, PrintReading]) -> None:
    pixels, _ = whole
    for changed in looks(pixels):
        assert changed.shape == pixels.shape and changed.dtype == np.uint8
        assert not np.array_equal(changed, pixels)
