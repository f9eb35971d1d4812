"""What a scanner does: its light and sides, skew, streaks, uneven feed, blur, few dots, black and white only.

Rules of this module
--------------------
1. Works on a picture in the order of a scanner's own steps: feed, then sensor, then what its software saves.
2. Sizes are in millimetres of an 80 mm roll; grades go from 0 (mild) to 1 (a person can barely read it).
"""

from __future__ import annotations

import cv2
import numpy as np

from testigo.simulate.damage.grain import Rng, add_grain, clouds, noise, to_pixels
from testigo.simulate.damage.picture import Picture


def flatbed(picture: Picture, rng: Rng) -> None:
    """Any scan, without anything wrong: sides that are black or white, a little turn, its own brightness and grain."""
    height, width = picture.pixels.shape
    unit = width / picture.sheets[0].drawing.millimetres
    sides, ends = round(rng.uniform(0.5, 4) * unit), round(rng.uniform(0, 2) * unit)
    # A long tape is guided on both sides: it turns by what the play of the guides lets it.
    angle = rng.uniform(-1, 1) * min(0.4, 57.3 * sides / height)
    ground = float(rng.choice([rng.uniform(8, 40), rng.uniform(240, 255)], p=[0.6, 0.4]))
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(angle), 1.0)
    turn[0, 2] += sides
    turn[1, 2] += ends
    picture.warp(turn, (width + 2 * sides, height + 2 * ends), ground)
    soft = rng.uniform(0.3, 0.65) * unit / 8
    picture.pixels = np.asarray(cv2.GaussianBlur(picture.pixels, (0, 0), float(max(0.25, soft))), np.uint8)
    levels(picture, float(rng.uniform(0, 35)), float(rng.uniform(222, 252)))
    add_grain(picture, rng, float(rng.uniform(0.8, 2.5)))


def levels(picture: Picture, black: float, white: float) -> None:
    """What was black and white becomes these tones."""
    table = to_pixels(np.linspace(black, white, 256))
    picture.pixels = np.asarray(cv2.LUT(picture.pixels, table), np.uint8)


def skew(picture: Picture, degrees: float, ground: float) -> None:
    """Turned by an angle (against the clock); the picture grows so that nothing is lost."""
    height, width = picture.pixels.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    c, s = abs(turn[0, 0]), abs(turn[0, 1])
    size = (round(width * c + height * s), round(width * s + height * c))
    turn[0, 2] += (size[0] - width) / 2
    turn[1, 2] += (size[1] - height) / 2
    picture.warp(turn, size, ground)


def streaks(picture: Picture, grade: float, rng: Rng) -> None:
    """Dirt on the glass: columns of one tone through the whole tape; and rows that were not scanned or printed."""
    height, width = picture.pixels.shape[:2]
    unit = picture.unit
    values = picture.pixels.astype(np.float32)
    share, covered = rng.uniform(0.6, 1.0) * (0.01 + 0.15 * grade), 0.0
    while covered < share * width:
        w = float(np.clip(rng.exponential(0.25 + 0.5 * grade), 0.1, 2.2)) * unit
        x = int(rng.uniform(0.05, 0.95) * width)
        columns = slice(x, x + max(1, round(w)))
        opaque = rng.choice([1.0, rng.uniform(0.35, 0.9)], p=[0.55, 0.45])
        tone = float(
            rng.choice([rng.uniform(225, 255), rng.uniform(100, 210), rng.uniform(10, 80)], p=[0.5, 0.35, 0.15])
        )
        broken = clouds((height, 1), rng, 70 * unit) > (0.35 if rng.random() < 0.25 else -1)
        values[:, columns] += (tone - values[:, columns]) * opaque * broken
        covered += max(1, round(w))
    if rng.random() < 0.4:
        rows = np.flatnonzero(rng.random(height) < 0.002 + 0.025 * grade)
        values[rows] = float(rng.choice([250, 200]))
    picture.pixels = to_pixels(values)


