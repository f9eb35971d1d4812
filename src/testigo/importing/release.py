"""Counts that others published, as a bundle to verify and to analyse; without a database.

Rules of this module
--------------------
1. Each row becomes a reading and a decision, each a leaf, without receipts: nothing arrived, something was published.
2. A row names its source file by hash, and its line. It carries no link to an image and no name of a person.
3. The bundle appears whole or not at all. What stands in its place already is not touched, unless it is this very
   import, finished earlier: then there is nothing left to do.
4. The key that signs lies beside the bundle, never inside. A key that signed another import does not sign this one: two
   logs under one name are what a forger would show.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from testigo.bundle import no_images, open_bundle, write_bundle
from testigo.election import Profile, Register
from testigo.errors import InputError, Problem
from testigo.importing.registers import register_of
from testigo.importing.table import PublishedTable, raise_problems, read_table
from testigo.ledger import SigningKey, generate_key, read_signing_key, write_signing_key
from testigo.records import ConfigurationLeaf, Counts, Evidence, Provenance, PublicReading
from testigo.review import RegisterFacts, decide

READER, VERSION = "published-table", "1"

#: Told (what is being done, how much of it is done, out of how many).
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import made.

    Attributes:
        path: the bundle's folder.
        stations: rows imported.
        verifier_key: what ``testigo verify --key`` takes.
        key_file: the file of the fresh private key, or ``None`` if one was given.
        notes: see :class:`testigo.importing.table.PublishedTable`.
        again: whether the bundle was there already, from the same file, profile and register.
    """

    path: Path
    stations: int
    verifier_key: str
    key_file: Path | None
    notes: tuple[Problem, ...]
    again: bool = False


def import_table(
    profile: Profile,
    path: Path,
    out: Path,
    *,
    register: Register | None = None,
    log_key: Path | None = None,
    made: dt.datetime | None = None,
    progress: Progress | None = None,
) -> Imported:
    """Write the bundle of a published table.

    Args:
        out: the bundle's folder: new or empty.
        register: the country's; without one, the table's stations are the register and the rest is unknown.
        log_key: file of the private key that signs; without one a fresh key is written to ``<out>.log-key``.
        made: the release's time, with its zone; now, if not said.

    1. See that the place is free. 2. Read the table. 3. Compare it with the register. 4. Make the leaves.
    5. Find or make the key. 6. Write the bundle.

    Raises:
        InputError: the table has problems, a station is not in the register, or the place is taken.
        WireError: the disk.
    """
    # 1
    there = _existing(out)
    # 2
    table = read_table(profile, path)
    # 3
    known = register if register is not None else register_of(profile, [table])
    _check_register(profile, table, known)
    # 4
    leaves = leaves_of(profile, table, known, progress)
    if there:
        return _again(out, table, leaves)
    # 5
    key, key_file = _key(out, log_key, f"import.{profile.code}.{table.sha256[:16]}")
    # 6
    write_bundle(
        out,
        profile=profile,
        register=known,
        leaves=leaves,
        images=no_images,
        key=key,
        made=made or dt.datetime.now(dt.UTC),
        why=_why(table),
        progress=progress,
    )
    return Imported(out, len(table.rows), key.verifier.encode(), key_file, table.notes)


def leaves_of(
    profile: Profile, table: PublishedTable, register: Register, progress: Progress | None = None
) -> list[bytes]:
    """The log's entries: the configuration, then a reading and a decision for each row, in the file's order."""
    configuration = ConfigurationLeaf(
        profile.code, profile.sha256, register.sha256, rehearsal=False, readers={READER: VERSION}
    )
    leaves = [configuration.to_bytes()]
    facts = RegisterFacts(register)
    codes = profile.contest(table.contest).candidate_codes
    for done, row in enumerate(table.rows, 1):
        printed = {"valid": row.valid} if row.electors is None else {"electors": row.electors, "valid": row.valid}
        reading = PublicReading(
            table.contest,
            row.station,
            READER,
            VERSION,
            (Evidence.TABLE.value,),
            Counts(dict(zip(codes, row.candidates, strict=True)), null=row.null),
            printed=printed,
            source=table.sha256,
            line=row.line,
        )
        known = facts.of(row.station, provenance=Provenance.PUBLISHED.value)
        decision = decide(profile, row.station, table.contest, [(len(leaves), reading)], known)
        leaves += (reading.to_bytes(), decision.to_bytes())
        if progress is not None and (done % 500 == 0 or done == len(table.rows)):
            progress("rows", done, len(table.rows))
    return leaves


def _existing(out: Path) -> bool:
    """Whether a bundle stands there already. Raises :class:`InputError` if anything else does."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise InputError(f"{out} is not a folder.", "Give a new folder for the bundle.")
    if not out.exists() or not any(out.iterdir()):
        return False
    if not (out / "manifest.json").is_file():
        raise InputError(f"{out} holds other files.", "Give a new folder for the bundle; nothing was written.")
    return True


def _check_register(profile: Profile, table: PublishedTable, register: Register) -> None:
    if register.profile.code != profile.code:
        raise InputError(f"The register is of {register.profile.code}, not of {profile.code}.")
    columns = profile.published_table
    column = columns.centre if columns else ""
    problems = [
        Problem(table.file, row.line, column, f"the station {row.station} is not in the register")
        for row in table.rows
        if row.station not in register
    ]
    raise_problems(f"The table {table.file} does not fit the register", problems)


def _again(out: Path, table: PublishedTable, leaves: list[bytes]) -> Imported:
    """The import that was finished earlier, if it is this one."""
    bundle = open_bundle(out)
    if list(islice(bundle.ledger.entries(), bundle.manifest.covers)) != leaves:
        raise InputError(
            f"{out} is another bundle already.", "Give a new folder: a release is never overwritten. Nothing was done."
        )
    return Imported(out, len(table.rows), bundle.manifest.log_key, None, table.notes, again=True)


def _key(out: Path, given: Path | None, origin: str) -> tuple[SigningKey, Path | None]:
    if given is not None:
        _outside(out, given)
        return read_signing_key(given), None
    beside = out.with_name(out.name + ".log-key")
    if beside.exists():
        # An import that was killed before its bundle stood has signed nothing that anybody saw.
        key = read_signing_key(beside)
        if key.name != origin:
            raise InputError(
                f"The key {beside} belongs to another import.", "Move it away, or give another folder or --log-key."
            )
        return key, beside
    key = generate_key(origin)
    beside.parent.mkdir(parents=True, exist_ok=True)
    write_signing_key(beside, key)
    return key, beside


def _outside(out: Path, key: Path) -> None:
    if out.resolve() in key.resolve().parents:
        raise InputError(f"The private key {key} lies inside the bundle.", "Move it out: a bundle is given to all.")


def _why(table: PublishedTable) -> dict[str, str]:
    count, digest = len(table.rows), table.sha256
    return {
        "es": f"Importación de una tabla publicada por otros: {count} filas; SHA-256 del archivo: {digest}.",
        "en": f"Import of a table that others published: {count} rows; SHA-256 of the file: {digest}.",
    }
