"""What arrives on a real day, and what becomes of it."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from testigo.records import OpenedLeaf, Opening, Provenance, ReceiptLeaf


def _outcomes(place: Any) -> Counter[str]:
    return Counter(leaf.outcome for leaf in place.leaves() if isinstance(leaf, OpenedLeaf))


def test_each_odd_file_has_its_outcome_in_the_log(place: Any) -> None:
    token = place.person("observer")[1]
    good = place.country.scan(place.country.stations[0])
    sent = {
        Opening.IMAGE: good,
        Opening.DAMAGED: good[: len(good) // 2],
        Opening.EMPTY: b"",
        Opening.NOT_AN_IMAGE: b"acta de la mesa, la mando luego",
    }
    for data in sent.values():
        place.send(token, data)
    place.drain()
    assert _outcomes(place) == Counter(outcome.value for outcome in sent)
    assert len(place.readings()) == 1


def test_a_photo_of_something_else_is_an_image_without_readings(place: Any) -> None:
    from random import Random

    from testigo.simulate import encode_jpeg
    from testigo.simulate.damage import wrong_thing

    place.send(place.person("observer")[1], encode_jpeg(wrong_thing(Random("cat")), 70))
    place.drain()
    (opened,) = [leaf for leaf in place.leaves() if isinstance(leaf, OpenedLeaf)]
    assert (opened.outcome, opened.image) == ("image", "")
    assert opened.withheld != ""
    assert place.readings() == []


def test_a_file_over_the_policy_is_receipted_and_not_stored(
    place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from testigo.server import operations
    from testigo.server.configuration import configuration

    monkeypatch.setenv("TESTIGO_MAX_UPLOAD_BYTES", "1000")
    configuration.cache_clear()
    (tmp_path / "large.jpg").write_bytes(b"\xff" * 1001)
    report = operations.ingest(place.home, [tmp_path / "large.jpg"])
    assert report.refused == {"too_large": 1}
    (opened,) = [leaf for leaf in place.leaves() if isinstance(leaf, OpenedLeaf)]
    assert (opened.outcome, opened.commitment) == ("too_large", "")
    assert not [path for path in (place.home / "blobs").rglob("*") if path.is_file() and path.stat().st_size == 1001]


def test_a_retry_gets_its_first_promise_and_another_sender_one_of_his_own(place: Any) -> None:
    first, second = place.person("hub")[1], place.person("hub")[1]
    data = place.country.scan(place.country.stations[0])
    told = place.send(first, data, now=1_900_000_000)
    again = place.send(first, data, now=1_900_009_999)
    other = place.send(second, data, now=1_900_000_000)
    assert (again.receipt, again.promise, again.leaf, again.deadline) == (
        told.receipt,
        told.promise,
        told.leaf,
        told.deadline,
    )
    assert other.receipt != told.receipt
    assert other.leaf_hash != told.leaf_hash
    assert len(other.promise) == len(told.promise), "nothing in an answer tells whether others sent the same"
    place.drain()
    assert _outcomes(place) == {"image": 1, "same": 1}
    assert len(place.readings()) == 1
    assert place.rows("SELECT count(*) FROM submission") == [(2,)]


def test_a_seized_phone_does_not_tell_that_its_photo_was_sent(place: Any) -> None:
    """Whoever holds the photo sends it again, and looks into the public log: his copy looks like any first photo."""
    data = place.country.scan(place.country.stations[0])
    place.send(place.person("observer")[1], data)
    place.drain()
    place.send(place.person("observer")[1], data)
    place.drain()
    leaves = place.leaves()
    first, copy = (leaf for leaf in leaves if leaf.TYPE == "opened")
    assert (copy.outcome, copy.same_as) == (first.outcome, first.same_as) == ("image", None)
    assert copy.commitment != first.commitment
    assert copy.image == first.image == ""
    one, other = place.readings()
    assert one.opened != other.opened
    assert one.counts == other.counts
    assert place.decision(one.station).provenance == "one_source"


def test_a_forwarded_photo_is_one_source_and_two_scans_of_two_people_are_two(place: Any) -> None:
    forwarded, seen_twice = place.country.stations[:2]
    people = [place.person("hub")[1] for _ in range(2)]
    for number, person in enumerate(people):
        place.send(person, place.country.scan(forwarded))
        place.send(person, place.country.scan(seen_twice, seed=str(number)))
        place.drain()
    assert place.decision(forwarded).provenance == Provenance.ONE_SOURCE.value
    assert place.decision(seen_twice).provenance == Provenance.TWO_SOURCES.value


def test_opening_and_reading_twice_changes_nothing(place: Any) -> None:
    """Jobs run at least once, so they may run twice: a worker died after its work and before it could say so."""
    from procrastinate.contrib.django import app

    place.send(place.person("hub")[1], place.country.scan(place.country.stations[0]))
    place.drain()
    before = place.rows("SELECT index, body FROM leaf ORDER BY index")
    ((submission,),) = place.rows("SELECT id FROM submission")
    for task in ("open_submission", "read_submission"):
        app.tasks[task].defer(submission=submission)
    place.drain()
    assert place.rows("SELECT index, body FROM leaf ORDER BY index") == before
    assert place.rows("SELECT count(*) FROM procrastinate_jobs") == [(0,)]


@pytest.mark.parametrize("copies", [1, 2], ids=["one submission", "two copies"])
def test_two_workers_at_once_make_one_image(place: Any, copies: int) -> None:
    from django.db import connections

    from testigo.records import Withheld
    from testigo.server.store import opening

    data = place.country.scan(place.country.stations[0])
    for _ in range(copies):
        place.send(place.person("hub")[1], data)
    numbers = [number for (number,) in place.rows("SELECT id FROM submission ORDER BY id")]
    found = opening.Opened(Opening.IMAGE, "ab" * 32, withheld=Withheld.NOT_ALIGNED.value, size=(3, 4))
    start = threading.Barrier(2)
    enqueued: list[int] = []
    wrote: list[bool] = []

    def open_one(number: int) -> None:
        start.wait()
        wrote.append(opening.save_opened(opening.arrived(number), found, enqueued.append))
        connections.close_all()

    workers = [threading.Thread(target=open_one, args=(number,)) for number in (numbers * 2)[:2]]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    place.turn()
    assert _outcomes(place) == ({"image": 1} if copies == 1 else {"image": 1, "same": 1})
    assert len(enqueued) == 1
    assert wrote.count(True) == copies
    assert len(place.rows("SELECT 1 FROM nonce WHERE stage = 'opened'")) == copies
    assert place.refused() == []


def test_a_file_that_kills_its_reader_is_damaged_and_the_others_are_read(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from testigo.server import trial

    token = place.person("hub")[1]
    for station in place.country.stations[:2]:
        place.send(token, place.country.scan(station))
    monkeypatch.setattr(trial, "COMMAND", (sys.executable, "-c", "import os; os.kill(os.getpid(), 11)"))
    first = "UPDATE procrastinate_jobs SET attempts = 5 WHERE id = (SELECT min(id) FROM procrastinate_jobs) RETURNING 1"
    assert place.rows(first) == [(1,)]
    place.drain()
    assert _outcomes(place) == {"damaged": 1, "image": 1}


def test_a_careful_look_at_a_good_file_finds_it_good(place: Any) -> None:
    place.send(place.person("hub")[1], place.country.scan(place.country.stations[0]))
    place.rows("UPDATE procrastinate_jobs SET attempts = 5 RETURNING 1")
    place.drain()
    assert _outcomes(place) == {"image": 1}


def test_a_worker_as_each_role_does_its_part_and_no_more_rights_are_needed(place: Any) -> None:
    place.send(place.person("hub")[1], place.country.scan(place.country.stations[0]))
    place.send(place.person("hub")[1], place.country.scan(place.country.stations[0]))
    place.become("opener")
    _work_queue(place, "open")
    place.become("reader")
    _work_queue(place, "read")
    place.become("sequencer")
    assert place.turn().leaves == 6  # two receipts, two opened, a reading, a decision
    place.become("publish")
    from testigo.server.store import log

    assert len(list(log.leaves())) == 7
    place.become()
    assert place.refused() == []


def _work_queue(place: Any, queue: str) -> None:
    from procrastinate.contrib.django import app

    worker = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    worker.run_worker(queues=[queue], wait=False, install_signal_handlers=False, listen_notify=False)


def test_every_receipt_has_its_leaf_and_every_leaf_its_row(place: Any) -> None:
    for station in place.country.stations[:3]:
        place.send(place.person("hub")[1], place.country.scan(station))
    place.drain()
    leaves = place.leaves()
    for table, kind in (("submission", ReceiptLeaf), ("opened", OpenedLeaf)):
        indexes = [index for (index,) in place.rows(sql.SQL("SELECT leaf_index FROM {}").format(sql.Identifier(table)))]
        assert sorted(indexes) == [at for at, leaf in enumerate(leaves) if isinstance(leaf, kind)]
    for index, body in place.rows("SELECT leaf_index, leaf FROM submission"):
        assert place.rows("SELECT body FROM leaf WHERE index = %s", index) == [(body,)]


def test_quotas_are_the_databases_business(place: Any) -> None:
    """The program that faces the world asks; the database answers by what the sender has stored."""
    from testigo.server.store import receiving

    token = place.person("observer")[1]
    assert receiving.admit(token, 10, 2, 100) == "stored"
    for station in place.country.stations[:2]:
        place.send(token, place.country.scan(station))
    assert receiving.admit(token, 10, 2, 10**9) == "over_quota"
    assert receiving.admit(token, 10, 9, 100) == "over_quota"
    assert receiving.admit(b"?" * 32, 10, 9, 10**9) is None