def uneven_feed(picture: Picture, grade: float, rng: Rng) -> None:
    """Rollers that stretch smoothly, stall (a row repeated) and slip (rows lost), with a jog to the side."""
    height = picture.pixels.shape[0]
    unit = picture.unit
    speed = np.ones(round(height * 1.05))
    y = np.arange(len(speed))
    for _ in range(3):
        wave = rng.uniform(12, 90) * unit
        speed += rng.uniform(0.2, 1.0) * (0.03 + 0.09 * grade) * np.sin(2 * np.pi * (y / wave + rng.random()))
    shift = np.zeros(len(speed))
    _, top, _, side = picture.sheets[0].drawing.target
    events = [(int(rng.integers(len(speed))), 1.0) for _ in range(round(2 + 16 * grade))]
    events += [(int(top + rng.random() * side), 0.7) for _ in range(round(rng.uniform(0, 1 + 2.5 * grade)))]
    for at, weight in events:
        rows = max(1, round(rng.uniform(0.2, 0.5 + 1.9 * grade) * unit * weight))
        if rng.random() < 0.5:
            speed[at : at + rows] = 0.0
        else:
            speed[min(at, len(speed) - 1)] += rows
        shift[at:] += rng.normal(0, 0.15 + 0.45 * grade) * unit
    # The guides bring the tape back to the middle.
    shift = np.clip(shift - np.linspace(0, shift[-1], len(shift)), -2.5 * unit, 2.5 * unit)
    source = np.cumsum(speed)
    end = int(np.searchsorted(source, height))
    picture.feed(source[:end], shift[:end])


def focus_blur(picture: Picture, millimetres: float) -> None:
    """Out of focus: a disc of that radius, softened."""
    radius = millimetres * picture.unit
    side = 2 * int(np.ceil(radius)) + 3
    y, x = np.mgrid[:side, :side] - side // 2
    disc = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
    blurred = cv2.filter2D(picture.pixels, -1, disc / disc.sum(), borderType=cv2.BORDER_REPLICATE)
    picture.pixels = np.asarray(cv2.GaussianBlur(blurred, (0, 0), max(0.3, radius * 0.25)), np.uint8)


def motion_blur(picture: Picture, millimetres: float, degrees: float) -> None:
    """Moved while it was taken: a line of that length."""
    length = max(1.0, millimetres * picture.unit)
    side = 2 * int(np.ceil(length / 2)) + 3
    kernel = np.zeros((side, side), np.float32)
    reach = length / 2 * np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    ends = [np.rint((side // 2 + sign * reach) * 16).astype(np.int32) for sign in (-1, 1)]
    cv2.line(kernel, tuple(map(int, ends[0])), tuple(map(int, ends[1])), 1.0, 1, cv2.LINE_AA, 4)
    blurred = cv2.filter2D(picture.pixels, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
    picture.pixels = np.asarray(blurred, np.uint8)


def few_dots(picture: Picture, zoom: float, how: int, *, back: bool) -> None:
    """Scanned with fewer dots: scaled by ``zoom``; ``back``: some software blows it up again."""
    height, width = picture.pixels.shape[:2]
    picture.resize(max(8, round(width * zoom)), max(8, round(height * zoom)), how)
    if back:
        picture.resize(width, height, cv2.INTER_LINEAR)


def bilevel(picture: Picture, grade: float, rng: Rng) -> None:
    """Black and white only, with the threshold off: ink bleeds into the white between, or thin strokes vanish.

    The threshold stays darker than the pale word of a drawing, which no real sheet has: bleeding grows by its reach.
    """
    unit = picture.unit
    flat = cv2.GaussianBlur(picture.pixels, (0, 0), float((0.08 + 0.15 * grade) * unit))
    values = np.asarray(flat, np.float32)
    low, high = np.percentile(values[::7, ::7], [2, 60])
    bleeds = rng.random() < 0.65
    off = rng.uniform(0.5, 1.0) * grade
    level = 0.5 + (0.14 * off if bleeds else -0.24 * off)
    drift = (clouds(values.shape, rng, 40 * unit) - 0.5) * 0.12 * grade
    ragged = noise(values.shape, rng, 0.8) * (0.02 + 0.03 * grade)
    white = (values > low + (high - low) * (level + drift + ragged)).astype(np.uint8)
    reach = round(0.26 * off * unit)
    if bleeds and reach:
        white = cv2.erode(white, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)))
    specks = noise(values.shape, rng, 0.7) > 4.2 - 1.0 * grade
    picture.pixels = np.where((white > 0) & ~specks, 255, 0).astype(np.uint8)
