"""Show of a sheet only what the profile allows: rectangles in the original's pixels, and the picture made of them.

Rules of this module
--------------------
1. What is allowed is copied onto white. Nothing is painted over: what is not named cannot be seen.
2. A rectangle never reaches nearer to a private zone than the alignment may be wrong; it ends inside the paper.
3. **The published image is the bounding box of the rectangles**, at the original's resolution, everything outside them
   white. So whoever has the original, the rectangles and its size (an *opened* leaf) makes the same pixels again;
   only the JPEG's loss differs. From the top of the layout's first public zone to the bottom of its last one it is
   the whole height of the published image (to about a millimetre): a site that knows no more than the layout and the
   image's size finds a ballot line by that rule; :attr:`Published.rows` says it exactly.
4. The JPEG is grey, without metadata, and the same for the same pixels.
5. A sheet that stands on its head is turned by half first, pixel for pixel. *Upright* then means: as its code reads;
   rectangles and size are those of the turned original, and who has it turns it likewise.
6. Where no layout is found but the print was read, the rows that were read are shown (``rows_shown.py``).
7. Before a picture is given out it is read once more: if its code does not say the same, it is withheld.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from testigo.election.layout import Box
from testigo.election.profile import Profile
from testigo.errors import InternalError
from testigo.reading.codes import Region, find_codes
from testigo.reading.found import FoundSheet, SheetReadings
from testigo.reading.opening.images import Grey, OpenedImage, as_grey
from testigo.reading.sheets import read_sheet
from testigo.reading.showing.alignment import Alignment, align
from testigo.reading.showing.rows_shown import visible_rows
from testigo.reading.showing.upright import upright
from testigo.records import Opening, Withheld

#: Millimetres kept from a private zone: more than an alignment that was accepted can be wrong.
PRIVATE_MARGIN_MM = 2.5
#: Millimetres kept from the paper's edges, so that no background is shown.
EDGE_MARGIN_MM = 0.3

_SLICE_MM = 20.0  # a tilted sheet is shown in slices, each ending inside the paper
_QUALITY = 70
_WHITE = 255


@dataclass(frozen=True, slots=True)
class Published:
    """A picture that everybody may see.

    Attributes:
        jpeg: its bytes.
        rectangles: what is shown, as (x, y, width, height) in the original's pixels, turned so that the sheet is
            upright; they do not overlap.
        size: (width, height) of the original, turned so.
        crop: the part of the original that the picture covers: the bounding box of the rectangles.
        rows: each ballot line's row in the picture's own pixels, in printed order.
    """

    jpeg: bytes
    rectangles: tuple[Region, ...]
    size: tuple[int, int]
    crop: Region
    rows: tuple[Region, ...]


def publish_image(profile: Profile, image: OpenedImage, readings: SheetReadings) -> Published | Withheld:
    """The picture of the one sheet on an image, or why there is none.

    Args:
        profile: says which zones are public.
        image: as opened.
        readings: of that image.

    Returns:
        The picture; NO_SHEET without a sheet (or if refused); NO_LAYOUT; NOT_ALIGNED, also for several sheets on one
        image.
    """
    if readings.refusal is not None or not readings.found:
        return Withheld.NO_SHEET
    if len(readings.found) > 1:
        return Withheld.NOT_ALIGNED
    sheet = readings.found[0]
    if sheet.code is None or sheet.payload is None:  # the layout is found from the code
        return _by_rows(image, sheet, Withheld.NOT_ALIGNED)
    contest = profile.contest(sheet.contest)
    turned, code = upright(image, sheet.code)
    alignment = align(contest.layout, turned, code, contest.printing)
    if isinstance(alignment, Withheld):
        return _by_rows(image, sheet, alignment)
    rectangles = visible_rectangles(alignment)
    if not rectangles:
        return Withheld.NOT_ALIGNED
    pixels, crop = redact(turned.full(), rectangles)
    jpeg = encode(pixels)
    if not _says_the_same(jpeg, sheet.payload.text):
        return Withheld.NOT_ALIGNED
    return Published(jpeg, rectangles, turned.size, crop, line_rows(alignment, crop))


def redact_image(profile: Profile, image: OpenedImage, *, rehearsal: bool) -> Published | Withheld | Opening:
    """Read an image and make the picture that everybody may see; the print is read only where no layout is found.

    Args:
        profile: says which zones are public.
        image: as opened.
        rehearsal: whether drawings are taken.

    Returns:
        The picture; why there is none; or SIMULACRO for a drawing outside a rehearsal.
    """
    readings = read_sheet(profile, image, rehearsal=rehearsal, print_mode="never")
    shown = publish_image(profile, image, readings)
    if isinstance(shown, Withheld) and readings.refusal is None:
        readings = read_sheet(profile, image, rehearsal=rehearsal, print_mode="always")
        shown = publish_image(profile, image, readings)
    return readings.refusal.outcome if readings.refusal is not None else shown


def _by_rows(image: OpenedImage, sheet: FoundSheet, otherwise: Withheld) -> Published | Withheld:
    """The picture of the rows that were read, where the print was read and no layout was found."""
    rectangles = visible_rows(sheet, image.size)
    if not rectangles or sheet.by_print is None:
        return otherwise
    pixels, crop = redact(image.full(), rectangles)
    jpeg = encode(pixels)
    if sheet.payload is not None and not _says_the_same(jpeg, sheet.payload.text):
        return otherwise
    rows = [sheet.by_print.place(line.box) for line in sheet.by_print.reading.lines if line.box is not None]
    placed = tuple((x - crop[0], y - crop[1], width, height) for x, y, width, height in rows)
    return Published(jpeg, rectangles, image.size, crop, placed)


def visible_rectangles(alignment: Alignment) -> tuple[Region, ...]:
    """What of an aligned sheet may be seen: integer rectangles in the original's upright pixels, top to bottom."""
    rectangles: list[Region] = []
    for zone in alignment.layout.zones():
        top, bottom = _visible_height(alignment, zone)
        rectangles.extend(_slices(alignment, top, bottom))
    return tuple(rectangles)


