"""Pictures of the report's own, for findings that bring none: drawn from the figures.

Rules of this module
--------------------
1. Only figures that stand in the finding are drawn, to scale, from zero; the table beside says the same in numbers.
2. A picture is drawn in the page's language, with lettering that can be read on a small phone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from testigo.forensics.finding import Finding
from testigo.forensics.report.wording import Numbers, texts

_WIDTH, _BAR, _GAP = 400, 22, 52
_INK, _DARK, _LIGHT, _HATCHED = "#1b1b19", "#1f3a5f", "#c9ced6", "url(#hatch)"


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar from zero to ``value``; ``ends``: of an interval drawn over it."""

    value: float
    label: str
    colour: str = _DARK
    ends: tuple[float, float] | None = None


def drawn(finding: Finding, numbers: Numbers) -> str:
    """Our picture of a finding that brings none, as SVG; empty if there is nothing to draw."""
    for prefix, draw in _PICTURES.items():
        if finding.code.startswith(prefix):
            return draw(finding, numbers)
    return ""


def _number(finding: Finding, name: str) -> float | None:
    try:
        value = finding.figure(name).value
    except KeyError:
        return None
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _certainty(finding: Finding, numbers: Numbers) -> str:
    """The lead beside the electors who are not counted."""
    lead, left = _number(finding, "lead"), _number(finding, "electors_not_counted")
    if lead is None or left is None or lead <= 0:
        return ""
    t = texts(numbers.language)["pictures"]
    return bars((Bar(lead, t["lead"] + _whole(lead, numbers)), Bar(left, t["left"] + _whole(left, numbers), _HATCHED)))


def _contradiction(finding: Finding, numbers: Numbers) -> str:
    """The sheets that would have to be invented, of those that are published."""
    least, share = _number(finding, "least_invented"), _number(finding, "least_share")
    if not least or not share:
        return ""
    sheets = round(least / share)
    t = texts(numbers.language)["pictures"]
    return bars(
        (
            Bar(sheets, t["published"] + _whole(sheets, numbers), _LIGHT),
            Bar(least, t["invented"] + _whole(least, numbers)),
        )
    )


def _projection(finding: Finding, numbers: Numbers) -> str:
    """The lead as counted, as projected with its interval, and in the worst case."""
    values = [_number(finding, f"{kind}_lead") for kind in ("counted", "projected", "worst_case")]
    if any(value is None for value in values):
        return ""
    counted, projected, worst = (float(value or 0) for value in values)
    t = texts(numbers.language)["pictures"]
    return bars(
        (
            Bar(counted, t["lead"] + _whole(counted, numbers)),
            Bar(
                projected,
                t["projected"] + _whole(projected, numbers),
                _LIGHT,
                finding.figure("projected_lead").interval,
            ),
            Bar(worst, t["worst"] + _whole(worst, numbers), _HATCHED),
        )
    )


_PICTURES: Mapping[str, Callable[[Finding, Numbers], str]] = {
    "certainty": _certainty,
    "contradiction": _contradiction,
    "projection": _projection,
}


def _whole(value: float, numbers: Numbers) -> str:
    return numbers.number(round(value))


def bars(rows: Sequence[Bar]) -> str:
    """Horizontal bars from zero on one scale, each below its label; a negative one goes to the other side."""
    reached = [0.0, *(row.value for row in rows), *(end for row in rows for end in row.ends or ())]
    low, high = min(reached), max(reached)
    scale = (_WIDTH - 2) / (high - low or 1.0)
    parts = []
    for place, row in enumerate(rows):
        top = place * _GAP
        left, right = (1 + scale * (end - low) for end in sorted((0.0, row.value)))
        parts.append(f'<text x="0" y="{top + 16}" font-size="15" fill="{_INK}">{escape(row.label)}</text>')
        parts.append(
            f'<rect x="{left:.1f}" y="{top + 22}" width="{max(right - left, 1.0):.1f}" height="{_BAR}" '
            f'fill="{row.colour}" stroke="{_DARK}"/>'
        )
        if row.ends is not None:
            near, far = (1 + scale * (end - low) for end in row.ends)
            middle = top + 22 + _BAR / 2
            parts.append(
                f'<path d="M{near:.1f} {middle}H{far:.1f}M{near:.1f} {middle - 6}v12M{far:.1f} {middle - 6}v12" '
                f'stroke="{_INK}" stroke-width="2" fill="none"/>'
            )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_GAP * len(rows) + 8}" '
        'class="bars" font-family="sans-serif">'
        '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse">'
        f'<path d="M0 7L7 0" stroke="{_DARK}" stroke-width="1.2" fill="none"/></pattern></defs>'
        f"{''.join(parts)}</svg>"
    )
