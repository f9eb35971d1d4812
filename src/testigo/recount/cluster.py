"""A Dask cluster that reads: chunks of names are sent, workers fetch the images, tables come back.

Rules of this module
--------------------
1. No image passes through this process: every worker must see the directory, or the bucket with keys of its own.
2. What is on its way is bounded: as many chunks as the cluster has threads, twice.
3. A worker that dies costs nothing: the scheduler gives its chunks to another. A chunk whose workers keep dying is
   taken apart, and its files are tried one by one with nothing else running, so that only the guilty one is accused.
4. A worker that takes too long over a chunk ends itself, whatever its threads hold, and its nanny starts another; so a
   file that hangs is one that kills. Without a nanny nobody would start another, and a worker is left as it is.
5. A cluster runs whatever it is told and can read what it is told: connect to one that you trust.
"""

from __future__ import annotations

import contextlib
import faulthandler
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

from testigo.errors import InputError, WireError
from testigo.reading import problems
from testigo.recount.work import Answer, Job, Settings, failed, read_jobs

#: Files of a chunk: half a second of clean sheets, so that the scheduler's part is small.
_CHUNK = 8
_CONNECT_SECONDS = 20
_ASK_SECONDS = 5
#: How long a cluster may be without any worker.
_PATIENCE_SECONDS = 120

#: Of ``distributed``, which comes without types.
Client = Any
Future = Any


class Cluster:
    """Reads jobs on a cluster. Use it as a context: leaving takes back what was not read.

    Args:
        address: of the scheduler, for example ``tcp://10.0.0.1:8786``.
        settings: how images are read.

    Raises:
        InputError: the extra is not installed.
        WireError: the scheduler cannot be reached, or has no workers.
    """

    def __init__(self, address: str, settings: Settings) -> None:
        self._settings, self._reader = settings, settings.reader
        self._client = _connected(address)
        self._waiting: deque[Job] = deque()
        self._suspects: deque[Job] = deque()
        self._running: dict[Future, list[Job]] = {}
        self._begun: dict[Future, float] = {}
        self._alone_since: float | None = None

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(Exception):  # the cluster may be gone, and what counts was written
            self._client.cancel(list(self._running))
        self._running.clear()
        self._client.close(timeout=5)

    @property
    def most(self) -> int:
        """How many jobs are worth having been given at once."""
        return self._most_chunks() * _CHUNK

    def _most_chunks(self) -> int:
        threads: int = sum(self._client.nthreads().values())
        return 2 * max(1, threads)

    def give(self, job: Job) -> None:
        """Take a job on."""
        self._waiting.append(job)

    def collect(self) -> Iterator[tuple[Job, Answer]]:
        """Wait for at least one answer, unless nothing is left to wait for.

        Raises:
            WireError: the cluster cannot be worked with any more.
        """
        answers: list[tuple[Job, Answer]] = []
        while not answers and (self._waiting or self._suspects or self._running):
            self._hand_out()
            for future in self._done():
                answers += self._hear(future, self._running.pop(future))
        yield from answers

    def _hand_out(self) -> None:
        if self._suspects:
            if not self._running:  # alone, so that nobody else is accused
                self._submit([self._suspects.popleft()])
            return
        room = self._most_chunks() - len(self._running)
        while self._waiting and room > 0:
            self._submit([self._waiting.popleft() for _ in range(min(_CHUNK, len(self._waiting)))])
            room -= 1

    def _submit(self, jobs: list[Job]) -> None:
        future = self._client.submit(_read_in_time, jobs, self._settings, pure=False)
        self._running[future], self._begun[future] = jobs, time.monotonic()

    def _done(self) -> list[Future]:
        distributed = _distributed()
        with contextlib.suppress(TimeoutError), self._client.as_current():
            distributed.wait(list(self._running), timeout=_ASK_SECONDS, return_when="FIRST_COMPLETED")
        if self._client.status != "running":
            raise WireError("The cluster's scheduler is gone.", "Start it, and run the same command again: it goes on.")
        done = [future for future in self._running if future.done()]
        if not done:
            self._be_patient()
        return done

    def _be_patient(self) -> None:
        """Workers may all be gone for a while, but not for ever."""
        if self._client.nthreads():
            self._alone_since = None
            return
        self._alone_since = self._alone_since or time.monotonic()
        if time.monotonic() - self._alone_since > _PATIENCE_SECONDS:
            raise WireError(
                "The cluster has no workers any more.", "Start some, and run the same command again: it goes on."
            )

    def _hear(self, future: Future, jobs: list[Job]) -> Iterator[tuple[Job, Answer]]:
        distributed, took = _distributed(), time.monotonic() - self._begun.pop(future)
        try:
            answer: Answer = future.result()
        except distributed.KilledWorker:
            if len(jobs) > 1:
                self._suspects.extend(jobs)
            else:
                slow = took > self._settings.most_seconds
                problem = problems.READER_SLOW if slow else problems.READER_FAILED
                yield jobs[0], failed(jobs[0], problem, self._settings)
        except distributed.CancelledError as error:
            raise WireError("The cluster dropped the work.", "Run the same command again: it goes on.") from error
        except Exception as error:  # whatever a worker raised: it is not as it should be
            raise WireError(
                f"The cluster's workers cannot read ({type(error).__name__}: {error}).",
                "Install testigo[dask] on every worker, in the version of this machine.",
            ) from error
        else:
            yield from self._parts(jobs, answer)

    def _parts(self, jobs: list[Job], answer: Answer) -> Iterator[tuple[Job, Answer]]:
        others = set(answer.table["reader"].unique().to_pylist()) - {self._reader}
        if others:
            raise WireError(
                f"A worker reads with {others.pop()}, this machine with {self._reader}.",
                "Install the same versions everywhere.",
            )
        begin, pictures = 0, answer.pictures  # all of a chunk's pictures go with its first answer
        for job, rows in zip(jobs, answer.rows, strict=True):
            yield job, Answer(answer.table.slice(begin, rows), (rows,), pictures)
            begin, pictures = begin + rows, ()


def _read_in_time(jobs: list[Job], settings: Settings) -> Answer:
    """What a worker does. The watchdog is a native thread: it bites also where native code holds the interpreter."""
    watched = _distributed().get_worker().nanny is not None
    if watched:
        faulthandler.dump_traceback_later(settings.most_seconds, exit=True)
    try:
        return read_jobs(jobs, settings)
    finally:
        if watched:
            faulthandler.cancel_dump_traceback_later()


def _distributed() -> Any:
    try:
        import distributed
    except ModuleNotFoundError as error:
        raise InputError(
            "--dask needs distributed, which is not installed.", "Install it: pip install 'testigo[dask]'."
        ) from error
    return distributed


def _connected(address: str) -> Client:
    distributed = _distributed()
    try:
        client = distributed.Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
        client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
    except (OSError, ValueError, TimeoutError) as error:
        raise WireError(
            f"The Dask cluster at {address} cannot be reached, or has no workers ({type(error).__name__}).",
            "Give its scheduler's address, for example tcp://10.0.0.1:8786, and start its workers.",
        ) from error
    return client
