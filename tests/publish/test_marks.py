"""A tapped line must light up on the sheet where that line is printed."""

from __future__ import annotations

import pytest

pytest.importorskip("jinja2")
pytest.importorskip("cv2")

from testigo.election import Profile, load_profile
from testigo.publish.stations import marks, shown_size
from testigo.reading import OpenedImage, Published, open_image, publish_image, read_sheet
from testigo.simulate import invented_counts, invented_register, make_sheet, scan_of


@pytest.fixture(scope="module")
def published() -> tuple[Profile, Published]:
    """A drawn sheet, scanned a little askew, as it is published."""
    profile = load_profile("ve2024")
    contest, register = profile.contest(), invented_register(profile, 12, 3)
    code = sorted(register.rows)[0]
    station = register.find(code)
    assert station is not None
    sheet = make_sheet(profile, contest, register, station, invented_counts(contest, register, 3)[code], 3)
    image = open_image(scan_of(profile, sheet, "marks"))
    assert isinstance(image, OpenedImage)
    shown = publish_image(profile, image, read_sheet(profile, image, rehearsal=True))
    assert isinstance(shown, Published)
    return profile, shown


def test_each_line_lights_up_within_two_millimetres_of_its_row(published: tuple[Profile, Published]) -> None:
    profile, shown = published
    contest = profile.contest()
    assert len(shown.rectangles) > 2, "a tilted sheet is shown in slices, not zone by zone"
    placed = marks(contest, shown.rectangles)
    assert [mark["code"] for mark in placed] == list(contest.line_codes)
    assert contest.layout is not None
    millimetre = shown.crop[3] / contest.layout.paper_height
    for mark, (_, top, _, height) in zip(placed, shown.rows, strict=True):
        assert abs(int(mark["y"]) - top) < 2 * millimetre
        assert abs(int(mark["height"]) - height) < 2 * millimetre


def test_the_page_gives_the_images_own_size(published: tuple[Profile, Published]) -> None:
    _, shown = published
    assert shown_size(shown.rectangles) == (shown.crop[2], shown.crop[3])


def test_without_rectangles_no_place_is_pretended() -> None:
    assert marks(load_profile("ve2024").contest(), ()) == []
