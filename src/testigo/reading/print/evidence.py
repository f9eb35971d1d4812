"""What a row's figures and words say together: every number that they may mean, with its weight.

Rules of this module
--------------------
1. Before the picture is seen every number weighs the same: nothing here knows which votes are likely.
2. Each of the two sources may be wrong altogether with a small chance, so that neither can outvote the other by a
   confidence that is too good.
3. A source that cannot be read says nothing; it does not say zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from testigo.reading.print.ctc import WordsRead

READABLE = 0.55  # chance from which on a source counts as read
_ASTRAY = 1e-4  # chance that a source is something else than it seems, spread over all numbers
_NUMBERS = 10_000.0
_KEPT = 12


@dataclass(frozen=True, slots=True)
class Source:
    """What one source says.

    Attributes:
        chances: number -> chance; what is missing to 1 is none of these.
    """

    chances: Mapping[int, float]

    @property
    def best(self) -> tuple[int, float] | None:
        """The likeliest number with its chance."""
        return max(self.chances.items(), key=lambda item: item[1]) if self.chances else None

    @property
    def readable(self) -> int | None:
        """The number that it says, if it says one."""
        best = self.best
        return best[0] if best is not None and best[1] >= READABLE else None


NOTHING = Source({})


def figures_source(numbers: Sequence[tuple[str, float]]) -> Source:
    """From the likely runs of digits of :func:`~testigo.reading.print.ctc.likely_numbers`."""
    chances: dict[int, float] = {}
    for digits, chance in numbers:
        # Printed numbers have no leading zeros; such a run is a misreading of something.
        if digits and (digits == "0" or digits[0] != "0") and chance > 1e-7:
            chances[int(digits)] = min(1.0, chance)
    return _shortened(chances)


def words_source(read: WordsRead | None) -> Source:
    """From the digit words of a row."""
    if read is None:
        return NOTHING
    places = []
    for row in read.posteriors:
        order = np.argsort(-row)[:4]
        places.append([(int(digit), float(row[digit])) for digit in order if row[digit] > 1e-6])
    chances = {}
    for digits in product(*places):
        weight = float(np.prod([chance for _, chance in digits]))
        if weight > 1e-7:
            chances[int("".join(str(digit) for digit, _ in digits))] = weight
    return _shortened(chances)


def _shortened(chances: Mapping[int, float]) -> Source:
    return Source(dict(sorted(chances.items(), key=lambda item: -item[1])[:_KEPT]))


def together(*sources: Source) -> dict[int, float]:
    """Number -> weight, of several sources; the weights sum to 1, what is left over being any other number."""
    said = [source for source in sources if source.chances]
    numbers = {number for source in said for number in source.chances}
    weights = {}
    for number in numbers:
        weight = 1.0
        for source in said:
            weight *= source.chances.get(number, 0.0) * (1 - _ASTRAY) + _rest(source) / _NUMBERS
        weights[number] = weight
    # That all of them mean one and the same other number.
    rest = float(np.prod([_rest(source) for source in said])) / _NUMBERS ** (len(said) - 1) if said else 1.0
    total = sum(weights.values()) + rest
    return {number: weight / total for number, weight in sorted(weights.items(), key=lambda item: -item[1])[:_KEPT]}


def _rest(source: Source) -> float:
    return max(_ASTRAY, 1.0 - sum(source.chances.values()))
