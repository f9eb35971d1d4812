"""Images that look alike: planted copies that the perceptual hash finds, strangers that it calls alike, and time.

    python benchmarks/near_duplicates.py [--sheets 120] [--hashes 25000]

What is measured
----------------
1. *The study.* Sheets are drawn, scanned, and redacted as they would be published. Copies of every tenth are made in
   each of several ways (saved again, brighter, noisy, retouched at two places, reduced, cropped, shifted) and put among
   the rest. Found: copies paired with their original. False: pairs of two different sheets. The largest correlation of
   two strangers, and the smallest of a copy, show how much room the threshold has.
2. *The index.* Hashes of so many images (goal: 25,000) with the covariance of those of the study, a hundred copies
   among them at a correlation of 0.9: seconds, pairs compared per image, copies found. Beside it a quarter and four
   times as many: an index that compared all with all would take 16 times as long for four times the images.

Everything is drawn with a seed; nothing is fetched. Needs testigo[simulate] and testigo[reading].
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from testigo.election import load_profile
from testigo.forensics.dossier import nearness
from testigo.forensics.dossier.nearness import ALIKE, BITS, Floats, alike, grid
from testigo.reading.opening.images import Grey, OpenedImage, open_image
from testigo.reading.showing.redaction import Published, redact_image
from testigo.simulate import invented_counts, invented_register, simulate_folder

Copier = Callable[[Grey, np.random.Generator], Grey]


def _retouched(image: Grey, rng: np.random.Generator) -> Grey:
    """Two places the size of a figure painted white."""
    copy = image.copy()
    for _ in range(2):
        y, x = rng.integers(0, image.shape[0] - 40), rng.integers(0, max(image.shape[1] - 120, 1))
        copy[y : y + 40, x : x + 120] = 255
    return copy


def _noisy(image: Grey, rng: np.random.Generator) -> Grey:
    return np.clip(image + rng.normal(0, 12, image.shape), 0, 255).astype(np.uint8)


COPIES: dict[str, Copier] = {
    "saved again": lambda image, rng: image,
    "brighter": lambda image, rng: np.clip(0.8 * image.astype(np.float32) + 25, 0, 255).astype(np.uint8),
    "noisy": _noisy,
    "retouched at two places": _retouched,
    "reduced to 80 %": lambda image, rng: np.asarray(
        cv2.resize(image, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA), np.uint8
    ),
    "cropped by 3 %": lambda image, rng: image[: int(0.97 * len(image))],
    "shifted by half a line": lambda image, rng: np.roll(image, 20, axis=0),
}


def published(sheets: int, folder: Path) -> dict[str, bytes]:
    """Redacted images of drawn sheets, as they would be published."""
    profile = load_profile("ve2024")
    register = invented_register(profile, sheets, 1)
    simulate_folder(profile, register, invented_counts(profile.contest(), register, 1), sheets, 1, folder)
    found: dict[str, bytes] = {}
    for path in sorted(folder.glob("*.jpg")):
        image = open_image(path.read_bytes())
        shown = redact_image(profile, image, rehearsal=True) if isinstance(image, OpenedImage) else None
        if isinstance(shown, Published):
            found[f"{len(found):064d}"] = shown.jpeg
    return found


def study(store: dict[str, bytes], seed: int) -> None:
    """1 of this module's docstring."""
    rng = np.random.default_rng(seed)
    originals, made = list(store), {}
    for kind, (label, copier) in enumerate(COPIES.items()):
        for name in originals[kind::10]:
            image = cv2.imdecode(np.frombuffer(store[name], np.uint8), cv2.IMREAD_GRAYSCALE)
            assert image is not None
            done, data = cv2.imencode(".jpg", copier(np.asarray(image, np.uint8), rng), [cv2.IMWRITE_JPEG_QUALITY, 50])
            assert done
            made[f"{label}/{name}"] = (name, label, data.tobytes())
    every = store | {key: data for key, (_, _, data) in made.items()}
    started = time.process_time()
    result = alike(list(every), every.__getitem__)
    seconds = time.process_time() - started
    paired = {tuple(sorted((pair.first, pair.second))) for pair in result.pairs}
    true = {tuple(sorted((key, name))) for key, (name, _, _) in made.items()}
    print(f"{len(store)} published sheets and {len(made)} copies; {1000 * seconds / len(every):.1f} ms CPU per image")
    for label in COPIES:
        own = [tuple(sorted((key, name))) for key, (name, kind, _) in made.items() if kind == label]
        print(f"  {label:26} found {sum(pair in paired for pair in own):3} of {len(own)}")
    false = paired - true
    moved = sum(all(one.startswith(("cropped", "shifted")) for one in pair) for pair in false)
    print(f"  pairs of two different sheets called alike (threshold {ALIKE}): {len(false)}")
    print(f"  of those, both cropped or shifted alike: {moved}")
    _room(store)


