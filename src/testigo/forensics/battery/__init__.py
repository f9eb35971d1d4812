"""Sheets -> findings of the forensic battery, each with a model-based null beside the naive one.

How it works
------------
1. An honest election is fitted to the sheets (:mod:`model`) and drawn many times (:mod:`bootstrap`).
2. Every test (:mod:`sisters`, :mod:`digits`, :mod:`equal`, :mod:`percentages`, :mod:`fingerprint`, :mod:`extremes`)
   measures the observed and the drawn elections alike.
3. Alterations are planted in honest elections, and in the observed one (:mod:`planted`); what is found is reported.
4. q-values bound the false discoveries over the whole battery.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from testigo.forensics.battery import extremes, fingerprint
from testigo.forensics.battery.bootstrap import Experiment, experiment
from testigo.forensics.battery.digits import DIGIT_TESTS, DigitTest
from testigo.forensics.battery.equal import twins
from testigo.forensics.battery.findings import build, unanswered
from testigo.forensics.battery.model import Ints
from testigo.forensics.battery.pictures import digits_picture, sisters_picture
from testigo.forensics.battery.planted import ALTERATIONS, DOSES, NAMES, plant
from testigo.forensics.battery.sisters import FALSE_DISCOVERIES, Outliers, outliers
from testigo.forensics.battery.view import View
from testigo.forensics.finding import Figure, Finding, Text
from testigo.forensics.saying import percent, whole
from testigo.forensics.sheets import Sheets

__all__ = ["DRAWS", "run_battery"]

#: Elections drawn for the null: the smallest p-value is 1/(DRAWS + 1).
DRAWS = 399
_COMBS = 50
_TRIALS = 10
_NAIVE_DRAWS = 20


def run_battery(sheets: Sheets, seed: int = 1, *, draws: int = DRAWS, trials: int = _TRIALS) -> tuple[Finding, ...]:
    """Every test of the battery on the counted stations.

    Args:
        sheets: of one contest (:func:`testigo.forensics.sheets.sheets_of`); any number of stations.
        seed: of everything random; the same seed gives the same figures.
        draws: honest elections drawn for the null; 25,073 stations × 399 take about half a CPU minute.
        trials: honest elections tampered with per alteration and dose.

    Returns:
        One finding per test, always all of them and in the same order; what cannot be computed says so.
    """
    if not len(sheets) or not sheets.votes.sum():
        return unanswered(seed)
    result = experiment(sheets, seed, draws, _COMBS, trials, min(_NAIVE_DRAWS, draws))
    q = result.q()
    special: dict[str, Callable[[Experiment, dict[tuple[str, str], float]], Finding]]
    special = {"sister_stations": _sisters, "equal_counts": _equal, "extremes": _extremes, "fingerprint": _fingerprint}
    special |= {test.code: partial(_digits, test=test) for test in DIGIT_TESTS}
    return tuple(special[code](result, q) if code in special else build(result, code, q) for code in result.observed)


def _codes(result: Experiment, rows: Ints) -> tuple[str, ...]:
    return tuple(result.view.sheets.codes[rows].tolist())


def _sisters(result: Experiment, q: dict[tuple[str, str], float]) -> Finding:
    found = outliers(result.view)
    rows = np.flatnonzero(found.flagged)
    rows = rows[np.argsort(found.p[rows], kind="stable")]
    members = np.bincount(result.view.frame.groups.centre)
    comparable = int((members[result.view.frame.groups.centre] > 1).sum())
    listed, of, chance = whole(len(rows)), whole(comparable), percent(FALSE_DISCOVERIES, 0)
    before = {
        "es": f"De {of['es']} mesas con otras en su centro, {listed['es']} se apartan de ellas más de lo que el azar "
        f"explica: son mesas para mirar, y en promedio como mucho {chance['es']} de una lista así es azar.",
        "en": f"Of {of['en']} stations with others in their centre, {listed['en']} differ from them more than chance "
        f"explains: stations to look at, and on average at most {chance['en']} of such a list is chance.",
    }
    extra = (*_listed(result, found, comparable), *_planted_stations(result, found))
    picture = sisters_picture(result.view, found)
    return build(
        result, "sister_stations", q, extra=extra, before=before, stations=_codes(result, rows), picture=picture
    )


def _listed(result: Experiment, found: Outliers, comparable: int) -> tuple[Figure, ...]:
    """The list of stations, by what made it, and the textbook's."""
    by_share, by_turnout = int(found.by_share.sum()), int(found.by_turnout.sum())
    coins = int(outliers(result.view, 1.0).flagged.sum())
    rows = (
        ("comparable", "Mesas con hermanas", "Stations with sisters", comparable, "#{i: another of its centre}"),
        (
            "outliers_share",
            "De la lista, por porcentaje",
            "Of the list, by share",
            by_share,
            "#{i: flagged by the votes of the first}",
        ),
        (
            "outliers_turnout",
            "De la lista, por participación",
            "Of the list, by turnout",
            by_turnout,
            "#{i: flagged by the valid votes of the electors}",
        ),
        (
            "textbook_list",
            "Lista de manual (hermanas como monedas)",
            "Textbook's list (sisters like coins)",
            coins,
            "the same with φ = 1",
        ),
    )
    phi = Figure(
        "phi_share",
        {"es": "φ del conjunto, porcentaje", "en": "φ of the body, share"},
        result.view.first_fit.phi,
        "1",
        "mean of the smallest 90 % of chi² over its expectation; at least 1",
    )
    return (*(_number(*row) for row in rows), phi)


