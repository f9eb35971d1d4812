"""What a phone does: perspective, a curled tape, a lamp and shadows, moiré of screens, colour casts, a shaking hand."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from testigo.simulate.damage.grain import Rng, add_grain, clouds, to_pixels
from testigo.simulate.damage.picture import Picture
from testigo.simulate.damage.scanning import focus_blur, motion_blur


def photographed(picture: Picture, grade: float, rng: Rng, width: int, ground: float | None = None) -> None:
    """Laid on a table and photographed; ``width`` of the photo in pixels. In colour from here on.

    ``ground``: the table's tone, where the picture already shows it.
    """
    _curl(picture, grade, rng)
    height, columns = picture.pixels.shape
    lens, tall = _lens(columns, height, grade, rng, width)
    zoom = width * 0.8 / columns
    if zoom < 0.9:  # a lens does not leave pixels out
        soft = 0.45 / zoom
        picture.pixels = np.asarray(cv2.GaussianBlur(picture.pixels, (0, 0), soft), np.uint8)
    table = 0.0 if rng.random() < 0.15 else float(rng.uniform(35, 150))
    ground = table if ground is None else ground
    mask = cv2.warpPerspective(np.full((height, columns), 255, np.uint8), lens, (width, tall))
    picture.warp(lens, (width, tall), ground)
    values = picture.pixels.astype(np.float32)
    uneven = ground + 12 * (clouds((tall, width), rng, width / 12) - 0.5)
    values = np.where(mask > 127, values, uneven)
    light = _light((tall, width), grade, rng)
    if rng.random() < 0.35 + 0.3 * grade:
        light *= _moire((tall, width), 0.02 + 0.10 * grade, rng)
    values *= light
    if rng.random() < 0.25 + 0.2 * grade:
        values = _glare(values, grade, rng)
    picture.pixels = to_pixels(values)
    blur = rng.uniform(0.4, 1.0) * (0.05 + 0.50 * grade) * zoom
    if rng.random() < 0.6:
        focus_blur(picture, blur)
    else:
        motion_blur(picture, 2.5 * blur, float(rng.uniform(0, 180)))
    _colours(picture, rng)
    add_grain(picture, rng, float(1.5 + 8.0 * grade * rng.uniform(0.4, 1.0)), 0.9)


def _curl(picture: Picture, grade: float, rng: Rng) -> None:
    """Thermal paper remembers its roll: rows nearer and farther, bent a little to the side."""
    height, width = picture.pixels.shape
    y = np.arange(round(height * 1.1)) / width
    speed = np.ones(len(y))
    shift = np.zeros(len(y))
    for wave in rng.uniform(0.7, 3.0, 2):
        phase = rng.uniform(0, 2 * np.pi)
        speed += rng.uniform(0.1, 0.5) * (0.04 + 0.16 * grade) * np.sin(2 * np.pi * y / wave + phase)
        shift += rng.uniform(0, 0.025) * grade * width * np.cos(2 * np.pi * y / (2 * wave) + phase)
    source = np.cumsum(speed)
    end = int(np.searchsorted(source, height))
    picture.feed(source[:end], shift[:end])


def _lens(columns: int, rows: int, grade: float, rng: Rng, width: int) -> tuple[NDArray[np.float64], int]:
    """The homography of a handheld camera, and the photo's height."""
    margin = width * 0.1
    tall = round(rows * width * 0.8 / columns + 2 * margin)
    near = margin * (0.15 + 0.35 * grade)
    tilt, lean = rng.uniform(-1, 1, 2) * (0.02 + 0.14 * grade)
    # A long tape is photographed from farther away: its two sides are then nearly as far from the lens.
    lean *= min(1.0, 1.5 * width / tall)
    near *= min(1.0, 3 * width / tall)
    corners = np.array(
        [(margin, margin), (width - margin, margin), (width - margin, tall - margin), (margin, tall - margin)]
    )
    corners += rng.uniform(-near, near, (4, 2))
    middle = np.array([width / 2, tall / 2])
    away = (corners - middle) / middle
    corners = middle + (corners - middle) * (1 + tilt * away[:, 1:2] + lean * away[:, :1])
    angle = np.radians(rng.uniform(-1, 1) * (1 + 5 * grade) * min(1.0, 2 * width / tall))
    spin = np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    corners = middle + (corners - middle) @ spin.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    room = np.array([width, tall]) * 0.97
    shrink = min(1.0, float(np.min(room / (high - low))))
    corners = middle + (corners - (low + high) / 2) * shrink
    source = np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(source, corners.astype(np.float32)), np.float64), tall


def _light(shape: tuple[int, int], grade: float, rng: Rng) -> NDArray[np.float32]:
    """A lamp from one side, the hand's shadow, and the lens's darker corners."""
    tall, width = shape
    y, x = np.mgrid[0 : 1 : tall * 1j, 0 : 1 : width * 1j].astype(np.float32)
    direction = rng.uniform(0, 2 * np.pi)
    slope = 0.5 + (x - 0.5) * np.cos(direction) + (y - 0.5) * np.sin(direction)
    light = 1.0 - (0.10 + 0.45 * grade) * np.clip(slope, 0, 1)
    if rng.random() < 0.3 + 0.5 * grade:
        edge = (x - rng.uniform(0.2, 0.8)) * np.cos(direction + 1) + (y - rng.uniform(0.3, 0.9)) * np.sin(direction + 1)
        soft = 1 / (1 + np.exp(-edge / rng.uniform(0.005, 0.05)))
        light *= 1 - (0.15 + 0.4 * grade) * soft
    return np.asarray(light * rng.uniform(0.85, 1.05), np.float32)


def _glare(values: NDArray[np.float32], grade: float, rng: Rng) -> NDArray[np.float32]:
    """A lamp mirrored in glossy thermal paper, or the phone's own flash: ink and paper both go white."""
    tall, width = values.shape
    y, x = np.mgrid[:tall, :width].astype(np.float32)
    reach = rng.uniform(0.12, 0.4) * width
    away = ((x - rng.uniform(0.2, 0.8) * width) ** 2 + ((y - rng.uniform(0.1, 0.9) * tall) / 1.6) ** 2) / reach**2
    return np.asarray(values + (255 - values) * (0.25 + 0.65 * grade) * np.exp(-away), np.float32)


def _moire(shape: tuple[int, int], strength: float, rng: Rng) -> NDArray[np.float32]:
    """The beat of a screen's or a sensor's lines: two waves, slightly bent."""
    tall, width = shape
    y, x = np.mgrid[:tall, :width].astype(np.float32)
    pattern = np.ones(shape, np.float32)
    for _ in range(2):
        angle, period = rng.uniform(0, np.pi), rng.uniform(4, 30)
        bend = rng.uniform(0, 30) * np.sin(2 * np.pi * (x + y) / rng.uniform(600, 2000))
        phase = (x * np.cos(angle) + y * np.sin(angle) + bend) * (2 * np.pi / period)
        pattern += strength * np.sin(phase)
    return pattern


def _colours(picture: Picture, rng: Rng) -> None:
    """The light's colour: blue, green, red channels of their own brightness."""
    casts = ((225, 240, 250), (250, 246, 238), (205, 232, 250), (236, 250, 236))
    cast = casts[int(rng.integers(len(casts)))]
    tops = [float(top) + float(rng.uniform(-4, 4)) for top in cast]
    tables = [to_pixels(np.linspace(rng.uniform(0, 18), top, 256)) for top in tops]
    picture.pixels = np.dstack([cv2.LUT(picture.pixels, table) for table in tables])
