"""A damaged code with a judge beside it: what the print of the same sheet says of the payload.

How a code is decoded with a judge
----------------------------------
1. Without the judge first: who is not needed is not named.
2. The sheet code in the header enters as known bits, as the syntax does.
3. Blocks that are not sure by themselves give lists of their best candidates; the printed totals say which of their
   combinations can be.
4. What comes out has the judge's totals, and evidence enough by the count below.

Why a judge's lie gives no wrong payload
----------------------------------------
1. A judge only makes the blocks fewer that could be answered: of 2^K there are 2^(K - J) that begin as the header
   says, or have its totals. J is counted, not assumed: by the grammar for the header, by :mod:`totals` for the sums.
   Bits that the judge gives are neither free nor seen, like those of the syntax.
2. Lies are seldom blind. They look like the truth: another table of the same centre, one figure misread. So is a wrong
   block: with the right header given, a single module turned over in a figure makes another payload of the grammar.
   Such a block agrees with nearly all data that are seen, and to count those as fair coins would be to count the truth
   as evidence for the lie. (Without a judge the header, which has no slack, lets few answers pass on the data alone.)
3. So *every block* of a judged answer must be borne out by its check symbols alone (:mod:`checks`), against the blocks
   that could be meant: those near the data as seen, and no more than the 2^(K - J) of the first point. An answer needs
   REQUIRED_BITS of that in every block, besides what any answer needs.
4. A list adds nothing to the bound: all its members are among the blocks counted. What it adds is attempts, and log2 of
   their number is taken from the margin, as is log2 of the number of judges.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
import numpy.typing as npt

from testigo.election.profile import Contest
from testigo.reading.soft import symbol
from testigo.reading.soft.blocks import Word, rounds
from testigo.reading.soft.certainty import REQUIRED_BITS, REQUIRED_OF_CHECKS
from testigo.reading.soft.decode import (
    LENGTHS_BITS,
    Attempt,
    Decoded,
    Effort,
    clipped,
    decode_modules,
    version_of,
)
from testigo.reading.soft.field import Bytes
from testigo.reading.soft.guesses import Guess, guesses_of
from testigo.reading.soft.message import characters_in
from testigo.reading.soft.modes import MODES
from testigo.reading.soft.syntax import Filling, shape_of, syntax_of
from testigo.reading.soft.totals import Totals, fillings_bits_with

Floats = npt.NDArray[np.float64]

_MOST_LISTED = 2  # blocks that may be decoded by lists
_LIST, _LIST_ROUNDS, _LIST_ORDER = 5, 24, 2
_MOST_JUDGES = 4


@dataclass(frozen=True, slots=True)
class Judge:
    """Something else on the sheet that says how the payload begins, or what it sums to.

    Attributes:
        contest: code of the contest.
        text: the first characters, as the print says them (the sheet code); may be empty.
        totals: as the print says them.
    """

    contest: str
    text: str = ""
    totals: Totals = field(default_factory=Totals)


def decode_judged(
    trust: Floats, contests: Sequence[Contest], judges: Sequence[Judge], *, effort: Effort | None = None
) -> Decoded | None:
    """Decode a map of modules with judges beside it.

    Args:
        trust, contests, effort: as for :func:`testigo.reading.soft.decode.decode_modules`.
        judges: what the print says; the answer is ``judged`` if one of them was needed.

    Returns:
        The only answer that is sure, or ``None``; also if two judges help to different answers.
    """
    effort = effort or Effort()
    alone = decode_modules(trust, contests, effort=effort)
    version = version_of(trust)
    if alone is not None or version is None:
        return alone
    trust = clipped(trust)
    found: dict[str, Decoded] = {}
    heard = [judge for judge in dict.fromkeys(judges) if judge.text or judge.totals][:_MOST_JUDGES]
    for judge in heard:
        of = [contest for contest in contests if contest.code == judge.contest]
        guesses = [g for g in guesses_of(trust, version, of, {judge.contest: judge.text}) if g.shape.mode]
        for guess in guesses[: effort.attempts]:
            answer = _Judged(trust, version, guess, judge, math.log2(len(heard))).run(effort)
            if answer is not None:
                found[answer.payload.text] = answer
                break
    return next(iter(found.values())) if len(found) == 1 else None


class _Judged(Attempt):
    """An attempt under one guess and one judge."""

    def __init__(self, trust: Floats, version: int, guess: Guess, judge: Judge, attempts_bits: float) -> None:
        super().__init__(trust, version, guess)
        self.judge = judge
        self.attempts_bits = attempts_bits
        choice, vouched = np.zeros((self.blocks.total, 8)), np.zeros((self.blocks.total, 8), bool)
        choice[self.blocks.data_order] = guess.shape.free.reshape(-1, 8)
        vouched[self.blocks.data_order] = _vouched(version, guess, judge.text).reshape(-1, 8)
        self.choice = np.asarray(choice.sum(axis=1), np.float64)
        self.vouched = np.asarray(vouched.any(axis=1), bool)

    def run(self, effort: Effort) -> Decoded | None:
        answer = super().run(effort)
        if answer is None and not self.all_solved() and self.judge.totals:
            answer = self._by_lists()
        return answer

    def answer(self) -> Decoded | None:
        found = super().answer()
        if found is None or not self.judge.totals.admit(found.payload):
            return None
        return replace(found, judged=True)

    def margin(self, text: str) -> float:
        syntax = syntax_of(self.guess.contest, self.judge.text)
        assert syntax is not None  # noqa: S101  (the guess has a mode)
        least, first = math.inf, 0
        for block, (word, size) in enumerate(zip(self.words(), self.blocks.data, strict=True)):
            stretch = characters_in(self.guess.shape.mode, self.version, first, first + size)
            first += size
            if self.free[block] == 0 and not self.vouched[self.blocks.members[block]].any():
                continue  # the syntax alone fixes all of it
            counted = fillings_bits_with(self.guess.contest, syntax, text, *stretch, self.judge.totals) + LENGTHS_BITS
            choice = min(self.free[block], counted)
            by_all = word.evidence(self.solved[block]) - choice
            by_checks = self.by_checks(block, choice) + REQUIRED_BITS - REQUIRED_OF_CHECKS
            least = min(least, by_all, by_checks, self.by_checks(block, choice, vouching=True))
        return least - self.attempts_bits if math.isfinite(least) else 0.0

    def _by_lists(self) -> Decoded | None:
        """The combination of the unsure blocks' candidates that is sure with the totals; none if there are two."""
        words = self.words()
        left = [block for block in range(len(words)) if block not in self.solved]
        if len(left) > _MOST_LISTED:
            return None
        lists = [list(_candidates(words[block], block)) for block in left]
        tried = math.prod(len(one) for one in lists)
        if not tried:
            return None
        self.attempts_bits += math.log2(tried)
        found: dict[str, Decoded] = {}
        for chosen in product(*lists):
            self.solved.update(zip(left, chosen, strict=True))
            answer = self.answer()
            if answer is not None:
                found[answer.payload.text] = answer
        return next(iter(found.values())) if len(found) == 1 else None


