"""Forms filled in by hand, without words and without a code: the sums and the voters have to prove them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from testigo.reading.print import read_print
from testigo.reading.print.recogniser import BLANK, CLASSES, INDEX, Frames
from testigo.reading.print.spelling import likely_code
from testigo.simulate.damage import damaged


@pytest.mark.parametrize("contest", ["presidencia", "asamblea"])
def test_a_form_is_read_and_its_contest_told(forms: Mapping[str, Any], contest: str) -> None:
    form = forms[contest]
    counts = form.counts(5)
    reading = read_print(form.profile, form.draw(counts, 5))
    assert reading is not None
    assert reading.contest == contest
    assert reading.station == "NB005-C"
    assert reading.counts is not None and reading.counts.agrees_with(counts)
    assert reading.proven, reading.problems
    assert reading.hmac is None
    assert all(reading.signatures.values())


def test_boxes_whose_frames_have_faded_are_found(forms: Mapping[str, Any]) -> None:
    form = forms["presidencia"]
    counts = form.counts(7)
    faded = damaged("fading", 0.3, form.draw(counts, 7), 3)
    reading = read_print(form.profile, np.asarray(faded.pixels, np.uint8))
    assert reading is not None
    assert reading.counts is not None and reading.counts.agrees_with(counts)
    assert reading.proven, reading.problems


@pytest.mark.parametrize(("family", "grade"), [("low_resolution", 0.05), ("blur", 0.08), ("folds_and_stains", 0.3)])
def test_what_one_row_has_lost_of_its_boxes_the_other_rows_show(
    forms: Mapping[str, Any], family: str, grade: float
) -> None:
    form = forms["asamblea"]
    counts = form.counts(11)
    harmed = damaged(family, grade, form.draw(counts, 11), 4)
    reading = read_print(form.profile, np.asarray(harmed.pixels, np.uint8))
    assert reading is not None
    assert reading.counts is not None and reading.counts.agrees_with(counts)
    assert reading.proven, reading.problems


@pytest.mark.parametrize(("family", "grade"), [("low_resolution", 0.1), ("blur", 0.1), ("fading", 0.3)])
def test_a_number_changed_before_the_damage_is_not_proven(forms: Mapping[str, Any], family: str, grade: float) -> None:
    form = forms["presidencia"]
    pixels = form.draw(form.counts(12, FARO=131), 12).copy()
    row = form.row("FARO")
    pixels[row] = form.draw(form.counts(12, FARO=137), 12)[row]
    harmed = damaged(family, grade, pixels, 5)
    reading = read_print(form.profile, np.asarray(harmed.pixels, np.uint8))
    assert reading is not None
    assert not reading.proven
    assert "sum_differs" in reading.problems


def test_where_only_a_letter_can_stand_a_digit_speaks_for_its_twin(forms: Mapping[str, Any]) -> None:
    contest = forms["asamblea"].contest
    assert likely_code(_line("a/sa002-8/1"), contest) == "A/SA002-B/1"
    assert likely_code(_line("a/sao02-d/1"), contest) == "A/SA002-D/1"
    assert likely_code(_line("a/sa"), contest) == ""


def _line(text: str) -> Frames:
    """Frames that say a text plainly."""
    chances = np.full((2 * len(text) + 1, CLASSES), 1e-6, np.float32)
    chances[::2, BLANK] = 1.0
    for n, letter in enumerate(text):
        chances[2 * n + 1, INDEX[letter]] = 1.0
    return Frames(chances, chances.max(axis=1))


def test_what_bled_at_a_boxs_edge_is_no_digit(forms: Mapping[str, Any]) -> None:
    form = forms["presidencia"]
    counts = form.counts(14)
    pixels = form.draw(counts, 14).copy()
    row = form.row("MAREA")
    middle = (row.start + row.stop) // 2
    tens = round((172 - 2 * 10.5) * 8)  # the tens' box, where it begins
    pixels[middle - 20 : middle + 20, tens : tens + 9] = 0
    reading = read_print(form.profile, pixels)
    assert reading is not None
    assert reading.proven, reading.problems
    assert reading.counts is not None and reading.counts.agrees_with(counts)


def test_a_form_without_legible_rows_says_what_it_lacks(forms: Mapping[str, Any]) -> None:
    form = forms["asamblea"]
    pixels = form.draw(form.counts(15), 15).copy()
    voters = form.contest.layout.block("voters").box
    notes = form.contest.layout.block("observations").box
    pixels[round(voters.y * 8) : round(notes.y * 8)] = 255
    reading = read_print(form.profile, pixels)
    assert reading is not None
    assert reading.contest == "asamblea"
    assert reading.station == "NB015-C"
    assert reading.counts is None
    assert not reading.proven
    assert {"row_missing", "labels_unread", "count_unread"} <= set(reading.problems)


def test_a_number_changed_by_hand_is_not_proven(forms: Mapping[str, Any]) -> None:
    form = forms["presidencia"]
    pixels = form.draw(form.counts(6, FARO=31), 6).copy()
    other = form.draw(form.counts(6, FARO=37), 6)
    row = form.row("FARO")
    pixels[row] = other[row]
    reading = read_print(form.profile, pixels)
    assert reading is not None
    assert not reading.proven
    assert "sum_differs" in reading.problems


def test_null_votes_that_the_voters_do_not_confirm_are_not_proven(forms: Mapping[str, Any]) -> None:
    """Each number stands but once on a form: a null vote more changes no sum of the lines."""
    form = forms["asamblea"]
    layout = form.contest.layout
    block = layout.block("summary").box
    counts = form.counts(8)
    pixels = form.draw(counts, 8).copy()
    more = form.draw(type(counts)(counts.candidates, counts.lines, 9, 2), 8)
    rows = slice(round((block.y + 9 + 14) * 8), round((block.y + 9 + 28) * 8))
    pixels[rows] = more[rows]
    assert np.any(pixels != form.draw(counts, 8))
    reading = read_print(form.profile, pixels)
    assert reading is not None
    assert reading.counts is not None and reading.counts.null == 9
    assert not reading.proven
    assert reading.problems
