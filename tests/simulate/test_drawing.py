"""A drawing is where the layout says and says what the counts say."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from random import Random

import numpy as np
import pytest
import zxingcpp

from testigo.election import Box, Profile, parse_payload, parse_profile
from testigo.errors import InputError
from testigo.records import Counts
from testigo.simulate import Sheet, code_modules, draw_sheet, encode_jpeg, figures_for, scan_of
from testigo.simulate.damage import photo
from testigo.simulate.paper import DPI, Paper

SheetOf = Callable[..., Sheet]
CodesOf = Callable[..., list[str]]
SCALE = DPI / 25.4


def test_a_tape_has_the_size_of_real_scans(ve: Profile, sheet_of: SheetOf) -> None:
    jpeg = scan_of(ve, sheet_of(ve), "s")
    image = draw_sheet(ve, ve.contest(), sheet_of(ve))
    assert image.shape == (7360, 640)
    assert 90_000 < len(jpeg) < 600_000


@pytest.mark.parametrize("half", [False, True])
def test_the_code_is_read_from_drawing_scan_and_photo(
    ve: Profile, sheet_of: SheetOf, codes_of: CodesOf, half: bool
) -> None:
    sheet, contest = sheet_of(ve), ve.contest()
    drawing = draw_sheet(ve, contest, sheet)
    lower = encode_jpeg(photo(drawing, Random(2), (0.62, 1.0)), 72)
    for jpeg in (encode_jpeg(drawing, 75), scan_of(ve, sheet, "s"), lower):
        payloads = [p for p in (parse_payload(contest, text) for text in codes_of(jpeg, half)) if p]
        assert [p.counts for p in payloads] == [sheet.counts]
        assert payloads[0].code.station == sheet.station


def test_the_code_has_49_modules_and_stands_where_the_layout_says(ve: Profile, sheet_of: SheetOf) -> None:
    sheet, contest = replace(sheet_of(ve), counts=_small(ve)), ve.contest()
    assert code_modules(contest, sheet.payload(contest)).shape == (49, 49)
    code = next(c for c in zxingcpp.read_barcodes(draw_sheet(ve, contest, sheet)) if "!" in c.text)
    assert (code.ec_level, len(code.text) <= 108) == ("Q", True)
    assert contest.layout is not None
    box = contest.layout.code_box(49)
    assert box is not None
    corners = [(box.x, box.y), (box.right, box.bottom)]
    found = [code.position.top_left, code.position.bottom_right]
    for (x, y), point in zip(corners, found, strict=True):
        assert abs(x * SCALE - point.x) <= 6
        assert abs(y * SCALE - point.y) <= 6


def test_a_longer_payload_gets_a_larger_version_in_the_same_place(
    ve: Profile, sheet_of: SheetOf, codes_of: CodesOf
) -> None:
    contest = ve.contest()
    lines = dict.fromkeys(contest.line_codes, 111)
    counts = Counts(contest.candidates_from_lines(lines), lines, 1, 1)
    sheet = replace(sheet_of(ve), counts=counts, figures=figures_for(contest, counts, 9000))
    assert len(code_modules(contest, sheet.payload(contest))) > 49
    assert sheet.payload(contest) in codes_of(draw_sheet(ve, contest, sheet))


def test_one_vote_more_changes_its_row_and_the_totals_and_nothing_else(
    ve: Profile, altamar: Profile, sheet_of: SheetOf
) -> None:
    for profile in (ve, altamar):
        for contest in profile.contests:
            layout = contest.layout
            assert layout is not None
            line = contest.line_codes[2]
            one, two = (sheet_of(profile, contest.code, **{line: votes}) for votes in (14, 64))
            changed = np.argwhere(draw_sheet(profile, contest, one) != draw_sheet(profile, contest, two))[:, 0] / SCALE
            row = layout.line_boxes()[2]
            blocks = [layout.block(kind) for kind in ("voters", "summary", "code")]
            allowed = [_wider(box) for box in (row, *(block.box for block in blocks if block))]
            assert any(row.y <= y <= row.bottom for y in changed)
            if contest.qr is not None:
                assert all(any(box.y <= y <= box.bottom for box in allowed) for y in changed)


def test_handwriting_shows_the_digits_that_it_is_given(altamar: Profile, sheet_of: SheetOf) -> None:
    """Ten different digits in the same place are ten different pictures, and an empty box stays empty."""
    contest = altamar.contests[0]
    assert contest.layout is not None
    box = contest.layout.line_boxes()[0]
    rows = slice(round(box.y * SCALE), round(box.bottom * SCALE))
    cuts = []
    for digit in range(10):
        image = draw_sheet(altamar, contest, sheet_of(altamar, contest.code, **{contest.line_codes[0]: digit}))
        cuts.append(image[rows, round(162 * SCALE) : round(171 * SCALE)].tobytes())
    assert len(set(cuts)) == 10


def test_the_same_sheet_has_the_same_bytes(ve: Profile, sheet_of: SheetOf) -> None:
    assert scan_of(ve, sheet_of(ve), "s") == scan_of(ve, sheet_of(ve), "s")
    assert scan_of(ve, sheet_of(ve), "s") != scan_of(ve, sheet_of(ve), "t")


def test_letters_with_accents_are_letters() -> None:
    """A font that lacks a letter draws the same box for all of them."""
    pictures = {}
    for letter in "ÁÉÍÓÚÜÑáéíóúüñ¿¡ºAEIOUN":
        paper = Paper(10, 10)
        paper.text(2, 8, letter, 6)
        pictures[letter] = paper.pixels.tobytes()
    assert len(set(pictures.values())) == len(pictures)


def test_a_contest_whose_sheet_is_not_described_cannot_be_drawn(altamar: Profile, sheet_of: SheetOf) -> None:
    contest = replace(altamar.contests[0], printing=None)
    nameless = parse_profile(altamar.source + b"\n# another file, so another press\n")
    with pytest.raises(InputError, match=r"contests\.printing"):
        draw_sheet(nameless, contest, sheet_of(altamar, "presidencia"))
    with pytest.raises(InputError, match="asamblea"):
        draw_sheet(altamar, altamar.contests[1], sheet_of(altamar, "presidencia"))


def test_figures_that_contradict_each_other_are_not_printed_by_accident(ve: Profile) -> None:
    with pytest.raises(InputError, match="do not fit"):
        figures_for(ve.contest(), _small(ve), 1)


def test_drawing_is_cheap_enough_for_a_whole_country(ve: Profile, sheet_of: SheetOf) -> None:
    """Not a benchmark: only that no sheet costs seconds (30,026 of them would cost a day)."""
    sheet = sheet_of(ve)
    scan_of(ve, sheet, "s")
    began = time.process_time()
    scan_of(ve, sheet, "s")
    assert time.process_time() - began < 1.0


def _small(profile: Profile) -> Counts:
    contest = profile.contest()
    lines = {code: n % 4 for n, code in enumerate(contest.line_codes)}
    return Counts(contest.candidates_from_lines(lines), lines, 0, 0)


def _wider(box: Box) -> Box:
    return Box(box.x, box.y - 1, box.width, box.height + 2)


def test_every_row_prints_its_own_votes_in_figures_and_in_words(ve: Profile, sheet_of: SheetOf) -> None:
    contest = ve.contest()
    assert contest.layout is not None
    assert contest.printing is not None
    sheet = sheet_of(ve, PSUV=483, MUD=12345)
    drawing = draw_sheet(ve, contest, sheet)
    written = Paper(contest.layout.paper_width, contest.layout.paper_height)
    for line, box in zip(contest.lines, contest.layout.line_boxes(), strict=True):
        votes = (sheet.counts.lines or {})[line.code]
        written.text(77, box.y + 3.9, str(votes), 4.4, align="right")
        written.text(77, box.y + 7.3, contest.printing.in_words(votes), 2.9, align="right")
    for box in contest.layout.line_boxes():
        # Right of the labels; the pale word is lighter than any ink.
        cut = (slice(round(box.y * SCALE) + 2, round(box.bottom * SCALE) - 2), slice(round(52 * SCALE), None))
        assert np.array_equal(drawing[cut] < 100, written.pixels[cut] < 100)
