"""Forms: a box per digit, filled in by hand; found by their frames, read as a row of digits.

Rules of this module
--------------------
1. A row of boxes is what stands side by side, alike in size; a single frame of other size is something else.
2. The frame is taken away before reading; a stroke that crosses it loses no more than the frame's width.
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
from testigo.reading.print.page import Grey, Page
from testigo.reading.print.recogniser import Frames
from testigo.reading.print.segments import Piece

_SIDE = (4.0, 16.0)  # millimetres
_PALE_FRAMES = (0.45, 0.3, 0.2)  # of the strongest ink: how dark a frame's lines may be
_FRAME = 0.7  # share of a frame's edge that must be ink
_LEAST_KNOWN = 3  # rows with boxes that say where a row's boxes stand
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
    for row in rows:
        insides = [_inside(page, cell) for cell in row.cells]
        filled = [_filled(page, cell) for cell in row.cells]
        if None in filled or not any(filled) or not _right_aligned(filled):
            layout.append(None)
            continue
        digits = [inside for inside, full in zip(insides, filled, strict=True) if full]
        first = len(pictures)
        pictures += [_padded(digit) for digit in digits]
        pictures.append(_padded(np.hstack([_same(digit, digits[0].shape[0]) for digit in digits])))
        layout.append((list(range(first, first + len(digits))), first + len(digits)))
    frames = reader.read(pictures, [True] * len(pictures))
    return [NOTHING if spot is None else _source([frames[n] for n in spot[0]], frames[spot[1]]) for spot in layout]


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


def _inside(page: Page, cell: Piece) -> Grey:
    """The picture inside a box, its frame painted over."""
    part = page.grey[cell.top : cell.bottom, cell.left : cell.right].copy()
    edge = max(2, round(0.09 * cell.height))
    ink = page.ink[cell.top : cell.bottom, cell.left : cell.right]
    frame = np.zeros(part.shape, bool)
    for rows, axis in ((slice(0, edge), 0), (slice(-edge, None), 0), (slice(0, edge), 1), (slice(-edge, None), 1)):
        strip = ink[rows] if axis == 0 else ink[:, rows]
        full = strip.mean(axis=1 - axis) > 0.45
        target = frame[rows] if axis == 0 else frame[:, rows]
        if axis == 0:
            target[full] = True
        else:
            target[:, full] = True
    frame = cv2.dilate(frame.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    part[frame] = 255
    return np.asarray(part, np.uint8)


def _filled(page: Page, cell: Piece) -> bool | None:
    """Whether something is written in a box: ink as dark as the frame, and not just a speck."""
    edge = max(2, round(0.1 * cell.height))
    dark = 255 - page.grey[cell.top : cell.bottom, cell.left : cell.right].astype(np.float32)
    frame = np.concatenate([dark[:edge].max(axis=0), dark[-edge:].max(axis=0)])
    inside = (dark[edge:-edge, edge:-edge] > 0.45 * float(np.median(frame))).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(inside, connectivity=8)
    # What runs along an edge is the frame.
    wide = inside.shape[1]
    tall = [h for x, y, w, h, _ in stats[1:] if w > 2 and not ((x == 0 or x + w == wide) and w < 0.12 * wide)]
    tallest = max(tall, default=0) / max(1, inside.shape[0])
    return True if tallest > _FILLED else False if tallest < _EMPTY else None


def _same(picture: Grey, height: int) -> Grey:
    if picture.shape[0] == height:
        return picture
    width = max(1, round(picture.shape[1] * height / picture.shape[0]))
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _padded(picture: Grey) -> Grey:
    side = max(2, picture.shape[0] // 6)
    return np.pad(picture, ((2, 2), (side, side)), constant_values=255)
