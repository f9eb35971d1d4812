"""A region of an image -> what the damaged code in it says.

How a region is read
--------------------
1. Squares are proposed: by finder patterns, by another reader that found a code and could not decode it, by the lattice
   of the modules. Each is rated on the whole function pattern; the best few go on.
2. Each is fitted (corners moved; then bent), its modules are valued and trusted, and decoded, as it is and mirrored.
3. The first sure answer ends the search; so does the time allowed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from testigo.election.profile import Contest
from testigo.reading.opening.images import Grey
from testigo.reading.soft import symbol
from testigo.reading.soft.decode import Decoded, Effort, decode_modules
from testigo.reading.soft.feed import UNIT, Fed, find_fed
from testigo.reading.soft.finders import Finder, find_blurred_finders, find_finders, squares_of
from testigo.reading.soft.grid import (
    Grid,
    View,
    bent,
    fitted_quad,
    quad_to_pixels,
    rated,
    refined,
    square_grid,
    view_of,
)
from testigo.reading.soft.lattice import find_lattices
from testigo.reading.soft.texture import Region, dominant_angle
from testigo.reading.soft.values import module_trust

Floats = npt.NDArray[np.float64]
Point = tuple[float, float]

_LEAST_SCORE = 4.5
_MOST_PROPOSALS = 160
#: Shares of a code that are dark: usually a half; outside these its ink has gone or bled.
_LITTLE_INK, _MUCH_INK = 0.34, 0.62
#: A fit between these may be that of paper that curls.
_BENT_ABOVE, _BENT_BELOW = 8.0, 17.5
#: Rows that were told one by one fit well, or are not rows of a code; they lie within a third of a module.
_LEAST_FED_SCORE, _FED_REACH = 8.0, 0.3


class Clock:
    """CPU seconds left."""

    def __init__(self, seconds: float) -> None:
        self._until = time.process_time() + seconds

    def over(self) -> bool:
        """Whether the time is used up."""
        return time.process_time() >= self._until


@dataclass(frozen=True)
class SoftCode:
    """A damaged code that was decoded.

    Attributes:
        decoded: what it says.
        corners: upper left, upper right, lower right, lower left of the symbol, in the image's pixels.
        mirrored: whether the picture shows it mirrored.
        fit: how well the function pattern fits (about a normal deviate).
    """

    decoded: Decoded
    corners: tuple[Point, Point, Point, Point]
    mirrored: bool
    fit: float


@dataclass(frozen=True)
class ModuleMap:
    """A code's modules as seen, whether or not they decode: for putting several images together.

    Attributes:
        trust: as :func:`testigo.reading.soft.decode.decode_modules` takes it; upright if it is not mirrored.
        grid: where it lies, in the image's pixels.
        score: how well the function pattern fits.
    """

    trust: Floats
    grid: Grid
    score: float


def likely_versions(contests: Sequence[Contest]) -> tuple[int, ...]:
    """Versions 5 to 15, those first that the profile names, then by nearness to them."""
    named = [contest.qr.version for contest in contests if contest.qr is not None] or [8]
    return tuple(sorted(symbol.VERSIONS, key=lambda v: (min(abs(v - name) for name in named), v)))


def read_region(
    pixels: Grey,
    region: Region,
    contests: Sequence[Contest],
    clock: Clock,
    *,
    quads: Sequence[Floats] = (),
    effort: Effort | None = None,
) -> SoftCode | None:
    """Read the code in a region.

    Args:
        pixels: the image.
        region: where a code may be.
        contests: whose grammars may apply.
        clock: when to give up.
        quads: corners of codes that another reader found there, (4, 2) each, in the image's pixels.
        effort: how hard to try to decode.
    """
    for module_map in module_maps(pixels, region, contests, clock, quads=quads):
        found = decode_map(module_map, contests, effort=effort)
        if found is not None:
            return found
        if clock.over():
            return None
    return None


def decode_map(module_map: ModuleMap, contests: Sequence[Contest], *, effort: Effort | None = None) -> SoftCode | None:
    """What a map of modules says, upright or mirrored."""
    for mirrored in (False, True):
        trust = module_map.trust.T if mirrored else module_map.trust
        decoded = decode_modules(trust, contests, effort=effort)
        if decoded is not None:
            return placed(decoded, module_map, mirrored)
    return None


def placed(decoded: Decoded, module_map: ModuleMap, mirrored: bool) -> SoftCode:
    """What was decoded, where the map lies."""
    return SoftCode(decoded, _corners(module_map.grid, mirrored), mirrored, module_map.score)


def _corners(grid: Grid, mirrored: bool) -> tuple[Point, Point, Point, Point]:
    """Corners in the symbol's own order: upper left first, whatever way it lies."""
    x, y = np.rot90(grid.x, grid.turns).astype(np.float64), np.rot90(grid.y, grid.turns).astype(np.float64)
    if mirrored:
        x, y = x.T, y.T

    def beyond(r: int, c: int) -> Point:
        rr, cc = (1 if r == 0 else -2), (1 if c == 0 else -2)
        px = x[r, c] + (x[r, c] - x[rr, c]) / 2 + (x[r, c] - x[r, cc]) / 2
        py = y[r, c] + (y[r, c] - y[rr, c]) / 2 + (y[r, c] - y[r, cc]) / 2
        return float(px), float(py)

    return beyond(0, 0), beyond(0, -1), beyond(-1, -1), beyond(-1, 0)


