"""Whatever is killed, and whenever: what was acknowledged ends in the log."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

#: Seconds that are added to the clock of every process of the server, read from a file at each look.
CLOCK = """
import os, time
_true, _file = time.time, os.environ["TESTIGO_TEST_CLOCK"]
def _shifted():
    with open(_file) as file:
        return _true() + float(file.read() or 0)
time.time = _shifted
"""


@pytest.fixture(scope="module")
def battered(new_server: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server of its own, whose clock can be set."""
    folder = tmp_path_factory.mktemp("clock")
    (folder / "sitecustomize.py").write_text(CLOCK)
    (folder / "shift").write_text("0")
    served = new_server(quota_files="100000")
    served.environment |= {"PYTHONPATH": str(folder), "TESTIGO_TEST_CLOCK": str(folder / "shift")}
    served.clock = folder / "shift"
    served.start()
    yield served
    served.stop()


class Senders:
    """Several people who send until told to stop, and insist on what was not acknowledged."""

    def __init__(self, served: Any, tokens: list[str], images: list[bytes]) -> None:
        self.served = served
        self.kept: dict[str, tuple[str, str]] = {}  # receipt -> (hash of the file, leaf hash)
        self.failed = 0
        self.odd: list[tuple[int, bytes]] = []  # answers that no kill excuses
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(token, images)) for token in tokens]

    def _send(self, token: str, images: list[bytes]) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            # Of each dozen one is a real image (with a tail that makes it another file), for opener and reader.
            body = os.urandom(20_000) if number % 12 or not images else images[0] + os.urandom(8)
            while not self._stop.is_set():
                try:
                    answer = self.served.send(token, body)
                except (OSError, http.client.HTTPException):
                    self.failed += 1
                    time.sleep(0.05)
                    continue
                if answer.status == 201:
                    self.kept[answer.json["receipt"]] = (hashlib.sha256(body).hexdigest(), answer.json["leaf_hash"])
                    break
                if answer.status != 503:
                    self.odd.append((answer.status, answer.body))
                self.failed += 1
                time.sleep(0.05)
            time.sleep(0.03)

    def __enter__(self) -> Senders:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        assert self.odd == []


def check_kept(served: Any, kept: dict[str, tuple[str, str]]) -> None:
    """Every acknowledged file is stored, receipted in the log under the promised hash, and was opened once."""
    served.drain(25)
    rows = served.rows(
        "SELECT s.receipt, s.blob, encode(l.leaf_hash, 'hex'), o.outcome, o.leaf_index FROM submission s "
        "JOIN leaf l ON l.index = s.leaf_index LEFT JOIN opened o ON o.submission_id = s.id"
    )
    logged = {row[0]: row[1:] for row in rows}
    for receipt, (digest, leaf_hash) in kept.items():
        assert logged[receipt][:2] == (digest, leaf_hash)
        assert logged[receipt][2] in ("image", "same", "not_an_image")
        assert logged[receipt][3] is not None
        blob = served.home / "blobs" / digest[:2] / digest[2:]
        assert hashlib.sha256(blob.read_bytes()).hexdigest() == digest
    assert served.rows("SELECT count(*) FROM ledger_queue WHERE refused <> ''") == [(0,)]
    assert served.rows("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'") == [(0,)]
    twice = "SELECT submission_id, reader FROM reading WHERE person = '' GROUP BY 1, 2 HAVING count(*) > 1"
    assert served.rows(twice) == []
    unread = (
        "SELECT o.submission_id FROM opened o LEFT JOIN reading r ON r.submission_id = o.submission_id "
        "WHERE o.outcome = 'image' AND r.leaf_index IS NULL"
    )
    assert served.rows(unread) == []


def _postgres(served: Any, what: str) -> int:
    from testigo.server.postgres import acquire

    with acquire(served.home) as server:
        return int(server.postgres_pid if what == "postgres" else server.supervisor_pid)


def _child(served: Any, victim: str) -> int:
    """A child that lives; one that was killed a moment ago is on its way back."""
    name = victim if " " not in victim else "observer"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = served.children(name)
        if len(found) > (victim == "gunicorn worker"):
            return int(found[-1 if victim == "gunicorn worker" else 0])
        time.sleep(0.05)
    raise AssertionError(f"{name} does not come back")


VICTIMS = [
    "gunicorn worker",
    "gunicorn master",
    "opener",
    "reader",
    "sequencer",
    "sweeper",
    "postgres",
    "database supervisor",
]


@pytest.mark.parametrize("victim", VICTIMS)
def test_no_acknowledged_upload_is_lost_when_this_is_killed(battered: Any, country: Any, victim: str) -> None:
    tokens = battered.tokens("observer", 2)
    with Senders(battered, tokens, [country.scan(0)]) as senders:
        for _ in range(1 if victim in ("opener", "reader", "sweeper") else 2):
            time.sleep(0.7)
            if victim in ("postgres", "database supervisor"):
                pid = _postgres(battered, victim)
            else:
                pid = _child(battered, victim)
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.7)
        before = len(senders.kept)
        deadline = time.monotonic() + 30
        while len(senders.kept) < before + 3 and time.monotonic() < deadline:
            time.sleep(0.1)
    assert len(senders.kept) >= before + 3, "it serves again"
    check_kept(battered, senders.kept)


