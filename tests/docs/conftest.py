"""The project's documents, and small invented tables under the names that they use."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CANDIDATES = ("EG", "NM", "LM", "JABE", "JOBR", "AE", "CF", "DC", "EM", "BERA")
PLACES = ("COD_EDO", "EDO", "COD_MUN", "MUN", "COD_PAR", "PAR", "CENTRO", "MESA")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """Every file of the repository."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("this is no clone: git does not know the files")
    return [path for name in os.fsdecode(listed.stdout).split("\0") if name and (path := ROOT / name).is_file()]


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """Of a person who reads English and has the command installed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TESTIGO_", "DATABASE_URL"))}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}",
        "TESTIGO_LANG": "en",
        "TESTIGO_POSTGRES_LINGER_SECONDS": "0.5",
        "TESTIGO_TEST_POSTGRES_UNSAFE_NO_FSYNC": "1",
    }


@pytest.fixture(scope="session")
def write_tables() -> Callable[[Path], None]:
    """Writes the two published tables, with four invented stations, into a folder."""

    def write(folder: Path) -> None:
        rows: list[list[int | str]] = [[*PLACES, "RE", "VOTOS_VALIDOS", "VOTOS_NULOS", *CANDIDATES]]
        for number in range(4):
            votes = [number + 3 * place for place in range(len(CANDIDATES))]
            places = (1, "DTTO. INVENTADO", 1, "MP. PEÑA", 1, "PQ. UNO", f"1010100{number // 2 + 1}", number % 2 + 1)
            rows.append([*places, 300, sum(votes), 1, *votes])
        electors = len(PLACES)
        first = "".join(",".join(str(cell) for cell in row) + "\r\n" for row in rows)
        (folder / "RESULTADOS_2024_CSV_V1.csv").write_bytes(first.encode("utf-8-sig"))
        shorter = [row[:electors] + row[electors + 1 :] for row in rows]
        second = "".join(",".join(str(cell) for cell in row) + "\n" for row in shorter)
        (folder / "RESULTADOS_2024_CSV_V2.csv").write_bytes(second.encode("cp1252"))

    return write
