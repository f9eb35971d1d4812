"""A proof to keep: one file that shows, offline, that an entry is in the log (C2SP tlog-proof).

    c2sp.org/tlog-proof@v1
    extra <base64>                 (optional, proves nothing)
    index <position of the entry>
    <base64 hash>                  (none or more: the inclusion proof)

    <the signed checkpoint>

Rules of this module
--------------------
1. Whoever checks brings the entry and the log's key; nothing in the file is believed.
2. The checkpoint is kept as the bytes that the log signed.
3. ``extra`` is handed over unverified and says so in its name.
"""

from __future__ import annotations

from dataclasses import dataclass

from testigo.errors import InputError
from testigo.ledger.checkpoint import SignedCheckpoint, open_checkpoint, parse_checkpoint
from testigo.ledger.encoding import from_base64, from_decimal, to_base64
from testigo.ledger.merkle import HASH_BYTES, leaf_hash
from testigo.ledger.note import VerifierKey, parse_note
from testigo.ledger.proofs import Tree, verify_inclusion

_FIRST_LINE = "c2sp.org/tlog-proof@v1"
_MAX_HASHES = 64


@dataclass(frozen=True, slots=True)
class ProofFile:
    """A parsed ``.tlog-proof`` file. Nothing in it is verified.

    Attributes:
        index: the entry's position in the log, from 0.
        hashes: the inclusion proof, from the leaf's sibling upwards.
        checkpoint: the signed note, byte for byte.
        unverified_extra: what the maker added; anybody may have changed it. None if the line is absent.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    unverified_extra: bytes | None = None

    def encode(self) -> bytes:
        """The bytes of the file."""
        lines = [_FIRST_LINE]
        if self.unverified_extra is not None:
            lines.append(f"extra {to_base64(self.unverified_extra)}")
        lines.append(f"index {self.index}")
        lines.extend(to_base64(value) for value in self.hashes)
        return "".join(f"{line}\n" for line in [*lines, ""]).encode() + self.checkpoint


def make_proof_file(tree: Tree, index: int, checkpoint: bytes) -> ProofFile:
    """The proof of entry ``index`` at a signed ``checkpoint``; InputError if that is not the checkpoint of ``tree``."""
    head = parse_checkpoint(parse_note(checkpoint).text).head
    if head != tree.head:
        raise InputError(
            f"The checkpoint ({head.size} leaves) is not that of these tiles ({tree.size} leaves).",
            "Take the checkpoint that was signed over these tiles, or wrap them in AtSize.",
        )
    return ProofFile(index, tuple(tree.inclusion_proof(index)), checkpoint)


def parse_proof_file(data: bytes) -> ProofFile:
    """Read a ``.tlog-proof`` file, strictly. Verifies nothing."""
    top, blank, checkpoint = data.partition(b"\n\n")
    try:
        lines = top.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise _malformed("its upper part holds other than ASCII") from None
    if lines[0] != _FIRST_LINE:
        raise _malformed(f"it does not begin with {_FIRST_LINE}")
    if not blank:
        raise _malformed("no empty line stands before the checkpoint")
    extra: bytes | None = None
    rest = lines[1:]
    if rest and rest[0].startswith("extra "):
        extra = from_base64(rest[0].removeprefix("extra "), "proof's extra data")
        rest = rest[1:]
    if not rest or not rest[0].startswith("index "):
        raise _malformed("the line 'index' is missing")
    index = from_decimal(rest[0].removeprefix("index "), "index in the proof")
    hashes = tuple(from_base64(line, "hash in the proof") for line in rest[1:])
    if len(hashes) > _MAX_HASHES or any(len(value) != HASH_BYTES for value in hashes):
        raise _malformed("a line of its inclusion proof is not a SHA-256 hash, or there are too many")
    return ProofFile(index, hashes, checkpoint, extra)


def verify_proof_file(
    data: bytes, entry: bytes, key: VerifierKey, witnesses: tuple[VerifierKey, ...] = ()
) -> SignedCheckpoint:
    """Check, offline, that the log of ``key`` holds ``entry``; returns the checkpoint that says so.

    1. Parse. 2. The log's signature (and the given witnesses') over the checkpoint. 3. The entry leads to its root.
    """
    return verify_leaf_in_proof_file(data, leaf_hash(entry), key, witnesses)


def verify_leaf_in_proof_file(
    data: bytes, leaf: bytes, key: VerifierKey, witnesses: tuple[VerifierKey, ...] = ()
) -> SignedCheckpoint:
    """As :func:`verify_proof_file`, for somebody who holds only the leaf hash, from a promise."""
    proof = parse_proof_file(data)
    signed = open_checkpoint(proof.checkpoint, key, witnesses)
    verify_inclusion(leaf, proof.index, signed.head, proof.hashes)
    return signed


def _malformed(what: str) -> InputError:
    return InputError(f"The proof file is malformed: {what}.", "Fetch the proof again.")
