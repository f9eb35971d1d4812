"""The plan of an invented election day: who sends what, when, and what reviewers type.

How a day is planned
--------------------
1. Some stations stay missing: nobody was given a copy.
2. Every other (contest, station) gets its sheet, as a scan or as photos of its parts.
3. A few of them get a story: a forged sheet instead, a rival sheet beside, a broken transfer before.
4. Noise is added: duplicates, re-sends, photos of something else, an empty file, a huge one, a text.
5. Everything is put into an order in which a copy comes after its original.
6. Three reviewers type from what the *print* says; one of them lies.

Rules of this module
--------------------
1. The same arguments give the same plan, on any machine.
2. A plan is a value: making bytes is :mod:`testigo.simulate.deliveries`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from testigo.election import Contest, Profile, Register
from testigo.errors import InputError
from testigo.records import Counts, Opening
from testigo.simulate.deliveries import SAME_PROMISE, Delivery, Kind, Transcription
from testigo.simulate.sheet import Sheet, make_sheet
from testigo.simulate.votes import altered, invented_counts

Key = tuple[str, str]  # (contest, station)


class Story(StrEnum):
    """What happens to the sheet of a (contest, station)."""

    MISSING = "missing"  # nobody sends it
    PLAIN = "plain"  # one good scan
    PHOTOS = "photos"  # photos of its parts
    BROKEN = "broken"  # a truncated scan, then a good one
    FORGED = "forged"  # only a sheet whose QR disagrees with its print
    RIVAL = "rival"  # two different sheets


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of what happens. Shares are of (contest, station)s, counts are absolute and scaled for small days.

    Attributes:
        missing: stations whose sheet nobody sends (all contests of the station).
        photos: sheets that come as photos of parts.
        duplicates: scans that somebody else sends too.
        resends: deliveries that their sender sends again.
        forged, rival, broken: how many sheets have that story.
        wrong_things: photos of something else.
        liar: share of the liar's transcriptions that are lies.
        unsettled: share of those lies that no third reviewer looks at.
    """

    missing: float = 0.165
    photos: float = 0.03
    duplicates: float = 0.08
    resends: float = 0.05
    forged: int = 1
    rival: int = 2
    broken: int = 1
    wrong_things: int = 3
    liar: float = 0.3
    unsettled: float = 0.25


@dataclass(frozen=True)
class Day:
    """A planned day.

    Attributes:
        deliveries: in the order in which they are sent; ``deliveries[n].number == n``.
        transcriptions: in the order in which they are typed, after the deliveries.
        truth: what the votes were at every (contest, station), sent or not.
        stories: what happens to each.
        reviewers: pseudonyms; the last one is the liar.
    """

    seed: int
    deliveries: tuple[Delivery, ...]
    transcriptions: tuple[Transcription, ...]
    truth: Mapping[Key, Counts]
    stories: Mapping[Key, Story]
    reviewers: tuple[str, ...]

    @property
    def liar(self) -> str:
        """The reviewer who lies."""
        return self.reviewers[-1]


def plan_day(profile: Profile, register: Register, seed: int, shares: Shares | None = None) -> Day:
    """Plan an election day at every station of the register.

    Raises:
        InputError: too few stations for the stories, or electors unknown.
    """
    shares = shares or Shares()
    truth: dict[Key, Counts] = {}
    for contest in profile.contests:
        for station, counts in invented_counts(contest, register, seed).items():
            truth[contest.code, station] = counts
    stories = _stories(profile, register, seed, shares)
    planner = _Planner(profile, register, seed, shares, truth)
    for key, story in stories.items():
        planner.send(key, story)
    planner.add_noise()
    deliveries = planner.ordered()
    reviewers = tuple(pseudonym(seed, f"reviewer {n}") for n in range(3))
    transcriptions = _transcribe(profile, deliveries, stories, reviewers, seed, shares)
    return Day(seed, deliveries, transcriptions, truth, stories, reviewers)


def pseudonym(seed: int, who: str) -> str:
    """A random-looking name for somebody invented."""
    return f"{Random(f'{seed}/{who}').getrandbits(40):010x}"


