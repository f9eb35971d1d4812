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
    **{outcome.value: texts for outcome, texts in REFUSALS.items()},
}


def explained(codes: Iterable[str]) -> list[dict[str, str]]:
    """Problems in their documented shape: ``code``, ``es``, ``en``."""
    return [{"code": code, **PROBLEMS[code]} for code in codes]
