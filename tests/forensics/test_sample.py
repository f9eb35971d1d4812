"""A sample that anybody can draw again, and the chance that it holds nothing wrong."""

from __future__ import annotations

import hashlib
import subprocess
from collections import Counter

import pytest

from testigo.errors import InputError
from testigo.forensics.sample import chance_of_none, draw, enough


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
