"""Which columns of a table say what: from a mapping file (TOML), or found by their names.

The mapping file, every key optional unless said::

    encoding = "cp1252"          # else UTF-8, UTF-16 with a mark, or cp1252, whichever fits
    separator = ";"              # else the commonest of , ; tab | in the header
    centre = "COD_CENTRO"        # centre and number, or station: one pair of them is needed
    number = "NRO_MESA"
    station = "ACTA"             # one column with both; pattern says how, with the groups centre and number
    pattern = '(?P<centre>[0-9]+)-(?P<number>[0-9]+)'
    valid = "VALIDOS"            # only compared with the sum of the row
    null = "NULOS"
    blank = "VACIOS"
    others = ["OTROS"]           # votes that the table does not break down
    [candidates]                 # needed: code -> column, or columns to be summed
    EG = "GONZALEZ"
    NM = ["PSUV", "PCV"]

Rules of this module
--------------------
1. A name is compared without accents, case and punctuation. What is not found is asked for, not guessed: a column of
   numbers that nobody named is never taken for votes.
2. Without a mapping file every candidate of the contest must be found.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from collections.abc import Mapping as Names
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from testigo.election import Contest, Profile
from testigo.errors import InputError, Problem

TEXTS = ("encoding", "separator", "centre", "number", "station", "pattern", "valid", "null", "blank")

#: Names by which tables call what every election has, as :func:`plain` writes them.
_NAMES: dict[str, tuple[str, ...]] = {
    "centre": ("centro", "codcentro", "codigocentro", "codigodelcentro", "idcentro", "centrodevotacion", "centre",
               "centrecode", "pollingcentre", "center", "centercode", "cv", "codcv", "cne"),
    "number": ("mesa", "nummesa", "nromesa", "numeromesa", "numerodemesa", "nmesa", "number", "table", "tablenumber",
               "stationnumber"),
    "station": ("station", "stationcode", "codigo", "codigomesa", "codmesa", "acta", "codacta", "codigoacta",
                "codigodelacta", "sheetcode", "sheet", "code"),
    "valid": ("votosvalidos", "validos", "valid", "validvotes", "totalvalidos"),
    "null": ("votosnulos", "nulos", "null", "nullvotes", "nulo"),
    "blank": ("votosblancos", "votosvacios", "blancos", "vacios", "blank", "blankvotes", "enblanco"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which columns say what; the module's docstring explains the fields. Empty: there is none."""

    candidates: dict[str, tuple[str, ...]]
    centre: str = ""
    number: str = ""
    station: str = ""
    pattern: str = ""
    valid: str = ""
    null: str = ""
    blank: str = ""
    others: tuple[str, ...] = ()
    encoding: str = ""
    separator: str = ""
    file: str = field(default="", compare=False)

    def columns(self) -> list[str]:
        """Every column that it names."""
        single = [self.centre, self.number, self.station, self.valid, self.null, self.blank]
        return (
            [name for name in single if name]
            + [c for names in self.candidates.values() for c in names]
            + [*self.others]
        )


def plain(name: str) -> str:
    """A column's name without accents, case and punctuation."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(sign for sign in letters if sign.isalnum() and not unicodedata.combining(sign))


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file.

    Raises:
        InputError: it cannot be read, is not TOML, or holds what the format does not have; every problem is named.
    """
    try:
        value = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The mapping {path} cannot be read: {error.strerror}.", "Check the path.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"The mapping {path} is not TOML: {error}.", "Correct it at that place.") from error
    return _parse(value, str(path))


