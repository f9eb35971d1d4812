"""An experiment -> findings: every statistic with its model-based and naive p-values, and what was planted and found.

Rules of this module
--------------------
1. Every statistic of a test appears, also one that could not be computed: then the figure says why.
2. The naive p-value always stands beside the share of honest drawn elections in which it would have raised an alarm.
3. Power is reported as counts of trials, never as an adjective.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from testigo.forensics.battery.bootstrap import LEVEL, Experiment
from testigo.forensics.battery.planted import ALTERATIONS, DOSES, NAMES
from testigo.forensics.battery.texts import ABOUT, VALID
from testigo.forensics.finding import Figure, Finding, Text
from testigo.forensics.saying import significant

_NO_ANSWER: Text = {
    "es": "No se puede calcular con estas mesas: faltan electores, mesas hermanas, votos o mesas suficientes.",
    "en": "It cannot be computed from these stations: electors, sister stations, votes or enough stations are lacking.",
}


def _joined(one: Text, es: str, en: str) -> Text:
    return {"es": one["es"] + es, "en": one["en"] + en}


def statistic_figures(result: Experiment, code: str, q: dict[tuple[str, str], float]) -> tuple[Figure, ...]:
    """Value, p-value, q-value, naive p-value and naive false alarms of every statistic of a test."""
    figures: list[Figure] = []
    p = result.p(code)
    for name, (label, unit, formula) in ABOUT[code].statistics.items():
        if name not in p:
            figures.append(Figure(name, label, None, unit, formula, why_not=_NO_ANSWER))
            continue
        drawn = result.null[code][name]
        interval = (float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975)))
        value = result.observed[code][name]
        where = f"{formula}; interval: 95 % of {len(drawn)} drawn honest elections"
        shown = int(value) if unit in ("stations", "pairs") else value
        figures.append(Figure(name, label, shown, unit, where, interval))
        rows = (
            (f"{name}_p", ": p del modelo", ": model-based p", p[name], "(1 + #{drawn ≥ observed})/(draws + 1)"),
            (f"{name}_q", ": q de la batería", ": q over the battery", q.get((code, name)), "Benjamini-Hochberg 1995"),
            (f"{name}_naive_p", ": p de manual", ": naive p", result.naive[code].get(name), "see the test's module"),
            (
                f"{name}_naive_alarms",
                ": falsas alarmas de manual en elecciones honestas",
                ": naive false alarms on honest elections",
                result.naive_alarms[code].get(name),
                "share of drawn honest elections with naive p < 0.05",
            ),
        )
        for row, es, en, number, how in rows:
            if number is None and row == f"{name}_q":
                continue  # shown for context, judged by another statistic or by none
            why = {} if number is not None else _NO_ANSWER
            figures.append(Figure(row, _joined(label, es, en), number, "probability", how, why_not=why))
    return tuple(figures)


def power_figures(result: Experiment, code: str) -> tuple[Figure, ...]:
    """Trials found per alteration and dose."""
    how = (
        f"trials of {result.trials} honest drawn elections with that share of stations altered in which the test's "
        f"smallest p times its statistics is at most {LEVEL}, p the larger of two: ranks among the honest election's "
        "draws, and Student's t over draws of the model fitted again to the tampered elections"
    )
    return tuple(
        Figure(
            f"found_{name}_{round(100 * dose)}",
            {
                "es": f"Detectado: {NAMES[name]['es']} en {100 * dose:.0f} % de las mesas",
                "en": f"Found: {NAMES[name]['en']} at {100 * dose:.0f} % of stations",
            },
            result.found[code][name, dose],
            f"of {result.trials} trials",
            how,
        )
        for name in ALTERATIONS
        for dose in DOSES
    )


def power_text(result: Experiment, code: str) -> Text:
    """What the test sees, then the smallest dose of each alteration that it found in most trials."""
    seen: dict[str, list[str]] = {"es": [], "en": []}
    for name in ALTERATIONS:
        doses = [dose for dose in DOSES if 2 * result.found[code][name, dose] > result.trials]
        if doses:
            for language in seen:
                seen[language].append(f"{NAMES[name][language]} ({100 * min(doses):.0f} %)")
    sees = ABOUT[code].sees
    return {
        "es": f"{sees['es']} En la mayoría de {result.trials} ensayos halló: {', '.join(seen['es']) or 'nada'}.",
        "en": f"{sees['en']} In most of {result.trials} trials it found: {', '.join(seen['en']) or 'nothing'}.",
    }


def statement(result: Experiment, code: str, q: dict[tuple[str, str], float]) -> Text:
    """What came out, in two sentences."""
    p = result.p(code)
    if not p:
        return _NO_ANSWER
    judged = [name for name in p if (code, name) in q]
    beyond = [name for name in judged if q[code, name] <= LEVEL]
    clear = [name for name in beyond if p[name] * (result.draws + 1) < 1.5]
    naive = [name for name in p if result.naive[code].get(name, 1.0) < LEVEL]
    if clear:
        first = {
            "es": "Fuera de lo que el azar explica en el modelo honesto: " + _named(result, code, clear, q, "es"),
            "en": "Beyond what chance explains in the honest model: " + _named(result, code, clear, q, "en"),
        }
    elif beyond:
        first = {
            "es": f"Nada claro. En el límite: {_named(result, code, beyond, q, 'es')}; algunas de las "
            f"{result.draws} elecciones honestas sorteadas dieron lo mismo o más",
            "en": f"Nothing clear. At the limit: {_named(result, code, beyond, q, 'en')}; some of the "
            f"{result.draws} honest elections drawn gave as much or more",
        }
    else:
        first = {
            "es": f"Nada llamativo: así saldría también una elección honesta (cifras miradas: {len(judged)})",
            "en": f"Nothing striking: an honest election would look like this too (figures looked at: {len(judged)})",
        }
    return _joined(
        first,
        f". La prueba de manual, que alarma también a elecciones honestas, daría {len(naive)} de {len(p)} alarmas.",
        f". The textbook's test, which honest elections fail too, would raise {len(naive)} of {len(p)} alarms.",
    )


def _named(result: Experiment, code: str, names: list[str], q: Mapping[tuple[str, str], float], language: str) -> str:
    """Statistics with their p and q, in words."""
    p = result.p(code)
    return "; ".join(
        f"{ABOUT[code].statistics[name][0][language]} (p = {significant(p[name])[language]}, "
        f"q = {significant(q[code, name])[language]})"
        for name in names
    )


def build(
    result: Experiment,
    code: str,
    q: dict[tuple[str, str], float],
    *,
    extra: tuple[Figure, ...] = (),
    before: Text | None = None,
    stations: tuple[str, ...] = (),
    picture: str = "",
) -> Finding:
    """The finding of a test, with what only that test adds; ``before``: what comes first, in plain words."""
    about = ABOUT[code]
    said = statement(result, code, q)
    if before is not None:
        said = {language: f"{text} {said[language]}" for language, text in before.items()}
    return Finding(
        code=code,
        title=about.title,
        statement=said,
        figures=(*statistic_figures(result, code, q), *extra, *power_figures(result, code)),
        source=about.source,
        valid_when=VALID,
        power=power_text(result, code),
        blind_spots=about.blind,
        stations=stations,
        reproduce=f"testigo forensics BUNDLE --seed {result.seed}",
        picture=picture,
        seed=result.seed,
    )


def unanswered(seed: int) -> tuple[Finding, ...]:
    """The battery's findings where nothing was counted: each says so."""
    why: Text = {
        "es": "No hay votos contados: no se puede calcular nada.",
        "en": "No votes are counted: nothing can be computed.",
    }
    return tuple(
        Finding(
            code=code,
            title=about.title,
            statement=why,
            figures=tuple(
                Figure(name, label, None, unit, formula, why_not=why)
                for name, (label, unit, formula) in about.statistics.items()
            ),
            source=about.source,
            valid_when=VALID,
            power=about.sees,
            blind_spots=about.blind,
            reproduce=f"testigo forensics BUNDLE --seed {seed}",
            seed=seed,
        )
        for code, about in ABOUT.items()
    )
