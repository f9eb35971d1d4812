"""How much a sheet's printed totals narrow down what a stretch of its payload may say.

Rules of this module
--------------------
1. Counted are texts of the same length that the grammar admits and whose ballot lines sum to the total, whatever the
   votes in them. A count that is too low would be a claim of certainty that is not there.
2. Counted exactly, from right to left: there the place of every digit in its number is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from testigo.election.grammar import Payload
from testigo.election.profile import Contest, QRGrammar
from testigo.reading.soft.counting import contest_head, fillings_bits
from testigo.reading.soft.syntax import Syntax

_MOST_VOTES = 20_000  # of one sheet; more are not counted, and then the total narrows nothing
_State = tuple[int, int, bool]


@dataclass(frozen=True, slots=True)
class Totals:
    """Totals as something else than the code says them; ``None`` for those that it does not say.

    Attributes:
        valid: sum of the ballot lines.
        null, blank: votes.
    """

    valid: int | None = None
    null: int | None = None
    blank: int | None = None

    def __bool__(self) -> bool:
        return (self.valid, self.null, self.blank) != (None, None, None)

    def admit(self, payload: Payload) -> bool:
        """Whether a payload has these totals."""
        counts = payload.counts
        said = ((self.valid, counts.valid), (self.null, counts.null), (self.blank, counts.blank))
        return all(mine is None or mine == its for mine, its in said)


def fillings_bits_with(
    contest: Contest, syntax: Syntax, text: str, start: int, stop: int, totals: Totals
) -> float:  # fmt: skip
    """As :func:`fillings_bits`, of the fillings with these totals alone. ``text`` has them itself."""
    stop = min(stop, len(text) - _said_at_the_end(contest.qr, totals)) if contest.qr else stop
    without = fillings_bits(contest, syntax, text, start, stop)
    grammar, head = contest.qr, len(contest_head(contest, syntax))
    first, last = max(0, start, head), min(len(text), stop)
    if grammar is None or not head or first >= last or totals.valid is None or totals.valid > _MOST_VOTES:
        return without
    if any(len(separator) != 1 for separator in (grammar.separator, grammar.line_separator)):
        return without
    ways = _Ways(contest, grammar, text, head, first, last).count(totals.valid)
    by_place = sum(math.log2(len(syntax.admitted(p, len(text)))) for p in range(max(0, start), min(last, head)))
    return min(without, by_place + math.log2(max(ways, 1.0)))


def _said_at_the_end(grammar: QRGrammar, totals: Totals) -> int:
    """Characters at the payload's end that the totals give word for word."""
    size, said = 0, {"null": totals.null, "blank": totals.blank}
    for name in reversed(grammar.fields):
        value = said.get(name)
        if value is None:
            break
        size += len(grammar.separator) + len(str(value))
    return size


class _Ways:
    """The fillings of ``text[first:last]``, by what their ballot lines sum to."""

    def __init__(self, contest: Contest, grammar: QRGrammar, text: str, head: int, first: int, last: int) -> None:
        self.text, self.head, self.first, self.last = text, head, first, last
        self.separators = {grammar.separator, grammar.line_separator}
        self.most = grammar.max_digits
        self.summed = list(_summed(contest, grammar))
        borders = [head - 1, *(p for p in range(head, len(text)) if text[p] in self.separators), len(text)]
        self.numbers = [(left + 1, right) for left, right in pairwise(borders)]

    def _number_at(self, place: int) -> int:
        return sum(self.text[p] in self.separators for p in range(self.head, place))

    def count(self, total: int) -> float:
        """How many fillings make the whole payload's ballot lines sum to ``total``."""
        left, right = self._number_at(self.first), self._number_at(self.last)
        if len(self.numbers) != len(self.summed):
            return math.inf
        outside = [n for n in range(len(self.numbers)) if self.summed[n] and not left <= n <= right]
        after = self.text[self.last : self.numbers[right][1]]
        rest = total - sum(int(self.text[slice(*self.numbers[n])]) for n in outside)
        rest -= int(after) if after and self.summed[right] else 0
        if rest < 0:
            return 0.0
        begun = np.zeros(rest + 1)
        begun[0] = 1.0
        ways: dict[_State, npt.NDArray[np.float64]] = {(right, len(after), after[:1] == "0"): begun}
        for _ in range(self.last - self.first):
            ways = self._one_more(ways, left)
        return sum(self._ended(state, found, left) for state, found in ways.items())

    def _one_more(
        self, ways: dict[_State, npt.NDArray[np.float64]], left: int
    ) -> dict[_State, npt.NDArray[np.float64]]:  # fmt: skip
        """A further character before those counted so far."""
        more: dict[_State, npt.NDArray[np.float64]] = {}
        for (number, digits, zero), found in ways.items():
            if number > left and digits and not (zero and digits > 1):
                key = (number - 1, 0, False)
                more[key] = more.get(key, 0.0) + found
            for digit in range(10) if digits < self.most else ():
                value = digit * 10**digits if self.summed[number] else 0
                if value < len(found):
                    key = (number, digits + 1, digit == 0)
                    moved = np.zeros_like(found)
                    moved[value:] = found[: len(found) - value]
                    more[key] = more.get(key, 0.0) + moved
        return more

    def _ended(self, state: _State, found: npt.NDArray[np.float64], left: int) -> float:
        """The ways that fit what stands before the stretch and reach the sum."""
        number, digits, zero = state
        before = self.text[self.numbers[left][0] : self.first]
        length = digits + len(before)
        leading = before[0] == "0" if before else zero
        if number != left or not 1 <= length <= self.most or (leading and length > 1):
            return 0.0
        value = int(before or "0") * 10**digits if self.summed[number] else 0
        return float(found[-1 - value]) if value < len(found) else 0.0


def _summed(contest: Contest, grammar: QRGrammar) -> Iterator[bool]:
    """For each number of a payload, in order, whether it is part of the sum of valid votes."""
    votes = "lines" if "lines" in grammar.fields else "candidates"
    size = {"lines": len(contest.line_codes), "candidates": len(contest.candidate_codes)}
    for field in grammar.fields[1:]:
        yield from [field == votes] * size.get(field, 1)
