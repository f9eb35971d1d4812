"""What a check of a random sample proves: an interval for all published sheets, and what is left of a bulletin.

The interval
------------
K of the N published counts differ from what they were compared with; of n drawn ones x do. X is hypergeometric, so the
exact interval at confidence 1 − α is every K with P(X ≤ x; K) > α/2 and P(X ≥ x; K) > α/2 (the counterpart of Clopper
and Pearson's for draws without replacement). A sheet that could not be seen may be right or wrong: the lower end takes
all of them as right, the upper end all as wrong.

A bulletin
----------
If it is true, at least K of the published counts are not what their station voted
(:mod:`testigo.forensics.contradiction`). The chance that a sample then shows so few is at most P(X ≤ x; K).

Rules of this module
--------------------
1. Compared with images of the same source a check proves the transcription alone: a forged sheet agrees with its image.
   Compared with copies that others keep it speaks of the sheets themselves, as far as those came another way.
2. Exact tails, no normal approximation. Valid for the first n sheets of a list whose seed nobody knew when the sheets
   were published, n fixed before; stopping early is harmless only as long as none differs.

Source: Buonaccorsi 1987 (The American Statistician 41:215); Stark 2008 (Annals of Applied Statistics 2:550).
"""

from __future__ import annotations

from collections.abc import Sequence

from scipy.stats import hypergeom

from testigo.errors import InputError
from testigo.forensics.contradiction import Contradiction
from testigo.forensics.finding import Figure, Finding, Text
from testigo.forensics.sample_list import Answers, Sample

CONFIDENCE = 0.95
#: What a check may be made against.
COMPARED = ("images", "copies")

_WITH: dict[str, Text] = {
    "images": {"es": "lo que dicen sus imágenes", "en": "what their images say"},
    "copies": {"es": "lo que dicen las copias que guardan otros", "en": "what the copies kept by others say"},
}
_PROVES: dict[str, Text] = {
    "images": {
        "es": "Eso prueba la transcripción, no que las actas sean auténticas.",
        "en": "That proves the transcription, not that the sheets are authentic.",
    },
    "copies": {
        "es": "Eso habla de las actas mismas, en la medida en que esas copias llegaron por otro camino.",
        "en": "That speaks of the sheets themselves, as far as those copies came another way.",
    },
}


def so_few(population: int, wrong: int, drawn: int, found: int) -> float:
    """P(X ≤ found): chance that at most so many of the ``wrong`` sheets are among ``drawn`` random ones."""
    return float(hypergeom.cdf(found, population, wrong, drawn))


def interval(population: int, drawn: int, least: int, most: int, confidence: float = CONFIDENCE) -> tuple[int, int]:
    """The least and the largest number of wrong sheets among all that the sample does not contradict.

    Args:
        population: N. drawn: n, in the sample.
        least, most: wrong ones among the drawn: those seen to be, and those with all unseen ones.
        confidence: between 0 and 1.

    Raises:
        InputError: numbers that no sample can have, or no confidence.
    """
    if not (0 <= least <= most <= drawn <= population) or not 0 < confidence < 1:
        raise InputError(
            f"{least} to {most} of {drawn} checked, of {population} sheets, at {confidence}: that cannot be.",
            "Give how many were checked, and of those how many differed and how many could not be seen.",
        )
    tail = (1 - confidence) / 2
    return _lowest(population, drawn, least, tail), _highest(population, drawn, most, tail)


def _lowest(population: int, drawn: int, found: int, tail: float) -> int:
    """Least K with P(X ≥ found; K) > tail."""
    low, high = found, population - (drawn - found)
    while low < high:
        middle = (low + high) // 2
        if hypergeom.sf(found - 1, population, middle, drawn) > tail:
            high = middle
        else:
            low = middle + 1
    return low


def _highest(population: int, drawn: int, found: int, tail: float) -> int:
    """Largest K with P(X ≤ found; K) > tail."""
    low, high = found, population - (drawn - found)
    while low < high:
        middle = (low + high + 1) // 2
        if so_few(population, middle, drawn, found) > tail:
            low = middle
        else:
            high = middle - 1
    return low


_VALID_WHEN: Text = {
    "es": "La semilla no se conocía cuando se publicaron las actas, se tomaron las primeras de la lista sin "
    "saltar ninguna, y cuántas se decidió antes (parar antes sólo vale mientras ninguna difiera).",
    "en": "The seed was not known when the sheets were published, the first of the list were taken and none "
    "skipped, and how many was decided before (stopping early is fair only as long as none differs).",
}


