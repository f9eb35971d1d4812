"""The tables of 2024 as published: totals to the last vote. Skipped, visibly, where they are not at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from testigo.bundle import open_bundle
from testigo.importing import PublishedTable, build_register, import_table, read_table


def totals(profile: Any, table: PublishedTable) -> dict[str, int]:
    codes = profile.contest().candidate_codes
    sums = [sum(column) for column in zip(*(row.candidates for row in table.rows), strict=True)]
    votes = dict(zip(codes, sums, strict=True))
    return {
        "rows": len(table.rows),
        **{code: votes[code] for code in ("EG", "NM")},
        "others": sum(count for code, count in votes.items() if code not in ("EG", "NM")),
        "valid": sum(row.valid for row in table.rows),
        "null": sum(row.null or 0 for row in table.rows),
        "electors": sum(row.electors or 0 for row in table.rows),
    }


def test_the_first_release_to_the_last_vote(profile: Any, published: dict[str, Path]) -> None:
    table = read_table(profile, published["V1"])
    assert table.encoding == "utf-8-sig"
    assert totals(profile, table) == {
        "rows": 24_532,
        "EG": 7_156_462,
        "NM": 3_241_461,
        "others": 261_205,
        "valid": 10_659_128,
        "null": 1_139,
        "electors": 17_745_239,
    }


def test_the_second_release_to_the_last_vote(profile: Any, published: dict[str, Path]) -> None:
    table = read_table(profile, published["V2"])
    assert table.encoding == "cp1252"
    assert totals(profile, table) == {
        "rows": 25_073,
        "EG": 7_303_480,
        "NM": 3_316_142,
        "others": 267_640,
        "valid": 10_887_262,
        "null": 1_213,
        "electors": 0,
    }


def test_the_register_names_25075_of_30026_stations(profile: Any, published: dict[str, Path]) -> None:
    register = build_register(profile, list(published.values()))
    assert (len(register), register.total_stations, register.unnamed_stations) == (25_075, 30_026, 4_951)
    assert register.total_electors == 21_392_464
    assert register.table["electors"].null_count == 543
    assert sum(area.level == "estado" for area in register.areas.values()) == 24


@pytest.mark.timeout(300)
def test_the_whole_second_release_becomes_a_bundle(profile: Any, published: dict[str, Path], tmp_path: Path) -> None:
    done = import_table(profile, published["V2"], tmp_path / "B")
    tallies = open_bundle(done.path).tallies
    assert tallies.num_rows == done.stations == 25_073
    assert sum(tallies["c_EG"].to_pylist()) == 7_303_480
    assert sum(tallies["valid"].to_pylist()) == 10_887_262
    assert set(tallies["standing"].to_pylist()) == {"imported"}
    assert not any(tallies["flags"].to_pylist())
