"""The mixture as a finding: ``eforensics(sheets, leader, seed, method) -> Finding``.

How it goes
-----------
1. The usable stations (``data.py``); too few, or no spread: an answer that says so, without numbers.
2. The fit (``fit.py``) by EM or NUTS.
3. With EM: frauds planted into the same counts and fitted again: what the model would have seen.
4. Every number with its formula and its interval; of a boundary solution (no fraud is better), that it is one.
"""

from __future__ import annotations

import numpy as np

from testigo.errors import InputError
from testigo.forensics.eforensics import texts
from testigo.forensics.eforensics.data import FEWEST, Chosen, Counts, Groups, choose
from testigo.forensics.eforensics.fit import Convergence, Fit, Method, fit
from testigo.forensics.eforensics.planted import HEAVY, Kind, Planting, study
from testigo.forensics.finding import Figure, Finding, Text
from testigo.forensics.sheets import Sheets

#: Frauds planted for the finding: half of everything, and half of the others' votes with turnout as it was.
PLANTED: tuple[tuple[float, Kind], ...] = ((HEAVY, "both"), (HEAVY, "stolen"))

_WEIGHTS = (
    ("weight_none", "Mesas sin fraude", "Stations without fraud"),
    ("weight_incremental", "Mesas con fraude incremental", "Stations with incremental fraud"),
    ("weight_extreme", "Mesas con fraude extremo", "Stations with extreme fraud"),
)
_PROPORTIONS = (
    ("turnout", "Participación sin fraude", "Turnout without fraud", "τ = logistic(α)"),
    ("share", "Voto del líder sin fraude", "Leader's share without fraud", "ν = logistic(α)"),
    ("incremental_made", "Incremental: abstención inventada", "Incremental: made of abstention", "m = 0.7 logistic(α)"),
    ("incremental_stolen", "Incremental: votos robados", "Incremental: stolen", "s = 0.7 logistic(α)"),
    ("extreme_made", "Extremo: abstención inventada", "Extreme: made of abstention", "m = 0.7 + 0.3 logistic(α)"),
    ("extreme_stolen", "Extremo: votos robados", "Extreme: stolen", "s = 0.7 + 0.3 logistic(α)"),
)


def eforensics(
    sheets: Sheets,
    leader: str,
    seed: int,
    method: Method = "em",
    groups: Groups = "none",
    planted: tuple[tuple[float, Kind], ...] = PLANTED,
) -> Finding:
    """Mebane's finite mixture of no fraud, incremental and extreme fraud, in favour of a leader.

    Args:
        sheets: the counted stations; those without known electors are left out and said.
        leader: code of the candidate whom fraud would favour.
        seed: of starts, draws and planting.
        method: ``em`` (mode and information matrix) or ``nuts`` (NumPyro, a random part of the stations).
        groups: ``area`` gives each area its own turnout and share; ``none`` is the model without covariates.
        planted: strength and kind of the frauds planted to measure the power (EM only; each takes about as long as the
            fit).

    Raises:
        InputError: no such candidate, method or grouping; or ``nuts`` without numpyro.

    Formula, prior and source: ``model.py``. Valid: see the finding's own text.
    """
    if method not in ("em", "nuts"):
        raise InputError(f"There is no method “{method}”.", "Give em or nuts.")
    chosen = choose(sheets, leader, groups)
    reason = _unusable(chosen)
    if reason:
        return _without_fit(leader, method, seed, reason, chosen)
    fitted = fit(chosen.counts, seed, method)
    studies: tuple[Planting, ...] = ()
    if method == "em":
        before = fitted.probabilities[:, 1:].sum(axis=1)
        studies = tuple(
            study(chosen.counts, fitted.parameters, before, seed, strength, kind) for strength, kind in planted
        )
    return Finding(
        code=_code(method),
        title=texts.title(leader),
        statement=texts.statement(fitted, chosen, groups),
        figures=(
            *_results(fitted, chosen),
            *_kind_of_suspects(fitted, chosen.counts),
            *_convergence(fitted),
            *_power(studies),
        ),
        source=texts.SOURCE,
        valid_when=texts.VALID,
        power=texts.power(studies),
        blind_spots=texts.BLIND,
        stations=tuple(str(sheets.codes[chosen.rows[fitted.stations[i]]]) for i in fitted.suspects),
        reproduce="",
        seed=seed,
    )


