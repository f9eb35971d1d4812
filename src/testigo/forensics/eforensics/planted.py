"""Frauds of known size planted into the counts: how many does the model find?

A fraud of strength f turns the share f of a station's abstentions into votes for the leader, and the share f of the
other candidates' votes too. What is found is what passes from unsuspected to suspected. ``MADE`` and ``STOLEN`` are
the halves of it: turnout alone (and share with it), or share alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from testigo.forensics.eforensics.data import Counts
from testigo.forensics.eforensics.em import e_step
from testigo.forensics.eforensics.kernel import prepare
from testigo.forensics.eforensics.mode import again, begun
from testigo.forensics.eforensics.model import SUSPECT, Floats, Parameters
from testigo.forensics.sheets import Ints

Kind = Literal["both", "made", "stolen"]

#: What "heavy" means here: half of the abstentions and half of the others' votes go to the leader.
HEAVY = 0.5
PLANTED = 200


@dataclass(frozen=True)
class Planting:
    """How it went.

    Attributes:
        strength: share of the abstentions and of the others' votes that went to the leader.
        kind: ``made`` of abstention alone, ``stolen`` from the others alone, or ``both``.
        planted, found: stations; found have more fraud than not after the planting, and had not before.
        others: stations without planting that became suspected besides.
        votes: planted votes, made and stolen.
        estimated: fraudulent votes that the model then estimates, in all stations.
    """

    strength: float
    kind: Kind
    planted: int
    found: int
    others: int
    votes: int
    estimated: float


def plant(counts: Counts, rows: Ints, strength: float, kind: Kind = "both") -> Counts:
    """The counts with a fraud at each of the rows; whole votes."""
    abstained, leader = counts.abstained.copy(), counts.leader.copy()
    others = (counts.electors - abstained - leader)[rows]
    made = np.rint(strength * abstained[rows]) * (kind != "stolen")
    stolen = np.rint(strength * others) * (kind != "made")
    abstained[rows] -= made
    leader[rows] += made + stolen
    return replace(counts, abstained=abstained, leader=leader)


def study(
    counts: Counts,
    mode: Parameters,
    before: Floats,
    seed: int,
    strength: float = HEAVY,
    kind: Kind = "both",
    number: int = PLANTED,
) -> Planting:
    """Plant, fit again from the mode and from a start that is told of frauds, take the better, count.

    Args:
        counts, mode, before: the stations, where EM ended on them, and P(fraud) per station there, shape (n,).
        seed: of the choice of stations.
        strength, kind, number: of the frauds; never more than a fifth of the stations.
    """
    number = min(number, len(counts) // 5)
    rows = np.random.default_rng([seed, 7]).permutation(len(counts))[:number]
    altered = plant(counts, rows, strength, kind)
    told = begun(mode, np.array([number / len(counts), number / len(counts)]))
    step, no_fraud = again(altered, [mode, told])
    step = e_step(altered, prepare(altered, step.at), step.at, votes=True)
    suspected = (step.responsibilities[:, 1:].sum(axis=1) > SUSPECT) & (before <= SUSPECT)
    if no_fraud:
        suspected[:] = False
    moved = float((altered.leader - counts.leader).sum())
    fraud = step.responsibilities[:, 1:, None] * step.statistics[:, 1:, 9:11]
    found = int(suspected[rows].sum())
    return Planting(strength, kind, number, found, int(suspected.sum()) - found, int(moved), float(fraud.sum()))
