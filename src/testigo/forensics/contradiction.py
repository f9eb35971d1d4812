"""How many published sheets would have to be invented for an announced result to be true.

The question, exactly
---------------------
N stations, S published sheets with votes x_i for every candidate. A bulletin announces votes v for a set B of
stations. Its coverage says that at most Q = N − ⌈(coverage − ½ ‰) · N⌉ stations are outside B (half a per mille: the
announced figure is rounded). Somebody who defends the bulletin may choose, as it suits best, which published sheets are
*invented* (their station then voted anything), which stations lie *outside* B, and what the unpublished stations voted.
What is the least number of invented sheets with which every announced number can be true?

Lower bounds, each by itself rigorous
-------------------------------------
*Too many votes* (per candidate c, and for the rest of them together): sheets that are neither invented nor outside give
c all their votes x_ic, and no station has less than 0, so Σ x_ic over them ≤ v_c. Each sheet taken away takes x_ic. So
with the sheets sorted by x_ic, largest first, the first K + Q must reach the excess Σ x_ic − v_c:

    K ≥ (least j with x_(1)c + … + x_(j)c ≥ excess) − Q

*Margin* (per pair of w announced before r): the published stations have the margin m = Σ (x_iw − x_ir); the bulletin
says M = v_w − v_r. Unpublished stations add at most their electors U = E − Σ e_i; a sheet outside adds x_ir − x_iw; an
invented one adds x_ir − x_iw + e_i (all its electors for w; where e_i is unknown, votes cast stand for it in both
places: U then holds the rest). So the largest K contributions of invented sheets and the largest Q of sheets outside
must reach M − m − U.

The bound is the largest of all these. Nobody needs to believe that missing stations voted as the published ones.

Rules of this module
--------------------
1. A lower bound is never an estimate: what is unknown is taken as the bulletin's defender would like it.
2. Without an announced coverage any station may be outside B, and nothing is said.
3. The number is only of sheets: it does not say which, nor who would have invented them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from testigo.election import Register
from testigo.election.profile import Bulletin
from testigo.errors import InputError
from testigo.forensics.sheets import Ints, Sheets

OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Bound:
    """One lower bound.

    Attributes:
        kind: ``votes`` (a candidate has too many) or ``margin``.
        of: candidate code, ``others``, or ``w-r`` for a margin.
        published, announced: the votes, or the margin.
        excess: what invented sheets and stations outside the bulletin must take away; 0 or less: no contradiction.
        least: K.
    """

    kind: str
    of: str
    published: int
    announced: int
    excess: int
    least: int


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What an announced result asks of the published sheets.

    Attributes:
        bulletin: what was announced.
        sheets: S, published.
        outside: Q, stations that the bulletin may leave out; ``None`` if it announced no coverage.
        bounds: every bound; empty without coverage.
        least: the largest of them: so many published sheets are invented, or the bulletin is false. ``None`` without
            coverage. ``impossible`` says that not even inventing all would do.
        impossible: whether no number of invented sheets makes the bulletin true.
    """

    bulletin: Bulletin
    sheets: int
    outside: int | None
    bounds: tuple[Bound, ...]
    least: int | None
    impossible: bool

    @property
    def decisive(self) -> Bound | None:
        """The bound that gives ``least``."""
        return max(self.bounds, key=lambda bound: bound.least, default=None)


def contradiction(sheets: Sheets, register: Register, bulletin: Bulletin) -> Contradiction:
    """The least number of published sheets that are invented if the bulletin is true.

    Args:
        sheets: of the bulletin's contest.
        register: gives N and, if it knows them, the electors.
        bulletin: of the profile, or anybody's.

    Raises:
        InputError: the bulletin is of another contest, or names a candidate that the contest does not have.
    """
    if bulletin.contest != sheets.contest.code or set(bulletin.votes) - set(sheets.contest.candidate_codes):
        raise InputError(
            f"The bulletin {bulletin.code} is not of the contest {sheets.contest.code}.", "Choose another bulletin."
        )
    outside = _outside(register, bulletin)
    if outside is None:
        return Contradiction(bulletin, len(sheets), None, (), None, False)
    votes, announced = _groups(sheets, bulletin)
    bounds = [_too_many(code, votes[code], announced[code], outside) for code in votes]
    bounds += _margins(sheets, register, bulletin, outside)
    least = max((bound.least for bound in bounds), default=0)
    return Contradiction(
        bulletin, len(sheets), outside, tuple(bounds), min(least, len(sheets)), impossible=least > len(sheets)
    )


