"""The posterior sampled with NumPyro's NUTS: the whole of it instead of its mode.

Rules of this module
--------------------
1. Nothing discrete is sampled: the 14 numbers of the parameters are, and the stations are integrated out.
2. The nodes are placed at EM's mode, finer and wider than EM's own (the fraud variances wander most); how far their
   sum is from one with many more nodes, at draws of the posterior, is part of the answer.
3. The chains start around EM's mode with EM's covariance as their first mass matrix.
   Chains that start at one mode cannot find another: that is what EM's starts are for.
4. Effects of groups are held at EM's values.
5. float64 is switched on around these calls alone, in this thread alone.
6. It imports jax and numpyro: nothing imports it but ``fit.py``, when somebody asks for it.

Sources: Hoffman, Gelman, "The No-U-Turn Sampler" (2014); Phan, Pradhan, Jankowiak, "Composable Effects for Flexible and
Accelerated Probabilistic Programming in NumPyro" (2019); Vehtari et al., "Rank-Normalization, Folding, and
Localization: An Improved R-hat for Assessing Convergence of MCMC" (2021).
"""

from __future__ import annotations

import importlib
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.diagnostics
import numpyro.distributions as dist
from numpyro.infer import MCMC, NUTS, init_to_value
from scipy.special import ndtri
from scipy.stats import rankdata

from testigo.forensics.eforensics.data import Counts
from testigo.forensics.eforensics.density import LogLikelihood, log_likelihood
from testigo.forensics.eforensics.em import FREE, e_step
from testigo.forensics.eforensics.grid import DENSE, SAMPLING, Grid, place
from testigo.forensics.eforensics.kernel import prepare
from testigo.forensics.eforensics.mode import Mode
from testigo.forensics.eforensics.model import VARIANCE_RATE, Floats, Parameters

#: The nodes are placed for fraud variances this many times the mode's.
WIDER = 3.0
#: Deepest tree: 2^7 - 1 slopes per draw.
DEPTH = 7
#: Draws, and stations, at which the sum over nodes is compared with a finer one.
CHECKED_DRAWS, CHECKED_STATIONS = 12, 400


@dataclass(frozen=True)
class Chains:
    """What NUTS drew.

    Attributes:
        draws: unconstrained numbers, shape (chains, draws, 14), order of ``Parameters.vector``.
        r_hat: split R-hat per number (rank-normalised), shape (14,).
        effective: bulk effective sample size per number, shape (14,).
        divergences: transitions that diverged.
        slopes: evaluations of the slope while sampling.
        quadrature: standard deviation, over draws, of the error of the log-likelihood that comes from the nodes.
        seconds: processor time of everything: compiling, warm-up and sampling, all chains and threads.
    """

    draws: Floats
    r_hat: Floats
    effective: Floats
    divergences: int
    slopes: int
    quadrature: float
    seconds: float


def nodes(counts: Counts, mode: Mode) -> Grid:
    """Nodes to sample on."""
    return prepare(counts, _wider(mode), SAMPLING)


def _wider(mode: Mode) -> Parameters:
    at = mode.step.at
    return Parameters(at.ratios, at.intercepts, at.variances * np.repeat([1.0, WIDER], [2, 4]), at.effects)


def sample(counts: Counts, mode: Mode, grid: Grid, seed: int, *, warm_up: int, draws: int, chains: int) -> Chains:
    """Draw from the posterior around EM's mode.

    Args:
        counts: the stations.
        mode: from EM.
        grid: from :func:`nodes`.
        seed: of every draw.
        warm_up, draws, chains: how many; chains run one after the other.
    """
    with _float64():
        began = time.process_time()
        mcmc = _sampler(mode, log_likelihood(counts, grid, _wider(mode)), warm_up, draws, chains)
        mcmc.run(jax.random.PRNGKey(seed), extra_fields=("diverging", "num_steps"))
        found = {name: np.asarray(v, dtype=float) for name, v in mcmc.get_samples(group_by_chain=True).items()}
        done = time.process_time()
        extra = {name: np.asarray(v) for name, v in mcmc.get_extra_fields().items()}
    ratios = np.log(found["ratios"]) - np.log1p(-found["ratios"])
    drawn = np.concatenate([ratios, found["intercepts"], np.log(found["variances"])], axis=2)
    return Chains(
        draws=drawn,
        r_hat=np.array([split_r_hat(drawn[:, :, i]) for i in range(FREE)]),
        effective=np.array([bulk_ess(drawn[:, :, i]) for i in range(FREE)]),
        divergences=int(extra["diverging"].sum()),
        slopes=int(extra["num_steps"].sum()),
        quadrature=_quadrature(counts, drawn.reshape(-1, FREE), _wider(mode), seed),
        seconds=done - began,
    )


