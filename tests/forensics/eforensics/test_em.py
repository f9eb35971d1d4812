"""EM: no step lowers the posterior, the slope is the slope, and the mode is where the truth was."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from testigo.forensics.eforensics import Counts, Parameters, Truth, fit
from testigo.forensics.eforensics.em import FREE, climb, e_step, m_step, polish, score
from testigo.forensics.eforensics.kernel import prepare
from testigo.forensics.eforensics.mode import Mode, begun, find_mode, starts, without_fraud
from testigo.forensics.eforensics.model import mean_proportions

Election = Callable[..., Truth]


@pytest.fixture(scope="module")
def truth(election: Election) -> Truth:
    return election(400, 11)


@pytest.fixture(scope="module")
def mode(truth: Truth) -> Mode:
    return find_mode(truth.counts, 1)


def grouped(counts: Counts, groups: int) -> Counts:
    return Counts(counts.abstained, counts.leader, counts.electors, np.arange(len(counts)) % groups, groups)


@pytest.mark.parametrize(("start", "groups"), [(0, 1), (1, 7), (2, 1), (3, 7)])
def test_no_em_step_lowers_the_posterior(truth: Truth, start: int, groups: int) -> None:
    counts = grouped(truth.counts, groups)
    honest, _ = without_fraud(counts, rounds=3)
    at = starts(honest, 2)[start]
    grid = prepare(counts, at)
    values = []
    for _ in range(15):
        step = e_step(counts, grid, at)
        values.append(step.log_posterior)
        at = m_step(counts, step)
    assert values[-1] > values[0] + 1
    assert np.diff(values).min() > -1e-6


@pytest.mark.parametrize("groups", [1, 7])
def test_an_em_step_from_the_mode_goes_nowhere(truth: Truth, groups: int) -> None:
    counts = grouped(truth.counts, groups)
    honest, _ = without_fraud(counts)
    at = starts(honest, 2)[0]
    grid = prepare(counts, at)
    for _ in range(6):  # each goes no further than its reach
        at = polish(counts, grid, e_step(counts, grid, at), 60)[0].at
    here = e_step(counts, grid, at)
    there = e_step(counts, grid, m_step(counts, here))
    assert there.log_posterior >= here.log_posterior - 1e-6
    assert there.at.vector() == pytest.approx(at.vector(), abs=5e-3)


def test_an_extrapolation_that_does_harm_is_taken_back(truth: Truth) -> None:
    honest, _ = without_fraud(truth.counts, rounds=3)
    at = starts(honest, 2)[1]
    grid = prepare(truth.counts, at)
    values = [climb(truth.counts, grid, at, steps)[0].log_posterior for steps in (0, 2, 4, 8)]
    assert np.diff(values).min() >= 0


@pytest.mark.parametrize("groups", [1, 5])
def test_the_slope_is_the_slope(truth: Truth, groups: int, point: Callable[..., Parameters]) -> None:
    counts = grouped(truth.counts, groups)
    at = begun(point(), np.array([0.1, 0.05]))
    at = Parameters(at.ratios, at.intercepts, at.variances, np.zeros((2, groups)))
    grid, vector = prepare(counts, at), at.vector()
    found = score(counts, e_step(counts, grid, at))
    numbers = range(len(vector)) if groups > 1 else range(FREE)
    for i in numbers:
        ends = []
        for sign in (1, -1):
            moved = vector.copy()
            moved[i] += sign * 1e-4
            ends.append(e_step(counts, grid, Parameters.of(moved)).log_posterior)
        assert found[i] == pytest.approx((ends[0] - ends[1]) / 2e-4, rel=1e-3, abs=0.05), i


def test_responsibilities_are_probabilities_and_expectations_are_finite(truth: Truth, mode: Mode) -> None:
    step = e_step(truth.counts, mode.grid, mode.step.at, votes=True)
    assert step.responsibilities.sum(axis=1) == pytest.approx(1.0)
    assert np.isfinite(step.statistics).all()
    assert np.isfinite(step.log_posterior)


def test_the_mode_is_converged_and_nothing_near_it_is_higher(truth: Truth, mode: Mode) -> None:
    assert mode.converged and mode.decrement <= 0.01
    rng = np.random.default_rng(3)
    for _ in range(20):
        vector = mode.step.at.vector()
        vector[:FREE] += rng.multivariate_normal(np.zeros(FREE), mode.covariance) * 0.5
        assert e_step(truth.counts, mode.grid, Parameters.of(vector)).log_posterior < mode.step.log_posterior


def test_every_start_ends_at_the_same_mode(truth: Truth, mode: Mode) -> None:
    honest, _ = without_fraud(truth.counts)
    for start in starts(honest, 9)[1:3]:
        at = start
        for _ in range(3):
            grid = prepare(truth.counts, at)
            at = polish(truth.counts, grid, climb(truth.counts, grid, at, 4)[0], 30)[0].at
        reached = e_step(truth.counts, prepare(truth.counts, at), at).log_posterior
        assert reached == pytest.approx(mode.step.log_posterior, abs=0.5)


def test_the_truth_is_found(truth: Truth, mode: Mode, point: Callable[..., Parameters]) -> None:
    told, found = point().vector()[:FREE], mode.step.at.vector()[:FREE]
    off = (found - told) / np.sqrt(np.diag(mode.covariance))
    assert np.abs(off).max() < 3.5
    assert np.abs(mean_proportions(mode.step.at.intercepts) - mean_proportions(point().intercepts)).max() < 0.05
    right = (mode.step.responsibilities.argmax(axis=1) == truth.classes).mean()
    assert right > 0.94
    assert not mode.boundary


def test_fraudulent_votes_are_found(truth: Truth) -> None:
    fitted = fit(truth.counts, 1)
    told = float(truth.made[truth.classes > 0].sum() + truth.stolen[truth.classes > 0].sum())
    assert fitted.total_interval[0] < told < fitted.total_interval[1]
    assert fitted.total == pytest.approx(told, rel=0.1)
    assert fitted.fraudulent[truth.classes == 0].sum() < 0.1 * told


def test_an_honest_election_is_better_explained_without_fraud(election: Election) -> None:
    honest = election(300, 1, ratios=(1e-9, 1e-9))
    assert (honest.classes == 0).all()
    fitted = fit(honest.counts, 1)
    assert fitted.boundary and len(fitted.suspects) == 0
    assert fitted.gain < 10


def test_the_same_seed_gives_the_same_fit(truth: Truth) -> None:
    some = truth.counts.part(np.arange(60))
    first, second = fit(some, 4), fit(some, 4)
    assert first.parameters.vector().tolist() == second.parameters.vector().tolist()
    assert first.total_interval == second.total_interval
