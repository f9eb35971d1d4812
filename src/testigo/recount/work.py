"""What one worker does, in a process of this machine or of a cluster: fetch, compare, read.

Rules of this module
--------------------
1. The same function for both, of values that can be pickled; it keeps nothing between calls.
2. A file whose bytes are those of an earlier answer is not read again: the answer stands.
3. Whatever is wrong with a file is a row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from testigo.errors import TestigoError
from testigo.reading import problems
from testigo.reading.batch import SCHEMA, Options, profile_of, read_batch, reader_key, to_lines, unread
from testigo.reading.beside import crops
from testigo.records import Opening
from testigo.recount.sources import Item, fetch

#: Lines of ``testigo read --json`` for one file; ``None``: the bytes are those of the earlier answer.
Lines = list[dict[str, Any]] | None

_OPTIONS = Options()


@dataclass(frozen=True, slots=True)
class Settings:
    """How a recount reads.

    Attributes:
        profile: source of the election's profile.
        options: how images are read.
        most_seconds: a file that takes longer is given up.
    """

    profile: bytes
    options: Options = _OPTIONS
    most_seconds: float = 300.0

    @property
    def reader(self) -> str:
        """The reader's key (:func:`reader_key`): what an answer depends on besides the bytes."""
        return reader_key(profile_of(self.profile), self.options)


@dataclass(frozen=True, slots=True)
class Job:
    """One file to read.

    Attributes:
        index: its place in the order of the answers.
        item: where it is.
        known: SHA-256 of the bytes that the same reader has answered for under this name; empty if there are none.
    """

    index: int
    item: Item
    known: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker sends back for some jobs.

    Attributes:
        table: of :data:`testigo.reading.batch.SCHEMA`, the rows of all the jobs in their order.
        rows: for each job, how many of the rows are its own; 0 if the earlier answer stands.
        pictures: (name, PNG) of what disagrees, where that was asked for.
    """

    table: pa.Table
    rows: tuple[int, ...]
    pictures: tuple[tuple[str, bytes], ...] = ()

    def each(self) -> Iterator[Lines]:
        """The lines of each job, in order."""
        lines = to_lines(self.table)
        for count in self.rows:
            yield [next(lines) for _ in range(count)] or None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A job and the bytes of its file; ``problem`` is a code where there are none to read."""

    job: Job
    data: bytes
    problem: str = ""


def fetched(job: Job, settings: Settings) -> Fetched:
    """Fetch a job's file. Never raises for what is wrong with it."""
    try:
        data = fetch(job.item, settings.options.limits.max_bytes)
    except (OSError, TestigoError):
        return Fetched(job, b"", problems.FILE_MISSING)
    return Fetched(job, b"", Opening.TOO_LARGE.value) if data is None else Fetched(job, data)


def read_fetched(got: Fetched, settings: Settings) -> Answer:
    """The rows of one file; none if its bytes are those of the earlier answer."""
    name, options = got.job.item.name, settings.options
    if got.problem:
        return failed(got.job, got.problem, settings)
    if got.job.known and hashlib.sha256(got.data).hexdigest() == got.job.known:
        return Answer(SCHEMA.empty_table(), (0,))
    table = read_batch([(name, got.data)], settings.profile, options)
    pictures = tuple(crops(got.data, list(to_lines(table)), options.limits)) if options.crops else ()
    return Answer(table, (len(table),), pictures)


def read_jobs(jobs: Sequence[Job], settings: Settings) -> Answer:
    """Fetch and read some files: what is sent to a cluster. One image at a time is in memory."""
    answers = [read_fetched(fetched(job, settings), settings) for job in jobs]
    return Answer(
        pa.concat_tables(answer.table for answer in answers),
        tuple(rows for answer in answers for rows in answer.rows),
        tuple(picture for answer in answers for picture in answer.pictures),
    )


def failed(job: Job, problem: str, settings: Settings) -> Answer:
    """The answer for a job whose worker cannot give one."""
    return Answer(unread(job.item.name, problem, settings.reader), (1,))
