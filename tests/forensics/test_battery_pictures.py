"""What the battery draws is what it measured; what it says of its power and of its limits is not more than it knows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from testigo.forensics.battery import sisters
from testigo.forensics.battery.bootstrap import Experiment, _alarm, _predictive, experiment, frame_of
from testigo.forensics.battery.digits import DIGIT_TESTS, counted, series_of
from testigo.forensics.battery.findings import statement
from testigo.forensics.battery.fingerprint import picture
from testigo.forensics.battery.pictures import digits_picture, sisters_picture
from testigo.forensics.battery.sisters import against_sisters, outliers
from testigo.forensics.battery.view import View
from testigo.forensics.report.settling import safe_svg
from testigo.forensics.saying import percent, significant, whole
from testigo.forensics.sheets import Sheets

Make = Callable[..., Sheets]


@pytest.fixture(scope="module")
def result(make_country: Make) -> Experiment:
    """An honest country in which one station was stuffed without measure."""
    sheets = make_country(21, centres=400)
    votes = sheets.votes.copy()
    (row,) = np.flatnonzero(np.bincount(sheets.centre)[sheets.centre] == 5)[:1]
    votes[row, 0] += sheets.electors[row] - votes[row].sum()
    return experiment(replace(sheets, votes=votes, valid=votes.sum(axis=1)), 1, 39, 10, 0, 1)


def test_every_station_of_the_list_is_marked_and_named_on_the_picture(result: Experiment) -> None:
    found = outliers(result.view)
    drawn = safe_svg(sisters_picture(result.view, found))
    marked = set(re.findall(r"<circle[^>]*><title>([^<]+)</title>", drawn))
    assert marked == set(result.view.sheets.codes[found.flagged].tolist()) and marked


def test_the_digits_are_drawn_beside_the_models_band_and_the_textbook(result: Experiment) -> None:
    for test in DIGIT_TESTS:
        drawn = digits_picture(test, result.view)
        series = [
            name
            for name, fitted in series_of(result.view).items()
            if counted(test, fitted)[0].sum() >= 50 and counted(test, fitted)[1].min() > 0
        ]
        assert series
        assert drawn.count("<rect") == len(series) * 2 * len(test.naive) + 2  # a bar and a band per digit, the legend
        assert drawn.count('stroke="#d55e00"') == len(series) * len(test.naive) + 1
        assert safe_svg(drawn)


def test_nothing_is_drawn_of_what_is_not_there(make_sheets: Make, result: Experiment) -> None:
    alone = make_sheets(np.full((8, 2), 100))
    view = View(alone, replace(result.view.frame, groups=_groups(alone)))
    assert sisters_picture(view, outliers(view)) == "" and picture(view) == ""
    assert digits_picture(DIGIT_TESTS[0], view) == ""
    for drawn in (sisters_picture(result.view, outliers(result.view)), picture(result.view, ("a", "b"))):
        assert "nan" not in drawn and "inf" not in drawn


def _groups(sheets: Sheets):  # type: ignore[no-untyped-def]
    from testigo.forensics.battery.model import groups_of

    return groups_of(sheets)


def test_what_is_not_computed_near_the_sisters_changes_no_list(
    make_country: Make, result: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = View(make_country(23, centres=500), frame_of(make_country(23, centres=500)))
    for view in (result.view, honest):
        quick = outliers(view)
        share = against_sisters(view.first_fit, view.frame.groups)[1]
        assert (share[against_sisters(view.first_fit, view.frame.groups, None, sisters.NEARER)[1] == 1.0] > 0.1).all()
        with monkeypatch.context() as patch:
            patch.setattr(sisters, "NEARER", 0.0)
            assert np.array_equal(outliers(view).flagged, quick.flagged)


# ----------------------------------------------------------------------- power


def test_the_predictive_p_is_students() -> None:
    drawn = np.array([1.0, 2.0, 3.0, 4.0])
    t = (9 - 2.5) / (drawn.std(ddof=1) * np.sqrt(1.25))
    assert _predictive(9.0, drawn) == pytest.approx(stats.t(3).sf(t))
    assert _predictive(5.0, np.full(4, 5.0)) == 1.0 and _predictive(6.0, np.full(4, 5.0)) == 0.0
    assert _predictive(99.0, drawn[:1]) == 1.0  # one draw says nothing


def test_a_trial_counts_only_if_it_is_beyond_the_refitted_null_too() -> None:
    null = {"excess": np.arange(399) / 399}
    far = {"excess": np.array([0.4, 0.5, 0.6, 0.5])}
    moved = {"excess": np.array([4.9, 5.0, 5.1, 5.0])}  # the tampered election's own honest fit has it as well
    assert _alarm("resampled_density", {"excess": 5.0}, null, far)
    assert not _alarm("resampled_density", {"excess": 5.0}, null, moved)
    assert not _alarm("resampled_density", {"excess": 0.5}, null, far)
    assert not _alarm("fingerprint", {"national": 9.0}, {"national": null["excess"]}, {})  # context is never judged


def test_what_is_at_the_limit_is_not_headlined(result: Experiment) -> None:
    name, draws = "share", result.draws
    value = np.sort(np.arange(draws, dtype=np.float64))
    at = replace(
        result,
        observed={**result.observed, "integer_percentages": {name: float(draws - 2)}},
        null={**result.null, "integer_percentages": {name: value}},
        naive={**result.naive, "integer_percentages": {name: 0.5}},
    )
    said = statement(at, "integer_percentages", {("integer_percentages", name): 0.035})
    assert said["en"].startswith("Nothing clear. At the limit") and "q = 0.035" in said["en"]
    assert said["es"].startswith("Nada claro. En el límite") and "q = 0,035" in said["es"]
    beyond = replace(at, observed={**at.observed, "integer_percentages": {name: draws + 1.0}})
    assert statement(beyond, "integer_percentages", {("integer_percentages", name): 0.02})["en"].startswith("Beyond")


# --------------------------------------------------------------------- numbers


def test_numbers_in_sentences_are_written_as_each_language_does() -> None:
    assert whole(25_073) == {"es": "25.073", "en": "25,073"}
    assert percent(0.67083, 2) == {"es": "67,08\u00a0%", "en": "67.08\u00a0%"}
    assert significant(0.0025) == {"es": "0,0025", "en": "0.0025"}
    assert significant(7.4e-9) == {"es": "7,4·10⁻⁹", "en": "7.4·10⁻⁹"}
    assert significant(2.04e7)["en"] == "2.0·10⁷" and significant(0.0)["es"] == "0"
    assert significant(float("inf"))["en"] == "without limit" and significant(12.34)["es"] == "12"
