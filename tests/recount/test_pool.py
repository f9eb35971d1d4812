"""Processes that die, hang and are killed: each costs one file at most, and leaves nobody behind."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from testigo.errors import WireError
from testigo.recount import pool as pool_module
from testigo.recount.pool import Pool
from testigo.recount.run import Recount
from testigo.recount.sources import find
from testigo.recount.work import Answer, Job, Settings


class Watchful(Pool):
    """Sees to it that a suspect has no company."""

    def _send(self, worker: Any, job: Job) -> bool:
        together = [*worker.jobs, job]
        assert len(together) == 1 or not any(one.index in self._suspected for one in together)
        return super()._send(worker, job)


def read_all(folder: Path, settings: Settings, processes: int) -> list[dict[str, Any]]:
    recount = Recount(find([str(folder)]).items, settings)
    with Watchful(processes, settings) as pool:
        return [line for lines in recount.run(pool) for line in lines]


def problems_of(lines: list[dict[str, Any]], name: str) -> list[str]:
    (line,) = [line for line in lines if line["file"].endswith(name)]
    return [problem["code"] for problem in line["problems"]]


@pytest.mark.parametrize("processes", [1, 3])
def test_the_answers_are_the_same_in_the_same_order_however_many_read(
    processes: int, folder: Path, settings: Settings
) -> None:
    lines = read_all(folder, settings, processes)
    assert [Path(line["file"]).name for line in lines] == sorted(path.name for path in folder.iterdir())
    assert [line["station"] for line in lines if line["by"]] == [f"04020{n:04d}.01" for n in range(8)]
    assert problems_of(lines, "005b.jpg") == ["not_an_image"]


@pytest.mark.parametrize("processes", [1, 2])
def test_a_file_that_kills_its_reader_twice_costs_its_own_line_alone(
    processes: int, folder: Path, settings: Settings, trap: Any
) -> None:
    trap.killing()
    lines = read_all(folder, settings, processes)
    assert len(set(trap.killed)) == 2, "it was tried twice, in two processes"
    assert problems_of(lines, trap.path.name) == ["reader_failed"]
    assert len(lines) == 10
    assert sum(line["by"] == "qr" for line in lines) == 8, "nobody else's file was lost"


def test_a_process_that_was_killed_once_costs_nothing(folder: Path, settings: Settings, trap: Any) -> None:
    data = (folder / "000.jpg").read_bytes()
    killer = threading.Thread(target=trap.kill, args=(data,), daemon=True)
    killer.start()
    lines = read_all(folder, settings, 1)
    killer.join(timeout=5)
    assert len(trap.killed) == 1
    assert problems_of(lines, trap.path.name) == []
    assert sum(line["by"] == "qr" for line in lines) == 9


def test_a_file_that_takes_for_ever_is_given_up_and_not_tried_again(
    folder: Path, settings: Settings, trap: Any
) -> None:
    began = time.monotonic()
    lines = read_all(folder, replace(settings, most_seconds=6.0), 2)
    assert problems_of(lines, trap.path.name) == ["reader_slow"]
    assert sum(line["by"] == "qr" for line in lines) == 8
    assert time.monotonic() - began < 60


def test_a_file_that_goes_away_or_is_too_large_is_a_line(folder: Path, settings: Settings) -> None:
    items = find([str(folder)]).items
    (folder / "002.jpg").unlink()
    limits = replace(settings.options.limits, max_bytes=30_000)
    small = replace(settings, options=replace(settings.options, limits=limits))
    (folder / "004.jpg").write_bytes(bytes(30_001))
    with Pool(1, small) as pool:
        lines = [line for lines in Recount(items, small).run(pool) for line in lines]
    assert problems_of(lines, "002.jpg") == ["file_missing"]
    assert problems_of(lines, "004.jpg") == ["too_large"]


def test_nothing_runs_on_when_the_caller_stops(folder: Path, settings: Settings) -> None:
    with Pool(2, settings) as pool:
        answers = Recount(find([str(folder)]).items, settings).run(pool)
        next(answers)
        pids = [child.pid for child in multiprocessing.active_children()]
        assert pids
        answers.close()
    assert not multiprocessing.active_children()


def test_processes_that_cannot_begin_are_trouble_and_no_file_is_accused(
    folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "_live", os.abort)  # called with arguments it does not take: ends at once
    with pytest.raises(WireError, match="before they begin"):
        read_all(folder, settings, 2)


def test_what_is_on_its_way_is_bounded(folder: Path, settings: Settings) -> None:
    given: list[int] = []
    answered: list[int] = []

    class Watched(Pool):
        def give(self, job: Job) -> None:
            given.append(job.index)
            assert len(given) - len(answered) <= self.most
            super().give(job)

        def collect(self) -> Iterator[tuple[Job, Answer]]:
            for job, answer in super().collect():
                answered.append(job.index)
                yield job, answer

    items = find([str(folder)]).items * 2
    with Watched(2, settings) as pool:
        assert len(list(Recount(items, settings).run(pool))) == len(items) == len(answered)
