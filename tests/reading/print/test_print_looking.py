"""What is read once for many, and what is read only in company: on lines set for the purpose, with the real model."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from testigo.reading.print.looking import SheetReader
from testigo.reading.print.recogniser import Frames, recogniser

Grey = npt.NDArray[np.uint8]


def line(text: str, seed: int) -> Grey:
    """A line of type with a grain of its own, not quite in its place."""
    rng = np.random.default_rng(seed)
    picture = np.full((40, 460), 235, np.uint8)
    at = (10 + int(rng.integers(3)), 28 + int(rng.integers(2)))
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.75, 40, 2, cv2.LINE_AA)
    return np.asarray(np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255), np.uint8)


def said(frames: Frames) -> str:
    return "".join(letter for letter, _ in frames.text()).replace(" ", "")


def test_a_line_that_looks_alike_is_not_read_again() -> None:
    reader = SheetReader(recogniser())
    first, second = reader.read([line("Cero, Cero, Cero, Cero", 1), line("Cero, Cero, Cero, Cero", 2)], [False, False])
    assert second is first
    (third,) = reader.read([line("Cero, Cero, Cero, Cero", 3)], [False])
    assert third is first


@pytest.mark.parametrize(("last", "read"), [("Uno", "uno"), ("Dos", "dos"), ("Seis", "seis"), ("Tres", "tres")])
def test_one_other_word_at_the_end_is_seen(last: str, read: str) -> None:
    reader = SheetReader(recogniser())
    lines = [line(f"Cero, Cero, Cero, {word}", 4) for word in ("Cero", "Uno", "Dos", "Seis", "Tres", last)]
    frames = reader.read(lines, [False] * len(lines))
    assert said(frames[-1]).endswith(read)
    assert len({id(one) for one in frames}) == 5