def _stories(profile: Profile, register: Register, seed: int, shares: Shares) -> dict[Key, Story]:
    rng = Random(f"{seed}/stories")
    stations = sorted(register.rows)
    missing = set(rng.sample(stations, round(len(stations) * shares.missing)))
    sent = [(c.code, station) for station in stations if station not in missing for c in profile.contests]
    wanted = [Story.RIVAL] * shares.rival + [Story.BROKEN] * shares.broken
    wanted += [Story.PHOTOS] * round(len(sent) * shares.photos)
    forgeable = [key for key in sent if profile.contest(key[0]).qr is not None]
    special = dict.fromkeys(rng.sample(forgeable, min(shares.forged, len(forgeable))), Story.FORGED)
    free = [key for key in sent if key not in special]
    if len(free) < len(wanted):
        raise InputError(f"{len(stations)} stations are too few for a day's stories.", "Ask for at least 10.")
    special.update(zip(rng.sample(free, len(wanted)), wanted, strict=True))
    return {
        (c.code, station): Story.MISSING if station in missing else special.get((c.code, station), Story.PLAIN)
        for station in stations
        for c in profile.contests
    }


class _Planner:
    """Collects deliveries with the moment of each (0 to 1), then numbers them."""

    def __init__(
        self, profile: Profile, register: Register, seed: int, shares: Shares, truth: Mapping[Key, Counts]
    ) -> None:
        self.profile, self.register, self.seed, self.shares, self.truth = profile, register, seed, shares, truth
        self.rng = Random(f"{seed}/deliveries")
        self.planned: list[tuple[float, Delivery]] = []

    def send(self, key: Key, story: Story) -> None:
        """Plan what arrives of a (contest, station)."""
        if story is Story.MISSING:
            return
        contest, sheet = self._sheet(key)
        sender = pseudonym(self.seed, f"observer {sheet.centre}")
        seed = f"{self.seed}/{key[0]}/{key[1]}"
        now = self.rng.random()
        if story is Story.PHOTOS:
            for part in ((0.0, 0.4), (0.33, 0.72), (0.62, 1.0)):
                self._add(now, Kind.PHOTO, sender, sheet=sheet, part=part, seed=f"{seed}/{part[0]}")
            return
        if story is Story.FORGED:
            # The print keeps what was counted; the QR, which machines read, says what the forger wants.
            forged = sheet.forged(altered(contest, sheet.counts, f"{seed}/forged"))
            self._add(now, Kind.FORGED, sender, sheet=forged, seed=seed)
            return
        if story is Story.BROKEN:
            self._add(now * 0.5, Kind.TRUNCATED, sender, sheet=sheet, seed=seed, expected=Opening.DAMAGED.value)
            now = 0.5 + now / 2
        self._add(now, Kind.SCAN, sender, sheet=sheet, seed=seed)
        if story is Story.RIVAL:
            rival = replace(sheet, counts=altered(contest, sheet.counts, f"{seed}/rival"), seed=f"{sheet.seed}/rival")
            other = pseudonym(self.seed, f"rival {key}")
            self._add(self.rng.random(), Kind.RIVAL, other, sheet=rival, seed=f"{seed}/rival")

    def _sheet(self, key: Key) -> tuple[Contest, Sheet]:
        contest, station = self.profile.contest(key[0]), self.register.find(key[1])
        if station is None:
            raise InputError(f"The station {key[1]} is not in the register.")
        return contest, make_sheet(self.profile, contest, self.register, station, self.truth[key], self.seed)

    def _add(
        self,
        moment: float,
        kind: Kind,
        sender: str,
        *,
        sheet: Sheet | None = None,
        part: tuple[float, float] = (0.0, 1.0),
        seed: str = "",
        expected: str = Opening.IMAGE.value,
    ) -> None:
        name = f"IMG_{self.profile.date:%Y%m%d}_{len(self.planned):05d}.jpg"
        contest, station = (sheet.contest, sheet.station) if sheet else ("", "")
        delivery = Delivery(0, name, kind, sender, expected, contest, station, sheet, None, part, seed)
        self.planned.append((moment, delivery))

    def add_noise(self) -> None:
        """Everything that is not one sheet sent once."""
        rng, seed = self.rng, self.seed
        originals = list(enumerate(self.planned))
        scans = [entry for entry in originals if entry[1][1].kind is Kind.SCAN]
        for index, (moment, first) in rng.sample(scans, round(len(scans) * self.shares.duplicates)):
            copy = replace(first, sender=pseudonym(seed, f"copier {index}"), kind=Kind.DUPLICATE)
            self._copy(moment, copy, index, Opening.SAME.value)
        for index, (moment, first) in rng.sample(originals, round(len(originals) * self.shares.resends)):
            if first.kind in (Kind.SCAN, Kind.PHOTO):
                self._copy(moment, replace(first, kind=Kind.RESEND), index, SAME_PROMISE)
        for n in range(self.shares.wrong_things):
            self._add(rng.random(), Kind.WRONG_THING, pseudonym(seed, f"lost {n}"), seed=f"{seed}/lost/{n}")
        for kind, outcome in (
            (Kind.EMPTY, Opening.EMPTY),
            (Kind.TOO_LARGE, Opening.TOO_LARGE),
            (Kind.TEXT, Opening.NOT_AN_IMAGE),
        ):
            self._add(rng.random(), kind, pseudonym(seed, f"odd {kind}"), seed=f"{seed}/{kind}", expected=outcome.value)

    def _copy(self, moment: float, copy: Delivery, original: int, expected: str) -> None:
        name = f"IMG_{self.profile.date:%Y%m%d}_{len(self.planned):05d}.jpg"
        later = moment + (1 - moment) * self.rng.uniform(0.05, 1.0)
        self.planned.append((later, replace(copy, name=name, copy_of=original, expected=expected)))

    def ordered(self) -> tuple[Delivery, ...]:
        """By moment; numbers and references follow the new order."""
        order = sorted(range(len(self.planned)), key=lambda n: (self.planned[n][0], n))
        place = {old: new for new, old in enumerate(order)}
        deliveries = []
        for new, old in enumerate(order):
            delivery = self.planned[old][1]
            original = None if delivery.copy_of is None else place[delivery.copy_of]
            deliveries.append(replace(delivery, number=new, copy_of=original))
        return tuple(deliveries)


