"""An invented register over a profile's territory, and the profile of the rehearsal that goes with it.

Rules of this module
--------------------
1. Codes are built by the profile's grammar alone; a profile whose grammar cannot be met is told so.
2. Top areas are those of the profile's map; everything below is invented, names included.
3. Some names occur twice in different places on purpose: places with equal names must not merge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

import pyarrow as pa

from testigo.election import Level, Profile, Register, parse_profile, register_schema
from testigo.errors import InputError
from testigo.simulate.names import invented_centre, invented_place

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def invented_register(profile: Profile, stations: int, seed: int) -> Register:
    """A register of that many stations, with electors and centre names.

    Raises:
        InputError: the profile's codes have no room for so many.
    """
    rng = Random(f"{seed}/register")
    tops = _top_areas(profile, rng)
    tops = tops[: max(1, min(len(tops), stations))]
    shares = [rng.lognormvariate(0, 0.6) for _ in tops]
    rest = stations - len(tops)
    quota = [1 + int(rest * share / sum(shares)) for share in shares]
    for n in range(stations - sum(quota)):
        quota[n % len(quota)] += 1
    rows: list[dict[str, str | int]] = []
    for (code, name), count in zip(tops, quota, strict=True):
        rows += _rows_of(profile, code, name, count, rng)
    table = pa.Table.from_pylist(rows, schema=register_schema(profile))
    return Register(profile, table)


def _top_areas(profile: Profile, rng: Random) -> list[tuple[str, str]]:
    """Code and name of the areas below the country."""
    if not profile.levels:
        return [("", "")]
    if profile.tiles:
        return sorted((tile.area, tile.name) for tile in profile.tiles.values())
    return [(_child("", number, profile.levels[0]), invented_place(rng)) for number in range(1, 6)]


def _child(parent: str, number: int, level: Level) -> str:
    return parent + (str(number).zfill(level.digits) if level.digits else _letter(number))


def _letter(number: int) -> str:
    if number > len(_LETTERS):
        raise InputError(f"Letters have no room for the number {number}.", "Ask for fewer stations.")
    return _LETTERS[number - 1]


def _rows_of(profile: Profile, top: str, top_name: str, count: int, rng: Random) -> Iterator[dict[str, str | int]]:
    """The rows of one top area: lowest areas filled one after the other, centres of 1 to 5 stations."""
    lowest = _lowest_areas(profile, top, top_name, max(1, min(count // 6, 40)), rng)
    serials = dict.fromkeys((path[-1][0] if path else "" for path in lowest), 0)
    made = 0
    while made < count:
        path = lowest[rng.randrange(len(lowest))]
        area = path[-1][0] if path else ""
        serials[area] += 1
        centre = area + str(serials[area]).zfill(max(1, (profile.station.centre_digits or len(area) + 3) - len(area)))
        name = invented_centre(rng)
        for number in range(1, min(rng.choice((1, 1, 2, 2, 3, 5)), count - made) + 1):
            row: dict[str, str | int] = {
                "station": _station(profile, centre, number),
                "centre": centre,
                "centre_name": name,
                "electors": rng.randint(180, 980) if profile.station.number_digits else rng.randint(120, 690),
            }
            for level, (code, area_name) in zip(profile.levels, path, strict=True):
                row[level.code], row[f"{level.code}_name"] = code, area_name
            made += 1
            yield row


def _lowest_areas(profile: Profile, top: str, name: str, count: int, rng: Random) -> list[list[tuple[str, str]]]:
    """Paths from the top area down to ``count`` areas of the lowest level, each step (code, name)."""
    paths: list[list[tuple[str, str]]] = [[(top, name)] if profile.levels else []]
    for level in profile.levels[1:]:
        wanted = max(len(paths), round(count ** (0.6 if level is not profile.levels[-1] else 1.0)))
        children: list[list[tuple[str, str]]] = []
        for n, path in enumerate(paths):
            share = wanted // len(paths) + (1 if n < wanted % len(paths) else 0)
            for number in range(1, share + 1):
                children.append([*path, (_child(path[-1][0], number, level), invented_place(rng))])
        paths = children
    return paths


def _station(profile: Profile, centre: str, number: int) -> str:
    grammar = profile.station
    text = str(number).zfill(grammar.number_digits) if grammar.number_digits else _letter(number)
    code = grammar.template.format(centre=centre, number=text)
    if not re.fullmatch(grammar.pattern, code, re.ASCII):
        raise InputError(
            f"{code!r} does not fit the station codes of {profile.code}.",
            "Ask for fewer stations, or look at [station] and [[levels]] in the profile.",
        )
    return code


def rehearsal_profile(profile: Profile, register: Register) -> Profile:
    """The same profile with the register's own national figures, so that coverage is a share of *these* stations.

    Everything else is verbatim, the file's bytes included (they are what a bundle carries).
    """
    electors = sum(register.table["electors"].to_pylist())
    text = profile.source.decode()
    said = {"es": "Cifras de este simulacro"}
    source = ", ".join(f'{code} = "{said.get(code, "Figures of this rehearsal")}"' for code in profile.languages)
    figures = f"[national]\nstations = {len(register)}\nelectors = {electors}\nsource = {{ {source} }}\n"
    section = re.compile(r"^\[national\]\n(?:(?:stations|electors|source) = [^\n]*\n)*", re.MULTILINE)
    text, found = section.subn(figures, text, count=1)
    if not found:
        # Tables of TOML end where the next begins: in front of the first one is outside all of them.
        first = re.search(r"^\[", text, re.MULTILINE)
        at = first.start() if first else len(text)
        text = f"{text[:at]}{figures}\n{text[at:]}"
    return parse_profile(text.encode(), f"{profile.code}/profile.toml (rehearsal)")
