"""Two sides joined by station: same, different, in one only; and what each of these does to the totals.

Rules of this module
--------------------
1. Candidates that both sides have are compared; if one has *others*, the rest of the other are summed to it.
2. Null and blank votes are compared where both sides give them, as for two readings of a sheet.
3. The winner of a side is who has most votes over *its* stations; the effect is split into what each kind of
   difference contributes, and the parts sum to the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from testigo.election import Profile
from testigo.errors import InputError
from testigo.forensics.compare.side import OTHERS, Bools, Int64, Side, shown


@dataclass(frozen=True, slots=True)
class Difference:
    """A station whose counts differ.

    Attributes:
        station: its code.
        a, b: what each side says: votes per compared candidate, and ``null``, ``blank`` where both give them.
    """

    station: str
    a: Mapping[str, int]
    b: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two sides, compared. Made by :func:`compare`.

    Attributes:
        a, b: the sides.
        candidates: codes that are compared, ``others`` last if there is any.
        left_out: codes that only one side has and that are therefore not compared.
        votes_a, votes_b: int64[n, k] of each side, in that order of candidates.
        row_a, row_b: int64[m], rows of the m stations that both have.
        differs: bool[m].
    """

    a: Side
    b: Side
    candidates: tuple[str, ...]
    left_out: tuple[str, ...]
    votes_a: Int64
    votes_b: Int64
    row_a: Int64
    row_b: Int64
    differs: Bools
    profile: Profile | None

    @property
    def same(self) -> int:
        """Stations of which both say the same."""
        return int(np.count_nonzero(~self.differs))

    @cached_property
    def only_a(self) -> list[str]:
        """Codes of the stations in A only, in order."""
        return self._only(self.a, self.row_a)

    @cached_property
    def only_b(self) -> list[str]:
        """Codes of the stations in B only, in order."""
        return self._only(self.b, self.row_b)

    @cached_property
    def different(self) -> list[Difference]:
        """Every station whose counts differ, in order of code."""
        rows = np.flatnonzero(self.differs)
        pairs = zip(self.row_a[rows].tolist(), self.row_b[rows].tolist(), strict=True)
        found = [Difference(shown(self.a.keys[a].as_py(), self.profile), *self._says(a, b)) for a, b in pairs]
        return sorted(found, key=lambda one: one.station)

    @property
    def identical(self) -> bool:
        """Whether nothing differs."""
        return not (self.differs.any() or len(self.row_a) < len(self.a) or len(self.row_b) < len(self.b))

    # ------------------------------------------------------------------ totals

    @cached_property
    def totals_a(self) -> dict[str, int]:
        """Votes per compared candidate over the stations of A."""
        return self._sum(self.votes_a)

    @cached_property
    def totals_b(self) -> dict[str, int]:
        """Votes per compared candidate over the stations of B."""
        return self._sum(self.votes_b)

    @cached_property
    def effect(self) -> dict[str, dict[str, int]]:
        """What each kind of difference adds to A's totals on the way to B's; the three sum to B − A."""
        removed, added = self._rest(self.votes_a, self.row_a), self._rest(self.votes_b, self.row_b)
        changed = self.votes_b[self.row_b] - self.votes_a[self.row_a]
        return {"only_a": self._sum(-removed), "only_b": self._sum(added), "different": self._sum(changed)}

    @property
    def first_a(self) -> tuple[str, ...]:
        """Who has most votes in A: several if tied, none without votes; *others* are nobody."""
        return _first(self.totals_a)

    @property
    def first_b(self) -> tuple[str, ...]:
        """Who has most votes in B."""
        return _first(self.totals_b)

    @property
    def winner_changes(self) -> bool:
        """Whether the first place is not the same in both."""
        return self.first_a != self.first_b

    # ----------------------------------------------------------------- details

    def _only(self, side: Side, common: Int64) -> list[str]:
        keep = np.ones(len(side), dtype=np.bool_)
        keep[common] = False
        return sorted(shown(key, self.profile) for key in side.keys.filter(pa.array(keep)).to_pylist())

    def _says(self, a: int, b: int) -> tuple[dict[str, int], dict[str, int]]:
        says = []
        for votes, row in ((self.votes_a, a), (self.votes_b, b)):
            says.append(dict(zip(self.candidates, votes[row].tolist(), strict=True)))
        for name in ("null", "blank"):
            left, right = int(getattr(self.a, name)[a]), int(getattr(self.b, name)[b])
            if left >= 0 and right >= 0:
                says[0][name], says[1][name] = left, right
        return says[0], says[1]

    def _sum(self, votes: Int64) -> dict[str, int]:
        return dict(zip(self.candidates, votes.sum(axis=0).tolist(), strict=True))

    @staticmethod
    def _rest(votes: Int64, common: Int64) -> Int64:
        keep = np.ones(len(votes), dtype=np.bool_)
        keep[common] = False
        return votes[keep]


def _first(totals: Mapping[str, int]) -> tuple[str, ...]:
    named = {code: votes for code, votes in totals.items() if code != OTHERS}
    most = max(named.values(), default=0)
    return tuple(code for code, votes in named.items() if votes == most) if most else ()


def compare(a: Side, b: Side, profile: Profile | None = None) -> Comparison:
    """Join two sides and compare them.

    Args:
        profile: how station codes are written in the answer; without one ``centre.number`` without leading zeros.

    Raises:
        InputError: the sides have no candidate in common.
    """
    named = [code for code in a.candidates if code in b.candidates and code != OTHERS]
    if not named:
        raise InputError(
            f"{a.name} and {b.name} have no candidate in common.",
            f"A has {', '.join(a.candidates)}; B has {', '.join(b.candidates)}: name them in a mapping file.",
        )
    with_others = a.others or b.others
    votes_a, votes_b = (_aligned(side, named, with_others=with_others) for side in (a, b))
    left = set(a.candidates) ^ set(b.candidates) if not with_others else set()
    found = pc.index_in(a.keys, value_set=b.keys)
    row_a = np.flatnonzero(np.asarray(pc.is_valid(found)))
    row_b = pc.drop_null(found).to_numpy().astype(np.int64)
    differs = (votes_a[row_a] != votes_b[row_b]).any(axis=1)
    for name in ("null", "blank"):
        left_votes, right_votes = getattr(a, name)[row_a], getattr(b, name)[row_b]
        differs |= (left_votes >= 0) & (right_votes >= 0) & (left_votes != right_votes)
    candidates = (*named, *((OTHERS,) if with_others else ()))
    left_out = tuple(sorted(left - {OTHERS}))
    return Comparison(a, b, candidates, left_out, votes_a, votes_b, row_a, row_b, differs, profile)


def _aligned(side: Side, named: list[str], *, with_others: bool) -> Int64:
    chosen = [side.candidates.index(code) for code in named]
    votes = side.votes[:, chosen]
    if with_others:
        rest = side.votes.sum(axis=1, keepdims=True) - votes.sum(axis=1, keepdims=True)
        votes = np.concatenate([votes, rest], axis=1)
    return np.ascontiguousarray(votes)
