"""The projection: known stations are hidden and must be found again; one report never has a margin of 0."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.csv as pacsv
import pytest

from testigo.bundle import open_bundle
from testigo.cli import main
from testigo.errors import InputError
from testigo.forensics.finding import Finding
from testigo.forensics.projection import CAVEAT, Roll, estimate, projection, roll_of
from testigo.forensics.projection.finding import not_counted
from testigo.forensics.sheets import Sheets, sheets_of

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "ve2024"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the published tables of 2024 are not beside the project")

Make = Callable[..., Sheets]
Bools = npt.NDArray[np.bool_]


def hide(sheets: Sheets, away: Bools) -> tuple[Sheets, Roll]:
    """The sheets that are left, and the roll of all."""
    columns = ("codes", "centre", "area", "votes", "valid", "null", "electors")
    left = replace(sheets, **{name: getattr(sheets, name)[~away] for name in columns})
    row = np.where(away, -1, np.cumsum(~away) - 1)
    electors = int(sheets.electors[sheets.electors > 0].sum())
    return left, Roll(sheets.centre, sheets.area, len(sheets.areas), sheets.electors, row, 0, electors)


def share(votes: npt.NDArray[np.float64]) -> float:
    return float(votes[0] / votes.sum())


def assert_no_nan(finding: Finding) -> None:
    for figure in finding.figures:
        for number in (figure.value, *(figure.interval or ())):
            assert not isinstance(number, float) or math.isfinite(number), figure.name
        assert figure.value is not None or (figure.why_not["es"] and figure.why_not["en"]), figure.name


def test_small_centres_hidden_do_not_bias_it(make_country: Make) -> None:
    """The mistake of peers: what is missing is taken to vote as what is there."""
    errors, plain = [], []
    for seed in range(12):
        sheets = make_country(200 + seed, centres=1500)
        size = np.bincount(sheets.centre)[sheets.centre]
        rng = np.random.default_rng([5, seed])
        away = rng.random(int(sheets.centre.max()) + 1)[sheets.centre] < np.where(size == 1, 0.7, 0.15)
        result = estimate(*hide(sheets, away), seed, draws=1)
        assert result is not None
        truth = share(sheets.votes.sum(axis=0).astype(np.float64))
        errors.append(share(result.projected) - truth)
        plain.append(share(result.counted) - truth)
    assert np.mean(plain) > 0.008, "the country is made so that small centres vote otherwise"
    assert abs(np.mean(errors)) < 0.15 * np.mean(plain)


def test_the_interval_is_as_wide_as_the_errors(make_country: Make) -> None:
    """40 countries, two fifths of the centres hidden: the interval holds the truth, and not by being vast."""
    holds, widths, errors = [], [], []
    for seed in range(40):
        sheets = make_country(300 + seed, centres=400)
        rng = np.random.default_rng([8, seed])
        away = (rng.random(int(sheets.centre.max()) + 1) < 0.4)[sheets.centre]
        result = estimate(*hide(sheets, away), seed, draws=100)
        assert result is not None
        draws = result.draws[0]
        low, high = np.percentile(draws[:, 0] / draws.sum(axis=1), (2.5, 97.5))
        truth = share(sheets.votes.sum(axis=0).astype(np.float64))
        holds.append(low <= truth <= high)
        widths.append((high - low) / (2 * 1.96))
        errors.append(share(result.projected) - truth)
    assert sum(holds) >= 35
    assert 0.8 < np.mean(widths) / np.sqrt(np.mean(np.square(errors))) < 1.3


def test_the_interval_is_not_wide_for_the_sake_of_being_right(make_country: Make) -> None:
    sheets = make_country(330, centres=2000)
    away = np.random.default_rng(1).random(len(sheets)) < 0.3
    finding = projection(*hide(sheets, away), 1)
    interval = finding.figure("projected_share_EG").interval
    assert interval is not None and 0.001 < interval[1] - interval[0] < 0.02


def test_no_interval_covers_what_depends_on_the_vote_and_it_says_so(make_country: Make) -> None:
    sheets = make_country(400, centres=1500)
    first = sheets.votes[:, 0] / np.maximum(sheets.valid, 1)
    away = np.random.default_rng(1).random(len(sheets)) < np.where(first < np.median(first), 0.6, 0.1)
    finding = projection(*hide(sheets, away), 1)
    interval = finding.figure("projected_share_EG").interval
    truth = share(sheets.votes.sum(axis=0).astype(np.float64))
    assert interval is not None and not interval[0] <= truth <= interval[1]
    for language in ("es", "en"):
        assert CAVEAT[language] in finding.statement[language]
    worst = finding.figure("worst_case_share_EG").value
    assert isinstance(worst, float) and worst <= truth, "only the worst case holds"


def test_one_report_never_has_a_margin_of_zero(make_country: Make) -> None:
    sheets = make_country(500)
    away = np.ones(len(sheets), dtype=np.bool_)
    away[3] = False
    left, roll = hide(sheets, away)
    finding = projection(left, roll, 1)
    assert_no_nan(finding)
    interval = finding.figure("projected_share_EG").interval
    assert interval is not None and interval[0] < 0.02 and interval[1] > 0.98
    lead = finding.figure("projected_lead").interval
    bound = not_counted(left, roll)
    assert lead is not None and bound is not None and lead[1] - lead[0] == 2 * bound


def test_when_all_is_counted_the_projection_is_the_count(make_country: Make) -> None:
    sheets = make_country(501)
    finding = projection(*hide(sheets, np.zeros(len(sheets), dtype=np.bool_)), 1)
    total = int(sheets.votes[:, 0].sum())
    assert finding.figure("projected_EG").value == finding.figure("counted_EG").value == total
    interval = finding.figure("projected_share_EG").interval
    assert interval is not None and interval[1] - interval[0] < 1e-12
    assert finding.figure("worst_case_lead").value == finding.figure("counted_lead").value or (
        int(finding.figure("electors_not_counted").value or 0) == 0
    )


def test_it_is_weighted_by_electors_not_by_stations(make_sheets: Make) -> None:
    """One large station of 80 %, three small ones of 20 %, a missing one of average kind: 50 %, not 35 %."""
    votes = np.array([[240, 60], [20, 80], [20, 80], [20, 80]])
    sheets = make_sheets(votes, np.array([600, 200, 200, 200]))
    roll = Roll(
        np.arange(5),
        np.zeros(5, dtype=np.int64),
        1,
        np.array([600, 200, 200, 200, 400]),
        np.array([0, 1, 2, 3, -1]),
        0,
        1600,
    )
    result = estimate(sheets, roll, 1)
    assert result is not None
    assert result.projected[:2] == pytest.approx([300 * 1600 / 1200, 300 * 1600 / 1200])


def test_stations_without_a_name_widen_the_interval(make_country: Make) -> None:
    sheets = make_country(502, centres=1000)
    left, roll = hide(sheets, np.zeros(len(sheets), dtype=np.bool_))
    electors = int(sheets.electors.sum())
    finding = projection(left, replace(roll, unnamed_stations=400, total_electors=electors * 5 // 4), 1)
    interval = finding.figure("projected_share_EG").interval
    small = finding.figure("leader_share_if_small").value
    assert isinstance(small, float) and interval is not None
    share_now = finding.figure("projected_share_EG").value
    assert isinstance(share_now, float) and small < share_now - 0.003
    assert interval[0] < small < interval[1]


@pytest.mark.parametrize(
    "case", ["nothing", "no electors", "no national electors", "zero votes", "one candidate", "area unseen"]
)
def test_bad_input_gets_a_clear_answer(case: str, make_sheets: Make, make_country: Make) -> None:
    sheets = make_country(503)
    left, roll = hide(sheets, np.random.default_rng(1).random(len(sheets)) < 0.3)
    if case == "nothing":
        left, roll = hide(sheets, np.ones(len(sheets), dtype=np.bool_))
    elif case == "no electors":
        left = replace(left, electors=np.full(len(left), -1))
        roll = replace(roll, electors=np.full(len(roll), -1))
    elif case == "no national electors":
        roll = replace(roll, total_electors=None)
    elif case == "zero votes":
        left = replace(left, votes=left.votes * 0, valid=left.valid * 0)
    elif case == "one candidate":
        votes = np.zeros_like(left.votes)
        votes[:, 0] = left.valid
        left = replace(left, votes=votes)
    else:
        left, roll = hide(sheets, sheets.area < 3)
    with np.errstate(all="raise", under="ignore"):
        finding = projection(left, roll, 1)
    assert_no_nan(finding)
    assert CAVEAT["en"] in finding.statement["en"] and CAVEAT["es"] in finding.statement["es"]
    if case == "area unseen":
        assert finding.figure("empty_areas").value == 3
    if case in ("nothing", "no electors"):
        assert finding.figure("projected_lead").value is None
    if case == "no national electors":
        assert finding.figure("worst_case_lead").value is None


def test_the_same_seed_gives_the_same_interval(make_country: Make) -> None:
    sheets = make_country(504)
    hidden = hide(sheets, np.random.default_rng(1).random(len(sheets)) < 0.3)
    first, again, other = (projection(*hidden, seed).as_json() for seed in (1, 1, 2))
    assert first == again != other


@needs_data
def test_the_worst_case_of_the_published_sheets(make_sheets: Make) -> None:
    """V2 with the electors of V1: the lead less everything not counted is the published bound."""
    names = ["EG", "NM", "LM", "JABE", "JOBR", "AE", "CF", "DC", "EM", "BERA"]
    first, second = (
        pacsv.read_csv(DATA / f"RESULTADOS_2024_CSV_V{n}.csv", read_options=pacsv.ReadOptions(encoding=encoding))
        for n, encoding in ((1, "utf-8"), (2, "cp1252"))
    )
    keys = [list(zip(t["CENTRO"].to_pylist(), t["MESA"].to_pylist(), strict=True)) for t in (first, second)]
    known = dict(zip(keys[0], first["RE"].to_pylist(), strict=True))
    electors = np.array([known.get(key, -1) for key in keys[1]])
    votes = np.column_stack([second[name].to_numpy() for name in names]).astype(np.int64)
    sheets = make_sheets(votes, electors)
    sheets = replace(sheets, null=second["VOTOS_NULOS"].to_numpy().astype(np.int64))
    stations = np.arange(len(sheets))
    roll = Roll(stations, sheets.area, 1, electors, stations, 30_026 - len(sheets), 21_392_464)
    finding = projection(sheets, roll, 1, draws=5)
    assert finding.figure("worst_case_lead").value == 567_386
    assert finding.figure("counted_lead").value == 3_987_338
    assert_no_nan(finding)


@needs_data
def test_the_roll_of_a_bundle_names_what_is_missing(tmp_path: Path) -> None:
    table = tmp_path / "few.csv"
    lines = (DATA / "RESULTADOS_2024_CSV_V1.csv").read_bytes().splitlines(keepends=True)
    table.write_bytes(b"".join(lines[:200]))
    register, out = str(tmp_path / "register.parquet"), tmp_path / "bundle"
    (tmp_path / "fewer.csv").write_bytes(b"".join(lines[:150]))
    assert main(["register", str(table), "--profile", "ve2024", "--out", register]) == 0
    fewer = str(tmp_path / "fewer.csv")
    assert main(["import", fewer, "--profile", "ve2024", "--register", register, "--out", str(out)]) == 0
    bundle = open_bundle(out)
    sheets = sheets_of(bundle)
    roll = roll_of(bundle, sheets)
    assert len(roll) == 199 and (roll.row < 0).sum() == 50
    assert np.array_equal(roll.electors[roll.row >= 0], sheets.electors[roll.row[roll.row >= 0]])
    assert roll.unnamed_stations == 30_026 - 199 and roll.total_electors == 21_392_464
    assert roll_of(bundle, sheets, "estado").areas == 2 < roll.areas
    with pytest.raises(InputError, match="no level"):
        roll_of(bundle, sheets, "province")
