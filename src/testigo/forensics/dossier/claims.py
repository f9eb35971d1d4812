"""The claims in the record against published sheets, answered for one sheet.

Rules of this module
--------------------
1. A claim is *contradicted* only by evidence that is in the bundle and can be looked up there.
2. What is seen (a duplicate, a damaged code) is said first; whether it matters is said beside it.
3. Every answer ends with what cannot be known from a bundle, however complete.
"""

from __future__ import annotations

from collections.abc import Iterable

from testigo.errors import InputError
from testigo.forensics.dossier import claim_texts as said
from testigo.forensics.dossier.answers import Answer, Claim, Text, both
from testigo.forensics.dossier.facts import ABSENT, MAC, PRESENT, UUID
from testigo.forensics.dossier.print_items import ROLES, role_name
from testigo.forensics.dossier.view import SheetView


def claims_of(view: SheetView) -> tuple[Claim, ...]:
    """Every claim with its answer; the station must have a decision."""
    return (
        _no_signatures(view),
        _incomplete_qr(view),
        _no_code_under_qr(view),
        _same_sheet_twice(view),
        _edited_image(view),
    )


def _claim(code: str, answer: Answer, evidence: Iterable[Text]) -> Claim:
    return Claim(code, said.CLAIMS[code], answer, tuple(evidence), said.CANNOT_KNOW[code])


def _no_signatures(view: SheetView) -> Claim:
    """Contradicted by one filled box; seen if every box that was looked at is empty."""
    filled, empty = view.facts.filled, view.facts.empty
    evidence: list[Text] = [said.IMPORTED] if view.imported else []
    answer = Answer.CONTRADICTED if filled else Answer.SEEN if empty else Answer.OPEN
    if filled:
        evidence.append(
            both(
                "En el original, según las lecturas, están llenas {n} casillas: {r}.",
                "On the original, say the readings, {n} boxes are filled: {r2}.",
                n=len(filled),
                **_roles(filled),
            )
        )
    if empty:
        evidence.append(
            both(
                "Vacías, según las lecturas, {n}: {r}.",
                "Empty, say the readings, {n}: {r2}.",
                n=len(empty),
                **_roles(empty),
            )
        )
    if view.images and not view.imported:
        evidence += said.COVERED_ON_PURPOSE
    return _claim("no_signatures", answer, evidence)


def _roles(roles: Iterable[str]) -> dict[str, str]:
    order = {role: place for place, role in enumerate(ROLES)}
    names = [role_name(role) for role in sorted(roles, key=lambda role: (order.get(role, len(order)), role))]
    return {"r": ", ".join(one["es"] for one in names), "r2": ", ".join(one["en"] for one in names)}


def _incomplete_qr(view: SheetView) -> Claim:
    evidence: list[Text] = []
    answer = Answer.OPEN
    if view.imported:
        evidence.append(said.IMPORTED)
    elif any(view.dossiers.payload_complete(one) for one in view.payloads):
        answer = Answer.CONTRADICTED
        evidence += [*_read_whole(view), *_print_agrees(view)]
    elif view.images:
        answer = Answer.SEEN
        evidence.append(said.CODE_UNREADABLE)
    return _claim("incomplete_qr", answer, evidence)


def _read_whole(view: SheetView) -> Iterable[Text]:
    erased, corrected = (max(row[name] for row in view.readings) for name in ("erased", "corrected"))
    yield both(
        "El código se leyó entero: código del acta, {n} votos por línea, nulos y blancos según la gramática.",
        "The code was read whole: sheet code, {n} votes per line, null and blank, as the grammar asks.",
        n=len(view.contest.line_codes),
    )
    yield both(
        "Para leerlo se borraron {e} símbolos y se corrigieron {c}: la corrección de errores del QR es exacta, no "
        "adivina.",
        "To read it {e} symbols were erased and {c} corrected: a QR's error correction is exact, it does not guess.",
        e=erased,
        c=corrected,
    )
    if view.facts.symbols:
        yield both(
            "De las {n} palabras del código, {o} se ven intactas.",
            "Of the code's {n} codewords {o} are seen intact.",
            n=len(view.facts.symbols),
            o=view.facts.symbols.count("."),
        )


def _print_agrees(view: SheetView) -> list[Text]:
    check = view.check("qr_equals_print")
    return [check["because"]] if check is not None and check["outcome"] != "not_evaluable" else []


def _no_code_under_qr(view: SheetView) -> Claim:
    evidence: list[Text] = [said.IMPORTED] if view.imported else []
    seen = view.facts.of(MAC)
    answer = Answer.OPEN
    if PRESENT in seen:
        answer = Answer.CONTRADICTED
        evidence.append(said.LINE_THERE)
    elif ABSENT in seen:
        answer = Answer.SEEN
        evidence.append(said.LINE_ABSENT)
    block = view.contest.layout.block("hmac") if view.contest.layout else None
    if block is not None and block.public and view.images:
        evidence.append(said.ZONE_VISIBLE)
    if view.payloads:
        evidence.append(said.CODE_CARRIES)
    return _claim("no_code_under_qr", answer, evidence)


def _same_sheet_twice(view: SheetView) -> Claim:
    seen = _duplicates(view)
    evidence = list(seen)
    uuids = view.facts.of(UUID)
    looked = bool(view.images or view.payloads or uuids)
    if view.imported and not seen:
        evidence.append(said.IMPORTED)
    elif looked and not seen:
        evidence.append(said.NONE_SHARED)
        if uuids:
            evidence.append(
                both(
                    "Su UUID ({u}) es distinto de los demás {n} leídos en el paquete.",
                    "Its UUID ({u}) differs from the other {n} that were read in the bundle.",
                    u=", ".join(uuids),
                    n=len(view.dossiers.by_uuid) - len(uuids),
                )
            )
    answer = Answer.SEEN if seen else Answer.NOT_SEEN if looked else Answer.OPEN
    return _claim("same_sheet_twice", answer, evidence)


def _duplicates(view: SheetView) -> list[Text]:
    dossiers, row = view.dossiers, view.row
    assert row is not None  # noqa: S101  (claims are answered only where there is a decision)
    codes = sorted({one["sheet_code"] for one in view.readings if one["sheet_code"]})
    columns = [f"l_{code}" for code in view.contest.line_codes]
    lines = tuple(row[column] for column in columns)
    found = (
        (view.shared(dossiers.by_uuid, view.facts.of(UUID)), ("El mismo UUID impreso", "The same printed UUID")),
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
    if view.imported:
        return _claim("edited_image", Answer.OPEN, [said.IMPORTED])
    if not view.images:
        return _claim("edited_image", Answer.OPEN, [])
    evidence = [said.EDITED_ON_PURPOSE, said.BYTES_HOLD if _bytes_hold(view) else said.BYTES_DIFFER]
    answer = Answer.OPEN
    for rule, agree in (("qr_equals_print", said.TWO_EVIDENCES), ("figures_equal_words", said.WORDS_AGREE)):
        check = view.check(rule)
        if check is not None and check["outcome"] == "fail":
            answer = Answer.SEEN
            evidence.append(check["because"])
        elif check is not None and check["outcome"] == "pass":
            answer = Answer.NOT_SEEN if answer is Answer.OPEN else answer
            evidence.append(agree)
    return _claim("edited_image", answer, evidence)


def _bytes_hold(view: SheetView) -> bool:
    try:
        return all(bool(view.bundle.image(one)) for one in view.images)
    except InputError:
        return False
