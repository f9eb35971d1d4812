"""Forms: a box per digit, filled in by hand; found by their frames, read as a row of digits.

Rules of this module
--------------------
1. A row of boxes is what stands side by side, alike in size; a single frame of other size is something else.
2. The frame is what the boxes of a form have in common; it is taken away before reading, and no stroke with it.
3. An empty box between two digits makes the number unreadable: nobody knows what belongs there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from testigo.reading.print.ctc import likely_numbers
from testigo.reading.print.evidence import NOTHING, Source
from testigo.reading.print.looking import SheetReader
from testigo.reading.print.page import Float, Grey, Page
from testigo.reading.print.recogniser import Frames
from testigo.reading.print.segments import Piece

_SIDE = (4.0, 16.0)  # millimetres
_PALE_FRAMES = (0.45, 0.3, 0.2)  # of the strongest ink: how dark a frame's lines may be
_FRAME = 0.7  # share of a frame's edge that must be ink
_LEAST_KNOWN = 3  # rows with boxes that say where a row's boxes stand
_ROOM, _INSET = 0.06, 0.04  # of a box's height: what is looked at round it to see its frame; what its frame takes
_DEEP = 0.16  # of a box's height: how deep into it its frame can be seen
_REMAINS = 0.15  # of a box's side: how far the remains of its frame reach into it
_PALE_PEN = 0.35  # of the usual pen: a row written so palely is not written at all
_UNDER, _INK = 0.38, 0.5  # of the pen: what is no darker lies under the writing; what is as dark belongs to it
_EMPTY, _FILLED = 0.16, 0.36  # of a box's height: specks are smaller, digits taller; between, nobody knows


Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class CellRow:
    """Boxes side by side, from left to right."""

    cells: tuple[Piece, ...]

    @property
    def piece(self) -> Piece:
        """All of them."""
        return Piece(
            self.cells[0].left, min(c.top for c in self.cells), self.cells[-1].right, max(c.bottom for c in self.cells)
        )


def find_cells(page: Page, places: int) -> list[CellRow]:
    """All rows of boxes, top down. ``places``: how many boxes a number has."""
    dark = cv2.blur(255 - page.grey, (3, 3))
    strong = float(np.percentile(dark[::3, ::3], 99.5))
    masks = [page.ink > 0.35, *(dark > share * strong for share in _PALE_FRAMES)]
    cells: list[Piece] = []
    for mask in masks:
        solid = np.asarray(
            cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), np.uint8
        )
        # What one threshold loses in a pale frame, another finds; none is asked to see all boxes.
        for piece in (*_outlined(solid, page.scale, places), *_hollow(solid, page.scale)):
            if all(not _same_place(piece, other) for other in cells):
                cells.append(piece)
    return _rows(_completed(cells, places), places)


def _outlined(solid: Mask, scale: float, places: int) -> list[Piece]:
    """Boxes, or rows of boxes that touch, by the outline of their frame."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    least, most = (side * scale for side in _SIDE)
    cells: list[Piece] = []
    for left, top, width, height, _ in stats[1:]:
        count = max(1, round(width / max(1, height)))
        if not (least <= height <= most and count <= places + 1 and 0.6 <= width / count / height <= 1.5):
            continue
        piece = Piece(int(left), int(top), int(left + width), int(top + height))
        if not _framed(solid, piece):
            continue
        step = piece.width / count
        cells += [
            Piece(round(left + n * step), piece.top, round(left + (n + 1) * step), piece.bottom) for n in range(count)
        ]
    return cells


