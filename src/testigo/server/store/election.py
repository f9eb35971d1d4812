"""The one election of this database: its profile and register, as they were configured.

Rules of this module
--------------------
1. A database belongs to one election. Its rehearsal mark is never taken away (a trigger says so too).
2. Profile and register are kept as bytes, verbatim: the configuration leaf names their hashes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.db import ProgrammingError

from testigo.election import Profile, Register, parse_profile, parse_register
from testigo.errors import InputError
from testigo.server.store.models import ElectionRow


@dataclass(frozen=True)
class Election:
    """What this database counts. ``origin`` names its log."""

    profile: Profile
    register: Register | None
    register_bytes: bytes | None
    rehearsal: bool
    origin: str


def find_election() -> Election | None:
    """The election of this database, or ``None`` if it was not configured yet."""
    try:
        row = ElectionRow.objects.first()
    except ProgrammingError:  # a database without our tables
        row = None
    if row is None:
        return None
    profile = parse_profile(bytes(row.profile), f"{row.code}/profile.toml")
    data = None if row.register is None else bytes(row.register)
    register = None if data is None else parse_register(profile, data)
    return Election(profile, register, data, row.rehearsal, row.origin)


def load_election() -> Election:
    """The election of this database.

    Raises:
        InputError: it was not configured yet.
    """
    election = find_election()
    if election is None:
        raise InputError(
            "This database has no election yet.", "Name one: testigo serve --profile P, or testigo ingest --profile P."
        )
    return election


def create_election(profile: Profile, register: Path | None, *, rehearsal: bool, origin: str) -> Election:
    """Configure an empty database.

    Raises:
        InputError: the register cannot be used.
    """
    data = register.read_bytes() if register is not None else None
    parsed = parse_register(profile, data, register.name) if data is not None and register is not None else None
    ElectionRow.objects.create(
        code=profile.code,
        profile=profile.source,
        register=data,
        register_sha256=parsed.sha256 if parsed else "",
        register_complete=parsed is not None,
        rehearsal=rehearsal,
        origin=origin,
    )
    return Election(profile, parsed, data, rehearsal, origin)
