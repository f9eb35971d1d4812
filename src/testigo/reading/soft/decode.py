"""From how dark each module seems to what the code says, or nothing.

How a map of modules is decoded
-------------------------------
1. Masks, levels and lengths are guessed (:mod:`guesses`); the likeliest few are tried.
2. Known modules (function patterns, bits that the syntax fixes, blocks already decoded) show where on the symbol the
   map can be trusted: where they are wrong, their neighbours are trusted less.
3. Each block is decoded by generalised minimum distance, then by ordered statistics; each block that succeeds tells
   more about where the map is wrong, so the others are tried again.
4. The answer counts only if every block has evidence enough (:mod:`certainty`), is borne out by its check symbols
   (:mod:`checks`), the message is made of whole segments, and its text fits the grammar as a whole. Everything else is
   no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from testigo.election.grammar import Payload, parse_payload
from testigo.election.profile import Contest
from testigo.reading.soft import symbol
from testigo.reading.soft.blocks import Word, by_distance, by_order
from testigo.reading.soft.certainty import REQUIRED_BITS, REQUIRED_OF_CHECKS
from testigo.reading.soft.checks import evidence_of_checks, near_bits
from testigo.reading.soft.counting import fillings_bits
from testigo.reading.soft.field import Bytes
from testigo.reading.soft.guesses import Guess, guesses_of
from testigo.reading.soft.message import characters_in, text_of
from testigo.reading.soft.syntax import (
    syntax_of,
)

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_CLIP = 4.0
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
        self.choice = np.asarray(free.sum(axis=1), np.float64)
        self.free = [float(self.choice[member].sum()) for member in self.blocks.members]
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

    def words(self, without: int | None = None) -> list[Word]:
        """Every block as seen, trusted as far as the map is right nearby.

        Args:
            without: a solved block that may not say where the map is right: no block vouches for itself.
        """
        trust = self._local_trust(without)[self.place.rows, self.place.columns]
        bits = np.where(self.flip, -trust, trust).reshape(-1, 8)
        return [
            Word(bits[member], self.known[member], free, self.blocks.checks)
            for member, free in zip(self.blocks.members, self.free, strict=True)
        ]

    def as_seen(self, block: int) -> Floats:
        """A block's bits as they are on the map, whatever is near: shape (n, 8)."""
        trust = self.trust[self.place.rows, self.place.columns]
        return np.where(self.flip, -trust, trust).reshape(-1, 8)[self.blocks.members[block]]

    def by_checks(self, block: int, choice: float, *, vouching: bool = False) -> float:
        """Bits by which a solved block's check symbols alone tell it from the blocks that could be meant instead.

        Args:
            choice: log2 of the number of blocks that the grammar allows.
            vouching: whether the block itself may say, too, where the map is right.
        """
        word, symbols = self.words(None if vouching else block)[block], self.solved[block]
        near = near_bits(word, symbols, self.as_seen(block), self.choice[self.blocks.members[block]])
        return evidence_of_checks(word, symbols) - min(choice, near)

    def _expected(self, without: int | None) -> npt.NDArray[np.int8]:
        """Every module whose colour is known by now: +1 dark, -1 light, 0 not known."""
        expected = self.place.known.copy()
        bits = self.known.copy()
        for block, symbols in self.solved.items():
            if block != without:
                bits[self.blocks.members[block]] = np.where(np.unpackbits(symbols[:, None], axis=1) > 0, 1, -1)
        expected[self.place.rows, self.place.columns] = np.where(self.flip, -bits.ravel(), bits.ravel())
        for copy in self.place.format_places:
            expected[tuple(np.array(copy).T)] = symbol.format_bits(self.guess.level, self.guess.mask)
        return expected

    def _local_trust(self, without: int | None) -> Floats:
        """The map, trusted less where known modules nearby are not as they must be."""
        expected = self._expected(without)
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
            by_all = word.evidence(self.solved[block]) - choice
            by_checks = self.by_checks(block, choice) + REQUIRED_BITS - REQUIRED_OF_CHECKS
            least, first = min(least, by_all, by_checks), first + size
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
