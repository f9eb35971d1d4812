"""Counted stations -> the whole result: projected, with an interval, beside what is counted and the worst case.

Rules of this package
---------------------
1. Counted, projected and worst case always stand side by side, with the sentence that no interval covers missingness
   that depends on the vote.
2. A margin is never 0 because there is one report: with fewer than 20 counted centres the interval is what is possible.
3. Everything is weighted by electors; stations never are.
"""

from testigo.forensics.projection.estimate import LEAST_CENTRES, Estimate, estimate
from testigo.forensics.projection.finding import CAVEAT, projection
from testigo.forensics.projection.roll import SIZES, Roll, roll_of

__all__ = ["CAVEAT", "LEAST_CENTRES", "SIZES", "Estimate", "Roll", "estimate", "projection", "roll_of"]
