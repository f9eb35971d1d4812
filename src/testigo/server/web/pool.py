"""Database connections of a program with many slow senders: shared, and given back while a body is awaited."""

from __future__ import annotations

import select
from typing import Any

from psycopg import Connection, Cursor
from psycopg.abc import Params

LARGEST = 8
PATIENCE_SECONDS = 5.0


class Watched(Connection[Any]):
    """A connection whose health is seen without asking the server.

    The pool asks each connection that it hands out for nothing at all (``execute("")``). A server that went away has
    closed its end, and that can be seen here; only a connection on which something arrived unasked is really tried.
    """

    def execute(
        self, query: Any, params: Params | None = None, *, prepare: bool | None = None, binary: bool = False
    ) -> Cursor[Any]:
        """See :class:`psycopg.Connection`."""
        if query == "" and not self.closed and not self._something_arrived():
            return self.cursor()
        return super().execute(query, params, prepare=prepare, binary=binary)

    def _something_arrived(self) -> bool:
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        return bool(poll.poll(0))


def pooled(database: dict[str, Any]) -> dict[str, Any]:
    """Django's description of a database, with a pool of connections per process."""
    pool = {"min_size": 1, "max_size": LARGEST, "timeout": PATIENCE_SECONDS, "connection_class": Watched}
    return {**database, "CONN_MAX_AGE": 0, "OPTIONS": {**database["OPTIONS"], "pool": pool}}
