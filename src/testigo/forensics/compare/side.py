"""One side of a comparison: the counts of one publication, keyed so that another's spelling of a station fits.

The key of a station
--------------------
(centre, station) as numbers where they are numbers (``010101001`` is ``10101001`` is ``10101001.0``), else as text
without its outer spaces, whatever the case of its letters.

Rules of this module
--------------------
1. A station has one row. The same row twice is noted and kept once; two that differ are a problem.
2. Unknown null and blank votes are -1, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from testigo.bundle import Bundle
from testigo.election import Contest, Profile, station_code
from testigo.errors import InputError, Problem
from testigo.records import AT_LEAST, Standing

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

OTHERS = "others"
UNKNOWN = -1
#: Between the parts of a key; in no code.
SEPARATOR = "\x1f"


@dataclass(frozen=True, eq=False)
class Side:
    """The counts of n stations. Order of the rows has no meaning.

    Attributes:
        name: what people call it: its file or folder.
        keys: n texts, ``centre`` + :data:`SEPARATOR` + ``number``, all different.
        candidates: k codes; :data:`OTHERS` for votes that the publication does not break down.
        votes: int64[n, k].
        null, blank: int64[n], -1 where unknown.
        notes: what was noticed while reading.
    """

    name: str
    keys: pa.Array
    candidates: tuple[str, ...]
    votes: Int64
    null: Int64
    blank: Int64
    notes: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def others(self) -> bool:
        """Whether some votes are not broken down."""
        return OTHERS in self.candidates


def normal(values: pa.Array) -> pa.Array:
    """The part of a key that a cell gives; see the module's docstring."""
    texts = pc.utf8_lower(pc.utf8_trim_whitespace(values))
    number = pc.match_substring_regex(texts, r"^[0-9]+(\.0+)?$")
    digits = pc.utf8_ltrim(pc.replace_substring_regex(texts, r"\.0+$", ""), "0")
    digits = pc.if_else(pc.equal(digits, ""), "0", digits)
    return pc.if_else(number, digits, texts)


def keys_of(centre: pa.Array, number: pa.Array) -> pa.Array:
    """Keys from the two parts."""
    return pc.binary_join_element_wise(normal(centre), normal(number), SEPARATOR)


def shown(key: str, profile: Profile | None) -> str:
    """The station's code as the election writes it; without a profile the two parts with a dot between."""
    centre, _, number = key.partition(SEPARATOR)
    code = station_code(profile, centre, number) if profile else None
    return code or f"{centre}.{number}"


def side_of_bundle(bundle: Bundle, contest: Contest, at_least: Standing = Standing.CONFIRMED) -> Side:
    """The counted stations of a bundle."""
    table = bundle.tallies
    standings = pa.array([standing.value for standing in AT_LEAST[at_least]])
    wanted = pc.and_(pc.equal(table["contest"], contest.code), pc.is_in(table["standing"], value_set=standings))
    table = table.filter(pc.and_(wanted, pc.is_valid(table["valid"]))).combine_chunks()
    grammar = bundle.profile.station.pattern
    parts = _parts(table["station"].combine_chunks(), grammar, bundle.path.name)
    votes = [table[f"c_{code}"].to_numpy() for code in contest.candidate_codes]
    return Side(
        name=str(bundle.path),
        keys=keys_of(*parts),
        candidates=contest.candidate_codes,
        votes=np.column_stack(votes).astype(np.int64).reshape(len(table), len(votes)),
        null=_known(table["null"]),
        blank=_known(table["blank"]),
    )


def _parts(codes: pa.Array, pattern: str, name: str) -> tuple[pa.Array, pa.Array]:
    centre, number = split(codes, pattern)
    if centre.null_count:
        odd = codes.filter(pc.is_null(centre))[0].as_py()
        raise InputError(f"{name}: {odd!r} is not the code of a station.", "Verify the bundle: testigo verify.")
    return centre, number


def split(codes: pa.Array, pattern: str) -> tuple[pa.Array, pa.Array]:
    """Centre and number of codes by a pattern with those groups; null where it does not fit."""
    found = pc.extract_regex(codes, f"^(?:{pattern})$")
    nulls = pc.is_null(found)
    centre, number = (pc.if_else(nulls, None, pc.struct_field(found, name)) for name in ("centre", "number"))
    return centre, number


def _known(column: pa.ChunkedArray) -> Int64:
    return np.asarray(pc.fill_null(column.cast(pa.int64()), UNKNOWN).to_numpy(), dtype=np.int64)
