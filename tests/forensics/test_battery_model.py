"""The honest model: hand-checked sums, known truth, exact tails."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from testigo.forensics.battery import sisters
from testigo.forensics.battery.bootstrap import frame_of
from testigo.forensics.battery.digits import (
    DIGIT_TESTS,
    DigitTest,
    counted,
    last_digit,
    pair_kind,
    second_digit,
    series_of,
)
from testigo.forensics.battery.equal import pairs
from testigo.forensics.battery.model import draw, fit, groups_of, honest
from testigo.forensics.battery.tails import beta_binomial_p
from testigo.forensics.battery.view import View
from testigo.forensics.sheets import Sheets

Make = Callable[..., Sheets]


def test_two_sisters_by_hand(make_sheets: Make) -> None:
    """10 and 14 of 20 each: P = 0.6, chi² = 2 · (2²/4.8) with one degree of freedom."""
    sheets = make_sheets(np.array([[10, 10], [14, 6]]), centre=np.array([0, 0]))
    fitted = fit(sheets.votes[:, 0], sheets.valid, groups_of(sheets))
    assert fitted.freedom == 1
    assert fitted.dispersion == pytest.approx(2 * 4 / 4.8)
    assert fitted.squares == pytest.approx([4 / 4.8 * 2] * 2)


def test_drawn_counts_have_the_mean_and_the_dispersion_asked_for() -> None:
    rng = np.random.default_rng(1)
    n = np.full(40_000, 400)
    drawn = draw(np.full(40_000, 0.3), n, 1.7, rng)
    assert drawn.mean() == pytest.approx(120, abs=0.3)
    assert drawn.var() / (400 * 0.3 * 0.7) == pytest.approx(1.7, rel=0.04)


def test_the_dispersion_of_a_known_country_is_found_again(make_country: Make) -> None:
    sheets = make_country(3, centres=4000, phi=1.6)
    fitted = fit(sheets.votes[:, 0], sheets.valid, groups_of(sheets))
    assert fitted.dispersion == pytest.approx(1.6, rel=0.05)
    assert fitted.phi == pytest.approx(1.6, rel=0.05)


def test_a_few_wild_stations_do_not_hide_themselves_in_phi(make_country: Make) -> None:
    sheets = make_country(4, centres=2000)
    votes = sheets.votes[:, 0].copy()
    votes[::100] = 0
    wild = fit(votes, sheets.valid, groups_of(sheets))
    assert wild.dispersion is not None and wild.dispersion > 2.5
    assert wild.phi < 1.8


def test_what_is_drawn_keeps_electors_and_sums(make_country: Make) -> None:
    sheets = make_country(5)
    drawn = honest(sheets, groups_of(sheets)).simulate(np.random.default_rng(1))
    assert np.array_equal(drawn.votes.sum(axis=1), drawn.valid)
    assert (drawn.votes >= 0).all() and (drawn.valid <= drawn.electors).all()
    assert np.array_equal(drawn.electors, sheets.electors) and np.array_equal(drawn.codes, sheets.codes)
    assert not np.array_equal(drawn.votes, sheets.votes)


def test_tails_are_exact_down_to_one_in_a_quadrillion() -> None:
    x, n = np.array([0, 3, 40, 100, 399]), np.array([50, 50, 100, 400, 400])
    p, factor = np.array([0.2, 0.2, 0.4, 0.5, 0.5]), np.array([1.5, 1.5, 2.0, 1.2, 1.2])
    concentration = (n - 1) / (factor - 1) - 1
    law = stats.betabinom(n, p * concentration, (1 - p) * concentration)
    below = law.cdf(x) - law.pmf(x) / 2
    above = law.sf(x - 1) - law.pmf(x) / 2
    ours = beta_binomial_p(x, n, p, factor)
    assert ours[:3] == pytest.approx(2 * np.minimum(below, above)[:3], rel=1e-6)
    assert 0 < ours[4] < 1e-15


def test_sisters_of_an_honest_country_have_uniform_p_values(make_country: Make) -> None:
    sheets = make_country(6, centres=3000)
    view = View(sheets, frame_of(sheets))
    for fitted in (view.first_fit, view.turnout_fit):
        usable, p = sisters.against_sisters(fitted, view.frame.groups)
        for level in (0.5, 0.1, 0.01):
            spread = 3.5 * np.sqrt(2 * level * (1 - level) / usable.sum())  # two sisters share their p-value: twice
            assert (p[usable] < level).mean() == pytest.approx(level, abs=spread)


def test_digits_by_hand() -> None:
    counts = np.array([7, 10, 19, 99, 100, 123, 1207, 33, 109, 110, 134])
    assert second_digit(counts).tolist() == [-1, 0, 9, 9, 0, 2, 2, 3, 0, 1, 3]
    assert last_digit(counts).tolist() == [-1, -1, -1, -1, 0, 3, 7, -1, 9, 0, 4]
    assert pair_kind(np.array([100, 109, 134, 135, 122, 99])).tolist() == [0, 1, 1, 2, 0, -1]


@pytest.mark.parametrize("test", DIGIT_TESTS, ids=lambda test: test.code)
def test_the_expected_digits_are_those_of_drawn_elections(make_country: Make, test: DigitTest) -> None:
    """The blurred indicator against brute force: 40 drawn elections, counted."""
    sheets = make_country(7, centres=400)
    frame = frame_of(sheets)
    model, rng = honest(sheets, frame.groups), np.random.default_rng(1)
    for name in ("first", "second", "valid"):
        _, expected = counted(test, series_of(View(sheets, frame))[name])
        drawn = [counted(test, series_of(View(model.simulate(rng), frame))[name])[0] for _ in range(40)]
        frequency = np.sum(drawn, axis=0) / np.sum(drawn)
        # Drawn centres are anew, expected ones those observed: alike to a few hundredths of the stations.
        assert np.abs(frequency - expected / expected.sum()).max() < 0.012, name
        if test.code == "second_digit" and name == "first":
            assert np.abs(frequency - 0.1).max() > 0.015, "honest second digits are not uniform"


def test_pairs_of_equal_rows_by_hand() -> None:
    rows = np.array([[1, 2], [2, 1], [1, 2], [3, 0], [1, 2], [3, 0]])
    assert pairs(rows) == 3 + 1
    assert pairs(rows[:0]) == 0