def sample_result(
    sample: Sample,
    answers: Answers,
    compared: str = "images",
    bulletins: Sequence[Contradiction] = (),
    reproduce: str = "",
) -> Finding:
    """What the check proves, as a finding of the code ``sample_check``.

    Args:
        sample: the list that was worked through. answers: what was found.
        compared: ``images`` (of the same source) or ``copies`` (kept by others).
        bulletins: what the sheets contradict.

    Raises:
        InputError: numbers that this sample cannot have.
    """
    _refuse_nonsense(sample, answers, compared)
    most = answers.different + answers.unseen
    low, high = interval(sample.population, answers.checked, answers.different, most)
    against = [found for found in bulletins if found.least]
    return Finding(
        code="sample_check",
        title={"es": "Qué prueba la muestra comprobada", "en": "What the checked sample proves"},
        statement=_statement(sample, answers, compared, low, high),
        figures=(*_counts(sample, answers, low, high), *(_left(sample, answers, one, compared) for one in against)),
        source="Buonaccorsi 1987 (The American Statistician 41:215); Stark 2008 (Annals of Applied Statistics 2:550)",
        valid_when=_VALID_WHEN,
        power=_power(sample.population, high),
        blind_spots=_PROVES[compared],
        reproduce=reproduce,
    )


def _power(population: int, high: int) -> Text:
    """What such a sample would have shown."""
    if high >= population:
        return {
            "es": "Con tantas diferencias o actas no vistas, la muestra no pone límite hacia arriba.",
            "en": "With so many differences or sheets not seen, the sample sets no upper limit.",
        }
    return {
        "es": f"Si difirieran {_es(high + 1)} o más de las {_es(population)} actas, una muestra así habría mostrado "
        "más diferencias con probabilidad de 97,5 % o más.",
        "en": f"Were {high + 1:,} or more of the {population:,} sheets different, such a sample would have shown more "
        "differences with probability 97.5 % or more.",
    }


def _refuse_nonsense(sample: Sample, answers: Answers, compared: str) -> None:
    if compared not in COMPARED:
        raise InputError(f"{compared!r} is nothing to compare with.", f"Give one of: {', '.join(COMPARED)}.")
    if not 0 < answers.checked <= sample.size:
        raise InputError(
            f"{answers.checked} sheets checked of a list of {sample.size}.",
            "Give how many of the list were gone through, from its top; at least one.",
        )


def _statement(sample: Sample, answers: Answers, compared: str, low: int, high: int) -> Text:
    n, d, u, total = answers.checked, answers.different, answers.unseen, sample.population
    share = f"{100 * high / total:.1f}"
    return {
        "es": f"Actas sorteadas y comprobadas: {_es(n)}; distintas: {_es(d)}; no vistas: {_es(u)}. Con confianza de "
        f"95 %, entre {_es(low)} y {_es(high)} de las {_es(total)} cifras publicadas (como mucho "
        f"{share.replace('.', ',')} %) no son {_WITH[compared]['es']}. {_PROVES[compared]['es']}",
        "en": f"Sheets drawn and checked: {n:,}; different: {d:,}; not seen: {u:,}. With 95 % confidence between "
        f"{low:,} and {high:,} of the {total:,} published counts (at most {share} %) are not {_WITH[compared]['en']}. "
        f"{_PROVES[compared]['en']}",
    }


def _counts(sample: Sample, answers: Answers, low: int, high: int) -> list[Figure]:
    seen = answers.checked - answers.unseen
    estimate = round(sample.population * answers.different / seen) if seen else None
    none = {"es": "No se pudo ver ninguna.", "en": "None could be seen."}
    rows = (
        ("checked", "Actas comprobadas", "Sheets checked", answers.checked, "the first n of the list"),
        ("different", "De ellas, difieren", "Of those, different", answers.different, "x"),
        ("unseen", "De ellas, no se pudieron ver", "Of those, not seen", answers.unseen, "u"),
    )
    return [
        *(Figure(name, {"es": es, "en": en}, value, "sheets", how) for name, es, en, value, how in rows),
        Figure(
            "different_of_all",
            {"es": "De todas las publicadas difieren, estimado", "en": "Of all published ones different, estimated"},
            estimate,
            "sheets",
            "N·x/(n − u); interval at 95 %: every K with P(X ≤ x + u; K) > 0.025 and P(X ≥ x; K) > 0.025, X "
            "hypergeometric",
            (float(low), float(high)),
            {} if estimate is not None else none,
        ),
    ]


def _left(sample: Sample, answers: Answers, found: Contradiction, compared: str) -> Figure:
    """The chance of so few differences if a bulletin were true."""
    wrong, names = found.least or 0, found.bulletin.authority
    name = {language: names.get(language) or next(iter(names.values()), "") for language in ("es", "en")}
    chance = so_few(sample.population, wrong, answers.checked, answers.different + answers.unseen)
    label = {
        "es": f"Probabilidad (como máximo) de ver tan pocas diferencias si fuera cierto: {name['es']}",
        "en": f"Chance (at most) to see so few differences if it were true: {name['en']}",
    }
    if compared == "images":
        label["es"] += " (y las cifras no fueran las de las imágenes)"
        label["en"] += " (and the counts were not those of the images)"
    return Figure(
        f"chance_{found.bulletin.code}", label, chance, "probability", f"P(X ≤ x + u; K = {wrong}), X hypergeometric"
    )


def _es(number: int) -> str:
    return f"{number:,}".replace(",", ".")
