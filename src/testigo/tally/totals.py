"""Totals, coverage and standings of one contest, at every level of the territory.

How a tally is made
-------------------
1. Check that the counts can be summed.
2. Sum the stations once, into the areas of the lowest level (and, when somebody asks, into the centres).
3. Roll those sums up, level by level, to the country.
4. Count for the country alone what lies in no area: stations known only by number, and sheets of such stations.

Rules of this module
--------------------
1. Everything is a sum of integers over arrays; there is no loop over stations, and no floating point.
2. The headline counts the stations whose standing is at least the one asked for; a contested station still counts.
3. Unknown electors are never 0: every sum of electors stands beside the number of stations where they are unknown.
4. An area without a sheet has zeros, and says that it has no sheet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from testigo.election import Area, Contest, Profile, Register
from testigo.errors import InputError
from testigo.records import AT_LEAST, Standing
from testigo.tally.counted import NOT_LISTED, Counted, Int8, Mask
from testigo.tally.places import CENTRE, AreaTotals, Sums
from testigo.tally.summing import MISSING, Stations, sum_into
from testigo.tally.territory import Territory, territory_of


@dataclass(frozen=True, eq=False)
class Tally:
    """The totals of one contest. Made by :func:`tally`.

    Attributes:
        profile, contest, register: what was counted.
        at_least: the least standing that the headline counts.
        stations: what was summed; ``stations.counted`` is what the tally was made from.
        sums: the totals per area, in the order of ``territory.areas`` (the country first).
        unlisted: stations that are counted for the country alone, because the register does not name them.
    """

    profile: Profile
    contest: Contest
    register: Register
    at_least: Standing
    stations: Stations
    sums: Sums
    unlisted: int

    @property
    def territory(self) -> Territory:
        """The areas and centres that the arrays are about."""
        return self.stations.territory

    @property
    def country(self) -> AreaTotals:
        """Totals of the whole country."""
        return self._area(0)

    def area(self, code: str) -> AreaTotals:
        """Totals of the area with that code, the country's included. Raises :class:`InputError` if there is none."""
        return self._area(_find(self.territory.area_index, code, "area"))

    def areas(self) -> Iterator[AreaTotals]:
        """Totals of every area, top down, the country first."""
        return (self._area(index) for index in range(len(self.territory.areas)))

    def children(self, code: str) -> list[AreaTotals]:
        """Totals of the areas directly below that area, by code; empty at the lowest level."""
        return [self._area(index) for index in self.territory.children[_find(self.territory.area_index, code, "area")]]

    def centre(self, code: str) -> AreaTotals:
        """Totals of the centre with that code. Raises :class:`InputError` if there is none."""
        return self._centre(_find(self.territory.centre_index, code, "centre"))

    def centres(self) -> Iterator[AreaTotals]:
        """Totals of every centre, by code."""
        return (self._centre(index) for index in range(len(self.territory.centre_codes)))

    def centres_of(self, code: str) -> list[AreaTotals]:
        """Totals of the centres directly in that area, by code; only areas of the lowest level have any."""
        index = _find(self.territory.area_index, code, "area")
        return [self._centre(centre) for centre in self.territory.centres_of[index]]

    @cached_property
    def centre_totals(self) -> Sums:
        """The totals per centre, in the order of ``territory.centre_codes``; summed at the first call.

        Without votes per standing. A centre's sums hold all its stations, even if they lie in several areas.
        """
        centres = len(self.territory.centre_codes)
        sums = sum_into(self.stations, self.territory.centre, centres, votes_by_standing=False)
        return sums.split(centres)[0]

    @cached_property
    def station_standing(self) -> Int8:
        """int8[s]: per row of the register the index of its standing in ``STANDINGS``; *missing* without a decision."""
        standing = np.full(len(self.register), MISSING, dtype=np.int8)
        listed, counted = self.stations.listed, self.stations.counted
        standing[counted.station_row[listed]] = counted.standing[listed]
        return standing

    @cached_property
    def station_counted(self) -> Mask:
        """bool[s]: per row of the register, whether the headline counts that station."""
        counts = np.zeros(len(self.register), dtype=np.bool_)
        counts[self.stations.counted.station_row[self.stations.headline & self.stations.listed]] = True
        return counts

    def _area(self, index: int) -> AreaTotals:
        return self.sums.view(index, self.contest, self.territory.areas[index])

    def _centre(self, index: int) -> AreaTotals:
        territory = self.territory
        above = territory.areas[territory.centre_area[index]].code
        place = Area(territory.centre_codes[index], CENTRE, territory.centre_names[index], above)
        return self.centre_totals.view(index, self.contest, place)


def _find(index: Mapping[str, int], code: str, what: str) -> int:
    try:
        return index[code]
    except KeyError as error:
        raise InputError(f"The register has no {what} with the code {code!r}.", "Check the code.") from error


def tally(
    profile: Profile,
    contest: Contest,
    register: Register,
    counted: Counted,
    at_least: Standing = Standing.CONFIRMED,
) -> Tally:
    """Totals of a contest at every level; the module's docstring lists the steps.

    Args:
        counted: what stands, made with the same contest and register.
        at_least: the headline counts this standing or better: ``confirmed`` (with ``imported``), ``documented``,
            ``reported``, or ``imported`` alone.

    Raises:
        InputError: ``at_least`` is a standing without counts, or :meth:`Counted.check`'s.
    """
    if at_least not in AT_LEAST:
        raise InputError(f"No counts have the standing {str(at_least)!r}.", f"Choose one of: {', '.join(AT_LEAST)}.")
    counted.check(contest, register)  # 1
    stations = Stations.of(contest, territory_of(register), counted, at_least)
    territory = stations.territory
    areas = len(territory.areas)
    sums, nowhere = sum_into(stations, territory.lowest, areas, votes_by_standing=True).split(areas)  # 2
    for part in sums.arrays():  # 3
        territory.roll_up(part)
    _add_to_country(register, sums, nowhere)  # 4
    unlisted = int(np.count_nonzero(stations.headline & (counted.station_row == NOT_LISTED)))
    return Tally(profile, contest, register, at_least, stations, sums, unlisted)


def _add_to_country(register: Register, sums: Sums, nowhere: Sums) -> None:
    """Add what no area holds to the country.

    More counted sheets of unnamed stations than there are such stations cannot be: then the country has more stations
    than was announced. Sheets that are not counted (anybody can invent some) do not make a country larger.
    """
    for total, extra in zip(sums.arrays(), nowhere.arrays(), strict=True):
        total[0] += extra[0]
    unnamed = max(register.unnamed_stations, int(nowhere.figure("with_tally")[0]))
    sums.figure("registered")[0] += unnamed
    sums.by_standing[0, MISSING] += max(unnamed - int(nowhere.by_standing[0].sum()), 0)
    electors, unknown = sums.figure("electors"), sums.figure("electors_unknown")
    unknown[0] += unnamed
    if register.total_electors is not None:
        # A national figure below the sum of the named stations cannot be right; the larger one promises less.
        electors[0] = max(register.total_electors, int(electors[0]))
        unknown[0] = 0
