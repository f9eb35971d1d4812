"""The soft decoder on maps of modules: what it reads, beside zxing-cpp, and how often it is wrong: never, so far.

Rules of this module
--------------------
1. A trial follows from its number alone. Damage of all strengths, far beyond what can be read; and things that are not
   codes of the election at all, which must give no answer.
2. *Wrong* is any answer that is not the text of the code that was damaged (of either, where two were put together).
3. The trust that comes with the modules is right in some trials, too large, too small or without meaning in others: an
   answer must not be wrong because the picture was misjudged.
4. The bound printed is the exact one-sided 95 % bound (Clopper & Pearson, 1934), over all trials and over all answers.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import segno
import zxingcpp

from testigo.election import Contest, format_payload, format_sheet_code, load_profile
from testigo.reading.soft import Effort, decode_modules
from testigo.reading.soft.symbol import VERSIONS
from testigo.records import Counts

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Rng = np.random.Generator

SEED = 20_240_728
_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
_POOL = 600
#: What a trial may cost: mostly little, so that there can be many; every twentieth may try as hard as reading does.
_EFFORT, _FULL_EFFORT = Effort(attempts=2, order=1, shaken=0), Effort()


@lru_cache(maxsize=1)
def contests() -> tuple[Contest, ...]:
    """The grammar of ve2024, and one that is written in the alphanumeric mode."""
    contest = load_profile("ve2024").contest()
    assert contest.qr is not None
    other = replace(contest.qr, separator="/", line_separator=":", alphabet="0123456789.:/")
    return contest, replace(contest, code="otra", qr=other)


def payload_of(contest: Contest, rng: Rng) -> str:
    """An invented payload."""
    busy = rng.random() * 0.5
    lines = {c: int(rng.integers(0, 400 if rng.random() < busy else 9)) for c in contest.line_codes}
    counts = Counts(contest.candidates_from_lines(lines), lines, int(rng.integers(12)), int(rng.integers(12)))
    station = f"{int(rng.integers(10**9)):09d}.{int(rng.integers(1, 99)):02d}"
    return format_payload(contest, format_sheet_code(contest, station, int(rng.integers(1, 4))), counts)


def modules_of(text: str, rng: Rng, version: int | None = None, level: str = "Q", mask: int | None = None) -> Bools:
    """A symbol of that text: of the version asked, or of a random one that holds it."""
    mode = "alphanumeric" if set(text) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:") else "byte"
    if version is None and rng.random() < 0.55:
        version = 8 if len(text) <= 108 else 9
    for _ in range(200):
        try:
            chosen = version or int(rng.choice(VERSIONS))
            made = segno.make_qr(
                text,
                version=chosen,
                error=level,
                mode=mode,
                mask=int(rng.integers(8)) if mask is None else mask,
                boost_error=False,
            )
            return np.array([[bool(m) for m in row] for row in made.matrix])
        except segno.DataOverflowError:
            version, level = None, str(rng.choice(list("LMQH")))
    raise ValueError(f"no version of 5 to 15 holds {len(text)} characters")


# ------------------------------------------------------------------------- damage of maps of signs (1, -1; 0: not seen)


def _filler(rng: Rng, shape: tuple[int, ...]) -> Floats:
    """What stands where nothing of the code does: nothing, white, black, or rubbish that is believed."""
    kind = rng.integers(4)
    if kind == 3:
        return rng.choice([-1.0, 1.0], shape)
    return np.full(shape, (0.0, -1.0, 1.0)[kind])


def cut(signs: Floats, share: float, rng: Rng) -> Floats:
    """A side missing."""
    out = np.rot90(signs, int(rng.integers(4))).copy()
    gone = round(share * 0.65 * len(out))
    out[len(out) - gone :] = _filler(rng, (gone, len(out)))
    return np.rot90(out, int(rng.integers(4))) if rng.random() < 0.02 else _unturned(signs, out)


def _unturned(signs: Floats, out: Floats) -> Floats:
    turned = [np.rot90(out, k) for k in range(4)]
    return np.ascontiguousarray(max(turned, key=lambda t: float((t * signs > 0).sum())))


def blot(signs: Floats, share: float, rng: Rng) -> Floats:
    """A part covered."""
    n, out = len(signs), signs.copy()
    area = share * 0.6 * n * n
    height = int(np.clip(math.sqrt(area * rng.uniform(0.4, 2.5)), 1, n))
    width = int(np.clip(area / height, 1, n))
    top, left = rng.integers(0, n - height + 1), rng.integers(0, n - width + 1)
    out[top : top + height, left : left + width] = _filler(rng, (height, width))
    return out


def flips(signs: Floats, share: float, rng: Rng) -> Floats:
    """Modules turned over."""
    return np.where(rng.random(signs.shape) < share * 0.12, -signs, signs).astype(np.float64)


def lines_lost(signs: Floats, share: float, rng: Rng) -> Floats:
    """Columns or rows lost."""
    out = signs.copy() if rng.random() < 0.5 else signs.T.copy()
    gone = rng.permutation(len(out))[: round(share * 0.5 * len(out))]
    out[:, gone] = _filler(rng, (len(out), len(gone)))
    return _unturned(signs, out)


def slip(signs: Floats, share: float, rng: Rng) -> Floats:
    """A part moved by whole modules, as by a grid that lost count."""
    out = signs.copy()
    first = int((1 - share * 0.6) * len(out))
    out[first:] = np.roll(out[first:], int(rng.choice([-2, -1, 1, 2])), axis=int(rng.integers(2)))
    return out


def noise(signs: Floats, share: float, rng: Rng) -> Floats:
    """Every module uncertain; the trust says how much."""
    sigma = 0.3 + 1.3 * share
    return np.asarray(2 * (signs + rng.normal(0, sigma, signs.shape)) / sigma**2 / 4)


def several(signs: Floats, share: float, rng: Rng) -> Floats:
    """Two or three of these at once."""
    for damage in rng.permutation(np.array([cut, blot, flips, lines_lost, slip, noise], object))[: rng.integers(2, 4)]:
        signs = damage(signs, share * 0.6, rng)
    return signs


FAMILIES: dict[str, Callable[[Floats, float, Rng], Floats]] = {
    "cut": cut,
    "blot": blot,
    "flips": flips,
    "lines_lost": lines_lost,
    "slip": slip,
    "noise": noise,
    "several": several,
}


def trusted(signs: Floats, rng: Rng) -> Floats:
    """Trust for signs: right, too large, too small, or without meaning."""
    scale = float(rng.choice([0.8, 2.0, 3.0, 4.0, 12.0]))
    spread = rng.uniform(0.2, 1.0, signs.shape) if rng.random() < 0.3 else 1.0
    return signs * scale * spread


# ------------------------------------------------------------------------- trials


def trial(number: int) -> dict[str, Any]:
    """One trial: its family, whether it was read, whether the answer is wrong, what the answer rests on, seconds."""
    rng = np.random.default_rng((SEED, number))
    contest = contests()[int(rng.random() < 0.15)]
    family, allowed, trust = setting(contest, rng)
    began = time.process_time()
    answer = decode_modules(trust, contests(), effort=_EFFORT if number % 20 else _FULL_EFFORT)
    seconds = time.process_time() - began
    text = None if answer is None else answer.payload.text
    return {
        "family": family,
        "read": text is not None and text in allowed,
        "wrong": text is not None and text not in allowed,
        "margin": None if answer is None else round(answer.margin, 1),
        "unused": None if answer is None else answer.unused,
        "seconds": seconds,
    }


@lru_cache(maxsize=2 * 600)
def _code(contest: str, number: int) -> tuple[str, Floats]:
    """One of a pool of codes: drawing one takes longer than reading it."""
    rng = np.random.default_rng((SEED, 3, number))
    text = payload_of(next(c for c in contests() if c.code == contest), rng)
    return text, np.where(modules_of(text, rng), 1.0, -1.0)


def setting(contest: Contest, rng: Rng) -> tuple[str, tuple[str, ...], Floats]:
    """What is decoded: its family, the texts that may be answered, the map."""
    kind = rng.random()
    text = payload_of(contest, rng)
    if kind < 0.72:
        family = str(rng.choice(list(FAMILIES)))
        text, signs = _code(contest.code, int(rng.integers(_POOL)))
        return family, (text,), trusted(FAMILIES[family](signs, float(rng.random()), rng), rng)
    if kind < 0.80:
        return "two codes in one", *_spliced(contest, text, rng)
    if kind < 0.90:
        signs = np.where(modules_of(_foreign(contest, text, rng), rng), 1.0, -1.0)
        return "foreign code", (), trusted(several(signs, float(rng.random()) * 0.4, rng), rng)
    return "noise only", (), trusted(rubbish(text, rng), rng)


def _spliced(contest: Contest, text: str, rng: Rng) -> tuple[tuple[str, ...], Floats]:
    """A part of one code, the rest of another of the same size."""
    other = payload_of(contest, rng)
    version = 8 if max(len(text), len(other)) <= 108 else 13
    first, second = (np.where(modules_of(t, rng, version=version), 1.0, -1.0) for t in (text, other))
    line = int(rng.integers(0, len(first)))
    first[line:] = second[line:]
    return (text, other), trusted(first if rng.random() < 0.5 else _sideways(first, second, line), rng)


def _sideways(first: Floats, second: Floats, line: int) -> Floats:
    out = first.copy()
    out[:, :line] = second[:, :line]
    return out


def _foreign(contest: Contest, text: str, rng: Rng) -> str:
    """Texts that are no payload: addresses, the right letters in the wrong order, a payload with one thing wrong."""
    kind = rng.integers(4)
    assert contest.qr is not None
    if kind == 0:
        return "https://example.org/" + "".join(rng.choice(list("abcdef0123456789"), 80))
    if kind == 1:
        return "".join(rng.choice(sorted(contest.qr.alphabet), len(text)))
    if kind == 2:
        return text.replace(contest.qr.line_separator, contest.qr.line_separator + "0", 1)
    return text.rsplit(contest.qr.line_separator, 1)[0] + text[-4:].replace(contest.qr.line_separator, "7")


def rubbish(text: str, rng: Rng) -> Floats:
    """No code at all; or the function pattern of one, even with its format, and rubbish for data."""
    version = int(rng.choice(VERSIONS)) if rng.random() < 0.5 else 8
    n = 17 + 4 * version
    signs = rng.choice([-1.0, 1.0], (n, n))
    if rng.random() < 0.5:
        real = np.where(modules_of(text, rng, version=version if len(text) < 100 else None), 1.0, -1.0)
        if real.shape == signs.shape:
            signs[:9], signs[:, :9] = real[:9], real[:, :9]
    return signs if rng.random() < 0.5 else np.asarray(cv2.GaussianBlur(signs, (0, 0), 0.8) * 2, np.float64)


def bound(trials: int, wrong: int, confidence: float = 0.95) -> float:
    """Exact one-sided upper bound of a share (Clopper-Pearson), by bisection."""
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        terms = (
            math.exp(
                math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
                + k * math.log(max(middle, 1e-300)) + (trials - k) * math.log1p(-min(middle, 1 - 1e-15))
            )
            for k in range(wrong + 1)
        )  # fmt: skip
        low, high = (middle, high) if sum(terms) > 1 - confidence else (low, middle)
    return high


# ------------------------------------------------------------------------- beside zxing-cpp


def _rendered(trust: Floats) -> npt.NDArray[np.uint8]:
    grey = np.where(trust > 0, 0, np.where(trust < 0, 255, 255)).astype(np.uint8)
    large = np.kron(grey, np.ones((8, 8), np.uint8))
    return np.asarray(cv2.copyMakeBorder(large, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=255), np.uint8)


def _ideal(name: str, share: float, signs: Floats, rng: Rng) -> Floats:
    n, out = len(signs), signs.copy()
    gone = round(share * n)
    if name == "bottom cut off":
        out[n - gone :] = 0
    elif name == "left missing":
        out[:, :gone] = 0
    elif name == "right missing":
        out[:, n - gone :] = 0
    elif name == "black blot over":
        side = round(math.sqrt(share) * n)
        top, left = rng.integers(0, n - side + 1, 2)
        out[top : top + side, left : left + side] = 1
    elif name == "modules flipped":
        out = np.where(rng.random(out.shape) < share, -out, out)
    elif name == "columns lost":
        out[:, rng.permutation(n)[:gone]] = 0
    return out


_TABLE = (
    ("bottom cut off", (0.30, 0.35, 0.40, 0.50)),
    ("left missing", (0.40, 0.45, 0.50)),
    ("right missing", (0.35, 0.40, 0.45)),
    ("black blot over", (0.10, 0.20, 0.25, 0.30)),
    ("modules flipped", (0.01, 0.02, 0.03, 0.04, 0.05)),
    ("columns lost", (0.10, 0.20, 0.40)),
)


def beside_zxing(codes: int) -> Iterator[tuple[str, float, float, float]]:
    """Name of the damage, its share, per cent read by zxing-cpp and by the soft decoder: ideal pictures, 8-Q."""
    contest = contests()[0]
    for name, shares in _TABLE:
        for share in shares:
            read = Counter[str]()
            for number in range(codes):
                rng = np.random.default_rng((SEED, 7, number))
                text = payload_of(contest, rng)
                while len(text) > 108:
                    text = payload_of(contest, rng)
                signs = _ideal(name, share, np.where(modules_of(text, rng, version=8), 1.0, -1.0), rng)
                answer = decode_modules(3.0 * signs, [contest])
                read["soft"] += answer is not None and answer.payload.text == text
                read["zxing"] += any(b.text == text for b in zxingcpp.read_barcodes(_rendered(signs), formats=_QR))
            yield name, share, 100 * read["zxing"] / codes, 100 * read["soft"] / codes


# ------------------------------------------------------------------------- command


Trial = Callable[[int], dict[str, Any]]


def run(first: int, trials: int, processes: int, keep: Path | None, one: Trial = trial) -> Iterator[dict[str, Any]]:
    """The trials, in order; written down as they come."""
    numbers = range(first, first + trials)
    with ProcessPoolExecutor(processes) as pool:
        for record in pool.map(one, numbers, chunksize=50):
            if keep:
                with keep.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(record) + "\n")
            yield record


def report(records: list[dict[str, Any]]) -> int:
    """Print the table and the bounds; the number of wrong answers."""
    print(f"{'family':32} {'trials':>7} {'read':>7} {'wrong':>6} {'ms':>7}")
    known = [*FAMILIES, "two codes in one", "foreign code", "noise only"]
    for family in sorted(
        {r["family"] for r in records}, key=lambda f: (f not in known, known.index(f) if f in known else f)
    ):
        rows = [r for r in records if r["family"] == family]
        mean = 1000 * sum(r["seconds"] for r in rows) / len(rows)
        read, wrong = sum(r["read"] for r in rows), sum(r["wrong"] for r in rows)
        helped = f"{sum(r['helped'] for r in rows):7} only so" if "helped" in rows[0] else ""
        print(f"{family:32} {len(rows):7} {read:7} {wrong:6} {mean:7.1f} {helped}".rstrip())
    wrong, answers = sum(r["wrong"] for r in records), sum(r["read"] or r["wrong"] for r in records)
    print(f"{len(records)} trials, {answers} answers, {wrong} wrong")
    print(f"bound (95 %): {bound(len(records), wrong):.2e} per trial, {bound(max(1, answers), wrong):.2e} per answer")
    return int(wrong)


def main() -> None:
    """Run trials and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="number of the first trial")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--codes", type=int, default=25, help="per line of the table beside zxing-cpp; 0 for no table")
    parser.add_argument("--keep", type=Path, help="file to which each trial is added as a JSON line")
    parser.add_argument("--judged", action="store_true", help="trials with judges, half of whom lie (no table)")
    parser.add_argument("--together", action="store_true", help="trials with several maps, half of different sheets")
    options = parser.parse_args()
    if options.judged or options.together:
        from benchmarks._judged import trial_judged, trial_together

        one = trial_judged if options.judged else trial_together
        records = list(run(options.first, options.trials, options.processes, options.keep, one))
        raise SystemExit(1 if report(records) else 0)
    if options.codes:
        print(f"per cent read of {options.codes} ideal pictures (8-Q)     zxing-cpp    soft")
        for name, share, zxing, soft in beside_zxing(options.codes):
            print(f"{name:28} {100 * share:4.0f} % {zxing:16.0f} {soft:10.0f}", flush=True)
    records = list(run(options.first, options.trials, options.processes, options.keep))
    raise SystemExit(1 if report(records) else 0)


if __name__ == "__main__":
    main()
