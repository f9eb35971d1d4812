"""Whether the winner is beyond reach, as a finding: the worst case, with and without premises about turnout.

Rules of this module
--------------------
1. The arithmetic is :mod:`testigo.tally.certainty` and :mod:`testigo.tally.premises`; here it is only told.
2. Whatever cannot be computed says why: unknown electors are never 0.
"""

from __future__ import annotations

from testigo.forensics.finding import Figure, Finding, Text
from testigo.tally import (
    PREMISES,
    TURNOUTS,
    AreaCertainty,
    Certainty,
    Dispute,
    Premise,
    Tally,
    certainty_by_area,
    disputed,
    premises,
    worst_case_margin,
)

_NO_ELECTORS: Text = {
    "es": "Se desconocen los electores inscritos del país: falta un registro.",
    "en": "The country's registered electors are unknown: a register is needed.",
}
_NOTHING_LEFT: Text = {"es": "No queda nadie por contar.", "en": "Nobody is left to be counted."}

_ANSWERS: dict[str, Text] = {
    "nothing": {
        "es": "Ninguna mesa está en disputa ni a la espera de confirmación.",
        "en": "No station is disputed or waits for confirmation.",
    },
    "no": {
        "es": "Las mesas en disputa o sin confirmar no cambian al ganador, ni siquiera en el peor caso.",
        "en": "The disputed and unconfirmed stations do not change the winner, not even in the worst case.",
    },
    "as_they_stand": {
        "es": "Las mesas en disputa o sin confirmar, contadas o no contadas, cambian al ganador.",
        "en": "The disputed and unconfirmed stations, counted or not counted, change the winner.",
    },
    "at_worst": {
        "es": "Las mesas en disputa o sin confirmar no cambian al ganador como están, pero podrían si son falsas.",
        "en": "The disputed and unconfirmed stations do not change the winner as they stand, but could if false.",
    },
    "unknown": {
        "es": "No se sabe si las mesas en disputa podrían cambiar al ganador: se desconocen sus electores.",
        "en": "Whether the disputed stations could change the winner is unknown: so are their electors.",
    },
}


_VALID_WHEN: Text = {
    "es": "Siempre que las mesas contadas estén bien contadas y sus actas sean auténticas, y el registro "
    "nacional de electores no sea menor que el verdadero. No supone nada sobre qué mesas faltan.",
    "en": "If the counted stations are counted rightly and their sheets are authentic, and the national number "
    "of electors is not below the true one. It assumes nothing about which stations are missing.",
}
_POWER: Text = {
    "es": "Es una cota, no una prueba: si el margen es positivo, ningún voto de lo que falta lo cambia.",
    "en": "It is a bound, not a test: if the margin is positive, no votes of what is missing change it.",
}
_BLIND_SPOTS: Text = {
    "es": "No ve actas falsas entre las contadas; de eso tratan la contradicción, la muestra y la procedencia. "
    "Un margen negativo no dice que el resultado cambie, solo que la aritmética sola no lo excluye.",
    "en": "It does not see forged sheets among the counted ones: contradiction, sample and provenance are for "
    "that. A negative margin does not say that the result changes, only that arithmetic alone cannot rule "
    "it out.",
}


def certainty_finding(tally: Tally, turnouts: tuple[float, ...] = TURNOUTS) -> Finding:
    """Whether anything that is not counted could change who won.

    Args:
        tally: of the contest, with the register that gives the electors.
        turnouts: caps to show, parts of 1. Raises :class:`InputError` for others.

    Formula: worst-case margin = lead − (E − Σ e_i), votes; e_i is the votes cast where it is unknown (a lower bound).
    Valid for any pattern of missing stations; the only premise is that the counted sheets are right and authentic.
    """
    certainty, question, areas = worst_case_margin(tally), disputed(tally), list(certainty_by_area(tally))
    figures = [
        *_worst_case(certainty),
        *(_capped(certainty, turnout) for turnout in turnouts),
        *(_capped_nationally(certainty, turnout) for turnout in turnouts),
        *_premises(tally),
        *_question(question),
        *_areas(tally, areas),
    ]
    return Finding(
        code="certainty",
        title={"es": "¿Podría lo que falta cambiar al ganador?", "en": "Could what is missing change the winner?"},
        statement=_statement(tally, certainty, question),
        figures=tuple(figures),
        source="Arithmetic; the bound of an incomplete count, as in risk-limiting audits' treatment of missing ballots "
        "(Bañuelos and Stark, Limiting Risk by Turning Manifest Phantoms into Evil Zombies, 2012)",
        valid_when=_VALID_WHEN,
        power=_POWER,
        blind_spots=_BLIND_SPOTS,
        reproduce="testigo tally BUNDLE --json",
    )


