"""Where the parts of rows stand: on pages of plain blocks, and lines made by hand, without the recogniser."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from testigo.election import load_profile
from testigo.reading.print.columns import Places, Stand, column_of
from testigo.reading.print.header import _confirmed, _sheet_code
from testigo.reading.print.page import Page, make_page
from testigo.reading.print.recogniser import BLANK, CLASSES, INDEX, Frames, fold
from testigo.reading.print.rows import Text, _cut
from testigo.reading.print.segments import Piece, find_pieces, seen_of

HIGH = 20  # pixels of a line


def page_of(*blocks: Piece, width: int = 600, height: int = 3000) -> Page:
    """A page with ink only where the blocks are."""
    ink = np.zeros((height, width), np.float32)
    for block in blocks:
        ink[block.top : block.bottom, block.left : block.right] = 1.0
    grey = np.where(ink > 0, 0, 255).astype(np.uint8)
    return Page(grey, ink, 8.0, np.array([[1.0, 0, 0], [0, 1.0, 0]]))


def frames_at(steps: int, letters: list[tuple[int, str]], sure: float = 0.99) -> Frames:
    """As if the model saw each letter at its step, and nothing between."""
    chances = np.full((steps, CLASSES), (1 - sure) / CLASSES, np.float32)
    chances[:, BLANK] += sure
    for step, letter in letters:
        chances[step] = (1 - sure) / CLASSES
        chances[step, INDEX[letter]] += sure
    return Frames(chances, chances.max(axis=1))


def line_of(text: str, piece: Piece, sure: float = 0.9999) -> Text:
    plain = fold(text)
    return Text(piece, frames_at(2 * len(plain), [(2 * n, letter) for n, letter in enumerate(plain)], sure), plain)


def test_figures_glued_to_words_are_parted_where_the_paper_shows_between_them() -> None:
    figures = [Piece(100, 50, 112, 70), Piece(115, 50, 127, 70)]
    words = [Piece(left, 50, left + 9, 70) for left in range(140, 400, 12)]
    page = page_of(*figures, *words)
    piece = Piece(100, 50, words[-1].right, 70)
    seen = seen_of(page, piece)
    steps = 120
    spelt = "cero, cero, dos, uno"
    places = [*((block.left, letter) for block, letter in zip(figures, "28", strict=True)), (133, " "),
              *((words[n].left, letter) for n, letter in enumerate(spelt))]  # fmt: skip
    frames = frames_at(steps, [(int((x + 5 - seen.left) / seen.width * steps), letter) for x, letter in places])
    left, right = _cut(page, piece, frames)
    assert (left.text, right.text) == ("28", spelt)
    assert (left.piece.left, left.piece.right) == (100, 127)
    assert (right.piece.left, right.piece.right) == (140, piece.right)


def stand(n: int, drift: float = 0.0, *, figures: bool = True, words: bool = True) -> Stand:
    """Row ``n`` of a page whose rows sink to the right more and more."""
    top, sink = 100 + 60 * n, round(drift * n)
    return Stand(
        Piece(20, top, 90, top + HIGH),
        Piece(285 if n % 3 else 297, top + sink, 309, top + sink + HIGH) if figures else None,
        Piece(330 + n, top + 2 * sink, 560, top + 2 * sink + HIGH) if words else None,
    )


def test_what_a_row_lacks_is_looked_for_where_the_nearest_rows_have_it() -> None:
    page = page_of()
    rows = [stand(n, 0.5) for n in range(40)]
    known = [row for n, row in enumerate(rows) if n not in (7, 30)]
    column = column_of(page, [row.figures for row in known if row.figures])
    assert column.edge == "right"
    places = Places(page, column, known)
    for n in (7, 30):
        bare, whole = stand(n, 0.5, figures=False, words=False), rows[n]
        words, figures = places.words(bare), places.figures(bare)
        assert words is not None and figures is not None and whole.words is not None and whole.figures is not None
        assert abs(words.middle - whole.words.middle) <= 2
        assert words.left <= whole.words.left and words.right >= whole.words.right - 1
        assert abs(figures.middle - whole.figures.middle) <= 2
        assert figures.left <= 286 and abs(figures.right - 309) <= 1


def test_nothing_is_looked_for_from_too_few_rows() -> None:
    page = page_of()
    places = Places(page, None, [stand(0), stand(1)])
    assert places.words(stand(5, words=False)) is None
    assert places.figures(stand(5, figures=False)) is None


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        (["Centro de educacion inicial", "Centro: 010203004", "Mesa: 7"], True),
        (["Centro de educacion inicial"], None),
        (["Centro: 010203005", "Mesa: 7"], False),
        (["Centro: 010203004", "Mesa: j"], None),
        (["Centro: 010203004"], None),
        (["Centro: 10203004", "Mesa: 7"], None),  # a figure was lost: neither for nor against
    ],
)
def test_only_numbers_bear_witness_for_or_against_the_sheet_code(lines: list[str], answer: bool | None) -> None:
    profile = load_profile("ve2024")
    texts = [line_of(line, Piece(50, 40 * n, 400, 40 * n + HIGH)) for n, line in enumerate(lines)]
    assert _confirmed(texts, profile, profile.contest(), "010203004.07.1.0001") is answer


def test_a_lost_point_spoils_no_sheet_code_and_centre_and_station_bear_it_out() -> None:
    profile = load_profile("ve2024")
    contest = profile.contest()
    piece = Piece(50, 40, 400, 60)
    lost = line_of("030506030.15.10001", piece, 0.999)
    code = _sheet_code(page_of(), [lost], contest, "")
    assert code is not None and code.text == "030506030.15.1.0001"
    # An 8 that may be a 3: the line of the centre knows.
    unsure = line_of("010203008.07.1.0001", piece, 0.999)
    step = int(np.flatnonzero(unsure.frames.chances[:, INDEX["8"]] > 0.5)[0])
    unsure.frames.chances[step, INDEX["8"]], unsure.frames.chances[step, INDEX["3"]] = 0.5, 0.49
    alone = _sheet_code(page_of(), [unsure], contest, "")
    lines = [line_of("Centro: 010203008", piece), line_of("Mesa: 7", piece)]
    borne_out = _sheet_code(page_of(), [unsure], contest, "", lambda c: not _confirmed(lines, profile, contest, c))
    assert alone is not None and borne_out is not None
    assert alone.text == borne_out.text == "010203008.07.1.0001"
    assert alone.confidence < 600 and borne_out.confidence > 950


def test_the_line_of_a_code_bears_no_witness_for_another_code() -> None:
    profile = load_profile("ve2024")
    texts = [line_of("010203004.07.1.0001", Piece(50, 0, 400, HIGH)), line_of("Mesa: 0", Piece(50, 40, 400, 60))]
    assert _confirmed(texts, profile, profile.contest(), "010203004.07.1.0002") is not True


def test_stripes_of_the_paper_are_no_text() -> None:
    rng = np.random.default_rng(5)
    rows, columns = np.mgrid[:1200, :440]
    stripes = 225 + 25 * np.sin((rows + 0.4 * columns) * 0.9) + rng.normal(0, 3, rows.shape)
    grey = np.clip(stripes, 0, 255).astype(np.uint8)
    for n in range(12):
        cv2.putText(grey, "Cero, Cero, Cero, Dos", (60, 80 + 90 * n), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 60, 2)
    pieces = find_pieces(make_page(grey, 80.0))
    assert 12 <= len(pieces) <= 40
    assert all(min(abs(piece.bottom - 80 - 90 * n) for n in range(12)) < 12 for piece in pieces)
