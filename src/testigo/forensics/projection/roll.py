"""Every polling station that is known by name, counted or not: what a projection projects to.

Rules of this module
--------------------
1. The size of a centre is the number of its stations in the register, not of those that happened to report.
2. Unknown electors are -1, unknown national electors ``None``: neither is ever 0 by default.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from testigo.bundle import Bundle
from testigo.errors import InputError
from testigo.forensics.sheets import Sheets

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Stations per centre from which each class of size begins: 1, 2, 3-4, 5 and more.
SIZES = (1, 2, 3, 5)


@dataclass(frozen=True)
class Roll:
    """The stations of a country. Arrays of shape (stations,).

    Attributes:
        centre: index of the centre, from 0 without gaps.
        area: index of the area that strata are made of; ``areas`` of them.
        electors: registered electors, -1 unknown.
        row: row of the station in the sheets, -1 if it is not counted.
        unnamed_stations: stations known only by number.
        total_electors: of the whole country, or ``None``.
    """

    centre: Ints
    area: Ints
    areas: int
    electors: Ints
    row: Ints
    unnamed_stations: int = 0
    total_electors: int | None = None

    def __len__(self) -> int:
        return len(self.centre)

    @property
    def size_class(self) -> Ints:
        """Class of the centre's size, 0 to 3 (:data:`SIZES`)."""
        stations = np.bincount(self.centre)[self.centre] if len(self) else np.zeros(0, dtype=np.int64)
        classes: Ints = np.searchsorted(np.array(SIZES), stations, side="right") - 1
        return classes


def roll_of(bundle: Bundle, sheets: Sheets, level: str | None = None) -> Roll:
    """The bundle's register as a roll.

    Args:
        sheets: the counted stations; those that the register does not name keep their votes in the counted totals.
        level: code of the territory's level whose areas are strata; left out, the lowest.

    Raises:
        InputError: the profile has no such level.
    """
    register = bundle.register
    table = register.table
    codes = [known.code for known in bundle.profile.levels]
    if level is not None and level not in codes:
        raise InputError(f"There is no level {level!r}.", f"Known: {', '.join(codes)}.")
    column = level or (codes[-1] if codes else "centre")
    position = {code: row for row, code in enumerate(sheets.codes.tolist())}
    area = table[column].combine_chunks().dictionary_encode()
    return Roll(
        centre=table["centre"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64),
        area=area.indices.to_numpy().astype(np.int64),
        areas=len(area.dictionary),
        electors=table["electors"].fill_null(-1).to_numpy().astype(np.int64),
        row=np.array([position.get(code, -1) for code in table["station"].to_pylist()], dtype=np.int64),
        unnamed_stations=register.unnamed_stations,
        total_electors=register.total_electors,
    )
