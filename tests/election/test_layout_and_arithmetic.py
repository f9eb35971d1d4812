"""Where things stand on a sheet, what may be shown of it, and its sums."""

from __future__ import annotations

import itertools

import pytest

from testigo.election import Profile
from testigo.election import arithmetic as a
from testigo.records import Counts

PRIVATE = ("observations", "signatures")


def test_no_private_block_lies_in_a_published_zone(ve: Profile, altamar: Profile) -> None:
    for profile in (ve, altamar):
        for contest in profile.contests:
            layout = contest.layout
            assert layout is not None
            for kind in PRIVATE:
                block = layout.block(kind)
                assert block is not None
                for zone in layout.zones():
                    assert zone.bottom <= block.box.y or zone.y >= block.box.bottom


def test_blocks_stack_without_gaps_to_the_length_of_the_paper(ve: Profile) -> None:
    layout = ve.contest().layout
    assert layout is not None
    y = 0.0
    for block in layout.blocks:
        assert block.box.y == pytest.approx(y)
        y += block.box.height
    assert layout.paper_height == pytest.approx(920)


def test_every_line_has_a_row_inside_its_block_below_its_candidate(ve: Profile) -> None:
    layout = ve.contest().layout
    assert layout is not None
    block, boxes = layout.block("lines"), layout.line_boxes()
    assert block is not None
    assert len(boxes) == 38
    assert boxes[0].y == pytest.approx(block.box.y + 16.4)
    assert boxes[-1].bottom == pytest.approx(block.box.bottom)
    assert all(below.y >= above.bottom - 1e-9 for above, below in itertools.pairwise(boxes))


def test_the_code_stands_in_the_middle_and_keeps_its_place_when_it_grows(ve: Profile, altamar: Profile) -> None:
    layout = ve.contest().layout
    assert layout is not None
    box, larger = layout.code_box(49), layout.code_box(53)
    assert box is not None
    assert larger is not None
    assert box.width == pytest.approx(49 * 1.15)
    assert box.x + box.width / 2 == pytest.approx(40)
    block = layout.block("code")
    assert block is not None
    assert larger.bottom <= block.box.bottom - block.quiet + 1e-6
    assert altamar.contests[0].layout is not None
    assert altamar.contests[0].layout.code_box(49) is None


def test_numbers_in_words_are_written_digit_by_digit(ve: Profile, altamar: Profile) -> None:
    printing = ve.contest().printing
    assert printing is not None
    assert printing.in_words(483) == "Cero, Cuatro, Ocho, Tres"
    assert printing.in_words(12345) == "Uno, Dos, Tres, Cuatro, Cinco"
    assert printing.area(0, "Aragua") == "EDO. Aragua"
    assert printing.area(0, "DTTO. CAPITAL") == "DTTO. CAPITAL"
    assert altamar.contests[0].printing is not None
    assert altamar.contests[0].printing.in_words(483) == ""


COUNTS = Counts({"A": 60, "B": 40}, None, 2, 1)


def test_a_rule_without_its_figure_is_not_evaluable_and_says_which() -> None:
    answers = [
        a.station_exists("x", None),
        a.lines_sum_to_valid(COUNTS, {}),
        a.total_within_voters(COUNTS, {}),
        a.total_within_electors(COUNTS, {}, None),
        a.voters_within_electors({"voters_machine": 3}, None),
        a.voters_within_electors({"electors": 3}, None),
    ]
    assert [check.outcome for check in answers] == ["not_evaluable"] * 6
    assert [check.because for check in answers] == [
        "no_register", "no_valid", "no_voters", "no_electors", "no_electors", "no_voters",
    ]  # fmt: skip


def test_a_million_votes_for_a_hundred_electors_fail() -> None:
    check = a.total_within_electors(Counts({"A": 1_000_000}), {}, 100)
    assert (check.outcome, check.because) == ("fail", "exceeds")
    assert check.values == {"cast": 1_000_000, "electors": 100}


def test_the_register_outweighs_what_the_sheet_says_of_its_electors() -> None:
    assert a.total_within_electors(COUNTS, {"electors": 9999}, 102).outcome == "fail"
    assert a.total_within_electors(COUNTS, {"electors": 1}, 103).outcome == "pass"
    assert a.total_within_electors(COUNTS, {"electors": 103}, None).outcome == "pass"


def test_null_and_blank_votes_count_as_cast() -> None:
    assert a.total_within_voters(COUNTS, {"voters_machine": 102}).outcome == "fail"
    assert a.total_within_voters(COUNTS, {"voters_machine": 103, "voters_book": 1}).outcome == "pass"
    assert a.total_within_voters(COUNTS, {"voters_book": 103}).outcome == "pass"


def test_a_wrong_sum_is_shown_with_both_numbers() -> None:
    check = a.lines_sum_to_valid(COUNTS, {"valid": 101})
    assert (check.outcome, check.values) == ("fail", {"sum": 100, "valid": 101})
    assert a.lines_sum_to_valid(COUNTS, {"valid": 100}).outcome == "pass"


def test_an_unknown_station_fails_only_where_the_register_is_known() -> None:
    assert a.station_exists("x", False).outcome == "fail"
    assert a.station_exists("x", True).outcome == "pass"


def test_more_voters_than_electors_fail_by_the_larger_figure() -> None:
    printed = {"voters_machine": 90, "voters_book": 110, "electors": 100}
    assert a.voters_within_electors(printed, None).outcome == "fail"
    assert a.voters_within_electors(printed, 110).outcome == "pass"
