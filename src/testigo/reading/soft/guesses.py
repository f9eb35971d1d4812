"""Which mask, level and length a damaged code may have, by its format information and by what the syntax fixes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from testigo.election.profile import Contest
from testigo.reading.soft import symbol
from testigo.reading.soft.syntax import (
    RatedFillings,
    Shape,
    Syntax,
    rated_fillings,
    shape_of,
    shape_without_syntax,
    syntax_of,
)

Floats = npt.NDArray[np.float64]

NOTHING_VOUCHED: Mapping[str, str] = MappingProxyType({})
_LEAST_SCORE = 10.0  # nats that a shape must gain over chance before it is tried
_LEAST_FORMAT_SCORE = 11.0  # the same for a shape that knows nothing but the format
_WITHIN = 12.0  # nats behind the best
_LENGTHS_WITHIN = 14.0  # nats behind the best length


@dataclass(frozen=True, slots=True)
class Guess:
    """A mask, level and shape to try, and how well they explain what is seen."""

    score: float
    contest: Contest
    level: str
    mask: int
    shape: Shape


@dataclass(frozen=True, slots=True)
class _Rated:
    """A level and mask, with how well every filling of a syntax explains what is seen."""

    best: float
    contest: Contest
    syntax: Syntax | None
    level: str
    mask: int
    by_format: float = 0.0
    fillings: tuple[RatedFillings, ...] = ()


def _gain(trust: Floats) -> Floats:
    """Nats that a bit gains over chance if it is one; of the negative: if it is zero."""
    return np.asarray(np.log(2) - np.logaddexp(0, -trust), np.float64)


def guesses_of(
    trust: Floats, version: int, contests: Sequence[Contest], vouched: Mapping[str, str] = NOTHING_VOUCHED
) -> list[Guess]:
    """What to try, the likeliest first.

    Args:
        trust: clipped.
        version: of the symbol.
        contests: whose grammars may apply.
        vouched: contest -> text with which its payload begins, if something else than the code tells it.
    """
    rated = _rated(trust, version, contests, vouched)
    best = max((one.best for one in rated), default=0.0)
    least = max(_LEAST_SCORE, best - _WITHIN)
    kept = [one for one in rated if one.best >= (least if one.fillings else _LEAST_FORMAT_SCORE)]
    return [_guess(one, version) for one in sorted(kept, key=lambda one: -one.best)]


def _rated(trust: Floats, version: int, contests: Sequence[Contest], vouched: Mapping[str, str]) -> list[_Rated]:
    place = symbol.layout(version)
    bits = trust[place.rows, place.columns]
    formats = np.stack([trust[tuple(np.array(copy).T)] for copy in place.format_places])
    if_dark, if_light = _gain(bits), _gain(-bits)
    found: list[_Rated] = []
    flips = np.stack([symbol.mask_bits(version, mask) for mask in range(8)])
    ones, zeros = np.where(flips, if_light, if_dark), np.where(flips, if_dark, if_light)
    for level in symbol.LEVELS:
        order = symbol.blocks(version, level).message_bits
        by_format = [float(_gain(formats * symbol.format_bits(level, mask)).sum()) for mask in range(8)]
        for contest in contests:
            syntax = syntax_of(contest, vouched.get(contest.code, ""))
            if syntax is None:
                continue
            fillings = rated_fillings(syntax, version, ones[:, order], zeros[:, order])
            for mask in range(8):
                found.append(_Rated(by_format[mask], contest, None, level, mask))
                if fillings:
                    best = max(float(one.scores[mask].max()) for one in fillings) + by_format[mask]
                    found.append(_Rated(best, contest, syntax, level, mask, by_format[mask], fillings))
    return found


def _guess(rated: _Rated, version: int) -> Guess:
    """What all the fillings agree on that are not far behind the best: a length is seldom sure from damage alone."""
    codewords = sum(symbol.blocks(version, rated.level).data)
    if rated.syntax is None:
        free = shape_without_syntax(rated.contest.code, codewords)
        return Guess(rated.best, rated.contest, rated.level, rated.mask, free)
    top = rated.best - rated.by_format
    near = [f for one in rated.fillings for f in one.near(rated.mask, top - _LENGTHS_WITHIN)]
    top_most = [f for one in rated.fillings for f in one.near(rated.mask, top - 1e-6)]
    best, *others = (shape_of(rated.syntax, filling, version, codewords) for filling in (*top_most, *near))
    known = best.known
    for shape in others:
        known = np.where(known == shape.known, known, 0)
    choice = np.where((known == 0) & (best.known != 0), 1.0, best.free)
    merged = Shape(best.contest, best.mode, best.length, known.astype(np.int8), choice)
    return Guess(rated.best, rated.contest, rated.level, rated.mask, merged)
