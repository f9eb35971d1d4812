"""How a sheet may look otherwise: type, line height, gaps, margins, size of the code. The same words, the same marks.

Rules of this module
--------------------
1. Everything is drawn in the profile's own millimetres; a look moves them on their way to the paper, so that no drawing
   code knows of looks. Without a look nothing is moved.
2. Codes and marks stay square; marks keep their size, and none is left out, whatever the look.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

import numpy as np
from numpy.typing import NDArray

from testigo.election import Box, Layout
from testigo.simulate.letters import BOLD, BUILT_IN, PLAIN, Letters

Floats = NDArray[np.float64]
#: Where the header's lines stand: sheet code, UUID (two halves), print time; millimetres below the block's top, and
#: the size of the UUID's letters. Two equal heights: the UUID stands on one line.
HEADERS = ((14.0, 20.0, 24.5, 31.0, 3.6), (27.0, 14.0, 18.5, 33.0, 3.6), (14.0, 25.0, 25.0, 19.5, 3.2))
#: Where a party's number stands: in a column, in brackets behind the label, below it, nowhere.
PARTIES = ("column", "brackets", "below", "none")
_MARK_REACH = 5.6  # from the middle of a mark beside the code to the end of its white


@dataclass(frozen=True, slots=True)
class Look:
    """A sheet's look. The defaults are the profile's own.

    Attributes:
        letters, bold: the type, and that of headings.
        text: size of letters, as a factor.
        row, group, block: height of ballot lines, of candidates' headings and of other blocks, as factors.
        gaps: millimetres added after each block, in printed order.
        margin: millimetres added left and right.
        module: size of a QR module, as a factor (0.9 of 1.15 mm is 1.04 mm).
        quiet: millimetres of white added above and below the code.
        header: which of :data:`HEADERS`.
        beside: whether a number's words stand beside its figures, not below.
        party: where a ballot line's party number stands: :data:`PARTIES`.
        rules: whether lines are ruled above and below candidates' names.
        above: whether the voters' labels stand above their numbers.
        strong: whether figures are in the type of headings.
        dpi: pixels per inch.
        ink: tone of the print.
    """

    letters: Letters = PLAIN
    bold: Letters = BOLD
    text: float = 1.0
    row: float = 1.0
    group: float = 1.0
    block: float = 1.0
    gaps: tuple[float, ...] = ()
    margin: float = 0.0
    module: float = 1.0
    quiet: float = 0.0
    header: int = 0
    beside: bool = False
    party: str = "column"
    rules: bool = True
    above: bool = False
    strong: bool = False
    dpi: float = 203.2
    ink: int = 25


#: The profile's own look.
OWN = Look()


def look_of(seed: int | str, fonts: tuple[str, ...] = ()) -> Look:
    """One of countless looks: 0.9 to 1.3 mm a module where the profile says 1.15, 150 to 540 dpi, mostly 200 to 300.

    Args:
        seed: what it follows from.
        fonts: paths of further fonts (:func:`testigo.simulate.letters.system_fonts`); another list, other looks.
    """
    rng = Random(f"{seed}/look")
    size = rng.uniform(0.88, 1.14)
    letters = Letters(rng.choice((*BUILT_IN, *fonts)), rng.choice((300, 400, 500, 700)))
    wide = rng.choice((1.0, rng.uniform(0.8, 1.12)))
    pitch = rng.choice((0.0, 0.0, rng.uniform(0.5, 0.58)))
    dots = rng.choice((0, 0, 0, rng.randint(17, 26)))
    letters = replace(letters, wide=wide, pitch=pitch, dots=dots)
    bold = rng.choice((BOLD, replace(letters, weight=700), replace(letters, face="sans", weight=700)))
    beside = rng.random() < 0.5
    party = rng.choice(PARTIES)
    low = (0.66 if party != "below" else 0.85) if beside else 0.98
    return Look(
        letters=letters,
        bold=bold,
        text=size,
        row=max(size, 0.97) * low * rng.uniform(1.0, 1.35),
        group=rng.uniform(0.9, 1.35),
        block=max(size, 0.95) * rng.uniform(1.0, 1.15),
        gaps=tuple(rng.choice((0.0, rng.uniform(0, 9))) for _ in range(9)),
        margin=rng.choice((0.0, rng.uniform(0, 4))),
        module=rng.uniform(0.9, 1.3) / 1.15,
        quiet=rng.uniform(-1.5, 4.0),
        header=rng.randrange(len(HEADERS)),
        beside=beside,
        party=party,
        rules=rng.random() < 0.6,
        above=beside or rng.random() < 0.3,
        strong=rng.random() < 0.4 and bold.face != "sans",
        dpi=rng.choice((150.0, *[rng.uniform(195, 300) for _ in range(8)], rng.uniform(300, 540))),
        ink=rng.choice((25, rng.randint(10, 70))),
    )


class Fit:
    """A look on a layout: the profile's millimetres -> the paper's.

    Attributes:
        width, height: of the paper, millimetres.
    """

    def __init__(self, look: Look, layout: Layout) -> None:
        self.look = look
        standard, fitted = [0.0], [0.0]

        def add(height: float, factor: float, extra: float = 0.0) -> None:
            standard.append(standard[-1] + height)
            fitted.append(fitted[-1] + height * factor + extra)

        for number, block in enumerate(layout.blocks):
            gap = look.gaps[number] if number < len(look.gaps) else 0.0
            if block.kind == "lines":
                for lines in layout.groups:
                    add(block.group, look.group) if block.group else None
                    for _ in range(lines):
                        add(block.row, look.row)
            elif block.kind == "code" and block.module:
                # The code's middle stays in the middle of what surrounds it.
                side = block.box.height - 2 * block.quiet
                add(block.box.height, 1.0, side * (look.module - 1) + 2 * look.quiet)
            else:
                add(block.box.height, look.block)
            fitted[-1] += gap
        self._standard, self._fitted = np.array(standard), np.array(fitted)
        self.height = float(self._fitted[-1])
        code = layout.block("code")
        side = (code.box.height - 2 * code.quiet) * look.module if code is not None and code.module else 0.0
        needed = side + 2 * (look.margin + _MARK_REACH + 5.6) if side else 0.0
        self.width = max(layout.paper_width + 2 * look.margin, needed)
        self._scale = (self.width - 2 * look.margin) / layout.paper_width

    def x(self, x: float | Floats) -> Floats:
        """From the paper's left."""
        return np.asarray(self.look.margin + np.asarray(x) * self._scale, np.float64)

    def y(self, y: float | Floats) -> Floats:
        """From the paper's top."""
        return np.asarray(np.interp(y, self._standard, self._fitted), np.float64)

    def box(self, box: Box) -> Box:
        """A rectangle, edge by edge."""
        (left, right), (top, bottom) = self.x(np.array([box.x, box.right])), self.y(np.array([box.y, box.bottom]))
        return Box(float(left), float(top), float(right - left), float(bottom - top))

    def square(self, box: Box, factor: float = 1.0) -> Box:
        """A square about the same middle, scaled by ``factor`` alone."""
        x, y = float(self.x(box.x + box.width / 2)), float(self.y(box.y + box.height / 2))
        width, height = box.width * factor, box.height * factor
        return Box(x - width / 2, y - height / 2, width, height)
