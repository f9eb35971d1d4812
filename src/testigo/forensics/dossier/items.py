"""The facts of one station's sheet, each known, not read, or not applicable.

Rules of this module
--------------------
1. Everything comes from the bundle. What no reading of a sheet says (print time, UUID, HMAC line, signature boxes) is
   said to be unread, plainly: :mod:`testigo.forensics.dossier.print_items`.
2. The operator's assertions (provenance, sameness of originals) are named as such.
"""

from __future__ import annotations

from typing import Any

from testigo.bundle import counts_of, image_path
from testigo.forensics.dossier.answers import Item, Known, Text, both
from testigo.forensics.dossier.facts import facts_in
from testigo.forensics.dossier.print_items import NO_READER, hmac_line, print_time, signatures, uuid_item
from testigo.forensics.dossier.view import SheetView, plain

NO_IMAGE = both("No hay imagen publicada de esta acta.", "No image of this sheet is published.")


def items_of(view: SheetView) -> tuple[Item, ...]:
    """Every fact, in the order in which a sceptic asks."""
    if view.row is None:
        return (_item("standing", ("Estado", "Standing"), "missing", view.standing_text),)
    return (
        _item("standing", ("Estado", "Standing"), view.row["standing"], view.standing_text),
        _sheet_code(view),
        print_time(view),
        uuid_item(view),
        _agreement(view),
        _of_check(view, "figures_vs_words", ("Cifras y palabras", "Figures and words"), "figures_equal_words"),
        _of_check(view, "qr_vs_print", ("Código QR y lo impreso", "QR code and print"), "qr_equals_print"),
        _payload(view),
        hmac_line(view),
        *signatures(view),
        _image(view),
        _near(view),
        _provenance(view),
        _ledger(view),
        _redaction(view),
    )


def readings_of(view: SheetView) -> tuple[dict[str, Any], ...]:
    """Each reading, and whether it says what stands."""
    profile, row = view.bundle.profile, view.row
    stands = counts_of(profile, view.contest.code, row) if row else None
    found = []
    for reading in view.readings:
        counts = counts_of(profile, view.contest.code, reading)
        agrees = None if stands is None or counts is None else counts.agrees_with(stands)
        found.append(
            {
                "leaf": reading["leaf"],
                "reader": reading["reader"],
                "version": reading["version"],
                "person": reading["person"],
                "evidence": reading["evidence"],
                "evidence_text": [dict(plain("evidence", code)) for code in reading["evidence"]],
                "valid": reading["valid"],
                "agrees": agrees,
                "erased": reading["erased"],
                "corrected": reading["corrected"],
                "problems": reading["problems"],
                "facts": dict(facts_in(reading)),
                "source": reading["source"],
                "line": reading["line"],
            }
        )
    return tuple(found)


def _item(code: str, label: tuple[str, str], value: Any, text: Text, state: Known = Known.KNOWN) -> Item:
    return Item(code, both(*label), state, value, text)


def _sheet_code(view: SheetView) -> Item:
    label = ("Código del acta", "Sheet code")
    codes = sorted({row["sheet_code"] for row in view.readings if row["sheet_code"]})
    if not codes:
        return _item("sheet_code", label, None, NO_READER, Known.NOT_READ)
    others = view.shared(view.dossiers.by_sheet_code, codes)
    where = both("ninguna otra mesa lo tiene", "no other station has it")
    if others:
        where = both("lo tienen también: {o}", "it is also read at: {o}", o=", ".join(others))
    text = {k: f"{', '.join(codes)}; {where[k]}." for k in ("es", "en")}
    return _item("sheet_code", label, {"codes": codes, "also_at": list(others)}, text)


def _agreement(view: SheetView) -> Item:
    label = ("Lecturas entre sí", "Readings against each other")
    readings = readings_of(view)
    agree = sum(1 for one in readings if one["agrees"])
    value = {"readings": len(readings), "agree": agree}
    text = both(
        "{a} de {n} lecturas dicen lo mismo que el resultado que vale.",
        "{a} of {n} readings say what stands.",
        a=agree,
        n=len(readings),
    )
    return _item("readings", label, value, text)


def _of_check(view: SheetView, code: str, label: tuple[str, str], rule: str) -> Item:
    check = view.check(rule)
    if check is None:
        nobody = both("Esta comprobación no se hizo.", "This check was not made.")
        return _item(code, label, None, nobody, Known.NOT_APPLICABLE)
    state = Known.NOT_READ if check["outcome"] == "not_evaluable" else Known.KNOWN
    text = {k: f"{check['outcome_text'][k]}. {check['because'][k]}" for k in ("es", "en")}
    return _item(code, label, check["outcome"], text, state)


def _payload(view: SheetView) -> Item:
    label = ("Contenido del código QR", "Content of the QR code")
    if view.contest.qr is None:
        return _item("payload", label, None, both("Esta acta no lleva QR.", "No QR."), Known.NOT_APPLICABLE)
    if not view.payloads:
        nothing = both("No se leyó ningún código QR de esta acta.", "No QR code of this sheet was read.")
        return _item("payload", label, None, nothing, Known.NOT_READ)
    erased = max(row["erased"] for row in view.readings)
    corrected = max(row["corrected"] for row in view.readings)
    text = both(
        "Leído literalmente: {p} · símbolos borrados {e}, corregidos {c}.",
        "Read verbatim: {p} · symbols erased {e}, corrected {c}.",
        p=" / ".join(view.payloads),
        e=erased,
        c=corrected,
    )
    return _item("payload", label, list(view.payloads), text)


