"""How many payloads of a grammar differ from one in a stretch of it only: what evidence has to exceed.

Rules of this module
--------------------
1. Counted are texts of the same length that the grammar admits, whatever the votes in them. An upper bound is enough;
   a count that is too low would be a claim of certainty that is not there.
"""

from __future__ import annotations

import math

from testigo.election.profile import Contest
from testigo.reading.soft.syntax import Syntax


def fillings_bits(contest: Contest, syntax: Syntax, text: str, start: int, stop: int) -> float:
    """log2 of how many ways the grammar admits to fill ``text[start:stop]`` while the rest stays.

    Args:
        contest: of the payload.
        syntax: of that contest.
        text: a whole payload of it.
        start, stop: the stretch.
    """
    grammar = contest.qr
    start, stop = max(0, start), min(len(text), stop)
    if grammar is None or start >= stop:
        return 0.0
    separators = {grammar.separator, grammar.line_separator}
    head = len(contest_head(contest, syntax))
    by_place = sum(math.log2(len(syntax.admitted(p, len(text)))) for p in range(start, min(stop, head)))
    first = max(start, head)
    if first >= stop:
        return by_place
    if not head or any(len(separator) != 1 for separator in separators):
        return by_place + (stop - first) * math.log2(len(syntax.alphabet))
    return by_place + _numbers_bits(text, first, stop, head, separators, grammar.max_digits)


def contest_head(contest: Contest, syntax: Syntax) -> str | tuple[frozenset[str], ...]:
    """The first places up to the first number, if all of them are fixed; empty if what follows is not numbers only."""
    grammar = contest.qr
    if grammar is None or grammar.fields[0] != "sheet_code" or "sheet_code" in grammar.fields[1:]:
        return ""
    whole = [length for length in (syntax.code_length,) if length]
    return syntax.head[: whole[0] + len(grammar.separator)] if whole else ""


def _numbers_bits(text: str, first: int, stop: int, head: int, separators: set[str], most: int) -> float:
    """Canonical numbers (no leading zero, at most ``most`` digits) with as many separators as the stretch has."""
    before = 0
    while first - before > head and text[first - before - 1] not in separators:
        before += 1
    begun_with_zero = before > 0 and text[first - before] == "0"
    wanted = sum(character in separators for character in text[first:stop])
    ways = {(0, before, begun_with_zero): 1}
    for _ in range(first, stop):
        after: dict[tuple[int, int, bool], int] = {}
        for (used, run, zero), count in ways.items():
            for key, factor in _steps(used, run, zero, wanted, most):
                after[key] = after.get(key, 0) + count * factor
        ways = after
    total = sum(count for (used, _, _), count in ways.items() if used == wanted)
    return math.log2(max(total, 1))


def _steps(used: int, run: int, zero: bool, wanted: int, most: int) -> list[tuple[tuple[int, int, bool], int]]:
    steps: list[tuple[tuple[int, int, bool], int]] = []
    if run == 0:
        steps += [((used, 1, True), 1), ((used, 1, False), 9)]
    else:
        if not zero and run < most:
            steps.append(((used, run + 1, False), 10))
        if used < wanted:
            steps.append(((used + 1, 0, False), 1))
    return steps