def _transcribe(
    profile: Profile,
    deliveries: tuple[Delivery, ...],
    stories: Mapping[Key, Story],
    reviewers: tuple[str, ...],
    seed: int,
    shares: Shares,
) -> tuple[Transcription, ...]:
    """Who types what: two reviewers per sheet in turn; the third one where the liar lied, or something is odd."""
    first, second, liar = reviewers
    typed: list[Transcription] = []
    looked_at = [d for d in deliveries if d.kind in (Kind.SCAN, Kind.FORGED, Kind.RIVAL)]
    looked_at += [d for d in deliveries if d.kind is Kind.PHOTO and d.part[1] == 1.0]
    for turn, delivery in enumerate(looked_at):
        sheet = delivery.sheet
        if sheet is None:
            continue
        rng = Random(f"{seed}/{delivery.seed}/typing")
        contest = profile.contest(delivery.contest)
        pair = ((first, second), (first, liar), (second, liar))[turn % 3]
        if stories[delivery.contest, delivery.station] in (Story.FORGED, Story.RIVAL):
            pair = (first, second)
        lie = liar in pair and rng.random() < shares.liar
        third = () if not lie or rng.random() < shares.unsettled else tuple({first, second} - set(pair))
        for reviewer in (*pair, *third):
            lies = lie and reviewer == liar
            counts = altered(contest, sheet.counts, f"{delivery.seed}/lie") if lies else sheet.counts
            figures = {**sheet.figures, "valid": counts.valid} if "valid" in sheet.figures else dict(sheet.figures)
            code = sheet.code(contest)
            typed.append(
                Transcription(reviewer, delivery.number, contest.code, sheet.station, code, counts, figures, not lies)
            )
    return tuple(typed)
