"""The claims in the record against published sheets, answered for one sheet.

Rules of this module
--------------------
1. A claim is *contradicted* only by evidence that is in the bundle and can be looked up there.
2. What is seen (a duplicate, a damaged code) is said first; whether it matters is said beside it.
3. Every answer ends with what cannot be known from a bundle, however complete.
"""

from __future__ import annotations

from testigo.errors import InputError
from testigo.forensics.dossier.answers import Answer, Claim, Text, both
from testigo.forensics.dossier.view import SheetView

IMPORTED = both(
    "Los números vienen de una tabla publicada por otros; este paquete no tiene el acta.",
    "The numbers come from a table that others published; this bundle does not hold the sheet.",
)


def claims_of(view: SheetView) -> tuple[Claim, ...]:
    """Every claim with its answer; the station must have a decision."""
    return (
        _no_signatures(view),
        _incomplete_qr(view),
        _no_code_under_qr(view),
        _same_sheet_twice(view),
        _edited_image(view),
    )


def _no_signatures(view: SheetView) -> Claim:
    evidence: list[Text] = []
    if view.imported:
        evidence.append(IMPORTED)
    elif view.images:
        evidence.append(
            both(
                "La imagen pública tapa a propósito nombres, firmas y observaciones: que ahí no se vean firmas no dice "
                "nada del original.",
                "The public image covers names, signatures and remarks on purpose: that no signature is seen there "
                "says nothing of the original.",
            )
        )
        evidence.append(
            both(
                "Quien tenga el original puede mostrarlo: el libro fija su huella y qué rectángulos se ven.",
                "Whoever holds the original can show it: the log fixes its commitment and which rectangles are seen.",
            )
        )
    return Claim(
        "no_signatures",
        both("«El acta no tiene firmas»", "“The sheet has no signatures”"),
        Answer.OPEN,
        tuple(evidence),
        both(
            "Si las casillas del original están firmadas, y por quién: ninguna lectura lo dice todavía. Un miembro "
            "de mesa que se negó a firmar tampoco cambia los números impresos por la máquina.",
            "Whether the boxes of the original are signed, and by whom: no reading says so yet. Nor does an official "
            "who refused to sign change the numbers that the machine printed.",
        ),
    )


def _incomplete_qr(view: SheetView) -> Claim:
    evidence: list[Text] = []
    answer = Answer.OPEN
    complete = [one for one in view.payloads if view.dossiers.payload_complete(one)]
    if view.imported:
        evidence.append(IMPORTED)
    elif complete:
        answer = Answer.CONTRADICTED
        fields = len(view.contest.line_codes)
        erased, corrected = (max(row[name] for row in view.readings) for name in ("erased", "corrected"))
        evidence.append(
            both(
                "El código se leyó entero: código del acta, {n} votos por línea, nulos y blancos según la gramática.",
                "The code was read whole: sheet code, {n} votes per line, null and blank, as the grammar asks.",
                n=fields,
            )
        )
        evidence.append(
            both(
                "Para leerlo se borraron {e} símbolos y se corrigieron {c}: la corrección de errores del QR es exacta, "
                "no adivina.",
                "To read it {e} symbols were erased and {c} corrected: a QR's error correction is exact, it does not "
                "guess.",
                e=erased,
                c=corrected,
            )
        )
        evidence += _print_agrees(view)
    elif view.images:
        answer = Answer.SEEN
        evidence.append(
            both(
                "Ningún lector pudo leer el código de esta imagen; los números salen de lo impreso.",
                "No reader could read the code of this image; the numbers come from the print.",
            )
        )
    return Claim(
        "incomplete_qr",
        both("«El código QR está incompleto»", "“The QR code is incomplete”"),
        answer,
        tuple(evidence),
        both(
            "Por qué un código no se lee (corte, suciedad del escáner, papel doblado) no se sabe sin el original. "
            "Nada depende del código solo.",
            "Why a code cannot be read (a cut, a dirty scanner, folded paper) is not known without the original. "
            "Nothing depends on the code alone.",
        ),
    )


def _print_agrees(view: SheetView) -> list[Text]:
    check = view.check("qr_equals_print")
    return [check["because"]] if check is not None and check["outcome"] != "not_evaluable" else []


def _no_code_under_qr(view: SheetView) -> Claim:
    evidence: list[Text] = [IMPORTED] if view.imported else []
    block = view.contest.layout.block("hmac") if view.contest.layout else None
    if block is not None and block.public and view.images:
        evidence.append(
            both(
                "La zona bajo el código está entre las visibles de la imagen pública: cualquiera puede mirarla.",
                "The zone below the code is among those that the public image shows: anybody can look.",
            )
        )
    if view.payloads:
        evidence.append(
            both(
                "El código QR mismo lleva el código del acta y se leyó; la línea de abajo no lleva votos.",
                "The QR code itself carries the sheet's code and was read; the line below it carries no votes.",
            )
        )
    return Claim(
        "no_code_under_qr",
        both("«No hay un código debajo del QR»", "“There is no code under the QR”"),
        Answer.OPEN,
        tuple(evidence),
        both(
            "Ningún lector lee esa línea todavía, y su contenido (HMAC) sólo puede comprobarlo quien tiene la clave: "
            "la autoridad electoral. Nadie de fuera puede decir que es válida, ni que es falsa.",
            "No reader reads that line yet, and its content (an HMAC) can be checked only by who has the key: the "
            "electoral authority. Nobody outside can say that it is valid, nor that it is false.",
        ),
    )


