"""What a decision needs to know beyond the readings themselves.

Rules of this module
--------------------
1. ``station_known`` and ``electors`` follow from the register, so a verifier finds them in the bundle.
2. ``same_image`` and ``provenance`` are the operator's assertions: a verifier takes them from the decision it replays.
3. Unknown is ``None``. A register that is not complete cannot say that a station does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass

from testigo.election import Register
from testigo.records import Provenance


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a station apart from its readings.

    Attributes:
        station_known: whether a complete register has the station; ``None`` without a complete register.
        electors: registered electors by the register, or ``None``.
        same_image: codes of other stations that show the same image.
        provenance: a :class:`testigo.records.Provenance`.
    """

    station_known: bool | None = None
    electors: int | None = None
    same_image: tuple[str, ...] = ()
    provenance: str = Provenance.ANONYMOUS.value


class RegisterFacts:
    """Looks up many stations' facts in one register; without a register nothing is known."""

    def __init__(self, register: Register | None) -> None:
        self._complete = register is not None and register.complete
        # While stations are known only by number, a code that the register does not have may be one of them.
        self._all_named = register is not None and register.unnamed_stations == 0
        self._electors: dict[str, int | None] = {}
        if register is not None:
            columns = (register.table[name].to_pylist() for name in ("station", "electors"))
            self._electors = dict(zip(*columns, strict=True))

    def of(self, station: str, same_image: tuple[str, ...] = (), provenance: str = Provenance.ANONYMOUS.value) -> Facts:
        """The facts of one station, with the operator's two assertions."""
        known = self._is_known(station)
        return Facts(known, self._electors.get(station), tuple(sorted(same_image)), provenance)

    def _is_known(self, station: str) -> bool | None:
        if self._complete and station in self._electors:
            return True
        return False if self._complete and self._all_named else None
