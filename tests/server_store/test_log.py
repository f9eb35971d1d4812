"""The log that the database keeps: it only grows, whatever the clock says and however many try at once."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from testigo.errors import InputError
from testigo.ledger import (
    Tree,
    TreeHead,
    leaf_hash,
    open_checkpoint,
    open_promise,
    opens,
    parse_verifier_key,
    read_verifier_key,
    root_of_hashes,
    verify_consistency,
    verify_proof_file,
)
from testigo.records import ConfigurationLeaf, OpenedLeaf, ReceiptLeaf


def _heads(place: Any) -> list[TreeHead]:
    return [TreeHead(size, bytes(root)) for size, root in place.rows("SELECT size, root FROM checkpoint ORDER BY size")]


def _assert_one_history(place: Any) -> None:
    """Each checkpoint is signed, is the root of the leaves so far, and is consistent with every other one."""
    from testigo.server.store import log

    hashes = [leaf_hash(bytes(body)) for (body,) in place.rows("SELECT body FROM leaf ORDER BY index")]
    assert place.rows("SELECT count(*), max(index) FROM leaf") == [(len(hashes), len(hashes) - 1)]
    key = read_verifier_key(place.home / "keys" / "log.vkey")
    heads = _heads(place)
    assert heads[-1].size == len(hashes)
    for size, text in place.rows("SELECT size, text FROM checkpoint"):
        assert open_checkpoint(text.encode(), key).checkpoint.head == TreeHead(size, root_of_hashes(hashes[:size]))
    tree = Tree(log.TileTable(), heads[-1].size)
    for old in heads:
        verify_consistency(old, heads[-1], tree.consistency_proof(old.size))


def test_a_clock_that_goes_backwards_changes_nothing_but_a_time(place: Any) -> None:
    token = place.person("hub")[1]
    for number, now in enumerate((1_900_000_000, 1_800_000_000, 1, 1_900_000_001, 0)):
        place.send(token, b"text %d" % number, now=now)
        place.work()
        assert place.turn(now=now).leaves == 2
    _assert_one_history(place)
    assert len(_heads(place)) == 6


def test_two_sequencers_at_once_number_each_leaf_once(place: Any) -> None:
    from django.db import connections

    token = place.person("hub")[1]
    for number in range(40):
        place.send(token, b"text %d" % number)
    start, ended = threading.Barrier(3), []
    numbered: list[int] = []

    def sequence() -> None:
        start.wait()
        while (done := place.turn(most=3)).more:
            numbered.append(done.leaves)
        numbered.append(done.leaves)
        connections.close_all()
        ended.append("well")

    threads = [threading.Thread(target=sequence) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended == ["well"] * 3, "they wait for each other; none runs into another's rows"
    assert sum(numbered) == 40
    assert sum(isinstance(leaf, ReceiptLeaf) for leaf in place.leaves()) == 40
    _assert_one_history(place)


def test_a_turn_that_fails_leaves_nothing_behind(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from testigo.server.store import deciding

    place.send(place.person("hub")[1], place.country.scan(place.country.stations[0]))
    place.work()
    before = _heads(place)

    def fail(*_: object) -> None:
        raise OSError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(deciding, "save", fail)
        with pytest.raises(OSError, match="disk"):
            place.turn()
    assert _heads(place) == before
    assert place.rows("SELECT count(*) FROM reading WHERE leaf_index IS NOT NULL") == [(0,)]
    assert place.turn().leaves == 4
    _assert_one_history(place)


def test_a_promise_is_signed_by_the_logged_key_and_kept(place: Any) -> None:
    from testigo.server.store import log, receiving

    _, token = place.person("observer")
    receipt = place.send(token, place.country.scan(place.country.stations[0]), now=1_900_000_000)
    with pytest.raises(InputError, match="not have this receipt yet"):
        log.proof_of(*receiving.own_leaf(token, receipt.receipt))
    place.drain()
    (configuration,) = [leaf for leaf in place.leaves() if isinstance(leaf, ConfigurationLeaf)]
    promise = open_promise(receipt.promise.encode(), [parse_verifier_key(configuration.intake_key)])
    assert promise.leaf == leaf_hash(receipt.leaf)
    assert promise.deadline == receipt.deadline == 1_900_000_000 + 24 * 3600
    leaf, index = receiving.own_leaf(token, receipt.receipt)
    assert (leaf, place.leaves()[index or 0].to_bytes()) == (receipt.leaf, receipt.leaf)
    place.become("intake")
    proof = log.proof_of(leaf, index)
    verify_proof_file(proof, leaf, read_verifier_key(place.home / "keys" / "log.vkey"))
    with pytest.raises(InputError):
        verify_proof_file(proof, leaf + b" ", read_verifier_key(place.home / "keys" / "log.vkey"))
    with pytest.raises(InputError, match="no such receipt"):
        receiving.own_leaf(b"somebody else".ljust(32), receipt.receipt)


def test_an_auditor_opens_commitments_and_they_open_to_these_bytes_alone(place: Any) -> None:
    place.send(place.person("observer")[1], place.country.scan(place.country.stations[0]))
    place.send(place.person("observer")[1], b"no image")
    place.drain()
    leaves = place.leaves()
    with place.connect("auditor") as connection:
        rows = connection.execute(
            "SELECT n.stage, n.nonce, s.blob, CASE n.stage WHEN 'receipt' THEN s.leaf_index ELSE o.leaf_index END "
            "FROM nonce n JOIN submission s ON s.id = n.submission_id JOIN opened o ON o.submission_id = s.id"
        ).fetchall()
    assert sorted(stage for stage, *_ in rows) == ["opened", "opened", "receipt", "receipt"]
    for _, nonce, blob, index in rows:
        leaf = leaves[index]
        assert isinstance(leaf, ReceiptLeaf | OpenedLeaf)
        commitment = bytes.fromhex(leaf.commitment)
        assert opens(commitment, bytes(nonce), bytes.fromhex(blob))
        assert not opens(commitment, bytes(nonce), b"\0" * 32)


def test_leaves_come_in_the_order_in_which_files_came(place: Any) -> None:
    token = place.person("hub")[1]
    told = [place.send(token, b"text %d" % number).leaf for number in range(20)]
    place.turn(most=7)
    place.turn(most=7)
    place.turn(most=7)
    assert [leaf.to_bytes() for leaf in place.leaves() if isinstance(leaf, ReceiptLeaf)] == told
