"""Which row is which: the rows found on the page against the rows that the profile says are printed.

Rules of this module
--------------------
1. Order rules, labels confirm: rows are aligned with the printed order as a whole (dynamic programming), so that a
   lost or a repeated row is noticed, and never moves the others silently.
2. A row that should be there and is not is missing. Nothing is put in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

from testigo.election import Contest
from testigo.reading.print.ctc import best_path, chances_of
from testigo.reading.print.recogniser import fold
from testigo.reading.print.rows import Row, Text, joined

_WORST = -9.0  # a label never counts for less
_BONUS = 6.0  # for a label that fits perfectly
_LOST_EXPECTED = -7.0  # a printed row that was not found
_LOST_FOUND = -5.0  # a row with figures or words that the profile does not know
_WITH_NUMBER = -0.5
_FAR = 5.0  # heights of a letter: no label has such a gap in it
UNSURE = -5.0  # a label that fits worse than so is another's, or illegible


@dataclass(frozen=True, slots=True)
class Expected:
    """A row that the sheet prints.

    Attributes:
        kind: ``figure`` (voters), ``line`` (a ballot line) or ``summary``.
        name: the figure's or the line's code; in the summary the figure's name.
        label: as printed.
        party: the party code beside it.
    """

    kind: str
    name: str
    label: str
    party: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """What became of an expected row.

    Attributes:
        row: index into the rows, or ``None``: not found.
        label: how well the label fits; 0 is best, :data:`UNSURE` and less is not it.
    """

    row: int | None
    label: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """The rows of a contest on a page.

    Attributes:
        matches: one per expected row.
        unknown: rows with figures and words, between the first ballot line and the last total, that were not expected.
        score: of the whole, to compare contests.
        named: how many rows are confirmed by their label.
    """

    matches: tuple[Match, ...]
    unknown: tuple[int, ...]
    score: float
    named: int


def expected_rows(contest: Contest) -> tuple[Expected, ...]:
    """The rows that a contest's sheet prints, in printed order."""
    printing = contest.printing
    if printing is None:
        return ()
    voters = [Expected("figure", name, printing.label(name)) for name in contest.printed if name.startswith("voters")]
    lines = [Expected("line", line.code, line.label, line.party) for line in contest.lines]
    summary = [Expected("summary", row.figure, row.label) for row in printing.summary]
    return (*voters, *lines, *summary)


