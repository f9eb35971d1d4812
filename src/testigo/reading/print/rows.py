"""From pieces of text to rows of a sheet: what stands at the left, the figures, and the words that belong to them.

How rows are put together
-------------------------
1. Every piece is recognised; a piece that runs a label, figures and words together is cut where they meet.
2. Pieces side by side make a row.
3. A row that holds nothing but digit words belongs to the row above it, whose figures it repeats.

Rules of this module
--------------------
1. A row is never given a meaning here: which ballot line it is, :mod:`~testigo.reading.print.matching` says.
2. Words that stand on two lines are read as one: their frames are put one behind the other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache

import numpy as np

from testigo.reading.print.looking import SheetReader, is_single
from testigo.reading.print.page import Page
from testigo.reading.print.recogniser import BLANK, CLASSES, Frames, certainty, fold
from testigo.reading.print.segments import Piece, crop, seen_of

_DIGITS = re.compile(r"[0-9oqilzs]*[0-9][0-9oqilzs]*|[oqil]{1,2}")
_LOOSE = 5.0  # a piece no longer than so many heights is read at its full width
_CROWDED = 0.3  # certainty below which figures and words in one piece are read again
_INKED = 0.5  # ink in a column of pixels from which on it is not empty
_STAMPED = 1.6  # times the usual height: no line of words is so tall by itself
_ALIKE = 0.62  # how like a digit word a word must be


@dataclass(frozen=True)
class Text:
    """A piece with what the recogniser saw in it."""

    piece: Piece
    frames: Frames
    text: str

    @property
    def is_digits(self) -> bool:
        """Whether it can be figures."""
        return bool(_DIGITS.fullmatch(self.text.replace(" ", "").strip(".,:-")))


@dataclass
class Row:
    """Pieces side by side, from left to right, and the digit words that belong to them.

    Attributes:
        texts: what is neither figures nor digit words, mostly the label.
        figures: pieces that can be figures.
        words: pieces of digit words, in reading order.
    """

    texts: list[Text] = field(default_factory=list)
    figures: list[Text] = field(default_factory=list)
    words: list[Text] = field(default_factory=list)

    @property
    def own(self) -> list[Text]:
        """Everything on the row's own line."""
        return self.texts + self.figures

    @property
    def top(self) -> int:
        """Upper edge of the row's first line."""
        return min(text.piece.top for text in (self.own or self.words))

    @property
    def bottom(self) -> int:
        """Lower edge of the row's first line."""
        return max(text.piece.bottom for text in (self.own or self.words))


# -------------------------------------------------------------------------------- recognition


def read_pieces(page: Page, pieces: Sequence[Piece], reader: SheetReader) -> list[Text]:
    """What each piece says; pieces that run several things together are cut."""
    wide = [piece for piece in pieces if not is_single(piece)]
    frames = reader.read([crop(page, piece) for piece in wide], [piece.width < _LOOSE * piece.height for piece in wide])
    seen = dict(zip(wide, frames, strict=True))
    crowded = [piece for piece in wide if _is_crowded(seen[piece])]
    again = reader.read([crop(page, piece) for piece in crowded])
    seen.update((piece, closer) for piece, closer in zip(crowded, again, strict=True) if _clearer(closer, seen[piece]))
    for piece in wide:
        reader.meet(page, piece, seen[piece])
    narrow = [piece for piece in pieces if is_single(piece)]
    seen.update(zip(narrow, reader.single(page, narrow), strict=True))
    texts: list[Text] = []
    for piece in pieces:
        for text in _cut(page, piece, seen[piece]):
            texts += _columns(page, text)
    return texts


def _is_crowded(frames: Frames) -> bool:
    """Whether figures and words ran into each other, read badly: they are worth their full width."""
    text = "".join(letter for letter, _ in frames.text())
    return text.count(",") >= 2 and any(letter.isdigit() for letter in text) and certainty(frames) < _CROWDED


