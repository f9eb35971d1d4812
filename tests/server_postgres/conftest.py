"""A data home with a real PostgreSQL server in it, stopped at the end whatever the test did to it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testigo.server.postgres import processes


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTIGO_POSTGRES_LINGER_SECONDS", "0.5")
    monkeypatch.setenv("TESTIGO_TEST_POSTGRES_UNSAFE_NO_FSYNC", "1")  # a killed process loses no page of the kernel
    for name in [name for name in os.environ if name.startswith("DATABASE_URL")]:
        monkeypatch.delenv(name)


@pytest.fixture
def home() -> Iterator[Path]:
    """A home below a directory that only its owner can enter, as a user's own is."""
    private = Path(tempfile.mkdtemp(prefix="testigo-test-"))  # 0700
    try:
        yield private / "home"
    finally:
        stop_supervisors(private / "home")
        shutil.rmtree(private, ignore_errors=True)


def stop_supervisors(home: Path) -> None:
    """End what this test started: the supervisor of exactly this home, and its server."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"testigo.server.postgres.supervisor" in words and os.fsencode(home) in words:
            os.kill(int(entry.parent.name), signal.SIGTERM)
    data = home / "postgres" / "data"
    deadline = time.monotonic() + 15
    while data.exists() and processes.servers_of(data) and time.monotonic() < deadline:
        time.sleep(0.02)
    if data.exists():
        processes.stop_all(data)


@pytest.fixture
def eventually() -> Callable[[Callable[[], object], float], bool]:
    """Ask again until the answer is yes; False after ``seconds``."""

    def ask(question: Callable[[], object], seconds: float = 15.0) -> bool:
        deadline = time.monotonic() + seconds
        while not question():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    return ask


CLIENT = """
import sys, pathlib
from testigo.server.postgres import acquire
server = acquire(pathlib.Path(sys.argv[1]))
print(server.postgres_pid, server.supervisor_pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def start_client(home: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts processes that acquire the server, print ``postgres supervisor`` pids, and hold it until killed."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        client = subprocess.Popen(
            [sys.executable, "-c", CLIENT, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(client)
        return client

    yield start
    for client in started:
        client.kill()
        client.communicate()
