"""Draw sheets of given counts into a folder, with the truth beside them: material for readers to be judged by.

Rules of this module
--------------------
1. File names say nothing about what is on the sheet.
2. Killed and started again it goes on; a folder of another simulation is never mixed with this one.
3. ``truth.json`` is written last: where it stands, the folder is whole.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import cv2

from testigo.election import Contest, Profile, Register, parse_profile
from testigo.errors import InputError, WireError
from testigo.records import Counts, Opening
from testigo.simulate.deliveries import scan_of
from testigo.simulate.sheet import Sheet, make_sheet
from testigo.simulate.votes import split_lines

TRUTH = "truth.json"
_PLAN = ".simulation"

#: Called with (sheets done, sheets in all).
Progress = Callable[[int, int], None]
Job = tuple[str, Sheet, str]  # path, what the sheet says, seed of its scan


def simulate_folder(
    profile: Profile,
    register: Register,
    counts: Mapping[str, Counts],
    n: int,
    seed: int,
    out: Path,
    progress: Progress | None = None,
    *,
    contest: str | None = None,
    workers: int | None = None,
) -> Path:
    """Draw the sheets of ``n`` stations, chosen by the seed, and write ``truth.json``.

    Args:
        register: names and electors of the stations; unknown electors are invented on the sheet.
        counts: station -> votes; where they have no lines, each candidate's votes are split over the lines by the seed.
        n: how many stations; all of ``counts`` if it has fewer.
        out: folder; made if needed.
        contest: which, if the profile has several.
        workers: processes; as many as there are processors if not said, one for a few sheets.

    Returns:
        the path of ``truth.json``.

    Raises:
        InputError: a station is not in the register, or the folder holds another simulation.
        WireError: the disk does not take it.
    """
    sheets = _chosen(profile, profile.contest(contest), register, counts, n, seed)
    names = [f"sheet-{number:05d}.jpg" for number in range(1, len(sheets) + 1)]
    truth = truth_of(dict(zip(names, sheets, strict=True)))
    try:
        _claim(profile, truth, seed, out)
        jobs = [
            (str(out / name), sheet, f"{seed}/{sheet.contest}/{sheet.station}")
            for name, sheet in zip(names, sheets, strict=True)
            if not (out / name).exists()
        ]
        done = len(sheets) - len(jobs)
        for _ in _draw_all(profile, jobs, workers):
            done += 1
            if progress:
                progress(done, len(sheets))
        path = out / TRUTH
        _write(path, json.dumps(truth, ensure_ascii=False, indent=1).encode())
    except OSError as error:
        raise WireError(
            f"The folder {out} cannot be written: {error.strerror}.", "Make room, and run it again."
        ) from error
    return path


def _chosen(
    profile: Profile, contest: Contest, register: Register, counts: Mapping[str, Counts], n: int, seed: int
) -> list[Sheet]:
    """What is to be drawn, in an order by chance, so that the names' order is not the stations'."""
    sheets = []
    for code in sorted(Random(f"{seed}/choice").sample(sorted(counts), min(n, len(counts)))):
        station = register.find(code)
        if station is None:
            raise InputError(f"The station {code} is not in the register.", "Give the register that belongs to it.")
        lines = split_lines(contest, counts[code], seed, code)
        sheets.append(make_sheet(profile, contest, register, station, lines, seed))
    Random(f"{seed}/order").shuffle(sheets)
    return sheets


def truth_of(sheets: Mapping[str, Sheet]) -> dict[str, Any]:
    """The content of ``truth.json``: file -> what its sheet says."""
    files = {
        name: {
            "contest": sheet.contest,
            "station": sheet.station,
            "counts": dict(sheet.counts.lines or {}),
            "candidates": dict(sheet.counts.candidates),
            "null": sheet.counts.null,
            "blank": sheet.counts.blank,
            "printed": dict(sheet.figures),
            "expected": Opening.IMAGE.value,
        }
        for name, sheet in sheets.items()
    }
    return {"files": files}


def _claim(profile: Profile, truth: dict[str, Any], seed: int, out: Path) -> None:
    """Make the folder ours, or find that it was."""
    out.mkdir(parents=True, exist_ok=True)
    plan = json.dumps([profile.sha256, seed, truth], sort_keys=True).encode()
    digest = hashlib.sha256(plan).hexdigest()
    mark = out / _PLAN
    if mark.exists():
        if mark.read_text().strip() != digest:
            raise InputError(f"{out} holds the sheets of another simulation.", "Choose an empty folder.")
    elif any(out.iterdir()):
        raise InputError(f"{out} is not empty.", "Choose an empty folder.")
    else:
        _write(mark, (digest + "\n").encode())


def _write(path: Path, data: bytes) -> None:
    """All of the file or nothing of it."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    part.replace(path)


def _draw_all(profile: Profile, jobs: list[Job], workers: int | None) -> Iterator[None]:
    """Draw and save; in this process if a pool would not pay."""
    workers = workers or os.cpu_count() or 1
    if workers == 1 or len(jobs) < 60:
        for job in jobs:
            _draw(profile, job)
            yield
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _begin, (profile.source,)) as pool:
        yield from pool.map(_draw_here, jobs, chunksize=8)


_here: list[Profile] = []


def _begin(source: bytes) -> None:
    cv2.setNumThreads(1)
    _here[:] = [parse_profile(source)]


def _draw_here(job: Job) -> None:
    _draw(_here[0], job)


def _draw(profile: Profile, job: Job) -> None:
    path, sheet, seed = job
    _write(Path(path), scan_of(profile, sheet, seed))
