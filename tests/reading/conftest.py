"""Sheets to read: drawn ones, and plain tapes that carry a code and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from testigo.election import Contest, Profile, format_payload, format_sheet_code, load_profile
from testigo.records import Counts
from testigo.simulate.press import code_modules, draw_sheet
from testigo.simulate.sheet import Sheet, figures_for

Grey = npt.NDArray[np.uint8]
PIXELS_PER_MM = 8.0


def invented_votes(contest: Contest, rng: np.random.Generator) -> dict[str, int]:
    """Votes per ballot line; small ones mostly, as on real sheets."""
    return {code: int(rng.integers(0, 250 if rng.random() < 0.2 else 9)) for code in contest.line_codes}


def drawing_of(profile: Profile, contest: Contest, counts: Counts, station: str, centre: str, number: int) -> Grey:
    """A whole drawing of a sheet, with its marks."""
    sheet = Sheet(
        contest=contest.code,
        station=station,
        centre=centre,
        centre_name="Liceo Ñandú",
        address="Calle Uno",
        areas=("Aragua", "Girardot", "Las Delicias"),
        counts=counts,
        figures=figures_for(contest, counts, 9000),
        printed_at=dt.datetime(2024, 7, 28, 19, 3, 30),  # noqa: DTZ001  (as printed: local time)
        seed=str(number),
    )
    return draw_sheet(profile, contest, sheet)


@dataclass(frozen=True)
class Tapes:
    """Makes sheets of the profile ``ve2024``, each from a number."""

    profile: Profile
    contest: Contest

    def counts(self, number: int) -> Counts:
        rng = np.random.default_rng(number)
        lines = invented_votes(self.contest, rng)
        return Counts(self.contest.candidates_from_lines(lines), lines, int(rng.integers(3)), int(rng.integers(3)))

    def station(self, number: int) -> str:
        return f"04020{number:04d}.01"

    def payload(self, number: int) -> str:
        code = format_sheet_code(self.contest, self.station(number))
        return format_payload(self.contest, code, self.counts(number))

    def drawn(self, number: int) -> Grey:
        """A whole drawing, with its marks: shape (7360, 640)."""
        station = self.station(number)
        return drawing_of(self.profile, self.contest, self.counts(number), station, station[:9], number)

    def plain(self, text: str | int) -> Grey:
        """White paper of the layout's size with the code of a payload where the layout puts it, and nothing else."""
        layout = self.contest.layout
        assert layout is not None
        shape = (round(layout.paper_height * PIXELS_PER_MM), round(layout.paper_width * PIXELS_PER_MM))
        paper: Grey = np.full(shape, 250, np.uint8)
        modules = code_modules(self.contest, self.payload(text) if isinstance(text, int) else text)
        box = layout.code_box(len(modules))
        assert box is not None
        left, top, side = (round(v * PIXELS_PER_MM) for v in (box.x, box.y, box.width))
        grey = np.where(modules, 30, 250).astype(np.uint8)
        paper[top : top + side, left : left + side] = cv2.resize(grey, (side, side), interpolation=cv2.INTER_NEAREST)
        return paper


def jpeg_of(pixels: Grey, quality: int = 80) -> bytes:
    good, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert good
    return bytes(data)


@pytest.fixture(scope="session")
def tapes() -> Tapes:
    profile = load_profile("ve2024")
    return Tapes(profile, profile.contest())


@pytest.fixture(scope="session")
def to_jpeg() -> Callable[..., bytes]:
    return jpeg_of


@pytest.fixture(scope="session")
def votes_of() -> Callable[..., dict[str, int]]:
    return invented_votes


@pytest.fixture(scope="session")
def draw() -> Callable[..., Grey]:
    return drawing_of
