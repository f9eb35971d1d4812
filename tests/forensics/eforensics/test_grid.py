"""The sum over nodes is the model's own sum and integral, done the long way for a few stations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logsumexp
from scipy.stats import binom

from testigo.forensics.eforensics import Counts, Parameters, Truth
from testigo.forensics.eforensics.grid import DENSE, FITTING, SAMPLING, Fineness, place
from testigo.forensics.eforensics.kernel import prepare, sweep
from testigo.forensics.eforensics.model import Floats, K

Z, WEIGHT = np.polynomial.hermite_e.hermegauss(60)
WEIGHT = WEIGHT / WEIGHT.sum()


def long_way(a: int, w: int, n: int, at: Parameters, fraud: int) -> float:
    """log p(a, w | class) of the published model: sums over every count 0..N, 60 nodes per random intercept."""
    x = [expit(at.intercepts[q] + np.sqrt(at.variances[q]) * Z) for q in range(6)]
    away = a / n
    if fraud == 0:
        turnout = (WEIGHT * binom.pmf(a, n, 1 - x[0])).sum()
        return float(np.log(turnout) + np.log((WEIGHT * binom.pmf(w, n, x[1] * (1 - away))).sum()))
    base, width = (0.0, K) if fraud == 1 else (K, 1 - K)
    counts = np.arange(n + 1)
    p_m, p_s = (binom.pmf(counts[:, None], n, base + width * x[q]) @ WEIGHT for q in (2 * fraud, 2 * fraud + 1))
    m, s = np.minimum(counts / n, 0.999), counts / n
    p_a = binom.pmf(a, n, (1 - x[0]) * (1 - m)[:, None]) @ WEIGHT
    total = 0.0
    for i in np.flatnonzero(p_m * p_a > 1e-14 * (p_m * p_a).max()):
        # the published formula for the leader's votes, term by term
        stolen = x[1] * ((1 - s[:, None]) / (1 - m[i])) * (1 - m[i] - away)
        p = stolen + away * (m[i] - s[:, None]) / (1 - m[i]) + s[:, None]
        total += p_m[i] * p_a[i] * float(p_s @ (binom.pmf(w, n, np.clip(p, 0, 1)) @ WEIGHT))
    return float(np.log(total))


def coefficients(counts: Counts) -> Floats:
    """What the kernel leaves out: log Binomial at its own best p, for a and w."""
    n = counts.electors
    both: Floats = binom.logpmf(counts.abstained, n, counts.abstained / n) + binom.logpmf(
        counts.leader, n, counts.leader / n
    )
    return both


def one(a: float, w: float, n: float) -> Counts:
    return Counts(np.array([a]), np.array([w]), np.array([n]), np.zeros(1, dtype=np.int64), 1)


@pytest.mark.parametrize(
    ("a", "w", "n"), [(120, 80, 300), (30, 200, 260), (60, 210, 280), (10, 230, 250), (150, 20, 300), (5, 290, 300)]
)
def test_the_nodes_give_what_the_published_sums_give(a: int, w: int, n: int, point: Callable[..., Parameters]) -> None:
    at, counts = point(), one(a, w, n)
    found = sweep(counts, place(counts, at, DENSE), at)[0, :, 0] + coefficients(counts)[0]
    truth = [long_way(a, w, n, at, fraud) for fraud in range(3)]
    alive = np.array(truth) > max(truth) - 12
    assert found[alive] == pytest.approx(np.array(truth)[alive], abs=0.02)


@pytest.mark.parametrize(("fineness", "worst", "typical"), [(FITTING, 0.05, 0.004), (SAMPLING, 0.02, 0.002)])
@pytest.mark.parametrize("variance", [0.03, 0.15, 0.4])
def test_few_nodes_do_as_well_as_many(
    fineness: Fineness,
    worst: float,
    typical: float,
    variance: float,
    point: Callable[..., Parameters],
    election: Callable[..., Truth],
) -> None:
    at, counts = point(variance=variance), election(200, 5, variance=variance).counts
    both = [
        logsumexp(sweep(counts, place(counts, at, f), at)[:, :, 0] + np.log(at.weights), axis=1)
        for f in (fineness, DENSE)
    ]
    error = np.abs(both[0] - both[1])
    assert error.max() < worst
    assert np.sqrt((error**2).mean()) < typical


def test_classes_that_are_left_out_are_hopeless(
    point: Callable[..., Parameters], election: Callable[..., Truth]
) -> None:
    at, counts = point(), election(300, 6).counts
    grid = prepare(counts, at)
    found = sweep(counts, place(counts, at), at)[:, :, 0]
    behind = found[:, :1] - found[:, 1:]
    assert 0 < (~grid.active).sum() < grid.active.size
    assert behind[~grid.active].min() > 25
    assert behind[grid.active].max() < 35


def test_without_fraud_and_without_variance_it_is_two_binomials() -> None:
    at = Parameters(np.array([0.1, 0.1]), np.array([0.5, -0.3, 0, 0, 0, 0.0]), np.full(6, 1e-5), np.zeros((2, 1)))
    counts = one(200, 150, 600)
    found = sweep(counts, place(counts, at), at)[0, 0, 0] + coefficients(counts)[0]
    by_hand = binom.logpmf(200, 600, 1 - expit(0.5)) + binom.logpmf(150, 600, expit(-0.3) * (1 - 200 / 600))
    assert found == pytest.approx(by_hand, abs=0.02)


def test_a_fraud_of_next_to_nothing_is_next_to_no_fraud() -> None:
    at = Parameters(np.array([0.1, 0.1]), np.array([0.5, -0.3, -4, -4, 0, 0.0]), np.full(6, 0.1), np.zeros((2, 1)))
    counts = one(216, 162, 600)
    found = sweep(counts, place(counts, at), at)[0, :, 0] + coefficients(counts)[0]
    assert found[1] == pytest.approx(long_way(216, 162, 600, at, 1), abs=0.01)
    assert found[1] == pytest.approx(found[0], abs=0.05)
    assert found[2] < found[0] - 20


@pytest.mark.parametrize(("a", "w"), [(0, 0), (0, 500), (500, 0), (499, 1), (0, 250), (250, 250), (250, 0)])
def test_extreme_counts_give_numbers(a: float, w: float, point: Callable[..., Parameters]) -> None:
    counts, at = one(a, w, 500), point()
    found: Any = sweep(counts, place(counts, at), at, votes=True)
    assert np.isfinite(found).all()
