"""Elections drawn from the model itself, with the truth kept: the model must find what it was told.

Every draw is the published model's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from testigo.forensics.eforensics.data import Counts
from testigo.forensics.eforensics.model import Floats, K, Parameters


@dataclass(frozen=True)
class Truth:
    """What was drawn.

    Attributes:
        counts: what the fit sees.
        classes: 0 none, 1 incremental, 2 extreme, shape (n,).
        made, stolen: fraudulent votes, shape (n,).
    """

    counts: Counts
    classes: npt.NDArray[np.int64]
    made: Floats
    stolen: Floats


def simulate(parameters: Parameters, electors: npt.NDArray[np.int64], seed: int) -> Truth:
    """An election of the model, one group.

    Args:
        parameters: the truth; its effects are not used.
        electors: registered electors per station, shape (n,), each at least 1.
        seed: of every draw.
    """
    rng = np.random.default_rng(seed)
    n = len(electors)
    drawn = parameters.intercepts[:, None] + np.sqrt(parameters.variances)[:, None] * rng.standard_normal((6, n))
    x = 1.0 / (1.0 + np.exp(-drawn))
    classes = rng.choice(3, size=n, p=parameters.weights)
    proportions = (
        rng.binomial(electors, np.array([K * x[2], K * x[3], K + (1 - K) * x[4], K + (1 - K) * x[5]])) / electors
    )
    m = np.minimum(np.choose(classes, [np.zeros(n), proportions[0], proportions[2]]), 0.999)
    s = np.choose(classes, [np.zeros(n), proportions[1], proportions[3]])
    abstained = rng.binomial(electors, (1 - x[0]) * (1 - m))
    turned = 1 - abstained / electors / (1 - m)
    leader = rng.binomial(electors, np.clip(1 - abstained / electors - turned * (1 - s) * (1 - x[1]), 0.0, 1.0))
    # the model lets w pass N - a; no sheet does
    leader = np.minimum(leader, electors - abstained)
    group = np.zeros(n, dtype=np.int64)
    counts = Counts(abstained.astype(float), leader.astype(float), electors.astype(float), group, 1)
    return Truth(counts, classes.astype(np.int64), electors * m * (1 - x[0]), electors * s * x[0] * (1 - x[1]))
