"""Whatever arrives is an image or a refusal: stories of broken, huge and hostile files."""

from __future__ import annotations

import io
import struct
import time
import zlib
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from testigo.election import load_profile
from testigo.reading import REFUSALS, Limits, OpenedImage, Refusal, open_image, read_sheet
from testigo.records import Opening

ToJpeg = Callable[..., bytes]


def picture(mode: str = "L", size: tuple[int, int] = (90, 60)) -> Image.Image:
    """A dark upper left corner on white, so that turning it shows."""
    image = Image.new("L", size, 255)
    image.paste(0, (0, 0, size[0] // 3, size[1] // 3))
    return image.convert(mode)


def encoded(kind: str, mode: str = "L", **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def outcome(data: bytes, limits: Limits | None = None) -> Opening | None:
    opened = open_image(data, limits or Limits())
    return opened.outcome if isinstance(opened, Refusal) else None


def opened(data: bytes) -> OpenedImage:
    image = open_image(data)
    assert isinstance(image, OpenedImage), image
    return image


def corners(image: OpenedImage) -> list[bool]:
    """Which of the corners are dark: upper left, upper right, lower left, lower right."""
    full = image.full()
    return [bool(full[y, x] < 128) for y in (8, -8) for x in (8, -8)]


# ------------------------------------------------------------------------------------ what opens


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_each_kind_opens_by_its_content(kind: str) -> None:
    image = opened(encoded(kind, quality=95) if kind in ("JPEG", "WEBP") else encoded(kind))
    assert image.size == (90, 60)
    assert image.full().shape == (60, 90)
    assert image.full().dtype == np.uint8
    assert image.half().shape == (30, 45)
    assert corners(image) == [True, False, False, False]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_phone_held_any_way_gives_an_upright_image(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's transpositions that undo what EXIF asks for
    stored = picture() if orientation == 1 else picture().transpose(Image.Transpose(back[orientation]))
    buffer = io.BytesIO()
    stored.save(buffer, kind, exif=exif)
    image = opened(buffer.getvalue())
    assert image.size == (90, 60)
    assert corners(image) == [True, False, False, False]
    half = image.half()
    assert half.shape == (30, 45)
    assert half[3, 3] < 128 < half[-3, -3]
    assert half[3, -3] > 128 < half[-3, 3]


def test_a_place_in_the_exif_never_leaves_the_opening() -> None:
    exif = Image.Exif()
    exif[0x010F] = "MAKER-OF-THE-PHONE"
    exif.get_ifd(0x8825)[2] = (10.0, 30.0, 0.0)
    data = encoded("JPEG", exif=exif, comment=b"COMMENT-OF-THE-APP")
    assert b"MAKER-OF" in data
    image = opened(data)
    kept = b"".join(value for name in OpenedImage.__slots__ if isinstance(value := getattr(image, name), bytes))
    assert kept  # it still has to be decoded at full size
    for word in (b"MAKER-OF", b"COMMENT-OF", b"Exif"):
        assert word not in kept
    assert corners(image) == [True, False, False, False]


def test_a_sheet_scanned_in_black_and_white_with_two_pages() -> None:
    pages = [picture("1"), picture("1")]
    buffer = io.BytesIO()
    pages[0].save(buffer, "TIFF", compression="group4", save_all=True, append_images=pages[1:])
    image = opened(buffer.getvalue())
    assert image.pages == 2
    assert corners(image) == [True, False, False, False]


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGB"), ("PNG", "P"), ("PNG", "1"), ("JPEG", "CMYK"), ("TIFF", "RGB")]
)
def test_colours_become_grey(kind: str, mode: str) -> None:
    assert corners(opened(encoded(kind, mode))) == [True, False, False, False]


def test_sixteen_bits_become_eight_and_what_is_transparent_is_paper() -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(picture()).astype(np.uint16) * 257).save(buffer, "PNG")
    assert corners(opened(buffer.getvalue())) == [True, False, False, False]
    layered = Image.new("RGBA", (90, 60), (0, 0, 0, 0))
    layered.paste((0, 0, 0, 255), (0, 0, 30, 20))
    buffer = io.BytesIO()
    layered.save(buffer, "PNG")
    assert corners(opened(buffer.getvalue())) == [True, False, False, False]


def test_decoders_use_one_thread() -> None:
    assert cv2.getNumThreads() == 1


# --------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", Opening.EMPTY),
        (b"not a picture, whatever its name says", Opening.NOT_AN_IMAGE),
        (b"%PDF-1.7\n", Opening.DAMAGED),
        (b"\0\0\0\x18ftypheic" + bytes(40), Opening.DAMAGED),
        (b"\0\0\0\x18ftypmp42" + bytes(40), Opening.NOT_AN_IMAGE),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif" + bytes(40), Opening.NOT_AN_IMAGE),
        (b"GIF89a" + bytes(20), Opening.NOT_AN_IMAGE),
        (b"\xff\xd8\xff", Opening.DAMAGED),
        (b"\xff\xd8\xff\xd9", Opening.DAMAGED),
        (b"\x89PNG\r\n\x1a\n", Opening.DAMAGED),
        (b"II*\0" + bytes(20), Opening.DAMAGED),
        (b"RIFF\0\0\0\0WEBPVP8 ", Opening.DAMAGED),
    ],
)
def test_what_is_no_image_is_refused_by_name(data: bytes, expected: Opening) -> None:
    assert outcome(data) == expected


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_an_upload_that_broke_off_is_damaged_wherever_it_broke(kind: str) -> None:
    rng = np.random.default_rng(1)
    buffer = io.BytesIO()
    noise = Image.fromarray(rng.integers(0, 255, (64, 64), np.uint8))
    noise.save(buffer, kind, **({"compression": "tiff_lzw"} if kind == "TIFF" else {}))
    data = buffer.getvalue()
    assert outcome(data) is None
    cuts = {len(data) * part // 12 for part in range(1, 12)} | {len(data) - 2 if kind == "JPEG" else len(data) - 20}
    # A TIFF may keep its directory at the end or at the start; cut anywhere, its strip is short.
    for cut in sorted(cuts):
        assert outcome(data[:cut]) in (Opening.DAMAGED, Opening.NOT_AN_IMAGE), cut


def test_a_jpeg_cut_short_and_given_a_new_end_is_still_damaged(to_jpeg: ToJpeg) -> None:
    data = to_jpeg(np.full((4000, 600), 255, np.uint8))
    start = data.index(b"\xff\xda") + 16
    assert outcome(data[:start] + b"\xff\xd9") == Opening.DAMAGED


def test_a_file_over_the_limit_is_not_looked_at() -> None:
    assert outcome(b"\xff" * 1001, Limits(max_bytes=1000)) == Opening.TOO_LARGE


def _png_of(width: int, height: int) -> bytes:
    """A PNG that announces a size and compresses zeros a thousandfold."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    zeros = zlib.compress(bytes(2_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zeros) + chunk(b"IEND", b"")


def test_a_decompression_bomb_is_refused_before_it_is_decoded(to_jpeg: ToJpeg) -> None:
    jpeg = bytearray(to_jpeg(np.full((64, 64), 255, np.uint8)))
    frame = jpeg.index(b"\xff\xc0") + 5
    jpeg[frame : frame + 4] = struct.pack(">HH", 65000, 65000)
    tiff = io.BytesIO()
    Image.new("1", (20000, 20000), 1).save(tiff, "TIFF", compression="group4")
    webp = bytearray(encoded("WEBP", lossless=True))
    webp[21:25] = struct.pack("<I", 0x3FFF | 0x3FFF << 14)
    bombs = (_png_of(60000, 60000), _png_of(2_000_000, 1), bytes(jpeg), tiff.getvalue(), bytes(webp))
    began = time.process_time()
    for bomb in bombs:
        assert outcome(bomb) == Opening.TOO_MANY_PIXELS
    assert time.process_time() - began < 0.5  # decoding any of them takes longer


def test_a_progressive_bomb_is_refused_by_its_scans_and_its_size(to_jpeg: ToJpeg) -> None:
    buffer = io.BytesIO()
    picture().save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    assert outcome(data) is None
    assert outcome(data, Limits(max_progressive_pixels=5000)) == Opening.TOO_MANY_PIXELS
    scan = data.rindex(b"\xff\xda")
    many = data[:scan] + data[scan:-2] * 200 + b"\xff\xd9"
    assert outcome(many) == Opening.TOO_MANY_PIXELS


def test_every_refusal_speaks_spanish_and_english() -> None:
    for refused in (Opening.EMPTY, Opening.NOT_AN_IMAGE, Opening.DAMAGED, Opening.TOO_MANY_PIXELS, Opening.TOO_LARGE):
        texts = Refusal(refused).explanation
        assert set(texts) == {"es", "en"}
        assert all(texts.values())
    assert Opening.SIMULACRO in REFUSALS


# ------------------------------------------------------------------------------------ hostile bytes

_SEEDS = [
    encoded("JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"),
    encoded("JPEG", "RGB", progressive=True),
    encoded("PNG", "RGBA"),
    encoded("PNG", "P"),
    encoded("TIFF", "1", compression="group4"),
    encoded("TIFF", "RGB", compression="tiff_lzw"),
    encoded("WEBP", "RGB"),
    encoded("WEBP", "RGBA", lossless=True),
]
_PROFILE = load_profile("ve2024")


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.sampled_from(_SEEDS),
    changes=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=6)), max_size=6),
    cut=st.floats(0.3, 1),
    tail=st.binary(max_size=8),
)
def test_mutated_bytes_end_in_an_image_or_a_refusal(
    seed: bytes, changes: list[tuple[float, bytes]], cut: float, tail: bytes
) -> None:
    data = bytearray(seed)
    for place, change in changes:
        at = int(place * (len(data) - 1))
        data[at : at + len(change)] = change
    data = data[: int(len(data) * cut)] + tail
    image = open_image(bytes(data), Limits(max_pixels=4_000_000))
    if isinstance(image, OpenedImage):
        assert image.full().shape == (image.height, image.width)
        assert image.half().size > 0
    assert read_sheet(_PROFILE, bytes(data), rehearsal=False, limits=Limits(max_pixels=4_000_000)).found == ()
