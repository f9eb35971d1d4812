"""Pictures of the battery, as SVG texts without scripts: sisters beside one another, and digits with their band.

Rules of this module
--------------------
1. What is drawn is what the test measured, beside what the honest model expects: never the data alone.
2. Narrow enough for a telephone; words in both languages; a marked station has its code as tooltip.
"""

from __future__ import annotations

import numpy as np

from testigo.forensics.battery.digits import DigitTest, counted, series_of
from testigo.forensics.battery.model import Bools, Fit, Floats
from testigo.forensics.battery.sisters import Outliers
from testigo.forensics.battery.view import View

_WIDTH, _LEFT, _INNER = 360, 44, 310  # pixels
_ORANGE, _BLUE, _GREY = "#d55e00", "#1f3a93", "#888"
_Z = 1.959963984540054


def _svg(parts: list[str], height: int, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" font-family="sans-serif" '
        f'font-size="11"><title>{title}</title>' + "".join(parts) + "</svg>"
    )


def _text(x: float, y: float, text: str, anchor: str = "start", colour: str = "#1b1b19") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{colour}">{text}</text>'


# --------------------------------------------------------------------- sisters

_HIGH, _CELL = 150, 4  # pixels of a panel, and of a cell


def sisters_picture(view: View, found: Outliers) -> str:
    """Two panels: each station's share, and its turnout, less that of its sisters; empty without sisters."""
    parts: list[str] = []
    top = 0
    for fitted, flagged, title in (
        (view.first_fit, found.by_share, "porcentaje del primero · share of the first"),
        (view.turnout_fit, found.by_turnout, "participación · turnout"),
    ):
        panel = _funnel(fitted, flagged, view, title, top)
        if panel:
            parts += panel
            top += _HIGH + 62
    return _svg(parts, top, "Cada mesa menos sus hermanas · Each station less its sisters") if parts else ""


def _funnel(fitted: Fit, flagged: Bools, view: View, title: str, top: int) -> list[str]:
    groups, codes = view.frame.groups, view.sheets.codes
    others_n = np.bincount(groups.centre, fitted.n, groups.centres)[groups.centre] - fitted.n
    others_x = np.bincount(groups.centre, fitted.x, groups.centres)[groups.centre] - fitted.x
    used = (fitted.n > 0) & (others_n > 0)
    if used.sum() < 2:
        return []
    n = fitted.n[used].astype(np.float64)
    less = 100 * (fitted.x[used] / n - others_x[used] / others_n[used])
    most = max(float(np.quantile(n, 0.995)), 1.0)
    marked = flagged[used]
    widest = max(float(np.quantile(np.abs(less), 0.999)), float(np.abs(less[marked]).max(initial=1.0)))
    reach = 10 * float(np.ceil(widest / 10))
    x = _LEFT + np.clip(n / most, 0, 1) * _INNER
    y = top + 24 + _HIGH / 2 - np.clip(less / reach, -1, 1) * _HIGH / 2
    rate = float(fitted.x[used].sum() / n.sum())
    return [
        *_frame(top, title, int(most), int(marked.sum()), reach),
        _cells(x[~marked], y[~marked]),
        _band(rate, fitted.phi, most, top, reach),
        *(
            f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{_ORANGE}"><title>{code}</title></circle>'
            for a, b, code in zip(x[marked].tolist(), y[marked].tolist(), codes[used][marked].tolist(), strict=True)
        ),
    ]


def _frame(top: int, title: str, most: int, marked: int, reach: float) -> list[str]:
    bottom, middle = top + 24 + _HIGH, top + 24 + _HIGH / 2
    return [
        _text(_LEFT, top + 14, title),
        f'<rect x="{_LEFT}" y="{top + 24}" width="{_INNER}" height="{_HIGH}" fill="none" stroke="#999"/>',
        f'<path d="M{_LEFT} {middle:.0f}h{_INNER}" stroke="{_GREY}" stroke-width="0.5"/>',
        _text(_LEFT - 4, top + 32, f"+{reach:.0f}", "end"),
        _text(_LEFT - 4, middle + 4, "0", "end"),
        _text(_LEFT - 4, bottom, f"−{reach:.0f}", "end"),
        _text(_LEFT, bottom + 14, "0"),
        _text(_LEFT + _INNER, bottom + 14, str(most), "end"),
        _text(_LEFT + _INNER / 2, bottom + 14, "→ tamaño de la mesa · size of the station", "middle"),
        f'<circle cx="{_LEFT + 4}" cy="{bottom + 24}" r="3" fill="{_ORANGE}"/>',
        _text(_LEFT + 12, bottom + 28, f"para mirar · to look at ({marked}); ↑ puntos · points"),
    ]


