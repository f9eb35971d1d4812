"""Database connections of a program with many slow senders: shared, and given back while a body is awaited."""

from __future__ import annotations

from typing import Any

LARGEST = 8
PATIENCE_SECONDS = 5.0


def pooled(database: dict[str, Any]) -> dict[str, Any]:
    """Django's description of a database, with a pool of connections per process."""
    pool = {"min_size": 1, "max_size": LARGEST, "timeout": PATIENCE_SECONDS}
    return {**database, "CONN_MAX_AGE": 0, "OPTIONS": {**database["OPTIONS"], "pool": pool}}