def _statement(tally: Tally, certainty: Certainty, question: Dispute) -> Text:
    leader, margin = tally.country.leader, certainty.worst_case_margin
    es, en = _ANSWERS[question.answer]["es"], _ANSWERS[question.answer]["en"]
    if leader is None:
        return {"es": f"Nadie va delante. {es}", "en": f"Nobody leads. {en}"}
    name = tally.contest.candidate(leader).name
    if margin is None:
        return {
            "es": f"Va delante {name}; no se puede decir si es definitivo. {_NO_ELECTORS['es']} {es}",
            "en": f"{name} leads; whether for good cannot be said. {_NO_ELECTORS['en']} {en}",
        }
    least = "" if certainty.exact else "at least "
    al_menos = "" if certainty.exact else " al menos"
    if certainty.certain:
        return {
            "es": f"{name} gana aunque todos los electores no contados votaran por el segundo: "
            f"quedan{al_menos} {_es(margin)} votos. {es}",
            "en": f"{name} wins even if every elector who is not counted voted for the runner-up: "
            f"{least}{margin:,} votes are left. {en}",
        }
    return {
        "es": f"Va delante {name}, y lo que falta podría cambiarlo: en el peor caso le faltarían {_es(-margin)} votos. "
        f"{es}",
        "en": f"{name} leads, and what is missing could change it: in the worst case {-margin:,} votes are lacking. "
        f"{en}",
    }


