"""The processes of this machine that read: each file is one process's own, and its death is that file's alone.

Rules of this module
--------------------
1. Memory is flat: a process holds the file that it reads and the next one; nothing else is on its way.
2. What a process had when it died is suspect, and is tried once more, each alone in a process; if that one dies too,
   the file's line says so. So nobody is accused of what another did.
3. A file that takes too long ends its process, and is not tried again.
4. Children hear no Ctrl-C: the parent decides. They end when the parent does, however it ends.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from queue import Queue
from typing import Any

from testigo.errors import WireError
from testigo.reading import problems
from testigo.recount.work import Answer, Fetched, Job, Settings, failed, fetched, read_fetched

#: Jobs that a process has at once: one that it reads, and one that it fetches meanwhile.
_AT_ONCE = 2
#: Processes in a row that may die before they could read anything.
_MOST_STILLBORN = 4
#: Libraries that would start a thread per core in every process.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(slots=True, eq=False)
class _Worker:
    process: SpawnProcess
    pipe: Connection
    jobs: deque[Job] = field(default_factory=deque)
    since: float = field(default_factory=time.monotonic)
    born: bool = False


class Pool:
    """Reads jobs in processes. Use it as a context: leaving ends the processes.

    Args:
        jobs: how many processes.
        settings: how images are read.
    """

    def __init__(self, jobs: int, settings: Settings) -> None:
        self._count, self._settings = jobs, settings
        self._workers: list[_Worker] = []
        self._waiting: deque[Job] = deque()
        self._suspects: deque[Job] = deque()
        self._suspected: set[int] = set()  # by index: those that a process had when it died
        self._stillborn = 0

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.pipe.close()

    @property
    def most(self) -> int:
        """How many jobs are worth having been given at once."""
        return self._count * _AT_ONCE

    def give(self, job: Job) -> None:
        """Take a job on."""
        self._waiting.append(job)

    def collect(self) -> Iterator[tuple[Job, Answer]]:
        """Wait for at least one answer, unless nothing is left to wait for.

        Raises:
            WireError: processes cannot be started.
        """
        answers: list[tuple[Job, Answer]] = []
        while not answers and (self._waiting or self._suspects or any(worker.jobs for worker in self._workers)):
            self._hand_out()
            ready = wait([worker.pipe for worker in self._workers], timeout=1.0)
            for worker in list(self._workers):
                if worker.pipe in ready:
                    answers += self._hear(worker)
                elif worker.jobs and worker.born and time.monotonic() - worker.since > self._settings.most_seconds:
                    answers += self._bury(worker, problems.READER_SLOW)
        yield from answers

    def _hand_out(self) -> None:
        """Give every process as much as it may have; the suspects first, each to a process without other work."""
        wanted = len(self._waiting) + len(self._suspects)
        idle = sum(not worker.jobs for worker in self._workers)
        for _ in range(min(wanted - idle, self._count - len(self._workers))):
            with _nobody_hears_ctrl_c():
                self._workers.append(_start(self._settings))
        for worker in self._workers:
            if self._suspects and not worker.jobs:
                self._send(worker, self._suspects.popleft())
            while self._waiting and len(worker.jobs) < _AT_ONCE and not self._holds_suspect(worker):
                if not self._send(worker, self._waiting.popleft()):
                    break

    def _holds_suspect(self, worker: _Worker) -> bool:
        return bool(worker.jobs) and worker.jobs[0].index in self._suspected

    def _send(self, worker: _Worker, job: Job) -> bool:
        if not worker.jobs:
            worker.since = time.monotonic()
        worker.jobs.append(job)
        with contextlib.suppress(OSError):  # it died meanwhile: its pipe will say so
            worker.pipe.send(job)
            return True
        return False

    def _hear(self, worker: _Worker) -> Iterator[tuple[Job, Answer]]:
        try:
            said = worker.pipe.recv()
        except (EOFError, OSError):
            yield from self._bury(worker, problems.READER_FAILED)
            return
        worker.since = time.monotonic()
        if said is None:
            worker.born, self._stillborn = True, 0
        else:
            yield worker.jobs.popleft(), said

    def _bury(self, worker: _Worker, problem: str) -> Iterator[tuple[Job, Answer]]:
        """A process is dead, or shall be: judge what it had, and take it back."""
        self._workers.remove(worker)
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()
        if not worker.born:
            self._stillborn += 1
            if self._stillborn > _MOST_STILLBORN:
                raise WireError(
                    f"The processes that read end before they begin (status {worker.process.exitcode}).",
                    "Free memory, or use fewer: --jobs 1.",
                )
        elif worker.jobs and (problem == problems.READER_SLOW or worker.jobs[0].index in self._suspected):
            accused = worker.jobs.popleft()
            yield accused, failed(accused, problem, self._settings)
        elif problem == problems.READER_FAILED:
            self._suspected.update(job.index for job in worker.jobs)
        for job in reversed(worker.jobs):
            (self._suspects if job.index in self._suspected else self._waiting).appendleft(job)


# ---------------------------------------------------------------------- the process


def _start(settings: Settings) -> _Worker:
    # Not "fork": this process has threads (Arrow's), and a fork would copy their locks.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_live, args=(theirs, settings), daemon=True)
    with _one_thread_each():
        process.start()
    theirs.close()
    return _Worker(process, ours)


@contextlib.contextmanager
def _one_thread_each() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _nobody_hears_ctrl_c() -> Iterator[None]:
    """While a process starts: it inherits the mask for its life; we are interrupted when the process is ours to end.

    The mask alone would not keep it from us: the signal may go to another thread of this process.
    """
    heard: list[int] = []
    can_mask = hasattr(signal, "pthread_sigmask")
    if can_mask:
        resource_tracker.ensure_running()  # it would unblock the signal while the first process starts
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if can_mask else None
    main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda number, _: heard.append(number)) if main else None
    try:
        yield
    finally:
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if handler is not None:
            signal.signal(signal.SIGINT, handler)
        if heard:
            signal.raise_signal(signal.SIGINT)


def _live(pipe: Connection, settings: Settings) -> None:
    """A process: fetch in one thread, read in the other, until the parent's end of the pipe is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _be_the_first_to_go()
    next_one: Queue[Fetched | None] = Queue(maxsize=1)
    threading.Thread(target=_fetch, args=(pipe, next_one, settings), daemon=True).start()
    with contextlib.suppress(OSError):
        pipe.send(None)  # "born"
        while (got := next_one.get()) is not None:
            pipe.send(read_fetched(got, settings))
    sys.stderr.flush()
    os._exit(0)  # native threads must not turn an end into a crash


def _fetch(pipe: Connection, next_one: Queue[Any], settings: Settings) -> None:
    try:
        with contextlib.suppress(EOFError, OSError):
            while True:
                next_one.put(fetched(pipe.recv(), settings))
    finally:
        next_one.put(None)


def _be_the_first_to_go() -> None:
    """Where memory runs out, Linux shall end the process of one file, not the one that holds the results."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("800")
