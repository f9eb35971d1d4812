"""Digits of the counts: the second (Benford), the last, and pairs of the last two.

The two nulls
-------------
Naive: Benford's law for the second digit; uniform last digits of counts of 100 and more; repeated pairs 1/10, adjacent
pairs 1/5. Polling stations have similar sizes, so honest counts follow none of these exactly.

Model-based: station i's count is spread round its expectation μ_i with the standard deviation σ_i of the honest model;
the expected number of stations with digit d is Σ_i P(digit of N(μ_i, σ_i²) = d). Statistic: chi² = Σ_d (O_d − E_d)²/E_d
against the same of drawn elections, each fitted anew.

Source: Mebane 2006 (second digit); Beber & Scacco 2012 (Political Analysis 20:211, last digits and pairs); Deckert,
Myagkov & Ordeshook 2011 (ibid. 19:245) for the false alarms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import ndimage, stats

from testigo.forensics.battery.model import Fit, Floats, Ints
from testigo.forensics.battery.view import View

#: Counts from which last digits and pairs are looked at: below, the digit follows from the size of the count.
CUT_OFF = 100
_LARGEST = 20_000  # votes: stations that expect more are left out of the digit tests
_SIGMAS = np.concatenate(([0.0], np.geomspace(0.5, 120.0, 28)))
_OUT = -1


def second_digit(counts: Ints) -> Ints:
    """Second digit from the left, -1 for counts below 10, shape of ``counts``."""
    scale = np.ones_like(counts)
    while (large := counts >= scale * 100).any():
        scale = np.where(large, scale * 10, scale)
    return np.where(counts < 10, _OUT, counts // scale % 10)


def last_digit(counts: Ints) -> Ints:
    """Last digit, -1 for counts below the cut-off."""
    return np.where(counts < CUT_OFF, _OUT, counts % 10)


def pair_kind(counts: Ints) -> Ints:
    """0: the last two digits are equal; 1: adjacent (9 and 0 too); 2: neither; -1 for counts below the cut-off."""
    distance = np.abs(counts % 10 - counts // 10 % 10)
    kind = np.where(distance == 0, 0, np.where((distance == 1) | (distance == 9), 1, 2))
    return np.where(counts < CUT_OFF, _OUT, kind)


_BENFORD = tuple(sum(np.log10(1 + 1 / (10 * first + d)) for first in range(1, 10)) for d in range(10))


@dataclass(frozen=True)
class DigitTest:
    """One way of looking at the digits of a count.

    Attributes:
        code: ``second_digit`` …
        digit: counts -> class from 0, or -1 where the count is left out.
        naive: probability of each class by the textbook.
    """

    code: str
    digit: Callable[[Ints], Ints]
    naive: tuple[float, ...]


DIGIT_TESTS = (
    DigitTest("second_digit", second_digit, _BENFORD),
    DigitTest("last_digit", last_digit, (0.1,) * 10),
    DigitTest("digit_pairs", pair_kind, (0.1, 0.2, 0.7)),
)
_BY_CODE = {test.code: test for test in DIGIT_TESTS}


@lru_cache(maxsize=16)
def _table(code: str, length: int) -> npt.NDArray[np.float32]:
    """P(class | μ, σ), shape (σ, μ, classes): the digit's indicator blurred by each σ."""
    test = _BY_CODE[code]
    digit = test.digit(np.arange(length, dtype=np.int64))
    indicator = (digit[:, None] == np.arange(len(test.naive))).astype(np.float64)
    blurred = [indicator if s == 0 else ndimage.gaussian_filter1d(indicator, s, axis=0) for s in _SIGMAS]
    return np.array(blurred, dtype=np.float32)


def _expected(test: DigitTest, fitted: Fit, used: npt.NDArray[np.bool_]) -> Floats:
    """Expected number of stations per class."""
    mean, sd = fitted.mean[used], fitted.sd[used]
    length = int(np.ceil((mean.max() + 10.0) / 1024) * 1024)
    table = _table(test.code, length)
    nearest = np.searchsorted((_SIGMAS[1:] + _SIGMAS[:-1]) / 2, sd)
    cell = nearest * length + np.rint(mean).astype(np.int64)
    weights = np.bincount(cell, minlength=table.shape[0] * length).astype(np.float64)
    filled = np.flatnonzero(weights)
    expected: Floats = weights[filled] @ table.reshape(-1, table.shape[2])[filled].astype(np.float64)
    return expected


def series_of(view: View) -> dict[str, Fit]:
    """The counts whose digits are looked at: votes of the first, votes of the second, valid votes."""
    series = {"first": view.first_fit, "second": view.second_fit, "valid": view.turnout_fit}
    return {name: fitted for name, fitted in series.items() if (fitted.n > 0).any()}


def counted(test: DigitTest, fitted: Fit) -> tuple[Ints, Floats]:
    """Observed and expected stations per class, the expected ones scaled to the same sum; shapes (classes,)."""
    used = (fitted.n > 0) & (fitted.mean < _LARGEST)
    digit = test.digit(fitted.x[used])
    observed = np.bincount(digit[digit >= 0], minlength=len(test.naive))
    if not observed.sum():
        return observed, np.zeros(len(test.naive))
    expected = _expected(test, fitted, used)
    if expected.sum() <= 0:
        return observed, np.zeros(len(test.naive))
    return observed, expected * (observed.sum() / expected.sum())


def measure(test: DigitTest, view: View) -> dict[str, float]:
    """chi² against the model per series; series of fewer than 50 usable counts are left out."""
    answer = {}
    for name, fitted in series_of(view).items():
        observed, expected = counted(test, fitted)
        if observed.sum() >= 50 and expected.min() > 0:
            answer[name] = float(((observed - expected) ** 2 / expected).sum())
    return answer


def naive(test: DigitTest, view: View) -> dict[str, float]:
    """p-values of chi² against the textbook's probabilities."""
    answer = {}
    for name, fitted in series_of(view).items():
        digit = test.digit(fitted.x[fitted.n > 0])
        observed = np.bincount(digit[digit >= 0], minlength=len(test.naive))
        if observed.sum() >= 50:
            expected = observed.sum() * np.array(test.naive)
            chi = float(((observed - expected) ** 2 / expected).sum())
            answer[name] = float(stats.chi2(len(test.naive) - 1).sf(chi))
    return answer
