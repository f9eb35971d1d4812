"""What can be odd about a file or a reading: code -> explanation in each language.

Rules of this module
--------------------
1. A code is kept for ever: readings in published ledgers name it.
2. An explanation says what was seen and what to do, never who may have done it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from testigo.reading.limits import REFUSALS

NO_CODE = "no_code"
FOREIGN_CODE = "foreign_code"
STATION_TWICE = "station_twice"
SHOWN_TWICE = "shown_twice"
CODE_DAMAGED = "code_damaged"
MORE_PAGES = "more_pages"
PAGE_UNREAD = "page_unread"
FILE_MISSING = "file_missing"
READER_FAILED = "reader_failed"
READER_SLOW = "reader_slow"

# Of the print, as testigo.reading.print says them.
PRINT_UNPROVEN = "print_unproven"
PRINT_DIFFERS = "print_differs"
WORDS_DIFFER = "words_differ"
ROW_MISSING = "row_missing"
ROW_UNKNOWN = "row_unknown"
LABELS_UNREAD = "labels_unread"
COUNT_UNREAD = "count_unread"
SUM_DIFFERS = "sum_differs"
SUM_UNREAD = "sum_unread"
CODE_UNREAD = "code_unread"
CODE_DIFFERS = "code_differs"
AMBIGUOUS = "ambiguous"

#: Trouble of the run, not of the sheet: such a file is read again by the next run.
TRANSIENT = frozenset({FILE_MISSING, READER_FAILED, READER_SLOW})

#: Every code of a problem -> language -> sentence. The refusals of a whole file are among them.
PROBLEMS: Mapping[str, Mapping[str, str]] = {
    NO_CODE: {
        "es": "No se encontró un código QR legible. Escanee el acta completa de nuevo, o transcríbala a mano.",
        "en": "No readable QR code was found. Scan the whole sheet again, or have it typed by people.",
    },
    FOREIGN_CODE: {
        "es": "La imagen tiene un código QR que no es de un acta de esta elección. Revise si es la imagen correcta.",
        "en": "The image has a QR code that is not of a sheet of this election. Check that it is the right image.",
    },
    STATION_TWICE: {
        "es": "La imagen muestra dos actas distintas de la misma mesa. Alguien debe mirar ambas.",
        "en": "The image shows two different sheets of one polling station. Somebody must look at both.",
    },
    SHOWN_TWICE: {
        "es": "La misma acta aparece más de una vez en la imagen; se cuenta una sola vez.",
        "en": "The same sheet appears more than once on the image; it is read once.",
    },
    CODE_DAMAGED: {
        "es": "El código QR está muy dañado y apenas se pudo corregir. Compare los números con el texto impreso.",
        "en": "The QR code is badly damaged and could only just be corrected. Compare the numbers with the print.",
    },
    MORE_PAGES: {
        "es": "El archivo tiene varias páginas y solo se leyó la primera. Envíe cada acta en su propio archivo.",
        "en": "The file has several pages and only the first was read. Send each sheet as a file of its own.",
    },
    PAGE_UNREAD: {
        "es": "Al menos una página del archivo no dio ningún acta legible. Revise todas sus páginas.",
        "en": "At least one page of the file gave no readable sheet. Look at all of its pages.",
    },
    FILE_MISSING: {
        "es": "El archivo no se pudo leer del disco o del almacén. Revise la ruta y los permisos, y repita.",
        "en": "The file could not be read from the disk or the store. Check the path and its rights, and run again.",
    },
    READER_FAILED: {
        "es": "El lector falló con este archivo, también al repetirlo. No lo abra con otros programas; infórmelo.",
        "en": "The reader failed on this file, and again when it was repeated. Do not open it elsewhere; report it.",
    },
    READER_SLOW: {
        "es": "Leer este archivo tardó demasiado y se interrumpió. Transcríbalo a mano, o escanee el acta de nuevo.",
        "en": "Reading this file took too long and was stopped. Have it typed by people, or scan the sheet again.",
    },
    PRINT_UNPROVEN: {
        "es": "El texto impreso no se prueba a sí mismo (cifras, palabras y sumas). Transcríbalo a mano.",
        "en": "The print does not prove itself (figures, words and sums). Have it typed by people.",
    },
    PRINT_DIFFERS: {
        "es": "El código QR y el texto impreso dicen números distintos. Alguien debe mirar la imagen.",
        "en": "The QR code and the print say different numbers. Somebody must look at the image.",
    },
    WORDS_DIFFER: {
        "es": "En al menos una línea las cifras y las palabras dicen números distintos.",
        "en": "On at least one line the figures and the words say different numbers.",
    },
    ROW_MISSING: {
        "es": "Falta al menos una línea del acta, o no se pudo leer.",
        "en": "At least one line of the sheet is missing, or could not be read.",
    },
    ROW_UNKNOWN: {
        "es": "El acta tiene una línea con votos que el perfil no conoce, o una línea repetida.",
        "en": "The sheet has a line with votes that the profile does not know, or a repeated line.",
    },
    LABELS_UNREAD: {
        "es": "Demasiados nombres de línea no se pudieron leer para estar seguro del orden.",
        "en": "Too many names of lines could not be read to be sure of their order.",
    },
    COUNT_UNREAD: {
        "es": "Al menos un número del acta no se pudo leer.",
        "en": "At least one number of the sheet could not be read.",
    },
    SUM_DIFFERS: {
        "es": "Las líneas impresas no suman los totales impresos.",
        "en": "The printed lines do not sum to the printed totals.",
    },
    SUM_UNREAD: {
        "es": "Los totales impresos no se pudieron leer, y sin ellos el texto no se prueba.",
        "en": "The printed totals could not be read, and without them the print does not prove itself.",
    },
    CODE_UNREAD: {
        "es": "El código del acta, arriba, no se pudo leer con certeza.",
        "en": "The sheet code, at the top, could not be read with certainty.",
    },
    CODE_DIFFERS: {
        "es": "El código del acta impreso arriba no es el del código QR.",
        "en": "The sheet code printed at the top is not the one in the QR code.",
    },
    AMBIGUOUS: {
        "es": "Más de una combinación de números cumple las sumas; ninguna se da por leída.",
        "en": "More than one combination of numbers fits the sums; none is taken as read.",
    },
    **{outcome.value: texts for outcome, texts in REFUSALS.items()},
}


def explained(codes: Iterable[str]) -> list[dict[str, str]]:
    """Problems in their documented shape: ``code``, ``es``, ``en``."""
    return [{"code": code, **PROBLEMS[code]} for code in codes]
