"""Two countries, a register and a day of each; codes of an image as zxing reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
import zxingcpp

from testigo.election import Profile, Register, load_profile
from testigo.records import Counts
from testigo.simulate import Day, Sheet, figures_for, invented_register, make_sheet, plan_day, rehearsal_profile

SEED = 7


@pytest.fixture(scope="session")
def ve() -> Profile:
    return load_profile("ve2024")


@pytest.fixture(scope="session")
def altamar() -> Profile:
    return load_profile("altamar2031")


@pytest.fixture(scope="session")
def register(ve: Profile) -> Register:
    return invented_register(ve, 60, SEED)


@pytest.fixture(scope="session")
def day_profile(ve: Profile, register: Register) -> Profile:
    return rehearsal_profile(ve, register)


@pytest.fixture(scope="session")
def day(day_profile: Profile, register: Register) -> Day:
    return plan_day(day_profile, register, SEED)


@pytest.fixture(scope="session")
def sheet_of() -> Callable[..., Sheet]:
    """A sheet of some station of a profile, with votes on every line (or those given)."""

    def make(profile: Profile, contest: str | None = None, **votes: int) -> Sheet:
        office = profile.contest(contest)
        known = invented_register(profile, 12, SEED)
        station = known.find(sorted(known.rows)[3])
        assert station is not None
        lines = {code: (n * 7) % 23 for n, code in enumerate(office.line_codes)} | votes
        counts = Counts(office.candidates_from_lines(lines), lines, 2, 1)
        sheet = make_sheet(profile, office, known, station, counts, SEED)
        return replace(sheet, figures=figures_for(office, counts, 50000))

    return make


@pytest.fixture(scope="session")
def codes_of() -> Callable[..., list[str]]:
    """The texts of every code on an image (array or JPEG), decoded in full or at half size."""

    def read(image: Any, half: bool = False) -> list[str]:
        if isinstance(image, bytes):
            mode = cv2.IMREAD_REDUCED_GRAYSCALE_2 if half else cv2.IMREAD_GRAYSCALE
            image = cv2.imdecode(np.frombuffer(image, np.uint8), mode)
        return [code.text for code in zxingcpp.read_barcodes(np.ascontiguousarray(image))]

    return read
