"""Turnout by share: the election's fingerprint, over the country and within centres.

Statistics
----------
``within_centre``: correlation of turnout and the first's share, each less its centre's mean; stations with sisters.
``national``: the same over all stations, without taking the centres out.

Naive null: in an honest election turnout and share are not correlated (t-test). They are, everywhere, because places
differ: small towns vote otherwise and turn out otherwise. Model-based null: drawn elections keep each centre's turnout
and share, so that within centres nothing is left. The national correlation is shown beside it, and judged by nobody.

Source: Myagkov, Ordeshook & Shakin 2009, chapter 3; Klimek et al. 2012 (PNAS 109:16469) for the picture.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from testigo.forensics.battery.model import Bools, Floats
from testigo.forensics.battery.view import View

_LEAST = 30  # stations below which a correlation is not given
_CELL = 4  # pixels per cell of the picture
_CELLS = 50
_LEVELS = 8
_WIDTH, _PANEL = 360, 280  # pixels of the picture, and of a panel with its words


def _used(view: View) -> Bools:
    used: Bools = view.has_turnout & (view.valid > 0)
    return used


def _correlation(x: Floats, y: Floats) -> float | None:
    if len(x) < _LEAST or x.std() < 1e-12 or y.std() < 1e-12:
        return None
    return float(np.corrcoef(x, y)[0, 1])


def deviations(view: View) -> tuple[Floats, Floats]:
    """Turnout and share of stations with sisters, less the plain mean of their centre."""
    used = _used(view)
    groups = view.frame.groups
    centre = groups.centre[used]
    members = np.maximum(np.bincount(centre, minlength=groups.centres), 1)
    sisters = members[centre] > 1
    less = []
    for values in (view.turnout[used], view.share[used]):
        mean = np.bincount(centre, values, groups.centres) / members
        less.append((values - mean[centre])[sisters])
    return less[0], less[1]


def measure(view: View) -> dict[str, float]:
    """Both correlations, where they exist."""
    used = _used(view)
    values = {
        "within_centre": _correlation(*deviations(view)),
        "national": _correlation(view.turnout[used], view.share[used]),
    }
    return {name: value for name, value in values.items() if value is not None}


def naive(view: View) -> dict[str, float]:
    """Two-sided p-values of the t-test of no correlation."""
    sizes = {"within_centre": len(deviations(view)[0]), "national": int(_used(view).sum())}
    answer = {}
    for name, r in measure(view).items():
        t = r * np.sqrt((sizes[name] - 2) / max(1 - r * r, 1e-12))
        answer[name] = float(2 * stats.t(sizes[name] - 2).sf(abs(t)))
    return answer


def picture(view: View, captions: tuple[str, str] = ("", "")) -> str:
    """Two square histograms as SVG, one below the other: turnout by share, and the same less the centres' means.

    Args:
        captions: what stands below each: its correlation beside the model's, say. Empty without electors.
    """
    used = _used(view)
    if not used.any():
        return ""
    turnout, share = deviations(view)
    panels = [
        _panel(view.turnout[used], view.share[used], 0.0, 1.0, 0, ("0", "100 %"), ("mesas · stations", captions[0])),
        _panel(turnout, share, -0.25, 0.25, _PANEL, ("−25", "+25"), ("menos su centro · less its centre", captions[1])),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {2 * _PANEL}" role="img" '
        'font-family="sans-serif" font-size="11"><title>Participación y porcentaje · Turnout and share</title>'
        + "".join(panels)
        + "</svg>"
    )


def _panel(
    x: Floats, y: Floats, low: float, high: float, top: int, ends: tuple[str, str], words: tuple[str, str]
) -> str:
    """One histogram: darker cells hold more stations, on a logarithmic scale."""
    side, left, upper = _CELL * _CELLS, 80, top + 24
    counts, _, _ = np.histogram2d(
        np.clip(x, low, high), np.clip(y, low, high), bins=_CELLS, range=((low, high), (low, high))
    )
    level = np.ceil(np.log1p(counts) / max(np.log1p(counts.max()), 1e-9) * _LEVELS).astype(np.int64)
    parts = [f'<rect x="{left}" y="{upper}" width="{side}" height="{side}" fill="none" stroke="#999"/>']
    for shade in range(1, _LEVELS + 1):
        cells = np.argwhere(level == shade)
        path = "".join(f"M{left + _CELL * i} {upper + side - _CELL * (j + 1)}h4v4h-4z" for i, j in cells.tolist())
        if path:
            parts.append(f'<path d="{path}" fill="#1f3a93" fill-opacity="{shade / _LEVELS:.3f}"/>')
    bottom, middle = upper + side, left + side // 2
    parts.append(f'<text x="{left}" y="{upper - 8}">{words[0]}</text>')
    parts.append(f'<text x="{left}" y="{bottom + 14}">{ends[0]}</text>')
    parts.append(f'<text x="{left + side}" y="{bottom + 14}" text-anchor="end">{ends[1]}</text>')
    axes = "→ participación · turnout; ↑ porcentaje · share"
    for line, text in enumerate((axes, words[1]), 2):
        parts.append(f'<text x="{middle}" y="{bottom + 14 * line}" text-anchor="middle">{text}</text>')
    return "".join(parts)
