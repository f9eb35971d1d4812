"""What stands above the counts: sheet code, UUID, print time, electors, centre and station.

Rules of this module
--------------------
1. A text is taken only in the shape that the profile or its kind prescribes; nothing is completed.
2. The sheet code is checked against what else the header says of centre and station, where it says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from testigo.election import Contest, Profile, parse_sheet_code
from testigo.reading.print.answers import Said
from testigo.reading.print.ctc import best_path, chances_of
from testigo.reading.print.looking import SheetReader
from testigo.reading.print.page import Page
from testigo.reading.print.recogniser import ALPHABET, BLANK, OTHER, Frames, certainty, fold
from testigo.reading.print.rows import Row, Text, around
from testigo.reading.print.segments import Piece, crop
from testigo.reading.print.spelling import alike, likely_code

_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
_TIME = re.compile(
    r"([0-3][0-9])[/.-]([01][0-9])[/.-](20[0-9]{2}) *([0-2][0-9])[:.]([0-5][0-9])([:.][0-5][0-9])?( *[ap]\.?m\.?)?"
)
_HEX_LIKE = str.maketrans({"o": "0", "q": "9", "i": "1", "l": "1", "s": "5", "z": "2", "g": "9", " ": None})
_DIGIT_LIKE = str.maketrans({"o": "0", "q": "0", "d": "0", "i": "1", "l": "1", "s": "5", "z": "2", "b": "8", "g": "9"})
_UUID_PART = re.compile(r"[0-9a-f]*-[0-9a-f]+-[0-9a-f-]*")
_SURE = 0.97  # certainty of a line that needs no closer look
_SURE_SHAPED = 0.7  # the same of one that has the shape of a time, or of a UUID
_WITNESSES = ("centre", "station")  # lines that say what the code says
_HEAD = 6  # letters by which the code's own line is known
_WITNESS = 0.8  # certainty of a line that may contradict the code
_VARIANTS, _LEAST_CHANCE = 64, 1e-3  # spellings of one line that are tried for a sheet code, and how likely at least


@dataclass(frozen=True, slots=True)
class Header:
    """What was read above the counts.

    Attributes:
        code, uuid, printed_at, electors: each with confidence and place, or ``None``.
        confirmed: whether the centre's and the station's own lines say the same as the code; ``None``: not found.
    """

    code: Said | None
    uuid: Said | None
    printed_at: Said | None
    electors: Said | None
    confirmed: bool | None


def read_header(
    page: Page, rows: Sequence[Row], profile: Profile, contest: Contest, reader: SheetReader, hint: str = ""
) -> Header:
    """The header of a sheet.

    Args:
        rows: those above the first count.
        hint: the sheet code as another source has it: looked for first, never taken without being seen.
    """
    texts = [text for row in rows for text in sorted(row.own + row.words, key=lambda text: text.piece.left)]
    texts = _closer(page, texts, reader)
    code = _sheet_code(page, texts, contest, hint)
    electors = _electors(page, rows, contest)
    confirmed = _confirmed(texts, profile, contest, code.text) if code else None
    agreeing = _witnesses(texts, profile, contest, code.text)[0] if code else set()
    if code is not None and agreeing:
        # What the lines of centre and station contradict is no other way to read the code.
        surer = _sheet_code(
            page, texts, contest, code.text, lambda c: not agreeing <= _witnesses(texts, profile, contest, c)[0]
        )
        code = surer if surer is not None and surer.text == code.text else code
    if (
        code is not None
        and not confirmed
        and any(_confirmed(texts, profile, contest, other) for other in _others(code.text, contest))
    ):
        confirmed = False  # a code that differs in one letter is the one that both lines bear out
    return Header(code, _uuid(page, texts), _time(page, texts), electors, confirmed)


def _closer(page: Page, texts: Sequence[Text], reader: SheetReader) -> list[Text]:
    """The texts; those that look like codes are read again at their full width, parts side by side as one."""
    again: list[int] = []
    pieces: list[Piece] = []
    closer = list(texts)
    for n, text in enumerate(texts):
        beside = bool(again) and n - again[-1] <= 2 and _side_by_side(pieces[-1], text.piece)  # a speck may lie between
        if beside and (_is_code(text.text) or len(text.text) < 12):
            pieces[-1] = around([pieces[-1], text.piece])
            closer[again[-1]] = Text(text.piece, text.frames.part(0, 0), "")
            again[-1] = n
        elif _is_code(text.text) and _needs_more(text, texts[n + 1 : n + 3]):
            again.append(n)
            pieces.append(text.piece)
    frames = reader.read([crop(page, piece) for piece in pieces], [True] * len(pieces))
    for n, piece, seen in zip(again, pieces, frames, strict=True):
        closer[n] = Text(piece, seen, "".join(letter for letter, _ in seen.text()).strip())
    return [text for text in closer if text.text]


def _needs_more(text: Text, following: Sequence[Text]) -> bool:
    """Whether a text like a code is unsure, or may go on; the shape of a time or a UUID says much by itself."""
    beside = any(_side_by_side(text.piece, other.piece) for other in following)
    shaped = _TIME.fullmatch(text.text) or _UUID_PART.fullmatch(text.text.translate(_HEX_LIKE))
    enough = _SURE_SHAPED if shaped and not beside else _SURE
    return certainty(text.frames) < enough or _goes_on(text, following)


def _goes_on(text: Text, following: Sequence[Text]) -> bool:
    """Whether more digits stand behind those of a text: a wide gap, or a point that was lost, may part a code."""
    return any(
        _side_by_side(text.piece, other.piece) and any(letter.isdigit() for letter in other.text)
        and not any(letter.isalpha() for letter in other.text)
        for other in following
    )  # fmt: skip


def _side_by_side(left: Piece, right: Piece) -> bool:
    """Whether two pieces are neighbours of one line: a wide gap may part a code."""
    gap = right.left - left.right
    return abs(left.middle - right.middle) < 0.5 * left.height and -left.height < gap < 3 * left.height


def _is_code(text: str) -> bool:
    """Whether a text is long and mostly digits, or digits and letters with points, strokes or dashes between."""
    plain = text.replace(" ", "")
    digits = sum(letter.isdigit() for letter in plain)
    return len(plain) >= 6 and (digits >= 0.5 * len(plain) or (digits >= 3 and not plain.isalnum()))


def _said(page: Page, text: str, sure: float, *pieces: Text) -> Said:
    box = page.region(
        min(p.piece.left for p in pieces), min(p.piece.top for p in pieces),
        max(p.piece.right for p in pieces), max(p.piece.bottom for p in pieces),
    )  # fmt: skip
    return Said(text, round(1000 * min(1.0, max(0.0, sure))), box)


# --------------------------------------------------------------------------------- sheet code


def _sheet_code(
    page: Page, texts: Sequence[Text], contest: Contest, hint: str, refuted: Callable[[str], bool] | None = None
) -> Said | None:
    best: Said | None = None
    form = contest.printing is not None and contest.printing.style == "form"
    for text in texts:
        if len(text.text) < 5:
            continue
        spelt = [code for code, _ in _spellings(text.frames)]
        if hint and hint not in spelt:
            spelt.append(hint)
        wanted = form or (_is_code(text.text) and not any(parse_sheet_code(contest, code) for code in spelt))
        if wanted and (likely := likely_code(text.frames, contest)) not in spelt:
            spelt.insert(0, likely)
        for code in [code for code in spelt if parse_sheet_code(contest, code)][:4]:
            chance = _chance_of_code(text.frames, code, contest, form, refuted)
            if chance > 0.02 and (best is None or 1000 * chance > best.confidence):
                best = _said(page, code, chance, text)
    return best


def _chance_of_code(frames: Frames, code: str, contest: Contest, letters_too: bool = False,
                    refuted: Callable[[str], bool] | None = None) -> float:  # fmt: skip
    """The chance of a code against every code that differs from it in one letter, and against being no code.

    Args:
        letters_too: whether digits that look like letters speak for these, as letters do for digits.
        refuted: whether other lines say that a code is not it.
    """
    seen = alike(frames, letters_too)
    others = [other for other in _others(code, contest) if refuted is None or not refuted(other)]
    # A point between the parts is lost easily, and says nothing.
    signs = [-1, *(place for place, letter in enumerate(code) if not letter.isalnum())]
    whole, *fewer = chances_of(Frames(seen, frames.best), [_without(code, sign) for sign in signs], floor=1e-5)
    sign = signs[1 + int(np.argmax(fewer))] if len(fewer) and max(fewer) > whole else -1
    spelt = [_without(one, sign) for one in (code, *others)]
    scores = chances_of(Frames(seen, frames.best), spelt, floor=1e-5)
    against = float(np.exp(scores[1:] - scores[0]).sum()) if others else 0.0
    shortfall = max(0.0, best_path(frames) - float(scores[0])) / max(1, len(code))
    return float(np.exp(-max(0.0, shortfall - 0.15))) / (1.0 + against)


def _others(code: str, contest: Contest) -> list[str]:
    """Every code that differs from one in a single letter or digit."""
    return [
        other
        for place, letter in enumerate(code)
        for new in ("0123456789" if letter.isdigit() else "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if letter.isalpha() else "")
        if new != letter and parse_sheet_code(contest, other := code[:place] + new + code[place + 1 :])
    ]


def _without(code: str, place: int) -> str:
    """A code without the sign at a place; -1: as it is."""
    return code if place < 0 else code[:place] + code[place + 1 :]


def _spellings(frames: Frames) -> list[tuple[str, float]]:
    """The likely texts of a line in capitals, with digits for letters that look like them, and their chances."""
    letters: list[list[tuple[str, float]]] = []
    before = BLANK
    doubt = 1.0
    for row in frames.chances:
        number = int(row.argmax())
        if number not in (BLANK, before):
            letters.append(_options(row))
        elif number == BLANK:
            doubt *= max(0.05, float(row[BLANK]))
        before = number
    if not letters or len(letters) > 40:
        return []
    open_places = [place for place in letters if len(place) > 1]
    if 2 ** len(open_places) > _VARIANTS * 64:
        letters = [place[:1] for place in letters]
    spelt = [("", doubt)]
    for place in letters:
        grown = [(text + letter, chance * more) for text, chance in spelt for letter, more in place]
        spelt = [(text, chance) for text, chance in grown if chance > _LEAST_CHANCE]
    spelt.sort(key=lambda item: -item[1])
    return [(text.strip(" .,:-").replace(" ", "").upper(), chance) for text, chance in spelt[:_VARIANTS]]


def _options(row: np.ndarray) -> list[tuple[str, float]]:
    order = np.argsort(-row)[:3]
    options = [
        (ALPHABET[number - 1], float(row[number]))
        for number in order
        if number not in (BLANK, OTHER) and row[number] > 0.05
    ]
    letter, chance = options[0] if options else ("", 1.0)
    twin = letter.translate(_DIGIT_LIKE)
    if letter in ("o", "i", "l") and all(twin != other for other, _ in options):
        options.append((twin, 0.5 * chance))
    return options or [("", 1.0)]


def _confirmed(texts: Sequence[Text], profile: Profile, contest: Contest, code: str) -> bool | None:
    """Whether the lines of centre and station agree with the code: both must; one that surely says otherwise is enough
    against it."""
    agreeing, against = _witnesses(texts, profile, contest, code)
    if against:
        return False
    parsed = parse_sheet_code(contest, code)
    if parsed is None or len(agreeing) == len(_WITNESSES):
        return True if agreeing else None
    # Elsewhere than in the code's own line, well or badly read.
    spelt = any(fold(parsed.station) in text.text and not text.text.startswith(fold(code)[:_HEAD]) for text in texts)
    return True if not agreeing and spelt else None


def _witnesses(texts: Sequence[Text], profile: Profile, contest: Contest, code: str) -> tuple[set[str], bool]:
    """Which of the lines of centre and station agree with the code, and whether one surely says otherwise."""
    parsed = parse_sheet_code(contest, code)
    match = re.fullmatch(profile.station.pattern, parsed.station, re.ASCII) if parsed else None
    printing = contest.printing
    agreeing: set[str] = set()
    against = False
    if parsed is None or match is None or printing is None:
        return agreeing, against
    for name, part in zip(_WITNESSES, (match["centre"], match["number"]), strict=True):
        label = fold(printing.label(name))
        for text, after in zip(texts, [*texts[1:], None], strict=True):
            parts = [text, after] if after is not None and _side_by_side(text.piece, after.piece) else [text]
            found = re.match(rf"{re.escape(label)}[: .]*([0-9a-z-]+)", " ".join(one.text for one in parts))
            # "Centro de educación" is a school, and no witness.
            if not found or not any(letter.isdigit() for letter in found[1]):
                continue
            said = {found[1], found[1].translate(_DIGIT_LIKE)}
            # "Mesa: 7" is the table 07.
            short = fold(part).lstrip("0") if name == "station" else fold(part)
            agrees = bool({fold(part), short, fold(parsed.station)} & said)
            if agrees:
                agreeing.add(name)
            elif len(found[1]) in (len(part), len(short)):
                # A line that is itself read badly, or in part, is no witness against the code.
                against = against or min(certainty(one.frames) for one in parts) > _WITNESS
    return agreeing, against


# ------------------------------------------------------------------------------- other things


def _uuid(page: Page, texts: Sequence[Text]) -> Said | None:
    for n, text in enumerate(texts):
        for parts in ([text], list(texts[n : n + 2]), list(texts[n : n + 3])):
            joined = "".join(part.text for part in parts).translate(_HEX_LIKE)
            found = _UUID.search(joined)
            if found:
                plain = found[0].replace("-", "")
                spelt = "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))
                sure = float(np.prod([certainty(part.frames) for part in parts]))
                return _said(page, spelt, sure, *parts)
    return None


def _time(page: Page, texts: Sequence[Text]) -> Said | None:
    for n, text in enumerate(texts):
        following = texts[n + 1].text if n + 1 < len(texts) else ""
        both = [list(texts[n : n + 2])] if following.replace(".", "") in ("am", "pm") else []
        for parts in (*both, [text], list(texts[n : n + 2])):
            found = _TIME.search(" ".join(part.text for part in parts))
            if found:
                day, month, year, hour, minute, second, half = found.groups()
                spelt = f"{day}/{month}/{year} {hour}:{minute}" + (f":{second[1:]}" if second else "")
                if half:
                    spelt += " " + half.strip().replace(".", "").upper()
                return _said(page, spelt, float(np.prod([certainty(part.frames) for part in parts])), *parts)
    return None


def _electors(page: Page, rows: Sequence[Row], contest: Contest) -> Said | None:
    """The number beside the label of the electors, in one piece with it or next to it."""
    printing = contest.printing
    if printing is None or "electors" not in contest.printed:
        return None
    label = fold(printing.label("electors"))
    for row in rows:
        parts = sorted(row.own + row.words, key=lambda text: text.piece.left)
        for n, part in enumerate(parts):
            if not _like(label, part.text):
                continue
            near = parts[max(0, n - 1) : n + 2]
            number = _beside(label, " ".join(text.text for text in near))
            if number is not None:
                # The label was recognised as a whole; the figures are what must be sure.
                figures = [text for text in near if any(letter.isdigit() for letter in text.text)]
                return _said(page, number, float(np.prod([certainty(text.frames) for text in figures])), *near)
    return None


def _like(label: str, text: str) -> bool:
    return label in text


def _beside(label: str, text: str) -> str | None:
    plain = r"([0-9]{1,5})"
    for pattern in (rf"{plain}[ .:]*{re.escape(label)}", rf"{re.escape(label)}[ .:]*{plain}(?![0-9])"):
        found = re.search(pattern, text)
        if found and (found[1] == "0" or found[1][0] != "0"):
            return found[1]
    return None
