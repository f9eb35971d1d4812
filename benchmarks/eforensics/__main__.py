"""``python -m benchmarks.eforensics``: the mixture model on a country, in simulation, with planted frauds, and beside
JAGS.

JAGS takes long and is left out unless --jags names a folder for its runs (half an hour and more; a second run reads
them).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from benchmarks.eforensics import jags
from benchmarks.eforensics.cases import country, drawn, truth
from testigo.forensics.eforensics import fit, study
from testigo.forensics.eforensics.data import Groups
from testigo.forensics.eforensics.fit import Fit
from testigo.forensics.eforensics.mode import find_mode
from testigo.forensics.eforensics.model import mean_proportions

PARTS = ("country", "coverage", "power", "jags")


def on_the_country() -> None:
    """EM on as many stations as were published: does it converge, and in how long (goal: 60 s on 2 cores)?"""
    find_mode(drawn(60, (0.2, 0.1), 1).counts, 1)  # compiles
    counts, which = country("none")
    began, processor = time.perf_counter(), time.process_time()
    mode = find_mode(counts, 1)
    wall, spent = time.perf_counter() - began, time.process_time() - processor
    print(
        f"EM, {len(counts)} stations ({which}): {wall:.0f} s, {spent:.0f} s of processor; converged {mode.converged} "
        f"(decrement {mode.decrement:.4f}), {mode.steps} E-steps, gain {mode.gain:.0f}, boundary {mode.boundary}"
    )
    print("starts on a part of the stations:", ", ".join(f"{value:.1f}" for value in mode.starts))


def coverage(times: int, stations: int) -> None:
    """How often the 95 % intervals of EM hold the truth, and how far off the estimates are."""
    at = truth((0.2, 0.1))
    names = ("π none", "π incremental", "π extreme", "τ", "ν", "m incr.", "s incr.", "m extr.", "s extr.", "votes")
    told = np.concatenate([at.weights, mean_proportions(at.intercepts)])
    inside, ratio = np.zeros(len(names)), []
    for seed in range(times):
        election = drawn(stations, (0.2, 0.1), 1000 + seed)
        fitted = fit(election.counts, seed)
        low, high = np.concatenate([fitted.weights_interval, fitted.proportions_interval]).T
        votes = float((election.made + election.stolen)[election.classes > 0].sum())
        held = fitted.total_interval[0] < votes < fitted.total_interval[1]
        inside += np.append((low < told) & (told < high), held)
        ratio.append(fitted.total / votes)
    print(f"EM's 95 % intervals, {times} drawn elections of {stations} stations, hold the truth:")
    print("  " + ", ".join(f"{name} {share:.0%}" for name, share in zip(names, inside / times, strict=True)))
    print(f"  estimated over true fraudulent votes: mean {np.mean(ratio):.3f}, standard deviation {np.std(ratio):.3f}")


def power() -> None:
    """Of 200 planted frauds, how many are found: with and without areas, of several strengths."""
    both: tuple[Groups, ...] = ("none", "area")
    for groups in both:
        counts, which = country(groups)
        began = time.process_time()
        fitted: Fit = fit(counts, 1)
        low, high = fitted.total_interval
        print(f"{which}, groups {groups} ({counts.groups}): {len(fitted.suspects)} of {len(counts)} suspected,")
        print(
            f"  {fitted.total:.0f} fraudulent votes ({low:.0f} to {high:.0f}), "
            f"converged {fitted.convergence.converged} (decrement {fitted.convergence.decrement:.4f}), "
            f"{time.process_time() - began:.0f} s of processor"
        )
        rows, came = fitted.suspects, counts.electors - counts.abstained
        for name, values in (
            ("electors", counts.electors),
            ("turnout", came / counts.electors),
            ("leader's share", counts.leader / came),
        ):
            print(f"  {name}, median: {np.median(values[rows]):.3f} of the suspected, {np.median(values):.3f} of all")
        before = fitted.probabilities[:, 1:].sum(axis=1)
        for kind in ("both", "stolen", "made"):
            for strength in (0.3, 0.5, 0.7):
                print("  ", study(counts, fitted.parameters, before, 1, strength, kind), flush=True)


def beside_jags(folder: Path) -> None:
    """Agreement on 200 stations, speed on 1,000."""
    from benchmarks.eforensics import against_jags

    small, large = drawn(200, (0.25, 0.2), 11), drawn(1000, (0.2, 0.1), 7)
    ours, mode = against_jags.by_nuts(small.counts, 200, 1000)
    theirs = against_jags.compare(small, truth((0.25, 0.2)), folder / "agreement", 130_000, 2, 20)
    against_jags.agreement(ours, theirs, mode)
    ours, _ = against_jags.by_nuts(large.counts, 150, 300)
    theirs = against_jags.compare(large, None, folder / "speed", 3_000, 2, 1)
    against_jags.speed(ours, theirs)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS, action="append", default=[])
    parser.add_argument("--times", type=int, default=20, help="drawn elections for the coverage")
    parser.add_argument("--stations", type=int, default=600, help="in each of them")
    parser.add_argument("--jags", type=Path, metavar="DIR", help="where JAGS's runs are kept")
    arguments = parser.parse_args()
    wanted = arguments.only or PARTS
    if "country" in wanted:
        on_the_country()
    if "coverage" in wanted:
        coverage(arguments.times, arguments.stations)
    if "power" in wanted:
        power()
    if "jags" in wanted and arguments.jags:
        if jags.available():
            beside_jags(arguments.jags)
        else:
            print("R or JAGS is missing: apt install r-base-core jags r-cran-rjags")


if __name__ == "__main__":
    main()
