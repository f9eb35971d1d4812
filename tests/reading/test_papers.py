"""Every sheet on an image is found, whatever way it lies, and made straight with the way back to the image's pixels."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from testigo.reading import Code, OpenedImage, find_codes, open_image
from testigo.reading.byprint import _otherwise
from testigo.reading.opening.images import image_of
from testigo.reading.papers.finding import BY_CODE, BY_PRINT, BY_SHAPE, Paper, find_papers
from testigo.reading.papers.folds import rejoined
from testigo.reading.papers.outlines import find_outlines
from testigo.reading.papers.straightening import straighten
from testigo.reading.quality import judge

Grey = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
ToJpeg = Callable[..., bytes]


def opened(data: bytes) -> OpenedImage:
    image = open_image(data)
    assert isinstance(image, OpenedImage)
    return image


def sheet_codes(image: OpenedImage) -> list[Code]:
    return [code for code in find_codes(image.full()) if "!" in code.text]


def upper(tapes: Any, number: int, height: int = 2400) -> Grey:
    """The upper part of a tape: 300 mm, without a code, cut between two lines of print; filled up with white."""
    drawn = tapes.drawn(number)[:height].copy()
    blank = np.flatnonzero((drawn > 128).all(axis=1))
    gap = next(row for row in blank[::-1] if (drawn[row - 8 : row] > 128).all())
    drawn[gap - 4 :] = 255
    return np.asarray(drawn, np.uint8)


def on_table(sheets: Sequence[tuple[Grey, Floats]], size: tuple[int, int], ground: int = 70) -> Grey:
    """Sheets laid onto a ground, each by its corners there (upper left, upper right, lower right, lower left)."""
    picture: npt.NDArray[Any] = np.full((size[1], size[0]), ground, np.uint8)
    for sheet, corners in sheets:
        height, width = sheet.shape
        flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
        lens = cv2.getPerspectiveTransform(flat, corners.astype(np.float32))
        seen = cv2.warpPerspective(sheet, lens, size, flags=cv2.INTER_AREA)
        there = cv2.warpPerspective(np.full_like(sheet, 255), lens, size)
        picture[there > 127] = seen[there > 127]
    noise = np.random.default_rng(1).normal(0, 3, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def rectangle(x: float, y: float, w: float, h: float, degrees: float = 0.0) -> Floats:
    corners = np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h)])
    a = math.radians(degrees)
    middle = corners.mean(axis=0)
    turned = (corners - middle) @ np.array([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]]) + middle
    return np.asarray(turned, np.float64)


def off(paper: Paper, corners: Floats) -> float:
    """How far the worst corner lies from where it is, as a share of the sheet's width."""
    return float(np.abs(np.array(paper.corners) - corners).max() / np.linalg.norm(corners[1] - corners[0]))


# ------------------------------------------------------------------------------------- which way up


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("quarters", range(4))
def test_a_sheet_without_a_code_is_turned_by_its_print(
    tapes: Any, to_jpeg: ToJpeg, quarters: int, mirrored: bool
) -> None:
    drawn = on_table([(upper(tapes, 1), rectangle(40, 40, 640, 2400))], (720, 2480), 25)
    seen = np.rot90(drawn[:, ::-1] if mirrored else drawn, quarters)
    image = opened(to_jpeg(np.ascontiguousarray(seen)))
    (paper,) = find_papers(image)
    assert (paper.oriented_by, paper.mirrored) == (BY_PRINT, mirrored)
    assert paper.missing == ()
    straight = straighten(image, paper, 640)
    assert straight.pixels.shape[1] == 640
    shown, whole = (cv2.resize(p, (40, 150), interpolation=cv2.INTER_AREA) for p in (straight.pixels, upper(tapes, 1)))
    assert cv2.absdiff(shown, whole).mean() < 6


@pytest.mark.parametrize("quarters", range(4))
def test_a_code_tells_the_way_without_reading_the_print(tapes: Any, to_jpeg: ToJpeg, quarters: int) -> None:
    image = opened(to_jpeg(np.ascontiguousarray(np.rot90(tapes.drawn(1), quarters))))
    (paper,) = find_papers(image, sheet_codes(image))
    assert paper.oriented_by == BY_CODE
    assert paper.turned == (360 - 90 * quarters) % 360
    straight = straighten(image, paper, 320)
    shown, drawn = (cv2.resize(p, (40, 460), interpolation=cv2.INTER_AREA) for p in (straight.pixels, tapes.drawn(1)))
    assert cv2.absdiff(shown, drawn).mean() < 6


