"""Alterations that the tool plants itself, so that every test can say what it would have seen.

Each alteration takes some stations (1, 5 or 20 % of them, drawn with the seed) and helps the first candidate, or
copies, or invents figures as people do:

* ``stuffing``: half of the electors who did not vote are added for the first (three tenths of the valid votes where
  electors are unknown).
* ``switching``: three tenths of the second's votes go to the first.
* ``whole_centre``: the same in every station of the centres drawn: sisters stay alike.
* ``invented``: the first's last digit is replaced by one that people like (Boland & Hutchinson 2000: few 0 and 5).
* ``rounded``: the first's votes make the next multiple of 5 % of the valid votes.
* ``copied``: the station's sheet is another one's: a sister's, or one of any centre if it has none.

Rules of this module
--------------------
1. Pure: sheets in, altered sheets and the rows altered out. What was planted is never written anywhere else.
2. The counts of a planted sheet still sum to its valid votes: a forger can add.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from testigo.forensics.battery.model import Groups, Ints
from testigo.forensics.battery.view import Frame
from testigo.forensics.sheets import Sheets

_LIKED = np.array([0.055, 0.09, 0.115, 0.13, 0.105, 0.06, 0.115, 0.135, 0.11, 0.085])  # digits that people write

Alteration = Callable[[Sheets, Frame, Ints, np.random.Generator], Sheets]


def choose(groups: Groups, code: str, share: float, rng: np.random.Generator) -> Ints:
    """Rows of the stations to alter: at least one; whole centres for ``whole_centre``."""
    stations = len(groups.centre)
    number = max(round(share * stations), 1)
    if code != "whole_centre":
        return np.sort(rng.choice(stations, size=number, replace=False))
    order = rng.permutation(groups.centres)
    members = np.bincount(groups.centre, minlength=groups.centres)
    taken = order[: int(np.searchsorted(np.cumsum(members[order]), number)) + 1]
    return np.flatnonzero(np.isin(groups.centre, taken))


def _with(sheets: Sheets, votes: Ints) -> Sheets:
    return replace(sheets, votes=votes, valid=votes.sum(axis=1))


def _stuffing(sheets: Sheets, frame: Frame, rows: Ints, rng: np.random.Generator) -> Sheets:
    votes = sheets.votes.copy()
    valid = votes[rows].sum(axis=1)
    absent = np.maximum(sheets.electors[rows] - valid, 0) // 2
    votes[rows, frame.first] += np.where(sheets.electors[rows] > 0, absent, valid * 3 // 10)
    return _with(sheets, votes)


def _switching(sheets: Sheets, frame: Frame, rows: Ints, rng: np.random.Generator) -> Sheets:
    votes = sheets.votes.copy()
    moved = votes[rows, frame.second] * 3 // 10
    votes[rows, frame.second] -= moved
    votes[rows, frame.first] += moved
    return _with(sheets, votes)


def _invented(sheets: Sheets, frame: Frame, rows: Ints, rng: np.random.Generator) -> Sheets:
    votes = sheets.votes.copy()
    digits = rng.choice(10, size=len(rows), p=_LIKED)
    votes[rows, frame.first] = votes[rows, frame.first] // 10 * 10 + digits
    return _with(sheets, votes)


def _rounded(sheets: Sheets, frame: Frame, rows: Ints, rng: np.random.Generator) -> Sheets:
    votes = sheets.votes.copy()
    valid = votes[rows].sum(axis=1)
    share = np.divide(votes[rows, frame.first], valid, out=np.zeros(len(rows)), where=valid > 0)
    target = np.minimum(np.ceil(share * 20 - 1e-9) / 20, 1.0)
    more = np.minimum(np.rint(target * valid).astype(np.int64), valid) - votes[rows, frame.first]
    taken = np.minimum(np.maximum(more, 0), votes[rows, frame.second])
    votes[rows, frame.first] += taken
    votes[rows, frame.second] -= taken
    return _with(sheets, votes)


def _copied(sheets: Sheets, frame: Frame, rows: Ints, rng: np.random.Generator) -> Sheets:
    votes = sheets.votes.copy()
    order = np.argsort(frame.groups.centre, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    after = order[(place[rows] + 1) % len(order)]
    before = order[place[rows] - 1]
    centre = frame.groups.centre
    sister = np.where(centre[after] == centre[rows], after, before)
    other = rng.integers(0, len(order), size=len(rows))
    source = np.where(centre[sister] == centre[rows], sister, other)
    votes[rows] = sheets.votes[source]
    return _with(sheets, votes)


#: Every alteration that is planted.
ALTERATIONS: Mapping[str, Alteration] = {
    "stuffing": _stuffing,
    "switching": _switching,
    "whole_centre": _switching,
    "invented": _invented,
    "rounded": _rounded,
    "copied": _copied,
}

#: Shares of the stations that are altered.
DOSES = (0.01, 0.05, 0.20)

NAMES: Mapping[str, Mapping[str, str]] = {
    "stuffing": {"es": "votos añadidos", "en": "stuffed ballots"},
    "switching": {"es": "votos trasladados", "en": "switched votes"},
    "whole_centre": {"es": "votos trasladados en centros enteros", "en": "votes switched in whole centres"},
    "invented": {"es": "últimas cifras inventadas", "en": "invented last digits"},
    "rounded": {"es": "porcentajes redondos", "en": "round percentages"},
    "copied": {"es": "actas copiadas", "en": "copied sheets"},
}


def plant(sheets: Sheets, frame: Frame, code: str, share: float, rng: np.random.Generator) -> tuple[Sheets, Ints]:
    """The sheets with an alteration of :data:`ALTERATIONS` planted, and the rows altered."""
    rows = choose(frame.groups, code, share, rng)
    return ALTERATIONS[code](sheets, frame, rows, rng), rows
