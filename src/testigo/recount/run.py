"""A recount from beginning to end.

How a recount goes: (1) an answer from an earlier run whose bytes are known to be the same is taken as it stands;
(2) everything else is given to the engine, as much as it can take, never far ahead of what was answered; (3) each
answer is written to the journal when it comes, after its pictures; (4) answers leave in the order of the arguments;
(5) when all are there, the result is written whole, and the journal is removed.

Rules of this module
--------------------
1. The engine decides where a file is read, and nothing else: the answers are the same.
2. At most ``_AHEAD`` answers wait for an earlier one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from testigo.errors import InternalError
from testigo.reading.problems import FILE_MISSING
from testigo.recount.journal import Journal
from testigo.recount.outputs import Output, write_pictures
from testigo.recount.sources import Item
from testigo.recount.work import Answer, Job, Settings

#: Answers that may wait for a slow file before theirs; they are a few kilobytes each.
_AHEAD = 1_000

#: Called with (files answered, files in all).
Progress = Callable[[int, int], None]


class Engine(Protocol):
    """Something that reads: the processes of this machine, or a cluster."""

    @property
    def most(self) -> int:
        """How many jobs are worth having been given at once."""
        ...

    def give(self, job: Job) -> None:
        """Take a job on."""
        ...

    def collect(self) -> Iterable[tuple[Job, Answer]]:
        """Wait for at least one answer, unless nothing is left to wait for."""
        ...


@dataclass(slots=True)
class Summary:
    """What a recount found.

    Attributes:
        files: files answered for.
        again: of them, files whose answer is an earlier run's.
        sheets: by what they were read (``qr``, ``print``, ``qr+print``) -> how many.
        without: files without a readable sheet.
        missing: of them, files that could not be read from the disk or the store.
        seconds: how long it took.
    """

    files: int = 0
    again: int = 0
    sheets: dict[str, int] = field(default_factory=dict)
    without: int = 0
    missing: int = 0
    seconds: float = 0.0

    def count(self, lines: Sequence[dict[str, Any]]) -> None:
        """Count one file's lines."""
        self.files += 1
        for line in lines:
            if line["by"] is not None:
                self.sheets[line["by"]] = self.sheets.get(line["by"], 0) + 1
        if all(line["by"] is None for line in lines):
            self.without += 1
            self.missing += any(problem["code"] == FILE_MISSING for line in lines for problem in line["problems"])

    @property
    def per_second(self) -> float:
        """Sheets per second; 0 if that was not measured."""
        return sum(self.sheets.values()) / self.seconds if self.seconds else 0.0

    def as_json(self) -> dict[str, Any]:
        """The documented summary."""
        return {
            "files": self.files,
            "again": self.again,
            "sheets": dict(sorted(self.sheets.items())),
            "without": self.without,
            "missing": self.missing,
            "seconds": round(self.seconds, 1),
            "sheets_per_second": round(self.per_second, 1),
        }


class Recount:
    """One run over some files.

    Args:
        items: what to read, in the order of the answers.
        settings: how.
        out: where the result goes; without one nothing is kept, and a killed run begins again.
        pictures: the folder for pictures of what disagrees; without one they are not kept.
        progress: told as answers come.
    """

    def __init__(
        self,
        items: Sequence[Item],
        settings: Settings,
        out: Path | None = None,
        *,
        pictures: Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._items, self._settings, self._progress, self._pictures = items, settings, progress, pictures
        self._output = Output(out) if out is not None else None
        self._journal: Journal | None = None
        self.summary = Summary()
        #: Whether the journal that was there was written by another reader or with other settings, and is void.
        self.was_void = False

    def run(self, engine: Engine) -> Generator[list[dict[str, Any]], None, None]:
        """The lines of each file, in order.

        Raises:
            InputError: the result's name is no good, or belongs to something else.
            WireError: the disk, the processes or the cluster fail. What was read stays in the journal.
        """
        began = time.monotonic()
        with ExitStack() as stack:
            if self._output is not None:
                self._journal = stack.enter_context(self._opened_journal(self._output))
            for lines in self._in_order(engine):
                self.summary.count(lines)
                yield lines
            if self._output is not None and self._journal is not None:
                journal = self._journal
                self._output.write(lambda: map(journal.lines, self._items))  # 5
                journal.remove()
        self.summary.seconds = time.monotonic() - began

    def _opened_journal(self, output: Output) -> Journal:
        output.prepare()
        reader = self._settings.reader
        journal = Journal(output.journal, reader)
        journal.take_over(output.finished(), reader)
        self.was_void = journal.was_void
        return journal

    def _in_order(self, engine: Engine) -> Iterator[list[dict[str, Any]]]:
        waiting: dict[int, list[dict[str, Any]]] = {}
        given, next_out, total, out_there = 0, 0, len(self._items), 0
        while next_out < total:
            while given < total and given - next_out < _AHEAD and out_there < engine.most:
                job = self._job(given)
                if job is None:
                    waiting[given] = self._earlier(self._items[given])  # 1
                else:
                    engine.give(job)  # 2
                    out_there += 1
                given += 1
            if next_out not in waiting:
                for job, answer in engine.collect():
                    waiting[job.index] = self._answered(job, answer)  # 3
                    out_there -= 1
                    self._tell(len(waiting) + next_out)
            while next_out in waiting:  # 4
                yield waiting.pop(next_out)
                next_out += 1
                self._tell(len(waiting) + next_out)

    def _tell(self, done: int) -> None:
        if self._progress is not None:
            self._progress(done, len(self._items))

    def _job(self, index: int) -> Job | None:
        """What is to be done for a file; ``None`` if its earlier answer stands without a look at its bytes."""
        item = self._items[index]
        earlier = self._journal.entry(item) if self._journal is not None else None
        if earlier is None:
            return Job(index, item)
        if item.version and item.version == earlier.version:
            return None
        return Job(index, item, earlier.sha256)

    def _earlier(self, item: Item) -> list[dict[str, Any]]:
        if self._journal is None:
            raise InternalError(f"There is no earlier answer for {item.name}.", "Report it.")
        self.summary.again += 1
        return self._journal.lines(item)

    def _answered(self, job: Job, answer: Answer) -> list[dict[str, Any]]:
        if self._pictures is not None:
            write_pictures(self._pictures, answer.pictures)
        (lines,) = answer.each()
        if lines is None:
            return self._earlier(job.item)
        if self._journal is not None:
            self._journal.add(job.item.name, lines, job.item.version)
        return lines
