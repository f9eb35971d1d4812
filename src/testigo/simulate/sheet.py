"""What a drawn sheet says.

Rules of this module
--------------------
1. A sheet's UUID, its people and its strokes follow from its seed: nobody can hand in a real UUID or a real name.
2. ``counts`` are what the print says. Only a forged sheet has other ``coded`` counts, which its QR says.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from testigo.election import Contest, Profile, Register, Station, format_payload, format_sheet_code
from testigo.election.simulacro import RESERVED_UUID_PREFIX
from testigo.errors import InputError
from testigo.records import Counts
from testigo.simulate.names import invented_address, invented_person


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody invented who signs."""

    role: str
    name: str
    id_number: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one sheet of paper says.

    Attributes:
        contest, station: the key.
        areas: names of the areas above the centre, top down, without the country.
        counts: the printed votes; per ballot line.
        figures: further printed figures by name (``electors``, ``voters_book``, …); see :func:`figures_for`.
        printed_at: time on the sheet, local.
        seed: from which UUID, people and strokes follow.
        coded: what the QR says, where that is something else than the print (a forgery).
    """

    contest: str
    station: str
    centre: str
    centre_name: str
    address: str
    areas: tuple[str, ...]
    counts: Counts
    figures: Mapping[str, int]
    printed_at: dt.datetime
    seed: str
    sequence: int = 1
    coded: Counts | None = None

    def rng(self, what: str) -> Random:
        """A generator of its own for each use, so that adding one changes no other."""
        return Random(f"{self.seed}/{self.contest}/{self.station}/{self.sequence}/{what}")

    @property
    def uuid(self) -> str:
        """A UUID that says that it is invented."""
        return RESERVED_UUID_PREFIX + str(uuid.UUID(int=self.rng("uuid").getrandbits(128), version=4))[9:]

    def signers(self, roles: tuple[str, ...]) -> tuple[Signer, ...]:
        """Invented people for these boxes. ID numbers begin with 97 million, which nobody has."""
        rng = self.rng("people")
        people = []
        for role in roles:
            number = f"97.{rng.randrange(1000):03d}.{rng.randrange(1000):03d}"
            people.append(Signer(role, invented_person(rng), number))
        return tuple(people)

    def code(self, contest: Contest) -> str:
        """The sheet code."""
        return format_sheet_code(contest, self.station, self.sequence)

    def payload(self, contest: Contest) -> str:
        """What its QR says. Raises :class:`InputError` where the contest has none."""
        return format_payload(contest, self.code(contest), self.coded or self.counts, self.figures)

    def forged(self, coded: Counts) -> Sheet:
        """The same print with a QR that says something else."""
        return replace(self, coded=coded)


def figures_for(contest: Contest, counts: Counts, electors: int, voters: int | None = None) -> dict[str, int]:
    """The further figures that a sheet with these counts prints.

    Raises:
        InputError: more votes than voters, or more voters than electors.
    """
    voters = counts.cast if voters is None else voters
    if not counts.cast <= voters <= electors:
        raise InputError(f"{counts.cast} votes, {voters} voters and {electors} electors do not fit together.")
    known = {
        "electors": electors,
        "voters_machine": voters,
        "voters_book": voters,
        "votes": counts.cast,
        "valid": counts.valid,
        "null": counts.null or 0,
        "blank": counts.blank or 0,
    }
    return {name: known[name] for name in contest.printed}


def make_sheet(
    profile: Profile,
    contest: Contest,
    register: Register,
    station: Station,
    counts: Counts,
    seed: int,
    *,
    electors: int | None = None,
) -> Sheet:
    """The sheet of a station.

    Args:
        counts: with votes per ballot line.
        electors: what is printed as registered where the register does not know it; invented if needed.
    """
    rng = Random(f"{seed}/{contest.code}/{station.code}/sheet")
    minutes = rng.randrange(18 * 60, 22 * 60)
    printed_at = dt.datetime.combine(profile.date, dt.time(minutes // 60, minutes % 60, rng.randrange(60)))
    known = station.electors if station.electors is not None else electors
    if known is None or known < counts.cast:
        known = max(counts.cast, round(counts.cast / rng.uniform(0.45, 0.75)))
    return Sheet(
        contest=contest.code,
        station=station.code,
        centre=station.centre,
        centre_name=station.centre_name,
        address=invented_address(Random(f"{seed}/{station.centre}/address")),
        areas=tuple(register.areas[area].name for area in station.areas),
        counts=counts,
        figures=figures_for(contest, counts, known),
        printed_at=printed_at,
        seed=str(seed),
    )
