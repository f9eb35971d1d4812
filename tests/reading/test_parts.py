"""A tape sent in several photos comes back as one sheet; photos of two sheets never become one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from testigo.reading import OpenedImage, open_image
from testigo.reading.parts import read_parts

Grey = npt.NDArray[np.uint8]
ToJpeg = Callable[..., bytes]
Sent = dict[int, list[OpenedImage]]


def photo(pixels: Grey, to_jpeg: ToJpeg, turn: float) -> OpenedImage:
    """A part of a tape on a dark table, a little askew."""
    height, width = pixels.shape
    size = (round(width * 1.25), round(height + width * 0.25))
    lay = cv2.getRotationMatrix2D((width / 2, height / 2), turn, 1.0)
    lay[:, 2] += width / 8
    image = open_image(to_jpeg(np.asarray(cv2.warpAffine(pixels, lay, size, borderValue=60.0), np.uint8)))
    assert isinstance(image, OpenedImage)
    return image


@pytest.fixture(scope="module")
def sent(tapes: Any, to_jpeg: ToJpeg) -> dict[int, list[OpenedImage]]:
    """Upper and lower part of two tapes."""
    rows = ((0, 4200), (3500, 7360))
    return {
        number: [photo(tapes.drawn(number)[a:b], to_jpeg, 0.8 * n - 0.4) for n, (a, b) in enumerate(rows)]
        for number in (1, 2)
    }


def test_two_photos_of_one_tape_are_one_sheet_that_its_print_proves(
    tapes: Any, sent: dict[int, list[OpenedImage]]
) -> None:
    upper, lower = sent[1]
    (read,) = read_parts(tapes.profile, [lower, upper], rehearsal=True, print_mode="never")
    assert read.images == (1, 0)
    (sheet,) = read.readings.found
    assert (sheet.station, sheet.counts) == (tapes.station(1), tapes.counts(1))
    assert sheet.print_confirms


def test_photos_of_two_sheets_are_never_joined(tapes: Any, sent: Sent) -> None:
    read = read_parts(tapes.profile, [sent[1][0], sent[2][1]], rehearsal=True, print_mode="never")
    assert [one.images for one in read] == [(0,), (1,)]
    stations = [sheet.station for one in read for sheet in one.readings.found]
    assert stations == [tapes.station(2)]


def test_a_photo_of_something_else_stays_alone(tapes: Any, to_jpeg: ToJpeg) -> None:
    other = open_image(to_jpeg(np.full((900, 640), 200, np.uint8)))
    assert isinstance(other, OpenedImage)
    read = read_parts(tapes.profile, [other], rehearsal=True, print_mode="never")
    assert [(one.images, one.readings.found) for one in read] == [((0,), ())]
