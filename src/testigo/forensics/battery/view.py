"""One set of sheets as every test of the battery looks at it: the two leading candidates and the turnout, fitted once.

Rules of this module
--------------------
1. Observed, drawn and tampered sheets are looked at through the same view, and fitted anew each time: a test that knew
   the parameters of the observed data would be too sure (Efron & Tibshirani 1993, chapter 6).
2. Who leads is a fact of the observed data, given once; it does not move from draw to draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from testigo.forensics.battery.model import Fit, Floats, Groups, Ints, fit
from testigo.forensics.sheets import Sheets


@dataclass(frozen=True)
class Frame:
    """What does not change between observed and drawn data.

    Attributes:
        groups: centres and areas.
        first, second: columns of the strongest and the second candidate; equal if there is only one.
        names: their codes.
    """

    groups: Groups
    first: int
    second: int
    names: tuple[str, str]


class View:
    """A set of sheets with the fits that tests share.

    Args:
        sheets: observed, drawn or tampered.
        frame: of the observed data.
    """

    def __init__(self, sheets: Sheets, frame: Frame) -> None:
        self.sheets = sheets
        self.frame = frame
        self.first: Ints = sheets.votes[:, frame.first]
        self.second: Ints = sheets.votes[:, frame.second]
        self.valid: Ints = sheets.votes.sum(axis=1)
        self.has_turnout = sheets.electors > 0

    @cached_property
    def first_fit(self) -> Fit:
        """Votes of the first out of the valid votes."""
        return fit(self.first, self.valid, self.frame.groups)

    @cached_property
    def second_fit(self) -> Fit:
        """Votes of the second out of the valid votes."""
        return fit(self.second, self.valid, self.frame.groups)

    @cached_property
    def turnout_fit(self) -> Fit:
        """Valid votes out of the electors; stations of unknown electors have 0 of 0, excess votes are capped."""
        n = np.where(self.has_turnout, self.sheets.electors, 0)
        return fit(np.minimum(np.where(self.has_turnout, self.valid, 0), n), n, self.frame.groups)

    @cached_property
    def share(self) -> Floats:
        """Share of the first, 0 where nobody voted, shape (n,)."""
        return np.divide(self.first, self.valid, out=np.zeros(len(self.valid)), where=self.valid > 0)

    @cached_property
    def turnout(self) -> Floats:
        """Valid votes / electors, 0 where electors are unknown, shape (n,)."""
        return np.divide(self.valid, self.sheets.electors, out=np.zeros(len(self.valid)), where=self.has_turnout)