def _clearer(new: Frames, old: Frames) -> bool:
    return float(certainty(new) ** (1 / len(new.best))) > float(certainty(old) ** (1 / len(old.best)))


_MEETING = re.compile(r"(?<=[0-9]) +(?=[a-z]{2})|(?<=[a-z)]) +(?=[0-9])")
_RUN_ON = re.compile(r"(?<=[0-9])(?=[a-z])")  # figures and words without a space between them
_COLUMNS = re.compile(r"[a-z .]*[0-9]{1,5} +[0-9]{1,5}( +[a-z, ]+)?")  # a party code beside a count
_MEETING_COLUMNS = re.compile(r"(?<=[0-9a-z]) +(?=[0-9])|(?<=[0-9]) +(?=[a-z])")


def _cut(page: Page, piece: Piece, frames: Frames) -> list[Text]:
    """The piece cut where letters and figures meet with a space between them."""
    letters = frames.text()
    text = "".join(letter for letter, _ in letters)
    cuts = []
    meetings = _MEETING_COLUMNS if _COLUMNS.fullmatch(text) else _MEETING
    for meeting in meetings.finditer(text):
        if text[: meeting.start()].count(",") >= 2:
            continue  # amid digit words: a misread letter, no new column
        before, after = letters[meeting.start() - 1][1], letters[meeting.end()][1]
        if after - before >= 2:
            cuts.append((meeting.start(), meeting.end(), before, after))
    run_on = _RUN_ON.search(text)
    if not cuts and run_on and text[: run_on.start()].isdigit() and text.count(",") >= 2:
        before, after = letters[run_on.start() - 1][1], letters[run_on.start()][1]
        cuts.append((run_on.start(), run_on.start(), before, after))
    if not cuts:
        return [Text(piece, frames, text.strip())]
    steps, parts, start, first, left = len(frames.best), [], 0, 0, piece.left
    for end, following, before, after in cuts:
        step = (before + after + 1) // 2
        right, next_left = _gap(page, piece, before / steps, after / steps)
        part = Piece(left, piece.top, max(left + 1, right), piece.bottom)
        parts.append(Text(part, frames.part(start, step), text[first:end].strip()))
        start, first, left = step, following, next_left
    part = Piece(left, piece.top, max(left + 1, piece.right), piece.bottom)
    return [*parts, Text(part, frames.part(start, steps), text[first:].strip())]


def _gap(page: Page, piece: Piece, before: float, after: float) -> tuple[int, int]:
    """The widest empty room between two letters, which stand at these shares of the piece's picture: where the left
    part ends and where the right one begins."""
    seen = seen_of(page, piece)
    first, last = (int(np.clip(seen.left + share * seen.width, piece.left, piece.right)) for share in (before, after))
    ink = page.ink[piece.top : piece.bottom, first : last + 1].sum(axis=0) > _INKED
    filled = np.flatnonzero(ink)
    gaps = np.diff(filled)
    if not len(gaps) or gaps.max() < 2:
        return (first + last) // 2, (first + last) // 2
    place = int(gaps.argmax())
    return first + int(filled[place]) + 1, first + int(filled[place + 1])


def _columns(page: Page, text: Text) -> list[Text]:
    """Figures with a wide empty gap between them are two columns: no number is printed so."""
    piece = text.piece
    if not text.is_digits or piece.width < 1.6 * piece.height:
        return [text]
    ink = page.ink[piece.top : piece.bottom, piece.left : piece.right].sum(axis=0) > _INKED
    filled = np.flatnonzero(ink)
    gaps = np.diff(filled)
    if not len(gaps) or gaps.max() < 0.55 * piece.height or gaps.max() < 2.2 * np.sort(gaps)[-2:][0]:
        return [text]
    place = int(gaps.argmax())
    end, start = int(filled[place]) + 1, int(filled[place + 1])
    step = round((end + start) / 2 / piece.width * len(text.frames.best))
    parts = []
    for left, right, frames in (
        (piece.left, piece.left + end, text.frames.part(0, step)),
        (piece.left + start, piece.right, text.frames.part(step, len(text.frames.best))),
    ):
        said = "".join(letter for letter, _ in frames.text()).strip()
        parts.append(Text(Piece(left, piece.top, right, piece.bottom), frames, said))
    return parts


