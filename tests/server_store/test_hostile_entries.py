"""Somebody broke into a program that faces the world and queues what he likes: the log goes on, and nothing is decided.

The bodies go through the very functions that the broken program may call, as its role.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from testigo.records import OpenedLeaf, ReceiptLeaf, canonical

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def forge(place: Any) -> Callable[..., None]:
    """Calls ``review_type`` as the review program's role, with an honest body after a change; then a turn."""
    station = place.country.stations[0]
    receipt = place.send(place.person("hub")[1], place.country.scan(station)).receipt
    place.drain()
    counts = place.country.counts(station)

    def call(change: Change, columns: Mapping[str, str] | None = None) -> None:
        _, token = place.person("reviewer")
        body = {
            "type": "reading", "contest": place.country.contest, "station": station, "reader": "person",
            "version": "1", "evidence": ["print"], "counts": counts.as_json(), "person": 0, "opened": None,
            "sheet_code": "", "printed": {}, "payload": "", "confidence": 1000, "erased": 0, "corrected": 0,
            "adjudicates": "", "problems": [], "source": "", "line": 0,
        }  # fmt: skip
        changed = change(body)
        data = changed if isinstance(changed, bytes) else canonical(body)
        named = {"contest": place.country.contest, "station": station, "version": "1", **(columns or {})}
        with place.connect("review") as connection:
            connection.execute(
                "SELECT review_type(%s, %s, %s, %s, %s, %s, %s)",
                [token, receipt, *named.values(), data, hashlib.sha256(data).digest()],
            )
        place.turn()

    return call


def _set(**values: Any) -> Change:
    return lambda body: body.update(values)


def _counts(**values: Any) -> Change:
    return lambda body: body["counts"].update(values)


def _more_votes(body: dict[str, Any]) -> None:
    code = next(iter(body["counts"]["candidates"]))
    body["counts"]["candidates"][code] += 1


def _too_many_votes(body: dict[str, Any]) -> None:
    body["counts"] = {**body["counts"], "lines": None, "null": 3_000_000_000}


HOSTILE: dict[str, tuple[Change, dict[str, str]]] = {
    "another reader": (_set(reader="qr/zxing-cpp", evidence=["qr"]), {}),
    "a code's evidence": (_set(evidence=["qr"]), {}),
    "both evidences": (_set(evidence=["print", "qr"]), {}),
    "a published table": (_set(evidence=["published-table"]), {}),
    "a payload": (_set(payload="1!2"), {}),
    "another station than its row": (_set(station="999999999.99"), {}),
    "a station that cannot be": (_set(station="../etc"), {"station": "../etc"}),
    "an empty station": (_set(station=""), {"station": ""}),
    "a contest that is not": (_set(contest="king"), {"contest": "king"}),
    "an ordinal of his choice": (_set(person=7), {}),
    "a leaf of his choice": (_set(opened=0), {}),
    "a source": (_set(source="ab" * 32, line=3), {}),
    "lines that do not sum": (_more_votes, {}),
    "candidates of another ballot": (_counts(candidates={"X": 1}, lines=None), {}),
    "more votes than a column holds": (_too_many_votes, {}),
    "negative votes": (_counts(null=-1), {}),
    "votes that are no numbers": (_counts(null=True), {}),
    "counts that are none": (_set(counts=None), {}),
    "a list where a text belongs": (_set(sheet_code=["a"]), {}),
    "an object in the problems": (_set(problems=[{"a": 1}]), {}),
    "problems that are a text": (_set(problems="a"), {}),
    "evidence that is an object": (_set(evidence={"print": 1}), {}),
    "a confidence of a text": (_set(confidence="high"), {}),
    "a confidence above everything": (_set(confidence=10**15), {}),
    "a page of text": (_set(adjudicates="x" * 10_000), {}),
    "a control character": (_set(adjudicates="a\x00b"), {}),
    "figures that are a list": (_set(printed=[1]), {}),
    "figures of nonsense": (_set(printed={"electors": "many"}), {}),
    "a field more": (_set(name="Juan"), {}),
    "a field less": (lambda body: body.pop("payload") and None, {}),
    "a type that is a list": (_set(type=["reading"]), {}),
    "a decision": (lambda _: canonical({"type": "decision"}), {}),
    "a release": (lambda _: canonical({"type": "release", "number": 1, "manifest": "", "previous": ""}), {}),
    "spaces": (lambda body: json.dumps(body).encode(), {}),
    "no JSON": (lambda _: b"\xff\x00", {}),
    "a number alone": (lambda _: b"7", {}),
    "nothing": (lambda _: b"", {}),
    "a deep nest": (lambda _: b"[" * 15_000, {}),
}


