"""EM on a grid of nodes: E-step, M-step, slope, and the climb from a start.

Rules of this module
--------------------
1. Everything here belongs to one :class:`~testigo.forensics.eforensics.grid.Grid`. On it, no EM step lowers the
   posterior.
2. The M-step maximises by turns (intercepts, effects, variances, weights), each in closed form: an ECM algorithm.
3. The slope is exact (Fisher's identity), so quasi-Newton and sampling use the same E-step.

Sources: Dempster, Laird, Rubin, "Maximum Likelihood from Incomplete Data via the EM Algorithm" (1977); Meng, Rubin,
"Maximum Likelihood Estimation via the ECM Algorithm" (1993); Varadhan, Roland, "Simple and Globally Convergent Methods
for Accelerating the Convergence of Any EM Algorithm" (2008).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import logsumexp

from testigo.forensics.eforensics.data import Counts
from testigo.forensics.eforensics.grid import Grid
from testigo.forensics.eforensics.kernel import sweep
from testigo.forensics.eforensics.model import VARIANCE_RATE, Floats, Parameters

#: Unconstrained numbers besides the groups' effects: two ratios, six intercepts, six log variances.
FREE = 14
#: How far a quasi-Newton climb may go on one grid: logits of ratios, intercepts, log variances, effects.
REACH = (3.0, 0.5, 0.7, 0.5)
#: Class and column (``kernel.STATISTICS``) of the fraud quantities, in the order of ``model.QUANTITIES`` from 2.
_FRAUD = ((1, 5), (1, 7), (2, 5), (2, 7))


@dataclass(frozen=True)
class Step:
    """An E-step: where, what came out, and how good it is.

    Attributes:
        at: the parameters.
        statistics: shape (n, 3, 12), columns as in ``kernel.STATISTICS``.
        responsibilities: probability of each class per station, shape (n, 3), rows sum to 1.
        log_likelihood: marginal, without binomial coefficients, relative to the saturated one.
        log_posterior: that plus the log prior of the unconstrained numbers.
    """

    at: Parameters
    statistics: Floats
    responsibilities: Floats
    log_likelihood: float
    log_posterior: float


def e_step(counts: Counts, grid: Grid, at: Parameters, votes: bool = False) -> Step:
    """Probabilities of the classes and expectations of everything latent."""
    statistics = sweep(counts, grid, at, votes)
    joint = statistics[:, :, 0] + np.log(at.weights)
    total = logsumexp(joint, axis=1, keepdims=True)
    likelihood = float(total.sum())
    return Step(at, statistics, np.exp(joint - total), likelihood, likelihood + at.log_prior())


def m_step(counts: Counts, step: Step) -> Parameters:
    """The parameters that the E-step asks for."""
    at, r, s = step.at, step.responsibilities, step.statistics
    intercepts, variances, effects = at.intercepts.copy(), at.variances.copy(), at.effects.copy()
    for q, column in ((0, 1), (1, 3)):
        first, second = (r * s[:, :, column]).sum(1), (r * s[:, :, column + 1]).sum(1)
        intercepts[q], effects[q], variances[q] = honest_step(counts, first, second, variances[q], effects[q])
    for q, (c, column) in enumerate(_FRAUD, start=2):
        weight, first, second = r[:, c], s[:, c, column], s[:, c, column + 1]
        size, total = float(weight.sum()), float((weight * first).sum())
        intercepts[q] = total / (size + variances[q])
        squares = float((weight * second).sum()) - 2 * intercepts[q] * total + size * intercepts[q] ** 2
        variances[q] = _variance(size, squares)
    return Parameters(_ratios(r.sum(0), at.ratios), intercepts, variances, effects)


def honest_step(
    counts: Counts, first: Floats, second: Floats, variance: float, effects: Floats
) -> tuple[float, Floats, float]:
    """Intercept, effects and variance of turnout or share, given E[θ] and E[θ²] per station, shapes (n,)."""
    intercept = float((first - effects[counts.group]).sum() / (len(counts) + variance))
    if counts.groups > 1:
        pull = np.bincount(counts.group, first - intercept, minlength=counts.groups)
        effects = pull / (np.bincount(counts.group, minlength=counts.groups) + variance)
    mean = intercept + effects[counts.group]
    return intercept, effects, _variance(len(counts), float((second - 2 * first * mean + mean**2).sum()))


def _variance(n: float, squares: float) -> float:
    """Mode of log v given n deviations with this sum of squares and the exponential prior."""
    free = n - 2.0
    root = np.sqrt(free * free + 8.0 * VARIANCE_RATE * max(squares, 0.0))
    return float(max((root - free) / (4.0 * VARIANCE_RATE), 1e-5))


def _ratios(sizes: Floats, start: Floats) -> Floats:
    """Mode of the logits of r2, r3 given the expected class sizes, by turns."""
    ratios = start.copy()

    def slope(r: float, own: float, other: float) -> float:
        return (own + 1.0) / r - 1.0 / (1.0 - r) - float(sizes.sum()) / (1.0 + r + other)

    for _ in range(6):
        for i in (0, 1):
            ratios[i] = brentq(slope, 1e-12, 1.0 - 1e-9, args=(sizes[i + 1], ratios[1 - i]), xtol=1e-14)
    return ratios


def score(counts: Counts, step: Step) -> Floats:
    """Gradient of the log posterior in the unconstrained numbers, shape (14 + 2 groups,).

    Without groups the two effects do not exist: their slope is 0.
    """
    at, r, s = step.at, step.responsibilities, step.statistics
    slope, sizes = np.zeros(FREE), r.sum(0)
    effects = np.zeros((2, counts.groups))
    inner = (sizes[1:] + 1.0) / at.ratios - 1.0 / (1.0 - at.ratios) - len(counts) / (1.0 + at.ratios.sum())
    slope[:2] = at.ratios * (1.0 - at.ratios) * inner
    for q, column in ((0, 1), (1, 3)):
        mean = at.intercepts[q] + at.effects[q][counts.group]
        first, second = (r * s[:, :, column]).sum(1), (r * s[:, :, column + 1]).sum(1)
        squares = (second - 2 * first * mean + mean**2).sum()
        slope[2 + q], slope[8 + q] = (first - mean).sum(), squares - len(counts) * at.variances[q]
        if counts.groups > 1:
            pull = np.bincount(counts.group, first - mean, minlength=counts.groups)
            effects[q] = pull / at.variances[q] - at.effects[q]
    for q, (c, column) in enumerate(_FRAUD, start=2):
        mean, total = at.intercepts[q], (r[:, c] * s[:, c, column]).sum()
        squares = (r[:, c] * s[:, c, column + 1]).sum() - 2 * mean * total + sizes[c] * mean**2
        slope[2 + q], slope[8 + q] = total - sizes[c] * mean, squares - sizes[c] * at.variances[q]
    slope[2:8] = slope[2:8] / at.variances - at.intercepts
    slope[8:] = 0.5 * slope[8:] / at.variances + 1.0 - VARIANCE_RATE * at.variances
    return np.concatenate([slope, effects.ravel()])


def complete_information(counts: Counts, step: Step) -> Floats:
    """Diagonal of the information that the complete data and the prior would give, shape (14 + 2 groups,)."""
    sizes = step.responsibilities.sum(0)
    each = np.array([len(counts), len(counts), sizes[1], sizes[1], sizes[2], sizes[2]])
    rows = np.bincount(counts.group, minlength=counts.groups)
    effects = np.concatenate([rows / step.at.variances[0] + 1.0, rows / step.at.variances[1] + 1.0])
    return np.concatenate([sizes[1:] + 0.5, each / step.at.variances + 1.0, each / 2.0 + 1.0, effects])


def climb(counts: Counts, grid: Grid, start: Parameters, steps: int) -> tuple[Step, int]:
    """So many EM steps from a start, every two extrapolated (SQUAREM): the last E-step, and how many E-steps it took.

    An extrapolation that lowers the posterior is taken back.
    """
    best, used = e_step(counts, grid, start), 1
    for _ in range(steps // 2):
        one = e_step(counts, grid, m_step(counts, best))
        two = m_step(counts, one)
        leap = e_step(counts, grid, _extrapolated(best.at.vector(), one.at.vector(), two.vector()))
        used += 2
        if leap.log_posterior >= one.log_posterior:
            best = leap
        else:
            best = e_step(counts, grid, two)
            used += 1
    return best, used


def _extrapolated(zero: Floats, one: Floats, two: Floats) -> Parameters:
    first, second = one - zero, two - 2 * one + zero
    length = float(np.linalg.norm(second))
    factor = min(max(float(np.linalg.norm(first)) / length, 1.0), 4.0) if length > 0 else 1.0
    return Parameters.of(zero + 2 * factor * first + factor**2 * second)


def polish(counts: Counts, grid: Grid, step: Step, most: int) -> tuple[Step, int]:
    """Quasi-Newton (L-BFGS) from an E-step, within :data:`REACH`: the best E-step, and how many it took."""
    scale = 1.0 / np.sqrt(complete_information(counts, step))
    best = step

    def value(x: Floats) -> tuple[float, Floats]:
        nonlocal best
        there = e_step(counts, grid, Parameters.of(x * scale))
        if there.log_posterior > best.log_posterior:
            best = there
        return -there.log_posterior, -score(counts, there) * scale

    begin = step.at.vector()
    reach = np.repeat(REACH, [2, 6, 6, len(begin) - FREE])
    answer = minimize(
        value,
        begin / scale,
        jac=True,
        method="L-BFGS-B",
        bounds=np.column_stack([(begin - reach) / scale, (begin + reach) / scale]),
        options={"maxfun": most, "maxcor": 20, "ftol": 1e-12, "gtol": 1e-3},
    )
    return best, int(answer.nfev)


def information(counts: Counts, grid: Grid, step: Step, apart: float = 0.02) -> Floats:
    """Minus the second derivative of the log posterior in the first 14 numbers, shape (14, 14), by differences."""
    vector, found = step.at.vector(), np.zeros((FREE, FREE))
    here = score(counts, step)[:FREE]
    for i in range(FREE):
        moved = vector.copy()
        moved[i] += apart
        found[i] = (here - score(counts, e_step(counts, grid, Parameters.of(moved)))[:FREE]) / apart
    return 0.5 * (found + found.T)
