"""What every code means, in plain words: one sentence per code and language.

Rules of this module
--------------------
1. Every code that a record can hold has a sentence here in every language; a test compares the lists.
2. Plain words, no technical ones: whoever reads this has twenty seconds and is angry or afraid.
3. A sentence says what is so, never more: *confirmed* is about reading a sheet rightly, not about its being genuine.
4. ``{placeholders}`` are the names in :attr:`testigo.records.Check.values`.
"""

from __future__ import annotations

from collections.abc import Mapping

from testigo.errors import InternalError
from testigo.records import Check

#: Language -> text with placeholders.
Both = Mapping[str, str]

LANGUAGES = ("es", "en")


def _both(es: str, en: str) -> Both:
    return {"es": es, "en": en}


STANDINGS: Mapping[str, Both] = {
    "missing": _both("sin acta", "no tally sheet"),
    "reported": _both("comunicada sin imagen del acta", "reported without an image of the sheet"),
    "documented": _both("con imagen del acta, aún sin confirmar", "with an image of the sheet, not yet confirmed"),
    "confirmed": _both("confirmada por dos lecturas", "confirmed by two readings"),
    "imported": _both("tomada de una tabla publicada por otros", "taken from a table that others published"),
    "withdrawn": _both("retirada", "withdrawn"),
}

FLAGS: Mapping[str, Both] = {
    "contested": _both(
        "En disputa: hay pruebas que no coinciden o una comprobación que falla, y nadie autorizado lo ha resuelto.",
        "Contested: evidence disagrees or a check fails, and nobody entitled to settle it has done so.",
    ),
    "same_image": _both(
        "La misma imagen aparece también en otro lugar.", "The same image is also shown for another place."
    ),
    "outvoted": _both(
        "Una persona escribió otros números que las que coinciden.",
        "One person typed other numbers than those who agree.",
    ),
}

OUTCOMES: Mapping[str, Both] = {
    "pass": _both("se cumple", "holds"),
    "fail": _both("no se cumple", "does not hold"),
    "not_evaluable": _both("no se puede comprobar", "cannot be checked"),
}

PROVENANCES: Mapping[str, Both] = {
    "anonymous": _both("Llegó de una fuente anónima.", "It came from an anonymous source."),
    "one_source": _both("Llegó de una fuente inscrita.", "It came from one enrolled source."),
    "two_sources": _both(
        "Llegó de dos fuentes independientes.", "It came from two sources that are independent of each other."
    ),
    "original_seen": _both("Alguien de fuera vio el acta original.", "An outside party has seen the original sheet."),
    "published": _both(
        "Los números vienen de una tabla que otros publicaron.", "The numbers come from a table that others published."
    ),
}

EVIDENCES: Mapping[str, Both] = {
    "qr": _both("el código QR del acta", "the sheet's QR code"),
    "print": _both("lo impreso en el acta", "what is printed on the sheet"),
    "message": _both("un mensaje con números, sin imagen", "a message with numbers, without an image"),
    "published-table": _both("una tabla publicada por otros", "a table that others published"),
}

WITHHELD: Mapping[str, Both] = {
    "": _both("La imagen está publicada.", "The image is published."),
    "not_aligned": _both(
        "No se publica la imagen: no se puede saber con certeza dónde están los nombres que hay que tapar.",
        "The image is withheld: where the names to be covered stand cannot be known with certainty.",
    ),
    "phone_photo": _both(
        "No se publica la imagen: una foto de teléfono puede delatar a quien la tomó.",
        "The image is withheld: a phone photo can give away whoever took it.",
    ),
    "no_layout": _both(
        "No se publica la imagen: no se conoce la disposición de esta acta.",
        "The image is withheld: the layout of this sheet is not known.",
    ),
    "no_sheet": _both("No se encontró un acta en la imagen.", "No tally sheet was found on the image."),
    "no_image": _both("Lo que llegó no es una imagen.", "What arrived is not an image."),
}

OPENINGS: Mapping[str, Both] = {
    "image": _both("Es una imagen completa y se leyó.", "It is a whole image and was given to the readers."),
    "same": _both("Es una copia exacta de otro envío.", "It is an exact copy of another submission."),
    "empty": _both("El archivo está vacío.", "The file is empty."),
    "too_large": _both(
        "El archivo es demasiado grande: se guardó su huella, no su contenido.",
        "The file is too large: its hash was kept, not its content.",
    ),
    "over_quota": _both(
        "Quien lo envió pasó su cuota: se guardó su huella, no su contenido.",
        "Its sender was over quota: its hash was kept, not its content.",
    ),
    "not_an_image": _both("El archivo no es una imagen.", "The file is not an image."),
    "damaged": _both("La imagen está dañada o incompleta.", "The image is damaged or incomplete."),
    "too_many_pixels": _both("La imagen tiene demasiados píxeles.", "The image has too many pixels."),
    "simulacro": _both("Es un dibujo de SIMULACRO, no un acta.", "It is a drawing marked SIMULACRO, not a sheet."),
}

