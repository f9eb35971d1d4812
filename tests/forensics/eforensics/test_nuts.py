"""NumPyro's part: the same likelihood as EM's, draws that lie where the mode is, no trace in JAX's settings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from testigo.forensics.eforensics import Parameters, Truth
from testigo.forensics.eforensics.em import FREE, e_step, score
from testigo.forensics.eforensics.mode import Mode, find_mode

jax = pytest.importorskip("jax", reason="the extra testigo[eforensics] is not installed")
pytest.importorskip("numpyro", reason="the extra testigo[eforensics] is not installed")


@pytest.fixture(scope="module")
def truth(election: Callable[..., Truth]) -> Truth:
    return election(80, 41)


@pytest.fixture(scope="module")
def mode(truth: Truth) -> Mode:
    return find_mode(truth.counts, 1)


def test_it_is_the_likelihood_of_em_and_so_is_its_slope(
    truth: Truth, mode: Mode, point: Callable[..., Parameters]
) -> None:
    from testigo.forensics.eforensics import nuts
    from testigo.forensics.eforensics.density import log_likelihood

    grid = nuts.nodes(truth.counts, mode)
    with nuts._float64():
        both = jax.jit(jax.value_and_grad(log_likelihood(truth.counts, grid, mode.step.at), (0, 1, 2)))
    for at in (mode.step.at, point()):
        step = e_step(truth.counts, grid, at)
        with nuts._float64():
            value, slopes = both(at.ratios, at.intercepts, at.variances)
            by_ratios, by_intercepts, by_variances = (np.asarray(slope) for slope in slopes)
        assert float(value) == pytest.approx(step.log_likelihood, abs=1e-3)
        # the prior's part of the score, in the unconstrained numbers
        prior = np.concatenate([1 - 2 * at.ratios, -at.intercepts, 1 - 5 * at.variances])
        slope = np.concatenate([by_ratios * at.ratios * (1 - at.ratios), by_intercepts, by_variances * at.variances])
        assert slope + prior == pytest.approx(score(truth.counts, step)[:FREE], abs=0.02)


def test_the_draws_lie_around_the_mode_and_float64_does_not_leak(truth: Truth, mode: Mode) -> None:
    from testigo.forensics.eforensics import nuts

    grid = nuts.nodes(truth.counts, mode)
    chains = nuts.sample(truth.counts, mode, grid, 1, warm_up=60, draws=60, chains=2)
    assert not jax.config.jax_enable_x64
    assert jax.numpy.ones(1).dtype == np.float32
    assert chains.draws.shape == (2, 60, FREE) and np.isfinite(chains.draws).all()
    assert chains.divergences <= 6
    assert chains.r_hat.max() < 1.2 and chains.effective.min() > 20
    assert chains.quadrature < 0.3
    off = chains.draws.reshape(-1, FREE).mean(axis=0) - mode.step.at.vector()[:FREE]
    spread = chains.draws.reshape(-1, FREE).std(axis=0)
    assert np.abs(off / spread)[:8].max() < 1.2


def test_effective_size_is_that_of_draws_whose_dependence_is_known() -> None:
    from testigo.forensics.eforensics.nuts import bulk_ess, split_r_hat

    rng = np.random.default_rng(1)
    independent = rng.standard_normal((2, 2000))
    assert bulk_ess(independent) == pytest.approx(4000, rel=0.15)
    slow = np.zeros((2, 20000))
    for i in range(1, slow.shape[1]):  # autoregressive, ρ = 0.9: effective share (1-ρ)/(1+ρ)
        slow[:, i] = 0.9 * slow[:, i - 1] + rng.standard_normal(2)
    assert bulk_ess(slow) == pytest.approx(40000 / 19, rel=0.25)
    apart = independent + np.array([[0.0], [3.0]])
    assert split_r_hat(independent) < 1.01 < 1.5 < split_r_hat(apart)