def _cells(x: Floats, y: Floats) -> str:
    """Stations that are not marked, as cells: darker ones hold more, on a logarithmic scale."""
    cell, counts = np.unique(np.column_stack((x // _CELL, y // _CELL)), axis=0, return_counts=True)
    if not len(cell):
        return ""
    shade = np.clip(np.ceil(6 * np.log1p(counts) / np.log1p(counts.max())), 1, 6).astype(np.int64)
    parts = []
    for level in range(1, 7):
        here = cell[shade == level] * _CELL
        path = "".join(f"M{a:.0f} {b:.0f}h{_CELL}v{_CELL}h-{_CELL}z" for a, b in here.tolist())
        if path:
            parts.append(f'<path d="{path}" fill="{_BLUE}" fill-opacity="{level / 6:.2f}"/>')
    return "".join(parts)


def _band(rate: float, phi: float, most: float, top: int, reach: float) -> str:
    """Where 95 % of honest pairs of equal stations lie, by the model: ± 1.96 √(2 φ p (1 − p)/n)."""
    n = np.linspace(most / 100, most, 60)
    half = np.clip(100 * _Z * np.sqrt(2 * phi * rate * (1 - rate) / n) / reach, 0, 1) * _HIGH / 2
    x, middle = _LEFT + n / most * _INNER, top + 24 + _HIGH / 2
    lines = []
    for sign in (1, -1):
        points = " ".join(f"{a:.1f},{middle + sign * b:.1f}" for a, b in zip(x.tolist(), half.tolist(), strict=True))
        lines.append(f'<polyline points="{points}" fill="none" stroke="#111" stroke-dasharray="4 3"/>')
    return "".join(lines)


# ---------------------------------------------------------------------- digits

_BARS = 92  # pixels of the highest bar
_NAMES = {
    "first": "votos del primero · votes of the first",
    "second": "votos del segundo · votes of the second",
    "valid": "votos válidos · valid votes",
}
_KINDS = ("33", "34", "otro · other")  # of pairs: equal, adjacent, neither


def digits_picture(test: DigitTest, view: View) -> str:
    """One panel per series: each digit's difference from what the model expects, the model's band, the textbook's."""
    parts: list[str] = []
    top = 0
    for name, fitted in series_of(view).items():
        observed, expected = counted(test, fitted)
        if observed.sum() >= 50 and expected.min() > 0:
            parts += _digits(test, observed.astype(np.float64), expected, _NAMES[name], top)
            top += _BARS + 48
    if not parts:
        return ""
    parts.append(_legend(top))
    return _svg(parts, top + 38, "Cifras · Digits")


def _digits(test: DigitTest, observed: Floats, expected: Floats, title: str, top: int) -> list[str]:
    """Differences from the model, in per cent of what it expects."""
    total = observed.sum()
    half = 100 * _Z * np.sqrt((1 - expected / total) / expected)
    seen, book = 100 * (observed / expected - 1), 100 * (np.array(test.naive) * total / expected - 1)
    most = float(np.abs(np.concatenate((seen, half, book))).max())
    wide, middle = _INNER / len(observed), top + 22 + _BARS / 2
    scale = _BARS / 2 / max(most, 1e-9)
    labels = _KINDS if len(observed) == len(_KINDS) else tuple(map(str, range(len(observed))))
    parts = [
        _text(_LEFT, top + 14, title),
        _text(_LEFT - 3, top + 30, f"+{most:.0f} %" if most >= 1 else f"+{most:.1f} %", "end"),
        _text(_LEFT - 3, middle + 4, "0", "end"),
        f'<path d="M{_LEFT} {middle:.1f}h{_INNER}" stroke="{_GREY}" stroke-width="0.7"/>',
    ]
    for digit, (value, reach, textbook) in enumerate(zip(seen * scale, half * scale, book * scale, strict=True)):
        x = _LEFT + digit * wide
        parts += [
            f'<rect x="{x + 1:.1f}" y="{middle - reach:.1f}" width="{wide - 2:.1f}" height="{2 * reach:.1f}" '
            'fill="#111" fill-opacity="0.15"/>',
            f'<rect x="{x + wide / 4:.1f}" y="{middle - max(value, 0):.1f}" width="{wide / 2:.1f}" '
            f'height="{abs(value):.1f}" fill="{_BLUE}" fill-opacity="0.8"/>',
            f'<path d="M{x + 1:.1f} {middle - textbook:.1f}h{wide - 2:.1f}" stroke="{_ORANGE}" stroke-width="1.5"/>',
            _text(x + wide / 2, top + 36 + _BARS, labels[digit], "middle"),
        ]
    return parts


def _legend(top: int) -> str:
    return (
        f'<rect x="{_LEFT}" y="{top + 4}" width="10" height="10" fill="{_BLUE}" fill-opacity="0.8"/>'
        + _text(_LEFT + 14, top + 13, "mesas, ↑ diferencia con el modelo · stations less the model")
        + f'<rect x="{_LEFT}" y="{top + 20}" width="10" height="10" fill="#111" fill-opacity="0.15"/>'
        + _text(_LEFT + 14, top + 29, "95 % modelo · model")
        + f'<path d="M{_LEFT + 160} {top + 25}h10" stroke="{_ORANGE}" stroke-width="1.5"/>'
        + _text(_LEFT + 174, top + 29, "manual · textbook")
    )
