"""The page that walks a reader through checking a sample, the list to fill in, and what a filled list proves."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
import subprocess
from html.parser import HTMLParser

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import hypergeom

from testigo.election import Register, load_profile, register_schema
from testigo.errors import InputError
from testigo.forensics.contradiction import Contradiction, contradictions
from testigo.forensics.sample import chance_of_none, draw
from testigo.forensics.sample_list import Answers, Sample, draw_sample, read_answers, sample_csv
from testigo.forensics.sample_page import Links, sample_page
from testigo.forensics.sample_result import interval, sample_result
from testigo.forensics.sample_texts import TEXTS
from testigo.forensics.sheets import Sheets

NAME = "<script>alert(1)</script>"


class Text(HTMLParser):
    """Tags with their attributes, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.cells.append(data.strip())


@pytest.fixture(scope="module")
def published() -> tuple[Sheets, Register]:
    """Forty invented stations; one centre's name is an attack, on pages and on spreadsheets."""
    profile = load_profile("ve2024")
    contest, n = profile.contest(), 40
    codes = [f"0101010{i:02d}.01" for i in range(n)]
    levels = ("estado", "municipio", "parroquia")
    rows = [
        {"station": code, "centre": code[:9], "centre_name": NAME if i % 2 else "=1+1", "electors": 500}
        | {name: "01" * (level + 1) for level, name in enumerate(levels)}
        | {f"{name}_name": f"the {name}" for name in levels}
        for i, code in enumerate(codes)
    ]
    register = Register(profile, pa.Table.from_pylist(rows, schema=register_schema(profile)))
    votes = np.random.default_rng(3).integers(0, 40, (n, len(contest.candidates))).astype(np.int64)
    zeros, electors = np.zeros(n, dtype=np.int64), np.full(n, 500, dtype=np.int64)
    return Sheets(
        contest, np.array(codes), zeros, ("c",), zeros, ("a",), votes, votes.sum(axis=1), zeros, electors
    ), register


def drawn(published: tuple[Sheets, Register], seed: str = "4 1 6", size: int = 12) -> Sample:
    return draw_sample(*published, seed, size, release=3, manifest="ab" * 32)


@pytest.fixture(scope="module")
def announced(published: tuple[Sheets, Register]) -> list[Contradiction]:
    return contradictions(*published)


# ------------------------------------------------------------------------ page


def test_the_page_shows_the_sample_in_both_languages_and_what_it_proves(
    published: tuple[Sheets, Register], announced: list[Contradiction]
) -> None:
    sheets, _ = published
    html = sample_page(drawn(published), bulletins=announced)
    page = Text()
    page.feed(html)
    assert [one.rank for one in drawn(published).drawn] == list(draw("4 1 6", 40, 12))
    for one in drawn(published).drawn:
        assert one.station in page.cells
        assert str(sheets.votes[one.rank - 1, 0]) in page.cells
    plain = html.replace("&#39;", "'").replace("&#34;", '"')
    for language in ("es", "en"):
        for sentence in ("proves", "yes", "no", "no_text", "authentic", "seed_unknown", "privacy"):
            assert TEXTS[language][sentence] in plain
    assert [attributes["lang"] for tag, attributes in page.tags if tag == "div" and "lang" in attributes] == [
        "es", "en", "es", "en",
    ]  # fmt: skip
    assert "ab" * 32 in html


def test_the_page_fetches_and_runs_and_sends_nothing(published: tuple[Sheets, Register]) -> None:
    html = sample_page(drawn(published, "'; rm -rf ~ <b>", 3))
    page = Text()
    page.feed(html)
    assert not {tag for tag, _ in page.tags} & {"script", "img", "link", "iframe", "form", "button"}
    assert not re.search(r"https?:|url\(|@import|alert\(1\)</script>", html)
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    command = re.search(r'<pre class="draw">(.*?)</pre>', html)
    assert command is not None
    shown = command[1].replace("&#39;", "'").replace("&#34;", '"').replace("&lt;", "<").replace("&gt;", ">")
    ended = subprocess.run(["sh", "-c", shown], capture_output=True, check=True)
    assert ended.stdout.split()[0].decode() in html  # a seed with quotes is quoted for the shell


