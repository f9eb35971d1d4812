"""The sheets of an image as their print says them, with every place said in the image's own pixels.

Rules of this module
--------------------
1. How: (1) each sheet of paper is found and made straight; (2) its print is read; (3) what it says, and where, comes
   back to the image.
2. Print that does not prove itself gives no sheet. It may still contradict a code, or confirm one.
3. The most costly reader: it runs where it was asked for, on at most ``Limits.max_prints`` sheets of a file.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version

import cv2
import numpy as np

from testigo.election.profile import Profile
from testigo.reading.codes import Code, Region
from testigo.reading.opening.images import OpenedImage
from testigo.reading.papers.finding import BY_SHAPE, Paper, find_papers
from testigo.reading.papers.straightening import Straight, straighten
from testigo.reading.print import CountPrint, PrintReading, Said, read_print
from testigo.records.facts import EMPTY, FILLED, MAC, PRINTED_AT, SIGNATURE, UUID, fact_problem

PRINT_READER = "print/rapidocr"
_log = logging.getLogger("testigo.reading")

_FOUND_WELL = 700  # per mille: what was found less surely may be a part of a sheet, or its ground
_ALL_OF_IT = 0.85  # share of the image from which on a sheet is the image
_PIXELS_PER_MM = 9.0
_USUAL_WIDTH_MM = 80.0
#: Per mille. What is held against a code must have been read so surely.
_SURE = 900
#: Per mille. Of a UUID or a time every character counts into the chance, and its shape alone already says a lot.
_SURE_SHAPED = 250
_PRINT_TIMES = ("%d/%m/%Y %I:%M:%S %p", "%d/%m/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")


@dataclass(frozen=True, slots=True)
class PrintedSheet:
    """The print of one sheet of paper.

    Attributes:
        reading: what it says; its boxes are in the pixels of ``straight``.
        paper: where the sheet lies on the image.
        straight: the sheet made straight, with the way back.
    """

    reading: PrintReading
    paper: Paper
    straight: Straight

    def place(self, box: Region) -> Region:
        """A rectangle of the straight picture as the upright rectangle round it on the image: x, y, width, height."""
        x, y, width, height = box
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        placed = self.straight.to_image(corners)
        left, top = (max(0, int(v)) for v in np.floor(placed.min(axis=0)))
        right, bottom = (int(v) for v in np.ceil(placed.max(axis=0)))
        return left, top, max(0, right - left), max(0, bottom - top)

    @property
    def region(self) -> Region:
        """The rectangle around the sheet, in the image's upright pixels."""
        return self.paper.bounds

    @property
    def rows(self) -> tuple[CountPrint, ...]:
        """Every row with a number, in printed order."""
        return (*self.reading.lines, *self.reading.rows)

    @property
    def facts(self) -> Mapping[str, str]:
        """What was surely read of the sheet itself; see :func:`testigo.records.fact_problem`."""
        return facts_of(self.reading)


def print_version() -> str:
    """The version of the reader of print, as readings name it."""
    try:
        return version("rapidocr")
    except PackageNotFoundError:
        return "unknown"


def find_sheets_by_print(
    profile: Profile,
    image: OpenedImage,
    codes: Mapping[Code, str],
    wanted: Callable[[Paper], bool],
    most: int,
) -> tuple[PrintedSheet, ...]:
    """Read the print of the sheets of paper on an image.

    Args:
        profile: the election.
        image: as opened.
        codes: the sheets' codes found on it -> the sheet code that each says: they settle how a sheet lies.
        wanted: whether the print of a sheet of paper shall be read.
        most: sheets read at most.

    Returns:
        The sheets whose print was found, proven or not.
    """
    papers = find_papers(image, tuple(codes))
    found = []
    for paper in [paper for paper in papers if wanted(paper)][:most]:
        hint = next((codes[code] for code in paper.codes if code in codes), "")
        sheet = _read(profile, image, paper, hint)
        if sheet is not None:
            found.append(sheet)
    # Where a code was read, a sheet found badly must not come out a second time, without its code.
    if not codes and not any(sheet.reading.proven for sheet in found):
        others = (_read(profile, image, paper, "") for paper in _otherwise(image, papers, found) if wanted(paper))
        proven = next((other for other in others if other is not None and other.reading.proven), None)
        found = found if proven is None else [_still_a_drawing(proven, found)]
    return tuple(found)