# ------------------------------------------------------------------------- proposals


def module_maps(
    pixels: Grey, region: Region, contests: Sequence[Contest], clock: Clock, *, quads: Sequence[Floats] = ()
) -> Iterator[ModuleMap]:
    """Maps of the modules in a region, the likeliest first, each from another proposal of where they lie.

    Ink that has bled, or gone, is taken back, or given, first: half a module.
    """
    versions = likely_versions(contests)
    left, top = max(0, int(region.x - 1.5 * region.side)), max(0, int(region.y - 1.5 * region.side))
    part = pixels[top : int(region.y + 1.5 * region.side), left : int(region.x + 1.5 * region.side)]
    size = round(region.side / 53 / 2)
    ink = _share_of_ink(pixels, region)
    if size > 1 and not _LITTLE_INK < ink < _MUCH_INK:
        around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
        changed = np.asarray((cv2.dilate if ink > 0.5 else cv2.erode)(part, around), np.uint8)
        place = replace(region, x=region.x - left, y=region.y - top)
        moved = [quad - np.array((left, top)) for quad in quads]
        for found in _maps(changed, place, versions, clock, moved):
            grid = found.grid
            yield replace(found, grid=replace(grid, x=grid.x + np.float32(left), y=grid.y + np.float32(top)))
        if clock.over():
            return
    yield from _maps(pixels, region, versions, clock, quads)


def _share_of_ink(pixels: Grey, region: Region) -> float:
    """How much of the middle of a region is dark."""
    reach = 0.4 * region.side
    part = pixels[
        max(0, int(region.y - reach)) : int(region.y + reach), max(0, int(region.x - reach)) : int(region.x + reach)
    ]
    if not part.size:
        return 0.5
    low, high = np.percentile(part[::2, ::2], (4, 96))
    return float((part[::2, ::2] < (low + high) / 2).mean())


def _maps(
    pixels: Grey, region: Region, versions: tuple[int, ...], clock: Clock, quads: Sequence[Floats]
) -> Iterator[ModuleMap]:
    reach = 1.0 * region.side
    box = (int(region.x - reach), int(region.y - reach), int(region.x + reach), int(region.y + reach))
    view = view_of(pixels, box, region.side / 53)
    if min(view.sharp.shape) < 30:
        return
    part = view.sharp.astype(np.uint8)
    tried = _rated_squares(view, _by_others(view, quads, versions) + _by_finders(find_finders(part, 6), versions))
    yield from _mapped_all(pixels, view, tried[:2], clock)
    if clock.over():
        return
    angle = round(dominant_angle(part), 1)
    x, y = view.of_image(np.array((region.x, region.y)))
    place, side = (float(x), float(y)), region.side * view.zoom
    yield from _mapped_fed(view, find_fed(part, place, side, angle, versions))
    if clock.over():
        return
    lattices = find_lattices(part, place, side, angle, versions)
    yield from _mapped_all(pixels, view, [(grid, None) for grid in lattices], clock)
    if clock.over():
        return
    yield from _mapped_fed(view, find_fed(part, place, side, angle + 90.0, versions))
    if clock.over():
        return
    blurred = find_blurred_finders(part, angle, side)
    yield from _mapped_all(pixels, view, _rated_squares(view, _by_finders(blurred, versions))[:2], clock)
    yield from _mapped_all(pixels, view, tried[2:5], clock)


