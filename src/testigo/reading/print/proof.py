"""Whether the sums prove the counts: the rows' evidence against the sheet's arithmetic.

How a sheet is judged
---------------------
1. Each row has the numbers that its figures and words may mean, with weights (:mod:`evidence`).
2. Over all ways to pick one number per row that satisfy the sums (lines = valid; valid + null + blank = votes), the
   best and the weight of all others are found: exactly, by adding up line after line.
3. The best is the answer if it outweighs all others together by :data:`MARGIN`.
4. It is *proven* if besides no row's figures and words contradict each other, and no more than :data:`MOST_CORRECTED`
   rows owe their number to the sums, each of them a row that was weak by itself.

Rules of this module
--------------------
1. No number enters because the sum needs it: only what a row's own picture may mean.
2. A missing row is never computed from the others.
3. Weights come from the pictures alone: which votes are likely is not asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MARGIN = 1e4
MOST_CORRECTED = 2
_WEAK = 0.97  # a row at least so sure is never corrected
_SUPPORT = 2e-3  # weight that a number needs in its own row to be what the sums choose
_PRUNED = 1e-9  # partial sums so much lighter than the best are given up
_LIGHTEST = 1e-7

Weights = Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the sums say.

    Attributes:
        lines, totals: number per line, and per total (``valid``, ``null``, ``blank``, ``votes``), of the best way;
            empty if there is none.
        margin: how many times it outweighs all other ways together; 0 if there is none.
        corrected: indexes of lines and names of totals whose number is not their own row's likeliest.
        supported: whether every number is one that its own row supports.
    """

    lines: tuple[int, ...]
    totals: Mapping[str, int]
    margin: float
    corrected: tuple[int | str, ...]
    supported: bool


_NONE = Verdict((), {}, 0.0, (), False)


def judge(lines: Sequence[Weights], totals: Mapping[str, Weights]) -> Verdict:
    """The best way to satisfy the sums.

    Args:
        lines: per ballot line.
        totals: what the sheet prints of ``valid``, ``null``, ``blank``, ``votes``. Without ``valid`` there is no
            verdict; without ``votes`` null and blank stand by themselves.
    """
    if any(not line for line in lines) or not totals.get("valid"):
        return _NONE
    sums = _sums(lines, max(totals["valid"]))
    ways: list[tuple[float, int, dict[str, int]]] = []
    everything = 0.0
    for valid, weight in totals["valid"].items():
        if valid not in sums:
            continue
        mass, best, _ = sums[valid]
        for rest, other in _rests(valid, totals):
            everything += mass * weight * other
            ways.append((best * weight * other, valid, rest))
    if not ways:
        return _NONE
    best, valid, rest = max(ways, key=lambda way: way[0])
    others = max(everything - best, best * 1e-12)
    picked = _path(sums, lines, valid)
    chosen = {"valid": valid, **rest}
    corrected: list[int | str] = [n for n, number in enumerate(picked) if number != _likeliest(lines[n])]
    corrected += [name for name, number in chosen.items() if number != _likeliest(totals[name])]
    supported = all(_supports(lines[n], number) for n, number in enumerate(picked))
    supported = supported and all(_supports(totals[name], number) for name, number in chosen.items())
    return Verdict(picked, chosen, best / others, tuple(corrected), supported)


def holds(verdict: Verdict) -> bool:
    """Whether the sums decide, with few and well supported corrections."""
    return verdict.margin >= MARGIN and verdict.supported and len(verdict.corrected) <= MOST_CORRECTED


def _likeliest(weights: Weights) -> int:
    return max(weights.items(), key=lambda item: item[1])[0]


def _supports(weights: Weights, number: int) -> bool:
    """Whether a row may mean the number: its likeliest, or, if the row is weak, one that it supports."""
    top = _likeliest(weights)
    if top == number:
        return True
    return weights[top] < _WEAK and weights.get(number, 0.0) >= _SUPPORT


#: sum -> (weight of all ways, weight of the best way, the best way as a chain)
_Chain = tuple[int, "_Chain | None"]
_Sums = dict[int, tuple[float, float, "_Chain | None"]]


def _sums(lines: Sequence[Weights], most: int) -> _Sums:
    """Every sum of the lines that is no more than ``most``."""
    sums: _Sums = {0: (1.0, 1.0, None)}
    for line in lines:
        grown: _Sums = {}
        for total, (mass, best, chain) in sums.items():
            for number, weight in line.items():
                after = total + number
                if weight < _LIGHTEST or after > most:
                    continue
                known = grown.get(after)
                if known is None:
                    grown[after] = (mass * weight, best * weight, (number, chain))
                elif known[1] >= best * weight:
                    grown[after] = (known[0] + mass * weight, known[1], known[2])
                else:
                    grown[after] = (known[0] + mass * weight, best * weight, (number, chain))
        if not grown:
            return {}
        least = _PRUNED * max(mass for mass, _, _ in grown.values())
        sums = {total: way for total, way in grown.items() if way[0] >= least}
    return sums


def _path(sums: _Sums, lines: Sequence[Weights], total: int) -> tuple[int, ...]:
    numbers: list[int] = []
    chain = sums[total][2]
    while chain is not None:
        numbers.append(chain[0])
        chain = chain[1]
    return tuple(reversed(numbers))


def _rests(valid: int, totals: Mapping[str, Weights]) -> list[tuple[dict[str, int], float]]:
    """The ways of null, blank and votes that go with a number of valid votes."""
    ways: list[tuple[dict[str, int], float]] = [({}, 1.0)]
    for name in ("null", "blank"):
        if totals.get(name):
            ways = [
                ({**way, name: number}, weight * other)
                for way, weight in ways
                for number, other in totals[name].items()
                if weight * other > _LIGHTEST
            ]
    votes = totals.get("votes")
    if not votes:
        return ways
    return [
        ({**way, "votes": valid + sum(way.values())}, weight * votes[valid + sum(way.values())])
        for way, weight in ways
        if valid + sum(way.values()) in votes
    ]
