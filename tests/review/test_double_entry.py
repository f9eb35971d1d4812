"""People, not entries: who can confirm what, and who cannot."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from testigo.records import Decision


def votes(decision: Decision) -> int | None:
    return None if decision.counts is None else decision.counts.candidates["EG"]


def test_a_code_confirmed_by_the_print(room: Any) -> None:
    code, print_ = room.qr(100), room.typed(1, 100)
    decision = room.decide()
    assert (decision.standing, decision.rule, decision.flags) == ("confirmed", "qr_confirmed_by_print", ())
    assert decision.supports == (code, print_)
    assert decision.counts == room.with_lines(100)  # the lines of the code are kept beside the typed candidates


def test_two_people_confirm_without_any_code(room: Any) -> None:
    leaves = room.typed(1, 100), room.typed(2, 100)
    decision = room.decide()
    assert (decision.standing, decision.rule, decision.supports) == ("confirmed", "two_people_agree", leaves)


def test_one_person_cannot_confirm_himself(room: Any) -> None:
    for _ in range(5):
        room.typed(1, 100)
    assert room.decide().standing == "documented"


def test_one_person_cannot_confirm_himself_on_a_second_photo(room: Any) -> None:
    room.typed(1, 100, sheet=1)
    room.typed(1, 100, sheet=2)
    assert room.decide().standing == "documented"


def test_one_person_cannot_paste_the_code_and_type_the_print(room: Any) -> None:
    room.qr(100, sheet=1, person=1)
    room.typed(1, 100, sheet=2)
    assert room.decide().standing == "documented"
    room.typed(2, 100, sheet=2)
    assert room.decide().standing == "confirmed"


def test_two_programs_reading_the_same_code_confirm_nothing(room: Any) -> None:
    room.qr(100)
    room.ocr(100, evidence=("print", "qr"))
    assert room.decide().standing == "documented"


def test_the_print_that_helped_to_read_a_code_does_not_confirm_it(room: Any) -> None:
    """The print as judge: evidence of both. Neither a program nor a person who reads the same print is a second one."""
    room.ocr(100, evidence=("print", "qr"))
    assert room.decide().standing == "documented"
    room.ocr(100)
    room.typed(1, 100)
    room.ocr(100, sheet=2)
    decision = room.decide()
    assert (decision.standing, decision.flags) == ("documented", ())
    check = next(check for check in decision.checks if check.rule == "qr_equals_print")
    assert (check.outcome, check.because) == ("not_evaluable", "qr_read_with_print")


def test_a_code_read_with_the_prints_help_is_confirmed_as_any_print_is(room: Any) -> None:
    room.ocr(100, evidence=("print", "qr"))
    room.typed(1, 100)
    room.typed(2, 100)
    assert room.decide().rule == "two_people_agree"


def test_a_code_read_with_the_prints_help_can_still_contradict_it(room: Any) -> None:
    room.ocr(90, evidence=("print", "qr"))
    room.typed(1, 100)
    room.typed(2, 100)
    decision = room.decide()
    assert (decision.standing, "contested" in decision.flags) == ("documented", True)
    check = next(check for check in decision.checks if check.rule == "qr_equals_print")
    assert (check.outcome, check.because) == ("fail", "qr_differs")


def test_a_program_that_reads_the_print_alone_confirms_the_code(room: Any) -> None:
    room.qr(100)
    room.ocr(100)
    assert room.decide().rule == "qr_confirmed_by_print"


def test_two_programs_reading_the_print_are_not_two_people(room: Any) -> None:
    room.ocr(100)
    room.typed(1, 100)
    assert room.decide().standing == "documented"


def test_code_and_print_of_two_photos_of_one_sheet_confirm(room: Any) -> None:
    room.qr(100, sheet=1)
    room.typed(1, 100, sheet=2)
    decision = room.decide()
    assert (decision.standing, decision.flags) == ("confirmed", ())


def test_a_two_two_tie_is_a_dispute_and_never_settled_by_chance(room: Any) -> None:
    for person, eg in ((1, 100), (2, 999), (3, 100), (4, 999)):
        room.typed(person, eg)
    decision = room.decide()
    assert (decision.standing, decision.rule, decision.flags) == ("documented", "disputed", ("contested",))


def test_of_three_people_the_two_who_match_count_and_the_liar_is_outvoted(room: Any) -> None:
    first, _, third = room.typed(1, 100), room.typed(2, 999), room.typed(3, 100)
    decision = room.decide()
    assert (decision.standing, votes(decision), decision.flags) == ("confirmed", 100, ("outvoted",))
    assert decision.supports == (first, third)


def test_three_people_with_three_numbers_are_a_dispute(room: Any) -> None:
    for person in (1, 2, 3):
        room.typed(person, 100 + person)
    assert room.decide().flags == ("contested",)


def test_ten_and_eleven_typed_never_store_999(room: Any) -> None:
    room.typed(1, 10)
    room.typed(2, 11)
    room.settled(3, 999)
    assert votes(room.decide()) in (10, 11)
    assert room.decide().standing == "documented"


def test_a_difference_between_code_and_print_opens_a_dispute(room: Any) -> None:
    room.qr(100)
    room.typed(1, 101)
    decision = room.decide()
    assert (decision.standing, decision.rule, decision.flags) == ("documented", "disputed", ("contested",))
    check = next(check for check in decision.checks if check.rule == "qr_equals_print")
    assert (check.outcome, check.values) == ("fail", {"code": "EG", "qr": 100, "print": 101})


def test_a_print_reading_that_differs_stops_the_code_until_two_people_agree(room: Any) -> None:
    room.qr(100)
    room.typed(1, 100)
    room.typed(2, 999)
    assert room.decide().standing == "documented"
    room.typed(3, 100)
    decision = room.decide()
    assert (decision.standing, decision.rule, decision.flags) == ("confirmed", "two_people_agree", ("outvoted",))


def test_two_people_do_not_outvote_the_code(room: Any) -> None:
    """The print was altered, or the code was: people cannot know, so it takes an adjudication."""
    room.qr(100)
    room.typed(1, 150)
    room.typed(2, 150)
    decision = room.decide()
    assert (decision.standing, decision.flags, votes(decision)) == ("documented", ("contested",), 100)


def test_whoever_corrects_himself_is_one_voice_with_his_last_word(room: Any) -> None:
    room.typed(1, 999)
    room.typed(2, 100)
    last = room.typed(1, 100)
    decision = room.decide()
    assert (decision.standing, decision.flags) == ("confirmed", ())
    assert last in decision.supports
    assert len(decision.supports) == 2


def test_a_vague_reading_does_not_break_a_tie(room: Any, profile: Any) -> None:
    """Two people differ in one line of the same candidate; a third who typed candidates only agrees with both."""
    contest = profile.contest("presidente")
    for person, lines in ((1, {"MUD": 60, "MPV": 40}), (2, {"MUD": 40, "MPV": 60})):
        leaf = room.typed(person, 100, printed={})
        reading = room.readings[-1][1]
        full = {**dict.fromkeys(contest.line_codes, 0), "PSUV": 50, **lines}
        counts = replace(reading.counts, lines=full)
        room.readings[-1] = (leaf, replace(reading, counts=counts))
    room.typed(3, 100)
    decision = room.decide()
    assert (decision.standing, decision.flags) == ("documented", ("contested",))


def test_numbers_without_an_image_are_reported_and_dispute_nothing(room: Any) -> None:
    room.message(1, 100)
    assert (room.decide().standing, room.decide().rule) == ("reported", "message")
    room.message(2, 100)
    room.qr(100, sheet=None)
    assert room.decide().standing == "reported"  # however many: nobody has seen a sheet
    room.typed(3, 70)
    assert (room.decide().standing, votes(room.decide()), room.decide().flags) == ("documented", 70, ())


def test_a_reading_that_does_not_fit_the_ballot_has_no_voice(room: Any) -> None:
    room.typed(1, 100)
    leaf = room.typed(2, 100)
    reading = room.readings[-1][1]
    broken = replace(reading, counts=replace(room.with_lines(100), candidates=room.counts(200).candidates))
    room.readings[-1] = (leaf, broken)  # 100 by its lines, 200 by its candidates
    decision = room.decide()
    assert (decision.standing, votes(decision)) == ("documented", 100)
    assert leaf in decision.inputs
    assert leaf not in decision.supports


@pytest.mark.parametrize("people", [0, 1, 2])
def test_only_adjudicators_settle_what_code_and_print_dispute(room: Any, people: int) -> None:
    room.qr(100)
    room.typed(1, 150)
    for person in range(people):
        room.settled(5 + person, 150)
    decision = room.decide()
    expected = ("confirmed", "adjudicated", 150) if people == 2 else ("documented", "disputed", 100)
    assert (decision.standing, decision.rule, votes(decision)) == expected
    assert decision.flags == (() if people == 2 else ("contested",))


def test_a_typist_of_the_dispute_cannot_adjudicate_it(room: Any) -> None:
    room.qr(100)
    room.typed(1, 150)
    room.settled(1, 150)
    room.settled(2, 150)
    assert room.decide().standing == "documented"
    room.settled(3, 150)
    assert room.decide().rule == "adjudicated"


def test_adjudicators_who_differ_settle_nothing(room: Any) -> None:
    room.qr(100)
    room.typed(1, 150)
    for person, eg in ((2, 100), (3, 100), (4, 150), (5, 150)):
        room.settled(person, eg)
    assert room.decide().standing == "documented"
    room.settled(6, 100)
    assert (room.decide().rule, votes(room.decide())) == ("adjudicated", 100)
