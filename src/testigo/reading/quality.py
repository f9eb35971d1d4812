"""Tell the hand that scans at once whether a scan can be read, and if not, what to do.

Rules of this module
--------------------
1. Cheap: it looks at the half-size image, which reading needs anyway, and at nothing else.
2. A reason that is *serious* means: scan again. One that is not helps to keep the next hundred scans good.
3. A sentence says what to do with the scanner or the phone, never what the sheet may say.
4. The layout's millimetres are only a ruler: sheets whose blocks have other heights must raise no alarm.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from testigo.election.profile import Profile
from testigo.reading.codes import Code
from testigo.reading.opening.images import OpenedImage
from testigo.reading.papers.finding import SIDES, edges_that_cut
from testigo.reading.papers.outlines import ink_of, largest_outline
from testigo.reading.papers.straightening import repeated_rows
from testigo.reading.pixels import Grey, as_grey, shrunk
from testigo.reading.sides import sides_shown
from testigo.reading.streaks import find_streaks

Floats = npt.NDArray[np.float64]

NO_SHEET, TOO_SMALL, TOO_DARK, TOO_PALE, BLURRED = "no_sheet", "too_small", "too_dark", "too_pale", "blurred"
CUT_TOP, CUT_BOTTOM, CUT_LEFT, CUT_RIGHT = "cut_top", "cut_bottom", "cut_left", "cut_right"
STREAK, SKEWED, SLIP = "streak", "skewed", "slip"
#: Said by those who have read the image too.
UNREAD = "unread"

_LEAST_HALF = 20  # half-size pixels of the shorter side: less shows no sheet
_LEAST_MARKS = 80  # pieces of print on a sheet
_LEAST_PER_MM = 3.4  # pixels in the image; print of 2.5 mm is nine pixels tall
_LEAST_LETTER = 6.0  # pixels of a letter's height, where there is no edge to measure by
_DARK_PAPER, _PALE_SHARE, _PALEST_SHARE = 95, 0.34, 0.24
_BLUR_MM, _BLUR_PIXELS = 0.62, 2.75  # width of an edge; half-size pixels that no blur is less than
_BLUR_SERIOUS = 1.3  # times as wide
_TILE, _TILE_ROWS, _TILE_CONTRAST = 40, 12, 40
_ONE_SHEET = 800  # per mille of certainty of an outline
_SKEWED_DEGREES = 2.5
_SLIP_MM = 2.0


class Sheetlike(Protocol):
    """What is asked of a sheet that was read: its contest and its code."""

    @property
    def contest(self) -> str:
        """The contest's code."""

    @property
    def code(self) -> Code | None:
        """The code as found on the image."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What is wrong with a scan.

    Attributes:
        code: one of :data:`REASONS`.
        values: whole numbers that its sentence names: ``px``, ``mm``, ``percent``, ``degrees``, ``count``.
        serious: whether the scan should be made again.
    """

    code: str
    values: Mapping[str, int] = field(default_factory=dict)
    serious: bool = True

    @property
    def explanation(self) -> Mapping[str, str]:
        """What to do: language -> sentence."""
        return {language: text.format(**self.values) for language, text in REASONS[self.code].items()}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a scan can be read.

    Attributes:
        readable: no serious reason was found.
        reasons: the serious first.
    """

    readable: bool
    reasons: tuple[Reason, ...]


#: Code of a reason -> language -> sentence with the names of its values.
REASONS: Mapping[str, Mapping[str, str]] = {
    NO_SHEET: {
        "es": "No se ve un acta en la imagen. Ponga el acta sobre el vidrio, con la cara impresa hacia él.",
        "en": "There is no sheet to be seen on the image. Lay the sheet onto the glass, its printed side towards it.",
    },
    TOO_SMALL: {
        "es": "El acta es demasiado pequeña en la imagen ({percent} % de lo necesario). "
        "Escanee a 200 ppp o más, o envíe la foto como archivo.",
        "en": "The sheet is too small on the image ({percent} % of what is needed). "
        "Scan at 200 dpi or more, or send the photo as a file.",
    },
    TOO_DARK: {
        "es": "La imagen es demasiado oscura. Suba el brillo del escáner, o busque más luz.",
        "en": "The image is too dark. Raise the scanner's brightness, or find more light.",
    },
    TOO_PALE: {
        "es": "La impresión sale muy pálida ({percent} % de contraste). Escanee en grises, con más contraste.",
        "en": "The print comes out very pale ({percent} % contrast). Scan in grey, with more contrast.",
    },
    BLURRED: {
        "es": "La imagen está borrosa. Apoye el teléfono, enfoque el texto y tome la foto de nuevo.",
        "en": "The image is blurred. Rest the phone on something, focus on the print and take it again.",
    },
    CUT_TOP: {
        "es": "Falta el comienzo del acta (arriba). Escanéela completa.",
        "en": "The top of the sheet is missing. Scan the whole of it.",
    },
    CUT_BOTTOM: {
        "es": "Falta el final del acta (abajo). Escanéela completa, con el código y lo que sigue.",
        "en": "The end of the sheet (below) is missing. Scan the whole of it, with the code and what follows it.",
    },
    CUT_LEFT: {
        "es": "El acta está cortada a la izquierda. Céntrela en la guía y escanee de nuevo.",
        "en": "The sheet is cut on the left. Put it into the middle of the guide and scan again.",
    },
    CUT_RIGHT: {
        "es": "El acta está cortada a la derecha. Céntrela en la guía y escanee de nuevo.",
        "en": "The sheet is cut on the right. Put it into the middle of the guide and scan again.",
    },
    STREAK: {
        "es": "Una raya recorre el acta: limpie el vidrio a {mm} mm de su borde izquierdo "
        "(píxel {px}, {percent} % del ancho).",
        "en": "A streak runs through the sheet: clean the glass {mm} mm from its left edge "
        "(pixel {px}, {percent} % of the width).",
    },
    SKEWED: {
        "es": "El acta entró torcida ({degrees} grados). Apoye un lado en la guía.",
        "en": "The sheet went in askew ({degrees} degrees). Rest one side against the guide.",
    },
    SLIP: {
        "es": "El rodillo resbaló: hay filas repetidas en {count} sitios. Limpie el rodillo y escanee de nuevo.",
        "en": "The roller slipped: rows are repeated in {count} places. Clean the roller and scan again.",
    },
    UNREAD: {
        "es": "No se pudo leer, aunque el escaneo no muestra defectos. Alise el acta y escanéela una vez más; "
        "si tampoco se lee, siga con la próxima: la transcribirán personas.",
        "en": "It could not be read, though nothing is seen to be wrong with the scan. Flatten the sheet and scan it "
        "once more; if it still cannot be read, go on with the next: people will type it.",
    },
}


def judge(image: OpenedImage, profile: Profile | None = None, sheets: Sequence[Sheetlike] = ()) -> Verdict:
    """Whether a scan can be read, or why not.

    How it is judged: (1) is there a sheet; (2) is it large enough; (3) light, contrast and sharpness of its print;
    (4) is a side cut off; (5) streaks, skew, slip.

    Args:
        image: as opened; only its half-size pixels are looked at.
        profile: the election, whose paper's width is the ruler; without one, streaks are told for paper of 80 mm.
        sheets: what was read from it. Print that was read is not called unreadable.
    """
    half = image.half()
    if min(half.shape) < _LEAST_HALF:
        return Verdict(False, (Reason(NO_SHEET),))
    if half.shape[1] > half.shape[0] * 1.5:  # a tape on its side: streaks run along it
        half = as_grey(half.T)
    view = _View.of(half, _paper_width(profile), image.width / image.half().shape[1])
    if view.marks < _LEAST_MARKS and not sheets:
        small = _size(view) if view.edges and view.marks else []
        return Verdict(False, tuple(small) or (Reason(NO_SHEET),))
    cuts = _cuts(view, _sides_shown(image, profile, sheets))
    reasons = [*_size(view), *_light(view), *_sharpness(view), *cuts, *_streaks(view), *_feed(view)]
    if sheets:  # its code was read: what is left is worth a better scan, but not a second trip
        reasons = [Reason(r.code, r.values, r.serious and r.code in (CUT_TOP, CUT_BOTTOM, CUT_LEFT, CUT_RIGHT))
                   for r in reasons]  # fmt: skip
    reasons.sort(key=lambda reason: not reason.serious)
    return Verdict(not any(reason.serious for reason in reasons), tuple(reasons))


def _paper_width(profile: Profile | None) -> float:
    """Millimetres of the widest sheet's paper."""
    widths = [c.layout.paper_width for c in profile.contests if c.layout is not None] if profile else []
    return max(widths, default=80.0)


