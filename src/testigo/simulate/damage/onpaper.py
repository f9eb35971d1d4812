"""What happens to the paper itself: fading, folds, stains, stamps, handwriting, watermarks, blots, tears.

Rules of this module
--------------------
1. Works on the flat drawing, before anything is scanned: nothing here changes geometry, but a fold's small step.
2. Sizes are in millimetres of an 80 mm roll; grades go from 0 (mild) to 1 (a person can barely read it).
"""

from __future__ import annotations

import cv2
import numpy as np

from testigo.simulate.damage.grain import Rng, clouds, noise, to_pixels
from testigo.simulate.damage.picture import Picture, Place
from testigo.simulate.letters import face

Layer = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def fade(picture: Picture, grade: float, rng: Rng) -> None:
    """Thermal print pale from the start or faded since: unevenly, with weak dots of the head, on grey paper."""
    height, width = picture.pixels.shape
    ink = (255 - picture.pixels.astype(np.float32)) / 255
    strength = 1 - (0.30 + 0.50 * grade) * (0.75 + 0.5 * clouds((height, width), rng, 60 * picture.unit))
    heads = np.ones(width, np.float32)
    for _ in range(int(rng.integers(0, 3 + round(6 * grade)))):
        x, w = int(rng.integers(width)), int(rng.integers(1, 2 + round(2 * picture.unit)))
        heads[x : x + w] *= rng.uniform(0.4, 0.9)
    paper = float(rng.uniform(205, 250))
    speckle = 1 + 0.25 * grade * noise((height, width), rng, 0.8)
    picture.pixels = to_pixels(paper * (1 - ink * np.clip(strength, 0.07, 1) * heads * np.clip(speckle, 0, 2)))


def fold(picture: Picture, grade: float, rng: Rng) -> None:
    """Creases across the tape: a shadow on one side, light on the other, print broken off along the crease."""
    height, width = picture.pixels.shape
    unit = picture.unit
    values = picture.pixels.astype(np.float32)
    shade = np.ones(height, np.float32)
    y = np.arange(height, dtype=np.float32)
    slope = rng.uniform(-0.03, 0.03)
    for at in _places(picture, grade, rng, 2 + round(10 * grade)):
        depth, reach = rng.uniform(0.08, 0.10 + 0.35 * grade), rng.uniform(3, 14) * unit
        distance = y - at
        shade *= 1 - depth * np.exp(-np.abs(distance) / reach) * np.where(distance > 0, 1.0, -0.25)
        line = np.asarray(at + slope * (np.arange(width) - width / 2), np.float32)
        broken = rng.uniform(0.1, 0.25 + 0.6 * grade) * unit
        wander = line + 0.4 * broken * noise((1, width), rng, 2.0)[0]
        near = np.abs(y[:, None] - wander[None, :]) < broken * (0.6 + 0.4 * noise((1, width), rng, 1.0)[0])
        values[near] = np.maximum(values[near], 190 + 30 * noise((1, 1), rng)[0, 0])
    picture.pixels = to_pixels(values * shade[:, None])


def _places(picture: Picture, grade: float, rng: Rng, count: int) -> list[float]:
    """Rows for that many creases, one through the code as often as not."""
    height = picture.pixels.shape[0]
    places = [float(v) for v in rng.uniform(0.02, 0.98, count) * height]
    _, y, _, side = picture.sheets[0].drawing.target
    if rng.random() < 0.4 + 0.6 * grade:
        places.append(y + float(rng.uniform(0.1, 0.9)) * side)
    return places


def stain(picture: Picture, grade: float, rng: Rng) -> None:
    """Rings of cups, drops, greasy fingers: over print and code, darker with the grade."""
    layer = np.ones(picture.pixels.shape, np.float32)
    height, width = picture.pixels.shape
    unit = picture.unit
    spots = [(float(rng.uniform(0, width)), float(rng.uniform(0, height))) for _ in range(3 + round(14 * grade))]
    x, y, w, h = picture.sheets[0].drawing.target
    spots += [(x + w * float(rng.random()), y + h * float(rng.random())) for _ in range(1 + round(2 * grade))]
    for number, centre in enumerate(spots):
        radius = rng.uniform(2, 6 + 10 * grade) * unit
        dark = rng.uniform(0.06, 0.15 + 0.45 * grade)
        if number % 3 == 0:
            _ring(layer, centre, rng.uniform(25, 38) * unit, 1 - dark, unit, rng)
        else:
            _drop(layer, centre, radius, 1 - dark, rng)
    picture.pixels = to_pixels(picture.pixels * layer)


