"""A sample that anybody can draw again, and the page that walks a reader through checking it."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pyarrow as pa
import pytest

from testigo.election import Register, load_profile, register_schema
from testigo.errors import InputError
from testigo.forensics.contradiction import contradictions
from testigo.forensics.sample import chance_of_none, draw, enough, sample
from testigo.forensics.sample_page import sample_page
from testigo.forensics.sample_texts import TEXTS
from testigo.forensics.sheets import Sheets


def test_the_draw_is_the_documented_one() -> None:
    ranks: list[int] = []
    counter = 0
    while len(ranks) < 50:
        counter += 1
        rank = int(hashlib.sha256(f"seed of dice,{counter}".encode()).hexdigest(), 16) % 60 + 1
        if rank not in ranks:
            ranks.append(rank)
    assert counter > 50  # some came twice and were skipped
    assert list(draw("seed of dice", 60, 50)) == ranks


def test_the_draw_never_changes() -> None:
    """Published samples must be drawn alike for ever."""
    assert draw("20240728", 25073, 5) == (16915, 11326, 3933, 23289, 2645)


def test_a_shell_gives_the_same() -> None:
    ended = subprocess.run(["sh", "-c", "printf '%s' '20240728,1' | sha256sum"], capture_output=True, check=True)
    assert int(ended.stdout.split()[0], 16) % 25073 + 1 == 16915


def test_a_longer_sample_begins_with_the_shorter_one() -> None:
    assert draw("s", 1000, 100)[:10] == draw("s", 1000, 10)
    assert sorted(draw("s", 40, 40)) == list(range(1, 41))
    assert draw("s", 7, 0) == ()


def test_every_sheet_is_drawn_alike() -> None:
    drawn = Counter(rank for seed in range(4000) for rank in draw(str(seed), 20, 3))
    expected = 4000 * 3 / 20
    chi2 = sum((drawn[rank] - expected) ** 2 / expected for rank in range(1, 21))
    assert chi2 < 45  # 19 degrees of freedom: 1 in 1,500 by chance; the seeds are fixed


@pytest.mark.parametrize(
    ("seed", "population", "size"), [("", 5, 1), (" ", 5, 1), ("s", 5, 6), ("s", 5, -1), ("a\n", 5, 1)]
)
def test_a_draw_that_cannot_be_is_refused(seed: str, population: int, size: int) -> None:
    with pytest.raises(InputError):
        draw(seed, population, size)


def test_the_chance_to_find_nothing() -> None:
    assert chance_of_none(10, 0, 10) == 1
    assert chance_of_none(10, 1, 10) == 0
    assert chance_of_none(10, 3, 1) == 0.7
    assert chance_of_none(5, 2, 2) == 3 / 10  # of the ten pairs three hold neither
    assert chance_of_none(25073, 3641, 50) == pytest.approx(3.883e-4, rel=1e-3)
    with pytest.raises(InputError):
        chance_of_none(5, 6, 1)


@pytest.mark.parametrize(
    ("population", "wrong", "risk"), [(100, 7, 0.05), (25073, 3641, 1e-3), (30, 1, 0.1), (5, 5, 0.5)]
)
def test_enough_is_the_smallest_that_is_enough(population: int, wrong: int, risk: float) -> None:
    size = enough(population, wrong, risk)
    assert size is not None
    assert chance_of_none(population, wrong, size) <= risk < chance_of_none(population, wrong, size - 1)
    assert enough(population, 0, risk) is None


def test_a_check_misses_as_often_as_said() -> None:
    missed = sum(not set(draw(str(seed), 200, 10)) & set(range(1, 21)) for seed in range(3000)) / 3000
    assert missed == pytest.approx(chance_of_none(200, 20, 10), abs=0.03)


# ------------------------------------------------------------------------ page


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
    """Forty invented stations; one centre's name is an attack."""
    profile = load_profile("ve2024")
    contest, n = profile.contest(), 40
    codes = [f"0101010{i:02d}.01" for i in range(n)]
    levels = ("estado", "municipio", "parroquia")
    rows = [
        {"station": code, "centre": code[:9], "centre_name": "<script>alert(1)</script>", "electors": 500}
        | {name: "01" * (i + 1) for i, name in enumerate(levels)}
        | {f"{name}_name": f"the {name}" for name in levels}
        for code in codes
    ]
    register = Register(profile, pa.Table.from_pylist(rows, schema=register_schema(profile)))
    votes = np.random.default_rng(3).integers(0, 40, (n, len(contest.candidates))).astype(np.int64)
    zeros, electors = np.zeros(n, dtype=np.int64), np.full(n, 500, dtype=np.int64)
    return Sheets(
        contest, np.array(codes), zeros, ("c",), zeros, ("a",), votes, votes.sum(axis=1), zeros, electors
    ), register


def test_the_page_shows_the_sample_in_both_languages_and_what_it_proves(published: tuple[Sheets, Register]) -> None:
    sheets, register = published
    html = sample_page(sheets, register, "4 1 6", 12, bulletins=contradictions(sheets, register))
    page = Text()
    page.feed(html)
    for place in sample(sheets, "4 1 6", 12):
        assert page.cells.count(str(sheets.codes[place])) >= 2  # once per language
        assert str(sheets.votes[place, 0]) in page.cells
    for language in ("es", "en"):
        for sentence in ("proves", "yes", "no", "no_text", "authentic", "seed_unknown"):
            assert TEXTS[language][sentence] in html.replace("&#39;", "'").replace("&#34;", '"')
    assert [attributes["lang"] for tag, attributes in page.tags if tag == "main"] == ["es", "en"]


def test_the_page_fetches_and_runs_nothing(published: tuple[Sheets, Register]) -> None:
    sheets, register = published
    html = sample_page(sheets, register, "'; rm -rf ~ <b>", 3)
    page = Text()
    page.feed(html)
    assert not {tag for tag, _ in page.tags} & {"script", "img", "link", "iframe", "a", "b", "form"}
    assert not re.search(r"https?:|url\(|@import", html)
    command = re.search(r"<pre>(.*?)</pre>", html)
    assert command is not None
    shown = command[1].replace("&#39;", "'").replace("&#34;", '"').replace("&lt;", "<").replace("&gt;", ">")
    ended = subprocess.run(["sh", "-c", shown], capture_output=True, check=True)
    assert ended.stdout.split()[0].decode() in html  # a seed with quotes is quoted for the shell


def test_both_languages_say_the_same_things() -> None:
    assert TEXTS["es"].keys() == TEXTS["en"].keys()
    assert len(TEXTS["es"]["steps"]) == len(TEXTS["en"]["steps"])


def test_a_rehearsal_says_so(published: tuple[Sheets, Register]) -> None:
    sheets, register = published
    assert sample_page(sheets, register, "s", 3, rehearsal=True).count("SIMULACRO") == 2
    assert "SIMULACRO" not in sample_page(sheets, register, "s", 3)
