"""No name is ever left readable: what must not be seen is followed through every distortion, pixel by pixel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from testigo.election import load_profile
from testigo.errors import InternalError
from testigo.reading import (
    OpenedImage,
    Published,
    SheetReadings,
    align,
    encode,
    open_image,
    publish_image,
    read_sheet,
    redact,
)
from testigo.records import Opening, Withheld

Grey = npt.NDArray[np.uint8]
ToJpeg = Callable[..., bytes]

OPEN, SECRET = 0, 255


@dataclass
class Scan:
    """A scan, and what of it nobody may see (same shape, 255): private blocks, and all that is not paper."""

    pixels: Grey
    secret: Grey


def secret_of(tapes: Any) -> Grey:
    layout = tapes.contest.layout
    secret = np.full((round(layout.paper_height * 8), round(layout.paper_width * 8)), OPEN, np.uint8)
    for block in layout.blocks:
        if not block.public:
            secret[round(block.box.y * 8) : round(block.box.bottom * 8)] = SECRET
    return secret


def scan_of(
    tapes: Any,
    number: int,
    *,
    angle: float = 0.0,
    scale: float = 1.0,
    stretch: float = 1.0,
    margins: tuple[int, int, int, int] = (0, 0, 0, 0),
    background: int = 25,
    slips: tuple[tuple[float, float], ...] = (),
    perspective: float = 0.0,
) -> Scan:
    """A drawing as a scanner might give it.

    Args:
        angle: degrees.
        margins: background in pixels: left, top, right, bottom.
        slips: (millimetre from the top, millimetres repeated or, if negative, lost) from the bottom upwards.
        perspective: by how much of its width the upper end is narrower.
    """
    pixels, secret = tapes.drawn(number), secret_of(tapes)
    for place, lost in slips:
        row, count = round(place * 8), round(abs(lost) * 8)
        after = row if lost > 0 else row + count
        middle = [np.repeat(part[row : row + 1], count if lost > 0 else 0, axis=0) for part in (pixels, secret)]
        pixels = np.vstack([pixels[:row], middle[0], pixels[after:]])
        secret = np.vstack([secret[:row], middle[1], secret[after:]])
    height, width = pixels.shape
    left, top, right, bottom = margins
    size = round(width * scale + left + right), round(height * scale * stretch + top + bottom)
    placed = np.array([[scale, 0, left], [0, scale * stretch, top], [0, 0, 1.0]])
    turned = np.vstack([cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), angle, 1.0), [0, 0, 1]])
    matrix = turned @ placed
    if perspective:
        w, h, d = size[0], size[1], perspective * size[0]
        flat = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
        matrix = cv2.getPerspectiveTransform(flat, np.array([[d, 0], [w - d, 0], [w, h], [0, h]], np.float32)) @ matrix
    rng = np.random.default_rng(number)
    seen = cv2.warpPerspective(pixels, matrix, size, flags=cv2.INTER_LINEAR, borderValue=background)
    noisy = np.clip(seen + rng.normal(0, 5, seen.shape), 0, 255).astype(np.uint8)
    hidden = cv2.warpPerspective(secret, matrix, size, flags=cv2.INTER_LINEAR, borderValue=SECRET)
    return Scan(noisy, np.asarray(hidden, np.uint8))


def published(tapes: Any, data: bytes) -> tuple[OpenedImage, SheetReadings, Published | Withheld]:
    image = open_image(data)
    assert isinstance(image, OpenedImage)
    readings = read_sheet(tapes.profile, image, rehearsal=True)
    return image, readings, publish_image(tapes.profile, image, readings)


def assert_nothing_secret(picture: Published, secret: Grey) -> None:
    for x, y, w, h in picture.rectangles:
        assert not secret[y : y + h, x : x + w].any(), f"a part of {x, y, w, h} must not be seen"


# ------------------------------------------------------------------------------- what is published

_FLAT = [
    {},
    {"margins": (40, 90, 60, 70)},
    {"margins": (120, 60, 120, 60), "angle": 1.0},
    {"margins": (120, 60, 120, 60), "angle": -0.9, "scale": 1.3},
    {"margins": (60, 30, 60, 30), "angle": 0.3, "scale": 0.97},
    {"margins": (30, 30, 30, 30), "stretch": 1.014},
    {"margins": (30, 30, 30, 30), "stretch": 0.987, "background": 0},
    {"margins": (60, 30, 60, 30), "angle": -0.5, "background": 90},
]


@pytest.mark.parametrize("number", range(len(_FLAT)))
def test_a_flat_scan_shows_what_is_public_and_no_pixel_more(tapes: Any, to_jpeg: ToJpeg, number: int) -> None:
    scan = scan_of(tapes, number, **_FLAT[number])  # type: ignore[arg-type]
    image, readings, picture = published(tapes, to_jpeg(scan.pixels))
    assert isinstance(picture, Published), picture
    assert_nothing_secret(picture, scan.secret)
    shown = sum(w * h for _, _, w, h in picture.rectangles)
    assert shown > 0.96 * np.count_nonzero(scan.secret == OPEN)  # and not much less either
    again = read_sheet(tapes.profile, picture.jpeg, rehearsal=True)
    assert [sheet.payload.text for sheet in again.found if sheet.payload] == [tapes.payload(number)]
    assert again.found[0].stage == "half"
    assert picture.size == image.size
    assert len(readings.found) == 1


def test_names_stamps_and_margins_vanish_and_the_rest_is_the_original(tapes: Any, to_jpeg: ToJpeg) -> None:
    scan = scan_of(tapes, 3, margins=(60, 60, 60, 60), angle=0.4)
    below_its_heading = (scan.secret > 0) & (np.roll(scan.secret, 80, axis=0) > 0)
    ugly = np.where(below_its_heading & (np.indices(scan.pixels.shape).sum(axis=0) % 9 == 0), 77, scan.pixels)
    image, _, picture = published(tapes, to_jpeg(ugly.astype(np.uint8)))
    assert isinstance(picture, Published)
    original = image.full()
    pixels, crop = redact(original, picture.rectangles)
    assert crop == picture.crop
    visible = np.zeros(original.shape, bool)
    for x, y, w, h in picture.rectangles:
        visible[y : y + h, x : x + w] = True
    x, y, w, h = crop
    inside = visible[y : y + h, x : x + w]
    assert (pixels[~inside] == 255).all()
    assert (pixels[inside] == original[y : y + h, x : x + w][inside]).all()
    decoded = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert decoded is not None
    assert decoded.shape == (h, w)
    far = cv2.erode((~inside).astype(np.uint8), np.ones((33, 33), np.uint8)).astype(bool)
    assert (decoded[far] >= 254).all()  # nothing but white, beyond the reach of JPEG's own blocks
    assert picture.jpeg == encode(pixels)


def test_a_drawing_is_still_one_after_redaction(tapes: Any, to_jpeg: ToJpeg) -> None:
    _, _, picture = published(tapes, to_jpeg(tapes.drawn(1)))
    assert isinstance(picture, Published)
    refusal = read_sheet(tapes.profile, picture.jpeg, rehearsal=False).refusal
    assert refusal is not None
    assert refusal.outcome == Opening.SIMULACRO


def test_a_picture_whose_code_would_say_something_else_is_withheld(tapes: Any, to_jpeg: ToJpeg) -> None:
    image, readings, picture = published(tapes, to_jpeg(tapes.drawn(1)))
    assert isinstance(picture, Published)
    sheet = readings.found[0]
    assert sheet.payload is not None
    other = replace(sheet, payload=replace(sheet.payload, text=tapes.payload(2)))
    assert publish_image(tapes.profile, image, replace(readings, found=(other,))) == Withheld.NOT_ALIGNED


def test_rectangles_do_not_overlap_and_lie_inside(tapes: Any, to_jpeg: ToJpeg) -> None:
    scan = scan_of(tapes, 4, margins=(90, 60, 90, 60), angle=-0.8)
    _, _, picture = published(tapes, to_jpeg(scan.pixels))
    assert isinstance(picture, Published)
    times = np.zeros(scan.pixels.shape, np.uint8)
    for x, y, w, h in picture.rectangles:
        assert all(isinstance(value, int) for value in (x, y, w, h))
        assert 0 <= x < x + w <= picture.size[0]
        assert 0 <= y < y + h <= picture.size[1]
        times[y : y + h, x : x + w] += 1
    assert times.max() == 1


def test_a_published_picture_carries_pixels_and_nothing_else(tapes: Any, to_jpeg: ToJpeg) -> None:
    _, _, picture = published(tapes, to_jpeg(tapes.drawn(2)))
    assert isinstance(picture, Published)
    position, markers = 2, []
    while picture.jpeg[position + 1] != 0xDA:
        markers.append(picture.jpeg[position + 1])
        position += 2 + int.from_bytes(picture.jpeg[position + 2 : position + 4], "big")
    assert set(markers) <= {0xE0, 0xDB, 0xC0, 0xC4}  # JFIF, tables, frame: no EXIF, no comment, no profile
    assert published(tapes, to_jpeg(tapes.drawn(2)))[2] == picture


@pytest.mark.parametrize("angle", [0.0, 0.9])
def test_a_site_that_knows_only_the_layout_finds_each_line(tapes: Any, to_jpeg: ToJpeg, angle: float) -> None:
    pixels = tapes.drawn(1)
    rows = tapes.contest.layout.line_boxes()
    scan = scan_of(tapes, 1, margins=(110, 50, 110, 50), angle=angle)
    _, _, picture = published(tapes, to_jpeg(scan.pixels))
    assert isinstance(picture, Published)
    decoded = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert decoded is not None
    assert len(picture.rows) == len(rows)
    for box, (_, top, width, height) in zip(rows, picture.rows, strict=True):
        by_layout = box.y / tapes.contest.layout.paper_height * decoded.shape[0]
        assert abs(by_layout - top) < 12  # a millimetre and a half
        # What stands in the row on the picture is what the drawing has there.
        inked = pixels[round(box.y * 8) : round(box.bottom * 8), 320:640].min(axis=1) < 128
        middle = width // 2
        found = decoded[top : top + height, middle - 8 : middle + 8 + 320].min(axis=1) < 128
        n = min(len(inked), len(found))
        best = max(range(-14, 15), key=lambda d: int((np.roll(inked[:n], d) == found[:n]).sum()))
        assert abs(best) <= 10


# -------------------------------------------------------------------------------- what is withheld

_NOT_FLAT = {
    "turned too far": {"margins": (120, 60, 120, 60), "angle": 1.5},
    "photographed at an angle": {"margins": (60, 60, 60, 60), "perspective": 0.02},
    "photographed at a slight angle": {"margins": (60, 60, 60, 60), "perspective": 0.006},
    "stretched by the feed": {"margins": (60, 60, 60, 60), "stretch": 1.04},
    "lines lost": {"margins": (60, 60, 60, 60), "slips": ((300.0, -6.0),)},
    "lines repeated": {"margins": (60, 60, 60, 60), "slips": ((760.0, 6.0),)},
}


@pytest.mark.parametrize("story", list(_NOT_FLAT))
def test_what_does_not_fit_the_layout_is_withheld(tapes: Any, to_jpeg: ToJpeg, story: str) -> None:
    scan = scan_of(tapes, 2, **_NOT_FLAT[story])  # type: ignore[arg-type]
    _, readings, picture = published(tapes, to_jpeg(scan.pixels))
    assert len(readings.found) == 1, "the story must be about alignment"
    assert picture == Withheld.NOT_ALIGNED


def test_white_paper_on_a_white_ground_shows_nothing_private_and_hardly_any_ground(tapes: Any, to_jpeg: ToJpeg) -> None:
    scan = scan_of(tapes, 2, margins=(60, 90, 60, 90), background=250, angle=0.3)
    private = scan_of(tapes, 2, margins=(60, 90, 60, 90), background=0, angle=0.3).secret.copy()
    assert (private == scan.secret).all()
    _, _, picture = published(tapes, to_jpeg(scan.pixels))
    assert isinstance(picture, Published)
    inner = cv2.erode(private, np.ones((9, 9), np.uint8))
    assert_nothing_secret(picture, np.asarray(inner, np.uint8))


@pytest.mark.parametrize("story", ["a line of writing beside it", "another sheet beside it", "a note above it"])
def test_on_a_white_ground_anything_near_the_paper_withholds_it(tapes: Any, to_jpeg: ToJpeg, story: str) -> None:
    pixels = scan_of(tapes, 2, margins=(80, 90, 80, 90), background=250).pixels
    if story == "a note above it":
        cv2.putText(pixels, "Ana Perez 97.123.456", (200, 80), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 30, 2)
    else:
        text = "Ana Perez 97.123.456 " * (3 if story == "a line of writing beside it" else 16)
        beside = np.full((40, pixels.shape[0]), 250, np.uint8)
        cv2.putText(beside, text, (900, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 30, 2)
        pixels[:, 30:70] = beside.T
    _, readings, picture = published(tapes, to_jpeg(pixels))
    assert len(readings.found) == 1
    assert picture == Withheld.NOT_ALIGNED


@pytest.mark.parametrize("cut", ["top", "left", "right", "bottom"])
def test_a_sheet_that_is_cut_is_withheld(tapes: Any, to_jpeg: ToJpeg, cut: str) -> None:
    pixels = tapes.drawn(2)
    part = {"top": pixels[60:], "left": pixels[:, 24:], "right": pixels[:, :-24], "bottom": pixels[:-60]}[cut]
    _, readings, picture = published(tapes, to_jpeg(np.ascontiguousarray(part)))
    assert len(readings.found) == 1
    assert picture == Withheld.NOT_ALIGNED


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("quarters", range(4))
def test_whichever_way_a_sheet_lies_its_picture_is_the_same(tapes: Any, quarters: int, mirrored: bool) -> None:
    """On its side, on its head, or from behind by a bad driver."""
    scan = scan_of(tapes, 2, margins=(60, 40, 60, 40), angle=0.3)
    lying = np.rot90(scan.pixels, quarters)
    pictures = []
    for pixels in (scan.pixels, lying[:, ::-1] if mirrored else lying):
        good, data = cv2.imencode(".png", np.ascontiguousarray(pixels))
        assert good
        _, readings, picture = published(tapes, bytes(data))
        assert isinstance(picture, Published), readings
        assert_nothing_secret(picture, scan.secret)
        pictures.append(picture)
    # The code is found at other corners of pixels, so that a row more or less may be shown; no more than that.
    assert np.abs(np.array(pictures[0].rectangles[0]) - np.array(pictures[1].rectangles[0])).max() <= 2
    assert pictures[0].size == pictures[1].size
    first, second = (cv2.imdecode(np.frombuffer(p.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE) for p in pictures)
    assert first is not None
    assert second is not None
    assert np.abs(np.array(first.shape) - np.array(second.shape)).max() <= 2
    assert cv2.absdiff(cv2.resize(first, (80, 920)), cv2.resize(second, (80, 920))).mean() < 2


@pytest.mark.parametrize("place", [120.0, 300.0, 672.0, 690.0, 730.0, 830.0])
@pytest.mark.parametrize("lost", [-3.8, -2.0, 2.0, 3.8])
def test_a_roller_that_slips_within_tolerance_shows_nothing_secret(
    tapes: Any, to_jpeg: ToJpeg, place: float, lost: float
) -> None:
    scan = scan_of(tapes, 6, margins=(60, 60, 60, 60), slips=((place, lost),), stretch=1.005)
    _, _, picture = published(tapes, to_jpeg(scan.pixels))
    if isinstance(picture, Published):
        assert_nothing_secret(picture, scan.secret)
    else:
        assert picture == Withheld.NOT_ALIGNED


_CANCELLING = [
    ((740.0, 3.0), (300.0, -3.0)),
    ((740.0, -3.0), (300.0, 3.0)),
    ((740.0, 6.0), (300.0, -6.0)),
    ((740.0, -6.0), (300.0, 6.0)),
    ((700.0, 12.0), (660.0, -12.0)),
    ((690.0, -9.0), (420.0, 4.5), (200.0, 4.5)),
    ((820.0, 20.0), (110.0, -20.0)),
    ((676.0, -5.0), (500.0, 5.0)),
]


@pytest.mark.parametrize("number", range(len(_CANCELLING)))
def test_slips_that_cancel_out_show_nothing_secret(tapes: Any, to_jpeg: ToJpeg, number: int) -> None:
    """As many lines are lost as are repeated elsewhere: paper's ends and code agree, and are wrong in between."""
    scan = scan_of(tapes, 7, margins=(60, 60, 60, 60), slips=_CANCELLING[number])
    _, readings, picture = published(tapes, to_jpeg(scan.pixels))
    assert len(readings.found) == 1
    if isinstance(picture, Published):
        assert_nothing_secret(picture, scan.secret)
    else:
        assert picture == Withheld.NOT_ALIGNED


