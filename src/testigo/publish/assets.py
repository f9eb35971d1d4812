"""Files that all pages share: style, script, icon, the election's colours and map, and the card to forward.

Rules of this module
--------------------
1. Only colours of the form ``#RRGGBB`` and whole numbers reach the style sheet: a profile cannot bring in more.
2. A card shows number, coverage, release and hash, so that a forwarded picture can be traced to a release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable

from markupsafe import escape

from testigo.election import Profile
from testigo.publish.context import Site, bars, coverage, ranking
from testigo.publish.front import certainty_view
from testigo.publish.model import ContestModel
from testigo.publish.output import Unit, digest
from testigo.publish.words import Words

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_SHARED = ("site.css", "search.js", "icon.svg")


@cache
def source_digest() -> str:
    """Of everything in this package: another version may make other pages of the same bundle."""

    def below(folder: Traversable) -> Iterator[tuple[str, bytes]]:
        for entry in sorted(folder.iterdir(), key=lambda one: one.name):
            if entry.is_dir() and entry.name != "__pycache__":
                yield from below(entry)
            elif entry.name.endswith((".py", ".html", ".css", ".js", ".toml", ".svg")):
                yield entry.name, entry.read_bytes()

    whole = sha256()
    for name, data in below(files("testigo.publish")):
        whole.update(name.encode() + b"\0" + data)
    return whole.hexdigest()


def shared_units(profile: Profile) -> Iterator[Unit]:
    """Style, script and icon, and the election's own style."""
    for name in _SHARED:
        data = files("testigo.publish").joinpath("assets", name).read_bytes()
        yield Unit(name, digest(data), (name,), lambda data=data: [data])  # type: ignore[misc]
    style = election_css(profile).encode()
    yield Unit("election.css", digest(style), ("election.css",), lambda: [style])


def election_css(profile: Profile) -> str:
    """The candidates' colours, and where each tile of the map stands."""
    rules = [
        f".k-{candidate.code} {{ --k: {candidate.colour}; }}"
        for contest in profile.contests
        for candidate in contest.candidates
        if _COLOUR.fullmatch(candidate.colour)
    ]
    if profile.tiles:
        columns = 1 + max(tile.column for tile in profile.tiles.values())
        rules.append(f".map {{ grid-template-columns: repeat({columns}, minmax(0, 1fr)); }}")
        rules += [
            f".t-{code} {{ grid-row: {tile.row + 1}; grid-column: {tile.column + 1}; }}"
            for code, tile in profile.tiles.items()
            if re.fullmatch(r"[A-Za-z0-9_]+", code)
        ]
    return "\n".join(rules) + "\n"


# ------------------------------------------------------------------- card


def card_path(contest: str) -> str:
    """Where the card of a contest lies, below the language's folder."""
    return f"{contest}/card.svg"


def card_unit(site: Site, model: ContestModel) -> Unit:
    """The card of a contest, in every language."""
    code = model.contest.code
    languages = tuple(site.words)
    mark = digest(site.common, site.manifest.sha256, model.area_digests[site.profile.country])
    return Unit(
        f"card/{code}",
        mark,
        tuple(f"{language}/{card_path(code)}" for language in languages),
        lambda: [card(site, model, words).encode() for words in site.words.values()],
    )


def card(site: Site, model: ContestModel, words: Words) -> str:
    """A picture of 1200 x 630: result, coverage, certainty, release and hash."""
    totals = model.tally.country
    rows = bars(words, ranking(model.contest, totals.candidates)[:3], totals.valid)
    covered = coverage(words, totals)["stations"]
    certain = certainty_view(words, model)
    lines = [
        _text(60, 80, 34, words.of(site.profile.name)),
        *(_text(60, 130, 30, "SIMULACRO") for _ in range(site.manifest.rehearsal)),
    ]
    for place, row in enumerate(rows):
        y, wide = 190 + 105 * place, float(row["width"].removesuffix("%")) * 10.8
        colour = next(one.colour for one in model.contest.candidates if one.code == row["code"])
        fill = colour if _COLOUR.fullmatch(colour) else "#555555"
        lines.append(_text(60, y, 36, f"{row['share']}  {row['name']}", weight=700))
        lines.append(f'<rect x="60" y="{y + 16}" width="{wide:.1f}" height="26" fill="{fill}"/>')
    said = words.say(
        "card_line",
        number=words.locale.integer(site.manifest.release),
        coverage=covered,
        hash=site.manifest.sha256[:16],
    )
    lines.append(_text(60, 535, 30, f"{certain['headline']} {certain['detail']}"))
    lines.append(_text(60, 585, 24, said))
    inside = "\n".join(lines)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 630" width="1200" height="630" '
        f'role="img" aria-label="{escape(said)}">\n<rect width="1200" height="630" fill="#fffefb"/>\n{inside}\n</svg>\n'
    )


def _text(x: int, y: int, size: int, text: str, weight: int = 400) -> str:
    return (
        f'<text x="{x}" y="{y}" font-family="Georgia, serif" font-size="{size}" font-weight="{weight}" '
        f'fill="#1b1b19">{escape(text)}</text>'
    )


def card_head(site: Site, model: ContestModel, base_url: str) -> str:
    """What a messenger reads of a forwarded front page. A picture needs the site's address: without it, only text."""
    words = next(iter(site.words.values()))
    certain = certainty_view(words, model)
    said = f"{coverage(words, model.tally.country)['stations']}. {certain['headline']} {certain['detail']}"
    tags = [("og:type", "website"), ("og:title", words.of(site.profile.name)), ("og:description", said)]
    if base_url:
        tags.append(("og:image", f"{base_url.rstrip('/')}/{words.language}/{card_path(model.contest.code)}"))
    return "".join(f'<meta property="{name}" content="{escape(value)}">\n' for name, value in tags)