def _candidates(word: Word, seed: int) -> Iterator[Bytes]:
    """The best few symbols of a block that could be sure with the totals' help."""
    rated: dict[bytes, float] = {}
    for symbols in rounds(word, order=_LIST_ORDER, shaken=_LIST_ROUNDS, seed=seed):
        rated[symbols.tobytes()] = word.evidence(symbols)
    best = sorted(rated, key=lambda key: -rated[key])[:_LIST]
    for key in best:
        if rated[key] >= max(REQUIRED_BITS, 0.7 * word.free_bits):
            yield np.frombuffer(key, np.uint8)


def _vouched(version: int, guess: Guess, text: str) -> npt.NDArray[np.bool_]:
    """Which bits of the message the judge alone fixes."""
    shape, syntax = guess.shape, syntax_of(guess.contest)
    assert syntax is not None  # noqa: S101  (the guess has a mode)
    codewords = sum(symbol.blocks(version, guess.level).data)
    bare = shape_of(syntax, Filling(shape.mode, shape.length, 0), version, codewords).known
    _, short, longer = MODES[shape.mode]
    first = 4 + (short if version <= 9 else longer)
    at_the_head = np.zeros(len(bare), bool)
    at_the_head[first : first + 8 * len(text)] = shape.mode == "byte"
    return np.asarray(at_the_head & (shape.known != 0) & (bare == 0), bool)
