"""One of the two programs under gunicorn, on a socket that is already open.

Rules of this module
--------------------
1. Gunicorn reads no configuration file, no environment and opens no control socket: what it does is said here.
2. A program with a route whose access is not declared does not start.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from testigo.server.configuration import configuration

GRACE_SECONDS = 5


class _Program(BaseApplication):  # type: ignore[misc]
    def __init__(self, what: str, options: dict[str, Any]) -> None:
        self._what = what
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        """See :class:`gunicorn.app.base.BaseApplication`."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The program, whose access was checked."""
        return application(self._what)


def application(what: str) -> Any:
    """The WSGI application of a program.

    Raises:
        InternalError: the access of a route is not declared.
    """
    from django.core.wsgi import get_wsgi_application

    ready = get_wsgi_application()
    from testigo.server.web.access import check_access

    if what == "observer":
        from testigo.server.observer.api import api
    else:
        from testigo.server.review.api import api
    check_access(api)
    return ready


def run_program(what: str, socket: int) -> int:
    """Serve until told to stop."""
    settings = configuration()
    shared = Path("/dev/shm")  # noqa: S108  (gunicorn makes a private file there, and unlinks it)
    options = {
        "bind": f"fd://{socket}",
        "workers": settings.web_workers if what == "observer" else 1,
        "threads": settings.web_threads,
        "worker_class": "testigo.server.web.worker.Worker",
        "logger_class": "testigo.server.web.worker.Quiet",
        "timeout": 60,
        "graceful_timeout": GRACE_SECONDS,
        "keepalive": 15,
        "limit_request_line": 2_048,
        "limit_request_fields": 60,
        "limit_request_field_size": 4_096,
        "worker_tmp_dir": str(shared) if shared.is_dir() else None,
        "control_socket_disable": True,
        "proc_name": f"testigo-{what}",
    }
    _Program(what, options).run()
    return 0
