"""How sure a reading by code is, per mille.

Where the figures come from
---------------------------
1. P(wrong) can only be bounded: of n answers in seeded trials (``benchmarks/soft.py``) none was wrong, so that the
   exact one-sided 95 % bound of the share of wrong ones is 3 / n. The first 1,761 answers bound it at 1.7 per mille;
   no figure here claims more than 998 for that reason.
2. The feature that orders the answers is the *margin* (:mod:`testigo.reading.soft.certainty`): bits of evidence beyond
   what is needed. The steps below are set by hand and on the careful side. They are **not yet calibrated**: nobody has
   counted the trials above each margin one by one.
3. A code that a plain reader decoded has that reader's own bounds, set by hand in the same way.
"""

from __future__ import annotations

from testigo.reading.soft.decode import Decoded

#: (least margin in bits, per mille).
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
