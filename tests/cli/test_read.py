"""``testigo read`` over a country's images: killed, interrupted, with files missing, and what it says of it all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from testigo.election import format_payload, format_sheet_code, load_profile
from testigo.reading.batch import SCHEMA, to_lines
from testigo.records import Counts
from testigo.simulate.press import code_modules

Run = Callable[..., Any]
BASE = ("read", "--profile", "ve2024", "--print", "never")
COUNT = 30


def picture(number: int) -> bytes:
    contest = load_profile("ve2024").contest()
    lines = dict.fromkeys(contest.line_codes, number)
    counts = Counts(contest.candidates_from_lines(lines), lines, 0, 0)
    payload = format_payload(contest, format_sheet_code(contest, f"04020{number:04d}.01"), counts)
    grey = np.where(np.pad(code_modules(contest, payload), 6), 30, 250).astype(np.uint8)
    good, data = cv2.imencode(".jpg", cv2.resize(grey, None, fx=12, fy=12, interpolation=cv2.INTER_NEAREST))
    assert good
    return bytes(data)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of codes, with a file that is no image and one that is none by its name."""
    folder = tmp_path_factory.mktemp("images")
    for number in range(COUNT):
        (folder / f"{number:03d}.jpg").write_bytes(picture(number))
    (folder / "005b.jpg").write_bytes(b"no image")
    (folder / "truth.json").write_bytes(b"{}")
    return folder


@pytest.fixture(scope="module")
def lines(testigo: Run, folder: Path) -> list[dict[str, Any]]:
    """What is said of the folder, by one process."""
    ran = testigo(*BASE, "--json", "--jobs", 1, folder)
    assert ran.status == 1
    return [json.loads(line) for line in ran.out.splitlines()]


def test_a_directory_is_read_in_order_and_what_was_passed_over_is_counted(
    testigo: Run, folder: Path, lines: list[dict[str, Any]]
) -> None:
    assert [Path(line["file"]).name for line in lines] == sorted(path.name for path in folder.glob("*.jpg"))
    assert all(list(line) == SCHEMA.names for line in lines)
    ran = testigo(*BASE, "--json", "--jobs", 3, "--summary", folder)
    assert [json.loads(line) for line in ran.out.splitlines()] == lines, "the same however many read"
    assert "31 files to read, 1 passed over." in ran.err
    summary = json.loads(ran.err.splitlines()[-1])
    assert summary["sheets"] == {"qr": COUNT}
    assert (summary["files"], summary["without"], summary["missing"]) == (31, 1, 0)
    assert summary["sheets_per_second"] > 0


