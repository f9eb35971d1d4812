"""What holds of every blob store, whatever is behind it."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from testigo.errors import InputError, WireError
from testigo.server.blobs import BlobStore, Stored

SHEET = b"\xff\xd8 the bytes of a tally sheet"
DIGEST = hashlib.sha256(SHEET).hexdigest()


def test_a_sheet_comes_back_byte_for_byte(store: BlobStore) -> None:
    assert not store.exists(DIGEST)
    assert store.put_if_absent(SHEET) == Stored(DIGEST, len(SHEET), created=True)
    assert store.exists(DIGEST)
    assert store.get(DIGEST) == SHEET
    assert list(store.list()) == [DIGEST]


def test_the_same_sheet_sent_again_is_stored_once(store: BlobStore) -> None:
    store.put_if_absent(SHEET)
    assert store.put_if_absent(SHEET) == Stored(DIGEST, len(SHEET), created=False)
    assert list(store.list()) == [DIGEST]


def test_bytes_a_path_and_an_open_file_are_the_same_content(store: BlobStore, tmp_path: Path) -> None:
    path = tmp_path / "../../etc/passwd".replace("/", "_")
    path.write_bytes(SHEET)
    with path.open("rb") as file:
        found = [store.put_if_absent(SHEET), store.put_if_absent(path), store.put_if_absent(file)]
    assert {stored.digest for stored in found} == {DIGEST}
    assert [stored.created for stored in found] == [True, False, False]


def test_an_empty_file_is_a_blob_too(store: BlobStore) -> None:
    stored = store.put_if_absent(b"")
    assert (stored.size, store.get(stored.digest)) == (0, b"")


def test_many_putters_of_one_sheet_store_one(store: BlobStore) -> None:
    contents = [SHEET] * 12 + [b"another"] * 4
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(store.put_if_absent, contents))
    assert sum(answer.created for answer in answers if answer.digest == DIGEST) == 1
    assert sorted(store.list()) == sorted({DIGEST, hashlib.sha256(b"another").hexdigest()})
    assert store.get(DIGEST) == SHEET


@pytest.mark.parametrize("name", ["", "../../etc/passwd", DIGEST.upper(), DIGEST[:-1], DIGEST + "\n", f"{DIGEST}/x"])
def test_a_name_chosen_by_a_stranger_reaches_no_file(store: BlobStore, name: str) -> None:
    for ask in (store.get, store.exists):
        with pytest.raises(InputError, match="does not name a blob"):
            ask(name)


def test_a_missing_blob_is_named(store: BlobStore) -> None:
    with pytest.raises(WireError, match=DIGEST):
        store.get(DIGEST)


def test_more_blobs_than_one_page_are_all_listed(store: BlobStore) -> None:
    expected = {store.put_if_absent(b"%d" % number).digest for number in range(120)}
    assert set(store.list()) == expected


def test_a_file_object_is_read_from_where_it_stands(store: BlobStore) -> None:
    file = io.BytesIO(b"header" + SHEET)
    file.seek(6)
    assert store.put_if_absent(file).digest == DIGEST
