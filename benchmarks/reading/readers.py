"""The readers of a run: ours and those it is compared with. Bytes in, payloads and CPU seconds out.

Rules of this module
--------------------
1. Every reader gets the file's bytes and decodes them itself, as its users have to.
2. Every reader's answers are judged alike: a text that fits the election's grammar and is on no sheet of the picture is
   a *wrong* payload; a picture counts as read if every sheet on it was. Where print is read too, a sheet's station and
   all of its counts take the payload's place.
3. A reader that is not installed is named as missing, never counted as failing.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import zxingcpp

from benchmarks.graded import Case, profile_of
from testigo.election import parse_payload
from testigo.reading import Refusal, open_image, read_sheet
from testigo.reading.cascade import find_sheets_by_code

Texts = Iterable[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a reader made of one picture.

    Attributes:
        read: whether every sheet's payload (for print readers: every count) was found.
        wrong: payloads found that no sheet on the picture has.
        seconds: CPU.
        stage: how much work it took, where the reader tells.
        note: of a print reader: share of the counts that it had right.
    """

    read: bool
    wrong: int
    seconds: float
    stage: str = ""
    note: float | None = None

    def as_json(self) -> dict[str, Any]:
        """As a plain dictionary."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader.

    Attributes:
        name: as the table names it.
        run: a picture's case -> texts of the payloads, and a stage.
        slow: whether it gets every n-th image only.
        missing: why it cannot run here; empty if it can.
    """

    name: str
    run: Callable[[Case], Outcome]
    slow: bool = False
    missing: str = ""


def _judged(case: Case, texts: Texts, seconds: float, stage: str = "") -> Outcome:
    contest = profile_of().contest()
    payloads = {text for text in texts if parse_payload(contest, text) is not None}
    truth = set(case.truth.payloads)
    return Outcome(truth <= payloads, len(payloads - truth), seconds, stage)


def _timed(case: Case, read: Callable[[bytes], tuple[Texts, str]]) -> Outcome:
    began = time.process_time()
    texts, stage = read(case.data)
    return _judged(case, texts, time.process_time() - began, stage)


def _pixels(data: bytes, flag: int = cv2.IMREAD_GRAYSCALE) -> Any:
    return cv2.imdecode(np.frombuffer(data, np.uint8), flag)


def _zxing(data: bytes) -> tuple[Texts, str]:
    return [code.text for code in zxingcpp.read_barcodes(_pixels(data))], ""


def _zxing_half(data: bytes) -> tuple[Texts, str]:
    return [code.text for code in zxingcpp.read_barcodes(_pixels(data, cv2.IMREAD_REDUCED_GRAYSCALE_2))], ""


def _ours_by_code(data: bytes) -> tuple[Texts, str]:
    image = open_image(data)
    if isinstance(image, Refusal):
        return [], "refused"
    sheets = find_sheets_by_code(profile_of(), image, rehearsal=True).sheets
    return [sheet.payload.text for sheet in sheets], _stages(sheet.stage for sheet in sheets)


def _ours(case: Case) -> Outcome:
    """Code and print together; judged by stations and counts, whatever they were read from."""
    began = time.process_time()
    found = read_sheet(profile_of(), case.data, rehearsal=True).found
    seconds = time.process_time() - began
    truth = {sheet.station: sheet.counts for sheet in case.truth.sheets}
    right = {sheet.station for sheet in found if truth.get(sheet.station) == sheet.counts}
    wrong = sum(truth.get(sheet.station) != sheet.counts for sheet in found)
    stages = _stages("+".join(sheet.evidence) for sheet in found)
    return Outcome(right == truth.keys(), wrong, seconds, stages)


def _stages(stages: Iterable[str]) -> str:
    return ", ".join(sorted(set(stages)))


def _zbar(data: bytes) -> tuple[Texts, str]:
    from pyzbar import pyzbar

    found = pyzbar.decode(_pixels(data), symbols=[pyzbar.ZBarSymbol.QRCODE])
    return [code.data.decode("latin-1") for code in found], ""


def _aruco(data: bytes) -> tuple[Texts, str]:
    try:
        return cv2.QRCodeDetectorAruco().detectAndDecodeMulti(_pixels(data))[1], ""
    except cv2.error:
        return [], "error"


# --------------------------------------------------------------------------- print


def _tesseract(case: Case) -> Outcome:
    """Tesseract as it comes, on the picture as it is; a sheet is read if its counts come in order, in words or figures.

    It says no payload, so it cannot give a wrong one: ``wrong`` stays 0.
    """
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    page = cv2.imencode(".png", _pixels(case.data))[1].tobytes()
    done = subprocess.run(
        ["tesseract", "stdin", "stdout", "-l", "spa", "--psm", "6"],
        input=page,
        capture_output=True,
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        check=False,
    )
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime
    text = done.stdout.decode("utf-8", "replace")
    shares = [_share_right(case, number, text) for number in range(len(case.truth.sheets))]
    return Outcome(min(shares) == 1.0, 0, seconds, note=sum(shares) / len(shares))


def _share_right(case: Case, number: int, text: str) -> float:
    """The share of a sheet's counts found in their order: the better of words and figures."""
    contest = profile_of().contest()
    printing = contest.printing
    assert printing is not None
    lines = case.truth.sheets[number].counts.lines or {}
    expected = [lines[code] for code in contest.line_codes]
    known = {word.lower(): digit for digit, word in enumerate(printing.digit_words)}
    spelt, figures = [], []
    for row in text.splitlines():
        words = [known[word] for word in re.findall(r"[a-záéíóú]+", row.lower()) if word in known]
        if len(words) == printing.figure_digits:
            spelt.append(int("".join(map(str, words))))
        ends = re.search(r"(?:^|\s)(\d{1,4})\s*$", row)
        if ends:
            figures.append(int(ends[1]))
    return max(_longest_in_order(expected, spelt), _longest_in_order(expected, figures)) / len(expected)


def _longest_in_order(expected: list[int], found: list[int]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(found) + 1)
    for wanted in expected:
        before = 0
        for n, got in enumerate(found, 1):
            before, row[n] = row[n], before + 1 if wanted == got else max(row[n], row[n - 1])
    return row[-1]


# ------------------------------------------------------------------------- the list


@lru_cache(maxsize=1)
def readers() -> tuple[Reader, ...]:
    """All readers, in the order of the table. The first is ours, the second what ratios are told against."""
    cv2.setNumThreads(1)
    return (
        Reader("testigo by code", lambda case: _timed(case, _ours_by_code)),
        Reader("zxing-cpp", lambda case: _timed(case, _zxing)),
        Reader("zxing-cpp half size", lambda case: _timed(case, _zxing_half)),
        Reader("testigo whole", _ours, slow=True),
        Reader("zbar", lambda case: _timed(case, _zbar), slow=True, missing=_no_zbar()),
        Reader("OpenCV Aruco", lambda case: _timed(case, _aruco), slow=True),
        Reader("Tesseract (print)", _tesseract, slow=True, missing=_no_tesseract()),
    )


def _no_zbar() -> str:
    try:
        from pyzbar import pyzbar  # noqa: F401
    except ImportError as error:
        return f"pyzbar needs the library zbar: {error}"
    return ""


def _no_tesseract() -> str:
    if shutil.which("tesseract") is None:
        return "tesseract is not installed"
    known = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=False)
    return "" if "spa" in (known.stdout + known.stderr).split() else "tesseract has no language spa"
