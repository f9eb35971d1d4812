"""The marginal likelihood in JAX, on the nodes of a grid: what NumPyro differentiates.

Rules of this module
--------------------
1. The same sum as ``kernel.sweep``, written as whole arrays: it compiles in seconds, whatever the number of nodes.
   ``tests/forensics/eforensics/test_nuts.py`` holds the two against each other.
2. Only the fraud classes that the grid looks at (``Grid.active``) are there: one row per such (station, class).
   Of a row, only the cells (a node of m, one of s) that are not e^-:data:`CUT` of its best one, at a reference point.
3. It wants float64; ``nuts.py`` switches it on, around its own calls alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from testigo.forensics.eforensics.data import Counts
from testigo.forensics.eforensics.grid import Grid, hermite
from testigo.forensics.eforensics.kernel import BEHIND
from testigo.forensics.eforensics.model import Floats, K, Parameters

#: A cell that is e^-this of its row's best one is left out.
CUT = 14.0
#: log likelihood of (ratios (2,), intercepts (6,), variances (6,)).
LogLikelihood = Callable[[Any, Any, Any], Any]


class _Rows(NamedTuple):
    """One fraud class of one station per row; axis 1, where there is one, is the node of m or s."""

    station: npt.NDArray[np.int64]
    which: npt.NDArray[np.int64]
    electors: Floats
    base: Floats
    width: Floats
    turnout_effect: Floats
    share_effect: Floats
    proportion: Floats
    proportion_weight: Floats
    start: Floats
    turnout: Floats
    turnout_weight: Floats
    share: Floats
    share_weight: Floats


def _rows(counts: Counts, grid: Grid, effects: Floats) -> _Rows:
    station, which = np.nonzero(grid.active)
    group = counts.group[station]

    def wide(array: Any) -> Floats:
        return np.asarray(array[station, which], dtype=float)

    def both(first: Any, second: Any) -> Floats:
        return np.stack([wide(first), wide(second)])

    return _Rows(
        station,
        which,
        counts.electors[station],
        np.where(which == 0, 0.0, K),
        np.where(which == 0, K, 1.0 - K),
        effects[0][group],
        effects[1][group],
        both(grid.m, grid.s),
        both(grid.m_weight, grid.s_weight),
        both(grid.m_start, grid.s_start),
        wide(grid.turnout),
        wide(grid.turnout_weight),
        wide(grid.share),
        wide(grid.share_weight),
    )


def _over(theta: Any, weight: Any, mean: Any, var: Any) -> Any:
    """log Σ exp(weight) Normal(θ; mean, var)·√2π over the last axis, which mean and var do not have."""
    off = theta - jnp.asarray(mean)[..., None]
    return jax.nn.logsumexp(weight - 0.5 * off**2 / jnp.asarray(var)[..., None], axis=-1) - 0.5 * jnp.log(var)


def _behind(rows: _Rows, mean: Any, var: Any) -> Any:
    """``grid.behind`` for m and s of every row at once; mean and var have shape (2, rows, 1)."""
    z, logw = hermite(BEHIND)
    n, base, width = (v[None, :, None] for v in (rows.electors, rows.base, rows.width))
    x = n * rows.proportion
    still_mean, precision = jax.lax.stop_gradient(mean), 1.0 / jax.lax.stop_gradient(var)

    def scoring(_: int, state: Any) -> Any:
        theta, _ = state
        g = jax.nn.sigmoid(theta)
        p = jnp.clip(base + width * g, 1e-12, 1.0 - 1e-12)
        d = width * g * (1.0 - g)
        info = n * d * d / (p * (1.0 - p)) + precision
        step = ((x - n * p) * d / (p * (1.0 - p)) + (still_mean - theta) * precision) / info
        return theta + jnp.clip(step, -1.5, 1.5), info

    begin = jnp.asarray(rows.start) + 0.0 * still_mean
    theta, info = jax.lax.stop_gradient(jax.lax.fori_loop(0, 3, scoring, (begin, begin)))
    scale = 1.0 / jnp.sqrt(info)
    at = theta[..., None] + scale[..., None] * z
    chance = base[..., None] + width[..., None] * jax.nn.sigmoid(at)
    q = rows.proportion[..., None]
    value = n[..., None] * (q * jnp.log(chance / q) + (1.0 - q) * jnp.log((1.0 - chance) / (1.0 - q)))
    return _over(at, logw + 0.5 * z * z + value, mean, var) + jnp.log(scale)


def log_likelihood(counts: Counts, grid: Grid, reference: Parameters) -> LogLikelihood:
    """The marginal log-likelihood as a function of ratios, intercepts and variances (JAX arrays).

    Args:
        counts: the stations.
        grid: their nodes.
        reference: where cells are judged; its effects of the groups on turnout and share are held.
    """
    effects = reference.effects
    rows, n = _rows(counts, grid, effects), len(counts)
    turnout1, turnout1_weight, share1, share1_weight = (np.asarray(grid[i], dtype=float) for i in range(4))
    turnout_effect, share_effect = effects[0][counts.group], effects[1][counts.group]
    sides = _sides(rows)
    row, j, k = _cells(rows, sides, reference)
    share, share_weight, effect = rows.share[row, j, k], rows.share_weight[row, j, k], rows.share_effect[row]

    def value(ratios: Any, intercepts: Any, variances: Any) -> Any:
        weights = jnp.log(jnp.concatenate([jnp.ones(1), ratios])) - jnp.log1p(ratios.sum())
        honest = _over(turnout1, turnout1_weight, intercepts[0] + turnout_effect, variances[0])
        honest += _over(share1, share1_weight, intercepts[1] + share_effect, variances[1])
        p, q = sides(intercepts, variances)
        cells = p[row, j] + q[row, k] + _over(share, share_weight, intercepts[1] + effect, variances[1])
        fraud = _segments(cells, row, len(rows.station)) + weights[1:][rows.which]
        table = jnp.full((n, 2), -1e30).at[rows.station, rows.which].set(fraud)
        return jax.nn.logsumexp(jnp.column_stack([honest + weights[0], table]), axis=1).sum()

    return value


def _sides(rows: _Rows) -> Callable[[Any, Any], tuple[Any, Any]]:
    """What belongs to the node of m alone (turnout with it), and to the node of s alone, shape (rows, nodes) each."""

    def value(intercepts: Any, variances: Any) -> tuple[Any, Any]:
        place = 2 + 2 * rows.which + np.array([[0], [1]])
        p, q = _behind(rows, intercepts[place][..., None], variances[place][..., None]) + rows.proportion_weight
        mean = (intercepts[0] + rows.turnout_effect)[:, None]
        return p + _over(rows.turnout, rows.turnout_weight, mean, variances[0]), q

    return value


def _cells(
    rows: _Rows, sides: Callable[[Any, Any], tuple[Any, Any]], at: Parameters
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Row, node of m and node of s of every cell that counts."""
    p, q = (np.asarray(side) for side in sides(at.intercepts, at.variances))
    mean = (at.intercepts[1] + rows.share_effect)[:, None, None]
    cells = p[:, :, None] + q[:, None, :] + np.asarray(_over(rows.share, rows.share_weight, mean, at.variances[1]))
    row, j, k = np.nonzero(cells > cells.max(axis=(1, 2), keepdims=True) - CUT)
    return row, j, k


def _segments(values: Any, row: npt.NDArray[np.int64], rows: int) -> Any:
    """log Σ exp over the cells of each row; every row has one."""
    top = jax.lax.stop_gradient(jax.ops.segment_max(values, row, rows, indices_are_sorted=True))
    total = jax.ops.segment_sum(jnp.exp(values - top[row]), row, rows, indices_are_sorted=True)
    return top + jnp.log(total)
