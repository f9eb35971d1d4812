"""Exact tails of the beta-binomial distribution, compiled: the p-values of single stations.

Rules of this module
--------------------
1. A tail is summed term by term from the observed count outwards, never subtracted from 1: 1e-12 stays 1e-12.
2. Two-sided mid-p-values: half the probability of the count itself, so that honest counts give nearly uniform values.

Source: Lancaster 1961 (JASA 56:223) for the mid-p-value.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from testigo.forensics.battery.model import Floats, Ints


@numba.njit(cache=True)
def _mid_p(x: int, n: int, a: float, b: float) -> float:  # pragma: no cover - compiled
    """Two-sided mid-p-value of x successes of n under a beta-binomial (a, b)."""
    log_term = math.lgamma(n + 1.0) - math.lgamma(x + 1.0) - math.lgamma(n - x + 1.0)
    log_term += math.lgamma(x + a) + math.lgamma(n - x + b) - math.lgamma(n + a + b)
    log_term += math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    term = math.exp(log_term)
    tail = 0.5 * term
    k = x
    if x * (a + b) <= n * a:
        while k > 0 and term > 1e-18 * tail:
            term *= k * (n - k + b) / ((n - k + 1.0) * (k - 1.0 + a))
            tail += term
            k -= 1
    else:
        while k < n and term > 1e-18 * tail:
            term *= (n - k) * (k + a) / ((k + 1.0) * (n - k - 1.0 + b))
            tail += term
            k += 1
    # Near the mean the other side can be the smaller half.
    return 2.0 * min(tail, 1.0 - tail)


@numba.njit(cache=True)
def _mid_ps(x: Ints, n: Ints, a: Floats, b: Floats, out: Floats) -> None:  # pragma: no cover - compiled
    for i in range(len(x)):
        out[i] = _mid_p(x[i], n[i], a[i], b[i])


def beta_binomial_p(x: Ints, n: Ints, p: Floats, factor: Floats) -> Floats:
    """Two-sided mid-p-values of counts ``x`` of ``n`` with mean n·p and variance n·p·(1 − p)·factor.

    Args:
        x, n: successes and trials, shape (m,).
        p: strictly between 0 and 1.
        factor: at least 1; where it is larger than n allows, the largest possible variance is used.
    """
    concentration = np.maximum((n - 1) / np.maximum(factor - 1, 1e-9) - 1, 1e-3)
    out = np.ones(len(x))
    _mid_ps(x.astype(np.int64), n.astype(np.int64), p * concentration, (1 - p) * concentration, out)
    return out
