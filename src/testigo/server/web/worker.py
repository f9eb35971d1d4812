"""The gunicorn worker that faces networks we do not know.

Rules of this module
--------------------
1. A request must bring at least ``LEAST_BYTES_PER_SECOND`` on average after a grace, and never pause for long: many
   slow telephones are served side by side, a slow-loris is cut off.
2. What gunicorn refuses itself (a malformed request) is answered in the one shape, and never echoed.
3. The loop that accepts connections waits for nobody: gunicorn's own lingers two seconds over each that ends badly.
4. Nothing of gunicorn's logs names an address or a path: see :mod:`.logs`.
"""

from __future__ import annotations

import errno
import gc
import json
import socket
import time
from typing import Any

from gunicorn import glogging, util  # type: ignore[import-untyped]
from gunicorn.http import errors  # type: ignore[import-untyped]
from gunicorn.workers import gthread  # type: ignore[import-untyped]

from testigo.server.configuration import configuration

LEAST_BYTES_PER_SECOND = 200
LINGER_SECONDS = 1.0
_STATUS: tuple[tuple[type[Exception], int, str], ...] = (
    (errors.LimitRequestLine, 414, "URI Too Long"),
    (errors.LimitRequestHeaders, 431, "Request Header Fields Too Large"),
    (errors.ExpectationFailed, 417, "Expectation Failed"),
    (errors.UnsupportedTransferCoding, 501, "Not Implemented"),
    (errors.ParseException, 400, "Bad Request"),
)


class Quiet(glogging.Logger):  # type: ignore[misc]
    """Gunicorn's logger, handed to ours; it has no log of accesses."""

    def setup(self, cfg: Any) -> None:
        """See :class:`gunicorn.glogging.Logger`."""
        self.error_log.propagate = True
        self.access_log.propagate = False

    def access(self, *_: Any) -> None:
        """No accesses are logged: the line would hold an address."""


class Guarded:
    """A socket's reading end with rule 1."""

    def __init__(self, sock: socket.socket, pause_seconds: float, grace_seconds: float) -> None:
        self._sock = sock
        self._pause = pause_seconds
        self._grace = grace_seconds
        self.cut_off = False
        self.begin()

    def begin(self) -> None:
        """A request begins now."""
        self._waited, self._brought = 0.0, 0

    def recv(self, size: int) -> bytes:
        """As ``socket.recv``. Raises :class:`ConnectionResetError` by rule 1: to gunicorn the sender went away."""
        allowed = self._grace + self._brought / LEAST_BYTES_PER_SECOND - self._waited
        begun = time.monotonic()
        try:
            if allowed <= 0:
                raise TimeoutError
            self._sock.settimeout(min(self._pause, allowed))
            piece = self._sock.recv(size)
        except TimeoutError:
            self.cut_off = True
            raise ConnectionResetError(errno.ECONNRESET, "") from None
        finally:
            self._waited += time.monotonic() - begun  # for the sender; what we take ourselves is not counted
        self._brought += len(piece)
        return piece

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class Connection(gthread.TConn):  # type: ignore[misc]
    """A connection whose reading end is guarded."""

    guard: Guarded | None = None

    def init(self) -> None:
        """See :class:`gunicorn.workers.gthread.TConn`; called at the begin of each request."""
        super().init()
        if self.guard is None:
            seconds = configuration().slow_request_seconds
            self.guard = Guarded(self.sock, seconds, seconds)
            self.parser.unreader.sock = self.guard
        self.guard.begin()

    def close(self, graceful: bool = False) -> None:
        """Close at once: this runs in the loop that serves everybody, where nobody may be waited for."""
        util.close(self.sock)

    def linger(self) -> None:
        """Let the other side read its answer before the connection goes; in the connection's own thread."""
        if self.guard is not None and not self.guard.cut_off:
            util.close_graceful(self.sock, timeout=LINGER_SECONDS)


class Worker(gthread.ThreadWorker):  # type: ignore[misc]
    """Threads, each with one guarded connection at a time."""

    def load_wsgi(self) -> None:
        """As gunicorn's; then the program's own objects are left out of garbage collections: a tenth of each upload."""
        super().load_wsgi()
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)

    def accept(self, listener: Any) -> None:
        """As gunicorn's, with a connection of ours."""
        try:
            sock, client = listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        sock.setblocking(True)
        self.nr_conns += 1
        self.enqueue_req(Connection(self.cfg, sock, client, listener.getsockname()))

    def handle(self, conn: Connection) -> Any:
        """As gunicorn's; a connection that is not kept is closed here and not in the loop."""
        kept = super().handle(conn)
        if kept is False:
            conn.linger()
        return kept

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer a request that never reached the program."""
        status, reason = 500, "Internal Server Error"
        for kind, number, words in _STATUS:
            if isinstance(exc, kind):
                status, reason = number, words
                break
        if status == 500:
            self.log.error("defect", exc_info=exc)
        body = json.dumps({"error": reason, "remedy": "", "problems": []}).encode()
        head = f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        try:
            client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        except OSError:
            return
