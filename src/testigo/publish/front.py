"""The front page of a contest: who won, how sure that is, what it rests on, where one's own sheet is, how to check.

Rules of this module
--------------------
1. The order of the page is the order of those questions.
2. A contradiction to an announced result is said in one sentence, and only where arithmetic says so.
3. The sentence of certainty is the worst case of :mod:`testigo.tally.certainty`; its sum is one link away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from testigo.election.profile import Bulletin
from testigo.publish import paths
from testigo.publish.areas import AreaPages, lead_per_mille, missing_sentences, points
from testigo.publish.context import Site, View, bars, coverage, ranking, short_bars, standings
from testigo.publish.downloads import main_downloads
from testigo.publish.model import ContestModel
from testigo.publish.output import Unit, digest
from testigo.publish.release import release_view, verify_command
from testigo.publish.words import Words
from testigo.records import Standing
from testigo.tally import PREMISES, TURNOUTS, AreaTotals, Certainty, disputed, premises, worst_case_margin

_COUNTRY_ROWS = 20


def front_unit(site: Site, model: ContestModel, areas: AreaPages, card: str, head: str) -> Unit:
    """The front page of a contest. It shows the release, so it changes with every one."""
    code = model.contest.code
    path = site.front_path(code)
    mark = digest(
        site.common, site.manifest.sha256, model.area_digests[site.profile.country], head, site.log.checkpoints[-1]
    )
    return site.unit(code, path, mark, lambda words: FrontPage(site, model, areas, words).view(path, card), head)


def why_units(site: Site) -> Iterator[Unit]:
    """The arithmetic behind the sentence of certainty, per contest."""
    for code, model in site.models.items():
        mark = digest(site.common, model.area_digests[site.profile.country])
        yield site.unit(code, f"{code}/why.html", mark, lambda words, model=model: _why_view(site, model, words))  # type: ignore[misc]


class FrontPage:
    """Makes the front page of one contest in one language."""

    def __init__(self, site: Site, model: ContestModel, areas: AreaPages, words: Words) -> None:
        self._site, self._model, self._areas, self._words = site, model, areas, words
        self._code = model.contest.code
        self._totals = model.tally.country

    def view(self, path: str, card: str) -> View:
        """The page."""
        site, model, words, totals = self._site, self._model, self._words, self._totals
        up = "../" * path.count("/")
        first, shortened = short_bars(words, model.contest, totals.candidates)
        every = bars(words, ranking(model.contest, totals.candidates), totals.valid)
        title = words.of(site.profile.name)
        country = site.places.register.areas[site.profile.country]
        view: dict[str, Any] = {
            "title": words.of(model.contest.name),
            "date": words.locale.date(site.profile.date),
            "contests": site.contest_links(up, words, self._code, site.front_path),
            "bars": first,
            "all_bars": every if shortened else [],
            "coverage": coverage(words, totals),
            "certainty": certainty_view(words, model),
            "why_href": f"{up}{self._code}/why.html",
            "country_href": up + paths.area(self._code, country.code),
            "tiles": self._tiles(up),
            "legend": [{"code": one.code, "name": one.name} for one in self._leaders()],
            "any_contested": totals.contested > 0,
            "table": self._areas.table(words, country, up) | {"pages": []},
            "standings": standings(words, totals),
            "imported_note": words.t.imported_note if totals.by_standing[Standing.IMPORTED] else "",
            "missing": missing_sentences(words, site, model, totals),
            "missing_areas": self._missing_areas(up),
            "bulletins": [bulletin_view(words, model, one) for one in self._bulletins()],
            "command": verify_command(site),
            "downloads": main_downloads(site, words, up),
            "release": release_view(site, words),
            "card": card,
        }
        return title if up == "" else f"{view['title']} · {title}", "front.html", view

    def _bulletins(self) -> list[Bulletin]:
        return [one for one in self._site.profile.bulletins if one.contest == self._code][::-1]

    def _missing_areas(self, up: str) -> list[dict[str, str]]:
        children = self._areas.children(self._site.profile.country)
        left = [(child, child.totals.by_standing[Standing.MISSING]) for child in children]
        worst = sorted(((child, count) for child, count in left if count), key=lambda pair: -pair[1])
        return [
            {"href": up + child.path, "name": child.name, "count": self._words.locale.integer(count)}
            for child, count in worst[:_COUNTRY_ROWS]
        ]

    def _leaders(self) -> list[Any]:
        leading = {child.totals.leader for child in self._areas.children(self._site.profile.country)}
        return [one for one in self._model.contest.candidates if one.code in leading]

    # ---------------------------------------------------------------- map

    def _tiles(self, up: str) -> list[dict[str, Any]]:
        places = self._site.places
        tiles = []
        for code, tile in self._site.profile.tiles.items():
            if code not in places.register.areas:
                says = self._words.say("tile_none", name=tile.name)
                tiles.append(_tile(code, tile.short, up + paths.area(self._code, places.profile.country), says, None))
                continue
            totals = self._model.tally.area(code)
            tiles.append(
                _tile(code, tile.short, up + paths.area(self._code, code), self._tile_says(tile.name, totals), totals)
            )
        return tiles

    def _tile_says(self, name: str, totals: AreaTotals) -> str:
        number = self._words.locale
        share = number.percent(totals.with_tally, totals.registered)
        if totals.leader is None:
            key = "tile_tie" if totals.tied else "tile_none"
            return self._words.say(key, name=name, coverage=share)
        return self._words.say(
            "tile",
            name=name,
            leader=self._model.contest.candidate(totals.leader).short,
            share=number.percent(totals.candidates[totals.leader], totals.valid),
            margin=points(self._words, totals),
            coverage=share,
        )


def _tile(code: str, short: str, href: str, says: str, totals: AreaTotals | None) -> dict[str, Any]:
    counted = 100 * totals.with_tally // totals.registered if totals and totals.registered else 0
    step = 1
    if totals is not None:
        step = next(
            (step for step, least in ((5, 400), (4, 250), (3, 150), (2, 50)) if lead_per_mille(totals) >= least), 1
        )
    return {
        "code": code,
        "short": short,
        "href": href,
        "says": says,
        "leader": (totals.leader or "") if totals else "",
        "step": step,
        "contested": bool(totals and totals.contested),
        "top": f"{100 - counted}%",
        "height": f"{counted}%",
    }


# ------------------------------------------------------------------- certainty


def _state(totals: AreaTotals, certainty: Certainty) -> str:
    if not totals.valid:
        return "empty"
    if totals.tied:
        return "decided_tie" if certainty.electors_not_counted == 0 else "tie"
    if certainty.electors_not_counted is None:
        return "unknown"
    return "decided" if certainty.certain else "open"


def certainty_view(words: Words, model: ContestModel) -> dict[str, str]:
    """Whether what is missing could change who won, in a sentence."""
    state = _state(model.tally.country, worst_case_margin(model.tally)).removeprefix("decided_")
    return {"headline": getattr(words.t, f"why_headline_{state}"), "detail": getattr(words.t, f"why_detail_{state}")}


def _why_view(site: Site, model: ContestModel, words: Words) -> View:
    number, t, totals = words.locale, words.t, model.tally.country
    certainty = worst_case_margin(model.tally)
    ranked = ranking(model.contest, totals.candidates)
    steps: list[dict[str, str]] = []
    if len(ranked) > 1 and totals.valid:
        (first, most), (second, next_most) = ranked[:2]
        lead = f"{number.integer(most)} − {number.integer(next_most)} = {number.integer(certainty.lead)}"
        steps.append({"says": words.say("why_lead", first=first.name, second=second.name), "sum": lead})
        left = certainty.electors_not_counted
        if left is not None:
            parts = [number.integer(totals.electors), number.integer(totals.covered)]
            if totals.cast_where_electors_unknown:
                parts.append(number.integer(totals.cast_where_electors_unknown))
            says = t.why_left if certainty.exact else f"{t.why_left} {t.why_left_cast}"
            steps.append({"says": says, "sum": f"{' − '.join(parts)} = {number.integer(left)}"})
            margin = (
                f"{number.integer(certainty.lead)} − {number.integer(left)} = {number.integer(certainty.lead - left)}"
            )
            steps.append({"says": words.say("why_compare", second=second.name), "sum": margin})
    limits = [t.why_limits_electors, t.why_limits_authentic]
    if certainty.electors_not_counted is None:
        limits.insert(0, words.say("why_unknown_electors", n=number.integer(totals.electors_unknown)))
    view = {
        "certainty": certainty_view(words, model),
        "steps": steps,
        "what_if": _what_if(words, model, certainty) if steps else [],
        "limits": limits,
    }
    return t.why_title, "why.html", view


def _what_if(words: Words, model: ContestModel, certainty: Certainty) -> list[dict[str, str]]:
    """The same sum with a cap on turnout, and for who takes only some of the sheets; empty without known electors."""
    number, t = words.locale, words.t
    if certainty.worst_case_margin is None:
        return []
    rows = []
    if certainty.break_even_turnout is not None:
        rows.append({"says": t.why_break_even, "sum": number.of_per_mille(round(1000 * certainty.break_even_turnout))})
    for turnout in TURNOUTS:
        share = number.of_per_mille(round(1000 * turnout))
        rows.append({"says": words.say("why_capped", share=share), "sum": _signed(words, certainty.margin_at(turnout))})
    for one in premises(model.tally):
        if one.code != "headline":
            says = words.say("why_premise", which=words.of(PREMISES[one.code]), n=number.integer(one.stations))
            margin = one.certainty.worst_case_margin if one.stations else None
            rows.append({"says": says, "sum": _signed(words, margin)})
    rows.append({"says": t.why_dispute, "sum": getattr(t, f"why_dispute_{disputed(model.tally).answer}")})
    return rows


def _signed(words: Words, margin: int | None) -> str:
    if margin is None:
        return "–"
    return ("+" if margin > 0 else "−" if margin < 0 else "") + words.locale.integer(abs(margin))


# ------------------------------------------------------------------- bulletins


def bulletin_view(words: Words, model: ContestModel, bulletin: Bulletin) -> dict[str, Any]:
    """An announced result beside the counted one, with what follows from both in one sentence."""
    number, totals = words.locale, model.tally.country
    announced = sum(bulletin.votes.values()) + bulletin.others
    rows = []
    named = sorted(bulletin.votes.items(), key=lambda pair: -pair[1])
    for code, said in named:
        rows.append(
            _row(words, model.contest.candidate(code).name, said, announced, totals.candidates[code], totals.valid)
        )
    rest = totals.valid - sum(totals.candidates[code] for code in bulletin.votes)
    rows.append(_row(words, words.t.bulletin_others, bulletin.others, announced, rest, totals.valid))
    share = "–" if bulletin.coverage is None else number.of_per_mille(bulletin.coverage)
    return {
        "authority": words.of(bulletin.authority),
        "date": number.date(bulletin.announced),
        "sentence": _contradiction(words, model, bulletin),
        "rows": rows,
        "coverage": words.say("bulletin_coverage", share=share),
    }


def _row(words: Words, name: str, said: int, announced: int, counted: int, valid: int) -> Mapping[str, str]:
    number = words.locale
    return {
        "name": name,
        "said": number.integer(said),
        "said_share": number.percent(said, announced),
        "counted": number.integer(counted),
        "counted_share": number.percent(counted, valid),
    }


def _contradiction(words: Words, model: ContestModel, bulletin: Bulletin) -> str:
    """Votes that are counted here and that the announcement does not have, else who is ahead."""
    number, contest, totals = words.locale, model.contest, model.tally.country
    if not totals.valid:
        return str(words.t.bulletin_nothing)
    excess, code = max((totals.candidates[code] - said, code) for code, said in bulletin.votes.items())
    if excess > 0:
        return words.say(
            "bulletin_more",
            name=contest.candidate(code).name,
            counted=number.integer(totals.candidates[code]),
            excess=number.integer(excess),
            said=number.integer(bulletin.votes[code]),
        )
    ahead = max(bulletin.votes, key=lambda code: bulletin.votes[code])
    if totals.leader is not None and totals.leader != ahead and totals.leader in bulletin.votes:
        return words.say(
            "bulletin_leader", said=contest.candidate(ahead).name, counted=contest.candidate(totals.leader).name
        )
    return str(words.t.bulletin_same)
