"""Who has a say about a station: people and programs, not entries.

Rules of this module
--------------------
1. One voice per person and sheet: whoever types twice has corrected himself, not confirmed himself. Of a program, the
   latest reading of a sheet with the same evidence counts.
2. A majority is at least two different people, strictly more than any others, on one sheet, and no code of that sheet
   may contradict them. The others are then outvoted. A tie is a dispute; nothing is settled by chance.
3. Agreement is not transitive (a source without line counts agrees with two that differ in them), so a group counts
   only if everybody in it agrees with everybody.
4. Whoever typed before cannot adjudicate: such a reading is one more correction of his own.
5. A reading whose counts do not fit the ballot, or whose lines do not sum to its candidates, has no voice.
6. Numbers without an image never dispute what an image says; neither does somebody else's table. Anybody can send them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from testigo.election import Contest
from testigo.records import Counts, Evidence, PublicReading


@dataclass(frozen=True, slots=True)
class Voice:
    """A reading that has a say, with its leaf index."""

    leaf: int
    reading: PublicReading

    @property
    def counts(self) -> Counts:
        """What it says."""
        return self.reading.counts

    @property
    def person(self) -> int:
        """Who says so; 0 for a program."""
        return self.reading.person

    @property
    def used_qr(self) -> bool:
        """Whether it rests on the sheet's code, be it in part."""
        return Evidence.QR in self.reading.evidence

    @property
    def is_print(self) -> bool:
        """Whether it rests on the print and not on the code."""
        return Evidence.PRINT in self.reading.evidence and not self.used_qr

    def agrees_with(self, other: Voice) -> bool:
        """Whether both give the same numbers wherever both give one."""
        return self.counts.agrees_with(other.counts)


@dataclass(frozen=True, slots=True)
class Case:
    """What lies before the decider, sorted out. Every tuple is in the ledger's order.

    Attributes:
        voices: of those who looked at an image, without outvoted ones and without adjudicators.
        outvoted: of people and programs that read the print otherwise than a majority.
        adjudications: one voice per person who is entitled to settle a dispute.
        messages: numbers without an image.
        tables: rows of published tables.
    """

    voices: tuple[Voice, ...]
    outvoted: tuple[Voice, ...]
    adjudications: tuple[Voice, ...]
    messages: tuple[Voice, ...]
    tables: tuple[Voice, ...]

    @property
    def from_image(self) -> tuple[Voice, ...]:
        """Everybody who looked at an image and was not outvoted, adjudicators included."""
        return tuple(sorted((*self.voices, *self.adjudications), key=lambda voice: voice.leaf))

    @property
    def disputed(self) -> bool:
        """Whether those who looked at an image disagree."""
        return not all_agree(self.from_image)


def hear(contest: Contest, readings: Mapping[int, PublicReading]) -> Case:
    """Sort out who has a say.

    1. Set aside what does not fit the ballot. 2. Part tables, messages and images. 3. Part adjudicators from typists.
    4. Take the latest of each. 5. On each sheet, let a majority of people outvote the others.
    """
    # 1
    heard = [Voice(leaf, reading) for leaf, reading in sorted(readings.items()) if _fits(contest, reading.counts)]
    # 2
    tables = [voice for voice in heard if Evidence.TABLE in voice.reading.evidence]
    rest = [voice for voice in heard if Evidence.TABLE not in voice.reading.evidence]
    messages = [voice for voice in rest if _without_image(voice)]
    images = [voice for voice in rest if not _without_image(voice)]
    # 3
    typists: set[int] = set()
    adjudications, typed = [], []
    for voice in images:
        if voice.reading.adjudicates and voice.person and voice.person not in typists:
            adjudications.append(voice)
        else:
            typed.append(voice)
            typists.add(voice.person)
    # 4
    latest = list({_who(voice): voice for voice in typed}.values())
    # 5
    outvoted = {
        voice.leaf
        for sheet in {voice.reading.opened for voice in latest}
        for voice in _outvoted([voice for voice in latest if voice.reading.opened == sheet])
    }
    return Case(
        voices=_ordered(voice for voice in latest if voice.leaf not in outvoted),
        outvoted=_ordered(voice for voice in latest if voice.leaf in outvoted),
        adjudications=_ordered({voice.person: voice for voice in adjudications}.values()),
        messages=_ordered({_who(voice): voice for voice in messages}.values()),
        tables=_ordered({voice.reading.source: voice for voice in tables}.values()),
    )


def all_agree(voices: Iterable[Voice]) -> bool:
    """Whether everybody agrees with everybody."""
    # Counts that are equal need no second look: one per distinct value keeps this short for many voices.
    distinct: list[Voice] = []
    for voice in voices:
        if any(voice.counts == other.counts for other in distinct):
            continue
        if not all(voice.agrees_with(other) for other in distinct):
            return False
        distinct.append(voice)
    return True


def majority(people: Sequence[Voice]) -> tuple[Voice, ...]:
    """The group of two or more people who agree and are strictly more than any others; empty if there is none.

    ``people`` holds one voice per person.
    """
    best: tuple[Voice, ...] = ()
    followers = {voice.leaf: tuple(other for other in people if voice.agrees_with(other)) for voice in people}
    for voice in people:
        group = followers[voice.leaf]
        against = [followers[other.leaf] for other in people if not voice.agrees_with(other)]
        wins = all(len(other) < len(group) for other in against)
        if len(group) >= 2 and len(group) > len(best) and wins and all_agree(group):
            best = group
    return best


def _outvoted(sheet: Sequence[Voice]) -> list[Voice]:
    """Those who read one sheet's print otherwise than its majority."""
    group = majority([voice for voice in sheet if voice.person and voice.is_print])
    if not group:
        return []
    against = [voice for voice in sheet if not all(voice.agrees_with(member) for member in group)]
    # The sheet's code is not outvoted by people: code against print is for adjudicators.
    return [] if any(voice.used_qr for voice in against) else against


def _who(voice: Voice) -> tuple[object, ...]:
    """Whose voice this is on which sheet. A program may read one sheet by its code and by its print."""
    reading = voice.reading
    if reading.person:
        return (reading.person, reading.opened)
    return (reading.reader, reading.evidence, reading.opened)


def _without_image(voice: Voice) -> bool:
    return voice.reading.opened is None or not (voice.used_qr or voice.is_print)


def _fits(contest: Contest, counts: Counts) -> bool:
    if set(counts.candidates) != set(contest.candidate_codes):
        return False
    if counts.lines is None:
        return True
    if set(counts.lines) != set(contest.line_codes):
        return False
    return contest.candidates_from_lines(counts.lines) == counts.candidates


def _ordered(voices: Iterable[Voice]) -> tuple[Voice, ...]:
    return tuple(sorted(voices, key=lambda voice: voice.leaf))
