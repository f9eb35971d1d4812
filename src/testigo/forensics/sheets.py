"""The counted stations of a bundle as arrays: what every analysis looks at.

Rules of this module
--------------------
1. One entry per station whose counts are in the headline (or better than the standing asked for), in order of code.
2. Unknown electors are masked, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from testigo.bundle import Bundle
from testigo.election import Contest
from testigo.records import AT_LEAST, Standing

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Sheets:
    """The stations that are counted.

    Attributes:
        contest: which.
        codes: station codes, shape (n,).
        centre: index of the centre, from 0, shape (n,); ``centres`` names them.
        area: index of the lowest area, shape (n,); ``areas`` names them. -1 where the register does not know.
        votes: shape (n, candidates), in the profile's order.
        valid: shape (n,).
        null: shape (n,), -1 unknown.
        electors: shape (n,), -1 unknown.
    """

    contest: Contest
    codes: npt.NDArray[np.str_]
    centre: Ints
    centres: tuple[str, ...]
    area: Ints
    areas: tuple[str, ...]
    votes: Ints
    valid: Ints
    null: Ints
    electors: Ints

    def __len__(self) -> int:
        return len(self.codes)

    def votes_of(self, candidate: str) -> Ints:
        """Votes of one candidate, shape (n,)."""
        column: Ints = self.votes[:, self.contest.candidate_codes.index(candidate)]
        return column

    @property
    def electors_known(self) -> Bools:
        """Where registered electors are known, shape (n,)."""
        known: Bools = self.electors >= 0
        return known


def sheets_of(bundle: Bundle, contest: str | None = None, at_least: Standing = Standing.CONFIRMED) -> Sheets:
    """The counted stations of a contest.

    Raises:
        InputError: no such contest, or several and none named.
    """
    chosen = bundle.profile.contest(contest)
    table = bundle.tallies
    wanted = pc.and_(
        pc.and_(
            pc.equal(table["contest"], chosen.code),
            pc.is_in(table["standing"], value_set=pa.array([s.value for s in AT_LEAST[at_least]])),
        ),
        pc.is_valid(table["valid"]),
    )
    table = table.filter(wanted).sort_by("station")
    codes = np.array(table["station"].to_pylist(), dtype=np.str_)
    known = bundle.register.table
    rows = np.array([bundle.register.rows.get(code, -1) for code in codes.tolist()], dtype=np.int64)
    centre, centres = _indexed(known["centre"], rows)
    level = bundle.profile.levels[-1].code if bundle.profile.levels else "centre"
    area, areas = _indexed(known[level], rows)
    electors = np.append(known["electors"].fill_null(-1).to_numpy(), -1)[rows]
    votes = np.column_stack([table[f"c_{code}"].to_numpy() for code in chosen.candidate_codes])
    return Sheets(
        contest=chosen,
        codes=codes,
        centre=centre,
        centres=centres,
        area=area,
        areas=areas,
        votes=votes.astype(np.int64).reshape(len(codes), len(chosen.candidate_codes)),
        valid=table["valid"].to_numpy().astype(np.int64),
        null=table["null"].fill_null(-1).to_numpy().astype(np.int64),
        electors=electors.astype(np.int64),
    )


def _indexed(column: pa.ChunkedArray, rows: Ints) -> tuple[Ints, tuple[str, ...]]:
    """Index of each row's value among the distinct ones; -1 where the row is unknown."""
    encoded = column.combine_chunks().dictionary_encode()
    indices = np.append(encoded.indices.to_numpy(), -1).astype(np.int64)
    return indices[rows], tuple(encoded.dictionary.to_pylist())
