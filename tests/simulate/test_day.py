"""The planned day holds what really happens, and can be planned again."""

from __future__ import annotations

import io
import itertools
from collections import Counter
from collections.abc import Callable

import pytest
from PIL import Image

from testigo.election import Profile, Register, parse_payload
from testigo.errors import InputError
from testigo.records import Opening
from testigo.simulate import Day, Kind, Shares, Story, body_of, invented_register, plan_day, stream_of

CodesOf = Callable[..., list[str]]


def of_kind(day: Day, kind: Kind) -> list[int]:
    return [delivery.number for delivery in day.deliveries if delivery.kind is kind]


def test_the_same_seed_gives_the_same_day(day: Day, day_profile: Profile, register: Register) -> None:
    assert plan_day(day_profile, register, day.seed) == day
    assert plan_day(day_profile, register, day.seed + 1).deliveries != day.deliveries


def test_one_station_in_six_is_missing_and_nothing_of_it_arrives(day: Day, register: Register) -> None:
    missing = {key for key, story in day.stories.items() if story is Story.MISSING}
    assert len(missing) == round(len(register) * 0.165)
    assert not missing & {(d.contest, d.station) for d in day.deliveries}
    sent = {(d.contest, d.station) for d in day.deliveries if d.station}
    assert sent | missing == set(day.stories) == set(day.truth)


def test_everything_that_really_happens_happens(day: Day) -> None:
    kinds = Counter(delivery.kind for delivery in day.deliveries)
    assert set(kinds) == set(Kind)
    assert [d.number for d in day.deliveries] == list(range(len(day.deliveries)))
    assert len({d.name for d in day.deliveries}) == len(day.deliveries)


def test_a_copy_comes_after_its_original_with_the_same_bytes(day: Day, day_profile: Profile) -> None:
    copies = [d for d in day.deliveries if d.copy_of is not None]
    assert {d.kind for d in copies} == {Kind.DUPLICATE, Kind.RESEND}
    for copy in copies:
        original = day.deliveries[copy.copy_of or 0]
        assert original.number < copy.number
        assert (original.sender == copy.sender) == (copy.kind is Kind.RESEND)
    for kind in (Kind.DUPLICATE, Kind.RESEND):
        copy = next(d for d in copies if d.kind is kind)
        assert body_of(day_profile, copy) == body_of(day_profile, day.deliveries[copy.copy_of or 0])


def test_a_broken_transfer_does_not_decode_to_its_end(day: Day, day_profile: Profile) -> None:
    broken = day.deliveries[of_kind(day, Kind.TRUNCATED)[0]]
    data = body_of(day_profile, broken)
    assert data.startswith(b"\xff\xd8")
    assert broken.expected == Opening.DAMAGED
    with pytest.raises(OSError, match="truncated"):
        Image.open(io.BytesIO(data)).load()
    assert any(d.kind is Kind.SCAN and d.station == broken.station for d in day.deliveries[broken.number :])


def test_the_odd_files_are_what_they_are_called(day: Day, day_profile: Profile) -> None:
    by_kind = {delivery.kind: delivery for delivery in day.deliveries}
    assert body_of(day_profile, by_kind[Kind.EMPTY]) == b""
    text = body_of(day_profile, by_kind[Kind.TEXT])
    assert b"acta" in text
    assert by_kind[Kind.TEXT].name.endswith(".jpg")
    with pytest.raises(OSError, match="cannot identify"):
        Image.open(io.BytesIO(text))


def test_the_200_mb_file_is_never_held_in_memory(day: Day, day_profile: Profile) -> None:
    large = day.deliveries[of_kind(day, Kind.TOO_LARGE)[0]]
    pieces = [len(piece) for piece in stream_of(day_profile, large)]
    assert sum(pieces) == 200 * 1024 * 1024
    assert max(pieces) <= 1 << 20
    with pytest.raises(InputError, match="stream_of"):
        body_of(day_profile, large)


def test_a_photo_of_something_else_has_no_code(day: Day, day_profile: Profile, codes_of: CodesOf) -> None:
    for number in of_kind(day, Kind.WRONG_THING):
        assert codes_of(body_of(day_profile, day.deliveries[number])) == []