def _parse(value: dict[str, Any], file: str) -> Mapping:
    problems: list[Problem] = []

    def wrong(name: str, text: str) -> None:
        problems.append(Problem(file, 0, name, text))

    for name in sorted(set(value) - {*TEXTS, "others", "candidates"}):
        wrong(name, f"no such key; known: {', '.join((*TEXTS, 'others', 'candidates'))}")
    texts = {name: value.get(name, "") for name in TEXTS}
    for name, text in texts.items():
        if not isinstance(text, str):
            wrong(name, "write a text")
    table = value.get("candidates")
    candidates = {code: _columns(columns) for code, columns in table.items()} if isinstance(table, dict) else {}
    if not candidates or not all(candidates.values()):
        wrong("candidates", 'name a column for at least one candidate: [candidates] and EG = "COLUMN"')
    others = _columns(value.get("others", []))
    if value.get("others") and not others:
        wrong("others", "write a column or a list of columns")
    if not (value.get("station") or (value.get("centre") and value.get("number"))):
        wrong("station", "name centre and number, or station")
    problem = _bad_pattern(texts["pattern"]) if isinstance(texts["pattern"], str) else ""
    if problem:
        wrong("pattern", problem)
    if problems:
        raise InputError(f"The mapping cannot be used: {problems[0]}.", "Correct it.", problems)
    return Mapping(candidates, others=others, file=file, **texts)


def _columns(value: Any) -> tuple[str, ...]:
    columns = [value] if isinstance(value, str) else value
    good = isinstance(columns, list) and all(isinstance(one, str) and one for one in columns)
    return tuple(columns) if good else ()


def _bad_pattern(pattern: str) -> str:
    if not pattern:
        return ""
    try:
        groups = re.compile(pattern).groupindex
    except re.error as error:
        return f"it is not a regular expression: {error}"
    return "" if {"centre", "number"} <= set(groups) else "it needs the groups (?P<centre>…) and (?P<number>…)"


# ------------------------------------------------------------- found by names


def _columns_of(contest: Contest, published: Names[str, str], known: Names[str, str]) -> dict[str, tuple[str, ...]]:
    """Candidate -> its column, or those of its ballot lines; a candidate without any is left out."""
    candidates: dict[str, tuple[str, ...]] = {}
    for one in contest.candidates:
        name = _find(known, (published.get(one.code, ""), one.code, f"c{one.code}", one.name, one.short))
        lines = [_find(known, (f"l{line.code}", line.code, line.label)) for line in _lines(contest, one.code)]
        if name:
            candidates[one.code] = (name,)
        elif lines and all(lines):
            candidates[one.code] = tuple(lines)
    return candidates


def layout_of(header: list[str], profile: Profile, contest: Contest, file: str) -> Mapping:
    """The mapping of a table whose columns have names that the profile or the trade knows.

    Raises:
        InputError: the station or a candidate is not found; ``problems`` names every one.
    """
    known: dict[str, str] = {}
    for name in header:
        known.setdefault(plain(name), name)
    columns = profile.published_table
    own = {"centre": columns.centre, "number": columns.number, "valid": columns.valid, "null": columns.null} if (
        columns and columns.contest == contest.code
    ) else {}  # fmt: skip
    at = {role: _find(known, (own.get(role, ""), *names)) for role, names in _NAMES.items()}
    if at["centre"] and at["station"] and not at["number"]:
        at["number"], at["station"] = at["station"], ""  # one word for both: beside a centre it is the number
    published = columns.candidates if columns and columns.contest == contest.code else {}
    candidates = _columns_of(contest, published, known)
    missing = [code for code in contest.candidate_codes if code not in candidates]
    problems = [Problem(file, 1, code, "no column is known to hold this candidate's votes") for code in missing]
    if not at["station"] and not (at["centre"] and at["number"]):
        problems.insert(0, Problem(file, 1, "station", "no columns are known to hold the centre and the station"))
    if problems:
        raise InputError(
            f"The columns of {file} are not known: {problems[0]}.",
            f"Write a mapping file; the table has: {', '.join(header[:40])}.",
            problems,
        )
    if at["centre"] and at["number"]:
        at["station"] = ""
    return Mapping(
        candidates,
        centre=at["centre"],
        number=at["number"],
        station=at["station"],
        valid=at["valid"],
        null=at["null"],
        blank=at["blank"],
        file=file,
    )


def _lines(contest: Contest, candidate: str) -> Iterable[Any]:
    return (line for line in contest.lines if line.candidate == candidate)


def _find(known: Names[str, str], names: Iterable[str]) -> str:
    for name in names:
        if name and plain(name) in known:
            return known[plain(name)]
    return ""
