"""Numbers and dates as people of a locale write them.

Rules of this module
--------------------
1. Integer arithmetic throughout; a share is rounded half up, once.
2. A share that is not everything is never shown as 100 %, and one that is not nothing never as 0 %.
3. Dates are absolute and name their time zone.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

NBSP = "\u00a0"

#: locale or language -> (between thousands, before decimals, before the percent sign). Source: Unicode CLDR 45.
_SEPARATORS = {
    "en": (",", ".", ""),
    "es": (".", ",", NBSP),
    "es-MX": (",", ".", NBSP),
    "es-PE": (",", ".", NBSP),
    "es-GT": (",", ".", NBSP),
    "es-HN": (",", ".", NBSP),
    "es-NI": (",", ".", NBSP),
    "es-SV": (",", ".", NBSP),
    "es-PA": (",", ".", NBSP),
    "es-DO": (",", ".", NBSP),
    "pt": (".", ",", ""),
    "fr": ("\u202f", ",", NBSP),
}
_MONTHS = {
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "en": "January February March April May June July August September October November December",
}


def per_mille(part: int, whole: int) -> int:
    """Share in per mille, rounded half up; never 0 or 1000 unless it is exactly so. 0 of 0 is 0."""
    if whole <= 0 or part <= 0:
        return 0
    if part >= whole:
        return 1000 * part // whole
    return min(max((2000 * part + whole) // (2 * whole), 1), 999)


@dataclass(frozen=True)
class Locale:
    """How a locale writes numbers. ``code`` is like ``es-VE``; its language decides where the locale is not known."""

    code: str

    @property
    def language(self) -> str:
        """``es`` of ``es-VE``."""
        return self.code.split("-")[0]

    def _separators(self) -> tuple[str, str, str]:
        return _SEPARATORS.get(self.code) or _SEPARATORS.get(self.language, (NBSP, ".", NBSP))

    def integer(self, value: int) -> str:
        """``7.303.480`` (es-VE), ``7,303,480`` (en)."""
        if -1000 < value < 1000:
            return str(value)
        return f"{value:,}".replace(",", self._separators()[0])

    def percent(self, part: int, whole: int) -> str:
        """``67,1 %``; ``<0,1 %`` and ``99,9 %`` where rounding would claim nothing or everything."""
        if whole <= 0:
            return "–"
        _, decimal, space = self._separators()
        if 0 < part * 2000 < whole:
            return f"<0{decimal}1{space}%"
        share = per_mille(part, whole)
        return f"{share // 10}{decimal}{share % 10}{space}%"

    def of_per_mille(self, share: int) -> str:
        """A share given in per mille: ``96,9 %``."""
        return self.percent(share, 1000)

    def date(self, day: dt.date) -> str:
        """``28 de julio de 2024``, ``28 July 2024``."""
        months = _MONTHS.get(self.language)
        if months is None:
            return day.isoformat()
        between = " de " if self.language == "es" else " "
        return f"{day.day}{between}{months.split()[day.month - 1]}{between}{day.year}"

    def moment(self, utc: str, timezone: str) -> str:
        """A manifest's time (``2024-07-30T12:00:00Z``) in the election's zone: ``30 de julio de 2024, 08:00 (…)``."""
        when = dt.datetime.fromisoformat(utc.replace("Z", "+00:00"))
        try:
            zone: dt.tzinfo = ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError):
            zone, timezone = dt.UTC, "UTC"
        local = when.astimezone(zone)
        offset = local.strftime("%z")
        return f"{self.date(local.date())}, {local:%H:%M} ({timezone}, UTC{offset[:3]}:{offset[3:]})"

    def size(self, count: int) -> str:
        """A number of bytes, as ``1,2 MB`` (decimal units)."""
        for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
            if count >= scale:
                tenths = (count * 10 + scale // 2) // scale
                return f"{self.integer(tenths // 10)}{self._separators()[1]}{tenths % 10}{NBSP}{unit}"
        return f"{count}{NBSP}B"
