"""Battery and projection on 25,073 stations: CPU seconds, and whether the power that the battery reports is real.

What is measured
----------------
1. CPU seconds of ``run_battery`` and ``projection`` as the report runs them (goal: together under 60), compiling
   included, on the published table beside the project if it is there (--data), else on an invented country.
2. Its figures: every judged statistic with model-based p, q, naive p and the naive test's false alarms.
3. Power again, the long way: the battery judges by few draws of refitted models. Here each
   tampered election is analysed from the start, its own null drawn from its own fit, and must be found all the same.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.csv as pacsv

from testigo.election import load_profile
from testigo.forensics.battery import run_battery
from testigo.forensics.battery.bootstrap import CONTEXT, LEVEL, experiment, frame_of
from testigo.forensics.battery.model import honest
from testigo.forensics.battery.planted import ALTERATIONS, plant
from testigo.forensics.finding import Finding
from testigo.forensics.projection import Roll, projection
from testigo.forensics.sheets import Sheets

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "ve2024"
COUNTRY = (30_026, 21_392_464)


def published(folder: Path) -> Sheets:
    """The second release's counts with the first one's electors, where it has them."""
    contest = load_profile("ve2024").contest()
    first, second = (
        pacsv.read_csv(folder / f"RESULTADOS_2024_CSV_V{n}.csv", read_options=pacsv.ReadOptions(encoding=encoding))
        for n, encoding in ((1, "utf-8"), (2, "cp1252"))
    )
    keys = [list(zip(t["CENTRO"].to_pylist(), t["MESA"].to_pylist(), strict=True)) for t in (first, second)]
    electors = dict(zip(keys[0], first["RE"].to_pylist(), strict=True))
    votes = np.column_stack([second[code].to_numpy() for code in contest.candidate_codes]).astype(np.int64)
    area = second["COD_EDO"].to_numpy() * 10_000 + second["COD_MUN"].to_numpy() * 100 + second["COD_PAR"].to_numpy()
    centres, centre = np.unique(second["CENTRO"].to_numpy(), return_inverse=True)
    areas, area = np.unique(area, return_inverse=True)
    return Sheets(
        contest=contest,
        codes=np.array([f"{centre:09d}.{number:02d}" for centre, number in keys[1]], dtype=np.str_),
        centre=centre.astype(np.int64),
        centres=tuple(map(str, centres.tolist())),
        area=area.astype(np.int64),
        areas=tuple(map(str, areas.tolist())),
        votes=votes,
        valid=votes.sum(axis=1),
        null=second["VOTOS_NULOS"].to_numpy().astype(np.int64),
        electors=np.array([electors.get(key, -1) for key in keys[1]], dtype=np.int64),
    )


def invented(stations: int = 25_073) -> Sheets:
    """An invented country of that many stations, in centres of two."""
    rng = np.random.default_rng(1)
    contest = load_profile("ve2024").contest()
    centre = np.arange(stations) // 2
    electors = rng.integers(300, 1000, stations)
    valid = rng.binomial(electors, rng.normal(0.6, 0.05, stations // 2 + 1)[centre])
    votes = np.zeros((stations, len(contest.candidates)), dtype=np.int64)
    votes[:, 0] = rng.binomial(valid, np.clip(rng.normal(0.6, 0.1, stations // 2 + 1), 0.1, 0.9)[centre])
    votes[:, 1] = rng.binomial(valid - votes[:, 0], 0.9)
    votes[:, 2] = valid - votes[:, 0] - votes[:, 1]
    codes = np.array([f"{c:09d}.{i % 2 + 1:02d}" for i, c in enumerate(centre.tolist())], dtype=np.str_)
    places = tuple(map(str, range(stations // 2 + 1)))
    none = np.zeros(stations, dtype=np.int64)
    areas = tuple(map(str, range(stations // 100 + 1)))
    return Sheets(contest, codes, centre, places, centre // 50, areas, votes, valid, none, electors)


def timed(sheets: Sheets, seed: int) -> tuple[tuple[Finding, ...], Finding]:
    """The findings, and their CPU seconds printed."""
    stations = np.arange(len(sheets))
    roll = Roll(sheets.centre, sheets.area, len(sheets.areas), sheets.electors, stations, *_rest(len(sheets)))
    start = time.process_time()
    findings = run_battery(sheets, seed)
    middle = time.process_time()
    whole = projection(sheets, roll, seed)
    end = time.process_time()
    print(
        f"{len(sheets):,} stations: battery {middle - start:.1f} + projection {end - middle:.1f} CPU seconds (goal: 60)"
    )
    return findings, whole


def _rest(stations: int) -> tuple[int, int]:
    return max(COUNTRY[0] - stations, 0), COUNTRY[1]


def show(findings: tuple[Finding, ...]) -> None:
    """One line per statistic."""
    print(f"{'test':20} {'statistic':21} {'value':>11} {'p':>7} {'q':>7} {'naive p':>9} {'naive false alarms':>19}")
    for finding in findings:
        values = {figure.name: figure.value for figure in finding.figures}
        for name in values:
            if f"{name}_p" in values:
                value, p, naive = (float(values[key] or 0) for key in (name, f"{name}_p", f"{name}_naive_p"))
                q = f"{float(values[f'{name}_q'] or 0):7.3f}" if f"{name}_q" in values else "      -"
                alarms = float(values[f"{name}_naive_alarms"] or 0)
                print(f"{finding.code:20} {name:21} {value:11.4f} {p:7.4f} {q} {naive:9.1e} {alarms:19.2f}")


def power_again(sheets: Sheets, dose: float, draws: int, seed: int) -> None:
    """Each alteration planted once in an honest election and analysed from the start."""
    frame = frame_of(sheets)
    base = honest(sheets, frame.groups).simulate(np.random.default_rng(seed))
    print(f"planted at {dose:.0%} of stations and analysed from the start ({draws} draws): tests that find it")
    for name in ("none", *ALTERATIONS):
        altered = base
        if name != "none":
            altered, _ = plant(base, frame, name, dose, np.random.default_rng([seed, 1]))
        result = experiment(altered, seed, draws, 30, 0, 0)
        alarms = []
        for code in result.observed:
            p = [value for statistic, value in result.p(code).items() if (code, statistic) not in CONTEXT]
            if p and min(p) * len(p) <= LEVEL:
                alarms.append(code)
        print(f"  {name:13} {', '.join(alarms) or '-'}")


def main(arguments: list[str] | None = None) -> tuple[Finding, ...]:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dose", type=float, default=0.05)
    parser.add_argument("--draws", type=int, default=119, help="of each planted election; 0: skip")
    parser.add_argument("--no-electors", action="store_true", help="as if electors were unknown")
    options = parser.parse_args(arguments)
    sheets = published(options.data) if options.data.is_dir() else invented()
    if options.no_electors:
        sheets = replace(sheets, electors=np.full(len(sheets), -1, dtype=np.int64))
    findings, whole = timed(sheets, options.seed)
    show(findings)
    print(whole.statement["en"])
    if options.draws:
        power_again(sheets, options.dose, options.draws, options.seed)
    return findings


if __name__ == "__main__":
    main()
