"""What stands for every station of one contest, as arrays: the only thing that the totals are made from.

Rules of this module
--------------------
1. One entry per station that has a decision, whatever its standing. A station stands once; twice is an error.
2. Unknown is not 0: null and blank votes that no source gives are -1, and masks say which counts and lines exist.
3. A station that the register does not list keeps its votes (row -1): it counts for the country and for no area.
4. Nothing here decides which standings count; that is :func:`testigo.tally.totals.tally`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from testigo.election import Contest, Register
from testigo.errors import InputError, Problem
from testigo.records import Flag, Standing

Int8 = npt.NDArray[np.int8]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

STANDINGS = tuple(Standing)
NOT_LISTED = -1  # station_row of a station that the register does not list
UNKNOWN = -1  # null or blank votes that the source does not give
LARGEST_SUM = 2**62


@dataclass(frozen=True, eq=False)
class Counted:
    """What stands for n stations of one contest. Arrays of one entry per station, in any order.

    Attributes:
        station_row: int32[n], row in ``register.table``, or :data:`NOT_LISTED`.
        standing: int8[n], index in :data:`STANDINGS`.
        contested: bool[n].
        candidates: int64[n, k], votes in the profile's order of candidates; 0 where ``has_counts`` is false.
        lines: int64[n, m], votes in printed order, 0 where ``has_lines`` is false; ``None`` if no station has lines.
        has_lines: bool[n], or ``None`` if no station has lines.
        null, blank: int64[n], votes, or :data:`UNKNOWN`.
        has_counts: bool[n], whether there are counts at all.
    """

    station_row: Int32
    standing: Int8
    contested: Mask
    candidates: Int64
    lines: Int64 | None
    has_lines: Mask | None
    null: Int64
    blank: Int64
    has_counts: Mask

    def __len__(self) -> int:
        return len(self.station_row)

    def check(self, contest: Contest, register: Register) -> None:
        """Whether the arrays can be summed as they are.

        Raises:
            InputError: they do not fit the contest or the register, a station stands twice, a count is negative, or
                the counts are so large that their sum has no meaning.
        """
        n, k, m = len(self), len(contest.candidates), len(contest.lines)
        fits = self.candidates.shape == (n, k) and (self.lines is None or self.lines.shape == (n, m))
        arrays = (self.standing, self.contested, self.null, self.blank, self.has_counts)
        if not fits or any(len(array) != n for array in arrays) or (self.lines is None) != (self.has_lines is None):
            raise _unusable("does not fit the ballot", f"The contest {contest.code} has {k} candidates, {m} lines.")
        if not n:
            return
        if self.station_row.min() < NOT_LISTED or self.station_row.max() >= len(register):
            raise _unusable("name rows that the register does not have", "Use the register they were made with.")
        if not 0 <= self.standing.min() <= self.standing.max() < len(STANDINGS):
            raise _unusable("hold an unknown standing", f"Known: {', '.join(STANDINGS)}.")
        listed = self.station_row[self.station_row != NOT_LISTED]
        if len(listed) and np.bincount(listed).max() > 1:
            twice = register.table["station"][int(np.bincount(listed).argmax())]
            raise _unusable(f"hold the station {twice} twice", "A station has one decision that stands.")
        self._check_votes(n)

    def _check_votes(self, n: int) -> None:
        for votes, least in ((self.candidates, 0), (self.lines, 0), (self.null, UNKNOWN), (self.blank, UNKNOWN)):
            if votes is None or not votes.size:
                continue
            if votes.min() < least:
                raise _unusable("hold a negative number of votes", "Correct or withdraw that station.")
            if int(votes.max()) * n * (votes.shape[1] if votes.ndim == 2 else 1) > LARGEST_SUM:
                raise _unusable(f"hold {votes.max()} votes at one station", "No station can have that many.")


def _unusable(what: str, remedy: str) -> InputError:
    return InputError(f"The counts cannot be summed: they {what}.", remedy)


def counted_from_table(contest: Contest, register: Register, tallies: pa.Table) -> Counted:
    """What stands for the contest according to a bundle's ``tallies`` table.

    Args:
        contest: rows of other contests are left out.
        register: the register of the same bundle.
        tallies: columns ``contest``, ``station``, ``standing``, ``flags``, ``valid``, ``null``, ``blank``,
            ``c_<candidate>`` per candidate and, if there are any, ``l_<line>`` per line (docs/bundle-format.md).

    Raises:
        InputError: a column is missing, a station stands twice, a standing is unknown, a count is missing.
    """
    names = [f"c_{code}" for code in contest.candidate_codes]
    line_names = [f"l_{code}" for code in contest.line_codes]
    needed = ["contest", "station", "standing", "flags", "valid", "null", "blank", *names]
    missing = [name for name in needed if name not in tallies.column_names]
    if missing:
        problems = [Problem("tallies", 0, name, "this column is missing") for name in missing]
        raise InputError(f"The table of tallies lacks the column {missing[0]!r}.", "Use a whole bundle.", problems)
    table = tallies.filter(pc.equal(tallies["contest"], contest.code))
    if pc.count_distinct(table["station"], mode="all").as_py() != table.num_rows:
        raise _unusable("hold a station twice, or one without a code", "A station has one decision that stands.")
    has_lines, lines = _lines(table, line_names)
    has_counts = _valid(table["valid"])
    return Counted(
        station_row=_index(table["station"], register.table["station"]).astype(np.int32),
        standing=_standings(table["standing"]),
        contested=_contested(table["flags"]),
        candidates=_candidates(table, names, has_counts),
        lines=lines,
        has_lines=has_lines,
        null=_numbers(table["null"], UNKNOWN),
        blank=_numbers(table["blank"], UNKNOWN),
        has_counts=has_counts,
    )


def _numbers(column: pa.ChunkedArray, unknown: int) -> Int64:
    return np.asarray(pc.fill_null(column.cast(pa.int64()), unknown).to_numpy(), dtype=np.int64)


def _valid(column: pa.ChunkedArray) -> Mask:
    return np.asarray(pc.is_valid(column).to_numpy(), dtype=np.bool_)


def _index(values: pa.ChunkedArray, among: pa.ChunkedArray | pa.Array) -> Int64:
    if isinstance(among, pa.ChunkedArray):
        among = among.combine_chunks()
    return _numbers(pc.index_in(values, value_set=among), NOT_LISTED)


def _standings(column: pa.ChunkedArray) -> Int8:
    indexes = _index(column, pa.array([str(standing) for standing in STANDINGS]))
    if (indexes < 0).any():
        odd = column[int(np.flatnonzero(indexes < 0)[0])]
        raise _unusable(f"hold the unknown standing {odd}", f"Known: {', '.join(STANDINGS)}.")
    return indexes.astype(np.int8)


def _contested(flags: pa.ChunkedArray) -> Mask:
    mask = np.zeros(len(flags), dtype=np.bool_)
    lists = flags.combine_chunks()
    hits = pc.equal(pc.list_flatten(lists), Flag.CONTESTED.value)
    mask[pc.list_parent_indices(lists).filter(hits).to_numpy(zero_copy_only=False)] = True
    return mask


def _matrix(table: pa.Table, names: list[str], keep: Mask) -> Int64:
    """The columns beside each other, each contiguous in memory, 0 outside ``keep``."""
    votes = np.zeros((table.num_rows, len(names)), dtype=np.int64, order="F")
    for position, name in enumerate(names):
        votes[:, position] = np.where(keep, _numbers(table[name], 0), 0)
    return votes


def _candidates(table: pa.Table, names: list[str], has_counts: Mask) -> Int64:
    for name in names:
        holes = np.flatnonzero(has_counts & ~_valid(table[name]))
        if len(holes):
            station = table["station"][int(holes[0])].as_py()
            raise _unusable(f"lack {name} at the station {station}", "Every candidate has a number, 0 or more.")
    return _matrix(table, names, has_counts)


def _lines(table: pa.Table, names: list[str]) -> tuple[Mask | None, Int64 | None]:
    if not names or any(name not in table.column_names for name in names):
        return None, None
    has_lines = _valid(table["valid"])
    for name in names:
        has_lines &= _valid(table[name])
    return (has_lines, _matrix(table, names, has_lines)) if has_lines.any() else (None, None)
