"""What most people send: a scanner's flat image, a phone's photo, a picture of something else. Mild; seeded."""

from __future__ import annotations

from functools import lru_cache
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from testigo.simulate.paper import Image


@lru_cache(maxsize=2)
def _grain(height: int, width: int, strength: float) -> NDArray[np.int16]:
    """Noise of a sensor, smooth over two pixels; drawn once, and shifted for each image."""
    noise = np.random.default_rng(20240728).normal(0, strength * 2, (height, width)).astype(np.float32)
    return np.asarray(cv2.blur(noise, (2, 2)), np.float32).astype(np.int16)


def _add_grain(image: Image, rng: Random, strength: float) -> Image:
    tile = _grain(1031, 1733, strength)
    shifted = np.roll(tile, (rng.randrange(tile.shape[0]), rng.randrange(tile.shape[1])), (0, 1))
    height, width = image.shape[:2]
    repeats = (-(-height // tile.shape[0]), -(-width // tile.shape[1]))
    grain = np.tile(shifted, repeats)[:height, :width]
    return np.asarray(cv2.add(image, grain, dtype=cv2.CV_8U), np.uint8)


def scan(image: Image, rng: Random) -> Image:
    """A sheet-fed scanner's image: slightly turned, a dark background at the sides, its own brightness and grain."""
    height, width = image.shape
    sides, ends = rng.randint(6, 26), rng.randint(0, 12)
    size = (width + 2 * sides, height + 2 * ends)
    # A long tape is guided on both sides: it turns by what the play of the guides lets it.
    angle = rng.uniform(-1, 1) * min(0.35, 57.3 * sides / height)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    turn[0, 2] += sides
    turn[1, 2] += ends
    flat = cv2.warpAffine(image, turn, size, flags=cv2.INTER_LINEAR, borderValue=float(rng.randint(14, 34)))
    white, black = rng.randint(226, 248), rng.randint(0, 30)
    table = np.linspace(black, white, 256).round().astype(np.uint8)
    return _add_grain(np.asarray(cv2.LUT(flat, table), np.uint8), rng, 1.2)


def photo(image: Image, rng: Random, part: tuple[float, float] = (0.0, 1.0), width: int = 1200) -> Image:
    """A phone's photo of a part of the sheet, lying on a table: mild perspective, uneven light, some blur. In colour.

    Args:
        part: from where to where, as shares of the sheet's height.
        width: of the photo in pixels.
    """
    height = image.shape[0]
    piece = image[round(part[0] * height) : round(part[1] * height)]
    rows, columns = piece.shape
    zoom = width * 0.82 / columns
    tall = round(rows * zoom + width * 0.18)
    margin = width * 0.09

    def near(x: float, y: float) -> tuple[float, float]:
        return x + rng.uniform(-0.03, 0.03) * width, y + rng.uniform(-0.03, 0.03) * width

    corners = [
        near(margin, margin),
        near(width - margin, margin),
        near(width - margin, tall - margin),
        near(margin, tall - margin),
    ]
    source = np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)], np.float32)
    lens = cv2.getPerspectiveTransform(source, np.array(corners, np.float32))
    table = rng.randint(70, 120)
    flat = cv2.warpPerspective(piece, lens, (width, tall), flags=cv2.INTER_LINEAR, borderValue=float(table))
    light = np.linspace(rng.uniform(0.8, 1.0), rng.uniform(0.8, 1.0), width, dtype=np.float32)[None, :]
    shade = np.linspace(rng.uniform(0.85, 1.0), rng.uniform(0.85, 1.0), tall, dtype=np.float32)[:, None]
    lit = cv2.GaussianBlur((flat * light * shade).astype(np.uint8), (3, 3), 0.8)
    grey = _add_grain(np.asarray(lit, np.uint8), rng, 2.0)
    tint = [np.linspace(0, top, 256).astype(np.uint8) for top in (225, 240, 248)]  # warm light: less blue
    return np.dstack([cv2.LUT(grey, channel) for channel in tint])


def wrong_thing(rng: Random, width: int = 1200) -> Image:
    """A photo of something else that people send by mistake: a room, a sky, somebody's thumb. In colour."""
    height = round(width * rng.uniform(1.2, 1.6))
    picture = np.empty((height, width, 3), np.uint8)
    top, bottom = ([rng.randint(60, 230) for _ in range(3)] for _ in range(2))
    for channel in range(3):
        picture[:, :, channel] = np.linspace(top[channel], bottom[channel], height, dtype=np.uint8)[:, None]
    for _ in range(rng.randint(5, 12)):
        colour = [rng.randint(20, 235) for _ in range(3)]
        centre = (rng.randrange(width), rng.randrange(height))
        axes = (rng.randint(40, 420), rng.randint(40, 420))
        cv2.ellipse(picture, centre, axes, rng.uniform(0, 180), 0, 360, colour, -1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 3.0), np.uint8)
