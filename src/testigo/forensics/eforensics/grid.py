"""Where the latent quantities of each station are looked at: quadrature nodes, placed once for a reference point.

Rules of this module
--------------------
1. The nodes of turnout, share, m and s depend on the counts and on the *reference*, never on the parameters that are
   being fitted. Given them, the marginal likelihood is a sum of normal densities: its EM cannot fall, and its slope is
   exact.
2. Fraud proportions m and s: the published model draws them as Binomial(N, ·)/N. Their sum over 0..N is written as an
   integral over arcsin √m, by the trapezoidal rule, which is shifted by another part of a step at every station: no
   node is shared, so no variance can shrink onto one. The integral is the sum as long as 4 votes or more are expected
   (N·m or N·s); a smaller fraud class is underrated (by 7 % at 3 votes, a quarter at 1): it is none to speak of.
3. Turnout and share, given m, s and the counts: Gauss-Hermite nodes around the mode of likelihood times reference
   prior. The intercepts behind m and s, which the counts hardly tell, follow the parameters instead (``behind``):
   nodes that stay would mistake a change of variance there.
4. How near the sum is to the integral is measured (``tests/forensics/eforensics/test_grid.py``), and again by every
   fit.

Likelihoods leave out the binomial coefficients of a and w and are taken relative to the saturated ones: both are the
same in all classes.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from testigo.forensics.eforensics.data import Counts
from testigo.forensics.eforensics.model import K, Parameters

Singles = npt.NDArray[np.float32]

EDGE = 1e-12
#: Most scoring steps towards a mode; nodes placed a little beside it serve as well.
STEPS = 8
#: Log weight of a node that cannot be.
NEVER = -1e4


class Fineness(NamedTuple):
    """How many nodes.

    Attributes:
        fraud: per fraud proportion (trapezoidal), the steps being ``step`` reference standard deviations.
        step: see above.
        inner: per random intercept in the fraud classes (Gauss-Hermite).
        honest: per random intercept in the class without fraud.
    """

    fraud: int = 9
    step: float = 0.85
    inner: int = 3
    honest: int = 5


#: To see which classes are hopeless; for EM; for sampling, where variances wander; and for tests, which take it for
#: the truth.
COARSE = Fineness(5, 1.4, 1, 3)
FITTING = Fineness()
SAMPLING = Fineness(13, 0.65, 4, 7)
DENSE = Fineness(33, 0.28, 9, 15)


class Grid(NamedTuple):
    """Nodes and their log weights; θ are logits. Fraud classes: axis 1, incremental then extreme.

    Attributes:
        turnout1, turnout1_weight, share1, share1_weight: class without fraud, shape (n, honest).
        m, s: fraud proportions, shape (n, 2, fraud).
        m_weight, s_weight: their log weights; m_start, s_start: the intercept behind each, as far as the reference
            tells; shape (n, 2, fraud).
        turnout, turnout_weight: given m, shape (n, 2, fraud, inner).
        share, share_weight: given m and s, shape (n, 2, fraud, fraud, inner).
        active: whether the class is looked at for the station, shape (n, 2).
    """

    turnout1: Singles
    turnout1_weight: Singles
    share1: Singles
    share1_weight: Singles
    m: Singles
    s: Singles
    m_weight: Singles
    s_weight: Singles
    m_start: Singles
    s_start: Singles
    turnout: Singles
    turnout_weight: Singles
    share: Singles
    share_weight: Singles
    active: npt.NDArray[np.bool_]


@numba.njit(cache=True, inline="always", error_model="numpy")
def _logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


@numba.njit(cache=True, inline="always", error_model="numpy")
def _inside(p: float) -> float:
    return min(max(p, EDGE), 1.0 - EDGE)


@numba.njit(cache=True, inline="always", error_model="numpy")
def _log_likelihood(x: float, n: float, p: float) -> float:
    """Binomial, relative to the saturated one; p outside (0, 1) cannot be."""
    if p <= 0.0 or p >= 1.0:
        return NEVER
    value = 0.0
    if x > 0.0:
        value += x * math.log(p * n / x)
    if x < n:
        value += (n - x) * math.log((1.0 - p) * n / (n - x))
    return max(value, NEVER)


@numba.njit(cache=True, error_model="numpy")
def _peak(x, n, low, slope, mean, var):  # type: ignore[no-untyped-def]
    """Mode and width of p^x (1-p)^(n-x) Normal(θ; mean, var), p = low + slope·logistic(θ): where the nodes go."""
    precision = 1.0 / var
    g = min(max((x / n - low) / slope if abs(slope) > 0.01 else _logistic(mean), 0.02), 0.98)
    d = slope * g * (1.0 - g)
    p = _inside(low + slope * g)
    info = n * d * d / (p * (1.0 - p))
    theta = (info * math.log(g / (1.0 - g)) + precision * mean) / (info + precision)
    for _ in range(STEPS):
        g = _logistic(theta)
        p = _inside(low + slope * g)
        d = slope * g * (1.0 - g)
        info = n * d * d / (p * (1.0 - p))
        step = ((x - n * p) * d / (p * (1.0 - p)) + (mean - theta) * precision) / (info + precision)
        theta += min(max(step, -1.5), 1.5)
        if abs(step) < 0.03:
            break
    return theta, 1.0 / math.sqrt(info + precision)


@numba.njit(cache=True, error_model="numpy")
def behind(x, n, base, width, mean, var, start, z, logw):  # type: ignore[no-untyped-def]
    """log ∫ Binomial(x; n, base + width·logistic(θ)) Normal(θ; mean, var) dθ, relative to the saturated binomial,
    and the mean of θ and of θ² given x: three scoring steps from ``start``, then Gauss-Hermite."""
    precision = 1.0 / var
    theta, info = start, 0.0
    for _ in range(3):
        g = _logistic(theta)
        p = _inside(base + width * g)
        d = width * g * (1.0 - g)
        info = n * d * d / (p * (1.0 - p)) + precision
        theta += min(max(((x - n * p) * d / (p * (1.0 - p)) + (mean - theta) * precision) / info, -1.5), 1.5)
    scale = 1.0 / math.sqrt(info)
    q = x / n
    top = _log_likelihood(x, n, base + width * _logistic(theta)) - 0.5 * (theta - mean) ** 2 * precision
    total, first, second = 0.0, 0.0, 0.0
    for k in range(len(z)):
        at = theta + scale * z[k]
        p = base + width * _logistic(at)
        value = n * (q * math.log(p / q) + (1.0 - q) * math.log((1.0 - p) / (1.0 - q)))
        weight = math.exp(logw[k] + 0.5 * z[k] * z[k] + value - 0.5 * (at - mean) ** 2 * precision - top)
        total += weight
        first += weight * at
        second += weight * at * at
    return top + math.log(total * scale) - 0.5 * math.log(var), first / total, second / total


@numba.njit(cache=True, error_model="numpy")
def _around(x, n, low, slope, mean, var, extra, z, logw, theta, weight):  # type: ignore[no-untyped-def]
    """Nodes for one random intercept: fills ``theta`` and ``weight``."""
    middle, width = _peak(x, n, low, slope, mean, var)
    for k in range(len(z)):
        theta[k] = middle + width * z[k]
        value = _log_likelihood(x, n, low + slope * _logistic(theta[k]))
        weight[k] = logw[k] + 0.5 * z[k] * z[k] + math.log(width) + value + extra


@numba.njit(cache=True, error_model="numpy")
def _proportions(n, alpha, var, base, width, shift, step, value, weight, start):  # type: ignore[no-untyped-def]
    """Nodes of a fraud proportion, their log weights, and the likeliest intercept behind each."""
    g = _logistic(alpha)
    p = base + width * g
    d = width * g * (1.0 - g)
    odds = p * (1.0 - p)
    spread = 0.5 * math.sqrt((d * d * var + odds / n) / odds)
    middle = math.asin(math.sqrt(p))
    size = len(value)
    for j in range(size):
        u = middle + spread * step * (j - 0.5 * (size - 1) + shift)
        if u < 0.01 or u > 1.56:  # beyond 0 or 1
            value[j], weight[j], start[j] = p, NEVER, alpha
            continue
        q = math.sin(u) ** 2
        value[j] = q
        x = n * q
        # binomial coefficient times the saturated likelihood, times d(count)/du
        coefficient = math.lgamma(n + 1.0) - math.lgamma(x + 1.0) - math.lgamma(n - x + 1.0)
        saturated = x * math.log(q) + (n - x) * math.log(1.0 - q)
        weight[j] = coefficient + saturated + math.log(step * spread * 2.0 * n * math.sqrt(q * (1.0 - q)))
        start[j] = _peak(x, n, base, width, alpha, var)[0]


@numba.njit(cache=True, error_model="numpy")
def _fraud_class(a, w, n, mean_t, mean_n, alpha, var, first, base, width, shift, step, z, logw, grid, i, c):  # type: ignore[no-untyped-def]
    m, s = grid.m[i, c], grid.s[i, c]
    for h in range(2):
        value, weight, start = (m, grid.m_weight, grid.m_start) if h == 0 else (s, grid.s_weight, grid.s_start)
        _proportions(n, alpha[first + h], var[first + h], base, width, shift[h], step, value, weight[i, c], start[i, c])
    away = a / n
    for j in range(len(m)):
        _around(
            n - a,
            n,
            m[j],
            1.0 - m[j],
            mean_t,
            var[0],
            0.0,
            z,
            logw,
            grid.turnout[i, c, j],
            grid.turnout_weight[i, c, j],
        )
        came = 1.0 - away / (1.0 - m[j])
        for k in range(len(s)):
            others = came * (1.0 - s[k])
            _around(
                w, n, 1.0 - away - others, others, mean_n, var[1], 0.0, z, logw,
                grid.share[i, c, j, k], grid.share_weight[i, c, j, k],
            )  # fmt: skip


@numba.njit(cache=True, parallel=True, error_model="numpy")
def _place(a, w, n, group, alpha, var, effects, shifts, step, z, logw, z1, logw1, grid):  # type: ignore[no-untyped-def]
    for i in numba.prange(len(a)):
        mean_t = alpha[0] + effects[0, group[i]]
        mean_n = alpha[1] + effects[1, group[i]]
        came = 1.0 - a[i] / n[i]
        _around(n[i] - a[i], n[i], 0.0, 1.0, mean_t, var[0], 0.0, z1, logw1, grid.turnout1[i], grid.turnout1_weight[i])
        _around(w[i], n[i], 0.0, came, mean_n, var[1], 0.0, z1, logw1, grid.share1[i], grid.share1_weight[i])
        for c in range(2):
            base = 0.0 if c == 0 else K
            width = K if c == 0 else 1.0 - K
            if not grid.active[i, c]:
                continue
            _fraud_class(
                a[i], w[i], n[i], mean_t, mean_n, alpha, var, 2 + 2 * c, base, width,
                shifts[i, c], step, z, logw, grid, i, c,
            )  # fmt: skip


def place(
    counts: Counts,
    reference: Parameters,
    fineness: Fineness = FITTING,
    active: npt.NDArray[np.bool_] | None = None,
) -> Grid:
    """Nodes for these stations around a reference point.

    Args:
        counts: the stations, n of them.
        reference: where the nodes serve best; they serve as long as no variance leaves by a factor of about 4.
        fineness: how many.
        active: which fraud classes are looked at for which station, shape (n, 2); all if not given.
    """
    n, fraud, inner = len(counts), fineness.fraud, fineness.inner
    one, two, three = (n, fineness.honest), (n, 2, fraud), (n, 2, fraud, inner)
    four = (n, 2, fraud, fraud, inner)
    looked = np.ones((n, 2), dtype=np.bool_) if active is None else active.copy()
    shapes = [one, one, one, one, two, two, two, two, two, two, three, three, four, four]
    room = [np.empty(shape, dtype=np.float32) for shape in shapes]
    grid = Grid._make([*room, looked])
    shifts = np.random.default_rng(3).uniform(-0.5, 0.5, (n, 2, 2))
    z, logw = hermite(inner)
    z1, logw1 = hermite(fineness.honest)
    _place(
        counts.abstained, counts.leader, counts.electors, counts.group,
        reference.intercepts, reference.variances, reference.effects,
        shifts, fineness.step, z, logw, z1, logw1, grid,
    )  # fmt: skip
    return grid


def hermite(count: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Nodes and log weights for an expectation under Normal(0, 1); shape (count,) each."""
    z, weight = np.polynomial.hermite_e.hermegauss(count)
    return z, np.log(weight / weight.sum())
