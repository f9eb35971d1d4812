"""Round percentages in an announced result, as a finding (the arithmetic is :mod:`testigo.forensics.rounding`)."""

from __future__ import annotations

from fractions import Fraction

from testigo.election import Profile
from testigo.election.profile import Bulletin
from testigo.forensics.finding import Figure, Finding, Text
from testigo.forensics.rounding import ALL, DECIMALS, Roundness, bayes_factor, looks
from testigo.forensics.saying import significant

_VALID_WHEN: Text = {
    "es": "El total es mucho mayor que el número de pasos, y los votos se contaron uno a uno. No supone qué "
    "resultado era probable.",
    "en": "If the total is much larger than the number of steps, and votes were counted one by one. It does "
    "not assume which result was likely.",
}
_POWER: Text = {
    "es": "Ve con certeza toda cifra calculada así, sin retocar. Un solo voto sumado después la oculta.",
    "en": "It sees for certain all counts computed in this way and left alone. One vote added later hides it.",
}
_BLIND_SPOTS: Text = {
    "es": "No dice quién calculó ni por qué: también resultaría así si alguien rehízo las cifras a partir de "
    "los porcentajes leídos en voz alta. No ve cifras inventadas de otro modo.",
    "en": "It does not say who computed, nor why: counts restored from percentages that were read aloud would "
    "look the same. It does not see numbers invented in another way.",
}


def rounding_finding(profile: Profile, bulletin: Bulletin) -> Finding:
    """Whether a bulletin's counts are what round percentages of its total give, and the chance of that.

    Args:
        profile: whose bulletins of the same contest were all looked at (the look-elsewhere factor).
        bulletin: with its groups as announced: every named candidate, and *others* unless 0.

    Raises:
        InputError: the bulletin has no votes or one group only.
    """
    counts = [*bulletin.votes.values(), *([bulletin.others] if bulletin.others else [])]
    announcements = sum(one.contest == bulletin.contest for one in profile.bulletins) or 1
    looked = looks(counts)
    figures = [
        Figure("total", {"es": "Votos anunciados", "en": "Announced votes"}, sum(counts), "votes", "Σ v_c"),
        *(_chance(one) for one in looked if one.way == ALL),
        *_percentages(looked),
        *_factors(looked, announcements),
    ]
    return Finding(
        code=f"round_numbers_{bulletin.code}",
        title={
            "es": f"¿Cifras calculadas a partir de porcentajes redondos? {_name(bulletin.authority, 'es')}",
            "en": f"Counts computed from round percentages? {_name(bulletin.authority, 'en')}",
        },
        statement=_statement(looked, announcements),
        figures=tuple(figures),
        source="Exact enumeration; null: every split of the total equally likely (or any null that is smooth over one "
        "step of the percentages). Bayes factor: Kass and Raftery, Bayes Factors, JASA 90 (1995).",
        valid_when=_VALID_WHEN,
        power=_POWER,
        blind_spots=_BLIND_SPOTS,
        reproduce="testigo forensics BUNDLE",
    )


def rounding_findings(profile: Profile, contest: str) -> list[Finding]:
    """One finding per bulletin of the contest with at least two groups."""
    return [
        rounding_finding(profile, one)
        for one in profile.bulletins
        if one.contest == contest and len(one.votes) + bool(one.others) > 1 and any(one.votes.values())
    ]


def _name(names: Text, language: str) -> str:
    return names.get(language) or next(iter(names.values()), "")


def _decimals(number: int, language: str) -> str:
    if language == "es":
        return f"{number} decimal{'es' if number != 1 else ''}"
    return f"{number} decimal{'s' if number != 1 else ''}"


def _chance(one: Roundness) -> Figure:
    yes = {"es": "lo son", "en": "they are"} if one.round else {"es": "no lo son", "en": "they are not"}
    return Figure(
        f"chance_{one.decimals}",
        {
            "es": f"Probabilidad de que todas sean redondas con {_decimals(one.decimals, 'es')} ({yes['es']})",
            "en": f"Chance that all counts are round at {_decimals(one.decimals, 'en')} ({yes['en']})",
        },
        float(one.probability),
        "probability",
        "round vectors / C(T + k − 1, k − 1), counted exactly",
    )


