"""From drawn sheets back to their counts, to the last vote; by the command, in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from testigo.simulate import invented_counts, simulate_folder

SHARED = Path(__file__).parents[3] / "shared" / "data" / "ve2024" / "RESULTADOS_2024_CSV_V2.csv"


class Command:
    """Runs ``testigo`` in a place."""

    def __init__(self, place: Any) -> None:
        self.place = place

    def start(self, *words: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "testigo.cli", *map(str, words), "--json"],
            env=self.place.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def finish(self, process: subprocess.Popen[str]) -> Any:
        out, err = process.communicate(timeout=200)
        assert process.returncode == 0, err[-3000:]
        return json.loads(out)

    def __call__(self, *words: object) -> Any:
        return self.finish(self.start(*words))


@pytest.fixture(scope="session")
def sheets(venezuela: Any, private: Path) -> Path:
    """The drawn sheets of the invented country, and their truth."""
    counts = invented_counts(venezuela.profile.contest(venezuela.contest), venezuela.register, 5)
    simulate_folder(venezuela.profile, venezuela.register, counts, 12, 5, private / "sheets")
    return private / "sheets"


@pytest.fixture
def command(place: Any) -> Iterator[Command]:
    yield Command(place)


def _truth(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "truth.json").read_text())["files"])


def _assert_counted(command: Command, truth: dict[str, Any], contest: str) -> None:
    """The tally, and every single row that it was made from, are what the sheets were drawn with."""
    answer = command("tally", "--standing", "documented", "--contest", contest)
    wanted: Counter[str] = Counter()
    for entry in truth.values():
        wanted.update(entry["candidates"])
    assert {candidate["code"]: candidate["votes"] for candidate in answer["candidates"]} == dict(wanted)
    assert answer["null"] == sum(entry["null"] for entry in truth.values())
    assert answer["stations"]["with_tally"] == len(truth)
    office = command.place.profile.contest(contest)
    stored = command.place.rows("SELECT station, lines, null_votes, blank_votes, contested FROM standing")
    packed = struct.Struct(f"<{len(office.line_codes)}i").pack
    assert sorted(stored) == sorted(
        (e["station"], packed(*(e["counts"][code] for code in office.line_codes)), e["null"], e["blank"], False)
        for e in truth.values()
    )


def _assert_nothing_twice(place: Any, files: int) -> None:
    kinds = Counter(leaf.TYPE for leaf in place.leaves())
    assert kinds == {"configuration": 1, "receipt": files, "opened": files, "reading": files, "decision": files}
    assert place.rows("SELECT count(*) FROM submission") == [(files,)]
    assert place.rows("SELECT count(*) FROM nonce") == [(2 * files,)]
    assert place.rows("SELECT count(*) FROM ledger_queue") == [(0,)]
    assert place.rows("SELECT count(*) FROM procrastinate_jobs") == [(0,)]


def test_sheets_come_back_to_the_last_vote_and_again_changes_nothing(command: Command, sheets: Path) -> None:
    truth, contest = _truth(sheets), command.place.country.contest
    report = command("ingest", sheets)
    assert report == {"received": 12, "again": 0, "duplicates": 0, "images": 12, "read": 12, "refused": {}}
    _assert_counted(command, truth, contest)
    again = command("ingest", sheets)
    assert again == {**report, "again": 12}
    _assert_counted(command, truth, contest)
    _assert_nothing_twice(command.place, 12)


def test_two_processes_take_in_the_same_folder_at_once(command: Command, sheets: Path) -> None:
    running = [command.start("ingest", sheets) for _ in range(2)]
    reports = [command.finish(process) for process in running]
    assert sum(report["again"] for report in reports) == 12
    assert [report["read"] for report in reports] == [12, 12]
    _assert_counted(command, _truth(sheets), command.place.country.contest)
    _assert_nothing_twice(command.place, 12)


def test_killed_in_the_middle_and_run_again_ends_in_the_same_totals(
    command: Command, sheets: Path, tmp_path: Path, eventually: Callable[..., bool]
) -> None:
    first = command.start("ingest", sheets)
    some = eventually(lambda: command.place.rows("SELECT count(*) FROM opened") >= [(3,)], 90.0)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert some
    assert command.place.rows("SELECT count(*) FROM standing") < [(12,)], "it was killed too late to mean anything"
    assert eventually(lambda: not _workers_in(command.place)), "an orphan holds the database"
    report = command("ingest", sheets)
    assert (report["again"], report["read"], report["refused"]) == (12, 12, {})
    _assert_counted(command, _truth(sheets), command.place.country.contest)
    _assert_nothing_twice(command.place, 12)


def _workers_in(place: Any) -> list[str]:
    """Processes that still work in the place."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if entry.parent.name != str(os.getpid()) and os.fsencode(str(place.home)) in entry.read_bytes():
                found.append(entry.parent.name)
        except OSError:
            continue
    return found


@pytest.fixture
def eventually() -> Callable[..., bool]:
    """Ask again until the answer is yes; False after ``seconds``."""

    def ask(question: Callable[[], object], seconds: float = 60.0) -> bool:
        deadline = time.monotonic() + seconds
        while not question():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    return ask


@pytest.mark.skipif(not SHARED.exists(), reason="needs the published counts of 2024 in ../shared/data")
def test_sixty_real_stations_come_back_to_the_last_vote(
    place_of: Callable[..., Any], venezuela: Any, server: Any, tmp_path: Path, surroundings: Callable[..., Any]
) -> None:
    place = place_of(venezuela)
    server.create_database(f"{place.name}_real")
    place.name, place.home = f"{place.name}_real", tmp_path / "home"
    command, folder = Command(place), tmp_path / "sheets"
    command("simulate", "--from", SHARED, "--profile", "ve2024", "--stations", 60, "--seed", 3, "--out", folder)
    report = command("ingest", folder, "--profile", "ve2024", "--rehearsal")
    assert (report["received"], report["read"]) == (60, 60)
    _assert_counted(command, _truth(folder), venezuela.contest)


def test_several_contests_need_one_to_be_named(place_of: Callable[..., Any], altamar: Any) -> None:
    place = place_of(altamar)
    station = altamar.stations[0]
    receipt = place.send(place.person("hub")[1], altamar.scan(station)).receipt
    place.drain()
    for _ in range(2):
        place.type(place.person("reviewer")[1], receipt, station, altamar.counts(station))
    place.drain()
    command = Command(place)
    unnamed = command.start("tally")
    _, said = unnamed.communicate(timeout=60)
    assert unnamed.returncode == 2
    assert "--contest" in said or "contest" in said
    named = command("tally", "--contest", altamar.contest)
    votes = {candidate["code"]: candidate["votes"] for candidate in named["candidates"]}
    assert votes == dict(altamar.counts(station).candidates)
    other = command("tally", "--contest", altamar.profile.contests[1].code)
    assert other["stations"]["with_tally"] == 0
