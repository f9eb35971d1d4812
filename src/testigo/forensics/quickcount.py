"""Design of a quick count: which stations to observe, so that few reports say much.

The design
----------
Strata are areas (or areas × sizes of centre); stations are drawn from each without replacement. A past result (or that
of another contest) gives each station's votes d_i for the first less the second, valid votes v_i and electors e_i. The
estimate will be the combined ratio D = Σ_h N_h d̄_h / Σ_h N_h v̄_h: the lead as a share of the valid votes. Its
variance is that of the residuals u_i = (d_i − D v_i)/V, with V the mean of v:

    Var(D) = Σ_h (N_h/N)² (1 − n_h/N_h) S_h² / n_h,          S_h² the variance of u in stratum h

Neyman's allocation n_h ∝ N_h S_h makes it least for a given n = Σ n_h; at least two stations per stratum (one if it
has but one), never more than it has. Expected error: 1.96 √Var(D), in points of the lead.

Rules of this module
--------------------
1. The error expected is that of the past result; a new result may differ more: the design is to be drawn larger.
2. What does not report is not missing at random: a quick count's interval does not cover it either.
3. The sample is drawn from a seed that is published before, so that nobody can choose the stations.

Source: Neyman 1934 (JRSS 97:558); Cochran 1977, sections 5.5 and 6.11; Estok, Nevitte & Cowan 2002, The Quick Count
and Election Observation (NDI).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from testigo.bundle import Bundle
from testigo.errors import InputError
from testigo.forensics.finding import Figure, Finding
from testigo.forensics.sheets import Ints, Sheets

Floats = npt.NDArray[np.float64]
_Z = 1.959963984540054


@dataclass(frozen=True)
class Design:
    """A stratified sample. Arrays of shape (strata,).

    Attributes:
        strata: name of each stratum, e.g. an area's code.
        stations: stations in each.
        spread: standard deviation of the residual u in each (share of the mean valid votes).
        sample: stations to observe in each.
        error: expected 95 % margin of the lead, as a share (0.01: one point).
        simple_error: the same for a simple random sample of that size.
        proportional_error: the same for a sample proportional to the stations.
        rows: rows of the stations drawn, in order of code.
        seed: of the drawing.
    """

    strata: tuple[str, ...]
    stations: Ints
    spread: Floats
    sample: Ints
    error: float
    simple_error: float
    proportional_error: float
    rows: Ints
    seed: int


def strata_of(bundle: Bundle, past: Sheets, level: str) -> npt.NDArray[np.str_]:
    """Code of each station's area at a level of the territory, shape (stations,); ``?`` where the register has none.

    Raises:
        InputError: the profile has no such level.
    """
    codes = [known.code for known in bundle.profile.levels]
    if level not in codes:
        raise InputError(f"There is no level {level!r}.", f"Known: {', '.join(codes)}.")
    column = bundle.register.table[level].to_pylist()
    rows = bundle.register.rows
    return np.array([column[rows[code]] if code in rows else "?" for code in past.codes.tolist()], dtype=np.str_)


def design(
    past: Sheets, size: int, seed: int, reply: float = 1.0, strata: npt.NDArray[np.str_] | None = None
) -> Design:
    """Allocate and draw a sample of ``size`` stations.

    Args:
        past: the past result, station by station.
        size: stations to observe, at least two.
        seed: published before the drawing.
        reply: share of the observers expected to report (0 to 1]; the errors are those of ``size × reply`` reports.
        strata: name of each station's stratum, shape (stations,) (:func:`strata_of`); left out, the lowest areas.

    Raises:
        InputError: fewer than two stations with votes, a size that is too small or larger than the country, or a share
            of replies that is none.
    """
    if strata is None:
        strata = np.array([*past.areas, "?"], dtype=np.str_)[past.area]
    used = np.flatnonzero(past.votes.sum(axis=1) > 0)
    if len(used) < 2:
        raise InputError("The past result has fewer than two stations with votes.", "Give one that has.")
    if not 0 < reply <= 1:
        raise InputError(f"The share of replies is {reply}.", "Give one above 0, at most 1.")
    names, stratum = np.unique(strata[used], return_inverse=True)
    stations = np.bincount(stratum)
    least = int(np.minimum(stations, 2).sum())
    if not least <= size <= len(used):
        raise InputError(
            f"A sample of {size} stations cannot be drawn.",
            f"Give {least} (two per stratum) to {len(used)} (all with votes), or fewer strata.",
        )
    residual = _residual(past, used)
    spread = _spread(residual, stratum, len(names))
    sample = allocate(stations, spread, size)
    rng = np.random.default_rng(seed)
    order = np.lexsort((rng.random(len(used)), stratum))
    first = np.concatenate(([0], np.cumsum(stations)[:-1]))
    place = np.arange(len(used)) - first[stratum[order]]
    rows = np.sort(used[order[place < sample[stratum[order]]]])
    alone = np.zeros(len(used), dtype=np.int64)
    total = np.array([len(used)])
    return Design(
        strata=tuple(names.tolist()),
        stations=stations,
        spread=spread,
        sample=sample,
        error=_margin(stations, spread, sample * reply),
        simple_error=_margin(total, _spread(residual, alone, 1), np.array([size * reply], dtype=np.float64)),
        proportional_error=_margin(stations, spread, stations * (size * reply / len(used))),
        rows=rows,
        seed=seed,
    )


def allocate(stations: Ints, spread: Floats, size: int) -> Ints:
    """Neyman's allocation in whole stations: at least two per stratum (or all of it), at most all.

    Stations are given one after the other to the stratum in which one more lowers the variance most, which is the best
    whole-numbered allocation (Wright 2012, Statistics & Probability Letters 82:1217).

    Args:
        stations: N_h. spread: S_h. size: n, at least the sum of min(N_h, 2).
    """
    sample = np.minimum(stations, 2).astype(np.int64)
    weight = stations * np.maximum(spread, 1e-12)
    for _ in range(size - int(sample.sum())):
        gain = np.where(sample < stations, weight**2 / (sample * (sample + 1.0)), -1.0)
        sample[int(gain.argmax())] += 1
    return sample


def _residual(past: Sheets, used: Ints) -> Floats:
    """u_i = (d_i − D v_i)/V of the stations used."""
    votes = past.votes[used]
    order = np.argsort(-votes.sum(axis=0), kind="stable")
    other = votes[:, order[1]] if len(order) > 1 else np.zeros(len(used), dtype=np.int64)
    lead = (votes[:, order[0]] - other).astype(np.float64)
    valid = votes.sum(axis=1).astype(np.float64)
    residual: Floats = (lead - lead.sum() / valid.sum() * valid) / valid.mean()
    return residual


def _spread(residual: Floats, stratum: Ints, strata: int) -> Floats:
    """S_h; a stratum of one station has none of its own and is taken whole."""
    number = np.bincount(stratum, minlength=strata)
    mean = np.bincount(stratum, residual, strata) / np.maximum(number, 1)
    squares = np.bincount(stratum, (residual - mean[stratum]) ** 2, strata)
    return np.asarray(np.sqrt(squares / np.maximum(number - 1, 1)), dtype=np.float64)


def _margin(stations: Ints, spread: Floats, sample: npt.NDArray[np.floating[Any]]) -> float:
    """1.96 √Σ (N_h/N)² (1 − n_h/N_h) S_h²/n_h."""
    left = np.maximum(1 - sample / stations, 0)
    variance = ((stations / stations.sum()) ** 2 * left * spread**2 / np.maximum(sample, 1e-9)).sum()
    return float(_Z * np.sqrt(variance))


def size_for(past: Sheets, error: float, strata: npt.NDArray[np.str_] | None = None) -> int:
    """The smallest sample whose expected error is at most ``error`` (share: 0.01 is one point).

    Raises:
        InputError: the error is not above 0, or :func:`design`'s.
    """
    if not error > 0:
        raise InputError(f"The error {error} cannot be reached.", "Give one above 0, e.g. 0.01 for one point.")
    groups = past.area if strata is None else strata
    used = past.votes.sum(axis=1) > 0
    low, high = int(np.minimum(np.unique(groups[used], return_counts=True)[1], 2).sum()), int(used.sum())
    while low < high:
        middle = (low + high) // 2
        if design(past, middle, 0, strata=strata).error <= error:
            high = middle
        else:
            low = middle + 1
    return high


def quick_count(
    past: Sheets, size: int, seed: int = 1, reply: float = 1.0, strata: npt.NDArray[np.str_] | None = None
) -> Finding:
    """The design as a finding: allocation per stratum, expected error, the stations drawn.

    Args and errors as in :func:`design`.
    """
    plan = design(past, size, seed, reply, strata)
    proportional = "n_h ∝ N_h"
    figures = [
        _error("expected_error", "Error esperado de la ventaja", "Expected error of the lead", plan.error, "Neyman"),
        _error("proportional_error", "Reparto proporcional", "Proportional", plan.proportional_error, proportional),
        _error("simple_error", "Sin estratos", "Without strata", plan.simple_error, "simple random sample"),
    ]
    rows = zip(plan.strata, plan.stations.tolist(), plan.spread.tolist(), plan.sample.tolist(), strict=True)
    for name, number, spread, sample in rows:
        figures.append(
            Figure(
                f"sample_{name}",
                {"es": f"Mesas en {name}", "en": f"Stations in {name}"},
                sample,
                f"of {number} stations",
                f"n_h ∝ N_h S_h, S_h = {spread:.4f}",
            )
        )
    points = f"{100 * plan.error:.2f}"
    return Finding(
        code="quick_count",
        title={"es": "Diseño de un conteo rápido", "en": "Design of a quick count"},
        statement={
            "es": f"{size} mesas en {len(plan.strata)} estratos: error esperado de la ventaja ±{points} puntos (95 %).",
            "en": f"{size} stations in {len(plan.strata)} strata: expected error of the lead ±{points} points (95 %).",
        },
        figures=tuple(figures),
        source="Neyman 1934 (JRSS 97:558); Cochran 1977, sections 5.5 and 6.11",
        valid_when={
            "es": "Vale si la variación dentro de cada estrato se parece a la del resultado pasado y los que no "
            "informan faltan al azar.",
            "en": "Valid if variation within each stratum resembles that of the past result and those who do not "
            "report are missing at random.",
        },
        power={"es": f"Se contó con {reply:.0%} de respuestas.", "en": f"{reply:.0%} are expected to report."},
        blind_spots={
            "es": "Mesas a las que no se deja entrar: ningún intervalo cubre que lo que falta dependa del voto.",
            "en": "Stations that observers are kept out of: no interval covers missingness that depends on the vote.",
        },
        stations=tuple(past.codes[plan.rows].tolist()),
        seed=seed,
    )


def _error(name: str, es: str, en: str, value: float, how: str) -> Figure:
    formula = f"1.96 √Σ (N_h/N)² (1 − n_h/N_h) S_h²/n_h, {how}"
    return Figure(name, {"es": es, "en": en}, value, "share", formula)
