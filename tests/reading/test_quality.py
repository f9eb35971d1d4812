"""The hand that scans is told at once what is wrong, and is not bothered when nothing is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from testigo.reading import OpenedImage, open_image, read_sheet
from testigo.reading.beside import verdict_of
from testigo.reading.quality import REASONS, Verdict, judge

Grey = npt.NDArray[np.uint8]
ToJpeg = Callable[..., bytes]


def opened(data: bytes) -> OpenedImage:
    image = open_image(data)
    assert isinstance(image, OpenedImage)
    return image


def scanned(pixels: Grey, angle: float = 0.0, ground: int = 25, seed: int = 1) -> Grey:
    """A drawing on a scanner's ground, with a little noise."""
    height, width = pixels.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    turn[:, 2] += (24, 16)
    size = (width + 48, height + 32)
    flat = cv2.warpAffine(pixels, turn, size, flags=cv2.INTER_LINEAR, borderValue=float(ground))
    noisy = flat + np.random.default_rng(seed).normal(0, 3, flat.shape)
    return np.asarray(np.clip(noisy, 0, 255), np.uint8)


def verdict(tapes: Any, data: bytes, *, read: bool = False) -> Verdict:
    image = opened(data)
    sheets = read_sheet(tapes.profile, image, rehearsal=True).found if read else ()
    return judge(image, tapes.profile, sheets)


def codes(tapes: Any, to_jpeg: ToJpeg, pixels: Any) -> dict[str, bool]:
    """Code -> whether it is serious."""
    return {reason.code: reason.serious for reason in verdict(tapes, to_jpeg(np.asarray(pixels, np.uint8))).reasons}


# ----------------------------------------------------------------------------------- no false alarm


