"""A bulletin against the published sheets, as a finding (the arithmetic is :mod:`testigo.forensics.contradiction`)."""

from __future__ import annotations

from testigo.election import Contest, Register
from testigo.forensics.contradiction import OTHERS, Bound, Contradiction, contradictions, typical
from testigo.forensics.finding import Figure, Finding, Text
from testigo.forensics.sample import chance_of_none, enough
from testigo.forensics.saying import percent
from testigo.forensics.sheets import Sheets

#: Sizes of a random check that are shown, and the risks for which the size is computed.
SIZES = (10, 30, 50, 100, 200, 500)
RISKS = (1e-3, 1e-6)

_NO_COVERAGE: Text = {
    "es": "El boletín no dice qué parte de las mesas cubre.",
    "en": "The bulletin does not say which part of the stations it covers.",
}
_NO_CONTRADICTION: Text = {
    "es": "La aritmética sola no exige ningún acta inventada.",
    "en": "Arithmetic alone does not ask for an invented sheet.",
}


def contradiction_findings(sheets: Sheets, register: Register) -> list[Finding]:
    """One finding per bulletin that the profile names for the sheets' contest."""
    return [contradiction_finding(sheets, found) for found in contradictions(sheets, register)]


def contradiction_finding(sheets: Sheets, found: Contradiction) -> Finding:
    """How many of the published sheets are invented if the bulletin is true, and the chance that a check misses them.

    Args:
        sheets: those that ``found`` was made with.

    Units: sheets, votes, probabilities. Valid under ``valid_when``; a bound, never an estimate.
    """
    return Finding(
        code=f"contradiction_{found.bulletin.code}",
        title={
            "es": f"¿Cuántas actas serían inventadas si fuera cierto? {_name(found, 'es')}",
            "en": f"How many sheets would be invented if it were true? {_name(found, 'en')}",
        },
        statement=statement(found),
        figures=(*_asked(sheets, found), *_bounds(sheets.contest, found), *_checks(found)),
        source="Linear bounds, exact; sample: hypergeometric, as in risk-limiting audits (Stark, Conservative "
        "Statistical Post-Election Audits, 2008; Rivest's sampler, 2011)",
        valid_when={
            "es": "El número de mesas del país es cierto, y la cobertura anunciada también (se concede medio por mil "
            "de redondeo). No supone nada sobre las mesas no publicadas ni sobre cuáles quedaron fuera del boletín.",
            "en": "If the number of the country's stations is true, and so is the announced coverage (half a per mille "
            "of rounding is granted). It assumes nothing about unpublished stations, nor about which are left out.",
        },
        power={
            "es": "El mínimo es riguroso: con menos actas inventadas el boletín es aritméticamente imposible. Una "
            "muestra al azar para comprobar a mano la sortea `testigo sample`.",
            "en": "The least number is rigorous: with fewer invented sheets the bulletin is arithmetically impossible. "
            "`testigo sample` draws a random sample to check by hand.",
        },
        blind_spots={
            "es": "No dice cuál de las dos partes miente. Comprobar una muestra contra las imágenes muestra que se "
            "transcribió bien, no que las actas sean auténticas: eso lo dicen la procedencia y las copias de otros.",
            "en": "It does not say which side lies. Checking a sample against the images shows that they were "
            "transcribed rightly, not that the sheets are authentic: provenance and other parties' copies say that.",
        },
        reproduce="testigo forensics BUNDLE",
    )


def statement(found: Contradiction) -> Text:
    """The contradiction in a sentence or two."""
    if found.least is None:
        return _NO_COVERAGE
    if found.impossible:
        return {
            "es": "El boletín no puede ser cierto: ni inventar todas las actas publicadas bastaría.",
            "en": "The bulletin cannot be true: not even inventing all published sheets would do.",
        }
    if not found.least:
        return _NO_CONTRADICTION
    least, sheets = found.least, found.sheets
    part = percent(least / sheets)
    return {
        "es": f"Si el boletín es cierto, al menos {_es(least)} de las {_es(sheets)} actas publicadas "
        f"({part['es']}) son inventadas, aun si son las de más votos y "
        "todo lo demás favorece al boletín.",
        "en": f"If the bulletin is true, at least {least:,} of the {sheets:,} published sheets ({part['en']}) are "
        "invented, even if they are those of most votes and everything else is in the bulletin's favour.",
    }


