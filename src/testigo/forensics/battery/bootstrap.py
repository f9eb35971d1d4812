"""The battery's experiment: observed sheets, honest elections drawn from the model, and honest ones tampered with.

How the numbers are made
------------------------
1. The honest model is fitted to the observed sheets (:mod:`model`).
2. Some elections are drawn only to learn the comb of small fractions that a test needs.
3. ``draws`` more are drawn and measured by every test, each fitted anew: the null.
4. p = (1 + number of drawn elections at least as far out) / (draws + 1): never 0.
5. Over all statistics of the battery, q-values bound the false discovery rate (Benjamini & Hochberg 1995).
6. Further honest elections are drawn, altered and measured: power = how many trials a test finds at 5 %, its statistics
   counted (Bonferroni), so that a test is not rewarded for looking often. Who analyses a tampered election fits the
   honest model to *it*: so the model is fitted again to every tampered election, and elections drawn from those fits
   are measured too. A trial counts as found only if it is beyond both nulls: the ranks of the honest election's, and
   Student's predictive distribution of the refitted ones (mean and deviation over at least :data:`REFITS` draws per
   alteration and dose). Statistics of :data:`CONTEXT` are shown, never judged.

Source: Efron & Tibshirani 1993, chapters 6 and 16; Davison & Hinkley 1997, section 4.2 for p-values that are never 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

from testigo.forensics.battery import digits, equal, extremes, fingerprint, percentages, sisters
from testigo.forensics.battery.model import Floats, Honest, groups_of, honest
from testigo.forensics.battery.planted import ALTERATIONS, DOSES, plant
from testigo.forensics.battery.view import Frame, View
from testigo.forensics.sheets import Sheets

#: Probability of a false alarm that a test may have, per test.
LEVEL = 0.05

#: Statistics that are shown with both p-values but raise no alarm: they depend on what honest places are like, or are
#: judged by another statistic of the same test.
CONTEXT = frozenset(
    {
        ("sister_stations", "dispersion_share"),
        ("sister_stations", "dispersion_turnout"),
        ("fingerprint", "national"),
        ("extremes", "full_turnout"),
    }
)

#: Elections drawn from fits to tampered ones, per alteration and dose, at least.
REFITS = 5

Measures = Callable[[View], dict[str, float]]


@dataclass(frozen=True)
class Experiment:
    """Everything that was measured.

    Attributes:
        view: the observed sheets.
        observed: test -> statistic -> value.
        null: test -> statistic -> values of the drawn elections, shape (draws,), NaN-free.
        naive: test -> statistic -> p-value of the textbook.
        naive_alarms: test -> statistic -> share of honest drawn elections in which the naive p-value is below 5 %.
        found: test -> (alteration, dose) -> trials in which the test raised an alarm.
        trials: trials per alteration and dose.
        seed: of everything.
    """

    view: View
    observed: Mapping[str, Mapping[str, float]]
    null: Mapping[str, Mapping[str, Floats]]
    naive: Mapping[str, Mapping[str, float]]
    naive_alarms: Mapping[str, Mapping[str, float]]
    found: Mapping[str, Mapping[tuple[str, float], int]]
    trials: int
    seed: int

    @property
    def draws(self) -> int:
        """Number of drawn elections of the null."""
        return max((len(values) for test in self.null.values() for values in test.values()), default=0)

    def p(self, test: str) -> dict[str, float]:
        """Model-based p-value per statistic of a test."""
        return _p_values(self.observed[test], self.null[test])

    def q(self) -> dict[tuple[str, str], float]:
        """(test, statistic) -> q-value over the whole battery."""
        keys, values = [], []
        for test in self.observed:
            for name, p in self.p(test).items():
                if (test, name) not in CONTEXT:
                    keys.append((test, name))
                    values.append(p)
        adjusted = multipletests(values, LEVEL, "fdr_bh")[1].tolist() if values else []
        return dict(zip(keys, adjusted, strict=True))


def _p_values(observed: Mapping[str, float], null: Mapping[str, Floats]) -> dict[str, float]:
    """p = (1 + #{drawn ≥ observed}) / (draws + 1), of statistics that exist in both."""
    return {
        name: (1.0 + float((null[name] >= value - 1e-12).sum())) / (len(null[name]) + 1.0)
        for name, value in observed.items()
        if name in null
    }


def frame_of(sheets: Sheets) -> Frame:
    """Centres, areas and the two leading candidates of the observed sheets."""
    model_order = np.argsort(-sheets.votes.sum(axis=0), kind="stable")
    first, second = int(model_order[0]), int(model_order[min(1, len(model_order) - 1)])
    codes = sheets.contest.candidate_codes
    return Frame(groups_of(sheets), first, second, (codes[first], codes[second]))


def measures_of(ratio: Floats) -> dict[str, Measures]:
    """Every test of the battery as a function of a view. ``ratio``: the comb of the density of shares."""
    tests: dict[str, Measures] = {"sister_stations": sisters.measure}
    tests |= {test.code: partial(digits.measure, test) for test in digits.DIGIT_TESTS}
    tests["equal_counts"] = equal.measure
    tests["integer_percentages"] = percentages.measure_integers
    tests["resampled_density"] = partial(percentages.measure_density, ratio=ratio)
    tests["fingerprint"] = fingerprint.measure
    tests["extremes"] = extremes.measure
    return tests


def naive_tests() -> dict[str, Measures]:
    """The textbook's p-values of the same tests."""
    tests: dict[str, Measures] = {"sister_stations": sisters.naive}
    tests |= {test.code: partial(digits.naive, test) for test in digits.DIGIT_TESTS}
    tests["equal_counts"] = equal.naive
    tests["integer_percentages"] = percentages.naive_integers
    tests["resampled_density"] = percentages.naive_density
    tests["fingerprint"] = fingerprint.naive
    tests["extremes"] = extremes.naive
    return tests


def experiment(sheets: Sheets, seed: int, draws: int, combs: int, trials: int, naive_draws: int) -> Experiment:
    """Run it (numbers as in this module's docstring).

    Args:
        sheets: at least one station.
        draws: elections of the null.
        combs: elections drawn for the comb.
        trials: tampered elections per alteration and dose.
        naive_draws: of the null's elections, how many the naive tests look at too.
    """
    frame = frame_of(sheets)
    model = honest(sheets, frame.groups)  # 1
    streams = np.random.SeedSequence(seed).spawn(5)
    band_rng, null_rng, *power_rngs = (np.random.default_rng(stream) for stream in streams)
    histograms = [percentages.histogram(View(model.simulate(band_rng), frame)) for _ in range(combs)]  # 2
    tests, textbook = measures_of(percentages.comb(np.array(histograms))), naive_tests()
    view = View(sheets, frame)
    observed = {code: measure(view) for code, measure in tests.items()}
    rows: dict[str, list[dict[str, float]]] = {code: [] for code in tests}
    naive_rows: dict[str, list[dict[str, float]]] = {code: [] for code in tests}
    for number in range(draws):  # 3
        drawn = View(model.simulate(null_rng), frame)
        for code, measure in tests.items():
            rows[code].append(measure(drawn))
            if number < naive_draws:
                naive_rows[code].append(textbook[code](drawn))
    null = {code: _columns(values, observed[code]) for code, values in rows.items()}
    return Experiment(
        view=view,
        observed=observed,
        null=null,
        naive={code: naive(view) for code, naive in textbook.items()},
        naive_alarms={
            code: {name: float((values < LEVEL).mean()) for name, values in _columns(naive_rows[code], at).items()}
            for code, at in observed.items()
        },
        found=_power(model, frame, tests, null, trials, power_rngs),
        trials=trials,
        seed=seed,
    )


def _columns(rows: list[dict[str, float]], names: Iterable[str]) -> dict[str, Floats]:
    """Statistic -> its values; a statistic that some drawn election does not have is compared where it exists."""
    columns = {name: np.array([row[name] for row in rows if name in row]) for name in names}
    return {name: values for name, values in columns.items() if len(values)}


def _power(
    model: Honest,
    frame: Frame,
    tests: Mapping[str, Measures],
    null: Mapping[str, Mapping[str, Floats]],
    trials: int,
    rngs: Sequence[np.random.Generator],
) -> dict[str, dict[tuple[str, float], int]]:
    """Trials found per test, alteration and dose; every alteration is planted in the same honest elections."""
    base_rng, plant_rng, refit_rng = rngs
    bases = [model.simulate(base_rng) for _ in range(trials)]
    found: dict[str, dict[tuple[str, float], int]] = {code: {} for code in tests}
    for name in ALTERATIONS:
        for dose in DOSES:
            altered = [plant(base, frame, name, dose, plant_rng)[0] for base in bases]
            again = [View(one, frame) for sheets in altered for one in _refitted(sheets, frame, trials, refit_rng)]
            views = [View(sheets, frame) for sheets in altered]
            for code, measure in tests.items():
                measured = [measure(view) for view in views]
                own = _columns([measure(view) for view in again], null[code]) if again else {}
                found[code][name, dose] = sum(_alarm(code, one, null[code], own) for one in measured)
    return found


def _refitted(sheets: Sheets, frame: Frame, trials: int, rng: np.random.Generator) -> list[Sheets]:
    """Honest elections of the model fitted to tampered sheets."""
    model = honest(sheets, frame.groups)
    return [model.simulate(rng) for _ in range(-(-REFITS // trials))]


def _alarm(code: str, measured: Mapping[str, float], null: Mapping[str, Floats], own: Mapping[str, Floats]) -> bool:
    """Whether a test finds a tampered election at :data:`LEVEL`, beyond both nulls."""
    ranks = _p_values(measured, null)
    judged = [name for name in ranks if (code, name) not in CONTEXT]
    p = [max(ranks[name], _predictive(measured[name], own.get(name, np.zeros(0)))) for name in judged]
    return bool(p) and min(p) * len(p) <= LEVEL


def _predictive(value: float, drawn: Floats) -> float:
    """P(another draw ≥ value) by Student's predictive distribution: t = (x − mean)/(s √(1 + 1/R)), R − 1 degrees."""
    if len(drawn) < 2:
        return 1.0
    spread = float(drawn.std(ddof=1)) * float(np.sqrt(1 + 1 / len(drawn)))
    if spread <= 0:
        return 0.0 if value > drawn[0] else 1.0
    return float(stats.t(len(drawn) - 1).sf((value - float(drawn.mean())) / spread))
