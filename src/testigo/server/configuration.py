"""Every setting of the server, read once from the environment.

Rules of this module
--------------------
1. One frozen dataclass; units in the names; one sentence per setting (a test holds ``docs/settings.md`` against it).
2. The environment is read here and nowhere else; a wrong value is an :class:`InputError` that names the variable.
3. No setting weakens what the profile demands: policies belong to the profile.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path

from testigo.errors import InputError
from testigo.server.postgres import home_directory


@dataclass(frozen=True, slots=True)
class Configuration:
    """The server's settings. Each is set by ``TESTIGO_<NAME>`` in capitals."""

    home: Path = field(default_factory=home_directory, metadata={"says": "Where database, files and keys lie."})
    database_name: str = field(default="testigo", metadata={"says": "Name of the database in the embedded server."})
    blobs: str = field(
        default="", metadata={"says": "Where files are kept: a folder, or s3://bucket/prefix?endpoint=…"}
    )
    max_upload_bytes: int = field(
        default=25_000_000, metadata={"says": "Larger files are receipted by their hash and not stored."}
    )
    hard_cap_bytes: int = field(
        default=512_000_000, metadata={"says": "Beyond this many bytes an upload is cut off without a receipt."}
    )
    quota_files: int = field(default=5_000, metadata={"says": "Files that one sender may have stored."})
    quota_bytes: int = field(default=5_000_000_000, metadata={"says": "Bytes that one sender may have stored."})
    promise_hours: int = field(default=24, metadata={"says": "Hours within which a receipt must be in the log."})
    observer_port: int = field(default=8700, metadata={"says": "Port of the program that takes files in."})
    review_port: int = field(default=8701, metadata={"says": "Port of the program that takes typed readings."})
    bind: str = field(default="127.0.0.1", metadata={"says": "Address that both programs listen on."})
    web_workers: int = field(default=2, metadata={"says": "Processes of the program that takes files in."})
    web_threads: int = field(default=32, metadata={"says": "Senders that each of these processes serves side by side."})
    slow_request_seconds: int = field(
        default=30, metadata={"says": "A sender that pauses for longer, or brings hardly anything, is cut off."}
    )
    turn_leaves: int = field(default=1_000, metadata={"says": "Most leaves that the sequencer numbers in one turn."})
    turn_seconds: int = field(default=1, metadata={"says": "Longest pause of the sequencer between two turns."})
    print_mode: str = field(
        default="needed",
        metadata={
            "says": "When print is read: where a code gave no sheet or a weak one (`needed`), `always`, `never`.",
            "choices": ("needed", "always", "never"),
        },
    )
    stalled_job_seconds: int = field(
        default=120, metadata={"says": "A job whose worker has been silent for so long is given to another."}
    )

    @property
    def blob_place(self) -> str | Path:
        """Where files are kept, as ``open_store`` takes it."""
        return self.blobs or self.home / "blobs"

    @property
    def keys(self) -> Path:
        """The folder of private keys."""
        return self.home / "keys"


def read_configuration(environment: Mapping[str, str]) -> Configuration:
    """The settings that an environment gives.

    Raises:
        InputError: a value is not of its setting's kind; the message names the variable.
    """
    given: dict[str, object] = {}
    for entry in fields(Configuration):
        name = f"TESTIGO_{entry.name.upper()}"
        text = environment.get(name)
        if text is None or text == "":
            continue
        if entry.type == "int":
            if not text.isascii() or not text.isdigit() or int(text) == 0:
                raise InputError(f"{name} is {text!r}.", "Give a whole number above 0.")
            given[entry.name] = int(text)
        elif text not in entry.metadata.get("choices", (text,)):
            raise InputError(f"{name} is {text!r}.", f"Give one of {', '.join(entry.metadata['choices'])}.")
        else:
            given[entry.name] = Path(text).expanduser().absolute() if entry.type == "Path" else text
    return Configuration(**given)  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def configuration() -> Configuration:
    """The settings of this process, read at the first call."""
    return read_configuration(os.environ)
