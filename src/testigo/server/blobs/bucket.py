"""Blobs in an S3-compatible bucket, through ``obstore``.

Rules of this module
--------------------
1. Written with ``If-None-Match: *``: the service itself refuses to overwrite, so two putters need no lock.
2. Such a write is one request with the whole content; content of more than ``largest_bytes`` is refused, not buffered.
3. Only configuration comes from the environment (``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``, ``AWS_REGION``,
   ``AWS_ENDPOINT_URL``); no key is ever written into a URL, a log or an error.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from testigo.errors import InputError, WireError
from testigo.server.blobs.base import (
    Content,
    Stored,
    checked_digest,
    is_digest,
    missing,
    pieces,
    prove_put_if_absent,
    verified,
)

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Store

LARGEST_BYTES = 256 << 20


class BucketStore:
    """A blob store in an S3 bucket. Made by :func:`.open_store`."""

    def __init__(self, store: S3Store, name: str, largest_bytes: int = LARGEST_BYTES) -> None:
        self._store = store
        self._name = name
        self._largest_bytes = largest_bytes

    def __repr__(self) -> str:
        return f"BucketStore({self._name!r})"

    def put_if_absent(self, content: Content) -> Stored:
        """See :meth:`.BlobStore.put_if_absent`. Holds the content in memory, at most ``largest_bytes``.

        Raises:
            InputError: the content is larger than that.
            WireError: the service refuses or cannot be reached, or the blob that is there was altered.
        """
        whole = bytearray()
        for piece in pieces(content):
            whole += piece
            if len(whole) > self._largest_bytes:
                raise InputError(
                    f"A file of more than {self._largest_bytes} bytes cannot be stored in {self._name}.",
                    "Send a smaller scan, or use a directory as blob store.",
                )
        digest = hashlib.sha256(whole).hexdigest()
        created = self._create(_key(digest), bytes(whole))
        if not created:
            self.get(digest)  # an altered blob must not be acknowledged as stored
        return Stored(digest, len(whole), created)

    def get(self, digest: str) -> bytes:
        """See :meth:`.BlobStore.get`."""
        return verified(digest, self._read(_key(checked_digest(digest)), digest))

    def exists(self, digest: str) -> bool:
        """See :meth:`.BlobStore.exists`."""
        import obstore

        with self._trouble(f"Looking for blob {checked_digest(digest)}"):
            try:
                obstore.head(self._store, _key(digest))
            except FileNotFoundError:
                return False
            return True

    def list(self) -> Iterator[str]:
        """See :meth:`.BlobStore.list`."""
        import obstore

        with self._trouble("Listing the blobs"):
            for page in obstore.list(self._store):
                keys = (str(entry["path"]) for entry in page)
                yield from (digest for key in keys if is_digest(digest := key.replace("/", "")) and key == _key(digest))

    def prove_put_if_absent(self) -> None:
        """See :meth:`.BlobStore.prove_put_if_absent`. Some services ignore conditional writes: they fail here."""
        import obstore

        def remove(name: str) -> None:
            with self._trouble("Removing the probe"):
                obstore.delete(self._store, name)

        prove_put_if_absent(self._create, lambda name: self._read(name, name), remove)

    def _create(self, key: str, content: bytes) -> bool:
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        with self._trouble(f"Storing {key}"):
            try:
                obstore.put(self._store, key, content, mode="create", use_multipart=False)
            except (AlreadyExistsError, PreconditionError):
                return False
            return True

    def _read(self, key: str, digest: str) -> bytes:
        import obstore

        with self._trouble(f"Reading blob {digest}"):
            try:
                return bytes(obstore.get(self._store, key).bytes())
            except FileNotFoundError:
                raise missing(digest) from None

    @contextmanager
    def _trouble(self, what: str) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError) as error:
            raise WireError(
                f"{what} in {self._name} failed ({type(error).__name__}).",
                "Check that the service can be reached, that the bucket exists and the keys allow it; then try again.",
            ) from error


def _key(digest: str) -> str:
    return f"{digest[:2]}/{digest[2:]}"


def connect(bucket: str, prefix: str, endpoint: str | None, region: str | None) -> BucketStore:
    """A store in ``bucket`` below ``prefix``. ``None`` leaves a setting to the environment."""
    from obstore.store import S3Store

    config: S3Config = {}
    if endpoint:
        config["endpoint"] = endpoint
    if region:
        config["region"] = region
    store = S3Store(
        bucket,
        prefix=prefix or None,
        config=config,
        client_options={"timeout": "60s", "connect_timeout": "5s", "allow_http": _plain_http_allowed(endpoint)},
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=30)},
    )
    return BucketStore(store, f"s3://{bucket}/{prefix}")


def _plain_http_allowed(endpoint: str | None) -> bool:
    """Only on this machine: evidence does not cross a network in the clear."""
    import os
    from urllib.parse import urlsplit

    chosen = endpoint or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    return urlsplit(chosen).hostname in ("127.0.0.1", "localhost", "::1")
