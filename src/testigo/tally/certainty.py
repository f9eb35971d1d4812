"""Whether anything that is not counted could still change who won.

The bound
---------
The worst case: every elector who is not counted votes, and votes for the runner-up. Then the winner is beyond reach if

    worst-case margin = lead − (E − Σ e_i) > 0

with *lead* the votes between first and second over the counted stations, *E* the registered electors of the country,
and *e_i* those of each counted station. Where e_i is unknown, the votes cast there stand for it: a station has at least
as many electors as voters, so the margin can only be larger than said (a rigorous bound, never an estimate).

With a cap on turnout
---------------------
If at most a part *t* of the electors who are not counted voted, they have at most ⌊t·(E − Σ e_i)⌋ votes. If at most a
part *T* of the whole country voted, at most ⌊T·E⌋ − cast votes are not counted, with *cast* the votes cast at the
counted stations: that bound needs the electors of no station. Each rests on its premise about turnout, which the worst
case does not need.

Rules of this module
--------------------
1. Without *E* nothing is certain, and no number is invented.
2. What is certain, is so on the premise that the counted stations are counted rightly and their sheets are authentic;
   the tally's ``at_least`` says which stations those are, and :mod:`testigo.tally.premises` asks the same of fewer.
3. An area is only certain if the stations known only by number could not change it either: any of them may lie there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from testigo.errors import InputError
from testigo.tally.places import AreaTotals
from testigo.tally.totals import Tally

#: Caps on turnout that answers and pages show, parts of the electors.
TURNOUTS = (0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True)
class Certainty:
    """What the worst case leaves of the lead.

    Attributes:
        certain: whether the leader cannot be overtaken or drawn level with any more.
        lead: votes between first and second; 0 if tied.
        electors_not_counted: the most electors that can lie in what is not counted; ``None`` if unknown.
        exact: whether that number is exact, and not only an upper bound, because the electors of every counted station
            are known.
        cast: votes cast at the counted stations (unknown null and blank votes as 0: a lower bound).
        electors: registered electors of the whole; ``None`` if unknown.
    """

    certain: bool
    lead: int
    electors_not_counted: int | None
    exact: bool
    cast: int = 0
    electors: int | None = None

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

    @property
    def break_even_national_turnout(self) -> float | None:
        """Turnout of the whole, counted or not, at which the runner-up would draw level: (cast + lead) / E.

        Needs the electors of no station, only *E*. Above 1: cannot happen. ``None`` if *E* is unknown or 0.
        """
        return (self.cast + self.lead) / self.electors if self.electors else None

    def margin_at(self, turnout: float | Fraction) -> int | None:
        """Votes that the leader keeps if at most this part (0 to 1) of the electors not counted voted.

        Formula: lead − ⌊turnout · electors_not_counted⌋, all for the runner-up. ``None`` if those are unknown.

        Raises:
            InputError: the turnout is not between 0 and 1.
        """
        part = _part(turnout)
        return None if self.electors_not_counted is None else self.lead - math.floor(part * self.electors_not_counted)

    def margin_at_national(self, turnout: float | Fraction) -> int | None:
        """Votes that the leader keeps if at most this part (0 to 1) of all electors voted.

        Formula: lead − max(⌊turnout · E⌋ − cast, 0), and never less than the worst case. ``None`` if *E* is unknown.
        A turnout below the one already counted leaves nothing: the lead itself.

        Raises:
            InputError: the turnout is not between 0 and 1.
        """
        part, worst = _part(turnout), self.worst_case_margin
        if self.electors is None or worst is None:
            return None
        return max(self.lead - max(math.floor(part * self.electors) - self.cast, 0), worst)


def _part(turnout: float | Fraction) -> Fraction:
    # As it is written, not as binary: 0.7 of 10 electors are 7, and 0.7 as a double is a little less than seven tenths.
    part = Fraction(str(turnout)) if math.isfinite(turnout) else Fraction(-1)
    if not 0 <= part <= 1:
        raise InputError(f"{turnout} is not a turnout.", "Give a part of the electors, from 0 to 1.")
    return part


def worst_case_margin(tally: Tally) -> Certainty:
    """The bound of this module's docstring, for the country."""
    return certainty_of(tally.country)


def certainty_of(place: AreaTotals, elsewhere: int | None = None) -> Certainty:
    """The same bound for one place.

    Args:
        elsewhere: the most electors that could lie there besides the known ones, those of the place's stations of
            unknown size included. Without it, a place with such a station has unknown electors.
    """
    exact = place.covered_unknown == 0 and not elsewhere
    if place.electors_unknown and elsewhere is None:
        return Certainty(False, place.lead, None, exact, place.cast)
    electors = place.electors + (elsewhere or 0)
    left = max(electors - place.covered - place.cast_where_electors_unknown, 0)
    return Certainty(place.lead > left, place.lead, left, exact, place.cast, electors)


@dataclass(frozen=True, slots=True)
class AreaCertainty:
    """The bound for one area below the country.

    Attributes:
        area: its totals.
        named: over the stations that the register names there: holds if no station known only by number lies there.
        rigorous: as if all electors that no named station has lay there too. ``certain`` here needs no premise about
            where the unnamed stations are. ``electors_not_counted`` is ``None`` where electors are unknown.
    """

    area: AreaTotals
    named: Certainty
    rigorous: Certainty


def certainty_by_area(tally: Tally) -> Iterator[AreaCertainty]:
    """The bound for every area below the country, top down.

    The electors that no named station is known to have, E − Σ electors of the named stations, could all lie in any one
    area. If E is unknown, only areas of a register without unnamed stations can be rigorously certain.
    """
    country = tally.country
    elsewhere = None
    if not country.electors_unknown:
        elsewhere = max(country.electors - int(tally.territory.electors.sum()), 0)
    for area in tally.areas():
        if area.parent:
            named = certainty_of(area)
            if elsewhere is not None:
                rigorous = certainty_of(area, elsewhere)
            elif tally.register.unnamed_stations:
                rigorous = Certainty(False, area.lead, None, False, area.cast)
            else:
                rigorous = named
            yield AreaCertainty(area, named, rigorous)