def _still_a_drawing(sheet: PrintedSheet, parts: Sequence[PrintedSheet]) -> PrintedSheet:
    """A sheet in place of parts of it: what was seen on a part to be a drawing is one."""
    drawn = sheet.reading.simulacro or any(part.reading.simulacro for part in parts)
    return replace(sheet, reading=replace(sheet.reading, simulacro=drawn))


def _read(profile: Profile, image: OpenedImage, paper: Paper, hint: str) -> PrintedSheet | None:
    straight = straighten(image, paper, _width(profile, paper))
    try:
        reading = read_print(profile, straight.pixels, sheet_code=hint)
    except (cv2.error, ArithmeticError, LookupError, ValueError):
        # A picture that the reader of print stumbles over must not take the code's sheet with it.
        _log.warning("the reader of print failed on a sheet", exc_info=True)
        return None
    return None if reading is None else PrintedSheet(reading, paper, straight)


def _otherwise(image: OpenedImage, papers: Sequence[Paper], found: Sequence[PrintedSheet]) -> list[Paper]:
    """How else a sheet may lie where none was found with certainty: anywhere on the image; and, where nothing was read
    that says how it lies, on its head."""
    best = max(papers, key=lambda paper: paper.certainty)
    if best.certainty >= _FOUND_WELL:
        return []
    whole = best.size[0] * best.size[1] > _ALL_OF_IT * image.width * image.height
    turns = [] if whole else [best.turned // 90]
    if best.oriented_by == BY_SHAPE and not found:
        turns.append(best.turned // 90 + 2)
    wide, tall = float(image.width), float(image.height)
    seen = [(0.0, 0.0), (wide, 0.0), (wide, tall), (0.0, tall)]
    if best.mirrored:
        seen = [seen[1], seen[0], seen[3], seen[2]]
    # As a sheet lies turned clockwise, its upper left corner is a later one of the image's.
    later = -1 if best.mirrored else 1
    frames = [tuple(seen[(n + later * turn) % 4] for n in range(4)) for turn in turns]
    return [replace(best, corners=frame, missing=()) for frame in frames]  # type: ignore[arg-type]


def _width(profile: Profile, paper: Paper) -> int:
    """Pixels of a straight picture's width: fine enough for the widest sheet, never finer than the image is."""
    widths = [contest.layout.paper_width for contest in profile.contests if contest.layout]
    return max(64, round(min(paper.size[0], max(widths, default=_USUAL_WIDTH_MM) * _PIXELS_PER_MM)))


def facts_of(reading: PrintReading) -> dict[str, str]:
    """What was surely read of the sheet itself, in the closed shapes of :mod:`testigo.records.facts`."""
    facts: dict[str, str] = {}
    uuid = _sure(reading.uuid).lower()
    if uuid:
        facts[UUID] = uuid
    printed_at = _time(_sure(reading.printed_at))
    if printed_at:
        facts[PRINTED_AT] = printed_at
    if reading.hmac is not None and reading.hmac.present is not None:
        facts[MAC] = "present" if reading.hmac.present else "absent"
    for role, filled in reading.signatures.items():
        if filled is not None:
            facts[f"{SIGNATURE}{role}"] = FILLED if filled else EMPTY
    return {name: text for name, text in facts.items() if not fact_problem({name: text})}


def _sure(said: Said | None) -> str:
    return said.text.strip() if said is not None and said.confidence >= _SURE_SHAPED else ""


def _time(text: str) -> str:
    """A printed time as ``2024-07-28T19:03:30``; empty if it is none."""
    for shape in _PRINT_TIMES:
        try:
            return dt.datetime.strptime(text, shape).isoformat(timespec="seconds")  # noqa: DTZ007  (as printed: local)
        except ValueError:
            continue
    return ""


def said_by(row: CountPrint) -> tuple[int | None, int | None]:
    """What a row's figures and its words surely say; ``None`` for what was not surely read."""
    figures = row.figures if row.figures_confidence >= _SURE else None
    words = row.words if row.words_confidence >= _SURE else None
    return figures, words


def boxes_of(rows: Sequence[CountPrint]) -> list[Region]:
    """The places of rows that have one, in the straight picture's pixels."""
    return [row.box for row in rows if row.box is not None]
