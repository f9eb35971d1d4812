"""A review room in miniature: readings of one station, in ledger order, and the decisions that follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from testigo.election import Profile, load_profile
from testigo.records import Counts, Decision, PublicReading
from testigo.review import Facts, decide

STATION = "010101001.01"
CONTEST = "presidente"


@dataclass
class Room:
    """Collects readings; every method returns the leaf index of what it added."""

    profile: Profile
    facts: Facts = field(default_factory=Facts)
    readings: list[tuple[int, PublicReading]] = field(default_factory=list)
    previous: tuple[int, Decision] | None = None
    next_leaf: int = 10

    def counts(self, eg: int, nm: int = 50, **more: Any) -> Counts:
        """Counts of candidates alone, all others 0."""
        votes = dict.fromkeys(self.profile.contest(CONTEST).candidate_codes, 0)
        return Counts({**votes, "EG": eg, "NM": nm}, **more)

    def with_lines(self, eg: int, nm: int = 50) -> Counts:
        """Counts as the code carries them: per line, null and blank."""
        contest = self.profile.contest(CONTEST)
        lines = {**dict.fromkeys(contest.line_codes, 0), "MUD": eg, "PSUV": nm}
        return Counts(contest.candidates_from_lines(lines), lines, 0, 0)

    def add(self, reading: PublicReading) -> int:
        """A reading as the next leaf (with a gap: other stations' leaves lie between)."""
        self.next_leaf += 3
        self.readings.append((self.next_leaf, reading))
        return self.next_leaf

    def qr(self, eg: int, sheet: int | None = 1, person: int = 0) -> int:
        """The sheet's code, read by a program (or pasted by a person)."""
        reader = "person" if person else "qr/zxing-cpp"
        counts = self.with_lines(eg)
        return self.add(PublicReading(CONTEST, STATION, reader, "1", ("qr",), counts, person=person, opened=sheet))

    def ocr(self, eg: int, sheet: int | None = 1, evidence: tuple[str, ...] = ("print",)) -> int:
        """The print, read by a program."""
        return self.add(PublicReading(CONTEST, STATION, "ocr", "1", evidence, self.counts(eg), opened=sheet))

    def typed(
        self, person: int, eg: int, sheet: int | None = 1, printed: Mapping[str, int] | None = None, reason: str = ""
    ) -> int:
        """What a person typed from the image; with a reason it is an adjudication."""
        return self.add(
            PublicReading(
                CONTEST,
                STATION,
                "person",
                "1",
                ("print",),
                self.counts(eg),
                person=person,
                opened=sheet,
                printed=printed or {},
                adjudicates=reason,
            )
        )

    def settled(self, person: int, eg: int, sheet: int | None = 1) -> int:
        """One adjudicator's reading."""
        return self.typed(person, eg, sheet, reason="blurred_print")

    def message(self, person: int, eg: int) -> int:
        """Numbers without an image."""
        counts = self.counts(eg)
        return self.add(PublicReading(CONTEST, STATION, "person", "1", ("message",), counts, person=person))

    def table(self, eg: int, source: str = "aa") -> int:
        """A row of a published table."""
        counts = self.counts(eg)
        return self.add(
            PublicReading(
                CONTEST, STATION, "published-table", "1", ("published-table",), counts, source=source * 32, line=2
            )
        )

    def decide(self, **facts: Any) -> Decision:
        """Decide on everything so far, without logging it."""
        return decide(self.profile, STATION, CONTEST, self.readings, replace(self.facts, **facts), self.previous)

    def log(self, **facts: Any) -> Decision:
        """Decide, and let the decision stand as the next leaf."""
        decision = self.decide(**facts)
        self.next_leaf += 3
        self.previous = (self.next_leaf, decision)
        return decision


@pytest.fixture(scope="session")
def profile() -> Profile:
    """The shipped profile."""
    return load_profile("ve2024")


@pytest.fixture
def room(profile: Profile) -> Room:
    """An empty room."""
    return Room(profile)


@pytest.fixture(scope="session")
def new_room(profile: Profile) -> Callable[[], Room]:
    """Makes empty rooms, for properties."""
    return lambda: Room(profile)
