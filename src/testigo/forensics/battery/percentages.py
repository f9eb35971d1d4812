"""Round percentages: stations whose share or turnout is a whole per cent, and spikes of the shares' density.

Integer percentages
-------------------
Number of stations whose percentage lies within 0.05 points of a whole number. Naive null: one in ten. Counts of a few
hundred people hit some fractions more often than others, so that honest data differ from one in ten.

Resampled density
-----------------
The share of the first, in bins of 0.1 points. F = share of the stations above each bin's upper 97.5 % band. Naive
band: the histogram smoothed over one point, with Poisson noise, blind to fractions of small whole numbers.
Model-based band: the same times the comb that such fractions make, which is learnt from drawn elections; the null of
F comes from others. The smooth part is always that of the data looked at, so that only heaps count, not where the
mass lies.

Source: Kobak, Shpilkin & Pshenichnikov 2016 (Ann. Appl. Stat. 10:54); Rozenas 2017 (Political Analysis 25:41).
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage, stats

from testigo.forensics.battery.model import Floats
from testigo.forensics.battery.view import View

_NEAR = 0.05  # percentage points from a whole per cent
_BINS = 1000
_SMOOTH = 10.0  # bins: one percentage point
_LEAST = 50  # stations below which the tests say nothing


def _whole(share: Floats) -> float:
    percent = 100 * share
    return float((np.abs(percent - np.rint(percent)) <= _NEAR + 1e-9).sum())


def measure_integers(view: View) -> dict[str, float]:
    """Stations with a whole per cent, of share and of turnout; those of 0 and 100 % are for the extremes."""
    answer = {}
    share = view.share[(view.share > 0) & (view.share < 1)]
    turnout = view.turnout[(view.turnout > 0) & (view.turnout < 1)]
    if len(share) >= _LEAST:
        answer["share"] = _whole(share)
    if len(turnout) >= _LEAST:
        answer["turnout"] = _whole(turnout)
    return answer


def naive_integers(view: View) -> dict[str, float]:
    """Binomial p-values of at least so many, if one station in ten were near a whole per cent."""
    used = {"share": (view.share > 0) & (view.share < 1), "turnout": (view.turnout > 0) & (view.turnout < 1)}
    return {
        name: float(stats.binom.sf(value - 1, int(used[name].sum()), 2 * _NEAR))
        for name, value in measure_integers(view).items()
    }


def histogram(view: View) -> Floats:
    """Stations per bin of 0.1 points of the first's share, shape (1001,), bins centred on the tenths."""
    share = view.share[view.valid > 0]
    return np.bincount(np.rint(share * _BINS).astype(np.int64), minlength=_BINS + 1).astype(np.float64)


def comb(histograms: Floats) -> Floats:
    """How much more often than smoothly each bin is hit, of drawn histograms, shape (draws, 1001) -> (1001,).

    One station per draw is added to both sides, so that empty bins have the ratio 1.
    """
    total = histograms.sum(axis=0)
    ratio: Floats = (total + len(histograms)) / (_smooth(total) + len(histograms))
    return ratio


def _smooth(counts: Floats) -> Floats:
    smooth: Floats = ndimage.gaussian_filter1d(counts, _SMOOTH, mode="nearest")
    return smooth


def measure_density(view: View, ratio: Floats) -> dict[str, float]:
    """F, with the comb ``ratio`` of drawn elections."""
    stations = int((view.valid > 0).sum())
    if stations < _LEAST:
        return {}
    observed = histogram(view)
    expected = _smooth(observed) * ratio
    excess = np.maximum(observed - expected - 1.96 * np.sqrt(expected), 0)
    return {"excess": float(excess.sum()) / stations}


def naive_density(view: View) -> dict[str, float]:
    """p-value of the number of bins above the smooth band: binomial, 2.5 % of the bins that hold a station or more."""
    if int((view.valid > 0).sum()) < _LEAST:
        return {}
    observed = histogram(view)
    smooth = _smooth(observed)
    used = smooth >= 1
    if not used.any():
        return {}
    above = int((stats.poisson.sf(observed[used] - 1, smooth[used]) < 0.025).sum())
    return {"excess": float(stats.binom.sf(above - 1, int(used.sum()), 0.025))}