@dataclass(frozen=True, slots=True)
class _View:
    """The half-size image, and what was measured on it once.

    Attributes:
        half: pixels, the longer side downwards.
        corners: of its largest sheet (4, 2), clockwise from the upper left; ``edges``: whether they were seen.
        one_sheet: whether that is one sheet, as far as its outline tells: two that touch have no straight sides.
        per_mm: half-size pixels per millimetre.
        scale: image pixels per half-size pixel.
        ink: 255 where ink is, at a quarter of the size of ``half`` or less.
        zoom: of ``ink`` and ``small``.
        small: the pixels at that size.
        marks: pieces of print; ``letter``: their median height in image pixels.
    """

    half: Grey
    corners: Floats
    edges: bool
    one_sheet: bool
    per_mm: float
    scale: float
    small: Grey
    ink: npt.NDArray[np.uint8]
    zoom: float
    marks: int
    letter: float

    @classmethod
    def of(cls, half: Grey, paper_width: float, scale: float) -> _View:
        zoom = min(1.0, 430 / half.shape[1])
        small = shrunk(half, zoom) if zoom < 1 else half
        outline = largest_outline(small)
        corners = outline.corners / zoom
        across = (math.dist(corners[0], corners[1]) + math.dist(corners[3], corners[2])) / 2
        ink = ink_of(small)
        _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
        heights = stats[1:, cv2.CC_STAT_HEIGHT]
        print_like = (heights >= 2) & (heights < small.shape[1] / 12) & (stats[1:, cv2.CC_STAT_AREA] >= 4)
        letter = float(np.median(heights[print_like])) if print_like.any() else 0.0
        return cls(
            half=half,
            corners=corners,
            edges=outline.by_ground,
            one_sheet=not outline.by_ground or outline.certainty >= _ONE_SHEET,
            per_mm=max(0.01, across / paper_width),
            scale=scale,
            small=small,
            ink=ink,
            zoom=zoom,
            marks=int(np.count_nonzero(print_like)),
            letter=letter * scale / zoom,
        )

    @property
    def inside(self) -> tuple[int, int, int, int]:
        """A rectangle within the sheet, in half-size pixels: left, top, right, bottom."""
        xs, ys = np.sort(self.corners[:, 0]), np.sort(self.corners[:, 1])
        height, width = self.half.shape
        return max(0, int(xs[1])), max(0, int(ys[1])), min(width, int(xs[2]) + 1), min(height, int(ys[2]) + 1)