def test_one_missing_file_loses_nobody_elses_work(testigo: Run, folder: Path) -> None:
    ran = testigo(*BASE, "--json", folder / "001.jpg", folder / "nowhere.jpg", folder / "002.jpg")
    assert ran.status == 2
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert [line["station"] for line in answers] == ["040200001.01", None, "040200002.01"]
    assert [problem["code"] for problem in answers[1]["problems"]] == ["file_missing"]
    assert "Not found (1)" in ran.err
    assert "nowhere.jpg" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.jpg"], "No se encontraron (1): nowhere.jpg"),
        ([], "No hay nada que leer"),
        (["EMPTY"], "1 archivos no son imágenes"),
        (["--jobs", "0", "EMPTY"], "0"),
        (["--out", "r.csv", "IMAGE"], "r.csv"),
        (["--files-from", "nolist.txt"], "nolist.txt"),
        (["ftp://host/x"], "ftp://"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_status_2(
    words: list[str], said: str, testigo: Run, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_bytes(b"x")
    places = {"EMPTY": tmp_path / "empty", "IMAGE": folder / "001.jpg"}
    ran = testigo(*BASE, *[places.get(word, word) for word in words], TESTIGO_LANG="es")
    assert (ran.status, ran.out) == (2, ""), ran.err
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_names_can_come_from_standard_input(environment: dict[str, str], folder: Path) -> None:
    command = [sys.executable, "-m", "testigo.cli", *BASE, "--json", "--files-from", "-", str(folder / "003.jpg")]
    names = f"{folder / '002.jpg'}\n\n{folder / '001.jpg'}\n"
    ran = subprocess.run(
        command, input=names, env=environment, capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    stations = [json.loads(line)["station"] for line in ran.stdout.splitlines()]
    assert stations == [f"0402000{n}.01" for n in ("03", "02", "01")]


def test_a_result_is_written_whole_and_said_in_the_persons_language(
    testigo: Run, folder: Path, lines: list[dict[str, Any]], tmp_path: Path
) -> None:
    ran = testigo(*BASE, "--out", tmp_path / "r", folder, TESTIGO_LANG="es")
    assert (ran.status, ran.out) == (1, "")
    assert "Actas: 30 por el código. Archivos sin acta: 1." in ran.err
    assert [json.loads(line) for line in (tmp_path / "r" / "sheets.jsonl").read_text().splitlines()] == lines
    assert list(to_lines(pq.read_table(tmp_path / "r" / "sheets.parquet"))) == lines
    assert sorted(path.name for path in (tmp_path / "r").iterdir()) == ["sheets.jsonl", "sheets.parquet"]


def hear_ctrl_c() -> None:
    """Tests that were started in the background ignore the signal, and what they start inherits that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def started(environment: dict[str, str], *words: object) -> subprocess.Popen[str]:
    """``testigo read`` in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "testigo.cli", *BASE, *map(str, words)],
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
        preexec_fn=hear_ctrl_c,
    )


def begun(folder: Path, out: Path, environment: dict[str, str], at_least: int) -> subprocess.Popen[str]:
    """A run that has written so many answers."""
    running = started(environment, "--jobs", 1, "--out", out, folder)
    journal = out.with_name(f"{out.name}.partial")
    while running.poll() is None and (not journal.exists() or journal.read_bytes().count(b"\n") <= at_least):
        time.sleep(0.005)
    return running


def children_of(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


def test_the_night_the_power_went(
    testigo: Run, folder: Path, lines: list[dict[str, Any]], environment: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "r.jsonl"
    running = begun(folder, out, environment, 8)
    readers = children_of(running.pid)
    running.kill()
    running.communicate(timeout=30)
    assert not out.exists()
    kept = (tmp_path / "r.jsonl.partial").read_bytes().count(b"\n") - 1
    assert 8 <= kept < 31, "it was killed midway"
    with (tmp_path / "r.jsonl.partial").open("ab") as journal:
        journal.write(b'{"file": "torn')
    ran = testigo(*BASE, "--out", out, "--json", folder)
    assert json.loads(ran.err.splitlines()[-1])["again"] == kept
    assert [json.loads(line) for line in ran.out.splitlines()] == lines
    assert [json.loads(line) for line in out.read_text().splitlines()] == lines
    assert [path.name for path in tmp_path.iterdir()] == ["r.jsonl"]
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in readers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in readers if Path(f"/proc/{pid}").exists()], "nobody reads on for a dead parent"


@pytest.mark.parametrize(("code", "said"), [("en", "Interrupted after"), ("es", "Interrumpido tras")])
def test_ctrl_c_ends_with_one_sentence_and_goes_on_later(
    code: str, said: str, testigo: Run, folder: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "r.parquet"
    running = begun(folder, out, environment | {"TESTIGO_LANG": code}, 5)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does: to every process of the group
    stdout, stderr = running.communicate(timeout=30)
    assert running.returncode == 130
    assert stdout == ""
    assert stderr.splitlines()[-1].startswith(said)
    assert "Traceback" not in stderr
    ran = testigo(*BASE, "--out", out, "--json", folder)
    assert json.loads(ran.err.splitlines()[-1])["again"] >= 5
    assert len(pq.read_table(out)) == 31


@pytest.mark.parametrize("seconds", [0.0, 0.02, 0.06, 0.12])
def test_ctrl_c_while_processes_begin_says_nothing_else(
    seconds: float, folder: Path, environment: dict[str, str]
) -> None:
    if not Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").exists():
        pytest.skip("whose children are whose is only known where there is /proc")
    running = started(environment, "--jobs", 2, folder)
    while len(children_of(running.pid)) < 2:  # the first is the interpreter's own helper
        time.sleep(0.001)
    time.sleep(seconds)
    os.killpg(running.pid, signal.SIGINT)
    _, stderr = running.communicate(timeout=30)
    assert running.returncode == 130
    assert [line.split(" after")[0] for line in stderr.splitlines()] == [
        "31 files to read, 1 passed over.",
        "Interrupted",
    ]


def test_processes_that_begin_do_not_hear_ctrl_c(folder: Path, environment: dict[str, str]) -> None:
    if not Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").exists():
        pytest.skip("whose children are whose is only known where there is /proc")
    command = [sys.executable, "-m", "testigo.cli", *BASE, "--jobs", "1", "--json", str(folder)]
    running = subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    told: set[int] = set()
    begun_at = time.monotonic() + 30
    while running.poll() is None and time.monotonic() < begun_at + 1:
        for child in children_of(running.pid):
            os.kill(child, signal.SIGINT)
            told.add(child)
            begun_at = min(begun_at, time.monotonic())
        time.sleep(0.002)
    stdout, stderr = running.communicate(timeout=60)
    assert running.returncode == 1
    assert len(stdout.splitlines()) == 31
    assert stderr == "31 files to read, 1 passed over.\n"
    assert len(told) == 2, "the process that reads, which was never replaced, and the interpreter's own helper"


def test_a_reader_who_goes_away_is_no_error(environment: dict[str, str], folder: Path) -> None:
    command = f"{sys.executable} -m testigo.cli {' '.join(BASE)} --json {folder} 2>err | head -n 1; cat err"
    ran = subprocess.run(
        ["bash", "-c", command], env=environment, cwd=folder.parent, capture_output=True, encoding="utf-8", timeout=60,
        check=False,
    )  # fmt: skip
    first, *rest = ran.stdout.splitlines()
    assert json.loads(first)["station"] == "040200000.01"
    assert rest == ["31 files to read, 1 passed over."]


def test_lines_come_as_they_are_read_and_not_at_the_end(environment: dict[str, str], folder: Path) -> None:
    command = [sys.executable, "-m", "testigo.cli", *BASE, "--jobs", "1", "--json", str(folder), str(folder)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        assert running.stdout is not None
        running.stdout.readline()
        assert running.poll() is None, "the first line is there while others are still read"
        running.stdout.read()


def test_the_verdict_on_a_scan_is_said_to_people_and_machines(testigo: Run, folder: Path) -> None:
    said = testigo(*BASE, "--verdict", folder / "001.jpg", TESTIGO_LANG="es")
    assert "buen escaneo" in said.out or "repita" in said.out
    (line,) = [json.loads(text) for text in testigo(*BASE, "--verdict", "--json", folder / "001.jpg").out.splitlines()]
    assert set(line["verdict"]) == {"readable", "reasons"}


@pytest.mark.parametrize(("option", "module"), [(["--dask", "tcp://127.0.0.1:9"], "distributed"), ([], "obstore")])
def test_a_missing_extra_is_answered_with_the_command_that_installs_it(
    option: list[str], module: str, environment: dict[str, str], folder: Path
) -> None:
    script = (
        "import sys\n"
        "class Hidden:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.split('.')[0] == {module!r}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Hidden())\n"
        "from testigo.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    what = str(folder / "001.jpg") if option else "s3://bucket/prefix"
    ran = subprocess.run(
        [sys.executable, "-c", script, *BASE, *option, what],
        env=environment, capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 2, ran.stderr
    assert "pip install 'testigo[dask]'" in ran.stderr
    assert "Traceback" not in ran.stderr
