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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from testigo.election.profile import Contest
from testigo.reading.opening import Grey
from testigo.reading.soft import symbol
from testigo.reading.soft.decode import Decoded, Effort, Judge, decode_modules
from testigo.reading.soft.finders import find_finders, squares_of
from testigo.reading.soft.grid import Grid, View, fitted_quad, quad_to_pixels, rated, refined, square_grid, view_of
from testigo.reading.soft.lattice import find_lattices
from testigo.reading.soft.texture import Region, dominant_angle
from testigo.reading.soft.values import module_trust

Floats = npt.NDArray[np.float64]
Point = tuple[float, float]

_LEAST_SCORE = 4.5


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
    judges: Sequence[Judge] = (),
    effort: Effort | None = None,
) -> SoftCode | None:
    """Read the code in a region.

    Args:
        pixels: the image.
        region: where a code may be.
        contests: whose grammars may apply.
        clock: when to give up.
        quads: corners of codes that another reader found there, (4, 2) each, in the image's pixels.
        judges: what else is known of the payload.
        effort: how hard to try to decode.
    """
    for module_map in module_maps(pixels, region, contests, clock, quads=quads):
        found = decode_map(module_map, contests, judges=judges, effort=effort)
        if found is not None:
            return found
        if clock.over():
            return None
    return None


def decode_map(
    module_map: ModuleMap, contests: Sequence[Contest], *, judges: Sequence[Judge] = (), effort: Effort | None = None
) -> SoftCode | None:
    """What a map of modules says, upright or mirrored."""
    for mirrored in (False, True):
        trust = module_map.trust.T if mirrored else module_map.trust
        decoded = decode_modules(trust, contests, judges=judges, effort=effort)
        if decoded is not None:
            corners = _corners(module_map.grid, mirrored)
            return SoftCode(decoded, corners, mirrored, module_map.score)
    return None


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
    """Maps of the modules in a region, the likeliest first, each from another proposal of where they lie."""
    versions = likely_versions(contests)
    reach = 0.75 * region.side
    box = (int(region.x - reach), int(region.y - reach), int(region.x + reach), int(region.y + reach))
    view = view_of(pixels, box, region.side / 53)
    if min(view.sharp.shape) < 30:
        return
    tried: list[tuple[float, Grid, Floats | None]] = _proposed_squares(view, versions, quads)
    if tried and tried[0][0] > _LEAST_SCORE:
        for score, grid, corners in tried[:2]:
            if score > _LEAST_SCORE and not clock.over():
                yield _mapped(view, grid, corners)
    if clock.over():
        return
    part = view.sharp.astype(np.uint8)
    angle = dominant_angle(part)
    x, y = view.of_image(np.array((region.x, region.y)))
    for grid in find_lattices(part, (float(x), float(y)), region.side * view.zoom, angle, versions):
        if clock.over():
            return
        yield _mapped(view, grid, None)
    for score, grid, corners in tried[2:5]:
        if score > _LEAST_SCORE and not clock.over():
            yield _mapped(view, grid, corners)


def _proposed_squares(
    view: View, versions: tuple[int, ...], quads: Sequence[Floats]
) -> list[tuple[float, Grid, Floats | None]]:
    proposals: list[tuple[int, Floats]] = []
    for quad in quads:
        local = view.of_image(quad)
        proposals += [(version, local) for version in versions]
    finders = find_finders(view.sharp.astype(np.uint8), 6)
    proposals += [(square.version, square.corners) for square in squares_of(finders, versions)]
    scored: list[tuple[float, Grid, Floats | None]] = []
    for version, corners in proposals[:160]:
        grid = square_grid(version, quad_to_pixels(version, corners))
        scores = rated(view, grid)
        turns = int(scores.argmax())
        scored.append((float(scores[turns]), replace(grid, turns=turns, score=float(scores[turns])), corners))
    scored.sort(key=lambda row: -row[0])
    return scored


def _mapped(view: View, grid: Grid, corners: Floats | None) -> ModuleMap:
    if corners is not None:
        _, grid = fitted_quad(view, (grid.modules - 17) // 4, corners, grid.turns)
    grid = refined(view, grid)
    score = float(rated(view, grid)[grid.turns])
    trust = module_trust(view, grid)
    return ModuleMap(trust, view.to_image(grid), score)
