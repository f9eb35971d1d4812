"""A file comes in: streamed, stored whole, read back, receipted.

Rules of this module
--------------------
1. The body is never held whole by this program. Its length counts, not what its headers call it.
2. What did not come whole is not receipted: half a file must not become evidence.
3. The same work is done whether the store had the bytes or not: written in full, and read back.
"""

from __future__ import annotations

import hashlib
import time
from functools import lru_cache

from django.http import HttpRequest

from testigo.ledger import SigningKey
from testigo.server import keys
from testigo.server.blobs import BlobStore, open_store
from testigo.server.configuration import configuration
from testigo.server.observer.sender import Sender
from testigo.server.store import facing, receiving
from testigo.server.web.refusals import RefusedError

_PIECE_BYTES = 1 << 20

BROKEN_OFF = (
    408,
    ("The file did not come whole.", "El archivo no llegó entero."),
    ("Send it again.", "Envíelo de nuevo."),
)
TOO_BIG = (
    413,
    ("The file is larger than any that is taken.", "El archivo es mayor que cualquiera que se reciba."),
    ("Send a smaller scan.", "Envíe una imagen más pequeña."),
)
NOT_A_FORM = (
    415,
    ("A form came instead of a file.", "Llegó un formulario en lugar de un archivo."),
    ("Send the file's bytes as the body.", "Envíe los bytes del archivo como cuerpo."),
)


class _PolicyExceededError(Exception):
    """More bytes than are stored. Never leaves this module."""


class Incoming:
    """The body of a request: read in pieces, counted, hashed where nobody else does.

    Args:
        stream: the server's, which ends where the body does.
        declared: Content-Length, or ``None`` for a chunked body.
        cap: bytes that may come at all.
    """

    def __init__(self, request: HttpRequest, declared: int | None, cap: int) -> None:
        self._stream = request.META["wsgi.input"]
        self._declared = declared
        self._cap = cap
        self._hasher = hashlib.sha256()
        self._hashing = True
        self.policy: int | None = None
        self.size = 0

    def read(self, size: int = _PIECE_BYTES) -> bytes:
        """The next piece; empty at the end.

        Raises:
            RefusedError: the sender went away, paused for too long, or exceeded the cap.
        """
        try:
            piece: bytes = self._stream.read(min(size, _PIECE_BYTES))
        except Exception as error:  # the server's own kinds of error, and the network's
            raise RefusedError(*BROKEN_OFF) from error
        self.size += len(piece)
        if self._hashing:
            self._hasher.update(piece)
        if self.size > self._cap:
            raise RefusedError(*TOO_BIG)
        if not piece and self._declared is not None and self.size != self._declared:
            raise RefusedError(*BROKEN_OFF)
        if self.policy is not None and self.size > self.policy:
            raise _PolicyExceededError
        return piece

    def store_within(self, most: int) -> None:
        """From now on somebody else hashes what is read, unless it may turn out to be more than ``most`` bytes."""
        self.policy = most
        self._hashing = self._declared is None or self._declared > most

    def digest(self) -> str:
        """Read what is left, keeping nothing; the hash of everything."""
        self.policy = None
        while self.read():
            pass
        return self._hasher.hexdigest()


def take_in(request: HttpRequest, sender: Sender) -> receiving.Receipt:
    """Take a file in and promise its place in the log.

    1. Refuse what cannot be a file. 2. Store it, or only hash it where the policy says so. 3. Receipt it.

    Raises:
        RefusedError: it is beyond every limit, or did not come whole.
        WireError: the disk or the database did not do its part; nothing was promised.
    """
    settings, declared = configuration(), length_of(request)
    if request.META.get("CONTENT_TYPE", "").lower().startswith("multipart/"):  # 1
        raise RefusedError(*NOT_A_FORM)
    if declared is not None and declared > settings.hard_cap_bytes:
        raise RefusedError(*TOO_BIG)
    incoming = Incoming(request, declared, settings.hard_cap_bytes)
    outcome = sender.admission
    if outcome == receiving.STORED and (declared or 0) > settings.max_upload_bytes:
        outcome = receiving.TOO_LARGE
    digest, outcome = _keep(incoming, outcome, settings.max_upload_bytes)  # 2
    return receiving.receive(  # 3
        sender.token_hash, digest, incoming.size, outcome,
        key=intake_key(), origin=origin(), now=int(time.time()), hours=settings.promise_hours,
    )  # fmt: skip


def _keep(incoming: Incoming, outcome: str, most: int) -> tuple[str, str]:
    """Digest and outcome; what is stored is durable when this returns."""
    if outcome != receiving.STORED:
        return incoming.digest(), outcome
    incoming.store_within(most)
    try:
        stored = blobs().put_if_absent(incoming)  # type: ignore[arg-type]
    except _PolicyExceededError:  # only a chunked body: the length of others is known before
        return incoming.digest(), receiving.TOO_LARGE
    if stored.created:
        blobs().get(stored.digest)  # one that was there has just been compared: the time taken tells nothing
    return stored.digest, receiving.STORED


def length_of(request: HttpRequest) -> int | None:
    """Content-Length; ``None`` for a chunked body."""
    if "HTTP_TRANSFER_ENCODING" in request.META:
        return None
    return int(request.META.get("CONTENT_LENGTH") or 0)


@lru_cache(maxsize=1)
def blobs() -> BlobStore:
    """This process's blob store; it proved at its opening that it does not overwrite."""
    return open_store(configuration().blob_place)


@lru_cache(maxsize=1)
def intake_key() -> SigningKey:
    """The key that signs promises."""
    return keys.intake_key(configuration().keys)


@lru_cache(maxsize=1)
def origin() -> str:
    """The log's name; it never changes."""
    return facing.origin()
