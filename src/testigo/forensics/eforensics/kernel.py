"""One pass over the stations: the marginal likelihood of each class, and what the E-step needs.

Rules of this module
--------------------
1. It sums over the nodes of a :class:`~testigo.forensics.eforensics.grid.Grid` and approximates nothing itself.
2. A node that is e^-:data:`NEGLIGIBLE` of the best one is left out.
3. Stations are independent: the loop is parallel, and gives the same numbers with any number of threads.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from testigo.forensics.eforensics.data import Counts
from testigo.forensics.eforensics.grid import COARSE, FITTING, NEVER, Fineness, Grid, behind, hermite, place
from testigo.forensics.eforensics.model import Floats, K, Parameters

NEGLIGIBLE = 36.0
#: A fraud class that is e^-this less likely than no fraud where the nodes are placed is not looked at on them.
HOPELESS = 30.0
DOUBT = 15.0
#: Gauss-Hermite nodes for the intercept behind a fraud proportion.
BEHIND = 5
#: Columns of the answer per class: log-likelihood, then the expectations of the intercepts behind turnout, share, m
#: and s and of their squares, then of the fraudulent votes, made and stolen, and of the square of their sum.
STATISTICS = ("loglik", "t", "t2", "n", "n2", "m", "m2", "s", "s2", "made", "stolen", "fraud2")


@numba.njit(cache=True, inline="always", error_model="numpy")
def _logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


@numba.njit(cache=True, error_model="numpy")
def _sum_over(theta, weight, mean, var):  # type: ignore[no-untyped-def]
    """log Σ exp(weight) Normal(θ; mean, var)·√2π, and the mean of θ and of θ² under those weights."""
    half = 0.5 / var
    top = -1e300
    for k in range(len(theta)):
        off = theta[k] - mean
        top = max(top, weight[k] - off * off * half)
    total, first, second = 0.0, 0.0, 0.0
    for k in range(len(theta)):
        off = theta[k] - mean
        g = math.exp(weight[k] - off * off * half - top)
        total += g
        first += g * theta[k]
        second += g * theta[k] * theta[k]
    return top + math.log(total) - 0.5 * math.log(var), first / total, second / total


@numba.njit(cache=True, error_model="numpy")
def _came(theta, weight, mean, var):  # type: ignore[no-untyped-def]
    """Mean of logistic(θ) under the same weights."""
    half = 0.5 / var
    top = -1e300
    for k in range(len(theta)):
        off = theta[k] - mean
        top = max(top, weight[k] - off * off * half)
    total, first = 0.0, 0.0
    for k in range(len(theta)):
        off = theta[k] - mean
        g = math.exp(weight[k] - off * off * half - top)
        total += g
        first += g * _logistic(theta[k])
    return first / total


@numba.njit(cache=True, error_model="numpy")
def _fraud_class(grid, i, c, n, mean_t, mean_n, alpha, var, z, logw, votes, rows, columns, log_weights, out):  # type: ignore[no-untyped-def]
    """One fraud class of one station. ``rows``, ``columns`` (fraud, 4) and ``log_weights`` are room to work in."""
    _ends(grid, i, c, n, mean_t, alpha, var, z, logw, votes, rows, columns)
    top = _peak(grid, i, c, mean_n, var, rows, columns, log_weights)
    for q in range(1, 12):
        out[q] = 0.0
    total = _weigh(grid, i, c, n, top, votes, rows, columns, log_weights, out)
    for q in range(1, 12):
        out[q] /= total
    out[0] = top + math.log(total) - 0.5 * math.log(var[1])


@numba.njit(cache=True, error_model="numpy")
def _ends(grid, i, c, n, mean_t, alpha, var, z, logw, votes, rows, columns):  # type: ignore[no-untyped-def]
    """What depends on one proportion alone: ``rows`` on the made, with the turnout, ``columns`` on the stolen."""
    first = 2 + 2 * c
    base = 0.0 if c == 0 else K
    width = K if c == 0 else 1.0 - K
    for j in range(grid.share.shape[2]):
        p, rows[j, 0], rows[j, 1] = behind(
            n * grid.m[i, c, j], n, base, width, alpha[first], var[first], grid.m_start[i, c, j], z, logw
        )
        q, columns[j, 0], columns[j, 1] = behind(
            n * grid.s[i, c, j], n, base, width, alpha[first + 1], var[first + 1], grid.s_start[i, c, j], z, logw
        )
        t, rows[j, 2], rows[j, 3] = _sum_over(grid.turnout[i, c, j], grid.turnout_weight[i, c, j], mean_t, var[0])
        rows[j, 4] = p + grid.m_weight[i, c, j] + t
        columns[j, 4] = q + grid.s_weight[i, c, j]
        rows[j, 5] = _came(grid.turnout[i, c, j], grid.turnout_weight[i, c, j], mean_t, var[0]) if votes else 0.0


@numba.njit(cache=True, error_model="numpy")
def _peak(grid, i, c, mean_n, var, rows, columns, log_weights):  # type: ignore[no-untyped-def]
    """Fill ``log_weights``, of every node; returns the largest."""
    size, inner = grid.share.shape[2], grid.share.shape[4]
    half = 0.5 / var[1]
    top = -1e300
    for j in range(size):
        for k in range(size):
            for h in range(inner):
                off = grid.share[i, c, j, k, h] - mean_n
                value = rows[j, 4] + columns[k, 4] + grid.share_weight[i, c, j, k, h] - off * off * half
                log_weights[j, k, h] = value
                top = max(top, value)
    return top


@numba.njit(cache=True, error_model="numpy")
def _weigh(grid, i, c, n, top, votes, rows, columns, log_weights, out):  # type: ignore[no-untyped-def]
    """Add every node that counts to the sums in ``out``; returns their weight."""
    size, inner = grid.share.shape[2], grid.share.shape[4]
    total = 0.0
    floor = top - NEGLIGIBLE
    for j in range(size):
        for k in range(size):
            cell, first_n, second_n, others = 0.0, 0.0, 0.0, 0.0
            for h in range(inner):
                if log_weights[j, k, h] < floor:
                    continue
                g = math.exp(log_weights[j, k, h] - top)
                theta = grid.share[i, c, j, k, h]
                cell += g
                first_n += g * theta
                second_n += g * theta * theta
                if votes:
                    others += g * (1.0 - _logistic(theta))
            if cell == 0.0:
                continue
            total += cell
            out[1] += cell * rows[j, 2]
            out[2] += cell * rows[j, 3]
            out[3] += first_n
            out[4] += second_n
            out[5] += cell * rows[j, 0]
            out[6] += cell * rows[j, 1]
            out[7] += cell * columns[k, 0]
            out[8] += cell * columns[k, 1]
            if votes:
                made = n * grid.m[i, c, j] * (1.0 - rows[j, 5])
                stolen = n * grid.s[i, c, k] * rows[j, 5] * others / cell
                out[9] += cell * made
                out[10] += cell * stolen
                out[11] += cell * (made + stolen) ** 2
    return total


@numba.njit(cache=True, parallel=True, error_model="numpy")
def _sweep(grid, n, group, alpha, var, effects, z, logw, votes, out):  # type: ignore[no-untyped-def]
    size, inner = grid.share.shape[2], grid.share.shape[4]
    for i in numba.prange(len(n)):
        mean_t = alpha[0] + effects[0, group[i]]
        mean_n = alpha[1] + effects[1, group[i]]
        turnout, out[i, 0, 1], out[i, 0, 2] = _sum_over(grid.turnout1[i], grid.turnout1_weight[i], mean_t, var[0])
        share, out[i, 0, 3], out[i, 0, 4] = _sum_over(grid.share1[i], grid.share1_weight[i], mean_n, var[1])
        out[i, 0, 0] = turnout + share
        rows, columns = np.empty((size, 6)), np.empty((size, 6))
        log_weights = np.empty((size, size, inner))
        for c in range(2):
            if not grid.active[i, c]:
                out[i, c + 1, 0] = NEVER
                continue
            _fraud_class(
                grid, i, c, n[i], mean_t, mean_n, alpha, var, z, logw, votes, rows, columns, log_weights, out[i, c + 1]
            )


def sweep(counts: Counts, grid: Grid, at: Parameters, votes: bool = False) -> Floats:
    """Statistics per station and class, shape (stations, 3, 12), columns as in :data:`STATISTICS`.

    Args:
        counts: the stations that the grid was placed for.
        grid: the nodes.
        at: where.
        votes: whether the last three columns are wanted.
    """
    out = np.zeros((len(counts), 3, len(STATISTICS)))
    _sweep(grid, counts.electors, counts.group, at.intercepts, at.variances, at.effects, *hermite(BEHIND), votes, out)
    return out


def prepare(counts: Counts, reference: Parameters, fineness: Fineness = FITTING) -> Grid:
    """Nodes around a reference point, without the classes that are hopeless there (``grid.place`` gives all).

    A first look with few nodes, :data:`DOUBT` more tolerant, leaves out most of them.
    """
    coarse = sweep(counts, place(counts, reference, COARSE), reference)[:, :, 0]
    grid = place(counts, reference, fineness, coarse[:, 1:] > coarse[:, :1] - HOPELESS - DOUBT)
    found = sweep(counts, grid, reference)[:, :, 0]
    grid.active[:] &= found[:, 1:] > found[:, :1] - HOPELESS
    return grid
