"""A fit with its uncertainty, whichever way it was made: what the finding and other programs read.

Rules of this module
--------------------
1. Every estimate has an interval at 95 %, and the fit says how it converged.
2. With EM, intervals come from the information matrix at the mode: right for many stations, too short where the
   posterior has several modes. With NUTS, from the draws.
3. A weight's interval is on the logit scale, a total's on the log scale: neither leaves its range.
4. Where no fraud at all is the better solution (``Mode.boundary``), nothing is suspected.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Literal

import numpy as np

from testigo.errors import InputError
from testigo.forensics.eforensics.data import Counts
from testigo.forensics.eforensics.em import FREE, Step, e_step
from testigo.forensics.eforensics.mode import Mode, find_mode
from testigo.forensics.eforensics.model import SUSPECT, Floats, Parameters, mean_proportions
from testigo.forensics.sheets import Ints

Method = Literal["em", "nuts"]

#: NUTS looks at this many stations at most, drawn at random: time grows with their number.
NUTS_STATIONS = 1000
NUTS_WARM_UP, NUTS_DRAWS, NUTS_CHAINS = 150, 300, 2
#: Draws of the posterior at which the stations are looked at again.
LOOKS = 24
_DRAWS = 4000
_APART = 0.02


@dataclass(frozen=True)
class Convergence:
    """How the fit came to stand.

    Attributes:
        converged: EM's Newton decrement is small; or every R-hat is at most 1.05 and nothing diverged.
        steps: E-steps on all stations (EM), draws of all chains (NUTS).
        decrement: EM's Newton decrement: squared distance from the mode in posterior standard deviations.
        starts: log posterior that EM's starts had reached on their part of the stations, best first.
        r_hat, effective: largest split R-hat and least bulk effective sample size; ``None`` with EM.
        divergences: of NUTS; 0 with EM.
        quadrature: error of NUTS's log-likelihood that comes from the nodes (standard deviation); ``None`` with EM.
    """

    converged: bool
    steps: int
    decrement: float
    starts: tuple[float, ...]
    r_hat: float | None = None
    effective: float | None = None
    divergences: int = 0
    quadrature: float | None = None


@dataclass(frozen=True)
class Fit:
    """What the mixture says.

    Attributes:
        method: ``em`` or ``nuts``.
        stations: rows of the counts that were looked at (all, except a random part with NUTS), shape (n,).
        parameters: the mode (EM) or the posterior mean of the unconstrained numbers (NUTS).
        draws: unconstrained numbers from the posterior (or its normal approximation), shape (draws, 14).
        weights, weights_interval: of no fraud, incremental, extreme; shapes (3,) and (3, 2).
        proportions, proportions_interval: the six quantities at their intercepts, shapes (6,) and (6, 2).
        probabilities: class probabilities per station, shape (n, 3).
        fraudulent: expected fraudulent votes per station, made and stolen, shape (n, 2).
        total, total_interval: fraudulent votes of all stations looked at.
        gain: log-likelihood that the two fraud classes add to the best fit without them.
        boundary: whether no fraud at all is the better solution, by BIC.
        convergence: how it came to stand.
    """

    method: Method
    stations: Ints
    parameters: Parameters
    draws: Floats
    weights: Floats
    weights_interval: Floats
    proportions: Floats
    proportions_interval: Floats
    probabilities: Floats
    fraudulent: Floats
    total: float
    total_interval: tuple[float, float]
    gain: float
    boundary: bool
    convergence: Convergence

    @property
    def suspects(self) -> Ints:
        """Places in ``stations`` with more fraud than not, most probable first; none at a boundary solution."""
        fraud = self.probabilities[:, 1:].sum(axis=1) * (not self.boundary)
        order = np.argsort(-fraud, kind="stable")
        chosen: Ints = order[fraud[order] > SUSPECT]
        return chosen


def fit(counts: Counts, seed: int, method: Method = "em", begin: Parameters | None = None) -> Fit:
    """Fit the mixture.

    Args:
        counts: the stations; at least one.
        seed: of starts and draws.
        method: ``em``, or ``nuts`` (needs numpyro; looks at :data:`NUTS_STATIONS` stations at most).
        begin: start of EM, if known; otherwise several starts are tried.

    Raises:
        InputError: no stations, no such method, or numpyro is missing.
    """
    if len(counts) == 0:
        raise InputError("No station to fit.", "Give a register that knows the electors.")
    if method == "em":
        return _by_em(counts, find_mode(counts, seed, begin), seed)
    if method != "nuts":
        raise InputError(f"There is no method “{method}”.", "Give em or nuts.")
    if importlib.util.find_spec("numpyro") is None:
        raise InputError("The method nuts needs numpyro.", "Install it (pip install 'testigo[eforensics]'), or use em.")
    rows = np.sort(np.random.default_rng(seed).permutation(len(counts))[:NUTS_STATIONS])
    some = counts.part(rows)
    return _by_nuts(some, rows, find_mode(some, seed, begin), seed)


def _by_em(counts: Counts, mode: Mode, seed: int) -> Fit:
    step = e_step(counts, mode.grid, mode.step.at, votes=True)
    draws = np.random.default_rng(seed).multivariate_normal(step.at.vector()[:FREE], mode.covariance, size=_DRAWS)
    votes, within = _votes(step)
    total = float(votes.sum())
    slope = _slope(counts, mode, total)
    spread = min(float(np.sqrt(within + slope @ mode.covariance @ slope)) / max(total, 1e-9), 5.0)
    interval = (total * float(np.exp(-1.96 * spread)), total * float(np.exp(1.96 * spread)))
    convergence = Convergence(mode.converged, mode.steps, mode.decrement, mode.starts)
    return Fit(
        method="em",
        stations=np.arange(len(counts)),
        parameters=step.at,
        draws=draws,
        weights=step.at.weights,
        weights_interval=_interval(_weights(draws)),
        proportions=mean_proportions(step.at.intercepts),
        proportions_interval=_interval(_proportions(draws)),
        probabilities=step.responsibilities,
        fraudulent=votes,
        total=total,
        total_interval=interval,
        gain=mode.gain,
        boundary=mode.boundary,
        convergence=convergence,
    )


def _by_nuts(counts: Counts, rows: Ints, mode: Mode, seed: int) -> Fit:
    from testigo.forensics.eforensics import nuts

    grid = nuts.nodes(counts, mode)
    chains = nuts.sample(counts, mode, grid, seed, warm_up=NUTS_WARM_UP, draws=NUTS_DRAWS, chains=NUTS_CHAINS)
    draws = chains.draws.reshape(-1, FREE)
    effects = mode.step.at.effects.ravel()
    picked = np.linspace(0, len(draws) - 1, LOOKS).astype(int)
    looks = [e_step(counts, grid, Parameters.of(np.r_[draws[i], effects]), votes=True) for i in picked]
    votes = [_votes(look) for look in looks]
    rng = np.random.default_rng(seed)
    totals = np.concatenate([m.sum() + np.sqrt(v) * rng.standard_normal(20) for m, v in votes])
    low, high = (max(float(q), 0.0) for q in np.quantile(totals, [0.025, 0.975]))
    weights, proportions = _weights(draws), _proportions(draws)
    worst, least = float(chains.r_hat.max()), float(chains.effective.min())
    settled = worst <= 1.05 and chains.divergences == 0
    return Fit(
        method="nuts",
        stations=rows,
        parameters=Parameters.of(np.r_[draws.mean(axis=0), effects]),
        draws=draws,
        weights=weights.mean(axis=0),
        weights_interval=_interval(weights),
        proportions=proportions.mean(axis=0),
        proportions_interval=_interval(proportions),
        probabilities=np.mean([look.responsibilities for look in looks], axis=0),
        fraudulent=np.mean([m for m, _ in votes], axis=0),
        total=float(np.mean([m.sum() for m, _ in votes])),
        total_interval=(low, high),
        gain=mode.gain,
        boundary=mode.boundary,
        convergence=Convergence(
            settled, len(draws), mode.decrement, mode.starts, worst, least, chains.divergences, chains.quadrature
        ),
    )


def _weights(draws: Floats) -> Floats:
    """π of each draw, shape (draws, 3)."""
    ratios = 1.0 / (1.0 + np.exp(-draws[:, :2]))
    shares: Floats = np.column_stack([np.ones(len(draws)), ratios]) / (1.0 + ratios.sum(axis=1, keepdims=True))
    return shares


def _proportions(draws: Floats) -> Floats:
    return np.array([mean_proportions(row[2:8]) for row in draws])


def _interval(values: Floats) -> Floats:
    bounds: Floats = np.quantile(values, [0.025, 0.975], axis=0).T
    return bounds


def _slope(counts: Counts, mode: Mode, here: float) -> Floats:
    """Slope of the fraudulent votes in the first 14 numbers, shape (14,): difference quotients."""
    vector, slope = mode.step.at.vector(), np.zeros(FREE)
    for i in range(FREE):
        moved = vector.copy()
        moved[i] += _APART
        there = e_step(counts, mode.grid, Parameters.of(moved), votes=True)
        slope[i] = (float(_votes(there)[0].sum()) - here) / _APART
    return slope


def _votes(step: Step) -> tuple[Floats, float]:
    """Expected fraudulent votes (made, stolen) per station, and the variance of their sum given the parameters."""
    r, s = step.responsibilities[:, 1:], step.statistics[:, 1:]
    votes = np.column_stack([(r * s[:, :, 9]).sum(1), (r * s[:, :, 10]).sum(1)])
    variance = (r * s[:, :, 11]).sum(1) - votes.sum(1) ** 2
    return votes, float(np.maximum(variance, 0.0).sum())
