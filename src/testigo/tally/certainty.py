"""Whether anything that is not counted could still change who won.

The bound
---------
The worst case: every elector who is not counted votes, and votes for the runner-up. Then the winner is beyond reach if

    worst-case margin = lead − (E − Σ e_i) > 0

with *lead* the votes between first and second over the counted stations, *E* the registered electors of the country,
and *e_i* those of each counted station. Where e_i is unknown, the votes cast there stand for it: a station has at least
as many electors as voters, so the margin can only be larger than said (a rigorous bound, never an estimate).

Rules of this module
--------------------
1. Without *E* nothing is certain, and no number is invented.
2. What is certain, is so on the premise that the counted stations are counted rightly and their sheets are authentic;
   the tally's ``at_least`` says which stations those are.
"""

from __future__ import annotations

from dataclasses import dataclass

from testigo.tally.totals import Tally


@dataclass(frozen=True, slots=True)
class Certainty:
    """What the worst case leaves of the lead.

    Attributes:
        certain: whether the leader cannot be overtaken or drawn level with any more.
        lead: votes between first and second; 0 if tied.
        electors_not_counted: the most electors that can lie in what is not counted; ``None`` if unknown.
        exact: whether that number is exact, and not only an upper bound, because the electors of every counted station
            are known.
    """

    certain: bool
    lead: int
    electors_not_counted: int | None
    exact: bool

    @property
    def worst_case_margin(self) -> int | None:
        """Votes that the leader keeps in the worst case (negative: could lack); at least so many if not ``exact``."""
        return None if self.electors_not_counted is None else self.lead - self.electors_not_counted

    @property
    def break_even_turnout(self) -> float | None:
        """Turnout of what is not counted at which the runner-up would draw level, all votes being for the runner-up.

        Above 1: cannot happen. ``None`` if the electors are unknown, or nobody is left.
        """
        return self.lead / self.electors_not_counted if self.electors_not_counted else None


def worst_case_margin(tally: Tally) -> Certainty:
    """The bound of this module's docstring, for the country."""
    country = tally.country
    exact = country.covered_unknown == 0
    if country.electors_unknown:
        return Certainty(False, country.lead, None, exact)
    left = max(country.electors - country.covered - country.cast_where_electors_unknown, 0)
    return Certainty(country.lead > left, country.lead, left, exact)
