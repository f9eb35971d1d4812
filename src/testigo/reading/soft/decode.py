"""From how dark each module seems to what the code says, or nothing.

How a map of modules is decoded
-------------------------------
1. Masks, levels and lengths are rated by the format information and the bits that the syntax fixes; the likeliest few
   are tried.
2. Known modules (function patterns, bits that the syntax fixes, blocks already decoded) show where on the symbol the
   map can be trusted: where they are wrong, their neighbours are trusted less.
3. Each block is decoded by generalised minimum distance, then by ordered statistics; each block that succeeds tells
   more about where the map is wrong, so the others are tried again.
4. The answer counts only if every block has evidence enough (:mod:`certainty`), the message is made of whole segments,
   and its text fits the grammar as a whole. Everything else is no answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import cv2
import numpy as np
import numpy.typing as npt

from testigo.election.grammar import Payload, parse_payload
from testigo.election.profile import Contest
from testigo.reading.soft import symbol
from testigo.reading.soft.blocks import Word, by_distance, by_order
from testigo.reading.soft.certainty import REQUIRED_BITS
from testigo.reading.soft.counting import fillings_bits
from testigo.reading.soft.field import Bytes
from testigo.reading.soft.message import characters_in, text_of
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
Bools = npt.NDArray[np.bool_]

NOTHING_VOUCHED: Mapping[str, str] = MappingProxyType({})
_CLIP = 4.0
_LEAST_SCORE = 10.0  # nats that a shape must gain over chance before it is tried
_LEAST_FORMAT_SCORE = 11.0  # the same for a shape that knows nothing but the format
_WITHIN = 12.0  # nats behind the best
_LENGTHS_WITHIN = 14.0  # nats behind the best length
LENGTHS_BITS = 5.0  # choice of the length, and of a character that two blocks share
_CERTAIN = 1000.0  # bits; where nothing is left to choose
_SPREAD = 1.6  # modules over which an error speaks for its neighbours


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to try: attempts of shapes; order and shaken rounds of ordered statistics per block."""

    attempts: int = 3
    order: int = 3
    shaken: int = 80


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a damaged code says.

    Attributes:
        payload: taken apart.
        version, level, mask: of the symbol.
        symbols: one letter per codeword in placed order: ``.`` as seen, ``c`` corrected, ``e`` not seen.
        margin: bits by which the evidence exceeds what is needed to tell the block with the least of it.
        unused: per mille of the error correction left over in the worst block (2 x corrected + erased of its checks).
        differing: per mille of the seen data modules that differ from the answer.
        modules: the whole symbol as it was printed, dark true.
        judged: whether something else on the sheet was believed too (:mod:`judging`).
    """

    payload: Payload
    version: int
    level: str
    mask: int
    symbols: str
    margin: float
    unused: int
    differing: int
    modules: Bools = field(compare=False, repr=False)
    judged: bool = False

    @property
    def corrected(self) -> int:
        """Codewords corrected."""
        return self.symbols.count("c")

    @property
    def erased(self) -> int:
        """Codewords not seen."""
        return self.symbols.count("e")


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


def decode_modules(
    trust: Floats,
    contests: Sequence[Contest],
    *,
    effort: Effort | None = None,
) -> Decoded | None:
    """Decode a map of modules.

    Args:
        trust: shape (n, n), upright, not mirrored: positive for dark, negative for light, the size is the trust in nats
            (log-likelihood ratio); 0 for what is not seen. n = 17 + 4 version, versions 5 to 15.
        contests: whose grammars may apply.
        effort: how hard to try.

    Returns:
        The only answer that is sure, or ``None``.
    """
    effort = effort or Effort()
    version = version_of(trust)
    if version is None:
        return None
    trust = clipped(trust)
    for guess in guesses_of(trust, version, contests)[: effort.attempts]:
        answer = Attempt(trust, version, guess).run(effort)
        if answer is not None:
            return answer
    return None


def version_of(trust: Floats) -> int | None:
    """The version of the symbol that a map is of, or ``None``."""
    version, rest = divmod(trust.shape[0] - 17, 4)
    return None if rest or version not in symbol.VERSIONS or trust.shape[0] != trust.shape[1] else version


def clipped(trust: Floats) -> Floats:
    """A map in which nothing is trusted too much."""
    return np.clip(trust, -_CLIP, _CLIP).astype(np.float64)


def combine(maps: Sequence[Floats]) -> Floats:
    """One map of several images of the same sheet: the trusts add up where they are independent.

    Args:
        maps: as :func:`decode_modules` takes them, all of one version.
    """
    return np.asarray(np.clip(np.sum(maps, axis=0), -_CLIP, _CLIP), np.float64)


# ---------------------------------------------------------------------- which mask, level, length


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


# ---------------------------------------------------------------------- one attempt


class Attempt:
    """Decode under one guess of mask, level and length."""

    def __init__(self, trust: Floats, version: int, guess: Guess) -> None:
        self.trust, self.version, self.guess = trust, version, guess
        self.place = symbol.layout(version)
        self.blocks = symbol.blocks(version, guess.level)
        self.flip = symbol.mask_bits(version, guess.mask)
        known = np.zeros((self.blocks.total, 8), np.int8)
        known[self.blocks.data_order] = guess.shape.known.reshape(-1, 8)
        self.known = known
        free = np.zeros((self.blocks.total, 8))
        free[self.blocks.data_order] = guess.shape.free.reshape(-1, 8)
        self.free = [float(free[member].sum()) for member in self.blocks.members]
        self.solved: dict[int, Bytes] = {}

    def run(self, effort: Effort) -> Decoded | None:
        """The answer, if it is sure."""
        if not self._by_distance() and self.guess.shape.mode:
            self._by_order(effort)
        return self.answer() if self.all_solved() else None

    def _by_distance(self) -> bool:
        """Every block by generalised minimum distance, again while blocks that succeed help the others."""
        while True:
            left = [b for b in range(len(self.blocks.members)) if b not in self.solved]
            if not left:
                return True
            words = self.words()
            found = by_distance([words[b] for b in left])
            gained = {b: symbols for b, symbols in zip(left, found, strict=True) if symbols is not None}
            self.solved.update(gained)
            if not gained:
                return False

    def _by_order(self, effort: Effort) -> None:
        """The blocks left by ordered statistics, with little effort first; each that succeeds may help the others."""
        for shaken in (min(6, effort.shaken), effort.shaken):
            while not self.all_solved():
                words = self.words()
                left = [b for b in range(len(words)) if b not in self.solved]
                if any(words[b].hopeless(effort.shaken + 1) for b in left):
                    return
                gained = False
                for block in sorted(left, key=lambda b: -float(np.abs(words[b].trust).sum())):
                    symbols = by_order(words[block], order=effort.order, shaken=shaken, seed=block)
                    if symbols is not None:
                        self.solved[block], gained = symbols, True
                        break
                    if shaken > 6:
                        return  # all must succeed, and this one will not
                if not gained:
                    break
                self._by_distance()

    def all_solved(self) -> bool:
        """Whether every block was decoded."""
        return len(self.solved) == len(self.blocks.members)

    def words(self) -> list[Word]:
        """Every block as seen, trusted as far as the map is right nearby."""
        trust = self._local_trust()[self.place.rows, self.place.columns]
        bits = np.where(self.flip, -trust, trust).reshape(-1, 8)
        return [
            Word(bits[member], self.known[member], free, self.blocks.checks)
            for member, free in zip(self.blocks.members, self.free, strict=True)
        ]

    def _expected(self) -> npt.NDArray[np.int8]:
        """Every module whose colour is known by now: +1 dark, -1 light, 0 not known."""
        expected = self.place.known.copy()
        bits = self.known.copy()
        for block, symbols in self.solved.items():
            bits[self.blocks.members[block]] = np.where(np.unpackbits(symbols[:, None], axis=1) > 0, 1, -1)
        expected[self.place.rows, self.place.columns] = np.where(self.flip, -bits.ravel(), bits.ravel())
        for copy in self.place.format_places:
            expected[tuple(np.array(copy).T)] = symbol.format_bits(self.guess.level, self.guess.mask)
        return expected

    def _local_trust(self) -> Floats:
        """The map, trusted less where known modules nearby are not as they must be."""
        expected = self._expected()
        seen = (np.abs(self.trust) > 0.1) & (expected != 0)
        wrong = seen & ((self.trust > 0) != (expected > 0))
        near_wrong = cv2.GaussianBlur(wrong.astype(np.float64), (0, 0), _SPREAD)
        near_seen = cv2.GaussianBlur(seen.astype(np.float64), (0, 0), _SPREAD)
        overall = (float(wrong.sum()) + 0.5) / (float(seen.sum()) + 10)
        prior = 0.06
        rate = np.minimum((near_wrong + prior * overall) / (near_seen + prior), 0.5)
        own = 1 / (1 + np.exp(np.abs(self.trust)))
        both = rate + own - 2 * rate * own
        return np.asarray(np.sign(self.trust) * np.log((1 - both) / both), np.float64)

    def answer(self) -> Decoded | None:
        """What the blocks say together, if all of it is sure."""
        codewords = np.zeros(self.blocks.total, np.uint8)
        for block, symbols in self.solved.items():
            codewords[self.blocks.members[block]] = symbols
        text = text_of(codewords[self.blocks.data_order].tobytes(), self.version)
        payload = None if text is None else parse_payload(self.guess.contest, text)
        if payload is None:
            return None
        margin = self.margin(payload.text)
        if margin < REQUIRED_BITS:
            return None
        bits = np.unpackbits(codewords).astype(bool)
        modules = symbol.full_pattern(self.version, self.guess.level, self.guess.mask, bits)
        letters = self._symbols(modules)
        seen = np.abs(self.trust) > 0.1
        differs = seen & ((self.trust > 0) != modules) & ~self.place.function
        share = differs.sum() / max(1, (seen & ~self.place.function).sum())
        return Decoded(
            payload=payload,
            version=self.version,
            level=self.guess.level,
            mask=self.guess.mask,
            symbols=letters,
            margin=margin,
            unused=self._unused(letters),
            differing=round(1000 * float(share)),
            modules=modules,
        )

    def margin(self, text: str) -> float:
        """Bits by which the evidence exceeds the choice that the grammar leaves, in the block with the least."""
        syntax = syntax_of(self.guess.contest)
        least, first = np.inf, 0
        for block, (word, size) in enumerate(zip(self.words(), self.blocks.data, strict=True)):
            start, stop = characters_in(self.guess.shape.mode, self.version, first, first + size)
            choice = self.free[block]
            if choice == 0:  # all of it is known: there is no other block
                first += size
                continue
            if syntax is not None and self.guess.shape.mode:
                counted = fillings_bits(self.guess.contest, syntax, text, start, stop) + LENGTHS_BITS
                choice = min(choice, counted)
            least, first = min(least, word.evidence(self.solved[block]) - choice), first + size
        return float(min(least, _CERTAIN))

    def _unused(self, symbols: str) -> int:
        cost = np.array([{".": 0, "c": 2, "e": 1}[letter] for letter in symbols])
        worst = max(int(cost[member].sum()) for member in self.blocks.members)
        return max(0, round(1000 * (1 - worst / self.blocks.checks)))

    def _symbols(self, modules: Bools) -> str:
        trust = self.trust[self.place.rows, self.place.columns].reshape(-1, 8)
        right = (trust > 0) == modules[self.place.rows, self.place.columns].reshape(-1, 8)
        unseen = np.asarray((np.abs(trust) > 0.1).sum(axis=1) < 4)
        wrong = np.asarray(~(right | (np.abs(trust) <= 0.1)).all(axis=1))
        partly = np.asarray((np.abs(trust) <= 0.1).any(axis=1))
        return "".join(
            "e" if u or (p and not w) else "c" if w else "." for u, w, p in zip(unseen, wrong, partly, strict=True)
        )
