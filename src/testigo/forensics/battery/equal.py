"""Equal counts between stations: copied sheets.

Statistics (numbers of pairs of stations)
-----------------------------------------
``same_sheet``: all candidates equal, anywhere in the country. ``same_two_in_centre``: the two leading candidates equal,
in one centre. ``same_first_in_centre``: the first candidate's votes equal, in one centre.

Naive null: counts of different candidates and stations are independent, so that two stations agree with probability
Π_j Σ_x f_j(x)², f_j the distribution of candidate j's votes over all stations; the number of pairs is Poisson. Sister
stations resemble one another and candidates move together, so that honest data agree more often than that.

Source: birthday problem; Diaconis & Mosteller 1989 (JASA 84:853).
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from testigo.forensics.battery.model import Ints
from testigo.forensics.battery.view import View

_MULTIPLIER = 6_364_136_223_846_793_005  # odd, of Knuth's MMIX generator: mixes the columns of a row


def _keys(columns: Ints) -> Ints:
    """One number per row of ``columns``; equal rows have equal numbers, others (but for 2^-64) different ones."""
    key = np.zeros(len(columns), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for column in columns.T:
            key = (key ^ column.astype(np.uint64)) * np.uint64(_MULTIPLIER)
            key ^= key >> np.uint64(29)
    return key.view(np.int64)


def pairs(columns: Ints) -> int:
    """Number of pairs of equal rows of ``columns``, shape (stations, counts)."""
    if not len(columns):
        return 0
    key = np.sort(_keys(columns))
    lengths = np.diff(np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1], [True]))))
    return int((lengths * (lengths - 1) // 2).sum())


def twins(view: View) -> Ints:
    """Rows of the stations where anybody voted whose whole sheet equals another's, twins side by side."""
    rows = np.flatnonzero(view.valid > 0)
    _, inverse, counts = np.unique(_keys(view.sheets.votes[rows]), return_inverse=True, return_counts=True)
    equal = np.flatnonzero(counts[inverse] > 1)
    ordered: Ints = rows[equal[np.argsort(inverse[equal], kind="stable")]]
    return ordered


def _used(view: View) -> tuple[Ints, Ints]:
    """Votes and centres of the stations where anybody voted: empty sheets are equal for an honest reason."""
    voted = view.valid > 0
    return view.sheets.votes[voted], view.frame.groups.centre[voted]


def measure(view: View) -> dict[str, float]:
    """The three numbers of pairs."""
    votes, centre = _used(view)
    if len(votes) < 2:
        return {}
    first, second = votes[:, view.frame.first], votes[:, view.frame.second]
    answer = {"same_sheet": float(pairs(votes))}
    if len(np.unique(centre)) < len(centre):
        answer["same_two_in_centre"] = float(pairs(np.column_stack((centre, first, second))))
        answer["same_first_in_centre"] = float(pairs(np.column_stack((centre, first))))
    return answer


def naive(view: View) -> dict[str, float]:
    """Poisson p-values of at least so many pairs, if counts were independent."""
    votes, centre = _used(view)
    if len(votes) < 2:
        return {}
    agree = [float(((np.bincount(column) / len(column)) ** 2).sum()) for column in votes.T]
    members = np.bincount(centre)
    within = float((members * (members - 1) / 2).sum())
    expected = {
        "same_sheet": len(votes) * (len(votes) - 1) / 2 * float(np.prod(agree)),
        "same_two_in_centre": within * agree[view.frame.first] * agree[view.frame.second],
        "same_first_in_centre": within * agree[view.frame.first],
    }
    return {name: float(stats.poisson.sf(value - 1, expected[name])) for name, value in measure(view).items()}