def _drop(layer: Layer, centre: tuple[float, float], radius: float, light: float, rng: Rng) -> None:
    """A spot with an uneven edge that is darker than its middle."""
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    wobble = 1 + sum(rng.uniform(-0.12, 0.12) * np.cos(k * angles + rng.uniform(0, 6)) for k in range(2, 7))
    points = np.column_stack(
        [centre[0] + radius * wobble * np.cos(angles), centre[1] + radius * wobble * np.sin(angles)]
    )
    fixed = np.rint(points * 16).astype(np.int32).reshape(-1, 1, 2)
    patch = np.ones_like(layer)
    cv2.fillPoly(patch, [fixed], float(light + 0.3 * (1 - light)), cv2.LINE_AA, 4)
    cv2.polylines(patch, [fixed], True, float(light), max(1, round(radius * 0.1)), cv2.LINE_AA, 4)
    layer *= patch


def _ring(layer: Layer, centre: tuple[float, float], radius: float, light: float, unit: float, rng: Rng) -> None:
    patch = np.ones_like(layer)
    start = float(rng.uniform(0, 360))
    middle = (round(centre[0]), round(centre[1]))
    axes = (round(radius), round(radius * rng.uniform(0.94, 1.0)))
    thick = max(1, round(rng.uniform(0.8, 2.2) * unit))
    cv2.ellipse(patch, middle, axes, start, 0, float(rng.uniform(200, 360)), float(light), thick, cv2.LINE_AA)
    layer *= patch


def stamp_over(picture: Picture, grade: float, rng: Rng) -> None:
    """Rubber stamps, a pen's handwriting and ticks, over text and code alike."""
    height, width = picture.pixels.shape
    unit = picture.unit
    x, y, w, h = picture.sheets[0].drawing.target
    spots = [(float(rng.uniform(0.2, 0.8)) * width, float(rng.uniform(0, height))) for _ in range(2 + round(6 * grade))]
    if rng.random() < 0.35 + 0.65 * grade:
        spots.append((x + w * float(rng.uniform(0, 1)), y + h * float(rng.uniform(0, 1))))
    ink = np.zeros((height, width), np.float32)
    for centre in spots:
        dark = rng.uniform(0.25, 0.35 + 0.5 * grade)
        _rubber(ink, centre, rng.uniform(11, 17) * unit, float(dark), unit, rng)
    for _ in range(3 + round(24 * grade)):
        at = (float(rng.uniform(0, width)), float(rng.uniform(0, height)))
        if rng.random() < 0.25:
            at = (x + w * float(rng.uniform(-0.1, 0.7)), y + h * float(rng.random()))
        _pen(ink, at, float(rng.uniform(0.5, 0.85)), unit, rng)
    picture.pixels = to_pixels(picture.pixels * (1 - ink))


