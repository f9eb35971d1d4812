"""From a file's bytes to its cells: encodings, signs of a wrong one, lines.

Rules of this module
--------------------
1. The encodings are tried in the profile's order; a file that begins with a byte order mark is what the mark says.
2. Text that only makes sense in another encoding is reported cell by cell, not repaired: a repair is a guess.
3. A cell's line is the line on which its row begins, counted from 1.
"""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence

from testigo.errors import Problem

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decode(file: str, data: bytes, encodings: Sequence[str]) -> tuple[str, str, list[Problem]]:
    """Text, the encoding that fitted, and problems; the text is empty if there are any."""
    if not data.strip():
        return "", "", [Problem(file, 0, "", "the file is empty; a header and one row per station are needed")]
    if data.startswith(_UTF16) or b"\x00" in data:
        return "", "", [Problem(file, 1, "", f"the file seems to be UTF-16; save it as {' or '.join(encodings)}")]
    if data.startswith(codecs.BOM_UTF8):
        encodings = [name for name in encodings if codecs.lookup(name).name.startswith("utf-8")] or ["utf-8-sig"]
    problems = []
    for encoding in encodings:
        try:
            return data.decode(encoding).removeprefix("\ufeff"), encoding, []
        except UnicodeDecodeError as error:
            # error.object is what was decoded: without the mark, if the encoding takes one away.
            line = error.object.count(b"\n", 0, error.start) + 1
            text = f"the byte 0x{error.object[error.start]:02x} does not occur in {encoding}; save the file as UTF-8"
            problems.append(Problem(file, line, "", text))
    return "", "", problems


def rows_of(file: str, text: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Every row that is not empty, with its line; broken quoting goes to ``problems``."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.append(Problem(file, line, "", f"the quoting is broken ({error}); close every quotation mark"))
            continue
        if row:
            yield line, row


def oddity(text: str) -> str:
    """What is wrong with a name's letters, as a sentence; empty if nothing.

    UTF-8 that was read as cp1252 (``PEÃ‘A``), letters that were lost, and letters of an old DOS code page.
    """
    if text.isascii():
        return "" if text.isprintable() else "it holds a control character; remove it"
    try:
        meant = text.encode("cp1252").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        meant = ""
    if meant and meant != text:
        return f"{text!r} is UTF-8 that was read as another encoding and probably means {meant!r}; save the file anew"
    for sign in text:
        if sign == "\ufffd":
            return f"{text!r} holds a letter that was lost; take the file from its source again"
        if unicodedata.category(sign) in ("Cc", "Sc", "Co", "Cn"):
            return f"{text!r} holds {sign!r}, which no name has: the encoding is wrong; save the file as UTF-8"
    return ""
