"""One altered byte, one lost file, one file too much: each is found and named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from testigo.ledger import SigningKey
from testigo.verify import Report, verify


def all_files(root: Path) -> list[str]:
    """Every file of a bundle, by its path in it."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def names(report: Report, path: str) -> bool:
    """Whether a problem names that file."""
    return any(problem.where.startswith(path) for problem in report.problems)


def test_an_untouched_bundle_passes_and_says_what_it_did_not_check(bundle: Path, key: SigningKey) -> None:
    report = verify(bundle, key=key.verifier)
    assert report.verdict == "pass", report.problems
    assert report.stations == 128
    assert (report.images_checked, report.images_read) == (9, 8)
    codes = {one.code for one in report.not_checked}
    assert {"witnesses", "earlier", "people", "same_image", "source_table", "authenticity"} <= codes
    for one in report.not_checked:
        assert one.en in report.sentence("en")
        assert one.es in report.sentence("es")


@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_one_altered_byte_in_each_file_is_found_and_the_file_is_named(
    bundle: Path, key: SigningKey, place: str
) -> None:
    missed = []
    files = all_files(bundle)
    assert len(files) > 20
    for path in files:
        data = (bundle / path).read_bytes()
        at = {"first": 0, "middle": len(data) // 2, "last": len(data) - 1}[place]
        (bundle / path).write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        report = verify(bundle, key=key.verifier, images=False)
        if report.verdict != "fail" or not names(report, path):
            missed.append((path, report.problems))
        (bundle / path).write_bytes(data)
    assert not missed
    assert verify(bundle, key=key.verifier, images=False).passed


@pytest.mark.parametrize("pinned", [True, False])
def test_a_truncated_file_is_found_and_named(bundle: Path, key: SigningKey, pinned: bool) -> None:
    for path in all_files(bundle):
        data = (bundle / path).read_bytes()
        (bundle / path).write_bytes(data[: len(data) // 2])
        report = verify(bundle, key=key.verifier if pinned else None, images=False)
        assert report.verdict == "fail" and names(report, path), path
        (bundle / path).write_bytes(data)


def test_a_lost_file_is_found_and_named(bundle: Path, key: SigningKey) -> None:
    for path in all_files(bundle):
        data = (bundle / path).read_bytes()
        (bundle / path).unlink()
        report = verify(bundle, key=key.verifier, images=False)
        assert report.verdict == "fail" and names(report, path), path
        (bundle / path).write_bytes(data)


@pytest.mark.parametrize(
    "path", ["notes.txt", "sheets/aa/extra.jpg", "ledger/tile/0/999", "profile/.hidden", "ledger/x", "tallies.csv.bak"]
)
def test_an_added_file_is_found_and_named(bundle: Path, key: SigningKey, path: str) -> None:
    (bundle / path).parent.mkdir(parents=True, exist_ok=True)
    (bundle / path).write_text("hello")
    report = verify(bundle, key=key.verifier, images=False)
    assert report.verdict == "fail" and names(report, path)


def test_an_empty_folder_is_found_and_named(bundle: Path, key: SigningKey) -> None:
    (bundle / "sheets" / "zz").mkdir()
    report = verify(bundle, key=key.verifier, images=False)
    assert [problem.where for problem in report.problems] == ["sheets/zz/"]


def test_a_link_is_not_followed_even_to_the_right_bytes(bundle: Path, key: SigningKey, tmp_path: Path) -> None:
    for path in all_files(bundle):
        outside = tmp_path / "outside"
        (bundle / path).replace(outside)
        (bundle / path).symlink_to(outside)
        report = verify(bundle, key=key.verifier, images=False)
        assert report.verdict == "fail" and names(report, path), path
        (bundle / path).unlink()
        outside.replace(bundle / path)


def test_a_linked_folder_is_not_followed(bundle: Path, key: SigningKey, tmp_path: Path) -> None:
    (bundle / "profile").replace(tmp_path / "profile")
    (bundle / "profile").symlink_to(tmp_path / "profile")
    report = verify(bundle, key=key.verifier, images=False)
    assert report.verdict == "fail" and names(report, "profile")


def test_a_pipe_in_a_files_place_does_not_hang_the_verifier(bundle: Path, key: SigningKey) -> None:
    for path in ("manifest.json", "tallies.csv"):
        data = (bundle / path).read_bytes()
        (bundle / path).unlink()
        os.mkfifo(bundle / path)
        assert names(verify(bundle, key=key.verifier, images=False), path)
        (bundle / path).unlink()
        (bundle / path).write_bytes(data)


def test_files_in_metadata_are_not_taken_for_checked(bundle: Path, key: SigningKey) -> None:
    (bundle / "metadata").mkdir()
    (bundle / "metadata" / "root.json").write_text("{}")
    report = verify(bundle, key=key.verifier, images=False)
    assert report.passed
    assert any(one.code == "metadata" and "metadata/root.json" in one.en for one in report.not_checked)


def test_an_altered_image_is_named_also_when_images_are_read(bundle: Path, key: SigningKey) -> None:
    image = next(bundle.glob("sheets/*/*.jpg"))
    data = bytearray(image.read_bytes())
    data[-100] ^= 4
    image.write_bytes(data)
    report = verify(bundle, key=key.verifier)
    assert [problem.kind for problem in report.problems] == ["image"]
    assert names(report, image.relative_to(bundle).as_posix())
    assert report.images_checked == 8


def test_two_swapped_images_are_both_named(bundle: Path, key: SigningKey) -> None:
    one, other = sorted(bundle.glob("sheets/*/*.jpg"))[:2]
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    report = verify(bundle, key=key.verifier)
    assert all(names(report, image.relative_to(bundle).as_posix()) for image in (one, other))