def _rubber(ink: Layer, centre: tuple[float, float], radius: float, dark: float, unit: float, rng: Rng) -> None:
    """A round stamp, inked unevenly, with words along its middle."""
    side = 2 * round(radius * 1.15)
    patch = np.zeros((side, side), np.uint8)
    middle = (side // 2, side // 2)
    thick = max(1, round(0.6 * unit))
    cv2.circle(patch, middle, round(radius), 255, thick, cv2.LINE_AA)
    cv2.circle(patch, middle, round(radius * 0.72), 255, max(1, thick // 2), cv2.LINE_AA)
    size = max(6, round(radius * 0.3))
    for row, word in enumerate(("MESA", "RECIBIDO", "28 JUL")):
        length = int(cv2.getTextSize((9999, 9999), word, (0, 0), face("sans"), size, 700)[2])
        at = (middle[0] - length // 2, middle[1] + round((row - 0.6) * size * 1.15))
        cv2.putText(patch, word, at, 255, face("sans"), size, 700)
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), float(rng.uniform(-40, 40)), 1.0)
    turned = np.asarray(cv2.warpAffine(patch, turn, (side, side)), np.float32) / 255
    uneven = dark * (0.35 + 0.65 * clouds((side, side), rng, radius / 2))
    _lay(ink, np.asarray(turned * uneven, np.float32), centre)


def _pen(ink: Layer, at: tuple[float, float], dark: float, unit: float, rng: Rng) -> None:
    """A line of handwriting, a tick or a long stroke."""
    kind = int(rng.integers(3))
    n = int(rng.integers(10, 26)) if kind == 0 else 4
    if kind == 0:
        x = np.cumsum(rng.uniform(0.5, 2.2, n)) * unit
        y = np.where(np.arange(n) % 2 == 0, 1, -1) * rng.uniform(0.6, 2.6, n) * unit
    else:
        x = np.cumsum(rng.uniform(2, 4 + 8 * (kind == 2), n)) * unit
        y = rng.uniform(-4, 4, n) * unit
    t = np.linspace(0, n - 1, n * 8)
    curve = np.column_stack([np.interp(t, np.arange(n), x), np.interp(t, np.arange(n), y)])
    curve = np.column_stack([np.convolve(np.pad(c, 6, "edge"), np.ones(13) / 13, "valid") for c in curve.T])
    fixed = np.rint((curve + at) * 16).astype(np.int32).reshape(-1, 1, 2)
    patch = np.zeros(ink.shape, np.uint8)
    cv2.polylines(patch, [fixed], False, 255, max(1, round(rng.uniform(0.4, 0.8) * unit)), cv2.LINE_AA, 4)
    np.maximum(ink, patch.astype(np.float32) / 255 * dark, out=ink)


def _lay(ink: Layer, patch: Layer, centre: tuple[float, float]) -> None:
    """Add a patch of ink with its middle there; what hangs over is cut off."""
    rows, columns = patch.shape
    top, left = round(centre[1]) - rows // 2, round(centre[0]) - columns // 2
    y0, x0 = max(0, top), max(0, left)
    y1, x1 = min(ink.shape[0], top + rows), min(ink.shape[1], left + columns)
    if y0 < y1 and x0 < x1:
        part = patch[y0 - top : y1 - top, x0 - left : x1 - left]
        np.maximum(ink[y0:y1, x0:x1], part, out=ink[y0:y1, x0:x1])


def watermark(picture: Picture, grade: float, rng: Rng, text: str = "COPIA RESULTADOS") -> None:
    """A publisher's words, large and slanted, half see-through, over everything; or its network of thin lines."""
    height, width = picture.pixels.shape
    tile = np.zeros((round(width * 0.75), round(width * 0.95)), np.uint8)
    size = round(width * rng.uniform(0.07, 0.11))
    weight = int(rng.choice([400, 700]))
    for row in range(3):
        at = (round(width * rng.uniform(-0.2, 0.1)), round(tile.shape[0] * (row + 0.6) / 3))
        cv2.putText(tile, text, at, 255, face("sans"), size, weight)
    turn = cv2.getRotationMatrix2D((tile.shape[1] / 2, tile.shape[0] / 2), float(rng.uniform(15, 45)), 1.0)
    turned = np.asarray(cv2.warpAffine(tile, turn, tile.shape[::-1]), np.float32) / 255
    many = (-(-height // tile.shape[0]), -(-width // tile.shape[1]))
    whole = np.tile(turned, many)[:height, :width]
    strength, tone = 0.12 + 0.53 * grade, float(rng.choice([60.0, 120.0, 235.0]))
    values = picture.pixels.astype(np.float32)
    picture.pixels = to_pixels(values + (tone - values) * whole * strength)


def blot(picture: Picture, share: float, rng: Rng) -> None:
    """One black blot (or a white sticker) that covers that share of the code."""
    x, y, w, h = picture.sheets[0].drawing.target
    side = float(np.sqrt(share * w * h))
    height = min(h, side * float(rng.uniform(0.75, 1.33)))
    width = min(w, share * w * h / height)
    left, top = x + (w - width) * float(rng.random()), y + (h - height) * float(rng.random())
    tone = int(rng.choice([int(rng.integers(5, 45)), int(rng.integers(225, 255))], p=[0.7, 0.3]))
    place: Place = (left, top, width, height)
    corner, far = (round(left), round(top)), (round(left + width), round(top + height))
    cv2.rectangle(picture.pixels, corner, far, tone, -1)
    picture.hide(place)


def tear(picture: Picture, edge: str, share: float, rng: Rng) -> None:
    """Cut through the code at one edge so that this share of it is gone; the rest of the picture ends there."""
    x, y, w, h = picture.sheets[0].drawing.target
    height, width = picture.pixels.shape
    ragged = rng.random() < 0.5
    bounds = {
        "bottom": (0, 0, width, round(y + h * (1 - share))),
        "top": (0, round(y + h * share), width, height),
        "left": (round(x + w * share), 0, width, height),
        "right": (0, 0, round(x + w * (1 - share)), height),
    }[edge]
    if not ragged:
        picture.crop(*bounds)
        return
    left, top, right, bottom = bounds
    ground = int(rng.choice([250, int(rng.integers(10, 40))]))
    keep = np.zeros((height, width), np.bool_)
    keep[top:bottom, left:right] = True
    tooth = 0.4 * picture.unit * noise((1, height + width), rng, 4.0)[0]
    if edge in ("left", "right"):
        at = (left if edge == "left" else right) + tooth[:height, None]
        columns = np.arange(width)[None, :]
        keep = columns >= at if edge == "left" else columns < at
    else:
        at = (top if edge == "top" else bottom) + tooth[None, :width]
        rows = np.arange(height)[:, None]
        keep = rows >= at if edge == "top" else rows < at
    picture.pixels[~np.broadcast_to(keep, picture.pixels.shape)] = ground
    gone = {"bottom": (0, bottom, width, height - bottom), "top": (0, 0, width, top)}
    gone |= {"left": (0, 0, left, height), "right": (right, 0, width - right, height)}
    picture.hide(tuple(map(float, gone[edge])))  # type: ignore[arg-type]
    margin = round(rng.uniform(1, 6) * picture.unit)
    room = {"bottom": (0, 0, width, min(height, bottom + margin)), "top": (0, max(0, top - margin), width, height)}
    room |= {"left": (max(0, left - margin), 0, width, height), "right": (0, 0, min(width, right + margin), height)}
    picture.crop(*room[edge])
