"""The pages of polling stations: the numbers beside the sheet, and everything that can be said of them.

Rules of this module
--------------------
1. What is shown follows from the bundle alone; the release number is that of the station's last change.
2. A line's place on the sheet comes from the profile's layout and the logged rectangles; without both, none is shown.
3. People appear as ordinals within the station. There is nothing else of them to show.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from testigo.bundle.manifest import image_path
from testigo.bundle.tables import counts_of
from testigo.election import Contest
from testigo.publish import paths
from testigo.publish.context import Site, View, ranking, width
from testigo.publish.model import ContestModel
from testigo.publish.output import Unit
from testigo.publish.readings import Agreement, reading_views
from testigo.publish.render import crumbs, text_only
from testigo.publish.words import Words
from testigo.records import Counts, Flag

_COUNTED_FIGURES = ("electors", "voters_machine", "voters_book")


def station_units(site: Site, model: ContestModel) -> Iterator[Unit]:
    """The pages of every station of a contest, centre by centre."""
    code = model.contest.code
    for centre, stations in site.places.centres.items():
        maker = CentreStations(site, model, centre)
        mark = model.centre_digest(centre)
        for station in stations:
            yield maker.unit(paths.station(code, station), mark, station)
    maker = CentreStations(site, model, None)
    for station in model.unlisted:
        yield maker.unit(paths.station(code, station), model.unlisted_digest(station), station)


class CentreStations:
    """Makes the pages of one centre's stations; ``centre`` is ``None`` for stations that the register does not name."""

    def __init__(self, site: Site, model: ContestModel, centre: str | None) -> None:
        self._site, self._model, self._centre = site, model, centre
        self._contest: Contest = model.contest
        self._neighbours: dict[str, list[dict[str, Any]]] = {}

    def unit(self, path: str, mark: str, station: str) -> Unit:
        """The page of one station."""
        return self._site.unit(self._contest.code, path, mark, lambda words: self.view(words, path, station))

    def view(self, words: Words, path: str, station: str) -> View:
        """The page of one station in one language."""
        up = "../" * path.count("/")
        row = self._model.row(station)
        heading, title = self._heading(words, station)
        view: dict[str, Any] = {
            "heading": heading,
            "code": station,
            "crumbs": crumbs(up, self._above(words), words.t.country),
            "contests": self._contests(words, up, station),
            "neighbours": self._neighbour_views(words, up, station),
            "neighbours_title": words.t.neighbours_title,
        }
        view |= self._nothing(words) if row is None else self._something(words, up, station, row)
        return title, "station.html", view

    def _heading(self, words: Words, station: str) -> tuple[str, str]:
        number = station
        centre = self._centre
        if centre is None:
            return words.say("station_heading", number=station), station
        number = station.removeprefix(centre).strip(".-/ ") or station
        heading = words.say("station_heading", number=number)
        name = self._site.places.centre_name[centre] or words.t.level_centre + " " + centre
        return f"{heading} · {name}", f"{station} · {name}"

    def _above(self, words: Words) -> list[tuple[str, str]]:
        code, places = self._contest.code, self._site.places
        if self._centre is None:
            return self._site.above(code, places.profile.country)
        name = places.centre_name[self._centre] or f"{words.t.level_centre} {self._centre}"
        return [*self._site.above(code, places.centre_area[self._centre]), (paths.centre(code, self._centre), name)]

    def _contests(self, words: Words, up: str, station: str) -> Any:
        links = self._site.contest_links(up, words, self._contest.code, lambda code: paths.station(code, station))
        if len(links) < 2:
            return ""
        frame = self._site.frames[words.language, self._contest.code]
        return frame.env.get_template("parts.html").module.contests(links)  # type: ignore[attr-defined]

    def _nothing(self, words: Words) -> dict[str, Any]:
        standing = words.sentence("standing", "missing")
        return {
            "contested": False,
            "standing": {"short": words.capital(standing), "sentence": words.t.station_nothing},
            "rows": [],
            "sheet": [],
            "withheld": [words.t.no_image_missing],
            "flags": [],
            "provenance": "",
            "checks": [],
            "readings": [],
            "proof": None,
            "history": [],
        }

    def _something(self, words: Words, up: str, station: str, row: Mapping[str, Any]) -> dict[str, Any]:
        counts = counts_of(self._site.profile, self._contest.code, row)
        readings = self._model.readings_of(station)
        sheet = self._sheet(up, row)
        targets = {mark["code"] for image in sheet for mark in image["marks"]}
        agreement = Agreement(words, counts, readings)
        return {
            "contested": Flag.CONTESTED.value in row["flags"],
            "standing": self._standing(words, row, readings),
            "several": agreement.several,
            "has_lines": counts is not None and counts.lines is not None,
            "rows": [] if counts is None else self._counts(words, counts, agreement, targets),
            "sums": [] if counts is None else self._sums(words, counts, agreement, station, readings),
            "sheet": sheet,
            "withheld": _withheld(words, row, sheet),
            "flags": self._flags(words, up, row),
            "provenance": words.sentence("provenance", row["provenance"]) if row["standing"] != "imported" else "",
            "checks": _checks(words, row["checks"]),
            "readings": reading_views(words, self._contest, counts, readings, row["supports"]),
            "proof": self._proof(words, station, row["decision"]),
            "history": self._history(words, station, row),
        }

    # ---------------------------------------------------------------- numbers

    def _counts(self, words: Words, counts: Counts, agreement: Agreement, targets: set[str]) -> list[tuple[Any, ...]]:
        """(code, name, votes, share, width, agreement, lines) per candidate; a line is (code, label, votes, agreement,
        whether its place on the sheet is known). Tuples, because tens of thousands of pages unpack them."""
        number, valid = words.locale, counts.valid
        lines = counts.lines
        labels = {line.code: f"{line.label} {line.party}".strip() for line in self._contest.lines} if lines else {}
        rows = []
        for candidate, votes in ranking(self._contest, counts.candidates):
            own: list[tuple[Any, ...]] = []
            for code in candidate.lines if lines is not None else ():
                count = lines[code] if lines is not None else 0
                own.append(
                    (code, labels[code], number.integer(count), agreement.of(f"l_{code}", count), code in targets)
                )
            share, wide = number.percent(votes, valid), width(votes, valid)
            agreed = agreement.of(f"c_{candidate.code}", votes)
            rows.append((candidate.code, candidate.name, number.integer(votes), share, wide, agreed, own))
        return rows

    def _sums(
        self, words: Words, counts: Counts, agreement: Agreement, station: str, readings: Sequence[Mapping[str, Any]]
    ) -> list[tuple[str, str, str, str]]:
        """(name, value, share, agreement) of the sums below the table."""
        number, t = words.locale, words.t
        rows = [(t.valid, number.integer(counts.valid), "", "")]
        for name, votes in (("null", counts.null), ("blank", counts.blank)):
            known = votes is not None
            note = agreement.of(name, votes) if votes is not None else ""
            rows.append((getattr(t, name), number.integer(votes or 0) if known else t.unknown, "", note))
        printed: dict[str, int] = {}
        for reading in readings:
            printed |= json.loads(reading["printed"])
        own = self._site.places.stations.get(station)
        electors = own[3] if own else None
        electors = printed.get("electors") if electors is None else electors
        share = number.percent(counts.cast, electors) if electors else ""
        rows.append((t.electors, t.unknown if electors is None else number.integer(electors), "", ""))
        if share:
            rows.append((t.station_turnout, number.integer(counts.cast), share, ""))
        for name in _COUNTED_FIGURES[1:]:
            if name in printed:
                rows.append((getattr(t, name), number.integer(printed[name]), "", ""))
        return rows

    # ---------------------------------------------------------------- sheet

    def _sheet(self, up: str, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        images: list[dict[str, Any]] = []
        for index in row["opened"]:
            opened = self._site.log.opened.get(index)
            if opened is None or opened["image"] not in row["sheets"]:
                continue
            if any(one["hash"] == opened["image"] for one in images):
                continue
            width, height = shown_size(opened["rectangles"])
            images.append(
                {
                    "src": f"{up}../bundle/{image_path(opened['image'])}",
                    "hash": opened["image"],
                    "width": width or 600,
                    "height": height or 800,
                    # One place per line: where there are two images, the first one carries the marks.
                    "marks": [] if images else marks(self._contest, opened["rectangles"]),
                }
            )
        return images

    def _flags(self, words: Words, up: str, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        others = [{"href": up + paths.station(self._contest.code, code), "name": code} for code in row["same_image"]]
        return [
            {"sentence": words.sentence("flag", flag), "others": others if flag == Flag.SAME_IMAGE.value else []}
            for flag in row["flags"]
        ]

    def _standing(self, words: Words, row: Mapping[str, Any], readings: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        short = words.sentence("standing", row["standing"])
        sentences = [words.say("standing_is", standing=short), words.sentence("rule", row["rule"])]
        for reading in readings:
            if reading["source"] and reading["leaf"] in row["supports"]:
                line = words.locale.integer(reading["line"])
                sentences.append(words.say("imported_source", line=line, hash=reading["source"]))
        return {"short": words.capital(short), "sentence": " ".join(sentences)}

    # ---------------------------------------------------------------- ledger

    def _proof(self, words: Words, station: str, decision: int) -> dict[str, Any] | None:
        log = self._site.log
        if not log.proof_size(decision):
            return None
        proof, entry = log.proof(decision), log.entries[decision]
        release, index = log.release_of(decision), words.locale.integer(decision)
        key = "proof_sentence" if release is not None else "proof_sentence_unreleased"
        return {
            "sentence": words.say(key, index=index, release=release),
            "name": f"{paths.slug(station)}-{self._contest.code}",
            "base64": b64encode(proof).decode(),
            "entry": text_only(entry.decode()),
        }

    def _history(self, words: Words, station: str, row: Mapping[str, Any]) -> list[str]:
        past = self._site.log.past.get((self._contest.code, station), [])
        now = (row["decision"], row["standing"], row["rule"], row["valid"])
        steps = [(index, one["standing"], one["rule"], _valid_of(one["counts"])) for index, one in past] + [now]
        lines = []
        for index, standing, rule, valid in steps:
            release = self._site.log.release_of(index)
            votes = words.t.history_none
            if valid is not None:
                votes = words.say("history_votes", valid=words.locale.integer(valid))
            line = words.say(
                "history_line",
                release="–" if release is None else release,
                standing=words.sentence("standing", standing),
                rule=words.sentence("rule", rule),
            )
            lines.append(f"{line} {votes}")
        return lines

    # ---------------------------------------------------------------- neighbours

    def _neighbour_views(self, words: Words, up: str, station: str) -> list[dict[str, Any]]:
        if self._centre is None or len(self._site.places.centres[self._centre]) < 2:
            return []
        known = self._neighbours.get(words.language)
        if known is None:
            stations = self._site.places.centres[self._centre]
            known = [neighbour(words, self._model, other, up) for other in stations]
            self._neighbours[words.language] = known
        return [{**one, "here": one["name"] == station} for one in known]


def neighbour(words: Words, model: ContestModel, station: str, up: str) -> dict[str, Any]:
    """A station as one line with a small bar."""
    href = up + paths.station(model.contest.code, station)
    votes = model.votes(station)
    if votes is None:
        return {"name": station, "href": href, "stack": "", "says": words.t.neighbour_none}
    valid = sum(votes)
    most = max(votes, default=0)
    first = [one for one, count in zip(model.contest.candidates, votes, strict=True) if count == most and most]
    leader = first[0].short if len(first) == 1 else words.t.tie
    says = words.say(
        "neighbour_says",
        leader=leader,
        share=words.locale.percent(most, valid),
        valid=words.locale.integer(valid),
    )
    return {"name": station, "href": href, "stack": model.stack(station), "says": says}


def shown_size(rectangles: Sequence[Sequence[int]]) -> tuple[int, int]:
    """(width, height) in pixels of a published image: it is the bounding box of what it shows; (0, 0) without any."""
    if not rectangles:
        return 0, 0
    left, top = min(r[0] for r in rectangles), min(r[1] for r in rectangles)
    return max(r[0] + r[2] for r in rectangles) - left, max(r[1] + r[3] for r in rectangles) - top


def marks(contest: Contest, rectangles: Sequence[Sequence[int]]) -> list[dict[str, int | str]]:
    """Where each ballot line stands on a published image, in its pixels; empty if that is not known.

    An image that shows more bands than the layout has zones was made row by row, because the layout was not found on
    it: nothing is known of its places. Any other reaches from the top of the layout's first public zone to the bottom
    of its last one, so that the layout and the image's height say where a line is (to about a millimetre).

    Args:
        rectangles: what the image shows, as logged: (x, y, width, height) in the original's pixels.
    """
    layout = contest.layout
    block = layout.block("lines") if layout else None
    width, height = shown_size(rectangles)
    if layout is None or block is None or not block.public or not height:
        return []
    zones = layout.zones()
    if _bands(rectangles) > len(zones):
        return []
    top, scale = zones[0].y, height / (zones[-1].bottom - zones[0].y)
    return [
        {
            "code": line.code,
            "x": 0,
            "y": round((box.y - top) * scale),
            "width": width,
            "height": round(box.height * scale),
        }
        for line, box in zip(contest.lines, layout.line_boxes(), strict=False)
    ]


def _bands(rectangles: Sequence[Sequence[int]]) -> int:
    """How many bands of rows rectangles make that touch each other."""
    ordered = sorted((r[1], r[1] + r[3]) for r in rectangles)
    return 1 + sum(after[0] > before[1] for before, after in pairwise(ordered))


def _withheld(words: Words, row: Mapping[str, Any], sheet: Sequence[object]) -> list[str]:
    reasons = [words.sentence("withheld", code) for code in row["withheld"]]
    if reasons or sheet:
        return reasons
    return [words.t.no_image_imported if row["standing"] == "imported" else words.t.no_image_missing]


def _checks(words: Words, text: str) -> list[dict[str, str]]:
    return [
        {
            "outcome": check["outcome"],
            "label": words.capital(words.sentence("outcome", check["outcome"])),
            "rule": words.sentence("check", check["rule"]),
            "because": words.because(check["rule"], check["because"], check["values"]),
        }
        for check in json.loads(text)
    ]


def _valid_of(counts: Mapping[str, Any] | None) -> int | None:
    return None if counts is None else sum(counts["candidates"].values())
