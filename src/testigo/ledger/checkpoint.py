"""Checkpoints: what a log signs about itself (C2SP tlog-checkpoint).

    <origin>
    <number of leaves>
    <base64 of the root hash>
    time <unix seconds>

Rules of this module
--------------------
1. **The size decides which of two checkpoints is newer, never the time.** Clocks go backwards; a log must not.
2. The last line is an extension of ours: when the log says it signed. It is the log's own word (witnesses give theirs
   in cosignatures) and serves one purpose: it makes a broken promise provable (see ``promise``).
3. A key signs for one origin: the key's name is the origin, so that no log can answer for another.
4. :func:`successor` stands before every signature: it refuses to shrink and to fork.
"""

from __future__ import annotations

from dataclasses import dataclass

from testigo.errors import InputError, InternalError
from testigo.ledger.encoding import from_base64, from_decimal, to_base64
from testigo.ledger.merkle import MAX_SIZE, TreeHead
from testigo.ledger.note import COSIGNATURE, Note, Signature, SigningKey, VerifierKey, open_note, sign_note

_TIME = "time "


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A state of a log as its text states it.

    Attributes:
        origin: the log's name; also the name of its key.
        head: size and root.
        extensions: further lines, without newlines, none empty.
    """

    origin: str
    head: TreeHead
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line in (self.origin, *self.extensions):
            if not line or any(char < " " for char in line):
                raise InputError("A line of a checkpoint is empty or holds a control character.", "Fetch it again.")
        if sum(line.startswith(_TIME) for line in self.extensions) > 1:
            raise InputError("The checkpoint states two times.", "Fetch it again from its source.")

    @property
    def time(self) -> int | None:
        """Unix seconds at which the log says it signed; None if it does not say."""
        for line in self.extensions:
            if line.startswith(_TIME):
                return from_decimal(line.removeprefix(_TIME), "checkpoint's time")
        return None

    def text(self) -> str:
        """The text to sign."""
        lines = [self.origin, str(self.head.size), to_base64(self.head.root), *self.extensions]
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint whose log key was verified, and the bytes it came in.

    Attributes:
        data: the note as it was read, to store or to hand on.
        verified: the log's signature, and those of the witnesses whose keys were given.
        unknown: signatures that nobody checked.
    """

    checkpoint: Checkpoint
    data: bytes
    verified: tuple[Signature, ...]
    unknown: tuple[Signature, ...]

    @property
    def head(self) -> TreeHead:
        """Size and root."""
        return self.checkpoint.head


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint's text (without signatures), strictly."""
    if not text.endswith("\n"):
        raise InputError("The checkpoint does not end with a newline.", "Fetch it again from its source.")
    lines = text[:-1].split("\n")
    if len(lines) < 3:
        raise InputError("A checkpoint has at least three lines: origin, size, root.", "Fetch it again.")
    size = from_decimal(lines[1], "checkpoint's size")
    root = from_base64(lines[2], "checkpoint's root hash")
    checkpoint = Checkpoint(lines[0], TreeHead(size, root), tuple(lines[3:]))
    _ = checkpoint.time  # a malformed time is an error here, not where somebody first asks for it
    return checkpoint


def successor(previous: Checkpoint | None, origin: str, head: TreeHead, time: int) -> Checkpoint:
    """The checkpoint to sign next, after ``previous`` (None for the first).

    ``time`` (unix seconds) must be read from the clock **before** the queue of entries is read: then no promise that
    was given before it can be missing from this checkpoint by accident. It may be earlier than the previous one's.

    InternalError if signing would shrink or fork the log: the sequencer must stop, not retry.
    """
    if previous is not None:
        if previous.origin != origin:
            raise InternalError(f"The log {origin} cannot continue the log {previous.origin}.", _STOP)
        if head.size < previous.head.size:
            raise InternalError(f"The log would shrink from {previous.head.size} to {head.size} leaves.", _STOP)
        if head.size == previous.head.size and head.root != previous.head.root:
            raise InternalError(f"The log would fork: two trees of {head.size} leaves.", _STOP)
    if not 0 <= time <= MAX_SIZE:
        raise InternalError(f"{time} is not a time in unix seconds.", "Set the server's clock.")
    return Checkpoint(origin, head, (f"{_TIME}{time}",))


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> bytes:
    """The signed note. The key must bear the log's name."""
    if key.name != checkpoint.origin or key.kind == COSIGNATURE:
        raise InputError(
            f"The key of {key.name} cannot sign for the log {checkpoint.origin}.", "Use the log's own key."
        )
    return sign_note(checkpoint.text(), key)


def open_checkpoint(data: bytes, key: VerifierKey, witnesses: tuple[VerifierKey, ...] = ()) -> SignedCheckpoint:
    """The checkpoint in ``data``, if the log's ``key`` signed it.

    1. The log's signature holds. 2. So does each given witness's, where there is one. 3. The text is a checkpoint.
    4. Its origin is the key's name. Whether enough witnesses signed is for the caller to decide, from ``verified``.
    """
    opened = open_note(data, (key, *witnesses))
    if not any((one.name, one.key_id) == (key.name, key.key_id) for one in opened.verified):
        raise InputError(f"The checkpoint is not signed by the log's key {key.name}.", "Check the key and the source.")
    checkpoint = parse_checkpoint(opened.text)
    if checkpoint.origin != key.name:
        raise InputError(
            f"The checkpoint speaks for {checkpoint.origin!r}, but the key is that of {key.name!r}.",
            "Use the key of the log that the checkpoint names.",
        )
    return SignedCheckpoint(checkpoint, data, opened.verified, opened.unknown)


def cosign(data: bytes, log_key: VerifierKey, witness: SigningKey, time: int) -> bytes:
    """The checkpoint in ``data`` with a witness's timestamped cosignature added (C2SP tlog-cosignature).

    The log's signature is verified here; **consistency with what the witness saw before is the caller's to check**,
    with :func:`verify_consistency`: that is what a cosignature states.
    """
    if witness.kind != COSIGNATURE:
        raise InputError(f"The key of {witness.name} is not a witness's key.", "Generate one of the cosignature kind.")
    signed = open_checkpoint(data, log_key)
    signature = witness.sign(signed.checkpoint.text(), time)
    mine = (witness.name, signature.key_id)
    others = [one for one in (*signed.verified, *signed.unknown) if (one.name, one.key_id) != mine]
    return Note(signed.checkpoint.text(), (*others, signature)).encode()


_STOP = "Nothing was signed. Compare the stored tiles with the last published checkpoint before going on."
