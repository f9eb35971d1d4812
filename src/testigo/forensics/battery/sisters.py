"""Sister stations: rooms of one building, whose electors are neighbours, should vote alike.

Two questions
-------------
Dispersion: how much more than coins do sisters differ, over all centres? Σ chi² / degrees of freedom. Divided by φ,
that of the body of stations, it says whether a few differ more than the many (the tail).
Outliers: which station differs from its own sisters more than the body of stations does? Station i is compared with
the pooled others of its centre (N', X'): beta-binomial with mean (X' + 1/2)/(N' + 1) and variance factor φ (1 +
n_i/N').

Rules of this module
--------------------
1. The naive null is coins (φ = 1): honest sisters fail it, because electors are not dealt to rooms at random.
2. φ is that of the body (see :mod:`model`), so that the outliers sought do not hide themselves.
3. The list is bounded by its false discovery rate (Benjamini & Hochberg 1995), over shares and turnouts together.
4. Of two sisters that differ, both are listed: nobody can tell which one is odd.

Source: Mebane & Kalinin 2009 for stations of one place; Benjamini & Hochberg 1995 (JRSS B 57:289).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

from testigo.forensics.battery.model import Bools, Fit, Floats, Groups
from testigo.forensics.battery.tails import beta_binomial_p
from testigo.forensics.battery.view import View

#: Share of false alarms that the list of stations may hold, in expectation.
FALSE_DISCOVERIES = 0.05

#: Standard deviations within which a station cannot be on the list: its p-value is far above 5 %, and no list of this
#: false discovery rate holds one that large. Computing it would take most of the battery's time.
NEARER = 1.2


@dataclass(frozen=True)
class Outliers:
    """Stations against their sisters.

    Attributes:
        p: smaller p-value of share and turnout, doubled where both exist; 1 without a sister and
            within :data:`NEARER` standard deviations, shape (n,).
        flagged: stations of the list, shape (n,).
        by_share, by_turnout: the list by what made it, shape (n,).
    """

    p: Floats
    flagged: Bools
    by_share: Bools
    by_turnout: Bools


def against_sisters(fitted: Fit, groups: Groups, phi: float | None = None, nearer: float = 0.0) -> tuple[Bools, Floats]:
    """Which stations have sisters to compare with, and their p-values (1 elsewhere), shapes (n,).

    Args:
        phi: variance factor; left out, the fit's own.
        nearer: stations nearer to their sisters than so many standard deviations get 1 without being computed.
    """
    n, x = fitted.n, fitted.x
    others_n = np.bincount(groups.centre, n, groups.centres)[groups.centre] - n
    others_x = np.bincount(groups.centre, x, groups.centres)[groups.centre] - x
    usable = (n > 0) & (others_n > 0)
    p = np.ones(len(n))
    factor = (fitted.phi if phi is None else phi) * (1 + n[usable] / others_n[usable])
    mean = (others_x[usable] + 0.5) / (others_n[usable] + 1)
    spread = np.sqrt(n[usable] * mean * (1 - mean) * factor)
    far = np.abs(x[usable] - n[usable] * mean) >= nearer * spread
    rows = np.flatnonzero(usable)[far]
    p[rows] = beta_binomial_p(x[rows], n[rows], mean[far], factor[far])
    return usable, p


def outliers(view: View, phi: float | None = None) -> Outliers:
    """The stations to look at. ``phi``: 1 for the naive list; left out, each fit's own."""
    groups = view.frame.groups
    share_usable, share = against_sisters(view.first_fit, groups, phi, NEARER)
    turnout_usable, turnout = against_sisters(view.turnout_fit, groups, phi, NEARER)
    pooled = np.concatenate((share[share_usable], turnout[turnout_usable]))
    rejected = multipletests(pooled, FALSE_DISCOVERIES, "fdr_bh")[0] if len(pooled) else np.zeros(0, dtype=np.bool_)
    by_share, by_turnout = (np.zeros(len(share), dtype=np.bool_) for _ in range(2))
    by_share[share_usable] = rejected[: share_usable.sum()]
    by_turnout[turnout_usable] = rejected[share_usable.sum() :]
    looks = share_usable.astype(np.int64) + turnout_usable
    p = np.minimum(np.minimum(share, turnout) * np.maximum(looks, 1), 1.0)
    return Outliers(p, by_share | by_turnout, by_share, by_turnout)


def measure(view: View) -> dict[str, float]:
    """Dispersion of share and turnout, the same over that of the body, and the length of the list."""
    answer = {}
    for name, fitted in (("share", view.first_fit), ("turnout", view.turnout_fit)):
        if fitted.dispersion is not None:
            answer[f"dispersion_{name}"] = fitted.dispersion
            answer[f"tail_{name}"] = fitted.dispersion / fitted.phi
    if answer:
        answer["outliers"] = float(outliers(view).flagged.sum())
    return answer


def naive(view: View) -> dict[str, float]:
    """p-values if sisters differed as coins do: chi² of that many degrees of freedom; and of having any outlier."""
    answer = {}
    for name, fitted in (("share", view.first_fit), ("turnout", view.turnout_fit)):
        if fitted.dispersion is not None:
            coins = float(stats.chi2(fitted.freedom).sf(fitted.dispersion * fitted.freedom))
            answer[f"dispersion_{name}"] = answer[f"tail_{name}"] = coins
    if answer:
        groups = view.frame.groups
        looks = [against_sisters(fitted, groups, 1.0) for fitted in (view.first_fit, view.turnout_fit)]
        tests = sum(int(usable.sum()) for usable, _ in looks)
        answer["outliers"] = min(1.0, tests * min(float(p.min()) for _, p in looks))
    return answer
