"""docs/cli.md says what the command does: every verb, every option, every field of every answer, and nothing else."""

from __future__ import annotations

import argparse
import ast
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from testigo.cli import VERBS, build_parser
from testigo.server.postgres import processes
from testigo.tally.answers import FIELDS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cli.md"
SECTIONS = {
    part.split("\n", 1)[0].removeprefix("testigo "): part
    for part in PAGE.read_text(encoding="utf-8").split("\n## ")
    if part.startswith("testigo ")
}


def rows(verb: str, *, answer: bool) -> list[str]:
    """The first cells of a section's table of arguments, or of its table of the answer."""
    found: list[str] = []
    inside = False
    lines = SECTIONS[verb].split("\n")
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if following.startswith("|---"):
            inside = line.startswith("| `--json`") == answer
        elif line.startswith("|") and not line.startswith("|---") and inside:
            found.append(line)
        elif not line.startswith("|"):
            inside = False
    return found


def documented(verb: str) -> set[str]:
    """The paths of the fields of a verb's answer."""
    return {path for row in rows(verb, answer=True) for path in re.findall(r"`([^`]+)`", row.split(" | ")[0])}


def actions(verb: str) -> list[argparse.Action]:
    (commands,) = (a for a in build_parser(verb)._actions if isinstance(a, argparse._SubParsersAction))
    return [action for action in commands.choices[verb]._actions if action.dest != "help"]


def test_every_verb_has_its_section_and_no_other_has() -> None:
    assert set(SECTIONS) == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_argument_is_documented_and_every_documented_one_exists(verb: str) -> None:
    cells = " ".join(row.split(" | ")[0] for row in rows(verb, answer=False))
    on_page = set(re.findall(r"`(--[a-z-]+|[A-Z]+)", cells))
    exist = {action.option_strings[-1] if action.option_strings else str(action.metavar) for action in actions(verb)}
    assert on_page == exist


@pytest.mark.parametrize("verb", VERBS)
def test_every_default_and_every_choice_is_on_the_page(verb: str) -> None:
    for action in actions(verb):
        name = action.option_strings[-1] if action.option_strings else str(action.metavar)
        (row,) = [row for row in rows(verb, answer=False) if re.search(rf"`{name}\b", row.split(" | ")[0])]
        for choice in action.choices or ():
            assert f"`{choice}`" in row
        if isinstance(action.default, int) and not isinstance(action.default, bool):
            assert f"({action.default})" in row


@pytest.mark.parametrize("verb", VERBS)
def test_the_example_is_the_programs_own(verb: str) -> None:
    assert f"\n    {import_module(f'testigo.cli.{VERBS[verb][0]}').EXAMPLE}\n" in SECTIONS[verb]


def test_every_field_of_the_tally_is_there_with_its_sentence() -> None:
    for path, says in FIELDS.items():
        assert f"| `{path}` | {says} |" in SECTIONS["tally"], "copy the line from FIELDS"


def test_every_status_and_extra_is_explained() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for status in (0, 1, 2, 130, 141):
        assert f"\n| {status} |" in text
    for _, extra, _ in VERBS.values():
        assert not extra or f"`testigo[{extra}]`" in text


# ---------------------------------------------------------------------- answers


def paths_of(value: Any, known: set[str], at: str = "") -> set[str]:
    """The documented paths that an answer has; a path of its own where nothing fits."""
    here = {at} & known
    below = {path for path in known if path.startswith((f"{at}.", f"{at}[]")) and path != at} if at else known
    if isinstance(value, dict) and below:
        if f"{at}.*" in known:
            return here | {f"{at}.*"}
        inner = (paths_of(inner, known, f"{at}.{name}" if at else name) for name, inner in value.items())
        return here.union(*inner)
    if isinstance(value, list) and below:
        return here.union(*(paths_of(one, known, f"{at}[]") for one in value)) if value else here | below
    if value is None and below:
        return here | below  # unknown as a whole
    return here or {at}


@pytest.fixture(scope="module")
def run(environment: dict[str, str]) -> Callable[..., list[Any]]:
    """Runs a verb with ``--json``; its lines, as values."""

    def testigo(*words: object, expect: int = 0) -> list[Any]:
        command = [sys.executable, "-m", "testigo.cli", *map(str, words), "--json"]
        ended = subprocess.run(
            command, env=environment, capture_output=True, encoding="utf-8", timeout=250, check=False
        )
        assert ended.returncode == expect, ended.stderr
        return [json.loads(line) for line in ended.stdout.splitlines()]

    return testigo


