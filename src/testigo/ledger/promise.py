"""Promises: what an intake signs at once, and how anybody can show that it was not kept.

A promise is a signed note (key: an intake key that the configuration leaf names), with this text:

    testigo promise v1
    log <origin of the log>
    leaf <base64 of the leaf hash>
    deadline <unix seconds>

**It means:** every checkpoint of that log whose own ``time`` is later than ``deadline`` holds this leaf.

Rules of this module
--------------------
1. **Evidence of a broken promise** is three things that anybody can check: the promise with the intake's signature;
   a checkpoint with the log's signature whose ``time`` is later than the deadline; and all leaf hashes of that
   checkpoint, leading to its root, without the promised one. Nobody's clock is believed but the log's own.
2. A log that stops signing later times escapes this evidence, and is told by its silence (and by witnesses' times).
   A checkpoint without a time proves nothing about promises.
3. A leaf that came late broke its promise all the same: the evidence is any checkpoint after the deadline and before
   the leaf. So the tree to look at is that checkpoint's, not the latest.
4. The text cannot be taken for a checkpoint: its second line is not a number.
5. A promise holds the leaf hash, never a nonce, a time of arrival or a sender.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from testigo.errors import InputError
from testigo.ledger.checkpoint import Checkpoint
from testigo.ledger.encoding import from_base64, from_decimal, to_base64
from testigo.ledger.merkle import HASH_BYTES, MAX_SIZE, root_of_hashes
from testigo.ledger.note import SigningKey, VerifierKey, open_note, sign_note

_FIRST_LINE = "testigo promise v1"


class PromiseState(StrEnum):
    """What a complete copy of the log says about a promise."""

    KEPT = "kept"
    BROKEN = "broken"
    OPEN = "open"
    """Not there yet, and the copy is not later than the deadline (or does not say its time)."""


@dataclass(frozen=True, slots=True)
class Promise:
    """ "This leaf will be in that log by then."

    Attributes:
        origin: the log's name.
        leaf: leaf hash, 32 bytes.
        deadline: unix seconds.
    """

    origin: str
    leaf: bytes
    deadline: int

    def __post_init__(self) -> None:
        if not self.origin or any(char < " " for char in self.origin):
            raise InputError("A promise must name its log in one line.", "Give the log's origin.")
        if len(self.leaf) != HASH_BYTES or not 0 <= self.deadline <= MAX_SIZE:
            raise InputError("A promise needs a leaf hash of 32 bytes and a deadline.", "Ask the intake again.")

    def text(self) -> str:
        """The text to sign."""
        return f"{_FIRST_LINE}\nlog {self.origin}\nleaf {to_base64(self.leaf)}\ndeadline {self.deadline}\n"


@dataclass(frozen=True, slots=True)
class LogCopy:
    """All leaves of a log at one checkpoint. Made by :func:`complete_copy`, which checks that none is missing."""

    checkpoint: Checkpoint
    leaves: frozenset[bytes]


def sign_promise(promise: Promise, intake_key: SigningKey) -> bytes:
    """The signed note that the intake answers with."""
    return sign_note(promise.text(), intake_key)


def open_promise(data: bytes, intake_keys: Iterable[VerifierKey]) -> Promise:
    """The promise in ``data``, if one of ``intake_keys`` signed it. InputError otherwise."""
    lines = open_note(data, intake_keys).text[:-1].split("\n")
    if len(lines) != 4 or lines[0] != _FIRST_LINE:
        raise InputError("The signed note is not a promise.", f"It should begin with {_FIRST_LINE!r}.")
    values: list[str] = []
    for word, line in zip(("log ", "leaf ", "deadline "), lines[1:], strict=True):
        if not line.startswith(word):
            raise InputError(f"The promise lacks its line {word.strip()!r}.", "Ask the intake again.")
        values.append(line.removeprefix(word))
    leaf = from_base64(values[1], "leaf hash in the promise")
    return Promise(values[0], leaf, from_decimal(values[2], "deadline in the promise"))


def complete_copy(checkpoint: Checkpoint, leaf_hashes: Sequence[bytes]) -> LogCopy:
    """All leaves of a (verified) checkpoint; InputError unless they are all, in order, and lead to its root.

    For an earlier checkpoint of the same log, pass the first ``checkpoint.head.size`` leaf hashes of a later copy.
    """
    if len(leaf_hashes) != checkpoint.head.size or root_of_hashes(leaf_hashes) != checkpoint.head.root:
        raise InputError(
            f"These {len(leaf_hashes)} leaves are not the whole log at its checkpoint of {checkpoint.head.size}.",
            "Fetch every entry bundle up to that size: what is missing from a part is no evidence.",
        )
    return LogCopy(checkpoint, frozenset(leaf_hashes))


def promise_state(promise: Promise, copy: LogCopy) -> PromiseState:
    """What ``copy`` says about ``promise`` (both verified): kept, broken or still open. See rule 3 for late leaves."""
    if promise.origin != copy.checkpoint.origin:
        raise InputError(
            f"The promise speaks of the log {promise.origin!r}, the copy is of {copy.checkpoint.origin!r}.",
            "Fetch the log that the promise names.",
        )
    if promise.leaf in copy.leaves:
        return PromiseState.KEPT
    time = copy.checkpoint.time
    return PromiseState.BROKEN if time is not None and time > promise.deadline else PromiseState.OPEN


def promise_is_broken(promise: Promise, copy: LogCopy) -> bool:
    """Whether ``promise`` with ``copy`` is evidence against the log, by rule 1."""
    return promise_state(promise, copy) is PromiseState.BROKEN