def _code(method: Method) -> str:
    return "eforensics" if method == "em" else "eforensics_nuts"


def _unusable(chosen: Chosen) -> Text:
    """Why there is nothing to fit; empty if there is."""
    counts = chosen.counts
    if len(counts) < FEWEST:
        said = {"usable": len(counts), "fewest": FEWEST, "unknown": chosen.unknown}
        return {language: text.format(**said) for language, text in texts.TOO_FEW.items()}
    came = counts.electors - counts.abstained
    if bool(np.all((counts.leader == 0) | (counts.leader == came))):
        return texts.EVERYTHING
    return {}


def _without_fit(leader: str, method: Method, seed: int, reason: Text, chosen: Chosen) -> Finding:
    label = {"es": "Mesas sospechosas", "en": "Stations to look at"}
    missing = Figure("suspects", label, None, "stations", "P(fraud) > 0.5", why_not=reason)
    return Finding(
        code=_code(method),
        title=texts.title(leader),
        statement=reason,
        figures=(missing, *_looked(0, chosen)),
        source=texts.SOURCE,
        valid_when=texts.VALID,
        power=texts.NOTHING,
        blind_spots=texts.BLIND,
        seed=seed,
    )


def _looked(stations: int, chosen: Chosen) -> tuple[Figure, ...]:
    return (
        Figure("stations", {"es": "Mesas miradas", "en": "Stations looked at"}, stations, "stations", "n"),
        Figure(
            "electors_unknown",
            {"es": "Sin electores conocidos", "en": "Without known electors"},
            chosen.unknown,
            "stations",
            "left out",
        ),
        Figure(
            "impossible",
            {"es": "Sin votos, o más votos que electores", "en": "No votes, or more votes than electors"},
            chosen.impossible,
            "stations",
            "left out",
        ),
    )


def _results(fitted: Fit, chosen: Chosen) -> tuple[Figure, ...]:
    made, stolen = (float(v) for v in fitted.fraudulent.sum(axis=0))
    figures = [
        Figure(
            "suspects",
            {"es": "Mesas para mirar", "en": "Stations to look at"},
            len(fitted.suspects),
            "stations",
            "number with P(incremental) + P(extreme) > 0.5",
        ),
        *_looked(len(fitted.stations), chosen),
        Figure(
            "fraudulent_votes",
            {"es": "Votos fraudulentos estimados", "en": "Fraudulent votes, estimated"},
            round(fitted.total, 1),
            "votes",
            "sum over stations of P(class) · N · (m (1 - τ) + s τ (1 - ν)); interval 95 %",
            fitted.total_interval,
        ),
        Figure(
            "made_votes", {"es": "De ellos inventados", "en": "Of these made"}, round(made, 1), "votes", "N m (1 - τ)"
        ),
        Figure(
            "stolen_votes",
            {"es": "De ellos robados", "en": "Of these stolen"},
            round(stolen, 1),
            "votes",
            "N s τ (1 - ν)",
        ),
    ]
    for i, (name, es, en) in enumerate(_WEIGHTS):
        low, high = fitted.weights_interval[i].tolist()
        formula = "π, weight of the class in the mixture; interval 95 %"
        figures.append(Figure(name, {"es": es, "en": en}, float(fitted.weights[i]), "share", formula, (low, high)))
    for i, (name, es, en, formula) in enumerate(_PROPORTIONS):
        low, high = fitted.proportions_interval[i].tolist()
        value = float(fitted.proportions[i])
        figures.append(Figure(name, {"es": es, "en": en}, value, "share", f"{formula}; interval 95 %", (low, high)))
    return tuple(figures)