@pytest.fixture(scope="module")
def answers(run: Callable[..., list[Any]], write_tables: Callable[[Path], None]) -> Iterator[dict[str, list[Any]]]:
    """Real answers of every verb that answers and ends; small and invented."""
    folder = Path(tempfile.mkdtemp(prefix="testigo-docs-"))
    bundle, sheets, home, register = folder / "B", folder / "S", folder / "home", folder / "r.parquet"
    election = ("--profile", "ve2024", "--register", register)
    write_tables(folder)
    first, second = folder / "RESULTADOS_2024_CSV_V1.csv", folder / "RESULTADOS_2024_CSV_V2.csv"
    got: dict[str, list[Any]] = {}
    try:
        got["register"] = run("register", first, second, "--profile", "ve2024", "--out", register)
        got["import"] = run("import", second, *election, "--out", bundle)
        got["publish"] = run("publish", bundle, "--out", folder / "site")
        got["simulate"] = run("simulate", "--from", first, *election, "--stations", 2, "--out", sheets)
        got["quickcount"] = run("quickcount", bundle, "--seed", "1", "--size", 2)
        got["sample"] = run("sample", bundle, "--seed", "4 1 6", "--size", 3, "--checked", 3)
        path = sheets / "sheet-00001.jpg"
        got["read"] = run("read", "--profile", "ve2024", "--rehearsal", path)
        got["read"] += run("read", "--profile", "ve2024", path, expect=1)
        got["ingest"] = run("ingest", sheets, *election, "--rehearsal", "--home", home)
        got["tally"] = run("tally", "--home", home) + run("tally", bundle)
        got["tally"] += run("tally", "--home", home, "--standing", "documented")
        got["token"] = run("token", "--kind", "hub", "--home", home)
        got["bundle"] = run("bundle", "--out", folder / "B2", "--home", home)
        (bundle / "unlisted.txt").write_bytes(b"")
        got["verify"] = run("verify", folder / "B2") + run("verify", bundle, expect=1)
        yield got
    finally:
        data, deadline = home / "postgres" / "data", time.monotonic() + 15
        while data.exists() and processes.servers_of(data) and time.monotonic() < deadline:
            time.sleep(0.05)
        shutil.rmtree(folder, ignore_errors=True)


def test_every_answer_has_exactly_the_fields_on_the_page(answers: dict[str, list[Any]]) -> None:
    for verb, given in answers.items():
        known = documented(verb)
        had = set().union(*(paths_of({"": one} if isinstance(one, list) else one, known) for one in given))
        had = {path.removeprefix(".") for path in had}
        assert had == known, f"{verb}: {sorted(had ^ known)}"


def test_problems_of_a_table_have_the_documented_fields(
    run: Callable[..., list[Any]], write_tables: Callable[[Path], None], tmp_path: Path
) -> None:
    write_tables(tmp_path)
    path = tmp_path / "RESULTADOS_2024_CSV_V2.csv"
    path.write_bytes(path.read_bytes().replace(b",0,3,", b",-1,3,"))
    (problems,) = run("import", path, "--profile", "ve2024", "--out", tmp_path / "B", expect=2)
    shape = re.search(r"`\[\{(.*?)\}, …\]`", PAGE.read_text(encoding="utf-8"))
    assert shape is not None
    assert list(problems[0]) == re.findall(r'"([a-z]+)":', shape[1])


@pytest.mark.parametrize(("verb", "function"), [("demo", "_answer"), ("serve", "ready")])
def test_the_verbs_that_take_long_answer_with_the_fields_on_the_page(verb: str, function: str) -> None:
    module = import_module(f"testigo.cli.{verb}")
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    (body,) = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == function]
    (answer,) = [node for node in ast.walk(body) if isinstance(node, ast.Dict)]
    fields = {key.value for key in answer.keys if isinstance(key, ast.Constant)}
    assert fields == {path.removesuffix(".*") for path in documented(verb)}


def test_the_comparison_sees_a_field_too_many_and_one_too_few() -> None:
    known = {"a", "b.*", "c[].d", "e"}
    assert paths_of({"a": 1, "b": {"x": 2}, "c": [{"d": 1}], "e": None}, known) == known
    assert paths_of({"a": 1, "b": {}, "c": [], "f": 2}, known) == {"a", "b.*", "c[].d", "f"}
