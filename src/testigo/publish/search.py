"""The search index: small scripts, one per beginning of a word, loaded by ``search.js`` when somebody types it.

Rules of this module
--------------------
1. Scripts and not JSON, because ``fetch`` fails on ``file://``. A shard calls ``testigoIndex(prefix, entries)``.
2. Words are taken as ``search.js`` takes them: decomposed, without marks, lower case, letters and digits.
3. A prefix grows until its shard is small. A shard's file is named by the prefix's UTF-8 bytes in hex.
4. The index holds places and their codes, which the pages show as well; nothing of people, and no numbers.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from testigo.publish import paths
from testigo.publish.model import Places
from testigo.publish.output import Unit, digest

FOLDER = "search"
MOST_ENTRIES = 250  # of a shard, unless its entries share all the prefix's letters
_LONGEST_PREFIX = 9
_WORD = re.compile(r"[^\W_]+")

Entry = list[Any]


def words_of(text: str) -> list[str]:
    """The words of a text, as the search compares them: ``Los Ángeles`` gives ``los`` and ``angeles``."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.category(c).startswith("M"))
    return _WORD.findall(plain.lower())


def search_units(places: Places, contest: str) -> Iterator[Unit]:
    """The shards, and the list of their prefixes. Paths in them lie below a contest's folder."""
    shards = _shards(_entries(places, contest))
    for prefix, entries in shards.items():
        path = f"{FOLDER}/{prefix.encode().hex()}.js"
        yield _script(path, prefix, entries)
    yield _script(f"{FOLDER}/index.js", "", sorted(shards))


def _script(path: str, name: str, value: Any) -> Unit:
    # "<" cannot end a script element here, but a shard that somebody inlines must not bite.
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    data = f"testigoIndex({json.dumps(name, ensure_ascii=False)},{text});\n".encode()
    return Unit(path, digest(data), (path,), lambda: [data])


def _entries(places: Places, contest: str) -> Iterator[tuple[set[str], Entry]]:
    """Per place: the words that lead to it, and [name, code, where, path, [[label, code, path] of its stations]]."""

    def below(path: str) -> str:
        return path.removeprefix(f"{contest}/")

    for area in places.register.areas.values():
        where = " · ".join(one.name for one in places.parents[area.code][1:-1])
        keys = {*words_of(area.name), *words_of(area.code)}
        yield keys, [area.name, "", where, below(paths.area(contest, area.code)), []]
    for centre, stations in places.centres.items():
        name = places.centre_name[centre]
        where = " · ".join(one.name for one in places.parents[places.centre_area[centre]][1:])
        listed = [
            [code.removeprefix(centre).strip(".-/ ") or code, code, below(paths.station(contest, code))]
            for code in stations
        ]
        keys = {*words_of(name), *words_of(centre)}
        yield keys, [name or centre, centre if name else "", where, below(paths.centre(contest, centre)), listed]


def _shards(entries: Iterable[tuple[set[str], Entry]]) -> dict[str, list[Entry]]:
    pairs = [(key, entry) for keys, entry in entries for key in keys]
    pending: dict[str, list[tuple[str, Entry]]] = {"": pairs}
    done: dict[str, list[Entry]] = {}
    while pending:
        prefix, found = pending.popitem()
        split = not prefix or (len(found) > MOST_ENTRIES and len(prefix) < _LONGEST_PREFIX)
        if not split:
            done[prefix] = _distinct(entry for _, entry in found)
            continue
        exact = [entry for key, entry in found if key == prefix]
        if exact:
            done[prefix] = _distinct(exact)
        for key, entry in found:
            if key != prefix:
                pending.setdefault(key[: len(prefix) + 1], []).append((key, entry))
    return dict(sorted(done.items()))


def _distinct(entries: Iterable[Entry]) -> list[Entry]:
    return list({id(entry): entry for entry in entries}.values())
