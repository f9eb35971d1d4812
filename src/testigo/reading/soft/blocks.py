"""One block of codewords from reliabilities: generalised minimum distance, then ordered statistics.

Rules of this module
--------------------
1. Bits come as trust: positive for one, negative for zero, its size the trust in nats; 0 is erased. Bits that the
   syntax fixes are known: they hold whatever is seen.
2. Generalised minimum distance: errors-and-erasures Reed-Solomon, erasing ever more of the least trusted symbols
   (Forney, 1966).
3. Ordered statistics on the code's binary image: the most trusted independent bits fix the word; up to three of them
   are turned over (Fossorier & Lin, 1995). Known bits enter as trusted without limit, so the syntax repairs what the
   checks alone cannot.
4. A block is returned only if its evidence passes (:mod:`certainty`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from testigo.reading.soft.certainty import PASSING_BITS, attainable_bits, evidence_bits
from testigo.reading.soft.field import EXP, PRODUCT, Bytes, correct
from testigo.reading.soft.linear import product_of_transposed

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

_KNOWN_TRUST = 60.0
_MOVABLE = 160  # of the basis' bits, the least trusted, are turned over


@dataclass(frozen=True)
class Word:
    """A block's word as seen.

    Attributes:
        trust: shape (n, 8): of each bit, highest first.
        known: shape (n, 8): +1, -1, or 0 where the syntax fixes nothing (all of the checks).
        free_bits: bits of choice that the syntax leaves.
        checks: number of check symbols, which come last.
    """

    trust: Floats
    known: npt.NDArray[np.int8]
    free_bits: float
    checks: int

    def filled(self) -> Floats:
        """The trust with the known bits put in."""
        return np.where(self.known != 0, self.known * _KNOWN_TRUST, self.trust)

    def evidence(self, symbols: Bytes) -> float:
        """Bits of evidence for these symbols; -inf if they contradict a known bit."""
        bits = np.unpackbits(symbols[:, None], axis=1).astype(bool)
        if ((self.known > 0) & ~bits | (self.known < 0) & bits).any():
            return -np.inf
        seen = self.known == 0
        agrees = (self.trust > 0) == bits
        return evidence_bits(np.abs(self.trust[seen]), agrees[seen])

    def passes(self, symbols: Bytes) -> bool:
        """Whether the evidence is enough to go on with."""
        return self.evidence(symbols) >= self.free_bits + PASSING_BITS

    def hopeless(self, rounds: int) -> bool:
        """Whether it is not worth trying ordered statistics: too little evidence, or too many of the best bits wrong.

        Args:
            rounds: how often a basis would be chosen.
        """
        seen = np.abs(self.trust[self.known == 0])
        if 1.3 * attainable_bits(seen) < self.free_bits + PASSING_BITS:
            return True
        basis = max(1, seen.size - 8 * self.checks)
        wrong = float((1 / (1 + np.exp(np.sort(seen)[::-1][:basis]))).sum())
        at_most_two = math.exp(-wrong) * (1 + wrong + wrong * wrong / 2)
        return rounds * at_most_two < 0.05


def by_distance(words: list[Word]) -> list[Bytes | None]:
    """Each word's symbols by generalised minimum distance; ``None`` where no set of erasures gives a sure block."""
    checks = words[0].checks
    longest = max(len(word.trust) for word in words)
    counts = np.arange(0, checks + 1, 2)
    received, erased = [], []
    for word in words:
        symbols, sets = _growing_erasures(word, counts)
        pad = longest - len(symbols)  # a shorter block is a longer one that begins with zeros
        received.append(np.tile(np.concatenate((np.zeros(pad, np.uint8), symbols)), (len(counts), 1)))
        erased.append(np.concatenate((np.zeros((len(counts), pad), bool), sets), axis=1))
    fixed, good = correct(np.concatenate(received), np.concatenate(erased), checks)
    answers: list[Bytes | None] = []
    for number, word in enumerate(words):
        rows = slice(number * len(counts), (number + 1) * len(counts))
        pad = longest - len(word.trust)
        tries = [row[pad:] for row, right in zip(fixed[rows], good[rows], strict=True) if right and not row[:pad].any()]
        answers.append(_best(word, tries))
    return answers


def _growing_erasures(word: Word, counts: Ints) -> tuple[Bytes, Bools]:
    filled = word.filled()
    symbols = np.packbits(filled > 0, axis=1)[:, 0]
    doubt = np.logaddexp(0, -np.abs(filled)).sum(axis=1)  # -ln P(the symbol is right)
    order = np.argsort(-doubt, kind="stable")
    sets = np.zeros((len(counts), len(symbols)), bool)
    for row, count in enumerate(counts):
        sets[row, order[:count]] = True
    return symbols, sets


def _best(word: Word, tries: list[Bytes]) -> Bytes | None:
    unique = {bytes(symbols): symbols for symbols in tries}
    rated = [(word.evidence(symbols), key) for key, symbols in unique.items()]
    evidence, key = max(rated, default=(-np.inf, b""))
    return unique[key] if evidence >= word.free_bits + PASSING_BITS else None


# ---------------------------------------------------------------------- ordered statistics


@lru_cache(maxsize=64)
def _check_matrix(length: int, checks: int) -> npt.NDArray[np.uint8]:
    """The code's parity checks over single bits, shape (8 checks, 8 length)."""
    powers = EXP[(np.arange(length - 1, -1, -1)[None, :] * np.arange(checks)[:, None]) % 255]
    columns = PRODUCT[powers[:, :, None], (128 >> np.arange(8)).astype(np.uint8)[None, None, :]]
    bits = np.unpackbits(columns[..., None], axis=3)  # (check, symbol, bit in, bit out)
    return np.ascontiguousarray(bits.transpose(0, 3, 1, 2).reshape(8 * checks, 8 * length))


