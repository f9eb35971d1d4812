"""Elections drawn from the mixture model itself, and the points that they are drawn at."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from testigo.forensics.eforensics import Parameters, Truth, simulate

Election = Callable[..., Truth]
Point = Callable[..., Parameters]


def point_of(ratios: tuple[float, float] = (0.25, 0.2), variance: float = 0.15) -> Parameters:
    """A point with frauds of middling size."""
    intercepts = np.array([0.4, -0.2, -0.3, 0.2, 0.1, -0.1])
    return Parameters(np.array(ratios), intercepts, np.full(6, variance), np.zeros((2, 1)))


def election_of(stations: int, seed: int, **at: object) -> Truth:
    """So many stations of 300 to 1,000 electors."""
    electors = np.random.default_rng([seed, 1]).integers(300, 1000, stations)
    return simulate(point_of(**at), electors, seed)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def point() -> Point:
    return point_of


@pytest.fixture(scope="session")
def election() -> Election:
    return election_of
