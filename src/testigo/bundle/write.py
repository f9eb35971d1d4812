"""Write a release: from leaves, register and images to a folder that proves itself.

Rules of this module
--------------------
1. Everything but the images and the register follows from the leaves; nothing else is asked for.
2. The same input gives the same bytes (with the same version of the Parquet library), so anybody can make it again.
3. Two steps, because the log may live elsewhere: :func:`write_content` makes everything but ``ledger/`` and says what
   the release leaf is; whoever keeps the log appends that leaf and signs; :func:`write_ledger` adds the log and gives
   the folder its name. :func:`write_bundle` does both for whoever holds the key.
4. Killed between the two, :func:`unfinished` finds the content again: a release leaf in the log is not left without its
   bundle.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from testigo.bundle.files import finish_partial, partial_of, read_file, start_partial, write_file
from testigo.bundle.leaves import Leaves, read_leaves
from testigo.bundle.manifest import (
    CHANGES,
    LEDGER,
    MANIFEST,
    PROFILE,
    FileEntry,
    Manifest,
    image_path,
    is_hash,
    made_text,
    parse_manifest,
)
from testigo.bundle.texts import changes_between, changes_table, csv_bytes
from testigo.election import Profile, Register
from testigo.errors import InputError, WireError
from testigo.ledger import (
    CHECKPOINT,
    SigningKey,
    VerifierKey,
    parse_checkpoint,
    parse_note,
    root_of_hashes,
    sign_checkpoint,
    successor,
    tiles_of,
)
from testigo.ledger import leaf_hash as hash_of_leaf
from testigo.ledger.merkle import TreeHead
from testigo.records import ReleaseLeaf

#: Told (what is being done, how much of it is done, out of how many).
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Content:
    """What :func:`write_content` made.

    Attributes:
        manifest: the manifest.
        leaf: the release leaf to append to the log.
        leaves: the leaves it covers, sorted.
    """

    manifest: Manifest
    leaf: ReleaseLeaf
    leaves: Leaves


@dataclass(frozen=True, slots=True)
class BundleInfo:
    """What :func:`write_bundle` wrote: folder, manifest, checkpoint, and all entries (for a next release)."""

    path: Path
    manifest: Manifest
    checkpoint: bytes
    entries: tuple[bytes, ...]


def write_content(
    out: Path,
    *,
    profile: Profile,
    register: Register,
    leaves: Iterable[bytes],
    images: Callable[[str], bytes],
    log_key: VerifierKey,
    made: dt.datetime,
    why: Mapping[str, str] | None = None,
    previous: Manifest | None = None,
    previous_register: Register | None = None,
    progress: Progress | None = None,
) -> Content:
    """Write everything but ``ledger/`` into ``<out>.partial``.

    Args:
        leaves: the entries 0 … covers-1 of the log, in order; release number and previous hash follow from them.
        images: SHA-256 (hex) of a published image -> its bytes; asked once for each, in order, and never kept.
        log_key: under which the checkpoint will be signed.
        made: when, with its zone.
        why: language -> what changed and why.
        previous: the manifest of the last release, needed if ``leaves`` hold a release leaf.
        previous_register: of the last release, so that changed stations are listed; without it they are not.

    1. Sort the leaves, and see that they are about this profile and register. 2. Profile, tables and changes.
    3. Images. 4. The manifest, last.

    Raises:
        InputError: leaves, profile, register or previous release do not fit together; ``out`` exists.
        WireError: the disk, or an image that is not what its hash says.
    """
    # 1
    sorted_leaves = read_leaves(leaves)
    _check_configuration(sorted_leaves, profile, register)
    number, previous = _check_previous(sorted_leaves, previous)
    files = _Files(start_partial(out))
    # 2
    files.put(PROFILE, profile.source)
    tallies = _put_tables(files, sorted_leaves, profile, register)
    files.put(CHANGES, csv_bytes(_changes(sorted_leaves, profile, register, tallies, previous, previous_register)))
    # 3
    _put_images(files, sorted_leaves.images, images, progress)
    # 4
    manifest = Manifest(
        election=profile.code,
        release=number,
        previous=previous.sha256 if previous else "",
        previous_covers=previous.covers if previous else 0,
        rehearsal=sorted_leaves.rehearsal,
        made=made_text(made),
        covers=sorted_leaves.size,
        register_complete=register.complete,
        register_sha256=register.sha256,
        files=files.listed,
        why=dict(why or {}),
        origin=log_key.name,
        log_key=log_key.encode(),
    )
    manifest = parse_manifest(manifest.to_bytes())
    write_file(files.root, MANIFEST, manifest.source)
    return Content(manifest, ReleaseLeaf(number, manifest.sha256, manifest.previous), sorted_leaves)


class _Files:
    """Files written so far, with what the manifest will say of each."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.listed: dict[str, FileEntry] = {}

    def put(self, path: str, data: bytes) -> None:
        """Write a file and list it."""
        write_file(self.root, path, data)
        self.listed[path] = FileEntry(sha256(data).hexdigest(), len(data))


