"""Findings made fit to print: plain numbers, no NaN, pictures without anything that acts.

Rules of this module
--------------------
1. A number that is not finite becomes *unknown, and says so*: nobody is shown NaN, and JSON has no word for it.
2. Of a picture only known SVG elements and attributes remain, written anew: a name inside it cannot become a script,
   and no picture asks another host for anything. What is not well-formed is left out.
3. An analysis that could not run becomes a finding that says why.
"""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from testigo.errors import TestigoError
from testigo.forensics.finding import Figure, Finding, Text

_NOT_FINITE = {
    "es": "No es un número finito con estos datos.",
    "en": "It is not a finite number for these data.",
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NAMESPACE = "{http://www.w3.org/2000/svg}"
_ELEMENTS = _words(
    "svg g path rect circle ellipse line polyline polygon text tspan title desc defs clipPath marker pattern "
    "linearGradient stop"
)
_ATTRIBUTES = _words(
    "viewBox x y x1 y1 x2 y2 cx cy r rx ry width height d points transform fill fill-opacity fill-rule stroke "
    "stroke-width stroke-opacity stroke-dasharray stroke-linecap stroke-linejoin opacity font-size font-family "
    "font-weight font-style text-anchor dominant-baseline dx dy role id clip-path offset stop-color stop-opacity "
    "gradientUnits patternUnits preserveAspectRatio marker-end refX refY markerWidth markerHeight orient aria-label "
    "aria-hidden lang class"
)
_HARMLESS = re.compile(r"url\(#[\w-]+\)")


def settled(finding: Finding, command: str) -> Finding:
    """The finding with plain numbers, a safe picture, and the command that gives it again."""
    return dataclasses.replace(
        finding,
        figures=tuple(settled_figure(figure) for figure in finding.figures),
        stations=tuple(str(code) for code in finding.stations),
        picture=safe_svg(finding.picture),
        reproduce=command,
        seed=None if finding.seed is None else int(finding.seed),
    )


def settled_figure(figure: Figure) -> Figure:
    """The figure with a plain finite value, or none and why."""
    value = _plain(figure.value)
    why: Text = figure.why_not
    if value is None and not why:
        why = _NOT_FINITE
    interval = figure.interval
    if interval is not None:
        low, high = (_plain(end) for end in interval)
        interval = None if low is None or high is None else (low, high)
    return dataclasses.replace(figure, value=value, interval=interval, why_not=why)


def _plain(value: Any) -> Any:
    """A Python number or text for a number of any library; ``None`` if it is not finite."""
    if value is None or isinstance(value, str):
        return value
    item = value.item() if hasattr(value, "item") else value
    if isinstance(item, float) and not math.isfinite(item):
        return None
    return int(item) if isinstance(item, bool) else item


def not_run(code: str, error: Exception) -> Finding:
    """What stands in the place of an analysis that could not run."""
    if isinstance(error, TestigoError):
        es, en = f"No se pudo calcular: {error}", f"It could not be computed: {error}"
    elif isinstance(error, ModuleNotFoundError):
        es = f"No se pudo calcular: falta {error.name}. Instálelo: pip install 'testigo[forensics]'"
        en = f"It could not be computed: {error.name} is missing. Install it: pip install 'testigo[forensics]'"
    else:
        kind = type(error).__name__
        es = f"No se pudo calcular por un defecto de Testigo ({kind}); infórmelo, por favor."
        en = f"It could not be computed because of a defect of Testigo ({kind}); please report it."
    nothing = {"es": "Sin resultado, no hay nada que decir.", "en": "Without a result there is nothing to say."}
    return Finding(
        code=code,
        title={"es": f"Sin resultado: {code}", "en": f"No result: {code}"},
        statement={"es": es, "en": en},
        figures=(),
        source="",
        valid_when=nothing,
        power=nothing,
        blind_spots=nothing,
    )


# ------------------------------------------------------------------ pictures


def safe_svg(picture: str) -> str:
    """The picture with known elements and attributes alone; empty if it is none."""
    if not picture or "<!" in picture:  # neither entities nor a document type: nothing that expands
        return ""
    try:
        root = ElementTree.fromstring(picture)  # noqa: S314  (entities are refused above)
    except ElementTree.ParseError:
        return ""
    return _written(root) if _name(root) == "svg" else ""


def _name(element: ElementTree.Element) -> str:
    return str(element.tag).removeprefix(_NAMESPACE)


def _written(element: ElementTree.Element) -> str:
    name = _name(element)
    if name not in _ELEMENTS:
        return ""
    kept = [
        f" {key}={quoteattr(value)}"
        for key, value in element.attrib.items()
        if key in _ATTRIBUTES and "url(" not in _HARMLESS.sub("", value).lower()
    ]
    inside = escape(element.text or "")
    for child in element:
        inside += _written(child) + escape(child.tail or "")
    return f"<{name}{''.join(kept)}>{inside}</{name}>"
