"""The pages of areas and of polling centres: totals, what lies below, what is missing.

Rules of this module
--------------------
1. A list longer than :data:`PAGE_ROWS` goes on on further pages, so that every page stays small.
2. Lists can be read in other orders by following a link: each order is a page of its own, and needs no JavaScript.
3. A place without numbers says so; it has no leader, no share and no zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from testigo.election import Area
from testigo.publish import paths
from testigo.publish.context import Site, View, bars, coverage, facts, ranking, standings, width
from testigo.publish.model import ContestModel
from testigo.publish.numbers import per_mille
from testigo.publish.output import Unit
from testigo.publish.render import crumbs
from testigo.publish.stations import neighbour
from testigo.publish.words import Words
from testigo.records import Standing
from testigo.tally import AreaTotals

PAGE_ROWS = 60
_ORDERS = ("margin", "coverage")
_LEAST_TO_SORT = 4  # areas: a list of three is sorted by looking at it
_LEAST_CENTRES_TO_SORT = PAGE_ROWS + 1  # centres: there are thousands of lists, and all but a few fit a page
_MOST_MISSING = 300
_MOST_SIBLINGS = 80


@dataclass(frozen=True, slots=True)
class Child:
    """A row of a list: a place with its totals."""

    path: str
    name: str
    note: str
    totals: AreaTotals


def lead_per_mille(totals: AreaTotals) -> int:
    """The lead in per mille of the valid votes."""
    return per_mille(totals.lead, totals.valid)


def _ordered(children: Sequence[Child], order: str) -> list[Child]:
    if order == "margin":
        return sorted(children, key=lambda one: (not one.totals.valid, lead_per_mille(one.totals), one.name))
    if order == "coverage":
        return sorted(children, key=lambda one: (one.totals.with_tally - one.totals.registered, one.name))
    return list(children)


def child_rows(words: Words, model: ContestModel, up: str, children: Sequence[Child]) -> list[dict[str, Any]]:
    """The rows of a list of places in one language."""
    number = words.locale
    rows = []
    for child in children:
        totals = child.totals
        valid, leader = totals.valid, totals.leader
        classes = [name for name, so in (("contested", totals.contested), ("none", not valid)) if so]
        row: dict[str, Any] = {
            "href": up + child.path,
            "name": child.name,
            "note": child.note,
            "classes": " ".join(classes),
            "leader": "",
            "contested": totals.contested > 0,
            "none": words.t.tie if totals.with_tally and valid else words.t.none,
            "votes": f"{number.integer(valid)} {words.t.votes}" if totals.with_tally else "",
            "coverage": number.percent(totals.with_tally, totals.registered),
        }
        if leader is not None:
            votes = totals.candidates[leader]
            row |= {
                "code": leader,
                "leader": model.contest.candidate(leader).short,
                "share": number.percent(votes, valid),
                "width": width(votes, valid),
                "margin": points(words, totals),
            }
        rows.append(row)
    return rows


def points(words: Words, totals: AreaTotals) -> str:
    """The lead in percentage points: ``36,6``."""
    return words.locale.percent(totals.lead, totals.valid).removesuffix("%").strip()


class AreaPages:
    """Makes the pages of the areas and centres of one contest."""

    def __init__(self, site: Site, model: ContestModel) -> None:
        self._site, self._model = site, model
        self._code = model.contest.code
        self._children: dict[str, list[Child]] = {}

    # ---------------------------------------------------------------- units

    def units(self) -> Iterator[Unit]:
        """Every page of every area and centre."""
        for code, area in self._site.places.register.areas.items():
            mark = self._model.area_digests[code]
            yield self._unit(area, mark, "", 1)
            size = len(self._site.places.children[code] or self._site.places.centres_of[code])
            last = max(-(-size // PAGE_ROWS), 1)
            for page in range(2, last + 1):
                yield self._unit(area, mark, "", page)
            for order in _ORDERS if self._sortable(code, size) else ():
                for page in range(1, last + 1):
                    yield self._unit(area, mark, order, page)
        for centre in self._site.places.centres:
            path = paths.centre(self._code, centre)
            yield self._site.unit(self._code, path, self._model.centre_digest(centre), self._centre_view(centre, path))

    def _sortable(self, area: str, size: int) -> bool:
        return size >= (_LEAST_TO_SORT if self._site.places.children[area] else _LEAST_CENTRES_TO_SORT)

    # ---------------------------------------------------------------- areas

    def _unit(self, area: Area, mark: str, order: str, page: int) -> Unit:
        path = paths.area(self._code, area.code, order, page)

        def view(words: Words) -> View:
            return self._area_view(words, area, path, order, page)

        return self._site.unit(self._code, path, mark, view)

    def _area_view(self, words: Words, area: Area, path: str, order: str, page: int) -> View:
        up, totals = "../" * path.count("/"), self._model.tally.area(area.code)
        above = self._site.above(self._code, area.parent) if area.parent else []
        view: dict[str, Any] = {
            "crumbs": crumbs(up, above, words.t.country) if above else "",
            "contests": self._site.contest_links(up, words, self._code, lambda code: paths.area(code, area.code)),
            "level": self._level_name(words, area),
            "name": area.name,
            "table": self.table(words, area, up, order, page),
            "order_note": "",
            "plain_href": up + paths.area(self._code, area.code),
        }
        if order or page > 1:
            view["order_note"] = getattr(words.t, f"order_note_{order}" if order else "order_note_page")
            return area.name, "area.html", view
        missing, listed = self._missing(words, up, area, totals)
        view |= self._totals(words, totals) | {
            "missing": missing,
            "missing_list": listed,
            "csv_href": "../" * (path.count("/") + 1) + paths.csv(self._code, area.code),
            "siblings": self._siblings(up, area),
            "siblings_title": words.t.siblings,
        }
        return area.name, "area.html", view

    def _totals(self, words: Words, totals: AreaTotals) -> dict[str, Any]:
        ranked = ranking(self._model.contest, totals.candidates)
        return {
            "bars": bars(words, ranked, totals.valid) if totals.with_tally else [],
            "coverage": coverage(words, totals),
            "facts": facts(words, totals),
            "standings": standings(words, totals),
        }

    def _level_name(self, words: Words, area: Area) -> str:
        for level in self._site.profile.levels:
            if level.code == area.level:
                return words.capital(words.of(level.name))
        return str(words.t.country)

    def children(self, area: str) -> list[Child]:
        """What lies directly below an area: areas, or at the lowest level centres; by name."""
        known = self._children.get(area)
        if known is None:
            tally, places = self._model.tally, self._site.places
            known = [Child(paths.area(self._code, one.code), one.name, "", one) for one in tally.children(area)]
            for one in tally.centres_of(area):
                note = one.code if one.name else ""
                known.append(Child(paths.centre(self._code, one.code), one.name or one.code, note, one))
            known.sort(key=lambda one: (one.name, one.totals.code))
            if len(places.register.areas) < 5000:
                self._children[area] = known
        return known

    def table(self, words: Words, area: Area, up: str, order: str = "", page: int = 1) -> dict[str, Any]:
        """The list of what lies below an area, in one order and one page of it."""
        children = _ordered(self.children(area.code), order)
        size = len(children)
        shown = children[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
        pages = [
            {
                "here": number == page,
                "href": up + paths.area(self._code, area.code, order, number),
                "name": words.say(
                    "page",
                    **{"from": (number - 1) * PAGE_ROWS + 1, "to": min(number * PAGE_ROWS, size)},
                ),
            }
            for number in range(1, -(-size // PAGE_ROWS) + 1)
        ]
        return {
            "caption": self._caption(words, area),
            "heads": self._heads(words, area, up, order, size),
            "rows": child_rows(words, self._model, up, shown),
            "pages": pages,
        }

    def _caption(self, words: Words, area: Area) -> str:
        levels = [level.code for level in self._site.profile.levels]
        place = levels.index(area.level) + 1 if area.level in levels else 0
        if place < len(levels):
            return words.capital(words.of(self._site.profile.levels[place].plural))
        return str(words.t.caption_centres)

    def _heads(self, words: Words, area: Area, up: str, order: str, size: int) -> list[dict[str, Any]]:
        t = words.t

        def head(name: str, mine: str | None, direction: str) -> dict[str, Any]:
            sortable = mine is not None and self._sortable(area.code, size)
            href = up + paths.area(self._code, area.code, mine or "") if sortable else ""
            return {"name": name, "href": href, "here": mine == order and sortable, "sort": direction}

        return [
            head(t.head_name, "", "ascending"),
            head(t.head_leader, None, ""),
            head(t.head_margin, "margin", "ascending"),
            head(t.head_coverage, "coverage", "descending"),
        ]

    def _siblings(self, up: str, area: Area) -> list[dict[str, Any]]:
        if not area.parent:
            return []
        places = self._site.places
        codes = places.children[area.parent]
        if len(codes) < 2 or len(codes) > _MOST_SIBLINGS:
            return []
        return [
            {
                "here": code == area.code,
                "href": up + paths.area(self._code, code),
                "name": places.register.areas[code].name,
            }
            for code in codes
        ]

    # ---------------------------------------------------------------- missing

    def _missing(self, words: Words, up: str, area: Area, totals: AreaTotals) -> tuple[list[str], list[dict[str, str]]]:
        number, t = words.locale, words.t
        missing, listed = totals.by_standing[Standing.MISSING], []
        sentences = missing_sentences(words, self._site, self._model, totals)
        places = self._site.places
        if missing and not places.children[area.code]:
            without = [code for code in places.stations_below(area.code) if code not in self._model.rows]
            listed = [{"href": up + paths.station(self._code, code), "name": code} for code in without[:_MOST_MISSING]]
            if len(without) > len(listed):
                sentences.append(words.say("missing_more", n=number.integer(len(without) - len(listed))))
        elif missing:
            listed = [
                {"href": up + child.path, "name": f"{child.name}: {number.integer(count)}"}
                for child in self.children(area.code)
                if (count := child.totals.by_standing[Standing.MISSING])
            ]
            if listed:
                sentences.append(t.missing_where)
        if not area.parent:
            listed += [{"href": up + paths.station(self._code, code), "name": code} for code in self._model.unlisted]
        return sentences, listed

    # ---------------------------------------------------------------- centres

    def _centre_view(self, centre: str, path: str) -> Any:
        def view(words: Words) -> View:
            places, up = self._site.places, "../" * path.count("/")
            totals = self._model.tally.centre(centre)
            above = self._site.above(self._code, places.centre_area[centre])
            name = places.centre_name[centre] or centre
            stations = places.centres[centre]
            without = [code for code in stations if code not in self._model.rows]
            variables = self._totals(words, totals) | {
                "crumbs": crumbs(up, above, words.t.country),
                "contests": self._site.contest_links(up, words, self._code, lambda code: paths.centre(code, centre)),
                "level": f"{words.t.level_centre} {centre}",
                "name": name,
                "caption": words.t.caption_stations,
                "neighbours": [neighbour(words, self._model, code, up) for code in stations],
                "missing": missing_sentences(words, self._site, self._model, totals) if without else [],
                "missing_list": [{"href": up + paths.station(self._code, code), "name": code} for code in without],
                "next": self._beside(up, centre),
                "siblings_title": words.t.siblings,
            }
            return f"{name} · {centre}", "centre.html", variables

        return view

    def _beside(self, up: str, centre: str) -> list[dict[str, str]]:
        """The centres before and after this one in the same area."""
        codes = self._site.places.centres_of[self._site.places.centre_area[centre]]
        at = codes.index(centre)
        names = self._site.places.centre_name
        return [
            {"href": up + paths.centre(self._code, code), "name": names[code] or code}
            for code in (codes[at - 1 : at] if at else []) + codes[at + 1 : at + 2]
        ]


def missing_sentences(words: Words, site: Site, model: ContestModel, totals: AreaTotals) -> list[str]:
    """What is missing from a place, in words."""
    number = words.locale
    sentences = []
    missing = totals.by_standing[Standing.MISSING]
    if missing:
        total = number.integer(totals.registered)
        sentences.append(words.say("missing_some", n=number.integer(missing), total=total))
    waiting = totals.registered - missing - totals.with_tally
    if waiting > 0:
        sentences.append(words.say("missing_uncounted", n=number.integer(waiting)))
    if totals.contested:
        sentences.append(words.say("contested_some", n=number.integer(totals.contested)))
    country = not totals.parent
    unnamed = site.places.register.unnamed_stations - len(model.unlisted)
    if country and unnamed > 0:
        sentences.append(words.say("missing_unnamed", n=number.integer(unnamed)))
    if country and model.unlisted:
        sentences.append(words.say("missing_unlisted", n=number.integer(len(model.unlisted))))
    return sentences or [words.t.missing_none]
