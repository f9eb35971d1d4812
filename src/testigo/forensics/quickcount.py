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
3. The sample is drawn from a seed that is published before, so that nobody can choose the stations: in each stratum as
   :func:`testigo.forensics.sample.draw` does with the text ``seed,stratum`` over its stations in order of code. Anybody
   can draw it again.

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
from testigo.forensics.sample import draw
from testigo.forensics.sheets import Ints, Sheets

Floats = npt.NDArray[np.float64]
_Z = 1.959963984540054


@dataclass(frozen=True)
class Allocation:
    """How many stations of each stratum, and the error to expect. Arrays of shape (strata,).

    Attributes:
        strata: name of each stratum, e.g. an area's code.
        stations: stations with votes in each.
        spread: standard deviation of the residual u in each (share of the mean valid votes).
        sample: stations to observe in each.
        reply: share of the observers expected to report.
        error: expected 95 % margin of the lead, as a share (0.01: one point).
        simple_error: the same for a simple random sample of that size.
        proportional_error: the same for a sample proportional to the stations (two per stratum at least).
    """

    strata: tuple[str, ...]
    stations: Ints
    spread: Floats
    sample: Ints
    reply: float
    error: float
    simple_error: float
    proportional_error: float

    @property
    def size(self) -> int:
        """Stations to observe."""
        return int(self.sample.sum())


@dataclass(frozen=True)
class Design(Allocation):
    """An allocation with the stations drawn for it.

    Attributes:
        rows: rows of the stations drawn, in order of code, shape (size,).
        stratum: index of each drawn station's stratum, shape (size,).
        seed: of the drawing.
    """

    rows: Ints
    stratum: Ints
    seed: str


@dataclass(frozen=True)
class _Frame:
    """The stations that can be drawn: rows with votes, their residuals and strata."""

    used: Ints
    residual: Floats
    names: tuple[str, ...]
    stratum: Ints
    stations: Ints
    spread: Floats

    @property
    def least(self) -> int:
        """The smallest sample: two per stratum, or all of it."""
        return int(np.minimum(self.stations, 2).sum())


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


def allocation(past: Sheets, size: int, reply: float = 1.0, strata: npt.NDArray[np.str_] | None = None) -> Allocation:
    """Allocate a sample of ``size`` stations, without drawing it.

    Args:
        past: the past result, station by station.
        size: stations to observe, at least two per stratum.
        reply: share of the observers expected to report (0 to 1]; the errors are those of ``size × reply`` reports.
        strata: name of each station's stratum, shape (stations,) (:func:`strata_of`); left out, the lowest areas.

    Raises:
        InputError: fewer than two stations with votes, a size that is too small or larger than the country, or a share
            of replies that is none.
    """
    return _allocated(_frame(past, strata), size, reply)


def design(
    past: Sheets, size: int, seed: str | int, reply: float = 1.0, strata: npt.NDArray[np.str_] | None = None
) -> Design:
    """Allocate and draw a sample of ``size`` stations.

    Args:
        seed: any text, published before the drawing. Others and errors: :func:`allocation`, and those of
            :func:`testigo.forensics.sample.draw`.
    """
    frame = _frame(past, strata)
    plan = _allocated(frame, size, reply)
    rows = []
    for place, (name, wanted) in enumerate(zip(frame.names, plan.sample.tolist(), strict=True)):
        here = frame.used[frame.stratum == place]  # in order of code, as the sheets are
        ranks = draw(f"{seed},{name}", len(here), wanted)
        rows.append(here[np.array(ranks, dtype=np.int64) - 1])
    drawn, stratum = np.concatenate(rows), np.repeat(np.arange(len(frame.names)), plan.sample)
    order = np.argsort(drawn, kind="stable")
    made = {name: getattr(plan, name) for name in Allocation.__dataclass_fields__}
    return Design(**made, rows=drawn[order], stratum=stratum[order], seed=str(seed))


def _frame(past: Sheets, strata: npt.NDArray[np.str_] | None) -> _Frame:
    if strata is None:
        strata = np.array([*past.areas, "?"], dtype=np.str_)[past.area]
    used = np.flatnonzero(past.votes.sum(axis=1) > 0)
    if len(used) < 2:
        raise InputError("The past result has fewer than two stations with votes.", "Give one that has.")
    names, stratum = np.unique(strata[used], return_inverse=True)
    residual = _residual(past, used)
    spread = _spread(residual, stratum, len(names))
    return _Frame(used, residual, tuple(names.tolist()), stratum, np.bincount(stratum), spread)


def _allocated(frame: _Frame, size: int, reply: float) -> Allocation:
    if not 0 < reply <= 1:
        raise InputError(f"The share of replies is {reply}.", "Give one above 0, at most 1.")
    everything = len(frame.used)
    if not frame.least <= size <= everything:
        raise InputError(
            f"A sample of {size} stations cannot be drawn.",
            f"Give {frame.least} (two per stratum) to {everything} (all with votes), or fewer strata.",
        )
    sample = allocate(frame.stations, frame.spread, size)
    even = allocate(frame.stations, np.ones(len(frame.names)), size)
    whole = _spread(frame.residual, np.zeros(everything, dtype=np.int64), 1)
    return Allocation(
        strata=frame.names,
        stations=frame.stations,
        spread=frame.spread,
        sample=sample,
        reply=reply,
        error=_margin(frame.stations, frame.spread, sample * reply),
        simple_error=_margin(np.array([everything]), whole, np.array([size * reply], dtype=np.float64)),
        proportional_error=_margin(frame.stations, frame.spread, even * reply),
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


def size_for(past: Sheets, error: float, reply: float = 1.0, strata: npt.NDArray[np.str_] | None = None) -> int:
    """The smallest sample whose expected error is at most ``error`` (share: 0.01 is one point).

    Raises:
        InputError: the error is not above 0, not even the whole country reaches it, or :func:`allocation`'s.
    """
    if not error > 0:
        raise InputError(f"The error {error} cannot be reached.", "Give one above 0, e.g. 0.01 for one point.")
    frame = _frame(past, strata)
    low, high = frame.least, len(frame.used)
    best = _allocated(frame, high, reply).error
    if best > error:
        raise InputError(
            f"With {reply:.0%} of replies not even all {high} stations give an error of {error}: they give {best:.4f}.",
            "Give a larger error, or a larger share of replies.",
        )
    while low < high:
        middle = (low + high) // 2
        if _allocated(frame, middle, reply).error <= error:
            high = middle
        else:
            low = middle + 1
    return high
