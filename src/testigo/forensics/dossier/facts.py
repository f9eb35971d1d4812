"""What readings say of a sheet itself, besides its counts: UUID, print time, the line below the code, signature boxes.

Rules of this module
--------------------
1. Facts come through the bundle (the column ``facts`` of ``readings``, see docs/bundle-format.md). A bundle without
   them, or a sheet of which no reading has any, is *not read*, never *absent*.
2. Readings may differ: then every value is kept, and which is right is not said.
3. A fact is about the sheet: a box is filled or empty, and whose hand filled it nobody can read here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from testigo.records.facts import EMPTY, FILLED, MAC, PRINTED_AT, SIGNATURE, UUID, fact_problem

PRESENT, ABSENT = "present", "absent"


@dataclass(frozen=True, slots=True)
class SheetFacts:
    """The facts of one station's sheet, over all its readings.

    Attributes:
        values: name -> its distinct values, in the order of the readings' leaves.
        symbols: of a damaged code, one letter per codeword (``.`` as seen, ``c`` corrected, ``e`` erased); empty for an
            intact code, or if no reader could tell.
    """

    values: Mapping[str, tuple[str, ...]]
    symbols: str = ""

    def of(self, name: str) -> tuple[str, ...]:
        """Values that readings give; empty: not read."""
        return self.values.get(name, ())

    @property
    def boxes(self) -> Mapping[str, tuple[str, ...]]:
        """Role -> what readings say of its signature box."""
        return {
            name.removeprefix(SIGNATURE): values for name, values in self.values.items() if name.startswith(SIGNATURE)
        }

    @property
    def filled(self) -> tuple[str, ...]:
        """Roles whose box every reading that looked calls filled."""
        return tuple(role for role, values in self.boxes.items() if values == (FILLED,))

    @property
    def empty(self) -> tuple[str, ...]:
        """Roles whose box every reading that looked calls empty."""
        return tuple(role for role, values in self.boxes.items() if values == (EMPTY,))


def facts_of(rows: Iterable[Mapping[str, Any]]) -> SheetFacts:
    """The facts that a station's rows of ``readings`` give; what is not of the closed list is left out."""
    values: dict[str, dict[str, None]] = {}
    symbols = ""
    for row in rows:
        for name, value in facts_in(row).items():
            values.setdefault(name, {})[value] = None
        symbols = symbols or row.get("symbols") or ""
    return SheetFacts({name: tuple(given) for name, given in values.items()}, symbols)


def facts_in(row: Mapping[str, Any]) -> Mapping[str, str]:
    """The facts of one row of ``readings``."""
    text = row.get("facts") or "{}"
    if text == "{}":
        return {}
    facts = json.loads(text)
    return facts if not fact_problem(facts) else {}


def day_of(printed_at: str) -> str:
    """The day of a print time, as ISO date."""
    return printed_at[:10]


__all__ = [
    "ABSENT",
    "EMPTY",
    "FILLED",
    "MAC",
    "PRESENT",
    "PRINTED_AT",
    "SIGNATURE",
    "UUID",
    "SheetFacts",
    "day_of",
    "facts_in",
    "facts_of",
]
