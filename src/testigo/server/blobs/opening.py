"""From one setting to a blob store that has proved itself.

Rules of this module
--------------------
1. A directory is the default; ``s3://bucket/prefix?endpoint=https://…&region=…`` is a bucket. Nothing else is guessed.
2. A store that is returned has proved that it refuses to overwrite.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from testigo.errors import InputError
from testigo.server.blobs.base import BlobStore
from testigo.server.blobs.directory import DirectoryStore

_PARAMETERS = {"endpoint", "region"}


def open_store(where: str | Path) -> BlobStore:
    """Open the blob store at ``where``: a directory (made if needed), ``file:///…``, or ``s3://bucket/prefix``.

    Keys for S3 come from the standard environment variables, never from the URL.

    Raises:
        InputError: the URL is of another kind, or has unknown parameters.
        WireError: the store cannot be reached or written, or overwrites.
    """
    store = _open(where)
    store.prove_put_if_absent()
    return store


def _open(where: str | Path) -> BlobStore:
    if isinstance(where, Path) or "://" not in where:
        return DirectoryStore(Path(where))
    url = urlsplit(where)
    if url.scheme == "file" and not url.netloc:
        return DirectoryStore(Path(unquote(url.path)))
    if url.scheme != "s3":
        raise InputError(f"{url.scheme}:// is no kind of blob store.", "Give a directory or s3://bucket/prefix.")
    given = parse_qs(url.query, strict_parsing=bool(url.query))
    if not url.hostname or url.username or url.password or not set(given) <= _PARAMETERS:
        raise InputError(
            f"The blob store s3://{url.hostname or ''}… is not understood.",
            "Give s3://bucket/prefix, if need be with ?endpoint=https://…&region=…; keys belong into AWS_ACCESS_KEY_ID "
            "and AWS_SECRET_ACCESS_KEY.",
        )
    from testigo.server.blobs import bucket

    first = {name: values[0] for name, values in given.items()}
    return bucket.connect(url.hostname, url.path.strip("/"), first.get("endpoint"), first.get("region"))
