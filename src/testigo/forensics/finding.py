"""What every analysis of this part answers with.

Rules of this module
--------------------
1. A finding says what was looked at, what came out, when that is valid, what it could have seen, what it cannot see.
2. Every figure has a name, a number (or a text), a unit and the formula that made it; a figure that could not be
   computed says why instead of being absent or NaN.
3. Pictures are SVG texts without scripts, drawn from the same figures.
4. Nothing here accuses: a flagged station is a station to look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: Text in every language of the report: ``es`` and ``en``.
Text = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of a finding.

    Attributes:
        name: stable code, ``snake_case``.
        label: what people read.
        value: number or text; ``None`` where it cannot be computed (then ``why_not`` says why).
        unit: ``votes``, ``share`` (0 to 1), ``probability``, ``stations``, ``1`` …
        formula: how it was computed, in plain mathematical text.
        interval: (low, high) at the level that the formula names, if there is one.
    """

    name: str
    label: Text
    value: float | int | str | None
    unit: str = "1"
    formula: str = ""
    interval: tuple[float, float] | None = None
    why_not: Text = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one analysis.

    Attributes:
        code: stable, ``snake_case``: ``certainty``, ``contradiction``, ``sister_stations``, …
        title, statement: for people: what it is, and what came out, in one or two sentences.
        figures: every number, in the order in which the report shows them.
        source: paper or document that the method comes from.
        valid_when: the conditions under which the numbers mean what they say.
        power: what it would have seen: from planted alterations where possible, with their number.
        blind_spots: what it cannot see, however large.
        stations: codes of stations to look at, if any, most striking first.
        reproduce: the command that gives these figures again.
        picture: SVG, or empty.
        seed: of everything random in it; ``None`` if nothing is.
    """

    code: str
    title: Text
    statement: Text
    figures: tuple[Figure, ...]
    source: str
    valid_when: Text
    power: Text
    blind_spots: Text
    stations: tuple[str, ...] = ()
    reproduce: str = ""
    picture: str = ""
    seed: int | None = None

    def figure(self, name: str) -> Figure:
        """The figure of that name. Raises :class:`KeyError` if there is none."""
        for figure in self.figures:
            if figure.name == name:
                return figure
        raise KeyError(name)

    def as_json(self) -> dict[str, Any]:
        """The finding as plain JSON values, without the picture."""
        return {
            "code": self.code,
            "title": dict(self.title),
            "statement": dict(self.statement),
            "figures": [
                {
                    "name": f.name,
                    "label": dict(f.label),
                    "value": f.value,
                    "unit": f.unit,
                    "formula": f.formula,
                    "interval": None if f.interval is None else list(f.interval),
                    "why_not": dict(f.why_not),
                }
                for f in self.figures
            ],
            "source": self.source,
            "valid_when": dict(self.valid_when),
            "power": dict(self.power),
            "blind_spots": dict(self.blind_spots),
            "stations": list(self.stations),
            "reproduce": self.reproduce,
            "seed": self.seed,
        }