# --------------------------------------------------------------------------------------- rows


def make_rows(texts: Sequence[Text], digit_words: Sequence[str], labels: Sequence[str] = ()) -> list[Row]:
    """The rows of a sheet, top down. A text that is exactly one of the labels is never taken for digit words."""
    known = [fold(word) for word in digit_words]
    names = {fold(label).replace(" ", "") for label in labels}
    usual = float(np.median([text.piece.height for text in texts])) if texts else 0.0
    rows: list[Row] = []
    for line in _lines(texts):
        row = Row()
        line.sort(key=lambda text: text.piece.left)
        spelt = bool(known) and is_digit_words(", ".join(text.text for text in line), known)
        for n, text in enumerate(line):
            if n == 0 and len(line) > 1 and text.text.replace(" ", "") in names:
                row.texts.append(text)
            elif known and is_digit_words(text.text, known, 1 if spelt or _apart(line, n) else 2):
                row.words.append(text)
            elif text.is_digits:
                row.figures.append(text)
            else:
                row.texts.append(text)
        if row.words and not row.texts:
            # Letters that only look like figures are no reason to take a line of words for a row of its own.
            row.figures = [text for text in row.figures if any(letter.isdigit() for letter in text.text)]
        _without_specks(row, usual)
        if len(rows) > 1 and row.words and _is_speck(rows[-2], rows[-1]) and _are_its_words(rows[-2], row):
            rows.pop()
        if rows and row.words and _are_its_words(rows[-1], row):
            row.figures, row.texts = [], []
        if rows and not row.texts and row.own and _is_label(rows[-1]) and _close(rows[-1], row, names):
            rows[-1].figures, rows[-1].words = row.figures, row.words
        elif row.words and not row.own and rows and _belongs(rows[-1], row):
            rows[-1].words += row.words
        elif row.own or row.words:
            rows.append(row)
    return rows


def _are_its_words(above: Row, row: Row) -> bool:
    """Whether a row of words, with specks beside them, belongs to the row above: that one has figures and lacks words,
    and nothing in this one stands in the column of those figures."""
    if not above.figures or above.words or sum(len(text.text) for text in row.texts) > 3:
        return False
    column = max((text.piece for text in above.figures), key=lambda piece: piece.right)
    return all(text.piece.right <= column.left for text in row.figures) and _belongs(above, row)


def _is_speck(above: Row, row: Row) -> bool:
    """Whether a row is nothing but something like figures outside the column of the row above."""
    if row.texts or row.words or not above.figures:
        return False
    column = max((text.piece for text in above.figures), key=lambda piece: piece.right)
    return all(text.piece.right <= column.left for text in row.figures)


def _apart(line: Sequence[Text], n: int) -> bool:
    """Whether figures stand between a text and the label at the left: a single word may then be a digit word."""
    return any(text.is_digits for text in line[:n])


def _without_specks(row: Row, usual: float) -> None:
    """Drops what is too small beside the row's words to be figures or a label: points, commas, tops of letters.
    Words that a stamp makes taller than the page's ``usual`` letters measure nothing."""
    row.texts = [text for text in row.texts if text.text.strip("?.,:- ")]
    if row.words:
        tall = float(max(text.piece.height for text in row.words))
        tall = usual if tall > _STAMPED * usual else tall
        row.figures = [text for text in row.figures if text.piece.height > 0.62 * tall]
        row.texts = [text for text in row.texts if text.piece.height > 0.5 * tall]


