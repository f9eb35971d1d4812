"""Codes to damage: payloads of the election, their modules, and pictures of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import segno

from testigo.election import Contest, format_payload, format_sheet_code, load_profile
from testigo.records import Counts

Bools = npt.NDArray[np.bool_]
Grey = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Codes:
    """Makes codes of the profile ``ve2024``, each from a number; every payload fits version 8, level Q."""

    contest: Contest
    alphanumeric: Contest

    def payload(self, number: int, contest: Contest | None = None) -> str:
        contest = contest or self.contest
        for attempt in range(50):
            rng = np.random.default_rng((5, number, attempt))
            lines = {c: int(rng.integers(0, 300 if k % 9 == 0 else 9)) for k, c in enumerate(contest.line_codes)}
            counts = Counts(contest.candidates_from_lines(lines), lines, int(rng.integers(9)), int(rng.integers(9)))
            text = format_payload(contest, format_sheet_code(contest, f"04020{number:04d}.01"), counts)
            if len(text) <= 107:
                return text
        raise AssertionError("no payload fits")

    def modules(self, text: str, version: int = 8, level: str = "Q", mask: int | None = None) -> Bools:
        made = segno.make_qr(text, version=version, error=level, mask=mask, boost_error=False)
        return np.array([[bool(m) for m in row] for row in made.matrix])

    def picture(self, number: int, module: int = 8, border: int = 90) -> Grey:
        """A grey picture of a code on paper, with some noise."""
        grey = np.where(self.modules(self.payload(number)), 40, 225).astype(np.uint8)
        large = np.kron(grey, np.ones((module, module), np.uint8))
        paper = cv2.copyMakeBorder(large, border, border, border, border, cv2.BORDER_CONSTANT, value=225)
        noise = np.random.default_rng(number).normal(0, 5, paper.shape)
        return np.asarray(np.clip(paper + noise, 0, 255), np.uint8)


@pytest.fixture(scope="session")
def codes() -> Codes:
    contest = load_profile("ve2024").contest()
    assert contest.qr is not None
    other = replace(contest.qr, separator="/", line_separator=":", alphabet="0123456789.:/")
    return Codes(contest, replace(contest, code="otra", qr=other))


@pytest.fixture(scope="session")
def trust_of() -> Callable[[Bools], npt.NDArray[np.float64]]:
    return lambda modules: np.where(modules, 3.0, -3.0)
