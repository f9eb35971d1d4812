"""A served election: `testigo serve` as an operator starts it, real database, real gunicorn, real sockets."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from testigo.election import Profile, load_profile, write_register
from testigo.election.register import Register
from testigo.server.postgres import database_url, release_all
from testigo.server.postgres.processes import stop_all
from testigo.simulate import Sheet, invented_counts, invented_register, make_sheet, rehearsal_profile, scan_of

# One worker of pytest-xdist serves: servers cost memory, and the machine has two cores.
pytestmark = pytest.mark.xdist_group("server_web")

STATIONS = 4


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Keep this folder's tests on one worker."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("server_web"))


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    url: str, method: str, path: str, token: str = "", body: Any = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """One request on a connection of its own. ``body``: bytes, an iterator of bytes (chunked), or a JSON value."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    sent = dict(headers or {})
    if token:
        sent["Authorization"] = f"Bearer {token}"
    chunked = hasattr(body, "__next__")
    if body is not None and not isinstance(body, bytes) and not chunked:
        body = json.dumps(body).encode()
        sent["Content-Type"] = "application/json"
    try:
        connection.request(method, path, body, sent, encode_chunked=chunked)
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


@dataclass(frozen=True)
class Country:
    """What is counted: a rehearsal of ve2024 with a few invented stations."""

    folder: Path
    profile: Profile
    register: Register
    sheets: tuple[Sheet, ...]

    @property
    def words(self) -> list[str]:
        """The arguments that name it."""
        return ["--profile", str(self.folder), "--register", str(self.folder / "register.parquet"), "--rehearsal"]

    def scan(self, number: int) -> bytes:
        """A drawn sheet's scan; drawn once."""
        path = self.folder / f"scan-{number}.jpg"
        if not path.exists():
            path.write_bytes(scan_of(self.profile, self.sheets[number], f"scan {number}"))
        return path.read_bytes()