def is_digit_words(text: str, known: Sequence[str], least: int = 1) -> bool:
    """Whether a text is mostly digit words, perhaps misread ones, and no fewer than ``least``."""
    found = re.findall(r"[a-z0-9?]+", text)
    if len(found) < least:
        return False
    letters = sum(len(word) for word in found)
    if letters < 3 or (len(found) == 1 and found[0].isdigit()):
        return False
    near = sum(len(word) for word in found if _near(word, tuple(known)))
    return near >= 0.6 * letters


@lru_cache(maxsize=20000)
def _near(word: str, known: tuple[str, ...]) -> bool:
    return max(SequenceMatcher(None, word, other).ratio() for other in known) >= _ALIKE


def _lines(texts: Sequence[Text]) -> list[list[Text]]:
    """Pieces that stand side by side: the most ordinary ones make the lines, odd ones (too tall) join them."""
    if not texts:
        return []
    usual = float(np.median([text.piece.height for text in texts]))
    lines: list[list[Text]] = []
    bands: list[tuple[float, float]] = []
    for text in sorted(texts, key=lambda text: abs(np.log(text.piece.height / usual))):
        piece = text.piece
        shares = [
            (min(bottom, piece.bottom) - max(top, piece.top)) / min(bottom - top, piece.height) for top, bottom in bands
        ]
        for n in sorted(range(len(shares)), key=lambda n: -shares[n])[:2]:
            if shares[n] > 0.45 and not _one_above_another(lines[n], piece):
                lines[n].append(text)
                if piece.height < 1.4 * usual:
                    tops, bottoms = zip(*((t.piece.top, t.piece.bottom) for t in lines[n]), strict=True)
                    bands[n] = (float(np.median(tops)), float(np.median(bottoms)))
                break
        else:
            lines.append([text])
            bands.append((piece.top, piece.bottom))
    order = sorted(range(len(lines)), key=lambda n: sum(bands[n]))
    return [lines[n] for n in order]


def _one_above_another(line: Sequence[Text], piece: Piece) -> bool:
    """Whether the piece shares columns with one of the line's: then it is no neighbour."""
    return any(
        min(text.piece.right, piece.right) - max(text.piece.left, piece.left) > 0.3 * min(text.piece.width, piece.width)
        for text in line
    )


def _belongs(above: Row, words: Row) -> bool:
    """Whether a row of nothing but words stands close below a row that lacks some."""
    if not above.own:
        return False
    last = max(text.piece.bottom for text in above.own + above.words)
    top = min(text.piece.top for text in words.words)
    tall = max(text.piece.height for text in above.own + words.words)
    return top - last < 1.3 * tall


def _is_label(row: Row) -> bool:
    """Whether a row has text and nothing else: the counts may stand on the line below."""
    return bool(row.texts) and not row.figures and not row.words


def _close(above: Row, below: Row, names: Set[str]) -> bool:
    """Whether a row stands so close below a label that it can be its counts; below a known label further down, too."""
    tall = max(text.piece.height for text in above.own + below.own)
    said = "".join(text.text for text in above.texts).replace(" ", "")
    return below.top - above.bottom < (2.6 if said in names else 1.0) * tall


# -------------------------------------------------------------------------------------- words


def joined(texts: Sequence[Text]) -> Frames:
    """The frames of several pieces one behind the other, with a step of nothing between them."""
    nothing = np.zeros((1, CLASSES), np.float32)
    nothing[0, BLANK] = 1.0
    chances, best = [], []
    for text in texts:
        chances += [text.frames.chances, nothing]
        best += [text.frames.best, np.ones(1, np.float32)]
    return Frames(np.concatenate(chances[:-1]), np.concatenate(best[:-1]))


def around(pieces: Sequence[Piece]) -> Piece:
    """The rectangle round several pieces."""
    return Piece(
        min(p.left for p in pieces), min(p.top for p in pieces), max(p.right for p in pieces),
        max(p.bottom for p in pieces),
    )  # fmt: skip
