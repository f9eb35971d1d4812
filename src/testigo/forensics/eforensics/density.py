"""The marginal likelihood in JAX, on the nodes of a grid: what NumPyro differentiates.

Rules of this module
--------------------
1. The same sum as ``kernel.sweep``, written as whole arrays: it compiles in seconds, whatever the number of nodes.
   ``tests/forensics/eforensics/test_nuts.py`` holds the two against each other.
2. Only the fraud classes that the grid looks at (``Grid.active``) are there: one row per such (station, class).
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
from testigo.forensics.eforensics.model import Floats, K

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
    theta: Any = jnp.asarray(rows.start)
    info = precision
    for _ in range(3):
        g = jax.nn.sigmoid(theta)
        p = jnp.clip(base + width * g, 1e-12, 1.0 - 1e-12)
        d = width * g * (1.0 - g)
        info = n * d * d / (p * (1.0 - p)) + precision
        theta += jnp.clip(((x - n * p) * d / (p * (1.0 - p)) + (still_mean - theta) * precision) / info, -1.5, 1.5)
    scale = 1.0 / jnp.sqrt(info)
    at = theta[..., None] + scale[..., None] * z
    chance = base[..., None] + width[..., None] * jax.nn.sigmoid(at)
    q = rows.proportion[..., None]
    value = n[..., None] * (q * jnp.log(chance / q) + (1.0 - q) * jnp.log((1.0 - chance) / (1.0 - q)))
    return _over(at, logw + 0.5 * z * z + value, mean, var) + jnp.log(scale)


def log_likelihood(counts: Counts, grid: Grid, effects: Floats) -> LogLikelihood:
    """The marginal log-likelihood as a function of ratios, intercepts and variances (JAX arrays), for fixed effects.

    Args:
        counts: the stations.
        grid: their nodes.
        effects: of the groups on turnout and share, shape (2, groups).
    """
    rows, n = _rows(counts, grid, effects), len(counts)
    turnout1, turnout1_weight, share1, share1_weight = (np.asarray(grid[i], dtype=float) for i in range(4))
    turnout_effect, share_effect = effects[0][counts.group], effects[1][counts.group]

    def value(ratios: Any, intercepts: Any, variances: Any) -> Any:
        weights = jnp.log(jnp.concatenate([jnp.ones(1), ratios])) - jnp.log1p(ratios.sum())
        honest = _over(turnout1, turnout1_weight, intercepts[0] + turnout_effect, variances[0])
        honest += _over(share1, share1_weight, intercepts[1] + share_effect, variances[1])
        place = 2 + 2 * rows.which + np.array([[0], [1]])
        p, q = _behind(rows, intercepts[place][..., None], variances[place][..., None]) + rows.proportion_weight
        mean_t = (intercepts[0] + rows.turnout_effect)[:, None]
        mean_n = (intercepts[1] + rows.share_effect)[:, None, None]
        p += _over(rows.turnout, rows.turnout_weight, mean_t, variances[0])
        cells = p[:, :, None] + q[:, None, :] + _over(rows.share, rows.share_weight, mean_n, variances[1])
        fraud = jax.nn.logsumexp(cells, axis=(1, 2)) + weights[1:][rows.which]
        table = jnp.full((n, 2), -1e30).at[rows.station, rows.which].set(fraud)
        return jax.nn.logsumexp(jnp.column_stack([honest + weights[0], table]), axis=1).sum()

    return value
