"""What a blob store is, whatever is behind it.

Rules of this module
--------------------
1. Content is read in pieces; nothing here holds a large file whole.
2. Every error names the blob and says what to do next.
"""

from __future__ import annotations

import errno
import hashlib
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

from testigo.errors import InputError, WireError

Content = bytes | Path | BinaryIO
"""Bytes, a file's path, or an open binary file, which is read from where it stands to its end."""

CHUNK_BYTES = 1 << 20
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Stored:
    """The answer to a put.

    Attributes:
        digest: SHA-256 of the content, 64 lower-case hexadecimal digits: the blob's name.
        size: bytes.
        created: False if the store already had it; which of the two must not be told to a sender.
    """

    digest: str
    size: int
    created: bool


@runtime_checkable
class BlobStore(Protocol):
    """Content-addressed, append-only storage."""

    def put_if_absent(self, content: Content) -> Stored:
        """Store ``content`` under its hash, unless it is there. When this returns, it is durable.

        Raises:
            WireError: the disk is full, or the store cannot be reached. Nothing half-written is visible.
        """
        ...

    def get(self, digest: str) -> bytes:
        """The whole content, checked against its name.

        Raises:
            InputError: ``digest`` is not 64 hexadecimal digits.
            WireError: there is no such blob, it was altered, or the store cannot be reached.
        """
        ...

    def exists(self, digest: str) -> bool:
        """Whether the blob is there (its content is not read).

        Raises:
            InputError: ``digest`` is not 64 hexadecimal digits.
            WireError: the store cannot be reached.
        """
        ...

    def list(self) -> Iterator[str]:
        """Digests of all blobs, in no promised order.

        Raises:
            WireError: the store cannot be reached.
        """
        ...

    def prove_put_if_absent(self) -> None:
        """Show that this store, as configured, refuses to overwrite. Called at start.

        Raises:
            WireError: it overwrites, or cannot be written.
        """
        ...


def is_digest(text: str) -> bool:
    """Whether ``text`` can name a blob: exactly 64 lower-case hexadecimal digits."""
    return _DIGEST.fullmatch(text) is not None


def checked_digest(text: str) -> str:
    """``text``, if it can name a blob; a path that a stranger sent cannot.

    Raises:
        InputError: it cannot.
    """
    if not is_digest(text):
        raise InputError(
            f"{text[:80]!r} does not name a blob.", "Give the SHA-256 of its content, 64 digits of 0-9a-f."
        )
    return text


def pieces(content: Content) -> Iterator[bytes]:
    """The content in pieces of at most a megabyte.

    Raises:
        WireError: a file given by path cannot be read.
    """
    if isinstance(content, bytes):
        yield from (content[start : start + CHUNK_BYTES] for start in range(0, len(content), CHUNK_BYTES))
    elif isinstance(content, Path):
        try:
            with content.open("rb") as file:
                yield from pieces(file)
        except OSError as error:
            raise WireError(f"{content} cannot be read: {error.strerror}.", "Check the file and try again.") from error
    else:
        while piece := content.read(CHUNK_BYTES):
            yield piece


def verified(digest: str, content: bytes) -> bytes:
    """``content``, if it is what ``digest`` names.

    Raises:
        WireError: it is not.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise altered(digest, found)
    return content


def altered(digest: str, found: str) -> WireError:
    """The error for a blob whose bytes are not what its name says."""
    return WireError(
        f"Blob {digest} was altered: its bytes now hash to {found}.",
        "Restore it from a backup or a mirror, and check the disk; do not use these bytes.",
    )


def missing(digest: str) -> WireError:
    """The error for a blob that is not there."""
    return WireError(f"There is no blob {digest} in this store.", "Restore it from a backup or a mirror.")


@contextmanager
def disk_trouble(what: str) -> Iterator[None]:
    """Turn the operating system's errors while ``what`` happens into one that says the next step."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise WireError(
                f"The disk is full: {what} failed, and nothing was stored.",
                "Free space or move the store to a larger disk, then send again.",
            ) from error
        raise WireError(f"{what} failed: {error.strerror or error}.", "Check the disk and its permissions.") from error


def prove_put_if_absent(
    create: Callable[[str, bytes], bool], read: Callable[[str], bytes], remove: Callable[[str], None]
) -> None:
    """Try to overwrite a probe, and look whether the first content stands.

    Args:
        create: writes bytes under a name unless it is taken; True if it wrote.
        read: the bytes under a name.
        remove: takes the probe away again.

    Raises:
        WireError: the store overwrites, or says that it did not write what it wrote.
    """
    name = f"probe-{secrets.token_hex(8)}"
    try:
        first, second = create(name, b"first"), create(name, b"second")
        stands = read(name)
    finally:
        remove(name)
    if (first, second, stands) != (True, False, b"first"):
        raise WireError(
            "This store does not refuse to overwrite: evidence could be replaced without a trace.",
            "Use a file system with hard links, or an S3 service that honours If-None-Match: * (conditional writes).",
        )
