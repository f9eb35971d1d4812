"""From pixels: codes without corners, turned, mirrored, blurred, slipped, seen at an angle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from testigo.reading.soft import Clock, Region, SoftCode, find_regions, read_region

Change = Callable[[Any], Any]


def read(codes: Any, pixels: Any, seconds: float = 20.0) -> SoftCode | None:
    clock = Clock(seconds)
    for region in find_regions(pixels):
        found = read_region(pixels, region, [codes.contest], clock)
        if found is not None:
            return found
    return None


def _white(part: Any) -> Change:
    def change(pixels: Any) -> Any:
        out = pixels.copy()
        out[part] = 225
        return out

    return change


def _slipped(pixels: Any) -> Any:
    """Rows lost and repeated, as by a roller."""
    rows = np.arange(len(pixels), dtype=float)
    slip = np.cumsum(1 + 0.25 * np.sin(rows / 60))
    index = np.clip(slip * len(rows) / slip[-1], 0, len(rows) - 1).astype(int)
    return pixels[index]


def _seen_at_an_angle(pixels: Any) -> Any:
    height, width = pixels.shape
    flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    seen = flat + np.array([(30, 20), (-45, 0), (0, -30), (15, 5)], np.float32)
    lens = cv2.getPerspectiveTransform(flat, seen)
    return np.asarray(cv2.warpPerspective(pixels, lens, (width, height), borderValue=200), np.uint8)


def _turned(degrees: float) -> Change:
    def change(pixels: Any) -> Any:
        height, width = pixels.shape
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 0.75)
        return np.asarray(cv2.warpAffine(pixels, turn, (width, height), borderValue=225), np.uint8)

    return change


# The code of 49 modules of 8 pixels begins at (90, 90) and is 392 pixels wide.
CHANGES = {
    "bottom 35 per cent cut": _white(np.s_[90 + 255 :, :]),
    "left 45 per cent cut": _white(np.s_[:, : 90 + 177]),
    "right 40 per cent cut": _white(np.s_[:, 90 + 235 :]),
    "cut at the picture's edge": lambda p: np.ascontiguousarray(p[:, 90 + 120 :]),
    "a blot": lambda p: cv2.rectangle(p.copy(), (100, 100), (290, 300), 60, -1),
    "slipped": _slipped,
    "stretched": lambda p: cv2.resize(p, None, fx=1.0, fy=1.25),
    "blurred": lambda p: cv2.GaussianBlur(p, (0, 0), 5.2),
    "small": lambda p: cv2.resize(p, None, fx=0.27, fy=0.27, interpolation=cv2.INTER_AREA),
    "seen at an angle": _seen_at_an_angle,
    "turned by 33 degrees, a corner missing": lambda p: _turned(33)(_white(np.s_[:170, :170])(p)),
    "upside down, left cut": lambda p: np.ascontiguousarray(_white(np.s_[:, : 90 + 150])(p)[::-1, ::-1]),
    "on its side, bottom cut": lambda p: np.ascontiguousarray(np.rot90(_white(np.s_[90 + 255 :, :])(p))),
    "faint": lambda p: (200 + p.astype(float) * 0.1).astype(np.uint8),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_codes_are_read_from_pixels(change: Change, codes: Any) -> None:
    for number in (1, 2):
        found = read(codes, np.asarray(change(codes.picture(number)), np.uint8))
        assert found is not None
        assert found.decoded.payload.text == codes.payload(number)
        assert not found.mirrored


@pytest.mark.parametrize("turns", range(4))
def test_corners_are_the_symbols_own_whatever_way_it_lies(turns: int, codes: Any) -> None:
    straight = np.array([(90, 90), (482, 90), (482, 482), (90, 482)], float)
    pixels = _white(np.s_[480 - 60 :, :])(codes.picture(3))
    side = pixels.shape[0]
    for mirrored in (False, True):
        seen, places = pixels, straight
        if mirrored:
            seen, places = seen[:, ::-1], np.stack((side - places[:, 0], places[:, 1]), axis=1)
        for _ in range(turns):
            seen, places = np.rot90(seen), np.stack((places[:, 1], side - places[:, 0]), axis=1)
        found = read(codes, np.ascontiguousarray(seen))
        assert found is not None
        assert found.mirrored is mirrored
        assert np.abs(np.array(found.corners) - places).max() < 8  # a module


def test_white_paper_text_and_noise_have_no_code(codes: Any) -> None:
    rng = np.random.default_rng(1)
    lines = np.full((900, 600), 230, np.uint8)
    for row in range(30, 880, 22):
        cv2.putText(lines, "Cero, Cuatro, Ocho, Tres 0483", (20, row), cv2.FONT_HERSHEY_PLAIN, 1.6, 40, 2)
    for pixels in (np.full((900, 600), 230, np.uint8), lines, rng.integers(0, 256, (700, 600)).astype(np.uint8)):
        assert read(codes, pixels, 3.0) is None
    assert find_regions(np.full((30, 30), 255, np.uint8)) == []


def test_the_clock_ends_the_search(codes: Any) -> None:
    pixels = codes.picture(4)
    (region, *_) = find_regions(pixels)
    assert read_region(pixels, region, [codes.contest], Clock(-1.0)) is None


def test_a_faint_code_between_black_edges_is_found(codes: Any) -> None:
    """The contrast is that of the code's surroundings, not that of the scanner's lid."""
    faint = (195 + codes.picture(5) * 0.08).astype(np.uint8)
    tape = np.full((2600, 700), 212, np.uint8)
    tape[1500 : 1500 + len(faint), 64 : 64 + faint.shape[1]] = faint
    tape[:, :60] = tape[:, 640:] = 5
    (region, *_) = find_regions(tape)
    middle = 1500 + len(faint) / 2
    assert abs(region.y - middle) < 60
    found = read_region(tape, region, [codes.contest], Clock(20.0))
    assert found is not None
    assert found.decoded.payload.text == codes.payload(5)


def test_a_code_of_which_half_the_ink_has_gone_is_read(codes: Any) -> None:
    """Black and white with the threshold off: what was dark is specks."""
    rng = np.random.default_rng(2)
    picture = codes.picture(6)
    specks = np.where((picture < 130) & (rng.random(picture.shape) < 0.5), 0, 255).astype(np.uint8)
    tape = np.full((1900, 640), 255, np.uint8)
    tape[1000 : 1000 + len(specks), 30 : 30 + specks.shape[1]] = specks
    found = read(codes, tape)
    assert found is not None
    assert found.decoded.payload.text == codes.payload(6)


def test_a_code_whose_ink_has_bled_on_speckled_paper_is_read(codes: Any) -> None:
    """Black and white with the threshold off the other way: hardly any white is left, and the paper has specks."""
    rng = np.random.default_rng(4)
    tape = np.full((1900, 640), 225, np.uint8)
    tape[1000:1572, 30:602] = codes.picture(9)
    black = (tape < 130) | (rng.random(tape.shape) < 0.006)
    bled = cv2.dilate(black.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7)))
    found = read(codes, np.where(bled, 0, 255).astype(np.uint8), 3.0)
    assert found is not None
    assert found.decoded.payload.text == codes.payload(9)


def test_a_code_on_paper_that_curls_is_read(codes: Any) -> None:
    pixels = codes.picture(10)
    y, x = np.indices(pixels.shape).astype(np.float32)
    across = x + 10 * np.sin(y / 75) + 7 * np.sin(x / 90 + 1)
    down = y + 11 * np.sin(x / 95 + 0.5) + 6 * np.sin(y / 60)
    curled = cv2.GaussianBlur(cv2.remap(pixels, across, down, cv2.INTER_LINEAR, borderValue=225), (0, 0), 2.0)
    found = read(codes, np.asarray(curled, np.uint8), 5.0)
    assert found is not None
    assert found.decoded.payload.text == codes.payload(10)


def test_a_region_that_is_not_the_middle_of_a_cut_code_is_good_enough(codes: Any) -> None:
    """What is seen of a code that lacks its left and a finder is not where its middle is."""
    pixels = _white(np.s_[:, : 90 + 165])(codes.picture(11, border=300)[:, 210:])
    where = Region(368.0, 300 + 196 + 110.0, 270.0, 1.0)
    found = read_region(np.ascontiguousarray(pixels), where, [codes.contest], Clock(5.0))
    assert found is not None
    assert found.decoded.payload.text == codes.payload(11)
