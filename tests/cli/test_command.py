"""The command itself: its words, languages, statuses and ends, whatever the verb."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from testigo.cli import VERBS, build_parser, main
from testigo.cli.common import printable
from testigo.cli.language import language


@pytest.fixture(params=["en", "es"])
def spoken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The language of this process."""
    monkeypatch.setenv("TESTIGO_LANG", request.param)
    language.cache_clear()
    yield request.param
    language.cache_clear()


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_with_an_example(verb: str, spoken: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    text = capsys.readouterr().out
    assert ended.value.code == 0
    example = import_module(f"testigo.cli.{VERBS[verb][0]}").EXAMPLE
    assert example in text, "the example stands on one line, to be copied"
    assert text.startswith("usage: testigo" if spoken == "en" else "uso: testigo")
    assert "--json" in text, "every verb has a machine-readable answer"
    for foreign in ("usage:", "show this", "options:", "positional") if spoken == "es" else ("uso:", "mostrar"):
        assert foreign not in text


@pytest.mark.parametrize("verb", VERBS)
def test_every_example_parses(verb: str) -> None:
    words = shlex.split(import_module(f"testigo.cli.{VERBS[verb][0]}").EXAMPLE)
    assert words[:2] == ["testigo", verb]
    assert callable(build_parser(verb).parse_args(words[1:]).run)


def _help_of(verb: str) -> dict[str, str | None]:
    (commands,) = (a for a in build_parser(verb)._actions if isinstance(a, argparse._SubParsersAction))
    return {action.dest: action.help for action in commands.choices[verb]._actions}


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_is_explained_in_both_languages(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {}
    for code in ("en", "es"):
        monkeypatch.setenv("TESTIGO_LANG", code)
        language.cache_clear()
        said[code] = _help_of(verb)
    language.cache_clear()
    assert all(said["en"].values())
    same = [name for name in said["en"] if said["en"][name] == said["es"][name]]
    assert not same, f"not translated: {same}"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"TESTIGO_LANG": "es", "LANG": "en_US.UTF-8"}, "uso:"),
        ({"TESTIGO_LANG": "en", "LANG": "es_VE.UTF-8"}, "usage:"),
        ({"TESTIGO_LANG": "", "LC_ALL": "", "LC_MESSAGES": "", "LANG": "es_VE.UTF-8"}, "uso:"),
        ({"TESTIGO_LANG": "", "LC_ALL": "C", "LC_MESSAGES": "", "LANG": "es_VE.UTF-8"}, "usage:"),
    ],
)
def test_the_language_is_the_persons(settings: dict[str, str], expected: str, testigo: Callable[..., Any]) -> None:
    assert testigo("verify", "--help", **settings).out.startswith(expected)


@pytest.mark.parametrize(("code", "said"), [("en", "invalid choice: 'veryfy'"), ("es", "opción no válida: 'veryfy'")])
def test_an_unknown_verb_is_bad_input(code: str, said: str, testigo: Callable[..., Any]) -> None:
    ran = testigo("veryfy", "bundle", TESTIGO_LANG=code)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err
    assert "verify" in ran.err, "the verbs that there are"


def test_no_verb_at_all_shows_the_verbs(testigo: Callable[..., Any]) -> None:
    ran = testigo()
    assert ran.status == 2
    assert all(verb in ran.out for verb in VERBS)


def test_a_missing_argument_is_named_in_the_persons_language(testigo: Callable[..., Any]) -> None:
    ran = testigo("import", "table.csv", "--profile", "ve2024", TESTIGO_LANG="es")
    assert ran.status == 2
    assert "faltan estos argumentos: --out" in ran.err


#: Runs the command in a Python in which some modules are not installed.
_WITHOUT = """
import sys
from importlib.abc import MetaPathFinder

class NotInstalled(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {hidden!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, NotInstalled())
from testigo.cli import main
sys.exit(main({words!r}))
"""
EXTRAS = {"cv2", "zxingcpp", "PIL", "jinja2", "markupsafe", "segno"} | {"django", "ninja", "psycopg", "obstore"}


def without(hidden: set[str], environment: dict[str, str], *words: object) -> Any:
    script = _WITHOUT.format(hidden=hidden, words=[str(word) for word in words])
    return subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, encoding="utf-8", timeout=120, check=False
    )


