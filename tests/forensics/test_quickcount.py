"""The quick count's design: Neyman's allocation, an error that drawing confirms, a sample nobody can choose."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from testigo.errors import InputError
from testigo.forensics.quickcount import allocate, allocation, design, size_for
from testigo.forensics.quickcount_finding import quick_count
from testigo.forensics.sheets import Sheets

Make = Callable[..., Sheets]


def test_neyman_by_hand() -> None:
    """N S = 100·1, 100·3: of 40 stations 10 and 30."""
    assert allocate(np.array([100, 100]), np.array([1.0, 3.0]), 40).tolist() == [10, 30]


def test_no_other_whole_allocation_is_better() -> None:
    stations, spread = np.array([7, 30, 12, 3]), np.array([0.9, 0.2, 0.5, 2.0])

    def variance(sample: tuple[int, ...]) -> float:
        n = np.array(sample)
        return float((stations**2 * (1 - n / stations) * spread**2 / n).sum())

    choices = product(*(range(2, int(count) + 1) for count in stations))
    best = min((sample for sample in choices if sum(sample) == 20), key=variance)
    assert variance(tuple(allocate(stations, spread, 20).tolist())) == pytest.approx(variance(best))


def test_never_more_than_a_stratum_has_and_at_least_two(make_country: Make) -> None:
    plan = design(make_country(1), 60, 1)
    assert plan.sample.sum() == 60 == len(plan.rows)
    assert (plan.sample <= plan.stations).all() and (plan.sample >= np.minimum(plan.stations, 2)).all()


def test_the_sample_has_what_the_allocation_says(make_country: Make) -> None:
    past = make_country(2)
    plan = design(past, 80, 5)
    assert len(set(plan.rows.tolist())) == 80
    names = np.array(past.areas)[past.area[plan.rows]]
    assert [int((names == stratum).sum()) for stratum in plan.strata] == plan.sample.tolist()
    assert np.array_equal(plan.rows, design(past, 80, 5).rows)
    assert not np.array_equal(plan.rows, design(past, 80, 6).rows)


def test_the_expected_error_is_what_drawing_gives(make_country: Make) -> None:
    past = make_country(3, centres=600)
    lead, valid = past.votes[:, 0] - past.votes[:, 1], past.valid
    truth = lead.sum() / valid.sum()
    errors = []
    for seed in range(200):
        plan = design(past, 150, seed)
        weight = (plan.stations / plan.sample)[np.searchsorted(plan.strata, np.array(past.areas)[past.area[plan.rows]])]
        errors.append((weight * lead[plan.rows]).sum() / (weight * valid[plan.rows]).sum() - truth)
    assert 1.96 * np.std(errors) == pytest.approx(plan.error, rel=0.15)
    assert np.mean(np.abs(errors) <= plan.error) > 0.9


def test_strata_help_and_neyman_is_not_worse_than_proportional(make_country: Make) -> None:
    plan = design(make_country(4, centres=600), 200, 1)
    assert plan.error <= plan.proportional_error * 1.001 < plan.simple_error


def test_observing_everything_leaves_no_error(make_country: Make) -> None:
    past = make_country(5, centres=60)
    assert design(past, len(past), 1).error == 0
    assert design(past, len(past), 1, reply=0.8).error > 0, "reports that do not come leave one"


@pytest.mark.parametrize("reply", [1.0, 0.7])
def test_size_for_an_error_is_the_smallest(make_country: Make, reply: float) -> None:
    past = make_country(6, centres=400)
    size = size_for(past, 0.03, reply)
    assert allocation(past, size, reply).error <= 0.03 < allocation(past, size - 1, reply).error


def test_an_error_that_replies_cannot_give_is_refused(make_country: Make) -> None:
    with pytest.raises(InputError, match="not even all"):
        size_for(make_country(6, centres=60), 0.001, 0.5)


def test_a_stranger_can_draw_the_sample_again_with_a_hash_alone(make_country: Make) -> None:
    past = make_country(9)
    plan = design(past, 60, "the seed")
    names = np.array(past.areas)[past.area]
    for place, stratum in enumerate(plan.strata):
        here = past.codes[(names == stratum) & (past.valid > 0)]
        chosen: list[str] = []
        counter = 0
        while len(chosen) < plan.sample[place]:
            counter += 1
            digest = hashlib.sha256(f"the seed,{stratum},{counter}".encode()).hexdigest()
            code = str(here[int(digest, 16) % len(here)])
            if code not in chosen:
                chosen.append(code)
        assert set(chosen) == set(past.codes[plan.rows[plan.stratum == place]].tolist())


@pytest.mark.parametrize(("size", "reply"), [(3, 1.0), (10**6, 1.0), (60, 0.0), (60, 1.5)])
def test_what_cannot_be_drawn_is_refused(make_country: Make, size: int, reply: float) -> None:
    with pytest.raises(InputError):
        design(make_country(7), size, 1, reply)


def test_a_past_without_votes_is_refused(make_sheets: Make) -> None:
    with pytest.raises(InputError, match="fewer than two stations"):
        design(make_sheets(np.zeros((5, 2), dtype=np.int64)), 4, 1)


def test_the_finding_names_the_stations(make_country: Make) -> None:
    past = make_country(8)
    finding = quick_count(design(past, 50, 3, 0.9), past)
    assert len(finding.stations) == 50 and set(finding.stations) <= set(past.codes.tolist())
    assert sum(int(f.value or 0) for f in finding.figures if f.name.startswith("sample_")) == 50
    assert finding.statement["es"] and finding.statement["en"]
