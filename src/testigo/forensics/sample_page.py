"""A page that walks a reader through checking a random sample of the published sheets.

Rules of this module
--------------------
1. One file, nothing fetched, no script; Spanish and English in it. What a reader marks stays in the open page: there is
   no form that could be sent, and nothing is stored. The marks are counted by the style sheet.
2. It says what such a check proves (that sheets were transcribed rightly) and what not (that they are authentic).
3. Everything on it can be drawn again from the seed: :mod:`testigo.forensics.sample`.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from testigo.forensics.contradiction import Contradiction
from testigo.forensics.contradiction_finding import SIZES, statement
from testigo.forensics.sample import chance_of_none
from testigo.forensics.sample_list import Drawn, Sample
from testigo.forensics.sample_result import interval
from testigo.forensics.sample_texts import TEXTS

#: Numbers of different sheets for which the page says what they prove.
FOUND = (0, 1, 2, 3, 4, 5, 10, 20)


@dataclass(frozen=True, slots=True)
class Links:
    """Where a sheet can be looked at: its page per language, and its images. Relative to the page, or http(s)."""

    page: Mapping[str, str] = field(default_factory=dict)
    images: tuple[str, ...] = ()


def sample_page(
    sample: Sample,
    *,
    bulletins: Sequence[Contradiction] = (),
    seed_source: Mapping[str, str] | None = None,
    links: Callable[[Drawn], Links] | None = None,
    command: str = "",
    language: str = "es",
) -> str:
    """The page as HTML.

    Args:
        sample: the sheets drawn.
        bulletins: what the sheets contradict, for the chances.
        seed_source: where the seed came from, per language; without it the page says that nobody said.
        links: where each sheet can be looked at.
        command: that gives the same list again.
        language: shown first; the other one is a click away.
    """
    environment = Environment(
        loader=PackageLoader("testigo.forensics"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("sample.html").render(
        texts=TEXTS,
        first_language=language,
        election={one: f"{_in(sample.profile.name, one)} · {_in(sample.contest.name, one)}" for one in TEXTS},
        rehearsal=sample.rehearsal,
        release=sample.release,
        manifest=sample.manifest,
        command=command,
        bulletins=[_bulletin(found) for found in bulletins],
        seed=sample.seed,
        seed_source={one: (seed_source or {}).get(one, "") for one in TEXTS},
        size=sample.size,
        total=_both(sample.population),
        candidates=[candidate.short for candidate in sample.contest.candidates],
        rows=[(one, links(one) if links else Links()) for one in sample.drawn],
        proofs=_proofs(sample),
        **_first(sample),
    )


def _first(sample: Sample) -> dict[str, Any]:
    """The first draw, so that a reader can repeat it in a shell."""
    digest = hashlib.sha256(f"{sample.seed},1".encode()).hexdigest()
    return {
        "shell": shlex.quote(f"{sample.seed},1"),
        "first_hash": digest,
        "first_rank": int(digest, 16) % sample.population + 1 if sample.population else "",
        "first_station": sample.drawn[0].station if sample.drawn else "",
    }


def _proofs(sample: Sample) -> list[dict[str, Any]]:
    """What so many different sheets of the whole sample prove of all."""
    rows = []
    for found in (found for found in FOUND if found <= sample.size):
        low, high = interval(sample.population, sample.size, found, found)
        share = f"{100 * high / max(sample.population, 1):.1f}"
        rows.append(
            {
                "found": found,
                "interval": {"es": f"{_es(low)} y {_es(high)}", "en": f"{low:,} and {high:,}"},
                "share": {"es": f"{share.replace('.', ',')} %", "en": f"{share} %"},
            }
        )
    return rows


def _bulletin(found: Contradiction) -> dict[str, Any]:
    wrong = found.least or 0
    sizes = [n for n in SIZES if n <= found.sheets] if wrong else []
    return {
        "name": {one: _in(found.bulletin.authority, one) for one in TEXTS},
        "statement": statement(found),
        "least": _both(wrong),
        "chances": [(n, chance_text(chance_of_none(found.sheets, wrong, n))) for n in sizes],
    }


def chance_text(chance: float) -> dict[str, str]:
    """A chance as people read it: percent, or one in so many."""
    if chance >= 0.001:
        percent = f"{100 * chance:.1f}"
        return {"es": f"{percent.replace('.', ',')} %", "en": f"{percent} %"}
    if chance < 1e-12:
        return {"es": "menos de 1 en un billón (10¹²)", "en": "less than 1 in a trillion (10¹²)"}
    times = int(1 / chance)
    return {"es": f"1 en {_es(times)}", "en": f"1 in {times:,}"}


def _both(number: int) -> dict[str, str]:
    return {"es": _es(number), "en": f"{number:,}"}


def _es(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def _in(names: Mapping[str, str], language: str) -> str:
    return names.get(language) or next(iter(names.values()), "")
