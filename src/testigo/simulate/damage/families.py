"""The families of damage: which harm is done in which order, and how the file is saved.

Rules of this module
--------------------
1. A family is a function of a drawing, a grade and a generator; it draws its own numbers in a fixed order.
2. Grade 0 is what nobody would complain of; grade 1 is what a person can barely read, or what the code's error
   correction can barely carry where something is cut away. In between it grows steadily.
3. Harm to the paper comes first, then the scanner's or the phone's own, then that of saving.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from testigo.simulate.damage import onpaper, scanning
from testigo.simulate.damage.grain import Rng, add_grain
from testigo.simulate.damage.phone import photographed
from testigo.simulate.damage.picture import Drawing, Picture, beside
from testigo.simulate.damage.saving import File

Made = tuple[Picture, File]
Family = Callable[[Sequence[Drawing], float, Rng], Made]


def _jpeg(rng: Rng, low: int = 45, high: int = 85) -> File:
    return File("jpeg", int(rng.integers(low, high)))


def lower_part(picture: Picture, rng: Rng, low: float = 0.24, high: float = 0.5) -> None:
    """Keep the end of a tape, with its code: what fits on a sheet of glass or into a photo."""
    height, width = picture.pixels.shape[:2]
    if height > 2.2 * width:
        picture.crop(0, round(height * (1 - float(rng.uniform(low, high)))), width, height)


def turned(drawings: Sequence[Drawing], grade: float, rng: Rng) -> Made:
    """Skew of some degrees; on its side; upside down; mirrored by a bad driver; at any angle; turned by EXIF only."""
    picture = Picture.of(drawings[0])
    kind = str(rng.choice(["skew", "quarter", "mirrored", "any", "exif"], p=[0.34, 0.22, 0.14, 0.18, 0.12]))
    file = _jpeg(rng)
    ground = float(rng.choice([20, 250]))
    if kind == "any":
        lower_part(picture, rng)
        scanning.flatbed(picture, rng)
        scanning.skew(picture, float(rng.uniform(-180, 180)), ground)
        return picture, file
    scanning.flatbed(picture, rng)
    lean = float(rng.choice([-1, 1]) * rng.uniform(0.4, 1.0)) * grade
    if kind == "skew":
        if abs(lean) > 0.3:
            lower_part(picture, rng, 0.35, 0.8)
        scanning.skew(picture, 0.3 + lean * 12, ground)
        return picture, file
    scanning.skew(picture, lean * 1.5, ground)
    if kind == "exif":
        return picture, File("jpeg", file.quality, orientation=int(rng.choice([3, 6, 8])))
    picture.turn(int(rng.integers(0 if kind == "mirrored" else 1, 4)), mirrored=kind == "mirrored")
    return picture, file


def fading(drawings: Sequence[Drawing], grade: float, rng: Rng) -> Made:
    """Pale print, uneven along the tape and across it."""
    picture = Picture.of(drawings[0])
    onpaper.fade(picture, grade, rng)
    scanning.flatbed(picture, rng)
    add_grain(picture, rng, 1.0 + 2.0 * grade)
    return picture, _jpeg(rng)


def streaks(drawings: Sequence[Drawing], grade: float, rng: Rng) -> Made:
    """White, grey and dark lines through the whole tape; rows left out."""
    picture = Picture.of(drawings[0])
    scanning.flatbed(picture, rng)
    scanning.streaks(picture, grade, rng)
    return picture, _jpeg(rng)


def jpeg(drawings: Sequence[Drawing], grade: float, rng: Rng) -> Made:
    """Saved with too little quality; or sent as a messenger's image: 1500 pixels on its long side, saved twice."""
    picture = Picture.of(drawings[0])
    messenger = rng.random() < 0.4
    if messenger:
        lower_part(picture, rng, 0.22, 0.26 + 0.34 * grade)
    scanning.flatbed(picture, rng)
    if messenger:
        height, width = picture.pixels.shape
        zoom = min(1.0, 1500 / max(height, width))
        picture.resize(round(width * zoom), round(height * zoom))
        return picture, File("jpeg", round(60 - 38 * grade), first=round(75 - 45 * grade))
    zoom = 1 - 0.5 * grade * float(rng.random())
    picture.resize(round(picture.pixels.shape[1] * zoom), round(picture.pixels.shape[0] * zoom))
    return picture, File("jpeg", max(3, round(32 * (0.11**grade))))


