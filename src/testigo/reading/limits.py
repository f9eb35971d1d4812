"""What reading a file may cost at most, and why a file is refused.

Rules of this module
--------------------
1. Every limit has its unit in its name, and one sentence that says what it is against.
2. A refusal is an answer, not an error: it is recorded and shown, so it has a code and a text in each language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from testigo.records import Opening


@dataclass(frozen=True, slots=True)
class Limits:
    """The resource policy of reading.

    Attributes:
        max_bytes: a larger file is not looked at.
        max_pixels: against decompression bombs; checked in the header, before anything is decoded.
        max_progressive_pixels: a progressive JPEG keeps all its coefficients in memory (2 bytes each).
        max_side_pixels: longest width or height; JPEG itself ends at 65,535.
        max_scans: of a progressive JPEG; thousands of tiny scans over a large image are a bomb in time.
        max_colour_pixels: of a PNG, WebP, TIFF or HEIC in colour, and of a page of a PDF: while such a picture is
            decoded each pixel takes four bytes and more.
        max_pages: a TIFF or PDF with more is refused whole: half a stack of sheets would be lost in silence.
        max_document_pixels: of all pages of a file together; they are in memory at the same time, a byte each.
        max_render_seconds: of processor time for a PDF or HEIC, which are decoded in a process of their own. It is
            stopped after twice as long on the clock.
        max_render_bytes: of memory of that process, what it maps included.
        max_prints: sheets of one file whose print is read; each takes a second or two.
        max_objects: parts of one page of a PDF (a scanned page has one to a few hundred).
    """

    max_bytes: int = 64_000_000
    max_pixels: int = 120_000_000
    max_progressive_pixels: int = 40_000_000
    max_side_pixels: int = 65_500
    max_scans: int = 100
    max_colour_pixels: int = 60_000_000
    max_pages: int = 100
    max_document_pixels: int = 400_000_000
    max_render_seconds: int = 30
    max_render_bytes: int = 1_500_000_000
    max_objects: int = 50_000
    max_prints: int = 24


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file was not read. ``outcome`` is an :class:`Opening`; ``detail`` helps whoever repairs a scanner."""

    outcome: Opening
    detail: str = ""

    @property
    def explanation(self) -> Mapping[str, str]:
        """What a person is told: language -> sentence."""
        return REFUSALS[self.outcome]


#: Every outcome with which :func:`testigo.reading.open_image` or a reading can refuse a file.
REFUSALS: Mapping[Opening, Mapping[str, str]] = {
    Opening.EMPTY: {
        "es": "El archivo está vacío. Envíe la foto o el escaneo de nuevo.",
        "en": "The file is empty. Send the photo or scan again.",
    },
    Opening.TOO_LARGE: {
        "es": "El archivo es demasiado grande. Envíe una imagen JPEG del acta.",
        "en": "The file is too large. Send a JPEG image of the sheet.",
    },
    Opening.NOT_AN_IMAGE: {
        "es": "El archivo no es una imagen JPEG, PNG, TIFF, WebP o HEIC, ni un PDF sin contraseña. "
        "Envíe la foto o el escaneo del acta.",
        "en": "The file is not a JPEG, PNG, TIFF, WebP or HEIC image, nor a PDF without a password. "
        "Send the photo or scan of the sheet.",
    },
    Opening.DAMAGED: {
        "es": "La imagen está dañada o incompleta: no se puede abrir hasta el final. Envíela de nuevo.",
        "en": "The image is damaged or incomplete: it does not decode to its end. Send it again.",
    },
    Opening.TOO_MANY_PIXELS: {
        "es": "La imagen tiene demasiados píxeles o páginas. Envíela con menor resolución (300 ppp bastan) "
        "o por partes.",
        "en": "The image has too many pixels or pages. Send it at a lower resolution (300 dpi are enough) or in parts.",
    },
    Opening.SIMULACRO: {
        "es": "La imagen es un dibujo de SIMULACRO, no un acta. Solo se acepta en un simulacro.",
        "en": "The image is a SIMULACRO drawing, not a tally sheet. It is accepted in a rehearsal only.",
    },
}
