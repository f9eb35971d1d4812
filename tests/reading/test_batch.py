"""A batch of images: one table with one schema, a pure function that no single file can stop."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from copy import copy
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from testigo.errors import InputError, InternalError
from testigo.reading import as_json, problems, read_sheet
from testigo.reading.batch import SCHEMA, Options, read_batch, reader_key, to_lines, to_table, unread
from testigo.reading.beside import name_crops
from testigo.reading.sheets import PRINT_MODES
from testigo.records import Counts
from testigo.recount.pool import Pool
from testigo.recount.run import Recount
from testigo.recount.sources import find
from testigo.recount.work import Settings

ToJpeg = Callable[..., bytes]
NO_PRINT = Options(print_mode="never")


@pytest.fixture(scope="module")
def images(tapes: Any, to_jpeg: ToJpeg) -> list[tuple[str, bytes]]:
    return [("a.jpg", to_jpeg(tapes.plain(1))), ("b.txt", b"no image"), ("c.jpg", to_jpeg(tapes.plain(2)))]


@pytest.fixture(scope="module")
def table(tapes: Any, images: list[tuple[str, bytes]]) -> pa.Table:
    return read_batch(images, tapes.profile.source, NO_PRINT)


def test_one_row_per_sheet_and_one_for_a_file_without(table: pa.Table, tapes: Any) -> None:
    assert table.schema == SCHEMA
    assert table["file"].to_pylist() == ["a.jpg", "b.txt", "c.jpg"]
    assert table["by"].to_pylist() == ["qr", None, "qr"]
    assert table["station"].to_pylist() == [tapes.station(1), None, tapes.station(2)]
    assert table["problems"].to_pylist() == [[], ["not_an_image"], []]
    assert dict(table["candidates"].to_pylist()[0]) == tapes.counts(1).candidates


def test_two_sheets_on_one_image_are_two_rows(tapes: Any, to_jpeg: ToJpeg) -> None:
    both = to_jpeg(np.concatenate([tapes.plain(1), tapes.plain(2)], axis=1))
    found = read_batch([("both.jpg", both)], tapes.profile, NO_PRINT)
    assert sorted(found["station"].to_pylist()) == [tapes.station(1), tapes.station(2)]
    assert set(found["file"].to_pylist()) == {"both.jpg"}
    assert set(found["sha256"].to_pylist()) == {hashlib.sha256(both).hexdigest()}


def test_every_field_of_the_json_answer_is_a_column_and_comes_back_unchanged(tapes: Any, to_jpeg: ToJpeg) -> None:
    """JSON, Parquet and Arrow cannot drift: what ``as_json`` says passes through the table whole."""
    drawn = read_sheet(tapes.profile, to_jpeg(tapes.drawn(3)), rehearsal=True)
    refused = read_sheet(tapes.profile, to_jpeg(tapes.drawn(3)), rehearsal=False)
    for readings in (drawn, refused):
        given = [{**line, "reader": "r"} for line in as_json("f.jpg", readings)]
        back = list(to_lines(to_table(given)))
        assert [{name: line[name] for name in one} for line, one in zip(back, given, strict=True)] == given
        assert [list(line) for line in back] == [SCHEMA.names]
        assert json.loads(json.dumps(back)) == back


def test_a_field_without_a_column_is_a_defect_and_never_dropped() -> None:
    (line,) = to_lines(unread("x", problems.FILE_MISSING, "r"))
    with pytest.raises(InternalError, match="surprise"):
        to_table([{**line, "surprise": 1}])


def test_the_table_survives_parquet_with_its_leading_zeros(table: pa.Table, tmp_path: Path) -> None:
    pq.write_table(table, tmp_path / "t.parquet")
    back = pq.read_table(tmp_path / "t.parquet")
    assert list(to_lines(back)) == list(to_lines(table))
    assert back["station"].to_pylist()[0].startswith("0402")


def test_the_same_images_give_the_same_table_in_another_process(
    table: pa.Table, tapes: Any, images: list[tuple[str, bytes]]
) -> None:
    arguments = pickle.loads(pickle.dumps((images, tapes.profile.source)))  # noqa: S301  (our own)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        other = pool.submit(read_batch, arguments[0], arguments[1], NO_PRINT).result()
    assert other.equals(table)
    parts = [read_batch([image], tapes.profile.source, NO_PRINT) for image in images]
    assert pa.concat_tables(parts).equals(table), "a batch is the sum of its images"


def test_no_images_give_an_empty_table_of_the_same_schema(tapes: Any) -> None:
    assert read_batch([], tapes.profile.source).equals(SCHEMA.empty_table())


def test_a_defect_met_on_one_file_costs_that_file(
    tapes: Any, images: list[tuple[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumbles(profile: Any, data: bytes, **more: Any) -> Any:
        if data == b"no image":
            raise ZeroDivisionError
        return read_sheet(profile, data, **more)

    monkeypatch.setattr("testigo.reading.batch.read_sheet", stumbles)
    found = read_batch(images, tapes.profile.source, NO_PRINT)
    assert found["by"].to_pylist() == ["qr", None, "qr"]
    assert found["problems"].to_pylist()[1] == [problems.READER_FAILED]


def test_the_key_of_a_reader_changes_with_everything_an_answer_depends_on(tapes: Any) -> None:
    keys = {
        reader_key(tapes.profile, Options(rehearsal=rehearsal, print_mode=mode))
        for rehearsal in (False, True)
        for mode in PRINT_MODES
    }
    assert len(keys) == 6
    assert all(tapes.profile.sha256[:16] in key for key in keys)


def test_an_unknown_way_to_read_print_is_bad_input() -> None:
    with pytest.raises(InputError, match="sometimes"):
        Options(print_mode="sometimes")  # type: ignore[arg-type]


def test_trouble_of_a_run_is_explained_in_both_languages() -> None:
    for code in problems.TRANSIENT:
        (line,) = to_lines(unread("x", code, "r"))
        (problem,) = line["problems"]
        assert problem["code"] == code
        assert problem["es"] != problem["en"]


@pytest.fixture(scope="module")
def forged(tapes: Any, to_jpeg: ToJpeg) -> tuple[bytes, str]:
    """A tape that carries the code of other counts, and the line whose votes that code multiplies."""
    was, changed = tapes.counts(1), list(tapes.counts(1).lines)[2]
    lines = {**was.lines, changed: was.lines[changed] + 100}
    other = copy(tapes)
    counts = Counts(tapes.contest.candidates_from_lines(lines), lines, was.null, was.blank)
    object.__setattr__(other, "counts", lambda number: counts)
    paper, foreign = tapes.drawn(1).copy(), other.drawn(1)
    box = tapes.contest.layout.code_box(49)
    top, bottom = round(box.y * 8) - 30, round((box.y + box.width) * 8) + 30
    paper[top:bottom] = foreign[top:bottom]
    return to_jpeg(paper, 90), changed


def test_a_sheet_whose_print_says_other_than_its_code_is_shown_line_by_line(
    tapes: Any, forged: tuple[bytes, str], tmp_path: Path
) -> None:
    data, line_code = forged
    (tmp_path / "forged.jpg").write_bytes(data)
    settings = Settings(tapes.profile.source, Options(rehearsal=True, print_mode="always", crops=True, verdict=True))
    items = find([str(tmp_path / "forged.jpg")]).items
    with Pool(1, settings) as pool:
        ((line,),) = Recount(items, settings, tmp_path / "r", pictures=tmp_path / "crops").run(pool)
    first, *totals = line["disagreements"]
    truth = tapes.counts(1).lines[line_code]
    assert (first["field"], first["qr"], first["figures"], first["words"]) == (line_code, truth + 100, truth, truth)
    assert {one["field"] for one in totals} <= {"valid"}, "and the sum that follows from it"
    assert "print_differs" in [problem["code"] for problem in line["problems"]]
    assert line["verdict"]["readable"] is True
    pictures = {path.name: path for path in (tmp_path / "crops").iterdir()}
    assert set(pictures) == {one["crop"] for one in line["disagreements"]}
    picture = cv2.imread(str(pictures[first["crop"]]), cv2.IMREAD_GRAYSCALE)
    _, y, _, height = first["region"]
    assert picture is not None
    assert picture.shape[0] <= 2 * height, "the line, not the sheet"
    whole = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert whole is not None
    place = cv2.minMaxLoc(cv2.matchTemplate(whole, picture, cv2.TM_SQDIFF))[2]
    assert abs(place[1] - y) <= height, "from the place that the answer names"
    (again,) = to_lines(pq.read_table(tmp_path / "r" / "sheets.parquet"))
    assert again == line


def test_the_name_of_a_picture_cannot_lead_out_of_its_folder() -> None:
    line = {"station": "../../etc", "sha256": "ab" * 32, "disagreements": [{"field": "a/b"}, {"field": "a/b"}]}
    name_crops([line])
    names = [one["crop"] for one in line["disagreements"]]  # type: ignore[index]
    assert len(set(names)) == 2
    assert not any("/" in name for name in names)
