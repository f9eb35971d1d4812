"""The words on a sheet: headings, labels, and how a number is written in words.

Rules of this module
--------------------
1. These are the sheet's own words, in the sheet's own language; they are never translated.
2. Drawing writes them, and whoever reads the print looks for them: one list for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: ``tape``: printed by a machine on a roll. ``form``: printed beforehand and filled in by hand.
STYLES = ("tape", "form")


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """A row of the block ``summary``: its label and the figure in it (a printed figure's name, or ``zero``)."""

    label: str
    figure: str


@dataclass(frozen=True, slots=True)
class Printing:
    """What a sheet says besides its figures.

    Attributes:
        style: one of :data:`STYLES`.
        title: first words of the sheet.
        heading: office, election and country, one text per printed line.
        digit_words: the words for 0 to 9, or nothing where numbers stand in figures only.
        figure_digits: how many digits a number has in words (padded with zeros), or boxes in a form.
        area_prefixes: per level of the territory, what stands before an area's name (``EDO. ``), unless the name
            brings an abbreviation of its own.
        summary: rows of the block ``summary``.
        labels: name of a figure, of a block or of a signature box -> what is printed.
    """

    style: str
    title: str
    heading: tuple[str, ...]
    digit_words: tuple[str, ...]
    figure_digits: int
    area_prefixes: tuple[str, ...]
    summary: tuple[SummaryRow, ...]
    labels: Mapping[str, str]

    def in_words(self, number: int) -> str:
        """A number digit by digit, as the sheet prints it: ``Cero, Cuatro, Ocho, Tres``. Empty without words."""
        if not self.digit_words:
            return ""
        return ", ".join(self.digit_words[int(digit)] for digit in str(number).zfill(self.figure_digits))

    def label(self, name: str) -> str:
        """What is printed for that name; the name itself where nothing is said."""
        return self.labels.get(name, name)

    def area(self, level: int, name: str) -> str:
        """An area's name as printed; ``level`` counts from 0, top down."""
        if level >= len(self.area_prefixes) or "." in name:
            return name
        return self.area_prefixes[level] + name
