"""Putting it together: the counts, the sums, what stands against them, and whether the print proves the sheet.

When a sheet is proven
----------------------
1. Every ballot line and every total that the sums need was found and decided; no row with counts is left over.
2. Most rows carry the label expected of them, so that none can have slipped.
3. No row's figures and words were both read and differ, and in at least half of the ballot lines both were read.
4. The sums hold (:func:`~testigo.reading.print.proof.holds`); a sheet without words, where each number stands but
   once, needs besides that all votes are as many as the people who voted.
5. The sheet code was read, and neither the header's other lines nor the caller's code contradict it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from testigo.election import Contest, Profile, parse_sheet_code
from testigo.election.arithmetic import lines_sum_to_valid, total_within_electors, total_within_voters
from testigo.election.simulacro import RESERVED_UUID_PREFIX
from testigo.reading import problems
from testigo.reading.print.answers import CountPrint, HmacPrint, PrintReading
from testigo.reading.print.counts import RowCount
from testigo.reading.print.evidence import Source, together
from testigo.reading.print.header import Header
from testigo.reading.print.matching import UNSURE, Alignment, Expected
from testigo.reading.print.page import Page, Region
from testigo.reading.print.proof import MARGIN, Verdict, holds, judge
from testigo.reading.print.rows import around
from testigo.reading.print.segments import Piece
from testigo.records import Check, Counts, Outcome

_NAMED = 0.7  # share of the rows whose label must be the expected one
_CODE_SURE, _CODE_ALONE = 900, 980  # confidence of a sheet code that other lines confirm, and of one that stands alone
_TWICE = 0.5  # share of the ballot lines whose figures and words must both have been read
# How sure figures, and how sure words, must be to contradict the other: what is hardly legible contradicts nobody. A
# total stands several times on a sheet, and the sums know it.
_CONTRADICTS, _TOTAL_CONTRADICTS = (0.8, 0.95), (0.99, 0.99)
_DECIDED = 0.5  # weight from which on a row's likeliest number is its value
_SINGLE_SURE = 0.9  # the same for a number that stands but once on the sheet


@dataclass(frozen=True)
class Parts:
    """Everything that was read of a sheet."""

    page: Page
    contest: Contest
    expected: tuple[Expected, ...]
    alignment: Alignment
    counts: Sequence[RowCount]
    header: Header
    hmac: HmacPrint | None
    signed: Mapping[str, bool | None]
    drawing: bool


def assemble(profile: Profile, parts: Parts, hint: str = "") -> PrintReading:
    """The reading."""
    lines = [n for n, one in enumerate(parts.expected) if one.kind == "line"]
    verdict = _judged(parts, lines)
    values, corrected = _values(parts, lines, verdict)
    rows = [_printed(parts, n, values[n], n in corrected) for n in range(len(parts.expected))]
    line_rows = tuple(rows[n] for n in lines)
    other_rows = tuple(row for n, row in enumerate(rows) if n not in lines)
    printed = _further(parts, other_rows)
    counts = _counts(parts.contest, line_rows, other_rows)
    checks = _checks(counts, printed)
    code = parts.header.code
    against = _against(parts, lines, rows, verdict, checks, hint)
    against = against or _lacking(parts, lines, rows, verdict, counts, printed)
    parsed = parse_sheet_code(parts.contest, code.text) if code else None
    uuid = parts.header.uuid
    return PrintReading(
        contest=parts.contest.code,
        station=parsed.station if parsed else "",
        sheet_code=code,
        uuid=uuid,
        printed_at=parts.header.printed_at,
        electors=parts.header.electors,
        lines=line_rows,
        rows=other_rows,
        counts=counts,
        printed=printed,
        hmac=parts.hmac,
        signatures=dict(parts.signed),
        checks=checks,
        proven=not against,
        confidence=_confidence(line_rows, verdict),
        problems=tuple(against),
        simulacro=parts.drawing or bool(uuid and uuid.text.startswith(RESERVED_UUID_PREFIX)),
    )


# --------------------------------------------------------------------------------------- values


def _judged(parts: Parts, lines: Sequence[int]) -> Verdict:
    """What the sums say; on a sheet that prints no number of votes, those who voted stand for it if that decides."""
    weights, totals = [parts.counts[n].weights for n in lines], _totals(parts)
    if "votes" not in {one.name for one in parts.expected if one.kind == "summary"}:
        voters = [count for one, count in zip(parts.expected, parts.counts, strict=True) if one.kind == "figure"]
        verdict = judge(weights, {**totals, "votes": voters[0].weights} if voters else totals)
        if holds(verdict):
            return verdict
    return judge(weights, totals)


def _totals(parts: Parts) -> dict[str, dict[int, float]]:
    """What all rows of the same total say together. A row that the profile prints as zero stands by itself."""
    sources: dict[str, list[Source]] = {}
    for one, count in zip(parts.expected, parts.counts, strict=True):
        if one.kind == "summary" and one.name in ("valid", "null", "blank", "votes") and count.weights:
            sources.setdefault(one.name, []).extend((count.figures, count.words))
    return {name: together(*said) for name, said in sources.items() if any(source.chances for source in said)}


def _values(parts: Parts, lines: Sequence[int], verdict: Verdict) -> tuple[list[int | None], set[int]]:
    """The value of every row, and which of them the sums decided."""
    values: list[int | None] = [_likeliest(count.weights) for count in parts.counts]
    corrected: set[int] = set()
    if not holds(verdict):
        return values, corrected
    for place, n in enumerate(lines):
        if place in verdict.corrected or values[n] is None:
            corrected.add(n)
        values[n] = verdict.lines[place]
    for n, one in enumerate(parts.expected):
        if one.kind == "summary" and one.name in verdict.totals and parts.alignment.matches[n].row is not None:
            if values[n] != verdict.totals[one.name]:
                corrected.add(n)
            values[n] = verdict.totals[one.name]
    return values, corrected


def _likeliest(weights: Mapping[int, float]) -> int | None:
    if not weights:
        return None
    number, weight = max(weights.items(), key=lambda item: item[1])
    return number if weight >= _DECIDED else None


def _printed(parts: Parts, n: int, value: int | None, corrected: bool) -> CountPrint:
    one, count, match = parts.expected[n], parts.counts[n], parts.alignment.matches[n]
    figures, words = count.figures.best, count.words.best
    pieces = [piece for piece in (count.figures_at, count.words_at) if piece is not None]
    if count.row is not None:
        pieces += [text.piece for text in count.row.own]
    return CountPrint(
        name=one.name,
        kind=one.kind,
        label=one.label,
        figures=figures[0] if figures else None,
        figures_confidence=round(1000 * figures[1]) if figures else 0,
        figures_box=_region(parts.page, count.figures_at),
        words=words[0] if words else None,
        words_confidence=round(1000 * words[1]) if words else 0,
        words_box=_region(parts.page, count.words_at),
        value=value,
        confidence=0 if value is None else round(1000 * count.weights.get(value, 0.0)),
        corrected=corrected,
        named=match.row is not None and match.label > UNSURE,
        box=_region(parts.page, around(pieces)) if pieces else None,
        differ=count.differ(*(_CONTRADICTS if one.kind == "line" else _TOTAL_CONTRADICTS)),
    )


def _region(page: Page, piece: Piece | None) -> Region | None:
    return None if piece is None else page.region(piece.left, piece.top, piece.right, piece.bottom)


def _further(parts: Parts, rows: Sequence[CountPrint]) -> dict[str, int]:
    printed = {row.name: row.value for row in rows if row.value is not None and row.name in parts.contest.printed}
    electors = parts.header.electors
    if electors is not None and electors.confidence >= 500:
        printed["electors"] = int(electors.text)
    return printed


def _counts(contest: Contest, lines: Sequence[CountPrint], rows: Sequence[CountPrint]) -> Counts | None:
    votes = {row.name: row.value for row in lines if row.value is not None}
    if len(votes) != len(contest.lines):
        return None
    single = {row.name: row.value for row in rows if row.kind == "summary" and row.value is not None}
    return Counts(contest.candidates_from_lines(votes), votes, single.get("null"), single.get("blank"))


def _confidence(lines: Sequence[CountPrint], verdict: Verdict) -> int:
    if holds(verdict):
        return min(1000, round(1000 * (1 - 1 / verdict.margin)))
    return min((row.confidence for row in lines), default=0)


# ---------------------------------------------------------------------------------------- proof


def _checks(counts: Counts | None, printed: Mapping[str, int]) -> tuple[Check, ...]:
    if counts is None:
        return ()
    return (
        lines_sum_to_valid(counts, printed),
        total_within_voters(counts, printed),
        total_within_electors(counts, printed, None),
    )


def _against(parts: Parts, lines: Sequence[int], rows: Sequence[CountPrint], verdict: Verdict,
              checks: Sequence[Check], hint: str) -> list[str]:  # fmt: skip
    """What stands against the reading, each said once."""
    found: list[str] = []
    found_names = {
        one.name for one, match in zip(parts.expected, parts.alignment.matches, strict=True) if match.row is not None
    }
    if not {parts.expected[n].name for n in lines} | _needed(parts) <= found_names:
        found.append(problems.ROW_MISSING)
    if parts.alignment.unknown:
        found.append(problems.ROW_UNKNOWN)
    if parts.alignment.named < _NAMED * len(parts.expected):
        found.append(problems.LABELS_UNREAD)
    if any(row.differ for row in rows):
        found.append(problems.WORDS_DIFFER)
    if any(rows[n].value is None for n in lines):
        found.append(problems.COUNT_UNREAD)
    if any(row.name == "zero" and row.value not in (0, None) for row in rows):
        found.append(problems.SUM_DIFFERS)
    if not verdict.lines or any(check.outcome == Outcome.FAIL.value for check in checks):
        found.append(problems.SUM_DIFFERS if not any(rows[n].value is None for n in lines) else problems.SUM_UNREAD)
    elif not holds(verdict):
        found.append(problems.AMBIGUOUS if verdict.margin < MARGIN else problems.SUM_DIFFERS)
    code = parts.header.code
    if code is None or code.confidence < (_CODE_SURE if parts.header.confirmed else _CODE_ALONE):
        found.append(problems.CODE_UNREAD)
    if parts.header.confirmed is False or (hint and code is not None and code.text != hint):
        found.append(problems.CODE_DIFFERS)
    return list(dict.fromkeys(found))


def _needed(parts: Parts) -> set[str]:
    """The totals that a sheet must show to be proven."""
    return {one.name for one in parts.expected if one.kind == "summary"} & {"valid", "null", "blank", "votes"}


def _lacking(parts: Parts, lines: Sequence[int], rows: Sequence[CountPrint], verdict: Verdict, counts: Counts | None,
             printed: Mapping[str, int]) -> list[str]:  # fmt: skip
    """What a reading that nothing contradicts still lacks to be proven."""
    if counts is None or counts.null is None or counts.blank is None:
        return [problems.COUNT_UNREAD]
    if not holds(verdict) or not _needed(parts) <= set(verdict.totals):
        return [problems.SUM_UNREAD]
    if parts.contest.printing is not None and parts.contest.printing.digit_words:
        # Words alone, or figures alone, are half a proof: most rows with votes must have been read twice. A row without
        # votes that were some is a sum that fails.
        voted = [n for n in lines if rows[n].value]
        twice = sum(parts.counts[n].says_twice(rows[n].value) for n in voted)
        return [] if twice >= _TWICE * len(voted) else [problems.READ_ONCE]
    # Each number stands but once: it must be sure by itself (of one the sums may confirm what it says), and the voters
    # must confirm the votes.
    weak = sum(row.kind != "figure" and row.confidence < 1000 * _SINGLE_SURE for row in rows)
    if verdict.corrected or weak > 1:
        return [problems.COUNT_UNREAD]
    voters = printed.get("voters_machine", printed.get("voters_book"))
    return [] if counts.cast == voters else [problems.SUM_UNREAD if voters is None else problems.VOTERS_DIFFER]
