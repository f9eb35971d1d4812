"""A file -> what its sheets say: the readers, put together.

Rules of this module
--------------------
1. How a file is read, page by page: (1) its codes (``cascade.py``); (2) a mark of a drawing refuses the whole file
   outside a rehearsal; (3) where it was asked for, its print (``byprint.py``); (4) a code that could not be read, once
   more with what its print says (``judged.py``). Then (5) pages that gave nothing, together (``together.py``); (6) each
   sheet is told once.
2. The code's counts and the print's stand side by side: where they differ both are told, and neither is changed.
3. A text that does not fit the grammar is never repeated in an answer: a photo of the wrong thing may show anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from testigo.election.profile import Profile
from testigo.election.simulacro import says_simulacro
from testigo.reading import problems
from testigo.reading.agreement import disagreements
from testigo.reading.byprint import PrintedSheet, find_sheets_by_print
from testigo.reading.cascade import CodeAnswer, CodeSheet, find_sheets_by_code
from testigo.reading.codes import Region
from testigo.reading.found import FoundSheet, SheetReadings
from testigo.reading.judged import is_drawing, read_judged
from testigo.reading.limits import Limits, Refusal
from testigo.reading.opening.images import OpenedImage, open_pages
from testigo.reading.papers.finding import Paper
from testigo.reading.together import Together, find_sheets_in_several
from testigo.records import Evidence, Opening

#: When print is read: where the code gave no sheet or a weak one, on every sheet, or never.
PrintMode = Literal["needed", "always", "never"]
PRINT_MODES: Final[tuple[PrintMode, ...]] = ("needed", "always", "never")

#: Per mille: a code read with less confidence (trials bound its error less tightly) wants its print read too.
_SURE = 998
#: Per mille: of a code and a print, each sure, that say the same.
_BOTH = 999
#: Of a page's sheets without a code, those whose code is looked for again with their print's help.
_MOST_JUDGED = 4
PRINT_STAGE = "print"
_CODE_PROBLEMS = (problems.NO_CODE, problems.FOREIGN_CODE)


def read_sheet(
    profile: Profile,
    data: bytes | OpenedImage,
    *,
    rehearsal: bool,
    limits: Limits | None = None,
    print_mode: PrintMode = "needed",
) -> SheetReadings:
    """Read every sheet on every page of a file.

    Args:
        profile: the election; its contests' grammars say what a payload is.
        data: a file's bytes, or one image opened by :func:`open_image`.
        rehearsal: whether drawings may be read. Outside a rehearsal one refuses the file (``simulacro``).
        limits: the resource policy, if not the default one.
        print_mode: when print is read: one of :data:`PRINT_MODES`. It costs a second or two per sheet.

    Returns:
        The sheets found, or the refusal. Never raises for what the bytes hold.
    """
    allowed = limits or Limits()
    pages = (data,) if isinstance(data, OpenedImage) else open_pages(data, allowed)
    if isinstance(pages, Refusal):
        return SheetReadings(refusal=pages, problems=(pages.outcome.value,))
    read: list[_Page] = []
    for number, image in enumerate(pages, 1):
        left = allowed.max_prints - sum(page.prints for page in read)
        answer = find_sheets_by_code(profile, image, rehearsal=rehearsal)
        page = _read_page(profile, image, answer, number, rehearsal, print_mode if left > 0 else "never", left)
        if page.is_drawing and not rehearsal:
            return _refused(pages[0])
        read.append(page)
    unread = [n for n, page in enumerate(read) if not page.sheets]
    several = find_sheets_in_several(profile, [pages[n] for n in unread], rehearsal=rehearsal)
    if any(one.is_drawing for one in several):
        return _refused(pages[0])
    for one in several:
        first, *others = (unread[n] for n in one.images)
        read[first] = _Page((found_by_code(one.sheet, first + 1),))
        for n in others:
            read[n] = _Page(is_part=True)
    return _together([page for page in read if not page.is_part], pages[0].size)


def _refused(image: OpenedImage) -> SheetReadings:
    refusal = Refusal(Opening.SIMULACRO)
    return SheetReadings(refusal=refusal, problems=(refusal.outcome.value,), size=image.size)


def read_with(
    profile: Profile, image: OpenedImage, answer: CodeAnswer, *, rehearsal: bool, print_mode: PrintMode
) -> SheetReadings:
    """As :func:`read_sheet`, of one image whose codes were looked for before."""
    page = _read_page(profile, image, answer, 1, rehearsal, print_mode, Limits().max_prints)
    return _refused(image) if page.is_drawing and not rehearsal else _together([page], image.size)


def readings_of(several: Together, first: OpenedImage) -> SheetReadings:
    """What several images of one sheet say, ``first`` being the first of them."""
    if several.is_drawing:
        return _refused(first)
    return _together([_Page((found_by_code(several.sheet, 1),))], first.size)


@dataclass(frozen=True, slots=True)
class _Page:
    """One page's sheets, repetitions included; why it has none; prints read on it; whether it only helped another."""

    sheets: tuple[FoundSheet, ...] = ()
    why_none: tuple[str, ...] = ()
    prints: int = 0
    is_drawing: bool = False
    is_part: bool = False


