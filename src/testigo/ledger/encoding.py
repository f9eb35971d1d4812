"""Base64, decimals and key names, each in its one allowed spelling.

A second spelling of the same value would be an altered byte that no signature notices.
"""

from __future__ import annotations

import base64
import binascii
import re

from testigo.errors import InputError
from testigo.ledger.merkle import MAX_SIZE

_DECIMAL = re.compile(r"0|[1-9][0-9]*", re.ASCII)


def to_base64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str, what: str) -> bytes:
    """Decode; InputError, naming ``what``, for other characters, missing padding or stray last bits."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        data = b""
    if to_base64(data) != text:
        raise InputError(f"The {what} is not proper base64.", "Fetch it again; it was altered on its way.")
    return data


def from_decimal(text: str, what: str) -> int:
    """A whole number from 0 to 2^63-1 without sign or leading zeros; InputError names ``what``."""
    if _DECIMAL.fullmatch(text) is None or len(text) > 19 or int(text) > MAX_SIZE:
        raise InputError(f"The {what} is not a plain decimal number.", "Fetch it again; it was altered on its way.")
    return int(text)


def check_key_name(name: str) -> None:
    """InputError unless ``name`` may name a key: not empty, no space of any kind, no plus, no control character.

    No stricter than the specification: the names of unknown signers must not keep us from reading a note.
    """
    # A lone surrogate is what a broken byte of a command line becomes; it cannot be written as UTF-8.
    if not name or any(char == "+" or char.isspace() or char < " " or "\ud800" <= char <= "\udfff" for char in name):
        raise InputError(
            f"{name!r} cannot name a key.", "Use a name without spaces and plus signs, for example example.org/log."
        )