def label_scores(
    rows: Sequence[Row], expected: Sequence[Expected]
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """How well each row's label fits each expected one: 0 is best; shape (rows, expected). ``nan``: no label."""
    scores = np.full((len(rows), len(expected)), np.nan)
    texts = [fold(one.label) for one in expected]
    parties = [fold(one.party) for one in expected]
    variants: dict[str, set[int]] = {}
    for m, (text, party) in enumerate(zip(texts, parties, strict=True)):
        # The party's number may stand in the same piece; spaces come and go.
        for variant in (text, f"{text} ({party})" if party else text, f"{text} {party}" if party else text):
            variants.setdefault(variant, set()).add(m)
            variants.setdefault(variant.replace(" ", ""), set()).add(m)
    spelt = list(variants)
    lengths = np.array([max(2, len(text)) for text in texts])
    for n, row in enumerate(rows):
        label = _without_far_off([text for text in row.texts if _left_of_figures(text.piece.right, row)])
        if not label or (not row.words and not row.figures and not _resembles("".join(t.text for t in label), texts)):
            continue
        frames = joined(label)
        scored = np.full(len(expected), -np.inf)
        for variant, score in zip(spelt, chances_of(frames, spelt), strict=True):
            for m in variants[variant]:
                scored[m] = max(scored[m], score)
        scores[n] = np.minimum(0.0, (scored - best_path(frames)) / np.sqrt(lengths / 4))
        # "PVV (1012)": the label itself, with the party's number behind it.
        said = "".join(text.text for text in label).replace(" ", "")
        for m, bare in enumerate(text.replace(" ", "") for text in texts):
            if said.startswith(bare) and not any(sign.isalpha() for sign in said[len(bare) :]):
                scores[n, m] = max(scores[n, m], _WITH_NUMBER)
    return scores


def _resembles(text: str, labels: Sequence[str]) -> bool:
    """Whether a bare text can be one of the labels: the others need no closer look."""
    return any(SequenceMatcher(None, text.replace(" ", ""), label.replace(" ", "")).ratio() > 0.5 for label in labels)


def _without_far_off(texts: Sequence[Text]) -> Sequence[Text]:
    """The label's own pieces: what stands far to the right of a word (a watermark, a note) is no part of it."""
    for n in range(1, len(texts)):
        before, piece = texts[n - 1], texts[n].piece
        if piece.left - before.piece.right > _FAR * before.piece.height and len(before.text) > 2:
            return texts[:n]
    return texts


def _left_of_figures(right: int, row: Row) -> bool:
    return not row.figures or right <= max(text.piece.right for text in row.figures)


def align(rows: Sequence[Row], expected: Sequence[Expected]) -> Alignment:
    """The best alignment of the rows found with the rows expected, both in printed order."""
    labels = label_scores(rows, expected)
    gain = np.full((len(rows), len(expected)), -np.inf)
    counts = np.array([bool(row.figures or row.words) for row in rows])
    for n, row in enumerate(rows):
        bare = not counts[n]
        for m in range(len(expected)):
            fit = labels[n, m]
            if np.isnan(fit):
                # Without a label only a row with both figures and words can stand for a printed one.
                gain[n, m] = 0.0 if row.figures and row.words else -2.0 if counts[n] else -np.inf
            elif bare and fit < -2.0:
                gain[n, m] = -np.inf
            else:
                gain[n, m] = max(_WORST, fit) + _BONUS + (2.0 if counts[n] else 0.0)
    cost = np.array([0.0 if not counts[n] else _LOST_FOUND if rows[n].figures and rows[n].words else -1.0
                     for n in range(len(rows))])  # fmt: skip
    first = sum(one.kind == "figure" for one in expected)
    return _walk(gain, cost, labels, counts, first)


def _walk(gain: np.ndarray, cost: np.ndarray, labels: np.ndarray, counts: np.ndarray, first: int) -> Alignment:
    found, wanted = gain.shape
    # Rows above the first and below the last expected one cost nothing: headers, signatures.
    best = np.zeros((found + 1, wanted + 1))
    step = np.zeros((found + 1, wanted + 1), np.int8)
    best[0, 1:] = _LOST_EXPECTED * np.arange(1, wanted + 1)
    step[0, 1:] = 2
    for n in range(1, found + 1):
        for m in range(wanted + 1):
            skip = best[n - 1, m] + (0.0 if m in (0, wanted) else cost[n - 1])
            options = [(skip, 1)]
            if m:
                options.append((best[n - 1, m - 1] + gain[n - 1, m - 1], 0))
                options.append((best[n, m - 1] + _LOST_EXPECTED, 2))
            best[n, m], step[n, m] = max(options)
    matches: list[Match] = [Match(None, 0.0)] * wanted
    unknown: list[int] = []
    n, m = found, wanted
    while n or m:
        if step[n, m] == 0 and n and m:
            fit = float(labels[n - 1, m - 1])
            matches[m - 1] = Match(n - 1, UNSURE if np.isnan(fit) else fit)
            n, m = n - 1, m - 1
        elif step[n, m] == 1 and n:
            if first < m < wanted and counts[n - 1] and cost[n - 1] == _LOST_FOUND:
                unknown.append(n - 1)
            n -= 1
        else:
            m -= 1
    named = sum(match.row is not None and match.label > UNSURE for match in matches)
    return Alignment(tuple(matches), tuple(reversed(unknown)), float(best[found, wanted]), named)
