"""What was read so far, on disk, so that a killed run goes on where it was.

Rules of this module
--------------------
1. One line per file read, written whole and appended; the first line says which reader with which settings wrote it.
   Another reader's answers are not taken over.
2. A line that was torn by a kill or a full disk counts for nothing, and what is appended after it is not torn with it.
3. An answer stands for the bytes it was given for: the caller compares their hash, or the version in a store's listing.
4. Trouble of the run (a missing file, a reader that died) is no answer: such a file is read again.
5. One run at a time: the file is locked while it is open.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from testigo.errors import InputError, WireError
from testigo.reading.problems import TRANSIENT
from testigo.recount.sources import Item

_KIND = "testigo read, journal 1"
_SYNC_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a file's answer stands in the journal, and for which bytes it was given."""

    offset: int
    sha256: str
    version: str
    stands: bool


class Journal:
    """The journal at ``path``, made if needed. Use it as a context.

    Args:
        reader: the key of this run's reader and settings.

    Raises:
        InputError: another run is writing it, or the file is something else.
        WireError: the disk does not take it.
    """

    def __init__(self, path: Path, reader: str) -> None:
        self.path = path
        self._entries: dict[str, Entry] = {}
        self._synced = time.monotonic()
        #: Whether there was a journal of another reader or of other settings, which is now void.
        self.was_void = False
        try:
            self._file: IO[bytes] = path.open("a+b")
            self._lock()
            self._load(reader)
        except OSError as error:
            raise WireError(
                f"{path} cannot be written: {error.strerror}.", "Check the path and the space on the disk."
            ) from error

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._sync()
        self._file.close()

    def __len__(self) -> int:
        return len(self._entries)

    def entry(self, item: Item) -> Entry | None:
        """The answer that was given under this name and may still stand, if there is one."""
        entry = self._entries.get(item.name)
        return entry if entry is not None and entry.stands else None

    def lines(self, item: Item) -> list[dict[str, Any]]:
        """The lines that were written for a file."""
        self._file.seek(self._entries[item.name].offset)
        lines: list[dict[str, Any]] = json.loads(self._file.readline())["lines"]
        return lines

    def add(self, name: str, lines: list[dict[str, Any]], version: str = "") -> None:
        """Write a file's lines; a kill loses at most the one that is being written, a power cut the last seconds."""
        record = {"file": name, "version": version, "lines": lines}
        offset = self._append(record)
        self._entries[name] = _entry(record, offset)
        if time.monotonic() - self._synced > _SYNC_SECONDS:
            self._sync()

    def take_over(self, answers: Iterable[list[dict[str, Any]]], reader: str) -> None:
        """Take over a finished result: the lines of each file that this reader read and the journal does not have."""
        for lines in answers:
            name = lines[0]["file"]
            if name not in self._entries and lines[0]["reader"] == reader:
                self.add(name, lines)

    def remove(self) -> None:
        """The result is written: the journal is not needed any more."""
        self.path.unlink(missing_ok=True)

    def _append(self, record: dict[str, Any]) -> int:
        offset = self._file.seek(0, os.SEEK_END)
        self._file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        return offset

    def _sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    def _lock(self) -> None:
        try:
            import fcntl
        except ModuleNotFoundError:  # no such locks on this system
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(f"Another run is writing {self.path}.", "Wait for it, or choose another --out.") from error

    def _load(self, reader: str) -> None:
        """1. The first line must be ours; 2. every whole line counts; 3. a torn end is cut off."""
        header = {"kind": _KIND, "reader": reader}
        self._file.seek(0)
        first = self._file.readline()
        found = _parsed(first)
        if first and (found is None or found.get("kind") != _KIND) and not _torn_header(first):  # 1
            raise InputError(f"{self.path} is no journal of testigo read.", "Move it away, or choose another --out.")
        if found is None or found["reader"] != reader:
            self.was_void = found is not None
            self._file.truncate(0)
            self._append(header)
            return
        end = offset = self._file.tell()
        for line in self._file:  # 2
            record = _parsed(line)
            if record is not None:
                self._entries[record["file"]] = _entry(record, offset)
                end = offset + len(line)
            offset += len(line)
        self._file.truncate(end)  # 3


def _torn_header(first: bytes) -> bool:
    """Whether the only line is the beginning of a first line, cut off by a kill."""
    return not first.endswith(b"\n") and json.dumps({"kind": _KIND}).encode()[:-1].startswith(first[:20])


def _parsed(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _entry(record: dict[str, Any], offset: int) -> Entry:
    lines = record["lines"]
    stands = not any(problem["code"] in TRANSIENT for line in lines for problem in line["problems"])
    return Entry(offset, lines[0]["sha256"] or "", record["version"], stands)
