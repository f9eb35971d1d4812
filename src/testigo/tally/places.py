"""The totals of places (areas, centres): as arrays to sum, and one place at a time to read.

Rules of this module
--------------------
1. A sum and what is not known beside it: ``null`` is the sum where the sources say, ``null_unknown`` counts the
   stations whose source does not say. The same for blank votes and for electors.
2. What cannot be divided is ``None``, never NaN and never 0.
3. Nobody leads where nobody has votes; several who share the first place are all named, and none of them leads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from testigo.election import Area, Contest
from testigo.tally.counted import STANDINGS, Int64

CENTRE = "centre"

#: The columns of :attr:`Sums.figures`.
FIGURES = (
    "registered",  # stations of the register (of the country: of the whole country)
    "with_tally",  # of those: counted by the headline
    "contested",  # stations with a decision that is contested, whatever its standing
    "contested_counted",  # of those: counted by the headline
    "electors",  # registered electors, summed over the stations where they are known
    "electors_unknown",  # stations where they are not
    "covered",  # registered electors of the counted stations, summed over those where they are known
    "covered_unknown",  # counted stations where they are not
    "null",  # null votes of the counted stations that say so
    "null_unknown",  # counted stations whose source does not give null votes
    "blank",
    "blank_unknown",
    "with_lines",  # counted stations whose source gives votes per line
    "cast_where_electors_known",  # valid, null and blank votes of the counted stations, unknown ones as 0
    "cast_where_electors_unknown",
)


@dataclass(frozen=True, eq=False)
class Sums:
    """Totals of p places, all int64.

    Attributes:
        figures: [p, len(FIGURES)].
        candidates: [p, k], votes that the headline counts.
        lines: [p, m], likewise.
        by_standing: [p, 6], stations per standing, in the order of ``STANDINGS``.
        votes_by_standing: [p, 6, k], votes per standing; of centres [0, 6, k]: not summed.
    """

    figures: Int64
    candidates: Int64
    lines: Int64
    by_standing: Int64
    votes_by_standing: Int64

    @classmethod
    def zeros(cls, places: int, contest: Contest, *, votes_by_standing: bool) -> Sums:
        """Nothing yet."""
        k, m, s = len(contest.candidates), len(contest.lines), len(STANDINGS)
        shapes = ((places, len(FIGURES)), (places, k), (places, m), (places, s), (places * votes_by_standing, s, k))
        return cls(*(np.zeros(shape, dtype=np.int64) for shape in shapes))

    def arrays(self) -> tuple[Int64, ...]:
        """All arrays."""
        return (self.figures, self.candidates, self.lines, self.by_standing, self.votes_by_standing)

    def split(self, place: int) -> tuple[Sums, Sums]:
        """The places before ``place``, and those from it on (views)."""
        arrays = self.arrays()
        return Sums(*(array[:place] for array in arrays)), Sums(*(array[place:] for array in arrays))

    def figure(self, name: str) -> Int64:
        """int64[p]: one column of ``figures`` (a view)."""
        return self.figures[:, FIGURES.index(name)]

    def add(self, name: str, place: npt.NDArray[np.integer], values: Int64 | int) -> None:
        """Add every entry's value to its place's figure."""
        column = np.zeros(len(self.figures), dtype=np.int64)
        np.add.at(column, place, values)
        self.figures[:, FIGURES.index(name)] += column

    @cached_property
    def _lists(self) -> tuple[list[list[int]], ...]:
        return tuple(array.tolist() for array in self.arrays())

    def view(self, index: int, contest: Contest, area: Area) -> AreaTotals:
        """The totals of one place, as plain integers."""
        figures, candidates, lines, by_standing, votes_by_standing = self._lists
        return AreaTotals(
            area.code,
            area.level,
            area.name,
            area.parent,
            candidates=dict(zip(contest.candidate_codes, candidates[index], strict=True)),
            lines=dict(zip(contest.line_codes, lines[index], strict=True)),
            by_standing=dict(zip(STANDINGS, by_standing[index], strict=True)),
            votes_by_standing=_per_candidate(contest, votes_by_standing[index] if votes_by_standing else []),
            **dict(zip(FIGURES, figures[index], strict=True)),
        )


def _per_candidate(contest: Contest, votes: list[list[int]] | list[int]) -> dict[str, dict[str, int]]:
    """Candidate code -> standing -> votes, from rows per standing."""
    columns = zip(*votes, strict=True)
    return {
        code: {str(standing): count for standing, count in zip(STANDINGS, column, strict=True)}
        for code, column in zip(contest.candidate_codes, columns, strict=False)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figures:
    """The columns of :data:`FIGURES`, each explained there."""

    registered: int
    with_tally: int
    contested: int
    contested_counted: int
    electors: int
    electors_unknown: int
    covered: int
    covered_unknown: int
    null: int
    null_unknown: int
    blank: int
    blank_unknown: int
    with_lines: int
    cast_where_electors_known: int
    cast_where_electors_unknown: int


@dataclass(frozen=True, slots=True)
class AreaTotals(_Figures):
    """The totals of one area or centre, as plain integers.

    Attributes:
        code, level, name, parent: the place; a centre's level is ``centre``, its parent an area of the lowest level.
        candidates: candidate code -> votes that the headline counts, in the profile's order.
        lines: line code -> votes of the ``with_lines`` counted stations that have them, in printed order.
        by_standing: standing -> stations.
        votes_by_standing: candidate code -> standing -> votes; empty for a centre.
    """

    code: str
    level: str
    name: str
    parent: str
    candidates: Mapping[str, int]
    lines: Mapping[str, int]
    by_standing: Mapping[str, int]
    votes_by_standing: Mapping[str, Mapping[str, int]]

    @property
    def valid(self) -> int:
        """Valid votes: the sum over the candidates."""
        return sum(self.candidates.values())

    @property
    def cast(self) -> int:
        """All votes, unknown null and blank ones as 0: a lower bound where ``null_unknown`` or ``blank_unknown``."""
        return self.valid + self.null + self.blank

    @property
    def tied(self) -> tuple[str, ...]:
        """The candidates that share the first place, in the profile's order; empty if one leads or nobody has votes."""
        first = self._first
        return first if len(first) > 1 else ()

    @property
    def leader(self) -> str | None:
        """The candidate with most votes; ``None`` if several share the first place or nobody has votes."""
        first = self._first
        return first[0] if len(first) == 1 else None

    @property
    def lead(self) -> int:
        """Votes between the first and the second; 0 if tied."""
        votes = sorted(self.candidates.values(), reverse=True)
        return votes[0] - (votes[1] if len(votes) > 1 else 0) if votes else 0

    @property
    def _first(self) -> tuple[str, ...]:
        most = max(self.candidates.values(), default=0)
        return tuple(code for code, votes in self.candidates.items() if votes == most) if most else ()

    def share(self, candidate: str) -> float | None:
        """Part of the valid votes, 0 to 1; ``None`` without valid votes."""
        return ratio(self.candidates[candidate], self.valid)

    @property
    def null_if_known(self) -> int | None:
        """Null votes; ``None`` if there are counted stations and the source of none gives them."""
        return None if self.null_unknown and self.null_unknown == self.with_tally else self.null

    @property
    def blank_if_known(self) -> int | None:
        """Blank votes, likewise."""
        return None if self.blank_unknown and self.blank_unknown == self.with_tally else self.blank

    @property
    def electors_if_known(self) -> int | None:
        """Registered electors; ``None`` if they are unknown for any station."""
        return None if self.electors_unknown else self.electors

    @property
    def station_coverage(self) -> float | None:
        """Counted stations per registered station, 0 to 1; ``None`` without stations."""
        return ratio(self.with_tally, self.registered)

    @property
    def elector_coverage(self) -> float | None:
        """Electors of the counted stations per registered elector; ``None`` if the latter are unknown.

        A lower bound if the electors of some counted stations are unknown (``covered_unknown``).
        """
        return None if self.electors_unknown else ratio(self.covered, self.electors)

    @property
    def turnout(self) -> float | None:
        """Votes cast per registered elector over the counted stations whose electors are known; ``None`` without any.

        Unknown null and blank votes are taken as 0. Above 1 if the data say so: nothing is hidden.
        """
        return ratio(self.cast_where_electors_known, self.covered)


def ratio(part: int, whole: int) -> float | None:
    """``part / whole``; ``None`` if there is no whole."""
    return part / whole if whole else None