@pytest.mark.parametrize(
    ("words", "module", "extra"),
    [
        (["publish", "B", "--out", "S"], "jinja2", "site"),
        (["read", "--profile", "ve2024", "sheet.jpg"], "cv2", "reading"),
        (["simulate", "--from", "T", "--profile", "ve2024", "--out", "S"], "cv2", "simulate"),
        (["ingest", "F", "--profile", "ve2024"], "django", "server"),
        (["token", "--kind", "observer"], "django", "server"),
    ],
)
def test_a_missing_extra_is_answered_with_the_command_that_installs_it(
    words: list[str], module: str, extra: str, environment: dict[str, str], table: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "F").mkdir()
    places = {"T": table("V2"), **{name: tmp_path / name for name in ("B", "F", "S")}}
    given = [places.get(word, word) for word in words]
    hidden = {module, "markupsafe"} if module == "jinja2" else {module}
    home = {"TESTIGO_HOME": str(tmp_path / "home")}
    ran = without(hidden, environment | home, *given)
    assert ran.returncode == 2, ran.stderr
    assert f"pip install 'testigo[{extra}]'" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_base_install_verifies_and_counts_what_others_published(
    environment: dict[str, str], imported: dict[str, Any]
) -> None:
    ran = without(EXTRAS, environment, "verify", imported["out"], "--key", imported["key"], "--json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["stations"] == 6
    ran = without(EXTRAS, environment, "tally", imported["out"], "--json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["stations"]["with_tally"] == 6


@pytest.mark.parametrize("words", [["tally"], ["bundle", "--out", "B"], ["ingest", "."]])
def test_a_mistyped_home_is_named_and_not_made(words: list[str], testigo: Callable[..., Any], tmp_path: Path) -> None:
    ran = testigo(*words, "--home", tmp_path / "hoem")
    assert ran.status == 2
    assert str(tmp_path / "hoem") in ran.err
    assert list(tmp_path.iterdir()) == []


def test_whoever_reads_only_the_beginning_does_not_turn_a_no_into_a_yes(
    environment: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "no-bundle"
    folder.mkdir()
    reading, writing = os.pipe()
    os.close(reading)  # gone before the first word
    with os.fdopen(writing, "wb") as closed:
        ran = subprocess.run(
            [sys.executable, "-m", "testigo.cli", "verify", str(folder)],
            env=environment, stdout=closed, stderr=subprocess.PIPE, encoding="utf-8", timeout=60, check=False,
        )  # fmt: skip
    assert ran.returncode == 141
    assert ran.stderr == ""


def test_what_strangers_wrote_does_not_steer_the_terminal(
    testigo: Callable[..., Any], imported: dict[str, Any], tmp_path: Path
) -> None:
    assert printable("a\x1b[2J\x9b1m\r\nb\u202e") == "a\ufffd[2J\ufffd1m\ufffd\ufffdb\ufffd"
    hostile = Path(shutil.copytree(imported["out"], tmp_path / "B"))
    (hostile / "\x1b[2Jempty.txt").write_bytes(b"")
    ran = testigo("verify", hostile)
    assert ran.status == 1
    assert "empty.txt" in ran.out
    assert "\x1b" not in ran.out + ran.err


def test_a_terminal_that_knows_no_accents_still_gets_an_answer(
    testigo: Callable[..., Any], imported: dict[str, Any]
) -> None:
    ran = testigo("tally", imported["out"], PYTHONIOENCODING="ascii")
    assert ran.status == 0, ran.err
    assert r"Edmundo Gonz\xe1lez" in ran.out
    as_json = testigo("tally", imported["out"], "--json", PYTHONIOENCODING="ascii")
    assert as_json.answer["candidates"][0]["name"] == "Edmundo González Urrutia"


def test_what_the_system_refuses_is_said_in_one_sentence(
    testigo: Callable[..., Any], table: Callable[..., Path]
) -> None:
    ran = testigo("register", table("V2"), "--profile", "ve2024", "--out", "/proc/nowhere/register.csv")
    assert ran.status == 2
    assert "/proc/nowhere" in ran.err
    assert "Traceback" not in ran.err
