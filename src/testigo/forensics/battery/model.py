"""The honest election that the battery compares with: fitted to the counts, drawn anew with a seed.

The model
---------
Station i of centre c counts x_i successes of n_i trials (votes for one candidate of the valid votes; valid votes of the
electors). Stations of one centre share one probability p_c, and vary round it more than coins would, because electors
are not dealt to stations at random:

    x_i ~ BetaBinomial(n_i, mean p_c, variance n_i p_c (1 − p_c) φ)

φ comes from sister stations (:func:`fit`); p_c has a beta prior round its area's mean (empirical Bayes) and is drawn
from its posterior, so that a centre of one station with 0 or 100 % is not taken at its word, and drawn elections spread
as wide as the data: neither wider (plug-in of the observed share) nor narrower (plug-in of the posterior mean).
Candidates are drawn one after the other, each out of what the earlier ones left, so that a drawn station's counts sum
to its valid votes.

Rules of this module
--------------------
1. What is drawn has the electors, centres and areas of the data: only counts are invented.
2. No division by zero: a station without trials, a centre without votes and a centre of one station are all usable.
3. φ is never below 1 when drawing, whatever the estimate: people cannot be dealt more evenly than by this model.

Source: beta-binomial overdispersion, Griffiths 1973 (Biometrics 29:637); moment estimate of a common prior, Kleinman
1973 (JASA 68:46); parametric bootstrap, Efron & Tibshirani 1993, chapter 6.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from testigo.forensics.sheets import Sheets

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_AREA_WEIGHT = 1000.0  # trials of the national mean that are added to each area's own
_KEPT = 0.9  # of the squared residuals: the largest tenth never moves phi
_KEPT_MEAN = float(stats.chi2(3).cdf(stats.chi2(1).ppf(_KEPT))) / _KEPT  # mean of the lower 90 % of chi-square(1)
_SMALL_VARIANCE = 20.0  # votes²: below it counts are too coarse for a trimmed mean
_PRIOR_RANGE = (2.0, 1e5)  # trials that the area's mean is worth for a centre


@dataclass(frozen=True)
class Groups:
    """Which stations belong together. Arrays of shape (n,).

    Attributes:
        centre: index from 0, without gaps of meaning; a station whose centre is unknown is a centre of its own.
        centres: how many.
        area: index from 0; stations of unknown area share one.
        areas: how many.
        area_of: area of each centre, shape (centres,).
    """

    centre: Ints
    centres: int
    area: Ints
    areas: int
    area_of: Ints


def groups_of(sheets: Sheets) -> Groups:
    """The centres and areas of the counted stations."""
    unknown = sheets.centre < 0
    raw = np.where(unknown, len(sheets.centres) + np.arange(len(sheets)), sheets.centre)
    _, centre = np.unique(raw, return_inverse=True)
    centres = int(centre.max()) + 1 if len(centre) else 0
    area = np.where(sheets.area < 0, len(sheets.areas), sheets.area)
    area_of = np.zeros(centres, dtype=np.int64)
    area_of[centre] = area
    return Groups(centre.astype(np.int64), centres, area, len(sheets.areas) + 1, area_of)


@dataclass(frozen=True)
class Fit:
    """Successes of trials, station by station, and what the model expects of them.

    Attributes:
        x, n: successes and trials, shape (stations,).
        p: probability at the station's centre, shrunk towards its area (posterior mean); strictly between 0 and 1.
        weight: trials that the posterior of the centre's p is worth, shape (centres,).
        p_centre: the same as ``p`` per centre, shape (centres,).
        dispersion: Σ chi² / degrees of freedom of sister stations (1: coins); ``None`` without sisters.
        phi: the dispersion of the body of stations, unmoved by a few outliers; at least 1.
        squares: per station the squared residual against its own centre in units of its binomial variance; 0 where
            the station has no sister or nothing can vary.
        freedom: degrees of freedom of those squares.
    """

    x: Ints
    n: Ints
    p: Floats
    p_centre: Floats
    weight: Floats
    dispersion: float | None
    phi: float
    squares: Floats
    freedom: int

    @property
    def mean(self) -> Floats:
        """Expected count, shape (n,)."""
        return self.n * self.p

    @property
    def sd(self) -> Floats:
        """Standard deviation of the count, shape (n,)."""
        sd: Floats = np.sqrt(self.n * self.p * (1 - self.p) * self.phi)
        return sd


def fit(x: Ints, n: Ints, groups: Groups) -> Fit:
    """Fit the model to successes ``x`` of trials ``n`` (both shape (stations,)), in any unit of people.

    Formula: chi²_i = (x_i − n_i P_c)² / (n_i P_c (1 − P_c) (1 − n_i / N_c)) with P_c = Σx/Σn of the centre, whose mean
    is φ if stations vary φ times as much as coins; dispersion = Σ chi²_i (1 − n_i/N_c) / Σ_c (m_c − 1). φ is the mean
    of the smallest nine tenths of chi²_i over its expectation for φ = 1 (the plain dispersion where counts are small).
    """
    centre_n = np.bincount(groups.centre, n.astype(np.float64), groups.centres).astype(np.float64)
    centre_x = np.bincount(groups.centre, x.astype(np.float64), groups.centres).astype(np.float64)
    share = np.divide(centre_x, centre_n, out=np.zeros(groups.centres), where=centre_n > 0)
    members = np.bincount(groups.centre[n > 0], minlength=groups.centres)
    p = share[groups.centre]
    left = 1 - np.divide(n, centre_n[groups.centre], out=np.ones(len(n)), where=n > 0)
    variance = n * p * (1 - p)
    usable = (members[groups.centre] > 1) & (variance > 0)
    raw = np.divide((x - n * p) ** 2, variance, out=np.zeros(len(n)), where=usable)
    squares = np.divide(raw, left, out=np.zeros(len(n)), where=usable & (left > 0))
    varies = (members > 1) & (share > 0) & (share < 1)
    freedom = int((members[varies] - 1).sum())
    dispersion = float(raw.sum()) / freedom if freedom else None
    phi = max(_core(squares[usable], variance[usable], dispersion), 1.0)
    p_centre, weight = _shrunk(centre_x, centre_n, phi, groups)
    return Fit(x, n, p_centre[groups.centre], p_centre, weight, dispersion, phi, squares, freedom)


def _core(squares: Floats, variance: Floats, dispersion: float | None) -> float:
    """Dispersion of the body of stations: without the largest tenth of the squares."""
    if dispersion is None or not len(squares):
        return 1.0
    if np.median(variance) < _SMALL_VARIANCE:
        return dispersion
    kept = max(int(_KEPT * len(squares)), 1)
    return float(np.partition(squares, kept - 1)[:kept].mean()) / _KEPT_MEAN


def _shrunk(centre_x: Floats, centre_n: Floats, phi: float, groups: Groups) -> tuple[Floats, Floats]:
    """Posterior means (x/φ + s·m) / (n/φ + s) of the centres' probabilities, and their weights n/φ + s."""
    total = centre_n.sum()
    national = (centre_x.sum() + 0.5) / (total + 1.0)
    area_x = np.bincount(groups.area_of, centre_x, groups.areas)
    area_n = np.bincount(groups.area_of, centre_n, groups.areas)
    mean = ((area_x + _AREA_WEIGHT * national) / (area_n + _AREA_WEIGHT))[groups.area_of]
    filled = centre_n > 0
    share = np.divide(centre_x, centre_n, out=mean.copy(), where=filled)
    spread = float((centre_n * (share - mean) ** 2).sum()) / max(total, 1.0)
    noise = float((phi * mean * (1 - mean))[filled].sum()) / max(total, 1.0)
    between = max(spread - noise, 1e-12)
    strength = float(np.clip(national * (1 - national) / between - 1, *_PRIOR_RANGE))
    weight = centre_n / phi + strength
    return (centre_x / phi + strength * mean) / weight, weight


