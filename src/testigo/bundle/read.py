"""Read a bundle: the release as values, for whoever shows, counts or compares it.

Rules of this module
--------------------
1. Strict: what is not exactly as docs/bundle-format.md says is an :class:`InputError` that names file and field.
2. Whatever is handed out was hashed and compared with the manifest first. **Who signed it is not asked here**: that,
   and whether the tables follow from the log, is for ``testigo verify``.
3. Images and leaves are read when they are asked for, not before.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from testigo.bundle.files import read_file
from testigo.bundle.leaves import Leaves, read_leaves
from testigo.bundle.manifest import CHANGES, LEDGER, MANIFEST, PROFILE, Manifest, image_path, parse_manifest
from testigo.bundle.proofs import LedgerView
from testigo.bundle.tables import readings_schema, tallies_schema
from testigo.bundle.texts import CHANGES_SCHEMA, parse_csv
from testigo.election import Profile, Register, parse_profile, register_schema
from testigo.errors import InputError, Problem
from testigo.ledger import CHECKPOINT
from testigo.records import Decision, Leaf, ReleaseLeaf, parse_leaf

_MAX_MANIFEST = 1 << 30  # bytes; a million images take a fifth of it
_REMEDY = "Fetch the bundle again from its source; `testigo verify` says what else is wrong."


class Bundle:
    """A release in a folder. Made by :func:`open_bundle`.

    Attributes:
        path: the folder.
        manifest: what it holds.
        profile: the election.
        register: its stations.
    """

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest
        self.profile: Profile = parse_profile(self.file(PROFILE), PROFILE)
        if self.profile.code != manifest.election:
            raise _refused(PROFILE, "code", f"it is the profile of {self.profile.code}, not of {manifest.election}")
        table = self._table("stations.parquet", register_schema(self.profile))
        self.register = Register(
            self.profile, table, complete=manifest.register_complete, sha256=manifest.register_sha256
        )

    # ------------------------------------------------------------------ files

    def file(self, path: str) -> bytes:
        """The bytes of a file that the manifest lists, after comparing them with it."""
        entry = self.manifest.files.get(path)
        if entry is None:
            raise _refused(MANIFEST, path, "the manifest does not list this file")
        data = read_file(self.path, path, entry.size)
        if len(data) != entry.size or sha256(data).hexdigest() != entry.sha256:
            raise _refused(path, "", "its bytes are not those that the manifest names")
        return data

    def image_path(self, digest: str) -> Path:
        """Where the published image of that hash lies. Raises :class:`InputError` if this release has none."""
        if image_path(digest) not in self.manifest.files:
            raise _refused(MANIFEST, digest, "this release has no such image")
        return self.path / image_path(digest)

    def image(self, digest: str) -> bytes:
        """The published image of that hash, checked against it."""
        self.image_path(digest)
        return self.file(image_path(digest))

    # ------------------------------------------------------------------ tables

    @cached_property
    def tallies(self) -> pa.Table:
        """What stands, one row per (contest, station) that has a decision."""
        return self._table("tallies.parquet", tallies_schema(self.profile))

    @cached_property
    def readings(self) -> pa.Table:
        """Every reading, by leaf."""
        return self._table("readings.parquet", readings_schema(self.profile))

    @cached_property
    def changes(self) -> pa.Table:
        """Every change since the previous release; columns ``table``, ``contest``, ``station``, ``change`` (``added``,
        ``removed``, ``changed``), ``column``, ``before``, ``after``, all texts."""
        try:
            table = parse_csv(self.file(CHANGES), CHANGES_SCHEMA)
        except pa.ArrowInvalid as error:
            raise _refused(CHANGES, "", f"it is not such a table: {error}") from error
        return _same_columns(table, CHANGES_SCHEMA, CHANGES)

    def _table(self, path: str, schema: pa.Schema) -> pa.Table:
        return parse_parquet(self.file(path), schema, path)

    # ------------------------------------------------------------------ log

    @cached_property
    def ledger(self) -> LedgerView:
        """The log as it lies in ``ledger/``: checkpoint, entries, proofs. Its signature is not checked here."""
        ledger = LedgerView(self.path)
        if ledger.size <= self.manifest.covers:
            raise _refused(f"{LEDGER}/{CHECKPOINT}", "", "it is of fewer leaves than the release needs")
        return ledger

    @property
    def checkpoint(self) -> bytes:
        """The signed note, byte for byte."""
        return self.ledger.checkpoint

    def leaves(self) -> Iterator[tuple[int, Leaf]]:
        """Every leaf with its index: those that the tables project, and any after them."""
        for index, entry in enumerate(self.ledger.entries()):
            yield index, parse_leaf(entry)

    @cached_property
    def log(self) -> Leaves:
        """The leaves that the tables project (0 … covers-1), by type; read once, then kept."""
        return read_leaves(islice(self.ledger.entries(), self.manifest.covers))

    def history(self, contest: str, station: str) -> list[tuple[int, Decision]]:
        """What happened to a station over time: its decisions with their leaf indexes, oldest first."""
        return list(self.log.decisions.get((contest, station), []))

    @cached_property
    def release_leaf(self) -> int:
        """Leaf index of this release's leaf. Raises :class:`InputError` if the log has none."""
        wanted = ReleaseLeaf(self.manifest.release, self.manifest.sha256, self.manifest.previous).to_bytes()
        for index, entry in enumerate(self.ledger.entries()):
            if index >= self.manifest.covers and entry == wanted:
                return index
        raise _refused(LEDGER, "", "the log does not hold the leaf of this release")


def open_bundle(path: Path | str) -> Bundle:
    """Open the bundle in that folder.

    Raises:
        InputError: it is not a bundle, or a file of it is not as the manifest says.
    """
    root = Path(path)
    if not root.is_dir():
        raise InputError(f"There is no folder {root.name}.", "Give the folder that holds manifest.json.")
    return Bundle(root, parse_manifest(read_file(root, MANIFEST, _MAX_MANIFEST)))


def parse_parquet(data: bytes, schema: pa.Schema, path: str) -> pa.Table:
    """A Parquet table with exactly these columns in this order.

    Raises:
        InputError: it is not Parquet, or a column is missing, too much, or of another type.
    """
    try:
        table = pq.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _refused(path, "", f"it is not a Parquet table that can be read: {error}") from error
    return _same_columns(table, schema, path)


def _same_columns(table: pa.Table, schema: pa.Schema, path: str) -> pa.Table:
    names = set(table.column_names) ^ set(schema.names)
    if names:
        odd = sorted(names)[0]
        raise _refused(path, odd, "the column is missing" if odd in schema.names else "the format has no such column")
    for name in schema.names:
        if table.schema.field(name).type != schema.field(name).type:
            raise _refused(path, name, f"it holds {table.schema.field(name).type}, not {schema.field(name).type}")
    if table.column_names != schema.names:
        raise _refused(path, "", "its columns stand in another order")
    return table.replace_schema_metadata(None)


def _refused(path: str, name: str, what: str) -> InputError:
    problem = Problem(path, 0, name, what)
    return InputError(f"The bundle cannot be used: {problem}.", _REMEDY, [problem])
