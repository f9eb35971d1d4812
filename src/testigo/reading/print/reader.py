"""Read the print of one sheet.

How a sheet is read
-------------------
1. The picture becomes an even page (:mod:`page`), and the page pieces of text (:mod:`segments`).
2. From the top down the pieces are recognised, until the notes and signatures begin.
3. Rows are put together and aligned with what the profile says is printed (:mod:`rows`, :mod:`matching`); of several
   contests the one whose code and labels fit is taken.
4. The counts are read, each from its figures and its words (:mod:`counts`); on forms from boxes (:mod:`cells`).
5. The sums judge (:mod:`proof`); header, signatures and the authority's code are read besides.

Rules of this module
--------------------
1. Wrong is worse than none: ``proven`` needs every line, both sources wherever they can be read, the sums and the
   sheet code; whatever is missing is said.
2. One thread, and no detector over the whole tape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise

from testigo.election import Contest, Profile, parse_sheet_code
from testigo.reading.print import cells, ending, header
from testigo.reading.print.answers import PrintReading
from testigo.reading.print.boxes import find_grid
from testigo.reading.print.counts import RowCount, read_counts
from testigo.reading.print.ctc import WordGrammar
from testigo.reading.print.looking import SheetReader
from testigo.reading.print.matching import UNSURE, Alignment, Expected, Match, align, expected_rows
from testigo.reading.print.page import Grey, Page, make_page
from testigo.reading.print.recogniser import fold, recogniser
from testigo.reading.print.rows import Row, Text, make_rows, read_pieces
from testigo.reading.print.segments import Piece, find_pieces
from testigo.reading.print.skipping import code_column
from testigo.reading.print.verdict import Parts, assemble

# Shares of the page that are read before the codes of the parties are looked for, and before the end of the counts is.
_START, _FIRST, _STEP = 0.3, 0.55, 0.03
_LEAST_NAMED = 0.15  # the same, of rows with the right label
_TITLE, _WORD = 0.7, 4  # how like a form's title, or a line of its heading, must be; letters of a word that counts
_MOST_LINES = 100  # whole lines of text: twice what a sheet prints
_LEAST_ROWS = 0.3  # share of the expected rows without which this is no sheet of the contest


@dataclass(frozen=True)
class _Found:
    """A page's rows as one contest's sheet would have them."""

    contest: Contest
    expected: tuple[Expected, ...]
    alignment: Alignment
    rows: Sequence[Row]

    @property
    def share(self) -> float:
        """Share of the expected rows that were found."""
        return sum(match.row is not None for match in self.alignment.matches) / max(1, len(self.expected))


def read_print(
    profile: Profile, pixels: Grey, *, contests: Sequence[Contest] | None = None, sheet_code: str = ""
) -> PrintReading | None:
    """What the print of one sheet says.

    Args:
        profile: the election.
        pixels: one sheet, upright and roughly straight, grey, shape (height, width); margins and background allowed.
        contests: those that it can be of; the profile's without.
        sheet_code: as another source (the QR) has it, to be confirmed by the print; the print is read all the same.

    Returns:
        the reading, proven or not; ``None`` if nothing of such a sheet was found.

    Raises:
        InputError: the libraries or the model are not installed.
    """
    possible = [c for c in (contests or profile.contests) if c.printing is not None and c.layout is not None]
    hinted = [contest for contest in possible if sheet_code and parse_sheet_code(contest, sheet_code)]
    possible = hinted or possible
    if not possible or pixels.ndim != 2 or min(pixels.shape) < 64:
        return None
    first = possible[0]
    assert first.layout is not None and first.printing is not None  # noqa: S101
    reader = SheetReader(recogniser())
    page = make_page(pixels, first.layout.paper_width, form=first.printing.style == "form")
    pieces = find_pieces(page)
    if sum(piece.width for piece in pieces) > _MOST_LINES * page.width:
        return None  # more than any sheet prints: a scan so dark or speckled that there is nothing to read
    texts, end = _read_down(page, pieces, possible, reader)
    found = _which(texts, possible)
    if found is None:
        return None
    return assemble(profile, _parts(page, found, profile, [p for p in pieces if p.top >= end], end, reader, sheet_code),
                    sheet_code)  # fmt: skip


def _parts(page: Page, found: _Found, profile: Profile, lower: Sequence[Piece], end: int, reader: SheetReader,
           sheet_code: str) -> Parts:  # fmt: skip
    """Everything that stands on the sheet. ``lower``: the pieces below the counts, which end at the row ``end``."""
    contest, printing = found.contest, found.contest.printing
    assert printing is not None  # noqa: S101
    head = header.read_header(page, _above(found), profile, contest, reader, sheet_code)
    if printing.style == "form":
        counts, unknown = _from_cells(page, found, printing.figure_digits, reader), found.alignment.unknown
    else:
        counts, unknown = read_counts(page, found.rows, found.alignment, _grammar(contest), reader)
    alignment = replace(found.alignment, unknown=unknown)
    boxes = ending.signature_boxes(page, end)
    below = max((box.bottom for box in boxes), default=end)
    hmac, drawing = ending.read_hmac(page, [piece for piece in lower if piece.top >= below], contest, reader)
    signed = ending.read_signatures(page, boxes, lower, contest, reader)
    return Parts(page, contest, found.expected, alignment, counts, head, hmac, signed, drawing)


@lru_cache(maxsize=8)
def _grammar_of(words: tuple[str, ...], places: int) -> WordGrammar | None:
    return WordGrammar(words, places) if words else None


def _grammar(contest: Contest) -> WordGrammar | None:
    printing = contest.printing
    return _grammar_of(printing.digit_words, printing.figure_digits) if printing else None


# ------------------------------------------------------------------------------ from the top down


def _read_down(
    page: Page, pieces: Sequence[Piece], contests: Sequence[Contest], reader: SheetReader
) -> tuple[list[Text], int]:
    """The texts from the top to where notes or signatures begin, and the row of pixels where that is."""
    stops = _stops(contests)
    texts: list[Text] = []
    upper, share, codes = 0.0, _START, None
    while upper < page.height:
        lower = min(page.height, share * page.height)
        chunk = [piece for piece in pieces if upper <= piece.middle < lower]
        skipped: list[Text] = codes.of(chunk) if codes else []
        unread = {text.piece for text in skipped}
        fresh = skipped + read_pieces(page, [piece for piece in chunk if piece not in unread], reader)
        ends = [
            text.piece.top for text in fresh if text.piece.middle > 0.3 * page.height and _is_stop(text.text, stops)
        ]
        if ends:
            return texts + [text for text in fresh if text.piece.middle < min(ends)], min(ends)
        texts += fresh
        if share == _START:
            codes = code_column(texts, _digit_words(contests))
        upper, share = lower, max(_FIRST, share + _STEP)
    return texts, max((text.piece.bottom for text in texts), default=0)


def _digit_words(contests: Sequence[Contest]) -> Sequence[str]:
    return next((c.printing.digit_words for c in contests if c.printing and c.printing.digit_words), ())


def _stops(contests: Sequence[Contest]) -> list[str]:
    """What is printed where the counts are over."""
    stops: list[str] = []
    for contest in contests:
        block = contest.layout.block("signatures") if contest.layout else None
        if contest.printing is not None:
            names = ["observations", *(block.boxes if block else ())]
            stops += [fold(contest.printing.label(name)) for name in names if name in contest.printing.labels]
    return [stop for stop in stops if len(stop) > 4]


def _is_stop(text: str, stops: Sequence[str]) -> bool:
    near = [stop for stop in stops if abs(len(text) - len(stop)) <= 0.3 * len(stop)]
    return any(SequenceMatcher(None, text, stop).ratio() > 0.8 for stop in near)


# -------------------------------------------------------------------------------- which contest


def _which(texts: Sequence[Text], contests: Sequence[Contest]) -> _Found | None:
    """The contest whose rows are on the page: by its sheet code in the header, else by its labels."""
    candidates = []
    for contest in contests:
        assert contest.printing is not None  # noqa: S101
        expected = expected_rows(contest)
        rows = make_rows(texts, contest.printing.digit_words, [one.label for one in expected])
        candidates.append(_Found(contest, expected, align(rows, expected), rows))
    candidates = [
        found
        for found in candidates
        if found.share >= _LEAST_ROWS and found.alignment.named >= _LEAST_NAMED * len(found.expected)
    ]
    if not candidates:
        return _by_title(texts, contests)
    plain = ["".join(text.text.split()).upper() for text in texts[:60]]
    coded = [found for found in candidates if any(parse_sheet_code(found.contest, text) for text in plain)]
    if len(coded) == 1:
        return coded[0]
    ranked = sorted(candidates, key=lambda found: found.alignment.named / len(found.expected), reverse=True)
    if len(ranked) > 1:
        first, second = (found.alignment.named / len(found.expected) for found in ranked[:2])
        if first - second < 0.15:
            return None
    return ranked[0]


def _by_title(texts: Sequence[Text], contests: Sequence[Contest]) -> _Found | None:
    """A form whose title can be read and whose rows cannot: what it lacks is said, and its code if that can be read."""

    seen = {word for text in texts for word in text.text.split()}

    def shown(line: str) -> bool:
        # A title's words may have come apart, and one may be lost.
        words = [word for word in fold(line).split() if len(word) >= _WORD]
        like = [w for w in words if any(SequenceMatcher(None, w, other).ratio() > _TITLE for other in seen)]
        return bool(words) and len("".join(like)) > 0.5 * len("".join(words))

    found = []
    for contest in contests:
        printing = contest.printing
        others = {
            line for other in contests if other is not contest and other.printing for line in other.printing.heading
        }
        if printing is None or printing.style != "form" or not shown(printing.title):
            continue
        if len(contests) == 1 or any(shown(line) for line in printing.heading if line not in others):
            found.append(contest)
    if len(found) != 1 or found[0].printing is None:
        return None
    expected = expected_rows(found[0])
    nothing = Alignment((Match(None, 0.0),) * len(expected), (), 0.0, 0)
    rows = make_rows(texts, found[0].printing.digit_words, [one.label for one in expected])
    return _Found(found[0], expected, nothing, rows)


def _above(found: _Found) -> list[Row]:
    """The rows above the first expected one."""
    known = [match.row for match in found.alignment.matches if match.row is not None]
    return list(found.rows[: min(known)]) if known else list(found.rows)


# ---------------------------------------------------------------------------------------- forms


def _from_cells(page: Page, found: _Found, places: int, reader: SheetReader) -> list[RowCount]:
    """The counts of a form: the boxes that stand beside each row's label."""
    matches = found.alignment.matches
    seen = [None if match.row is None else found.rows[match.row] for match in matches]
    labels = [row.texts[0].piece if row is not None and row.texts else None for row in seen]
    sure = [label if match.label > UNSURE else None for label, match in zip(labels, matches, strict=True)]
    boxes = _placed(page, sure, places) or cells.beside_labels(cells.find_cells(page, places), labels)
    sources = iter(cells.read_cells(page, [row for row in boxes if row is not None], reader))
    counts = []
    for row, box in zip(seen, boxes, strict=True):
        count = RowCount(row)
        if box is not None:
            count.figures, count.figures_at = next(sources), box.piece
        count.weigh()
        counts.append(count)
    return counts


def _placed(page: Page, labels: Sequence[Piece | None], places: int) -> list[cells.CellRow | None]:
    """The boxes of each row by those of all; rows without a sure label have theirs in between, if as many are there."""
    known = [(n, label) for n, label in enumerate(labels) if label is not None]
    grid = find_grid(page, [label for _, label in known], places)
    if grid is None:
        return []
    answer: list[cells.CellRow | None] = [None] * len(labels)
    edges = [(-1, 0, 0)]
    for (n, _), boxes in zip(known, grid.beside, strict=True):
        answer[n] = row = cells.CellRow(boxes)
        edges.append((n, row.piece.top, row.piece.bottom))
    for (before, _, upper), (after, lower, _) in pairwise([*edges, (len(labels), page.height, page.height)]):
        between = [boxes for boxes in grid.others if upper <= boxes[0].middle <= lower]
        if len(between) == after - before - 1:
            for n, boxes in zip(range(before + 1, after), between, strict=True):
                answer[n] = cells.CellRow(boxes)
    return answer