#: Rules by which a decision is made: the profile's policies and what is said without them.
RULES: Mapping[str, Both] = {
    "qr_confirmed_by_print": _both(
        "El código QR y lo impreso, leídos por separado, dan los mismos números.",
        "The QR code and the print, read separately, give the same numbers.",
    ),
    "two_people_agree": _both(
        "Dos personas distintas escribieron los mismos números a partir de la imagen.",
        "Two different people typed the same numbers from the image.",
    ),
    "adjudicated": _both(
        "Dos personas que no la habían leído antes resolvieron la disputa y coinciden.",
        "Two people who had not read it before settled the dispute and agree.",
    ),
    "one_reading": _both("Se leyó el acta; falta confirmarlo.", "The sheet was read; that is yet to be confirmed."),
    "disputed": _both(
        "Las lecturas no coinciden. Se muestra la primera que llegó y no se cuenta en el resultado.",
        "The readings disagree. The first to arrive is shown, and is not counted in the result.",
    ),
    "blocked": _both(
        "Las lecturas coinciden, pero los números no pueden ser correctos. No se cuentan en el resultado.",
        "The readings agree, but the numbers cannot be right. They are not counted in the result.",
    ),
    "message": _both("Alguien envió los números, sin imagen.", "Somebody sent the numbers, without an image."),
    "imported": _both(
        "Es una fila de una tabla que otros publicaron.", "It is a row of a table that others published."
    ),
    "no_reading": _both("Todavía no hay ninguna lectura.", "There is no reading yet."),
}

#: What a check asks.
CHECKS: Mapping[str, Both] = {
    "station_exists": _both("¿Existe?", "Does it exist?"),
    "lines_sum_to_valid": _both(
        "¿Suman los votos el total de válidos?", "Do the votes add up to the total of valid votes?"
    ),
    "total_within_voters": _both("¿Hay como mucho un voto por votante?", "Is there at most one vote per voter?"),
    "total_within_electors": _both("¿Hay como mucho un voto por elector?", "Is there at most one vote per elector?"),
    "voters_within_electors": _both("¿Votaron como mucho los inscritos?", "Did no more than the registered vote?"),
    "figures_equal_words": _both("¿Dicen lo mismo cifras y palabras?", "Do figures and words say the same?"),
    "qr_equals_print": _both(
        "¿Dicen lo mismo el código QR y lo impreso?", "Do the QR code and the print say the same?"
    ),
    "unique_image": _both("¿Es la imagen de un solo lugar?", "Is the image shown for one place only?"),
}

_NO_COUNTS = _both("No hay números que comprobar.", "There are no numbers to check.")
_NO_ELECTORS = _both("No se sabe cuántos electores hay inscritos.", "How many electors are registered is not known.")
_NO_VOTERS = _both("No se sabe cuántas personas votaron.", "How many people voted is not known.")

