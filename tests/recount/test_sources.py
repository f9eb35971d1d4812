"""What is read: what a person names, in an order that does not change, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from testigo.errors import InputError, WireError
from testigo.recount.sources import Item, fetch, find
from testigo.recount.stores import objects_at, store_at


def names(*arguments: object) -> list[str]:
    return [item.name for item in find([str(one) for one in arguments]).items]


def test_a_directory_is_read_to_its_end_sorted_without_what_is_hidden_or_no_image(tmp_path: Path) -> None:
    for name in (
        "b/2.JPG",
        "b/10.tiff",
        "a.jpeg",
        "c.heic",
        "b/.x.jpg",
        ".git/y.jpg",
        "truth.json",
        "read.me",
        "d.pdf",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = find([str(tmp_path)])
    assert [Path(item.path).relative_to(tmp_path).as_posix() for item in found.items] == [
        "a.jpeg", "c.heic", "d.pdf", "b/10.tiff", "b/2.JPG",
    ]  # fmt: skip
    assert found.passed_over == 2


def test_a_blob_store_of_hashes_can_be_recounted(tmp_path: Path) -> None:
    digest = "ab" + "0123456789" * 6 + "cd"
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / digest[2:]).write_bytes(b"x")
    (tmp_path / digest).write_bytes(b"x")
    assert len(find([str(tmp_path)]).items) == 2


def test_what_a_person_names_is_read_whatever_its_name(tmp_path: Path) -> None:
    for name in ("sheet", ".hidden", "x.dat"):
        (tmp_path / name).write_bytes(b"x")
    assert names(tmp_path / "x.dat", tmp_path / "sheet", tmp_path / ".hidden") == [
        str(tmp_path / name) for name in ("x.dat", "sheet", ".hidden")
    ]


def test_what_is_not_there_is_named_and_still_gets_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    found = find([str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg")])
    assert len(found.items) == 2
    assert found.missing == [str(tmp_path / "b.jpg")]


def test_results_written_below_the_images_are_not_taken_for_images(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "crop.png").write_bytes(b"x")
    (tmp_path / "a.jpg").write_bytes(b"x")
    assert len(find([str(tmp_path)]).items) == 2
    assert len(find([str(tmp_path)], without=[tmp_path / "out"]).items) == 1


def test_a_link_in_a_circle_does_not_end_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"x")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "dead.jpg").symlink_to(tmp_path / "nothing")
    assert names(tmp_path) == [str(tmp_path / "a.jpg")]


def test_a_name_that_is_no_text_is_shown_as_text_and_read_all_the_same(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/ca\xf1\xf3n.jpg"
    try:
        Path(os.fsdecode(path)).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes text only")
    (item,) = find([str(tmp_path)]).items
    assert item.name.endswith("ca\\xf1\\xf3n.jpg")
    assert item.name.encode("utf-8")
    assert fetch(item, 10) == b"x"


def test_no_more_than_the_limit_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "large.jpg").write_bytes(bytes(1001))
    item = Item("large.jpg", str(tmp_path / "large.jpg"))
    assert fetch(item, 1000) is None
    assert fetch(item, 1001) == bytes(1001)


# ---------------------------------------------------------------------- stores


def test_a_bucket_is_listed_below_its_prefix_sorted_and_fetched(bucket_url: str, pictures: list[bytes]) -> None:
    found = find([bucket_url])
    plain = bucket_url.split("?")[0]
    expected = sorted(f"{plain}/{number % 3}/{number:03d}.jpg" for number in range(24))
    assert [item.name for item in found.items] == expected
    assert found.passed_over == 1
    assert all(item.version for item in found.items), "a bucket's listing tells versions"
    assert fetch(found.items[1], 10**7) == pictures[3]
    assert fetch(found.items[1], 100) is None


def test_one_object_can_be_named(bucket_url: str, pictures: list[bytes]) -> None:
    (item,) = find([bucket_url.replace("/sheets?", "/sheets/1/004.jpg?")]).items
    assert item.name == bucket_url.split("?")[0] + "/1/004.jpg"
    assert fetch(item, 10**7) == pictures[4]


def test_an_object_that_went_away_is_no_crash(bucket_url: str) -> None:
    with pytest.raises(FileNotFoundError):
        fetch(Item("gone", "0/gone.jpg", bucket_url), 100)


def test_a_directory_can_be_a_store(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.jpg").write_bytes(b"two")
    (tmp_path / "1.jpg").write_bytes(b"one")
    found = find([tmp_path.as_uri()])
    assert [item.name for item in found.items] == [f"{tmp_path.as_uri()}/1.jpg", f"{tmp_path.as_uri()}/b/2.jpg"]
    assert [fetch(item, 10) for item in found.items] == [b"one", b"two"]


@pytest.mark.parametrize(
    "url", ["ftp://host/x", "s3://", "s3://user:key@bucket/x", "s3://b/x?key=1", "file:///nowhere"]
)
def test_a_url_of_another_kind_is_bad_input_and_no_key_is_repeated(url: str) -> None:
    with pytest.raises(InputError) as error:
        find([url])
    assert "user" not in str(error.value)


def test_a_bucket_that_does_not_answer_is_trouble_on_the_wire() -> None:
    url = "s3://bucket/x?endpoint=http://127.0.0.1:9&region=us-east-1"
    with pytest.raises(WireError, match="bucket/x"):
        objects_at(url)


def test_evidence_does_not_cross_a_network_in_the_clear() -> None:
    store_at.cache_clear()
    with pytest.raises(WireError):
        objects_at("s3://bucket/x?endpoint=http://198.51.100.7:9000&region=us-east-1")
