"""A tape photographed in pieces becomes one picture; pieces of different tapes never do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from testigo.reading import Code, OpenedImage, find_codes, open_image
from testigo.reading.papers.joining import join_parts, same_sheet_parts

Grey = npt.NDArray[np.uint8]
ToJpeg = Callable[..., bytes]


def photo(pixels: Grey, seed: int, tilt: float = 0.03) -> Grey:
    """A part of a tape on a table: some perspective, its own light, noise."""
    rng = np.random.default_rng(seed)
    height, width = pixels.shape
    size = (round(width * 1.3), round(height + width * 0.3))
    flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    moved = flat + 0.15 * width + rng.uniform(-tilt, tilt, (4, 2)) * width
    lens = cv2.getPerspectiveTransform(flat, moved.astype(np.float32))
    seen = cv2.warpPerspective(pixels, lens, size, flags=cv2.INTER_AREA, borderValue=60.0)
    light = np.linspace(rng.uniform(0.75, 1), rng.uniform(0.75, 1), size[0])[None, :]
    return np.asarray(np.clip(seen * light + rng.normal(0, 3, seen.shape), 0, 255), np.uint8)


def opened(to_jpeg: ToJpeg, pixels: Grey) -> OpenedImage:
    image = open_image(to_jpeg(np.ascontiguousarray(pixels)))
    assert isinstance(image, OpenedImage)
    return image


def sheet_codes(image: OpenedImage) -> list[Code]:
    return [code for code in find_codes(image.full()) if "!" in code.text]


def parts(tapes: Any, to_jpeg: ToJpeg, number: int, *rows: tuple[int, int], turn: int = 0) -> list[OpenedImage]:
    drawn = tapes.drawn(number)
    return [opened(to_jpeg, np.rot90(photo(drawn[a:b], number * 10 + n), turn)) for n, (a, b) in enumerate(rows)]


@pytest.mark.parametrize("turn", [0, 2])
def test_a_tape_in_three_photos_becomes_one_picture(tapes: Any, to_jpeg: ToJpeg, turn: int) -> None:
    images = parts(tapes, to_jpeg, 1, (4400, 7360), (0, 2800), (2200, 5100), turn=turn)
    codes = [sheet_codes(image) for image in images]
    assert same_sheet_parts(images, codes) == [(1, 2, 0)]
    joined = join_parts(images, codes)
    assert joined is not None
    assert [part.image for part in joined.parts] == [1, 2, 0]
    assert joined.pixels.shape[0] / joined.pixels.shape[1] == pytest.approx(7360 / 640, rel=0.03)
    found = sheet_codes(opened(to_jpeg, joined.pixels))
    assert [code.text for code in found] == [tapes.payload(1)]
    # Where the joined picture shows the code, the photo shows it too.
    number, (x, y) = joined.to_image([found[0].corners[0]])[0]
    assert number == 0
    assert np.hypot(*(np.array(codes[0][0].corners[0]) - (x, y))) < 12


def test_parts_of_two_tapes_are_not_joined(tapes: Any, to_jpeg: ToJpeg) -> None:
    """The same ballot, other figures: they look alike line by line."""
    rows = ((0, 2800), (2200, 4700), (3900, 6000))
    images = [*parts(tapes, to_jpeg, 1, *rows), *parts(tapes, to_jpeg, 2, *rows)]
    assert same_sheet_parts(images) == [(0, 1, 2), (3, 4, 5)]
    assert join_parts([images[0], images[4]]) is None
    assert join_parts([images[4], images[2]]) is None
    assert same_sheet_parts([images[0], images[4], images[2]]) == [(0,), (1,), (2,)]


def test_codes_that_differ_forbid_it_whatever_the_overlap(tapes: Any, to_jpeg: ToJpeg) -> None:
    images = parts(tapes, to_jpeg, 1, (0, 2800), (2200, 5100))
    assert join_parts(images) is not None
    square = ((1.0, 1.0), (9.0, 1.0), (9.0, 9.0), (1.0, 9.0))
    codes = [[Code(text, square, True, 49, "Q", 1000, 0)] for text in ("a", "b")]
    assert join_parts(images, codes) is None


def test_without_an_overlap_nothing_is_joined(tapes: Any, to_jpeg: ToJpeg) -> None:
    assert join_parts(parts(tapes, to_jpeg, 1, (0, 2600), (2600, 5100))) is None
    assert join_parts(parts(tapes, to_jpeg, 1, (0, 2600), (2500, 5100))) is None
    assert join_parts(parts(tapes, to_jpeg, 1, (0, 2600))) is None
    blank = opened(to_jpeg, np.full((900, 400), 230, np.uint8))
    assert join_parts([blank, blank]) is None
    assert same_sheet_parts([blank]) == [(0,)]
