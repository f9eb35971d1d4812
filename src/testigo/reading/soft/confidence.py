"""How sure a reading by code is, per mille: counted, not felt.

Where the figures come from
---------------------------
1. Codes were damaged, far beyond what can be read, in 100,000 trials that follow from their number
   (``benchmarks/soft.py``; for the plain reader ``benchmarks/confidence.py``), and every answer was compared with what
   had been printed. None was wrong. So a class of n answers claims the exact one-sided 95 % lower bound of the share of
   right ones, 0.05 ** (1 / n), rounded down, and never more than 999.
2. The soft decoder's classes are ranges of the *margin* (:mod:`testigo.reading.soft.certainty`): bits of evidence
   beyond what is needed. The plain reader's are ranges of the error correction that was left over.
3. These trials damage modules. That pictures add no other way to be wrong is not shown by them; the readings of graded
   pictures, some thousand without a wrong one (docs/reading.md), are consistent with it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from testigo.reading.soft.decode import Decoded

#: A judge's text was believed: the answer is as good as the judge. Set by hand.
_JUDGED_MOST = 950
_MOST = 999


@dataclass(frozen=True, slots=True)
class Counted:
    """A class of answers: from which value it reaches up to the next class, and how many were counted, all right."""

    least: float
    answers: int

    @property
    def claim(self) -> int:
        """Per mille."""
        return min(_MOST, math.floor(1000 * math.exp(math.log(0.05) / self.answers)))


#: By margin in bits.
BY_MARGIN = (
    Counted(90.0, 27_552),
    Counted(75.0, 2_843),
    Counted(60.0, 2_292),
    Counted(45.0, 1_727),
    Counted(0.0, 1_050),
)
#: By the per mille of the error correction that was left over in the worst block.
BY_UNUSED = (Counted(300.0, 8_569), Counted(100.0, 1_617), Counted(0.0, 955))


def confidence_of_plain(unused: int) -> int:
    """Of a code that the plain reader decoded, by the per mille of the error correction that was left."""
    return next(counted.claim for counted in BY_UNUSED if unused >= counted.least)


def confidence_of(decoded: Decoded) -> int:
    """Of a code that the soft decoder read."""
    claimed = next(counted.claim for counted in BY_MARGIN if decoded.margin >= counted.least)
    return min(claimed, _JUDGED_MOST) if decoded.judged else claimed
