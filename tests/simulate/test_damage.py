"""Damage is repeatable, does what it is called, and its truth follows the pixels: checked against a reader."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import PIL.Image
import pytest
import zxingcpp

from testigo.election import Profile
from testigo.errors import InputError
from testigo.simulate import Sheet
from testigo.simulate.damage import FAMILIES, Damaged, Drawing, Shown, damaged, photos
from testigo.simulate.damage.families import generator
from testigo.simulate.damage.picture import Picture
from testigo.simulate.damage.scanning import uneven_feed
from testigo.simulate.places import drawing_of

SheetOf = Callable[..., Sheet]
SEEDS = range(24)


@pytest.fixture(scope="module")
def drawings(ve: Profile, sheet_of: SheetOf) -> tuple[Drawing, Drawing]:
    """Two sheets of two stations."""
    sheet = sheet_of(ve, MUD=155)
    other = replace(sheet_of(ve, PSUV=217), station="040202001.02", centre="040202001")
    first, second = (drawing_of(ve, ve.contest(), one) for one in (sheet, other))
    return first, second


def _grey(picture: Damaged) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    decoded = cv2.imdecode(np.frombuffer(picture.encoded(), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert decoded is not None
    return np.asarray(decoded, np.uint8)


def _places(
    grey: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    found = {}
    for code in zxingcpp.read_barcodes(grey):
        p = code.position
        found[code.text] = np.array(
            [(c.x, c.y) for c in (p.top_left, p.top_right, p.bottom_right, p.bottom_left)], np.float64
        )
    return found


def _apart(shown: Shown, found: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """How far the corners that a reader found are from those that the truth tells, in shares of the code's side."""
    truth = shown.corners(shown.drawing.code)
    side = float(np.linalg.norm(truth[0] - truth[1]))
    return max(float(np.min(np.linalg.norm(truth - corner, axis=1))) for corner in found) / side


def test_there_are_fourteen_families() -> None:
    assert len(FAMILIES) == len(set(FAMILIES)) == 14


@pytest.mark.parametrize("family", FAMILIES)
def test_mild_damage_is_read_by_anybody_and_the_truth_says_where(
    family: str, drawings: tuple[Drawing, Drawing]
) -> None:
    for seed in range(2):
        picture = damaged(family, 0.0, drawings, seed)
        found = _places(_grey(picture))
        for shown in picture.sheets:
            assert shown.drawing.payload in found, seed
            if shown.code_visible == 1.0:  # of a code that is cut, a reader guesses the corners
                assert _apart(shown, found[shown.drawing.payload]) < 0.03, seed


@pytest.mark.parametrize("family", ["turned", "feed", "phone", "two_tapes", "low_resolution"])
def test_the_truth_follows_the_pixels_at_every_grade(family: str, drawings: tuple[Drawing, Drawing]) -> None:
    checked = 0
    for seed in range(5):
        picture = damaged(family, 0.35, drawings, seed)
        found = _places(_grey(picture))
        for shown in picture.sheets:
            if shown.drawing.payload in found:
                assert _apart(shown, found[shown.drawing.payload]) < 0.04, seed
                checked += 1
    assert checked >= 3


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_seed_gives_the_same_bytes_whatever_was_asked_before(
    family: str, drawings: tuple[Drawing, Drawing]
) -> None:
    def digest(seed: int, grade: float = 0.6) -> str:
        return hashlib.sha256(damaged(family, grade, drawings, seed).encoded()).hexdigest()

    first = digest(1)
    others = {digest(2), digest(1, 0.9)}
    assert digest(1) == first
    assert first not in others


def test_the_drawing_itself_is_never_touched(drawings: tuple[Drawing, Drawing]) -> None:
    before = [drawing.pixels.tobytes() for drawing in drawings]
    for family in ("fading", "folds_and_stains", "watermark_and_stamps", "cut", "two_tapes", "combined"):
        damaged(family, 1.0, drawings, 3)
    assert [drawing.pixels.tobytes() for drawing in drawings] == before


