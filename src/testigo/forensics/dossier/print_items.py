"""What the print says of a sheet itself, as facts of a dossier: print time, UUID, the line below the code, signatures.

Rules of this module
--------------------
1. Not read is said plainly, and is not *absent*. A public image covers the signatures, so that nobody can read them
   from a bundle: what is said of them was read from the original, and whoever publishes asserts it.
2. A UUID is unique or repeated over the whole bundle, never beyond it.
"""

from __future__ import annotations

from collections.abc import Mapping

from testigo.forensics.dossier.answers import Item, Known, Text, both
from testigo.forensics.dossier.facts import EMPTY, FILLED, MAC, PRESENT, PRINTED_AT, UUID, day_of
from testigo.forensics.dossier.view import SheetView

NO_READER = both("No leído: ninguna lectura de esta acta lo dice.", "Not read: no reading of this sheet says it.")
COVERED = both(
    "No se puede leer aquí: la imagen pública tapa nombres y firmas, y ninguna lectura dice nada de esta casilla.",
    "Cannot be read here: the public image covers names and signatures, and no reading says anything of this box.",
)
NO_BOX = both(
    "No leída: este paquete no tiene imagen del acta, y ninguna lectura dice nada de esta casilla.",
    "Not read: this bundle has no image of the sheet, and no reading says anything of this box.",
)
#: Whose boxes a sheet may have, as people say it.
ROLES: Mapping[str, Text] = {
    "president": both("presidente de mesa", "president"),
    "secretary": both("secretario", "secretary"),
    "clerk": both("secretario", "clerk"),
    "member_a": both("miembro A", "member A"),
    "observer_a": both("testigo A", "observer A"),
    "observer_b": both("testigo B", "observer B"),
    "operator": both("operador de la máquina", "machine operator"),
}


def print_time(view: SheetView) -> Item:
    """The time on the sheet, and whether it is of the election's day or the day after."""
    label = both("Hora de impresión", "Print time")
    times = view.facts.of(PRINTED_AT)
    if not times:
        return Item("print_time", label, Known.NOT_READ, None, NO_READER)
    odd = odd_time(view, times)
    value = {"times": list(times), "other_day": odd}
    text = both(
        "{v}, según el reloj de la máquina{o}.",
        "{v}, by the machine's clock{p}.",
        v=", ".join(one.replace("T", " ") for one in times),
        o="; no es el día de la elección ni el siguiente: hay que mirarla" if odd else "",
        p="; it is neither the day of the election nor the next: look at it" if odd else "",
    )
    return Item("print_time", label, Known.KNOWN, value, text)


def odd_time(view: SheetView, times: tuple[str, ...]) -> bool:
    """Whether a print time is of another day than the election's or the next."""
    return any(is_odd_day(view.dossiers.election_days, one) for one in times)


def is_odd_day(days: tuple[str, ...], printed_at: str) -> bool:
    """Whether a print time is of none of these days (ISO dates)."""
    return day_of(printed_at) not in days


def uuid_item(view: SheetView) -> Item:
    """The printed UUID, and which other stations have it."""
    label = both("UUID y si es único", "UUID, and whether it is unique")
    uuids = view.facts.of(UUID)
    if not uuids:
        return Item("uuid", label, Known.NOT_READ, None, NO_READER)
    others = view.shared(view.dossiers.by_uuid, uuids)
    value = {"uuids": list(uuids), "also_at": list(others), "compared_with": len(view.dossiers.by_uuid)}
    text = both(
        "{v}; entre los {n} UUID leídos en el paquete, ninguna otra mesa lo tiene.",
        "{v}; among the {n} UUIDs read in the bundle, no other station has it.",
        v=", ".join(uuids),
        n=len(view.dossiers.by_uuid),
    )
    if others:
        text = both(
            "{v}; lo tienen también: {o}.", "{v}; it is also read at: {o}.", v=", ".join(uuids), o=", ".join(others)
        )
    return Item("uuid", label, Known.KNOWN, value, text)


def hmac_line(view: SheetView) -> Item:
    """Whether the line below the code is there; what it says only the authority can check."""
    label = both("Línea HMAC bajo el código QR", "HMAC line below the QR code")
    block = view.contest.layout.block("hmac") if view.contest.layout else None
    if block is None:
        return Item("hmac", label, Known.NOT_APPLICABLE, None, both("Esta acta no la lleva.", "No such line."))
    secret = both(
        "nadie de fuera puede comprobarla: sólo la autoridad electoral tiene la clave.",
        "nobody outside can check it: only the electoral authority has the key.",
    )
    seen = view.facts.of(MAC)
    if not seen:
        visible = bool(view.images) and block.public
        text = {
            "es": f"{NO_READER['es']}{' La imagen pública muestra esa zona.' if visible else ''} Aunque se lea, "
            f"{secret['es']}",
            "en": f"{NO_READER['en']}{' The public image shows that zone.' if visible else ''} Even when read, "
            f"{secret['en']}",
        }
        return Item("hmac", label, Known.NOT_READ, None, text)
    if len(seen) > 1:
        return Item("hmac", label, Known.KNOWN, "differ", _differ(seen))
    there = both("Está en el acta; ", "It is on the sheet; ")
    if seen[0] != PRESENT:
        there = both(
            "No está en el acta, según la lectura; si estuviera, ",
            "It is not on the sheet, says the reading; if it were, ",
        )
    return Item("hmac", label, Known.KNOWN, seen[0], {k: there[k] + secret[k] for k in ("es", "en")})


def signatures(view: SheetView) -> tuple[Item, ...]:
    """One fact per signature box of the profile's sheet."""
    block = view.contest.layout.block("signatures") if view.contest.layout else None
    boxes = view.facts.boxes
    found = []
    for role in dict.fromkeys((*(block.boxes if block else ()), *boxes)):
        name = role_name(role)
        label = {"es": f"Firma: {name['es']}", "en": f"Signature: {name['en']}"}
        says = boxes.get(role, ())
        if not says:
            text = COVERED if view.images else NO_BOX
            found.append(Item(f"signature_{role}", label, Known.NOT_READ, None, text))
            continue
        value = says[0] if len(says) == 1 else "differ"
        found.append(
            Item(f"signature_{role}", label, Known.KNOWN, value, _BOX[value] if len(says) == 1 else _differ(says))
        )
    return tuple(found)


def role_name(role: str) -> Text:
    """Whose box it is, in words; the role itself if it is unknown."""
    return ROLES.get(role) or both("{r}", "{r}", r=role)


_BOX: Mapping[str, Text] = {
    FILLED: both(
        "La casilla está llena en el original, según la lectura; de quién es la firma, nadie puede leerlo aquí.",
        "The box is filled on the original, says the reading; whose signature it is nobody can read here.",
    ),
    EMPTY: both(
        "La casilla está vacía en el original, según la lectura.", "The box is empty on the original, says the reading."
    ),
}


def _differ(values: tuple[str, ...]) -> Text:
    return both("Las lecturas difieren: {v}.", "The readings differ: {v}.", v=", ".join(values))
