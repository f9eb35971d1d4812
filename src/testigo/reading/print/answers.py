"""What the print of a sheet says: values for whoever asked, each with its confidence and its place on the picture.

Rules of this module
--------------------
1. Confidences are per mille, 0 to 1000, of the model's own chances; 0 where nothing was read.
2. A value that was not read is ``None``; nothing stands for it.
3. Places are rectangles (left, top, width, height) in the pixels that were given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from testigo.reading.print.page import Region
from testigo.records import Check, Counts


@dataclass(frozen=True, slots=True)
class Said:
    """One thing read: its text or number, how sure, and where."""

    text: str
    confidence: int
    box: Region | None = None


@dataclass(frozen=True, slots=True)
class CountPrint:
    """A row of the sheet that holds a count.

    Attributes:
        name: of a ballot line: its code; else the figure's name (``voters_machine``, ``votes``, ``valid``, ``zero``).
        kind: ``line``, ``figure`` (voters) or ``summary``.
        label: as the profile prints it.
        figures: the number in figures, with its confidence and place.
        words: the number in words.
        value: what the row says, judged by both; ``None`` if they do not tell.
        confidence: of ``value``.
        corrected: whether ``value`` is not the likeliest reading of this row alone: the sums decided it.
        named: whether the row's label was read and is the expected one.
        box: the whole row.
        differ: both figures and words were read well, and they say different numbers.
    """

    name: str
    kind: str
    label: str
    figures: int | None
    figures_confidence: int
    figures_box: Region | None
    words: int | None
    words_confidence: int
    words_box: Region | None
    value: int | None
    confidence: int
    corrected: bool = False
    named: bool = False
    box: Region | None = None
    differ: bool = False


@dataclass(frozen=True, slots=True)
class HmacPrint:
    """The authority's code at the end of a tape.

    Attributes:
        present: whether there is such a line; ``None`` if the end of the sheet was not found.
        digits: how many hexadecimal digits were read.
        text: as read, capitals.
    """

    present: bool | None
    digits: int
    text: str

    @property
    def whole(self) -> bool:
        """Whether all 64 digits were read."""
        return self.digits == 64


@dataclass(frozen=True, slots=True)
class PrintReading:
    """What the print of one sheet says.

    Attributes:
        contest: its code.
        station: code of the polling station, or empty.
        sheet_code: with its confidence and place; ``None`` if not read.
        uuid, printed_at, electors: the same.
        lines: one per ballot line, in printed order.
        rows: the further rows: voters, summary.
        counts: the votes, where every line was decided; null and blank votes where they were.
        printed: further figures by name: ``electors``, ``voters_machine``, ``votes``, ``valid``, …
        hmac: the authority's code; ``None`` where the sheet has none.
        signatures: role -> whether somebody signed; ``None`` if unsure.
        checks: the sums, with the numbers compared.
        proven: figures, words and sums agree: the print alone proves the counts.
        confidence: per mille, of the counts as a whole.
        problems: codes of what stands against it.
        simulacro: the print says that the sheet is a drawing.
    """

    contest: str
    station: str
    sheet_code: Said | None
    uuid: Said | None
    printed_at: Said | None
    electors: Said | None
    lines: tuple[CountPrint, ...]
    rows: tuple[CountPrint, ...]
    counts: Counts | None
    printed: Mapping[str, int]
    hmac: HmacPrint | None
    signatures: Mapping[str, bool | None]
    checks: tuple[Check, ...]
    proven: bool
    confidence: int
    problems: tuple[str, ...]
    simulacro: bool = False

    @property
    def corrected(self) -> tuple[str, ...]:
        """Names of the rows whose value the sums decided."""
        return tuple(row.name for row in (*self.lines, *self.rows) if row.corrected)

    @property
    def differing(self) -> tuple[CountPrint, ...]:
        """The rows whose figures and words were both read and say different numbers."""
        return tuple(row for row in (*self.lines, *self.rows) if row.differ)
