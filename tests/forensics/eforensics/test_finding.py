"""The finding: says how it came about, in both languages, without NaN, and of bad input why there is nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from testigo.errors import InputError
from testigo.forensics.eforensics import Truth, choose, eforensics, fit
from testigo.forensics.finding import Finding
from testigo.forensics.sheets import Sheets

MakeSheets = Callable[..., Sheets]


def well_formed(finding: Finding) -> dict[str, Any]:
    """Plain JSON without NaN; every figure has a formula, and a value or why not; every text both languages."""
    told = finding.as_json()
    json.dumps(told, allow_nan=False)
    for figure in told["figures"]:
        assert figure["formula"], figure["name"]
        assert figure["value"] is not None or figure["why_not"]["es"], figure["name"]
    for field in ("title", "statement", "valid_when", "power", "blind_spots"):
        assert told[field]["es"] and told[field]["en"]
        assert "{" not in told[field]["es"] + told[field]["en"]
    return told


def sheets_of_truth(truth: Truth, make_sheets: MakeSheets, **more: Any) -> Sheets:
    counts = truth.counts
    others = counts.electors - counts.abstained - counts.leader
    votes = np.column_stack([counts.leader, others]).astype(np.int64)
    return make_sheets(votes, counts.electors.astype(np.int64), **more)


@pytest.fixture(scope="module")
def truth(election: Callable[..., Truth]) -> Truth:
    return election(200, 31)


@pytest.fixture(scope="module")
def sheets(truth: Truth, make_sheets: MakeSheets) -> Sheets:
    return sheets_of_truth(truth, make_sheets)


@pytest.fixture(scope="module")
def finding(sheets: Sheets) -> Finding:
    return eforensics(sheets, "EG", 1, planted=((0.5, "both"), (0.02, "stolen")))


def test_what_was_drawn_with_fraud_is_named_and_nothing_is_nan(finding: Finding, truth: Truth, sheets: Sheets) -> None:
    well_formed(finding)
    extreme = {str(code) for code in sheets.codes[truth.classes == 2]}
    assert extreme <= set(finding.stations)
    innocent = {str(code) for code in sheets.codes[truth.classes == 0]}
    assert len(innocent & set(finding.stations)) <= 0.05 * len(innocent)
    assert finding.figure("suspects").value == len(finding.stations)
    assert finding.figure("converged").value == "yes"
    assert finding.figure("boundary").value == "no"
    told = truth.made[truth.classes > 0].sum() + truth.stolen[truth.classes > 0].sum()
    interval = finding.figure("fraudulent_votes").interval
    assert interval is not None and interval[0] < told < interval[1]


def test_the_power_that_is_told_is_the_power_that_was_measured(finding: Finding) -> None:
    found = finding.figure("found_both_50").value
    assert isinstance(found, int) and found > 10
    assert f"found {found} of 40" in finding.power["en"] and f"halló {found} de 40" in finding.power["es"]
    assert finding.figure("found_both_50").unit == "of 40 stations"


def test_a_model_that_is_blind_to_a_planted_fraud_says_that_its_silence_means_nothing(finding: Finding) -> None:
    found = finding.figure("found_stolen_2").value
    assert isinstance(found, int) and found <= 4
    assert "says nothing" in finding.power["en"] and "no dice nada" in finding.power["es"]


def test_an_honest_country_is_told_to_be_at_the_boundary(
    election: Callable[..., Truth], make_sheets: MakeSheets
) -> None:
    honest = sheets_of_truth(election(150, 5, ratios=(1e-9, 1e-9)), make_sheets)
    finding = eforensics(honest, "EG", 1, planted=())
    well_formed(finding)
    assert finding.figure("boundary").value == "yes"
    assert finding.stations == ()
    assert "without any fraud" in finding.statement["en"]


def test_suspects_of_another_kind_are_shown_to_be_of_another_kind(
    election: Callable[..., Truth], make_sheets: MakeSheets
) -> None:
    """Small stations where everybody votes, as many do honestly, are taken for fraud: the reader sees what they are."""
    counts = election(200, 5, ratios=(1e-9, 1e-9)).counts
    electors, abstained, leader = counts.electors.copy(), counts.abstained.copy(), counts.leader.copy()
    electors[:16], abstained[:16], leader[:16] = 150, 15 + np.arange(16) % 7, 72
    votes = np.column_stack([leader, electors - abstained - leader]).astype(np.int64)
    finding = eforensics(make_sheets(votes, electors.astype(np.int64)), "EG", 1, planted=())
    well_formed(finding)
    assert set(finding.stations) >= {f"{i:09d}.01" for i in range(16)} and len(finding.stations) < 24
    assert finding.figure("suspects_electors").value == 150
    assert finding.figure("all_electors").value == float(np.median(electors))
    turnout, share = finding.figure("suspects_turnout").value, finding.figure("suspects_share").value
    assert turnout == pytest.approx(132 / 150, abs=0.02) and share == pytest.approx(72 / 132, abs=0.02)


def test_each_area_may_have_its_own_turnout(election: Callable[..., Truth], make_sheets: MakeSheets) -> None:
    truth = election(100, 8)
    area = np.arange(100) % 4
    chosen = choose(sheets_of_truth(truth, make_sheets, area=area), "EG", "area")
    assert chosen.counts.groups == 4
    fitted = fit(chosen.counts, 1)
    assert fitted.parameters.effects.shape == (2, 4)
    assert np.isfinite(fitted.parameters.effects).all() and fitted.convergence.converged


@pytest.mark.parametrize(
    ("votes", "electors", "said"),
    [
        ([[5, 3]], None, "asks for"),
        ([[5, 3]], [20], "asks for"),
        ([[0, 0]] * 40, [400] * 40, "asks for"),
        ([[300, 0]] * 40, [400] * 40, "all of the votes or none"),
        ([[300, 90]] * 40, None, "Electors unknown: 40"),
        ([[300, 90]] * 40, [100] * 40, "asks for"),
    ],
    ids=["one without electors", "one station", "zero votes", "one candidate", "area without electors", "too many"],
)
def test_bad_input_gets_a_clear_answer(
    make_sheets: MakeSheets, votes: list[list[int]], electors: list[int] | None, said: str
) -> None:
    sheets = make_sheets(np.array(votes), None if electors is None else np.array(electors))
    finding = eforensics(sheets, "EG", 1)
    well_formed(finding)
    assert said in finding.statement["en"]
    assert finding.figure("suspects").value is None
    assert finding.stations == ()


def test_stations_without_electors_or_votes_are_left_out_and_counted(sheets: Sheets) -> None:
    electors = sheets.electors.copy()
    electors[:3], electors[3], electors[4] = -1, 0, 1
    chosen = choose(type(sheets)(**{**sheets.__dict__, "electors": electors}), "EG")
    assert (chosen.unknown, chosen.impossible, len(chosen.counts)) == (3, 2, len(sheets) - 5)
    assert chosen.rows.min() == 5


@pytest.mark.parametrize(
    ("leader", "method", "groups"), [("nobody", "em", "none"), ("EG", "magic", "none"), ("EG", "em", "centre")]
)
def test_bad_words_are_refused_with_the_next_step(sheets: Sheets, leader: str, method: Any, groups: Any) -> None:
    with pytest.raises(InputError) as refused:
        eforensics(sheets, leader, 1, method, groups)
    assert refused.value.args
