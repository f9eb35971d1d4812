"""What must hold for every sequence of readings, drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from testigo.records import Decision, PublicReading
from testigo.review import decide

NUMBERS = st.sampled_from([100, 101, 999])
SHEETS = st.sampled_from([1, 1, 1, 2])
PEOPLE = st.integers(1, 4)
ACTS = st.one_of(
    st.tuples(st.just("qr"), NUMBERS, SHEETS, st.sampled_from([0, 0, 1])),
    st.tuples(st.just("ocr"), NUMBERS, SHEETS),
    st.tuples(st.just("typed"), PEOPLE, NUMBERS, SHEETS),
    st.tuples(st.just("typed"), PEOPLE, NUMBERS, SHEETS),
    st.tuples(st.just("settled"), PEOPLE, NUMBERS, SHEETS),
    st.tuples(st.just("message"), PEOPLE, NUMBERS),
    st.tuples(st.just("table"), NUMBERS),
)
DAYS = st.lists(ACTS, max_size=9)
RANK = {"missing": 0, "reported": 1, "documented": 2, "imported": 3, "confirmed": 4}


def play(room: Any, day: list[tuple[Any, ...]]) -> list[Decision]:
    """Decide after every reading, in the ledger's order."""
    decisions = []
    for act, *arguments in day:
        getattr(room, act)(*arguments)
        decisions.append(room.log())
    return decisions


def independent(readings: dict[int, PublicReading], supports: tuple[int, ...]) -> bool:
    """Whether two different people, or code and print by different readers, are among the supports."""
    voices = [readings[leaf] for leaf in supports]
    people = {v.person for v in voices if v.person and v.evidence == ("print",)}
    codes = [v for v in voices if "qr" in v.evidence]
    prints = [v for v in voices if v.evidence == ("print",)]
    pairs = [(c, p) for c in codes for p in prints if c.person == 0 or c.person != p.person]
    return len(people) >= 2 or any(not set(c.evidence) & set(p.evidence) for c, p in pairs)


@given(DAYS)
@settings(deadline=None)
def test_replaying_the_ledger_gives_the_same_decisions(new_room: Callable[[], Any], day: list[tuple[Any, ...]]) -> None:
    assert [d.to_bytes() for d in play(new_room(), day)] == [d.to_bytes() for d in play(new_room(), day)]


@given(DAYS, st.randoms(use_true_random=False), st.booleans())
@settings(deadline=None)
def test_the_order_in_which_readings_are_handed_over_does_not_matter(
    new_room: Callable[[], Any], day: list[tuple[Any, ...]], random: Any, incremental: bool
) -> None:
    room = new_room()
    if incremental and day:
        play(room, day[:-1])
        day = day[-1:]
    for act, *arguments in day:
        getattr(room, act)(*arguments)
    shuffled = random.sample(room.readings, len(room.readings))
    again = decide(room.profile, "010101001.01", "presidente", shuffled, room.facts, room.previous)
    assert again == room.decide()


@given(DAYS)
@settings(deadline=None, max_examples=300)
def test_every_confirmed_count_rests_on_two_independent_readings_that_say_so(
    new_room: Callable[[], Any], day: list[tuple[Any, ...]]
) -> None:
    room = new_room()
    for decision in play(room, day):
        readings = dict(room.readings)
        assert set(decision.supports) <= set(decision.inputs)
        for leaf in decision.supports:
            assert decision.counts is not None
            assert readings[leaf].counts.agrees_with(decision.counts)
        if decision.standing == "confirmed":
            assert independent(readings, decision.supports)
            assert all(readings[leaf].opened is not None for leaf in decision.supports)


@given(DAYS)
@settings(deadline=None, max_examples=300)
def test_nothing_moves_backwards_and_no_accepted_count_turns_without_adjudication(
    new_room: Callable[[], Any], day: list[tuple[Any, ...]]
) -> None:
    decisions = play(new_room(), day)
    for before, after in pairwise(decisions):
        assert RANK[after.standing] >= RANK[before.standing]  # no rule can fail here, so not even adjudicators lower
        if before.standing == "confirmed" and after.rule != "adjudicated":
            assert before.counts is not None
            assert after.counts is not None
            assert after.counts.candidates == before.counts.candidates


@given(DAYS)
@settings(deadline=None)
def test_a_count_in_dispute_is_confirmed_by_nobody_but_adjudicators(
    new_room: Callable[[], Any], day: list[tuple[Any, ...]]
) -> None:
    room = new_room()
    for act, *arguments in day:
        getattr(room, act)(*arguments)
    decision = room.decide()
    if decision.standing == "confirmed" and "contested" in decision.flags:
        assert decision.rule == "adjudicated"