def test_every_sheet_can_be_marked_in_one_of_three_ways_and_looked_at(published: tuple[Sheets, Register]) -> None:
    page = Text()
    page.feed(
        sample_page(
            drawn(published),
            links=lambda one: Links({"es": f"site/es/{one.station}.html"}, (f"sheets/{one.rank}.jpg",)),
        )
    )
    marks = [a for tag, a in page.tags if tag == "input" and (a.get("name") or "").startswith("m")]
    assert {name: [a["class"] for a in marks if a["name"] == name] for name in {a["name"] for a in marks}} == {
        f"m{place}": ["s", "d", "u"] for place in range(1, 13)
    }
    for one in drawn(published).drawn:
        for href in (f"site/es/{one.station}.html", f"sheets/{one.rank}.jpg"):
            assert [a for tag, a in page.tags if tag == "a" and a["href"] == href]


def test_the_page_says_what_each_number_of_differences_proves(published: tuple[Sheets, Register]) -> None:
    page = Text()
    page.feed(sample_page(drawn(published)))
    for found in (0, 1, 5, 10):
        low, high = interval(40, 12, found, found)
        assert f"{low} and {high}" in page.cells and f"{low} y {high}" in page.cells


def test_both_languages_say_the_same_things() -> None:
    assert TEXTS["es"].keys() == TEXTS["en"].keys()
    for key in ("steps", "form"):
        assert len(TEXTS["es"][key]) == len(TEXTS["en"][key])


def test_a_rehearsal_says_so(published: tuple[Sheets, Register]) -> None:
    assert sample_page(draw_sample(*published, "s", 3, rehearsal=True)).count("SIMULACRO") == 2
    assert "SIMULACRO" not in sample_page(draw_sample(*published, "s", 3))


# ------------------------------------------------------------------------ list


def filled(sample: Sample, results: list[str], separator: str = ",", encoding: str = "utf-8") -> bytes:
    """The list as a spreadsheet saves it again, with an answer per row, in order."""
    rows = list(csv.DictReader(io.StringIO(sample_csv(sample).decode("utf-8-sig"))))
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=separator)
    writer.writeheader()
    writer.writerows(row | {"result": result} for row, result in zip(rows, results, strict=True))
    return text.getvalue().encode(encoding)


def test_a_filled_list_is_counted_whatever_the_spreadsheet_did_to_it(published: tuple[Sheets, Register]) -> None:
    sample = drawn(published)
    words = ["same"] * 5 + ["Different "] + ["no vista"] + ["igual"] + [""] * 4
    for separator, encoding in ((",", "utf-8"), (";", "cp1252"), ("\t", "utf-8-sig")):
        assert read_answers(filled(sample, words, separator, encoding), sample) == Answers(8, 1, 1)
    zeros_lost = filled(sample, words).replace(b",0101", b",101").replace(b".01,", b".1,")
    assert read_answers(zeros_lost, sample) == Answers(8, 1, 1)


def test_leaving_a_sheet_out_in_between_counts_as_not_seen(published: tuple[Sheets, Register]) -> None:
    sample = drawn(published)
    assert read_answers(filled(sample, ["same", "", "same", *[""] * 9]), sample) == Answers(3, 0, 1)
    assert read_answers(filled(sample, [""] * 12), sample) == Answers(0, 0, 0)