# ------------------------------------------------------------------- the checks


def _size(view: _View) -> list[Reason]:
    share = view.per_mm * view.scale / _LEAST_PER_MM if view.edges else view.letter / _LEAST_LETTER
    return [Reason(TOO_SMALL, {"percent": round(100 * share)})] if share < 1 else []


def _light(view: _View) -> list[Reason]:
    left, top, right, bottom = (round(edge * view.zoom) for edge in view.inside)
    part, ink = view.small[top:bottom, left:right], view.ink[top:bottom, left:right] > 0
    if part.size == 0 or not ink.any():
        return []
    paper = float(np.median(part[~ink]))
    left, top, right, bottom = view.inside
    strip = view.half[top:bottom:2, left:right]
    darkest = _ink_level(strip, paper)
    contrast = (paper - darkest) / max(1.0, paper)
    found = []
    if paper < _DARK_PAPER:
        found.append(Reason(TOO_DARK))
    if contrast < _PALE_SHARE:
        found.append(Reason(TOO_PALE, {"percent": round(100 * contrast)}, contrast < _PALEST_SHARE))
    return found


def _ink_level(pixels: Grey, paper: float) -> float:
    """How dark the print is: the middling level of the darkest pixel of each small tile that has any print."""
    height, width = (n // 12 * 12 for n in pixels.shape)
    if not height or not width:
        return paper
    tiles = pixels[:height, :width].reshape(height // 12, 12, width // 12, 12)
    darkest = tiles.min(axis=(1, 3)).ravel()
    printed = darkest[darkest < paper - 14]
    return float(np.quantile(printed, 0.3)) if len(printed) > 20 else paper


def _sharpness(view: _View) -> list[Reason]:
    """Blurred if the edges of print are wide, across or down: a hand that moved blurs in one direction only."""
    blur = edge_width(view) / max(_BLUR_PIXELS, _BLUR_MM * view.per_mm)
    return [Reason(BLURRED, serious=blur > _BLUR_SERIOUS)] if blur > 1 else []


def edge_width(view: _View) -> float:
    """Width of the edges of print in half-size pixels: their contrast divided by their steepest slope; 0 if unknown."""
    left, top, right, bottom = view.inside
    across, down = (right - left) // _TILE * _TILE, bottom - top
    if across < 4 * _TILE or down < 4 * _TILE:
        return 0.0
    starts = np.linspace(top + 1, bottom - _TILE - 2, min(_TILE_ROWS, down // _TILE)).astype(int)
    bands = np.stack([view.half[start - 1 : start + _TILE + 1, left : left + across] for start in starts])
    wide = bands.astype(np.int16)
    inner = wide[:, 1:-1]
    slopes = [np.abs(wide[:, 2:] - wide[:, :-2]), np.abs(np.diff(inner, axis=2, append=inner[:, :, -1:])) * 2]
    tiles = _tiles(inner)
    low, high = np.partition(tiles, (len(tiles[0]) // 60, len(tiles[0]) * 6 // 10), axis=1)[
        :, [len(tiles[0]) // 60, len(tiles[0]) * 6 // 10]
    ].T
    printed = high - low > _TILE_CONTRAST
    if np.count_nonzero(printed) < 8:
        return 0.0
    steep = len(tiles[0]) * 99 // 100
    widths = []
    for slope in slopes:
        steepest = np.partition(_tiles(slope)[printed], steep, axis=1)[:, steep] / 2.0
        widths.append(float(np.median((high - low)[printed] / np.maximum(1.0, steepest))))
    return max(widths)


def _tiles(bands: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """Bands of ``_TILE`` rows cut into square tiles, one tile's pixels in each row."""
    count, _, across = bands.shape
    cut = bands.reshape(count, _TILE, across // _TILE, _TILE).swapaxes(1, 2)
    return np.ascontiguousarray(cut).reshape(-1, _TILE * _TILE)


def _sides_shown(image: OpenedImage, profile: Profile | None, sheets: Sequence[Sheetlike]) -> Mapping[str, bool]:
    """What the place of its code says of the one sheet that was read."""
    code = sheets[0].code if len(sheets) == 1 else None
    layout = profile.contest(sheets[0].contest).layout if profile is not None and code is not None else None
    return sides_shown(code, layout, image.size) if code is not None and layout is not None else {}


def _cuts(view: _View, shown: Mapping[str, bool]) -> list[Reason]:
    """Sides that print runs into, unless the code says that the image shows them; and those where the code is cut."""
    by_print = edges_that_cut(view.small, view.corners * view.zoom) if view.one_sheet else ()
    names = dict(zip(SIDES, (CUT_TOP, CUT_RIGHT, CUT_BOTTOM, CUT_LEFT), strict=True))
    return [Reason(names[side]) for side in SIDES if not shown.get(side, side not in by_print)]


def _streaks(view: _View) -> list[Reason]:
    left, top, right, bottom = view.inside
    found = []
    for streak in find_streaks(view.half[top:bottom, left:right], view.per_mm):
        share = streak.middle / max(1, right - left)
        values = {"px": round((left + streak.middle) * view.scale), "percent": round(100 * share)}
        values["mm"] = round(streak.middle / view.per_mm)
        found.append(Reason(STREAK, values, streak.width / view.per_mm > 1.2))
    return found


def _feed(view: _View) -> list[Reason]:
    a, b, c, d = view.corners
    down = (d - a) + (c - b)
    degrees = abs(math.degrees(math.atan2(-down[0], down[1])))
    found = []
    if view.edges and min(degrees, 90 - degrees) > _SKEWED_DEGREES:
        found.append(Reason(SKEWED, {"degrees": round(min(degrees, 90 - degrees))}, False))
    left, top, right, bottom = (round(edge * view.zoom) for edge in view.inside)
    bands = repeated_rows(as_grey(view.small[top:bottom, left:right]), round(_SLIP_MM * view.per_mm * view.zoom))
    if bands:
        found.append(Reason(SLIP, {"count": len(bands)}, False))
    return found
