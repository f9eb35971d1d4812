"""The command as people run it: in processes of its own, on small invented tables with the quirks of 2024."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from testigo.cli import main

CANDIDATES = ("EG", "NM", "LM", "JABE", "JOBR", "AE", "CF", "DC", "EM", "BERA")
STATIONS = 6


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        """Its ``--json`` answer: one value and nothing else."""
        return json.loads(self.out)


def row_of(number: int) -> dict[str, Any]:
    """A station in the state 01, whose centre's leading zero is lost; EG gets 10 + number, each other one 1."""
    votes = dict.fromkeys(CANDIDATES, 1) | {"EG": 10 + number, "NM": 5}
    return {
        "COD_EDO": 1,
        "EDO": "DTTO. INVENTADO",
        "COD_MUN": 1,
        "MUN": "MP. PEÑA",
        "COD_PAR": number // 2 + 1,
        "PAR": f"PQ. Nº {number // 2 + 1}",
        "CENTRO": f"101{number // 2 + 1:02d}001",
        "MESA": number % 2 + 1,
        "RE": 100 + number,
        "VOTOS_VALIDOS": sum(votes.values()),
        "VOTOS_NULOS": 2,
        **votes,
        "URL": "https://example.org/unredacted.jpg",
    }


def bytes_of(rows: list[dict[str, Any]], kind: str) -> bytes:
    """A table as the first release (``V1``: BOM, CRLF, electors) or as the second (``V2``: cp1252, LF, none)."""
    columns = [name for name in rows[0] if kind == "V1" or name != "RE"]
    lines = [",".join(columns), *(",".join(str(row[name]) for name in columns) for row in rows)]
    newline, encoding = ("\r\n", "utf-8-sig") if kind == "V1" else ("\n", "cp1252")
    return (newline.join(lines) + newline).encode(encoding)


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """Of a person who reads English, with no settings of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TESTIGO_", "DATABASE_URL"))}
    return kept | {
        "TESTIGO_LANG": "en",
        "TESTIGO_POSTGRES_LINGER_SECONDS": "0.5",
        "TESTIGO_TEST_POSTGRES_UNSAFE_NO_FSYNC": "1",
    }


@pytest.fixture(scope="session")
def testigo(environment: dict[str, str]) -> Callable[..., Ran]:
    """Runs ``testigo WORDS…`` in a process of its own."""

    def run(*words: object, **more: str) -> Ran:
        command = [sys.executable, "-m", "testigo.cli", *map(str, words)]
        ended = subprocess.run(
            command, env=environment | more, capture_output=True, encoding="utf-8", timeout=250, check=False
        )
        return Ran(ended.returncode, ended.stdout, ended.stderr)

    return run


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Writes a table of the kind ``V1`` or ``V2``: of six stations, or of the rows given."""

    def write(kind: str, rows: list[dict[str, Any]] | None = None) -> Path:
        path = tmp_path_factory.mktemp("table") / f"{kind}.csv"
        path.write_bytes(bytes_of(rows or [row_of(number) for number in range(STATIONS)], kind))
        return path

    return write


@pytest.fixture(scope="session")
def row() -> Callable[[int], dict[str, Any]]:
    """Makes an invented row."""
    return row_of


@pytest.fixture(scope="session")
def imported(
    testigo: Callable[..., Ran], table: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The answer of an import of the six stations; its bundle is not to be altered."""
    ran = testigo(
        "import", table("V2"), "--profile", "ve2024", "--out", tmp_path_factory.mktemp("import") / "B", "--json"
    )
    assert ran.status == 0, ran.err
    answer: dict[str, Any] = ran.answer
    return answer


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    """What the command says of arguments that it refuses (status 2), after which nothing was printed or written."""

    def run(*words: object) -> str:
        monkeypatch.chdir(tmp_path)
        assert main([str(word) for word in words]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert list(tmp_path.iterdir()) == []
        return said.err

    return run
