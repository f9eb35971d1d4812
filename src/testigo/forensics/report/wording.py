"""Numbers as people of a language write them, and the page's own texts.

Rules of this module
--------------------
1. What is shown is rounded; the exact number stands beside it for machines (``<data value>``).
2. Whole numbers are shown whole. A share is a percentage; a small probability is a power of ten.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("es", "en")
NBSP = "\u00a0"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
#: Units that are clear from the number or its label.
#: A part of a known whole.
_OF = re.compile(r"of (\d+) (.+)")
_SILENT = ("", "1", "share", "probability", "per mille")


@cache
def texts(language: str) -> Mapping[str, Any]:
    """The page's texts in one language."""
    raw = files("testigo.forensics.report").joinpath("templates", f"{language}.toml").read_text("utf-8")
    return tomllib.loads(raw)


@dataclass(frozen=True)
class Numbers:
    """How a language writes numbers."""

    language: str

    def _localised(self, text: str) -> str:
        return text.translate(str.maketrans(",.", ".,")) if self.language == "es" else text

    def value(self, value: float | int | str, unit: str) -> str:
        """A figure's value with its unit."""
        if isinstance(value, str):
            return value
        if unit == "share":
            return self._share(value)
        if unit == "percent":
            return self.number(value) + NBSP + "%"
        return self.number(value) + ("" if unit in _SILENT else NBSP + self._unit(unit))

    def _unit(self, unit: str) -> str:
        """A unit in words; ``of 250 stations`` is one too."""
        words = texts(self.language)
        part = _OF.fullmatch(unit)
        if part is None:
            return str(words["units"].get(unit, unit))
        whole = self.number(int(part[1]))
        return str(words["of"].format(n=whole, unit=words["units"].get(part[2], part[2])))

    def number(self, value: float | int) -> str:
        """A number: whole ones whole, others with four significant digits."""
        if isinstance(value, int):
            return self._localised(f"{value:,}" if abs(value) > 999 else str(value))
        if value == 0:
            return "0"
        size = math.floor(math.log10(abs(value)))
        if size < -3 or size > 8:
            mantissa = value / 10.0**size if size > -300 else value * 1e300 / 10.0 ** (size + 300)
            return self._localised(f"{mantissa:.2f}") + f"{NBSP}·{NBSP}10{str(size).translate(_SUPERSCRIPT)}"
        text = f"{value:,.{max(3 - size, 0)}f}"
        return self._localised(text)

    def _share(self, value: float) -> str:
        percent = 100 * value
        decimals = 2 if abs(percent) >= 0.1 or percent == 0 else 4
        space = NBSP if self.language == "es" else ""
        return self._localised(f"{percent:,.{decimals}f}") + f"{space}%"
