"""Images to recount: small pictures of a code, each of another station, quick to read."""

from __future__ import annotations

import errno
import multiprocessing
import os
import secrets
import signal
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from testigo.election import format_payload, format_sheet_code, load_profile
from testigo.reading.batch import Options
from testigo.records import Counts
from testigo.recount.work import Settings
from testigo.simulate.press import code_modules

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
os.environ.update({name: os.environ.get(name, value) for name, value in CREDENTIALS.items()})


def picture(number: int) -> bytes:
    """A JPEG of one sheet's code on white paper."""
    contest = load_profile("ve2024").contest()
    lines = dict.fromkeys(contest.line_codes, number)
    counts = Counts(contest.candidates_from_lines(lines), lines, 0, 0)
    payload = format_payload(contest, format_sheet_code(contest, f"04020{number:04d}.01"), counts)
    modules = np.pad(code_modules(contest, payload), 6)
    grey = np.where(modules, 30, 250).astype(np.uint8)
    good, data = cv2.imencode(".jpg", cv2.resize(grey, None, fx=10, fy=10, interpolation=cv2.INTER_NEAREST))
    assert good
    return bytes(data)


@pytest.fixture(scope="session")
def pictures() -> list[bytes]:
    """Twenty-four of them."""
    return [picture(number) for number in range(24)]


@pytest.fixture
def write_pictures(pictures: list[bytes]) -> Callable[..., Path]:
    """Writes the first ``count`` into a folder, with a file that is no image among them."""

    def write(folder: Path, count: int = 24) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(pictures[:count]):
            (folder / f"{number:03d}.jpg").write_bytes(data)
        (folder / "005b.jpg").write_bytes(b"no image")
        return folder

    return write


@pytest.fixture
def folder(write_pictures: Callable[..., Path], tmp_path: Path) -> Path:
    """Eight pictures, and a file that is no image."""
    return write_pictures(tmp_path / "images", 8)


@pytest.fixture
def settings() -> Settings:
    return Settings(load_profile("ve2024").source, Options(print_mode="never"))


class Trap:
    """A file at which every reader waits for ever: a pipe that nobody writes to. Who waits can be killed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.killed: list[int] = []
        self.over = threading.Event()

    def killing(self) -> None:
        """Kill every process that reads it."""

        def run() -> None:
            while not self.over.is_set():
                self.kill()

        threading.Thread(target=run, daemon=True).start()

    def kill(self, then: bytes | None = None) -> None:
        """Wait until a process reads it, and kill that; ``then`` is what the file holds for the next one."""
        end = self._our_end()  # while it is open, the reader waits for what is never written
        try:
            if self.over.is_set():
                return
            pid = self._reader()
            if then is not None:
                part = self.path.with_suffix(".part")
                part.write_bytes(then)
                part.replace(self.path)
            self.killed.append(pid)
            os.kill(pid, signal.SIGKILL)
            while _holds(pid, self.path):
                time.sleep(0.01)
        finally:
            os.close(end)

    def _our_end(self) -> int:
        while True:
            try:
                if self.over.is_set():
                    return os.open(os.devnull, os.O_RDONLY)
                return os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                assert error.errno == errno.ENXIO, error  # nobody reads it yet
                time.sleep(0.01)

    def _reader(self) -> int:
        while True:
            for child in multiprocessing.active_children():
                if child.pid and _holds(child.pid, self.path):
                    return child.pid
            time.sleep(0.01)


def _holds(pid: int, path: Path) -> bool:
    try:
        return any(os.path.realpath(fd) == str(path) for fd in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


@pytest.fixture
def trap(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trap]:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("who holds a file is only known where there is /proc")
    path = folder / "003b.jpg"
    os.mkfifo(path)
    is_file = Path.is_file
    monkeypatch.setattr(Path, "is_file", lambda self: self == path or is_file(self))
    trap = Trap(path)
    yield trap
    trap.over.set()


@pytest.fixture
def bucket_url(s3_endpoint: str, pictures: list[bytes]) -> str:
    """A new bucket's URL with the prefix ``sheets``, under which the pictures lie, and more that is none."""
    import obstore
    from obstore.store import S3Store

    name = f"evidence-{secrets.token_hex(4)}"
    urllib.request.urlopen(urllib.request.Request(f"{s3_endpoint}/{name}", method="PUT")).close()  # noqa: S310
    config = {"endpoint": s3_endpoint, "region": "us-east-1"}
    store = S3Store(name, config=config, client_options={"allow_http": True})  # type: ignore[arg-type]
    for number, data in enumerate(pictures):
        obstore.put(store, f"sheets/{number % 3}/{number:03d}.jpg", data)
    for other in ("sheets/0/.hidden.jpg", "sheets/truth.json", "elsewhere/x.jpg", "sheets-too/y.jpg"):
        obstore.put(store, other, b"no image")
    return f"s3://{name}/sheets?endpoint={s3_endpoint}&region=us-east-1"