def _percentages(looked: list[Roundness]) -> list[Figure]:
    best = _best(looked)
    if best is None or best.percentages is None:
        return []
    text = " + ".join(f"{float(share):.{best.decimals}f} %" for share in best.percentages)
    return [
        Figure(
            "percentages",
            {"es": "Porcentajes que dan exactamente esas cifras", "en": "Percentages that give exactly these counts"},
            text,
            "percent",
            "v_c = ⌊p_c · T / 100 + 1/2⌋",
        )
    ]


def _factors(looked: list[Roundness], announcements: int) -> list[Figure]:
    ways = len(looked) * announcements
    best = _best(looked)
    alone = best.bayes_factor if best else Fraction(0)
    return [
        Figure(
            "bayes_factor",
            {
                "es": "Factor de Bayes (calculadas contra contadas), si solo se mirara así",
                "en": "Bayes factor (computed against counted), had one looked in this way only",
            },
            float(alone),
            "1",
            "1 / P of the coarsest percentages that fit; 0 if none fit",
        ),
        Figure(
            "look_elsewhere",
            {"es": "Maneras en que se miró", "en": "Ways in which one looked"},
            ways,
            "1",
            f"J = {len(DECIMALS)} numbers of decimals × 2 (all counts; all but the last) × {announcements} bulletins",
        ),
        *_over_all_ways(looked, announcements),
    ]


def _over_all_ways(looked: list[Roundness], announcements: int) -> list[Figure]:
    """After discounting how much one looked."""
    return [
        Figure(
            "bayes_factor_corrected",
            {
                "es": "Factor de Bayes, repartido entre todas esas maneras",
                "en": "Bayes factor, spread over all those ways",
            },
            float(bayes_factor(looked, announcements)),
            "1",
            "(1/J) Σ 1/P_j over the ways that fit",
        ),
        Figure(
            "chance_of_any",
            {
                "es": "Probabilidad de que cifras honestas sean redondas en alguna de esas maneras (como máximo)",
                "en": "Chance that honest counts are round in any of those ways (at most)",
            },
            min(1.0, float(announcements * sum((one.probability for one in looked), Fraction(0)))),
            "probability",
            "Σ P_j over all J ways (union bound; the other bulletins taken as of equal size)",
        ),
    ]


def _best(looked: list[Roundness]) -> Roundness | None:
    fitting = [one for one in looked if one.round]
    return max(fitting, key=lambda one: one.bayes_factor) if fitting else None


def _statement(looked: list[Roundness], announcements: int) -> Text:
    best = _best(looked)
    if best is None:
        return {
            "es": "Las cifras anunciadas no son las que dan porcentajes redondos del total.",
            "en": "The announced counts are not what round percentages of the total give.",
        }
    factor = float(bayes_factor(looked, announcements))
    chance = float(best.probability)
    small, times = significant(chance), significant(factor)
    if chance > 1e-3:
        return {
            "es": f"Las cifras son redondas, pero con tan pocos votos eso pasa a menudo (probabilidad {small['es']}).",
            "en": f"The counts are round, but with so few votes that happens often (chance {small['en']}).",
        }
    return {
        "es": f"Las cifras son exactamente las que dan porcentajes con {_decimals(best.decimals, 'es')} del total. Por "
        f"azar, eso tiene probabilidad {small['es']}; como prueba, multiplica por {times['es']} la razón a favor de "
        "que se calcularon, tras descontar cuánto se buscó.",
        "en": f"The counts are exactly what percentages with {_decimals(best.decimals, 'en')} of the total give. By "
        f"chance, that has probability {small['en']}; as evidence, it multiplies the odds that they were computed by "
        f"{times['en']}, after discounting how much one looked.",
    }
