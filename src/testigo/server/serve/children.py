"""Processes that are kept alive: started, watched, started again, stopped.

Rules of this module
--------------------
1. A child asks the kernel to be told (SIGTERM) when its supervisor dies, however it dies.
2. A child is in a session of its own: Ctrl-C reaches the supervisor alone, which stops everybody in order.
3. One that ends is started again after a pause that doubles while it keeps ending early, and shrinks when it lives.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

_log = logging.getLogger("testigo.serve")
_PR_SET_PDEATHSIG = 1
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 10.0
_LIVED_SECONDS = 10.0


@dataclass
class Child:
    """One kept process: what it is, and how it fares.

    Attributes:
        name: of the entry (see :mod:`.entry`), also in the logs.
        arguments: what the entry is given.
        descriptors: open files that it inherits.
        failures: ends in a row before it had lived for some seconds.
    """

    name: str
    arguments: Sequence[str] = ()
    descriptors: Sequence[int] = ()
    failures: int = 0
    process: subprocess.Popen[bytes] | None = None
    _next: float = 0.0
    _started: float = field(default=0.0)

    def tend(self) -> None:
        """Start it if it is time to; notice if it ended."""
        now = time.monotonic()
        if self.process is not None:
            status = self.process.poll()
            if status is None:
                return
            self.process = None
            self.failures = 0 if now - self._started > _LIVED_SECONDS else self.failures + 1
            pause = min(_FIRST_PAUSE * 2**self.failures, _LONGEST_PAUSE)
            self._next = now + pause
            _log.warning("a child ended", extra={"child": self.name, "exit": status, "seconds": round(pause, 1)})
        if now >= self._next:
            self._start()

    def signal(self, sign: int) -> None:
        """Send a signal, if it lives."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(sign)

    def wait(self, deadline: float) -> bool:
        """Whether it ended before ``deadline`` (monotonic)."""
        if self.process is None:
            return True
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return False
        return True

    def _start(self) -> None:
        # -P: a file in the current directory must not be taken for one of our modules.
        command = [sys.executable, "-P", "-m", "testigo.server.serve.entry", self.name, *self.arguments]
        self._started = time.monotonic()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),  # standard output is the supervisor's: one line for whoever reads it
            pass_fds=tuple(self.descriptors),
            start_new_session=True,
            preexec_fn=_tie_to_parent(),
        )


def stop_all(children: Sequence[Child], patience_seconds: float) -> None:
    """Ask all to stop; kill those that have not after so many seconds."""
    for child in children:
        child.signal(signal.SIGTERM)
    deadline = time.monotonic() + patience_seconds
    for child in children:
        if not child.wait(deadline):
            _log.warning("a child did not stop and was killed", extra={"child": child.name})
            child.signal(signal.SIGKILL)
            child.wait(time.monotonic() + 5.0)


def _tie_to_parent() -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl  # looked up before the fork
    parent = os.getpid()

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it died in between: nobody would ever stop us
            os._exit(1)

    return tie
