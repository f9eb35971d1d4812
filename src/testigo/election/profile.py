"""The profile: everything that differs between elections, as frozen values.

Rules of this module
--------------------
1. A profile is data. Nothing here, and nothing anywhere, asks which election it is.
2. Codes are ``[A-Za-z0-9_]+``: they become column names, file names and parts of addresses.
3. Reading a profile from TOML, and saying what is wrong with one, is :mod:`testigo.election.loading`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from testigo.election.layout import Layout
from testigo.election.printing import Printing
from testigo.errors import InputError

#: Text in every language of the profile: language -> text.
Text = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """A ballot line: candidate x party. ``label`` is what is printed, ``party`` the printed party code, if any."""

    code: str
    candidate: str
    label: str
    party: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody (or something) one can vote for."""

    code: str
    name: str
    short: str
    colour: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QRGrammar:
    """How the payload of the sheet's code is written.

    Attributes:
        fields: in order, of ``sheet_code``, ``lines``, ``candidates``, ``null``, ``blank``, ``electors``.
        separator: between fields.
        line_separator: between the numbers of ``lines`` or ``candidates``.
        alphabet: every character that can occur.
        max_digits: of one number.
        version, level: how drawings encode it (QR version 1-40; error correction L, M, Q, H).
    """

    fields: tuple[str, ...]
    separator: str
    line_separator: str
    alphabet: str
    max_digits: int
    version: int
    level: str


@dataclass(frozen=True)
class Contest:
    """One office voted on.

    Attributes:
        process: the part of the sheet code that tells contests apart; empty if sheet codes do not.
        lines: in printed order.
        printed: names of the further figures that its sheet prints (``electors``, ``voters_machine``, ``valid``, …).
        sheet_code: regular expression with the groups ``station`` and, where they exist, ``process``, ``sequence``.
        sheet_code_template: the inverse, for drawings: ``{station}``, ``{sequence}``.
        qr: grammar of the sheet's code, or ``None`` if the sheet has none.
        layout: where things stand on the sheet, or ``None`` if not known.
        printing: the words on the sheet, or ``None`` if not known; without them it cannot be drawn.
    """

    code: str
    name: Text
    process: str
    candidates: tuple[Candidate, ...]
    lines: tuple[Line, ...]
    printed: tuple[str, ...]
    sheet_code: str
    sheet_code_template: str
    qr: QRGrammar | None
    layout: Layout | None
    printing: Printing | None = None

    @cached_property
    def candidate_codes(self) -> tuple[str, ...]:
        """Codes of the candidates, in the profile's order."""
        return tuple(candidate.code for candidate in self.candidates)

    @cached_property
    def line_codes(self) -> tuple[str, ...]:
        """Codes of the ballot lines, in printed order."""
        return tuple(line.code for line in self.lines)

    @cached_property
    def candidate_of_line(self) -> Mapping[str, str]:
        """Ballot line code -> candidate code."""
        return {line.code: line.candidate for line in self.lines}

    def candidate(self, code: str) -> Candidate:
        """The candidate with that code. Raises :class:`InputError` if there is none."""
        for candidate in self.candidates:
            if candidate.code == code:
                return candidate
        raise InputError(f"The contest {self.code} has no candidate {code!r}.")

    def candidates_from_lines(self, lines: Mapping[str, int]) -> dict[str, int]:
        """Votes per candidate, summed over that candidate's lines. Raises :class:`InputError` for other lines."""
        if set(lines) != set(self.line_codes):
            odd = sorted(set(lines) ^ set(self.line_codes))
            raise InputError(f"Lines do not match the ballot of {self.code}: {', '.join(odd[:5])}.")
        votes = dict.fromkeys(self.candidate_codes, 0)
        for code, count in lines.items():
            votes[self.candidate_of_line[code]] += count
        return votes


@dataclass(frozen=True, slots=True)
class Level:
    """A level of the territory below the country, such as *estado*.

    ``digits`` is the width of its part of a code, where that is a number; 0 where codes are taken as they stand.
    """

    code: str
    digits: int
    name: Text
    plural: Text


@dataclass(frozen=True, slots=True)
class StationCode:
    """How a station's code is written: a pattern with the groups ``centre`` and ``number``, and its inverse.

    ``centre_digits`` and ``number_digits`` are widths to which lost leading zeros are put back; 0 where that part is
    not a number and is taken as it stands.
    """

    pattern: str
    template: str
    centre_digits: int
    number_digits: int


@dataclass(frozen=True, slots=True)
class National:
    """What is known of the whole country before the election; ``None`` where unknown."""

    stations: int | None = None
    electors: int | None = None
    source: Text = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TableColumns:
    """The columns of a table of results that others published.

    Attributes:
        contest: code of the contest it reports.
        centre, number: columns that make the station's code.
        valid, null, electors: columns; ``null`` and ``electors`` may be empty or missing in a file.
        ignore: columns that are dropped on purpose.
        areas: (level, column of the code, column of the name), top down.
        encodings: in the order in which they are tried.
        candidates: candidate code -> column; the code itself if not said.
    """

    contest: str
    centre: str
    number: str
    valid: str
    null: str
    electors: str
    ignore: tuple[str, ...]
    areas: tuple[tuple[str, str, str], ...]
    encodings: tuple[str, ...]
    candidates: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Bulletin:
    """A result that an authority announced. ``coverage``: per mille of stations; ``others``: votes not broken down."""

    code: str
    contest: str
    announced: dt.date
    authority: Text
    coverage: int | None
    votes: Mapping[str, int]
    others: int


@dataclass(frozen=True, slots=True)
class Tile:
    """An area's place on the tile-grid map: (row, column), with its short and its full name."""

    area: str
    short: str
    name: str
    row: int
    column: int


@dataclass(frozen=True)
class Profile:
    """An election as configured.

    Attributes:
        acceptance: what makes counts *confirmed*: any of these lists of policies; of a list, all.
        rules: name of a rule -> ``block`` or ``flag``.
        words: what the field calls things (``station``, ``stations``, ``centre``, ``sheet``) -> text.
        phone_photos, hub_scans: whether redacted images of that kind are published.
        sha256: of the file as read, hex.
        source: the file's bytes as read, so that a bundle carries it verbatim.
    """

    code: str
    date: dt.date
    timezone: str
    languages: tuple[str, ...]
    locale: Mapping[str, str]
    name: Text
    country: str
    country_name: Text
    national: National
    words: Mapping[str, Text]
    levels: tuple[Level, ...]
    station: StationCode
    contests: tuple[Contest, ...]
    acceptance: tuple[tuple[str, ...], ...]
    rules: Mapping[str, str]
    published_table: TableColumns | None
    bulletins: tuple[Bulletin, ...]
    tiles: Mapping[str, Tile]
    phone_photos: bool
    hub_scans: bool
    sha256: str
    source: bytes

    def contest(self, code: str | None = None) -> Contest:
        """The contest with that code; without one, the only contest.

        Raises:
            InputError: no such contest, or several and none named.
        """
        if code is None:
            if len(self.contests) > 1:
                raise InputError(
                    f"The election {self.code} has several contests.",
                    f"Name one with --contest: {', '.join(c.code for c in self.contests)}.",
                )
            return self.contests[0]
        for contest in self.contests:
            if contest.code == code:
                return contest
        known = ", ".join(c.code for c in self.contests)
        raise InputError(f"The election {self.code} has no contest {code!r}.", f"It has: {known}.")
