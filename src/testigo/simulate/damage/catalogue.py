"""The catalogue of graded damage: a drawing, a family, a grade and a seed -> a picture, its bytes, and the truth.

Rules of this module
--------------------
1. The same arguments give the same pixels and the same bytes, whatever was asked before.
2. The truth goes with the picture: which sheets are on it, where each of their points lies, what is hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from testigo.errors import InputError
from testigo.simulate.damage.families import ALL, generator, phone_part
from testigo.simulate.damage.picture import Drawing, Shown
from testigo.simulate.damage.saving import File, save
from testigo.simulate.paper import Image

#: The names of the families.
FAMILIES: tuple[str, ...] = tuple(ALL)
#: Grades up to this one are *clean to moderate*: a person reads such a picture without effort.
MODERATE = 0.4


@dataclass(frozen=True, slots=True)
class Damaged:
    """A damaged picture.

    Attributes:
        family, grade: as asked.
        pixels: grey (height, width) or colour (height, width, 3; blue, green, red), as a viewer shows them.
        sheets: the sheets on it, with where their points lie and what of them is hidden.
        file: what kind of file it becomes.
    """

    family: str
    grade: float
    pixels: Image
    sheets: tuple[Shown, ...]
    file: File

    @property
    def moderate(self) -> bool:
        """Whether the grade is clean to moderate."""
        return self.grade <= MODERATE

    def encoded(self) -> bytes:
        """The bytes of the file."""
        return save(self.pixels, self.file)


def damaged(family: str, grade: float, image: Image | Drawing | Sequence[Drawing], seed: int | str) -> Damaged:
    """Do a family's damage to a drawing.

    Args:
        family: one of :data:`FAMILIES`.
        grade: 0 (mild) to 1 (as bad as a person, or the error correction, can barely read).
        image: a drawing, two of them for ``two_tapes``, or bare grey pixels (height, width).
        seed: whatever is random follows from it and the family.

    Raises:
        InputError: no such family or grade, or one drawing where two are needed.
    """
    if family not in ALL:
        raise InputError(f"There is no family {family!r} of damage; there are: {', '.join(FAMILIES)}.")
    if not 0.0 <= grade <= 1.0:
        raise InputError(f"A grade of damage is between 0 and 1, not {grade}.")
    if isinstance(image, np.ndarray):
        drawings: Sequence[Drawing] = (Drawing(image),)
    else:
        drawings = (image,) if isinstance(image, Drawing) else tuple(image)
    if len(drawings) < (2 if family == "two_tapes" else 1):
        raise InputError(f"The damage {family!r} needs two drawings.", "Hand over a list of two.")
    picture, file = ALL[family](drawings, float(grade), generator(family, seed))
    return Damaged(family, float(grade), picture.pixels, picture.finished(), file)


def photos(
    drawing: Drawing, grade: float, seed: int | str, parts: int = 3, overlap: float = 0.06
) -> tuple[Damaged, ...]:
    """A tape in several photos from top to bottom, as people send them; each shows a little of its neighbours.

    Args:
        drawing: of one sheet.
        grade: 0 to 1, of the phone's own harm.
        seed: whatever is random follows from it.
        parts: how many photos.
        overlap: share of the sheet's length that two neighbours both show, about.
    """
    if not 0.0 <= grade <= 1.0 or parts < 1:
        raise InputError(f"A grade is between 0 and 1 and a tape has at least one part, not {grade} and {parts}.")
    taken = []
    for part in range(parts):
        rng = generator("photos", f"{seed}/{part}")
        wander = rng.uniform(0.3, 1.0, 2) * overlap
        top, bottom = max(0.0, part / parts - wander[0]), min(1.0, (part + 1) / parts + wander[1])
        picture, file = phone_part(drawing, grade, rng, float(top), float(bottom))
        taken.append(Damaged("phone", grade, picture.pixels, picture.finished(), file))
    return tuple(taken)
