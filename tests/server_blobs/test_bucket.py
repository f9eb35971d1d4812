"""The bucket, over real sockets: nobody overwrites, a damaged blob is found, trouble is said plainly."""

from __future__ import annotations

import hashlib
import io
import urllib.request
from pathlib import Path

import obstore
import pytest

from testigo.errors import InputError, WireError
from testigo.server.blobs import open_store, prove_put_if_absent
from testigo.server.blobs.bucket import BucketStore

SHEET = b"the bytes of a tally sheet"
DIGEST = hashlib.sha256(SHEET).hexdigest()


def object_url(bucket_url: str) -> str:
    """The plain HTTP address of the sheet's object, as somebody with access to the service has it."""
    bucket = bucket_url.split("/")[2]
    endpoint = bucket_url.split("endpoint=")[1].split("&")[0]
    return f"{endpoint}/{bucket}/sheets/{DIGEST[:2]}/{DIGEST[2:]}"


def test_the_service_itself_refuses_to_overwrite(bucket_url: str) -> None:
    store = open_store(bucket_url)
    assert isinstance(store, BucketStore)
    assert store._create("ab/name", b"first")
    assert not store._create("ab/name", b"second")
    assert store._read("ab/name", "x") == b"first"


def test_a_sheet_altered_behind_our_back_is_named(bucket_url: str) -> None:
    store = open_store(bucket_url)
    store.put_if_absent(SHEET)
    assert isinstance(store, BucketStore)
    obstore.put(store._store, f"{DIGEST[:2]}/{DIGEST[2:]}", b"forged", mode="overwrite")  # by somebody with the keys
    with pytest.raises(WireError, match=f"{DIGEST} was altered"):
        store.get(DIGEST)
    with pytest.raises(WireError, match=f"{DIGEST} was altered"):
        store.put_if_absent(SHEET)


def test_the_probe_leaves_nothing_and_foreign_objects_are_no_blobs(bucket_url: str) -> None:
    store = open_store(bucket_url)
    assert list(store.list()) == []
    url = object_url(bucket_url).rsplit("/", 2)[0] + "/readme.txt"
    urllib.request.urlopen(urllib.request.Request(url, data=b"x", method="PUT")).close()  # noqa: S310
    assert list(store.list()) == []


def test_a_store_that_overwrites_is_not_used() -> None:
    kept: dict[str, bytes] = {}

    def overwrite(name: str, content: bytes) -> bool:
        kept[name] = content
        return True

    with pytest.raises(WireError, match="does not refuse to overwrite"):
        prove_put_if_absent(overwrite, kept.__getitem__, kept.__delitem__)
    assert kept == {}


def test_a_missing_bucket_is_trouble_said_plainly(bucket_url: str) -> None:
    with pytest.raises(WireError) as caught:
        open_store(bucket_url.replace("s3://evidence-", "s3://nobody-has-this-"))
    assert "Check that the service" in caught.value.remedy
    assert "test" not in caught.value.message.split("(")[-1]


def test_what_is_too_large_to_hold_is_refused_before_it_is_read_whole(bucket_url: str) -> None:
    store = open_store(bucket_url)
    assert isinstance(store, BucketStore)
    small = BucketStore(store._store, "s3://small", largest_bytes=1000)
    endless = io.BytesIO(b"x" * 10_000_000)
    with pytest.raises(InputError, match="more than 1000 bytes"):
        small.put_if_absent(endless)
    assert endless.tell() < 3_000_000
    assert list(small.list()) == []


def test_plain_http_to_another_machine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WireError):
        open_store("s3://bucket/x?endpoint=http://192.0.2.1:9000&region=us-east-1")
