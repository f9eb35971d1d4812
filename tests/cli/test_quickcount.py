"""``testigo quickcount``: a design that says its error, and a sample that nobody can choose."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def test_a_design_is_written_and_drawn_again(
    testigo: Callable[..., Any], imported: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "stations.csv"
    words = ("quickcount", imported["out"], "--size", 4, "--seed", "dice", "--reply", "0.9", "--out", out)
    ran = testigo(*words, "--json")
    assert ran.status == 0, ran.err
    answer = ran.answer
    assert sum(one["sample"] for one in answer["allocation"]) == len(answer["sample"]) == answer["size"] == 4
    assert answer["without_past"] == 30_026 - 6 and 0 < answer["expected_error"] < 1
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    assert [row["station"] for row in rows] == [one["station"] for one in answer["sample"]]
    assert {float(row["weight"]) for row in rows} == {1.5}
    assert answer["command"] == "testigo quickcount B --size 4 --seed dice --reply 0.9 --level estado"
    assert testigo(*words, "--json").answer == answer
    said = testigo(*words, TESTIGO_LANG="es").out
    assert "4 mesas en 1 estratos" in said and "ningún intervalo cubre" in said


def test_an_error_in_points_gives_the_smallest_sample(testigo: Callable[..., Any], imported: dict[str, Any]) -> None:
    answer = testigo("quickcount", imported["out"], "--error", "3", "--seed", "dice", "--json").answer
    assert answer["expected_error"] <= 0.03
    smaller = testigo("quickcount", imported["out"], "--size", answer["size"] - 1, "--seed", "dice", "--json")
    assert smaller.status == 2 or smaller.answer["expected_error"] > 0.03


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--seed", "1"), "Give --size N"),
        (("--seed", "1", "--size", 1), "A sample of 1 stations cannot be drawn"),
        (("--seed", "1", "--size", 4, "--level", "nowhere"), "Known: estado, municipio, parroquia"),
        (("--seed", "1", "--error", "nan"), "cannot be reached"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    imported: dict[str, Any], words: tuple[object, ...], problem: str, refused: Callable[..., str]
) -> None:
    assert problem in refused("quickcount", imported["out"], *words)
