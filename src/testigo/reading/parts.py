"""Several photos of sheets, some of parts that overlap -> what the sheets say.

Rules of this module
--------------------
1. Parts are joined only where ``joining.py`` is certain that they show one sheet; all other photos are read alone.
2. Of a joined sheet the print is always read: that is what the photos were joined for. Its code counts where any of the
   photos shows it.
3. Photos that give no sheet alone are looked at together: each may show another part of one code (``together.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from testigo.election.profile import Profile
from testigo.reading.cascade import CodeAnswer, find_sheets_by_code
from testigo.reading.found import SheetReadings
from testigo.reading.opening.images import OpenedImage, image_of
from testigo.reading.papers.joining import join_parts, same_sheet_parts
from testigo.reading.sheets import PrintMode, read_sheet, read_with, readings_of
from testigo.reading.together import find_sheets_in_several


@dataclass(frozen=True, slots=True)
class PartsRead:
    """What one group of photos says.

    Attributes:
        images: their numbers, from the top of the sheet to its end; one for a photo that stands alone. Of photos whose
            codes were combined: in the order given.
        readings: of the photo, or of the joined picture, in whose pixels its regions are. Of combined codes: in the
            pixels of the first photo.
    """

    images: tuple[int, ...]
    readings: SheetReadings


def read_parts(
    profile: Profile, images: Sequence[OpenedImage], *, rehearsal: bool, print_mode: PrintMode = "needed"
) -> list[PartsRead]:
    """Read photos of which some may show parts of one sheet.

    Args:
        profile: the election.
        images: as opened; the time grows with the square of their number, so: those of one sender, a dozen or so.
        rehearsal: whether drawings may be read.
        print_mode: for photos that stand alone.

    Returns:
        One answer for each group, in the order of each group's first photo.
    """
    answers = [find_sheets_by_code(profile, image, rehearsal=rehearsal) for image in images]
    codes = [[sheet.code for sheet in answer.sheets] for answer in answers]
    read: list[PartsRead] = []
    for group in sorted(same_sheet_parts(images, codes), key=min):
        readings = _joined(profile, [images[n] for n in group], [answers[n] for n in group], rehearsal)
        if readings is None:
            for n in group:
                one = read_with(profile, images[n], answers[n], rehearsal=rehearsal, print_mode=print_mode)
                read.append(PartsRead((n,), one))
        else:
            read.append(PartsRead(group, readings))
    return _combined(profile, images, read, rehearsal)


def _combined(
    profile: Profile, images: Sequence[OpenedImage], read: Sequence[PartsRead], rehearsal: bool
) -> list[PartsRead]:
    """The same, with photos without a sheet put together where they show one between them."""
    unread = [
        one.images[0]
        for one in read
        if len(one.images) == 1 and not one.readings.found and one.readings.refusal is None
    ]
    together = find_sheets_in_several(profile, [images[n] for n in unread], rehearsal=rehearsal)
    groups = {tuple(unread[n] for n in one.images): one for one in together}
    used = {n for group in groups for n in group}
    rest = [one for one in read if not used & set(one.images)]
    rest += [PartsRead(group, readings_of(one, images[group[0]])) for group, one in groups.items()]
    return sorted(rest, key=lambda one: min(one.images))


def _joined(
    profile: Profile, images: Sequence[OpenedImage], answers: Sequence[CodeAnswer], rehearsal: bool
) -> SheetReadings | None:
    """What a group's joined picture says; ``None`` for one photo, or if the picture says less than its parts."""
    drawn = any(answer.is_drawing for answer in answers)
    if len(images) < 2 or (drawn and not rehearsal):
        return None
    joined = join_parts(images, [[sheet.code for sheet in answer.sheets] for answer in answers])
    if joined is None:
        return None
    readings = read_sheet(profile, image_of(joined.pixels), rehearsal=rehearsal, print_mode="always")
    seen = {sheet.payload.text for answer in answers for sheet in answer.sheets}
    said = {sheet.payload.text for sheet in readings.found if sheet.payload is not None}
    return readings if readings.found and seen <= said else None
