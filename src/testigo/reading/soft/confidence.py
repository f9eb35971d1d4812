"""How sure a reading by code is, per mille.

How it was calibrated
---------------------
1. P(correct | features) is bounded, not guessed: of answers with like features, n were right and none wrong in seeded
   trials (maps of modules: ``benchmarks/soft.py``; pictures: ``benchmarks/reading``, seeds apart from those that the
   reader was made with). The exact one-sided 95 % bound of the share of wrong ones is then 3 / n.
2. The feature that orders the answers is the *margin* (:mod:`testigo.reading.soft.certainty`): bits of evidence beyond
   what is needed. Where fewer trials fell, less is claimed.
3. A figure is never higher than what the trials support, and never 1000. Per mille cannot say more than 999.
"""

from __future__ import annotations

from testigo.reading.soft.decode import Decoded

#: (least margin in bits, per mille). Of the answers above each margin the trials had several times what it claims.
_BY_MARGIN = ((90.0, 995), (60.0, 990), (45.0, 980), (0.0, 960))
#: A judge's text was believed: the answer is as good as the judge.
_JUDGED_MOST = 950
_PLAIN, _PLAIN_BARELY, _BARELY_BELOW_UNUSED = 995, 900, 300


def confidence_of_plain(unused: int) -> int:
    """Of a code that the plain reader decoded, by the per mille of the error correction that was left."""
    return _PLAIN if unused >= _BARELY_BELOW_UNUSED else _PLAIN_BARELY


def confidence_of(decoded: Decoded) -> int:
    """Of a code that the soft decoder read."""
    claimed = next(per_mille for least, per_mille in _BY_MARGIN if decoded.margin >= least)
    return min(claimed, _JUDGED_MOST) if decoded.judged else claimed
