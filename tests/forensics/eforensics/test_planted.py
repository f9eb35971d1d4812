"""Frauds that the tool plants itself: whole votes, nobody lost, heavy ones found, none found where none was planted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from testigo.forensics.eforensics import Counts, Fit, Truth, fit, plant, study
from testigo.forensics.eforensics.planted import Kind


@pytest.fixture(scope="module")
def honest(election: Callable[..., Truth]) -> Counts:
    return election(400, 21, ratios=(1e-9, 1e-9)).counts


@pytest.fixture(scope="module")
def fitted(honest: Counts) -> Fit:
    return fit(honest, 1)


@pytest.mark.parametrize("kind", ["both", "made", "stolen"])
def test_a_planted_fraud_moves_whole_votes_to_the_leader_and_loses_nobody(honest: Counts, kind: Kind) -> None:
    rows = np.array([3, 17])
    altered = plant(honest, rows, 0.5, kind)
    untouched = np.setdiff1d(np.arange(len(honest)), rows)
    for before, after in ((honest.abstained, altered.abstained), (honest.leader, altered.leader)):
        assert (after[untouched] == before[untouched]).all()
        assert (after == np.rint(after)).all()
    assert (altered.electors == honest.electors).all()
    made = (honest.abstained - altered.abstained)[rows]
    others = (honest.electors - honest.abstained - honest.leader)[rows]
    left = (altered.electors - altered.abstained - altered.leader)[rows]
    assert made == pytest.approx(0.5 * honest.abstained[rows] * (kind != "stolen"), abs=0.5)
    assert others - left == pytest.approx(0.5 * others * (kind != "made"), abs=0.5)
    assert (altered.leader - honest.leader)[rows].tolist() == (made + others - left).tolist()


def test_heavy_frauds_are_found_and_hardly_anything_else(honest: Counts, fitted: Fit) -> None:
    before = fitted.probabilities[:, 1:].sum(axis=1)
    planted = study(honest, fitted.parameters, before, 3, strength=0.6, number=30)
    assert planted.planted == 30
    assert planted.found >= 27
    assert planted.others <= 6
    assert planted.estimated == pytest.approx(planted.votes, rel=0.2)


def test_a_fraud_of_nothing_is_not_found(honest: Counts, fitted: Fit) -> None:
    before = fitted.probabilities[:, 1:].sum(axis=1)
    planted = study(honest, fitted.parameters, before, 3, strength=0.0, number=30)
    assert (planted.found, planted.others, planted.votes) == (0, 0, 0)
