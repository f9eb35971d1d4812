"""What sheets say: to the last vote, each once, none lost, no drawing taken for real."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import zxingcpp
from PIL import Image

from testigo.election import load_profile
from testigo.election.simulacro import CODE_PREFIX
from testigo.reading import (
    PROBLEMS,
    READER,
    Code,
    FoundSheet,
    OpenedImage,
    SheetReadings,
    as_json,
    find_codes,
    open_image,
    read_sheet,
    reader_version,
    to_reading,
)
from testigo.records import Opening, parse_leaf

Grey = npt.NDArray[np.uint8]
ToJpeg = Callable[..., bytes]
Spoil = Callable[[str], str]


def code_of(text: str, kind: zxingcpp.BarcodeFormat, pixels_per_module: int = 4) -> Grey:
    image = zxingcpp.create_barcode(text, kind).to_image(scale=pixels_per_module, add_quiet_zones=True)
    return np.array(image, dtype=np.uint8)


def put(paper: Grey, code: Grey, x: int, y: int) -> Grey:
    paper = paper.copy()
    paper[y : y + code.shape[0], x : x + code.shape[1]] = code
    return paper


def text_of(sheet: FoundSheet) -> str:
    """The payload, which a sheet read by its code has."""
    assert sheet.payload is not None
    return sheet.payload.text


def code_on(sheet: FoundSheet) -> Code:
    """The code, which a sheet read by its code has."""
    assert sheet.code is not None
    return sheet.code


def payloads(readings: SheetReadings) -> list[str]:
    return [text_of(sheet) for sheet in readings.found]


# ------------------------------------------------------------------------------------- what is read


def test_clean_tapes_come_back_to_the_last_vote_at_half_size(tapes: Any, to_jpeg: ToJpeg) -> None:
    for number in range(4):
        readings = read_sheet(tapes.profile, to_jpeg(tapes.drawn(number)), rehearsal=True)
        (sheet,) = readings.found
        assert (sheet.station, sheet.contest, sheet.stage) == (tapes.station(number), "presidente", "half")
        assert sheet.counts == tapes.counts(number)
        assert text_of(sheet) == tapes.payload(number)
        assert (sheet.problems, readings.problems, readings.size) == ((), (), (640, 7360))


def test_a_real_sheet_is_read_outside_a_rehearsal(tapes: Any, to_jpeg: ToJpeg) -> None:
    readings = read_sheet(tapes.profile, to_jpeg(tapes.plain(5)), rehearsal=False)
    assert readings.refusal is None
    assert payloads(readings) == [tapes.payload(5)]


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_tape_fed_in_the_wrong_way_is_read(tapes: Any, to_jpeg: ToJpeg, turns: int) -> None:
    turned = np.ascontiguousarray(np.rot90(tapes.drawn(1), turns))
    assert payloads(read_sheet(tapes.profile, to_jpeg(turned), rehearsal=True)) == [tapes.payload(1)]


@pytest.mark.parametrize("axis", [0, 1])
def test_two_tapes_in_one_scan_lose_no_station(tapes: Any, to_jpeg: ToJpeg, axis: int) -> None:
    both = np.concatenate([tapes.drawn(1), tapes.drawn(2)], axis=axis)
    readings = read_sheet(tapes.profile, to_jpeg(both), rehearsal=True)
    assert sorted(payloads(readings)) == sorted([tapes.payload(1), tapes.payload(2)])
    regions = [sheet.region for sheet in readings.found]
    assert abs(regions[0][1 - axis] - regions[1][1 - axis]) > 600


def test_a_second_tape_too_small_for_the_half_size_is_not_lost(tapes: Any, to_jpeg: ToJpeg) -> None:
    large, small = tapes.drawn(1), cv2.resize(tapes.drawn(2), None, fx=0.24, fy=0.24, interpolation=cv2.INTER_AREA)
    # Room for a second sheet is what makes the reader look twice.
    paper = np.full((large.shape[0], 1300), 255, np.uint8)
    paper[:, :640] = large
    paper[: small.shape[0], 900 : 900 + small.shape[1]] = small
    readings = read_sheet(tapes.profile, to_jpeg(paper, 95), rehearsal=True)
    stages = {sheet.station: sheet.stage for sheet in readings.found}
    assert stages == {tapes.station(1): "half", tapes.station(2): "full"}


def test_two_ends_of_tapes_one_above_the_other_lose_no_station(tapes: Any, to_jpeg: ToJpeg) -> None:
    """Each is shorter than a tape, so the image is smaller than one: that must not look as if one filled it."""
    end = tapes.drawn(1)[-1100:]
    small = cv2.resize(tapes.drawn(2)[-1100:], None, fx=0.24, fy=0.24, interpolation=cv2.INTER_AREA)
    paper = np.full((1500, 640), 255, np.uint8)
    paper[:1100] = end
    paper[1180 : 1180 + small.shape[0], 200 : 200 + small.shape[1]] = small
    readings = read_sheet(tapes.profile, to_jpeg(paper, 95), rehearsal=True, print_mode="never")
    assert {sheet.station: sheet.stage for sheet in readings.found} == {
        tapes.station(1): "half",
        tapes.station(2): "full",
    }


def test_one_sheet_shown_twice_is_one_sheet(tapes: Any, to_jpeg: ToJpeg) -> None:
    both = np.concatenate([tapes.drawn(1), tapes.drawn(1)], axis=1)
    readings = read_sheet(tapes.profile, to_jpeg(both), rehearsal=True)
    assert payloads(readings) == [tapes.payload(1)]
    assert readings.found[0].problems == ("shown_twice",)


def test_two_sheets_that_claim_one_station_are_both_kept_and_named(tapes: Any, to_jpeg: ToJpeg) -> None:
    other = tapes.payload(1).replace("!", "!77", 1)
    both = np.concatenate([tapes.plain(1), tapes.plain(other)], axis=1)
    readings = read_sheet(tapes.profile, to_jpeg(both), rehearsal=False)
    assert sorted(payloads(readings)) == sorted([tapes.payload(1), other])
    assert all(sheet.problems == ("station_twice",) for sheet in readings.found)


def test_a_stained_code_says_how_much_was_corrected(tapes: Any, to_jpeg: ToJpeg) -> None:
    clean = read_sheet(tapes.profile, to_jpeg(tapes.drawn(1)), rehearsal=True).found[0]
    assert (code_on(clean).corrected, code_on(clean).unused) == (0, 1000)
    stained = tapes.drawn(1)
    x, y, width, _ = clean.region
    cv2.circle(stained, (x + width // 2, y + width // 2), width // 9, 0, -1)
    sheet = read_sheet(tapes.profile, to_jpeg(stained), rehearsal=True).found[0]
    assert text_of(sheet) == tapes.payload(1)
    assert code_on(sheet).corrected > 0
    assert code_on(sheet).unused < 1000
    assert to_reading(sheet).corrected == code_on(sheet).corrected


# ------------------------------------------------------------------------------- what is not a sheet


def test_a_photo_of_the_wrong_thing_gives_no_sheet(tapes: Any, to_jpeg: ToJpeg) -> None:
    rng = np.random.default_rng(3)
    photo = cv2.resize(rng.integers(0, 255, (40, 30), np.uint8), (900, 1200), interpolation=cv2.INTER_CUBIC)
    readings = read_sheet(tapes.profile, to_jpeg(photo), rehearsal=False)
    assert (readings.found, readings.problems, readings.refusal) == ((), ("no_code",), None)


def test_what_another_code_says_is_never_repeated(tapes: Any, to_jpeg: ToJpeg) -> None:
    secret = "https://example.org/?phone=0412-5550000"
    page = put(np.full((800, 600), 255, np.uint8), code_of(secret, zxingcpp.BarcodeFormat.QRCode), 100, 100)
    data = to_jpeg(page)
    assert any(code.text == secret for code in find_codes(page))
    readings = read_sheet(tapes.profile, data, rehearsal=False)
    assert readings.problems == ("foreign_code", "no_code")
    assert "0412" not in json.dumps(as_json("a.jpg", readings)) + repr(readings)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text + "0" * 6,  # a count of too many digits
        lambda text: text.replace(",", ",-", 1),
        lambda text: text.rsplit("!", 1)[0],
        lambda text: text.replace("!", "!0", 1),  # a leading zero: not how a count is printed
    ],
)
def test_a_payload_that_does_not_fit_the_grammar_is_no_sheet(tapes: Any, to_jpeg: ToJpeg, spoil: Spoil) -> None:
    readings = read_sheet(tapes.profile, to_jpeg(tapes.plain(spoil(tapes.payload(1)))), rehearsal=False)
    assert readings.found == ()
    assert "foreign_code" in readings.problems


def test_an_election_without_codes_reads_nothing_from_one(tapes: Any, to_jpeg: ToJpeg) -> None:
    other = load_profile("altamar2031")
    assert all(contest.qr is None for contest in other.contests)
    assert read_sheet(other, to_jpeg(tapes.plain(1)), rehearsal=False).found == ()


# ----------------------------------------------------------------------------------------- drawings


def test_a_drawing_is_refused_outside_a_rehearsal(tapes: Any, to_jpeg: ToJpeg) -> None:
    data = to_jpeg(tapes.drawn(1))
    readings = read_sheet(tapes.profile, data, rehearsal=False)
    assert readings.found == ()
    assert readings.refusal is not None
    assert readings.refusal.outcome == Opening.SIMULACRO
    assert readings.problems == ("simulacro",)
    (line,) = as_json("a.jpg", readings)
    assert line["by"] is None
    assert "SIMULACRO" in line["problems"][0]["es"]


def test_a_drawing_cut_down_to_its_code_is_still_refused(tapes: Any, to_jpeg: ToJpeg) -> None:
    data = to_jpeg(tapes.drawn(1)[6690:7230])
    assert payloads(read_sheet(tapes.profile, data, rehearsal=True)) == [tapes.payload(1)]
    refusal = read_sheet(tapes.profile, data, rehearsal=False).refusal
    assert refusal is not None
    assert refusal.outcome == Opening.SIMULACRO


@pytest.mark.parametrize("kind", [zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix])
@pytest.mark.parametrize("pixels_per_module", [3, 5])
def test_one_small_mark_anywhere_is_enough(tapes: Any, to_jpeg: ToJpeg, kind: Any, pixels_per_module: int) -> None:
    mark = code_of(CODE_PREFIX + "1", kind, pixels_per_module)
    data = to_jpeg(put(tapes.plain(1), mark, 400, 2100))
    refusal = read_sheet(tapes.profile, data, rehearsal=False).refusal
    assert refusal is not None
    assert refusal.outcome == Opening.SIMULACRO


# ------------------------------------------------------------------------------------------- pages


def as_pages(*pages: Grey) -> bytes:
    buffer = io.BytesIO()
    first, *others = [Image.fromarray(page) for page in pages]
    first.save(buffer, "TIFF", save_all=True, append_images=others, compression="tiff_lzw")
    return buffer.getvalue()


def test_every_page_of_a_file_is_read_and_each_sheet_says_its_page(tapes: Any) -> None:
    data = as_pages(tapes.drawn(2), tapes.drawn(1))
    readings = read_sheet(tapes.profile, data, rehearsal=True)
    assert [(sheet.page, text_of(sheet)) for sheet in readings.found] == [(1, tapes.payload(2)), (2, tapes.payload(1))]
    assert readings.problems == ()


def test_a_page_without_a_sheet_is_not_passed_over_in_silence(tapes: Any) -> None:
    data = as_pages(tapes.drawn(2), np.full((900, 640), 250, np.uint8))
    readings = read_sheet(tapes.profile, data, rehearsal=True)
    assert [sheet.page for sheet in readings.found] == [1]
    assert readings.problems == ("page_unread",)


def test_a_drawing_on_the_second_page_refuses_the_file(tapes: Any) -> None:
    data = as_pages(np.full((900, 640), 250, np.uint8), tapes.drawn(1))
    refusal = read_sheet(tapes.profile, data, rehearsal=False).refusal
    assert refusal is not None
    assert refusal.outcome == Opening.SIMULACRO


# ------------------------------------------------------------------------------------------ answers


def test_the_json_line_has_its_documented_shape(tapes: Any, to_jpeg: ToJpeg) -> None:
    (line,) = as_json("actas/1.jpg", read_sheet(tapes.profile, to_jpeg(tapes.drawn(1)), rehearsal=True))
    counts = tapes.counts(1)
    assert line.pop("region")[:2] == pytest.approx([94, 6724], abs=10)
    assert line == {
        "file": "actas/1.jpg",
        "contest": "presidente",
        "station": tapes.station(1),
        "sheet_code": tapes.station(1) + ".1.0001",
        "by": "qr",
        "counts": counts.lines,
        "candidates": counts.candidates,
        "null": counts.null,
        "blank": counts.blank,
        "payload": tapes.payload(1),
        "confidence": 999,
        "stage": "half",
        "problems": [],
        "page": 1,
        "corrected": 0,
        "erased": 0,
        "symbols": "",
        "printed": {},
        "facts": {},
        "disagreements": [],
    }


def test_a_file_without_a_sheet_gives_a_line_of_the_same_keys(tapes: Any, to_jpeg: ToJpeg) -> None:
    (good,) = as_json("a", read_sheet(tapes.profile, to_jpeg(tapes.drawn(1)), rehearsal=True))
    (bad,) = as_json("b", read_sheet(tapes.profile, b"", rehearsal=True))
    assert set(bad) == set(good)
    assert bad["by"] is None
    assert [problem["code"] for problem in bad["problems"]] == ["empty"]
    json.dumps([good, bad], allow_nan=False)


def test_a_reading_becomes_a_leaf_and_comes_back(tapes: Any, to_jpeg: ToJpeg) -> None:
    sheet = read_sheet(tapes.profile, to_jpeg(tapes.drawn(1)), rehearsal=True).found[0]
    reading = to_reading(sheet, opened=7)
    assert (reading.reader, reading.version, reading.evidence) == (READER, reader_version(), ("qr",))
    assert reading.version[0].isdigit()
    leaf = reading.public(0)
    assert parse_leaf(leaf.to_bytes()) == leaf


def test_an_opened_image_and_its_bytes_read_the_same(tapes: Any, to_jpeg: ToJpeg) -> None:
    data = to_jpeg(tapes.drawn(1))
    image = open_image(data)
    assert isinstance(image, OpenedImage)
    assert read_sheet(tapes.profile, image, rehearsal=True) == read_sheet(tapes.profile, data, rehearsal=True)


def test_every_problem_is_explained_in_spanish_and_english() -> None:
    for code, texts in PROBLEMS.items():
        assert set(texts) == {"es", "en"}, code
        assert texts["es"] != texts["en"]