def _kind_of_suspects(fitted: Fit, counts: Counts) -> tuple[Figure, ...]:
    """Whether suspects are another kind of station: then they may be that, and no fraud."""
    rows = fitted.stations[fitted.suspects]
    came = counts.electors - counts.abstained
    nobody = {"es": "No hay mesas sospechosas.", "en": "There are no suspected stations."}
    figures = []
    for name, es, en, values, unit, formula in (
        ("electors", "Electores", "Electors", counts.electors, "electors", "median of N"),
        ("turnout", "Participación", "Turnout", came / counts.electors, "share", "median of 1 - a/N"),
        ("share", "Voto del líder", "Leader's share", counts.leader / came, "share", "median of w/(N - a)"),
    ):
        middle = round(float(np.median(values[rows])), 4) if len(rows) else None
        whole = round(float(np.median(values[fitted.stations])), 4)
        why = nobody if middle is None else {}
        label = {"es": f"{es} de las mesas para mirar, mediana", "en": f"{en} of the stations to look at, median"}
        figures.append(Figure(f"suspects_{name}", label, middle, unit, f"{formula}, suspects", why_not=why))
        label = {"es": f"{es} de todas, mediana", "en": f"{en} of all, median"}
        figures.append(Figure(f"all_{name}", label, whole, unit, f"{formula}, all"))
    return tuple(figures)


def _convergence(fitted: Fit) -> tuple[Figure, ...]:
    return *_gain(fitted), *_settled(fitted.convergence)


def _gain(fitted: Fit) -> tuple[Figure, ...]:
    return (
        Figure(
            "gain",
            {"es": "Lo que el fraude mejora el ajuste", "en": "What fraud adds to the fit"},
            round(fitted.gain, 1),
            "1",
            "log-likelihood of the mixture minus that of the best fit without fraud; 10 more numbers",
        ),
        Figure(
            "boundary",
            {"es": "Mejor sin fraude", "en": "Better without fraud"},
            "yes" if fitted.boundary else "no",
            "1",
            "yes if 2 · gain < 10 · log n (BIC)",
        ),
    )


def _settled(c: Convergence) -> tuple[Figure, ...]:
    by_em = {"es": "Con EM no hay cadenas.", "en": "EM has no chains."}
    return (
        Figure(
            "converged",
            {"es": "Convergió", "en": "Converged"},
            "yes" if c.converged else "no",
            "1",
            "Newton decrement s'H⁻¹s ≤ 0.01 (EM); every R-hat ≤ 1.05 and no divergence (NUTS)",
        ),
        Figure(
            "decrement", {"es": "Decremento de Newton", "en": "Newton decrement"}, c.decrement, "1", "s'H⁻¹s, of EM"
        ),
        Figure("steps", {"es": "Pasos", "en": "Steps"}, c.steps, "1", "E-steps (EM) or draws (NUTS)"),
        Figure(
            "r_hat",
            {"es": "R-hat mayor", "en": "Largest R-hat"},
            c.r_hat,
            "1",
            "rank-normalised split R-hat",
            why_not={} if c.r_hat else by_em,
        ),
        Figure(
            "effective",
            {"es": "Tamaño efectivo menor", "en": "Least effective sample size"},
            c.effective,
            "1",
            "bulk, over the 14 parameters",
            why_not={} if c.effective else by_em,
        ),
        Figure("divergences", {"es": "Divergencias", "en": "Divergences"}, c.divergences, "1", "of NUTS"),
    )


def _power(planted: tuple[Planting, ...]) -> tuple[Figure, ...]:
    figures = []
    for p in planted:
        percent = round(100 * p.strength)
        label = {
            "es": f"Hallados de {p.planted} fraudes plantados: {percent} % de {texts.KINDS[p.kind]['es']}",
            "en": f"Found of {p.planted} planted frauds: {percent} % of {texts.KINDS[p.kind]['en']}",
        }
        name = f"found_{p.kind}_{percent}"
        figures.append(Figure(name, label, p.found, f"of {p.planted} stations", "P(fraud) > 0.5 then, and not before"))
    return tuple(figures)