def contradictions(sheets: Sheets, register: Register) -> list[Contradiction]:
    """One per bulletin that the profile names for this contest."""
    here = sheets.contest.code
    return [contradiction(sheets, register, one) for one in register.profile.bulletins if one.contest == here]


def _outside(register: Register, bulletin: Bulletin) -> int | None:
    if bulletin.coverage is None:
        return None
    stations = register.total_stations
    # Twice the coverage less half a per mille, so that whole numbers do it.
    inside = -(-max(2 * bulletin.coverage - 1, 0) * stations // 2000)
    return max(stations - inside, 0)


def _groups(sheets: Sheets, bulletin: Bulletin) -> tuple[dict[str, Ints], dict[str, int]]:
    """Votes per sheet and announced votes, of every announced candidate and of the rest together (if announced)."""
    votes = {code: sheets.votes_of(code) for code in bulletin.votes}
    announced = dict(bulletin.votes)
    rest = [code for code in sheets.contest.candidate_codes if code not in votes]
    if rest and bulletin.others:
        votes[OTHERS] = np.sum([sheets.votes_of(code) for code in rest], axis=0, dtype=np.int64)
        announced[OTHERS] = bulletin.others
    return votes, announced


def _too_many(code: str, votes: Ints, announced: int, outside: int) -> Bound:
    excess = int(votes.sum()) - announced
    return Bound("votes", code, int(votes.sum()), announced, excess, _sorted_least(votes, excess, outside))


def _sorted_least(takes: Ints, excess: int, outside: int) -> int:
    """Least K ≥ 0 such that the largest K + Q of what sheets take away reach the excess."""
    if excess <= 0:
        return 0
    reached = np.cumsum(np.sort(takes)[::-1])
    return max(int(np.searchsorted(reached, excess)) + 1 - outside, 0)


def _margins(sheets: Sheets, register: Register, bulletin: Bulletin, outside: int) -> list[Bound]:
    electors = register.total_electors
    if electors is None:
        return []
    cast = sheets.valid + np.maximum(sheets.null, 0)
    sizes = np.where(sheets.electors_known, np.maximum(sheets.electors, cast), cast)
    unpublished = max(electors - int(np.where(sheets.electors_known, sheets.electors, cast).sum()), 0)
    ordered = sorted(bulletin.votes, key=lambda code: -bulletin.votes[code])
    bounds = []
    for place, winner in enumerate(ordered):
        for runner in ordered[place + 1 :]:
            lead = sheets.votes_of(winner) - sheets.votes_of(runner)
            announced, published = bulletin.votes[winner] - bulletin.votes[runner], int(lead.sum())
            excess = announced - published - unpublished
            free = int(np.sort(np.maximum(-lead, 0))[::-1][:outside].sum())
            least = _sorted_least(np.maximum(sizes - lead, 0), excess - free, 0)
            bounds.append(Bound("margin", f"{winner}-{runner}", published, announced, max(excess, 0), least))
    return bounds


def typical(sheets: Sheets, found: Contradiction) -> int | None:
    """How many sheets of average size would do what the decisive bound asks, none outside; no bound, an illustration.

    Formula: ⌈excess / mean take per sheet⌉. ``None`` without a decisive bound on a candidate's votes.
    """
    bound = found.decisive
    if bound is None or bound.kind != "votes" or not bound.least:
        return None
    return math.ceil(bound.excess * found.sheets / bound.published)
