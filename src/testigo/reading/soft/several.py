"""Maps of one code from several images -> what it says; maps of several codes -> nothing.

Why more is needed than that the sum decodes
--------------------------------------------
Where maps of two codes are added, what differs cancels out and what is left fits both. Each block may then be decoded
as the one's or the other's, every time with all the evidence one could ask for: the text is neither's. (Of pairs of
sheets with the same mask and length most came out so.) The bound of :mod:`certainty` does not hold there: what is seen
was made from the very blocks that it is held against. So:

1. Maps are added only if they do not contradict each other.
2. One map at least bears out *every* block of the answer by itself, with its check symbols alone. Two blocks of a code
   that differ at all differ in every check symbol or nearly, and there like fair coins: the map of one sheet bears out
   a block of another's with probability 2^-ALONE_BITS. So all blocks are of that map's sheet. The data symbols are left
   out: two sheets of one election may well have most of their figures in common.
3. No map that shows check symbols enough of a block may fail to bear it out.
4. A map that shows few check symbols (the right part of a code holds the data) must show the whole sheet code as
   the answer has it, or nothing that is clear may differ. It could not make the answer wrong any more; but its image
   would pass for that sheet's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from testigo.election.profile import Contest
from testigo.reading.soft import symbol
from testigo.reading.soft.certainty import evidence_bits
from testigo.reading.soft.decode import Decoded, Effort, clipped, combine, decode_modules, version_of
from testigo.reading.soft.judging import Judge, decode_judged
from testigo.reading.soft.modes import ALPHANUMERIC, MODES

Floats = npt.NDArray[np.float64]

#: Bits of evidence that a map must have by itself for the check symbols of a block.
ALONE_BITS = 20.0
#: Bits of check symbols seen of a block from which on a map has to bear it out; data symbols that it has to show else.
_ENOUGH_BITS, _LEAST_DATA = 40, 12
_MOST_DIFFERING = 0.03  # of the clear bits of the data, where the sheet code agrees
#: Maps of which so many modules are seen on both must agree on this share of them. Two sheets of one station that
#: differ in a few figures agree on two thirds.
_LEAST_COMMON, _AGREE = 100, 0.75
_SEEN, _CLEAR, _SURE = 0.1, 0.8, 1.5


def decode_several(
    maps: Sequence[Floats], contests: Sequence[Contest], *, judges: Sequence[Judge] = (), effort: Effort | None = None
) -> Decoded | None:
    """Decode several maps together.

    Args:
        maps: as :func:`testigo.reading.soft.decode.decode_modules` takes them, one or more, all of one size. Whether
            they are of one code need not be known.
        contests, judges, effort: as for :func:`testigo.reading.soft.judging.decode_judged`.
    """
    if not maps or len({trust.shape for trust in maps}) > 1 or version_of(maps[0]) is None:
        return None
    if any(likeness(a, b) is None for n, a in enumerate(maps) for b in maps[:n]):
        return None
    together = combine(maps)
    if judges:
        decoded = decode_judged(together, contests, judges, effort=effort)
    else:
        decoded = decode_modules(together, contests, effort=effort)
    if decoded is None or (len(maps) > 1 and not _borne_out(maps, decoded)):
        return None
    return decoded


def likeness(a: Floats, b: Floats) -> float | None:
    """How surely two maps are of one code: bits of evidence, 0 if they have too little in common to tell.

    Returns:
        ``None`` if they contradict each other, or are of different sizes.
    """
    version = version_of(a)
    if a.shape != b.shape or version is None:
        return None
    place = symbol.layout(version)
    left, right = (clipped(trust)[place.rows, place.columns] for trust in (a, b))
    common = (np.abs(left) > _CLEAR) & (np.abs(right) > _CLEAR)
    agrees = (left > 0) == (right > 0)
    if common.sum() < _LEAST_COMMON:
        return 0.0
    if agrees[common].mean() < _AGREE:
        return None
    return evidence_bits(np.minimum(np.abs(left), np.abs(right))[common], agrees[common])


def _borne_out(maps: Sequence[Floats], decoded: Decoded) -> bool:
    """Rules 2 to 4."""
    witnesses = [_Witness(trust, decoded) for trust in maps]
    if not any(all(witness.bears_out(block) for block in witness.blocks) for witness in witnesses):
        return False
    return not any(witness.objects() for witness in witnesses)


class _Witness:
    """One map beside the answer."""

    def __init__(self, trust: Floats, decoded: Decoded) -> None:
        place = symbol.layout(decoded.version)
        dealt = symbol.blocks(decoded.version, decoded.level)
        bits = clipped(trust)[place.rows, place.columns].reshape(-1, 8)
        self._weights = np.abs(bits)
        self._agrees = (bits > 0) == decoded.modules[place.rows, place.columns].reshape(-1, 8)
        self._data = dealt.data_order
        self._checks = [member[-dealt.checks :] for member in dealt.members]
        self._code = _code_symbols(decoded)
        self.blocks = range(len(self._checks))

    def bears_out(self, block: int) -> bool:
        """Whether its check symbols of a block are evidence enough by themselves."""
        weights, agrees = self._weights[self._checks[block]], self._agrees[self._checks[block]]
        seen = weights > _SEEN
        return evidence_bits(weights[seen], agrees[seen]) >= ALONE_BITS

    def objects(self) -> bool:
        """Whether it speaks against the answer, or says too little for it."""
        unsure = [block for block in self.blocks if not self.bears_out(block)]
        if any((self._weights[self._checks[block]] > _SEEN).sum() >= _ENOUGH_BITS for block in unsure):
            return True
        weights, agrees = self._weights[self._data], self._agrees[self._data]
        if not unsure:
            return False
        clear = weights > _CLEAR
        if not (weights[clear] > _SURE)[~agrees[clear]].any():
            return int(clear.all(axis=1).sum()) < _LEAST_DATA
        named = bool(self._code) and bool((clear & agrees)[list(self._code)].all())
        return not named or float(np.mean(~agrees[clear])) > _MOST_DIFFERING


def _code_symbols(decoded: Decoded) -> range:
    """Which data symbols hold the sheet code, if it comes first in a message of bytes; else none."""
    text, code = decoded.payload.text, decoded.payload.code.text
    if not text.startswith(code) or set(text) <= set(ALPHANUMERIC):
        return range(0)
    _, short, longer = MODES["byte"]
    first = 4 + (short if decoded.version <= 9 else longer)
    return range(first // 8, (first + 8 * len(code) - 1) // 8 + 1)