def by_order(word: Word, *, order: int = 3, shaken: int = 0, seed: int = 0) -> Bytes | None:
    """The word's symbols by ordered statistics; ``None`` if none is sure.

    Args:
        order: how many of the most trusted bits may be wrong (1 to 3) in the first round.
        shaken: further rounds with the trust shaken and up to two wrong, for bits that are all trusted alike.
        seed: of the shaking; the same word gives the same answer.
    """
    return next((found for found in rounds(word, order=order, shaken=shaken, seed=seed) if word.passes(found)), None)


def rounds(word: Word, *, order: int = 3, shaken: int = 0, seed: int = 0) -> Iterator[Bytes]:
    """The best symbols of each round of :func:`by_order`, sure or not."""
    filled = word.filled().ravel()
    trust = np.abs(filled)
    rng = np.random.default_rng(seed)
    for round_ in range(1 + shaken):
        rank_by = trust
        if round_:  # ever less by trust, ever more by chance: errors where the trust is high must get their turn
            share = (1.0, 0.6, 0.3)[round_ % 3]
            rank_by = np.where(trust >= _KNOWN_TRUST, trust, trust**share * rng.uniform(0.1, 1.0, len(trust)))
        yield _reprocessed(word, filled, rank_by, min(order, 2) if round_ else order)


def _reprocessed(word: Word, filled: Floats, rank_by: Floats, order: int) -> Bytes:
    hard = (filled > 0).astype(np.uint8)
    pivots, basis, matrix = _eliminated(_check_matrix(len(word.trust), word.checks), np.argsort(rank_by, kind="stable"))
    weight = np.abs(filled)
    implied = matrix @ hard[basis] & 1  # uint8 wraps at 256, which keeps the parity
    differs = np.asarray(implied ^ hard[pivots], np.uint8)
    movable = np.flatnonzero(weight[basis] < _KNOWN_TRUST)
    movable = movable[np.argsort(weight[basis][movable], kind="stable")][:_MOVABLE]
    turned = _cheapest(matrix[:, movable], differs, weight[pivots], weight[basis][movable], order)
    hard[basis[movable[turned]]] ^= 1
    hard[pivots] = matrix @ hard[basis] & 1
    return np.packbits(hard.reshape(-1, 8), axis=1)[:, 0]


def _eliminated(checks: npt.NDArray[np.uint8], order: Ints) -> tuple[Ints, Ints, npt.NDArray[np.uint8]]:
    """Solve the checks for the earliest columns of ``order``: pivots, other columns, and pivots from the others."""
    rows, columns = checks.shape
    packed = np.packbits(checks[:, order], axis=1, bitorder="little")
    width = -packed.shape[1] % 8
    words = np.ascontiguousarray(np.pad(packed, ((0, 0), (0, width)))).view(np.uint64)
    rank = 0
    pivots = []
    for column in range(columns):
        bit = (words[:, column // 64] >> np.uint64(column % 64)) & np.uint64(1)
        below = np.flatnonzero(bit[rank:])
        if not len(below):
            continue
        first = rank + int(below[0])
        if first != rank:
            words[[rank, first]] = words[[first, rank]]
            bit[first] = bit[rank]
        bit[rank] = 0
        words[bit.astype(bool)] ^= words[rank]
        pivots.append(column)
        rank += 1
        if rank == rows:
            break
    bits = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")[:rank, :columns]
    chosen = np.array(pivots)
    others = np.setdiff1d(np.arange(columns), chosen)
    return order[chosen], order[others], np.ascontiguousarray(bits[:, others])


def _cheapest(
    matrix: npt.NDArray[np.uint8], differs: npt.NDArray[np.uint8], pivot_weight: Floats, weight: Floats, order: int
) -> Ints:
    """Which of the movable bits (columns, least trusted first) to turn over to contradict the least trust."""
    signs = (1.0 - 2.0 * matrix).astype(np.float32)
    base = (pivot_weight * (1.0 - 2.0 * differs)).astype(np.float32)
    total = float(pivot_weight.sum())
    half = weight.astype(np.float32)
    # contradicted trust of turning over the set J: (total - sum of base * product of signs) / 2 + weights of J
    best: tuple[float, tuple[int, ...]] = ((total - float(base.sum())) / 2, ())
    if signs.shape[1] == 0:
        return np.array([], np.int64)
    one = (total - base @ signs) / 2 + half
    best = min(best, (float(one.min()), (int(one.argmin()),)))
    if order >= 2:
        best = min(best, _cheapest_pair(signs, base, total, half))
    for third in range(min(48, signs.shape[1]) if order >= 3 else 0):
        cost, pair = _cheapest_pair(signs, base * signs[:, third], total, half)
        best = min(best, (cost + float(half[third]), (third, *pair)))
    kept = [j for j in set(best[1]) if best[1].count(j) % 2]
    return np.array(kept, np.int64)


def _cheapest_pair(
    signs: npt.NDArray[np.float32], base: npt.NDArray[np.float32], total: float, weight: npt.NDArray[np.float32]
) -> tuple[float, tuple[int, ...]]:
    costs = (total - product_of_transposed(signs, base[:, None] * signs)) / 2 + weight[:, None] + weight[None, :]
    where = int(costs.argmin())
    return float(costs.flat[where]), divmod(where, costs.shape[1])
