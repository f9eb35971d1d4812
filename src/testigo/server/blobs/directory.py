"""Blobs in a local directory: ``ab/cdef…``, two digits of the hash as folder, the rest as file.

Rules of this module
--------------------
1. A blob appears under its name whole, synced and read-only, or not at all: it is written to a temporary file on the
   same disk, synced, and *linked* to its name, which fails if the name is taken; then the folder is synced.
2. ``obstore`` does the same but offers no way to sync (0.12), so this backend is our own.
3. Temporary names begin with a dot, and no digest does: what a kill leaves behind is never taken for a blob, and
   is cleared away when it is a day old.
4. A blob that is there is not trusted because its name is: a put of the same content compares, and a damaged one is
   reported instead of acknowledged.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from testigo.server.blobs.base import (
    CHUNK_BYTES,
    Content,
    Stored,
    altered,
    checked_digest,
    disk_trouble,
    is_digest,
    missing,
    pieces,
    prove_put_if_absent,
    verified,
)

_INCOMING = ".incoming"
_LEFTOVER_SECONDS = 86_400.0


class DirectoryStore:
    """A blob store in ``root``, which is made if needed (0700)."""

    def __init__(self, root: Path) -> None:
        self._root = root.expanduser().absolute()
        self._incoming = self._root / _INCOMING
        with disk_trouble(f"Making the blob directory {self._root}"):
            for directory in (self._root, self._incoming):
                if not directory.is_dir():
                    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                    _sync(directory.parent)
            self._clear_leftovers()

    def __repr__(self) -> str:
        return f"DirectoryStore({str(self._root)!r})"

    def put_if_absent(self, content: Content) -> Stored:
        """See :meth:`.BlobStore.put_if_absent`. The content is never held whole.

        1. Write it to a temporary file, hashing on the way, and sync the file.
        2. Link it to its name, which fails if the name is taken.
        3. Sync the folder, also when another one was faster: it may not have got that far.
        """
        with disk_trouble("Storing a file"):
            handle, temporary = tempfile.mkstemp(dir=self._incoming)
            try:
                with os.fdopen(handle, "wb") as file:
                    digest, size = _write(content, file)  # 1
                path = self._path(digest)
                created = self._link(Path(temporary), path)  # 2
                if not created:
                    self._compare(digest, path)
                _sync(path.parent)  # 3
            finally:
                Path(temporary).unlink(missing_ok=True)
        return Stored(digest, size, created)

    def get(self, digest: str) -> bytes:
        """See :meth:`.BlobStore.get`."""
        path = self._path(checked_digest(digest))
        with disk_trouble(f"Reading blob {digest}"):
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                raise missing(digest) from None
        return verified(digest, content)

    def exists(self, digest: str) -> bool:
        """See :meth:`.BlobStore.exists`."""
        path = self._path(checked_digest(digest))
        with disk_trouble(f"Looking for blob {digest}"):
            try:
                path.stat()
            except FileNotFoundError:
                return False
            return True

    def list(self) -> Iterator[str]:
        """See :meth:`.BlobStore.list`."""
        with disk_trouble(f"Listing {self._root}"):
            for folder in sorted(self._root.iterdir()):
                if len(folder.name) == 2 and folder.is_dir():
                    names = (folder.name + entry.name for entry in sorted(folder.iterdir()))
                    yield from filter(is_digest, names)

    def prove_put_if_absent(self) -> None:
        """See :meth:`.BlobStore.prove_put_if_absent`. Fails on file systems without hard links (FAT on a stick)."""

        def create(name: str, content: bytes) -> bool:
            source = self._incoming / f"{name}.{len(content)}"
            source.write_bytes(content)
            try:
                return self._link(source, self._incoming / name)
            finally:
                source.unlink()

        with disk_trouble(f"Writing a probe into {self._root}"):
            prove_put_if_absent(
                create,
                lambda name: (self._incoming / name).read_bytes(),
                lambda name: (self._incoming / name).unlink(missing_ok=True),
            )

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest[2:]

    def _link(self, source: Path, target: Path) -> bool:
        if not target.parent.is_dir():
            with contextlib.suppress(FileExistsError):
                target.parent.mkdir(mode=0o700)
        _sync(target.parent.parent)  # always: whoever made the folder may not have synced its name yet
        try:
            os.link(source, target)
        except FileExistsError:
            return False
        return True

    def _compare(self, digest: str, path: Path) -> None:
        """Raise if the blob that is there is not what its name says, and make it durable if it is."""
        hasher = hashlib.sha256()
        with path.open("rb") as file:
            while piece := file.read(CHUNK_BYTES):
                hasher.update(piece)
            os.fsync(file.fileno())
        if hasher.hexdigest() != digest:
            raise altered(digest, hasher.hexdigest())

    def _clear_leftovers(self) -> None:
        for path in self._incoming.iterdir():
            with contextlib.suppress(FileNotFoundError):  # its writer lives and was faster
                if time.time() - path.stat().st_mtime > _LEFTOVER_SECONDS:
                    path.unlink()


def _write(content: Content, file: BinaryIO) -> tuple[str, int]:
    """Write, hash and sync; the file ends read-only."""
    hasher, size = hashlib.sha256(), 0
    for piece in pieces(content):
        hasher.update(piece)
        size += len(piece)
        file.write(piece)
    file.flush()
    os.fchmod(file.fileno(), 0o400)
    os.fsync(file.fileno())
    return hasher.hexdigest(), size


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