def test_two_tapes_in_one_image_carry_two_codes(drawings: tuple[Drawing, Drawing]) -> None:
    shapes = set()
    for seed in range(6):
        picture = damaged("two_tapes", 0.3, drawings, seed)
        assert len(picture.sheets) == 2
        assert {drawing.payload for drawing in drawings} <= set(_places(_grey(picture)))
        shapes.add(picture.pixels.shape[0] > 6 * picture.pixels.shape[1])
    assert len(shapes) == 2  # side by side, and others


def test_a_second_tape_is_not_invented(drawings: tuple[Drawing, Drawing]) -> None:
    with pytest.raises(InputError, match="two drawings"):
        damaged("two_tapes", 0.5, drawings[0], 1)
    with pytest.raises(InputError, match="no family"):
        damaged("earthquake", 0.5, drawings[0], 1)
    with pytest.raises(InputError, match="between 0 and 1"):
        damaged("blur", 1.5, drawings[0], 1)


def test_turned_means_every_way_that_a_sheet_can_lie(drawings: tuple[Drawing, Drawing]) -> None:
    mirrored, quarters, tags = 0, set(), 0
    for seed in range(60):
        picture = damaged("turned", 0.8, drawings, seed)
        corners = picture.sheets[0].corners()
        (ax, ay), (bx, by) = corners[1] - corners[0], corners[3] - corners[0]
        mirrored += ax * by - ay * bx < 0
        quarters.add(round(np.degrees(np.arctan2(ay, ax)) / 90) % 4)
        tags += picture.file.orientation != 1
    assert mirrored > 1
    assert quarters == {0, 1, 2, 3}
    assert tags > 0


def test_a_picture_turned_by_its_tag_is_stored_otherwise_than_seen(drawings: tuple[Drawing, Drawing]) -> None:
    turned = (damaged("turned", 0.2, drawings, seed) for seed in range(200))
    picture = next(one for one in turned if one.file.orientation in (6, 8))
    data = np.frombuffer(picture.encoded(), np.uint8)
    stored = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
    assert stored is not None
    assert stored.shape == picture.pixels.shape[::-1]
    assert _grey(picture).shape == picture.pixels.shape
    assert np.abs(_grey(picture).astype(int) - picture.pixels.astype(int)).mean() < 4


def test_a_slipping_roller_repeats_and_loses_rows(drawings: tuple[Drawing, Drawing]) -> None:
    shown = damaged("feed", 1.0, drawings[0], 5).sheets[0]
    height = shown.drawing.pixels.shape[0]
    rows = shown.to_picture(np.column_stack([np.full(height, 300.0), np.arange(height) + 0.5]))[:, 1]
    steps = np.diff(rows)
    assert (steps > 3).sum() >= 2  # one row of the sheet is shown several times
    assert (steps < 0.1).sum() >= 8  # these rows of the sheet are not shown
    assert (steps >= -1e-6).all()


def test_repeated_rows_are_equal_rows() -> None:
    """Seen in the pixels: a drawing whose every row has its own pattern."""
    noise = np.random.default_rng(1).integers(0, 256, (2400, 640)).astype(np.uint8)
    picture = Picture.of(Drawing(noise))
    uneven_feed(picture, 1.0, generator("feed", 2))
    apart = np.abs(np.diff(picture.pixels.astype(int), axis=0)).mean(axis=1)
    assert (apart < 1).sum() >= 3
    assert np.median(apart) > 20


@pytest.mark.parametrize(
    ("family", "measure"),
    [
        ("fading", lambda p: float(np.percentile(p.pixels, 60)) - float(np.percentile(p.pixels[:, 60:-60], 3))),
        ("blur", lambda p: float(cv2.Laplacian(p.pixels, cv2.CV_64F).std())),
        ("low_resolution", lambda p: float(cv2.Laplacian(p.pixels, cv2.CV_64F).std()) * p.pixels.shape[1]),
        ("jpeg", lambda p: float(len(p.encoded()))),
        ("cut", lambda p: p.sheets[0].code_visible),
        ("streaks", lambda p: -float((p.pixels[:, 40:-40].std(axis=0) < 16).sum())),
        ("bilevel", lambda p: -abs(float((p.pixels == 0).mean()) - 0.1)),
    ],
)
def test_harm_grows_with_the_grade(
    family: str, measure: Callable[[Damaged], float], drawings: tuple[Drawing, Drawing]
) -> None:
    """What the family takes away: contrast, edges, bytes, the code. Medians over seeds, as each draws its own kind."""
    means = []
    for grade in (0.0, 0.5, 1.0):
        means.append(float(np.mean([measure(damaged(family, grade, drawings, seed)) for seed in range(4)])))
    assert means[0] > means[1] > means[2]


