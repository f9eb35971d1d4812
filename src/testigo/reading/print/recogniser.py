"""The recogniser of lines of text: pictures of lines in, for every step to the right the chance of each letter out.

Rules of this module
--------------------
1. The model is the one that the OCR wheel carries; nothing is fetched, nothing is trained on our own drawings.
2. Letters are folded: capital and small, accented and plain are one, since a sheet's words are told apart without.
3. One thread: whoever wants more starts more processes.
"""

from __future__ import annotations

import importlib.util
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from testigo.errors import InputError
from testigo.reading.print.page import Float, Grey

#: The folded letters: first the blank of the model, then what a sheet can say; the last one is everything else.
ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz,.:-/() "
BLANK, OTHER = 0, len(ALPHABET) + 1
CLASSES = len(ALPHABET) + 2
INDEX = {letter: number + 1 for number, letter in enumerate(ALPHABET)}

TALL = 48  # rows that the model wants
STEP = 8  # columns per step of the model
_BATCH = 8
_ENOUGH, _SQUEEZED = 168, 0.52  # columns up to which a line keeps its shape; how narrow a longer one is made
_MODEL = "rec"  # part of the model's file name


def fold(text: str) -> str:
    """A text in the folded letters; what has none is dropped."""
    plain = unicodedata.normalize("NFKD", text).lower().replace("ø", "o")  # a zero struck through looks like that
    return "".join(letter for letter in plain if letter in INDEX)


@dataclass(frozen=True, slots=True)
class Frames:
    """What the model saw from left to right.

    Attributes:
        chances: shape (steps, :data:`CLASSES`): of the blank, of each letter of :data:`ALPHABET`, of all else.
        best: shape (steps,): the greatest chance of any single letter of the model, folded or not.
    """

    chances: Float
    best: Float

    def part(self, start: int, end: int) -> Frames:
        """Some of the steps."""
        return Frames(self.chances[start:end], self.best[start:end])

    def text(self) -> list[tuple[str, int]]:
        """The likeliest letters, each with its step; what is no letter of ours is ``?``."""
        found, before = [], BLANK
        for step, number in enumerate(self.chances.argmax(axis=1)):
            if number not in (BLANK, before):
                found.append(("?" if number == OTHER else ALPHABET[number - 1], step))
            before = int(number)
        return found


class Recogniser:
    """Runs the model.

    Raises:
        InputError: the libraries or the model are not installed.
    """

    def __init__(self, threads: int = 1) -> None:
        self._session = _session(threads)
        self._input = self._session.get_inputs()[0].name
        letters = self._session.get_modelmeta().custom_metadata_map["character"].split("\n")
        self._columns, self._starts, self._groups = _folding(letters)

    def read(self, lines: Sequence[Grey]) -> list[Frames]:
        """The frames of pictures of lines: grey, paper light, any size."""
        return self.run([fitted(line, width_of(line, True)) for line in lines])

    def run(self, pictures: Sequence[Grey]) -> list[Frames]:
        """The frames of pictures as the model wants them (:func:`fitted`): each of the same height, any widths."""
        frames: dict[int, Frames] = {}
        order = sorted(range(len(pictures)), key=lambda n: pictures[n].shape[1])
        while order:
            width = pictures[order[0]].shape[1]
            batch = [n for n in order[:_BATCH] if pictures[n].shape[1] == width]
            order = order[len(batch) :]
            frames.update(zip(batch, self._run(np.stack([pictures[n] for n in batch])), strict=True))
        return [frames[n] for n in range(len(pictures))]

    def _run(self, pictures: Grey) -> list[Frames]:
        values = (pictures.astype(np.float32) / 127.5 - 1.0)[:, None]
        (chances,) = self._session.run(None, {self._input: np.repeat(values, 3, axis=1)})
        folded = np.zeros((*chances.shape[:2], CLASSES), np.float32)
        folded[:, :, self._groups] = np.add.reduceat(chances[:, :, self._columns], self._starts, axis=2)
        folded[:, :, OTHER] = np.clip(1.0 - folded.sum(axis=2), 0.0, 1.0)
        best = chances.max(axis=2)
        return [Frames(folded[n], best[n]) for n in range(len(pictures))]


def certainty(frames: Frames) -> float:
    """The chance that every letter of the likeliest text is right, as the model sees it."""
    top = frames.chances.max(axis=1)
    return float(np.prod(np.maximum(top, 0.01)))


def width_of(line: Grey, loose: bool) -> int:
    """Columns given to a line: its own shape, wider for short ones, narrower for long ones; in steps of 16.

    Args:
        loose: whether it gets its full width (figures, short labels); others are squeezed a little.
    """
    own = line.shape[1] * TALL / max(1, line.shape[0])
    wanted = own * 1.05 + 8 if loose else max(min(own, _ENOUGH), own * _SQUEEZED)
    return int(np.clip(round(wanted / 16) * 16, 48, 640))


def fitted(line: Grey, width: int) -> Grey:
    """Stretched to the model's size, its light and dark to the full range."""
    shrink = line.shape[0] > TALL
    fitted = cv2.resize(line, (width, TALL), interpolation=cv2.INTER_AREA if shrink else cv2.INTER_LINEAR)
    values = np.sort(fitted[::3, ::2], axis=None)
    low, high = float(values[len(values) // 100]), float(values[(len(values) * 9) // 10])
    if high - low < 12:
        return np.full_like(fitted, 255)
    return np.asarray(np.clip((fitted.astype(np.float32) - low) * (235.0 / (high - low)) + 15, 0, 255), np.uint8)


def _folding(letters: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Which of the model's columns are summed into which class: columns, where each group starts, the groups."""
    members: dict[int, list[int]] = {BLANK: [0], INDEX[" "]: [len(letters) + 1]}
    for number, letter in enumerate(letters):
        for target in _folded(letter):
            members.setdefault(target, []).append(number + 1)
    groups = sorted(members)
    starts = np.cumsum([0] + [len(members[group]) for group in groups[:-1]])
    columns = [column for group in groups for column in members[group]]
    return np.array(columns, np.intp), np.asarray(starts, np.intp), np.array(groups, np.intp)


def _folded(letter: str) -> list[int]:
    plain = fold(letter)
    return [INDEX[plain]] if len(plain) == 1 else []


def _session(threads: int) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise InputError("Reading print needs onnxruntime.", "Run: pip install 'testigo[reading]'.") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(_model()), options, providers=["CPUExecutionProvider"])


def _model() -> Path:
    """The recogniser's model in the OCR wheel, found without loading the wheel's code."""
    spec = importlib.util.find_spec("rapidocr")
    folder = Path(spec.origin).parent / "models" if spec and spec.origin else Path()
    found = sorted(folder.glob(f"*_{_MODEL}_*.onnx")) if spec else []
    if not found:
        raise InputError("Reading print needs the models of rapidocr.", "Run: pip install 'testigo[reading]'.")
    return found[0]


@lru_cache(maxsize=1)
def recogniser() -> Recogniser:
    """This process's recogniser, loaded when first asked for (some 0.2 s)."""
    return Recogniser()