@pytest.mark.parametrize("lost", [-4.4, -3.0, -1.5, 3.0])
def test_a_slip_in_the_white_border_above_the_code_shows_no_signature(tapes: Any, to_jpeg: ToJpeg, lost: float) -> None:
    scan = scan_of(tapes, 7, margins=(60, 60, 60, 60), slips=((836.4 if lost > 0 else 836.0, lost), (300.0, -lost)))
    _, readings, picture = published(tapes, to_jpeg(scan.pixels))
    assert len(readings.found) == 1
    if isinstance(picture, Published):
        assert_nothing_secret(picture, scan.secret)


def test_without_the_heading_of_the_notes_nothing_is_certain(tapes: Any, to_jpeg: ToJpeg) -> None:
    block = tapes.contest.layout.block("observations")
    pixels = tapes.drawn(3).copy()
    pixels[round(block.box.y * 8) : round((block.box.y + 8) * 8)] = 255
    _, readings, picture = published(tapes, to_jpeg(pixels))
    assert len(readings.found) == 1
    assert picture == Withheld.NOT_ALIGNED


@pytest.mark.parametrize("shift", [-14.0, -7.0, 7.0, 14.0])
def test_a_sheet_whose_blocks_have_other_heights_is_withheld(tapes: Any, to_jpeg: ToJpeg, shift: float) -> None:
    """Drawn by somebody else: the notes begin elsewhere, ends and code stand where the layout has them."""
    scan = scan_of(tapes, 5, margins=(60, 60, 60, 60), slips=((785.0, shift), (560.0, -shift)))
    _, readings, picture = published(tapes, to_jpeg(scan.pixels))
    assert len(readings.found) == 1
    if isinstance(picture, Published):
        assert_nothing_secret(picture, scan.secret)
        assert abs(shift) < 8
    else:
        assert picture == Withheld.NOT_ALIGNED


