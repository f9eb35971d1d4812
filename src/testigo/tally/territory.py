"""The territory as arrays: which area and which centre every station of the register belongs to.

Rules of this module
--------------------
1. Places are told apart by their codes, never by their names: two parishes named *Bolívar* are two places.
2. Areas stand top down: the country first, then each level; a parent always comes before its children.
3. Made once per register and kept as long as the register lives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from testigo.election import Area, Register
from testigo.tally.counted import Int32, Int64, Mask


@dataclass(frozen=True, eq=False)
class Territory:
    """Where the s stations of a register are, with a areas and c centres.

    Attributes:
        areas: a areas, the country first.
        parent: int32[a], index of the area above; -1 for the country.
        levels: per level below the country, top down: the range of its areas.
        lowest: int32[s], the area of the lowest level that holds the station.
        centre: int32[s], index of the station's centre.
        centre_codes: c codes; ``centre_names`` likewise.
        centre_area: int32[c], the area of the lowest level in which the centre's first station lies.
        electors: int64[s], registered electors, 0 where unknown.
        electors_known: bool[s].
    """

    areas: tuple[Area, ...]
    parent: Int32
    levels: tuple[slice, ...]
    lowest: Int32
    centre: Int32
    centre_codes: tuple[str, ...]
    centre_names: tuple[str, ...]
    centre_area: Int32
    electors: Int64
    electors_known: Mask

    @cached_property
    def area_index(self) -> Mapping[str, int]:
        """Area code -> index."""
        return {area.code: index for index, area in enumerate(self.areas)}

    @cached_property
    def centre_index(self) -> Mapping[str, int]:
        """Centre code -> index."""
        return {code: index for index, code in enumerate(self.centre_codes)}

    @cached_property
    def children(self) -> tuple[list[int], ...]:
        """Per area, the areas directly below, by code."""
        return _grouped(self.parent[1:], len(self.areas), first=1)

    @cached_property
    def centres_of(self) -> tuple[list[int], ...]:
        """Per area, the centres directly in it (only the lowest level has any), by code."""
        return _grouped(self.centre_area, len(self.areas), first=0)

    def roll_up(self, sums: Int64) -> None:
        """Add every area's row of ``sums`` (int64[a, …]) to the areas above it, in place."""
        for level in reversed(self.levels):
            np.add.at(sums, self.parent[level], sums[level])


def _grouped(parents: Int32, size: int, first: int) -> tuple[list[int], ...]:
    groups: tuple[list[int], ...] = tuple([] for _ in range(size))
    for index, parent in enumerate(parents.tolist(), first):
        groups[parent].append(index)
    return groups


_known: WeakKeyDictionary[Register, Territory] = WeakKeyDictionary()


def territory_of(register: Register) -> Territory:
    """The register's territory; made at the first call."""
    territory = _known.get(register)
    if territory is None:
        territory = _known[register] = _build(register)
    return territory


def _build(register: Register) -> Territory:
    areas = tuple(register.areas.values())
    index = {area.code: position for position, area in enumerate(areas)}
    table = register.table
    centre, codes, first = _centres(table)
    lowest = np.zeros(len(register), dtype=np.int32)
    if register.profile.levels:
        column = table[register.profile.levels[-1].code]
        lowest = pc.index_in(column, value_set=pa.array(list(index))).to_numpy().astype(np.int32)
    names = table["centre_name"].take(pa.array(first)).to_pylist()
    return Territory(
        areas=areas,
        parent=np.array([index[area.parent] if area.parent else -1 for area in areas], dtype=np.int32),
        levels=_levels(register, areas),
        lowest=lowest,
        centre=centre,
        centre_codes=codes,
        centre_names=tuple(names),
        centre_area=lowest[first],
        electors=pc.fill_null(table["electors"], 0).to_numpy().astype(np.int64),
        electors_known=np.asarray(pc.is_valid(table["electors"]).to_numpy(), dtype=np.bool_),
    )


def _centres(table: pa.Table) -> tuple[Int32, tuple[str, ...], Int64]:
    """Per station its centre, ordered by code; the codes; per centre its first station's row."""
    encoded = table["centre"].combine_chunks().dictionary_encode()
    order = pc.sort_indices(encoded.dictionary).to_numpy()
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    centre = rank[encoded.indices.to_numpy()]
    first = np.zeros(len(order), dtype=np.int64)
    rows = np.arange(len(centre) - 1, -1, -1)
    first[centre[rows]] = rows  # written backwards, so that the first station is written last
    return centre, tuple(encoded.dictionary.take(pa.array(order)).to_pylist()), first


def _levels(register: Register, areas: tuple[Area, ...]) -> tuple[slice, ...]:
    slices, start = [], 1
    for level in register.profile.levels:
        stop = start + sum(area.level == level.code for area in areas[start:])
        slices.append(slice(start, stop))
        start = stop
    return tuple(slices)