def test_no_acknowledged_upload_is_lost_when_the_supervisor_is_killed(battered: Any, country: Any) -> None:
    tokens = battered.tokens("observer", 2)
    children = [pid for name in ("observer", "review", "opener", "reader", "sequencer", "sweeper")
                for pid in battered.children(name)]  # fmt: skip
    assert len(children) >= 8
    with Senders(battered, tokens, [country.scan(0)]) as senders:
        time.sleep(1.0)
        battered.process.kill()
        battered.process.wait()
        battered.process.stdout.close()
        deadline = time.monotonic() + 20
        while any(_lives(pid) for pid in children) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not [pid for pid in children if _lives(pid)], "children die with their supervisor"
        battered.start()
        time.sleep(1.0)
    assert senders.failed
    check_kept(battered, senders.kept)


def _lives(pid: int) -> bool:
    try:
        return "Z" not in (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_a_clock_that_goes_backwards_changes_nothing(battered: Any) -> None:
    token = battered.tokens("observer")[0]
    kept = {}
    try:
        for shift in ("0", "-200000", "90000", "-9000000"):
            battered.clock.write_text(shift)
            for _ in range(3):
                body = os.urandom(300)
                answer = battered.send(token, body)
                assert answer.status == 201
                again = battered.send(token, body)
                assert again.body == answer.body
                kept[answer.json["receipt"]] = (hashlib.sha256(body).hexdigest(), answer.json["leaf_hash"])
            time.sleep(0.3)
    finally:
        battered.clock.write_text("0")
    check_kept(battered, kept)
    sizes = [row[0] for row in battered.rows("SELECT size FROM checkpoint ORDER BY ctid")]
    assert sizes == sorted(sizes)


def test_two_workers_that_take_one_submission_make_one_reading(battered: Any, country: Any) -> None:
    receipt = battered.send(battered.tokens("hub")[0], country.scan(3)).json["receipt"]
    number = battered.rows("SELECT id FROM submission WHERE receipt = %s", receipt)[0][0]
    environment = {**battered.environment, "TESTIGO_HOME": str(battered.home)}
    words = [sys.executable, "-P", "-m", "testigo.server.serve.entry"]
    with contextlib.ExitStack() as stack:
        for name in ("opener", "reader"):
            process = subprocess.Popen([*words, name], env=environment, stderr=subprocess.DEVNULL)
            stack.callback(process.wait, 20)
            stack.callback(process.terminate)
        for _ in range(3):
            for queue, task in (("open", "open_submission"), ("read", "read_submission")):
                battered.rows(
                    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(%s, %s, 0, NULL, NULL, "
                    "jsonb_build_object('submission', %s::bigint), NULL)::procrastinate_job_to_defer_v1])",
                    queue, task, number,
                )  # fmt: skip
        battered.drain(60)
    assert battered.rows("SELECT count(*) FROM opened WHERE submission_id = %s", number) == [(1,)]
    assert battered.rows("SELECT count(*) FROM reading WHERE submission_id = %s", number) == [(1,)]
    leaves = "SELECT count(*) FROM leaf WHERE leaf_type = 'reading' AND convert_from(body, 'UTF8') LIKE %s"
    assert battered.rows(leaves, f"%{country.sheets[3].station}%") == [(1,)]


def test_a_job_that_kills_worker_after_worker_is_given_up(battered: Any) -> None:
    battered.rows(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, attempts) "
        "VALUES ('open', 'open_submission', '{\"submission\": 0}', 'doing', 20)"
    )
    battered.drain(20)
    assert battered.rows("DELETE FROM procrastinate_jobs WHERE status = 'failed' RETURNING attempts") == [(21,)]


def test_a_job_that_its_worker_never_heard_of_is_done_all_the_same(battered: Any) -> None:
    receipt = battered.send(battered.tokens("observer")[0], os.urandom(100)).json["receipt"]
    battered.drain()
    # As if the database had died between giving a job to a worker and saying so.
    battered.rows(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, worker_id) "
        "SELECT 'open', 'open_submission', jsonb_build_object('submission', s.id), 'doing', w.id "
        "FROM submission s, procrastinate_workers w WHERE s.receipt = %s "
        "AND w.last_heartbeat > now() - interval '2 seconds'",
        receipt,
    )
    assert battered.rows("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'")[0][0] >= 1
    battered.drain(20)


def test_ctrl_c_stops_everything_in_seconds_and_a_second_server_is_refused(battered: Any) -> None:
    words = [sys.executable, "-P", "-m", "testigo.cli", "serve", "--home", str(battered.home), *battered.country.words]
    second = subprocess.run(words, env=battered.environment, capture_output=True, text=True, check=False)
    assert (second.returncode, "Another testigo serve runs" in second.stderr) == (2, True)
    children = [pid for name in ("observer", "review", "opener", "reader", "sequencer", "sweeper")
                for pid in battered.children(name)]  # fmt: skip
    assert battered.stop(signal.SIGINT) < 12
    assert battered.process.returncode == 0
    assert not [pid for pid in children if _lives(pid)]
    battered.start()


def test_a_server_without_an_election_says_what_to_do(tmp_path: Path, battered: Any) -> None:
    words = [sys.executable, "-P", "-m", "testigo.cli", "serve", "--home", str(tmp_path / "empty"), "--json"]
    done = subprocess.run(words, env=battered.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--profile" in done.stderr
    assert "Traceback" not in done.stderr
