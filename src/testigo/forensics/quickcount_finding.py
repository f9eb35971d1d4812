"""The design of a quick count as a finding, and as a table of the stations drawn.

Rules of this module
--------------------
1. The arithmetic is :mod:`testigo.forensics.quickcount`; here it is only told.
2. Stations without a past result cannot be drawn from it, and are counted where they are left out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from testigo.election import Register
from testigo.forensics.finding import Figure, Finding, Text
from testigo.forensics.quickcount import Design
from testigo.forensics.sheets import Sheets

_FORMULA = "1.96 √Σ (N_h/N)² (1 − n_h/N_h) S_h²/n_h"
_VALID: Text = {
    "es": "Vale si la variación dentro de cada estrato se parece a la del resultado pasado y los que no informan "
    "faltan al azar. Se estima con D = Σ N_h d̄_h / Σ N_h v̄_h: d, ventaja, y v, votos válidos de cada mesa informada.",
    "en": "Valid if variation within each stratum resembles that of the past result and those who do not report are "
    "missing at random. Estimate with D = Σ N_h d̄_h / Σ N_h v̄_h: d the lead, v the valid votes of each report.",
}
_BLIND: Text = {
    "es": "Mesas a las que no se deja entrar, y mesas nuevas, sin resultado pasado: ningún intervalo cubre que lo que "
    "falta dependa del voto.",
    "en": "Stations that observers are kept out of, and new ones without a past result: no interval covers "
    "missingness that depends on the vote.",
}


def quick_count(plan: Design, past: Sheets, names: Mapping[str, str] | None = None, unknown: int = 0) -> Finding:
    """Allocation per stratum, expected error, the stations drawn; code ``quick_count``.

    Args:
        plan: :func:`testigo.forensics.quickcount.design`, made with ``past``.
        names: stratum -> its name, for people.
        unknown: stations of the country without a past result.
    """
    points, strata = f"{100 * plan.error:.2f}", len(plan.strata)
    return Finding(
        code="quick_count",
        title={"es": "Diseño de un conteo rápido", "en": "Design of a quick count"},
        statement={
            "es": f"{_es(plan.size)} mesas en {_es(strata)} estratos: error esperado de la ventaja "
            f"±{points.replace('.', ',')} puntos (95 %), si informa el {100 * plan.reply:.0f} %.",
            "en": f"{plan.size:,} stations in {strata:,} strata: expected error of the lead ±{points} points (95 %), "
            f"if {100 * plan.reply:.0f} % report.",
        },
        figures=(*_errors(plan, unknown), *_allocation(plan, names or {})),
        source="Neyman 1934 (JRSS 97:558); Cochran 1977, sections 5.5 and 6.11",
        valid_when=_VALID,
        power={
            "es": "Una ventaja mayor que el error esperado se vería en 97,5 % de las muestras; una alteración menor, "
            "no.",
            "en": "A lead larger than the expected error would show in 97.5 % of samples; a smaller alteration would "
            "not.",
        },
        blind_spots=_BLIND,
        stations=tuple(past.codes[plan.rows].tolist()),
    )


def _errors(plan: Design, unknown: int) -> tuple[Figure, ...]:
    how = f"{_FORMULA}, n_h the reports expected"
    return (
        _share("expected_error", "Error esperado de la ventaja", "Expected error of the lead", plan.error, how),
        _share(
            "proportional_error",
            "Con reparto proporcional",
            "With proportional allocation",
            plan.proportional_error,
            f"{_FORMULA}, n_h ∝ N_h",
        ),
        _share("simple_error", "Sin estratos", "Without strata", plan.simple_error, f"{_FORMULA}, one stratum"),
        _share("reply", "Respuestas esperadas", "Replies expected", plan.reply, "given"),
        Figure(
            "without_past",
            {"es": "Mesas sin resultado pasado: no se sortean", "en": "Stations without a past result: not drawn"},
            unknown,
            "stations",
            "stations of the country − stations with votes in the past result",
        ),
    )


def _share(name: str, es: str, en: str, value: float, formula: str) -> Figure:
    return Figure(name, {"es": es, "en": en}, value, "share", formula)


def _allocation(plan: Design, names: Mapping[str, str]) -> tuple[Figure, ...]:
    rows = zip(plan.strata, plan.stations.tolist(), plan.spread.tolist(), plan.sample.tolist(), strict=True)
    return tuple(
        Figure(
            f"sample_{code}",
            {"es": f"Mesas en {names.get(code, code)}", "en": f"Stations in {names.get(code, code)}"},
            sample,
            f"of {number} stations",
            f"n_h ∝ N_h S_h, S_h = {spread:.4f}",
        )
        for code, number, spread, sample in rows
    )


def allocation_rows(plan: Design, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The allocation as plain values: stratum, name, stations, spread, sample, weight N_h/n_h."""
    rows = zip(plan.strata, plan.stations.tolist(), plan.spread.tolist(), plan.sample.tolist(), strict=True)
    return [
        {
            "stratum": code,
            "name": names.get(code, ""),
            "stations": number,
            "spread": round(spread, 6),
            "sample": sample,
            "weight": round(number / sample, 6),
        }
        for code, number, spread, sample in rows
    ]


def drawn_rows(plan: Design, past: Sheets, register: Register, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The stations drawn as plain values, in order of code: station, stratum, name, place, electors, weight."""
    rows = []
    for row, stratum in zip(plan.rows.tolist(), plan.stratum.tolist(), strict=True):
        code, number = str(past.codes[row]), plan.strata[stratum]
        found = register.find(code)
        rows.append(
            {
                "station": code,
                "stratum": number,
                "name": names.get(number, ""),
                "place": found.centre_name if found else "",
                "electors": found.electors if found else None,
                "weight": round(int(plan.stations[stratum]) / int(plan.sample[stratum]), 6),
            }
        )
    return rows


def drawn_csv(rows: list[dict[str, Any]]) -> bytes:
    """Rows of :func:`drawn_rows` as CSV in UTF-8 with a byte order mark; formulas of strangers are made harmless."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, ["station", "stratum", "name", "place", "electors", "weight"])
    writer.writeheader()
    for row in rows:
        writer.writerow(row | {key: harmless(row[key]) for key in ("name", "place")})
    return text.getvalue().encode("utf-8-sig")


def harmless(text: str) -> str:
    """A text that no spreadsheet runs as a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text


def _es(number: int) -> str:
    return f"{number:,}".replace(",", ".")