@pytest.mark.parametrize("number", range(6))
def test_a_good_scan_raises_no_alarm(tapes: Any, to_jpeg: ToJpeg, number: int) -> None:
    angle, scale = (0.0, 0.3, -0.3, 0.2, -0.1, 0.0)[number], (1.0, 1.0, 1.4, 0.8, 1.0, 2.0)[number]
    drawn = cv2.resize(tapes.drawn(number), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    pixels = scanned(np.asarray(drawn, np.uint8), angle, (25, 0, 40, 255, 90, 25)[number])
    assert verdict(tapes, to_jpeg(pixels)) == Verdict(True, ())
    assert verdict(tapes, to_jpeg(tapes.drawn(number))) == Verdict(True, ())


def test_a_sheet_with_other_block_heights_raises_no_alarm(tapes: Any, to_jpeg: ToJpeg) -> None:
    drawn = tapes.drawn(1)
    longer = np.vstack([drawn[:2000], np.full((700, 640), 255, np.uint8), drawn[2000:]])
    assert codes(tapes, to_jpeg, scanned(longer)) == {}
    assert codes(tapes, to_jpeg, scanned(np.vstack([drawn[:1000], drawn[4000:]]))) == {}


# --------------------------------------------------------------------------------- what is planted


@pytest.mark.parametrize("place", [90, 300, 505])
@pytest.mark.parametrize(("level", "width"), [(255, 4), (150, 4), (60, 3), (235, 12)])
def test_a_streak_is_found_where_it_is(tapes: Any, to_jpeg: ToJpeg, place: int, level: int, width: int) -> None:
    pixels = scanned(tapes.drawn(1))
    pixels[:, 24 + place : 24 + place + width] = level
    found = [reason for reason in verdict(tapes, to_jpeg(pixels)).reasons if reason.code == "streak"]
    if (place, level) in ((300, 235), (300, 255)) and not found:
        pytest.skip("a white streak where next to nothing is printed shows nothing, and harms nothing")
    assert len(found) == 1
    assert found[0].values["px"] == pytest.approx(24 + place + width / 2, abs=6)
    assert found[0].values["mm"] == pytest.approx((place + width / 2) / 8, abs=1)
    assert found[0].values["percent"] == pytest.approx((place + width / 2) / 6.4, abs=2)
    assert str(found[0].values["mm"]) in found[0].explanation["en"]


def test_a_cut_end_is_named(tapes: Any, to_jpeg: ToJpeg) -> None:
    drawn = tapes.drawn(1)
    cuts = {
        "cut_top": drawn[1010:],
        "cut_bottom": drawn[:6400],
        "cut_left": drawn[:, 30:],
        "cut_right": drawn[:, :600],
    }
    for code, pixels in cuts.items():
        assert code in codes(tapes, to_jpeg, np.ascontiguousarray(pixels)), code
        assert codes(tapes, to_jpeg, np.ascontiguousarray(pixels))[code]
    torn = scanned(drawn[:6400])
    assert "cut_bottom" in codes(tapes, to_jpeg, torn)


def test_light_focus_and_size(tapes: Any, to_jpeg: ToJpeg) -> None:
    pixels = scanned(tapes.drawn(1))
    pale = 255 - (255 - pixels.astype(float)) * 0.2
    assert codes(tapes, to_jpeg, np.where(pixels > 200, pixels, pale)).get("too_pale") is True
    assert codes(tapes, to_jpeg, pixels * 0.3).get("too_dark") is True
    assert codes(tapes, to_jpeg, cv2.GaussianBlur(pixels, (0, 0), 4.5)).get("blurred") is True
    moved = cv2.filter2D(pixels, -1, np.ones((1, 17)) / 17)
    assert codes(tapes, to_jpeg, moved).get("blurred") is True
    small = cv2.resize(pixels, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
    assert codes(tapes, to_jpeg, small).get("too_small") is True
    assert codes(tapes, to_jpeg, scanned(tapes.drawn(1)[5000:], 6.0)).get("skewed") is False


def test_a_slipping_roller(tapes: Any, to_jpeg: ToJpeg) -> None:
    drawn = tapes.drawn(1)
    dark = drawn[1100:1300] < 128
    row = 1100 + int(np.argmax((dark[:, 1:] & ~dark[:, :-1]).sum(axis=1)))
    slipped = np.vstack([drawn[:row], np.repeat(drawn[row : row + 1], 44, axis=0), drawn[row:]])
    assert codes(tapes, to_jpeg, scanned(slipped)) == {"slip": False}


def test_no_sheet(tapes: Any, to_jpeg: ToJpeg) -> None:
    rng = np.random.default_rng(1)
    room = cv2.GaussianBlur(rng.integers(0, 255, (1200, 900), np.uint8), (0, 0), 60)
    for pixels in (np.full((900, 600), 240, np.uint8), np.zeros((900, 600), np.uint8), room):
        assert codes(tapes, to_jpeg, pixels) == {"no_sheet": True}
    for size in ((1, 1), (2, 900), (900, 2), (30, 30)):
        assert not verdict(tapes, to_jpeg(np.full(size, 200, np.uint8))).readable


def test_what_was_read_is_not_called_unreadable(tapes: Any, to_jpeg: ToJpeg) -> None:
    pixels = scanned(tapes.drawn(1))
    pixels[:, 340:352] = 255
    data = to_jpeg(cv2.GaussianBlur(pixels, (0, 0), 3.4))
    assert not verdict(tapes, data).readable
    read = verdict(tapes, data, read=True)
    assert read.readable
    assert read.reasons


def test_every_reason_says_what_to_do_in_both_languages(tapes: Any, to_jpeg: ToJpeg) -> None:
    for texts in REASONS.values():
        assert set(texts) == {"es", "en"}
    found = verdict(tapes, to_jpeg(np.full((900, 600), 240, np.uint8))).reasons[0]
    assert set(found.explanation) == {"es", "en"}
    assert judge(opened(to_jpeg(tapes.drawn(1)))).readable  # without a profile too


def test_a_verdict_takes_a_tenth_of_a_second(tapes: Any, to_jpeg: ToJpeg) -> None:
    large = np.asarray(cv2.resize(tapes.drawn(1), (1700, 10000), interpolation=cv2.INTER_CUBIC), np.uint8)
    image = opened(to_jpeg(large))
    judge(image, tapes.profile)
    times = []
    for _ in range(5):
        began = time.process_time()
        assert judge(image, tapes.profile).readable
        times.append(time.process_time() - began)
    assert min(times) < 0.1


def test_what_could_not_be_read_is_never_called_a_good_scan(tapes: Any, to_jpeg: ToJpeg) -> None:
    """Nothing is wrong with the scan; its code is covered, and its print was not asked for."""
    pixels = tapes.drawn(1)
    whole = opened(to_jpeg(pixels))
    code = read_sheet(tapes.profile, whole, rehearsal=True).found[0].code
    assert code is not None
    x, y, width, height = code.region
    pixels[y : y + height, x : x + width] = 235
    covered = opened(to_jpeg(pixels))
    found = read_sheet(tapes.profile, covered, rehearsal=True, print_mode="never")
    assert judge(covered, tapes.profile).readable
    said = verdict_of(tapes.profile, covered, 1, found)
    assert (said["readable"], [reason["code"] for reason in said["reasons"]]) == (False, ["unread"])
    assert "siga con la próxima" in said["reasons"][0]["es"]
