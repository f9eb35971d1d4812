"""What holds for every test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

# The browser's driver keeps an event loop in the process that runs its tests; Django, asked by a later test in the same
# process, would take that for a call from within it and refuse.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """A real HTTP server on this machine that speaks S3."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