def _together(pages: Sequence[_Page], size: tuple[int, int]) -> SheetReadings:
    found, repeated = _each_once([sheet for page in pages for sheet in page.sheets])
    odd = {*repeated}
    empty = [page for page in pages if not page.sheets]
    if empty:
        odd.update([problems.PAGE_UNREAD] if found else [code for page in empty for code in page.why_none])
    named = tuple(replace(sheet, problems=tuple(sorted({*sheet.problems, *odd}))) for sheet in found)
    return SheetReadings(named, problems=tuple(sorted(odd)), size=size)


def _read_page(
    profile: Profile,
    image: OpenedImage,
    answer: CodeAnswer,
    number: int,
    rehearsal: bool,
    print_mode: PrintMode,
    most: int,
) -> _Page:
    if answer.is_drawing and not rehearsal:
        return _Page(is_drawing=True)
    by_code = [found_by_code(sheet, number) for sheet in answer.sheets]
    if not wants_print(by_code, print_mode):
        return _Page(tuple(by_code), _nothing_found(answer))
    sure = {sheet.code for sheet in by_code if sheet.confidence >= _SURE}

    def wanted(paper: Paper) -> bool:
        return print_mode == "always" or not any(code in sure for code in paper.codes)

    codes = {sheet.code: sheet.sheet_code for sheet in by_code if sheet.code is not None}
    printed = find_sheets_by_print(profile, image, codes, wanted, most)
    if any(one.reading.simulacro for one in printed) and not rehearsal:
        return _Page(is_drawing=True)
    sheets = _joined(by_code, printed, number)
    alone = [one for one in printed if not any(sheet.by_print is one for sheet in sheets)]
    for one in alone[:_MOST_JUDGED]:
        sheet = read_judged(profile, image, one)
        if sheet is not None and not rehearsal and is_drawing(image, sheet):
            return _Page(is_drawing=True)
        if sheet is not None:
            sheets.append(_with_print(found_by_code(sheet, number), one))
    unread = {code for one in printed for code in (problems.PRINT_UNPROVEN, *one.reading.problems)}
    why_none = (*_nothing_found(answer), *sorted(unread))
    return _Page(tuple(sheets), why_none, len(printed))


def wants_print(by_code: Sequence[FoundSheet], print_mode: PrintMode) -> bool:
    """Whether the print is to be read after the codes gave these sheets."""
    if print_mode == "needed":
        return not by_code or any(sheet.confidence < _SURE for sheet in by_code)
    return print_mode == "always"


# ------------------------------------------------------------------------------------ by code, by print, by both


def found_by_code(sheet: CodeSheet, page: int) -> FoundSheet:
    """A code's sheet as it is told; one that needed the print rests on both."""
    evidence = (Evidence.PRINT.value, Evidence.QR.value) if sheet.judged else (Evidence.QR.value,)
    judged = (problems.PRINT_AS_JUDGE,) if sheet.judged else ()
    return FoundSheet(
        contest=sheet.payload.code.contest,
        station=sheet.payload.code.station,
        sheet_code=sheet.payload.code.text,
        counts=sheet.payload.counts,
        evidence=evidence,
        region=sheet.code.region,
        stage=sheet.stage,
        confidence=sheet.confidence,
        payload=sheet.payload,
        code=sheet.code,
        page=page,
        printed=sheet.payload.printed,
        problems=tuple(sorted((*sheet.problems, *judged))),
    )


