"""What can be odd about a sheet that a program read: code -> sentence in each language.

Rules of this module
--------------------
1. A code is kept for ever: readings in published ledgers name it.
2. A sentence says what was seen and what to do, never who may have done it.
3. A reader of tomorrow has codes that are not here: whoever shows them shows the bare code.
"""

from __future__ import annotations

from collections.abc import Mapping

#: Every code of a reading's ``problems`` -> language -> sentence.
ODDITIES: Mapping[str, Mapping[str, str]] = {
    "no_code": {
        "es": "No se encontró un código QR legible. Escanee el acta completa de nuevo, o transcríbala a mano.",
        "en": "No readable QR code was found. Scan the whole sheet again, or have it typed by people.",
    },
    "foreign_code": {
        "es": "La imagen tiene un código QR que no es de un acta de esta elección. Revise si es la imagen correcta.",
        "en": "The image has a QR code that is not of a sheet of this election. Check that it is the right image.",
    },
    "station_twice": {
        "es": "La imagen muestra dos actas distintas de la misma mesa. Alguien debe mirar ambas.",
        "en": "The image shows two different sheets of one polling station. Somebody must look at both.",
    },
    "shown_twice": {
        "es": "La misma acta aparece más de una vez en la imagen; se cuenta una sola vez.",
        "en": "The same sheet appears more than once on the image; it is read once.",
    },
    "code_damaged": {
        "es": "El código QR está muy dañado y apenas se pudo corregir. Compare los números con el texto impreso.",
        "en": "The QR code is badly damaged and could only just be corrected. Compare the numbers with the print.",
    },
    "print_as_judge": {
        "es": "El código QR, dañado, solo se pudo leer con ayuda del texto impreso (código del acta o totales), que "
        "por eso no lo confirma. Transcriba el acta a mano, o escanéela de nuevo.",
        "en": "The QR code is damaged and could be read only with the print's help (sheet code or totals), which "
        "therefore does not confirm it. Have the sheet typed by people, or scan it again.",
    },
    "more_pages": {
        "es": "El archivo tiene varias páginas y solo se leyó la primera. Envíe cada acta en su propio archivo.",
        "en": "The file has several pages and only the first was read. Send each sheet as a file of its own.",
    },
    "page_unread": {
        "es": "Al menos una página del archivo no dio ningún acta legible. Revise todas sus páginas.",
        "en": "At least one page of the file gave no readable sheet. Look at all of its pages.",
    },
    "print_unproven": {
        "es": "El texto impreso no se prueba a sí mismo (cifras, palabras y sumas). Transcríbalo a mano.",
        "en": "The print does not prove itself (figures, words and sums). Have it typed by people.",
    },
    "print_differs": {
        "es": "El código QR y el texto impreso dicen números distintos. Alguien debe mirar la imagen.",
        "en": "The QR code and the print say different numbers. Somebody must look at the image.",
    },
    "words_differ": {
        "es": "En al menos una línea las cifras y las palabras dicen números distintos.",
        "en": "On at least one line the figures and the words say different numbers.",
    },
    "row_missing": {
        "es": "Falta al menos una línea del acta, o no se pudo leer.",
        "en": "At least one line of the sheet is missing, or could not be read.",
    },
    "row_unknown": {
        "es": "El acta tiene una línea con votos que el perfil no conoce, o una línea repetida.",
        "en": "The sheet has a line with votes that the profile does not know, or a repeated line.",
    },
    "labels_unread": {
        "es": "Demasiados nombres de línea no se pudieron leer para estar seguro del orden.",
        "en": "Too many names of lines could not be read to be sure of their order.",
    },
    "count_unread": {
        "es": "Al menos un número del acta no se pudo leer.",
        "en": "At least one number of the sheet could not be read.",
    },
    "sum_differs": {
        "es": "Las líneas impresas no suman los totales impresos.",
        "en": "The printed lines do not sum to the printed totals.",
    },
    "sum_unread": {
        "es": "Los totales impresos no se pudieron leer, y sin ellos el texto no se prueba.",
        "en": "The printed totals could not be read, and without them the print does not prove itself.",
    },
    "code_unread": {
        "es": "El código del acta, arriba, no se pudo leer con certeza.",
        "en": "The sheet code, at the top, could not be read with certainty.",
    },
    "code_differs": {
        "es": "El código del acta impreso arriba no es el del código QR.",
        "en": "The sheet code printed at the top is not the one in the QR code.",
    },
    "ambiguous": {
        "es": "Más de una combinación de números cumple las sumas; ninguna se da por leída.",
        "en": "More than one combination of numbers fits the sums; none is taken as read.",
    },
    "read_once": {
        "es": "Menos de la mitad de las líneas con votos se pudo leer dos veces, en cifras y en palabras. "
        "Transcríbala a mano.",
        "en": "Fewer than half of the lines with votes could be read twice, in figures and in words. "
        "Have it typed by people.",
    },
    "voters_differ": {
        "es": "Los votos del acta no son tantos como los votantes que anota. Alguien debe mirar la imagen.",
        "en": "The sheet's votes are not as many as the voters that it notes. Somebody must look at the image.",
    },
}


def oddity(code: str, language: str) -> str:
    """What a code of a reading's ``problems`` means; the code itself if it is not known here."""
    return ODDITIES[code][language] if code in ODDITIES else code
