"""The parent of the embedded server: ``python -m testigo.server.postgres.supervisor HOME LINGER_SECONDS``.

Rules of this module
--------------------
1. One supervisor per home: it lives as long as it holds the supervisor's lock, and does nothing without it.
2. It is nobody's child and in nobody's terminal: neither Ctrl-C nor the end of the program that started it reaches it.
3. It stops the server some seconds after the last client let go of the clients' lock, and takes that lock alone before
   it stops, so that a client that comes meanwhile waits and then finds either a server or none, never a dying one.
4. A server that dies is started again, but not for ever.
5. If the supervisor itself is killed, the kernel interrupts the server (see :mod:`.processes`); whoever starts the next
   one finds and stops what is left.

Exit status: 0 it runs detached, or did its work; 1 it failed and wrote why into the state file; 3 another one lives.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections import deque
from pathlib import Path

from testigo.errors import TestigoError, WireError
from testigo.server.postgres.cluster import Cluster, describe
from testigo.server.postgres.layout import Layout, open_lock, prepare, try_lock, unlock, wait_lock, write_private

ANOTHER_LIVES = 3
POLL_SECONDS = 0.2
_MOST_RESTARTS, _PER_SECONDS = 5, 60.0


class Supervisor:
    """Watches one server until nobody needs it."""

    def __init__(self, layout: Layout, linger_seconds: float) -> None:
        self._layout = layout
        self._linger_seconds = linger_seconds
        self._clients = open_lock(layout.clients_lock)
        self._stop_asked = threading.Event()
        self._alone_since = 0.0  # of the monotonic clock; 0 while there are clients
        self._restarts: deque[float] = deque(maxlen=_MOST_RESTARTS)

    def run(self) -> None:
        """Start the server, say that it is ready, watch it, stop it.

        Raises:
            TestigoError: it does not start, or dies again and again.
        """
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, self._ask_to_stop)
        cluster = Cluster(self._layout)
        try:
            cluster.start()
            write_private(self._layout.state, describe(cluster))
            while not self._stop_asked.is_set() and self._needed():
                if cluster.died():
                    self._restart(cluster)
                self._stop_asked.wait(POLL_SECONDS)
        finally:
            self._layout.state.unlink(missing_ok=True)
            cluster.stop()

    def _ask_to_stop(self, *_: object) -> None:
        self._stop_asked.set()

    def _needed(self) -> bool:
        """Whether a client holds the lock, or did a moment ago. When it says no, the lock is held alone, for good."""
        if not self._layout.clients_lock.exists():
            return False  # the home was removed
        if not try_lock(self._clients, exclusive=True):
            self._alone_since = 0.0
            return True
        self._alone_since = self._alone_since or time.monotonic()
        if time.monotonic() - self._alone_since >= self._linger_seconds:
            return False
        unlock(self._clients)
        return True

    def _restart(self, cluster: Cluster) -> None:
        self._layout.state.unlink(missing_ok=True)
        now = time.monotonic()
        if len(self._restarts) == _MOST_RESTARTS and now - self._restarts[0] < _PER_SECONDS:
            raise WireError(
                f"The database server died {_MOST_RESTARTS + 1} times within {_PER_SECONDS:.0f} seconds.",
                f"The reason is in {self._layout.log}.",
            )
        self._restarts.append(now)
        cluster.start()
        write_private(self._layout.state, describe(cluster))


def main(arguments: list[str]) -> int:
    """Become the supervisor of a home, detached from whoever asked; see the module for the exit status."""
    os.umask(0o077)
    layout = prepare(Path(arguments[0]))
    lock = open_lock(layout.supervisor_lock)
    # A client that asks whether somebody lives holds this lock for an instant: do not take it for a supervisor.
    if not wait_lock(lock, exclusive=True, deadline=time.monotonic() + 1.0):
        return ANOTHER_LIVES
    layout.state.unlink(missing_ok=True)
    if os.fork():
        os._exit(0)  # the child keeps the lock: whoever waits for us knows that a supervisor lives
    os.setsid()
    _say_nothing_but_to(layout.log)
    try:
        Supervisor(layout, float(arguments[1])).run()
    except Exception as error:
        known = isinstance(error, TestigoError)
        said = error.message if isinstance(error, TestigoError) else f"{type(error).__name__}: {error}"
        remedy = error.remedy if isinstance(error, TestigoError) else f"The log is in {layout.log}."
        write_private(layout.state, json.dumps({"phase": "failed", "error": said, "remedy": remedy}))
        if not known:
            raise
        return 1
    return 0


def _say_nothing_but_to(log: Path) -> None:
    """Let go of the starter's directory, terminal and pipes."""
    os.chdir("/")
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    for extra in (handle, nothing):
        if extra > 2:
            os.close(extra)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
