"""Read a profile from TOML; every error names file, key and remedy.

Rules of this module
--------------------
1. All problems are collected, not the first one; a profile with a problem is not used.
2. A key that nobody reads is a problem: a misspelt rule must not be silently without effect.
3. Nothing is guessed: what has no default is required.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import string
import tomllib
from pathlib import Path
from typing import Any

from testigo.election.loading_sheet import FIGURES, read_layout, read_printing, read_qr
from testigo.election.profile import (
    Bulletin,
    Candidate,
    Contest,
    Level,
    Line,
    National,
    Profile,
    StationCode,
    TableColumns,
    Text,
    Tile,
)
from testigo.election.reader import Reader
from testigo.errors import InputError

FORMAT = 1
BUILT_IN = Path(__file__).parent.parent / "profiles"

#: Every rule that a profile may name, and every policy; see :mod:`testigo.election.arithmetic` and review.
RULES = (
    "station_exists",
    "lines_sum_to_valid",
    "total_within_voters",
    "total_within_electors",
    "voters_within_electors",
    "figures_equal_words",
    "qr_equals_print",
    "unique_image",
)
POLICIES = ("qr_confirmed_by_print", "two_people_agree", "adjudicated")
PRINTED = FIGURES


def find_profile(name: str | Path) -> Path:
    """The ``profile.toml`` of a built-in profile's name, a folder, or a file.

    Raises:
        InputError: there is none.
    """
    path = Path(name)
    for candidate in (path, path / "profile.toml", BUILT_IN / path / "profile.toml"):
        if candidate.is_file():
            return candidate
    known = ", ".join(sorted(folder.name for folder in BUILT_IN.iterdir() if (folder / "profile.toml").is_file()))
    raise InputError(f"There is no profile {str(name)!r}.", f"Give a folder with a profile.toml, or one of: {known}.")


def load_profile(name: str | Path) -> Profile:
    """Read the profile of that name or path.

    Raises:
        InputError: it does not exist, or something in it is wrong; ``problems`` names every key.
    """
    path = find_profile(name)
    return parse_profile(path.read_bytes(), path.name if path.parent.name == "" else f"{path.parent.name}/{path.name}")


def parse_profile(data: bytes, file: str = "profile.toml") -> Profile:
    """The profile that TOML bytes hold; ``file`` is the name used in errors."""
    try:
        raw = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{file} is not a TOML file in UTF-8: {error}.", "Correct it at that place.") from error
    reader = Reader(file, raw)
    if reader.integer("format") != FORMAT:
        reader.problem("format", f"this version reads profiles of format {FORMAT}")
    profile = _profile(reader, data)
    reader.finish()
    reader.raise_problems(f"The profile {file} cannot be used.")
    return profile


def _profile(r: Reader, data: bytes) -> Profile:
    languages = r.texts("languages")
    r.languages = languages
    country = r.table("country")
    images = r.table("published")
    contests = tuple(_contest(table) for table in r.tables("contests"))
    _unique(r, "contests", [c.code for c in contests])
    profile = Profile(
        code=r.code("code"),
        date=_date(r, "date"),
        timezone=r.text("timezone"),
        languages=languages,
        locale=r.mapping("locale", str),
        name=r.translated("name"),
        country=country.code("code"),
        country_name={language: country.text(language) for language in languages},
        national=_national(r.table("national", optional=True)),
        words={key: r.table("words").translated(key) for key in ("station", "stations", "centre", "sheet")},
        levels=tuple(_level(table) for table in r.tables("levels")),
        station=_station(r.table("station")),
        contests=contests,
        acceptance=_acceptance(r),
        rules=_rules(r),
        published_table=_published_table(r, contests),
        bulletins=tuple(_bulletin(table, contests) for table in r.tables("bulletins", optional=True)),
        tiles=_tiles(r.table("tiles", optional=True)),
        phone_photos=images.boolean("phone_photos"),
        hub_scans=images.boolean("hub_scans"),
        sha256=hashlib.sha256(data).hexdigest(),
        source=data,
    )
    if not contests:
        r.problem("contests", "name at least one contest")
    if not languages:
        r.problem("languages", "name at least one language")
    _levels_fit(r, profile)
    if set(profile.locale) != set(languages):
        r.problem("locale", "give a locale for every language in `languages`, and for no other")
    return profile


def _national(r: Reader) -> National:
    return National(
        stations=r.integer("stations", optional=True, least=1),
        electors=r.integer("electors", optional=True, least=1),
        source=r.translated("source", optional=True),
    )


def _level(r: Reader) -> Level:
    return Level(r.code("code"), r.integer("digits", default=0, least=0), r.translated("name"), r.translated("plural"))


def _levels_fit(r: Reader, profile: Profile) -> None:
    """Levels become columns beside those that every register has; a published table may only name known levels."""
    codes = [level.code for level in profile.levels]
    _unique(r, "levels", codes)
    for code in sorted(set(codes) & {"country", "station", "centre", "centre_name", "electors"}):
        r.problem("levels", f"the code {code!r} is taken by another column of the register")
    table = profile.published_table
    for level, _, _ in table.areas if table else ():
        if level not in codes:
            r.problem("published_table.areas", f"there is no level {level!r}; there are: {', '.join(codes)}")


def _station(r: Reader) -> StationCode:
    return StationCode(
        _pattern(r, "pattern", ("centre", "number")),
        _template(r, "template", {"centre": "", "number": ""}),
        r.integer("centre_digits", default=0, least=0),
        r.integer("number_digits", default=0, least=0),
    )


def _template(r: Reader, key: str, values: dict[str, str | int]) -> str:
    """A text with places in braces; every name in ``values`` must be one of them, but ``sequence``."""
    template = r.text(key)
    try:
        named = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
        template.format(**values)
    except (ValueError, KeyError, IndexError, AttributeError):
        r.problem(key, f"in braces stand only: {', '.join(values)}")
        return template
    for name in sorted(set(values) - named - {"sequence"}):
        r.problem(key, f"the template needs {{{name}}}")
    return template


def _pattern(r: Reader, key: str, groups: tuple[str, ...]) -> str:
    pattern = r.text(key)
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        r.problem(key, f"this is not a regular expression: {error}")
        return pattern
    for group in groups:
        if group not in compiled.groupindex:
            r.problem(key, f"the pattern needs a group (?P<{group}>…)")
    return pattern


def _contest(r: Reader) -> Contest:
    candidates, by_code = _candidates(r)
    order = r.texts("line_order", optional=True) or tuple(by_code)
    if sorted(order) != sorted(by_code):
        odd = ", ".join(sorted(set(order) ^ set(by_code))) or "a line named twice"
        r.problem("line_order", f"name every line of every candidate exactly once; look at: {odd}")
    lines = tuple(by_code[code] for code in order if code in by_code)
    printed = r.texts("printed", optional=True)
    for name in printed:
        if name not in PRINTED:
            r.problem("printed", f"{name!r} is not a printed figure; known: {', '.join(PRINTED)}")
    return Contest(
        code=r.code("code"),
        name=r.translated("name"),
        process=r.text("process", optional=True),
        candidates=candidates,
        lines=lines,
        printed=printed,
        sheet_code=_pattern(r, "sheet_code", ("station",)),
        sheet_code_template=_template(r, "sheet_code_template", {"station": "", "sequence": 1}),
        qr=read_qr(r.table("qr")) if r.has("qr") else None,
        layout=read_layout(r.table("layout"), lines) if r.has("layout") else None,
        printing=read_printing(r.table("printing")) if r.has("printing") else None,
    )


def _candidates(r: Reader) -> tuple[tuple[Candidate, ...], dict[str, Line]]:
    candidates: list[Candidate] = []
    lines: list[Line] = []
    for table in r.tables("candidates"):
        code = table.code("code")
        own = [
            Line(line.code("code"), code, line.text("label", default=line.code("code")), line.text("party", default=""))
            for line in table.tables("lines")
        ]
        colour = table.text("colour")
        if not re.fullmatch(r"#[0-9A-Fa-f]{6}", colour):
            table.problem("colour", "write a colour as #RRGGBB")
        name = table.text("name")
        short = table.text("short", default=name)
        candidates.append(Candidate(code, name, short, colour, tuple(line.code for line in own)))
        lines.extend(own)
    if not candidates:
        r.problem("candidates", "name at least one candidate")
    _unique(r, "candidates", [c.code for c in candidates])
    _unique(r, "candidates.lines", [line.code for line in lines])
    return tuple(candidates), {line.code: line for line in lines}


def _unique(r: Reader, key: str, codes: list[str]) -> None:
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        r.problem(key, f"the code {code!r} is used twice; codes must differ")


def _acceptance(r: Reader) -> tuple[tuple[str, ...], ...]:
    table = r.table("acceptance")
    lists = table.raw("confirmed", list)
    policies = tuple(tuple(str(name) for name in names) for names in lists if isinstance(names, list))
    if not policies or len(policies) != len(lists) or not all(policies):
        table.problem("confirmed", 'write lists of policies, such as [["qr_confirmed_by_print"], ["two_people_agree"]]')
    for name in sorted({name for names in policies for name in names} - set(POLICIES)):
        table.problem("confirmed", f"{name!r} is not a policy; known: {', '.join(POLICIES)}")
    return policies


def _rules(r: Reader) -> dict[str, str]:
    table = r.table("rules")
    rules = {}
    for name in RULES:
        rules[name] = table.text(name)
        if rules[name] not in ("block", "flag"):
            table.problem(name, "a rule either blocks or flags: write block or flag")
    return rules


def _published_table(r: Reader, contests: tuple[Contest, ...]) -> TableColumns | None:
    if not r.has("published_table"):
        return None
    t = r.table("published_table")
    contest = _known_contest(t, contests)
    columns = t.mapping("candidates", str, optional=True)
    return TableColumns(
        contest=contest.code if contest else "",
        centre=t.text("centre"),
        number=t.text("number"),
        valid=t.text("valid"),
        null=t.text("null", default=""),
        electors=t.text("electors", default=""),
        ignore=t.texts("ignore", optional=True),
        areas=tuple((a.text("level"), a.text("code"), a.text("name")) for a in t.tables("areas")),
        encodings=t.texts("encodings", optional=True) or ("utf-8-sig", "cp1252"),
        candidates={code: columns.get(code, code) for code in (contest.candidate_codes if contest else ())},
    )


def _known_contest(r: Reader, contests: tuple[Contest, ...]) -> Contest | None:
    code = r.text("contest")
    for contest in contests:
        if contest.code == code:
            return contest
    r.problem("contest", f"there is no contest {code!r}; there are: {', '.join(c.code for c in contests)}")
    return None


def _bulletin(r: Reader, contests: tuple[Contest, ...]) -> Bulletin:
    contest = _known_contest(r, contests)
    votes = r.mapping("votes", int)
    for code in sorted(set(votes) - set(contest.candidate_codes if contest else votes)):
        r.problem("votes", f"there is no candidate {code!r}")
    coverage = r.integer("coverage", optional=True, least=0)
    announced = _date(r, "announced")
    others = r.integer("others", default=0, least=0)
    authority = r.translated("authority")
    return Bulletin(r.code("code"), contest.code if contest else "", announced, authority, coverage, votes, others)


def _tiles(r: Reader) -> dict[str, Tile]:
    tiles: dict[str, Tile] = {}
    places: dict[tuple[int, int], str] = {}
    for area in r.names():
        table = r.table(area)
        at: list[Any] = table.raw("at", list)
        if len(at) != 2 or not all(isinstance(n, int) and n >= 0 for n in at):
            table.problem("at", "give a row and a column, both from 0")
            at = [0, 0]
        elif (at[0], at[1]) in places:
            table.problem("at", f"the area {places[at[0], at[1]]} is there already")
        places[at[0], at[1]] = area
        tiles[area] = Tile(area, table.text("short"), table.text("name"), at[0], at[1])
    return tiles


def _date(r: Reader, key: str) -> dt.date:
    try:
        return dt.date.fromisoformat(r.text(key))
    except ValueError:
        r.problem(key, 'write a date as "2024-07-28"')
        return dt.date.min


__all__ = ["BUILT_IN", "FORMAT", "POLICIES", "RULES", "Text", "find_profile", "load_profile", "parse_profile"]
