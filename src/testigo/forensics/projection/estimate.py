"""The ratio estimator: votes per elector by area, with an offset for the centre's size, and its cluster bootstrap.

The estimator
-------------
For candidate j, a station of e electors in area a and size class k is expected to give

    e (α_aj + β_kj)

Both are ratios weighted by electors over the counted stations, found by turns: β_kj = Σ(v − e α)/Σe over class k;
α_aj = Σ(v − e β)/(Σe + κ) over area a, less their mean: areas with few counted electors are drawn towards the country
by κ electors' worth. Small centres vote differently, so that without β what is missing is imputed from the wrong
places; a station's sisters are not used: only large centres have them. Stations known only by number are taken either
as the average of the named ones, or as centres of one station (``small``).

The interval
------------
1. The counted centres are drawn again with replacement, and everything is estimated anew (centres, not stations: the
   stations of a centre err together).
2. Each centre that is missing errs as a counted centre of its size, drawn at random, does; and each area with missing
   electors differs from the country as another area does, as far as its own counted electors do not say: by (1 − λ_a)
   of that difference, λ_a = Σe/(Σe + κ).
3. The interval holds the middle 95 % of the totals so made, under both assumptions on stations without a name.

Source: Cochran 1977, chapters 6 (ratios) and 9 (clusters); Field & Welsh 2007 (JRSS B 69:369) for the cluster
bootstrap; Valliant, Dorfman & Royall 2000, chapter 2, for prediction of what was not seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from testigo.forensics.projection.roll import SIZES, Bools, Floats, Ints, Roll
from testigo.forensics.sheets import Sheets

#: Counted centres below which no interval is estimated: the bounds of what is possible stand instead.
LEAST_CENTRES = 20
_TURNS = 6
_MEMORY = 4_000_000  # numbers held at a time by the drawn errors


@dataclass(frozen=True)
class Estimate:
    """A projection. Arrays of shape (candidates,) unless said otherwise.

    Attributes:
        counted: votes that are counted.
        projected: counted plus expected votes.
        small: the same if stations known only by number are centres of one station.
        draws: bootstrap totals, shape (scenarios, draws, candidates): the scenarios are ``projected`` and ``small``
            (only the first if every station is named); no draws if there are too few centres.
        electors_missing: electors of everything that is not counted, as used.
        centres: counted centres whose electors are known: what the interval rests on.
        empty_areas: areas with missing stations and without a counted one.
    """

    counted: Floats
    projected: Floats
    small: Floats
    draws: Floats
    electors_missing: float
    centres: int
    empty_areas: int


@dataclass(frozen=True)
class _Cells:
    """Counted centres, each in one area and class (shape (centres,)), and what is missing."""

    area: Ints
    size: Ints
    electors: Floats
    votes: Floats
    areas: int


def estimate(sheets: Sheets, roll: Roll, seed: int, draws: int = 400) -> Estimate | None:
    """Project the counted stations to the whole roll.

    Returns:
        ``None`` if nothing can be projected: no counted station has known electors.
    """
    counted = sheets.votes.sum(axis=0).astype(np.float64)
    used = (roll.row >= 0) & (roll.electors > 0)
    if not used.any():
        return None
    cells = _counted_centres(sheets, roll, used)
    electors = _filled_electors(roll)
    missing = roll.row < 0
    unnamed = _unnamed_electors(sheets, roll, electors)
    weight = np.ones(len(cells.electors))
    kappa = _kappa(cells)
    alpha, beta = _fit(cells, weight, kappa)
    sums = np.bincount(
        roll.area[missing] * len(SIZES) + roll.size_class[missing], electors[missing], roll.areas * len(SIZES)
    )
    target = sums.astype(np.float64).reshape(roll.areas, len(SIZES))
    projected, small = (counted + _total(cells, weight, alpha, beta, target, unnamed, s) for s in (False, True))
    centres = len(cells.electors)
    boot = np.zeros((1, 0, len(counted)))
    if centres >= LEAST_CENTRES:
        rng = np.random.default_rng(seed)
        boot = counted + _bootstrap(cells, kappa, target, unnamed, draws, rng)
        boot += _errors(cells, (alpha, beta), roll, electors, unnamed, draws, rng)
        boot += _area_errors(cells, alpha, kappa, target.sum(axis=1), draws, rng)
        boot = np.maximum(boot, counted)
    seen = np.bincount(cells.area, minlength=roll.areas)
    empty = int(((target.sum(axis=1) > 0) & (seen == 0)).sum())
    left = float(target.sum()) + unnamed
    return Estimate(counted, projected, small, boot, left, centres, empty)


def _counted_centres(sheets: Sheets, roll: Roll, used: Bools) -> _Cells:
    """Sums of the counted stations per centre."""
    names, centre = np.unique(roll.centre[used], return_inverse=True)
    rows = roll.row[used]
    number = len(names)
    area, size = np.zeros(number, dtype=np.int64), np.zeros(number, dtype=np.int64)
    area[centre], size[centre] = roll.area[used], roll.size_class[used]
    electors = np.bincount(centre, roll.electors[used], number).astype(np.float64)
    votes = np.column_stack([np.bincount(centre, column, number) for column in sheets.votes[rows].T])
    return _Cells(area, size, electors, votes.astype(np.float64), roll.areas)


def _filled_electors(roll: Roll) -> Floats:
    """Electors of every named station; where unknown, the mean of its size class (or of all)."""
    known = roll.electors >= 0
    mean = roll.electors[known].mean() if known.any() else 0.0
    size = roll.size_class
    count = np.bincount(size[known], minlength=len(SIZES))
    total = np.bincount(size[known], roll.electors[known], len(SIZES))
    by_size = np.divide(total, count, out=np.full(len(SIZES), mean), where=count > 0)
    return np.where(known, roll.electors, by_size[size])


def _unnamed_electors(sheets: Sheets, roll: Roll, electors: Floats) -> float:
    """Electors of the stations known only by number: the country's less the named ones'; 0 if unknown."""
    if roll.total_electors is None:
        return 0.0
    unlisted = np.ones(len(sheets), dtype=np.bool_)
    unlisted[roll.row[roll.row >= 0]] = False
    # A counted station that the register does not name has at least as many electors as votes.
    own = np.maximum(sheets.electors, sheets.votes.sum(axis=1))[unlisted]
    return max(float(roll.total_electors) - float(electors.sum()) - float(own.sum()), 0.0)


def _kappa(cells: _Cells) -> float:
    """Electors that the country's mean is worth for an area: within-area variance over between-area variance.

    Moments of the strongest candidate's ratio: v_c = e_c R_a + error, Var(error)/e_c = s²; between = τ²; κ = s²/τ².
    """
    leader = cells.votes[:, int(cells.votes.sum(axis=0).argmax())]
    ratio = leader / cells.electors
    electors = np.bincount(cells.area, cells.electors, cells.areas)
    votes = np.bincount(cells.area, leader, cells.areas)
    mean = np.divide(votes, electors, out=np.zeros(cells.areas), where=electors > 0)
    filled = electors > 0
    freedom = len(ratio) - int(filled.sum())
    if freedom < 1 or filled.sum() < 2:
        return float(cells.electors.mean())
    within = float((cells.electors * (ratio - mean[cells.area]) ** 2).sum()) / freedom
    national = float(leader.sum() / cells.electors.sum())
    spread = float((electors * (mean - national) ** 2).sum() - (filled.sum() - 1) * within) / float(electors.sum())
    return float(np.clip(within / max(spread, 1e-9), 1.0, 1e9))


def _fit(cells: _Cells, weight: Floats, kappa: float) -> tuple[Floats, Floats]:
    """α of shape (areas, candidates) and β of shape (sizes, candidates)."""
    sizes, candidates = len(SIZES), cells.votes.shape[1]
    key = cells.area * sizes + cells.size
    electors = np.bincount(key, weight * cells.electors, cells.areas * sizes).reshape(cells.areas, sizes)
    votes = np.stack(
        [
            np.bincount(key, weight * cells.votes[:, j], cells.areas * sizes).reshape(cells.areas, sizes)
            for j in range(candidates)
        ],
        axis=2,
    )
    area_n, size_n, total = electors.sum(axis=1), electors.sum(axis=0), electors.sum()
    national = votes.sum(axis=(0, 1)) / total
    alpha, beta = np.zeros((cells.areas, candidates)), np.tile(national, (sizes, 1))
    for _ in range(_TURNS):
        rest = votes.sum(axis=0) - electors.T @ alpha
        beta = np.where(size_n[:, None] > 0, rest / np.maximum(size_n, 1e-9)[:, None], national)
        alpha = (votes.sum(axis=1) - electors @ beta) / (area_n + kappa)[:, None]
        alpha -= (area_n @ alpha) / total
    return alpha, beta


def _total(
    cells: _Cells, weight: Floats, alpha: Floats, beta: Floats, target: Floats, unnamed: float, small: bool
) -> Floats:
    """Expected votes of what is missing, shape (candidates,)."""
    rate = np.maximum(alpha[:, None, :] + beta[None, :, :], 0.0)
    expected: Floats = np.einsum("as,asj->j", target, rate)
    average = (weight @ cells.votes + expected) / (weight @ cells.electors + target.sum())
    expected += unnamed * (np.maximum(beta[0], 0.0) if small else average)
    return expected


def _bootstrap(
    cells: _Cells, kappa: float, target: Floats, unnamed: float, draws: int, rng: np.random.Generator
) -> Floats:
    """Expected votes of what is missing, from centres drawn with replacement, shape (scenarios, draws, candidates)."""
    number = len(cells.electors)
    scenarios = (False, True) if unnamed else (False,)
    totals = np.empty((len(scenarios), draws, cells.votes.shape[1]))
    for draw in range(draws):
        weight = np.bincount(rng.integers(0, number, number), minlength=number).astype(np.float64)
        alpha, beta = _fit(cells, weight, kappa)
        for scenario, small in enumerate(scenarios):
            totals[scenario, draw] = _total(cells, weight, alpha, beta, target, unnamed, small)
    return totals


def _errors(
    cells: _Cells,
    fitted: tuple[Floats, Floats],
    roll: Roll,
    electors: Floats,
    unnamed: float,
    draws: int,
    rng: np.random.Generator,
) -> Floats:
    """What missing centres err by: each as a counted centre of its size, drawn at random; shape (draws, candidates)."""
    alpha, beta = fitted
    residual = cells.votes / cells.electors[:, None] - (alpha[cells.area] + beta[cells.size])
    missing = roll.row < 0
    lacking = np.bincount(roll.centre[missing], electors[missing]) if missing.any() else np.zeros(0)
    size = np.zeros(len(lacking), dtype=np.int64)
    size[roll.centre[missing]] = roll.size_class[missing]
    groups = [(lacking[(size == k) & (lacking > 0)], residual[cells.size == k]) for k in range(len(SIZES))]
    if unnamed and roll.unnamed_stations:
        groups.append((np.full(roll.unnamed_stations, unnamed / roll.unnamed_stations), residual[cells.size == 0]))
    totals = np.zeros((draws, cells.votes.shape[1]))
    for weights, pool in groups:
        if not len(weights):
            continue
        pool = pool if len(pool) else residual
        pool = pool - pool.mean(axis=0)
        step = max(_MEMORY // (len(weights) * pool.shape[1]), 1)
        for start in range(0, draws, step):
            rows = rng.integers(0, len(pool), size=(min(step, draws - start), len(weights)))
            totals[start : start + step] += np.einsum("c,dcj->dj", weights, pool[rows])
    return totals


def _area_errors(
    cells: _Cells, alpha: Floats, kappa: float, lacking: Floats, draws: int, rng: np.random.Generator
) -> Floats:
    """What areas err by: each as an area drawn by its electors differs from the country; shape (draws, candidates)."""
    electors = np.bincount(cells.area, cells.electors, cells.areas)
    told = electors / (electors + kappa)
    donors = np.flatnonzero(electors > 0)
    differs = alpha[donors] / np.sqrt(told[donors])[:, None]
    chance = electors[donors] / electors.sum()
    differs -= chance @ differs
    areas = np.flatnonzero(lacking > 0)
    weights = lacking[areas] * (1 - told[areas])
    totals = np.zeros((draws, alpha.shape[1]))
    for draw in range(draws):
        totals[draw] = weights @ differs[rng.choice(len(donors), size=len(areas), p=chance)]
    return totals
