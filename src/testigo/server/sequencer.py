"""The sequencer's process: turn after turn, woken by the queue.

Rules of this module
--------------------
1. A turn that failed is tried again; it was one transaction, so nothing is half done.
2. It sleeps until the queue speaks, and no longer than the configured pause.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "testigo.server.settings")
os.environ.setdefault("TESTIGO_ROLE", "sequencer")

import django

if TYPE_CHECKING:
    from testigo.review import RegisterFacts
    from testigo.server.store.election import Election

_log = logging.getLogger("testigo.sequencer")
HEARTBEAT = "sequencer.alive"


def run_turns(*, until_empty: bool, stop: Callable[[], bool] = lambda: False) -> int:
    """Do turns: until the queue is empty, or until told to stop. Returns the leaves numbered."""
    from django.db import connection

    from testigo.server import keys
    from testigo.server.configuration import configuration
    from testigo.server.store import log, sequencing

    if until_empty and log.backlog()[0] == 0:
        return 0
    settings = configuration()
    election, facts = _known(str(connection.settings_dict["NAME"]))
    key = keys.log_key(settings.keys)
    numbered = 0
    while not stop():
        done = sequencing.turn(election, facts, key, now=int(time.time()), most=settings.turn_leaves)
        numbered += done.leaves
        if done.refused:
            _log.error("queue entries refused", extra={"refused": done.refused})
        if not until_empty:
            beat(settings.home / HEARTBEAT)  # also between two full turns: a long queue is not a dead sequencer
        if done.more:
            continue
        if until_empty:
            break
        _wait(connection, settings.turn_seconds)
    return numbered


@lru_cache(maxsize=1)
def _known(database: str) -> tuple[Election, RegisterFacts]:
    """The election of a database and the facts of its register: neither ever changes, and a register is large."""
    from testigo.review import RegisterFacts
    from testigo.server.store.election import load_election

    election = load_election()
    return election, RegisterFacts(election.register)


def beat(path: Path) -> None:
    """Note that the sequencer is alive, for the readiness page."""
    path.touch()


def _wait(connection: object, seconds: float) -> None:
    """Sleep until the queue speaks, or so many seconds."""
    raw = connection.connection  # type: ignore[attr-defined]
    raw.execute("LISTEN ledger_queue")
    select.select([raw.fileno()], [], [], seconds)
    for _ in raw.notifies(timeout=0):
        pass


def main() -> int:
    """Run until SIGTERM or SIGINT; a lost database is waited for."""
    django.setup()
    from django.db import Error, close_old_connections, connection

    from testigo.errors import WireError

    stopped = False

    def stop(*_: object) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while not stopped:
        try:
            run_turns(until_empty=False, stop=lambda: stopped)
        except (Error, WireError, OSError) as error:
            _log.warning("the turn failed and is tried again", extra={"kind": type(error).__name__})
            connection.close()
            close_old_connections()
            time.sleep(1.0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
