"""The sheets of a random sample as a list to work through, and the list that somebody filled in.

How a filled list is read
-------------------------
1. It is the CSV that :func:`sample_csv` writes, saved again by any spreadsheet: comma, semicolon or tab; UTF-8 or
   cp1252.
2. Position and station must be those that the seed draws: a list of chosen stations is no random sample.
3. ``result`` is one of :data:`RESULTS`. Rows at the end without one were not reached; a row without one before the
   last that has one counts as *not seen*: leaving out what one does not like would be choosing too.

Rules of this module
--------------------
1. Everything that makes the sample is in :class:`Sample`: who has the bundle and the seed makes the same list.
2. Nothing here reads the disk.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from testigo.election import Contest, Profile, Register
from testigo.errors import InputError, Problem
from testigo.forensics.sample import draw
from testigo.forensics.sheets import Sheets

#: What a person may write into the column ``result`` -> what it means.
RESULTS: Mapping[str, str] = {
    "same": "same",
    "igual": "same",
    "different": "different",
    "distinta": "different",
    "distinto": "different",
    "not seen": "not_seen",
    "not_seen": "not_seen",
    "no vista": "not_seen",
    "no_vista": "not_seen",
}
_REMEDY = "Draw the list again with the same bundle, seed and size, and fill in its column `result`."


@dataclass(frozen=True, slots=True)
class Drawn:
    """One sheet of the sample.

    Attributes:
        position: in the order drawn, from 1. rank: in the order of all codes, from 1.
        place: centre and areas, for people. votes: per candidate, in the profile's order.
        images: SHA-256 of its published images.
    """

    position: int
    rank: int
    station: str
    place: str
    votes: tuple[int, ...]
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """A random sample, and what it was drawn from.

    Attributes:
        population: N, the counted stations of the bundle.
        release, manifest: number and SHA-256 of the release, if it is one: what the seed must be younger than.
    """

    profile: Profile
    contest: Contest
    population: int
    seed: str
    drawn: tuple[Drawn, ...]
    release: int | None = None
    manifest: str = ""
    rehearsal: bool = False

    @property
    def size(self) -> int:
        """n."""
        return len(self.drawn)


@dataclass(frozen=True, slots=True)
class Answers:
    """What a check found among the first ``checked`` sheets of a list.

    Attributes:
        checked: how many were gone through, in order, those not seen included.
        different: sheets that say something else than the published counts.
        unseen: sheets that nobody could look at.
    """

    checked: int
    different: int
    unseen: int = 0


def draw_sample(
    sheets: Sheets,
    register: Register,
    seed: str,
    size: int,
    *,
    images: Mapping[str, Sequence[str]] | None = None,
    release: int | None = None,
    manifest: str = "",
    rehearsal: bool = False,
) -> Sample:
    """Draw it.

    Args:
        sheets: the published ones, in order of code; ``register`` names their centres.
        seed, size: errors as in :func:`testigo.forensics.sample.draw`.
        images: station -> SHA-256 of its published images.
        release, manifest, rehearsal: see :class:`Sample`.
    """
    shown = images or {}
    drawn = []
    for position, rank in enumerate(draw(seed, len(sheets), size), 1):
        code = str(sheets.codes[rank - 1])
        votes = tuple(sheets.votes[rank - 1].tolist())
        drawn.append(Drawn(position, rank, code, _place(register, code), votes, tuple(shown.get(code, ()))))
    return Sample(register.profile, sheets.contest, len(sheets), seed, tuple(drawn), release, manifest, rehearsal)


def _place(register: Register, code: str) -> str:
    station = register.find(code)
    if station is None:
        return ""
    above = [register.areas[area].name for area in station.areas]
    return ", ".join(part for part in (station.centre_name, *reversed(above)) if part)


def sample_csv(sample: Sample, links: Callable[[Drawn], str] | None = None) -> bytes:
    """The list as a table to fill in: the columns ``result`` and ``note`` are empty.

    UTF-8 with a byte order mark, so that spreadsheets show accents. A text that a spreadsheet would run as a formula is
    preceded by an apostrophe.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    candidates = sample.contest.candidate_codes
    writer.writerow(["position", "rank", "station", "place", *candidates, "valid", "link", "result", "note"])
    for one in sample.drawn:
        link = links(one) if links else ""
        cells = [one.position, one.rank, one.station, _harmless(one.place), *one.votes, sum(one.votes)]
        writer.writerow([*cells, _harmless(link), "", ""])
    return text.getvalue().encode("utf-8-sig")


def _harmless(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text


def read_answers(data: bytes, sample: Sample, name: str = "list") -> Answers:
    """What a filled list says (numbers as in this module's docstring).

    Args:
        data: the table's bytes; ``name`` is the file's, for problems.

    Raises:
        InputError: no such columns, another list than the seed draws, or a result that is none of :data:`RESULTS`;
            ``problems`` names every line.
    """
    rows = _rows(data)
    if not rows or {"position", "station", "result"} - set(rows[0]):
        raise InputError(f"{name} has no columns `position`, `station` and `result`.", _REMEDY)
    drawn = {one.position: one.station for one in sample.drawn}
    problems: list[Problem] = []
    said: dict[int, str] = {}
    for line, row in enumerate(rows, 2):
        position = _position(row["position"])
        if position not in drawn or position in said:
            problems.append(
                Problem(name, line, "position", f"{row['position']!r} is no position of this list, or twice")
            )
            continue
        if _bare(row["station"]) != _bare(drawn[position]):
            problems.append(Problem(name, line, "station", f"the seed draws {drawn[position]} here"))
        answer = (row["result"] or "").strip().casefold()
        if answer and answer not in RESULTS:
            problems.append(Problem(name, line, "result", f"{answer!r} is not same, different or not seen"))
        said[position] = RESULTS.get(answer, "")
    if problems:
        raise InputError(f"{name} is not this sample, filled in: {problems[0]}.", _REMEDY, tuple(problems))
    return _counted(said)


def _counted(said: Mapping[int, str]) -> Answers:
    """3."""
    checked = max((position for position, answer in said.items() if answer), default=0)
    answers = [said.get(position, "") for position in range(1, checked + 1)]
    different, same = answers.count("different"), answers.count("same")
    return Answers(checked, different, checked - different - same)


def _rows(data: bytes) -> list[dict[str, str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    head = text.split("\n", 1)[0]
    separator = max(",;\t", key=head.count)
    return [dict(row) for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, restval="")]


def _position(text: str) -> int:
    return int(text) if text.strip().isascii() and text.strip().isdigit() else 0


def _bare(code: str) -> str:
    """A code without what a spreadsheet takes away: zeros at the ends of what looks like a number."""
    whole, dot, part = code.strip().lstrip("'").lstrip("0").partition(".")
    return whole + dot + (part.strip("0") if dot else "")
