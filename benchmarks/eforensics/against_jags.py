"""NumPyro and EM beside JAGS on the same drawn elections: do they agree, and how fast does each come to it?

How they are compared
---------------------
1. Agreement (200 stations, where JAGS converges): of each of the 14 numbers, the posterior means apart, in Monte Carlo
   standard errors (both samplers' together) and in posterior standard deviations; how far the 95 % intervals overlap
   (the part of their union that both have); and P(fraud) per station.
2. Speed (1,000 stations): bulk effective sample size (rank-normalised, split chains; the same function for both) of
   the four fraud intercepts, per processor second; the least of the four counts. Once with warm-up (and JAX's
   compiling), once without. Where JAGS has not converged (R-hat > 1.05), its size means little, and the table says so.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.eforensics import jags
from testigo.forensics.eforensics import Counts, Truth
from testigo.forensics.eforensics import nuts as sampler
from testigo.forensics.eforensics.em import FREE, e_step
from testigo.forensics.eforensics.mode import Mode, find_mode
from testigo.forensics.eforensics.model import Floats, Parameters

NAMES = (
    "logit r2", "logit r3", "α turnout", "α share", "α incr. made", "α incr. stolen", "α extr. made", "α extr. stolen",
    "log v turnout", "log v share", "log v incr. made", "log v incr. stolen", "log v extr. made", "log v extr. stolen",
)  # fmt: skip
FRAUD = slice(4, 8)


@dataclass(frozen=True)
class Drawn:
    """A sampler's answer: draws (chains, draws, 14), seconds with and without warm-up, P(fraud) per station."""

    draws: Floats
    seconds: float
    sampling: float
    fraud: Floats

    @property
    def effective(self) -> Floats:
        """Bulk effective sample size, shape (14,)."""
        return np.array([sampler.bulk_ess(self.draws[:, :, i]) for i in range(FREE)])

    @property
    def r_hat(self) -> Floats:
        """Split R-hat, shape (14,)."""
        return np.array([sampler.split_r_hat(self.draws[:, :, i]) for i in range(FREE)])


def by_nuts(counts: Counts, warm_up: int, draws: int) -> tuple[Drawn, Mode]:
    """Two chains; the seconds include EM, which they start from. Prints the error that comes from the nodes."""
    began = time.process_time()
    mode = find_mode(counts, 1)
    em = time.process_time() - began
    grid = sampler.nodes(counts, mode)
    chains = sampler.sample(counts, mode, grid, 1, warm_up=warm_up, draws=draws, chains=2)
    flat = chains.draws.reshape(-1, FREE)
    effects = mode.step.at.effects.ravel()
    looks = [
        e_step(counts, grid, Parameters.of(np.r_[flat[i], effects])).responsibilities[:, 1:].sum(axis=1)
        for i in np.linspace(0, len(flat) - 1, 100).astype(int)
    ]
    each = sampler.slope_seconds(counts, mode, grid)
    print(
        f"NUTS: EM {em:.0f} s, all else {chains.seconds:.0f} s (compiling, warm-up, {draws} draws x 2), "
        f"{chains.slopes} slopes of {1000 * each:.1f} ms while sampling, {chains.divergences} divergences, "
        f"error of the log-likelihood from the nodes {chains.quadrature:.2f} (standard deviation)"
    )
    return Drawn(chains.draws, em + chains.seconds, chains.slopes * each, np.mean(looks, axis=0)), mode


def by_jags(folder: Path) -> Drawn:
    """What JAGS left in a folder."""
    run = jags.read(folder)
    seconds = run.warm_up_seconds + run.sampling_seconds
    return Drawn(run.draws, seconds, run.sampling_seconds, run.classes[:, :, 1:].sum(axis=2).mean(axis=0))


def agreement(ours: Drawn, theirs: Drawn, mode: Mode) -> None:
    """Print the table of rule 1."""
    em = mode.step.at.vector()
    heads = ("NUTS", "JAGS", "EM mode", "sd", "apart/MCSE", "apart/sd", "overlap", "R-hat")
    print(f"{'':20}" + "".join(f"{head:>11}" for head in heads))
    size, other, r_hat = ours.effective, theirs.effective, theirs.r_hat
    apart, overlap = np.zeros(FREE), np.zeros(FREE)
    for i, name in enumerate(NAMES):
        a, b = ours.draws[:, :, i].ravel(), theirs.draws[:, :, i].ravel()
        off = a.mean() - b.mean()
        apart[i] = off / np.hypot(a.std() / np.sqrt(size[i]), b.std() / np.sqrt(other[i]))
        overlap[i] = _overlap(np.quantile(a, [0.025, 0.975]), np.quantile(b, [0.025, 0.975]))
        row = (a.mean(), b.mean(), em[i], b.std(), apart[i], off / b.std(), overlap[i], r_hat[i])
        print(f"{name:20}" + "".join(f"{value:11.3f}" for value in row))
    print(f"JAGS: least effective size {other.min():.0f}, largest R-hat {r_hat.max():.3f}, {theirs.seconds:.0f} s")
    print(
        f"means within 3 Monte Carlo errors: {(np.abs(apart) < 3).sum()} of {FREE}; least overlap {overlap.min():.0%}"
    )
    fraud = np.abs(ours.fraud - theirs.fraud)
    print(f"P(fraud) per station: largest difference {fraud.max():.3f}, mean {fraud.mean():.4f}")


def _overlap(a: Floats, b: Floats) -> float:
    both = min(a[1], b[1]) - max(a[0], b[0])
    return float(max(both, 0.0) / (max(a[1], b[1]) - min(a[0], b[0])))


def speed(ours: Drawn, theirs: Drawn) -> None:
    """Print the comparison of rule 2."""
    least = []
    for name, one in (("NUTS", ours), ("JAGS", theirs)):
        size = one.effective[FRAUD]
        least.append(np.array([size.min() / one.seconds, size.min() / one.sampling]))
        print(
            f"{name}: effective sizes of the fraud intercepts {np.round(size).astype(int).tolist()}, "
            f"largest R-hat of them {one.r_hat[FRAUD].max():.3f}, of all {one.r_hat.max():.3f}"
        )
        print(
            f"  {one.seconds:.0f} s in all, {one.sampling:.0f} s sampling; least effective size per second: "
            f"{least[-1][0]:.4f} in all, {least[-1][1]:.4f} sampling"
        )
    ratio = least[0] / least[1]
    print(f"NUTS over JAGS, effective samples per second: {ratio[0]:.0f} x in all, {ratio[1]:.0f} x sampling (goal 50)")


def compare(truth: Truth, start: Parameters | None, folder: Path, iterations: int, chains: int, thin: int) -> Drawn:
    """JAGS on a drawn election, or what an earlier run left in the folder."""
    if not (folder / "seconds.txt").is_file():
        jags.write(truth, folder, start)
        burn = iterations // 5
        jags.run(folder, adapt=1000, burn=burn, iterations=iterations, seed=1, chains=chains, thin=thin)
    return by_jags(folder)
