"""One spelling for every value: RFC 8785 JSON without floats."""

from __future__ import annotations

import json
from typing import Any

import rfc8785

from testigo.errors import InputError, InternalError

_ALTERED = "It was not written by Testigo, or was altered."


#: Beyond this a number does not survive a JSON reader that works with doubles (RFC 8785, section 3.2.2.3).
_LARGEST = 2**53 - 1


def canonical(value: Any) -> bytes:
    """Canonical JSON (RFC 8785) of a value without floats.

    For ASCII keys and whole numbers, what the standard library writes *is* the canonical form (a test holds the two
    against each other), at thirty times the speed; anything else goes to the library for RFC 8785.

    Raises:
        InternalError: the value holds a float or something that is not JSON.
    """
    plain = _is_plain(value)
    try:
        if plain:
            text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
            return text.encode()
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, TypeError, ValueError) as error:
        raise InternalError(f"A value cannot be written as canonical JSON: {error}") from error


def _is_plain(value: Any) -> bool:
    """Whether all keys are ASCII and all numbers small; raises :class:`InternalError` for a float."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return bool(-_LARGEST <= value <= _LARGEST)
    if kind is dict:
        return all(key.isascii() and _is_plain(item) for key, item in value.items())
    if kind is list or kind is tuple:
        return all(_is_plain(item) for item in value)
    if isinstance(value, float):
        raise InternalError("A float reached a canonical record; use integers (per mille).")
    return False


def parse_canonical(data: bytes) -> Any:
    """The value of canonical JSON bytes.

    Raises:
        InputError: the bytes are not JSON, or not in canonical form (so that one value has one spelling).
    """
    try:
        value = json.loads(data)
        again = canonical(value)
    except (ValueError, RecursionError, InternalError) as error:
        raise InputError("A record is not canonical JSON.", _ALTERED) from error
    if again != data:
        raise InputError(
            "A record is JSON but not in canonical form.", "It was not written by Testigo, or was altered."
        )
    return value
