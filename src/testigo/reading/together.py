"""Several images of one sheet, none of whose codes can be read alone -> the sheet.

How images are put together
---------------------------
1. On each image the squares that look most like codes are valued, module by module.
2. Images are added one by one, those first that are most surely alike; each time the decoder tries.
3. What comes out has to be borne out by every image that was used (:mod:`testigo.reading.soft.several`).

Rules of this module
--------------------
1. Whether images show one sheet need not be known, and is not guessed: images of different sheets give nothing.
2. Of more images than can be compared, some stay unread. Time is limited.
3. The marks of a drawing are looked for round the code on every image that was used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

import numpy as np
import numpy.typing as npt

from testigo.election.profile import Contest, Profile
from testigo.election.simulacro import says_simulacro
from testigo.reading.cascade import COMBINED, CodeSheet, around, sheet_of
from testigo.reading.codes import find_codes_and_traces
from testigo.reading.marks import find_marks_round
from testigo.reading.opening.images import OpenedImage
from testigo.reading.soft import (
    Clock,
    Decoded,
    ModuleMap,
    Region,
    decode_several,
    find_regions,
    likeness,
    module_maps,
    placed,
)

Floats = npt.NDArray[np.float64]

#: Maps kept of each image; combinations of them that are tried for one set of images.
_MAPS_EACH, _MOST_COMBINATIONS = 4, 24
_TRACES, _REGIONS, _ALIKE = 2, 4, 0.97
_MOST_IMAGES, _MOST_TOGETHER = 12, 4


@dataclass(frozen=True, slots=True)
class Effort:
    """CPU seconds: for each image, to value its codes; and in all, to try combinations."""

    each: float = 1.5
    combining: float = 8.0


@dataclass(frozen=True, slots=True)
class Together:
    """A sheet that several images show.

    Attributes:
        images: their numbers, in the order given. The sheet's places are on the first.
        sheet: what its code says.
        is_drawing: whether a mark of a drawing lies beside the code on any of them.
    """

    images: tuple[int, ...]
    sheet: CodeSheet
    is_drawing: bool = False


def find_sheets_in_several(
    profile: Profile, images: Sequence[OpenedImage], *, rehearsal: bool, effort: Effort | None = None
) -> tuple[Together, ...]:
    """Read the sheets that two or more of the images show between them.

    Args:
        profile: the election.
        images: none of which gave a sheet alone, in any order, whichever way they lie. After a dozen no more are looked
            at.
        rehearsal: whether drawings may be read; outside a rehearsal their marks are looked for.
        effort: what it may cost.
    """
    effort = effort or Effort()
    contests = [contest for contest in profile.contests if contest.qr is not None]
    if len(images) < 2 or not contests:
        return ()
    maps = [_best_maps(image, contests, effort.each) for image in images[:_MOST_IMAGES]]
    search = _Search(contests, maps, Clock(effort.combining))
    found = []
    for members, decoded, places, mirrored in search.run():
        sheets = [sheet_of(placed(decoded, place, mirrored), COMBINED) for place in places]
        drawing = not rehearsal and any(
            says_simulacro([mark.text for mark in find_marks_round(images[n].full(), sheet.code)])
            for n, sheet in zip(members, sheets, strict=True)
        )
        found.append(Together(members, sheets[0], drawing))
    return tuple(found)


def _best_maps(image: OpenedImage, contests: Sequence[Contest], seconds: float) -> list[ModuleMap]:
    """The maps of the best fitting codes on an image: where another reader saw one, then where it looks like one."""
    clock = Clock(seconds)
    maps: list[ModuleMap] = []
    _, traces = find_codes_and_traces(image.full())
    places = [(around(trace), [np.array(trace.corners)]) for trace in traces[:_TRACES]]
    halves = find_regions(image.half(), _REGIONS)
    places += [(Region(2 * half.x, 2 * half.y, 2 * half.side, half.density), []) for half in halves]
    for region, quads in places:
        for one in module_maps(image.full(), region, contests, clock, quads=quads):
            if not any(_same(one, known) for known in maps):
                maps.append(one)
        if clock.over():
            break
    return sorted(maps, key=lambda one: -one.score)[:_MAPS_EACH]


def _same(a: ModuleMap, b: ModuleMap) -> bool:
    """Whether two maps say the same of nearly every module."""
    return a.trust.shape == b.trust.shape and float(((a.trust > 0) == (b.trust > 0)).mean()) > _ALIKE


_Read = tuple[tuple[int, ...], Decoded, list[ModuleMap], bool]


class _Search:
    """Images are put together, the most alike first, until they can be read or nothing is left to try."""

    def __init__(self, contests: Sequence[Contest], maps: Sequence[Sequence[ModuleMap]], clock: Clock) -> None:
        self.contests, self.maps, self.clock = contests, maps, clock
        self.left = [n for n, own in enumerate(maps) if own]

    def run(self) -> Iterator[_Read]:
        """Every sheet found: numbers of its images, what it says, a map of each, whether they are mirrored."""
        for members in self._sets():
            if self.clock.over():
                return
            if not set(members) <= set(self.left):
                continue
            found = self._decoded(members)
            if found is not None:
                self.left = [n for n in self.left if n not in members]
                yield members, *found

    def _sets(self) -> Iterator[tuple[int, ...]]:
        """Sets of images that do not contradict each other: pairs first, then larger ones."""
        alike = {(a, b): self._alike(a, b) for a in self.left for b in self.left if a < b}
        pairs = sorted((pair for pair, bits in alike.items() if bits is not None), key=lambda p: -(alike[p] or 0.0))
        sets: list[tuple[int, ...]] = list(pairs)
        while sets and len(sets[0]) <= _MOST_TOGETHER:
            yield from sets
            grown = [
                (*members, n)
                for members in sets
                for n in self.left
                if n > members[-1] and all((m, n) in pairs for m in members)
            ]
            sets = grown[: 2 * _MOST_COMBINATIONS]

    def _alike(self, a: int, b: int) -> float | None:
        likely = [likeness(one.trust, other.trust) for one in self.maps[a] for other in self.maps[b]]
        return max((bits for bits in likely if bits is not None), default=None)

    def _decoded(self, members: tuple[int, ...]) -> tuple[Decoded, list[ModuleMap], bool] | None:
        for chosen in islice(product(*(self.maps[n] for n in members)), _MOST_COMBINATIONS):
            for mirrored in (False, True):
                if self.clock.over():
                    return None
                maps: list[Floats] = [one.trust.T if mirrored else one.trust for one in chosen]
                decoded = decode_several(maps, self.contests)
                if decoded is not None:
                    return decoded, list(chosen), mirrored
        return None
