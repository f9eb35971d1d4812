"""The bundle's disk: reading without being led astray, writing so that a kill leaves no half bundle.

Rules of this module
--------------------
1. Only regular files and folders exist in a bundle. A link, a device, a pipe is refused by name, not followed.
2. A bundle is built in ``<name>.partial`` beside its place, brought to the disk, and renamed: it is there as a whole or
   not at all. ``manifest.json`` is written last of the content.
3. What comes from outside is opened by recognised names alone (see :mod:`testigo.bundle.manifest`).
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from testigo.errors import InputError, Problem, WireError

_REMEDY = "Fetch the bundle again from its source."


def read_file(root: Path, path: str, limit: int | None = None) -> bytes:
    """The bytes of one file of a bundle; ``limit`` bytes at most.

    Raises:
        InputError: there is none, it is not a regular file, or it is larger; names the file.
        WireError: the disk failed.
    """
    with open_file(root, path) as stream:
        try:
            data = stream.read() if limit is None else stream.read(limit + 1)
        except OSError as error:
            raise WireError(f"{path} cannot be read: {error.strerror}.", "Check the disk.") from error
    if limit is not None and len(data) > limit:
        raise _refused(path, f"it is larger than {limit} bytes")
    return data


def open_file(root: Path, path: str) -> BinaryIO:
    """A regular file of the bundle, opened for reading; no part of its path below ``root`` may be a link."""
    where = root
    try:
        for part in path.split("/")[:-1]:
            where = where / part
            if not stat.S_ISDIR(where.lstat().st_mode):
                raise _refused(path, f"{part} is not a folder")
        # NONBLOCK: a pipe in a file's place must not make the reader wait for ever.
        handle = os.open(root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise _refused(path, "the file is missing") from error
    except OSError as error:
        raise _refused(path, f"it cannot be opened as a file: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise _refused(path, "it is not a regular file")
    return os.fdopen(handle, "rb")


def walk(root: Path) -> Iterator[tuple[str, bool]]:
    """Everything below ``root`` that is not a folder, as (path with forward slashes, whether it is a regular file).

    A folder with nothing in it is reported too, with a trailing slash and False: a bundle has none.

    Raises:
        InputError: ``root`` is not a folder that can be listed.
    """
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(root / folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            raise InputError(f"{folder or root.name} cannot be listed: {error.strerror}.", "Check the path.") from error
        if folder and not entries:
            yield folder + "/", False
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                pending.append(path)
            else:
                yield path, entry.is_file(follow_symlinks=False)


def partial_of(out: Path) -> Path:
    """Where the bundle ``out`` is built."""
    return out.with_name(out.name + ".partial")


def start_partial(out: Path) -> Path:
    """An empty folder to build ``out`` in; what an earlier, killed attempt left is removed.

    Raises:
        InputError: ``out`` exists: a release is never overwritten.
    """
    if out.is_symlink() or (out.exists() and not (out.is_dir() and not any(out.iterdir()))):
        raise InputError(f"{out.name} exists already.", "Give a new folder: every release has its own.")
    partial = partial_of(out)
    try:
        if partial.exists():
            shutil.rmtree(partial)
        partial.mkdir(parents=True)
    except OSError as error:
        raise WireError(
            f"{partial.name} cannot be made: {error.strerror}.", "Check the folder and the disk."
        ) from error
    return partial


def write_file(root: Path, path: str, data: bytes) -> None:
    """Write one file, with its folders. Raises :class:`WireError`, naming it, if the disk does not take it."""
    target = root / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    except OSError as error:
        raise WireError(f"{path} cannot be written: {error.strerror}.", "Make room on the disk; try again.") from error


def finish_partial(out: Path) -> None:
    """Bring everything to the disk and give the bundle its name."""
    partial = partial_of(out)
    try:
        # One call for thousands of small files: an fsync for each would take minutes on a plain disk.
        os.sync()
        partial.replace(out)
        handle = os.open(out.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise WireError(f"{out.name} cannot be put in its place: {error.strerror}.", "Check the folder.") from error


def _refused(path: str, what: str) -> InputError:
    return InputError(f"The bundle's file {path} cannot be used: {what}.", _REMEDY, [Problem(path, 0, "", what)])
