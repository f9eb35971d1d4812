"""What a hand draws: figures, signatures, scribbles. Seeded, so that a drawing can be made again."""

from __future__ import annotations

from random import Random

import numpy as np
from numpy.typing import NDArray

from testigo.election import Box
from testigo.simulate.paper import Paper

Points = NDArray[np.float64]

#: Strokes of each digit through control points in a unit square, y downwards. A point given twice is a corner.
_DIGITS: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "0": (((0.55, 0.05), (0.2, 0.2), (0.15, 0.7), (0.5, 0.95), (0.85, 0.7), (0.8, 0.2), (0.5, 0.05)),),
    "1": (((0.28, 0.28), (0.56, 0.05), (0.56, 0.05), (0.5, 0.96)),),
    "2": (((0.15, 0.26), (0.4, 0.04), (0.78, 0.2), (0.6, 0.5), (0.12, 0.94), (0.12, 0.94), (0.55, 0.9), (0.9, 0.93)),),
    "3": (
        (
            (0.18, 0.14),
            (0.55, 0.03),
            (0.78, 0.24),
            (0.42, 0.46),
            (0.42, 0.46),
            (0.82, 0.68),
            (0.58, 0.95),
            (0.12, 0.86),
        ),
    ),
    "4": (((0.55, 0.05), (0.12, 0.62), (0.12, 0.62), (0.9, 0.6)), ((0.66, 0.36), (0.62, 0.98))),
    "5": (
        ((0.3, 0.07), (0.22, 0.44), (0.22, 0.44), (0.6, 0.38), (0.82, 0.64), (0.55, 0.95), (0.12, 0.88)),
        ((0.3, 0.07), (0.82, 0.04)),
    ),
    "6": (((0.7, 0.04), (0.32, 0.3), (0.16, 0.7), (0.42, 0.96), (0.78, 0.78), (0.6, 0.54), (0.2, 0.68)),),
    "7": (((0.12, 0.1), (0.86, 0.07), (0.86, 0.07), (0.4, 0.96)), ((0.34, 0.5), (0.78, 0.47))),
    "8": (
        (
            (0.74, 0.2),
            (0.46, 0.04),
            (0.22, 0.22),
            (0.5, 0.46),
            (0.8, 0.74),
            (0.48, 0.97),
            (0.18, 0.74),
            (0.52, 0.46),
            (0.75, 0.2),
        ),
    ),
    "9": (((0.76, 0.24), (0.45, 0.04), (0.2, 0.26), (0.44, 0.48), (0.76, 0.26), (0.72, 0.6), (0.56, 0.97)),),
}


def smooth(points: Points, steps: int = 8) -> Points:
    """A Catmull-Rom curve through points (n, 2): ``steps`` points per span."""
    padded = np.vstack([points[0], points, points[-1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    p0, p1, p2, p3 = (padded[i : len(padded) - 3 + i, None, :] for i in range(4))
    a = 2 * p1
    b = p2 - p0
    c = 2 * p0 - 5 * p1 + 4 * p2 - p3
    d = -p0 + 3 * p1 - 3 * p2 + p3
    curve = 0.5 * (a + b * t + c * t**2 + d * t**3)
    return np.vstack([curve.reshape(-1, 2), points[-1:]])


def write_digit(paper: Paper, box: Box, digit: str, rng: Random, *, slant: float = 0.12) -> None:
    """One digit by hand into a box."""
    width, height = box.width * rng.uniform(0.5, 0.62), box.height * rng.uniform(0.66, 0.8)
    x = box.x + (box.width - width) / 2 + rng.uniform(-0.06, 0.06) * box.width
    y = box.y + (box.height - height) / 2 + rng.uniform(-0.05, 0.05) * box.height
    for stroke in _DIGITS[digit]:
        shaky = np.array([(u + rng.gauss(0, 0.022), v + rng.gauss(0, 0.02)) for u, v in stroke])
        for i in range(1, len(stroke)):
            if stroke[i] == stroke[i - 1]:
                shaky[i] = shaky[i - 1]
        points = smooth(shaky)
        points = np.column_stack([x + width * (points[:, 0] + slant * (0.5 - points[:, 1])), y + height * points[:, 1]])
        paper.stroke(points, rng.uniform(0.5, 0.65), ink=45)


def sign(paper: Paper, box: Box, rng: Random) -> None:
    """A signature: loops from left to right, then a flourish below."""
    n = rng.randint(9, 14)
    x = np.linspace(0.03, 0.8, n) + np.array([rng.uniform(-0.08, 0.08) for _ in range(n)])
    y = np.array([0.5 + (-1) ** i * rng.uniform(0.08, 0.42) * (1 - 0.55 * i / n) for i in range(n)])
    name = smooth(np.column_stack([np.clip(x, 0, 1), np.clip(y, 0, 1)]))
    flourish = smooth(
        np.array(
            [(0.7, 0.6), (0.95, rng.uniform(0.4, 0.6)), (0.5, 0.8), (rng.uniform(0.0, 0.2), rng.uniform(0.75, 0.95))]
        )
    )
    for points in (name, flourish):
        scaled = np.column_stack([box.x + box.width * points[:, 0], box.y + box.height * points[:, 1]])
        paper.stroke(scaled, rng.uniform(0.35, 0.55), ink=50)


def scribble(paper: Paper, box: Box, rng: Random, rows: int) -> None:
    """Lines that look like a handwritten note, and say nothing."""
    for row in range(rows):
        y = box.y + box.height * (row + 0.6) / rows
        x, end = box.x, box.x + box.width * rng.uniform(0.5, 1.0)
        while x < end:
            length = rng.uniform(4, 13)
            n = max(4, round(length * 1.4))
            xs = np.linspace(x, min(x + length, end), n)
            ys = y + np.array([rng.uniform(-1.1, 0.9) for _ in range(n)])
            paper.stroke(smooth(np.column_stack([xs, ys]), 5), 0.35, ink=60)
            x += length + rng.uniform(1.5, 3)