def _same_sheet_twice(view: SheetView) -> Claim:
    seen = _duplicates(view)
    evidence = list(seen)
    looked = bool(view.images or view.payloads)
    if view.imported and not seen:
        evidence.append(IMPORTED)
    elif looked and not seen:
        evidence.append(
            both(
                "Entre todas las actas del paquete, ninguna otra mesa tiene su código de acta, su contenido del QR, "
                "sus mismos votos línea por línea ni su misma imagen.",
                "Among all sheets of the bundle, no other station has its sheet code, its QR content, its very votes "
                "line by line, or its image.",
            )
        )
    answer = Answer.SEEN if seen else Answer.NOT_SEEN if looked else Answer.OPEN
    return Claim(
        "same_sheet_twice",
        both("«Es la misma acta dos veces»", "“It is the same sheet twice”"),
        answer,
        tuple(evidence),
        both(
            "El UUID impreso, distinto en cada acta, no lo lee todavía ningún lector. Un segundo escaneo del mismo "
            "papel se reconoce por lo que dice, no por su aspecto. Dos actas con iguales votos pueden ser casualidad.",
            "The printed UUID, another one on each sheet, is not read by any reader yet. A second scan of one paper "
            "is recognised by what it says, not by its looks. Two sheets with equal votes can be chance.",
        ),
    )


def _duplicates(view: SheetView) -> list[Text]:
    dossiers, row = view.dossiers, view.row
    assert row is not None  # noqa: S101  (claims are answered only where there is a decision)
    codes = sorted({one["sheet_code"] for one in view.readings if one["sheet_code"]})
    columns = [f"l_{code}" for code in view.contest.line_codes]
    lines = tuple(row[column] for column in columns)
    found = (
        (view.shared(dossiers.by_sheet_code, codes), ("El mismo código de acta", "The same sheet code")),
        (view.shared(dossiers.by_payload, view.payloads), ("El mismo contenido del QR", "The same QR content")),
        (view.shared(dossiers.by_image, view.images), ("La misma imagen, bit por bit", "The same image, bit by bit")),
        (tuple(row["same_image"]), ("La misma imagen, según quien publica", "The same image, says the publisher")),
        (tuple(other for other, _ in dossiers.near(view.station)), ("Una imagen parecida", "An image that is alike")),
        (
            tuple(other for other in dossiers.by_lines.get(lines, ()) if other != view.station),
            ("Los mismos votos en cada línea", "The same votes on every line"),
        ),
    )
    return [both(f"{es}: {{o}}.", f"{en}: {{o}}.", o=", ".join(others)) for others, (es, en) in found if others]


def _edited_image(view: SheetView) -> Claim:
    evidence: list[Text] = []
    answer = Answer.OPEN
    if view.imported:
        evidence.append(IMPORTED)
    elif view.images:
        evidence.append(
            both(
                "La imagen pública está editada a propósito (zonas tapadas, guardada de nuevo) y lo dice: el libro "
                "fija su huella, los rectángulos visibles y el compromiso con el original.",
                "The public image is edited on purpose (zones covered, saved again) and says so: the log fixes its "
                "hash, the visible rectangles and the commitment to the original.",
            )
        )
        evidence.append(
            both(
                "Los bytes publicados tienen la huella que el libro fija: desde entonces nadie los cambió.",
                "The published bytes have the hash that the log fixes: nobody has changed them since.",
            )
            if _bytes_hold(view)
            else both(
                "Los bytes publicados NO tienen la huella del libro.", "The published bytes do NOT have that hash."
            )
        )
        agreed = view.check("qr_equals_print")
        if agreed is not None and agreed["outcome"] == "pass":
            answer = Answer.NOT_SEEN
            evidence.append(
                both(
                    "El código QR y lo impreso, leídos por separado, dicen los mismos números: quien retoque las "
                    "cifras tendría que rehacer también el código.",
                    "QR code and print, read separately, say the same numbers: whoever retouches the figures would "
                    "have to make the code again as well.",
                )
            )
        elif agreed is not None and agreed["outcome"] == "fail":
            answer = Answer.SEEN
            evidence.append(agreed["because"])
    return Claim(
        "edited_image",
        both("«La imagen fue editada»", "“The image was edited”"),
        answer,
        tuple(evidence),
        both(
            "Si el archivo fue alterado antes de llegar, o dibujado entero con un código coherente: eso lo responden "
            "el original en papel, las copias de otros partidos y la procedencia, no la imagen.",
            "Whether the file was altered before it arrived, or drawn whole with a consistent code: that is answered "
            "by the paper original, the copies of other parties and the provenance, not by the image.",
        ),
    )


def _bytes_hold(view: SheetView) -> bool:
    try:
        return all(bool(view.bundle.image(one)) for one in view.images)
    except InputError:
        return False
