"""The little of the election that programs which face people may know: its log's name, its ballot."""

from __future__ import annotations

from testigo.election import Profile, parse_profile
from testigo.errors import WireError
from testigo.server.store.models import ElectionRow


def origin() -> str:
    """Name of the log. Raises :class:`WireError` while the database has no election."""
    return str(_row("origin"))


def profile() -> Profile:
    """The profile as configured. Raises :class:`WireError` while the database has no election."""
    return parse_profile(bytes(_row("profile")), "profile.toml")


def _row(column: str) -> object:
    value = ElectionRow.objects.values_list(column, flat=True).first()
    if value is None:
        raise WireError("This database has no election yet.", "Start it with testigo serve --profile P.")
    return value
