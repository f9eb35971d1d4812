"""Releases: each proves itself, follows the one before, and survives a kill between its two halves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from testigo.errors import InputError
from testigo.ledger import read_verifier_key
from testigo.records import ReleaseLeaf
from testigo.verify import verify


@pytest.fixture
def day(place: Any) -> Any:
    """Three sheets, one of them confirmed, one with a copy, and a file that is none."""
    for number, station in enumerate(place.country.stations[:3]):
        receipt = place.send(place.person("hub")[1], place.country.scan(station)).receipt
        place.drain()
        if not number:
            place.send(place.person("observer")[1], place.country.scan(station))
            place.type(place.person("reviewer")[1], receipt, station, place.country.counts(station))
    place.send(place.person("observer")[1], b"")
    place.drain()
    return place


def test_two_releases_in_sequence_verify_and_the_second_follows_the_first(day: Any) -> None:
    key = read_verifier_key(day.home / "keys" / "log.vkey")
    first = day.bundle("first")
    report = verify(first, key=key)
    assert report.problems == ()
    day.send(day.person("hub")[1], day.country.scan(day.country.stations[3]))
    day.drain()
    second = day.bundle("second")
    earlier = (first / "ledger" / "checkpoint").read_bytes()
    report = verify(second, key=key, earlier=earlier, previous=first)
    assert report.problems == ()
    assert "REHEARSAL" in report.sentence("en")
    assert [leaf.number for leaf in day.leaves() if isinstance(leaf, ReleaseLeaf)] == [1, 2]


@pytest.mark.parametrize("killed_in", ["queueing.put", "_finish", "store.put_if_absent"])
def test_killed_between_content_and_log_it_goes_on(day: Any, monkeypatch: pytest.MonkeyPatch, killed_in: str) -> None:
    from testigo.server import jobs, releasing
    from testigo.server.store import queueing

    class KilledError(BaseException):
        pass

    def kill(*_: object) -> None:
        raise KilledError

    owner, _, name = killed_in.rpartition(".")
    target = {"queueing": queueing, "": releasing, "store": type(jobs.blobs())}[owner]
    with monkeypatch.context() as patch:
        patch.setattr(target, name, kill)
        with pytest.raises(KilledError):
            day.bundle("bundle")
    assert not (day.home.parent / "bundle").exists()
    bundle = day.bundle("bundle")
    assert verify(bundle, key=read_verifier_key(day.home / "keys" / "log.vkey")).problems == ()
    assert [leaf.number for leaf in day.leaves() if isinstance(leaf, ReleaseLeaf)] == [1]


def test_two_operators_at_once_make_two_releases_with_two_numbers(day: Any) -> None:
    program = (
        "import sys; from pathlib import Path; from testigo.server import operations as o; "
        "o.release(Path(sys.argv[1]), Path(sys.argv[2]), {'es': 'x', 'en': 'x'})"
    )
    outs = [day.home.parent / name for name in ("one", "two")]
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(day.home), str(out)], env=day.environment) for out in outs
    ]
    assert [process.wait(100) for process in running] == [0, 0]
    assert [leaf.number for leaf in day.leaves() if isinstance(leaf, ReleaseLeaf)] == [1, 2]
    key = read_verifier_key(day.home / "keys" / "log.vkey")
    assert [verify(out, key=key, images=False).problems for out in outs] == [(), ()]


def test_no_file_of_a_bundle_tells_who_sent_or_when(day: Any) -> None:
    bundle = day.bundle()
    secrets: list[bytes] = []
    for (nonce,) in day.rows("SELECT nonce FROM nonce"):
        secrets += [bytes(nonce), bytes(nonce).hex().encode()]
    for row in day.rows("SELECT receipt, sender, blob, promise FROM submission"):
        secrets += [value.encode() for value in row]
        secrets.append(bytes.fromhex(row[2]))
    secrets += [pseudonym.encode() for (pseudonym,) in day.rows("SELECT pseudonym FROM credential")]
    secrets += [str(at).encode() for (at,) in day.rows("SELECT received_at FROM submission")]
    secrets += [b'"upload"', b'"scan"', b'"ingest"', b"channel", b"sender", b"pseudonym"]
    assert len(secrets) > 40
    leaves = b"\n".join(leaf.to_bytes() for leaf in day.leaves())
    files = {path: path.read_bytes() for path in bundle.rglob("*") if path.is_file()}
    assert len(files) > 10
    for secret in secrets:
        assert secret not in leaves, secret
        for path, data in files.items():
            assert secret not in data, (path, secret)


def test_what_is_published_shows_names_nowhere(day: Any) -> None:
    """The published images are the redacted ones: none of them is what arrived."""
    bundle = day.bundle()
    published = {path.stem for path in (bundle / "sheets").rglob("*.jpg")}
    assert len(published) == 3
    assert published.isdisjoint(blob for (blob,) in day.rows("SELECT blob FROM submission"))


def test_a_release_never_overwrites(day: Any) -> None:
    bundle = day.bundle()
    before = (bundle / "manifest.json").read_bytes()
    with pytest.raises(InputError):
        day.bundle()
    assert (bundle / "manifest.json").read_bytes() == before
    assert sum(isinstance(leaf, ReleaseLeaf) for leaf in day.leaves()) == 1


def test_refused_entries_are_not_in_a_release(day: Any, place_of: Callable[..., Any], tmp_path: Path) -> None:
    with day.connect("opener") as connection:
        connection.execute("INSERT INTO ledger_queue (leaf_type, body, submission_id) VALUES ('opened', 'x', 1)")
    bundle = day.bundle()
    assert len(day.refused()) == 1
    assert verify(bundle, key=read_verifier_key(day.home / "keys" / "log.vkey")).problems == ()
