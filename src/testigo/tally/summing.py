"""Stations summed into places, once: scattered additions of whole columns.

Rules of this module
--------------------
1. No loop over stations; a loop over columns (figures, candidates, lines) is as long as the ballot.
2. Integers only: a 64-bit sum of checked counts is exact.
3. The last place holds what the register does not list.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from testigo.election import Contest
from testigo.records import AT_LEAST, Standing
from testigo.tally.counted import NOT_LISTED, STANDINGS, Counted, Int32, Int64, Mask
from testigo.tally.places import Sums
from testigo.tally.territory import Territory

MISSING = STANDINGS.index(Standing.MISSING)


@dataclass(frozen=True, eq=False)
class Stations:
    """What is to be summed.

    Attributes:
        standings: indexes of the standings that the headline counts.
        headline: bool[n], which entries of ``counted`` the headline counts.
    """

    contest: Contest
    territory: Territory
    counted: Counted
    standings: tuple[int, ...]
    headline: Mask

    @classmethod
    def of(cls, contest: Contest, territory: Territory, counted: Counted, at_least: Standing) -> Stations:
        """With the headline of ``at_least``."""
        standings = tuple(STANDINGS.index(standing) for standing in AT_LEAST[at_least])
        headline = np.isin(counted.standing, standings) & counted.has_counts
        return cls(contest, territory, counted, standings, headline)

    @property
    def listed(self) -> Mask:
        """bool[n], which stations the register lists."""
        return np.asarray(self.counted.station_row != NOT_LISTED)


def sum_into(stations: Stations, place: Int32, places: int, *, votes_by_standing: bool) -> Sums:
    """The totals of ``places`` places and, last, of what the register does not list.

    Args:
        place: int32[s], per row of the register its place.
        votes_by_standing: whether to sum votes per standing too.
    """
    counted = stations.counted
    sums = Sums.zeros(places + 1, stations.contest, votes_by_standing=votes_by_standing)
    group = np.append(place, places).astype(np.int64)[counted.station_row]  # row -1 is the last place
    _add_register(sums, stations.territory, place)
    _add_figures(sums, stations, group)
    _add_standings(sums, counted, group)
    if votes_by_standing:
        _add_votes_by_standing(sums, stations, group)
    else:
        _add_columns(sums.candidates, group, stations.headline, counted.candidates)
    if counted.lines is not None and counted.has_lines is not None:
        _add_columns(sums.lines, group, stations.headline & counted.has_lines, counted.lines)
    return sums


def _add_register(sums: Sums, territory: Territory, place: Int32) -> None:
    sums.add("registered", place, 1)
    sums.add("electors", place, territory.electors)
    sums.add("electors_unknown", place[~territory.electors_known], 1)


def _add_figures(sums: Sums, stations: Stations, group: Int64) -> None:
    counted, territory = stations.counted, stations.territory
    sums.add("contested", group[counted.contested], 1)
    rows = np.flatnonzero(stations.headline)
    station, group = counted.station_row[rows], group[rows]
    null, blank = counted.null[rows], counted.blank[rows]
    known = np.append(territory.electors_known, np.False_)[station]
    electors = np.append(territory.electors, 0)[station]
    cast = counted.candidates.sum(axis=1)[rows] + np.maximum(null, 0) + np.maximum(blank, 0)
    sums.add("with_tally", group, 1)
    sums.add("contested_counted", group[counted.contested[rows]], 1)
    sums.add("null", group, np.maximum(null, 0))
    sums.add("null_unknown", group[null < 0], 1)
    sums.add("blank", group, np.maximum(blank, 0))
    sums.add("blank_unknown", group[blank < 0], 1)
    sums.add("covered", group, electors)
    sums.add("covered_unknown", group[~known], 1)
    sums.add("cast_where_electors_known", group[known], cast[known])
    sums.add("cast_where_electors_unknown", group[~known], cast[~known])
    if counted.has_lines is not None:
        sums.add("with_lines", group[counted.has_lines[rows]], 1)


def _add_standings(sums: Sums, counted: Counted, group: Int64) -> None:
    """Stations per standing. Whoever has no decision is missing, like whoever has one that says so."""
    places, standings = sums.by_standing.shape
    key = group * standings + counted.standing
    sums.by_standing[:] = np.bincount(key, minlength=places * standings).reshape(places, standings)
    sums.by_standing[:, MISSING] = 0
    missing = sums.figure("registered") - sums.by_standing.sum(axis=1)
    sums.by_standing[:, MISSING] = np.maximum(missing, 0)  # below 0 only in the last place, where nobody is missing


def _add_votes_by_standing(sums: Sums, stations: Stations, group: Int64) -> None:
    """Votes per (place, standing); those of the headline are the sum over the standings that it counts."""
    places, standings, candidates = sums.votes_by_standing.shape
    key = group * standings + stations.counted.standing
    cells = np.zeros((candidates, places * standings), dtype=np.int64)  # a candidate's cells side by side: faster
    for candidate in range(candidates):
        np.add.at(cells[candidate], key, stations.counted.candidates[:, candidate])
    sums.votes_by_standing[:] = cells.reshape(candidates, places, standings).transpose(1, 2, 0)
    sums.candidates[:] = sums.votes_by_standing[:, stations.standings].sum(axis=1)


def _add_columns(sums: Int64, group: Int64, chosen: Mask, votes: Int64) -> None:
    rows = slice(None) if chosen.all() else np.flatnonzero(chosen)
    group = group[rows]
    for column in range(votes.shape[1]):
        cells = np.zeros(len(sums), dtype=np.int64)
        np.add.at(cells, group, votes[:, column][rows])
        sums[:, column] += cells
