"""What the benchmarks of the mixture look at: elections drawn from the model, and the published counts."""

from __future__ import annotations

import numpy as np

from benchmarks.battery import DATA, published
from testigo.forensics.eforensics import Counts, Parameters, Truth, choose, simulate
from testigo.forensics.eforensics.data import Groups

#: Truth of the drawn elections, but for the weights.
INTERCEPTS = np.array([0.4, -0.2, -0.3, 0.2, 0.1, -0.1])
VARIANCES = np.array([0.1, 0.15, 0.15, 0.15, 0.15, 0.15])


def truth(ratios: tuple[float, float]) -> Parameters:
    """A point with these weights of the frauds over no fraud."""
    return Parameters(np.array(ratios), INTERCEPTS, VARIANCES, np.zeros((2, 1)))


def drawn(stations: int, ratios: tuple[float, float], seed: int) -> Truth:
    """An election of 300 to 1,000 electors a station."""
    return simulate(truth(ratios), np.random.default_rng(seed).integers(300, 1000, stations), seed)


def country(groups: Groups) -> tuple[Counts, str]:
    """The published counts (second release, electors of the first), or a drawn country of as many; and which it is."""
    if (DATA / "RESULTADOS_2024_CSV_V2.csv").is_file():
        return choose(published(DATA), "EG", groups).counts, "published counts"
    counts = drawn(24_530, (0.02, 0.002), 1).counts
    if groups == "area":
        return Counts(counts.abstained, counts.leader, counts.electors, np.arange(24_530) // 23, 1067), "drawn"
    return counts, "drawn"
