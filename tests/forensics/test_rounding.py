"""Round percentages in announced counts: the exact chance, against lists of every vector and against chance itself."""

from __future__ import annotations

import dataclasses
import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testigo.election import load_profile
from testigo.errors import InputError
from testigo.forensics.rounding import ALL, REST, bayes_factor, chance, looks, round_vectors, roundness
from testigo.forensics.rounding_finding import rounding_finding, rounding_findings

BULLETIN_1 = (5150092, 4445978, 462704)
BULLETIN_2 = (6408844, 5326104, 601750)


def listed(total: int, groups: int, way: str) -> int:
    """How many vectors are round at 0 decimals, by looking at every one."""
    round_numbers = {math.floor(Fraction(m * total, 100) + Fraction(1, 2)) for m in range(101)}
    found = 0
    for head in itertools.product(range(total + 1), repeat=groups - 1):
        rest = total - sum(head)
        asked = (*head, rest) if way == ALL else head
        found += rest >= 0 and all(votes in round_numbers for votes in asked)
    return found


@pytest.mark.parametrize("way", [ALL, REST])
@pytest.mark.parametrize(
    ("total", "groups"), [(99, 2), (100, 2), (101, 2), (150, 2), (199, 3), (200, 3), (201, 3), (250, 2), (137, 3)]
)
def test_the_count_is_that_of_a_list_of_every_vector(total: int, groups: int, way: str) -> None:
    assert round_vectors(total, groups, 0, way) == listed(total, groups, way)


@pytest.mark.parametrize(("total", "groups"), [(107, 4), (110, 5)])
def test_many_groups_by_adding_one_at_a_time(total: int, groups: int) -> None:
    values = [math.floor(Fraction(m * total, 100) + Fraction(1, 2)) for m in range(101)]
    reached = {0: 1}
    for _ in range(groups):
        more: dict[int, int] = {}
        for so_far, times in reached.items():
            for value in values:
                more[so_far + value] = more.get(so_far + value, 0) + times
        reached = more
    assert round_vectors(total, groups, 0) == reached[total]


def test_counts_beyond_64_bits_stay_exact() -> None:
    # With a step of exactly ten votes nothing is ever rounded: the vectors are those of the percentages.
    assert round_vectors(10_000, 12, 1) == math.comb(1000 + 11, 11)


def test_a_total_that_percentages_divide_has_no_cancelling_errors() -> None:
    assert chance(1_000_000, 3, 1) == Fraction(math.comb(1002, 2), math.comb(1_000_002, 2))
    assert chance(1_000_000, 2, 0) == Fraction(101, 1_000_001)


@pytest.mark.parametrize("total", [1, 7, 99, 100])
def test_with_few_votes_every_count_is_round(total: int) -> None:
    assert chance(total, 3, 0) == 1
    assert roundness((total, 0, 0), 0).round


@given(st.integers(200, 10**8), st.integers(0, 2), st.data())
@settings(max_examples=60, deadline=None)
def test_counts_made_of_percentages_are_seen(total: int, decimals: int, data: st.DataObject) -> None:
    steps = 100 * 10**decimals
    if steps >= total:
        return
    m = data.draw(st.integers(0, steps))
    count = math.floor(Fraction(m * total, steps) + Fraction(1, 2))
    found = roundness((count, total - count), decimals, REST)
    assert found.percentages == (Fraction(100 * m, steps),)


def test_one_vote_more_hides_it() -> None:
    assert roundness(BULLETIN_1, 1).round
    assert not roundness((BULLETIN_1[0] + 1, BULLETIN_1[1] - 1, BULLETIN_1[2]), 1).round


def test_honest_counts_are_round_as_often_as_said() -> None:
    """Draws of every vector alike: the share of round ones is P (here 0.0076, 20,000 draws, five standard errors)."""
    total, generator = 1000, np.random.default_rng(11)
    cuts = np.sort(generator.integers(0, total + 1, (20_000, 1)), axis=1)[:, 0].tolist()
    share = sum(roundness((cut, total - cut), 0).round for cut in cuts) / len(cuts)
    expected = float(chance(total, 2, 0))
    assert abs(share - expected) < 5 * math.sqrt(expected / len(cuts))


# ----------------------------------------------------------------------- 2024


def test_the_first_bulletin_of_2024() -> None:
    found = roundness(BULLETIN_1, 1)
    assert found.percentages == (Fraction(512, 10), Fraction(442, 10), Fraction(46, 10))
    assert float(found.probability) == pytest.approx(7.4418e-9, rel=1e-4)
    # The rule of thumb of the docstring: (M/T)^2 x 3/4.
    assert float(found.probability) == pytest.approx(0.75 * (1000 / 10_058_774) ** 2, rel=0.01)


def test_the_second_bulletin_is_not_round() -> None:
    looked = looks(BULLETIN_2)
    assert not any(one.round for one in looked)
    assert bayes_factor(looked, 2) == 0


def test_whoever_looks_in_many_ways_finds_less_in_each() -> None:
    looked = looks(BULLETIN_1)
    fitting = [one for one in looked if one.round]
    assert [(one.decimals, one.way) for one in fitting] == [(1, ALL), (1, REST), (2, ALL), (2, REST)]
    assert bayes_factor(looked, 2) == sum(1 / one.probability for one in fitting) / 12
    assert bayes_factor(looked, 2) < bayes_factor(looked, 1) < fitting[0].bayes_factor


def test_the_findings_of_2024() -> None:
    first, second = rounding_findings(load_profile("ve2024"), "presidente")
    assert first.figure("percentages").value == "51.2 % + 44.2 % + 4.6 %"
    assert first.figure("look_elsewhere").value == 12
    assert 1.9e7 < float(first.figure("bayes_factor_corrected").value or 0) < 2.1e7
    assert float(first.figure("chance_of_any").value or 1) < 1e-5
    assert "no son" in second.statement["es"]
    assert second.figure("bayes_factor").value == 0


def test_a_small_place_is_not_accused() -> None:
    profile = load_profile("ve2024")
    village = dataclasses.replace(profile.bulletins[0], votes={"EG": 60, "NM": 40}, others=0)
    assert "often" in rounding_finding(profile, village).statement["en"]


@pytest.mark.parametrize("counts", [(), (5,), (0, 0), (-1, 5), (1,) * 100])
def test_counts_that_make_no_sense_are_refused(counts: tuple[int, ...]) -> None:
    with pytest.raises(InputError):
        roundness(counts, 1)


@pytest.mark.parametrize(("decimals", "way"), [(-1, ALL), (4, ALL), (1, "down")])
def test_other_ways_of_looking_are_refused(decimals: int, way: str) -> None:
    with pytest.raises(InputError):
        roundness((5, 6), decimals, way)
