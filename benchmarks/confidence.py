"""How often an answer is wrong, by how damaged the code was: what ``reading/soft/confidence.py`` claims.

Rules of this module
--------------------
1. The soft decoder's answers come from the kept trials of ``benchmarks.soft``, one class for each range of margins.
2. The plain reader is tried here: the same damaged codes, drawn as pictures of a few pixels per module, a little out of
   focus; one class for each range of the error correction that was left over.
3. A class claims no more than the exact one-sided 95 % lower bound of the share of right answers in it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.soft import SEED, bound, contests, setting
from testigo.election.grammar import find_payload
from testigo.reading.codes import find_codes
from testigo.reading.soft.confidence import BY_MARGIN, BY_UNUSED, Counted

Rng = np.random.Generator


def picture(trust: npt.NDArray[np.float64], rng: Rng) -> npt.NDArray[np.uint8]:
    """A map of modules as a picture: what is not seen is white."""
    grey = np.where(trust == 0, 255, np.clip(128 - 40 * trust, 0, 255)).astype(np.uint8)
    size = int(rng.integers(4, 8))
    large = cv2.copyMakeBorder(
        np.kron(grey, np.ones((size, size), np.uint8)), 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=(255.0,)
    )
    sigma = rng.uniform(0, 0.25) * size
    return np.asarray(cv2.GaussianBlur(large, (0, 0), sigma) if sigma > 0.3 else large, np.uint8)


def plain_trial(number: int) -> list[tuple[int, bool]]:
    """What the plain reader says of that trial's code: error correction left (per mille), whether it is wrong."""
    rng = np.random.default_rng((SEED, number))
    contest = contests()[int(rng.random() < 0.15)]
    _, allowed, trust = setting(contest, rng)
    texts = [(code.unused, find_payload(contests(), code.text)) for code in find_codes(picture(trust, rng))]
    return [(unused, payload.text not in allowed) for unused, payload in texts if payload is not None]


def soft_answers(kept: Path) -> Iterator[tuple[float, bool]]:
    """Margins of the answers of kept trials, and whether each was wrong."""
    for line in kept.read_text().splitlines():
        record: dict[str, Any] = json.loads(line)
        if record["margin"] is not None:
            yield float(record["margin"]), bool(record["wrong"])


def show(name: str, classes: Sequence[Counted], answers: Sequence[tuple[float, bool]]) -> int:
    """Print each class, what was counted now beside what the code states; the number of wrong answers."""
    print(f"{name:>10} {'answers':>8} {'wrong':>6} {'right (95 %), per mille':>24} {'claimed':>8} {'of answers':>11}")
    above = float("inf")
    for counted in classes:
        mine = [wrong for value, wrong in answers if counted.least <= value < above]
        above = counted.least
        right = 1000 * (1 - bound(len(mine), sum(mine))) if mine else 0.0
        print(f"{counted.least:10.0f} {len(mine):8} {sum(mine):6} {right:24.2f} {counted.claim:8} {counted.answers:11}")
    return sum(wrong for _, wrong in answers)


def main() -> None:
    """Count, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--soft", type=Path, nargs="*", default=[], help="trials kept by benchmarks.soft")
    parser.add_argument("--plain", type=int, default=2000, help="trials of the plain reader")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    plain = [answer for number in range(options.plain) for answer in plain_trial(number)]
    wrong = show("unused", BY_UNUSED, plain)
    if options.soft:
        wrong += show("margin", BY_MARGIN, [answer for kept in options.soft for answer in soft_answers(kept)])
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
