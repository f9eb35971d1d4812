"""The graded set: invented sheets, drawn, damaged by 14 families, with what each picture's sheets say. For benchmarks.

Rules of this module
--------------------
1. A case follows from (seeds, family, number) alone: fewer images per family are a prefix of more.
2. Grades are spread evenly over 0 to 1 in every prefix (steps of the golden ratio), not drawn.
3. One image in three has the look of the profile's own drawing; the others have each a look of their own.
4. ``dev`` is for work on the reader; ``published`` is for the figures that are published, and for nothing else.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from testigo.election import Profile, Register, load_profile
from testigo.simulate import Sheet, invented_counts, invented_register, make_sheet
from testigo.simulate.damage import FAMILIES, Damaged, damaged
from testigo.simulate.look import look_of
from testigo.simulate.places import drawing_of

#: Name of a set -> the seed of its country.
SEEDS = {"dev": 41_017, "published": 90_283}
IMAGES = 60
_STATIONS = 1200
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True, slots=True)
class Truth:
    """What is on a picture.

    Attributes:
        sheets: what each sheet says, in the order of ``picture.sheets``.
        payloads: what their codes say.
        picture: pixels, and where everything lies.
    """

    sheets: tuple[Sheet, ...]
    payloads: tuple[str, ...]
    picture: Damaged

    @property
    def whole(self) -> bool:
        """Whether every row with counts of every sheet is on the picture."""
        return all(shown.rows_visible for shown in self.picture.sheets)


@dataclass(frozen=True, slots=True)
class Case:
    """One image of the set."""

    seeds: str
    family: str
    number: int
    grade: float
    data: bytes
    truth: Truth


@lru_cache(maxsize=2)
def profile_of(code: str = "ve2024") -> Profile:
    """The election whose sheets are drawn."""
    return load_profile(code)


@lru_cache(maxsize=2)
def _country(seeds: str) -> tuple[Register, tuple[Sheet, ...]]:
    profile, seed = profile_of(), SEEDS[seeds]
    contest = profile.contest()
    register = invented_register(profile, _STATIONS, seed)
    counts = invented_counts(contest, register, seed)
    sheets = []
    for code, votes in counts.items():
        station = register.find(code)
        assert station is not None
        sheets.append(make_sheet(profile, contest, register, station, votes, seed))
    return register, tuple(sheets)


def sheet_number(seeds: str, number: int) -> Sheet:
    """A sheet of the set's country; numbers wrap round."""
    sheets = _country(seeds)[1]
    return sheets[number * 7 % len(sheets)]


def grade_of(number: int) -> float:
    """The grade of a family's image with that number, from 0 on."""
    return ((number + 0.5) * _GOLDEN) % 1.0


def case_of(seeds: str, family: str, number: int, fonts: tuple[str, ...] = ()) -> Case:
    """One image of the set; with ``fonts`` (:func:`testigo.simulate.letters.system_fonts`) it is another set."""
    profile = profile_of()
    contest = profile.contest()
    first = (FAMILIES.index(family) * 80 + number) * 2
    sheets = tuple(sheet_number(seeds, first + n) for n in range(2 if family == "two_tapes" else 1))
    look = None if number % 3 == 2 else look_of(f"{SEEDS[seeds]}/{family}/{number}", fonts)
    drawings = [drawing_of(profile, contest, sheet, look) for sheet in sheets]
    grade = grade_of(number)
    picture = damaged(family, grade, drawings, f"{seeds}/{SEEDS[seeds]}/{number}")
    payloads = tuple(drawing.payload for drawing in drawings)
    return Case(seeds, family, number, grade, picture.encoded(), Truth(sheets, payloads, picture))


def graded_set(
    seeds: str = "dev", images_per_family: int = IMAGES, families: Sequence[str] = FAMILIES
) -> Iterator[Case]:
    """The images of the set, one after the other, family by family.

    Args:
        seeds: ``dev`` or ``published``.
        images_per_family: 60 in the published figures.
        families: those wanted.
    """
    for family in families:
        for number in range(images_per_family):
            yield case_of(seeds, family, number)


def main() -> None:
    """Tell what is in the set, and write its images for people to look at."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", choices=sorted(SEEDS), default="dev")
    parser.add_argument("--images", type=int, default=2, help="per family")
    parser.add_argument("--write", type=Path, help="folder for the images")
    options = parser.parse_args()
    for case in graded_set(options.seeds, options.images):
        height, width = case.truth.picture.pixels.shape[:2]
        visible = [round(shown.code_visible, 2) for shown in case.truth.picture.sheets]
        size = f"{width:5} x {height:5} {len(case.data) // 1000:5} kB"
        print(f"{case.family:21} {case.number:3} grade {case.grade:.2f} {size}  code visible {visible}")
        if options.write:
            options.write.mkdir(parents=True, exist_ok=True)
            kind = {"jpeg": "jpg", "tiff": "tif", "png": "png"}[case.truth.picture.file.kind]
            (options.write / f"{case.family}-{case.number:02d}.{kind}").write_bytes(case.data)


if __name__ == "__main__":
    main()
