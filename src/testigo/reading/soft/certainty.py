"""How sure it is that a decoded block is the one that was printed.

Rules of this module
--------------------
1. The question is never "how likely is this vote" but "how often would a block that was *not* printed agree so well
   with what is seen". A block has K free bits (its data bits less those that the syntax fixes). There are 2^K blocks of
   that syntax. The modules of a block that was not printed are, where it differs, fair coins as seen from what was: the
   code's checks and the mask see to that (the weight distribution of a maximum distance separable code is that of
   random words; MacWilliams & Sloane, ch. 11).
2. Agreement is measured as S = sum of w_i s_i, where s_i is +1 where the block agrees with the seen module i, -1 where
   it differs, and w_i >= 0 is how much module i is trusted. The weights come from the picture alone. For fair coins
   Chernoff's bound is P(S >= s) <= exp(-max over t of (t s - sum of ln cosh(t w_i))) =: 2^-I, whatever the weights are
   and whether or not they are well calibrated.
3. So at most 2^(K - I) wrong blocks are expected to agree as well (union bound). A block counts only if
   I - K >= REQUIRED_BITS; with fewer than 2^11 attempts per image (masks, levels, lengths, places, rounds) the bound
   of a wrong payload is below 2^-19 per *damaged* image even before the payload has to fit the grammar as a whole.
   That is an argument under stated assumptions; ``benchmarks/soft.py`` measures it.
4. That does not tell a block from one that shares most of its data, which are seen: :mod:`checks` does. Without it two
   of 34,138 answers of the trials had one figure wrong, in a block whose every check symbol was covered.
5. A bit that the syntax fixes is no evidence: it is neither counted as free nor as seen.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Bits by which the evidence for each block of an answer must exceed its free bits.
REQUIRED_BITS = 30.0
#: Bits by which its check symbols alone must tell it from the blocks that could be meant instead (:mod:`checks`).
REQUIRED_OF_CHECKS = 16.0
#: As :data:`REQUIRED_BITS`, for a block on the way: it then helps the others; a wrong one costs the answer, no truth.
PASSING_BITS = 9.0
#: A module is never trusted more than this (nats): no sensor is right more often than 98 %.
MOST_TRUST = 4.0

_TILTS = np.geomspace(0.05, 6.0, 28)


def evidence_bits(weights: Floats, agrees: npt.NDArray[np.bool_]) -> float:
    """I of the module's rule 2.

    Args:
        weights: trust in each seen module, not negative.
        agrees: whether the block agrees with it.
    """
    trust = np.minimum(weights, MOST_TRUST)
    score = float(np.where(agrees, trust, -trust).sum())
    if score <= 0:
        return 0.0
    tilted = _TILTS[:, None] * trust[None, :]
    log_cosh = tilted + np.log1p(np.exp(-2 * tilted)) - np.log(2)
    return max(0.0, float((_TILTS * score - log_cosh.sum(axis=1)).max() / np.log(2)))


def attainable_bits(weights: Floats) -> float:
    """The most evidence that could be hoped for if the weights were right: the capacity of what is seen."""
    trust = np.minimum(weights, 12.0)
    wrong = 1 / (1 + np.exp(trust))
    return float((1 + (wrong * np.log2(wrong) + (1 - wrong) * np.log2(1 - wrong))).sum())