def blur(drawings: Sequence[Drawing], grade: float, rng: Rng) -> Made:
    """Out of focus, or moved."""
    picture = Picture.of(drawings[0])
    scanning.flatbed(picture, rng)
    strength = float(rng.uniform(0.85, 1.0)) * (0.15 + 0.85 * grade)
    if rng.random() < 0.6:
        scanning.focus_blur(picture, strength)
    else:
        scanning.motion_blur(picture, 2.4 * strength, float(rng.choice([0, 90, rng.uniform(0, 180)])))
    add_grain(picture, rng, 1.5)
    return picture, _jpeg(rng, 50, 85)


def low_resolution(drawings: Sequence[Drawing], grade: float, rng: Rng) -> Made:
    """Few dots: from 4.6 down to 1.3 per millimetre, scaled well or badly, sometimes blown up again."""
    picture = Picture.of(drawings[0])
    scanning.flatbed(picture, rng)
    dots = 4.6 * (1.3 / 4.6) ** grade
    how = int(rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR], p=[0.7, 0.3]))
    scanning.few_dots(picture, dots / picture.unit, how, back=rng.random() < 0.3)
    return picture, _jpeg(rng, 65, 90)


def feed(drawings: Sequence[Drawing], grade: float, rng: Rng) -> Made:
    """Stretched by the rollers, rows repeated and lost, jogs to the side."""
    picture = Picture.of(drawings[0])
    scanning.uneven_feed(picture, grade, rng)
    scanning.flatbed(picture, rng)
    return picture, _jpeg(rng)


def folds_and_stains(drawings: Sequence[Drawing], grade: float, rng: Rng) -> Made:
    """Creases that break the print and throw shadows; coffee, drops, fingers."""
    picture = Picture.of(drawings[0])
    onpaper.stain(picture, grade, rng)
    onpaper.fold(picture, grade, rng)
    scanning.flatbed(picture, rng)
    return picture, _jpeg(rng)


def phone(drawings: Sequence[Drawing], grade: float, rng: Rng) -> Made:
    """A photo of the lower part (two in three) or of the whole tape: perspective, light, moiré, colour, hand."""
    picture = Picture.of(drawings[0])
    height, width = picture.pixels.shape
    if rng.random() < 0.67 or height < 3 * width:
        lower_part(picture, rng, 0.2, 0.4)
        photographed(picture, grade, rng, round(float(rng.uniform(1500, 2000)) * (1 - 0.6 * grade)))
    else:
        photographed(picture, 0.7 * grade, rng, round(float(rng.uniform(620, 760)) * (1 - 0.5 * grade)))
    return picture, _jpeg(rng, 60, 88)


def phone_part(drawing: Drawing, grade: float, rng: Rng, top: float, bottom: float) -> Made:
    """A photo of the part of a tape between two heights, as shares of its length."""
    picture = Picture.of(drawing)
    height, width = picture.pixels.shape
    picture.crop(0, round(height * top), width, round(height * bottom))
    photographed(picture, grade, rng, round(float(rng.uniform(1300, 1800)) * (1 - 0.5 * grade)))
    return picture, _jpeg(rng, 60, 88)


def cut(drawings: Sequence[Drawing], grade: float, rng: Rng) -> Made:
    """The code is incomplete: cut or torn at the bottom, left, right or top, or covered by a blot."""
    picture = Picture.of(drawings[0])
    most = {"bottom": 0.38, "left": 0.49, "right": 0.44, "top": 0.36, "blot": 0.30}
    kind = str(rng.choice(list(most), p=[0.34, 0.14, 0.14, 0.1, 0.28]))
    # From some white still left beside the code to the most that its error correction can carry.
    share = -0.06 + (most[kind] + 0.06) * grade
    if kind == "blot":
        onpaper.blot(picture, max(0.01, share), rng)
    else:
        onpaper.tear(picture, kind, share, rng)
    scanning.flatbed(picture, rng)
    return picture, _jpeg(rng)


