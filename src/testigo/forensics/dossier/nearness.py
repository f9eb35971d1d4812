"""Images that look alike: a perceptual hash of what tells one sheet from the others, and an index to find neighbours.

Rules of this module
--------------------
1. Sheets of one election are one printed form, so a plain dHash or pHash calls all of them alike. The hash is therefore
   taken of the **residual**: the image, reduced to a grid of ``ROWS`` x ``COLUMNS`` cells, without its row and column
   means (streaks of a dirty sensor, a darker band), standardised, minus the mean of all images (the form itself).
2. The hash is the signs of ``BITS`` random projections of the residual (SimHash): two images whose residuals have
   correlation r differ in a share arccos(r)/pi of the bits in expectation. Source: Charikar, *Similarity estimation
   techniques from rounding algorithms*, STOC 2002.
3. Neighbours are found by banding (Indyk and Motwani, STOC 1998): the bits are cut into bands of about log2(n) - 2
   bits, and only images that share a whole band are compared. Never all pairs; a crowded band is compared with its
   first members alone, which still links all that are alike. What that finds of copies at a correlation of 0.9 among
   25,000 images, and in which time, is measured by benchmarks/near_duplicates.py.
4. A pair is reported when the correlation of the projections is at least ``ALIKE``. It may be the same scan saved
   twice, or two sheets that are nearly blank: it is a pair to look at, not a finding against anybody.
5. Images come from strangers: what is not a JPEG, or has too many pixels, is not decoded.
6. Different sheets that are cut or shifted in the same way differ from the form in the same way, and look alike. So in
   a group of :data:`_GROUP` or more images that are linked, a pair counts only if it is still alike once the group's
   mean is taken off; but nearly equal images (:data:`_SAME`) always do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Floats = npt.NDArray[np.float32]
Bits = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

#: Cells of the grid: a ballot line is about six cells high.
ROWS, COLUMNS = 512, 48
BITS = 256
#: Standard deviation of the blur, cells: of 0.8, 1 and 1.5 it parts copies and strangers best.
_BLUR = 1.0
#: Correlation from which two images are called alike. Measured by benchmarks/near_duplicates.py: of 160 drawn sheets no
#: two different ones reached 0.75; copies saved again, brighter, noisy, reduced, or retouched at two places all lay
#: above. A second scan of the same paper (0.2 to 0.3) and a copy cropped or shifted (0.3) are **not** found.
ALIKE = 0.82
#: Fewer images have no mean that is the form and not themselves.
FEWEST = 3
MAX_PIXELS = 120_000_000
_SEED = 20240728  # of the projections: the same image has the same hash on every machine
_CROWD = 40
_SAME = 0.98  # correlation from which two images are copies, whatever others look like them
_GROUP = 4  # images: fewer have no mean that is what they share and not themselves
_WIDER = -2  # bits of a band beyond log2(n): each less finds more, and compares twice as much
_CHUNK = 50_000  # pairs compared at once
_BATCH = 64  # images projected at once: the projections are read from memory once for all of them


@dataclass(frozen=True, slots=True)
class Pair:
    """Two images that look alike: their hashes (SHA-256), the correlation of their residuals, and the bits in which
    their perceptual hashes differ."""

    first: str
    second: str
    correlation: float
    bits: int


@dataclass(frozen=True)
class Alikeness:
    """What was found among images.

    Attributes:
        looked: images that were hashed.
        unreadable: SHA-256 of those that could not be decoded, or are blank.
        hashes: SHA-256 -> perceptual hash, hex.
        pairs: alike pairs, most alike first.
        compared: pairs that were compared at all.
    """

    looked: int
    unreadable: tuple[str, ...]
    hashes: Mapping[str, str]
    pairs: tuple[Pair, ...]
    compared: int

    def of(self, digest: str) -> tuple[Pair, ...]:
        """The pairs that one image is in."""
        return tuple(pair for pair in self.pairs if digest in (pair.first, pair.second))


def can_decode() -> bool:
    """Whether images can be looked at here (``testigo[reading]``)."""
    try:
        import cv2  # noqa: F401
    except ModuleNotFoundError:
        return False
    return True


def alike(
    digests: Sequence[str], load: Callable[[str], bytes], progress: Callable[[int, int], None] | None = None
) -> Alikeness:
    """Find images that look alike.

    Args:
        digests: SHA-256 of the images, without repetition.
        load: SHA-256 -> JPEG bytes.
        progress: told (done, all).

    Valid when: at least :data:`FEWEST` images; all of one form. Cost: one reduced decoding and 6 million
    multiplications per image, and an index that grows linearly.
    """
    names: list[str] = []
    waiting: list[Floats] = []
    projected: list[Floats] = []
    unreadable: list[str] = []
    for done, digest in enumerate(digests, 1):
        cells = grid(load(digest))
        if cells is None:
            unreadable.append(digest)
        else:
            names.append(digest)
            waiting.append(cells.ravel())
        if len(waiting) == _BATCH or (waiting and done == len(digests)):
            projected.append(np.stack(waiting) @ _projections())
            waiting.clear()
        if progress is not None:
            progress(done, len(digests))
    if len(names) < FEWEST:
        return Alikeness(len(names), tuple(unreadable), {}, (), 0)
    residuals = np.concatenate(projected)
    residuals -= residuals.mean(axis=0)
    bits = residuals > 0
    hashes = {name: np.packbits(row).tobytes().hex() for name, row in zip(names, bits, strict=True)}
    pairs, compared = _pairs(names, residuals, bits)
    return Alikeness(len(names), tuple(unreadable), hashes, pairs, compared)


def grid(data: bytes) -> Floats | None:
    """An image as :data:`ROWS` x :data:`COLUMNS` cells without row and column means, standardised to length 1.

    ``None`` if it is not a JPEG that decodes, is too large, or is blank. Needs ``testigo[reading]``.
    """
    import cv2

    size = jpeg_size(data)
    if size is None or size[0] * size[1] > MAX_PIXELS:
        return None
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_8)
    except cv2.error:
        return None
    if image is None or min(image.shape) < 8:
        return None
    cells = cv2.resize(image, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA).astype(np.float32)
    cells -= cells.mean(axis=0, keepdims=True)
    cells -= cells.mean(axis=1, keepdims=True)
    cells = np.asarray(cv2.GaussianBlur(cells, (0, 0), _BLUR), np.float32)
    length = float(np.linalg.norm(cells))
    if length < 0.5 * math.sqrt(cells.size):  # half a grey level: nothing is on it
        return None
    whole: Floats = cells / np.float32(length)
    return whole


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) that a JPEG's header states, in pixels; ``None`` if it is not a JPEG."""
    if data[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        at += 2 + length
    return None


@cache
def _projections() -> Floats:
    """(cells, BITS) random signs."""
    signs = np.random.default_rng(_SEED).integers(0, 2, (ROWS * COLUMNS, BITS), dtype=np.int8)
    return (2 * signs - 1).astype(np.float32)


def _pairs(names: Sequence[str], residuals: Floats, bits: Bits) -> tuple[tuple[Pair, ...], int]:
    pairs = candidates(bits)
    correlation = _correlations(residuals, pairs)
    near = correlation >= ALIKE
    kept, much = _not_only_moved(residuals, pairs[near], correlation[near])
    found: list[Pair] = []
    for (one, other), value in zip(kept.tolist(), much.tolist(), strict=True):
        apart = int(np.count_nonzero(bits[one] != bits[other]))
        first, second = sorted((names[one], names[other]))
        found.append(Pair(first, second, round(min(value, 1.0), 4), apart))
    found.sort(key=lambda pair: (-pair.correlation, pair.first, pair.second))
    return tuple(found), len(pairs)


def _correlations(residuals: Floats, pairs: Ints) -> Floats:
    """Of each pair's residuals, shape (pairs,)."""
    lengths = np.linalg.norm(residuals, axis=1, keepdims=True)
    unit = residuals / np.maximum(lengths, np.float32(1e-12))
    parts = [
        np.einsum("ij,ij->i", unit[chunk[:, 0]], unit[chunk[:, 1]])
        for chunk in np.array_split(pairs, max(len(pairs) // _CHUNK, 1))
    ]
    return np.concatenate(parts).astype(np.float32)


def _not_only_moved(residuals: Floats, pairs: Ints, correlation: Floats) -> tuple[Ints, Floats]:
    """Rule 6: pairs of a group that are still alike without what the whole group has in common."""
    label = _groups(len(residuals), pairs)
    members = np.bincount(label, minlength=len(residuals))
    keep = (correlation >= _SAME) | (members[label[pairs[:, 0]]] < _GROUP)
    for group in np.unique(label[pairs[~keep, 0]]).tolist():
        rows = np.flatnonzero(label == group)
        here = np.flatnonzero((label[pairs[:, 0]] == group) & ~keep)
        own = residuals[rows] - residuals[rows].mean(axis=0)
        keep[here] = _correlations(own, np.searchsorted(rows, pairs[here])) >= ALIKE
    return pairs[keep], correlation[keep]


def _groups(rows: int, pairs: Ints) -> Ints:
    """Group of each row: rows that pairs link share one, shape (rows,)."""
    links = coo_array((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(rows, rows))
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)


def candidates(bits: Bits) -> Ints:
    """Pairs of rows (smaller index first) that share a whole band, each once, in order; shape (pairs, 2).

    Work: for every band one sort, and at most :data:`_CROWD` pairs per row.
    """
    rows = len(bits)
    wide = max(8, math.ceil(math.log2(max(rows, 2))) + _WIDER)
    found: list[Ints] = []
    weights = np.int64(1) << np.arange(wide, dtype=np.int64)
    for start in range(0, bits.shape[1] - wide + 1, wide):
        key = bits[:, start : start + wide] @ weights
        order = np.argsort(key, kind="stable")
        new = np.concatenate(([True], np.diff(key[order]) != 0))
        begin = np.maximum.accumulate(np.where(new, np.arange(rows), 0))
        place = np.arange(rows) - begin
        for step in range(min(_CROWD, int(place.max(initial=0)))):
            here = np.flatnonzero(place > step)
            found.append(order[begin[here] + step] * rows + order[here])
    pairs = np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)
    return np.column_stack(np.divmod(pairs, max(rows, 1)))
