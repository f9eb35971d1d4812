"""What the database's answers mean to a person."""

from __future__ import annotations

from django.db import Error

from testigo.errors import InputError, TestigoError, WireError


class NotOpenedYetError(InputError):
    """The sheet was not opened yet, or is not an image."""


class UnknownTokenError(InputError):
    """The token is unknown or revoked."""


class UnknownSheetError(InputError):
    """There is no such submission."""


class TypedTooOftenError(InputError):
    """One person typed one sheet or one station more often than corrections explain."""


def translate(error: Error) -> TestigoError:
    """The error that a caller may show. The database's own words are never shown: they may hold values."""
    state = getattr(error.__cause__, "sqlstate", None)
    if state == "TS401":
        return UnknownTokenError("The token is not known.", "Ask your coordinator for a new one.")
    if state == "TS404":
        return UnknownSheetError("There is no such sheet.", "Give the receipt of the submission that shows it.")
    if state == "TS429":
        return TypedTooOftenError(
            "You have typed this sheet or this station too often.", "Leave it to others, and tell your coordinator."
        )
    if state == "TS409":
        return NotOpenedYetError("This submission is not open as an image.", "Try again in a moment, or take another.")
    return WireError("The database did not answer as it should.", "Try again; nothing was half done.")
