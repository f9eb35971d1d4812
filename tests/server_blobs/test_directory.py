"""The local directory through kills, full disks and damaged disks."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from testigo.errors import InputError, WireError
from testigo.server.blobs import DirectoryStore, open_store

SHEET = b"the bytes of a tally sheet"
DIGEST = hashlib.sha256(SHEET).hexdigest()


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_the_layout_is_two_digits_and_the_rest_read_only(tmp_path: Path) -> None:
    open_store(tmp_path / "blobs").put_if_absent(SHEET)
    assert files(tmp_path / "blobs") == [f"{DIGEST[:2]}/{DIGEST[2:]}"]
    found = (tmp_path / "blobs" / DIGEST[:2] / DIGEST[2:]).stat()
    assert stat.S_IMODE(found.st_mode) == 0o400
    assert found.st_nlink == 1
    assert stat.S_IMODE((tmp_path / "blobs").stat().st_mode) == 0o700


def test_one_altered_byte_is_found_and_the_blob_named(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.put_if_absent(SHEET)
    path = tmp_path / DIGEST[:2] / DIGEST[2:]
    path.chmod(0o600)
    path.write_bytes(SHEET.replace(b"tally", b"talli"))
    with pytest.raises(WireError, match=f"{DIGEST} was altered"):
        store.get(DIGEST)
    with pytest.raises(WireError, match=f"{DIGEST} was altered"):
        store.put_if_absent(SHEET)  # must not be acknowledged as if it were safe


def test_a_putter_killed_half_way_leaves_no_blob(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib; from testigo.server.blobs import open_store\n"
        "open_store(pathlib.Path(sys.argv[1])).put_if_absent(sys.stdin.buffer)"
    )
    putter = subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "blobs")], stdin=subprocess.PIPE)
    assert putter.stdin
    putter.stdin.write(SHEET * 100_000)
    putter.stdin.flush()
    deadline = time.monotonic() + 20
    while not [name for name in files(tmp_path) if ".incoming/tmp" in name] and time.monotonic() < deadline:
        time.sleep(0.01)
    putter.send_signal(signal.SIGKILL)
    putter.communicate()
    left = files(tmp_path / "blobs")
    assert left and all(name.startswith(".incoming/") for name in left)
    store = open_store(tmp_path / "blobs")
    assert list(store.list()) == []
    os.utime(tmp_path / "blobs" / left[0], (0, 0))
    open_store(tmp_path / "blobs")  # a day later
    assert files(tmp_path / "blobs") == []


TRACED = """
import sys, pathlib
from testigo.server.blobs import DirectoryStore
print(DirectoryStore(pathlib.Path(sys.argv[1])).put_if_absent(b"traced").digest)
"""


def test_file_and_folders_are_synced_before_the_answer(tmp_path: Path) -> None:
    strace = shutil.which("strace")
    if not strace:
        pytest.skip("strace is not installed: the order of system calls cannot be watched")
    calls = "trace=fsync,fdatasync,link,linkat,write"
    done = subprocess.run(
        [strace, "-y", "-e", calls, sys.executable, "-c", TRACED, str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip("strace may not trace here")
    digest = done.stdout.strip()
    order = [line for line in done.stderr.splitlines() if str(tmp_path) in line or line.startswith("write(1<")]

    def first(call: str, name: str) -> int:
        return next(number for number, line in enumerate(order) if line.startswith(call) and name in line)

    file, root = first("fsync(", ".incoming/tmp"), first("fsync(", f"<{tmp_path}>")
    linked, folder = first("link", digest[2:]), first("fsync(", f"<{tmp_path}/{digest[:2]}>")
    answer = first("write(1<", "")
    assert file < linked < folder < answer
    assert root < linked


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0:
        pytest.skip("needs root to mount a small disk")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_stores_nothing_half_and_says_what_to_do(small_disk: Path) -> None:
    store = open_store(small_disk / "blobs")
    store.put_if_absent(SHEET)
    with pytest.raises(WireError, match="disk is full") as caught:
        store.put_if_absent(os.urandom(2_000_000))
    assert "Free space" in caught.value.remedy
    assert files(small_disk / "blobs") == [f"{DIGEST[:2]}/{DIGEST[2:]}"]
    assert store.put_if_absent(b"a small one still fits").created


MEASURE = """
import pathlib, resource, sys
from testigo.server.blobs import DirectoryStore
store = DirectoryStore(pathlib.Path(sys.argv[1]) / "blobs")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
store.put_if_absent(pathlib.Path(sys.argv[1]) / "large")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_file_of_200_megabytes_is_not_loaded_into_memory(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(200_000_000)
    done = subprocess.run([sys.executable, "-c", MEASURE, str(tmp_path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 16_000  # kilobytes
    shutil.rmtree(tmp_path / "blobs")


def test_putters_in_several_processes_store_one(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib; from testigo.server.blobs import open_store\n"
        "store = open_store(pathlib.Path(sys.argv[1]))\n"
        "sys.stdin.readline()\n"
        "print(sum(store.put_if_absent(b'sheet %d' % number).created for number in range(50)))"
    )
    putters = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for putter in putters:
        assert putter.stdin
        putter.stdin.write("go\n")
        putter.stdin.flush()
    assert sum(int(putter.communicate()[0]) for putter in putters) == 50
    store = DirectoryStore(tmp_path)
    assert len([store.get(digest) for digest in store.list()]) == 50


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    for where in ("ftp://x/y", "s3://", "s3://key:secret@bucket/x", "s3://bucket/x?unsafe=1", "file://host/x"):
        with pytest.raises(InputError) as caught:
            open_store(where)
        assert "secret" not in str(caught.value)
    (tmp_path / "a file").write_text("")
    with pytest.raises(WireError):
        open_store(tmp_path / "a file")
    assert open_store(f"file://{tmp_path}/a%20store").put_if_absent(SHEET).created
    assert (tmp_path / "a store" / DIGEST[:2]).is_dir()