def test_forged_readings_are_refused_and_decide_nothing(place: Any, forge: Callable[..., None]) -> None:
    before = place.rows("SELECT index, body FROM leaf ORDER BY index")
    for number, (name, (change, columns)) in enumerate(HOSTILE.items(), 1):
        forge(change, columns)
        assert len(place.refused()) == number, name
    assert place.rows("SELECT index, body FROM leaf ORDER BY index") == before
    place.send(place.person("hub")[1], place.country.scan(place.country.stations[1]))
    place.drain()
    assert place.stands(place.country.stations[1])[0] == "documented", "the log goes on"


def test_an_honest_body_passes_the_same_way(place: Any, forge: Callable[..., None]) -> None:
    forge(lambda body: None)
    assert place.refused() == []
    assert place.stands(place.country.stations[0])[0] == "confirmed"


def test_what_was_refused_is_no_evidence_for_anything(place: Any, forge: Callable[..., None]) -> None:
    """A refused reading must not flag an honest station as showing the same image."""
    other = place.country.stations[3]
    forge(_set(station=other, evidence=["qr"]), {"station": other})
    forge(lambda body: None)
    assert len(place.refused()) == 1
    assert place.decision(place.country.stations[0]).same_image == ()


def test_a_body_too_long_or_misnamed_never_reaches_the_queue(place: Any, forge: Callable[..., None]) -> None:
    with pytest.raises(psycopg.Error) as raised:
        forge(lambda _: b"x" * 20_000)
    assert raised.value.sqlstate == "TS422"
    assert place.rows("SELECT count(*) FROM ledger_queue") == [(0,)]


def test_a_forged_receipt_is_refused_with_all_that_rests_on_it(place: Any) -> None:
    """The intake was broken into: it queues a receipt that is none, and the file is there."""
    from testigo.server.jobs import blobs

    station = place.country.stations[0]
    digest = blobs().put_if_absent(place.country.scan(station)).digest
    _, token = place.person("observer")
    for number, leaf in enumerate((b"[]", ReceiptLeaf("no hash", 1).to_bytes(), ReceiptLeaf("ab" * 32, -1).to_bytes())):
        given = [token, hashlib.sha256(leaf).hexdigest() if number else digest, f"{number:032x}", b"n" * 32, leaf]
        with place.connect("intake") as connection:
            connection.execute(
                "SELECT intake_receive(%s, %s::text, 5, 'stored', %s::text, 1, 1, %s, %s, 'promise', 9)", given
            )
    place.rows("DELETE FROM procrastinate_jobs WHERE id > (SELECT min(id) FROM procrastinate_jobs) RETURNING 1")
    place.drain()
    assert len(place.leaves()) == 1, "the configuration, and nothing else"
    assert len(place.refused()) == 5  # three receipts, an opened leaf without receipt, a reading without image
    assert place.decision(station) is None


def test_an_opener_that_was_broken_into_is_held_against_its_row(place: Any) -> None:
    place.send(place.person("hub")[1], place.country.scan(place.country.stations[0]))
    ((submission,),) = place.rows("SELECT id FROM submission")
    place.turn()
    honest = OpenedLeaf(0, "empty", commitment="ab" * 32)
    bodies = [
        replace(honest, outcome="image", image="ab" * 32),
        replace(honest, outcome="same", same_as=0),
        replace(honest, commitment="ab"),
        replace(honest, commitment=""),
        replace(honest, rectangles=((1, 2, 3, 4),) * 300),
        replace(honest, rectangles=((1, 2, 3),)),  # type: ignore[arg-type]
        replace(honest, size=(1,)),
        replace(honest, size=("a", "b")),  # type: ignore[arg-type]
        replace(honest, withheld="because"),
    ]
    with place.connect("opener") as connection:
        connection.execute(
            "INSERT INTO opened (submission_id, outcome, plaintext, scanned, image, withheld) "
            "VALUES (%s, 'empty', '', true, '', '')",
            [submission],
        )
        for leaf in bodies:
            connection.execute(
                "INSERT INTO ledger_queue (leaf_type, body, submission_id) VALUES ('opened', %s, %s)",
                [leaf.to_bytes(), submission],
            )
        for number in (submission, submission, 999, None):  # once, again, of nothing, of nobody
            connection.execute(
                "INSERT INTO ledger_queue (leaf_type, body, submission_id) VALUES ('opened', %s, %s)",
                [honest.to_bytes(), number],
            )
    place.turn()
    assert [leaf.outcome for leaf in place.leaves() if isinstance(leaf, OpenedLeaf)] == ["empty"]
    assert len(place.refused()) == len(bodies) + 3
    place.turn()
    assert len(place.refused()) == len(bodies) + 3


