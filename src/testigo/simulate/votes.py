"""Invented votes, and votes per ballot line for counts that have candidates only.

Rules of this module
--------------------
1. The same seed gives the same votes, whatever else is drawn.
2. A candidate's lines always sum to the candidate's votes: a published count is never changed.
3. Nothing here claims to be likely. Rehearsals need numbers of every shape, not a forecast.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from testigo.election import Contest, Register
from testigo.errors import InputError
from testigo.records import Counts


def generator(*names: object) -> np.random.Generator:
    """A generator of its own for these names."""
    digest = hashlib.sha256("/".join(str(name) for name in names).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def split_lines(contest: Contest, counts: Counts, seed: int, station: str) -> Counts:
    """The same counts with votes per ballot line; unknown null and blank votes become 0.

    Each candidate has one strong line, the same everywhere, as parties do.
    """
    if counts.lines is not None:
        return counts
    rng = generator(seed, contest.code, station, "lines")
    lines: dict[str, int] = {}
    for candidate in contest.candidates:
        weights = _line_weights(contest, candidate.code, seed)
        for code, votes in zip(
            candidate.lines, rng.multinomial(counts.candidates[candidate.code], weights), strict=True
        ):
            lines[code] = int(votes)
    return Counts(dict(counts.candidates), lines, counts.null or 0, counts.blank or 0)


def _line_weights(contest: Contest, candidate: str, seed: int) -> NDArray[np.float64]:
    lines = contest.candidate(candidate).lines
    rng = generator(seed, contest.code, candidate, "weights")
    weights = 0.07 * rng.dirichlet(np.full(len(lines), 2.0))
    weights[rng.integers(len(lines))] += 0.93
    return np.asarray(weights / weights.sum(), np.float64)


def invented_counts(contest: Contest, register: Register, seed: int) -> dict[str, Counts]:
    """Votes at every station: strength by region, turnout by station, a few null and blank votes.

    Returns:
        station -> counts with votes per line; never more votes than electors.

    Raises:
        InputError: a station's electors are unknown.
    """
    regions: dict[str, NDArray[np.float64]] = {}
    base = _base_strength(len(contest.candidates))
    counts = {}
    for code in register.rows:
        station = register.find(code)
        if station is None or station.electors is None:
            raise InputError(f"The station {code} has no known electors.", "Votes can be invented only where they are.")
        strength = base.copy()
        for area in station.areas:
            if area not in regions:
                regions[area] = generator(seed, contest.code, area).normal(0, 0.35, len(base))
            strength = strength + regions[area]
        rng = generator(seed, contest.code, code, "votes")
        shares = np.exp(strength + rng.normal(0, 0.25, len(base)))
        cast = int(rng.binomial(station.electors, float(np.clip(rng.normal(0.6, 0.08), 0.15, 0.95))))
        null, blank = (int(n) for n in rng.binomial(cast, (0.006, 0.003)))
        null, blank = min(null, cast), min(blank, max(0, cast - null))
        votes = rng.multinomial(cast - null - blank, shares / shares.sum())
        candidates = {name: int(n) for name, n in zip(contest.candidate_codes, votes, strict=True)}
        counts[code] = split_lines(contest, Counts(candidates, None, null, blank), seed, code)
    return counts


def _base_strength(candidates: int) -> NDArray[np.float64]:
    """Two strong candidates and a tail: what most ballots look like."""
    tail = [0.04 / 1.5**n for n in range(max(0, candidates - 2))]
    return np.asarray(np.log(np.array([0.6, 0.34, *tail][:candidates])), np.float64)


def altered(contest: Contest, counts: Counts, seed: str) -> Counts:
    """What a liar makes of counts: votes moved from the strongest candidate to another. Everything still sums.

    Where there is only one vote or one candidate, a vote is invented.
    """
    rng = generator(seed, "lie")
    lines = dict(counts.lines or {})
    strongest = max(lines, key=lambda code: lines[code])
    others = [
        code for code in contest.line_codes if contest.candidate_of_line[code] != contest.candidate_of_line[strongest]
    ]
    moved = max(1, int(lines[strongest] * rng.uniform(0.2, 0.6)))
    lines[strongest] = max(0, lines[strongest] - moved)
    target = others[int(rng.integers(len(others)))] if others else strongest
    lines[target] += moved + (1 if target == strongest else 0)
    return Counts(contest.candidates_from_lines(lines), lines, counts.null, counts.blank)


def total(counts: Mapping[str, Counts]) -> dict[str, int]:
    """Votes per candidate over all stations."""
    sums: dict[str, int] = {}
    for station in counts.values():
        for code, votes in station.candidates.items():
            sums[code] = sums.get(code, 0) + votes
    return sums
