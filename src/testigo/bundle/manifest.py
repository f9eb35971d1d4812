"""The manifest: what a release holds, and which names a bundle's files may have.

Rules of this module
--------------------
1. Canonical JSON with exactly the fields of :class:`Manifest`; one value has one spelling.
2. The names of a bundle's files are a closed list. A path is *recognised*, never cleaned: whatever is not on the list
   is refused, so that no manifest can point outside its folder.
3. Nothing here touches the disk.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from hashlib import sha256
from typing import Any

from testigo.errors import InputError, Problem
from testigo.records import canonical, parse_canonical

FORMAT = 1
MANIFEST = "manifest.json"
PROFILE = "profile/profile.toml"
LEDGER = "ledger"
METADATA = "metadata"
CHANGES = "changes.csv"
#: Every release has exactly these, and images.
TABLES = ("stations.parquet", "stations.csv", "tallies.parquet", "tallies.csv", "readings.parquet", CHANGES)
ALWAYS = (PROFILE, *TABLES)

_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_IMAGE = re.compile(r"sheets/([0-9a-f]{2})/(\1[0-9a-f]{62})\.jpg", re.ASCII)
_REMEDY = "Fetch the bundle again from its source; if it stays so, it was altered."


@dataclass(frozen=True, slots=True)
class FileEntry:
    """What the manifest says of one file: SHA-256 (hex) and size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """``manifest.json`` as values; the fields are those of docs/bundle-format.md.

    Attributes:
        covers: the tables project the leaves 0 … covers-1.
        previous, previous_covers: hash of the previous release's manifest and its ``covers``; "" and 0 for the first.
        register_complete, register_sha256: the field ``register``.
        files: path -> :class:`FileEntry`, all but manifest.json, ledger/ and metadata/.
        source: the bytes themselves.
    """

    election: str
    release: int
    previous: str
    previous_covers: int
    rehearsal: bool
    made: str
    covers: int
    register_complete: bool
    register_sha256: str
    files: Mapping[str, FileEntry]
    why: Mapping[str, str]
    origin: str
    log_key: str
    source: bytes = field(default=b"", repr=False)

    @property
    def sha256(self) -> str:
        """Hash of the manifest's bytes: what the release leaf holds."""
        return sha256(self.source).hexdigest()

    @property
    def images(self) -> tuple[str, ...]:
        """Hashes of the published images, ascending."""
        return tuple(sorted(name for path in self.files if (name := image_of(path))))

    def to_bytes(self) -> bytes:
        """The canonical bytes."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _NOT_WRITTEN}
        files = {path: {"sha256": entry.sha256, "size": entry.size} for path, entry in self.files.items()}
        register = {"complete": self.register_complete, "sha256": self.register_sha256}
        return canonical({**own, "format": FORMAT, "files": files, "register": register, "why": dict(self.why)})


_NOT_WRITTEN = {"source", "files", "register_complete", "register_sha256", "why"}


def image_path(digest: str) -> str:
    """Where the image of that hash lies: ``sheets/ab/abcd….jpg``."""
    return f"sheets/{digest[:2]}/{digest}.jpg"


def image_of(path: str) -> str:
    """The hash that an image's path names; empty if it is not the path of an image."""
    match = _IMAGE.fullmatch(path)
    return match[2] if match else ""


def is_hash(text: object) -> bool:
    """Whether a value is a SHA-256 hash as this format writes it: 64 lower-case hexadecimal digits."""
    return isinstance(text, str) and _HASH.fullmatch(text) is not None


