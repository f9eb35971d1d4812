"""Sheets -> the counts that the model looks at, and what was left out and why.

Rules of this module
--------------------
1. A station without known electors is left out and counted, never given a guess.
2. So is one with no electors, no votes, or more votes than electors: the model has no place for it.
3. Who came = valid votes + null votes; where nulls are unknown, the valid ones alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from testigo.errors import InputError
from testigo.forensics.eforensics.model import Floats
from testigo.forensics.sheets import Ints, Sheets

#: What turnout and share are let differ by: nothing, or the lowest area that the register knows.
Groups = Literal["none", "area"]

#: Fewer stations than this say nothing about a mixture of three classes.
FEWEST = 30


@dataclass(frozen=True)
class Counts:
    """What the model looks at.

    Attributes:
        abstained, leader, electors: people, as floats, shape (n,). 0 <= leader <= electors - abstained.
        group: index of the station's group, shape (n,); zeros without groups.
        groups: how many groups, 1 without.
    """

    abstained: Floats
    leader: Floats
    electors: Floats
    group: Ints
    groups: int

    def __len__(self) -> int:
        return len(self.electors)

    def part(self, rows: Ints) -> Counts:
        """Some of the stations."""
        return Counts(self.abstained[rows], self.leader[rows], self.electors[rows], self.group[rows], self.groups)


@dataclass(frozen=True)
class Chosen:
    """The usable stations.

    Attributes:
        counts: what the model sees, shape (n,).
        rows: place of each in the sheets, shape (n,).
        unknown: stations without known electors.
        impossible: stations with no electors, no votes, or more votes than electors.
    """

    counts: Counts
    rows: Ints
    unknown: int
    impossible: int


def choose(sheets: Sheets, leader: str, groups: Groups = "none") -> Chosen:
    """The counts for a leader.

    Raises:
        InputError: no such candidate, or no such grouping.
    """
    if leader not in sheets.contest.candidate_codes:
        known = ", ".join(sheets.contest.candidate_codes)
        raise InputError(f"No candidate has the code “{leader}”.", f"The codes are: {known}.")
    if groups not in ("none", "area"):
        raise InputError(f"Stations cannot be grouped by “{groups}”.", "Give none or area.")
    came = sheets.valid + np.maximum(sheets.null, 0)
    known_electors = sheets.electors_known
    usable = known_electors & (sheets.electors > 0) & (came > 0) & (came <= sheets.electors)
    usable &= sheets.votes_of(leader) <= came
    rows = np.flatnonzero(usable)
    group, count = _groups(sheets, groups, rows)
    electors, leading = sheets.electors[rows].astype(float), sheets.votes_of(leader)[rows].astype(float)
    counts = Counts(electors - came[rows], leading, electors, group, count)
    unknown = int((~known_electors).sum())
    return Chosen(counts, rows, unknown, len(sheets) - unknown - len(rows))


def _groups(sheets: Sheets, groups: Groups, rows: Ints) -> tuple[Ints, int]:
    if groups == "none" or len(rows) == 0:
        return np.zeros(len(rows), dtype=np.int64), 1
    distinct, index = np.unique(sheets.area[rows], return_inverse=True)
    return index.astype(np.int64), len(distinct)
