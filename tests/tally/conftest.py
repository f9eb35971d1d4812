"""A small invented country, and ways to say what stands in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pytest

from testigo.bundle.tables import tallies_table, tally_row
from testigo.election import Candidate, Contest, Level, Line, Profile, Register, load_profile, register_schema
from testigo.election.profile import National, StationCode
from testigo.records import Counts, Decision, Flag
from testigo.tally import Counted, Tally, counted_from_table, tally

NAMES = {"es": "x", "en": "x"}

# Station, state, municipality, centre, electors. Two municipalities are called Bolívar.
STATIONS: tuple[tuple[str, str, str, str, int | None], ...] = (
    ("c1.1", "01", "0101", "c1", 100),
    ("c1.2", "01", "0101", "c1", 200),
    ("c2.1", "01", "0101", "c2", None),
    ("c3.1", "01", "0102", "c3", 300),
    ("c4.1", "02", "0201", "c4", 400),
    ("c4.2", "02", "0201", "c4", 500),
    ("c5.1", "03", "0301", "c5", 600),
)
MUNICIPALITIES = {"0101": "Bolívar", "0102": "Sucre", "0201": "Bolívar", "0301": "Miranda"}
STATES = {"01": "Norte", "02": "Sur", "03": "Este"}


def make_contest(candidates: Mapping[str, int], code: str = "president") -> Contest:
    """A contest: candidate code -> number of ballot lines."""
    lines = [Line(f"{c}_{i}", c, f"{c} {i}") for c, n in candidates.items() for i in range(n)]
    people = [
        Candidate(c, f"Name of {c}", c, "#000000", tuple(line.code for line in lines if line.candidate == c))
        for c in candidates
    ]
    return Contest(code, NAMES, "", tuple(people), tuple(lines), (), "(?P<station>.*)", "{station}", None, None)


def make_profile(contest: Contest, stations: int | None = None, electors: int | None = None) -> Profile:
    """An election with that contest."""
    return dataclasses.replace(
        load_profile("ve2024"),
        code="test",
        country="XX",
        country_name=NAMES,
        contests=(contest,),
        levels=tuple(Level(code, 2, NAMES, NAMES) for code in ("state", "municipality")),
        station=StationCode(r"(?P<centre>c[0-9]+)\.(?P<number>[0-9]+)", "{centre}.{number}", 1, 1),
        national=National(stations, electors),
    )


def make_register(profile: Profile, *, complete: bool = True) -> Register:
    """The register of the invented country."""
    rows = [
        {
            "station": station,
            "centre": centre,
            "centre_name": "School",  # every centre is called the same
            "electors": electors,
            "state": state,
            "state_name": STATES[state],
            "municipality": municipality,
            "municipality_name": MUNICIPALITIES[municipality],
        }
        for station, state, municipality, centre, electors in STATIONS
    ]
    return Register(profile, pa.Table.from_pylist(rows, schema=register_schema(profile)), complete=complete)


class Story:
    """An election told decision by decision."""

    def __init__(self, candidates: Mapping[str, int] | None = None, **national: int | None) -> None:
        self.contest = make_contest(candidates or {"A": 2, "B": 1, "C": 1})
        self.profile = make_profile(self.contest, **national)
        self.register = make_register(self.profile)
        self.decisions: list[Decision] = []

    def station(
        self,
        code: str,
        votes: Mapping[str, int] | None,
        standing: str = "confirmed",
        *,
        contested: bool = False,
        contest: str = "president",
        **more: Any,
    ) -> Story:
        """Decide on a station; ``votes`` as candidate -> votes, ``None`` without counts."""
        counts = None if votes is None else Counts(dict.fromkeys(self.contest.candidate_codes, 0) | dict(votes), **more)
        flags = (Flag.CONTESTED.value,) if contested else ()
        self.decisions.append(Decision(contest, code, standing, "rule", counts, (), (), flags))
        return self

    def table(self) -> pa.Table:
        """The decisions as a bundle's table of tallies."""
        rows = [tally_row(self.profile, i, decision, {}, {}) for i, decision in enumerate(self.decisions)]
        return tallies_table(self.profile, rows)

    def counted(self) -> Counted:
        """The decisions as arrays."""
        return counted_from_table(self.contest, self.register, self.table())

    def tally(self, **options: Any) -> Tally:
        """The totals."""
        return tally(self.profile, self.contest, self.register, self.counted(), **options)


@pytest.fixture
def story() -> Callable[..., Story]:
    """Makes a :class:`Story`; arguments: candidates with their number of lines, and the national figures."""
    return Story


@pytest.fixture
def same() -> Callable[[Counted, Counted], None]:
    """Asserts that two :class:`Counted` say the same, in whatever order."""

    def compare(one: Counted, other: Counted) -> None:
        rows = []
        for counted in (one, other):
            columns = [getattr(counted, field.name) for field in dataclasses.fields(Counted)]
            there = [column for column in columns if column is not None]
            assert all(len(column) == len(counted) for column in there)
            rows.append(sorted(zip(*(map(str, column.tolist()) for column in there), strict=True)))
            rows.append([(str(column is None), str(getattr(column, "dtype", ""))) for column in columns])
        assert rows[:2] == rows[2:]

    return compare
