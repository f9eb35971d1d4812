"""Where files are kept: a full disk loses nothing that was acknowledged, and a bucket is as good as a folder."""

from __future__ import annotations

import os
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testigo.errors import InputError, WireError


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 600 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small disk")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)], capture_output=True).returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def _enter(place: Any, monkeypatch: pytest.MonkeyPatch, blobs: str) -> None:
    monkeypatch.setenv("TESTIGO_BLOBS", blobs)
    place.become()


def test_a_full_disk_is_said_and_what_was_receipted_is_there(
    place: Any, small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from testigo.server import operations

    _enter(place, monkeypatch, str(small_disk))
    files = []
    for number, station in enumerate(place.country.stations[:4]):
        files.append(tmp_path / f"{number}.jpg")
        files[-1].write_bytes(place.country.scan(station))
    with pytest.raises(WireError):
        operations.ingest(place.home, files)
    kept = [blob for (blob,) in place.rows("SELECT blob FROM submission")]
    assert 0 < len(kept) < 4
    from testigo.server.jobs import blobs

    assert all(blobs().exists(blob) for blob in kept)
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    report = operations.ingest(place.home, files)
    assert (report.received, report.again, report.read) == (4, len(kept), 4)


def test_a_bucket_is_as_good_as_a_folder(
    place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bucket: str
) -> None:
    from testigo.ledger import read_verifier_key
    from testigo.server import operations
    from testigo.verify import verify

    _enter(place, monkeypatch, bucket)
    files = []
    for number, station in enumerate(place.country.stations[:2]):
        files.append(tmp_path / f"{number}.jpg")
        files[-1].write_bytes(place.country.scan(station))
    report = operations.ingest(place.home, files)
    assert (report.received, report.read) == (2, 2)
    assert not (place.home / "blobs").exists()
    assert verify(place.bundle(), key=read_verifier_key(place.home / "keys" / "log.vkey")).problems == ()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    started = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    started.start()
    host, port = started.get_host_and_port()
    address = f"http://{host}:{port}"
    urllib.request.urlopen(urllib.request.Request(f"{address}/evidence", method="PUT")).close()  # noqa: S310
    yield f"s3://evidence/sheets?endpoint={address}&region=us-east-1"
    started.stop()


def test_what_is_not_a_file_is_named(place: Any, tmp_path: Path) -> None:
    from testigo.server import operations

    for path in (tmp_path, tmp_path / "missing.jpg"):
        with pytest.raises(InputError, match=path.name):
            operations.ingest(place.home, [path])
    assert place.rows("SELECT count(*) FROM submission") == [(0,)]


def test_a_lost_blob_is_tried_again_and_then_said(place: Any) -> None:
    """The store lost a file that was receipted: its job waits for the store to come back, the others go on."""
    token = place.person("hub")[1]
    place.send(token, place.country.scan(place.country.stations[0]))
    ((lost,),) = place.rows("SELECT blob FROM submission")
    for path in (place.home / "blobs").rglob(f"*{lost[4:]}*"):
        path.rename(path.with_name("away"))
        away = path
    place.send(token, place.country.scan(place.country.stations[1]))
    from procrastinate.contrib.django import app

    worker = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    worker.run_worker(wait=False, install_signal_handlers=False, listen_notify=False, delete_jobs="successful")
    assert place.rows("SELECT task_name, status::text, attempts FROM procrastinate_jobs") == [
        ("open_submission", "todo", 1)
    ]
    away.with_name("away").rename(away)
    place.rows("UPDATE procrastinate_jobs SET scheduled_at = now() RETURNING 1")
    place.drain()
    assert len(place.readings()) == 2
