"""The README's commands do what it says: those marked runnable are run as they stand, on small invented tables."""

from __future__ import annotations

import base64
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testigo.server.postgres import processes

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"<!-- runnable: (\w+) -->\n```sh\n(.*?)```\n", README, flags=re.DOTALL))
PORT = "8700"


@pytest.fixture(scope="module")
def folder(write_tables: Callable[[Path], None]) -> Iterator[Path]:
    """Where somebody tries the README."""
    path = Path(tempfile.mkdtemp(prefix="testigo-readme-"))
    write_tables(path)
    try:
        yield path
    finally:
        data, deadline = path / "rehearsal" / "postgres" / "data", time.monotonic() + 20
        while data.exists() and processes.servers_of(data) and time.monotonic() < deadline:
            time.sleep(0.05)
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def shell(folder: Path, environment: dict[str, str]) -> Callable[[str], str]:
    """Runs lines in a shell that stops at the first failure; what they printed."""

    def run(script: str) -> str:
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=280, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    return run


def test_every_shell_block_is_run_here() -> None:
    assert README.count("```sh") == len(BLOCKS)
    assert list(BLOCKS) == ["import", "rehearse", "serve", "upload"]


@pytest.mark.xdist_group("readme")
def test_the_tables_are_imported_counted_published_and_verified(shell: Callable[[str], str], folder: Path) -> None:
    said = shell(BLOCKS["import"])
    assert "4 of 30,026 polling stations counted" in said
    assert "who signed it is unknown" in said.splitlines()[-1]
    assert (folder / "site" / "index.html").is_file()
    (line,) = [line for line in said.splitlines() if line.startswith("Verify it with: ")]
    assert "is intact and signed by" in shell(line.removeprefix("Verify it with: ")).splitlines()[-1]


@pytest.mark.xdist_group("readme")
def test_every_vote_of_a_rehearsal_comes_back(shell: Callable[[str], str], folder: Path) -> None:
    if not (folder / "register.parquet").exists():
        shell(BLOCKS["import"].splitlines()[0])
    said = shell(BLOCKS["rehearse"])
    valid = sum(number * 10 + 3 * 45 for number in range(4))
    assert re.search(rf"valid votes +{valid}\n", said)
    assert said.splitlines()[-1].startswith("A REHEARSAL, not a real election.")


@pytest.fixture
def serving(folder: Path, shell: Callable[[str], str], environment: dict[str, str]) -> Iterator[str]:
    """The README's server, on free ports; the port of uploads."""
    if not (folder / "sheets").exists():
        shell(BLOCKS["import"].splitlines()[0] + "\n" + "\n".join(BLOCKS["rehearse"].splitlines()[:2]))
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        ports = str(one.getsockname()[1]), str(two.getsockname()[1])
    settings = {"TESTIGO_OBSERVER_PORT": ports[0], "TESTIGO_REVIEW_PORT": ports[1]}
    script = BLOCKS["serve"].replace("testigo serve", "exec testigo serve")
    server = subprocess.Popen(
        ["bash", "-euc", script], cwd=folder, env=environment | settings,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8",
    )  # fmt: skip
    try:
        assert server.stdout is not None
        assert ports[0] in server.stdout.readline(), "it says where it answers, once it can"
        yield ports[0]
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(60) == 0, "Ctrl-C ends it cleanly"


@pytest.mark.xdist_group("readme")
@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_a_file_sent_with_curl_is_answered_with_a_promise(shell: Callable[[str], str], serving: str) -> None:
    block = BLOCKS["upload"]
    assert f":{PORT}/" in block, "the port that `testigo serve` takes by default"
    promise = json.loads(shell(block.replace(f":{PORT}/", f":{serving}/")))
    assert promise["outcome"] == "stored"
    leaf = base64.b64encode(bytes.fromhex(promise["leaf_hash"])).decode()
    assert promise["promise"].startswith("testigo promise v1\nlog testigo/ve2024/")
    assert f"\nleaf {leaf}\n" in promise["promise"]
    assert promise["deadline"] > time.time()


def test_the_default_port_of_uploads_is_the_readmes() -> None:
    from testigo.server.configuration import Configuration

    assert Configuration().observer_port == int(PORT)


def test_the_makefile_has_the_targets_that_the_documents_name(root: Path, tracked: list[Path]) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    named = set()
    for path in tracked:
        if path.suffix == ".md":
            named |= set(re.findall(r"(?:`|^    )make ([a-z]+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert {"demo", "test", "check", "bench"} <= named <= targets


def test_the_extras_that_the_documents_name_exist(root: Path) -> None:
    import tomllib

    extras = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    named = re.findall(r"(?:\.|testigo)\[([a-z]+)\]", README + (root / "docs" / "cli.md").read_text(encoding="utf-8"))
    assert named
    assert set(named) <= set(extras)


def test_the_spanish_summary_names_the_same_commands() -> None:
    english, spanish = README.split("# Testigo, en español")
    for command in re.findall(r"`((?:make|pip|testigo) [^`]+)`", spanish):
        words = command.split()
        assert " ".join(words[:2]) in english or words[1] == "VERBO" or words[1] == "--help", command
    assert sys.version_info >= (3, 11)
