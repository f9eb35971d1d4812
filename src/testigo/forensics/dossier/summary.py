"""The dossiers of the whole country, counted.

Rules of this module
--------------------
1. A count of what was not read is ``None`` with its reason, never 0.
2. Stations to look at come in the order: seen at several stations, look alike, contradicted, contested.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping

from testigo.forensics.dossier.answers import Text, both
from testigo.forensics.dossier.facts import ABSENT, MAC, PRINTED_AT, UUID
from testigo.forensics.dossier.nearness import ALIKE, FEWEST
from testigo.forensics.dossier.print_items import NO_READER, is_odd_day
from testigo.forensics.dossier.records import FEWEST_VOTES, Dossiers
from testigo.forensics.finding import Figure, Finding
from testigo.records import Evidence

_SOURCE = (
    "Claims made in public against the sheets of 2024; near-duplicates: Charikar, STOC 2002; Indyk and Motwani, STOC "
    "1998"
)


def summary(dossiers: Dossiers, reproduce: str = "") -> Finding:
    """Counts over all stations that have a decision: images, codes, duplicates, checks; code ``dossiers``."""
    checks = _checks(dossiers)
    figures = (
        *_images(dossiers),
        *_codes(dossiers),
        *_duplicates(dossiers),
        *_agreement(dossiers, checks),
        *_print_facts(dossiers),
    )
    several = _in_several(dossiers)
    with_image = len([row for row in dossiers.tallies.values() if row["sheets"]])
    statement = both(
        "De {n} mesas con resultado, {i} tienen imagen publicada; en {d} se ve algo que aparece también en otra mesa.",
        "Of {n} stations with a result, {i} have a published image; {d} show something that another station shows too.",
        n=len(dossiers.tallies),
        i=with_image,
        d=len(several),
    )
    return Finding(
        code="dossiers",
        title=both("Lo que se puede decir de las actas", "What can be said of the sheets"),
        statement=statement,
        figures=figures,
        source=_SOURCE,
        valid_when=_VALID,
        power=_POWER,
        blind_spots=_BLIND,
        stations=tuple(several),
        reproduce=reproduce,
    )


_VALID = both(
    "Siempre: son cuentas de lo que el paquete dice. Que lo diga bien lo comprueba `testigo verify`.",
    "Always: these count what the bundle says. That it says so rightly is checked by `testigo verify`.",
)
_POWER = both(
    "Una copia exacta, un QR, un UUID o un código de acta repetidos se encuentran siempre. De 56 copias plantadas "
    "entre 80 actas dibujadas halló las 40 guardadas de nuevo, con otro brillo o ruido, retocadas en dos lugares o "
    "reducidas al 80 %, y ninguna de las 16 recortadas o desplazadas; ningún par de actas distintas pasó por igual. "
    "Entre 25.000 imágenes halla unas 9 de cada 10 copias con correlación de 0,9 (benchmarks/near_duplicates.py).",
    "An exact copy, a repeated QR, UUID or sheet code are always found. Of 56 copies planted among 80 drawn sheets it "
    "found the 40 saved again, brightened, noisy, retouched in two places or reduced to 80 %, and none of the 16 "
    "cropped or shifted; no two different sheets were called alike. Among 25,000 images it finds about 9 of 10 copies "
    "at a correlation of 0.9 (benchmarks/near_duplicates.py).",
)
_BLIND = both(
    "No ve un segundo escaneo del mismo papel si nadie leyó su código ni su UUID. Firmas, UUID y hora de "
    "impresión se conocen sólo donde una lectura los da. Nada de esto prueba que un papel sea auténtico.",
    "It does not see a second scan of one paper if nobody read its code or its UUID. Signatures, UUIDs and "
    "print times are known only where a reading gives them. None of it proves that a paper is authentic.",
)


def _figure(name: str, es: str, en: str, value: int | None, formula: str, why: Text | None = None) -> Figure:
    return Figure(name, both(es, en), value, "stations", formula, None, {} if value is not None else (why or NO_READER))


def _images(dossiers: Dossiers) -> Iterable[Figure]:
    rows = dossiers.tallies.values()
    withheld = Counter(code for row in rows for code in row["withheld"])
    yield _figure("with_decision", "Mesas con decisión", "Stations with a decision", len(rows), "rows of tallies")
    shown = sum(1 for row in rows if row["sheets"])
    yield _figure("with_image", "Con imagen publicada", "With a published image", shown, "rows with sheets not empty")
    held = sum(withheld.values())
    yield _figure(
        "image_withheld", "Con imagen retenida", "With an image withheld", held, "rows × reasons in the column withheld"
    )
    none = sum(1 for row in rows if not row["sheets"] and not row["withheld"])
    yield _figure("no_image", "Sin imagen en el paquete", "Without an image in the bundle", none, "neither of the two")


def _codes(dossiers: Dossiers) -> Iterable[Figure]:
    with_image = [code for code, row in dossiers.tallies.items() if row["opened"]]
    qr = {
        station: [row for row in dossiers.readings.get(station, ()) if Evidence.QR in row["evidence"]]
        for station in with_image
    }
    if not with_image or dossiers.contest.qr is None:
        why = both(
            "El paquete no tiene lecturas de imágenes con QR.", "The bundle has no readings of images with a QR code."
        )
        yield _figure("codes_read", "Códigos QR leídos", "QR codes read", None, "stations with a QR reading", why)
        return
    read = [station for station, rows in qr.items() if rows]
    yield _figure(
        "codes_read", "Con código QR leído", "With a QR code read", len(read), "image opened and a reading by QR"
    )
    unread = len(with_image) - len(read)
    yield _figure(
        "codes_unread", "Con imagen y sin QR legible", "With an image and no readable QR", unread, "opened - codes_read"
    )
    whole = [s for s in read if any(dossiers.payload_complete(row["payload"]) for row in qr[s])]
    yield _figure(
        "codes_complete", "Con QR completo", "With a complete QR", len(whole), "payload parses by the profile's grammar"
    )
    damaged = [s for s in read if any(row["erased"] or row["corrected"] or row["problems"] for row in qr[s])]
    yield _figure(
        "codes_damaged",
        "Con QR dañado que se pudo corregir",
        "With a damaged QR that could be corrected",
        len(damaged),
        "erased + corrected > 0, or a problem was noted",
    )


def _duplicates(dossiers: Dossiers) -> Iterable[Figure]:
    for name, groups, es, en in (
        (
            "same_sheet_code",
            dossiers.by_sheet_code,
            "Mesas que comparten código de acta",
            "Stations sharing a sheet code",
        ),
        (
            "same_payload",
            dossiers.by_payload,
            "Mesas con el mismo contenido del QR",
            "Stations with the same QR content",
        ),
        ("same_image", dossiers.by_image, "Mesas con la misma imagen exacta", "Stations with the very same image"),
        ("same_lines", dossiers.by_lines, "Mesas con iguales votos en cada línea", "Stations equal on every line"),
    ):
        shared = _shared(groups.values()) if groups else None
        least = f", valid ≥ {FEWEST_VOTES}" if name == "same_lines" else ""
        why = both("El paquete no lo contiene.", "The bundle does not hold it.")
        formula = f"stations in groups of two or more{least}"
        yield _figure(name, es, en, None if shared is None else len(shared), formula, why)
    alikeness = dossiers.alikeness
    pairs = None if alikeness is None or alikeness.looked < FEWEST else len(alikeness.pairs)
    yield Figure(
        "near_duplicates",
        both("Pares de imágenes parecidas", "Pairs of images that look alike"),
        pairs,
        "pairs",
        f"correlation of residual projections ≥ {ALIKE}",
        None,
        {}
        if pairs is not None
        else both(
            "No hay imágenes bastantes, o falta testigo[reading].", "Too few images, or testigo[reading] is missing."
        ),
    )


def _shared(groups: Iterable[tuple[str, ...]]) -> set[str]:
    return {station for group in groups if len(group) > 1 for station in group}


def _in_several(dossiers: Dossiers) -> list[str]:
    found: dict[str, None] = {}
    for groups in (dossiers.by_image, dossiers.by_uuid, dossiers.by_payload, dossiers.by_sheet_code):
        found |= dict.fromkeys(sorted(_shared(groups.values())))
    if dossiers.alikeness is not None:
        for pair in dossiers.alikeness.pairs:
            for digest in (pair.first, pair.second):
                found |= dict.fromkeys(dossiers.by_image[digest])
    return list(found)


def _checks(dossiers: Dossiers) -> Mapping[tuple[str, str], int]:
    found: Counter[tuple[str, str]] = Counter()
    for row in dossiers.tallies.values():
        found.update((check["rule"], check["outcome"]) for check in json.loads(row["checks"]))
    return found


def _agreement(dossiers: Dossiers, checks: Mapping[tuple[str, str], int]) -> Iterable[Figure]:
    for rule, es, en in (
        ("qr_equals_print", "QR y lo impreso", "QR and print"),
        ("figures_equal_words", "cifras y palabras", "figures and words"),
        ("lines_sum_to_valid", "suma de líneas y votos válidos impresos", "sum of lines and printed valid votes"),
    ):
        passed, failed = checks.get((rule, "pass"), 0), checks.get((rule, "fail"), 0)
        why = both("Nadie leyó las dos cosas en ninguna acta.", "Nobody read both on any sheet.")
        asked = passed + failed > 0
        formula = f"checks {rule}: "
        yield _figure(
            f"{rule}_agree", f"Coinciden {es}", f"Agree: {en}", passed if asked else None, formula + "pass", why
        )
        yield _figure(
            f"{rule}_differ", f"Difieren {es}", f"Differ: {en}", failed if asked else None, formula + "fail", why
        )
    contested = sum(1 for row in dossiers.tallies.values() if "contested" in row["flags"])
    yield _figure("contested", "En disputa", "Contested", contested, "rows with the flag contested")


def _print_facts(dossiers: Dossiers) -> Iterable[Figure]:
    """What readings of the print say of the sheets themselves, over the whole bundle."""
    facts, days = dossiers.facts.values(), dossiers.election_days
    times = [one.of(PRINTED_AT) for one in facts if one.of(PRINTED_AT)]
    lines = [one.of(MAC) for one in facts if one.of(MAC)]
    boxes = [one for one in facts if one.boxes]
    uuids = sum(1 for one in facts if one.of(UUID))
    counts = (
        ("uuid_repeated", len(_shared(dossiers.by_uuid.values())), uuids),
        ("print_time_odd", sum(any(is_odd_day(days, time) for time in own) for own in times), len(times)),
        ("hmac_absent", sum(own == (ABSENT,) for own in lines), len(lines)),
        ("unsigned", sum(not one.filled for one in boxes), len(boxes)),
        ("box_empty", sum(bool(one.empty) for one in boxes), len(boxes)),
    )
    for name, value, looked in counts:
        es, en, formula = _PRINT[name]
        how = f"{formula}; of {looked} stations where it was read" if looked else "needs a reading of the print"
        yield _figure(name, es, en, value if looked else None, how)


#: Figure -> its label in both languages, and what it counts.
_PRINT = {
    "uuid_repeated": ("Mesas con el UUID de otra", "Stations with another's UUID", "in groups of two or more"),
    "print_time_odd": ("Impresas otro día", "Printed on another day", "neither the election's day nor the next"),
    "hmac_absent": ("Sin línea HMAC", "Without an HMAC line", "every reading says absent"),
    "unsigned": ("Sin ninguna casilla llena", "Without any filled signature box", "no box read as filled"),
    "box_empty": ("Con alguna casilla vacía", "With an empty signature box", "a box read as empty"),
}