def made_text(made: dt.datetime) -> str:
    """``2024-07-30T12:00:00Z``. Raises :class:`InputError` for a time without a zone: it would mean different hours."""
    if made.tzinfo is None:
        raise InputError("The time of a release needs its time zone.", "Pass a datetime with tzinfo, such as UTC.")
    return made.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_manifest(data: bytes) -> Manifest:
    """The manifest that bytes hold.

    Raises:
        InputError: not canonical JSON, a wrong field, a path that a bundle cannot have; ``problems`` names each.
    """
    try:
        value = parse_canonical(data)
    except InputError as error:
        raise _refused([Problem(MANIFEST, 0, "", error.message)]) from error
    if not isinstance(value, dict):
        raise _refused([Problem(MANIFEST, 0, "", "it is not an object")])
    problems = [Problem(MANIFEST, 0, name, "the field is missing") for name in sorted(set(_CHECKS) - set(value))]
    problems += [
        Problem(MANIFEST, 0, name, "this format has no such field") for name in sorted(set(value) - set(_CHECKS))
    ]
    for name, (right, meant) in _CHECKS.items():
        if name in value and not right(value[name]):
            problems.append(Problem(MANIFEST, 0, name, f"it must be {meant}"))
    if not problems:
        problems += _problems_of_files(value["files"]) + _problems_of_previous(value)
    if problems:
        raise _refused(problems)
    register, files = value.pop("register"), value.pop("files")
    del value["format"]
    entries = {path: FileEntry(entry["sha256"], entry["size"]) for path, entry in files.items()}
    return Manifest(
        **value,
        register_complete=register["complete"],
        register_sha256=register["sha256"],
        files=entries,
        source=data,
    )


def _is_number(value: Any, least: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and made_text(dt.datetime.fromisoformat(value)) == value
    except (ValueError, InputError):
        return False


def _is_register(value: Any) -> bool:
    if not isinstance(value, dict) or set(value) != {"complete", "sha256"}:
        return False
    return isinstance(value["complete"], bool) and (value["sha256"] == "" or is_hash(value["sha256"]))


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and value != "" and value.isprintable()


def _is_why(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


_CHECKS: Mapping[str, tuple[Any, str]] = {
    "format": (lambda v: v == FORMAT and not isinstance(v, bool), f"{FORMAT}: this version reads no other format"),
    "election": (_is_line, "the profile's code"),
    "release": (lambda v: _is_number(v, 1), "a whole number from 1"),
    "previous": (lambda v: v == "" or is_hash(v), "the previous manifest's SHA-256, or empty"),
    "previous_covers": (_is_number, "a whole number from 0"),
    "rehearsal": (lambda v: isinstance(v, bool), "true or false"),
    "made": (_is_time, "a time in UTC like 2024-07-30T12:00:00Z"),
    "covers": (lambda v: _is_number(v, 1), "a whole number from 1"),
    "register": (_is_register, "an object with complete (true or false) and sha256 (a hash, or empty)"),
    "files": (lambda v: isinstance(v, dict), "an object from path to hash and size"),
    "why": (_is_why, "an object from language to text"),
    "origin": (_is_line, "the log's origin line"),
    "log_key": (_is_line, "the log's verifier key"),
}


def _problems_of_files(files: Mapping[str, Any]) -> list[Problem]:
    problems = [
        Problem(MANIFEST, 0, path, "the manifest does not list this file") for path in ALWAYS if path not in files
    ]
    for path, entry in files.items():
        if path not in ALWAYS and not image_of(path):
            problems.append(Problem(MANIFEST, 0, path, "a bundle has no file of this path"))
        elif not (isinstance(entry, dict) and set(entry) == {"sha256", "size"} and _is_number(entry["size"])):
            problems.append(Problem(MANIFEST, 0, path, "give its sha256 and its size"))
        elif not is_hash(entry["sha256"]):
            problems.append(Problem(MANIFEST, 0, path, "its sha256 is not 64 lower-case hexadecimal digits"))
        elif image_of(path) and image_of(path) != entry["sha256"]:
            problems.append(Problem(MANIFEST, 0, path, "an image is named by its own hash, and this one is not"))
    return problems


def _problems_of_previous(value: Mapping[str, Any]) -> list[Problem]:
    first = value["release"] == 1
    if first != (value["previous"] == "") or first != (value["previous_covers"] == 0):
        return [Problem(MANIFEST, 0, "previous", "the first release has no previous one, every other has")]
    if value["previous_covers"] >= value["covers"]:
        return [Problem(MANIFEST, 0, "previous_covers", "a release covers more leaves than the one before")]
    return []


def _refused(problems: Iterable[Problem]) -> InputError:
    listed = tuple(problems)
    return InputError(f"The manifest cannot be used: {listed[0]}.", _REMEDY, listed)