def write_ledger(out: Path, entries: Sequence[bytes], checkpoint: bytes) -> None:
    """Add the log to ``<out>.partial`` and rename it to ``out``.

    Args:
        entries: all entries of the log up to the checkpoint's size, the release leaf among them.
        checkpoint: the signed note.

    Raises:
        InputError: no content was written; the checkpoint is not that of these entries; the release leaf is missing.
        WireError: the disk.
    """
    partial = partial_of(out)
    manifest = unfinished(out)
    if manifest is None:
        raise InputError(f"There is no content to finish for {out.name}.", "Write the content first.")
    head = parse_checkpoint(parse_note(checkpoint).text).head
    if head != TreeHead(len(entries), root_of_hashes([hash_of_leaf(entry) for entry in entries])):
        raise InputError(
            f"The checkpoint of {head.size} leaves is not that of the {len(entries)} entries given.",
            "Give exactly the entries that the checkpoint covers.",
        )
    release = ReleaseLeaf(manifest.release, manifest.sha256, manifest.previous).to_bytes()
    if release not in entries[manifest.covers :]:
        raise InputError("The log does not hold the leaf of this release.", "Append it, then sign a checkpoint.")
    for path, data in tiles_of(entries):
        write_file(partial, f"{LEDGER}/{path}", data)
    write_file(partial, f"{LEDGER}/{CHECKPOINT}", checkpoint)
    finish_partial(out)


def unfinished(out: Path) -> Manifest | None:
    """The manifest of content that waits for its ledger, or ``None``."""
    partial = partial_of(out)
    if not (partial / MANIFEST).is_file():
        return None
    return parse_manifest(read_file(partial, MANIFEST))


def write_bundle(
    out: Path,
    *,
    profile: Profile,
    register: Register,
    leaves: Sequence[bytes],
    images: Callable[[str], bytes],
    key: SigningKey,
    made: dt.datetime,
    why: Mapping[str, str] | None = None,
    previous: Manifest | None = None,
    previous_register: Register | None = None,
    progress: Progress | None = None,
) -> BundleInfo:
    """Write a whole release with the log's key at hand; arguments and errors as :func:`write_content`.

    The log is ``leaves`` and the release leaf after them; ``BundleInfo.entries`` continues it in a next release.
    """
    content = write_content(
        out,
        profile=profile,
        register=register,
        leaves=leaves,
        images=images,
        log_key=key.verifier,
        made=made,
        why=why,
        previous=previous,
        previous_register=previous_register,
        progress=progress,
    )
    entries = (*leaves, content.leaf.to_bytes())
    head = TreeHead(len(entries), root_of_hashes([hash_of_leaf(entry) for entry in entries]))
    checkpoint = sign_checkpoint(successor(None, key.name, head, int(made.timestamp())), key)
    write_ledger(out, entries, checkpoint)
    return BundleInfo(out, content.manifest, checkpoint, entries)


def parquet_bytes(table: pa.Table) -> bytes:
    """A table as Parquet, zstd; nothing in it depends on when or where it was written."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def no_images(digest: str) -> bytes:
    """For :func:`write_content`, where no leaf names an image (an import)."""
    raise InputError(f"The image {digest} is named by a leaf, and there are no images here.", "Give the blob store.")


def _check_configuration(leaves: Leaves, profile: Profile, register: Register) -> None:
    configuration = leaves.configuration
    for what, logged, given in (
        ("election", configuration.election, profile.code),
        ("profile", configuration.profile, profile.sha256),
        ("register", configuration.register, register.sha256),
    ):
        if logged != given:
            raise InputError(
                f"The log's configuration names the {what} {logged or 'none'!r}, and {given or 'none'!r} was given.",
                "Use the profile and register of the log, or log a new configuration first.",
            )


def _check_previous(leaves: Leaves, previous: Manifest | None) -> tuple[int, Manifest | None]:
    last = leaves.last_release
    if last is None:
        return 1, None
    if previous is None or previous.sha256 != last.manifest:
        raise InputError(
            f"The log's last release is number {last.number}, manifest {last.manifest}.",
            "Give the manifest of exactly that release as the previous one.",
        )
    return last.number + 1, previous


def _changes(
    leaves: Leaves,
    profile: Profile,
    register: Register,
    tallies: pa.Table,
    previous: Manifest | None,
    previous_register: Register | None,
) -> pa.Table:
    rows: list[tuple[str, ...]] = []
    if previous is not None and previous_register is not None:
        rows += changes_between("stations", previous_register.table, register.table)
    if previous is not None:
        rows += changes_between("tallies", leaves.tallies(profile, previous.covers), tallies)
    return changes_table(rows)


def _put_tables(files: _Files, leaves: Leaves, profile: Profile, register: Register) -> pa.Table:
    """Stations, tallies and readings; returns the tallies."""
    tallies = leaves.tallies(profile)
    for name, table in (("stations", register.table), ("tallies", tallies)):
        files.put(f"{name}.parquet", parquet_bytes(table))
        files.put(f"{name}.csv", csv_bytes(table))
    files.put("readings.parquet", parquet_bytes(leaves.readings_table(profile)))
    return tallies


def _put_images(
    files: _Files, wanted: Sequence[str], images: Callable[[str], bytes], progress: Progress | None
) -> None:
    for done, digest in enumerate(wanted, 1):
        files.put(image_path(digest), _image(images, digest))
        if progress is not None:
            progress("images", done, len(wanted))


def _image(images: Callable[[str], bytes], digest: str) -> bytes:
    if not is_hash(digest):
        raise InputError(f"A leaf names the image {digest!r}, which is not a SHA-256 hash.", "Check the opener.")
    data = images(digest)
    if sha256(data).hexdigest() != digest:
        raise WireError(f"The image {digest} is damaged in the store.", "Restore it from a copy, then try again.")
    return data


__all__ = [
    "BundleInfo",
    "Content",
    "Progress",
    "no_images",
    "parquet_bytes",
    "unfinished",
    "write_bundle",
    "write_content",
    "write_ledger",
]
