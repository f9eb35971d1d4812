"""Were announced counts computed from round percentages?

The question
------------
Counts v_1 … v_k with the total T are *round* at d decimals if every v_c is the whole number nearest to a percentage
with d decimals of T: with M = 100 · 10^d steps, v_c = r(m_c) for a whole m_c, where r(m) = ⌊m·T/M + 1/2⌋ (halves go
up). People vote one by one, so that a true count is round by chance alone. That chance is counted, not estimated:

    P = (vectors of k whole numbers ≥ 0 with sum T that are all round) / C(T + k − 1, k − 1)

With M ≥ T every number is round and P = 1. For T much larger than M it is close to (M/T)^(k−1) · c_k, where c_k is the
chance that k rounding errors cancel (3/4 for three); only how many numbers lie near one another enters, so any null
that does not change much within one step (0.1 % of the votes, say) gives the same P as the flat one.
In a second way of looking, the last count (*others*) is what the round ones before it leave.

Bayes factor
------------
*Computed from percentages* against *counted*: the first puts the same chance, however spread over results, on round
vectors alone, and so makes a round one 1/P times likelier. Whoever looks in J ways (decimals, all counts or all but the
last, announcements) has J chances to be struck: spread evenly over the J ways, the factor is (1/J) Σ 1/P_j over the
ways in which the counts *are* round; and the chance that honest counts are round in any of them is at most Σ P_j.

How the vectors are counted
---------------------------
1. r(a + m) differs from r(a) + r(m) by −1, 0 or 1, so a sum of j rounded numbers is r(a) + δ with a = Σ m_c, |δ| < j.
2. F_j[a, δ], the number of j-tuples with that sum, follows from F_{j−1} (F_1[a, 0] = 1): M steps over M·(2j − 1) cells.
3. The answer is Σ F_{k−1}[a, δ] over the sums that leave a round number (or, in the second way, any number ≥ 0).

Rules of this module
--------------------
1. Exact: a test lists every vector for small totals. No sampling, no floating point before the last division.
2. The announced groups are taken as announced (*others* is one count).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from testigo.errors import InputError

#: Decimals that are looked at: whole percents, tenths, hundredths.
DECIMALS = (0, 1, 2)
#: Which counts come from a percentage: every one, or every one but the last, which is what they leave.
ALL, REST = "all", "rest"
WAYS = (ALL, REST)
#: Beyond these the arrays of step 2 take minutes.
MOST_DECIMALS = 3
MOST_COUNTS = 60


@dataclass(frozen=True, slots=True)
class Roundness:
    """One way of looking at announced counts.

    Attributes:
        decimals: of the percentages.
        way: ``all`` or ``rest``: whether the last count is asked to be round too.
        percentages: that give the counts asked; ``None`` if not all of them are round.
        probability: exact chance that counts with this total are round in this way.
    """

    decimals: int
    way: str
    percentages: tuple[Fraction, ...] | None
    probability: Fraction

    @property
    def round(self) -> bool:
        """Whether every count is round."""
        return self.percentages is not None

    @property
    def bayes_factor(self) -> Fraction:
        """How much likelier the counts are if computed from such percentages: 1/P if they are round, else 0."""
        return 1 / self.probability if self.round else Fraction(0)


def roundness(counts: Sequence[int], decimals: int, way: str = ALL) -> Roundness:
    """Whether these counts are round, and the chance of it.

    Args:
        counts: votes of every announced group; their sum is the total.
        decimals: of the percentages, 0 to 3.
        way: which of them are asked.

    Raises:
        InputError: no votes, fewer than two groups or too many, a negative count, other decimals or way.
    """
    _check(counts, decimals, way)
    total, steps = sum(counts), 100 * 10**decimals
    asked = counts if way == ALL else counts[:-1]
    found = [_step_of(count, total, steps) for count in asked]
    percentages = None if None in found else tuple(Fraction(100 * (m or 0), steps) for m in found)
    return Roundness(decimals, way, percentages, chance(total, len(counts), decimals, way))


def chance(total: int, groups: int, decimals: int, way: str = ALL) -> Fraction:
    """P of this module's docstring: the chance that counts of that many groups and that total are round.

    Exact. ``total`` in votes; the rest as in :func:`roundness`, errors too.
    """
    _check([total] + [0] * (groups - 1), decimals, way)
    return Fraction(round_vectors(total, groups, decimals, way), math.comb(total + groups - 1, groups - 1))


def round_vectors(total: int, groups: int, decimals: int, way: str = ALL) -> int:
    """How many vectors of that many whole numbers ≥ 0 with that sum are round."""
    steps = 100 * 10**decimals
    if steps >= total:  # steps of at most one vote reach every number
        return math.comb(total + groups - 1, groups - 1)
    values, reached = _sums(total, steps, groups - 1)
    width = reached.shape[1] // 2
    left = total - (values[:, None] + np.arange(-width, width + 1))
    fits = left >= 0
    if way == ALL:
        near = (left * steps + total // 2) // total
        fits &= np.any([_votes_of(near + m, total, steps) == left for m in (-1, 0, 1)], axis=0)
    return int(reached[fits].sum())


def looks(counts: Sequence[int], decimals: Sequence[int] = DECIMALS, ways: Sequence[str] = WAYS) -> list[Roundness]:
    """Every way of looking at the counts: each number of decimals, each way."""
    return [roundness(counts, d, way) for d in decimals for way in ways]


def bayes_factor(looked: Sequence[Roundness], announcements: int = 1) -> Fraction:
    """The factor over all ways that were looked at, each as likely beforehand: (1/J) Σ 1/P_j over those that fit.

    Args:
        looked: from :func:`looks`.
        announcements: how many results were looked at, this one included: J = len(looked) · announcements.
    """
    return sum((one.bayes_factor for one in looked), Fraction(0)) / (len(looked) * announcements)


# -------------------------------------------------------------------- details


def _check(counts: Sequence[int], decimals: int, way: str) -> None:
    if not 2 <= len(counts) <= MOST_COUNTS:
        raise InputError(f"{len(counts)} announced counts.", f"Give 2 to {MOST_COUNTS}: one per group, all groups.")
    if min(counts) < 0 or sum(counts) == 0:
        raise InputError("Announced counts without votes, or below 0.", "Give whole numbers, 0 or more.")
    if not 0 <= decimals <= MOST_DECIMALS or way not in WAYS:
        raise InputError(f"{decimals} decimals, {way}.", f"Give 0 to {MOST_DECIMALS}, and one of {', '.join(WAYS)}.")
    if sum(counts) > 2**40:
        raise InputError(f"{sum(counts)} votes.", "No country has that many.")


def _votes_of(m: npt.NDArray[np.int64], total: int, steps: int) -> npt.NDArray[np.int64]:
    """r(m): votes that m steps make."""
    votes: npt.NDArray[np.int64] = (2 * m * total + steps) // (2 * steps)
    return votes


def _step_of(count: int, total: int, steps: int) -> int | None:
    """A number of steps, at most all, that makes that count; ``None`` if none does."""
    near = count * steps // total
    for m in (near, near + 1):
        if m <= steps and (2 * m * total + steps) // (2 * steps) == count:
            return m
    return None


@lru_cache(maxsize=8)
def _sums(total: int, steps: int, groups: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    """r(a) for every a, and F_j[a, δ + j] of the module's docstring for j = ``groups``, shape (a, 2j + 1)."""
    # a can pass M, because numbers that were rounded down need more steps to sum to T.
    size = steps + groups + 2
    values = _votes_of(np.arange(size, dtype=np.int64), total, steps)
    # Python's own integers where 64 bits could be too few: slower, and just as exact.
    fits = math.comb(size + groups, groups) * 2 < 2**63
    reached: npt.NDArray[Any] = np.zeros((size, 2 * groups + 1), dtype=np.int64 if fits else object)
    reached[: steps + 1, groups] = 1
    for added in range(1, groups):
        more = np.zeros_like(reached)
        used = slice(groups - added + 1, groups + added)  # |δ| < added so far
        for m in range(steps + 1):
            rows = size - m
            shift = values[:rows] + values[m] - values[m:]
            for step in (-1, 0, 1):
                at = np.flatnonzero(shift == step)
                if len(at):
                    more[at + m, used.start + step : used.stop + step] += reached[at, used]
        reached = more
    return values, reached