def test_two_sheets_on_one_image_are_withheld(tapes: Any, to_jpeg: ToJpeg) -> None:
    both = np.concatenate([tapes.drawn(1), tapes.drawn(2)], axis=1)
    _, readings, picture = published(tapes, to_jpeg(both))
    assert len(readings.found) == 2
    assert picture == Withheld.NOT_ALIGNED


def test_an_image_without_a_sheet_and_a_layout_without_a_code_say_so(tapes: Any, to_jpeg: ToJpeg) -> None:
    image, _, picture = published(tapes, to_jpeg(np.full((400, 300), 200, np.uint8)))
    assert picture == Withheld.NO_SHEET
    image, readings, _ = published(tapes, to_jpeg(tapes.drawn(1)))
    code = readings.found[0].code
    assert code is not None
    assert align(None, image, code) == Withheld.NO_LAYOUT
    assert align(load_profile("altamar2031").contests[0].layout, image, code) == Withheld.NO_LAYOUT


def test_a_rectangle_outside_the_image_is_our_own_bug() -> None:
    pixels = np.zeros((10, 10), np.uint8)
    for rectangles in ([], [(5, 5, 6, 2)], [(-1, 0, 3, 3)]):
        with pytest.raises(InternalError):
            redact(pixels, rectangles)