def test_a_mirrored_code_whose_corners_are_told_either_way(tapes: Any, to_jpeg: ToJpeg) -> None:
    image = opened(to_jpeg(np.ascontiguousarray(tapes.drawn(1)[:, ::-1])))
    layout = tapes.contest.layout
    box = layout.code_box(49)
    left, right = 640 - box.x * 8, 640 - box.right * 8
    corners = ((left, box.y * 8), (right, box.y * 8), (right, box.bottom * 8), (left, box.bottom * 8))
    code = Code("x!", corners, True, 49, "Q", 1000, 0)
    (paper,) = find_papers(image, [code])
    assert paper.mirrored
    assert off(paper, np.array([(640, 0), (0, 0), (0, 7360), (640, 7360)])) < 0.02


def test_a_page_of_nothing_is_a_guess_and_says_so(to_jpeg: ToJpeg) -> None:
    (paper,) = find_papers(opened(to_jpeg(np.full((900, 300), 240, np.uint8))))
    assert paper.oriented_by == BY_SHAPE
    assert paper.certainty <= 250
    for size in ((1, 1), (3, 900), (900, 2), (40, 40)):
        assert find_papers(opened(to_jpeg(np.full(size, 200, np.uint8))))


# --------------------------------------------------------------------------------------- where


def test_a_photo_at_an_angle_on_a_table(tapes: Any, to_jpeg: ToJpeg) -> None:
    corners = np.array([(180.0, 90.0), (690.0, 150.0), (760.0, 2290.0), (60.0, 2330.0)])
    image = opened(to_jpeg(on_table([(upper(tapes, 2), corners)], (840, 2420))))
    (paper,) = find_papers(image)
    assert off(paper, corners) < 0.02
    straight = straighten(image, paper, 640)
    there = straight.to_image([(0, 0), (640, 0), (640, straight.pixels.shape[0]), (0, straight.pixels.shape[0])])
    assert np.abs(there - np.array(paper.corners)).max() < 0.01
    inside = np.random.default_rng(1).uniform(0, 600, (40, 2))
    assert np.abs(straight.from_image(straight.to_image(inside)) - inside).max() < 1e-6


@pytest.mark.parametrize("ground", [20, 80, 252])
def test_two_tapes_side_by_side_are_two_sheets(tapes: Any, to_jpeg: ToJpeg, ground: int) -> None:
    places = [rectangle(30, 40, 640, 2400, 0.8), rectangle(760, 90, 640, 2400, -0.6)]
    seen = on_table([(upper(tapes, n), place) for n, place in enumerate(places)], (1430, 2540), ground)
    papers = sorted(find_papers(opened(to_jpeg(seen))), key=lambda paper: paper.bounds[0])
    assert len(papers) == 2
    if ground < 200:
        assert [off(paper, place) < 0.02 for paper, place in zip(papers, places, strict=True)] == [True, True]
    else:
        assert papers[0].bounds[0] + papers[0].bounds[2] < papers[1].bounds[0] + 60


def test_two_whole_tapes_that_touch_are_parted_between_their_codes(tapes: Any, to_jpeg: ToJpeg) -> None:
    image = opened(to_jpeg(np.hstack([tapes.drawn(1), tapes.drawn(2)])))
    papers = sorted(find_papers(image, sheet_codes(image)), key=lambda paper: paper.bounds[0])
    assert [len(paper.codes) for paper in papers] == [1, 1]
    assert off(papers[0], rectangle(0, 0, 640, 7360)) < 0.02
    assert off(papers[1], rectangle(640, 0, 640, 7360)) < 0.02
    image = opened(to_jpeg(np.vstack([tapes.drawn(1)[4800:], tapes.drawn(2)[4800:]])))
    stacked = find_papers(image, sheet_codes(image))
    assert [len(paper.codes) for paper in stacked] == [1, 1]
    assert stacked[0].bounds[3] == pytest.approx(2560, abs=120)


def test_a_streak_of_dirt_does_not_part_a_sheet(tapes: Any, to_jpeg: ToJpeg) -> None:
    for level in (30, 150, 255):
        pixels = on_table([(upper(tapes, 3), rectangle(40, 40, 640, 2400))], (720, 2480), 25)
        pixels[:, 380:386] = level
        assert len(find_papers(opened(to_jpeg(pixels)))) == 1


def test_a_form_that_fills_the_picture_and_one_on_white(to_jpeg: ToJpeg) -> None:
    from testigo.election import load_profile

    profile = load_profile("altamar2031")
    form = _form(profile)
    image = opened(to_jpeg(form))
    (paper,) = find_papers(image)
    assert paper.oriented_by == BY_PRINT
    assert off(paper, rectangle(0, 0, form.shape[1], form.shape[0])) < 0.06
    height, width = form.shape
    seen = on_table([(form, rectangle(120, 150, width, height, 3.0))], (width + 240, height + 300), 255)
    (paper,) = find_papers(opened(to_jpeg(seen)))
    assert paper.oriented_by == BY_PRINT
    straight = straighten(opened(to_jpeg(seen)), paper, 800)
    a, b, *_ = paper.corners
    assert math.degrees(math.atan2(b[1] - a[1], b[0] - a[0])) == pytest.approx(3.0, abs=0.3)
    assert straight.pixels.shape[1] == 800