def _by_print(sheet: PrintedSheet, page: int) -> FoundSheet | None:
    """The sheet that print alone proves."""
    reading = sheet.reading
    if not reading.proven or reading.counts is None or reading.sheet_code is None or not reading.station:
        return None
    return FoundSheet(
        contest=reading.contest,
        station=reading.station,
        sheet_code=reading.sheet_code.text,
        counts=reading.counts,
        evidence=(Evidence.PRINT.value,),
        region=sheet.region,
        stage=PRINT_STAGE,
        confidence=reading.confidence,
        page=page,
        printed=reading.printed,
        facts=sheet.facts,
        disagreements=disagreements(None, {}, sheet),
        by_print=sheet,
        problems=reading.problems,
    )


def _joined(by_code: Sequence[FoundSheet], printed: Sequence[PrintedSheet], page: int) -> list[FoundSheet]:
    """Each code's sheet with its print beside it, and the sheets that print alone proves."""
    joined = list(by_code)
    for one in printed:
        mine = [n for n, sheet in enumerate(joined) if _same_sheet(sheet, one)]
        for n in mine:
            joined[n] = _with_print(joined[n], one)
        alone = None if mine else _by_print(one, page)
        if alone is not None:
            joined.append(alone)
    return joined


def _same_sheet(sheet: FoundSheet, printed: PrintedSheet) -> bool:
    if sheet.code is not None and printed.paper.codes:
        return sheet.code in printed.paper.codes
    return (sheet.contest, sheet.station) == (printed.reading.contest, printed.reading.station)


def _with_print(sheet: FoundSheet, printed: PrintedSheet) -> FoundSheet:
    differing = disagreements(sheet.counts, sheet.printed, printed)
    both = replace(
        sheet,
        facts=printed.facts,
        printed={**printed.reading.printed, **sheet.printed},
        disagreements=differing,
        by_print=printed,
    )
    odd = {*sheet.problems}
    if both.print_confirms:
        both = replace(both, confidence=max(sheet.confidence, _BOTH))
    if any(one.qr is not None and one.qr not in (one.figures, one.words) for one in differing):
        odd.add(problems.PRINT_DIFFERS)
    if any(None not in (one.figures, one.words) and one.figures != one.words for one in differing):
        odd.add(problems.WORDS_DIFFER)
    if problems.CODE_DIFFERS in printed.reading.problems:
        odd.add(problems.CODE_DIFFERS)
    return replace(both, problems=tuple(sorted(odd)))


def _nothing_found(answer: CodeAnswer) -> tuple[str, ...]:
    foreign = [code for code in answer.codes if code.is_qr and not says_simulacro([code.text])]
    return _CODE_PROBLEMS if foreign else _CODE_PROBLEMS[:1]


def _each_once(sheets: Sequence[FoundSheet]) -> tuple[list[FoundSheet], list[str]]:
    """Each payload once (the earlier stage's), and what is odd about repetitions."""
    kept: list[FoundSheet] = []
    odd: list[str] = []
    for sheet in sheets:
        known = next(
            (k for k in kept if (k.contest, k.sheet_code, k.counts) == (sheet.contest, sheet.sheet_code, sheet.counts)),
            None,
        )
        if known is not None:
            if known.page != sheet.page or not _overlap(known.region, sheet.region):
                odd.append(problems.SHOWN_TWICE)
            continue
        if any((k.contest, k.station) == (sheet.contest, sheet.station) for k in kept):
            odd.append(problems.STATION_TWICE)
        kept.append(sheet)
    return sorted(kept, key=lambda sheet: (sheet.page, sheet.region[1], sheet.region[0])), sorted(set(odd))


def _overlap(a: Region, b: Region) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]
