"""Who sends: somebody whose token may upload. Nothing else of them is known here."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.http import HttpRequest

from testigo.server.configuration import configuration
from testigo.server.store import receiving
from testigo.server.web.access import Bearer


@dataclass(frozen=True, slots=True)
class Sender:
    """An admitted token: its hash, and ``stored`` or ``over_quota`` for what it brings."""

    token_hash: bytes
    admission: str


class SenderToken(Bearer):
    """Admits tokens of observers and hubs."""

    def admit(self, request: HttpRequest, token_hash: bytes) -> Sender | None:
        """See :class:`.Bearer`."""
        settings = configuration()
        size = int(request.META.get("CONTENT_LENGTH") or 0)
        admission = receiving.admit(token_hash, size, settings.quota_files, settings.quota_bytes)
        connection.close()  # back to the pool: the body may take minutes
        return None if admission is None else Sender(token_hash, admission)
