"""The mode of the posterior: starts, climbs, and what "converged" means.

How it goes
-----------
1. The best fit without fraud: what a boundary solution would be, and where every start begins.
2. Starts (few frauds, many incremental, many extreme, one drawn) on a random part of the stations, each a few EM steps
   and a quasi-Newton climb, on nodes that are placed anew in between.
3. The best start, and the one with few frauds (which a part of the stations may not show), on all stations.
4. The better of them goes on, in rounds: nodes placed where it stands, quasi-Newton, a Newton step.
5. **Converged**: on nodes placed where it stands, the Newton decrement s'H⁻¹s is at most :data:`SMALL`: the mode is
   nearer than a tenth of a posterior standard deviation. Anything else says "not converged".
6. **Boundary**: the model with fraud has ten numbers more; if twice its gain in log-likelihood is less than 10 log n
   (BIC), the solution without fraud is the better one, and the answer says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from testigo.forensics.eforensics.data import Counts
from testigo.forensics.eforensics.em import (
    FREE,
    Step,
    climb,
    complete_information,
    e_step,
    honest_step,
    information,
    polish,
    score,
)
from testigo.forensics.eforensics.grid import Fineness, Grid, place
from testigo.forensics.eforensics.kernel import prepare, sweep
from testigo.forensics.eforensics.model import Floats, Parameters

START_STATIONS = 2000
START_STEPS = 8
START_EVALUATIONS = 25
FULL_EVALUATIONS = 15
ROUND_EVALUATIONS = 30
ROUNDS = 8
#: Converged: the Newton decrement, a squared distance in posterior standard deviations, is at most this.
SMALL = 0.01
#: Numbers that the model with fraud has more than the one without.
EXTRA = 10
#: Nodes for the class without fraud alone.
_HONEST = Fineness(1, 1.0, 1, 5)


@dataclass(frozen=True)
class Mode:
    """Where the climb ended.

    Attributes:
        step: the last E-step.
        grid: its nodes, placed there (or as near as the last round came).
        covariance: of the first 14 unconstrained numbers, inverse of the information, shape (14, 14).
        decrement: Newton decrement there.
        steps: E-steps on all stations.
        starts: log posterior that each start had reached on its part of the stations, best first.
        without: log-likelihood of the best fit without fraud.
    """

    step: Step
    grid: Grid
    covariance: Floats
    decrement: float
    steps: int
    starts: tuple[float, ...]
    without: float

    @property
    def converged(self) -> bool:
        """Whether the decrement is small."""
        return self.decrement <= SMALL

    @property
    def gain(self) -> float:
        """Log-likelihood that fraud adds."""
        return self.step.log_likelihood - self.without

    @property
    def boundary(self) -> bool:
        """Whether no fraud at all is the better solution, by BIC."""
        return _no_fraud(self.gain, len(self.step.responsibilities))


def without_fraud(counts: Counts, rounds: int = 30) -> tuple[Parameters, float]:
    """The best fit of the class without fraud alone, and its log-likelihood."""
    came = counts.electors - counts.abstained
    turnout = _logit((came + 0.5) / (counts.electors + 1.0))
    share = _logit((counts.leader + 0.5) / (came + 1.0))
    intercepts = np.concatenate([[np.median(turnout), np.median(share)], np.zeros(4)])
    effects = np.zeros((2, counts.groups))
    at = Parameters(np.array([0.01, 0.01]), intercepts, np.full(6, 0.2), effects)
    for _ in range(rounds):
        found = sweep(counts, place(counts, at, _HONEST), at)[:, 0]
        intercepts, variances, effects = at.intercepts.copy(), at.variances.copy(), at.effects.copy()
        for q, column in ((0, 1), (1, 3)):
            intercepts[q], effects[q], variances[q] = honest_step(
                counts, found[:, column], found[:, column + 1], variances[q], effects[q]
            )
        moved = np.abs(intercepts - at.intercepts).max() + np.abs(np.log(variances / at.variances)).max()
        at = Parameters(at.ratios, intercepts, variances, effects)
        if moved < 1e-4:
            break
    return at, float(sweep(counts, place(counts, at, _HONEST), at)[:, 0, 0].sum())


def starts(honest: Parameters, seed: int) -> list[Parameters]:
    """Where to begin: few frauds, many incremental, many extreme, and one drawn."""
    rng = np.random.default_rng(seed)
    return [
        begun(honest, np.array(ratios), shift, fraud)
        for ratios, shift, fraud in (
            ((0.01, 0.005), 0.0, np.zeros(4)),
            ((0.4, 0.02), -0.2, np.full(4, -1.0)),
            ((0.05, 0.2), -0.2, np.zeros(4)),
            (rng.uniform(0.02, 0.5, 2), 0.0, rng.normal(0, 1, 4)),
        )
    ]


def begun(honest: Parameters, ratios: Floats, shift: float = 0.0, fraud: Floats | None = None) -> Parameters:
    """A start with frauds: turnout and share as without fraud, moved by ``shift``; frauds of middling size."""
    sizes = np.zeros(4) if fraud is None else fraud
    intercepts = np.concatenate([honest.intercepts[:2] + shift, sizes])
    return Parameters(ratios, intercepts, np.concatenate([honest.variances[:2], np.full(4, 0.2)]), honest.effects)


def find_mode(counts: Counts, seed: int, begin: Parameters | None = None) -> Mode:
    """The mode of the posterior. With ``begin``, from there only."""
    honest, without = without_fraud(counts)
    reached: list[Step] = []
    if begin is None:
        rows = np.sort(np.random.default_rng(seed).permutation(len(counts))[:START_STATIONS])
        some = counts.part(rows)
        reached = [_settled(some, start, START_STEPS, START_EVALUATIONS)[0] for start in starts(honest, seed)]
        order = sorted(range(len(reached)), key=lambda i: -reached[i].log_posterior)
        tried = [reached[i].at for i in dict.fromkeys((order[0], 0))]
    else:
        tried = [begin]
    full = [_settled(counts, at, 0, FULL_EVALUATIONS) for at in tried]
    best = max((step for step, _ in full), key=lambda step: step.log_posterior)
    used = sum(taken for _, taken in full)
    values = tuple(sorted((step.log_posterior for step in reached), reverse=True))
    return _finished(counts, best, used, values, without)


def again(counts: Counts, tried: list[Parameters], rounds: int = 2) -> tuple[Step, bool]:
    """The mode of altered counts, from starts near it: the best one's last E-step, and whether no fraud is better.

    Without several starts, a Newton step or an information matrix: for studies that fit many times.
    """
    _, without = without_fraud(counts)
    step = max((_settled(counts, at, 2, FULL_EVALUATIONS)[0] for at in tried), key=lambda step: step.log_posterior)
    for _ in range(rounds):
        grid = prepare(counts, step.at)
        step, _ = polish(counts, grid, e_step(counts, grid, step.at), FULL_EVALUATIONS)
    return step, _no_fraud(step.log_likelihood - without, len(counts))


def _no_fraud(gain: float, stations: int) -> bool:
    return 2 * gain < EXTRA * math.log(stations)


def _settled(counts: Counts, start: Parameters, steps: int, evaluations: int) -> tuple[Step, int]:
    """EM steps on nodes placed at the start, then quasi-Newton on nodes placed where they led."""
    at, used = start, 0
    for _ in range(2 if steps else 0):
        step, taken = climb(counts, prepare(counts, at), at, steps)
        at, used = step.at, used + taken
    grid = prepare(counts, at)
    step, taken = polish(counts, grid, e_step(counts, grid, at), evaluations)
    return step, used + taken + 1


def _finished(counts: Counts, step: Step, used: int, values: tuple[float, ...], without: float) -> Mode:
    covariance, decrement, grid = np.eye(FREE), math.inf, prepare(counts, step.at)
    for _ in range(ROUNDS):
        before = step.at.vector()
        step, taken = polish(counts, grid, e_step(counts, grid, step.at), ROUND_EVALUATIONS)
        grid = prepare(counts, step.at)
        step = e_step(counts, grid, step.at)
        used += taken + 2
        if np.abs(step.at.vector() - before)[:FREE].max() > 0.3:
            continue  # far from home: the information would be of another place
        step, grid, covariance, decrement, taken = _newton(counts, grid, step)
        used += taken
        if decrement <= SMALL:
            break
    return Mode(step, grid, covariance, decrement, used, values, without)


def _newton(counts: Counts, grid: Grid, step: Step) -> tuple[Step, Grid, Floats, float, int]:
    """A Newton step if it helps; then nodes, decrement and covariance where it led."""
    covariance = _inverse(information(counts, grid, step))
    vector, slope = step.at.vector(), score(counts, step)
    move = covariance @ slope[:FREE]
    vector[:FREE] += move * min(1.0, 0.5 / max(np.abs(move).max(), 1e-9))
    vector[FREE:] += slope[FREE:] / complete_information(counts, step)[FREE:]
    there = e_step(counts, grid, Parameters.of(vector))
    if there.log_posterior > step.log_posterior:
        grid = prepare(counts, there.at)
        step = e_step(counts, grid, there.at)
    slope = score(counts, step)
    effects = slope[FREE:] ** 2 / complete_information(counts, step)[FREE:]
    decrement = float(slope[:FREE] @ covariance @ slope[:FREE] + effects.sum())
    return step, grid, covariance, decrement, FREE + 2


def _inverse(found: Floats) -> Floats:
    """Inverse of the information; an eigenvalue below a fifth of the prior's is raised to it."""
    values, vectors = np.linalg.eigh(found)
    covariance: Floats = (vectors / np.maximum(values, 0.2)) @ vectors.T
    return 0.5 * (covariance + covariance.T)


def _logit(p: Floats) -> Floats:
    logits: Floats = np.log(p) - np.log1p(-p)
    return logits