def _form(profile: Any) -> Grey:
    """An A4-like form of the second profile."""
    import datetime as dt

    from testigo.records import Counts
    from testigo.simulate.press import draw_sheet
    from testigo.simulate.sheet import Sheet, figures_for

    contest = profile.contests[0]
    lines = {code: 20 + n for n, code in enumerate(contest.line_codes)}
    counts = Counts(contest.candidates_from_lines(lines), lines, 3, 2)
    figures = figures_for(contest, counts, 400)
    printed_at = dt.datetime(2031, 5, 4, 19, 3, 30)  # noqa: DTZ001  (as printed: local time)
    sheet = Sheet(contest.code, "0101.1", "0101", "Escuela", "Calle", ("A", "B"), counts, figures, printed_at, "1")
    drawn = draw_sheet(profile, contest, sheet)
    return np.asarray(cv2.resize(drawn, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA), np.uint8)


# -------------------------------------------------------------------------------- what is missing


@pytest.mark.parametrize(
    ("cut", "missing"),
    [
        (np.s_[1010:2400, :], ("top",)),
        (np.s_[:1010, :], ("bottom",)),
        (np.s_[:2400, 40:], ("left",)),
        (np.s_[:2400, :600], ("right",)),
    ],
)
def test_a_sheet_that_is_cut_through_its_print_says_where(
    tapes: Any, to_jpeg: ToJpeg, cut: Any, missing: tuple[str, ...]
) -> None:
    (paper,) = find_papers(opened(to_jpeg(np.ascontiguousarray(tapes.drawn(1)[cut]))))
    assert paper.oriented_by == BY_PRINT
    assert set(missing) <= set(paper.missing) <= {*missing, "top", "bottom"}
    (whole,) = find_papers(opened(to_jpeg(tapes.drawn(1))))
    assert whole.missing == ()


# --------------------------------------------------------------------------------- what rollers do


def test_rows_that_the_scanner_repeated_are_taken_out_and_nothing_else(tapes: Any, to_jpeg: ToJpeg) -> None:
    pixels = upper(tapes, 1)
    image = opened(to_jpeg(pixels, 90))
    assert straighten(image, find_papers(image)[0], 640).removed == ()
    dark = pixels[1100:1300] < 128
    row = 1100 + int(np.argmax((dark[:, 1:] & ~dark[:, :-1]).sum(axis=1)))
    slipped = np.vstack([pixels[:row], np.repeat(pixels[row : row + 1], 40, axis=0), pixels[row:]])
    image = opened(to_jpeg(slipped, 90))
    straight = straighten(image, find_papers(image)[0], 640)
    ((before, count),) = straight.removed
    assert before == pytest.approx(row, abs=8)
    assert count == pytest.approx(40, abs=10)
    below = straight.to_image([(100.0, before + 200.0)])[0]
    assert below[1] == pytest.approx(before + 200 + count, abs=4)


def test_a_stretch_that_the_code_shows_is_undone(tapes: Any, to_jpeg: ToJpeg) -> None:
    pixels = tapes.drawn(1)
    longer = np.asarray(cv2.resize(pixels, (640, 7800), interpolation=cv2.INTER_AREA), np.uint8)
    image = opened(to_jpeg(longer))
    codes = sheet_codes(image)
    (paper,) = find_papers(image, codes)
    straight = straighten(image, paper, 640)
    assert straight.stretch == pytest.approx(7800 / 7360, abs=0.012)
    assert straight.pixels.shape[0] == pytest.approx(7360, abs=90)
    assert straighten(image, replace(paper, codes=()), 640).pixels.shape[0] == pytest.approx(7800, abs=30)


# ------------------------------------------------------------------------------------ anything at all


def anything(rng: np.random.Generator) -> Grey:
    """A picture of no sense: noise, a slope of light, a pattern; of any shape."""
    height, width = (int(side) for side in np.exp(rng.uniform(0, 6.3, 2)))
    if rng.random() < 0.1:
        height, width = int(rng.integers(1, 4)), int(rng.integers(5_000, 60_000))
    pictures: list[Callable[[], Any]] = [
        lambda: rng.integers(0, 256, (height, width)),
        lambda: np.full((height, width), rng.integers(0, 256)),
        lambda: np.tile(np.linspace(0, 255, width), (height, 1)),
        lambda: (rng.random((height, width)) > 0.9) * 255,
        lambda: np.add.outer(np.arange(height), np.arange(width)) % 17 // 8 * 255,
    ]
    return np.asarray(pictures[int(rng.integers(0, len(pictures)))](), np.uint8)


