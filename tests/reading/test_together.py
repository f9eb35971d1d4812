"""Images of one sheet, none of which can be read alone, give the sheet; images of different sheets give nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from testigo.election.grammar import find_payload
from testigo.reading import OpenedImage, open_image, read_sheet, to_reading
from testigo.reading.cascade import find_sheets_by_code
from testigo.reading.parts import read_parts
from testigo.reading.sheets import readings_of
from testigo.reading.together import find_sheets_in_several
from testigo.simulate.damage import File, save
from testigo.simulate.damage.families import generator
from testigo.simulate.damage.picture import Drawing, Picture
from testigo.simulate.damage.scanning import flatbed
from testigo.simulate.marks import mark_modules

Grey = npt.NDArray[np.uint8]
ToJpeg = Callable[..., bytes]
# On a tape of the fixtures the code of 49 modules begins at about (95, 6725) and is 451 pixels wide.
CODE = (95.0, 6725.0, 451.0, 451.0)
X, Y, SIDE = 95, 6725, 451


def splashed(tape: Grey, share: float, seed: str) -> bytes:
    """The lower end of a tape with ink and whitener splashed over its code, on a scanner's glass, as its file."""
    picture = Picture.of(Drawing(tape.copy(), CODE))
    rng = generator("together", seed)
    for _ in range(round(share * 49 * 49)):
        at = (round(X + rng.uniform(0, SIDE)), round(Y + rng.uniform(0, SIDE)))
        cv2.circle(picture.pixels, at, int(rng.uniform(3, 9)), int(rng.choice([20, 240])), -1)
    picture.crop(0, 6200, 640, 7360)
    flatbed(picture, rng)
    return save(picture.pixels, File("jpeg", 60))


def opened(data: bytes) -> OpenedImage:
    image = open_image(data)
    assert isinstance(image, OpenedImage)
    return image


@pytest.fixture(scope="module")
def scans(tapes: Any) -> tuple[int, list[bytes]]:
    """The number of a sheet, and two scans of it, each splashed in its own way, neither of which can be read alone."""
    for share in (0.16, 0.19, 0.22, 0.25):
        for number in (3, 7, 12):
            both = [splashed(tapes.plain(number), share, f"{number}/{n}") for n in range(2)]
            if not any(find_sheets_by_code(tapes.profile, opened(one), rehearsal=True).sheets for one in both):
                return number, both
    raise AssertionError("everything can be read alone")


def test_two_scans_say_together_what_neither_says_alone(tapes: Any, scans: tuple[int, list[bytes]]) -> None:
    number, both = scans
    other = splashed(tapes.plain(number + 1), 0.25, "other")
    images = [opened(one) for one in (both[0], other, both[1])]
    read = read_parts(tapes.profile, images, rehearsal=True, print_mode="never")
    assert [one.images for one in read] == [(0, 2), (1,)]
    (sheet,) = read[0].readings.found
    assert sheet.payload is not None
    assert sheet.payload.text == tapes.payload(number)
    assert (sheet.stage, sheet.evidence) == ("combined", ("qr",))
    assert read[0].readings.size == images[0].size
    x, _, width, _ = sheet.region
    assert 0 <= x < x + width <= images[0].width
    assert 0.5 * images[0].width < width < images[0].width
    record = to_reading(sheet)
    assert (record.reader, record.erased + record.corrected > 0) == ("qr/soft", True)
    assert read[1].readings.found == ()


def test_two_pages_of_one_file_say_it_together(tapes: Any, scans: tuple[int, list[bytes]]) -> None:
    number, both = scans
    pages = [Image.fromarray(opened(one).full()) for one in both]
    stream = BytesIO()
    pages[0].save(stream, "TIFF", save_all=True, append_images=pages[1:], compression="tiff_lzw")
    readings = read_sheet(tapes.profile, stream.getvalue(), rehearsal=True, print_mode="never")
    (sheet,) = readings.found
    assert sheet.payload is not None
    assert (sheet.payload.text, sheet.stage, sheet.page) == (tapes.payload(number), "combined", 1)
    assert "page_unread" not in readings.problems


def test_scans_of_different_sheets_say_nothing(tapes: Any, scans: tuple[int, list[bytes]]) -> None:
    """Among them two of one centre that differ in few figures."""
    number, both = scans
    text = tapes.payload(number)
    sister = f"{text[:10]}02{text[12:20]}{text[20:].replace('4', '3').replace('7', '5')}"
    assert find_payload([tapes.contest], sister) is not None
    images = [
        opened(both[0]),
        opened(splashed(tapes.plain(sister), 0.2, "sister")),
        opened(splashed(tapes.plain(number + 2), 0.2, "another")),
    ]
    assert find_sheets_in_several(tapes.profile, images, rehearsal=True) == ()


def test_a_drawing_is_refused_also_where_only_several_images_can_read_it(
    tapes: Any, scans: tuple[int, list[bytes]]
) -> None:
    number, _ = scans
    marked = tapes.plain(number).copy()
    mark = np.where(mark_modules(4), 30, 250).astype(np.uint8)
    marked[6640:6700, 560:620] = cv2.resize(mark, (60, 60), interpolation=cv2.INTER_NEAREST)
    images = [opened(splashed(marked, 0.19, f"{number}/{n}")) for n in range(2)]
    found = find_sheets_in_several(tapes.profile, images, rehearsal=False)
    assert all(one.is_drawing for one in found)
    assert all(not readings_of(one, images[0]).found for one in found)


def test_few_images_cost_little_and_none_nothing(tapes: Any, to_jpeg: ToJpeg) -> None:
    blank = opened(to_jpeg(np.full((900, 640), 240, np.uint8)))
    began = time.process_time()
    assert find_sheets_in_several(tapes.profile, [], rehearsal=True) == ()
    assert find_sheets_in_several(tapes.profile, [blank], rehearsal=True) == ()
    assert time.process_time() - began < 0.1
    assert find_sheets_in_several(tapes.profile, [blank] * 12, rehearsal=True) == ()
    assert time.process_time() - began < 12
