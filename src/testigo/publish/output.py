"""Writing the site: only what changed, and so that a kill leaves nothing wrong behind.

How a site is brought up to date
1. Every unit (a page in every language, a shard, a table) announces its files and a digest of everything it shows.
2. The state file is written first: every unit that is about to change stands there without a digest, so that whoever
   comes after a kill knows that its files may be anything.
3. Units whose digest is unchanged and whose files are there are left alone; the others are rendered and written.
4. Files that no unit announces any more are removed, with the folders that they leave empty.
5. The state file is written again, with every digest.

Rules of this module
--------------------
1. A file that exists is replaced by renaming: whoever reads it meanwhile never sees half of one. (It is removed just
   before: renaming over it makes common file systems wait for the disk, four milliseconds for every page.)
2. Everything is brought to the disk, once, before the state file says so: a power cut leaves no page believed whole.
3. The state file holds paths, digests and past checkpoints: nothing that the site does not publish.
"""

from __future__ import annotations

import json
import marshal
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from testigo.errors import InputError, WireError

STATE = ".testigo-publish.json"
_FORMAT = 1


def digest(*parts: Any) -> str:
    """A short digest of texts, numbers, bytes, and of lists, tuples and dictionaries of them.

    Version 2 of marshal has neither references nor interned texts: equal values give equal bytes, in a fifth of the
    time of ``repr``. Another Python's bytes would only mean that everything is written once more.
    """
    return blake2b(marshal.dumps(parts, 2), digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class Unit:
    """Something that is rendered together.

    Attributes:
        key: its name in the state file, unique.
        digest: of everything that it shows.
        paths: its files, below the site's folder.
        render: gives the bytes of each path, in the same order.
    """

    key: str
    digest: str
    paths: tuple[str, ...]
    render: Callable[[], Iterable[bytes]]


@dataclass(slots=True)
class State:
    """What the last publication left.

    Attributes:
        units: key -> (digest, paths); the digest is empty while it is being written.
        checkpoints: past checkpoints of the ledger, oldest first, as text.
    """

    units: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    checkpoints: list[str] = field(default_factory=list)


def read_state(out: Path) -> State:
    """The state beside a site; an empty one if there is none, or if it cannot be understood.

    Raises:
        InputError: the folder holds something else than a site, which must not be overwritten.
    """
    try:
        value = json.loads((out / STATE).read_bytes())
        if value["format"] == _FORMAT:
            units = {key: (entry[0], tuple(entry[1:])) for key, entry in value["units"].items()}
            return State(units, list(value["checkpoints"]))
    except FileNotFoundError:
        if out.is_dir() and any(out.iterdir()):
            raise InputError(
                f"{out.name} holds files and is no site of Testigo.", "Give a new folder, or empty this one."
            ) from None
    except NotADirectoryError as error:
        raise InputError(f"{out.name} is a file.", "Give a folder.") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return State()
    return State()


def write_state(out: Path, state: State) -> None:
    """Replace the state file as a whole."""
    value: dict[str, Any] = {
        "format": _FORMAT,
        "checkpoints": state.checkpoints,
        "units": {key: [mark, *paths] for key, (mark, paths) in state.units.items()},
    }
    _replace(str(out / STATE), json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


class Writer:
    """Writes files below ``out``; makes each folder once."""

    def __init__(self, out: Path) -> None:
        self._out = str(out)
        self._folders: set[str] = set()

    def write(self, path: str, data: bytes) -> None:
        """Write one file. Raises :class:`WireError`, naming it, if the disk does not take it."""
        full = f"{self._out}/{path}"
        folder = full.rpartition("/")[0]
        try:
            if folder not in self._folders:
                os.makedirs(folder, exist_ok=True)  # noqa: PTH103  (a Path per page would cost as much as the page)
                self._folders.add(folder)
            try:
                handle = os.open(full, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            except FileExistsError:
                _replace(full, data, remove_first=True)
                return
            try:
                _write_all(handle, data)
            finally:
                os.close(handle)
        except OSError as error:
            raise WireError(
                f"{path} cannot be written: {error.strerror}.", "Make room on the disk and publish again."
            ) from error


def _write_all(handle: int, data: bytes) -> None:
    written = os.write(handle, data)
    while written < len(data):
        data = data[written:]
        written = os.write(handle, data)


def _replace(full: str, data: bytes, *, remove_first: bool = False) -> None:
    partial = full + ".partial"
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        _write_all(handle, data)
    finally:
        os.close(handle)
    if remove_first:
        os.unlink(full)  # noqa: PTH108
    os.replace(partial, full)  # noqa: PTH105


def stale(units: Iterable[Unit], state: State, existing: set[str]) -> list[Unit]:
    """The units that must be written: new, changed, interrupted, or with a file that is gone."""
    found = []
    for unit in units:
        known = state.units.get(unit.key)
        if known is None or known != (unit.digest, unit.paths) or not existing.issuperset(unit.paths):
            found.append(unit)
    return found


def files_below(out: Path) -> Iterator[str]:
    """Paths of all files below ``out``, with forward slashes."""
    pending = [""]
    while pending:
        folder = pending.pop()
        with os.scandir(f"{out}/{folder}" if folder else out) as listing:
            for entry in listing:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    pending.append(path)
                else:
                    yield path


def remove_files(out: Path, paths: Iterable[str]) -> int:
    """Remove files and the folders that they leave empty; returns how many files were there."""
    removed = 0
    for path in paths:
        target = out / path
        try:
            target.unlink()
            removed += 1
        except FileNotFoundError:
            continue
        for folder in target.parents:
            if folder == out:
                break
            try:
                folder.rmdir()
            except OSError:
                break  # it still holds something
    return removed


def announced(units: Iterable[Unit]) -> Mapping[str, tuple[str, tuple[str, ...]]]:
    """What the state file says of the units when all are written."""
    return {unit.key: (unit.digest, unit.paths) for unit in units}
