"""A bulletin against the published sheets: never more than arithmetic allows, and no less where it can be listed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

from testigo.election import Profile, Register, load_profile, register_schema
from testigo.election.profile import Bulletin, National
from testigo.errors import InputError
from testigo.forensics.contradiction import contradiction, contradictions, typical
from testigo.forensics.contradiction_finding import contradiction_finding, contradiction_findings
from testigo.forensics.sheets import Sheets

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "ve2024"
NAMES = {"es": "x", "en": "x"}
Votes = list[tuple[int, int]]


def country(stations: int, electors: int | None, candidates: int = 2) -> Profile:
    """The election of 2024 with fewer candidates (EG, NM, …) and other national figures."""
    profile = load_profile("ve2024")
    contest = profile.contest()
    fewer = dataclasses.replace(contest, candidates=contest.candidates[:candidates])
    return dataclasses.replace(profile, contests=(fewer,), national=National(stations, electors))


def codes(number: int) -> list[str]:
    return [f"0101010{i:02d}.01" for i in range(number)]


def published(profile: Profile, votes: Votes, electors: list[int]) -> tuple[Sheets, Register]:
    """Sheets with those votes, and a register that names their stations; electors -1 are unknown."""
    rows = [
        {"station": code, "centre": code[:9], "centre_name": "", "electors": None if e < 0 else e}
        | {name: "01" * (i + 1) for i, name in enumerate(("estado", "municipio", "parroquia"))}
        | {f"{name}_name": "x" for name in ("estado", "municipio", "parroquia")}
        for code, e in zip(codes(len(votes)), electors, strict=True)
    ]
    register = Register(profile, pa.Table.from_pylist(rows, schema=register_schema(profile)))
    n, array = len(votes), np.array(votes, dtype=np.int64).reshape(len(votes), -1)
    zeros = np.zeros(n, dtype=np.int64)
    sheets = Sheets(
        profile.contest(), np.array(codes(n)), zeros, ("c",), zeros, ("a",), array, array.sum(axis=1), zeros,
        np.array(electors, dtype=np.int64),
    )  # fmt: skip
    return sheets, register


def bulletin(votes: dict[str, int], coverage: int | None = 1000, others: int = 0) -> Bulletin:
    return Bulletin("b", "presidente", dt.date(2024, 7, 29), NAMES, coverage, votes, others)


def test_one_vote_too_many_needs_one_invented_sheet() -> None:
    sheets, register = published(country(3, 300), [(50, 10), (40, 20), (30, 30)], [100, 100, 100])
    assert contradiction(sheets, register, bulletin({"EG": 120, "NM": 60})).least == 0
    assert contradiction(sheets, register, bulletin({"EG": 119, "NM": 60})).least == 1
    assert contradiction(sheets, register, bulletin({"EG": 70, "NM": 60})).least == 1  # the largest one is enough
    assert contradiction(sheets, register, bulletin({"EG": 69, "NM": 60})).least == 2
    assert contradiction(sheets, register, bulletin({"EG": 0, "NM": 60})).least == 3


def test_stations_outside_the_bulletin_excuse_the_largest_sheets() -> None:
    sheets, register = published(country(10, 5000), [(50, 0)] * 9, [100] * 9)
    full = contradiction(sheets, register, bulletin({"EG": 100, "NM": 0}))
    assert (full.outside, full.least) == (0, 7)
    part = contradiction(sheets, register, bulletin({"EG": 100, "NM": 0}, coverage=800))
    # 80.0 % as announced may be 79.95 %: of ten stations eight are in, two are out.
    assert (part.outside, part.least) == (2, 5)


def test_an_announced_coverage_is_rounded_in_the_bulletins_favour() -> None:
    sheets, register = published(country(30026, None), [(1, 0)], [5])
    # 96.85 % of 30,026 stations are 29,080.2: at least 29,081 are in.
    assert contradiction(sheets, register, bulletin({"EG": 1, "NM": 0}, coverage=969)).outside == 945
    assert contradiction(sheets, register, bulletin({"EG": 1, "NM": 0}, coverage=0)).outside == 30026


def test_a_margin_that_the_missing_electors_cannot_make() -> None:
    sheets, register = published(country(4, 400), [(60, 10), (60, 10), (60, 10)], [100, 100, 100])
    # If every sheet is true, NM is 150 behind, and the missing station's hundred electors make it 50: 100 + 50 lack.
    found = contradiction(sheets, register, bulletin({"NM": 280, "EG": 180}))
    margin = next(bound for bound in found.bounds if bound.kind == "margin")
    assert (margin.published, margin.announced, margin.excess) == (-150, 100, 150)
    assert margin.least == 1  # an invented sheet moves the margin by 50 + 100
    assert contradiction(sheets, register, bulletin({"NM": 281, "EG": 180})).least == 2


def test_a_sheet_of_unknown_size_has_at_least_its_voters() -> None:
    votes: Votes = [(60, 10), (60, 10)]
    known, register = published(country(3, 300), votes, [100, -1])
    found = contradiction(known, register, bulletin({"NM": 170, "EG": 120}))
    margin = next(bound for bound in found.bounds if bound.kind == "margin")
    # 100 behind; 300 - 100 - 70 electors are unpublished: 30 ahead at most, and 50 were announced.
    assert (margin.excess, margin.least) == (20, 1)


def test_without_coverage_nothing_is_said() -> None:
    sheets, register = published(country(3, 300), [(50, 10)] * 3, [100] * 3)
    found = contradiction(sheets, register, bulletin({"EG": 0, "NM": 0}, coverage=None))
    assert (found.least, found.outside, found.bounds) == (None, None, ())
    finding = contradiction_finding(sheets, found)
    assert finding.figure("least_invented").value is None
    assert finding.figure("least_invented").why_not["en"]


def test_a_result_that_not_even_inventing_everything_explains() -> None:
    sheets, register = published(country(2, 150), [(50, 10), (20, 10)], [100, 50])
    found = contradiction(sheets, register, bulletin({"NM": 151, "EG": 0}))
    assert (found.impossible, found.least) == (True, 2)
    assert "cannot be true" in contradiction_finding(sheets, found).statement["en"]


def test_the_others_count_only_if_they_were_announced() -> None:
    sheets, register = published(country(2, 400, candidates=3), [(50, 10, 30), (20, 10, 30)], [200, 200])  # type: ignore[list-item]
    assert contradiction(sheets, register, bulletin({"EG": 70, "NM": 20})).least == 0
    assert contradiction(sheets, register, bulletin({"EG": 70, "NM": 20}, others=29)).least == 2
    assert contradiction(sheets, register, bulletin({"EG": 70, "NM": 20}, others=30)).least == 1


def test_no_sheets_no_contradiction() -> None:
    sheets, register = published(country(5, 500), [(1, 1)], [10])
    empty = dataclasses.replace(
        sheets, codes=sheets.codes[:0], votes=sheets.votes[:0], valid=sheets.valid[:0], null=sheets.null[:0],
        electors=sheets.electors[:0],
    )  # fmt: skip
    found = contradiction(empty, register, bulletin({"EG": 1, "NM": 1}))
    assert (found.least, found.impossible) == (0, False)
    finding = contradiction_finding(empty, found)
    assert all(figure.value is not None or figure.why_not for figure in finding.figures)


def test_a_bulletin_of_another_contest_is_refused() -> None:
    sheets, register = published(country(3, 300), [(50, 10)], [100])
    with pytest.raises(InputError):
        contradiction(sheets, register, dataclasses.replace(bulletin({"EG": 1}), contest="alcalde"))
    with pytest.raises(InputError):
        contradiction(sheets, register, bulletin({"XX": 1}))


# ------------------------------------------------- against every possible story


def exact(votes: Votes, sizes: list[int], unpublished: int, outside: int, announced: tuple[int, int]) -> int | None:
    """The least number of invented sheets in any story under which the bulletin is true, by trying every one."""
    n = len(votes)
    for invented in range(n + 1):
        for false in itertools.combinations(range(n), invented):
            true = [i for i in range(n) if i not in false]
            for left_out in range(min(outside, len(true)) + 1):
                for out in itertools.combinations(true, left_out):
                    inside = [i for i in true if i not in out]
                    needs = [announced[c] - sum(votes[i][c] for i in inside) for c in (0, 1)]
                    room = sum(sizes[i] for i in false) + unpublished
                    if min(needs) >= 0 and sum(needs) <= room:
                        return invented
    return None


@pytest.mark.parametrize("seed", range(6))
def test_the_bound_is_never_above_what_some_story_needs(seed: int) -> None:
    generator = np.random.default_rng(seed)
    tight = bounds = 0
    for _ in range(25):
        n = int(generator.integers(1, 6))
        votes: Votes = [tuple(row) for row in generator.integers(0, 40, (n, 2)).tolist()]
        sizes = [sum(row) + int(extra) for row, extra in zip(votes, generator.integers(0, 30, n), strict=True)]
        known = [size if generator.random() < 0.7 else -1 for size in sizes]
        missing, unpublished = int(generator.integers(0, 3)), int(generator.integers(0, 60))
        stations = n + missing
        electors = sum(sizes) + unpublished
        announced = (int(generator.integers(0, 120)), int(generator.integers(0, 120)))
        coverage = int(generator.choice([1000, 900, 700]))
        sheets, register = published(country(stations, electors), votes, known)
        found = contradiction(sheets, register, bulletin({"EG": announced[0], "NM": announced[1]}, coverage))
        assert found.outside is not None
        assert found.least is not None
        least = exact(votes, sizes, unpublished, found.outside, announced)
        assert least is None or (found.least <= least and not found.impossible)
        tight += found.least == (n if least is None else least)
        bounds += found.least > 0
    assert tight > 8  # a bound that always said 0 would not reach this
    assert bounds > 4


# ------------------------------------------------------------------------ 2024


@pytest.mark.skipif(not DATA.is_dir(), reason="the tables published in 2024 are not in ../shared/data/ve2024")
def test_the_bulletins_of_2024() -> None:
    profile = load_profile("ve2024")
    table = pacsv.read_csv(DATA / "RESULTADOS_2024_CSV_V2.csv", read_options=pacsv.ReadOptions(encoding="cp1252"))
    contest = profile.contest()
    votes = np.column_stack([table[code].to_numpy() for code in contest.candidate_codes]).astype(np.int64)
    n = len(table)
    zeros, unknown = np.zeros(n, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    names = np.array([f"{c}.{m}" for c, m in zip(table["CENTRO"].to_pylist(), table["MESA"].to_pylist(), strict=True)])
    sheets = Sheets(contest, names, zeros, ("c",), zeros, ("a",), votes, votes.sum(axis=1), unknown, unknown)
    register = Register(profile, register_schema(profile).empty_table())
    first, second = contradictions(sheets, register)
    assert (first.outside, first.least, second.outside, second.least) == (6020, 903, 945, 3641)
    assert second.decisive is not None
    assert (second.decisive.of, second.decisive.excess) == ("EG", 7_303_480 - 5_326_104)
    assert typical(sheets, second) == math.ceil(1_977_376 / (7_303_480 / 25_073)) == 6789
    findings = contradiction_findings(sheets, register)
    assert findings[1].figure("enough_1_in_1000").value == 44
    assert "3.641 de las 25.073" in findings[1].statement["es"]
