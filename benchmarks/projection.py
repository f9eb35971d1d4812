"""Known stations are hidden, at random and by bias; the projection must find the whole result again.

What is hidden
--------------
The stations whose electors are known are the country. Of them about three tenths are hidden: stations at random, whole
centres at random, nine tenths of some areas, mostly small centres, and (``vote``) stations of one side more often than
of the other within the same areas and sizes: the last is what no interval covers, and is here to show it.

Three simpler estimators are measured beside ours: ``mean`` of the stations' shares, unweighted; the national ``ratio``
per elector; ``sister``: a hidden station votes as its counted sisters, else as the country.

Printed: bias and root mean square error of the leader's share (points), how often the 95 % interval holds the truth.
Data: the published tables of 2024 beside the project if they are there (--data), else an invented country.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.csv as pacsv

from testigo.election import load_profile
from testigo.forensics.projection import Roll, estimate
from testigo.forensics.sheets import Sheets

Bools = npt.NDArray[np.bool_]
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "ve2024" / "RESULTADOS_2024_CSV_V1.csv"
HIDDEN = 0.3


def published(path: Path) -> tuple[Sheets, Roll]:
    """The country of the published table: every station whose electors are known; areas are municipalities."""
    table = pacsv.read_csv(path)
    contest = load_profile("ve2024").contest()
    votes = np.column_stack([table[code].to_numpy() for code in contest.candidate_codes]).astype(np.int64)
    area = table["COD_EDO"].to_numpy() * 10_000 + table["COD_MUN"].to_numpy() * 100 + table["COD_PAR"].to_numpy()
    return country(contest, table["CENTRO"].to_numpy(), area, table["RE"].to_numpy().astype(np.int64), votes)


def invented(seed: int = 1, centres: int = 6000) -> tuple[Sheets, Roll]:
    """A country in which small centres vote otherwise and turn out otherwise, and areas differ."""
    rng = np.random.default_rng(seed)
    size = rng.choice([1, 2, 3, 4, 6, 8], size=centres, p=[0.5, 0.2, 0.12, 0.1, 0.05, 0.03])
    area = rng.integers(0, 200, centres)
    share = np.clip(
        0.5 + 0.06 * np.log(size) + rng.normal(0, 0.06, 200)[area] + rng.normal(0, 0.06, centres), 0.05, 0.95
    )
    turnout = np.clip(0.68 - 0.04 * np.log(size) + rng.normal(0, 0.05, centres), 0.2, 0.95)
    centre = np.repeat(np.arange(centres), size)
    electors = rng.integers(250, 1000, len(centre))
    valid = rng.binomial(electors, turnout[centre])
    contest = load_profile("ve2024").contest()
    votes = np.zeros((len(centre), len(contest.candidates)), dtype=np.int64)
    votes[:, 0] = rng.binomial(valid, share[centre])
    votes[:, 1] = valid - votes[:, 0]
    return country(contest, centre, area[centre], electors, votes)


def country(contest: Any, centre: Any, area: Any, electors: Any, votes: Any) -> tuple[Sheets, Roll]:
    """All stations as sheets and as a roll."""
    centres, centre = np.unique(centre, return_inverse=True)
    areas, area = np.unique(area, return_inverse=True)
    stations = len(centre)
    sheets = Sheets(
        contest=contest,
        codes=np.arange(stations).astype(np.str_),
        centre=centre.astype(np.int64),
        centres=tuple(map(str, centres.tolist())),
        area=area.astype(np.int64),
        areas=tuple(map(str, areas.tolist())),
        votes=votes,
        valid=votes.sum(axis=1),
        null=np.zeros(stations, dtype=np.int64),
        electors=electors,
    )
    roll = Roll(centre, area, len(areas), electors, np.arange(stations), 0, int(electors.sum()))
    return sheets, roll


def hidden(sheets: Sheets, roll: Roll, scheme: str, rng: np.random.Generator) -> Bools:
    """Which stations are hidden, shape (stations,)."""
    n, centres = len(roll), int(roll.centre.max()) + 1
    if scheme == "stations":
        return rng.random(n) < HIDDEN
    if scheme == "centres":
        return (rng.random(centres) < HIDDEN)[roll.centre]
    if scheme == "areas":
        return (rng.random(roll.areas) < HIDDEN / 0.9)[roll.area] & (rng.random(centres) < 0.9)[roll.centre]
    if scheme == "size":
        chance = np.array([0.6, 0.4, 0.2, 0.1])[roll.size_class]
        return rng.random(centres)[roll.centre] < chance
    leader = int(sheets.votes.sum(axis=0).argmax())
    share = sheets.votes[:, leader] / np.maximum(sheets.valid, 1)
    return rng.random(n) < HIDDEN + 0.5 * (np.median(share) - share)


def only(sheets: Sheets, kept: Bools) -> Sheets:
    """The sheets that are not hidden."""
    columns = {
        name: getattr(sheets, name)[kept] for name in ("codes", "centre", "area", "votes", "valid", "null", "electors")
    }
    return replace(sheets, **columns)


def simple(sheets: Sheets, roll: Roll, away: Bools, leader: int) -> dict[str, float]:
    """The leader's share by the three simpler estimators."""
    kept = ~away
    votes, valid, electors = sheets.votes[:, leader], sheets.valid, roll.electors
    centres = int(roll.centre.max()) + 1
    totals = [np.bincount(roll.centre[kept], column[kept], centres) for column in (votes, valid, electors)]
    known = totals[2] > 0
    sums = [float(column[kept].sum()) for column in (votes, valid)]
    for k in range(2):
        rate = np.divide(totals[k], totals[2], out=np.full(centres, sums[k] / electors[kept].sum()), where=known)
        sums[k] += float((electors[away] * rate[roll.centre[away]]).sum())
    return {
        "mean": float((votes[kept] / np.maximum(valid[kept], 1)).mean()),
        "ratio": float(votes[kept].sum() / valid[kept].sum()),
        "sister": sums[0] / sums[1],
    }


