"""Rollers that lose, repeat, stretch and jog rows of modules: the code's own patterns say which row is which."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from testigo.reading.soft import Clock, find_regions, read_region
from testigo.reading.soft.feed import UNIT, find_fed

TOP, MODULE = 90, 8  # of the picture's code


def fed(pixels: Any, lost: dict[int, float], jog: float = 0.0, stretch: float = 1.0) -> Any:
    """At a module row, that many rows of modules are lost (negative: come again) and the rest jogs to the side."""
    lines, shift, along = [], [], 0.0
    for line in np.arange(0, len(pixels) / stretch):
        y = line * stretch
        row = (y - TOP) / MODULE
        passed = [at for at in lost if row >= at]
        along = sum(lost[at] for at in passed) * MODULE
        lines.append(y + along)
        shift.append(jog * MODULE * (len(passed) % 2))
    index = np.clip(np.array(lines), 0, len(pixels) - 1).astype(int)
    return np.stack([np.roll(pixels[k], round(s)) for k, s in zip(index, shift, strict=True)])


FEEDS: dict[str, dict[str, Any]] = {
    "two rows of modules lost": {"lost": {14: 1.0, 33: 1.3}},
    "rows that come again": {"lost": {12: -1.4, 30: -0.7}},
    "lost, repeated and jogged aside": {"lost": {11: 0.8, 20: -1.1, 35: 1.2}, "jog": 0.35},
    "a third too fast": {"lost": {}, "stretch": 1.33},
    "a third too slow, slipped": {"lost": {24: 1.5}, "stretch": 0.75},
}


@pytest.mark.parametrize("sideways", [False, True])
@pytest.mark.parametrize("feed", FEEDS.values(), ids=FEEDS.keys())
def test_a_badly_fed_code_is_read(feed: dict[str, Any], sideways: bool, codes: Any) -> None:
    pixels = fed(codes.picture(7), **feed)
    pixels = np.ascontiguousarray(np.rot90(pixels) if sideways else pixels)
    (region, *_) = find_regions(pixels)
    found = read_region(pixels, region, [codes.contest], Clock(20.0))
    assert found is not None
    assert found.decoded.payload.text == codes.payload(7)
    middle = np.array(found.corners).mean(axis=0)
    assert np.abs(middle - np.array(pixels.shape[::-1]) / 2).max() < 4 * MODULE


def test_a_lost_row_is_told_and_not_seen(codes: Any) -> None:
    pixels = fed(codes.picture(8), {7: 2.0})  # the row beside the finders and the timing row: no other can be meant
    (first, *_) = find_fed(pixels, (pixels.shape[1] / 2, pixels.shape[0] / 2), 400.0, 0.0, [8])
    rows_lost = np.flatnonzero(first.lost.all(axis=1))
    assert set(rows_lost) <= {6, 7, 8, 9}
    assert 1 <= len(rows_lost) <= 2
    assert first.pixels.shape[0] == (49 + 6) * UNIT
