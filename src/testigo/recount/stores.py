"""Images in stores: ``s3://bucket/prefix`` and ``file:///folder``, through ``obstore``.

Rules of this module
--------------------
1. Keys come from the environment (``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``), never from a URL: URLs are shown,
   and are sent to a cluster.
2. Only this machine is spoken to without TLS.
3. A store is read, never written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from testigo.errors import InputError, WireError

if TYPE_CHECKING:
    from obstore.store import LocalStore, S3Config, S3Store

_PARAMETERS = {"endpoint", "region"}


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as a listing names it.

    Attributes:
        store: URL of the store that the key is in.
        key: in that store.
        version: changes with the content: the listing's ETag and size; empty if the store gives no ETag.
    """

    store: str
    key: str
    version: str


def plain(url: str) -> str:
    """The URL as a person is shown it: without parameters, without a slash at the end."""
    return url.split("?")[0].rstrip("/")


def objects_at(url: str) -> list[Stored]:
    """Every object below a URL, sorted by key; or the one object that the URL names.

    Raises:
        InputError: the URL is of no known kind, or the extra is not installed.
        WireError: the store cannot be listed.
    """
    store = store_at(url)
    import obstore

    with _trouble(url):
        found = [_stored(url, entry) for page in obstore.list(store) for entry in page]
    return sorted(found, key=lambda one: one.key) or _the_object_itself(url)


def get(url: str, key: str, most_bytes: int) -> bytes | None:
    """An object's bytes; ``None`` if it has more than ``most_bytes``.

    Raises:
        FileNotFoundError: it is not there.
        WireError: the store does not give it.
    """
    store = store_at(url)
    import obstore

    with _trouble(url):
        answer = obstore.get(store, key)
        return bytes(answer.bytes()) if answer.meta["size"] <= most_bytes else None


@lru_cache(maxsize=16)
def store_at(url: str) -> LocalStore | S3Store:
    """The store at ``s3://bucket/prefix?endpoint=https://…&region=…`` or ``file:///folder``.

    Raises:
        InputError: the URL is of another kind, or the extra is not installed.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("s3", "file"):
        raise InputError(f"{parts.scheme}:// is no kind of store.", "Give files, directories, or s3://bucket/prefix.")
    try:
        from obstore.store import LocalStore
    except ModuleNotFoundError as error:
        raise InputError(
            f"Reading {plain(url)} needs obstore, which is not installed.", "Install it: pip install 'testigo[dask]'."
        ) from error
    if parts.scheme == "s3":
        return _bucket(url)
    folder = Path(unquote(parts.path))
    if parts.netloc or not folder.is_dir():
        raise InputError(f"{plain(url)} is no directory.", "Give file:///folder, or the directory itself.")
    return LocalStore(folder)


def _bucket(url: str) -> S3Store:
    from obstore.store import S3Store

    parts = urlsplit(url)
    given = {name: values[0] for name, values in parse_qs(parts.query).items()}
    if not parts.hostname or parts.username or parts.password or not set(given) <= _PARAMETERS:
        raise InputError(
            f"The store s3://{parts.hostname or ''}… is not understood.",
            "Give s3://bucket/prefix, if need be with ?endpoint=https://…&region=…; keys belong into AWS_ACCESS_KEY_ID "
            "and AWS_SECRET_ACCESS_KEY.",
        )
    config: S3Config = {}
    if "endpoint" in given:
        config["endpoint"] = given["endpoint"]
    if "region" in given:
        config["region"] = given["region"]
    return S3Store(
        parts.hostname,
        prefix=parts.path.strip("/") or None,
        config=config,
        client_options={"timeout": "60s", "connect_timeout": "5s", "allow_http": _plain_http_allowed(given)},
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=30)},
    )


def _plain_http_allowed(given: dict[str, str]) -> bool:
    chosen = given.get("endpoint") or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    return urlsplit(chosen).hostname in ("127.0.0.1", "localhost", "::1")


def _stored(url: str, entry: Any) -> Stored:
    tag = entry.get("e_tag")
    return Stored(url, str(entry["path"]), f"{tag} {entry['size']}" if tag else "")


def _the_object_itself(url: str) -> list[Stored]:
    before, mark, query = url.partition("?")
    above, _, name = before.rstrip("/").rpartition("/")
    if not name or not urlsplit(above).netloc:  # the URL names a bucket
        return []
    import obstore

    parent = f"{above}{mark}{query}"
    with _trouble(url):
        try:
            return [_stored(parent, obstore.head(store_at(parent), name))]
        except FileNotFoundError:
            return []


@contextmanager
def _trouble(url: str) -> Iterator[None]:
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:
        raise WireError(
            f"{plain(url)} cannot be read ({type(error).__name__}).",
            "Check that it can be reached, that the bucket exists and the keys allow it; then try again.",
        ) from error
