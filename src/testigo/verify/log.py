"""Steps 2 to 5: the log is the one that was signed, holds this release, and continues what was seen before.

Rules of this module
--------------------
1. A pinned key is the only one believed. Without one the bundle's own key is used, and the report says that the signer
   is unknown.
2. After a signature that does not hold nothing else of the log is measured: it would be measured against a forgery.
3. Of two checkpoints the larger must begin with the smaller, leaf by leaf.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from testigo.bundle import Leaves, Manifest, read_leaves
from testigo.bundle.files import read_file
from testigo.bundle.manifest import LEDGER, PROFILE
from testigo.errors import InputError
from testigo.ledger import (
    CHECKPOINT,
    Checkpoint,
    VerifierKey,
    check_log,
    leaf_hash,
    open_checkpoint,
    parse_checkpoint,
    parse_note,
    parse_verifier_key,
    root_of_hashes,
)
from testigo.records import ReleaseLeaf, parse_leaf
from testigo.verify.report import Findings

_MAX_FILE = 1 << 25  # bytes; an entry bundle has at most 256 entries of 64 KiB
_WHERE = f"{LEDGER}/{CHECKPOINT}"


@dataclass(frozen=True, slots=True)
class SoundLog:
    """A log that holds together: its entries, in order, and the checkpoint over them."""

    entries: tuple[bytes, ...]
    checkpoint: Checkpoint
    key: VerifierKey


def check_signed_log(
    root: Path, files: set[str], manifest: Manifest | None, pinned: VerifierKey | None, found: Findings
) -> SoundLog | None:
    """Steps 2 and 3: signature, every file of the log, every hash of every tile. ``None`` if it does not hold."""
    key = pinned or _own_key(manifest, found)
    if pinned is None:
        found.skip(
            "signer",
            "quién firmó (dé la clave del registro con --key)",
            "who signed (give the log's key with --key)",
        )
    elif manifest is not None and (manifest.log_key != pinned.encode() or manifest.origin != pinned.name):
        found.problem("signature", "manifest.json, log_key", "it names another key than the one you gave")
    audit = check_log(lambda path: read_file(root, f"{LEDGER}/{path}", _MAX_FILE), files, key)
    kind = "signature" if key is not None and audit.signed is None else "log"
    for problem in audit.problems:
        found.problem(kind, f"{LEDGER}/{problem.file}", problem.problem)
    if audit.problems or audit.checkpoint is None or key is None:
        return None
    if audit.signed is not None and len(audit.signed.verified) < 2:
        found.skip("witnesses", "testigos externos del registro (no hay)", "outside witnesses of the log (none)")
    return SoundLog(audit.all_entries(), audit.checkpoint, key)


def _own_key(manifest: Manifest | None, found: Findings) -> VerifierKey | None:
    if manifest is None:
        return None
    try:
        return parse_verifier_key(manifest.log_key)
    except InputError as error:
        found.problem("manifest", "manifest.json, log_key", error.message)
        return None


def check_release(log: SoundLog, manifest: Manifest, found: Findings) -> Leaves | None:
    """Step 4, first half: every entry is a leaf, and the release leaf names this manifest.

    Returns:
        The leaves that the tables project, or ``None`` if an entry is none.
    """
    if manifest.origin != log.checkpoint.origin:
        found.problem("release", "manifest.json, origin", f"the log is {log.checkpoint.origin}, not {manifest.origin}")
    if manifest.covers >= len(log.entries):
        what = f"it covers {manifest.covers} leaves, and the log has {len(log.entries)}: the release leaf is missing"
        found.problem("release", "manifest.json, covers", what)
        return None
    try:
        leaves = read_leaves(log.entries[: manifest.covers])
    except InputError as error:
        found.refused("leaf", error)
        return None
    own = ReleaseLeaf(manifest.release, manifest.sha256, manifest.previous)
    after = []
    for index, entry in enumerate(log.entries[manifest.covers :], manifest.covers):
        try:
            after.append(parse_leaf(entry))
        except InputError as error:
            found.problem("leaf", f"{LEDGER}, leaf {index}", error.message)
    releases = [leaf for leaf in after if isinstance(leaf, ReleaseLeaf)]
    if own not in releases:
        named = ", ".join(leaf.manifest for leaf in releases) or "none"
        what = f"the log holds no leaf of release {own.number} with its hash {own.manifest}; releases there: {named}"
        found.problem("release", "manifest.json", what)
    _check_numbers([*leaves.releases.values(), *releases], manifest, found)
    return leaves


def _check_numbers(releases: Sequence[ReleaseLeaf], manifest: Manifest, found: Findings) -> None:
    """Releases count 1, 2, … and each names the one before: none can be inserted, repeated or left out."""
    before = ""
    for number, leaf in enumerate(releases, 1):
        if leaf.number != number or leaf.previous != before:
            what = f"release leaf number {leaf.number} stands at place {number}, or names another previous release"
            found.problem("release", LEDGER, what)
        before = leaf.manifest
    if releases and releases[-1].manifest != manifest.sha256 and releases[-1].number > manifest.release:
        newest = releases[-1].number
        found.skip(
            "newer_release",
            f"la publicación {newest}, más nueva, que el registro ya nombra",
            f"release {newest}, a newer one, which the log already names",
        )


def check_configuration(leaves: Leaves, manifest: Manifest, files: dict[str, bytes], found: Findings) -> None:
    """Step 4, second half: profile, register and rehearsal are those that the log's configuration names.

    The register's hash is that of the file as configured. It is compared with ``stations.csv`` and
    ``stations.parquet``, which have the very bytes that ``testigo register`` writes; a register that came from
    elsewhere may hold the same rows in other bytes, and is then reported as not checked.
    """
    where = f"{LEDGER}, leaf {max(leaves.configurations)}"
    configuration = leaves.configuration
    hashes = {path: sha256(data).hexdigest() for path, data in files.items()}
    for name, logged, carried in (
        ("election", configuration.election, manifest.election),
        ("profile", configuration.profile, hashes.get(PROFILE, "")),
        ("register", configuration.register, manifest.register_sha256),
    ):
        if logged != carried:
            found.problem("configuration", where, f"{name}: the log says {logged!r}, the bundle {carried!r}")
    if leaves.rehearsal != manifest.rehearsal:
        what = f"rehearsal: the log says {leaves.rehearsal}, the manifest {manifest.rehearsal}"
        found.problem("configuration", "manifest.json, rehearsal", what)
    own = {hashes.get("stations.csv"), hashes.get("stations.parquet")}
    if configuration.register and configuration.register not in own:
        short = configuration.register[:12]
        found.skip(
            "register_file",
            f"que las mesas sean las del archivo de registro {short}…, que no está en el paquete con esos bytes",
            f"that the stations are those of the register file {short}…, which is not in the bundle in those bytes",
        )


def check_history(log: SoundLog, earlier: Sequence[tuple[str, bytes]], found: Findings) -> None:
    """Step 5: the log continues every checkpoint that the user has seen before.

    Args:
        earlier: (name for the report, signed note) of each.

    Raises:
        InputError: what the user gave is not a checkpoint.
    """
    hashes = [leaf_hash(entry) for entry in log.entries] if earlier else []
    for name, data in earlier:
        parse_checkpoint(parse_note(data).text)
        try:
            head = open_checkpoint(data, log.key).head
        except InputError as error:
            found.problem("history", name, f"the bundle's key did not sign it: {error.message}")
            continue
        if head.size > len(hashes):
            found.problem("history", name, f"the log has shrunk from {head.size} to {len(hashes)} leaves")
        elif root_of_hashes(hashes[: head.size]) != head.root:
            what = f"the first {head.size} leaves are not those of the earlier checkpoint: the log was rewritten"
            found.problem("history", name, what)
    if not earlier:
        found.skip(
            "earlier",
            "la continuidad con un estado anterior del registro (dé uno con --earlier)",
            "continuity with an earlier state of the log (give one with --earlier)",
        )
