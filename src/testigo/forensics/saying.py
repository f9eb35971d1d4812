"""Numbers inside sentences, as each language writes them: 1.234,5 in Spanish, 1,234.5 in English.

Rules of this module
--------------------
1. Every function gives a text per language, so that a sentence cannot mix them.
2. Shown, not exact: the figures of a finding carry the exact values.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from testigo.forensics.finding import Text

_NBSP = "\u00a0"  # a number and its sign stay on one line
_SPANISH = str.maketrans(",.", ".,")
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _each(write: Callable[[], str]) -> Text:
    english = write()
    return {"es": english.translate(_SPANISH), "en": english}


def whole(number: int) -> Text:
    """``25.073``, ``25,073``."""
    return _each(lambda: f"{number:,}")


def decimal(number: float, digits: int) -> Text:
    """With that many digits after the point: ``1,22``, ``1.22``."""
    return _each(lambda: f"{number:,.{digits}f}")


def percent(share: float, digits: int = 1) -> Text:
    """A share, 0 to 1: ``67,1 %``, ``67.1 %``, never broken over two lines."""
    return _each(lambda: f"{100 * share:,.{digits}f}{_NBSP}%")


def significant(number: float, digits: int = 2) -> Text:
    """With that many digits that count; very small and very large ones as powers of ten: ``7,4·10⁻⁹``."""
    if number == 0 or not math.isfinite(number):
        return {"es": "0", "en": "0"} if number == 0 else {"es": "sin límite", "en": "without limit"}
    size = math.floor(math.log10(abs(number)))
    if -4 <= size <= 5:
        return _each(lambda: f"{number:,.{max(digits - 1 - size, 0)}f}")
    mantissa = number / 10.0**size if size > -300 else number * 1e300 / 10.0 ** (size + 300)
    power = f"·10{str(size).translate(_SUPERSCRIPT)}"
    return {language: text + power for language, text in decimal(mantissa, digits - 1).items()}