def _es(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def _worst_case(certainty: Certainty) -> list[Figure]:
    no_electors = _NO_ELECTORS if certainty.electors_not_counted is None else {}
    least = {} if certainty.exact else {"es": " (como mínimo)", "en": " (at least)"}
    margin = {
        "es": "Margen en el peor caso" + least.get("es", ""),
        "en": "Worst-case margin" + least.get("en", ""),
    }
    return [
        Figure("lead", {"es": "Ventaja contada", "en": "Counted lead"}, certainty.lead, "votes", "first − second"),
        Figure(
            "electors_not_counted",
            {"es": "Electores no contados (como máximo)", "en": "Electors not counted (at most)"},
            certainty.electors_not_counted,
            "electors",
            "E − Σ e_i; votes cast stand for e_i where it is unknown",
            why_not=no_electors,
        ),
        Figure(
            "worst_case_margin",
            margin,
            certainty.worst_case_margin,
            "votes",
            "lead − electors not counted",
            why_not=no_electors,
        ),
        *_break_even(certainty, no_electors),
    ]


def _break_even(certainty: Certainty, no_electors: Text) -> tuple[Figure, ...]:
    return (
        Figure(
            "break_even_turnout",
            {
                "es": "Participación de lo no contado con la que el segundo empata (más de 100 %: imposible)",
                "en": "Turnout of what is not counted at which the runner-up draws level (above 100 %: impossible)",
            },
            certainty.break_even_turnout,
            "share",
            "lead / electors not counted",
            why_not=no_electors or ({} if certainty.electors_not_counted else _NOTHING_LEFT),
        ),
        Figure(
            "break_even_national_turnout",
            {
                "es": "Participación nacional con la que el segundo empata si se lleva todo lo no contado",
                "en": "National turnout at which the runner-up draws level by taking all that is not counted",
            },
            certainty.break_even_national_turnout,
            "share",
            "(votes cast at counted stations + lead) / E",
            why_not=no_electors,
        ),
    )


def _capped(certainty: Certainty, turnout: float) -> Figure:
    percent = f"{100 * turnout:g}"
    margin = certainty.margin_at(turnout)
    return Figure(
        f"margin_at_{percent.replace('.', '_')}",
        {
            "es": f"Margen si vota como máximo el {percent} % de lo no contado, todos por el segundo",
            "en": f"Margin if at most {percent} % of what is not counted votes, all for the runner-up",
        },
        margin,
        "votes",
        f"lead − ⌊{turnout:g} · electors not counted⌋",
        why_not=_NO_ELECTORS if margin is None else {},
    )


def _capped_nationally(certainty: Certainty, turnout: float) -> Figure:
    percent = f"{100 * turnout:g}"
    margin = certainty.margin_at_national(turnout)
    return Figure(
        f"margin_at_national_{percent.replace('.', '_')}",
        {
            "es": f"Margen si en todo el país votó como máximo el {percent} %",
            "en": f"Margin if at most {percent} % of the whole country voted",
        },
        margin,
        "votes",
        f"max(lead − max(⌊{turnout:g} · E⌋ − cast, 0), worst-case margin)",
        why_not=_NO_ELECTORS if margin is None else {},
    )


def _premises(tally: Tally) -> list[Figure]:
    return [
        Figure(
            f"premise_{one.code}",
            {
                "es": f"Margen en el peor caso si se aceptan {PREMISES[one.code]['es']} ({_es(one.stations)})",
                "en": f"Worst-case margin if one accepts {PREMISES[one.code]['en']} ({one.stations:,})",
            },
            one.certainty.worst_case_margin if one.stations else None,
            "votes",
            "lead − electors of everything else, over the stations that the premise accepts",
            why_not=_why_no_premise(one),
        )
        for one in premises(tally)
    ]


def _why_no_premise(one: Premise) -> Text:
    if not one.stations:
        return {"es": "Ninguna mesa cumple esa premisa.", "en": "No station meets that premise."}
    return _NO_ELECTORS if one.certainty.worst_case_margin is None else {}


def _question(question: Dispute) -> list[Figure]:
    unknown = _NO_ELECTORS if question.electors is None else {}
    return [
        Figure("disputed_answer", _ANSWERS[question.answer], question.answer, "1", "see testigo.tally.premises"),
        Figure(
            "disputed_stations",
            {"es": "Mesas en disputa o sin confirmar", "en": "Disputed or unconfirmed stations"},
            question.stations,
            "stations",
            "contested, or with counts that the headline does not take",
        ),
        Figure(
            "disputed_margin",
            {
                "es": "Margen si todos los electores de esas mesas votaron por el segundo",
                "en": "Margin if every elector of those stations voted for the runner-up",
            },
            question.worst_case_margin,
            "votes",
            "lead without those stations − their electors",
            why_not=unknown,
        ),
    ]


def _areas(tally: Tally, areas: list[AreaCertainty]) -> list[Figure]:
    """Per level: how many areas are certain, rigorously and if no unnamed station lies in them."""
    figures = []
    for level in tally.profile.levels:
        here = [one for one in areas if one.area.level == level.code]
        known = [one for one in here if one.named.electors_not_counted is not None]
        plural = {language: level.plural.get(language, level.code) for language in ("es", "en")}
        for code, certain, es, en in (
            (
                "rigorous",
                sum(one.rigorous.certain for one in here),
                "decididos sin premisas",
                "beyond reach, rigorously",
            ),
            (
                "named",
                sum(one.named.certain for one in known),
                "decididos si ninguna mesa sin nombre está allí",
                "beyond reach if no station known only by number lies there",
            ),
        ):
            figures.append(
                Figure(
                    f"areas_{level.code}_{code}",
                    {
                        "es": f"{plural['es']}: {es}, de {len(here)} ({len(known)} con electores conocidos)",
                        "en": f"{plural['en']}: {en}, of {len(here)} ({len(known)} with known electors)",
                    },
                    certain,
                    "areas",
                    "lead − electors of the area not counted > 0",
                )
            )
    return figures