def _name(found: Contradiction, language: str) -> str:
    names = found.bulletin.authority
    return names.get(language) or next(iter(names.values()), "")


def _es(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def _asked(sheets: Sheets, found: Contradiction) -> list[Figure]:
    no_coverage = _NO_COVERAGE if found.least is None else {}
    share = None if found.least is None or not found.sheets else found.least / found.sheets
    return [
        Figure(
            "least_invented",
            {"es": "Actas inventadas, como mínimo", "en": "Invented sheets, at least"},
            found.least,
            "sheets",
            "max over all bounds below",
            why_not=no_coverage,
        ),
        Figure(
            "least_share",
            {"es": "Parte de las publicadas", "en": "Part of the published ones"},
            share,
            "share",
            "K / S",
            why_not=no_coverage or ({} if share is not None else _NO_CONTRADICTION),
        ),
        Figure(
            "outside",
            {
                "es": "Mesas que el boletín puede dejar fuera, como máximo",
                "en": "Stations that the bulletin may leave out, at most",
            },
            found.outside,
            "stations",
            "N − ⌈(coverage − ½ ‰) · N⌉",
            why_not=no_coverage,
        ),
        _typical(sheets, found),
    ]


def _typical(sheets: Sheets, found: Contradiction) -> Figure:
    illustration = typical(sheets, found)
    no_coverage = _NO_COVERAGE if found.least is None else {}
    return Figure(
        "typical_invented",
        {
            "es": "Ilustración: actas inventadas si fueran de tamaño medio y ninguna quedara fuera",
            "en": "Illustration: invented sheets if they were of average size and none were left out",
        },
        illustration,
        "sheets",
        "⌈excess / mean votes per sheet⌉; not a bound",
        why_not={} if illustration is not None else (no_coverage or _NO_CONTRADICTION),
    )


def _bounds(contest: Contest, found: Contradiction) -> list[Figure]:
    figures = []
    for bound in found.bounds:
        name = f"least_{bound.kind}_{bound.of.replace('-', '_')}"
        figures.append(Figure(name, _label(contest, bound), bound.least, "sheets", _formula(bound)))
    return figures


def _label(contest: Contest, bound: Bound) -> Text:
    if bound.kind == "margin":
        first, second = (contest.candidate(code).short for code in bound.of.split("-"))
        return {
            "es": f"Mínimo por la diferencia entre {first} y {second}",
            "en": f"At least, from the margin of {first} over {second}",
        }
    who = {"es": "los demás", "en": "the others"}
    if bound.of != OTHERS:
        who = dict.fromkeys(who, contest.candidate(bound.of).short)
    return {"es": f"Mínimo por los votos de {who['es']}", "en": f"At least, from the votes of {who['en']}"}


def _formula(bound: Bound) -> str:
    if bound.kind == "margin":
        return (
            f"published margin {bound.published:,}, announced {bound.announced:,}; lacking after all unpublished "
            f"electors: {bound.excess:,}"
        )
    return f"published {bound.published:,} − announced {bound.announced:,} = {bound.excess:,}; largest sheets first"


def _checks(found: Contradiction) -> list[Figure]:
    """What a random check finds if at least ``least`` of the sheets are wrong."""
    why = _NO_COVERAGE if found.least is None else _NO_CONTRADICTION
    wrong = found.least or 0
    figures = []
    for size in (size for size in SIZES if size <= found.sheets):
        figures.append(
            Figure(
                f"chance_of_none_{size}",
                {
                    "es": f"Probabilidad de que {size} actas al azar no incluyan ninguna inventada (como máximo)",
                    "en": f"Chance that {size} random sheets hold no invented one (at most)",
                },
                chance_of_none(found.sheets, wrong, size) if wrong else None,
                "probability",
                "C(S − K, n) / C(S, n)",
                why_not={} if wrong else why,
            )
        )
    for risk in RISKS:
        size_needed = enough(found.sheets, wrong, risk)
        figures.append(
            Figure(
                f"enough_1_in_{round(1 / risk)}",
                {
                    "es": f"Actas al azar que bastan para un riesgo de 1 en {_es(round(1 / risk))}",
                    "en": f"Random sheets that are enough for a risk of 1 in {round(1 / risk):,}",
                },
                size_needed,
                "sheets",
                "least n with C(S − K, n) / C(S, n) ≤ risk",
                why_not={} if size_needed is not None else why,
            )
        )
    return figures
