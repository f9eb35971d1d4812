"""The votes of one contest at one station, as one source gives them.

Rules of this module
--------------------
1. Unknown is ``None``, never 0.
2. Whole numbers from 0 up, wherever counts come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testigo.errors import InputError


@dataclass(frozen=True, slots=True)
class Counts:
    """The votes that one source gives for one (contest, station).

    Attributes:
        candidates: candidate code -> votes; always present, every candidate of the contest.
        lines: ballot line code -> votes, every line of the contest, or ``None`` where the source has candidates only.
        null: null votes, or ``None`` where the source does not say.
        blank: blank votes, or ``None`` where the source does not say.
    """

    candidates: Mapping[str, int]
    lines: Mapping[str, int] | None = None
    null: int | None = None
    blank: int | None = None

    @property
    def valid(self) -> int:
        """Valid votes: the sum over the candidates."""
        return sum(self.candidates.values())

    @property
    def cast(self) -> int:
        """All votes: valid, null and blank (unknown ones as 0, so a lower bound)."""
        return self.valid + (self.null or 0) + (self.blank or 0)

    def agrees_with(self, other: Counts) -> bool:
        """Whether two sources give the same numbers wherever both give one.

        Candidates are always compared; lines, null and blank only where both sources have them.
        """
        if self.candidates != other.candidates:
            return False
        for mine, theirs in ((self.lines, other.lines), (self.null, other.null), (self.blank, other.blank)):
            if mine is not None and theirs is not None and mine != theirs:
                return False
        return True

    def as_json(self) -> dict[str, Any]:
        """``{"candidates": {…}, "lines": {…} | null, "null": n | null, "blank": n | null}``."""
        lines = None if self.lines is None else dict(self.lines)
        return {"candidates": dict(self.candidates), "lines": lines, "null": self.null, "blank": self.blank}

    @classmethod
    def from_json(cls, value: Any) -> Counts:
        """Inverse of :meth:`as_json`. Raises :class:`InputError` for a wrong shape or a negative number."""
        if not isinstance(value, dict) or set(value) != {"candidates", "lines", "null", "blank"}:
            raise InputError("Counts must have exactly the fields candidates, lines, null and blank.")
        for votes in (value["candidates"], value["lines"]):
            if votes is not None and not (isinstance(votes, dict) and all(_is_count(v) for v in votes.values())):
                raise InputError("Counts must map each code to a whole number of votes, 0 or more.")
        if value["candidates"] is None or not all(v is None or _is_count(v) for v in (value["null"], value["blank"])):
            raise InputError("Counts need candidates, and null and blank votes as whole numbers or null.")
        return cls(value["candidates"], value["lines"], value["null"], value["blank"])


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