def test_what_is_cut_or_covered_is_told(drawings: tuple[Drawing, Drawing]) -> None:
    code = drawings[0].code
    assert code is not None
    kinds = set()
    for seed in SEEDS:
        picture = damaged("cut", 1.0, drawings, seed)
        shown = picture.sheets[0]
        assert 0.48 < shown.code_visible < 0.75, seed
        x, y, w, h = code
        edges = {
            "left": shown.share_visible((x, y, 2, h)),
            "right": shown.share_visible((x + w - 2, y, 2, h)),
            "top": shown.share_visible((x, y, w, 2)),
            "bottom": shown.share_visible((x, y + h - 2, w, 2)),
        }
        gone = [edge for edge, share in edges.items() if share == 0]
        kinds.add(gone[0] if gone else "blot")
    assert kinds == {"left", "right", "top", "bottom", "blot"}


def test_black_and_white_is_only_that_and_saved_as_fax(drawings: tuple[Drawing, Drawing]) -> None:
    kinds = set()
    for seed in range(6):
        picture = damaged("bilevel", 0.5, drawings, seed)
        assert set(np.unique(picture.pixels)) == {0, 255}
        kinds.add(picture.file.kind)
        if picture.file.kind == "tiff":
            with PIL.Image.open(io.BytesIO(picture.encoded())) as tiff:
                assert (tiff.mode, tiff.info["compression"]) == ("1", "group4")
                assert np.array_equal(np.asarray(tiff.convert("L")), picture.pixels)
    assert "tiff" in kinds


def test_a_messenger_leaves_1500_pixels_and_a_phone_makes_colour(drawings: tuple[Drawing, Drawing]) -> None:
    sides = [max(damaged("jpeg", 0.8, drawings, seed).pixels.shape) for seed in range(12)]
    assert 1500 in sides
    for seed in range(3):
        photo = damaged("phone", 0.5, drawings, seed)
        assert photo.pixels.ndim == 3
        assert photo.pixels.mean(axis=(0, 1)).std() > 1  # the light has a colour


def test_names_and_notes_stand_only_where_the_drawing_says(ve: Profile, sheet_of: SheetOf) -> None:
    """Another seed has other people, signatures, notes and another UUID, and nothing else."""
    contest, sheet = ve.contest(), sheet_of(ve)
    one, two = (drawing_of(ve, contest, replace(sheet, seed=seed)) for seed in ("a", "b"))
    differs = one.pixels != two.pixels
    header = round(40 * one.unit)
    assert differs[:header].any()  # the UUID
    differs[:header] = False
    assert differs.any()
    for x, y, w, h in one.private:
        differs[int(y) : round(y + h) + 1, int(x) : round(x + w) + 1] = False
    assert not differs.any()


def test_a_tape_in_three_photos_is_there_whole_and_its_neighbours_overlap(drawings: tuple[Drawing, Drawing]) -> None:
    taken = photos(drawings[0], 0.2, 4)
    for place in drawings[0].rows:
        assert any(picture.sheets[0].share_visible(place) == 1.0 for picture in taken)
    seen = [[p.sheets[0].share_visible((300, y, 8, 8)) > 0.5 for y in range(0, 7350, 40)] for p in taken]
    together = np.array(seen).sum(axis=0)
    assert (together == 2).sum() > 4
    assert (together == 3).sum() == 0
    assert drawings[0].payload in _places(_grey(taken[2]))


def test_a_form_on_large_paper_is_damaged_too(altamar: Profile, sheet_of: SheetOf) -> None:
    """Sizes of damage are of paper: a form of 210 mm is not blurred as if it were a tape."""
    contest = altamar.contests[0]
    drawing = drawing_of(altamar, contest, sheet_of(altamar, contest.code))
    assert 7.5 < drawing.unit < 8.5
    for family in ("blur", "cut", "turned", "phone"):
        picture = damaged(family, 0.5, drawing, 1)
        assert picture.sheets[0].code_visible == 0.0
        assert min(picture.pixels.shape[:2]) > 400
