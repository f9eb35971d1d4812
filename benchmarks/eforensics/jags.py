"""The model of eforensics as JAGS runs it: every latent quantity of every station is a node, as in the published
program.

The text is written anew from the published model's structure (``qbl`` without covariates): centred random intercepts,
variances with an exponential prior, the proportions drawn as binomial counts, a class per station.
Needs R, JAGS and rjags (Debian: r-base-core, jags, r-cran-rjags).
"""

from __future__ import annotations

import csv
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from testigo.forensics.eforensics import Parameters, Truth
from testigo.forensics.eforensics.model import Floats

#: Columns that R writes, in the order of ``Parameters.vector``.
COLUMNS = ("r2", "r3", *(f"alpha[{i}]" for i in range(1, 7)), *(f"v[{i}]" for i in range(1, 7)))

MODEL = """
model {
  k <- 0.7
  top ~ dunif(0, 1)
  second ~ dunif(0, top)
  third ~ dunif(0, top)
  r2 <- second / top
  r3 <- third / top
  pi[1] <- 1 / (1 + r2 + r3)
  pi[2] <- r2 / (1 + r2 + r3)
  pi[3] <- r3 / (1 + r2 + r3)
  for (q in 1:6) {
    alpha[q] ~ dnorm(0, 1)
    v[q] ~ dexp(5)
    precision[q] <- 1 / v[q]
  }
  for (i in 1:stations) {
    for (q in 1:6) {
      theta[i, q] ~ dnorm(alpha[q], precision[q])
      x[i, q] <- ilogit(theta[i, q])
    }
    count[i, 1] ~ dbin(k * x[i, 3], N[i])
    count[i, 2] ~ dbin(k * x[i, 4], N[i])
    count[i, 3] ~ dbin(k + (1 - k) * x[i, 5], N[i])
    count[i, 4] ~ dbin(k + (1 - k) * x[i, 6], N[i])
    Z[i] ~ dcat(pi)
    made[i, 1] <- 0
    made[i, 2] <- min(count[i, 1] / N[i], 0.999)
    made[i, 3] <- min(count[i, 3] / N[i], 0.999)
    stolen[i, 1] <- 0
    stolen[i, 2] <- count[i, 2] / N[i]
    stolen[i, 3] <- count[i, 4] / N[i]
    m[i] <- made[i, Z[i]]
    s[i] <- stolen[i, Z[i]]
    a[i] ~ dbin((1 - x[i, 1]) * (1 - m[i]), N[i])
    T[i] <- 1 - (a[i] / N[i]) / (1 - m[i])
    w[i] ~ dbin(1 - a[i] / N[i] - T[i] * (1 - s[i]) * (1 - x[i, 2]), N[i])
  }
}
"""

SCRIPT = """
library(rjags)
arguments <- commandArgs(TRUE)
folder <- arguments[1]
set <- as.integer(arguments[2:7])
names(set) <- c("adapt", "burn", "iterations", "seed", "chains", "thin")
table <- read.csv(file.path(folder, "data.csv"))
data <- list(stations = nrow(table), N = table$N, a = table$a, w = table$w)
starts <- lapply(seq_len(set["chains"]), function(c)
  list(.RNG.name = "base::Mersenne-Twister", .RNG.seed = unname(set["seed"]) + c))
if (file.exists(file.path(folder, "start.csv"))) {
  truth <- read.csv(file.path(folder, "start.csv"))$value
  starts[[1]] <- c(starts[[1]], list(top = 0.99, second = 0.99 * truth[1], third = 0.99 * truth[2],
                                     alpha = truth[3:8], v = truth[9:14], Z = table$Z))
}
clock <- function() sum(proc.time()[c("user.self", "sys.self")])
began <- clock()
model <- jags.model(file.path(folder, "model.txt"), data, inits = starts, n.chains = set["chains"],
                    n.adapt = set["adapt"], quiet = TRUE)
update(model, set["burn"], progress.bar = "none")
ready <- clock()
drawn <- coda.samples(model, c("r2", "r3", "alpha", "v", "Z"), set["iterations"], thin = set["thin"],
                      progress.bar = "none")
done <- clock()
for (c in seq_len(set["chains"])) {
  all <- as.matrix(drawn[[c]])
  classes <- grepl("^Z", colnames(all))
  write.csv(all[, !classes], file.path(folder, paste0("draws", c, ".csv")), row.names = FALSE)
  shares <- sapply(1:3, function(k) colMeans(all[, classes] == k))
  write.csv(shares, file.path(folder, paste0("classes", c, ".csv")), row.names = FALSE)
}
writeLines(as.character(c(ready - began, done - ready)), file.path(folder, "seconds.txt"))
"""


@dataclass(frozen=True)
class Run:
    """What JAGS gave.

    Attributes:
        draws: unconstrained numbers, shape (chains, draws, 14), order of ``Parameters.vector``.
        classes: share of the draws in each class, per chain and station, shape (chains, stations, 3).
        warm_up_seconds, sampling_seconds: processor time, all chains together (rjags runs them one after the other).
    """

    draws: Floats
    classes: Floats
    warm_up_seconds: float
    sampling_seconds: float


def available() -> bool:
    """Whether R and JAGS are on this machine (rjags is not checked)."""
    return shutil.which("Rscript") is not None and shutil.which("jags") is not None


def write(truth: Truth, folder: Path, start: Parameters | None = None) -> None:
    """Model, script and data into a folder. With a start (and the true classes) the first chain begins there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "start.csv").unlink(missing_ok=True)
    if start is not None:
        values = np.concatenate([start.ratios, start.intercepts, start.variances])
        (folder / "start.csv").write_text("value\n" + "\n".join(map(str, values)) + "\n", encoding="utf-8")
    (folder / "model.txt").write_text(MODEL, encoding="utf-8")
    (folder / "run.R").write_text(SCRIPT, encoding="utf-8")
    counts = truth.counts
    columns = np.column_stack([counts.electors, counts.abstained, counts.leader, truth.classes + 1])
    with (folder / "data.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["N", "a", "w", "Z"])
        table.writerows(columns.astype(int).tolist())


def run(folder: Path, *, adapt: int, burn: int, iterations: int, seed: int, chains: int, thin: int) -> Run:
    """Sample what :func:`write` wrote; the folder keeps the draws."""
    settings = [str(v) for v in (adapt, burn, iterations, seed, chains, thin)]
    subprocess.run(["Rscript", str(folder / "run.R"), str(folder), *settings], check=True, capture_output=True)
    return read(folder)


def read(folder: Path) -> Run:
    """What a run left in its folder."""
    chains = len(list(folder.glob("draws*.csv")))
    draws = np.stack([_draws(folder / f"draws{c}.csv") for c in range(1, chains + 1)])
    classes = [np.loadtxt(folder / f"classes{c}.csv", delimiter=",", skiprows=1) for c in range(1, chains + 1)]
    warm_up, sampling = (float(line) for line in (folder / "seconds.txt").read_text(encoding="utf-8").split())
    return Run(draws, np.stack(classes), warm_up, sampling)


def _draws(path: Path) -> Floats:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = np.array([[float(row[name]) for name in COLUMNS] for row in rows])
    found[:, :2] = np.log(found[:, :2]) - np.log1p(-found[:, :2])
    found[:, 8:] = np.log(found[:, 8:])
    return found
