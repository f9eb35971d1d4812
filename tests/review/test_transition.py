"""What stands, stands: forged sheets, late liars, impossible numbers, and the way back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from testigo.errors import InputError
from testigo.records import Decision, Standing, parse_leaf
from testigo.review import changed, decide


def votes(decision: Decision) -> int | None:
    return None if decision.counts is None else decision.counts.candidates["EG"]


def confirmed(room: Any, eg: int = 100) -> Decision:
    room.qr(eg, sheet=1)
    room.typed(1, eg, sheet=1)
    decision: Decision = room.log()
    assert decision.standing == "confirmed"
    return decision


def test_nothing_read_is_missing(room: Any) -> None:
    decision = room.decide()
    assert (decision.standing, decision.rule, decision.counts) == ("missing", "no_reading", None)
    assert not changed(None, decision)


def test_every_decision_survives_its_canonical_bytes(room: Any) -> None:
    confirmed(room)
    room.typed(2, 99, sheet=4)
    decision = room.decide(same_image=("010101001.02",), electors=400, station_known=True)
    assert parse_leaf(decision.to_bytes()) == decision
    assert decision.supersedes == room.previous[0]
    assert decision.inputs == tuple(leaf for leaf, _ in room.readings)


def test_one_forged_sheet_cannot_un_count_a_station(room: Any) -> None:
    before = confirmed(room)
    room.qr(3, sheet=7)
    room.typed(2, 3, sheet=7)
    room.typed(3, 3, sheet=7)
    after = room.log()
    assert (after.standing, after.counts, after.rule) == ("confirmed", before.counts, before.rule)
    assert after.flags == ("contested",)
    assert after.supports == before.supports


def test_a_scanned_duplicate_neither_removes_nor_disputes(room: Any) -> None:
    before = confirmed(room)
    room.qr(100, sheet=7)
    after = room.log()
    assert (after.standing, after.counts, after.flags) == ("confirmed", before.counts, ())


def test_a_late_liar_alone_cannot_un_confirm(room: Any) -> None:
    confirmed(room)
    room.typed(2, 999)
    assert (room.log().standing, room.previous[1].flags) == ("confirmed", ("contested",))
    room.typed(3, 100)
    assert (room.log().standing, room.previous[1].flags) == ("confirmed", ("outvoted",))


def test_a_crowd_of_late_liars_cannot_turn_a_confirmed_count(room: Any) -> None:
    room.typed(1, 100)
    room.typed(2, 100)
    room.log()
    for person in (3, 4, 5, 6):
        room.typed(person, 999)
    after = room.log()
    assert (after.standing, votes(after), after.flags) == ("confirmed", 100, ("contested", "outvoted"))


def test_a_person_who_changes_his_mind_does_not_un_confirm(room: Any) -> None:
    before = confirmed(room)
    room.typed(1, 999)
    after = room.log()
    assert (after.standing, votes(after), after.flags) == ("confirmed", 100, ("contested",))
    assert after.supports == before.supports


def test_only_an_adjudication_turns_a_confirmed_count(room: Any) -> None:
    confirmed(room)
    room.typed(2, 3, sheet=7)
    room.log()
    room.settled(5, 3, sheet=7)
    assert (room.log().standing, votes(room.previous[1]), room.previous[1].flags) == ("confirmed", 100, ("contested",))
    room.settled(6, 3, sheet=7)
    after = room.log()
    assert (after.standing, after.rule, votes(after), after.flags) == ("confirmed", "adjudicated", 3, ())


def test_a_sheet_that_comes_after_the_adjudication_contests_again(room: Any) -> None:
    confirmed(room)
    room.typed(2, 3, sheet=7)
    room.settled(5, 100)
    room.settled(6, 100)
    assert room.log().flags == ()
    room.typed(3, 8, sheet=9)
    assert (room.log().flags, votes(room.previous[1])) == (("contested",), 100)
    room.settled(7, 100)  # one more alone does not settle what only he has seen
    assert room.log().flags == ("contested",)
    room.settled(8, 100)
    assert room.log().flags == ()


def test_two_sheets_claiming_one_station_confirm_nothing_without_adjudication(room: Any) -> None:
    room.qr(100, sheet=1)
    first = room.log()
    for person, sheet, eg in ((1, 1, 100), (2, 7, 3), (3, 7, 3)):
        room.typed(person, eg, sheet=sheet)
    after = room.log()
    assert (after.standing, after.counts, after.flags) == ("documented", first.counts, ("contested",))
    room.settled(5, 100)
    room.settled(6, 100)
    assert (room.log().standing, votes(room.previous[1])) == ("confirmed", 100)


def test_of_differing_sheets_that_come_at_once_the_earliest_leaf_is_shown(room: Any) -> None:
    room.typed(1, 100, sheet=1)
    room.typed(2, 3, sheet=7)
    room.readings.reverse()
    decision = room.decide()
    assert (decision.standing, votes(decision), decision.flags) == ("documented", 100, ("contested",))


@pytest.mark.parametrize("rule", ["total_within_electors", "total_within_voters", "lines_sum_to_valid"])
def test_a_million_votes_for_a_hundred_electors_are_never_confirmed(room: Any, rule: str) -> None:
    figures = {"total_within_voters": {"voters_machine": 100}, "lines_sum_to_valid": {"valid": 100}}.get(rule, {})
    for person in (1, 2, 3):
        room.typed(person, 1_000_000, printed=figures)
    decision = room.log(electors=100 if rule == "total_within_electors" else None)
    assert (decision.standing, decision.rule, decision.flags) == ("documented", "blocked", ("contested",))
    failed = [check.rule for check in decision.checks if check.outcome == "fail"]
    assert failed == [rule]


def test_an_impossible_number_is_contested_before_anybody_confirms_it(room: Any) -> None:
    room.qr(90_000)
    decision = room.decide(electors=100)
    assert (decision.standing, decision.flags) == ("documented", ("contested",))


def test_adjudicators_cannot_lift_a_blocking_rule(room: Any) -> None:
    confirmed(room)
    room.settled(5, 1_000_000)
    room.settled(6, 1_000_000)
    decision = room.decide(electors=400)
    assert (decision.standing, decision.flags) == ("documented", ("contested",))


def test_a_check_that_fails_later_flags_and_does_not_un_count(room: Any) -> None:
    confirmed(room)
    decision = room.log(electors=20)
    assert (decision.standing, votes(decision), decision.flags) == ("confirmed", 100, ("contested",))


def test_one_mistyped_total_does_not_block_a_station(room: Any) -> None:
    room.typed(1, 100, printed={"valid": 150})
    room.typed(2, 100, printed={"valid": 510})
    room.typed(3, 100, printed={"valid": 150})
    decision = room.decide()
    assert decision.standing == "confirmed"
    assert next(c for c in decision.checks if c.rule == "lines_sum_to_valid").outcome == "pass"


def test_a_rule_that_only_flags_does_not_block(room: Any, profile: Any) -> None:
    room.profile = replace(profile, rules={**profile.rules, "total_within_electors": "flag"})
    room.typed(1, 100)
    room.typed(2, 100)
    decision = room.decide(electors=20)
    assert (decision.standing, decision.flags) == ("confirmed", ())


def test_a_station_outside_a_complete_register_is_not_confirmed(room: Any) -> None:
    room.typed(1, 100)
    room.typed(2, 100)
    assert room.decide(station_known=False).rule == "blocked"
    assert room.decide(station_known=None).standing == "confirmed"


def test_the_same_image_elsewhere_is_shown_and_named(room: Any) -> None:
    room.typed(1, 100)
    room.typed(2, 100)
    decision = room.decide(same_image=("010101001.03", "010101001.02"))
    assert (decision.standing, decision.flags) == ("confirmed", ("same_image",))
    assert decision.same_image == ("010101001.02", "010101001.03")
    check = next(check for check in decision.checks if check.rule == "unique_image")
    assert (check.outcome, check.values) == ("fail", {"stations": "010101001.02, 010101001.03"})


def test_a_published_row_is_imported_and_the_image_may_confirm_it(room: Any) -> None:
    room.table(100)
    first = room.log(provenance="published")
    assert (first.standing, first.rule, first.provenance) == ("imported", "imported", "published")
    room.qr(100)
    assert room.log().standing == "imported"  # one reading does not move it backwards to documented
    room.typed(1, 100)
    assert room.log().standing == "confirmed"


def test_two_published_tables_that_differ_are_contested(room: Any) -> None:
    room.table(100, "aa")
    room.log()
    room.table(3, "bb")
    assert (room.log().flags, votes(room.previous[1])) == (("contested",), 100)


def test_in_a_dispute_the_counts_that_were_shown_stay(room: Any) -> None:
    """Two people agreed on numbers that cannot be; when one of them turns, what was shown is not swapped for older."""
    room.typed(1, 10)
    room.typed(2, 90)
    room.typed(3, 90)
    assert (room.log(electors=100).rule, votes(room.previous[1])) == ("blocked", 90)
    room.typed(3, 20)
    assert (room.log(electors=100).rule, votes(room.previous[1])) == ("disputed", 90)


def test_a_withdrawn_station_comes_back_only_by_adjudication(room: Any) -> None:
    decision = confirmed(room)
    room.previous = (room.previous[0], replace(decision, standing=Standing.WITHDRAWN.value))
    room.typed(2, 100)
    assert room.log().standing == "withdrawn"
    room.settled(5, 100)
    room.settled(6, 100)
    assert room.log().standing == "confirmed"


def test_the_profile_alone_says_what_suffices(room: Any, profile: Any) -> None:
    room.profile = replace(profile, acceptance=(("qr_confirmed_by_print", "two_people_agree"),))
    room.qr(100)
    room.typed(1, 100)
    assert room.decide().standing == "documented"
    room.typed(2, 100)
    decision = room.decide()
    assert (decision.standing, decision.rule) == ("confirmed", "qr_confirmed_by_print+two_people_agree")
    assert len(decision.supports) == 3


def test_only_news_is_a_change(room: Any) -> None:
    before = confirmed(room)
    room.message(4, 100)
    after = room.log()
    assert after != before
    assert not changed(before, after)
    room.typed(2, 999)
    assert changed(after, room.decide())


def test_a_reading_of_another_station_is_refused(room: Any) -> None:
    leaf = room.typed(1, 100)
    room.readings[-1] = (leaf, replace(room.readings[-1][1], station="010101001.02"))
    with pytest.raises(InputError, match=r"010101001\.02"):
        room.decide()


def test_a_reading_cannot_be_kept_from_the_decider(room: Any) -> None:
    confirmed(room)
    with pytest.raises(InputError, match="missing"):
        decide(room.profile, "010101001.01", "presidente", room.readings[1:], room.facts, room.previous)
    with pytest.raises(InputError, match="twice"):
        decide(room.profile, "010101001.01", "presidente", room.readings * 2, room.facts)


def test_a_station_known_only_by_number_is_not_called_invented() -> None:
    """The register of 2024 names 25,075 of 30,026 stations: a sheet of another one may be as real as any."""
    from testigo.election import Register, load_profile, register_schema
    from testigo.review import RegisterFacts

    profile = load_profile("ve2024")
    row = {"station": "010101001.01", "centre": "010101001", "centre_name": "", "electors": 900}
    row |= {"estado": "01", "municipio": "0101", "parroquia": "010101"}
    row |= {f"{level.code}_name": "x" for level in profile.levels}
    table = register_schema(profile).empty_table().from_pylist([row], schema=register_schema(profile))
    facts = RegisterFacts(Register(profile, table))
    assert facts.of("010101001.01").station_known is True
    assert facts.of("010101001.02").station_known is None
