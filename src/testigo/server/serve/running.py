"""The supervisor's procedure, from an empty folder to a served election and back.

Rules of this module
--------------------
1. One supervisor per data home: it holds a lock for as long as it lives.
2. The embedded database is held, and looked after: if its own supervisor is killed, it is started again.
3. A child that never comes up ends the start with its reason; one that dies later is started again for ever.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testigo.election import Profile
from testigo.errors import InputError, WireError
from testigo.server.postgres import Server, acquire, release_all
from testigo.server.postgres.layout import open_lock, try_lock
from testigo.server.serve.children import Child, stop_all

START_SECONDS = 90.0
STOP_SECONDS = 12.0
_TEND_SECONDS = 0.1
_LOOK_SECONDS = 0.5
_HOPELESS = 4


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the two programs answer."""

    observer: str
    review: str


def serve(
    home: Path,
    profile: Profile | None,
    register: Path | None,
    *,
    rehearsal: bool,
    port: int | None,
    review_port: int | None,
    ready: Callable[[Addresses], None],
) -> None:
    """Serve until told to stop (SIGINT, SIGTERM, SIGHUP).

    1. Be the only one. 2. Hold the database. 3. Configure it, or see that it is configured. 4. Open the ports.
    5. Start the children; say when both programs can work. 6. Keep all alive. 7. Stop all.

    Args:
        home: data home; made if needed.
        profile: configures the database, or must be the one that it has.
        port, review_port: 0 chooses a free one; ``None`` takes the setting.
        ready: called once, with the addresses.

    Raises:
        InputError: another one serves this home; the database belongs to another election; a port is taken.
        WireError: the database or a child does not start.
    """
    os.environ["TESTIGO_HOME"] = str(home.absolute())
    asked: list[int] = []
    with _signals(asked), _alone(home), _database(home) as database:  # 1, 2
        bind = _configure(home, profile, register, rehearsal=rehearsal)  # 3
        with (
            _listening(bind, port, "observer_port") as first,
            _listening(bind, review_port, "review_port") as second,
        ):  # 4
            children = _children(first, second)
            addresses = Addresses(_url(first), _url(second))
            try:
                _until(children, database, asked, addresses, ready)  # 5, 6
            finally:
                stop_all(children, STOP_SECONDS)  # 7


def _children(first: socket.socket, second: socket.socket) -> list[Child]:
    programs = [
        Child(name, (str(sock.fileno()),), (sock.fileno(),)) for name, sock in (("observer", first), ("review", second))
    ]
    return [*programs, *(Child(name) for name in ("sequencer", "opener", "reader", "sweeper"))]


def _until(
    children: list[Child],
    database: Server | None,
    asked: list[int],
    addresses: Addresses,
    ready: Callable[[Addresses], None],
) -> None:
    """Keep everything alive until asked to stop."""
    said, looked, begun = False, 0.0, time.monotonic()
    while not asked:
        for child in children:
            child.tend()
        now = time.monotonic()
        if now - looked >= _LOOK_SECONDS:
            looked = now
            if database is not None:
                with contextlib.suppress(WireError):  # it is looked after again in a moment
                    database.ensure_running()
            if not said and _answers(addresses.observer) and _answers(addresses.review):
                said = True
                ready(addresses)
            if not said:
                _give_up_if_hopeless(children, now - begun)
        time.sleep(_TEND_SECONDS)


def _give_up_if_hopeless(children: list[Child], seconds: float) -> None:
    for child in children:
        if child.failures >= _HOPELESS:
            raise WireError(f"The process {child.name} does not start.", "Its last words are in the log above.")
    if seconds > START_SECONDS:
        raise WireError(f"The server was not ready after {seconds:.0f} seconds.", "See the log above.")


def _configure(home: Path, profile: Profile | None, register: Path | None, *, rehearsal: bool) -> str:
    """Make the database ready; the address to listen on."""
    from testigo.server import operations

    if profile is not None:
        operations.configure(home, profile, register, rehearsal=rehearsal)
    else:
        operations.prepare(home)
    from django.db import Error, connections

    from testigo.server.configuration import configuration
    from testigo.server.store.election import find_election

    try:
        if profile is None and find_election() is None:
            raise InputError("This database has no election yet.", "Name one: testigo serve --profile P.")
    except Error:
        raise InputError("This database has no election yet.", "Name one: testigo serve --profile P.") from None
    finally:
        connections.close_all()  # the supervisor itself needs no database
    return configuration().bind


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = open_lock(home / "serve.lock")
    try:
        if not try_lock(lock, exclusive=True):
            raise InputError(f"Another testigo serve runs on {home}.", "Stop that one, or name another --home.")
        yield
    finally:
        os.close(lock)


@contextmanager
def _database(home: Path) -> Iterator[Server | None]:
    """The embedded server, held; ``None`` where another one is named."""
    if os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_OWNER"):
        yield None
        return
    with acquire(home) as server:
        try:
            yield server
        finally:
            release_all()


@contextmanager
def _listening(bind: str, port: int | None, setting: str) -> Iterator[socket.socket]:
    from testigo.server.configuration import configuration

    number = getattr(configuration(), setting) if port is None else port
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        deadline = time.monotonic() + 8.0
        while True:  # children of one that was killed a moment ago may still hold the port
            try:
                sock.bind((bind, number))
                break
            except OSError as error:
                if time.monotonic() > deadline:
                    raise InputError(
                        f"Port {number} of {bind} cannot be used: {error.strerror}.",
                        "Stop what uses it, or name another port (0 chooses a free one).",
                    ) from error
                time.sleep(0.2)
        sock.listen(1024)
        yield sock


def _url(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _answers(url: str) -> bool:
    """Whether a program says that it can work."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=2.0)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def _signals(asked: list[int]) -> Iterator[None]:
    """Note requests to stop; a second Ctrl-C interrupts the stopping itself."""

    def note(sign: int, _: object) -> None:
        if asked and sign == signal.SIGINT:
            raise KeyboardInterrupt
        asked.append(sign)

    known = {sign: signal.signal(sign, note) for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for sign, before in known.items():
            signal.signal(sign, before)