def _room(store: dict[str, bytes]) -> None:
    """The largest correlation of two strangers among the originals: all pairs, for once."""
    unit = _units(store)
    both = unit @ unit.T
    np.fill_diagonal(both, -1)
    high = float(np.quantile(both, 0.999))
    print(f"  largest correlation of two different sheets: {both.max():.3f}; 99.9 % lie below {high:.3f}")


def _residuals(store: dict[str, bytes]) -> Floats:
    cells = [one for data in store.values() if (one := grid(data)) is not None]
    residuals: Floats = np.stack([one.ravel() for one in cells]) @ nearness._projections()
    return np.asarray(residuals - residuals.mean(axis=0), np.float32)


def _units(store: dict[str, bytes]) -> Floats:
    residuals = _residuals(store)
    unit: Floats = residuals / np.linalg.norm(residuals, axis=1, keepdims=True)
    return unit


def index(store: dict[str, bytes], hashes: int, seed: int) -> None:
    """2 of this module's docstring."""
    residuals = _residuals(store)
    _, scale, axes = np.linalg.svd(residuals / np.sqrt(len(residuals)), full_matrices=False)
    rng = np.random.default_rng(seed)
    for number in (hashes // 4, hashes, 4 * hashes):
        drawn = ((rng.standard_normal((number, len(scale)), np.float32) * scale) @ axes).astype(np.float32)
        copies = rng.choice(number // 2, 100, replace=False)
        lengths = np.linalg.norm(drawn[copies], axis=1, keepdims=True)
        other = ((rng.standard_normal((100, len(scale)), np.float32) * scale) @ axes).astype(np.float32)
        other *= lengths / np.linalg.norm(other, axis=1, keepdims=True)
        drawn[number // 2 + np.arange(100)] = 0.9 * drawn[copies] + np.sqrt(1 - 0.9**2) * other
        names = [f"{row:064d}" for row in range(number)]
        started = time.process_time()
        pairs, compared = nearness._pairs(names, drawn, drawn > 0)
        seconds = time.process_time() - started
        wanted = {(names[a], names[number // 2 + place]) for place, a in enumerate(copies.tolist())}
        found = sum((pair.first, pair.second) in wanted for pair in pairs)
        print(
            f"  {number:>7,} hashes of {BITS} bits: {seconds:6.2f} CPU s, {compared / number:6.1f} compared per image "
            f"(all with all: {number / 2:,.0f}); planted at 0.9 found {found} of 100, others called alike "
            f"{len(pairs) - found}"
        )


def main(arguments: list[str] | None = None) -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sheets", type=int, default=120)
    parser.add_argument("--hashes", type=int, default=25_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="testigo-near-") as folder:
        started = time.process_time()
        store = published(options.sheets, Path(folder) / "sheets")
        print(f"drawn, scanned and redacted: {time.process_time() - started:.0f} CPU s")
        study(store, options.seed)
        index(store, options.hashes, options.seed)


if __name__ == "__main__":
    main()
