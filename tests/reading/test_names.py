"""Names, ID numbers and notes that are known: whatever is published of their sheets is read, and none may be found."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from rapidocr import RapidOCR

from testigo.election import Contest, Layout
from testigo.reading import OpenedImage, Published, open_image, publish_image, read_sheet
from testigo.simulate.damage import Drawing, damaged
from testigo.simulate.sheet import Sheet

Grey = npt.NDArray[np.uint8]
NOTE = ("El testigo Baltazar", "Quiroga protesta:", "telefono 0414-5557731")


def plain(text: str) -> str:
    """Small letters and figures alone."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in decomposed if c.isascii() and c.isalnum())


def with_a_note(pixels: Grey, layout: Layout) -> Grey:
    """A note in block letters where notes belong, up to its lower edge."""
    block = layout.block("observations")
    assert block is not None
    noted = pixels.copy()
    for row, text in enumerate(NOTE):
        place = (40, round((block.box.y + 13 + 7 * row) * 8))
        cv2.putText(noted, text, place, cv2.FONT_HERSHEY_SIMPLEX, 1.3, 40, 3, cv2.LINE_AA)
    return noted


def secrets_of(tapes: Any, number: int) -> set[str]:
    """Every word of four letters or more, and every five figures in a row, that nobody may see."""
    contest: Contest = tapes.contest
    assert contest.layout is not None
    signers = _sheet(tapes, number).signers(contest.layout.block("signatures").boxes)  # type: ignore[union-attr]
    public = plain(" ".join((*contest.printing.labels.values(), *contest.printing.heading,  # type: ignore[union-attr]
                             *(candidate.name for candidate in contest.candidates))))  # fmt: skip
    words = [word for text in (*(signer.name for signer in signers), *NOTE) for word in text.split()]
    found = {plain(word) for word in words if len(plain(word)) >= 4 and plain(word) not in public}
    for figures in (*(plain(signer.id_number) for signer in signers), plain(NOTE[2])[-11:]):
        found |= {figures[n : n + 5] for n in range(len(figures) - 4)}
    return found


def _sheet(tapes: Any, number: int) -> Sheet:
    """The sheet behind ``tapes.drawn``: its people follow from station and seed alone."""
    station = tapes.station(number)
    return Sheet(tapes.contest.code, station, station[:9], "", "", (), tapes.counts(number), {}, None, str(number))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def read_all() -> Callable[[bytes], str]:
    """Every line that a recogniser finds on a picture, with what it guesses."""
    one = {"EngineConfig.onnxruntime.intra_op_num_threads": 1, "EngineConfig.onnxruntime.inter_op_num_threads": 1}
    engine = RapidOCR(params={**one, "Global.log_level": "error", "Global.text_score": 0.2})

    def read(jpeg: bytes) -> str:
        pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert pixels is not None
        texts: list[str] = []
        for top in range(0, pixels.shape[0], 1100):
            part = pixels[top : top + 1200]
            if part.min() < 140 and part.shape[0] > 30:
                texts += getattr(engine(part, use_cls=False), "txts", None) or ()
        return "\n".join(texts)

    return read


def found_in(text: str, secrets: Iterable[str]) -> list[str]:
    """The secrets that a text holds, also misread by a letter in four."""
    lines = [plain(line) for line in text.splitlines()]
    whole = "\n".join(lines)
    bad = []
    for secret in secrets:
        if secret in whole:
            bad.append(secret)
        elif not secret.isdigit() and len(secret) >= 6:
            words = re.findall(r"[a-z0-9]+", whole)
            near = difflib.get_close_matches(secret, [w for w in words if abs(len(w) - len(secret)) < 3], 1, 0.8)
            bad += [secret] if near else []
    return bad


def published(tapes: Any, number: int, family: str, grade: float) -> Published | None:
    """The picture of a damaged sheet with a note, if there is one."""
    layout = tapes.contest.layout
    box = layout.code_box(49)
    drawing = Drawing(
        with_a_note(tapes.drawn(number), layout), code=(box.x * 8, box.y * 8, box.width * 8, box.height * 8)
    )
    image = open_image(damaged(family, grade, drawing, number).encoded())
    assert isinstance(image, OpenedImage)
    readings = read_sheet(tapes.profile, image, rehearsal=True, print_mode="never")
    picture = publish_image(tapes.profile, image, readings)
    return picture if isinstance(picture, Published) else None


def test_the_reader_of_this_test_does_find_the_names(tapes: Any, read_all: Callable[[bytes], str]) -> None:
    pixels = with_a_note(tapes.drawn(1), tapes.contest.layout)
    block = tapes.contest.layout.block("observations")
    data = cv2.imencode(".png", pixels[round(block.box.y * 8) : round((block.box.y + 100) * 8)])[1]
    secrets = secrets_of(tapes, 1)
    assert len(found_in(read_all(bytes(data)), secrets)) > len(secrets) / 2


#: A picture costs five seconds to read: a few here, more in ``benchmarks/image.py``.
_DAMAGES = [("streaks", 0.05), ("watermark_and_stamps", 0.8), ("folds_and_stains", 0.5), ("combined", 0.3)]


def test_no_name_number_or_note_is_found_on_what_is_published(tapes: Any, read_all: Callable[[bytes], str]) -> None:
    shown = 0
    for number, (family, grade) in enumerate(_DAMAGES, 1):
        picture = published(tapes, number, family, grade)
        if picture is None:
            continue
        shown += 1
        text = read_all(picture.jpeg)
        assert "escrutinio" in plain(text), "it is a picture of the sheet, and readable"
        assert found_in(text, secrets_of(tapes, number)) == [], (family, grade)
    assert shown >= 3
