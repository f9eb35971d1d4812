"""The server's two signing keys: the log's and the intake's.

Rules of this module
--------------------
1. Each lies in a file of its own, readable by its owner alone, and is never replaced: a lost log key ends the log.
2. The intake's key signs promises; the configuration leaf names it. It cannot sign a checkpoint that verifies.
"""

from __future__ import annotations

from pathlib import Path

from testigo.errors import InputError
from testigo.ledger import (
    SigningKey,
    generate_key,
    open_checkpoint,
    read_signing_key,
    write_signing_key,
    write_verifier_key,
)

LOG_KEY, INTAKE_KEY = "log.key", "intake.key"


def ensure_keys(folder: Path, origin: str) -> tuple[SigningKey, SigningKey]:
    """The log's and the intake's key, drawn if they are not there yet; ``log.vkey`` is the one to pass on.

    Only for a log that is still empty: see :func:`check_log_key`.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, owner in ((LOG_KEY, origin), (INTAKE_KEY, f"{origin}-intake")):
        if (folder / name).exists() and (folder / name).stat().st_size == 0:
            (folder / name).unlink()  # killed before a byte of it was written: it never signed anything
        if not (folder / name).exists():
            write_signing_key(folder / name, generate_key(owner))
        if not (folder / name).with_suffix(".vkey").exists():  # a kill may have come between the two
            write_verifier_key((folder / name).with_suffix(".vkey"), read_signing_key(folder / name).verifier)
    return log_key(folder), intake_key(folder)


def check_log_key(folder: Path, checkpoint: str) -> None:
    """See that this folder's key is the one that signed the log so far.

    Raises:
        InputError: it is missing, or another one: a log that changes its key is another log.
    """
    if not (folder / LOG_KEY).exists() or not (folder / INTAKE_KEY).exists():
        raise InputError(f"This database has a log, and its keys are not in {folder}.", "Restore them from a backup.")
    try:
        open_checkpoint(checkpoint.encode(), log_key(folder).verifier)
    except InputError as error:
        raise InputError(
            f"The key {folder / LOG_KEY} is not the one that signed this database's log.", "Restore it from a backup."
        ) from error


def log_key(folder: Path) -> SigningKey:
    """The log's key. Raises :class:`InputError` if it is missing or others may read it."""
    return read_signing_key(folder / LOG_KEY)


def intake_key(folder: Path) -> SigningKey:
    """The intake's key. Raises :class:`InputError` if it is missing or others may read it."""
    return read_signing_key(folder / INTAKE_KEY)
