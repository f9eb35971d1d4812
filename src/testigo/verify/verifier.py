"""How a bundle is verified: a bundle goes in, a verdict comes out. No server, no database, no network.

1. The folder holds exactly what the manifest lists; the manifest is canonical; every file has its hash and size.
2. The checkpoint is signed by the log's key: the one that the user pinned, else the bundle's own, and then the report
   says that the signer is unknown.
3. The log holds exactly the files that its size implies; every tile is computed again from the entries up to the root.
4. Every entry is a leaf; a release leaf names this manifest; the configuration names this profile and register.
5. The log continues every earlier checkpoint that the user has.
6. The tables are what the leaves say, row by row; the CSV are what the Parquet are.
7. Every reading is what its payload says; every decision follows from its readings; no reading was ignored.
8. Every sum again, in another engine, from CSV and Parquet.
9. Every image has the hash that a leaf names; with the reading extra it is read again.
10. Every receipt, by what became of it.
11. The list of changes, against the log and the previous release.

Each step adds what it found; none stops at its first problem. A step whose ground is missing (a log that does not hold)
is not taken, and listed as not checked.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from testigo.bundle import Bundle, Leaves, Manifest, open_bundle
from testigo.bundle.manifest import CHANGES, PROFILE, image_path
from testigo.bundle.read import parse_parquet
from testigo.election import Profile, Register, parse_profile, register_schema
from testigo.errors import InputError
from testigo.ledger import VerifierKey
from testigo.review import RegisterFacts
from testigo.verify.decisions import check_decisions, check_readings
from testigo.verify.folder import check_folder
from testigo.verify.images import check_images
from testigo.verify.log import SoundLog, check_configuration, check_history, check_release, check_signed_log
from testigo.verify.receipts import check_receipts
from testigo.verify.report import About, Findings, Report, make_report
from testigo.verify.sums import check_sums
from testigo.verify.tables import check_changes, check_csv, check_tables, load_register, load_tables

#: Told (what is being done, how much of it is done, out of how many).
Progress = Callable[[str, int, int], None]


def verify(
    path: Path | str,
    *,
    key: VerifierKey | None = None,
    earlier: bytes | None = None,
    previous: Path | str | None = None,
    images: bool = True,
    progress: Progress | None = None,
) -> Report:
    """Verify the bundle in a folder by the numbered procedure of this module.

    Args:
        path: the bundle.
        key: the log's verifier key, from elsewhere than the bundle.
        earlier: a checkpoint (signed note) of the same log that the user kept.
        previous: the folder of the previous release.
        images: whether to read every image again (their hashes are always compared).
        progress: told about long work.

    Raises:
        InputError: there is no such folder, or ``earlier`` or ``previous`` is not what it should be. What is wrong with
            the bundle itself is in the report, never raised.
    """
    root = Path(path)
    if not root.is_dir():
        raise InputError(f"There is no folder {root.name}.", "Give the folder that holds manifest.json.")
    before = open_bundle(previous) if previous is not None else None
    return _Verification(root, key, before, progress).run(earlier, images)


class _Verification:
    def __init__(self, root: Path, key: VerifierKey | None, before: Bundle | None, progress: Progress | None) -> None:
        self.root, self.key, self.before, self.progress = root, key, before, progress
        self.found = Findings()

    def run(self, earlier: bytes | None, images: bool) -> Report:
        """The whole procedure."""
        found = self.found
        manifest, files, ledger_files = check_folder(self.root, found)  # 1
        profile = _profile(files, found)
        log = check_signed_log(self.root, ledger_files, manifest, self.key, found)  # 2, 3
        if log is not None:
            check_history(log, self._seen_before(earlier), found)  # 5 needs nothing of 4
        leaves = check_release(log, manifest, found) if log and manifest else None  # 4
        if manifest is None or leaves is None or profile is None:
            found.skip(
                "contents",
                "tablas, decisiones, sumas e imágenes, porque falta con qué compararlas",
                "tables, decisions, sums and images, for want of something sound to compare them with",
            )
        else:
            check_configuration(leaves, manifest, files, found)  # 4
            self._contents(manifest, profile, leaves, files, images)
        return make_report(found, self._about(manifest, profile, log))

    def _contents(
        self, manifest: Manifest, profile: Profile, leaves: Leaves, files: dict[str, bytes], images: bool
    ) -> None:
        found = self.found
        tables = load_tables(profile, files, found)  # 6
        register = load_register(profile, manifest, tables, found)
        tallies = check_tables(profile, leaves, tables, found)
        for name in ("stations", "tallies"):
            if name in tables and f"{name}.csv" in files:
                check_csv(name, tables[name], files[f"{name}.csv"], found)
        check_readings(profile, leaves, found)  # 7
        check_decisions(profile, RegisterFacts(register), leaves, found, self.progress)
        check_sums(self.root, profile, leaves, files, found)  # 8
        present = [path for path in map(image_path, manifest.images) if (self.root / path).is_file()]
        check_images(  # 9
            self.root, manifest, profile, leaves, present, found, read=images, progress=self.progress
        )
        check_receipts(leaves, found)  # 10
        self._changes(manifest, profile, leaves, files, tallies, register)  # 11
        if leaves.opened:
            found.skip(
                "authenticity",
                "que las actas sean auténticas: «confirmada» significa bien transcrita",
                "that the sheets are authentic: “confirmed” means rightly transcribed",
            )

    def _changes(
        self,
        manifest: Manifest,
        profile: Profile,
        leaves: Leaves,
        files: dict[str, bytes],
        tallies: pa.Table,
        register: Register | None,
    ) -> None:
        before = self._previous_stations(manifest, profile)
        if CHANGES in files:
            stations = register.table if register is not None else None
            check_changes(profile, leaves, manifest, (tallies, stations, before), files[CHANGES], self.found)

    def _previous_stations(self, manifest: Manifest, profile: Profile) -> pa.Table | None:
        """The stations of the previous release, if it was given and is the one that this release names."""
        if self.before is None:
            return None
        named, given = (manifest.previous, manifest.previous_covers), self.before.manifest
        if named != (given.sha256, given.covers):
            what = f"it names {named[0] or 'none'} ({named[1]} leaves); you gave {given.sha256} ({given.covers} leaves)"
            self.found.problem("changes", "manifest.json, previous", what)
            return None
        return parse_parquet(
            self.before.file("stations.parquet"), register_schema(self.before.profile), "stations.parquet"
        )

    def _seen_before(self, earlier: bytes | None) -> list[tuple[str, bytes]]:
        seen = [("earlier checkpoint", earlier)] if earlier is not None else []
        if self.before is not None:
            seen.append(("previous release, ledger/checkpoint", self.before.checkpoint))
        return seen

    def _about(self, manifest: Manifest | None, profile: Profile | None, log: SoundLog | None) -> About:
        return About(
            names=profile.name if profile else {},
            election=manifest.election if manifest else "",
            release=manifest.release if manifest else 0,
            manifest=manifest.sha256 if manifest else "",
            signer=log.key.encode() if log else "",
            origin=log.checkpoint.origin if log else "",
            pinned=self.key is not None,
            rehearsal=manifest.rehearsal if manifest else False,
        )


def _profile(files: dict[str, bytes], found: Findings) -> Profile | None:
    if PROFILE not in files:
        return None
    try:
        return parse_profile(files[PROFILE], PROFILE)
    except InputError as error:
        found.refused("configuration", error)
        return None