def test_the_forged_sheet_says_one_thing_to_machines_and_another_to_people(
    day: Day, day_profile: Profile, codes_of: CodesOf
) -> None:
    forged = day.deliveries[of_kind(day, Kind.FORGED)[0]]
    contest = day_profile.contest()
    payloads = [p for p in (parse_payload(contest, t) for t in codes_of(body_of(day_profile, forged))) if p]
    truth = day.truth[forged.contest, forged.station]
    assert payloads[0].counts != truth
    assert payloads[0].counts.cast == truth.cast
    typed = [t for t in day.transcriptions if t.delivery == forged.number]
    assert len({t.reviewer for t in typed}) == 2
    assert all(t.counts == truth for t in typed)


def test_two_sheets_claim_one_station_and_each_agrees_with_itself(
    day: Day, day_profile: Profile, codes_of: CodesOf
) -> None:
    contest = day_profile.contest()
    for number in of_kind(day, Kind.RIVAL):
        rival = day.deliveries[number]
        first = next(d for d in day.deliveries if d.kind is Kind.SCAN and d.station == rival.station)
        assert first.sheet is not None
        assert rival.sheet is not None
        assert first.sheet.counts != rival.sheet.counts
        assert first.sheet.uuid != rival.sheet.uuid
        for delivery in (first, rival):
            assert delivery.sheet is not None
            assert delivery.sheet.payload(contest) in codes_of(body_of(day_profile, delivery))


def test_honest_reviewers_type_the_print_and_the_liar_something_that_still_sums(day: Day, day_profile: Profile) -> None:
    contest = day_profile.contest()
    lies = 0
    for typed in day.transcriptions:
        sheet = day.deliveries[typed.delivery].sheet
        assert sheet is not None
        assert typed.counts.lines is not None
        assert typed.counts.candidates == contest.candidates_from_lines(typed.counts.lines)
        assert typed.figures["valid"] == typed.counts.valid
        assert typed.counts.cast <= typed.figures["electors"]
        assert (typed.counts == sheet.counts) == typed.honest
        lies += not typed.honest
        assert typed.honest or typed.reviewer == day.liar
    assert lies >= 3
    assert any(t.honest for t in day.transcriptions if t.reviewer == day.liar)


def test_every_sheet_that_arrives_is_typed_by_two_different_people(day: Day) -> None:
    typed: dict[tuple[str, str], set[str]] = {}
    for transcription in day.transcriptions:
        typed.setdefault((transcription.contest, transcription.station), set()).add(transcription.reviewer)
    sent = {key for key, story in day.stories.items() if story is not Story.MISSING}
    assert set(typed) == sent
    assert all(len(people) >= 2 for people in typed.values())
    once = Counter((t.reviewer, t.delivery) for t in day.transcriptions)
    assert max(once.values()) == 1


def test_some_lies_are_looked_at_by_a_third_person_and_some_stay_open(day_profile: Profile, register: Register) -> None:
    day = plan_day(day_profile, register, 3, Shares(liar=0.8, unsettled=0.5))
    lied_about = {t.delivery for t in day.transcriptions if not t.honest}
    honest = Counter(t.delivery for t in day.transcriptions if t.honest)
    assert {honest[delivery] for delivery in lied_about} == {1, 2}


def test_the_second_country_has_its_day_too(altamar: Profile) -> None:
    day = plan_day(altamar, invented_register(altamar, 24, 1), 1)
    assert Kind.FORGED not in {d.kind for d in day.deliveries}
    by_station = {station: [c for c, s in day.stories if s == station] for _, station in day.stories}
    assert all(sorted(contests) == ["asamblea", "presidencia"] for contests in by_station.values())
    for station, story in {s: story for (_, s), story in day.stories.items()}.items():
        if story is Story.MISSING:
            assert all(day.stories[c.code, station] is Story.MISSING for c in altamar.contests)
    scan = next(d for d in day.deliveries if d.kind is Kind.SCAN)
    assert body_of(altamar, scan).startswith(b"\xff\xd8")


def test_too_few_stations_for_the_stories_are_said_so(ve: Profile) -> None:
    with pytest.raises(InputError, match="too few"):
        plan_day(ve, invented_register(ve, 2, 1), 1)


def test_senders_and_reviewers_are_pseudonyms(day: Day) -> None:
    names = {d.sender for d in day.deliveries} | set(day.reviewers)
    assert all(len(name) == 10 and int(name, 16) >= 0 for name in names)
    assert len(day.reviewers) == len(set(day.reviewers)) == 3
    assert not set(day.reviewers) & {d.sender for d in day.deliveries}
    assert all(a.number < b.number for a, b in itertools.pairwise(day.deliveries))
