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
import tomllib
from pathlib import Path
from typing import Any

from testigo.election.layout import BLOCK_KINDS, Block, Box, Layout
from testigo.election.profile import (
    Bulletin,
    Candidate,
    Contest,
    Level,
    Line,
    National,
    Profile,
    QRGrammar,
    StationCode,
    TableColumns,
    Text,
    Tile,
)
from testigo.election.reader import Reader
from testigo.election.simulacro import CODE_PREFIX
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
QR_FIELDS = ("sheet_code", "lines", "candidates", "null", "blank", "electors")
PRINTED = ("electors", "voters_machine", "voters_book", "votes", "valid", "null", "blank")


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
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
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
    return Level(r.code("code"), r.integer("digits", least=1), r.translated("name"), r.translated("plural"))


def _station(r: Reader) -> StationCode:
    pattern = _pattern(r, "pattern", ("centre", "number"))
    return StationCode(
        pattern, r.text("template"), r.integer("centre_digits", least=1), r.integer("number_digits", least=1)
    )


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
        sheet_code_template=r.text("sheet_code_template"),
        qr=_qr(r.table("qr")) if r.has("qr") else None,
        layout=_layout(r.table("layout"), lines) if r.has("layout") else None,
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


def _qr(r: Reader) -> QRGrammar:
    fields = r.texts("fields")
    for name in fields:
        if name not in QR_FIELDS:
            r.problem("fields", f"{name!r} is not a field; known: {', '.join(QR_FIELDS)}")
    if "sheet_code" not in fields or not {"lines", "candidates"} & set(fields):
        r.problem("fields", "a payload needs sheet_code, and lines or candidates")
    alphabet = r.text("alphabet")
    if set(CODE_PREFIX) <= set(alphabet):
        r.problem("alphabet", "the alphabet must not be able to spell the mark of a drawing")
    separator, line_separator = r.text("separator"), r.text("line_separator")
    for key, sign in (("separator", separator), ("line_separator", line_separator)):
        if len(sign) != 1 or sign not in alphabet:
            r.problem(key, "give one character of the alphabet")
    level = r.text("level")
    if level not in ("L", "M", "Q", "H"):
        r.problem("level", "the error correction level is L, M, Q or H")
    return QRGrammar(
        fields,
        separator,
        line_separator,
        alphabet,
        r.integer("max_digits", least=1),
        r.integer("version", least=1),
        level,
    )


def _layout(r: Reader, lines: tuple[Line, ...]) -> Layout:
    width = r.number("paper_width")
    y, blocks = 0.0, []
    for table in r.tables("blocks"):
        kind = table.text("kind")
        if kind not in BLOCK_KINDS:
            table.problem("kind", f"{kind!r} is not a block; known: {', '.join(BLOCK_KINDS)}")
        height = table.number("height")
        sizes = {key: table.number(key, default=0.0) for key in ("row", "group", "module", "quiet")}
        boxes = table.texts("boxes", optional=True)
        blocks.append(Block(kind, Box(0.0, y, width, height), table.boolean("public"), boxes=boxes, **sizes))
        y += height
    if not blocks:
        r.problem("blocks", "name the sheet's blocks from top to bottom")
    layout = Layout(width, tuple(blocks), _groups(lines))
    for block in blocks:
        needed = len(layout.groups) * block.group + len(lines) * block.row
        if block.kind == "lines" and abs(needed - block.box.height) > 0.05:
            r.problem("blocks", f"{len(lines)} lines need {needed:g} mm, and the block has {block.box.height:g}")
    return layout


def _groups(lines: tuple[Line, ...]) -> tuple[int, ...]:
    """How many consecutive lines belong to the same candidate."""
    groups: list[int] = []
    last = None
    for line in lines:
        if line.candidate == last:
            groups[-1] += 1
        else:
            groups.append(1)
        last = line.candidate
    return tuple(groups)


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
