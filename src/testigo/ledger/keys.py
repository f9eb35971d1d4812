"""Key files: one line each, the private one for its owner's eyes only.

Rules of this module
--------------------
1. A private key file is created with mode 0600 and never overwritten: a lost log key ends the log's identity.
2. A private key file that others may read is refused, with the command that repairs it.
3. Everything else about keys is in ``note`` and does no I/O.
"""

from __future__ import annotations

import os
from pathlib import Path

from testigo.errors import InputError, WireError
from testigo.ledger.note import SigningKey, VerifierKey, parse_signing_key, parse_verifier_key

_MAX_KEY_FILE_BYTES = 10_000


def write_signing_key(path: Path, key: SigningKey) -> None:
    """Write the private key, mode 0600, flushed to the disk. InputError if the file exists."""
    _write_new(path, key.encode(), 0o600)


def write_verifier_key(path: Path, key: VerifierKey) -> None:
    """Write the public key, readable by all. InputError if the file exists."""
    _write_new(path, key.encode(), 0o644)


def read_signing_key(path: Path) -> SigningKey:
    """Read a private key file; InputError if it is not one, or if others on this machine may read it."""
    text = _read(path)
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise InputError(f"Others may read the private key {path}.", f"Run: chmod 600 {path}")
    return parse_signing_key(text)


def read_verifier_key(path: Path) -> VerifierKey:
    """Read a public key file."""
    return parse_verifier_key(_read(path))


def _write_new(path: Path, line: str, mode: int) -> None:
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise InputError(f"The key file {path} exists already.", "Choose another name, or move it away.") from None
    except OSError as error:
        raise WireError(f"The key file {path} cannot be written: {error.strerror}.", "Choose another folder.") from None
    with os.fdopen(number, "w", encoding="utf-8", newline="\n") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_KEY_FILE_BYTES)
    except OSError as error:
        raise InputError(f"The key file {path} cannot be read: {error.strerror}.", "Check the path.") from None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"The file {path} is not a key file.", "Give the file that holds the key line.") from None
    return text.removesuffix("\n")
