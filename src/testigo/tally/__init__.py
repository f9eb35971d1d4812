"""Decisions -> totals, coverage, standings, bounds. Pure: one roll-up over arrays; SQL only fetches.

Rules of this package
---------------------
1. It gets what stands as arrays (:class:`Counted`) and gives totals (:class:`Tally`); it reads no disk and no database.
2. Integers until the last moment: a share is divided when it is shown.
3. Unknown, missing, zero and tied are four different things, here and in every answer.
"""

from testigo.tally.answers import FIELDS, as_json
from testigo.tally.certainty import (
    TURNOUTS,
    AreaCertainty,
    Certainty,
    certainty_by_area,
    certainty_of,
    worst_case_margin,
)
from testigo.tally.counted import NOT_LISTED, STANDINGS, UNKNOWN, Counted, counted_from_table
from testigo.tally.places import CENTRE, AreaTotals, Sums
from testigo.tally.premises import PREMISES, Dispute, Premise, disputed, premise, premises
from testigo.tally.territory import Territory, territory_of
from testigo.tally.totals import Tally, tally

__all__ = [
    "CENTRE",
    "FIELDS",
    "NOT_LISTED",
    "PREMISES",
    "STANDINGS",
    "TURNOUTS",
    "UNKNOWN",
    "AreaCertainty",
    "AreaTotals",
    "Certainty",
    "Counted",
    "Dispute",
    "Premise",
    "Sums",
    "Tally",
    "Territory",
    "as_json",
    "certainty_by_area",
    "certainty_of",
    "counted_from_table",
    "disputed",
    "premise",
    "premises",
    "tally",
    "territory_of",
    "worst_case_margin",
]
