"""Whether a program lives, and whether what it needs does.

Rules of this module
--------------------
1. Health is the process itself; readiness is the database, the blob store, the sequencer's heartbeat.
2. Both are public: yes, no, and how much is still to be done. Nothing about anybody.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from django.db import Error
from django.http import HttpRequest
from ninja import NinjaAPI, Schema
from ninja.responses import Response

from testigo.errors import TestigoError
from testigo.server.blobs import BlobStore
from testigo.server.configuration import configuration
from testigo.server.store import log
from testigo.server.web.access import PUBLIC

HEARTBEAT = "sequencer.alive"
HEARTBEAT_SECONDS = 30.0
_NO_BLOB = "0" * 64


class Alive(Schema):
    """The answer of ``/health``."""

    alive: bool


class Waiting(Schema):
    """How much is still to be done: leaves without an index, jobs that wait or run."""

    leaves: int
    jobs: int


class Ready(Schema):
    """The answer of ``/ready``; ``waiting`` is null while the database does not answer."""

    ready: bool
    database: bool
    blobs: bool
    sequencer: bool
    waiting: Waiting | None


def add_readiness(api: NinjaAPI, blobs: Callable[[], BlobStore] | None = None) -> None:
    """Give a program ``/health`` and ``/ready``. Without a blob store of its own it is not asked about one."""

    @api.get("/health", auth=PUBLIC, response=Alive, summary="Whether the program lives")
    def health(request: HttpRequest) -> Alive:
        return Alive(alive=True)

    @api.get("/ready", auth=PUBLIC, response={200: Ready, 503: Ready}, summary="Whether it can work")
    def ready(request: HttpRequest) -> Response:
        found = readiness(blobs)
        response = Response(found.dict(), status=200 if found.ready else 503)
        response.shaped = True  # type: ignore[attr-defined]
        return response


def readiness(blobs: Callable[[], BlobStore] | None) -> Ready:
    """Ask the database, the store and the heartbeat."""
    waiting = _waiting()
    stores = _reachable(blobs)
    sequencer = _beats(configuration().home / HEARTBEAT)
    return Ready(
        ready=waiting is not None and stores and sequencer,
        database=waiting is not None,
        blobs=stores,
        sequencer=sequencer,
        waiting=waiting,
    )


def _waiting() -> Waiting | None:
    try:
        leaves, jobs = log.backlog()
    except (Error, TestigoError):
        return None
    return Waiting(leaves=leaves, jobs=jobs)


def _reachable(blobs: Callable[[], BlobStore] | None) -> bool:
    try:
        return blobs is None or blobs().exists(_NO_BLOB) in (True, False)
    except TestigoError:
        return False


def _beats(path: Path) -> bool:
    try:
        # Also a beat from the future counts: a clock that was set back does not make the sequencer dead.
        return time.time() - path.stat().st_mtime < HEARTBEAT_SECONDS
    except OSError:
        return False