class Served:
    """A served election that can be stopped, killed in parts, started again and looked into."""

    def __init__(self, home: Path, country: Country, settings: Mapping[str, str]) -> None:
        self.home = home
        self.country = country
        self.log = home / "serve.log"
        self.observer = self.review = ""
        self.process: subprocess.Popen[str] | None = None
        self._issued: dict[str, list[dict[str, str]]] = {}
        self.environment = {
            **os.environ,
            "TESTIGO_TEST_POSTGRES_UNSAFE_NO_FSYNC": "1",
            "TESTIGO_POSTGRES_LINGER_SECONDS": "1",
            "TESTIGO_LANG": "en",
            **{f"TESTIGO_{name.upper()}": value for name, value in settings.items()},
        }

    def start(self, *, port: int = 0) -> None:
        """Start, and wait until it says its addresses."""
        words = [sys.executable, "-P", "-m", "testigo.cli", "serve", "--home", str(self.home), *self.country.words]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*words, "--port", str(port), "--review-port", "0", "--json"],
                env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log.read_text()[-3000:]
        said = json.loads(line)
        self.observer, self.review = said["observer"], said["review"]

    def stop(self, sign: int = signal.SIGTERM) -> float:
        """Stop; the seconds that it took."""
        assert self.process is not None
        begun = time.monotonic()
        self.process.send_signal(sign)
        self.process.wait(40)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return time.monotonic() - begun

    def tokens(self, kind: str, count: int = 1) -> list[str]:
        """New tokens, as the operator issues them."""
        return [entry["token"] for entry in self.people(kind, count)]

    def people(self, kind: str, count: int = 1) -> list[dict[str, str]]:
        """New pseudonyms with their tokens; issued in batches, for a command takes a while."""
        waiting = self._issued.setdefault(kind, [])
        while len(waiting) < count:
            waiting += self._issue(kind, max(count, 25))
        return [waiting.pop() for _ in range(count)]

    def _issue(self, kind: str, count: int) -> list[dict[str, str]]:
        words = [sys.executable, "-P", "-m", "testigo.cli", "token", "--home", str(self.home), "--kind", kind]
        done = subprocess.run(
            [*words, "--count", str(count), "--json"], env=self.environment, capture_output=True, text=True, check=True
        )
        found: list[dict[str, str]] = json.loads(done.stdout)
        return found

    def send(self, token: str, body: Any, **more: Any) -> Answer:
        """Upload."""
        return ask(self.observer, "POST", "/api/v1/submissions", token, body, **more)

    def type(self, token: str, value: Any, **more: Any) -> Answer:
        """Type a reading."""
        return ask(self.review, "POST", "/api/v1/readings", token, value, **more)

    def rows(self, statement: str, *values: Any, role: str = "owner") -> list[tuple[Any, ...]]:
        """Ask the database, as a role."""
        with psycopg.connect(database_url(role, home=self.home), autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def drain(self, seconds: float = 60.0) -> None:
        """Wait until nothing waits."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, http.client.HTTPException):
                found = ask(self.observer, "GET", "/ready")
                if found.status == 200 and found.json["waiting"] == {"leaves": 0, "jobs": 0}:
                    return
            time.sleep(0.1)
        raise AssertionError(f"still waiting: {ask(self.observer, 'GET', '/ready').body!r}")

    def children(self, name: str) -> list[int]:
        """Process numbers of a child and of its own children, parents first."""
        assert self.process is not None
        ancestor = self.process.pid
        return [pid for pid, words in _processes() if _is_entry(words, name) and _descends(pid, ancestor)]

    @contextlib.contextmanager
    def program(self, name: str, **settings: str) -> Iterator[str]:
        """One of the programs once more, by itself, with other settings; its address."""
        with socket.create_server(("127.0.0.1", 0)) as sock:
            environment = {**self.environment, "TESTIGO_HOME": str(self.home), **settings}
            words = [sys.executable, "-P", "-m", "testigo.server.serve.entry", name, str(sock.fileno())]
            with self.log.open("ab") as log:
                process = subprocess.Popen(words, env=environment, pass_fds=(sock.fileno(),), stderr=log)
            try:
                yield f"http://127.0.0.1:{sock.getsockname()[1]}"
            finally:
                process.terminate()
                process.wait(20)


def _entry(name: str) -> list[str]:
    return ["-m", "testigo.server.serve.entry", name]


def _is_entry(words: Sequence[str], name: str) -> bool:
    return any(list(words[at : at + 3]) == _entry(name) for at in range(len(words)))


def _processes() -> Iterator[tuple[int, list[str]]]:
    for entry in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        with contextlib.suppress(OSError):
            yield int(entry.name), (entry / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")


def _descends(pid: int, ancestor: int) -> bool:
    while pid > 1:
        if pid == ancestor:
            return True
        try:
            pid = int((Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return False
    return False


@pytest.fixture(scope="session")
def country(tmp_path_factory: pytest.TempPathFactory) -> Country:
    """The invented country of these tests."""
    folder = tmp_path_factory.mktemp("country")
    base = load_profile("ve2024")
    register = invented_register(base, STATIONS, 7)
    profile = rehearsal_profile(base, register)
    (folder / "profile.toml").write_bytes(profile.source)
    write_register(register, folder / "register.parquet")
    contest = profile.contest()
    counts = invented_counts(contest, register, 7)
    sheets = tuple(
        make_sheet(profile, contest, register, _found(register, code), counts[code], 7) for code in sorted(counts)
    )
    return Country(folder, profile, register, sheets)


def _found(register: Register, code: str) -> Any:
    station = register.find(code)
    assert station is not None
    return station


SETTINGS = {
    "max_upload_bytes": "2000000",
    "hard_cap_bytes": "4000000",
    "quota_files": "30",
    "slow_request_seconds": "2",
    "stalled_job_seconds": "2",
}


@pytest.fixture(scope="session")
def new_server(country: Country) -> Iterator[Callable[..., Served]]:
    """Makes servers, each in a home of its own; whatever a test did to them, they are gone at the end."""
    made: list[Served] = []
    linger = os.environ.get("TESTIGO_POSTGRES_LINGER_SECONDS")
    os.environ["TESTIGO_POSTGRES_LINGER_SECONDS"] = "1"

    def make(**settings: str) -> Served:
        home = Path(tempfile.mkdtemp(prefix="testigo-web-"))
        served = Served(home, country, {**SETTINGS, **settings})
        made.append(served)
        return served

    yield make
    release_all()
    for served in made:
        if served.process is not None and served.process.poll() is None:
            served.stop()
        if (served.home / "postgres" / "data").exists():
            time.sleep(1.5)
            stop_all(served.home / "postgres" / "data")
        shutil.rmtree(served.home, ignore_errors=True)
    if linger is None:
        os.environ.pop("TESTIGO_POSTGRES_LINGER_SECONDS", None)


@pytest.fixture(scope="session")
def served(new_server: Callable[..., Served]) -> Served:
    """The server that most tests share; nobody kills anything here."""
    server = new_server()
    server.start()
    return server


@pytest.fixture(scope="session")
def request_to() -> Callable[..., Answer]:
    """One request on a connection of its own: see :func:`ask`."""
    return ask


@pytest.fixture
def noise() -> Callable[[int], bytes]:
    """Bytes that nobody sent before."""
    rng = random.Random(os.urandom(16))
    return rng.randbytes


@pytest.fixture(scope="session")
def sha256() -> Callable[[bytes], str]:
    return lambda data: hashlib.sha256(data).hexdigest()
