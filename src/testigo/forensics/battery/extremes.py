"""Extremes: everybody voted, everybody voted alike, nobody voted for the first or the second.

Naive null: every elector of the country decides by the same coin, so that the expected number of such stations is
Σ_i P(extreme | n_i, national share), nearly 0; honest centres differ from the country. Model-based null: drawn
elections, in which a centre's probability is shrunk towards its area, so that a lone station of 100 % does not
explain itself.

More votes than electors is not a matter of chance and is counted apart.

Source: Klimek, Yegorov, Hanel & Thurner 2012 (PNAS 109:16469) for the corner of full turnout and unanimity.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from testigo.forensics.battery.view import View

#: Turnout from which a station counts as full.
FULL = 0.95


def expected_full(view: View) -> float:
    """Stations with full turnout that the view's own fit expects: Σ_i P(N(p_i, v_i) ≥ 0.95).

    v_i = p_i (1 − p_i) (φ/n_i + 1/w_i), w_i the trials that the centre's posterior is worth.
    """
    fitted = view.turnout_fit
    used = fitted.n > 0
    p, n = fitted.p[used], fitted.n[used]
    weight = fitted.weight[view.frame.groups.centre[used]]
    sd = np.sqrt(p * (1 - p) * (fitted.phi / n + 1 / weight))
    return float(stats.norm.sf((FULL - p) / sd).sum())


def measure(view: View) -> dict[str, float]:
    """Numbers of stations at each extreme (of those where anybody voted); full turnout also less its expectation."""
    voted = view.valid > 0
    if not voted.any():
        return {}
    answer = {}
    if view.has_turnout.any():
        answer["full_turnout"] = float((view.turnout >= FULL).sum())
        expected = expected_full(view)
        answer["full_excess"] = (answer["full_turnout"] - expected) / float(np.sqrt(expected + 1))
    answer["unanimous"] = float((view.sheets.votes.max(axis=1)[voted] == view.valid[voted]).sum())
    if view.frame.first != view.frame.second:
        answer["none_for_first"] = float((view.first[voted] == 0).sum())
        answer["none_for_second"] = float((view.second[voted] == 0).sum())
    return answer


def naive(view: View) -> dict[str, float]:
    """Poisson p-values of at least so many stations, if the country were one coin."""
    voted = view.valid > 0
    n = view.valid[voted]
    observed = measure(view)
    if not observed:
        return {}
    shares = view.sheets.votes[voted].sum(axis=0) / n.sum()
    expected = {
        "unanimous": float((shares[:, None] ** n).sum()),
        "none_for_first": float(((1 - shares[view.frame.first]) ** n).sum()),
        "none_for_second": float(((1 - shares[view.frame.second]) ** n).sum()),
    }
    if "full_turnout" in observed:
        known = view.has_turnout
        electors = view.sheets.electors[known]
        rate = min(float(view.valid[known].sum()) / float(electors.sum()), 1.0)
        least = np.ceil(FULL * electors - 1e-9)
        expected["full_turnout"] = float(stats.binom.sf(least - 1, electors, rate).sum())
    p = {name: float(stats.poisson.sf(observed[name] - 1, rate)) for name, rate in expected.items() if name in observed}
    return p | ({"full_excess": p["full_turnout"]} if "full_turnout" in p else {})


def impossible(view: View) -> int:
    """Stations with more valid votes than electors."""
    return int((view.has_turnout & (view.valid > view.sheets.electors)).sum())