def test_a_reader_that_was_broken_into_says_what_the_code_says_or_nothing(place: Any) -> None:
    station = place.country.stations[0]
    place.send(place.person("hub")[1], place.country.scan(station))
    place.drain()
    (honest,) = place.readings()
    ((submission,),) = place.rows("SELECT id FROM submission")
    plain = replace(honest, opened=None)
    more = replace(honest.counts, null=(honest.counts.null or 0) + 1)
    forged = [
        replace(plain, counts=more),
        replace(plain, payload=plain.payload.replace("!", "!1", 1)),
        replace(plain, payload=""),
        replace(plain, station=place.country.stations[1]),
        replace(plain, sheet_code="x"),
        replace(plain, adjudicates="because"),
        replace(plain, evidence=("message",), payload=""),
        replace(plain, evidence=(), payload=""),
    ]
    with place.connect("reader") as connection:
        for number, reading in enumerate(forged):
            body = reading.to_bytes()
            row = connection.execute(
                "INSERT INTO reading (submission_id, contest, station, person, reader, version, body, body_hash) "
                "VALUES (%s, %s, %s, '', %s, %s, %s, %s) RETURNING id",
                [submission, reading.contest, reading.station, reading.reader, reading.version, body, b"%d" % number],
            ).fetchone()
            assert row is not None
            connection.execute(
                "INSERT INTO ledger_queue (leaf_type, body, submission_id, reading_id) VALUES ('reading', %s, %s, %s)",
                [body, submission, row[0]],
            )
        connection.execute(  # the honest reading, queued a second time
            "INSERT INTO ledger_queue (leaf_type, body, submission_id, reading_id) "
            "SELECT 'reading', %s, %s, min(id) FROM reading",
            [plain.to_bytes(), submission],
        )
    place.turn()
    assert place.readings() == [honest]
    assert len(place.refused()) == len(forged) + 1


def test_a_flood_of_readings_ends_at_a_limit_and_the_log_goes_on(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each decision names every reading of its station: without a limit a leaf would grow too long to be logged."""
    from testigo.server.store import sequencing

    monkeypatch.setattr(sequencing, "MOST_READINGS_OF_STATION", 4)
    station, counts = place.country.stations[0], place.country.counts(place.country.stations[0])
    receipt = place.send(place.person("hub")[1], place.country.scan(station)).receipt
    place.drain()
    for number in range(6):
        place.type(place.person("reviewer")[1], receipt, station, replace(counts, null=number))
    place.turn(most=2)
    place.turn()
    place.turn()
    assert len(place.readings()) == 4
    assert len(place.refused()) == 3
    assert len(place.decision(station).inputs) == 4


def test_the_largest_decision_fits_a_leaf(place: Any) -> None:
    from testigo.ledger import MAX_ENTRY_BYTES
    from testigo.server.store import sequencing

    station = place.country.stations[0]
    place.send(place.person("hub")[1], place.country.scan(station))
    place.drain()
    largest = replace(
        place.decision(station),
        inputs=tuple(range(10**8, 10**8 + sequencing.MOST_READINGS_OF_STATION)),
        supports=tuple(range(10**8, 10**8 + sequencing.MOST_READINGS_OF_STATION)),
        same_image=("123456789.01",) * 100,
    )
    assert len(largest.to_bytes()) < MAX_ENTRY_BYTES
