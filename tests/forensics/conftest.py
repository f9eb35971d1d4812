"""Invented countries for the statistical tests: seeded, honest unless a test tampers with them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from testigo.election import load_profile
from testigo.forensics.sheets import Ints, Sheets

MakeSheets = Callable[..., Sheets]


def sheets_from(
    votes: Ints, electors: Ints | None = None, centre: Ints | None = None, area: Ints | None = None
) -> Sheets:
    """Sheets of the given counts, shape (stations, at most 10): every station its own centre unless said otherwise."""
    stations = len(votes)
    contest = load_profile("ve2024").contest()
    counts = np.zeros((stations, len(contest.candidates)), dtype=np.int64)
    counts[:, : votes.shape[1]] = votes
    centre = np.arange(stations) if centre is None else centre
    area = np.zeros(stations, dtype=np.int64) if area is None else area
    return Sheets(
        contest=contest,
        codes=np.array([f"{i:09d}.01" for i in range(stations)], dtype=np.str_),
        centre=centre.astype(np.int64),
        centres=tuple(f"{i:09d}" for i in range(int(centre.max(initial=-1)) + 1)),
        area=area.astype(np.int64),
        areas=tuple(f"{i:03d}" for i in range(int(area.max(initial=-1)) + 1)),
        votes=counts,
        valid=counts.sum(axis=1),
        null=np.zeros(stations, dtype=np.int64),
        electors=np.full(stations, -1, dtype=np.int64) if electors is None else electors.astype(np.int64),
    )


def honest_country(seed: int, centres: int = 150, areas: int = 10, phi: float = 1.3) -> Sheets:
    """An honest country: small centres vote and turn out otherwise, sisters vary ``phi`` times as much as coins.

    Written without the package's model: normal counts round their centre, rounded to whole votes.
    """
    rng = np.random.default_rng([seed, 99])
    size = rng.choice([1, 2, 3, 5], size=centres, p=[0.4, 0.3, 0.2, 0.1])
    home = rng.integers(0, areas, centres)
    share = np.clip(
        0.45 + 0.07 * np.log(size) + rng.normal(0, 0.06, areas)[home] + rng.normal(0, 0.07, centres), 0.1, 0.8
    )
    turnout = np.clip(0.65 - 0.04 * np.log(size) + rng.normal(0, 0.05, centres), 0.3, 0.9)
    centre = np.repeat(np.arange(centres), size)
    electors = rng.integers(400, 1000, len(centre))

    def around(n: Ints, p: Ints) -> Ints:
        counts = np.rint(n * p + rng.normal(0, 1, len(n)) * np.sqrt(phi * n * p * (1 - p)))
        clipped: Ints = np.clip(counts, 0, n).astype(np.int64)
        return clipped

    valid = around(electors, turnout[centre])
    first = around(valid, share[centre])
    second = around(valid - first, np.full(len(valid), 0.85))
    third = valid - first - second
    return sheets_from(np.column_stack((first, second, third)), electors, centre, home[centre])


@pytest.fixture(scope="session")
def make_sheets() -> MakeSheets:
    return sheets_from


@pytest.fixture(scope="session")
def make_country() -> MakeSheets:
    return honest_country
