"""Draw sheets: a press sets the standing type of a contest once, and then prints what differs.

How a sheet is drawn
--------------------
1. The template (all that is the same on every sheet) is copied.
2. What differs is written over it: codes, names, votes, people, the QR.
3. The marks of a drawing are stamped last (:mod:`testigo.simulate.marks`): there is no way to draw without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import segno
from numpy.typing import NDArray
from segno import DataOverflowError

from testigo.election import Box, Contest, Layout, Printing, Profile
from testigo.errors import InputError
from testigo.simulate import form, tape
from testigo.simulate.look import Fit, Look
from testigo.simulate.marks import side_marks, stamp
from testigo.simulate.paper import DPI, Image, Paper, encode_jpeg
from testigo.simulate.sheet import Sheet


class Style(Protocol):
    """What a kind of sheet has to know: the module :mod:`tape` or :mod:`form`."""

    @staticmethod
    def static(paper: Paper, contest: Contest, layout: Layout, printing: Printing) -> None:
        """Write what is the same on every sheet."""

    @staticmethod
    def fill(paper: Paper, contest: Contest, layout: Layout, printing: Printing, sheet: Sheet) -> None:
        """Write what differs."""

    @staticmethod
    def mark_places(layout: Layout) -> Sequence[Box]:
        """Where marks have room."""


_STYLES: dict[str, Style] = {"tape": tape, "form": form}  # type: ignore[dict-item]  # modules are checked by shape


class Press:
    """Prints the sheets of one contest.

    Args:
        look: another look than the profile's own (:func:`testigo.simulate.look.look_of`).

    Raises:
        InputError: the profile does not say what the contest's sheet looks like.
    """

    def __init__(self, profile: Profile, contest: Contest, dpi: float = DPI, look: Look | None = None) -> None:
        if contest.layout is None or contest.printing is None:
            raise InputError(
                f"The profile {profile.code} does not say what a sheet of {contest.code} looks like.",
                "Add [contests.layout] and [contests.printing] to it.",
            )
        self.contest, self.dpi = contest, dpi
        self.layout, self.printing = contest.layout, contest.printing
        self._style = _STYLES[self.printing.style]
        self._fit = None if look is None else Fit(look, self.layout)
        paper = Paper(self.layout.paper_width, self.layout.paper_height, dpi, None, self._fit)
        self._style.static(paper, contest, self.layout, self.printing)
        self._template = paper.pixels

    def print(self, sheet: Sheet) -> Image:
        """The drawing of a sheet: grey pixels, as it leaves the printer (flat, clean, complete)."""
        paper = Paper(self.layout.paper_width, self.layout.paper_height, self.dpi, self._template.copy(), self._fit)
        self._style.fill(paper, self.contest, self.layout, self.printing, sheet)
        modules = 0
        if self.contest.qr is not None and self.layout.block("code") is not None:
            matrix = code_modules(self.contest, sheet.payload(self.contest))
            modules = len(matrix)
            box = self.layout.code_box(modules)
            if box is not None:
                paper.matrix(box, matrix, is_main=True)
        stamp(paper, self.layout, self._style.mark_places(self.layout), side_marks(self.layout, modules or 21))
        return paper.pixels


def code_modules(contest: Contest, payload: str) -> NDArray[np.bool_]:
    """The modules of a sheet's QR, dark ones true: of the profile's version, or the next that holds the payload."""
    if contest.qr is None:
        raise InputError(f"The sheets of {contest.code} carry no code.")
    for version in range(contest.qr.version, 41):
        try:
            code = segno.make_qr(
                payload, version=version, error=contest.qr.level, mode="byte", encoding="ascii", boost_error=False
            )
        except DataOverflowError:
            continue
        return np.array([[bool(m) for m in row] for row in code.matrix])
    raise InputError(f"A payload of {len(payload)} characters does not fit any QR code.")


_presses: dict[tuple[str, str, float, Look | None], Press] = {}


def draw_sheet(profile: Profile, contest: Contest, sheet: Sheet, dpi: float = DPI, look: Look | None = None) -> Image:
    """The drawing of a sheet: grey pixels (height, width), marked as a drawing.

    Templates are kept, so that the second sheet of a contest costs a fraction of the first.

    Args:
        dpi: pixels per inch (a look's own ``dpi`` is for the caller to hand on).
        look: another look than the profile's own.

    Raises:
        InputError: the profile does not say what the sheet looks like, or the sheet is of another contest.
    """
    if sheet.contest != contest.code:
        raise InputError(f"A sheet of {sheet.contest} cannot be drawn as one of {contest.code}.")
    key = (profile.sha256, contest.code, dpi, look)
    if key not in _presses:
        if len(_presses) >= 4:
            _presses.clear()
        _presses[key] = Press(profile, contest, dpi, look)
    return _presses[key].print(sheet)


__all__ = ["Press", "code_modules", "draw_sheet", "encode_jpeg"]
