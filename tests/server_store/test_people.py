"""What people type, and what comes to stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from testigo.errors import InputError
from testigo.records import Counts, Flag, PublicReading
from testigo.server.store.errors import NotOpenedYetError, UnknownSheetError, UnknownTokenError


@pytest.fixture
def opened(place: Any) -> tuple[str, str, Counts]:
    """(receipt, station, counts) of a sheet that is open and read."""
    station = place.country.stations[0]
    _, token = place.person("hub")
    receipt = place.send(token, place.country.scan(station)).receipt
    place.drain()
    return receipt, station, place.country.counts(station)


def test_a_sheet_is_documented_and_one_person_who_reads_the_print_confirms_it(place: Any, opened: Any) -> None:
    receipt, station, counts = opened
    assert place.stands(station) == ("documented", False, dict(counts.candidates))
    place.type(place.person("reviewer")[1], receipt, station, counts)
    place.turn()
    assert place.stands(station) == ("confirmed", False, dict(counts.candidates))
    decision = place.decision(station)
    assert decision.rule == "qr_confirmed_by_print"
    assert len(decision.inputs) == 2
    assert decision.supersedes is not None


def test_one_person_cannot_confirm_himself(place_of: Callable[..., Any], altamar: Any) -> None:
    place = place_of(altamar)
    station = altamar.stations[0]
    receipt = place.send(place.person("observer")[1], altamar.scan(station)).receipt
    place.drain()
    person, counts = place.person("reviewer")[1], altamar.counts(station)
    first = place.type(person, receipt, station, counts)
    assert place.type(person, receipt, station, counts) == first, "the same again is the same reading"
    place.type(person, receipt, station, replace(counts, blank=(counts.blank or 0) + 1))
    place.type(person, receipt, station, counts, printed={"electors": 900})
    place.drain()
    # A program read the print too: it is nobody, and does not make one person two.
    assert [reading.person for reading in place.readings()] == [0, 1, 1, 1]
    assert place.stands(station)[0] == "documented"


def test_two_people_confirm_a_sheet_that_has_no_code(place_of: Callable[..., Any], altamar: Any) -> None:
    place = place_of(altamar)
    station = altamar.stations[0]
    receipt = place.send(place.person("observer")[1], altamar.scan(station)).receipt
    place.drain()
    assert [reading.evidence for reading in place.readings()] == [("print",)], "there is no code to read"
    for _ in range(2):
        place.type(place.person("reviewer")[1], receipt, station, altamar.counts(station))
    place.drain()
    assert place.stands(station) == ("confirmed", False, dict(altamar.counts(station).candidates))
    assert place.decision(station).rule == "two_people_agree"
    assert {reading.person for reading in place.readings()} == {0, 1, 2}


def test_a_liar_is_outvoted_and_seen(place: Any, opened: Any, lie: Callable[..., Counts]) -> None:
    receipt, station, counts = opened
    place.type(place.person("reviewer")[1], receipt, station, lie(counts))
    place.turn()
    assert place.stands(station)[:2] == ("documented", True), "a difference confirms nothing"
    for _ in range(2):
        place.type(place.person("reviewer")[1], receipt, station, counts)
    place.turn()
    assert place.stands(station) == ("confirmed", False, dict(counts.candidates))
    assert Flag.OUTVOTED.value in place.decision(station).flags


def test_two_against_two_settles_nothing(place: Any, opened: Any, lie: Callable[..., Counts]) -> None:
    receipt, station, counts = opened
    for said in (lie(counts), counts, lie(counts), counts):
        place.type(place.person("reviewer")[1], receipt, station, said)
    place.turn()
    standing, contested, votes = place.stands(station)
    assert contested
    assert standing == "documented" or votes == dict(counts.candidates)


def test_a_forged_code_does_not_come_to_stand(place: Any, lie: Callable[..., Counts]) -> None:
    """The QR says what the forger wants, the print what was counted: whoever types the print shows it."""
    from testigo.simulate import scan_of

    station = place.country.stations[1]
    honest = place.country.counts(station)
    forged = scan_of(place.profile, place.country.sheet(station).forged(lie(honest)), "forged")
    receipt = place.send(place.person("observer")[1], forged).receipt
    place.drain()
    assert place.stands(station)[:2] == ("documented", False)
    for _ in range(2):
        place.type(place.person("reviewer")[1], receipt, station, honest)
    place.drain()
    standing, contested, _ = place.stands(station)
    assert (standing, contested) == ("documented", True)


def test_a_forged_second_sheet_does_not_uncount_a_confirmed_station(
    place: Any, opened: Any, lie: Callable[..., Counts]
) -> None:
    from testigo.simulate import scan_of

    receipt, station, counts = opened
    place.type(place.person("reviewer")[1], receipt, station, counts)
    place.turn()
    rival = replace(place.country.sheet(station), counts=lie(counts), figures={}, seed="rival")
    rival = replace(rival, figures=place.country.sheet(station).figures)
    place.send(place.person("observer")[1], scan_of(place.profile, rival, "rival"))
    place.drain()
    assert len(place.readings()) == 3
    assert place.stands(station) == ("confirmed", True, dict(counts.candidates))


def test_readings_of_a_copy_are_readings_of_the_first(place: Any, opened: Any) -> None:
    receipt, station, counts = opened
    copy = place.send(place.person("hub")[1], place.country.scan(station)).receipt
    place.drain()
    assert copy != receipt
    place.type(place.person("reviewer")[1], copy, station, counts)
    place.turn()
    assert len({reading.opened for reading in place.readings()}) == 1
    assert place.stands(station)[0] == "confirmed"


def test_who_may_not_type(place: Any, opened: Any) -> None:
    receipt, station, counts = opened
    observer, reviewer = place.person("observer")[1], place.person("reviewer")[1]
    with pytest.raises(UnknownTokenError):
        place.type(observer, receipt, station, counts)
    with pytest.raises(UnknownTokenError):
        place.type(b"x" * 32, receipt, station, counts)
    with pytest.raises(UnknownSheetError):
        place.type(reviewer, "0" * 32, station, counts)
    waiting = place.send(observer, place.country.scan(place.country.stations[2])).receipt
    with pytest.raises(NotOpenedYetError):
        place.type(reviewer, waiting, station, counts)
    place.rows("UPDATE credential SET revoked = true WHERE kind = 'reviewer' RETURNING 1")
    with pytest.raises(UnknownTokenError):
        place.type(reviewer, receipt, station, counts)
    assert place.rows("SELECT count(*) FROM reading WHERE person <> ''") == [(0,)]


def test_one_person_cannot_crowd_out_everybody_else(place: Any, opened: Any) -> None:
    receipt, station, counts = opened
    flooder = place.person("reviewer")[1]
    with pytest.raises(InputError, match="too often"):
        for number in range(100):
            place.type(flooder, receipt, station, replace(counts, null=number))
    place.type(place.person("reviewer")[1], receipt, station, counts)
    place.turn()
    people = [leaf.person for leaf in place.leaves() if isinstance(leaf, PublicReading) and leaf.person]
    assert people.count(1) < 30
    assert people.count(2) == 1
