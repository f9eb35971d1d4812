"""Whether a sheet's code, its figures and its words say the same; and where they do not, with the place.

Rules of this module
--------------------
1. Only what was surely read is compared: a smudged figure contradicts nobody.
2. A disagreement is shown, never settled here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from testigo.reading.byprint import PrintedSheet, said_by
from testigo.reading.codes import Region
from testigo.records import Counts


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One number of a sheet of which its code, its figures and its words do not say the same.

    Attributes:
        field: the line's code, or the figure's name (``valid``).
        qr, figures, words: what each says; ``None`` where it could not be read.
        region: where the line stands, in the image's upright pixels: x, y, width, height.
    """

    field: str
    qr: int | None
    figures: int | None
    words: int | None
    region: Region

    def as_json(self) -> dict[str, Any]:
        """``{"field", "qr", "figures", "words", "region"}``."""
        return {
            **{name: getattr(self, name) for name in ("field", "qr", "figures", "words")},
            "region": list(self.region),
        }


def disagreements(counts: Counts | None, figures: Mapping[str, int], sheet: PrintedSheet) -> tuple[Disagreement, ...]:
    """Every number of a sheet of which two sources say different things.

    Args:
        counts: as the sheet's code says them; ``None`` if no code was read.
        figures: further figures that the code says, by name.
        sheet: its print.

    Returns:
        In printed order.
    """
    coded = _coded(counts, figures)
    found = []
    for row in sheet.rows:
        figure, word = said_by(row)
        said = {value for value in (coded.get(row.name), figure, word) if value is not None}
        if len(said) > 1 and row.box is not None:
            found.append(Disagreement(row.name, coded.get(row.name), figure, word, sheet.place(row.box)))
    return tuple(found)


def _coded(counts: Counts | None, figures: Mapping[str, int]) -> dict[str, int]:
    """Name of a row -> the number that the code says for it."""
    if counts is None:
        return dict(figures)
    single = {"null": counts.null, "blank": counts.blank, "valid": counts.valid}
    known = {name: value for name, value in single.items() if value is not None}
    return {**(counts.lines or counts.candidates), **known, **figures}
