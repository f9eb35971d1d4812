"""Sheets whose print is read: drawn ones, drawn ones with rows exchanged, and tapes set in quite other type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from testigo.election import Contest, Profile, load_profile
from testigo.records import Counts

Grey = npt.NDArray[np.uint8]
SCALE = 8.0  # pixels per millimetre of a drawing


def pytest_configure() -> None:
    cv2.setNumThreads(1)


@dataclass(frozen=True)
class Printed:
    """Draws sheets of a contest from votes."""

    profile: Profile
    contest: Contest
    drawing: Callable[..., Grey]
    votes: Callable[..., dict[str, int]]

    def counts(self, seed: int, **lines: int) -> Counts:
        """Votes from a seed, some of them given."""
        votes = self.votes(self.contest, np.random.default_rng(seed)) | lines
        return Counts(self.contest.candidates_from_lines(votes), votes, 4, 2)

    def draw(self, counts: Counts, number: int = 1) -> Grey:
        tape = self.contest.process == "1"
        station = f"04020{number:04d}.01" if tape else f"NB{number:03d}-C"
        return self.drawing(self.profile, self.contest, counts, station, station[: 9 if tape else 5], number)

    def row(self, line: str) -> slice:
        """The pixels of a ballot line's row on a drawing."""
        layout = self.contest.layout
        assert layout is not None
        box = layout.line_boxes()[self.contest.line_codes.index(line)]
        return slice(round(box.y * SCALE), round(box.bottom * SCALE))


@pytest.fixture(scope="session")
def tape(draw: Callable[..., Grey], votes_of: Callable[..., dict[str, int]]) -> Printed:
    profile = load_profile("ve2024")
    return Printed(profile, profile.contest(), draw, votes_of)


@pytest.fixture(scope="session")
def forms(draw: Callable[..., Grey], votes_of: Callable[..., dict[str, int]]) -> Mapping[str, Printed]:
    profile = load_profile("altamar2031")
    return {contest.code: Printed(profile, contest, draw, votes_of) for contest in profile.contests}


HERSHEY = {"simplex": cv2.FONT_HERSHEY_SIMPLEX, "triplex": cv2.FONT_HERSHEY_TRIPLEX}
TRUETYPE = (
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"),
    Path("/usr/share/fonts/truetype/liberation/LiberationSerif-Regular.ttf"),
)


class Pen:
    """Sets type that the drawing side does not know: Hershey's strokes, or a typeface of the system."""

    def __init__(self, face: str | Path, width: int, height: int) -> None:
        self.face = face
        self.pixels: Grey = np.full((height, width), 255, np.uint8)

    def text(self, x: float, y: float, text: str, size: float, right: bool = False) -> None:
        """A text on the base line y, from x on, or up to x."""
        if isinstance(self.face, str):
            plain = "".join(c for c in text if ord(c) < 128)
            thick, zoom = max(1, round(size / 13)), size / 30
            width = cv2.getTextSize(plain, HERSHEY[self.face], zoom, thick)[0][0]
            at = (round(x - width if right else x), round(y))
            cv2.putText(self.pixels, plain, at, HERSHEY[self.face], zoom, 30, thick, cv2.LINE_AA)
            return
        from PIL import Image, ImageDraw, ImageFont

        font = ImageFont.truetype(str(self.face), round(size))
        picture = Image.fromarray(self.pixels)
        ImageDraw.Draw(picture).text((x, y), text, font=font, fill=30, anchor="rs" if right else "ls")
        self.pixels = np.array(picture)


def strange_tape(printed: Printed, counts: Counts, face: str | Path, beside: bool, places: int = 4) -> Grey:
    """A tape of the same election as another machine would print it: other type, sizes, columns and gaps.

    Args:
        beside: words stand beside the figures, else below them, and the sheet code has a gap in it.
        places: words that make a number.
    """
    contest, printing = printed.contest, printed.contest.printing
    assert printing is not None
    pen = Pen(face, 700, 6200)
    y = 50.0
    pen.text(30, y, printing.title, 30)
    y += 52
    pen.text(30, y, "040200077.02.1.0001" if beside else "040200077.", 30)
    if not beside:
        pen.text(250, y, "02.1.0001", 30)
    y += 52
    for text in (
        "8017da9c-1c56-4f0e",
        "-9a3b-0c1d2e3f4a5b",
        "Centro: 040200077",
        "Mesa: 2",
    ):
        pen.text(30, y, text, 30)
        y += 52

    def row(label: str, number: int) -> None:
        nonlocal y
        words = ", ".join(printing.digit_words[int(d)] for d in f"{number:0{places}d}")
        small = len(label) > 12 and beside
        pen.text(30, y, label, 17 if small else 27)
        pen.text(330 if beside else 660, y, str(number), 34, right=True)
        if beside:
            pen.text(365, y, words, 19)
            y += 62
        else:
            pen.text(660, y + 34, words, 24, right=True)
            y += 88

    voters = counts.cast
    for name in ("voters_machine", "voters_book"):
        row(printing.label(name), voters)
    for line in contest.lines:
        row(line.label, (counts.lines or {})[line.code])
    values = {"votes": voters, "valid": counts.valid, "zero": 0, "null": counts.null or 0, "blank": counts.blank or 0}
    y += 40
    for entry in printing.summary:
        row(entry.label, values[entry.figure])
    return np.ascontiguousarray(pen.pixels[: round(y) + 40])


@pytest.fixture(scope="session")
def strange() -> object:
    return strange_tape
