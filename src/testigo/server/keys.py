"""The server's two signing keys: the log's and the intake's.

Rules of this module
--------------------
1. Each lies in a file of its own, readable by its owner alone, and is never replaced: a lost log key ends the log.
2. The intake's key signs promises; the configuration leaf names it. It cannot sign a checkpoint that verifies.
"""

from __future__ import annotations

from pathlib import Path

from testigo.ledger import SigningKey, generate_key, read_signing_key, write_signing_key, write_verifier_key

LOG_KEY, INTAKE_KEY = "log.key", "intake.key"


def ensure_keys(folder: Path, origin: str) -> tuple[SigningKey, SigningKey]:
    """The log's and the intake's key, drawn if they are not there yet; ``log.vkey`` is the one to pass on."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, owner in ((LOG_KEY, origin), (INTAKE_KEY, f"{origin}-intake")):
        if not (folder / name).exists():
            key = generate_key(owner)
            write_signing_key(folder / name, key)
            write_verifier_key((folder / name).with_suffix(".vkey"), key.verifier)
    return log_key(folder), intake_key(folder)


def log_key(folder: Path) -> SigningKey:
    """The log's key. Raises :class:`InputError` if it is missing or others may read it."""
    return read_signing_key(folder / LOG_KEY)


def intake_key(folder: Path) -> SigningKey:
    """The intake's key. Raises :class:`InputError` if it is missing or others may read it."""
    return read_signing_key(folder / INTAKE_KEY)
