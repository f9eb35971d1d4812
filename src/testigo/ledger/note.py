"""Signed notes and their keys (C2SP signed-note, tlog-cosignature; the same as Go's sumdb/note).

    <text, one or more lines>
    <empty line>
    — <key name> <base64 of key id and signature>

Rules of this module
--------------------
1. A text counts only after a signature of a *given* key has been verified: :func:`open_note` gives no other.
2. A key is known by name **and** id together. Signatures of unknown keys are set aside, never an error: so witnesses
   and new keys can be added without breaking anybody. A bad signature of a known key refuses the whole note.
3. Parsing is strict: UTF-8, no control characters but the newline, one spelling of every signature.
4. Two algorithms: Ed25519 over the text (type 1), and the timestamped Ed25519 cosignature of a witness (type 4).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_bytes

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from testigo.errors import InputError
from testigo.ledger.encoding import check_key_name, from_base64, to_base64

ED25519 = 1
COSIGNATURE = 4
_KINDS = {ED25519: 64, COSIGNATURE: 8 + 64}  # algorithm -> bytes of its signature
_KEY_BYTES = 32
_KEY_ID_BYTES = 4
_PRIVATE = "PRIVATE+KEY+"
_EM_DASH = "\u2014 "
_MAX_NOTE_BYTES = 1_000_000
_MAX_SIGNATURES = 100


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who (name, 4-byte key id) and what (raw signature bytes)."""

    name: str
    key_id: bytes
    value: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note, without newline."""
        return f"{_EM_DASH}{self.name} {to_base64(self.key_id + self.value)}"

    @property
    def time(self) -> int:
        """Unix seconds that a cosignature states (meaningless for other signatures, and before verification)."""
        return int.from_bytes(self.value[:8], "big")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key: name, algorithm (:data:`ED25519` or :data:`COSIGNATURE`), 32 bytes."""

    name: str
    public: bytes
    kind: int = ED25519

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if self.kind not in _KINDS or len(self.public) != _KEY_BYTES:
            raise InputError(f"The key of {self.name} is not an Ed25519 key.", "Ask its owner for the whole key line.")

    @property
    def key_id(self) -> bytes:
        """First four bytes of SHA-256(name, newline, algorithm, public key)."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:_KEY_ID_BYTES]

    def encode(self) -> str:
        """``<name>+<key id in hex>+<base64 of algorithm and key>``, the form that ``--key`` takes."""
        return f"{self.name}+{self.key_id.hex()}+{to_base64(bytes([self.kind]) + self.public)}"

    def verify(self, text: str, signature: Signature) -> None:
        """InputError unless this key made ``signature`` over ``text``."""
        if (signature.name, signature.key_id) != (self.name, self.key_id):
            raise InputError(f"The signature is not by {self.name}.", "Check that the key belongs to this log.")
        value, message = signature.value, text.encode()
        try:
            if len(value) != _KINDS[self.kind]:
                raise InvalidSignature
            if self.kind == COSIGNATURE:
                message, value = _cosigned(text, signature.time), value[8:]
            Ed25519PublicKey.from_public_bytes(self.public).verify(value, message)
        except (InvalidSignature, ValueError):
            raise InputError(
                f"The signature of {self.name} does not fit the text: one of them was altered.",
                "Fetch the file again from its source; if it stays so, do not trust it.",
            ) from None


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key. Its seed is kept out of ``repr``, so that no log or traceback shows it."""

    name: str
    seed: bytes = field(repr=False)
    kind: int = ED25519

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if self.kind not in _KINDS or len(self.seed) != _KEY_BYTES:
            raise InputError(f"The private key of {self.name} is not an Ed25519 key.", _PRIVATE_REMEDY)

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self._private().public_key().public_bytes_raw(), self.kind)

    def encode(self) -> str:
        """``PRIVATE+KEY+<name>+<key id>+<base64>``. Whoever reads it can sign."""
        material = to_base64(bytes([self.kind]) + self.seed)
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{material}"

    def sign(self, text: str, time: int = 0) -> Signature:
        """Sign ``text``. A cosignature states ``time`` (unix seconds); the plain algorithm has none."""
        if self.kind == COSIGNATURE:
            if not 0 < time < 2**63:
                raise InputError("A cosignature needs the time, in unix seconds.", "Pass the clock's time.")
            value = time.to_bytes(8, "big") + self._private().sign(_cosigned(text, time))
        else:
            value = self._private().sign(text.encode())
        return Signature(self.name, self.verifier.key_id, value)

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note. Nothing in it is verified."""

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """The bytes of the note."""
        return (self.text + "\n" + "".join(f"{signature.line}\n" for signature in self.signatures)).encode()


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A note of which at least one signature was verified.

    Attributes:
        text: the signed text, with its last newline.
        verified: one signature per known key.
        unknown: the others: nobody checked them, and anybody may have added them.
    """

    text: str
    verified: tuple[Signature, ...]
    unknown: tuple[Signature, ...]


