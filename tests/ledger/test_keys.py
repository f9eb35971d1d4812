"""Key files: for the owner's eyes, and never overwritten."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from testigo.errors import InputError, WireError
from testigo.ledger import generate_key, read_signing_key, read_verifier_key, write_signing_key, write_verifier_key


def test_a_key_pair_is_written_and_read(tmp_path: Path) -> None:
    key = generate_key("example.org/log")
    old = os.umask(0)
    try:
        write_signing_key(tmp_path / "log.key", key)
    finally:
        os.umask(old)
    write_verifier_key(tmp_path / "log.pub", key.verifier)
    assert (tmp_path / "log.key").stat().st_mode & 0o777 == 0o600
    assert read_signing_key(tmp_path / "log.key") == key
    assert read_verifier_key(tmp_path / "log.pub") == key.verifier


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    first = generate_key("example.org/log")
    write_signing_key(tmp_path / "log.key", first)
    with pytest.raises(InputError, match="exists already"):
        write_signing_key(tmp_path / "log.key", generate_key("example.org/log"))
    assert read_signing_key(tmp_path / "log.key") == first


def test_a_private_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    write_signing_key(path, generate_key("example.org/log"))
    path.chmod(0o640)
    with pytest.raises(InputError, match="chmod 600"):
        read_signing_key(path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"a photo", b"PRIVATE+KEY+log+00000000+AAAA\n"])
def test_a_file_that_is_no_key(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.key"
    path.write_bytes(content)
    path.chmod(0o600)
    for read in (read_signing_key, read_verifier_key):
        with pytest.raises(InputError):
            read(path)


def test_a_key_cut_short_by_a_full_disk_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    write_signing_key(path, generate_key("example.org/log"))
    whole = path.read_bytes()
    for length in range(len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError):
            read_signing_key(path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WireError):
        write_signing_key(tmp_path / "none" / "log.key", generate_key("log"))
    with pytest.raises(InputError, match="cannot be read"):
        read_verifier_key(tmp_path / "none" / "log.pub")