def _planted_stations(result: Experiment, before: Outliers) -> tuple[Figure, ...]:
    """Stations found of those planted in the observed sheets, per alteration, at the smallest dose."""
    rng = np.random.default_rng([result.seed, 6])
    figures = []
    for name in ALTERATIONS:
        altered, rows = plant(result.view.sheets, result.view.frame, name, DOSES[0], rng)
        rows = rows[~before.flagged[rows]]
        hits = int(outliers(View(altered, result.view.frame)).flagged[rows].sum())
        figures.append(
            Figure(
                f"stations_found_{name}",
                {
                    "es": f"Mesas halladas: {NAMES[name]['es']}, plantadas en los datos",
                    "en": f"Stations found: {NAMES[name]['en']}, planted in the data",
                },
                hits,
                f"of {len(rows)} stations",
                "stations of the list among those altered (not on it before)",
            )
        )
    return tuple(figures)


def _equal(result: Experiment, q: dict[tuple[str, str], float]) -> Finding:
    return build(result, "equal_counts", q, stations=_codes(result, twins(result.view)))


def _extremes(result: Experiment, q: dict[tuple[str, str], float]) -> Finding:
    view = result.view
    full = np.flatnonzero(view.has_turnout & (view.turnout >= extremes.FULL))
    full = full[np.argsort(-view.turnout[full], kind="stable")]
    known = int(view.has_turnout.sum())
    unknown = {} if known else {"es": "Se desconocen los electores.", "en": "Electors are unknown."}
    impossible = Figure(
        "more_votes_than_electors",
        {"es": "Mesas con más votos que electores", "en": "Stations with more votes than electors"},
        extremes.impossible(view) if known else None,
        "stations",
        f"#{{i: valid votes > electors}}, of {known} stations whose electors are known",
        why_not=unknown,
    )
    before = _full_turnout(result) if known else None
    return build(result, "extremes", q, extra=(impossible,), before=before, stations=_codes(result, full))


def _full_turnout(result: Experiment) -> Text:
    """How many stations are full, beside the drawn elections."""
    drawn = result.null["extremes"]["full_turnout"]
    low, high = (whole(int(end)) for end in np.quantile(drawn, (0.025, 0.975), method="nearest"))
    seen = whole(int(result.observed["extremes"]["full_turnout"]))
    return {
        "es": f"Mesas con participación de 95 % o más: {seen['es']}; en elecciones honestas sorteadas, de "
        f"{low['es']} a {high['es']} (cuarteles, hospitales y cárceles son extremos honestos que el modelo no conoce).",
        "en": f"Stations with a turnout of 95 % or more: {seen['en']}; in honest elections drawn, {low['en']} to "
        f"{high['en']} (barracks, hospitals and prisons are honest extremes that the model does not know).",
    }


def _fingerprint(result: Experiment, q: dict[tuple[str, str], float]) -> Finding:
    captions = tuple(_correlation(result, name) for name in ("national", "within_centre"))
    return build(result, "fingerprint", q, picture=fingerprint.picture(result.view, (captions[0], captions[1])))


def _correlation(result: Experiment, name: str) -> str:
    """A correlation beside those of the drawn elections, short enough for a picture."""
    r, drawn = result.observed["fingerprint"].get(name), result.null["fingerprint"].get(name)
    if r is None or drawn is None:
        return ""
    low, high = np.quantile(drawn, (0.025, 0.975))
    return f"r = {r:+.2f}; modelo · model: {low:+.2f} … {high:+.2f}"


def _digits(result: Experiment, q: dict[tuple[str, str], float], test: DigitTest) -> Finding:
    return build(result, test.code, q, picture=digits_picture(test, result.view))


def _number(name: str, es: str, en: str, value: int, formula: str) -> Figure:
    return Figure(name, {"es": es, "en": en}, value, "stations", formula)
