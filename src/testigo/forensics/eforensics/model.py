"""The finite mixture of eforensics, as this project writes it: constants, parameters and their prior.

Rules of this module
--------------------
1. It is the *quasi-binomial logistic* model (``qbl``, the one that the published analysis of 2024 used): no restricted
   normal.
2. Nothing latent is left per station: class, random effects and fraud proportions are integrated out (``grid.py``,
   ``kernel.py``).
3. Weights keep their labels by construction: "no fraud" is at least as frequent as either fraud.

The model, per station with N electors, a abstentions and w votes for the leader
-------------------------------------------------------------------------------
Every quantity has its own random intercept per station, x_i = logistic(α_x + b_i + ε_i), ε_i ~ Normal(0, v_x):

    τ  turnout without fraud = logistic(…)            ν  leader's share without fraud = logistic(…)
    incremental fraud:  m of the abstention is made into votes, s of the others' votes are stolen, each K · logistic(…)
    extreme fraud:      m and s, each K + (1 - K) · logistic(…)

    class 1, weight π1:  a ~ Binomial(N, 1 - τ)               w ~ Binomial(N, ν (1 - a/N))
    classes 2 and 3:     a ~ Binomial(N, (1 - τ)(1 - m))      w ~ Binomial(N, 1 - a/N - T (1 - s)(1 - ν)),
                         T = 1 - (a/N)/(1 - m): the turnout without fraud that the observed abstention implies

(The published text writes the last probability as ν (1-s)/(1-m) (1-m-a/N) + (a/N) (m-s)/(1-m) + s: the same number.)
K = 0.7. b_i is the effect of the station's group (its area), 0 without groups; the fraud quantities have none.

Prior: α ~ Normal(0, 1); v ~ Exponential(rate 5); b ~ Normal(0, 1); π = (1, r2, r3)/(1 + r2 + r3) with r2, r3 ~
Uniform(0, 1).

As in the published program, m and s are drawn once more, as Binomial(N, ·)/N (so they may leave their range by a
little). Two things differ. There, a sum over whole counts is a sum; here it is an integral. There, groups are
covariates without a mean effect of their own; here, as there, each has the prior Normal(0, 1). Neither moves a figure
that people read.

Source: D. Ferrari, K. McAlister, W. R. Mebane Jr., "Developments in Positive Empirical Models of Election Frauds:
Dimensions and Decisions" (2018), and the model text of their R package eforensics (``qbl``), which was read, not
copied.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

#: Where incremental fraud ends and extreme fraud begins.
K = 0.7
#: Rate of the exponential prior of every variance (so its mean is 0.2).
VARIANCE_RATE = 5.0
#: Posterior probability of the two frauds together beyond which a station is to be looked at.
SUSPECT = 0.5
#: The six logistic quantities, in the order of every vector here.
QUANTITIES = ("turnout", "share", "incremental_made", "incremental_stolen", "extreme_made", "extreme_stolen")
#: The classes, in the order of every probability here.
CLASSES = ("none", "incremental", "extreme")


@dataclass(frozen=True)
class Parameters:
    """A point of the parameter space.

    Attributes:
        ratios: r2 and r3, weight of each fraud over the weight of no fraud, shape (2,), each in (0, 1).
        intercepts: α, logit scale, shape (6,), in the order of :data:`QUANTITIES`.
        variances: v, logit scale squared, shape (6,).
        effects: b of turnout and of share per group, shape (2, groups); (2, 1) of zeros without groups.
    """

    ratios: Floats
    intercepts: Floats
    variances: Floats
    effects: Floats

    @property
    def weights(self) -> Floats:
        """π, shape (3,), sums to 1: no fraud, incremental, extreme."""
        shares: Floats = np.concatenate([[1.0], self.ratios]) / (1.0 + self.ratios.sum())
        return shares

    def vector(self) -> Floats:
        """Unconstrained: logit ratios, intercepts, log variances, effects; shape (14 + 2 groups,)."""
        logits = np.log(self.ratios) - np.log1p(-self.ratios)
        return np.concatenate([logits, self.intercepts, np.log(self.variances), self.effects.ravel()])

    @staticmethod
    def of(vector: Floats) -> Parameters:
        """The point of an unconstrained vector, whatever its size: kept inside what arithmetic can hold."""
        ratios = 1.0 / (1.0 + np.exp(-np.clip(vector[:2], -30.0, 15.0)))
        variances = np.exp(np.clip(vector[8:14], -12.0, 3.0))
        return Parameters(ratios, np.clip(vector[2:8], -12.0, 12.0), variances, vector[14:].reshape(2, -1).copy())

    def log_prior(self) -> float:
        """Log density of the unconstrained vector under the prior, up to a constant."""
        ratios = np.log(self.ratios).sum() + np.log1p(-self.ratios).sum()
        variances = np.log(self.variances).sum() - VARIANCE_RATE * self.variances.sum()
        return float(ratios - 0.5 * (self.intercepts**2).sum() + variances - 0.5 * (self.effects**2).sum())


def mean_proportions(intercepts: Floats) -> Floats:
    """What each quantity is at its intercept (ε = 0), shape (6,): shares from 0 to 1."""
    x = 1.0 / (1.0 + np.exp(-intercepts))
    scaled: Floats = np.concatenate([x[:2], K * x[2:4], K + (1.0 - K) * x[4:6]])
    return scaled
