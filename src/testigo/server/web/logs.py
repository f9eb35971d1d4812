"""Logs of the server: JSON lines that name nobody.

Rules of this module
--------------------
1. Of our own messages the template is logged, never its arguments; further facts only under the names in ``FIELDS``,
   which hold numbers, codes and route templates.
2. Of other people's messages nothing is logged but who said it, where and how grave it is: gunicorn's hold addresses
   and paths, the database's hold values.
3. An exception is its kind and its places in the code, never its text.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
import threading
import traceback
from pathlib import PurePath
from types import TracebackType
from typing import Any

FIELDS = (
    "method", "route", "status", "milliseconds", "reference", "kind", "where",
    "child", "exit", "seconds", "jobs", "refused",
)  # fmt: skip
_DEEPEST = 8


class SafeFormatter(logging.Formatter):
    """One JSON object per line, by the rules of this module."""

    def __init__(self, program: str) -> None:
        super().__init__()
        self._program = program

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        ours = record.name == "testigo" or record.name.startswith("testigo.")
        line: dict[str, Any] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "program": self._program,
            "logger": record.name,
            "message": str(record.msg) if ours else f"{record.module}:{record.lineno}",
        }
        if ours:
            line.update({name: value for name in FIELDS if (value := getattr(record, name, None)) is not None})
        if record.exc_info and record.exc_info[1] is not None:
            line.update(describe(record.exc_info[1]))
        return json.dumps(line, ensure_ascii=True, default=lambda value: type(value).__name__)


def describe(exception: BaseException) -> dict[str, Any]:
    """Kind of an exception (and of what caused it), and the innermost places in the code: no text, no values."""
    kinds: list[str] = []
    cause: BaseException | None = exception
    while cause is not None and len(kinds) < _DEEPEST:
        kinds.append(type(cause).__name__)
        cause = cause.__cause__
    frames = traceback.extract_tb(exception.__traceback__)[-_DEEPEST:]
    where = [f"{PurePath(frame.filename).stem}:{frame.lineno} {frame.name}" for frame in frames]
    return {"kind": " < ".join(kinds), "where": where}


def configure_logging(program: str) -> None:
    """Log to standard error from now on; what nobody caught is logged by the same rules."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SafeFormatter(program))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("testigo").setLevel(logging.INFO)
    # The request's line is our own; Django's would say the same again without a reference.
    logging.getLogger("django.request").disabled = True
    logging.captureWarnings(True)
    log = logging.getLogger("testigo")

    def uncaught(kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            log.critical("nobody caught this", exc_info=(kind, value, trace))

    def uncaught_in_thread(given: threading.ExceptHookArgs) -> None:
        if given.exc_value is not None:
            uncaught(given.exc_type, given.exc_value, given.exc_traceback)

    sys.excepthook = uncaught
    threading.excepthook = uncaught_in_thread