def generate_key(name: str, kind: int = ED25519) -> SigningKey:
    """A fresh key from the system's random source. ``.encode()`` and ``.verifier.encode()`` are its two strings."""
    return SigningKey(name, token_bytes(_KEY_BYTES), kind)


def parse_verifier_key(text: str) -> VerifierKey:
    """Read ``<name>+<key id>+<base64>``; InputError if any character of it is wrong."""
    name, key_id, kind, material = _parse_key(text, "Ask the log's owner for the whole key line.")
    key = VerifierKey(name, material, kind)
    if key.key_id.hex() != key_id:
        raise InputError(f"The key line of {name!r} is damaged: its id is wrong.", "Ask for the whole key line again.")
    return key


def parse_signing_key(text: str) -> SigningKey:
    """Read ``PRIVATE+KEY+<name>+<key id>+<base64>``. No error shows any part of the key."""
    if not text.startswith(_PRIVATE):
        raise InputError("This is not a private key line.", _PRIVATE_REMEDY)
    name, key_id, kind, material = _parse_key(text.removeprefix(_PRIVATE), _PRIVATE_REMEDY)
    key = SigningKey(name, material, kind)
    if key.verifier.key_id.hex() != key_id:
        raise InputError("The private key line is damaged: its id is wrong.", _PRIVATE_REMEDY)
    return key


def sign_note(text: str, *keys: SigningKey) -> bytes:
    """The note of ``text`` with one signature per key, in order. InputError if a note cannot hold the text."""
    note = Note(text, tuple(key.sign(text) for key in keys))
    parse_note(note.encode())
    return note.encode()


def parse_note(data: bytes) -> Note:
    """Take a note apart, strictly. Verifies nothing: use :func:`open_note` wherever the text matters."""
    if len(data) > _MAX_NOTE_BYTES:
        raise _malformed("is longer than a megabyte")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise _malformed("is not UTF-8") from None
    if any(char < " " and char != "\n" for char in whole):
        raise _malformed("holds a control character")
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not text or not lines.endswith("\n"):
        raise _malformed("is not a text, an empty line and signature lines")
    # split("\n"), not splitlines(): the latter also breaks at characters that a text may hold.
    signatures = tuple(_parse_signature(line) for line in lines[:-1].split("\n"))
    if len(signatures) > _MAX_SIGNATURES:
        raise _malformed(f"has more than {_MAX_SIGNATURES} signatures")
    return Note(text + "\n", signatures)


def open_note(data: bytes, keys: Iterable[VerifierKey]) -> OpenedNote:
    """The text of a note that at least one of ``keys`` has signed.

    1. Parse. 2. Verify every signature of a known key; one bad refuses the note. 3. Set the others aside.
    4. Without any known signature there is no text.
    """
    note = parse_note(data)
    known = {(key.name, key.key_id): key for key in keys}
    verified: dict[tuple[str, bytes], Signature] = {}
    unknown: list[Signature] = []
    for signature in note.signatures:
        who = (signature.name, signature.key_id)
        if who in known:
            known[who].verify(note.text, signature)
            verified.setdefault(who, signature)
        else:
            unknown.append(signature)
    if not verified:
        signers = ", ".join(f"{one.name}+{one.key_id.hex()}" for one in note.signatures)
        raise InputError(
            f"None of the given keys signed this note; it carries signatures of {signers}.",
            "Check that the key belongs to this log.",
        )
    return OpenedNote(note.text, tuple(verified.values()), tuple(unknown))


def _parse_signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_EM_DASH).partition(" ")
    if not line.startswith(_EM_DASH) or not space:
        raise _malformed("has a line after its text that is not a signature")
    check_key_name(name)
    raw = from_base64(encoded, f"signature of {name}")
    if len(raw) <= _KEY_ID_BYTES:
        raise _malformed(f"has an empty signature of {name}")
    return Signature(name, raw[:_KEY_ID_BYTES], raw[_KEY_ID_BYTES:])


def _parse_key(text: str, remedy: str) -> tuple[str, str, int, bytes]:
    name, _, rest = text.partition("+")
    key_id, plus, encoded = rest.partition("+")  # base64 may hold further plus signs
    if not plus:
        raise InputError("A key line has three parts joined by plus signs; this one has not.", remedy)
    raw = from_base64(encoded, "key")
    if len(raw) != 1 + _KEY_BYTES:
        raise InputError("The key has the wrong length.", remedy)
    return name, key_id, raw[0], raw[1:]


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _malformed(what: str) -> InputError:
    return InputError(f"The signed note {what}.", "Fetch it again from its source.")


_PRIVATE_REMEDY = "Give the whole line of the key file, as it was generated."