def _image(view: SheetView) -> Item:
    label = ("Imagen publicada", "Published image")
    if not view.images:
        why = [plain("withheld", code) for code in (view.row["withheld"] if view.row else ())] or [NO_IMAGE]
        text = {k: " ".join(one[k] for one in why) for k in ("es", "en")}
        return _item("image", label, None, text, Known.NOT_APPLICABLE)
    files = view.bundle.manifest.files
    others = view.shared(view.dossiers.by_image, view.images)
    value = {
        "sha256": list(view.images),
        "bytes": [files[image_path(one)].size for one in view.images],
        "also_at": list(others),
    }
    alone = both("ninguna otra mesa muestra la misma", "no other station shows the same one")
    if others:
        alone = both("la muestran también: {o}", "also shown at: {o}", o=", ".join(others))
    text = {k: f"SHA-256 {', '.join(view.images)}; {alone[k]}." for k in ("es", "en")}
    return _item("image", label, value, text)


def _near(view: SheetView) -> Item:
    label = ("Imágenes parecidas", "Images that look alike")
    alikeness = view.dossiers.alikeness
    if not view.images or alikeness is None:
        why = (
            NO_IMAGE
            if not view.images
            else both(
                "No se compararon las imágenes: hace falta testigo[reading].",
                "The images were not compared: that needs testigo[reading].",
            )
        )
        return _item("near_duplicates", label, None, why, Known.NOT_READ)
    near = view.dossiers.near(view.station)
    value = {
        "hash": [alikeness.hashes.get(one, "") for one in view.images],
        "alike": [{"station": other, "correlation": much} for other, much in near],
    }
    text = both(
        "Comparada con {n} imágenes: ninguna se le parece.",
        "Compared with {n} images: none looks like it.",
        n=alikeness.looked - 1,
    )
    if near:
        listed = ", ".join(f"{other} ({much:.2f})" for other, much in near)
        text = both(
            "Se le parecen (correlación): {o}. Hay que mirarlas.", "Alike (correlation): {o}. Look at them.", o=listed
        )
    return _item("near_duplicates", label, value, text)


def _provenance(view: SheetView) -> Item:
    row = view.row
    assert row is not None  # noqa: S101  (items_of asks only then)
    told = plain("provenance", row["provenance"])
    note = both("Lo afirma quien publica.", "The publisher asserts it.")
    sources = sorted({(one["source"], one["line"]) for one in view.readings if one["source"]})
    where = both("", "")
    if sources:
        shown = "; ".join(f"{source} : {line}" for source, line in sources)
        where = both(" Archivo (SHA-256) y línea: {s}.", " File (SHA-256) and line: {s}.", s=shown)
    text = {k: f"{told[k]} {note[k]}{where[k]}" for k in ("es", "en")}
    return _item("provenance", ("Procedencia", "Provenance"), row["provenance"], text)


def _ledger(view: SheetView) -> Item:
    row = view.row
    assert row is not None  # noqa: S101
    size = view.bundle.ledger.size
    text = both(
        "La decisión que vale es la hoja {d} del libro (hoy de {s} hojas), tras {h} decisiones; la prueba está abajo.",
        "The decision that stands is leaf {d} of the log (now of {s} leaves), after {h} decisions; the proof is below.",
        d=row["decision"],
        s=size,
        h=len(view.decisions),
    )
    value = {"decision": row["decision"], "size": size, "inputs": row["inputs"], "supports": row["supports"]}
    return _item("ledger", ("Prueba en el libro", "Proof in the log"), value, text)


def _redaction(view: SheetView) -> Item:
    label = ("Prueba de la censura", "Proof of the redaction")
    shown = [(index, leaf) for index, leaf in view.opened if leaf.image and leaf.size]
    if not shown:
        return _item("redaction", label, None, NO_IMAGE, Known.NOT_APPLICABLE)
    value = [
        {
            "leaf": index,
            "commitment": leaf.commitment,
            "size": list(leaf.size),
            "rectangles": [list(one) for one in leaf.rectangles],
            "visible": round(sum(w * h for _, _, w, h in leaf.rectangles) / (leaf.size[0] * leaf.size[1]), 4),
        }
        for index, leaf in shown
    ]
    index, leaf = shown[0]
    visible = sum(w * h for _, _, w, h in leaf.rectangles) / (leaf.size[0] * leaf.size[1])
    text = both(
        "La hoja {i} del libro fija el compromiso con el original ({c}…), su tamaño ({w} x {h}) y los {r} rectángulos "
        "visibles ({v} % del área). Quien tenga el original y el número secreto lo comprueba píxel a píxel.",
        "Leaf {i} of the log fixes the commitment to the original ({c}…), its size ({w} x {h}) and the {r} visible "
        "rectangles ({v} % of the area). Whoever has the original and the nonce checks it pixel by pixel.",
        i=index,
        c=leaf.commitment[:16],
        w=str(leaf.size[0]),
        h=str(leaf.size[1]),
        r=len(leaf.rectangles),
        v=str(round(100 * visible)),
    )
    return _item("redaction", label, value, text)
