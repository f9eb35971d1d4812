"""What the finding says, in both languages; numbers come in already formatted by :func:`number`."""

from __future__ import annotations

from testigo.forensics.eforensics.data import Chosen, Groups
from testigo.forensics.eforensics.fit import Fit
from testigo.forensics.eforensics.model import SUSPECT
from testigo.forensics.eforensics.planted import Planting
from testigo.forensics.finding import Text

TITLE = {
    "es": "Mezcla finita de fraudes (eforensics): {leader}",
    "en": "Finite mixture of frauds (eforensics): {leader}",
}

VALID = {
    "es": (
        "Vale si, sin fraude, la participación y el voto de las mesas se reparten como normales en la escala "
        "logística alrededor de un solo centro (o del de su grupo), son independientes entre sí, y el fraude "
        "beneficia al líder y es una de dos clases. Una población mezclada de otra manera (campo y ciudad, centros "
        "pequeños) se toma por fraude: el modelo no distingue fraude de diversidad. La clase «sin fraude» es la más "
        "frecuente por definición: así no cambian las etiquetas. Con EM los intervalos son los de una sola moda. "
        "Los nulos desconocidos cuentan como cero."
    ),
    "en": (
        "Valid if, without fraud, turnout and share of the stations are normal on the logistic scale around one "
        "centre (or their group's), independent of each other, and fraud favours the leader and is one of two "
        "kinds. A population mixed in another way (country and town, small centres) is taken for fraud: the model "
        "cannot tell fraud from diversity. “No fraud” is the most frequent class by definition: so labels cannot "
        "switch. With EM the intervals are those of one mode. Unknown null votes count as zero."
    ),
}

BLIND = {
    "es": (
        "Fraude en favor de otro que el líder; fraude igual en todas las mesas (pasa por opinión); fraude dentro de "
        "lo que varían las mesas; registro inflado; actas inventadas según el modelo; las mesas sin acta o sin "
        "electores conocidos."
    ),
    "en": (
        "Fraud in favour of somebody other than the leader; fraud that is the same everywhere (it passes for "
        "opinion); fraud within what stations vary; a padded register; sheets invented according to the model; "
        "stations without a sheet or without known electors."
    ),
}

SOURCE = (
    "D. Ferrari, K. McAlister, W. R. Mebane Jr., “Developments in Positive Empirical Models of Election Frauds: "
    "Dimensions and Decisions” (2018); W. R. Mebane Jr., “eforensics: A Bayesian Implementation of A Positive "
    "Empirical Model of Election Frauds”, model qbl. Here with everything latent integrated out."
)


def number(value: float, language: str, digits: int = 0) -> str:
    """A number as people write it in that language."""
    text = f"{value:,.{digits}f}"
    return text.translate(str.maketrans(",.", ".,")) if language == "es" else text


def title(leader: str) -> Text:
    """Title of the finding."""
    return {language: text.format(leader=leader) for language, text in TITLE.items()}


def statement(fit: Fit, chosen: Chosen, groups: Groups) -> Text:
    """What came out, and how far to trust that it did."""
    texts = {}
    for language, text in _STATEMENT.items():
        said = {
            "looked": number(len(fit.stations), language),
            "suspects": number(len(fit.suspects), language),
            "half": number(SUSPECT, language, 1),
            "total": number(fit.total, language),
            "low": number(fit.total_interval[0], language),
            "high": number(fit.total_interval[1], language),
            "unknown": number(chosen.unknown, language),
            "impossible": number(chosen.impossible, language),
        }
        parts = [text.format(**said), _GROUPS[groups][language]]
        if fit.boundary:
            parts = [_BOUNDARY[language].format(**said), _GROUPS[groups][language]]
        if len(fit.stations) < len(chosen.rows):
            parts.append(_PART[language].format(all=number(len(chosen.rows), language)))
        if chosen.unknown or chosen.impossible:
            parts.append(_LEFT_OUT[language].format(**said))
        if not fit.convergence.converged:
            parts.append(_NOT_CONVERGED[language])
        texts[language] = " ".join(parts)
    return texts