def test_a_list_of_chosen_stations_is_refused_line_by_line(published: tuple[Sheets, Register]) -> None:
    sample, other = drawn(published), drawn(published, "5 5 5")
    with pytest.raises(InputError) as refused:
        read_answers(filled(other, ["same"] * 12), sample, "mine.csv")
    assert {problem.file for problem in refused.value.problems} == {"mine.csv"}
    assert len(refused.value.problems) == sum(
        a.station != b.station for a, b in zip(sample.drawn, other.drawn, strict=True)
    )
    with pytest.raises(InputError, match="not same, different or not seen"):
        read_answers(filled(sample, ["maybe"] * 12), sample)
    with pytest.raises(InputError, match="no columns"):
        read_answers(b"a,b\n1,2\n", sample)
    doubled = filled(sample, ["same"] * 12)
    with pytest.raises(InputError, match="twice"):
        read_answers(doubled + doubled.splitlines(keepends=True)[1], sample)


def test_the_list_runs_no_formula_in_a_spreadsheet(published: tuple[Sheets, Register]) -> None:
    table = csv.DictReader(io.StringIO(sample_csv(drawn(published, size=40)).decode("utf-8-sig")))
    places = [row["place"] for row in table]
    assert any(place.startswith("'=1+1") for place in places)
    assert not any(place.startswith("=") for place in places)


# ---------------------------------------------------------------------- result


def test_the_interval_by_hand() -> None:
    # Of five sheets two are drawn. None differs: with three wrong the chance of that is 1/10, with two 3/10.
    assert interval(5, 2, 0, 0, 0.5) == (0, 2)
    assert interval(5, 2, 0, 0, 0.9) == (0, 3)
    assert interval(5, 5, 2, 2) == (2, 2)
    assert interval(5, 5, 2, 3) == (2, 3)  # the one that was not seen may be either
    assert interval(5, 0, 0, 0) == (0, 5)


@pytest.mark.parametrize("wrong", [0, 1, 7, 60, 200])
def test_the_interval_holds_the_truth_as_often_as_it_says(wrong: int) -> None:
    population, n = 200, 40
    chances = [float(hypergeom.pmf(x, population, wrong, n)) for x in range(n + 1)]
    held = 0.0
    for x, chance in enumerate(chances):
        if chance > 0:
            low, high = interval(population, n, x, x)
            held += chance if low <= wrong <= high else 0.0
    assert held >= 0.95


@pytest.mark.parametrize("numbers", [(5, 2, 1, 0), (5, 6, 0, 0), (5, 2, 0, 3), (5, 2, -1, 0)])
def test_numbers_that_no_sample_can_have_are_refused(numbers: tuple[int, int, int, int]) -> None:
    with pytest.raises(InputError):
        interval(*numbers)


def test_what_a_check_proves_says_against_what_and_how_surely(
    published: tuple[Sheets, Register], announced: list[Contradiction]
) -> None:
    sample = drawn(published)
    found = sample_result(sample, Answers(12, 0), "images", announced)
    assert found.figure("different_of_all").interval == interval(40, 12, 0, 0)
    assert "transcription" in found.statement["en"] and "transcripción" in found.statement["es"]
    assert not [figure for figure in found.figures if figure.unit == "probability"]  # nothing is contradicted
    against = dataclasses.replace(announced[0], least=9)
    found = sample_result(sample, Answers(12, 0), "images", [against])
    assert found.figure(f"chance_{against.bulletin.code}").value == pytest.approx(chance_of_none(40, 9, 12))
    copies = sample_result(sample, Answers(12, 0), "copies")
    assert "authentic" not in copies.statement["en"]
    unseen = sample_result(sample, Answers(10, 1, 2)).figure("different_of_all")
    assert list(unseen.interval or ()) == [interval(40, 10, 1, 1)[0], interval(40, 10, 3, 3)[1]]
    nothing_seen = sample_result(sample, Answers(3, 0, 3))
    assert nothing_seen.figure("different_of_all").why_not["en"] and "no upper limit" in nothing_seen.power["en"]
    for answers in (Answers(0, 0), Answers(13, 0), Answers(5, 6)):
        with pytest.raises(InputError):
            sample_result(sample, answers)
