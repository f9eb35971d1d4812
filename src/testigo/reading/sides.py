"""Which sides of a sheet are on the image, as the place of its code tells.

Rules of this module
--------------------
1. The code's corners say where the paper's edges should be. Sheets differ in the heights of their blocks and printers
   in their margins, so an edge is called *shown* only where the image reaches to it with that much to spare.
2. A code that reaches beyond the image is cut there, and so is its sheet.
3. What this cannot tell is not said: then the print at the edges decides (:mod:`testigo.reading.quality`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from testigo.election.layout import Box, Layout
from testigo.reading.codes import Code
from testigo.reading.papers.finding import BOTTOM, LEFT, RIGHT, TOP

Floats = npt.NDArray[np.float64]

#: By how much of the length between the code and the edge a sheet may be shorter or longer; millimetres of its margins.
_LENGTH_SLACK, _MARGIN_SLACK_MM = 0.04, 3.0
#: Modules of a code's side that may lie outside: corners are not found more exactly.
_OUTSIDE = 1.0


def sides_shown(code: Code, layout: Layout, size: tuple[int, int]) -> Mapping[str, bool]:
    """Side of the sheet -> whether it is on the image; sides of which nothing is known are left out.

    Args:
        code: of the sheet, as found on the image.
        layout: of the sheet's contest.
        size: (width, height) of the image in pixels.
    """
    box = layout.code_box(code.modules)
    if box is None or not code.modules:
        return {}
    return {**_where_paper_ends(code, layout, box, size), **_where_the_code_is_cut(code, size)}


def _where_the_code_is_cut(code: Code, size: tuple[int, int]) -> dict[str, bool]:
    corners = np.array(code.corners)
    spare = _OUTSIDE * code.side / code.modules
    outside = [not _within(corner, size, spare) for corner in corners]
    sides = {TOP: (0, 1), RIGHT: (1, 2), BOTTOM: (2, 3), LEFT: (3, 0)}
    return {side: False for side, (a, b) in sides.items() if outside[a] and outside[b]}


def _where_paper_ends(code: Code, layout: Layout, box: Box, size: tuple[int, int]) -> dict[str, bool]:
    """Sides of whose place, moved outwards by what sheets differ in, the image shows enough."""
    first, second, _, fourth = np.array(code.corners)
    across, down = (second - first) / box.width, (fourth - first) / box.height
    middle_x, middle_y = box.x + box.width / 2, box.y + box.height / 2
    below = layout.paper_height - box.bottom
    edges = {
        TOP: (middle_x, -_LENGTH_SLACK * box.y),
        BOTTOM: (middle_x, layout.paper_height + _LENGTH_SLACK * below),
        LEFT: (0.0, middle_y),
        RIGHT: (layout.paper_width, middle_y),
    }
    spare = _MARGIN_SLACK_MM * float(np.hypot(*across))
    placed = {side: first + (x - box.x) * across + (y - box.y) * down for side, (x, y) in edges.items()}
    return {side: True for side, place in placed.items() if _within(place, size, spare)}


def _within(place: Floats, size: tuple[int, int], spare: float) -> bool:
    return bool(-spare <= place[0] <= size[0] + spare and -spare <= place[1] <= size[1] + spare)