def _by_others(view: View, quads: Sequence[Floats], versions: tuple[int, ...]) -> list[tuple[int, Floats]]:
    return [(version, view.of_image(quad)) for quad in quads for version in versions]


def _by_finders(finders: list[Finder], versions: tuple[int, ...]) -> list[tuple[int, Floats]]:
    return [(square.version, square.corners) for square in squares_of(finders, versions)]


def _rated_squares(view: View, proposals: list[tuple[int, Floats]]) -> list[tuple[Grid, Floats | None]]:
    """The proposals that fit the function pattern at all, the best first."""
    scored: list[tuple[Grid, Floats | None]] = []
    for version, corners in proposals[:_MOST_PROPOSALS]:
        grid = square_grid(version, quad_to_pixels(version, corners))
        scores = rated(view, grid)
        turns = int(scores.argmax())
        if scores[turns] > _LEAST_SCORE:
            scored.append((replace(grid, turns=turns, score=float(scores[turns])), corners))
    return sorted(scored, key=lambda row: -row[0].score)


def _mapped_all(
    pixels: Grey, view: View, grids: Sequence[tuple[Grid, Floats | None]], clock: Clock
) -> Iterator[ModuleMap]:
    seen: list[Grid] = []
    for grid, corners in grids:
        if clock.over():
            return
        if any(_same(grid, other) for other in seen):
            continue
        seen.append(grid)
        if corners is not None:
            _, grid = fitted_quad(view, (grid.modules - 17) // 4, corners, grid.turns)
        yield from _mapped(pixels, view.to_image(grid), clock)


def _mapped_fed(view: View, found: Iterable[Fed]) -> Iterator[ModuleMap]:
    """Value the modules of codes that were laid out evenly."""
    for fed in found:
        height, width = fed.pixels.shape
        even = view_of(fed.pixels, (0, 0, width, height), UNIT)
        grid = refined(even, fed.grid, reach=_FED_REACH)
        score = float(rated(even, grid)[grid.turns])
        if score > _LEAST_FED_SCORE:
            trust = module_trust(even, grid)
            trust[fed.lost] = 0
            yield ModuleMap(trust, view.to_image(fed.on_image), score)


def _same(a: Grid, b: Grid) -> bool:
    """Whether two grids lie within a third of a module of each other."""
    if (a.modules, a.turns) != (b.modules, b.turns):
        return False
    off = np.hypot(a.x - b.x, a.y - b.y)[:: a.modules - 1, :: a.modules - 1]
    return bool(off.max() < a.pitch / 3)


def _mapped(pixels: Grey, grid: Grid, clock: Clock) -> Iterator[ModuleMap]:
    """Value the modules of a grid on the image, on a view of its own: the code may reach beyond where it was found.

    A grid that fits, but not well, is bent further: the paper may curl.
    """
    pitch = grid.pitch
    margin = 3 * pitch
    box = (
        int(grid.x.min() - margin),
        int(grid.y.min() - margin),
        int(grid.x.max() + margin) + 1,
        int(grid.y.max() + margin) + 1,
    )
    view = view_of(pixels, box, max(pitch, 0.5))
    if min(view.sharp.shape) < 16:
        return
    flat = view.from_image(grid)
    local = refined(view, flat)
    score = float(rated(view, local)[grid.turns])
    yield ModuleMap(module_trust(view, local), view.to_image(local), score)
    if _BENT_ABOVE < score < _BENT_BELOW and not clock.over():
        local = bent(view, flat)
        better = float(rated(view, local)[grid.turns])
        if better > score + 1.0:
            yield ModuleMap(module_trust(view, local), view.to_image(local), better)