def _visible_height(alignment: Alignment, zone: Box) -> tuple[int, int]:
    """First and last-but-one row of a zone, each as the most cautious witness at the more cautious side has it."""
    layout, scale = alignment.layout, alignment.scale
    at_top, at_bottom = zone.y <= 1e-9, zone.bottom >= layout.paper_height - 1e-9
    sides = (0.0, layout.paper_width)
    tops = [y for x in sides for y in alignment.estimates(x, zone.y)]
    bottoms = [y for x in sides for y in alignment.estimates(x, zone.bottom)]
    top = max(tops) + (EDGE_MARGIN_MM if at_top else PRIVATE_MARGIN_MM) * scale
    bottom = min(bottoms) - (EDGE_MARGIN_MM if at_bottom else PRIVATE_MARGIN_MM) * scale
    return max(0, math.ceil(top)), min(alignment.size[1], math.floor(bottom))


def _slices(alignment: Alignment, top: int, bottom: int) -> list[Region]:
    """A zone as rectangles below one another, each between the paper's sides."""
    slices: list[Region] = []
    step = max(1, round(_SLICE_MM * alignment.scale))
    margin = EDGE_MARGIN_MM * alignment.scale
    (left, left_slope), (right, right_slope) = alignment.left, alignment.right
    for y in range(top, bottom, step):
        end = min(y + step, bottom)
        x = max(0, math.ceil(max(left + left_slope * y, left + left_slope * end) + margin))
        x_end = min(right + right_slope * y, right + right_slope * end) - margin
        x_end = min(alignment.size[0], math.floor(x_end))
        if x_end > x:
            slices.append((x, y, x_end - x, end - y))
    return slices


def redact(pixels: Grey, rectangles: Sequence[Region]) -> tuple[Grey, Region]:
    """The rectangles of an image on white, cut to their bounding box.

    Args:
        pixels: the original at full size, grey, upright, shape (height, width).
        rectangles: what may be seen, inside the original, at least one.

    Returns:
        The pixels, and the part (x, y, width, height) of the original that they cover.
    """
    height, width = pixels.shape
    inside = all(x >= 0 and y >= 0 and w > 0 and h > 0 and x + w <= width and y + h <= height
                 for x, y, w, h in rectangles)  # fmt: skip
    if not rectangles or not inside:
        raise InternalError("A redaction needs rectangles, all of them inside the image.")
    left, top = min(r[0] for r in rectangles), min(r[1] for r in rectangles)
    right, bottom = max(r[0] + r[2] for r in rectangles), max(r[1] + r[3] for r in rectangles)
    shown: Grey = np.full((bottom - top, right - left), _WHITE, np.uint8)
    for x, y, w, h in rectangles:
        shown[y - top : y - top + h, x - left : x - left + w] = pixels[y : y + h, x : x + w]
    return shown, (left, top, right - left, bottom - top)


def encode(pixels: Grey) -> bytes:
    """Grey pixels as JPEG without metadata; the same bytes for the same pixels."""
    good, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1])
    if not good:
        raise InternalError("A redacted image could not be encoded.")
    return bytes(data)


def line_rows(alignment: Alignment, crop: Region) -> tuple[Region, ...]:
    """Each ballot line's row in the pixels of the published image, in printed order."""
    middle = alignment.layout.paper_width / 2
    rows = []
    for box in alignment.layout.line_boxes():
        top = round(alignment.best(middle, box.y)) - crop[1]
        bottom = round(alignment.best(middle, box.bottom)) - crop[1]
        top, bottom = max(0, min(top, crop[3])), max(0, min(bottom, crop[3]))
        rows.append((0, top, crop[2], bottom - top))
    return tuple(rows)


def _says_the_same(jpeg: bytes, payload: str) -> bool:
    """Whether the published picture's code still reads as the original's did, at half size or at full."""
    data = np.frombuffer(jpeg, np.uint8)
    for flag in (cv2.IMREAD_REDUCED_GRAYSCALE_2, cv2.IMREAD_GRAYSCALE):
        pixels = cv2.imdecode(data, flag)
        if pixels is not None and any(c.text == payload for c in find_codes(as_grey(pixels))):
            return True
    return False
