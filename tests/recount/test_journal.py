"""The night the power went: a recount that was killed ends as one that never was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from testigo.errors import InputError, WireError
from testigo.reading.batch import SCHEMA, to_lines, unread
from testigo.reading.problems import READER_FAILED
from testigo.recount.journal import Journal
from testigo.recount.outputs import Output
from testigo.recount.run import Recount
from testigo.recount.sources import Item, find
from testigo.recount.work import Answer, Job, Settings, read_jobs


class Here:
    """An engine that reads in this process, and counts; it can fail after some files, as if it were killed."""

    most = 3

    def __init__(self, settings: Settings, dies_after: int | None = None) -> None:
        self.settings, self.dies_after = settings, dies_after
        self.jobs: list[Job] = []
        self.most_ahead = 0
        self.read: list[str] = []

    def give(self, job: Job) -> None:
        self.jobs.append(job)
        self.most_ahead = max(self.most_ahead, 1 + job.index - min(one.index for one in self.jobs))

    def collect(self) -> Iterator[tuple[Job, Answer]]:
        if self.dies_after is not None and len(self.read) >= self.dies_after:
            raise KeyboardInterrupt
        job = self.jobs.pop()  # the latest first, so that order is somebody else's work
        answer = read_jobs([job], self.settings)
        if answer.rows != (0,):
            self.read.append(Path(job.item.name).name)
        yield job, answer


def recount(folder: Path, settings: Settings, out: Path | None, dies_after: int | None = None) -> tuple[Here, Recount]:
    engine, run = Here(settings, dies_after), Recount(find([str(folder)]).items, settings, out)
    for _ in run.run(engine):
        pass
    return engine, run


def killed(folder: Path, settings: Settings, out: Path, after: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        recount(folder, settings, out, after)


@pytest.fixture
def whole(folder: Path, settings: Settings, tmp_path: Path) -> Path:
    """The result of a run that was never killed."""
    recount(folder, settings, tmp_path / "whole")
    return tmp_path / "whole"


@pytest.mark.parametrize("kind", ["r.jsonl", "r.parquet", "r"])
def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(
    kind: str, folder: Path, settings: Settings, whole: Path, tmp_path: Path
) -> None:
    out = tmp_path / kind
    killed(folder, settings, out, 4)
    killed(folder, settings, out, 2)
    engine, run = recount(folder, settings, out)
    assert len(engine.read) == 9 - 4 - 2
    assert (run.summary.files, run.summary.again) == (9, 6)
    for path in out.iterdir() if out.is_dir() else [out]:
        assert path.read_bytes() == (whole / f"sheets{path.suffix}").read_bytes()
    assert not list(tmp_path.glob("**/*.part*")), "nothing is left over"


def test_before_it_is_whole_there_is_no_result(folder: Path, settings: Settings, tmp_path: Path) -> None:
    killed(folder, settings, tmp_path / "r.parquet", 4)
    assert not (tmp_path / "r.parquet").exists()
    assert (tmp_path / "r.parquet.partial").exists()


@pytest.mark.parametrize("cut", [1, 20, 300, -1])
def test_a_torn_last_line_counts_for_nothing(
    cut: int, folder: Path, settings: Settings, whole: Path, tmp_path: Path
) -> None:
    out = tmp_path / "r.jsonl"
    killed(folder, settings, out, 4)
    journal = tmp_path / "r.jsonl.partial"
    data = journal.read_bytes()
    last = data.rstrip(b"\n").rfind(b"\n") + 1
    journal.write_bytes(data[: last + cut] if cut > 0 else data[:-1])
    killed(folder, settings, out, 1)  # what is appended after the torn line is not torn with it
    engine, _ = recount(folder, settings, out)
    assert len(engine.read) == 9 - 3 - 1
    assert out.read_bytes() == (whole / "sheets.jsonl").read_bytes()


@pytest.mark.parametrize("keep", [0, 5, 40])
def test_a_journal_torn_in_its_first_line_begins_again(
    keep: int, folder: Path, settings: Settings, whole: Path, tmp_path: Path
) -> None:
    out, journal = tmp_path / "r.jsonl", tmp_path / "r.jsonl.partial"
    killed(folder, settings, out, 2)
    journal.write_bytes(journal.read_bytes()[:keep])
    recount(folder, settings, out)
    assert out.read_bytes() == (whole / "sheets.jsonl").read_bytes()


def test_a_file_that_changed_meanwhile_is_read_again(
    folder: Path, settings: Settings, pictures: list[bytes], tmp_path: Path
) -> None:
    out = tmp_path / "r.jsonl"
    killed(folder, settings, out, 8)
    (folder / "005.jpg").write_bytes(pictures[20])
    engine, _ = recount(folder, settings, out)
    assert "005.jpg" in engine.read
    assert len(engine.read) == 2
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["station"] for line in lines if line["file"].endswith("005.jpg")] == ["040200020.01"]


def test_a_finished_result_is_taken_over_and_new_files_are_added(
    folder: Path, settings: Settings, pictures: list[bytes], tmp_path: Path
) -> None:
    for kind in ("r.jsonl", "r.parquet", "r"):
        (folder / "003b.jpg").unlink(missing_ok=True)
        recount(folder, settings, tmp_path / kind)
        (folder / "003b.jpg").write_bytes(pictures[20])
        engine, run = recount(folder, settings, tmp_path / kind)
        assert engine.read == ["003b.jpg"]
        assert (run.summary.files, run.summary.again) == (10, 9)
    lines = list(to_lines(pq.read_table(tmp_path / "r.parquet")))
    assert lines == [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert [Path(line["file"]).name for line in lines] == sorted(path.name for path in folder.iterdir())


def test_another_reader_begins_again(folder: Path, settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    killed(folder, settings, out, 4)
    engine, run = recount(folder, replace(settings, options=replace(settings.options, rehearsal=True)), out)
    assert len(engine.read) == 9
    assert run.was_void
    again, run = recount(folder, settings, out)
    assert len(again.read) == 9
    assert not run.was_void


def test_trouble_of_a_run_is_no_answer_and_is_tried_again(
    folder: Path, settings: Settings, pictures: list[bytes], tmp_path: Path
) -> None:
    out, items = tmp_path / "r.jsonl", find([str(folder)]).items
    (folder / "002.jpg").unlink()
    for _ in Recount(items, settings, out).run(Here(settings)):
        pass
    assert '"file_missing"' in out.read_text()
    (folder / "002.jpg").write_bytes(pictures[2])
    engine, _ = recount(folder, settings, out)
    assert engine.read == ["002.jpg"]
    assert '"file_missing"' not in out.read_text()


def test_a_reader_that_died_on_the_same_bytes_is_no_answer_either(tmp_path: Path) -> None:
    item = Item("a.jpg", "a.jpg", "s3://b", "v1")
    (line,) = to_lines(unread("a.jpg", READER_FAILED, "r"))
    with Journal(tmp_path / "j", "r") as journal:
        journal.add("a.jpg", [{**line, "sha256": "ab" * 32}], "v1")
        assert journal.entry(item) is None
    with Journal(tmp_path / "j", "r") as journal:
        assert journal.entry(item) is None
        journal.add("a.jpg", [{**line, "sha256": "ab" * 32, "problems": []}], "v1")
        assert journal.entry(item) is not None


def test_what_a_listing_says_is_the_same_is_not_even_fetched(folder: Path, settings: Settings, tmp_path: Path) -> None:
    out, items = tmp_path / "r.jsonl", [replace(item, version="v1") for item in find([str(folder)]).items]
    with pytest.raises(KeyboardInterrupt):
        list(Recount(items, settings, out).run(Here(settings, dies_after=6)))
    engine, changed = Here(settings), [*items[:1], replace(items[1], version="v2"), *items[2:]]
    for path in folder.iterdir():
        path.unlink()
    run = Recount(changed, settings, out)
    lines = [line for lines in run.run(engine) for line in lines]
    assert run.summary.again >= 5
    assert len(engine.read) == 9 - run.summary.again, "the others are asked for, and are not there any more"
    assert lines[1]["by"] is None
    assert {line["by"] for line in lines} == {"qr", None}


def test_the_same_name_given_twice_is_answered_twice(folder: Path, settings: Settings, tmp_path: Path) -> None:
    path = str(folder / "001.jpg")
    for out in (None, tmp_path / "r.jsonl"):
        given = list(Recount(find([path, path]).items, settings, out).run(Here(settings)))
        assert len(given) == 2
        assert given[0] == given[1]
    assert len((tmp_path / "r.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize("name", ["theirs.jsonl", "theirs.parquet", "theirs.jsonl.partial"])
def test_somebody_elses_file_is_not_overwritten(name: str, folder: Path, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b'{"a diary": "of mine"}\n')
    with pytest.raises(InputError, match="theirs"):
        recount(folder, settings, tmp_path / name.removesuffix(".partial"))
    assert (tmp_path / name).read_bytes() == b'{"a diary": "of mine"}\n'


def test_nobody_reads_far_ahead_of_a_slow_file(
    folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("testigo.recount.run._AHEAD", 5)
    engine, items = Here(settings), find([str(folder)]).items * 2
    names = [lines[0]["file"] for lines in Recount(items, settings).run(engine)]
    assert names == [item.name for item in items]
    assert engine.most_ahead == 5, "the first file is always read last, and five at most are given meanwhile"


def test_a_result_of_an_unknown_kind_is_bad_input() -> None:
    with pytest.raises(InputError, match=r"r\.csv"):
        Output(Path("r.csv"))


def test_two_runs_do_not_write_one_result(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    with Journal(tmp_path / "j", "r"), pytest.raises(InputError, match="Another run"):
        Journal(tmp_path / "j", "r")


def test_a_disk_that_takes_nothing_is_said(folder: Path, settings: Settings) -> None:
    with pytest.raises(WireError, match="nowhere"):
        recount(folder, settings, Path("/proc/nowhere/r.jsonl"))


def test_the_result_has_the_schema_and_one_line_per_sheet(whole: Path) -> None:
    table = pq.read_table(whole / "sheets.parquet")
    assert table.schema.equals(SCHEMA)
    assert len(table) == 9
    first: dict[str, Any] = json.loads((whole / "sheets.jsonl").read_text().splitlines()[0])
    assert list(first) == SCHEMA.names
