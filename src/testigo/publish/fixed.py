"""The pages that explain: what this is, how to check it, what changed; and the choice of language.

Rules of this module
--------------------
1. The hundred stations to check by hand are drawn by the release's own hash: nobody picked them, all can draw again.
2. Every change is in the CSV; the page shows as many as keep it small, and says how many there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from typing import Any

from testigo.bundle.manifest import CHANGES
from testigo.bundle.read import Bundle
from testigo.publish import paths
from testigo.publish.context import Site, View
from testigo.publish.downloads import FOLDER
from testigo.publish.model import ContestModel, Row, rows_of
from testigo.publish.output import Unit, digest
from testigo.publish.release import release_view, verify_command
from testigo.publish.render import environment
from testigo.publish.words import Words

_HUNDRED = 100
_MOST_CHANGES = 100
_MOST_RELEASES = 200


def fixed_units(site: Site, bundle: Bundle) -> Iterator[Unit]:
    """The explaining pages."""
    contest = next(iter(site.models))
    always = digest(site.common, site.manifest.sha256, site.log.checkpoints[-1])
    yield site.unit(contest, "about.html", digest(site.common), lambda words: _about(site, words))
    drawn = cache(lambda: hundred(next(iter(site.models.values())), site.manifest.sha256))
    yield site.unit(contest, "verify.html", always, lambda words: _verify(site, words, drawn()))
    yield site.unit(contest, "changes.html", always, lambda words: _changes(site, bundle, words))
    yield root_unit(site)


def _about(site: Site, words: Words) -> View:
    policies = dict.fromkeys(policy for wanted in site.profile.acceptance for policy in wanted)
    view = {
        "about": {"intro": words.intro},
        "not_known": words.not_known,
        "glossary": words.glossary,
        "rules": [words.sentence("rule", policy) for policy in policies],
    }
    return words.t.about_title, "about.html", view


# ------------------------------------------------------------------- verify


def hundred(model: ContestModel, manifest: str) -> list[str]:
    """Stations with numbers, drawn by the manifest's hash: the hundred smallest SHA-256 of ``<hash>:<code>``."""
    having = [code for code in model.rows if model.votes(code) is not None]
    drawn = sorted(having, key=lambda code: sha256(f"{manifest}:{code}".encode()).digest())
    return sorted(drawn[:_HUNDRED])


def _verify(site: Site, words: Words, drawn: list[str]) -> View:
    model = next(iter(site.models.values()))
    steps = list(words.t.hundred_steps)
    said = words.t.hundred_none
    if drawn:
        said = words.say("hundred_drawn", n=words.locale.integer(len(drawn)), hash=site.manifest.sha256)
    if not site.manifest.images:
        steps.insert(0, words.t.hundred_no_images)
    view = {
        "command": verify_command(site),
        "log_key": site.manifest.log_key,
        "hundred_steps": steps,
        "hundred_drawn": said,
        "hundred": [{"href": paths.station(model.contest.code, code), "name": code} for code in drawn],
    }
    return words.t.verify_title, "verify.html", view


# ------------------------------------------------------------------- changes


def _changes(site: Site, bundle: Bundle, words: Words) -> View:
    table, number = bundle.changes, words.locale
    first = rows_of(table.slice(0, _MOST_CHANGES))
    kinds = Counter({(row[1], row[2]): row[3] for row in rows_of(table)}.values())
    counts = [words.say(f"changes_{kind}", n=number.integer(count)) for kind, count in sorted(kinds.items())]
    more = ""
    if table.num_rows > len(first):
        more = words.say("changes_more", n=number.integer(len(first)), total=number.integer(table.num_rows))
    releases = [
        {"name": words.say("release_past", number=number.integer(count)), "hash": manifest}
        for _, count, manifest in site.log.releases[::-1][:_MOST_RELEASES]
    ]
    why = words.of(site.manifest.why)
    view = {
        "release": release_view(site, words),
        "why": [why] if why else [],
        "counts": counts,
        "rows": [_change_row(site, words, row) for row in first],
        "more": more,
        "csv_href": f"../{FOLDER}/{CHANGES}",
        "releases": releases,
    }
    return words.t.changes_title, "changes.html", view


def _change_row(site: Site, words: Words, row: Row) -> dict[str, Any]:
    _, contest, station, change, column, before, after = (value or "" for value in row)
    contest = contest or next(iter(site.models))
    model = site.models.get(contest)
    there = model is not None and (station in site.places.stations or station in model.rows)
    return {
        "station": station,
        "href": paths.station(contest, station) if there else "",
        "change": getattr(words.t, change, change),
        "column": column,
        "before": before,
        "after": after,
    }


# ------------------------------------------------------------------- root


def root_unit(site: Site) -> Unit:
    """The choice of language, by links."""

    def render() -> Iterator[bytes]:
        chosen = list(site.words.values())
        view = {
            "title": chosen[0].of(site.profile.name),
            "rehearsal": site.manifest.rehearsal,
            "og": "",
            "languages": [
                {"code": one.language, "title": one.of(site.profile.name), "call": one.t.call} for one in chosen
            ],
        }
        yield environment(chosen[0]).get_template("root.html").render(view).encode()

    return Unit("index.html", digest(site.common), ("index.html",), render)
