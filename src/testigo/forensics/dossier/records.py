"""A bundle's records, indexed so that any station's dossier is put together without a second pass.

Rules of this module
--------------------
1. One pass over each table; a station is found by its code, a duplicate by its key. Nothing compares all with all.
2. Readings that stand twice under two stations are found by what they say (sheet code, payload, every ballot line) and
   by what they show (image hash); images that merely look alike by :mod:`testigo.forensics.dossier.nearness`.
3. The log is read only when it is needed: for a station's history and redaction, and where there are images.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from testigo.bundle import Bundle, counts_of
from testigo.election import Contest, parse_payload
from testigo.errors import InputError
from testigo.forensics.dossier.answers import Dossier
from testigo.forensics.dossier.claims import claims_of
from testigo.forensics.dossier.facts import UUID, SheetFacts, facts_of
from testigo.forensics.dossier.items import items_of, readings_of
from testigo.forensics.dossier.nearness import Alikeness, alike, can_decode
from testigo.forensics.dossier.view import SheetView
from testigo.records import Counts

#: Told (what is being done, done, all).
Progress = Callable[[str, int, int], None]
Row = Mapping[str, Any]
#: Sheets of so few votes often say the same by chance.
FEWEST_VOTES = 50


class Dossiers:
    """Dossiers of the stations of one contest.

    Args:
        bundle: the release.
        contest: its code; the only one if not said.
        images: whether published images shall be compared with each other (needs ``testigo[reading]``).
        progress: told of the images.

    Raises:
        InputError: no such contest.
    """

    def __init__(
        self, bundle: Bundle, contest: str | None = None, *, images: bool = True, progress: Progress | None = None
    ) -> None:
        self.bundle = bundle
        self.contest: Contest = bundle.profile.contest(contest)
        self._images, self._progress = images, progress

    # ------------------------------------------------------------------ tables

    @cached_property
    def tallies(self) -> Mapping[str, Row]:
        """Station -> its row of ``tallies``, without the columns of votes."""
        return {row["station"]: row for row in _light(self._tallies)}

    @cached_property
    def readings(self) -> Mapping[str, list[Row]]:
        """Station -> its rows of ``readings``, by leaf, without the columns of votes."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in _light(self._readings):
            found[row["station"]].append(row)
        return found

    @cached_property
    def _tallies(self) -> pa.Table:
        return self._own(self.bundle.tallies)

    @cached_property
    def _readings(self) -> pa.Table:
        return self._own(self.bundle.readings)

    def _own(self, table: pa.Table) -> pa.Table:
        return table.filter(pc.equal(table["contest"], self.contest.code))

    def full(self, station: str) -> tuple[Row | None, list[Row]]:
        """The station's row of ``tallies``, if it has one, and its rows of ``readings``: with every column."""
        tallies, readings = (
            table.filter(pc.equal(table["station"], station)).to_pylist() for table in (self._tallies, self._readings)
        )
        return (tallies[0] if tallies else None), readings

    # ------------------------------------------------------------------ duplicates

    @cached_property
    def by_sheet_code(self) -> Mapping[str, tuple[str, ...]]:
        """Sheet code -> stations whose readings give it."""
        return self._grouped(
            (row["sheet_code"], station) for station, rows in self.readings.items() for row in rows if row["sheet_code"]
        )

    @cached_property
    def by_payload(self) -> Mapping[str, tuple[str, ...]]:
        """Payload -> stations whose readings give it, verbatim."""
        return self._grouped(
            (row["payload"], station) for station, rows in self.readings.items() for row in rows if row["payload"]
        )

    @cached_property
    def facts(self) -> Mapping[str, SheetFacts]:
        """Station -> what readings say of its sheet itself; only stations of which any reading says something."""
        found = {station: facts_of(rows) for station, rows in self.readings.items()}
        return {station: one for station, one in found.items() if one.values}

    @cached_property
    def election_days(self) -> tuple[str, ...]:
        """The election's day and the next, as ISO dates: when sheets are printed."""
        day = self.bundle.profile.date
        return day.isoformat(), (day + dt.timedelta(days=1)).isoformat()

    @cached_property
    def by_uuid(self) -> Mapping[str, tuple[str, ...]]:
        """Printed UUID -> stations whose readings give it, over the contest's whole bundle."""
        return self._grouped((uuid, station) for station, one in self.facts.items() for uuid in one.of(UUID))

    @cached_property
    def by_image(self) -> Mapping[str, tuple[str, ...]]:
        """SHA-256 of a published image -> stations that show it."""
        return self._grouped((image, station) for station, row in self.tallies.items() for image in row["sheets"])

    @cached_property
    def by_lines(self) -> Mapping[tuple[int, ...], tuple[str, ...]]:
        """Votes on every ballot line, in order -> stations that stand with them; only where lines are known."""
        columns = [f"l_{code}" for code in self.contest.line_codes]
        table = self._tallies
        known = pc.and_(pc.is_valid(table[columns[0]]), pc.greater_equal(table["valid"], FEWEST_VOTES))
        table = table.filter(known)  # a row whose votes are unknown is dropped too
        votes = zip(*(table[column].to_pylist() for column in columns), strict=True)
        return self._grouped(zip(votes, table["station"].to_pylist(), strict=True))

    @staticmethod
    def _grouped(pairs: Iterable[tuple[Any, str]]) -> dict[Any, tuple[str, ...]]:
        found: dict[Any, dict[str, None]] = defaultdict(dict)
        for key, station in pairs:
            found[key][station] = None
        return {key: tuple(stations) for key, stations in found.items()}

    @cached_property
    def alikeness(self) -> Alikeness | None:
        """Images that look alike; ``None`` without the extra, without images, or if that was not asked for."""
        wanted = sorted(self.by_image)
        if not self._images or not wanted or not can_decode():
            return None
        told = self._progress
        return alike(wanted, self.bundle.image, (lambda d, n: told("images", d, n)) if told else None)

    def near(self, station: str) -> tuple[tuple[str, float], ...]:
        """(other station, correlation) of images that look like this station's, most alike first."""
        if self.alikeness is None or station not in self.tallies:
            return ()
        found: dict[str, float] = {}
        for image in self.tallies[station]["sheets"]:
            for pair in self.alikeness.of(image):
                for digest in (pair.first, pair.second):
                    for other in self.by_image[digest]:
                        if other != station:
                            found[other] = max(found.get(other, 0.0), pair.correlation)
        return tuple(sorted(found.items(), key=lambda one: (-one[1], one[0])))

    # ------------------------------------------------------------------ one station

    def of(self, station: str) -> Dossier:
        """The dossier of one station.

        Raises:
            InputError: neither the register nor the tables know it.
        """
        place = self.bundle.register.find(station)
        row, readings = self.full(station)
        if place is None and row is None:
            raise InputError(
                f"There is no polling station {station!r} in this bundle.",
                "Give the whole code, as in tallies.csv: centre, dot, number.",
            )
        view = SheetView(self, station, row, readings)
        counts = counts_of(self.bundle.profile, self.contest.code, row) if row else None
        return Dossier(
            station=station,
            contest=self.contest.code,
            place=place.centre_name if place else "",
            standing=row["standing"] if row else "missing",
            standing_text=view.standing_text,
            votes=self._votes(counts),
            items=items_of(view),
            claims=claims_of(view) if row else (),
            readings=readings_of(view),
            checks=view.checks,
            history=view.history,
            images=tuple(row["sheets"]) if row else (),
            proof=view.proof,
            entry=view.entry,
        )

    def _votes(self, counts: Counts | None) -> tuple[tuple[str, int], ...]:
        if counts is None:
            return ()
        return tuple((code, counts.candidates[code]) for code in self.contest.candidate_codes)

    def payload_complete(self, payload: str) -> bool:
        """Whether a payload has every field that the profile's grammar asks for, each well formed."""
        return parse_payload(self.contest, payload) is not None


def _light(table: pa.Table) -> list[Row]:
    """The rows without the columns of votes: those are four fifths of a table, and rarely asked for."""
    rows: list[Row] = table.select([name for name in table.column_names if name[:2] not in ("c_", "l_")]).to_pylist()
    return rows
