"""Noise: drawn once, and shifted for each picture, because a tape has five million pixels."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from testigo.simulate.damage.picture import Picture
from testigo.simulate.paper import Image

Rng = np.random.Generator
Floats = NDArray[np.float32]
_TILE = (1031, 1733)


@lru_cache(maxsize=4)
def _noise(smooth: float) -> Floats:
    """A tile of noise of standard deviation 1, smooth over that many pixels (0: not)."""
    noise = np.random.default_rng(20240728).normal(0, 1, _TILE).astype(np.float32)
    if smooth:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), smooth, borderType=cv2.BORDER_REFLECT), np.float32)
    return np.asarray(noise / noise.std(), np.float32)


def noise(shape: tuple[int, ...], rng: Rng, smooth: float = 0.7) -> Floats:
    """Noise of standard deviation 1 for a picture of that shape."""
    tile = np.roll(_noise(smooth), (int(rng.integers(_TILE[0])), int(rng.integers(_TILE[1]))), (0, 1))
    height, width = shape[:2]
    return np.tile(tile, (-(-height // _TILE[0]), -(-width // _TILE[1])))[:height, :width]


def clouds(shape: tuple[int, ...], rng: Rng, cell: float) -> Floats:
    """Smooth unevenness between 0 and 1, whose clouds are about ``cell`` pixels wide."""
    height, width = shape[:2]
    coarse = rng.random((max(3, round(height / cell) + 2), max(3, round(width / cell) + 2))).astype(np.float32)
    return np.asarray(np.clip(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1), np.float32)


def to_pixels(values: NDArray[np.floating]) -> Image:
    """Rounded and clipped to what a pixel holds."""
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


def add_grain(picture: Picture, rng: Rng, strength: float, smooth: float = 0.7) -> None:
    """A sensor's noise of that standard deviation."""
    grain = np.rint(noise(picture.pixels.shape, rng, smooth) * strength).astype(np.int16)
    if picture.pixels.ndim == 3:
        grain = np.dstack([grain] * 3)
    picture.pixels = np.asarray(cv2.add(picture.pixels, grain, dtype=cv2.CV_8U), np.uint8)
