"""What stands below the counts: the signature boxes, and the authority's code at the very end.

Rules of this module
--------------------
1. Nobody's name is read: a box is known by its printed title and its place, and filled or not by its ink alone.
2. Letters of print are small; what is drawn by hand is large. Only the large says that somebody signed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

import cv2
import numpy as np
from numpy.typing import NDArray

from testigo.election import Contest
from testigo.election.simulacro import WORD
from testigo.reading.print.answers import HmacPrint
from testigo.reading.print.looking import SheetReader
from testigo.reading.print.page import Page
from testigo.reading.print.recogniser import fold
from testigo.reading.print.rows import Text, read_pieces
from testigo.reading.print.segments import Piece

_BOX = (24.0, 7.0)  # a signature box is at least so wide and so high, millimetres
_TALLEST = 50.0  # and no higher than so
_STROKE = 3.6  # millimetres: what is taller, or twice as wide, is drawn by hand
_SIGNED = 7.0  # millimetres across: certainly a signature
_BLANK = 25  # darkness below which nothing is ink
_PALE_PEN = 0.3  # of the darkest ink in the box: how pale a pen may be
_HEX = re.compile(r"[0-9a-f]+")
_HEX_LIKE = str.maketrans({"o": "0", "q": "9", "i": "1", "l": "1", "s": "5", "z": "2", "g": "9", " ": None})
_LAST, _FEW = 6, 3  # pieces from the end that are looked at, and at once


def signature_boxes(page: Page, top: int) -> list[Piece]:
    """The places between two level lines, one below the other, in reading order. (Upright lines may be lost: whatever
    runs down the whole tape is taken for a scanner's streak.)"""
    if page.height - top < _BOX[1] * page.scale:
        return []
    ink = (page.ink[top:] > 0.4).astype(np.uint8)
    solid = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((3, 5), np.uint8))
    level = cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((1, round(_BOX[0] * page.scale * 0.6)), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(level, np.ones((3, 9), np.uint8)), connectivity=8)
    lines = sorted(
        (int(y + top + h // 2), int(x), int(x + w)) for x, y, w, h, _ in stats[1:]
        if w >= _BOX[0] * page.scale and h < 3 * page.scale
    )  # fmt: skip
    boxes = []
    for n, (upper, left, right) in enumerate(lines):
        for lower, other_left, other_right in lines[n + 1 :]:
            shared = min(right, other_right) - max(left, other_left)
            if shared > 0.85 * max(right - left, other_right - other_left):
                if _BOX[1] * page.scale <= lower - upper <= _TALLEST * page.scale:
                    boxes.append(Piece(max(left, other_left), upper, min(right, other_right), lower))
                break
    boxes.sort(key=lambda box: box.middle)
    return _reading_order(boxes)


def _reading_order(boxes: Sequence[Piece]) -> list[Piece]:
    rows: list[list[Piece]] = []
    for box in boxes:
        if rows and abs(rows[-1][0].middle - box.middle) < 0.4 * box.height:
            rows[-1].append(box)
        else:
            rows.append([box])
    return [box for row in rows for box in sorted(row, key=lambda box: box.left)]


def read_signatures(page: Page, boxes: Sequence[Piece], pieces: Sequence[Piece], contest: Contest,
                    reader: SheetReader) -> dict[str, bool | None]:  # fmt: skip
    """Role -> whether its box is signed; ``None`` where that is not sure, or the box was not found."""
    block = contest.layout.block("signatures") if contest.layout else None
    roles = block.boxes if block else ()
    signed: dict[str, bool | None] = dict.fromkeys(roles)
    if not roles or contest.printing is None:
        return signed
    titles = [_title(box, pieces) for box in boxes]
    read = read_pieces(page, [title for title in titles if title is not None], reader)
    texts = ["" if title is None else _said_in(title, read) for title in titles]
    labels = {role: fold(contest.printing.label(role)) for role in roles}
    for place, (box, text) in enumerate(zip(boxes, texts, strict=True)):
        role = _role(text, labels)
        if role is None and len(boxes) == len(roles):
            role = roles[place]
        if role is not None and signed[role] is None:
            signed[role] = _signed(page, box)
    return signed


def _said_in(title: Piece, texts: Sequence[Text]) -> str:
    """What a title says: a piece may be read as several texts."""
    inside = [text for text in texts if text.piece.top == title.top and title.left <= text.piece.left < title.right]
    return " ".join(text.text for text in inside)


def _title(box: Piece, pieces: Sequence[Piece]) -> Piece | None:
    """The uppermost piece of text at the left of a box."""
    inside = [
        piece for piece in pieces
        if box.left - 3 <= piece.left < box.left + 0.3 * box.width and piece.right <= box.right + 3
        and box.top - 3 <= piece.top and piece.bottom <= box.bottom and piece.width > 1.5 * piece.height
    ]  # fmt: skip
    return min(inside, key=lambda piece: piece.top, default=None)


def _role(text: str, labels: Mapping[str, str]) -> str | None:
    scored = sorted(
        ((SequenceMatcher(None, text, label).ratio(), role) for role, label in labels.items()), reverse=True
    )
    if not scored or scored[0][0] < 0.75:
        return None
    clear = len(scored) == 1 or scored[0][0] - scored[1][0] > 0.05
    return scored[0][1] if clear else None


def _signed(page: Page, box: Piece) -> bool | None:
    """Whether something is drawn in the box that is no print."""
    edge = max(2, round(0.5 * page.scale))
    part = page.grey[box.top + edge : box.bottom - edge, box.left + edge : box.right - edge]
    if not part.size:
        return None
    dark = 255 - part.astype(np.float32)
    strong = float(np.percentile(dark, 99.5))
    if strong < _BLANK:
        return False
    if _widest_stroke(dark > 0.5 * strong, page.scale) >= _SIGNED:
        return True
    # Nobody is said not to have signed because his pen was pale.
    return False if _widest_stroke(dark > _PALE_PEN * strong, page.scale) == 0 else None


def _widest_stroke(mask: NDArray[np.bool_], scale: float) -> float:
    """Millimetres across of the largest thing that is no letter of print; 0 if there is none."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    drawn = [max(w, h) / scale for _, _, w, h, _ in stats[1:] if h > _STROKE * scale or w > 2 * _STROKE * scale]
    return max(drawn, default=0.0)


# --------------------------------------------------------------------------------------- HMAC


def read_hmac(
    page: Page, pieces: Sequence[Piece], contest: Contest, reader: SheetReader
) -> tuple[HmacPrint | None, bool]:
    """The code at the end, and whether it says that the sheet is a drawing."""
    if contest.layout is None or contest.layout.block("hmac") is None:
        return None, False
    wide = [piece for piece in pieces if piece.width > 5 * piece.height]
    last = sorted(wide, key=lambda piece: piece.middle)
    texts: list[Text] = []
    start = None
    while start is None and last and len(texts) < _LAST:  # from the end upwards, until the line's title
        texts = sorted(read_pieces(page, last[-_FEW:], reader) + texts, key=lambda text: text.piece.middle)
        del last[-_FEW:]
        start = next((n for n, text in enumerate(texts) if "hmac" in text.text), None)
    drawing = any(fold(WORD)[:7] in text.text for text in texts)
    lines = texts if start is None else texts[start + 1 :]
    digits = "".join(_hex(text) for text in lines)
    if start is None and len(digits) < 16:
        return HmacPrint(None, 0, ""), drawing
    return HmacPrint(True, min(64, len(digits)), digits.upper()), drawing


def _hex(text: Text) -> str:
    plain = text.text.translate(_HEX_LIKE)
    return plain if len(plain) >= 8 and _HEX.fullmatch(plain) else ""
