"""The same recount on a real Dask cluster of two processes, one of which is killed midway."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from testigo.errors import WireError
from testigo.recount.cluster import Cluster
from testigo.recount.pool import Pool
from testigo.recount.run import Engine, Recount
from testigo.recount.sources import find
from testigo.recount.work import Settings

distributed: Any = pytest.importorskip("distributed")
#: How often a chunk may be with a worker that dies before the scheduler gives it up (Dask's default is 3).
ALLOWED = 1
pytestmark = pytest.mark.xdist_group("dask")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Of a scheduler with two workers, each a process with one thread; a nanny restarts those that die."""
    dask: Any = pytest.importorskip("dask")
    where = {"n_workers": 2, "threads_per_worker": 1, "processes": True}
    quiet = {"dashboard_address": ":0", "silence_logs": 50}
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": ALLOWED}),
        distributed.LocalCluster(**where, **quiet) as cluster,
    ):
        yield cluster.scheduler_address


def workers_of(address: str) -> list[int]:
    with distributed.Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=90)
        pids: dict[str, int] = client.run(os.getpid)
        return list(pids.values())


def lines_of(recount: Recount, engine: Engine) -> list[dict[str, Any]]:
    return [line for lines in recount.run(engine) for line in lines]


def test_a_killed_worker_changes_nothing(folder: Path, settings: Settings, tmp_path: Path, address: str) -> None:
    items, kind = find([str(folder)]).items * 6, "r.parquet"
    with Pool(1, settings) as pool:
        lines_of(Recount(items, settings, tmp_path / f"here-{kind}"), pool)
    before = workers_of(address)
    with Cluster(address, settings) as cluster:
        answers = Recount(items, settings, tmp_path / f"there-{kind}").run(cluster)
        next(answers)
        os.kill(before[0], signal.SIGKILL)
        assert sum(1 for _ in answers) == len(items) - 1
    assert before[0] not in workers_of(address), "it really died"
    assert (tmp_path / f"there-{kind}").read_bytes() == (tmp_path / f"here-{kind}").read_bytes()


def test_a_bucket_is_read_by_workers_with_keys_of_their_own(
    bucket_url: str, settings: Settings, tmp_path: Path, address: str
) -> None:
    items = find([bucket_url]).items
    with Pool(1, settings) as pool:
        here = lines_of(Recount(items, settings), pool)
    with Cluster(address, settings) as cluster:
        there = lines_of(Recount(items, settings, tmp_path / "r.parquet"), cluster)
    assert there == here
    assert [line["by"] for line in there] == ["qr"] * 24


def test_a_run_that_was_stopped_goes_on_and_fetches_nothing_twice(
    bucket_url: str, settings: Settings, tmp_path: Path, address: str
) -> None:
    items = find([bucket_url]).items
    with Cluster(address, settings) as cluster:
        answers = Recount(items, settings, tmp_path / "r.jsonl").run(cluster)
        for _ in range(9):
            next(answers)
        answers.close()
    given: list[int] = []

    class Watched(Cluster):
        def give(self, job: Any) -> None:
            given.append(job.index)
            super().give(job)

    with Watched(address, settings) as cluster:
        recount = Recount(items, settings, tmp_path / "r.jsonl")
        lines_of(recount, cluster)
    assert recount.summary.again >= 9
    assert len(given) == 24 - recount.summary.again, "what the listing says is the same is not even asked for"


def test_the_command_reads_a_bucket_on_a_cluster(bucket_url: str, address: str, tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    words = ["read", "--profile", "ve2024", "--print", "never", "--dask", address, "--out", str(out), "--json"]
    ran = subprocess.run(
        [sys.executable, "-m", "testigo.cli", *words, bucket_url], capture_output=True, encoding="utf-8", timeout=90,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "endpoint" not in ran.stdout
    assert ran.stdout == out.read_text(encoding="utf-8")
    assert len(ran.stdout.splitlines()) == 24


def test_a_cluster_that_does_not_answer_is_said(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("testigo.recount.cluster._CONNECT_SECONDS", 0.5)
    with pytest.raises(WireError, match=r"127\.0\.0\.1:9"):
        Cluster("tcp://127.0.0.1:9", settings)


def test_a_cluster_whose_workers_all_go_is_said_and_what_was_read_is_kept(
    folder: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("testigo.recount.cluster._PATIENCE_SECONDS", 1)
    monkeypatch.setattr("testigo.recount.cluster._ASK_SECONDS", 0.5)
    items, out = find([str(folder)]).items * 6, tmp_path / "r.jsonl"
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0", silence_logs=50
        ) as workers,
        Cluster(workers.scheduler_address, settings) as cluster,
    ):
        answers = Recount(items, settings, out).run(cluster)
        next(answers)
        workers.scale(0)
        with pytest.raises(WireError, match="no workers any more"):
            list(answers)
    kept = (tmp_path / "r.jsonl.partial").read_bytes().count(b"\n") - 1
    assert 1 <= kept < len(items)


def test_workers_of_another_version_are_refused(folder: Path, settings: Settings, address: str) -> None:
    with Cluster(address, settings) as cluster:
        cluster._reader = "testigo 99"  # what this machine would say, had it another version
        with pytest.raises(WireError, match="same versions"):
            lines_of(Recount(find([str(folder)]).items, settings), cluster)


def test_a_file_that_kills_every_worker_costs_its_own_line_alone(
    folder: Path, settings: Settings, address: str, trap: Any
) -> None:
    items = find([str(folder)]).items
    trap.killing()
    with Cluster(address, settings) as cluster:
        lines = lines_of(Recount(items, settings), cluster)
    assert len(set(trap.killed)) == 2 * (ALLOWED + 1), "as a part of its chunk, then alone"
    assert len(lines) == 10
    assert sum(line["by"] == "qr" for line in lines) == 8, "nobody else's file was lost"
    (accused,) = [line for line in lines if line["file"].endswith(trap.path.name)]
    assert [problem["code"] for problem in accused["problems"]] == ["reader_failed"]


def test_a_file_that_hangs_costs_its_own_line_alone(folder: Path, settings: Settings, address: str, trap: Any) -> None:
    items = find([str(folder)]).items
    with Cluster(address, replace(settings, most_seconds=8.0)) as cluster:
        lines = lines_of(Recount(items, settings), cluster)
    assert sum(line["by"] == "qr" for line in lines) == 8, "nobody else's file was lost"
    (accused,) = [line for line in lines if line["file"].endswith(trap.path.name)]
    assert [problem["code"] for problem in accused["problems"]] == ["reader_slow"]
