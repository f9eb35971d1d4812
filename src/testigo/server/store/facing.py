"""The little of the election that programs which face people may know: its log's name, its ballot."""

from __future__ import annotations

from typing import TypeVar

from testigo.election import Profile, parse_profile
from testigo.errors import WireError
from testigo.server.store.models import ElectionRow

_T = TypeVar("_T")


def origin() -> str:
    """Name of the log. Raises :class:`WireError` while the database has no election."""
    return _of_row(ElectionRow.objects.values_list("origin", flat=True).first())


def profile() -> Profile:
    """The profile as configured. Raises :class:`WireError` while the database has no election."""
    found = ElectionRow.objects.values_list("profile", flat=True).first()
    return parse_profile(bytes(_of_row(found)), "profile.toml")


def _of_row(value: _T | None) -> _T:
    if value is None:
        raise WireError("This database has no election yet.", "Start it with testigo serve --profile P.")
    return value
