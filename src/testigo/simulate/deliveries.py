"""What is sent: deliveries as values, and the bytes of each, made only when somebody asks.

Rules of this module
--------------------
1. A delivery says everything that its bytes depend on: the same delivery has the same bytes, in any process.
2. Nothing is kept: 300 sheets or 30,000 need the same memory.
3. What is too large to hold is streamed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from testigo.election import Profile
from testigo.errors import InputError
from testigo.records import Counts
from testigo.simulate.damage import photo, scan, wrong_thing
from testigo.simulate.paper import encode_jpeg
from testigo.simulate.press import draw_sheet
from testigo.simulate.sheet import Sheet

CHUNK = 1 << 20
TOO_LARGE = 200 * 1024 * 1024


class Kind(StrEnum):
    """What a delivery is."""

    SCAN = "scan"  # a flat scan of a whole sheet
    PHOTO = "photo"  # a phone's photo of a part of a sheet
    DUPLICATE = "duplicate"  # the same bytes from somebody else
    RESEND = "resend"  # the same bytes from the same sender
    WRONG_THING = "wrong_thing"  # a photo of something else
    TRUNCATED = "truncated"  # a scan whose transfer broke off
    EMPTY = "empty"  # no bytes
    TOO_LARGE = "too_large"  # 200 MB
    TEXT = "text"  # a text file that is called .jpg
    FORGED = "forged"  # a scan of a sheet whose QR disagrees with its print
    RIVAL = "rival"  # a scan of a second, different sheet of the same station


#: What the intake and the opener should say: a value of :class:`testigo.records.Opening`; for a re-send, that the
#: first promise is given again and nothing new is opened.
SAME_PROMISE = "same_promise"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing that somebody sends.

    Attributes:
        number: position in the day, from 0.
        name: the file's name as the sender has it. It says nothing about the content.
        kind: a :class:`Kind`.
        sender: pseudonym.
        expected: what should become of it: an ``Opening``'s value, or :data:`SAME_PROMISE`.
        contest, station: of the sheet on it; empty where there is none.
        sheet: what the sheet on it says; ``None`` where there is none.
        copy_of: number of the delivery whose bytes these are, for duplicates and re-sends.
        part: which part of the sheet a photo shows, as shares of its height.
        seed: of the damage.
    """

    number: int
    name: str
    kind: Kind
    sender: str
    expected: str
    contest: str = ""
    station: str = ""
    sheet: Sheet | None = None
    copy_of: int | None = None
    part: tuple[float, float] = (0.0, 1.0)
    seed: str = ""


@dataclass(frozen=True, slots=True)
class Transcription:
    """What a reviewer types from one delivery.

    Attributes:
        reviewer: pseudonym.
        delivery: number of the delivery that is looked at.
        counts: votes per line and candidate, null and blank, as typed.
        figures: further printed figures, as typed.
        honest: whether it is what the print says.
    """

    reviewer: str
    delivery: int
    contest: str
    station: str
    sheet_code: str
    counts: Counts
    figures: Mapping[str, int]
    honest: bool


def scan_of(profile: Profile, sheet: Sheet, seed: str) -> bytes:
    """A sheet drawn, scanned and saved as JPEG."""
    rng = Random(f"{seed}/scan")
    pixels = scan(draw_sheet(profile, profile.contest(sheet.contest), sheet), rng)
    return encode_jpeg(pixels, rng.randint(30, 42), dpi=203)


def body_of(profile: Profile, delivery: Delivery) -> bytes:
    """The bytes of a delivery. A copy's are those of its original: ask with the original's seed and sheet, as planned.

    Raises:
        InputError: it is too large to hold; use :func:`stream_of`.
    """
    rng = Random(f"{delivery.seed}/{delivery.kind}")
    if delivery.kind is Kind.EMPTY:
        return b""
    if delivery.kind is Kind.TEXT:
        return b"Esto no es una foto: acta de la mesa, la mando luego. No photo here.\n" * 40
    if delivery.kind is Kind.WRONG_THING:
        return encode_jpeg(wrong_thing(rng), 70)
    if delivery.kind is Kind.TOO_LARGE:
        raise InputError("This delivery is too large to hold in memory.", "Use stream_of.")
    if delivery.sheet is None:
        raise InputError(f"The delivery {delivery.number} has no sheet.")
    if delivery.part != (0.0, 1.0):
        drawing = draw_sheet(profile, profile.contest(delivery.contest), delivery.sheet)
        return encode_jpeg(photo(drawing, Random(f"{delivery.seed}/photo"), delivery.part), 72)
    whole = scan_of(profile, delivery.sheet, delivery.seed)
    return whole[: int(len(whole) * rng.uniform(0.35, 0.8))] if delivery.kind is Kind.TRUNCATED else whole


def size_of(profile: Profile, delivery: Delivery) -> int:
    """Bytes of a delivery; for all but the largest it has to be made."""
    return TOO_LARGE if delivery.kind is Kind.TOO_LARGE else len(body_of(profile, delivery))


def stream_of(profile: Profile, delivery: Delivery) -> Iterator[bytes]:
    """The bytes of a delivery, piece by piece (at most 1 MiB each)."""
    if delivery.kind is not Kind.TOO_LARGE:
        body = body_of(profile, delivery)
        for start in range(0, len(body), CHUNK):
            yield body[start : start + CHUNK]
        return
    start_of_jpeg = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    yield start_of_jpeg.ljust(CHUNK, b"\0")
    filler = bytes(CHUNK)
    for _ in range(TOO_LARGE // CHUNK - 1):
        yield filler
