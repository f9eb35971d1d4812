"""A comparison told: as the documented JSON, and as a finding."""

from __future__ import annotations

from typing import Any

from testigo.forensics.compare.joining import Comparison
from testigo.forensics.finding import Figure, Finding, Text
from testigo.forensics.saying import whole


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """The answer of ``testigo compare --json``.

    ``same``: stations. ``different``: ``[{"station", "a", "b"}]`` with the votes per candidate (and ``null``, ``blank``
    where both give them). ``only_a``, ``only_b``: codes. ``winner_changes``: whether the first place is another.
    ``candidates``: compared; ``not_compared``: that one side alone has. ``totals``: per side and candidate; ``effect``:
    what each kind of difference adds to A's totals on the way to B's. ``first``: who is first in each.
    ``notes``: what was noticed while reading.
    """
    return {
        "a": comparison.a.name,
        "b": comparison.b.name,
        "same": comparison.same,
        "different": [{"station": one.station, "a": dict(one.a), "b": dict(one.b)} for one in comparison.different],
        "only_a": comparison.only_a,
        "only_b": comparison.only_b,
        "winner_changes": comparison.winner_changes,
        "candidates": list(comparison.candidates),
        "not_compared": list(comparison.left_out),
        "stations": {"a": len(comparison.a), "b": len(comparison.b)},
        "totals": {"a": comparison.totals_a, "b": comparison.totals_b},
        "effect": comparison.effect,
        "first": {"a": list(comparison.first_a), "b": list(comparison.first_b)},
        "notes": [note.as_json() for side in (comparison.a, comparison.b) for note in side.notes],
    }


def comparison_finding(comparison: Comparison) -> Finding:
    """The comparison as a finding. Counts only: nothing in it is estimated."""
    only_a, only_b, different = comparison.only_a, comparison.only_b, comparison.different
    figures = [
        _stations("same", "Mesas iguales en ambas", "Stations the same in both", comparison.same),
        _stations("different", "Mesas con otras cifras", "Stations with other counts", len(different)),
        _stations("only_a", "Mesas solo en A", "Stations in A only", len(only_a)),
        _stations("only_b", "Mesas solo en B", "Stations in B only", len(only_b)),
        *_totals(comparison),
    ]
    return Finding(
        code="comparison",
        title={"es": "Dos publicaciones, mesa por mesa", "en": "Two publications, station by station"},
        statement=_statement(comparison),
        figures=tuple(figures),
        source="Join on (centre, station); sums",
        valid_when={
            "es": "Ambas usan los mismos códigos de centro y mesa y los mismos candidatos.",
            "en": "If both use the same codes of centres and stations and the same candidates.",
        },
        power={
            "es": "Ve toda diferencia de un voto o más en toda mesa que ambas tienen.",
            "en": "It sees every difference of one vote or more at every station that both have.",
        },
        blind_spots={
            "es": "Dos publicaciones que copiaron el mismo error, o la misma falsificación, son iguales. No dice cuál "
            "tiene razón: para eso está el acta.",
            "en": "Two publications that copied the same error, or the same forgery, are the same. It does not say "
            "which one is right: the sheet does.",
        },
        stations=tuple([one.station for one in different] + only_a + only_b),
        reproduce="testigo compare A B",
    )


def _stations(name: str, es: str, en: str, value: int) -> Figure:
    return Figure(name, {"es": es, "en": en}, value, "stations", "join on (centre, station)")


def _totals(comparison: Comparison) -> list[Figure]:
    figures = []
    for code in comparison.candidates:
        a, b = comparison.totals_a[code], comparison.totals_b[code]
        parts = " + ".join(f"{comparison.effect[kind][code]:,} ({kind})" for kind in comparison.effect)
        figures.append(
            Figure(
                f"effect_{code}",
                {"es": f"{code}: votos en B menos en A", "en": f"{code}: votes in B less those in A"},
                b - a,
                "votes",
                f"{b:,} − {a:,} = {parts}",
            )
        )
    return figures


def _statement(comparison: Comparison) -> Text:
    same = whole(comparison.same)
    if comparison.identical:
        return {
            "es": f"Las {same['es']} mesas son iguales en ambas.",
            "en": f"All {same['en']} stations are the same in both.",
        }
    a, b, other = (whole(len(kind)) for kind in (comparison.only_a, comparison.only_b, comparison.different))
    es, en = (
        ("Cambia", "The winner changes") if comparison.winner_changes else ("No cambia", "The winner does not change")
    )
    return {
        "es": f"Mesas sólo en A: {a['es']}; sólo en B: {b['es']}; con otras cifras: {other['es']}; iguales: "
        f"{same['es']}. {es} el ganador.",
        "en": f"Stations in A only: {a['en']}; in B only: {b['en']}; with other counts: {other['en']}; the same: "
        f"{same['en']}. {en}.",
    }
