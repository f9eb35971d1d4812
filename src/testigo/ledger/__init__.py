"""The append-only log: what was logged can be shown, and cannot be changed unseen.

It knows only bytes; what an entry means is other parts' business. Formats: C2SP tlog-tiles, tlog-checkpoint,
signed-note, tlog-cosignature and tlog-proof over RFC 6962 trees: any tool of that family can check a log of ours.

Rules of this part
------------------
1. Everything is decided from values: stored tiles come through a one-method reader, time is an argument. Only ``keys``
   touches the disk.
2. What does not hold raises :class:`testigo.errors.InputError`, saying which statement failed. :func:`check_log` alone
   collects problems instead, because whoever audits wants them all.
3. Parsing accepts one spelling of everything.
"""

from testigo.ledger.audit import CHECKPOINT, LogAudit, check_log
from testigo.ledger.checkpoint import (
    Checkpoint,
    SignedCheckpoint,
    cosign,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
    successor,
)
from testigo.ledger.commitment import NONCE_BYTES, commit, new_nonce, opens
from testigo.ledger.keys import read_signing_key, read_verifier_key, write_signing_key, write_verifier_key
from testigo.ledger.log import DictReader, Growth, MemoryLog, append
from testigo.ledger.merkle import EMPTY_HEAD, EMPTY_ROOT, TreeHead, leaf_hash, node_hash, root_of_hashes
from testigo.ledger.note import (
    COSIGNATURE,
    ED25519,
    Note,
    OpenedNote,
    Signature,
    SigningKey,
    VerifierKey,
    generate_key,
    open_note,
    parse_note,
    parse_signing_key,
    parse_verifier_key,
    sign_note,
)
from testigo.ledger.promise import (
    LogCopy,
    Promise,
    PromiseState,
    complete_copy,
    open_promise,
    promise_is_broken,
    promise_state,
    sign_promise,
)
from testigo.ledger.proof_file import (
    ProofFile,
    make_proof_file,
    parse_proof_file,
    verify_leaf_in_proof_file,
    verify_proof_file,
)
from testigo.ledger.proofs import Tree, verify_consistency, verify_inclusion
from testigo.ledger.tiles import (
    ENTRIES,
    MAX_ENTRY_BYTES,
    TILE_WIDTH,
    AtSize,
    Tile,
    TileReader,
    pack_entries,
    parse_path,
    paths_of,
    tiles_of,
    unpack_entries,
)

__all__ = [
    "CHECKPOINT",
    "COSIGNATURE",
    "ED25519",
    "EMPTY_HEAD",
    "EMPTY_ROOT",
    "ENTRIES",
    "MAX_ENTRY_BYTES",
    "NONCE_BYTES",
    "TILE_WIDTH",
    "AtSize",
    "Checkpoint",
    "DictReader",
    "Growth",
    "LogAudit",
    "LogCopy",
    "MemoryLog",
    "Note",
    "OpenedNote",
    "Promise",
    "PromiseState",
    "ProofFile",
    "Signature",
    "SignedCheckpoint",
    "SigningKey",
    "Tile",
    "TileReader",
    "Tree",
    "TreeHead",
    "VerifierKey",
    "append",
    "check_log",
    "commit",
    "complete_copy",
    "cosign",
    "generate_key",
    "leaf_hash",
    "make_proof_file",
    "new_nonce",
    "node_hash",
    "open_checkpoint",
    "open_note",
    "open_promise",
    "opens",
    "pack_entries",
    "parse_checkpoint",
    "parse_note",
    "parse_path",
    "parse_proof_file",
    "parse_signing_key",
    "parse_verifier_key",
    "paths_of",
    "promise_is_broken",
    "promise_state",
    "read_signing_key",
    "read_verifier_key",
    "root_of_hashes",
    "sign_checkpoint",
    "sign_note",
    "sign_promise",
    "successor",
    "tiles_of",
    "unpack_entries",
    "verify_consistency",
    "verify_inclusion",
    "verify_leaf_in_proof_file",
    "verify_proof_file",
    "write_signing_key",
    "write_verifier_key",
]