#: Why a check has its outcome: ``<rule>.<because>``.
BECAUSE: Mapping[str, Both] = {
    "station_exists.in_register": _both("{station} está en el registro.", "{station} is in the register."),
    "station_exists.not_in_register": _both("{station} no está en el registro.", "{station} is not in the register."),
    "station_exists.no_register": _both(
        "No hay un registro completo con que comparar.", "There is no complete register to compare with."
    ),
    "lines_sum_to_valid.equal": _both(
        "Los votos suman {sum}, y el total dice {valid}.", "The votes add up to {sum}, and the total says {valid}."
    ),
    "lines_sum_to_valid.different": _both(
        "Los votos suman {sum}, pero el total dice {valid}.", "The votes add up to {sum}, but the total says {valid}."
    ),
    "lines_sum_to_valid.no_valid": _both(
        "Ninguna lectura da el total de votos válidos.", "No reading gives the total of valid votes."
    ),
    "lines_sum_to_valid.no_counts": _NO_COUNTS,
    "total_within_voters.within": _both(
        "Se contaron {cast} votos de {voters} votantes.", "{cast} votes were counted, of {voters} voters."
    ),
    "total_within_voters.exceeds": _both(
        "Se contaron {cast} votos, pero solo hubo {voters} votantes.",
        "{cast} votes were counted, but there were only {voters} voters.",
    ),
    "total_within_voters.no_voters": _NO_VOTERS,
    "total_within_voters.no_counts": _NO_COUNTS,
    "total_within_electors.within": _both(
        "Se contaron {cast} votos de {electors} electores.", "{cast} votes were counted, of {electors} electors."
    ),
    "total_within_electors.exceeds": _both(
        "Se contaron {cast} votos, pero solo hay {electors} electores.",
        "{cast} votes were counted, but there are only {electors} electors.",
    ),
    "total_within_electors.no_electors": _NO_ELECTORS,
    "total_within_electors.no_counts": _NO_COUNTS,
    "voters_within_electors.within": _both(
        "Votaron {voters} de {electors} electores.", "{voters} of {electors} electors voted."
    ),
    "voters_within_electors.exceeds": _both(
        "Votaron {voters} personas, pero solo hay {electors} electores.",
        "{voters} people voted, but there are only {electors} electors.",
    ),
    "voters_within_electors.no_voters": _NO_VOTERS,
    "voters_within_electors.no_electors": _NO_ELECTORS,
    "figures_equal_words.words_differ": _both(
        "En alguna línea, las cifras dicen una cosa y las palabras otra.",
        "On some line, the figures say one thing and the words another.",
    ),
    "figures_equal_words.no_words": _both(
        "Nadie comparó las cifras con las palabras.", "Nobody compared the figures with the words."
    ),
    "qr_equals_print.qr_agrees": _both(
        "El código QR y lo impreso dan los mismos números.", "The QR code and the print give the same numbers."
    ),
    "qr_equals_print.qr_differs": _both(
        "En {code}, el código QR dice {qr} y lo impreso dice {print}.",
        "For {code}, the QR code says {qr} and the print says {print}.",
    ),
    "qr_equals_print.qr_read_with_print": _both(
        "El código QR solo se pudo leer con ayuda de lo impreso, que por eso no lo confirma.",
        "The QR code could be read only with the help of the print, which therefore does not confirm it.",
    ),
    "qr_equals_print.no_qr": _both("No se leyó ningún código QR.", "No QR code was read."),
    "qr_equals_print.no_print": _both("Nadie leyó todavía lo impreso.", "Nobody has read the print yet."),
    "qr_equals_print.no_same_sheet": _both(
        "El código QR y lo impreso se leyeron en imágenes distintas.",
        "The QR code and the print were read on different images.",
    ),
    "unique_image.image_alone": _both(
        "No se vio esta imagen en ningún otro lugar.", "This image was not seen for any other place."
    ),
    "unique_image.image_shared": _both(
        "La misma imagen aparece también en: {stations}.", "The same image is also shown for: {stations}."
    ),
    "unique_image.no_image": _both("No hay imagen.", "There is no image."),
}

#: Kind of code -> code -> texts. A decision's policies are among the rules.
SENTENCES: Mapping[str, Mapping[str, Both]] = {
    "standing": STANDINGS,
    "flag": FLAGS,
    "outcome": OUTCOMES,
    "provenance": PROVENANCES,
    "evidence": EVIDENCES,
    "withheld": WITHHELD,
    "opening": OPENINGS,
    "rule": RULES,
    "check": CHECKS,
    "because": BECAUSE,
}


def sentence(kind: str, code: str, language: str, values: Mapping[str, int | str] | None = None) -> str:
    """What a code means, in one language.

    Args:
        kind: a key of :data:`SENTENCES`.
        code: the code. A rule may be several policies joined by ``+``; a reason is ``<rule>.<because>``.
        language: ``es`` or ``en``.
        values: what stands for the placeholders; format numbers for the reader's locale first.

    Raises:
        InternalError: there is no such sentence, or a value is missing.
    """
    try:
        if kind == "rule" and "+" in code:
            return " ".join(sentence(kind, part, language) for part in code.split("+"))
        return SENTENCES[kind][code][language].format_map(values or {})
    except KeyError as error:
        raise InternalError(f"There is no sentence for the {kind} {code!r} in {language!r} ({error}).") from error


def explain(check: Check, language: str, values: Mapping[str, int | str] | None = None) -> str:
    """Why a check has its outcome; ``values`` replaces its numbers by formatted ones."""
    return sentence("because", f"{check.rule}.{check.because}", language, check.values if values is None else values)
