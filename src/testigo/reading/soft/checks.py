"""What a block's check symbols say by themselves, against the blocks that could be mistaken for it.

Rules of this module
--------------------
1. A wrong block near the truth (one figure misread, another table's header) agrees with nearly all data that are seen:
   of data, agreement is no evidence against it.
2. Two blocks that differ in one data symbol differ in every check symbol or nearly, and there like fair coins. So of
   the blocks that could be meant one agrees with the check symbols by chance with P <= 2^-I (:mod:`certainty`).
3. Which could be meant is told by where they differ from the data as seen: in j of n symbols that are not seen whole,
   or not as seen; there are (n over j) times the choice that the syntax leaves in them.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from testigo.reading.soft.blocks import Word
from testigo.reading.soft.certainty import evidence_bits
from testigo.reading.soft.field import Bytes

Floats = npt.NDArray[np.float64]

_SEEN = 0.1  # nats


def evidence_of_checks(word: Word, symbols: Bytes) -> float:
    """Bits of evidence for a block in its check symbols alone; none if it contradicts a known bit."""
    if not math.isfinite(word.evidence(symbols)):
        return 0.0
    size = len(symbols) - word.checks
    bits = np.unpackbits(symbols[size:, None], axis=1).astype(bool)
    trust = word.trust[size:]
    return evidence_bits(np.abs(trust).ravel(), ((trust > 0) == bits).ravel())


def near_bits(word: Word, symbols: Bytes, seen: Floats, choice: Floats) -> float:
    """log2 of how many blocks could be meant instead.

    Args:
        word: of the block, with its known bits.
        symbols: as answered.
        seen: shape (n, 8): the block's bits as they are on the map, whatever is near them.
        choice: bits of choice that the syntax leaves in each symbol.
    """
    size = len(symbols) - word.checks
    bits = np.unpackbits(symbols[:size, None], axis=1).astype(bool)
    as_seen = (seen[:size] > 0) == bits
    told = (as_seen & (np.abs(seen[:size]) > _SEEN)) | (word.known[:size] != 0)
    differs = np.count_nonzero(told, axis=1) < 8
    return math.log2(math.comb(size, int(np.count_nonzero(differs)))) + float(choice[:size][differs].sum())