def measure(sheets: Sheets, roll: Roll, scheme: str, rounds: int, seed: int) -> dict[str, list[float]]:
    """Errors of the leader's share (points) per estimator, and whether the interval held the truth."""
    totals = sheets.votes.sum(axis=0)
    leader = int(totals.argmax())
    second = int(np.argsort(-totals)[1])
    truth = float(totals[leader] / totals.sum())
    lead = float(totals[leader] - totals[second])
    answer: dict[str, list[float]] = {name: [] for name in ("ours", "mean", "ratio", "sister", "holds", "holds lead")}
    for turn in range(rounds):
        rng = np.random.default_rng([seed, turn])
        away = hidden(sheets, roll, scheme, rng)
        row = np.where(away, -1, np.cumsum(~away) - 1)
        result = estimate(only(sheets, ~away), replace(roll, row=row), turn, 200)
        assert result is not None
        draws = result.draws[0]
        ends = np.percentile(draws[:, leader] / draws.sum(axis=1), (2.5, 97.5))
        leads = np.percentile(draws[:, leader] - draws[:, second], (2.5, 97.5))
        answer["ours"].append(100 * (float(result.projected[leader] / result.projected.sum()) - truth))
        for name, share in simple(sheets, roll, away, leader).items():
            answer[name].append(100 * (share - truth))
        answer["holds"].append(float(ends[0] <= truth <= ends[1]))
        answer["holds lead"].append(float(leads[0] <= lead <= leads[1]))
    return answer


def main(arguments: list[str] | None = None) -> dict[str, dict[str, list[float]]]:
    """Run it and print the table; the figures are the answer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    make: Callable[[], tuple[Sheets, Roll]] = invented
    if options.data.exists():
        make = lambda: published(options.data)  # noqa: E731
    sheets, roll = make()
    source = options.data.name if options.data.exists() else "an invented country"
    print(f"{len(roll):,} stations of {source}; about {HIDDEN:.0%} hidden, {options.rounds} times each")
    print("leader's share, points: bias / root mean square error; 95 % interval of ours holds the truth")
    figures = {}
    for scheme in ("stations", "centres", "areas", "size", "vote"):
        figures[scheme] = result = measure(sheets, roll, scheme, options.rounds, options.seed)
        cells = []
        for name in ("ours", "mean", "ratio", "sister"):
            errors = np.array(result[name])
            cells.append(f"{name} {errors.mean():+.3f} / {np.sqrt((errors**2).mean()):.3f}")
        holds = f"share {np.mean(result['holds']):.0%}, lead {np.mean(result['holds lead']):.0%}"
        print(f"  {scheme:9} {'   '.join(cells)}   holds: {holds}")
    print("  vote: what is missing depends on the vote; no interval covers that, ours included")
    return figures


if __name__ == "__main__":
    main()
