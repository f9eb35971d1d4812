"""How long two publications take to compare, and what the other answers of this part take.

    python benchmarks/compare.py [--stations 25000] [--rounds 7]

The goal: 25,000 x 25,000 stations, both tables read and compared, in less than 2 seconds (without the start of the
interpreter, which is shown beside it). Invented counts; nothing is fetched. If ``../shared/data/ve2024`` is there,
the published tables of 2024 are compared too.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from testigo.election import load_profile
from testigo.forensics import rounding
from testigo.forensics.compare import compare, comparison_json, parse_side
from testigo.forensics.rounding import looks

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "ve2024"


def invent(stations: int, codes: tuple[str, ...], seed: int) -> tuple[bytes, bytes]:
    """Two tables that differ in one vote at one station of every hundred, in order, zeros and separator."""
    votes = np.random.default_rng(seed).integers(0, 400, (stations, len(codes)))
    first = [f"{100_000_000 + i // 3},{i % 3 + 1}," + ",".join(map(str, row)) for i, row in enumerate(votes.tolist())]
    votes[::100, 0] += 1
    other = [f"{100_000_000 + i // 3};0{i % 3 + 1};" + ";".join(map(str, row)) for i, row in enumerate(votes.tolist())]
    head = ("CENTRO", "MESA", *codes)
    texts = "\n".join([",".join(head), *first]), "\n".join([";".join(head), *reversed(other)])
    return texts[0].encode(), texts[1].encode("cp1252")


def seconds(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Medians: of the clock, and of this process's own time."""
    clock, own = [], []
    for _ in range(rounds):
        started, used = time.perf_counter(), time.process_time()
        work()
        clock.append(time.perf_counter() - started)
        own.append(time.process_time() - used)
    return statistics.median(clock), statistics.median(own)


def whole_command(first: Path, second: Path) -> tuple[float, float]:
    """The same two times of the command, interpreter and all."""
    command = [sys.executable, "-m", "testigo.cli", "compare", str(first), str(second), "--profile", "ve2024", "--json"]
    started, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    clock, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert ended.returncode == 1, ended.stderr
    assert json.loads(ended.stdout)["same"] > 0
    return clock, after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Run it and print the figures, which are the answer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stations", type=int, default=25_000)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args(arguments)
    profile = load_profile("ve2024")
    contest = profile.contest()
    tables = invent(options.stations, contest.candidate_codes, seed=1)

    def work() -> dict[str, object]:
        a, b = (parse_side(data, "t.csv", None, profile, contest) for data in tables)
        return comparison_json(compare(a, b, profile))

    answer = work()
    changed = -(-options.stations // 100)
    assert (answer["same"], len(list(answer["different"]))) == (options.stations - changed, changed)  # type: ignore[call-overload]
    figures = dict(zip(("compare, clock", "compare, own time"), seconds(work, options.rounds), strict=True))
    with tempfile.TemporaryDirectory(prefix="testigo-bench-") as folder:
        paths = Path(folder) / "a.csv", Path(folder) / "b.csv"
        for path, data in zip(paths, tables, strict=True):
            path.write_bytes(data)
        _command(figures, "whole command", *paths)
    if DATA.is_dir():
        _command(figures, "releases of 2024", *(DATA / f"RESULTADOS_2024_CSV_V{n}.csv" for n in (1, 2)))

    def round_numbers() -> object:
        rounding._sums.cache_clear()
        return looks((5150092, 4445978, 462704))

    figures["round numbers, one bulletin, own time"] = seconds(round_numbers, 3)[1]
    print(
        f"{options.stations:,} x {options.stations:,} stations, {len(contest.candidates)} candidates (medians, seconds)"
    )
    for name, value in figures.items():
        print(f"  {name:40} {value:7.3f}")
    return figures


def _command(figures: dict[str, float], name: str, first: Path, second: Path) -> None:
    times = [whole_command(first, second) for _ in range(3)]
    for kind, values in zip(("clock", "own time"), zip(*times, strict=True), strict=True):
        figures[f"{name}, {kind}"] = statistics.median(values)


if __name__ == "__main__":
    main()
