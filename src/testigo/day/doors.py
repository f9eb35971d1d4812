"""The doors through which the demonstration goes: the server as a process, and its two programs over HTTP.

Rules of this module
--------------------
1. The server is what ``testigo serve`` starts, nothing else; it ends with the demonstration, even if that is killed.
2. Trouble on the wire is tried again, as an app would.
"""

from __future__ import annotations

import ctypes
import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from testigo.errors import WireError

_STARTS = 5
_PR_SET_PDEATHSIG = 1


@contextmanager
def served(words: list[str], log_file: Path) -> Iterator[dict[str, str]]:
    """The server, as a process of its own; its addresses: ``observer`` and ``review``.

    Args:
        words: of the ``testigo serve`` command; it must answer in JSON.
        log_file: takes what it says.

    Raises:
        WireError: it does not start.
    """
    with log_file.open("ab") as log:
        for _ in range(_STARTS):
            process = subprocess.Popen(
                [sys.executable, "-m", "testigo.cli", *words],
                stdout=subprocess.PIPE,
                stderr=log,
                preexec_fn=_end_with_parent,
            )
            assert process.stdout is not None  # noqa: S101  (it is a pipe)
            line = process.stdout.readline()
            if line:
                break
            process.wait()
            time.sleep(2)  # the server of a demonstration that was killed a moment ago is still stopping
        else:
            raise WireError("The server did not start.", f"Its words are in {log_file}.")
        try:
            yield json.loads(line)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _end_with_parent() -> None:
    """In the server's process: be told to stop when the demonstration ends, even if it is killed (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Client:
    """One sender's connection to a program of the server; trouble on the wire is tried again, as an app would."""

    TRIES = 8

    def __init__(self, address: str, token: str) -> None:
        parts = urlsplit(address)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(
        self,
        method: str,
        path: str,
        body: Callable[[], Iterator[bytes] | bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Ask until there is an answer; a body is made anew for each try.

        Raises:
            WireError: the server refused, or did not answer.
        """
        last = ""
        for attempt in range(self.TRIES):
            try:
                given = body() if body else None
                self._connection.request(method, path, given, {**self._headers, **(headers or {})})
                answer = self._connection.getresponse()
                text = answer.read().decode()
                if answer.status < 400:
                    parsed: dict[str, Any] = json.loads(text)
                    return parsed
                last = f"status {answer.status}: {text[:300]}"
                if answer.status in (400, 401, 404, 413, 422):
                    break
            except (OSError, http.client.HTTPException, ValueError) as error:
                self._connection.close()
                last = f"{type(error).__name__}: {error}"
            time.sleep(min(0.2 * 2**attempt, 5.0))
        raise WireError(f"{method} {path} did not succeed: {last}.", "Run the demonstration again: it goes on.")
