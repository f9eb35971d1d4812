"""The two profiles that ship, and a way to spoil one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from testigo.election import Profile, load_profile, parse_profile


@pytest.fixture(scope="session")
def ve() -> Profile:
    return load_profile("ve2024")


@pytest.fixture(scope="session")
def altamar() -> Profile:
    return load_profile("altamar2031")


@pytest.fixture(scope="session")
def spoiled(ve: Profile) -> Callable[[str, str], Profile]:
    """Parse ve2024 with one piece of its text replaced by another."""

    def parse(old: str, new: str) -> Profile:
        text = ve.source.decode()
        assert old in text, f"the profile no longer says {old!r}"
        return parse_profile(text.replace(old, new, 1).encode(), "spoiled/profile.toml")

    return parse
