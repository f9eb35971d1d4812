"""What was found on an image: its sheets, each with what it says, where it lies, and what that rests on.

Rules of this module
--------------------
1. Shapes only; ``sheets.py`` fills them, ``answers.py`` gives them to others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from testigo.election.grammar import Payload
from testigo.reading.agreement import Disagreement
from testigo.reading.byprint import PrintedSheet
from testigo.reading.codes import Code, Region
from testigo.reading.limits import Refusal
from testigo.records import Counts


@dataclass(frozen=True, slots=True)
class FoundSheet:
    """One sheet found on an image.

    Attributes:
        contest, station, sheet_code: which sheet it is.
        counts: the votes.
        evidence: what the counts rest on: the code, the print, or both where one was needed to read the other.
        region: the rectangle around the sheet's code (around its print, if no code was read), in upright pixels:
            x, y, width, height.
        stage: how much work it took: ``half``, ``full``, ….
        confidence: per mille.
        payload: what its code says, taken apart; ``None`` if no code was read.
        code: the code as found; its place is in the image's upright pixels.
        page: of the file, from 1.
        printed: further figures by name (``electors``, ``valid``, …).
        facts: what the print says of the sheet itself; see :func:`testigo.records.fact_problem`.
        disagreements: where the code, the figures and the words differ, each with its place.
        by_print: its print, if that was read too, proven or not.
        problems: codes of :data:`testigo.reading.PROBLEMS`, sorted.
    """

    contest: str
    station: str
    sheet_code: str
    counts: Counts
    evidence: tuple[str, ...]
    region: Region
    stage: str
    confidence: int
    payload: Payload | None = None
    code: Code | None = None
    page: int = 1
    printed: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    disagreements: tuple[Disagreement, ...] = ()
    by_print: PrintedSheet | None = field(default=None, compare=False)
    problems: tuple[str, ...] = ()

    @property
    def print_confirms(self) -> bool:
        """Whether the print alone proves the very counts that the code alone gave."""
        if self.code is None or self.by_print is None or len(self.evidence) > 1:
            return False
        counts = self.by_print.reading.counts
        return self.by_print.reading.proven and counts is not None and counts.agrees_with(self.counts)


@dataclass(frozen=True, slots=True)
class SheetReadings:
    """What was read of one file.

    Attributes:
        found: its sheets, page by page, from top to bottom; empty if refused or if none could be read.
        refusal: why the file was refused as a whole, or ``None``.
        problems: codes of what was odd about the file.
        size: (width, height) of the first page in upright pixels; (0, 0) if it is no image.
    """

    found: tuple[FoundSheet, ...] = ()
    refusal: Refusal | None = None
    problems: tuple[str, ...] = ()
    size: tuple[int, int] = (0, 0)
