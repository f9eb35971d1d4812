"""A code that its print helped to read: what it says of itself, what cannot happen with another sheet's print."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from testigo.reading import (
    FoundSheet,
    OpenedImage,
    SheetReadings,
    as_json,
    open_image,
    problems,
    read_sheet,
    to_readings,
)
from testigo.reading.cascade import find_sheets_by_code
from testigo.reading.judged import judge_of
from testigo.reading.print import CountPrint, PrintReading, Said
from testigo.reading.soft import symbol

Grey = npt.NDArray[np.uint8]
ToJpeg = Callable[..., bytes]
# On a tape of the fixtures the code of 49 modules begins at about (95, 6725) and is 451 pixels wide.
LEFT, TOP, SIDE = 95, 6725, 451
MODULE = SIDE / 49
#: Rows of pixels with some ballot lines, and where their figures begin.
LINES, FIGURES = slice(1536, 1676), slice(250, None)


def header_gone(tapes: Any, number: int, checks: int, code_of: int | None = None) -> Grey:
    """A drawn tape with scribbles where its code has the header, and on so many check symbols of that block.

    A figure is rubbed out besides, so that the print proves nothing.
    """
    tape: Grey = tapes.drawn(number).copy()
    whole = slice(TOP, TOP + SIDE), slice(LEFT, LEFT + SIDE)
    if code_of is not None:
        tape[whole] = tapes.drawn(code_of)[whole]
    place, blocks = symbol.layout(8), symbol.blocks(8, "Q")
    rng = np.random.default_rng(checks)
    for codeword in blocks.members[0][: blocks.data[0] + checks]:
        for bit in range(8 * codeword, 8 * codeword + 8):
            y, x = TOP + place.rows[bit] * MODULE, LEFT + place.columns[bit] * MODULE
            tape[round(y) : round(y + MODULE), round(x) : round(x + MODULE)] = rng.choice([30, 250])
    tape[LINES, FIGURES] = 235
    return tape


def opened(tape: Grey, to_jpeg: ToJpeg) -> OpenedImage:
    image = open_image(to_jpeg(tape))
    assert isinstance(image, OpenedImage)
    return image


@pytest.fixture(scope="module")
def judged(tapes: Any, to_jpeg: ToJpeg) -> tuple[int, int, FoundSheet]:
    """The first sheet that is read with its print's help and not without: its number, what is gone, the sheet."""
    for checks in (10, 11, 12):
        for number in (3, 7, 12):
            image = opened(header_gone(tapes, number, checks), to_jpeg)
            if not find_sheets_by_code(tapes.profile, image, rehearsal=True).sheets:
                for sheet in read_sheet(tapes.profile, image, rehearsal=True).found:
                    return number, checks, sheet
    raise AssertionError("no judge ever helped")


def test_a_code_that_needed_its_print_says_so(tapes: Any, judged: tuple[int, int, FoundSheet]) -> None:
    number, _, sheet = judged
    assert sheet.payload is not None
    assert sheet.payload.text == tapes.payload(number)
    assert (sheet.stage, sheet.evidence) == ("judged", ("print", "qr"))
    assert problems.PRINT_AS_JUDGE in sheet.problems
    assert sheet.confidence <= 950
    assert not sheet.print_confirms


def test_it_is_one_reading_that_rests_on_both(judged: tuple[int, int, FoundSheet], tapes: Any) -> None:
    """So that the rules (``tests/review/test_double_entry.py``) find no second witness in that print."""
    number, _, sheet = judged
    (record,) = to_readings(sheet)
    assert (record.reader, record.evidence) == ("qr/soft", ("print", "qr"))
    assert (record.payload, record.counts) == (tapes.payload(number), tapes.counts(number))
    assert record.erased + record.corrected > 20


def test_the_line_of_read_names_both(judged: tuple[int, int, FoundSheet]) -> None:
    (line,) = as_json("a.jpg", SheetReadings((judged[2],)))
    assert (line["by"], line["stage"]) == ("qr+print", "judged")
    explained = next(one for one in line["problems"] if one["code"] == "print_as_judge")
    assert explained["es"] != explained["en"]


def test_without_its_print_nothing_is_read(
    tapes: Any, to_jpeg: ToJpeg, judged: tuple[int, int, FoundSheet]
) -> None:  # fmt: skip
    number, checks, _ = judged
    image = opened(header_gone(tapes, number, checks), to_jpeg)
    assert read_sheet(tapes.profile, image, rehearsal=True, print_mode="never").found == ()


def test_the_print_of_another_sheet_helps_to_nothing(
    tapes: Any, to_jpeg: ToJpeg, judged: tuple[int, int, FoundSheet]
) -> None:
    """One sheet's code pasted below another's print: whatever is read is the code's own, and not by that print."""
    number, checks, _ = judged
    image = opened(header_gone(tapes, number + 1, checks, code_of=number), to_jpeg)
    assert read_sheet(tapes.profile, image, rehearsal=True).found == ()


# ---------------------------------------------------------------------- what the print can say


def row(name: str, figures: int | None, words: int | None, sure: int = 990, kind: str = "summary") -> CountPrint:
    return CountPrint(name, kind, name, figures, sure, None, words, sure, None, figures, sure)


def printed(header: Said | None, *rows: CountPrint) -> PrintReading:
    nothing: dict[str, Any] = {"uuid": None, "printed_at": None, "electors": None, "counts": None, "hmac": None}
    return PrintReading(
        contest="presidente", station="", sheet_code=header, lines=(), rows=rows, printed={}, signatures={},
        checks=(), proven=False, confidence=0, problems=(), **nothing,
    )  # fmt: skip


def test_a_judge_says_only_what_was_surely_read() -> None:
    assert judge_of(printed(None)) is None
    assert judge_of(printed(Said("040202001.01.1.0001", 100))) is None
    sure = judge_of(printed(Said("040202001.01.1.0001", 900), row("valid", 300, 300), row("valid", 300, None)))
    assert sure is not None
    assert (sure.text, sure.totals.valid, sure.totals.null) == ("040202001.01.1.0001", 300, None)
    for rows in (
        [row("valid", 300, 301)],  # figures and words differ
        [row("valid", 300, 300), row("valid", 310, 310)],  # two rows of the same total differ
        [row("valid", 300, 300, sure=500)],
        [row("valid", 300, 300, kind="line")],  # a ballot line is no total
    ):
        assert judge_of(printed(None, *rows)) is None
