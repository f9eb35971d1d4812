"""What a file says of itself before anything of it is decoded: its kind, its size, whether it is whole.

Rules of this module
--------------------
1. The kind is decided by the first bytes, never by a file's name or by what the sender claims.
2. Sizes are read here, so that a decompression bomb is refused before a decoder allocates memory for it.
3. A header that makes no sense raises :class:`HeaderError`, and nothing else ever leaves this module.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

JPEG, PNG, TIFF, WEBP, HEIC, PDF = "JPEG", "PNG", "TIFF", "WEBP", "HEIC", "PDF"

#: Brands of HEIF files whose pictures are HEVC (ISO/IEC 23008-12, annex B), and the brands that leave it open.
_HEVC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_NOT_HEVC_BRANDS = (b"avif", b"avis")
#: A PDF may begin with something else, by custom for at most so many bytes.
_PDF_WITHIN = 1024

#: The cheapest 8 x 8 block costs two bits of Huffman code (one for "same level", one for "nothing more").
_LEAST_BITS_PER_BLOCK = 2


class HeaderError(ValueError):
    """The file begins like an image and then is none, or ends too early. Never leaves ``reading``."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says.

    Attributes:
        kind: one of JPEG, PNG, TIFF, WEBP, HEIC, PDF.
        width, height: as stored, before any turning; 0 where only a decoder can tell (TIFF, HEIC, PDF).
        progressive: whether it is a progressive JPEG.
        scans: how many scans a JPEG has; 1 otherwise.
        exif: the EXIF block of a JPEG, for its orientation alone; empty otherwise.
        scan_bytes: compressed bytes of a JPEG's picture.
        spoken: where in a JPEG the segments lie that speak about the picture (EXIF, comments, profiles): first byte,
            byte after the last.
    """

    kind: str
    width: int = 0
    height: int = 0
    progressive: bool = False
    scans: int = 1
    exif: bytes = b""
    scan_bytes: int = 0
    spoken: tuple[tuple[int, int], ...] = ()

    @property
    def too_short(self) -> bool:
        """Whether a JPEG has less data than its size needs at the very least: it was cut and given a new end."""
        blocks = -(-self.width // 8) * -(-self.height // 8)
        return self.kind == JPEG and not self.progressive and self.scan_bytes * 8 < blocks * _LEAST_BITS_PER_BLOCK


def without_words(data: bytes, header: Header) -> bytes:
    """A JPEG's bytes without whatever speaks about the picture: place, time, phone, comments."""
    kept, position = [], 0
    for began, ended in header.spoken:
        kept.append(data[position:began])
        position = ended
    return b"".join((*kept, data[position:])) if kept else data


def kind_of(data: bytes) -> str | None:
    """The kind of image that the first bytes announce, or ``None``."""
    if data[:3] == b"\xff\xd8\xff":
        return JPEG
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return PNG
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return TIFF
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data[4:8] == b"ftyp" and _is_hevc(data):
        return HEIC
    return PDF if b"%PDF-" in data[:_PDF_WITHIN] else None


def _is_hevc(data: bytes) -> bool:
    """Whether a file of the ISO base media format says that it holds still pictures that HEVC encodes."""
    end = min(int.from_bytes(data[:4], "big"), 256)
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, end, 4))]
    return data[8:12] in _HEVC_BRANDS and not any(brand in _NOT_HEVC_BRANDS for brand in brands)


def read_header(data: bytes) -> Header | None:
    """The header of an image, or ``None`` if the bytes are none.

    Raises:
        HeaderError: it begins like an image, but is cut short or contradicts itself.
    """
    kind = kind_of(data)
    try:
        if kind == JPEG:
            return _jpeg(data)
        if kind == PNG:
            return _png(data)
        if kind == WEBP:
            return _webp(data)
    except (struct.error, IndexError) as error:
        raise HeaderError("the header is cut short") from error
    return None if kind is None else Header(kind)


# ------------------------------------------------------------------------- JPEG

_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
#: APP1 to APP15 and comments, but not APP14, which says how the colours are to be understood.
_SPOKEN = frozenset({*range(0xE1, 0xF0), 0xFE}) - {0xEE}
_NO_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})


def _jpeg(data: bytes) -> Header:
    """Walk the markers to the end of the image. A decoder fills what is missing with grey and says nothing."""
    position, size, progressive, scans, scan_bytes = 2, (0, 0), False, 0, 0
    exif, spoken = b"", []
    while True:
        began = position
        position, marker = _marker(data, position)
        if marker == 0xD9:
            break
        if marker in _NO_LENGTH:
            continue
        length = struct.unpack_from(">H", data, position)[0]
        body = data[position + 2 : position + length]
        if length < 2 or len(body) != length - 2:
            raise HeaderError("a JPEG segment is cut short")
        position += length
        if marker in _SPOKEN:
            spoken.append((began, position))
        if marker in _START_OF_FRAME:
            if size != (0, 0):
                raise HeaderError("a JPEG has two frames")
            height, width = struct.unpack_from(">HH", body, 1)
            size, progressive = (width, height), marker not in (0xC0, 0xC1)
        elif marker == 0xE1 and body[:6] == b"Exif\0\0" and not exif:
            exif = body[6:]
        elif marker == 0xDA:
            end = _end_of_scan(data, position)
            scans, scan_bytes, position = scans + 1, scan_bytes + end - position, end
    if min(size) < 1 or not scans:
        raise HeaderError("a JPEG without a picture")
    return Header(
        JPEG, *size, progressive=progressive, scans=scans, exif=exif, scan_bytes=scan_bytes, spoken=tuple(spoken)
    )


def _marker(data: bytes, position: int) -> tuple[int, int]:
    """The next marker and the place after it."""
    if data[position] != 0xFF:
        raise HeaderError("a JPEG segment is missing")
    while data[position] == 0xFF:
        position += 1
    return position + 1, data[position]


#: The next marker that is neither a stuffed byte nor a restart.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)


def _end_of_scan(data: bytes, position: int) -> int:
    """Where the compressed data ends."""
    found = _NEXT_MARKER.search(data, position)
    if found is None:
        raise HeaderError("the JPEG ends before its picture does")
    return found.start()


# ------------------------------------------------------------------ PNG and WebP


def _png(data: bytes) -> Header:
    if data[12:16] != b"IHDR":
        raise HeaderError("a PNG without its header")
    width, height = struct.unpack_from(">II", data, 16)
    if min(width, height) < 1:
        raise HeaderError("a PNG without a picture")
    position = 8
    while data[position + 4 : position + 8] != b"IEND":
        position += struct.unpack_from(">I", data, position)[0] + 12  # a file cut short ends here, in struct.error
    return Header(PNG, width, height)


def _webp(data: bytes) -> Header:
    if struct.unpack_from("<I", data, 4)[0] + 8 > len(data) + 1:
        raise HeaderError("the WebP is cut short")
    chunk = data[12:16]
    if chunk == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
    elif chunk == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif chunk == b"VP8 ":
        width, height = (value & 0x3FFF for value in struct.unpack_from("<HH", data, 26))
    else:
        raise HeaderError("a WebP of an unknown kind")
    if min(width, height) < 1:
        raise HeaderError("a WebP without a picture")
    return Header(WEBP, width, height)
