"""The syntax of sheet codes and payloads: text in, fields out, and back.

Rules of this module
--------------------
1. Syntax only. Nothing here knows, or asks, which votes are likely.
2. A payload is read as a whole or not at all: no field is guessed, no character is dropped.
3. Exactly one spelling per value is accepted where the profile can say so; numbers are plain digits, as printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from testigo.election.profile import Contest, Profile, QRGrammar
from testigo.errors import InputError
from testigo.records import Counts


@dataclass(frozen=True, slots=True)
class SheetCode:
    """A sheet code taken apart: ``040202001.01.1.0001`` is station ``040202001.01``, process 1, sequence 1."""

    text: str
    contest: str
    station: str
    sequence: str


@dataclass(frozen=True, slots=True)
class Payload:
    """What a payload says.

    Attributes:
        text: verbatim.
        code: the sheet code in it.
        counts: the votes.
        printed: further figures by name (``electors``), where the payload has them.
    """

    text: str
    code: SheetCode
    counts: Counts
    printed: Mapping[str, int]


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def parse_sheet_code(contest: Contest, text: str) -> SheetCode | None:
    """The parts of a sheet code, or ``None`` if the text is not one of that contest."""
    match = _compiled(contest.sheet_code).fullmatch(text)
    if match is None:
        return None
    parts = match.groupdict()
    if contest.process and parts.get("process", contest.process) != contest.process:
        return None
    return SheetCode(text, contest.code, parts["station"], parts.get("sequence") or "")


def format_sheet_code(contest: Contest, station: str, sequence: int = 1) -> str:
    """The sheet code of a station, for drawings."""
    return contest.sheet_code_template.format(station=station, sequence=sequence)


def station_code(profile: Profile, centre: str, number: str) -> str | None:
    """The code of a station from its centre and its number in it, with lost leading zeros put back.

    Returns ``None`` if the two do not make a code of this election.
    """
    grammar = profile.station
    for part, digits in ((centre, grammar.centre_digits), (number, grammar.number_digits)):
        if digits and not (part.isascii() and part.isdigit()):
            return None
    if grammar.number_digits:
        number = number.lstrip("0").zfill(grammar.number_digits)
    code = grammar.template.format(centre=centre.zfill(grammar.centre_digits), number=number)
    return code if _compiled(grammar.pattern).fullmatch(code) else None


def centre_of(profile: Profile, station: str) -> str:
    """The centre's part of a station's code. Raises :class:`InputError` if it is not such a code."""
    match = _compiled(profile.station.pattern).fullmatch(station)
    if match is None:
        raise InputError(f"{station!r} is not the code of a polling station of {profile.code}.")
    return match["centre"]


def parse_payload(contest: Contest, text: str) -> Payload | None:
    """What a payload says, or ``None`` if it is not a payload of that contest.

    >>> # parse_payload(contest, "201301006.01.1.0001!140,7,…,1!0!0").counts.candidates["NM"] == 188
    """
    grammar = contest.qr
    if grammar is None or not set(text) <= set(grammar.alphabet):
        return None
    parts = text.split(grammar.separator)
    if len(parts) != len(grammar.fields):
        return None
    fields = dict(zip(grammar.fields, parts, strict=True))
    code = parse_sheet_code(contest, fields["sheet_code"])
    lines = _numbers(grammar, fields.get("lines"), contest.line_codes)
    votes = _numbers(grammar, fields.get("candidates"), contest.candidate_codes)
    single = {name: _number(grammar, fields[name]) for name in ("null", "blank", "electors") if name in fields}
    if code is None or None in single.values() or (lines is None and votes is None):
        return None
    if ("lines" in fields and lines is None) or ("candidates" in fields and votes is None):
        return None
    if lines is not None:
        summed = contest.candidates_from_lines(lines)
        if votes is not None and votes != summed:
            return None
        votes = summed
    assert votes is not None  # noqa: S101  (one of the two is there, as checked above)
    electors = single.get("electors")
    printed: dict[str, int] = {} if electors is None else {"electors": electors}
    return Payload(text, code, Counts(votes, lines, single.get("null"), single.get("blank")), printed)


def find_payload(contests: Iterable[Contest], text: str) -> Payload | None:
    """What a payload says, by the first contest whose grammar admits it."""
    for contest in contests:
        payload = parse_payload(contest, text)
        if payload is not None:
            return payload
    return None


def format_payload(contest: Contest, sheet_code: str, counts: Counts, printed: Mapping[str, int] | None = None) -> str:
    """The payload of a sheet, for drawings: the inverse of :func:`parse_payload`.

    Raises:
        InputError: the contest has no payload, or the counts have no lines where it needs them.
    """
    grammar = contest.qr
    if grammar is None:
        raise InputError(f"The sheets of {contest.code} carry no code.")
    if "lines" in grammar.fields and counts.lines is None:
        raise InputError(f"A payload of {contest.code} needs votes per ballot line.")
    join = grammar.line_separator.join
    values = {
        "sheet_code": sheet_code,
        "lines": join(str((counts.lines or {})[code]) for code in contest.line_codes) if counts.lines else "",
        "candidates": join(str(counts.candidates[code]) for code in contest.candidate_codes),
        "null": str(counts.null or 0),
        "blank": str(counts.blank or 0),
        "electors": str((printed or {}).get("electors", 0)),
    }
    return grammar.separator.join(values[name] for name in grammar.fields)


def _number(grammar: QRGrammar, text: str) -> int | None:
    if not text or len(text) > grammar.max_digits or not (text.isascii() and text.isdigit()):
        return None
    return int(text) if text == str(int(text)) else None


def _numbers(grammar: QRGrammar, text: str | None, codes: tuple[str, ...]) -> dict[str, int] | None:
    if text is None:
        return None
    numbers = [_number(grammar, part) for part in text.split(grammar.line_separator)]
    if len(numbers) != len(codes):
        return None
    return (
        {code: number for code, number in zip(codes, numbers, strict=True) if number is not None}
        if (None not in numbers)
        else None
    )
