"""The table of every area, as CSV: its stations with where they are and what stands.

Rules of this module
--------------------
1. The dialect is the bundle's: codes keep their leading zeros, unknown is empty and never 0.
2. Stations without numbers are in it: what is missing is data.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import pyarrow as pa

from testigo.bundle.texts import csv_bytes, flat
from testigo.publish import paths
from testigo.publish.model import ContestModel, Places
from testigo.publish.output import Unit


class AreaTables:
    """Makes the tables of one contest."""

    def __init__(self, places: Places, model: ContestModel) -> None:
        self._places, self._model = places, model

    def units(self) -> Iterator[Unit]:
        """The table of every area, once for all languages."""
        for code in self._places.register.areas:
            yield self._unit(code)

    def _unit(self, area: str) -> Unit:
        path = paths.csv(self._model.contest.code, area)
        return Unit(path, self._model.area_digests[area], (path,), lambda: [self.csv(area)])

    def csv(self, area: str) -> bytes:
        """The table of one area; the country's holds the stations that the register does not name as well."""
        stations = self._places.stations_below(area)
        rows = [self._row[code] for code in stations]
        if area == self._places.profile.country:
            rows += [self._row[code] for code in self._model.unlisted]
        return csv_bytes(self._whole.take(pa.array(rows, pa.int64())))

    @cached_property
    def _row(self) -> dict[str, int]:
        return {code: at for at, code in enumerate([*self._places.register.rows, *self._model.unlisted])}

    @cached_property
    def _whole(self) -> pa.Table:
        """Every station of the register, then those that it does not name."""
        register, model = self._places.register, self._model
        codes = list(self._row)
        known = pa.array([register.rows.get(code) for code in codes], pa.int64())
        where = register.table.take(known).set_column(0, "station", pa.array(codes, pa.string()))
        place = {code: at for at, code in enumerate(model.rows)}
        names = [
            "standing",
            "flags",
            "valid",
            "null",
            "blank",
            *(f"c_{code}" for code in model.contest.candidate_codes),
        ]
        counts = flat(model.table.select(names)).take(pa.array([place.get(code) for code in codes], pa.int64()))
        return pa.table([*where.columns, *counts.columns], names=[*where.column_names, *counts.column_names])
