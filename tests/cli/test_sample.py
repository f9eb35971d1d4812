"""``testigo sample`` as a journalist uses it: draw, open the page, fill in the list, learn what it proves."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from testigo.forensics.sample import draw

SEED = "4 1 6 6 2 5"
WORDS = ("--seed", SEED, "--size", 4)


@pytest.fixture(scope="module")
def site(testigo: Callable[..., Any], imported: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = Path(tmp_path_factory.mktemp("site")) / "S"
    assert testigo("publish", imported["out"], "--out", out).status == 0
    return out


def test_from_the_seed_to_what_it_proves(
    testigo: Callable[..., Any], imported: dict[str, Any], site: Path, tmp_path: Path
) -> None:
    page, table = tmp_path / "pages" / "check.html", tmp_path / "check.csv"
    drawn = testigo(
        "sample", imported["out"], *WORDS, "--origin", "dice", "--site", site, "--out", page, "--out", table, "--json"
    )
    assert drawn.status == 0, drawn.err
    ranks = [one["rank"] for one in drawn.answer["sample"]]
    assert ranks == list(draw(SEED, 6, 4)) and drawn.answer["population"] == 6
    assert drawn.answer["result"] is None and drawn.answer["out"] == [str(page), str(table)]
    links = re.findall(r'href="([^"]+)"', page.read_text(encoding="utf-8"))
    assert len(links) == 4 * 2  # each sheet's page in both languages
    for one, link in zip(drawn.answer["sample"], links[::2], strict=True):
        assert (page.parent / link).is_file() and one["station"] in link
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig"))))
    assert [row["station"] for row in rows] == [one["station"] for one in drawn.answer["sample"]]

    lines = table.read_text(encoding="utf-8-sig").splitlines()
    answers = ["result", "same", "different", "not seen", "same"]
    filled = [line.rsplit(",", 2)[0] + f",{word},note" for line, word in zip(lines, answers, strict=True)]
    table.write_text("\n".join(filled), encoding="utf-8")
    for words in (("--results", table), ("--checked", 4, "--different", 1, "--unseen", 1)):
        proved = testigo("sample", imported["out"], *WORDS, *words, "--json")
        assert proved.status == 1  # a sheet differs
        figures = {figure["name"]: figure for figure in proved.answer["result"]["figures"]}
        assert figures["different_of_all"]["interval"] == [1, 4]  # two of the six are right for certain
        assert "--checked 4 --different 1 --unseen 1" in proved.answer["result"]["reproduce"]
    said = testigo("sample", imported["out"], *WORDS, "--checked", 4, TESTIGO_LANG="es")
    assert said.status == 0 and "Eso prueba la transcripción" in said.out


def test_the_same_seed_draws_the_same_and_no_path_is_in_the_command(
    testigo: Callable[..., Any], imported: dict[str, Any]
) -> None:
    first = testigo("sample", imported["out"], *WORDS, "--json").answer
    assert testigo("sample", imported["out"], *WORDS, "--json").answer == first
    assert first["command"] == f"testigo sample B --seed '{SEED}' --size 4"
    assert (
        testigo("sample", imported["out"], "--seed", "other", "--size", 4, "--json").answer["sample"] != first["sample"]
    )


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--seed", ""), "seed"),
        (("--seed", "1", "--size", 7), "7 sheets cannot be drawn from 6"),
        (("--seed", "1", "--size", 3, "--out", "list.xlsx"), "neither .html nor .csv"),
        (("--seed", "1", "--size", 3, "--against", "nobody"), "cne_1, cne_2"),
        (("--seed", "1", "--size", 3, "--site", "javascript:alert(1)", "--out", "x.html"), "neither a site's folder"),
        (("--seed", "1", "--size", 3, "--different", 1), "need --checked"),
        (("--seed", "1", "--size", 3, "--checked", 4), "4 sheets checked of a list of 3"),
        (("--seed", "1", "--size", 3, "--checked", 3, "--different", 4), "that cannot be"),
        (("--seed", "1", "--size", 3, "--results", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    imported: dict[str, Any], words: tuple[object, ...], problem: str, refused: Callable[..., str]
) -> None:
    assert problem in refused("sample", imported["out"], *words)