def draw(p: Floats, n: Ints, phi: float, rng: np.random.Generator) -> Ints:
    """Beta-binomial counts of mean n·p and variance n·p·(1 − p)·φ, shape (stations,).

    Where n is so small that no beta gives that variance, the largest possible is used.
    """
    if phi > 1.0:
        concentration = np.maximum((n - 1) / (phi - 1) - 1, 1e-3)
        p = rng.beta(np.maximum(p * concentration, 1e-9), np.maximum((1 - p) * concentration, 1e-9))
    return rng.binomial(n, p).astype(np.int64)


def draw_anew(fitted: Fit, n: Ints, groups: Groups, rng: np.random.Generator) -> Ints:
    """Counts of ``n`` trials with each centre's probability drawn from its posterior, shape (stations,)."""
    a, b = fitted.p_centre * fitted.weight, (1 - fitted.p_centre) * fitted.weight
    return draw(rng.beta(a, b)[groups.centre], n, fitted.phi, rng)


@dataclass(frozen=True)
class Honest:
    """The fitted honest election of a set of sheets; :meth:`simulate` draws one.

    Attributes:
        groups: centres and areas.
        sheets: the stations whose electors, centres and areas are kept.
        turnout: valid votes of electors, of the stations ``has_turnout`` only (others keep their valid votes).
        has_turnout: where electors are known and at least the valid votes, shape (n,).
        order: candidates from the strongest to the weakest (columns).
        steps: for each candidate of ``order`` but the last, the fit of its votes out of what the earlier ones left.
    """

    groups: Groups
    sheets: Sheets
    turnout: Fit
    has_turnout: Bools
    order: tuple[int, ...]
    steps: tuple[Fit, ...]

    def simulate(self, rng: np.random.Generator) -> Sheets:
        """Sheets of the same stations with counts drawn from the model."""
        drawn = draw_anew(self.turnout, self.turnout.n, self.groups, rng)
        valid = np.where(self.has_turnout, drawn, self.sheets.votes.sum(axis=1))
        votes = np.zeros_like(self.sheets.votes)
        left = valid.copy()
        for column, step in zip(self.order, self.steps, strict=False):
            votes[:, column] = draw_anew(step, left, self.groups, rng)
            left -= votes[:, column]
        votes[:, self.order[-1]] = left
        return replace(self.sheets, votes=votes, valid=valid)


def honest(sheets: Sheets, groups: Groups) -> Honest:
    """Fit the honest election to the sheets."""
    totals = sheets.votes.sum(axis=0)
    order = tuple(np.argsort(-totals, kind="stable").tolist())
    left = sheets.votes.sum(axis=1)
    has_turnout = (sheets.electors > 0) & (sheets.electors >= left)
    none = np.zeros(len(sheets), dtype=np.int64)
    turnout = fit(np.where(has_turnout, left, none), np.where(has_turnout, sheets.electors, none), groups)
    steps = []
    for column in order[:-1]:
        steps.append(fit(sheets.votes[:, column], left, groups))
        left = left - sheets.votes[:, column]
    return Honest(groups, sheets, turnout, has_turnout, order, tuple(steps))