def two_tapes(drawings: Sequence[Drawing], grade: float, rng: Rng) -> Made:
    """Two sheets in one picture: side by side or end to end, leaning, one the other way up, overlapping at the edge."""
    pair = [Picture.of(drawing) for drawing in drawings[:2]]
    ground = int(rng.choice([18, 60, 248]))
    flipped = rng.random() < 0.3
    stacked = rng.random() < 0.25
    photo = not stacked and rng.random() < 0.3
    for number, picture in enumerate(pair):
        if stacked or photo:
            lower_part(picture, rng, 0.25, 0.5)
        scanning.levels(picture, float(rng.uniform(0, 35)), float(rng.uniform(225, 252)))
        tall = picture.pixels.shape[0]
        play = min(2.5, 57.3 * 6 * picture.unit / tall * 2)
        scanning.skew(picture, float(rng.uniform(-1, 1)) * play * (0.2 + 0.8 * grade), ground)
        if number == 1 and flipped:
            picture.turn(2)
    unit = pair[0].unit
    gap = round((18 - 20 * grade) * unit)
    (h1, w1), (h2, w2) = (picture.pixels.shape for picture in pair)
    edge = round(4 * unit)
    slide = round(float(rng.uniform(0, 12)) * unit)
    if photo:
        both = beside(pair, [(0, 0), (w1 + max(0, gap), slide)], (w1 + max(0, gap) + w2, max(h1, slide + h2)), ground)
        photographed(both, 0.6 * grade, rng, int(rng.integers(1700, 2300)), float(ground))
        return both, _jpeg(rng, 55, 85)
    if stacked:
        second, size = (slide, h1 + max(0, gap)), (max(w1, slide + w2), h1 + max(0, gap) + h2)
    else:
        second, size = (w1 + gap, slide), (w1 + gap + w2, max(h1, slide + h2))
    offsets = [(edge, edge), (second[0] + edge, second[1] + edge)]
    both = beside(pair, offsets, (size[0] + 2 * edge, size[1] + 2 * edge), ground)
    if rng.random() < 0.5:
        zoom = 1 - 0.6 * grade
        both.resize(round(both.pixels.shape[1] * zoom), round(both.pixels.shape[0] * zoom))
    add_grain(both, rng, float(rng.uniform(1, 3)))
    return both, _jpeg(rng, round(45 - 15 * grade))


def watermark_and_stamps(drawings: Sequence[Drawing], grade: float, rng: Rng) -> Made:
    """A publisher's watermark, rubber stamps and handwriting, over text and code."""
    picture = Picture.of(drawings[0])
    kind = str(rng.choice(["watermark", "stamps", "both"], p=[0.35, 0.45, 0.2]))
    if kind != "watermark":
        onpaper.stamp_over(picture, grade, rng)
    scanning.flatbed(picture, rng)
    if kind != "stamps":
        onpaper.watermark(picture, grade, rng)
    return picture, _jpeg(rng)


def bilevel(drawings: Sequence[Drawing], grade: float, rng: Rng) -> Made:
    """Black and white only; the ink bleeds, or thin strokes vanish. Saved as group 4 TIFF, or as JPEG of it."""
    picture = Picture.of(drawings[0])
    scanning.flatbed(picture, rng)
    scanning.bilevel(picture, grade, rng)
    return picture, File("tiff") if rng.random() < 0.7 else _jpeg(rng, 50, 80)


_INGREDIENTS = ("fade", "fold", "stain", "stamp", "feed", "blur", "dots", "streaks", "skew", "jpeg")


def combined(drawings: Sequence[Drawing], grade: float, rng: Rng) -> Made:
    """Two to four harms at once, each less than it would be alone."""
    picture = Picture.of(drawings[0])
    count = 2 + round(2 * grade * float(rng.random()))
    chosen = {str(name) for name in rng.choice(_INGREDIENTS, count, replace=False)}
    part = {name: grade * float(rng.uniform(0.4, 0.85)) for name in _INGREDIENTS}
    for name, harm in (
        ("stain", onpaper.stain),
        ("fade", onpaper.fade),
        ("fold", onpaper.fold),
        ("stamp", onpaper.stamp_over),
    ):
        if name in chosen:
            harm(picture, part[name], rng)
    if "feed" in chosen:
        scanning.uneven_feed(picture, part["feed"], rng)
    scanning.flatbed(picture, rng)
    if "blur" in chosen:
        scanning.focus_blur(picture, 0.15 + 0.7 * part["blur"])
    if "streaks" in chosen:
        scanning.streaks(picture, part["streaks"], rng)
    if "skew" in chosen:
        scanning.skew(picture, float(rng.uniform(-1, 1)) * 2.5 * part["skew"], 20)
    if "dots" in chosen:
        scanning.few_dots(picture, 5.0 * 0.4 ** part["dots"] / picture.unit, cv2.INTER_AREA, back=False)
    quality = round(32 * 0.2 ** part["jpeg"]) if "jpeg" in chosen else int(rng.integers(45, 80))
    return picture, File("jpeg", max(4, quality))


#: In the order of the issue's list.
ALL: dict[str, Family] = {
    "turned": turned,
    "fading": fading,
    "streaks": streaks,
    "jpeg": jpeg,
    "blur": blur,
    "low_resolution": low_resolution,
    "feed": feed,
    "folds_and_stains": folds_and_stains,
    "phone": phone,
    "cut": cut,
    "two_tapes": two_tapes,
    "watermark_and_stamps": watermark_and_stamps,
    "bilevel": bilevel,
    "combined": combined,
}


def generator(family: str, seed: int | str) -> Rng:
    """A generator of its own for each family and seed, whatever was drawn before."""
    return np.random.default_rng([*f"{family}/{seed}".encode()])