def _hollow(solid: Mask, scale: float) -> list[Piece]:
    """Boxes by the room inside a frame: a stroke that leaves the box does no harm."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(1 - solid, connectivity=4)
    least, most = (side * scale for side in _SIDE)
    edge = max(1, round(0.25 * scale))
    return [
        Piece(int(x) - edge, int(y) - edge, int(x + w) + edge, int(y + h) + edge)
        for x, y, w, h, area in stats[1:]
        if least <= h <= most and 0.6 <= w / h <= 1.5 and area > 0.5 * w * h and x > edge and y > edge
    ]


def _same_place(one: Piece, other: Piece) -> bool:
    shared = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    return shared > 0.5 * min(one.width, other.width) and down > 0.5 * min(one.height, other.height)


def _completed(cells: Sequence[Piece], places: int) -> list[Piece]:
    """The boxes, and those that must stand beside them: all rows of a form have theirs in the same columns."""
    full = [row.cells for row in _rows(cells, places)]
    if len(full) < 2:
        return list(cells)
    lefts, rights = (
        np.median([[getattr(cell, side) for cell in row] for row in full], axis=0) for side in ("left", "right")
    )
    middles = (lefts + rights) / 2
    near = 0.3 * float(np.median(rights - lefts))
    completed = list(cells)
    for cell in cells:
        middle = (cell.left + cell.right) / 2
        if np.abs(middles - middle).min() > near:
            continue
        shift = middle - middles[int(np.abs(middles - middle).argmin())]
        for left, right in zip(lefts + shift, rights + shift, strict=True):
            piece = Piece(round(left), cell.top, round(right), cell.bottom)
            if all(not _same_place(piece, other) for other in completed):
                completed.append(piece)
    return completed


def _framed(solid: Mask, piece: Piece) -> bool:
    """Whether ink runs along all four edges."""
    part = solid[piece.top : piece.bottom, piece.left : piece.right]
    deep = max(2, round(0.07 * piece.height))
    edges = (part[:deep].max(axis=0), part[-deep:].max(axis=0), part[:, :deep].max(axis=1), part[:, -deep:].max(axis=1))
    return all(float(edge.mean()) >= _FRAME for edge in edges)


def _rows(cells: Sequence[Piece], places: int) -> list[CellRow]:
    rows: list[list[Piece]] = []
    for cell in sorted(cells, key=lambda cell: (cell.middle, cell.left)):
        for row in rows[-3:]:
            last = row[-1]
            alike = 0.75 < cell.height / last.height < 1.33
            if alike and abs(cell.middle - last.middle) < 0.4 * cell.height:
                row.append(cell)
                break
        else:
            rows.append([cell])
    full = [sorted(row, key=lambda cell: cell.left) for row in rows if len(row) == places]
    return [CellRow(tuple(row)) for row in full]


def beside_labels(rows: Sequence[CellRow], labels: Sequence[Piece | None]) -> list[CellRow | None]:
    """The boxes at the right of each label. Where none were found, the place where all other rows have theirs."""
    beside = [
        None if label is None else next(
            (row for row in rows if row.piece.top <= label.middle <= row.piece.bottom and label.left < row.piece.left),
            None,
        )
        for label in labels
    ]  # fmt: skip
    known = [(row, label) for row, label in zip(beside, labels, strict=True) if row is not None and label is not None]
    if len(known) < _LEAST_KNOWN:
        return beside
    for n, label in enumerate(labels):
        if beside[n] is None and label is not None:
            # The nearest row says it best: a sheet is never quite level, nor quite evenly fed.
            row, other = min(known, key=lambda pair: abs(pair[1].middle - label.middle))
            down = round(label.middle - other.middle)
            beside[n] = CellRow(tuple(Piece(c.left, c.top + down, c.right, c.bottom + down) for c in row.cells))
    return beside


def read_cells(page: Page, rows: Sequence[CellRow], reader: SheetReader) -> list[Source]:
    """The number in each row of boxes: every box by itself, and all digits side by side; the two must agree."""
    pictures: list[Grey] = []
    layout: list[tuple[list[int], int] | None] = []
    for written in _written(page, rows):
        if written is None:
            layout.append(None)
            continue
        first = len(pictures)
        pictures += [_padded(digit) for digit in written]
        pictures.append(_padded(np.hstack(written)))
        layout.append((list(range(first, first + len(written))), first + len(written)))
    frames = reader.read(pictures, [True] * len(pictures))
    return [NOTHING if spot is None else _source([frames[n] for n in spot[0]], frames[spot[1]]) for spot in layout]


def _written(page: Page, rows: Sequence[CellRow]) -> list[list[Grey] | None]:
    """The digits in each row of boxes, without the frames; ``None``: nobody knows which boxes are filled.

    1. What most boxes of the form show at the same place is the frame, and goes.
    2. A number ends in the last box, so something is written there: how dark the pen is in this row.
    3. What is much paler than the pen is a watermark, or shines through.
    """
    if not rows:
        return []
    side = (round(float(np.median([c.width for r in rows for c in r.cells]))),
            round(float(np.median([c.height for r in rows for c in r.cells]))))  # fmt: skip
    room = round(_ROOM * side[1])
    dark = 255.0 - np.stack([[_box(page, cell, side, room) for cell in row.cells] for row in rows]).astype(np.float32)
    frame = np.asarray(cv2.blur(np.median(dark.reshape(-1, *dark.shape[2:]), axis=0), (3, 3)), np.float32)
    # Digits stand in the same place, too, but not at the edge.
    middle = room + round(_DEEP * side[1])
    frame[middle:-middle, middle:-middle] = 0
    inset = room + max(1, round(_INSET * side[1]))
    inside = np.maximum(dark - frame, 0)[:, :, inset:-inset, inset:-inset]
    pens = np.percentile(inside[:, -1].reshape(len(rows), -1), 97, axis=1)
    usual = float(np.median(pens))
    answer: list[list[Grey] | None] = []
    for whole, pen in zip(inside, pens, strict=True):
        boxes = [_without_remains(box / max(1.0, float(pen))) for box in whole]
        filled = [_filled(box) for box in boxes]
        if pen < _PALE_PEN * usual or None in filled or not filled[-1] or not _right_aligned(filled):
            answer.append(None)
            continue
        digits = [box for box, full in zip(boxes, filled, strict=True) if full]
        strokes = [np.clip((digit - _UNDER) / (1 - _UNDER), 0, 1) for digit in digits]
        answer.append([np.asarray(255 - 255 * stroke, np.uint8) for stroke in strokes])
    return answer


def _box(page: Page, cell: Piece, side: tuple[int, int], room: int) -> Grey:
    """The picture of a box with some room round it, all of the same size."""
    part = page.grey[max(0, cell.top - room) : cell.bottom + room, max(0, cell.left - room) : cell.right + room]
    size = (side[0] + 2 * room, side[1] + 2 * room)
    if part.size == 0:
        return np.full(size[::-1], 255, np.uint8)
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)


def _source(single: Sequence[Frames], line: Frames) -> Source:
    """Chances of numbers from each digit by itself and from the line of all of them."""
    alone: dict[str, float] = {"": 1.0}
    for frames in single:
        chances = {digits: chance for digits, chance in likely_numbers(frames, 1) if len(digits) == 1}
        alone = {
            before + digit: weight * chance
            for before, weight in alone.items()
            for digit, chance in chances.items()
            if weight * chance > 1e-5
        }
    together = dict(likely_numbers(line, len(single)))
    floor = 2e-3
    joint = {
        digits: (chance + floor) * (together.get(digits, 0.0) + floor)
        for digits, chance in alone.items()
        if digits == "0" or digits[0] != "0"
    }
    total = sum(joint.values()) + floor
    return Source({int(digits): weight / total for digits, weight in joint.items()}) if joint else NOTHING


def _right_aligned(filled: Sequence[bool | None]) -> bool:
    """Whether no empty box stands behind a filled one."""
    seen = False
    for full in filled:
        if seen and not full:
            return False
        seen = seen or bool(full)
    return True


def _without_remains(box: Float) -> Float:
    """A box without what is left of its frame: ink at an edge that does not reach far in from it."""
    height, width = box.shape
    _, parts, stats, _ = cv2.connectedComponentsWithStats((box > _UNDER).astype(np.uint8), connectivity=8)
    cleaned = box.copy()
    for n, (x, y, w, h, _) in enumerate(stats[1:], 1):
        beside = (x == 0 or x + w == width) and w < _REMAINS * width
        level = (y == 0 or y + h == height) and h < _REMAINS * height
        if beside or level:
            cleaned[parts == n] = 0
    return cleaned


def _filled(box: Float) -> bool | None:
    """Whether something is written in a box, whose ink is given in shares of the pen's: not just a speck."""
    _, _, stats, _ = cv2.connectedComponentsWithStats((box > _INK).astype(np.uint8), connectivity=8)
    tallest = max((h for _, _, w, h, _ in stats[1:] if w > 1), default=0) / max(1, box.shape[0])
    return True if tallest > _FILLED else False if tallest < _EMPTY else None


def _padded(picture: Grey) -> Grey:
    side = max(2, picture.shape[0] // 6)
    return np.pad(picture, ((2, 2), (side, side)), constant_values=255)
