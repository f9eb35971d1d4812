"""How programs reach the database: ``DATABASE_URL``, or the embedded server of the data home.

Rules of this module
--------------------
1. A client holds a shared lock for as long as it needs the server, and nothing else: if it is killed, the kernel lets
   go of the lock. Processes forked from it hold it too.
2. The server's supervisor is started by one client at a time, whoever comes first; the others find it running.
3. ``DATABASE_URL`` always wins: then no embedded server is looked for, started or touched.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from testigo.errors import InternalError, WireError
from testigo.server.postgres import layout as files
from testigo.server.postgres import roles
from testigo.server.postgres.cluster import last_lines
from testigo.server.postgres.supervisor import ANOTHER_LIVES

START_SECONDS = 120.0
LINGER_SECONDS = 5.0

_log = logging.getLogger(__name__)


def home_directory() -> Path:
    """The data home: ``$TESTIGO_HOME``, else ``~/.local/share/testigo``."""
    chosen = os.environ.get("TESTIGO_HOME")
    return Path(chosen).expanduser().absolute() if chosen else Path.home() / ".local" / "share" / "testigo"


class Server:
    """The embedded server, held running until :meth:`close` or the end of the process. Made by :func:`acquire`."""

    def __init__(self, layout: files.Layout, lock: int, start_seconds: float) -> None:
        self._layout = layout
        self._lock = lock
        self._start_seconds = start_seconds
        self._state: dict[str, str] = {}

    @property
    def home(self) -> Path:
        """The data home that this server serves."""
        return self._layout.home

    @property
    def socket_directory(self) -> Path:
        """The directory of the unix socket; the same after a restart."""
        return Path(self._state["socket"])

    @property
    def version(self) -> str:
        """PostgreSQL's version, ``18.4``."""
        return self._state["version"]

    @property
    def postgres_pid(self) -> int:
        """Process number of the server when :meth:`ensure_running` last looked."""
        return int(self._state["postgres"])

    @property
    def supervisor_pid(self) -> int:
        """Process number of its supervisor when :meth:`ensure_running` last looked."""
        return int(self._state["supervisor"])

    def url(self, role: str = "owner", dbname: str = roles.DATABASE) -> str:
        """A ``postgresql://`` URL with the socket's directory, the role's name and its password, all escaped.

        Raises:
            InputError: there is no such role.
        """
        name = roles.role_name(role)
        return roles.address(name, roles.passwords(self._layout)[name], str(self.socket_directory), dbname)

    def create_database(self, dbname: str) -> bool:
        """Create a further database (a test's, a rehearsal's) with the same owner and rights; False if it was there.

        Raises:
            InputError: the name is not a plain lower-case identifier.
            WireError: the server refuses.
        """
        import psycopg

        try:
            with psycopg.connect(self.url("owner", "postgres"), autocommit=True) as connection:
                return roles.ensure_database(connection, dbname)
        except psycopg.Error as error:
            raise WireError(f"Database {dbname} cannot be created: {error}.", "Look into the server's log.") from error

    def ensure_running(self) -> None:
        """Look whether the server still runs, and start it if somebody killed its supervisor. Cheap if it runs.

        Raises:
            WireError: it cannot be started.
        """
        if self._lock < 0:
            raise InternalError("This server was closed.", "Call acquire() again.")
        state = files.read_json(self._layout.state)
        if not _lives(self._layout, state):
            state = _find_or_start(self._layout, time.monotonic() + self._start_seconds)
        self._state = state

    def close(self) -> None:
        """Let go of the server. It stops some seconds after the last process did."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def acquire(home: Path | None = None, *, start_seconds: float = START_SECONDS) -> Server:
    """Find the embedded server of ``home`` (default :func:`home_directory`), start it if need be, and hold it.

    1. Hold the clients' lock: from now on the supervisor will not stop the server.
    2. With the starter's lock: find a living supervisor, or start one.
    3. Wait until it says ``ready``.

    Args:
        home: the data home; made if it does not exist.
        start_seconds: how long to wait for the server: creating it takes about a second, recovery after a crash longer.

    Raises:
        WireError: the server does not start; the message holds the last lines of its log.
    """
    layout = files.prepare(home or home_directory())
    deadline = time.monotonic() + start_seconds
    lock = files.open_lock(layout.clients_lock)
    try:
        if not files.wait_lock(lock, exclusive=False, deadline=deadline):  # 1
            raise _too_late(layout, start_seconds)
        server = Server(layout, lock, start_seconds)
        server.ensure_running()  # 2, 3
    except BaseException:
        os.close(lock)
        raise
    return server


def _find_or_start(layout: files.Layout, deadline: float) -> dict[str, str]:
    begun = time.monotonic()
    starter = files.open_lock(layout.start_lock)
    launched = False
    try:
        while time.monotonic() < deadline and files.wait_lock(starter, exclusive=True, deadline=deadline):
            state = files.read_json(layout.state)
            if _lives(layout, state):
                return state
            alive = files.is_locked(layout.supervisor_lock)
            if launched and state.get("phase") == "failed":
                raise WireError(state["error"], state["remedy"])
            if launched and not alive:
                raise WireError(
                    f"The database's supervisor ended without a word. Its last lines:\n{last_lines(layout.log)}\n",
                    f"The whole log is in {layout.log}.",
                )
            if not alive:
                layout.state.unlink(missing_ok=True)  # left by one that was killed
                launched = _launch(layout)
            time.sleep(files.LOCK_POLL_SECONDS)
    finally:
        os.close(starter)
    raise _too_late(layout, time.monotonic() - begun)


def _lives(layout: files.Layout, state: dict[str, str]) -> bool:
    """Whether the server of ``state`` is supervised and answers: it may have been killed a moment ago."""
    if state.get("phase") != "ready" or not files.is_locked(layout.supervisor_lock):
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(Path(state["socket"]) / files.SOCKET_NAME))
        except OSError:
            return False
    return True


def _launch(layout: files.Layout) -> bool:
    """Start a supervisor; when this returns it is detached and holds its lock. False if another one was faster."""
    linger = os.environ.get("TESTIGO_POSTGRES_LINGER_SECONDS", str(LINGER_SECONDS))
    # -P: a file in the current directory must not be taken for one of our modules.
    command = [sys.executable, "-P", "-m", "testigo.server.postgres.supervisor", str(layout.home), str(float(linger))]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode not in (0, ANOTHER_LIVES):
        last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise WireError(f"The database's supervisor cannot be started: {last[0]}", f"See {layout.log}.")
    return done.returncode == 0


def _too_late(layout: files.Layout, seconds: float) -> WireError:
    return WireError(
        f"The database server was not ready after {seconds:.0f} seconds. Its last words:\n{last_lines(layout.log)}\n",
        "If it says that it recovers, wait and start again: nothing is lost.",
    )


_held: dict[tuple[Path, int], Server] = {}


def database_url(role: str = "owner", *, home: Path | None = None) -> str:
    """The URL by which a program reaches the database as ``role``.

    ``DATABASE_URL_<ROLE>`` (``DATABASE_URL_INTAKE``), else ``DATABASE_URL``, else the embedded server of ``home``,
    which is then held until this process ends.

    Raises:
        InputError: there is no such role.
        WireError: the embedded server does not start.
    """
    short = roles.role_name(role).removeprefix("testigo_")
    own, common = os.environ.get(f"DATABASE_URL_{short.upper()}"), os.environ.get("DATABASE_URL")
    if own:
        return own
    if common:
        if short != "owner":
            _log.warning("DATABASE_URL_%s is not set: role %s shares the owner's rights.", short.upper(), short)
        return common
    key = ((home or home_directory()).absolute(), os.getpid())  # a forked child holds its parent's, and its own
    if key not in _held:
        _held[key] = acquire(key[0])
    return _held[key].url(short)


def release_all() -> None:
    """Let go of every server that :func:`database_url` holds in this process."""
    while _held:
        _held.popitem()[1].close()
