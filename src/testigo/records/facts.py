"""What the print says of a sheet itself, besides its counts: the closed list, and the shape of each.

Rules of this module
--------------------
1. A fact is about the sheet, never about a person: a signature box is filled or empty, and nobody's name has a place.
2. A closed list with exact shapes, checked wherever a fact is taken from a program: no free text can travel in one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

UUID = "uuid"
PRINTED_AT = "printed_at"
MAC = "mac"
SIGNATURE = "signature."
FILLED, EMPTY = "filled", "empty"

#: Name -> the whole of what it may say.
_SHAPES: Mapping[str, re.Pattern[str]] = {
    # as printed, in small letters
    UUID: re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    # local time on the sheet, to the second: 2024-07-28T19:03:30
    PRINTED_AT: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"),
    # the line below the code that only the issuer can check: present (64 hexadecimal digits were read or seen), absent
    MAC: re.compile(r"present|absent"),
}
_SIGNATURE = re.compile(r"signature\.[a-z][a-z0-9_]{0,30}")
_BOX = re.compile(f"{FILLED}|{EMPTY}")
_MOST_FACTS = 40


def fact_problem(facts: Any) -> str:
    """What is wrong with the facts of a reading; empty if nothing is.

    Args:
        facts: ``uuid``, ``printed_at``, ``mac``, and ``signature.<role>`` for each signature box; each may be missing.
    """
    if not isinstance(facts, Mapping) or len(facts) > _MOST_FACTS:
        return "facts of the wrong shape"
    for name, text in facts.items():
        if not isinstance(name, str) or not isinstance(text, str):
            return "a fact of the wrong shape"
        shape = _BOX if _SIGNATURE.fullmatch(name) else _SHAPES.get(name)
        if shape is None:
            return "a fact that is not on the list"
        if shape.fullmatch(text) is None:
            return f"a {name} of the wrong shape"
    return ""
