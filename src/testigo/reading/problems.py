"""What can be odd about a file or a reading: code -> explanation in each language.

Rules of this module
--------------------
1. A code is kept for ever: readings in published ledgers name it.
2. An explanation says what was seen and what to do, never who may have done it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from testigo.election.oddities import ODDITIES
from testigo.reading.limits import REFUSALS

NO_CODE = "no_code"
FOREIGN_CODE = "foreign_code"
STATION_TWICE = "station_twice"
SHOWN_TWICE = "shown_twice"
CODE_DAMAGED = "code_damaged"
PRINT_AS_JUDGE = "print_as_judge"
MORE_PAGES = "more_pages"
PAGE_UNREAD = "page_unread"
FILE_MISSING = "file_missing"
READER_FAILED = "reader_failed"
READER_SLOW = "reader_slow"

# Of the print.
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
READ_ONCE = "read_once"
VOTERS_DIFFER = "voters_differ"

#: Trouble of the run, not of the sheet: such a file is read again by the next run.
TRANSIENT = frozenset({FILE_MISSING, READER_FAILED, READER_SLOW})

#: Every code of a problem -> language -> sentence. The refusals of a whole file are among them.
PROBLEMS: Mapping[str, Mapping[str, str]] = {
    **ODDITIES,
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
