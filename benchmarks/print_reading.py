"""Print alone: of sheets of clean to moderate damage, how many are read whole, how many wrong, at what cost.

A sheet counts as read if its print proves it and every count, the null and blank votes and the sheet code are right; as
wrong if it is proven and any of these is not. Besides, sheets are changed on purpose (a figure, a word, both, a total):
none of them may be proven. Peers read the same sheets in ``python -m benchmarks.reading``.

Sheets that were turned, photographed or lie two in a picture are straightened by the drawing's own truth: finding them
is another part's work and is measured there.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.graded import SEEDS, case_of, grade_of, sheet_number
from testigo.election import load_profile
from testigo.reading.print import PrintReading, read_print
from testigo.records import Counts
from testigo.simulate import Sheet, draw_sheet, invented_counts, invented_register, make_sheet
from testigo.simulate.damage import FAMILIES, MODERATE, Damaged, damaged

Grey = NDArray[np.uint8]
_PLACED = ("turned", "phone")
_FORM_FAMILIES = ("fading", "jpeg", "blur", "low_resolution", "folds_and_stains", "bilevel")


def straight(picture: Damaged) -> Grey:
    """The picture in grey; straightened where the damage moved the sheet."""
    pixels = picture.pixels
    grey = np.asarray(pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)
    if picture.family not in _PLACED:
        return grey
    corners = picture.sheets[0].corners().astype(np.float32)
    sides = [float(np.linalg.norm(corners[a] - corners[b])) for a, b in ((0, 1), (3, 2), (0, 3), (1, 2))]
    width, height = round(max(sides[:2])), round(max(sides[2:]))
    target = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    warp = cv2.getPerspectiveTransform(corners, target)
    return np.asarray(cv2.warpPerspective(grey, warp, (width, height), borderValue=255), np.uint8)


def outcome(reading: PrintReading | None, counts: Counts, code: str) -> str:
    """``read``, ``wrong`` or ``unproven``."""
    if reading is None or not reading.proven or reading.counts is None or reading.sheet_code is None:
        return "unproven"
    same = reading.counts.agrees_with(counts) and dict(reading.counts.lines or {}) == dict(counts.lines or {})
    return "read" if same and reading.sheet_code.text == code else "wrong"


def tapes(seeds: str, images: int, most: float) -> Iterator[tuple[str, Grey, Counts, str]]:
    """Family, picture, and what its sheet says; only whole sheets, up to a grade of damage."""
    contest = load_profile("ve2024").contest()
    for family in FAMILIES:
        if family == "two_tapes":
            continue
        for number in range(images):
            if grade_of(number) > most:
                continue
            case = case_of(seeds, family, number)
            if case.truth.whole:
                sheet = case.truth.sheets[0]
                yield family, straight(case.truth.picture), sheet.counts, sheet.code(contest)


def forms(seed: int, images: int, most: float) -> Iterator[tuple[str, Grey, Counts, str]]:
    """The same of the second profile: forms filled in by hand."""
    profile = load_profile("altamar2031")
    register = invented_register(profile, 40, seed)
    for family in _FORM_FAMILIES:
        for number in range(images):
            if grade_of(number) > most:
                continue
            contest = profile.contests[number % 2]
            station = register.find(list(register.rows)[number % 40])
            assert station is not None
            counts = invented_counts(contest, register, seed)[station.code]
            sheet = make_sheet(profile, contest, register, station, counts, seed)
            picture = damaged(family, grade_of(number), draw_sheet(profile, contest, sheet), f"{seed}/{number}")
            yield f"form: {family}", straight(picture), counts, sheet.code(contest)


def changed(seeds: str, images: int, most: float) -> Iterator[tuple[str, Grey]]:
    """Sheets whose print contradicts itself: rows of one drawing put into another, then damaged."""
    profile = load_profile("ve2024")
    contest = profile.contest()
    layout = contest.layout
    assert layout is not None
    rng = np.random.default_rng(SEEDS[seeds])
    for number in range(images):
        sheet = sheet_number(seeds, 5000 + number)
        place = int(rng.integers(len(contest.lines)))
        box = layout.line_boxes()[place]
        first, middle, last = (round(v * 8) for v in (box.y, box.y + 4.2, box.bottom))
        what, rows = (("figures", (first, middle)), ("words", (middle, last)), ("both", (first, last)))[number % 3]
        pixels = draw_sheet(profile, contest, sheet).copy()
        pixels[slice(*rows)] = draw_sheet(profile, contest, _other(sheet, contest.line_codes[place], rng))[slice(*rows)]
        family = ("fading", "jpeg", "blur", "bilevel", "folds_and_stains", "low_resolution")[number % 6]
        yield f"changed: {what}", straight(damaged(family, most * float(rng.random()), pixels, number))


def _other(sheet: Sheet, line: str, rng: np.random.Generator) -> Sheet:
    """The same sheet with another number in one line."""
    lines = dict(sheet.counts.lines or {})
    lines[line] += int(rng.choice([1, 2, 6, 10, 70, 100]))
    contest = load_profile("ve2024").contest()
    counts = Counts(contest.candidates_from_lines(lines), lines, sheet.counts.null, sheet.counts.blank)
    return replace(sheet, counts=counts)


def main() -> None:
    """Print the shares, and the bound on the error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=10, help="per family, before grades are told apart")
    parser.add_argument("--seeds", choices=sorted(SEEDS), default="dev")
    parser.add_argument("--most", type=float, default=MODERATE, help="grade of damage")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    results: dict[str, Counter[str]] = {}
    seconds: dict[str, list[float]] = {}
    sources = (
        ("ve2024", tapes(options.seeds, options.images, options.most)),
        ("altamar2031", forms(SEEDS[options.seeds], options.images, options.most)),
    )
    for code, source in sources:
        profile = load_profile(code)
        for family, pixels, counts, sheet_code in source:
            began = time.process_time()
            reading = read_print(profile, pixels)
            seconds.setdefault(family, []).append(time.process_time() - began)
            results.setdefault(family, Counter())[outcome(reading, counts, sheet_code)] += 1
    for family, pixels in changed(options.seeds, 3 * options.images, options.most):
        reading = read_print(load_profile("ve2024"), pixels)
        proven = reading is not None and reading.proven
        results.setdefault(family, Counter())["wrong" if proven else "unproven"] += 1
    print(f"print alone, grades up to {options.most}, seeds {options.seeds!r}; CPU s: median per sheet")
    for family, counted in results.items():
        cost = f"{statistics.median(seconds[family]):5.2f}" if family in seconds else "    -"
        print(
            f"{family:28} read {counted['read']:4} of {counted.total():4}   wrong {counted['wrong']:3}   CPU s {cost}"
        )
    for name, wanted in (("tapes", FAMILIES), ("forms", tuple(f"form: {f}" for f in _FORM_FAMILIES))):
        part = [results[family] for family in wanted if family in results]
        total = sum(counted.total() for counted in part)
        read = sum(counted["read"] for counted in part)
        wrong = sum(counted["wrong"] for counted in part)
        print(f"{name}: {read} of {total} read whole ({100 * read / max(1, total):.1f} %), {wrong} wrong")
    trials = sum(counted.total() for counted in results.values())
    wrong = sum(counted["wrong"] for counted in results.values())
    print(f"wrong: {wrong} of {trials}" + (f"; by the rule of three below {300 / trials:.1f} %" if not wrong else ""))


if __name__ == "__main__":
    main()
