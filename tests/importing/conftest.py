"""Small invented tables with the quirks of the published ones: lost zeros, BOM, CRLF, cp1252, a link in every row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from testigo.election import Profile, load_profile

CANDIDATES = ("EG", "NM", "LM", "JABE", "JOBR", "AE", "CF", "DC", "EM", "BERA")
AREAS = ("COD_EDO", "EDO", "COD_MUN", "MUN", "COD_PAR", "PAR")
FIRST = (*AREAS, "CENTRO", "MESA", "RE", "VOTOS_VALIDOS", "VOTOS_NULOS", *CANDIDATES, "URL")
SECOND = tuple(name for name in FIRST if name != "RE")


def invented(number: int, **changes: Any) -> dict[str, Any]:
    """An invented station: two per centre, several centres per parish, two states (one below 10, one above)."""
    state, parish = (1, 11)[number // 20 % 2], number // 10 % 2 + 1
    votes = {code: (number * 7 + at * 3) % 50 for at, code in enumerate(CANDIDATES)}
    row = {
        "COD_EDO": state,
        "EDO": f"EDO. INVENTADO {state}",
        "COD_MUN": 1,
        "MUN": "MP. PEÑA",
        "COD_PAR": parish,
        "PAR": f"PQ. LA CAÑADA {parish}",
        "CENTRO": f"{state}01{parish:02d}{number // 2 % 5 + 1 + number // 40 * 10:03d}",
        "MESA": number % 2 + 1,
        "RE": 900,
        "VOTOS_NULOS": number % 3,
        **votes,
        "URL": "https://example.org/unredacted.jpg",
    }
    row.setdefault("VOTOS_VALIDOS", sum(votes.values()))
    row.update(changes)
    return row


def encoded(
    rows: list[dict[str, Any]], columns: tuple[str, ...], encoding: str = "utf-8-sig", newline: str = "\r\n"
) -> bytes:
    """A CSV file's bytes."""
    lines = [",".join(columns), *(",".join(str(row[name]) for name in columns) for row in rows)]
    return (newline.join(lines) + newline).encode(encoding)


@pytest.fixture(scope="session")
def profile() -> Profile:
    """The shipped profile."""
    return load_profile("ve2024")


@pytest.fixture
def first(tmp_path: Path) -> Callable[..., Path]:
    """Writes a table like the first release: BOM, CRLF, electors."""

    def write(rows: list[dict[str, Any]], name: str = "first.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(encoded(rows, FIRST))
        return path

    return write


@pytest.fixture
def second(tmp_path: Path) -> Callable[..., Path]:
    """Writes a table like the second release: cp1252, plain newlines, no electors."""

    def write(rows: list[dict[str, Any]], name: str = "second.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(encoded(rows, SECOND, "cp1252", "\n"))
        return path

    return write


@pytest.fixture(scope="session")
def station() -> Callable[..., dict[str, Any]]:
    """Makes invented rows."""
    return invented


@pytest.fixture(scope="session")
def to_bytes() -> Callable[..., bytes]:
    """Makes a file's bytes."""
    return encoded


@pytest.fixture(scope="session")
def columns() -> dict[str, tuple[str, ...]]:
    """The columns of both releases."""
    return {"first": FIRST, "second": SECOND}


@pytest.fixture(scope="session")
def published() -> dict[str, Path]:
    """The tables as published, where they are at hand."""
    folder = Path(__file__).parents[2].parent / "shared" / "data" / "ve2024"
    paths = {name: folder / f"RESULTADOS_2024_CSV_{name}.csv" for name in ("V1", "V2")}
    if not all(path.is_file() for path in paths.values()):
        pytest.skip("the published tables are not at hand (../shared/data/ve2024)")
    return paths