@pytest.mark.filterwarnings("error")
def test_no_picture_and_no_code_however_odd_breaks_anything() -> None:
    rng = np.random.default_rng(5)
    for _ in range(60):
        pixels = anything(rng)
        image = OpenedImage(None, np.ascontiguousarray(pixels), b"", 1)
        image.height, image.width = pixels.shape
        places = rng.uniform(-5, max(image.size) + 5, (int(rng.integers(0, 4)), 4, 2))
        codes = [
            Code(str(n), tuple((float(x), float(y)) for x, y in corners), True, 49, "Q", 1000, 0)  # type: ignore[arg-type]
            for n, corners in enumerate(places)
        ]
        began = time.process_time()
        for paper in find_papers(image, codes):
            assert np.isfinite(paper.corners).all()
            assert straighten(image, paper, int(rng.integers(1, 900))).pixels.size
        judge(image)
        assert time.process_time() - began < 5


def test_a_narrow_strip_full_of_marks_is_no_reason_to_fall_over() -> None:
    """What looks like the gap between two sheets may lead out of the image."""
    rng = np.random.default_rng(566)
    height, width = int(rng.integers(600, 1900)), int(rng.integers(60, 140))
    strip = np.full((height, width), int(rng.integers(0, 80)), np.uint8)
    strip[4:-4, : int(rng.integers(width - 4, width + 1))] = int(rng.integers(170, 255))
    for _ in range(int(rng.integers(1, 4))):
        centre, size = rng.integers([0, 0], [width, height]), rng.integers(30, [width, height])
        angle = rng.uniform(-40, 40)
        box = cv2.boxPoints((centre.astype(float).tolist(), size.astype(float).tolist(), angle)).astype(int)
        cv2.fillPoly(strip, [box], (float(rng.integers(150, 255)),))
        for _ in range(int(rng.integers(100, 900))):
            x, y = rng.integers([0, 0], [width, height])
            corner = (int(x + rng.integers(3, 30)), int(y + rng.integers(2, 8)))
            cv2.rectangle(strip, (int(x), int(y)), corner, (float(rng.integers(0, 100)),), -1)
    assert find_outlines(strip)


@pytest.mark.parametrize("quarters", range(4))
def test_a_fold_does_not_part_a_tape_but_two_tapes_end_to_end_are_two(quarters: int) -> None:
    def turned(corners: list[tuple[float, float]]) -> np.ndarray:
        places = np.array(corners, float)
        for _ in range(quarters):
            places = np.column_stack((1000 - places[:, 1], places[:, 0]))
        return places

    long = turned([(10, 260), (110, 252), (112, 900), (10, 900)])
    head = turned([(8, 100), (108, 100), (109, 210), (9, 216)])
    (found,) = rejoined([head, long])
    assert found[1] == (1, 0)
    assert np.allclose(found[0].min(axis=0), np.minimum(head.min(axis=0), long.min(axis=0)))
    assert np.allclose(found[0].max(axis=0), np.maximum(head.max(axis=0), long.max(axis=0)))
    assert abs(cv2.contourArea(found[0].astype(np.float32)) - 101 * 800) < 3000
    beside = turned([(130, 100), (230, 100), (230, 210), (130, 210)])
    other = turned([(10, 20), (110, 20), (110, 230), (10, 230)])  # longer than wide: a sheet by itself
    assert len(rejoined([long, beside])) == len(rejoined([long, other])) == 2


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("quarters", range(4))
def test_where_no_sheet_was_found_surely_it_is_looked_for_on_the_whole_image_as_it_lies(
    quarters: int, mirrored: bool
) -> None:
    image = image_of(np.full((800, 300), 255, np.uint8))
    corners = [(10.0, 20.0), (90.0, 20.0), (90.0, 400.0), (10.0, 400.0)]
    if mirrored:
        corners = [corners[1], corners[0], corners[3], corners[2]]
    for _ in range(quarters):
        corners = [(500 - y, x) for x, y in corners]  # clockwise as seen
    paper = Paper(tuple(corners), mirrored, (), 300, BY_PRINT, True, ())  # type: ignore[arg-type]
    assert paper.turned == 90 * quarters
    (whole,) = _otherwise(image, [paper], [])
    assert sorted(whole.corners) == [(0.0, 0.0), (0.0, 800.0), (300.0, 0.0), (300.0, 800.0)]
    assert (whole.turned, whole.mirrored) == (paper.turned, mirrored)
    both = _otherwise(image, [replace(paper, oriented_by=BY_SHAPE)], [])
    assert [one.turned for one in both] == [paper.turned, (paper.turned + 180) % 360]
    assert _otherwise(image, [replace(paper, certainty=900)], []) == []
