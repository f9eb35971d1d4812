"""What the ledger's tests share: a naive tree to compare with, and a signed log to attack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import pytest

from testigo.ledger import MemoryLog, SigningKey, VerifierKey, generate_key, sign_checkpoint, successor

ORIGIN = "example.org/log"


class NaiveTree:
    """RFC 6962 section 2.1, word for word: recursive, slow, and written from the text alone."""

    def __init__(self, entries: Sequence[bytes]) -> None:
        self.entries = list(entries)
        self._known: dict[tuple[int, int], bytes] = {}

    def root(self, start: int = 0, stop: int | None = None) -> bytes:
        """MTH(D[start:stop])."""
        stop = len(self.entries) if stop is None else stop
        if (start, stop) not in self._known:
            if stop == start:
                value = sha256(b"").digest()
            elif stop - start == 1:
                value = sha256(b"\x00" + self.entries[start]).digest()
            else:
                k = self._split(stop - start)
                value = sha256(b"\x01" + self.root(start, start + k) + self.root(start + k, stop)).digest()
            self._known[start, stop] = value
        return self._known[start, stop]

    def path(self, m: int, start: int = 0, stop: int | None = None) -> list[bytes]:
        """PATH(m, D[start:stop])."""
        stop = len(self.entries) if stop is None else stop
        if stop - start == 1:
            return []
        k = self._split(stop - start)
        if m < k:
            return [*self.path(m, start, start + k), self.root(start + k, stop)]
        return [*self.path(m - k, start + k, stop), self.root(start, start + k)]

    def proof(self, m: int) -> list[bytes]:
        """PROOF(m, D[n])."""
        return self._subproof(m, 0, len(self.entries), True)

    def _subproof(self, m: int, start: int, stop: int, complete: bool) -> list[bytes]:
        if m == stop - start:
            return [] if complete else [self.root(start, stop)]
        k = self._split(stop - start)
        if m <= k:
            return [*self._subproof(m, start, start + k, complete), self.root(start + k, stop)]
        return [*self._subproof(m - k, start + k, stop, False), self.root(start, start + k)]

    @staticmethod
    def _split(n: int) -> int:
        k = 1
        while k * 2 < n:
            k *= 2
        return k


@dataclass
class SignedLog:
    """A log as it lies in a bundle: files with the checkpoint, and its keys."""

    log: MemoryLog
    key: SigningKey
    time: int = 1_722_200_000

    @property
    def verifier(self) -> VerifierKey:
        return self.key.verifier

    @property
    def checkpoint(self) -> bytes:
        return sign_checkpoint(successor(None, self.key.name, self.log.head, self.time), self.key)

    @property
    def files(self) -> dict[str, bytes]:
        return {**self.log.files, "checkpoint": self.checkpoint}


@pytest.fixture(scope="session")
def naive_tree() -> type[NaiveTree]:
    return NaiveTree


@pytest.fixture(scope="session")
def entries_of() -> Callable[[int], list[bytes]]:
    """Distinct invented entries of different lengths."""

    def make(number: int) -> list[bytes]:
        return [b"entry %d " % index + b"." * (index % 50) for index in range(number)]

    return make


@pytest.fixture
def signed_log(entries_of: Callable[[int], list[bytes]]) -> Callable[[int], SignedLog]:
    def make(size: int) -> SignedLog:
        return SignedLog(MemoryLog(entries_of(size)), generate_key(ORIGIN))

    return make