_STATEMENT = {
    "es": (
        "De {looked} mesas, el modelo da a {suspects} más de {half} de probabilidad de fraude, y estima {total} "
        "votos fraudulentos ({low} a {high}). Un modelo así llama fraude a toda mesa que se aparta de las demás: "
        "son mesas para mirar, no una acusación."
    ),
    "en": (
        "Of {looked} stations, the model gives {suspects} a probability of fraud above {half}, and estimates "
        "{total} fraudulent votes ({low} to {high}). Such a model calls fraud every station that departs from the "
        "rest: stations to look at, not an accusation."
    ),
}
_GROUPS: dict[str, Text] = {
    "none": {
        "es": "Sin covariables: todo el país con un mismo centro.",
        "en": "Without covariates: the whole country around one centre.",
    },
    "area": {
        "es": "Cada área con su propia participación y su propio voto.",
        "en": "Each area with its own turnout and share.",
    },
}
_BOUNDARY = {
    "es": (
        "Las cuentas de {looked} mesas se explican igual de bien sin ningún fraude (criterio BIC): la mezcla queda "
        "en su borde y no señala ninguna mesa."
    ),
    "en": (
        "The counts of {looked} stations are explained as well without any fraud (by BIC): the mixture is at its "
        "boundary and points at no station."
    ),
}
_PART = {
    "es": "Se miró una parte al azar de las {all} mesas utilizables.",
    "en": "A random part of the {all} usable stations was looked at.",
}
_LEFT_OUT = {
    "es": "Fuera quedan {unknown} mesas sin electores conocidos y {impossible} sin votos o con más que electores.",
    "en": "Left out: {unknown} stations of unknown electors, {impossible} without votes or with more than electors.",
}
_NOT_CONVERGED = {
    "es": "El ajuste no convergió del todo: los intervalos son orientativos.",
    "en": "The fit did not converge entirely: take the intervals as a rough guide.",
}


def power(planted: tuple[Planting, ...]) -> Text:
    """What the model found of the frauds that were planted in these very counts."""
    if not planted:
        return {
            "es": "No se plantó nada: véase el mismo análisis con EM, o benchmarks/eforensics.",
            "en": "Nothing was planted: see the same analysis with EM, or benchmarks/eforensics.",
        }
    texts = {}
    for language, text in _POWER.items():
        rows = [
            _PLANTED[language].format(
                share=number(100 * p.strength, language),
                kind=KINDS[p.kind][language],
                found=p.found,
                planted=p.planted,
                others=p.others,
                votes=number(p.votes, language),
            )
            for p in planted
        ]
        weak = [_BLIND_TO[language]] if any(p.found < 0.1 * p.planted for p in planted) else []
        texts[language] = " ".join([text, *rows, *weak])
    return texts


#: What a planted fraud takes.
KINDS: dict[str, Text] = {
    "both": {"es": "las abstenciones y de los votos ajenos", "en": "the abstentions and of the others' votes"},
    "made": {"es": "las abstenciones", "en": "the abstentions"},
    "stolen": {
        "es": "los votos ajenos, con la misma participación",
        "en": "the others' votes, turnout as it was",
    },
}
_POWER = {
    "es": "Se plantaron fraudes en favor del líder en estas mismas cuentas, en mesas al azar, y se ajustó de nuevo.",
    "en": "Frauds for the leader were planted in these very counts, at random stations, and the model fitted again.",
}
_PLANTED = {
    "es": (
        "Con el {share} % de {kind} ({votes} votos) halló {found} de {planted} mesas, y sospechó además de {others} "
        "sin tocar."
    ),
    "en": (
        "With {share} % of {kind} ({votes} votes) it found {found} of {planted} stations, and came to suspect {others} "
        "untouched ones besides."
    ),
}
_BLIND_TO = {
    "es": "Un «ninguna mesa sospechosa» de este modelo no dice nada de fraudes que casi nunca halla.",
    "en": "That this model suspects no station says nothing of frauds that it hardly ever finds.",
}

TOO_FEW = {
    "es": "Hay {usable} mesas con electores y votos; el modelo pide {fewest}. Sin electores conocidos: {unknown}.",
    "en": "{usable} stations have electors and votes; the model asks for {fewest}. Electors unknown: {unknown}.",
}
EVERYTHING = {
    "es": "En todas las mesas el líder tiene todos los votos o ninguno: no hay reparto que modelar.",
    "en": "In every station the leader has all of the votes or none: there is no spread to model.",
}
NOTHING = {
    "es": "Sin ajuste no hay nada que hallar.",
    "en": "Without a fit there is nothing to find.",
}