def _sampler(mode: Mode, likelihood: LogLikelihood, warm_up: int, draws: int, chains: int) -> MCMC:
    def model() -> None:
        ratios = numpyro.sample("ratios", dist.Uniform(0.0, 1.0).expand([2]).to_event(1))
        intercepts = numpyro.sample("intercepts", dist.Normal(0.0, 1.0).expand([6]).to_event(1))
        variances = numpyro.sample("variances", dist.Exponential(VARIANCE_RATE).expand([6]).to_event(1))
        numpyro.factor("stations", likelihood(ratios, intercepts, variances))

    at = mode.step.at
    # NumPyro orders the sites of a dense block by name: intercepts, ratios, variances
    order = np.r_[2:8, 0:2, 8:14]
    kernel = NUTS(
        model,
        dense_mass=[("intercepts", "ratios", "variances")],
        inverse_mass_matrix={("intercepts", "ratios", "variances"): jnp.asarray(mode.covariance[np.ix_(order, order)])},
        max_tree_depth=DEPTH,
        target_accept_prob=0.8,
        init_strategy=init_to_value(
            values={"ratios": at.ratios, "intercepts": at.intercepts, "variances": at.variances}
        ),
    )
    return MCMC(
        kernel, num_warmup=warm_up, num_samples=draws, num_chains=chains, chain_method="sequential", progress_bar=False
    )


def _quadrature(counts: Counts, draws: Floats, placed: Parameters, seed: int) -> float:
    """Error of the log-likelihood due to the nodes: its spread over draws, from a part of the stations."""
    rng = np.random.default_rng([seed, 5])
    some = counts.part(np.sort(rng.permutation(len(counts))[:CHECKED_STATIONS]))
    coarse, errors = prepare(some, placed, SAMPLING), []
    for row in rng.choice(len(draws), min(CHECKED_DRAWS, len(draws)), replace=False):
        at = Parameters.of(np.concatenate([draws[row], placed.effects.ravel()]))
        fine = e_step(some, place(some, at, DENSE, coarse.active), at).log_likelihood
        errors.append(e_step(some, coarse, at).log_likelihood - fine)
    return float(np.std(errors) * np.sqrt(len(counts) / len(some)))


def slope_seconds(counts: Counts, mode: Mode, grid: Grid, times: int = 20) -> float:
    """Processor time of one evaluation of the log-likelihood with its slope, compiled."""
    at = mode.step.at
    with _float64():
        slope = jax.jit(jax.value_and_grad(log_likelihood(counts, grid, _wider(mode)), (0, 1, 2)))
        np.asarray(slope(at.ratios, at.intercepts, at.variances)[0])  # compiles; np.asarray waits
        began = time.process_time()
        for _ in range(times):
            np.asarray(slope(at.ratios, at.intercepts, at.variances)[0])
        return (time.process_time() - began) / times


def bulk_ess(draws: Floats) -> float:
    """Bulk effective sample size of draws, shape (chains, draws): of the split chains' normal scores."""
    return float(numpyro.diagnostics.effective_sample_size(_scores(draws)))


def split_r_hat(draws: Floats) -> float:
    """Split R-hat of the normal scores of draws, shape (chains, draws)."""
    return float(numpyro.diagnostics.gelman_rubin(_scores(draws)))


def _scores(draws: Floats) -> Floats:
    half = draws.shape[1] // 2
    split = np.concatenate([draws[:, :half], draws[:, -half:]])
    ranks = rankdata(split, method="average").reshape(split.shape)
    scores: Floats = ndtri((ranks - 0.375) / (split.size + 0.25))
    return scores


def _float64() -> AbstractContextManager[Any]:
    switch: Any = getattr(jax, "enable_x64", None)
    if switch is None:  # JAX before 0.8
        switch = importlib.import_module("jax.experimental").enable_x64
    manager: AbstractContextManager[Any] = switch(True)
    return manager
