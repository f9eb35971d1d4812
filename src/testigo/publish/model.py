"""The bundle as pages need it: stations by centre, centres by area, what stands, who read what, and digests of it all.

Rules of this module
--------------------
1. Tables are taken apart column by column, once; rows are tuples until a page asks for them.
2. A digest covers everything that a page shows and that may change: equal digests mean equal pages.
3. Stations that have numbers and no row in the register are shown, under the country.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup

from testigo.bundle.read import Bundle
from testigo.election import Area, Contest, Profile, Register
from testigo.publish.log import Log
from testigo.publish.output import digest
from testigo.tally import Tally, counted_from_table, tally, territory_of

Row = tuple[Any, ...]


def rows_of(table: pa.Table) -> list[Row]:
    """All rows as tuples."""
    empty = [None] * table.num_rows
    lists = (empty if column.null_count == len(column) else column.to_pylist() for column in table.columns)
    return list(zip(*lists, strict=True)) if table.num_columns else []


class Places:
    """The register as pages walk through it.

    Attributes:
        stations: station code -> its row (station, centre, centre_name, electors, …).
        centres: centre code -> codes of its stations, in order.
        centre_name, centre_area: centre code -> name; code of the lowest area.
        parents: area code -> areas from the country down to the area itself.
    """

    def __init__(self, profile: Profile, register: Register) -> None:
        self.profile, self.register = profile, register
        self.stations: dict[str, Row] = {row[0]: row for row in rows_of(register.table)}
        self.centres: dict[str, list[str]] = {}
        self.centre_name: dict[str, str] = {}
        for code, row in self.stations.items():
            self.centres.setdefault(row[1], []).append(code)
            self.centre_name.setdefault(row[1], row[2])
        territory = territory_of(register)
        codes = [area.code for area in territory.areas]
        self.centre_area = dict(
            zip(territory.centre_codes, (codes[i] for i in territory.centre_area.tolist()), strict=True)
        )
        self.children: dict[str, list[str]] = {
            codes[i]: [codes[j] for j in below] for i, below in enumerate(territory.children)
        }
        self.centres_of: dict[str, list[str]] = {
            codes[i]: [territory.centre_codes[j] for j in below] for i, below in enumerate(territory.centres_of)
        }

    @cached_property
    def parents(self) -> Mapping[str, tuple[Area, ...]]:
        """Area code -> the areas from the country down to itself."""
        found: dict[str, tuple[Area, ...]] = {}
        for code, area in self.register.areas.items():  # top down
            found[code] = (*found.get(area.parent, ()), area)
        return found

    def stations_below(self, area: str) -> list[str]:
        """Codes of all stations of an area, centre by centre."""
        own = [station for centre in self.centres_of[area] for station in self.centres[centre]]
        return own + [station for child in self.children[area] for station in self.stations_below(child)]


def stack(codes: Sequence[str], votes: Sequence[int]) -> Markup:
    """A bar of parts side by side; whoever has less than a fiftieth is in the last, grey part.

    Codes are letters, digits and underscores, so nothing in it needs escaping.
    """
    valid = sum(votes)
    shown = [(code, count) for code, count in zip(codes, votes, strict=False) if count * 50 >= valid > 0]
    rest, at, parts = valid - sum(count for _, count in shown), 0, []
    for code, count in [*shown, ("", rest)]:
        if count:
            parts.append(f'<rect class="k-{code}" x="{at}" width="{count}" height="1"/>')
            at += count
    box = f'viewBox="0 0 {max(valid, 1)} 1" preserveAspectRatio="none"'
    return Markup(f'<svg class="stack" {box} aria-hidden="true">{"".join(parts)}</svg>')  # noqa: S704


class ContestModel:
    """One contest of the bundle.

    Attributes:
        tally: the totals.
        rows: station code -> its row of ``tallies``; :attr:`columns` gives each column's place.
        readings: station code -> its rows of ``readings`` (columns: :attr:`reading_columns`), by leaf.
        unlisted: codes of the stations that the register does not name.
    """

    def __init__(self, bundle: Bundle, contest: Contest, places: Places, log: Log, common: str) -> None:
        self.contest, self.places, self._log = contest, places, log
        counted = counted_from_table(contest, bundle.register, bundle.tallies)
        self.tally: Tally = tally(bundle.profile, contest, bundle.register, counted)
        self.table: pa.Table = bundle.tallies.filter(pc.equal(bundle.tallies["contest"], contest.code))
        self.columns = {name: place for place, name in enumerate(self.table.column_names)}
        at = self.columns["station"]
        self.rows: dict[str, Row] = {row[at]: row for row in rows_of(self.table)}
        readings = bundle.readings.filter(pc.equal(bundle.readings["contest"], contest.code))
        self.reading_columns = {name: place for place, name in enumerate(readings.column_names)}
        self.readings: dict[str, list[Row]] = {}
        at = self.reading_columns["station"]
        for row in rows_of(readings):
            self.readings.setdefault(row[at], []).append(row)
        self.unlisted = [code for code in self.rows if code not in places.stations]
        self._common = common

    def row(self, station: str) -> dict[str, Any] | None:
        """The row of ``tallies`` of a station as a mapping; ``None`` without a decision."""
        row = self.rows.get(station)
        return None if row is None else dict(zip(self.columns, row, strict=True))

    def readings_of(self, station: str) -> list[dict[str, Any]]:
        """The station's readings as mappings, by leaf."""
        return [dict(zip(self.reading_columns, row, strict=True)) for row in self.readings.get(station, ())]

    def votes(self, station: str) -> Sequence[int] | None:
        """Votes per candidate, in the profile's order; ``None`` where nothing is said."""
        row = self.rows.get(station)
        if row is None or row[self.columns["valid"]] is None:
            return None
        return [row[place] or 0 for place in self._vote_columns]

    def stack(self, station: str) -> Markup:
        """The station's votes as one bar of parts side by side; the same in every language."""
        known = self._stacks.get(station)
        if known is None:
            known = self._stacks[station] = stack(self.contest.candidate_codes, self.votes(station) or ())
        return known

    @cached_property
    def _stacks(self) -> dict[str, Markup]:
        return {}

    @cached_property
    def _vote_columns(self) -> list[int]:
        return [self.columns[f"c_{code}"] for code in self.contest.candidate_codes]

    # ---------------------------------------------------------------- digests

    def _station_digest(self, station: str) -> str:
        row = self.rows.get(station)
        decision = row[self.columns["decision"]] if row else 0
        past = [index for index, _ in self._log.past.get((self.contest.code, station), ())]
        made = (self._log.proof_size(decision), self._log.release_of(decision)) if row else ()
        own = self.places.stations.get(station)
        return digest(row, self.readings.get(station), own, made, [self._log.release_of(i) for i in past], past)

    def centre_digest(self, centre: str) -> str:
        """Of everything that the pages of a centre and of its stations show."""
        found = self._centre_digests.get(centre)
        if found is None:
            places = self.places
            above = [(area.code, area.name) for area in places.parents[places.centre_area[centre]]]
            own = [self._station_digest(station) for station in places.centres[centre]]
            found = self._centre_digests[centre] = digest(self._common, centre, above, own)
        return found

    @cached_property
    def _centre_digests(self) -> dict[str, str]:
        return {}

    @cached_property
    def area_digests(self) -> Mapping[str, str]:
        """Area code -> digest of everything that its pages and its table show."""
        places = self.places
        found: dict[str, str] = {}
        for code in reversed(list(places.register.areas)):  # bottom up
            area = places.register.areas[code]
            centres = [self.centre_digest(centre) for centre in places.centres_of[code]]
            below = [found[child] for child in places.children[code]]
            siblings = self._sibling_names(area)
            found[code] = digest(self._common, code, area.name, centres, below, siblings, self._extra(area))
        return found

    def _sibling_names(self, area: Area) -> Iterable[tuple[str, str]]:
        areas = self.places.register.areas
        siblings = self.places.children[area.parent] if area.parent else []
        return [(code, areas[code].name) for code in siblings]

    def _extra(self, area: Area) -> tuple[object, ...]:
        """What the country's page shows beyond its areas."""
        if area.parent:
            return ()
        register = self.places.register
        known = (register.total_stations, register.total_electors)
        return (*known, [self._station_digest(station) for station in self.unlisted])

    def unlisted_digest(self, station: str) -> str:
        """Of the page of a station that the register does not name."""
        return digest(self._common, self._station_digest(station))
