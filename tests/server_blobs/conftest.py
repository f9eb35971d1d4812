"""Both kinds of store: a directory, and a bucket of a real HTTP server on this machine."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import pytest

from testigo.server.blobs import BlobStore, open_store

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
os.environ.update({name: os.environ.get(name, value) for name, value in CREDENTIALS.items()})


@pytest.fixture
def bucket_url(s3_endpoint: str) -> str:
    """The URL of a new, empty bucket, with a prefix."""
    import urllib.request

    name = f"evidence-{secrets.token_hex(4)}"
    urllib.request.urlopen(urllib.request.Request(f"{s3_endpoint}/{name}", method="PUT")).close()  # noqa: S310
    return f"s3://{name}/sheets?endpoint={s3_endpoint}&region=us-east-1"


@pytest.fixture(params=["directory", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "directory":
        return open_store(tmp_path / "blobs")
    return open_store(str(request.getfixturevalue("bucket_url")))
