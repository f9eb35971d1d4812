"""What every page maker shares: the bundle's models, the languages' frames, and the common pieces of pages.

Rules of this module
--------------------
1. A page maker gives one :class:`~testigo.publish.output.Unit` per page, for all languages together.
2. Bars are sorted by votes, then in the profile's order; a share is of the valid votes.
3. What is not known is said in words; it is never 0 and never left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from testigo.bundle.manifest import Manifest
from testigo.election import Candidate, Contest, Profile
from testigo.publish import paths
from testigo.publish.log import Log
from testigo.publish.model import ContestModel, Places
from testigo.publish.output import Unit
from testigo.publish.render import Frame
from testigo.publish.words import Words
from testigo.records import Standing
from testigo.tally import AreaTotals

#: Standings from the best to none at all.
_SHOWN = (
    Standing.CONFIRMED,
    Standing.IMPORTED,
    Standing.DOCUMENTED,
    Standing.REPORTED,
    Standing.WITHDRAWN,
    Standing.MISSING,
)

#: A view of a page in one language: (title, template, variables).
View = tuple[str, str, Mapping[str, Any]]


@dataclass(frozen=True)
class Site:
    """Everything that is about to be published.

    Attributes:
        models: contest code -> model, in the profile's order.
        words: language -> texts.
        frames: (language, contest) -> frame.
        common: digest of what every page depends on: templates, profile, rehearsal.
        signers: names of the keys on the checkpoint.
        changed: stations that changed since the previous release.
    """

    profile: Profile
    manifest: Manifest
    places: Places
    log: Log
    models: Mapping[str, ContestModel]
    words: Mapping[str, Words]
    frames: Mapping[tuple[str, str], Frame]
    common: str
    signers: tuple[str, ...] = ()
    changed: int = 0

    def unit(self, contest: str, path: str, mark: str, view: Callable[[Words], View], head: str = "") -> Unit:
        """A page in every language. ``path`` lies below the language's folder; ``view`` makes it in one language."""
        languages = tuple(self.words)

        def render() -> Iterable[bytes]:
            for language in languages:
                title, template, variables = view(self.words[language])
                yield self.frames[language, contest].page(path, title, template, variables, head)

        return Unit(f"*/{path}", mark, tuple(f"{language}/{path}" for language in languages), render)

    def front_path(self, contest: str) -> str:
        """Path of a contest's front page."""
        return paths.front(contest, contest == next(iter(self.models)))

    def contest_links(self, up: str, words: Words, here: str, path: Callable[[str], str]) -> list[dict[str, Any]]:
        """The switch between contests: the same page of each, ``path`` giving where it lies."""
        return [
            {"here": code == here, "href": up + path(code), "name": words.of(model.contest.name)}
            for code, model in self.models.items()
        ]

    def above(self, contest: str, area: str) -> list[tuple[str, str]]:
        """(path, name) of the areas from the country down to that area, itself included."""
        return [(paths.area(contest, one.code), one.name) for one in self.places.parents[area]]


def width(part: int, whole: int) -> str:
    """The width of a bar, in percent with two decimals: ``67.08%``."""
    hundredths = min(10000 * part // whole, 10000) if whole > 0 else 0
    return f"{hundredths // 100}.{hundredths % 100:02d}%"


def ranking(contest: Contest, votes: Mapping[str, int]) -> list[tuple[Candidate, int]]:
    """Candidates with their votes, most votes first; equal ones in the profile's order."""
    return sorted(((one, votes[one.code]) for one in contest.candidates), key=lambda pair: -pair[1])


def bars(words: Words, ranked: Sequence[tuple[Candidate, int]], valid: int) -> list[dict[str, Any]]:
    """The rows of a bar chart; every bar is a part of the valid votes."""
    number = words.locale
    return [
        {
            "code": one.code,
            "name": one.name,
            "share": number.percent(votes, valid),
            "votes": number.integer(votes),
            "width": width(votes, valid),
            "minor": place > 1 and votes * 20 < valid,
        }
        for place, (one, votes) in enumerate(ranked)
    ]


def short_bars(words: Words, contest: Contest, votes: Mapping[str, int]) -> tuple[list[dict[str, Any]], bool]:
    """The first screen's bars: whoever matters in full, the rest as one; and whether anybody was put into the rest."""
    ranked = ranking(contest, votes)
    valid = sum(votes.values())
    shown = [pair for place, pair in enumerate(ranked) if place < 2 or pair[1] * 20 >= valid]
    rest = ranked[len(shown) :]
    if len(rest) < 2:
        return bars(words, ranked, valid), False
    left = sum(count for _, count in rest)
    others: dict[str, Any] = {
        "minor": False,
        "code": "",
        "name": words.say("others", n=len(rest)),
        "share": words.locale.percent(left, valid),
        "votes": words.locale.integer(left),
        "width": width(left, valid),
    }
    return [*bars(words, shown, valid), others], True


def coverage(words: Words, totals: AreaTotals) -> dict[str, str]:
    """How much of a place is counted, in stations and in electors."""
    number = words.locale
    stations = words.say(
        "coverage_stations",
        counted=number.integer(totals.with_tally),
        total=number.integer(totals.registered),
        share=number.percent(totals.with_tally, totals.registered),
    )
    view = {"stations": stations, "stations_width": width(totals.with_tally, totals.registered), "electors_width": ""}
    if not totals.electors_unknown and totals.covered:
        view["electors_width"] = width(totals.covered, totals.electors)
        view["electors"] = words.say(
            "coverage_electors_least" if totals.covered_unknown else "coverage_electors",
            covered=number.integer(totals.covered),
            total=number.integer(totals.electors),
            share=number.percent(totals.covered, totals.electors),
        )
    elif totals.covered:
        view["electors"] = words.say("coverage_electors_part", covered=number.integer(totals.covered))
    else:
        view["electors"] = words.t.coverage_electors_unknown
    return view


def standings(words: Words, totals: AreaTotals) -> list[dict[str, str]]:
    """Stations per standing, in words; those that no station has are left out."""
    return [
        {
            "count": words.locale.integer(count),
            "words": words.say("standing_count", words=words.sentence("standing", str(standing))),
        }
        for standing in _SHOWN
        if (count := totals.by_standing[standing])
    ]


def facts(words: Words, totals: AreaTotals) -> list[dict[str, str]]:
    """Valid, null and blank votes, electors and turnout of a place."""
    number, t = words.locale, words.t
    rows = [(t.valid, number.integer(totals.valid))]
    for name, count, unknown in (
        (t.null, totals.null, totals.null_unknown),
        (t.blank, totals.blank, totals.blank_unknown),
    ):
        nothing = unknown and unknown == totals.with_tally
        rows.append((name, t.unknown if nothing else number.integer(count)))
    electors = number.integer(totals.electors)
    if totals.electors_unknown:
        unknown_of = number.integer(totals.electors_unknown)
        electors = words.say("at_least", n=electors, unknown=unknown_of) if totals.electors else t.unknown
    rows.append((t.electors, electors))
    if totals.covered and not totals.covered_unknown:
        rows.append((t.turnout, number.percent(totals.cast_where_electors_known, totals.covered)))
    return [{"name": name, "value": value} for name, value in rows]
