"""A page that walks a reader through checking a random sample of the published sheets.

Rules of this module
--------------------
1. One file, nothing fetched, no script; Spanish and English in it.
2. It says what such a check proves (that sheets were transcribed rightly) and what not (that they are authentic).
3. Everything on it can be drawn again from the seed: :mod:`testigo.forensics.sample`.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from testigo.election import Register
from testigo.forensics.contradiction import Contradiction
from testigo.forensics.contradiction_finding import SIZES, statement
from testigo.forensics.sample import chance_of_none, draw
from testigo.forensics.sample_texts import TEXTS
from testigo.forensics.sheets import Sheets


def sample_page(
    sheets: Sheets,
    register: Register,
    seed: str,
    size: int,
    *,
    bulletins: Sequence[Contradiction] = (),
    seed_source: Mapping[str, str] | None = None,
    rehearsal: bool = False,
) -> str:
    """The page as HTML.

    Args:
        sheets: the published ones; ``register`` names their centres.
        seed, size: of the sample; errors as in :func:`testigo.forensics.sample.draw`.
        bulletins: what the sheets contradict, for the chances.
        seed_source: where the seed came from, per language; without it the page says that nobody said.
        rehearsal: whether all this is one.
    """
    ranks = draw(seed, len(sheets), size)
    digest = hashlib.sha256(f"{seed},1".encode()).hexdigest()
    environment = Environment(
        loader=PackageLoader("testigo.forensics"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    profile, contest = register.profile, sheets.contest
    return environment.get_template("sample.html").render(
        texts=TEXTS,
        election={one: f"{_in(profile.name, one)} · {_in(contest.name, one)}" for one in TEXTS},
        rehearsal=rehearsal,
        bulletins=[_bulletin(found) for found in bulletins],
        seed=seed,
        seed_source={one: (seed_source or {}).get(one, "") for one in TEXTS},
        size=size,
        total={"es": _es(len(sheets)), "en": f"{len(sheets):,}"},
        shell=shlex.quote(f"{seed},1"),
        first_hash=digest,
        first_rank=int(digest, 16) % len(sheets) + 1 if len(sheets) else "",
        candidates=[candidate.short for candidate in contest.candidates],
        rows=[_row(sheets, register, rank) for rank in ranks] or [{"station": ""}],
    )


def _row(sheets: Sheets, register: Register, rank: int) -> dict[str, Any]:
    code = str(sheets.codes[rank - 1])
    station = register.find(code)
    place = ""
    if station is not None:
        above = [register.areas[area].name for area in station.areas]
        place = ", ".join(part for part in (station.centre_name, *reversed(above)) if part)
    return {"rank": rank, "station": code, "place": place, "votes": sheets.votes[rank - 1].tolist()}


def _bulletin(found: Contradiction) -> dict[str, Any]:
    wrong = found.least or 0
    sizes = [n for n in SIZES if n <= found.sheets] if wrong else []
    return {
        "name": {one: _in(found.bulletin.authority, one) for one in TEXTS},
        "statement": statement(found),
        "least": {"es": _es(wrong), "en": f"{wrong:,}"},
        "chances": [(n, _chance(chance_of_none(found.sheets, wrong, n))) for n in sizes],
    }


def _chance(chance: float) -> dict[str, str]:
    """A chance as people read it: percent, or one in so many."""
    if chance >= 0.001:
        percent = f"{100 * chance:.1f}"
        return {"es": f"{percent.replace('.', ',')} %", "en": f"{percent} %"}
    if chance < 1e-12:
        return {"es": "menos de 1 en un billón (10¹²)", "en": "less than 1 in a trillion (10¹²)"}
    times = int(1 / chance)
    return {"es": f"1 en {_es(times)}", "en": f"1 in {times:,}"}


def _es(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def _in(names: Mapping[str, str], language: str) -> str:
    return names.get(language) or next(iter(names.values()), "")
