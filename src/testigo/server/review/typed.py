"""From what a person typed to a reading, or to the list of everything that is wrong with it.

Rules of this module
--------------------
1. Pure: a profile and values in, a reading or a refusal out.
2. Codes are exactly the ballot's. Nothing is filled in, and nothing is dropped.
3. A person reads the print: the reading says so, and cannot claim other evidence.
4. A number that no station can have is refused here; one that this station cannot have is for the decision's checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from ninja import Schema
from pydantic import ConfigDict, Field

from testigo.election import Contest, Profile, centre_of, parse_sheet_code
from testigo.errors import InputError
from testigo.records import Counts, Evidence, Reading
from testigo.server.web.refusals import RefusedError, Text

READER, VERSION = "person", "1"
#: No polling station of any country has a million voters.
MOST_VOTES = 999_999
_MOST_ENTRIES = 2_000

Votes = Annotated[int, Field(strict=True, ge=0, le=MOST_VOTES)]
Code = Annotated[str, Field(max_length=64)]
PerCode = Annotated[dict[Code, Votes], Field(max_length=_MOST_ENTRIES)]
Problems = list[tuple[str, Text]]


class Typed(Schema):
    """What a person typed from the image of one submission.

    The sheet is named by ``station`` or ``sheet_code`` (or both). Votes are per ballot line or per candidate (or both);
    ``adjudicates`` says why, where the reading is to settle a dispute: it becomes public, so it names nobody.
    """

    model_config = ConfigDict(extra="forbid")

    submission: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    contest: Code
    station: Code | None = None
    sheet_code: Code | None = None
    lines: PerCode | None = None
    candidates: PerCode | None = None
    null: Votes | None = None
    blank: Votes | None = None
    printed: PerCode = Field(default_factory=dict)
    adjudicates: Annotated[str, Field(max_length=500)] = ""


def reading_of(profile: Profile, typed: Typed) -> Reading:
    """The reading that was typed.

    Raises:
        RefusedError: 422 with every problem found.
    """
    problems: Problems = []
    contest = _contest(profile, typed, problems)
    if contest is None:
        raise _refusal(problems)
    station = _station(profile, contest, typed, problems)
    candidates = _votes(contest, typed, problems)
    for name in sorted(set(typed.printed) - set(contest.printed)):
        problems.append((f"printed.{name}", ("this sheet does not print it", "esta acta no lo imprime")))
    for field in ("contest", "station", "sheet_code", "adjudicates"):
        if any(not char.isprintable() for char in getattr(typed, field) or ""):
            problems.append((field, ("holds a character that cannot be printed", "tiene un carácter no imprimible")))
    if problems:
        raise _refusal(problems)
    return Reading(
        contest=contest.code,
        station=station,
        reader=READER,
        version=VERSION,
        evidence=(Evidence.PRINT.value,),
        counts=Counts(candidates, typed.lines, typed.null, typed.blank),
        sheet_code=typed.sheet_code or "",
        printed=typed.printed,
        adjudicates=typed.adjudicates,
    )


def _contest(profile: Profile, typed: Typed, problems: Problems) -> Contest | None:
    try:
        return profile.contest(typed.contest)
    except InputError:
        known = ", ".join(contest.code for contest in profile.contests)
        problems.append(("contest", (f"is none of {known}", f"no es ninguno de {known}")))
        return None


def _station(profile: Profile, contest: Contest, typed: Typed, problems: Problems) -> str:
    """The station, by its own code or by the sheet's; empty if neither names one."""
    found = ""
    if typed.sheet_code is not None:
        code = parse_sheet_code(contest, typed.sheet_code)
        if code is None:
            problems.append(
                ("sheet_code", ("is not a sheet code of this contest", "no es un código de acta de este cargo"))
            )
        else:
            found = code.station
    if typed.station is not None:
        try:
            centre_of(profile, typed.station)
        except InputError:
            problems.append(("station", ("is not the code of a polling station", "no es el código de una mesa")))
        if found and found != typed.station:
            problems.append(("station", ("is not the station of the sheet code", "no es la mesa del código de acta")))
        found = typed.station
    if typed.station is None and typed.sheet_code is None:
        problems.append(("station", ("give it, or the sheet code", "indíquela, o el código de acta")))
    return found


def _votes(contest: Contest, typed: Typed, problems: Problems) -> Mapping[str, int]:
    """Votes per candidate, as typed or as the lines sum up; a difference between the two is a problem."""
    fits = True
    for field, given, known in (
        ("lines", typed.lines, contest.line_codes),
        ("candidates", typed.candidates, contest.candidate_codes),
    ):
        if given is not None:
            odd = [
                *((code, True) for code in known if code not in given),
                *((c, False) for c in given if c not in known),
            ]
            fits = fits and not odd
            problems += [(f"{field}.{code}"[:80], _MISSING if missing else _UNKNOWN) for code, missing in odd]
    if typed.lines is None and typed.candidates is None:
        problems.append(("candidates", ("give them, or the lines", "indíquelos, o las opciones")))
    if not fits or typed.lines is None:
        return typed.candidates or {}
    summed = contest.candidates_from_lines(typed.lines)
    for code, votes in (typed.candidates or {}).items():
        if votes != summed[code]:
            problems.append(
                (f"candidates.{code}", (f"the lines sum to {summed[code]}", f"las opciones suman {summed[code]}"))
            )
    return summed


_MISSING: Text = ("is on the ballot and missing here", "está en la boleta y falta aquí")
_UNKNOWN: Text = ("is not on the ballot", "no está en la boleta")


def _refusal(problems: Problems) -> RefusedError:
    return RefusedError(
        422,
        ("The reading does not fit the ballot.", "La lectura no corresponde a la boleta."),
        ("Correct what is listed and send it again.", "Corrija lo indicado y envíela de nuevo."),
        problems,
    )
