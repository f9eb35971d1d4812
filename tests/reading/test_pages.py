"""Every page of a document is opened, each at the scan's own pixels; hostile documents end in a refusal."""

from __future__ import annotations

import io
import json
import resource
import struct
import subprocess
import sys
import time
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pillow_heif
import pytest
from PIL import Image

import testigo.reading.opening.renderer as renderer
import testigo.reading.opening.rendering as rendering
from testigo.reading import Limits, OpenedImage, Refusal, open_image, open_pages
from testigo.records import Opening

LIMITS = Limits(max_pixels=8_000_000, max_colour_pixels=4_000_000, max_pages=10, max_render_seconds=10)


def scan(seed: int = 1, size: tuple[int, int] = (90, 250)) -> npt.NDArray[np.uint8]:
    """Bilevel noise in blocks of 2 x 2: a drawing at another size than its own shows at once."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 2, ((size[1] + 1) // 2, (size[0] + 1) // 2), np.uint8) * 255
    return np.repeat(np.repeat(small, 2, 0), 2, 1)[: size[1], : size[0]]


def pdf(
    pictures: list[npt.NDArray[np.uint8]],
    points: tuple[float, float] = (60.0, 160.0),
    page: str = "",
    content: bytes | None = None,
    header: bytes | None = None,
) -> bytes:
    """A PDF with a picture filling each page. ``header``: of the pictures' dictionaries, if it shall lie."""
    parts = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    kids = []
    for pixels in pictures:
        height, width = pixels.shape
        body = zlib.compress(pixels.tobytes())
        size = header or b"/Width %d /Height %d" % (width, height)
        parts.append(
            b"<< /Type /XObject /Subtype /Image %s /ColorSpace /DeviceGray /BitsPerComponent 8 "
            b"/Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (size, len(body), body)
        )
        draw = content or b"q %.1f 0 0 %.1f 0 0 cm /S Do Q" % points
        parts.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(draw), draw))
        number = len(parts)
        parts.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.1f %.1f] %s /Resources << /XObject << /S %d 0 R >> >> "
            b"/Contents %d 0 R >>" % (*points, page.encode(), number - 1, number)
        )
        kids.append(b"%d 0 R" % len(parts))
    parts[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(kids))
    out, places = b"%PDF-1.6\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    table += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + table + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, len(out))


def heic(*pictures: npt.NDArray[np.uint8], **options: Any) -> bytes:
    file = pillow_heif.from_pillow(Image.fromarray(pictures[0]).convert("RGB"))
    for picture in pictures[1:]:
        file.add_from_pillow(Image.fromarray(picture).convert("RGB"))
    buffer = io.BytesIO()
    file.save(buffer, quality=90, **options)
    return buffer.getvalue()


def tiff(*pictures: npt.NDArray[np.uint8], compression: str = "group4") -> bytes:
    pages = [Image.fromarray(picture).convert("1" if compression == "group4" else "L") for picture in pictures]
    buffer = io.BytesIO()
    pages[0].save(buffer, "TIFF", compression=compression, save_all=True, append_images=pages[1:])
    return buffer.getvalue()


def opened(data: bytes, limits: Limits = LIMITS) -> tuple[OpenedImage, ...]:
    pages = open_pages(data, limits)
    assert not isinstance(pages, Refusal), pages
    return pages


def outcome(data: bytes, limits: Limits = LIMITS) -> Opening:
    pages = open_pages(data, limits)
    assert isinstance(pages, Refusal)
    return pages.outcome


# ------------------------------------------------------------------------------------- what opens


@pytest.mark.parametrize("compression", ["group4", "tiff_lzw", "packbits"])
def test_a_stack_of_sheets_in_one_tiff_is_read_to_its_last_page(compression: str) -> None:
    sheets = [scan(1), scan(2, (120, 80)), scan(3)]
    pages = opened(tiff(*sheets, compression=compression))
    assert [page.size for page in pages] == [(90, 250), (120, 80), (90, 250)]
    assert all(page.pages == 3 for page in pages)
    for page, sheet in zip(pages, sheets, strict=True):
        assert np.array_equal(page.full(), sheet)
    first = open_image(tiff(*sheets, compression=compression), LIMITS)
    assert isinstance(first, OpenedImage)
    assert first.pages == 3
    assert np.array_equal(first.full(), sheets[0])


def test_a_scan_in_a_pdf_comes_out_in_its_own_pixels() -> None:
    sheets = [scan(1), scan(2)]
    pages = opened(pdf(sheets))
    assert [page.size for page in pages] == [(90, 250)] * 2  # 1.5 pixels per point across, 1.5625 down
    for page, sheet in zip(pages, sheets, strict=True):
        assert np.array_equal(page.full(), sheet)
    first = open_image(pdf(sheets), LIMITS)
    assert isinstance(first, OpenedImage)
    assert first.size == (90, 250)


def test_a_page_that_is_turned_is_drawn_turned_and_a_scan_within_a_form_keeps_its_pixels() -> None:
    turned = opened(pdf([scan(1)], page="/Rotate 90"))[0]
    assert np.array_equal(turned.full(), np.rot90(scan(1), -1))
    sideways = opened(pdf([scan(1)], points=(160.0, 60.0), content=b"q 0 60 -160 0 160 0 cm /S Do Q"))[0]
    assert np.array_equal(sideways.full(), np.rot90(scan(1), 1))
    half = opened(pdf([scan(1)], points=(120.0, 160.0), content=b"q 60 0 0 160 30 0 cm /S Do Q"))[0]
    assert half.size == (180, 250)
    assert np.array_equal(half.full()[:, 45:135], scan(1))
    assert (half.full()[:, :45] == 255).all()


def test_a_page_without_a_picture_is_drawn_at_300_dots_per_inch_or_what_the_limits_leave() -> None:
    words = b"0 0 36 80 re f"
    assert opened(pdf([scan(1)], points=(72.0, 160.0), content=words))[0].size == (300, 667)
    small = replace(LIMITS, max_colour_pixels=50_000)
    page = opened(pdf([scan(1)], points=(72.0, 160.0), content=words), small)[0]
    assert 45_000 < page.width * page.height <= 50_000
    assert page.full()[-5, 5] < 10 < page.full()[5, -5]


def test_a_phone_that_saves_heic() -> None:
    picture = np.full((200, 120), 255, np.uint8)
    picture[:70, :40] = 0
    page = opened(heic(picture))[0]
    assert page.size == (120, 200)
    assert page.full()[10, 10] < 60 < 200 < page.full()[-10, -10]
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = opened(heic(np.ascontiguousarray(np.rot90(picture, 1)), exif=exif.tobytes()))[0]
    assert turned.size == (120, 200)
    assert turned.full()[10, 10] < 60 < 200 < turned.full()[-10, -10]
    assert len(opened(heic(picture, scan(2, (64, 64))))) == 2


# --------------------------------------------------------------------------------- what is refused


def encrypted() -> bytes:
    """A PDF that asks for a password (an RC4 key that nobody has)."""
    locked = b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >> /ID [<00> <00>]"
    key = locked % (b"11" * 32, b"22" * 32)
    return pdf([scan(1)]).replace(b"/Root 1 0 R", b"/Root 1 0 R " + key)


def test_a_pdf_with_a_password_is_no_image() -> None:
    pages = open_pages(encrypted(), LIMITS)
    assert pages == Refusal(Opening.NOT_AN_IMAGE, "encrypted")


def test_a_page_missing_in_the_middle_refuses_the_whole_file() -> None:
    data = tiff(scan(1), scan(2), scan(3), compression="tiff_lzw")
    assert outcome(data[: len(data) * 3 // 5]) == Opening.DAMAGED


def test_too_many_pages_are_refused_and_not_read_in_part() -> None:
    for data in (tiff(*[scan(1)] * 11), pdf([scan(1)] * 11)):
        assert outcome(data) == Opening.TOO_MANY_PIXELS
    assert len(opened(tiff(*[scan(1)] * 10))) == 10
    for data in (tiff(*[scan(1)] * 10), pdf([scan(1)] * 10), heic(scan(1), scan(2), scan(3))):
        assert outcome(data, replace(LIMITS, max_document_pixels=60_000)) == Opening.TOO_MANY_PIXELS


def test_a_tiff_whose_directories_go_on_for_ever_is_refused_at_once() -> None:
    count = 400_000
    body = b"".join(struct.pack("<HI", 0, 8 + 6 * (n + 1)) for n in range(count))
    began = time.process_time()
    assert outcome(b"II*\0" + struct.pack("<I", 8) + body) in (Opening.TOO_MANY_PIXELS, Opening.DAMAGED)
    assert time.process_time() - began < 0.5


def bombs() -> dict[str, bytes]:
    """Files that are small and ask for much."""
    nested = b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /S 3 0 R >> >> /Length 22 >>"
    loop = pdf([scan(1)])
    picture = loop[loop.index(b"3 0 obj") : loop.index(b"4 0 obj")]
    colour = io.BytesIO()
    Image.new("RGBA", (2500, 2500)).save(colour, "PNG")
    return {
        "a picture in a PDF said to be huge": pdf([scan(1)], header=b"/Width 60000 /Height 60000"),
        "a page as large as a field": pdf([scan(1)], points=(2e6, 2e6), content=b"0 0 9 9 re f"),
        "a scan magnified without end": pdf([scan(1)], points=(2e4, 2e4), content=b"q 7000 0 0 7000 0 0 cm /S Do Q"),
        "a page of a hundred thousand parts": pdf([scan(1)], content=b"0 0 1 1 re f " * 100_000),
        "a form within itself": loop.replace(
            picture, b"3 0 obj\n%s\nstream\nq /S Do /S Do /S Do Q\nendstream\nendobj\n" % nested
        ),
        "a colour picture": colour.getvalue(),
    }


@pytest.mark.parametrize("name", list(bombs()))
def test_a_bomb_is_refused_or_harmless(name: str) -> None:
    began = time.monotonic()
    pages = open_pages(bombs()[name], replace(LIMITS, max_render_seconds=1))
    if isinstance(pages, Refusal):
        assert pages.outcome in (Opening.TOO_MANY_PIXELS, Opening.DAMAGED)
    else:
        assert name in ("a form within itself", "a scan magnified without end")
        assert sum(page.width * page.height for page in pages) <= LIMITS.max_colour_pixels
    assert time.monotonic() - began < 10


def test_a_decoder_that_hangs_or_eats_memory_is_stopped() -> None:
    slow = b"q 1 0 0 RG " + b"0 0 m 60 160 60 0 0 160 c S " * 49_000
    data = pdf([scan(1, (900, 2400))], content=slow + b"q 60 0 0 160 0 0 cm /S Do Q")
    began = time.monotonic()
    strict = replace(LIMITS, max_render_seconds=1)
    assert outcome(data, strict) in (Opening.DAMAGED, Opening.TOO_MANY_PIXELS)
    assert time.monotonic() - began < 5
    data = pdf([np.full((2000, 2000), 255, np.uint8)] * 2)
    assert outcome(data, replace(LIMITS, max_render_bytes=30_000_000)) in (Opening.DAMAGED, Opening.TOO_MANY_PIXELS)
    assert len(opened(data)) == 2


_NONSENSE = {
    "dies": "import os; os.abort()",
    "says nothing": "",
    "talks": "print('hello')",
    "ends without a page": """print('{"end": "done", "detail": ""}')""",
    "invents an ending": """print('{"end": "fine", "detail": ""}')""",
    "promises a page": """print('{"width": 10, "height": 10}'); print('abc')""",
    "promises a huge page": """print('{"width": 90000, "height": 90000}')""",
    "a page of less than nothing": """print('{"width": -3, "height": -3}'); print('{"end": "done", "detail": ""}')""",
    "a page without end": """print('{"width": 1e999, "height": 1}')""",
    "brackets without end": "print('[' * 200000)",
    "a page of words": """print('{"width": "x", "height": []}')""",
}


@pytest.mark.parametrize("story", list(_NONSENSE))
def test_a_decoder_that_was_taken_over_can_only_talk_nonsense(story: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "_COMMAND", (sys.executable, "-c", _NONSENSE[story]))
    assert outcome(pdf([scan(1)])) == Opening.DAMAGED


def test_a_decoder_is_given_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "secret")
    tell = 'import os; print(\'{"end": "%s", "detail": ""}\' % os.environ.get(\'DATABASE_PASSWORD\', \'not_an_image\'))'
    monkeypatch.setattr(rendering, "_COMMAND", (sys.executable, "-c", tell))
    assert outcome(pdf([scan(1)])) == Opening.NOT_AN_IMAGE


# ------------------------------------------------------------------------------------ hostile bytes


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """A valid file with bytes changed, doubled, removed, or cut."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 8))):
        at, length = int(rng.integers(0, len(out))), int(rng.integers(1, 9))
        kind = rng.integers(0, 4)
        if kind == 0:
            out[at : at + length] = rng.bytes(length)
        elif kind == 1:
            out[at] ^= 1 << int(rng.integers(0, 8))
        elif kind == 2:
            out[at:at] = out[at : at + length]
        else:
            out[at : at + length] = rng.choice([b"\0", b"\xff", b"9", b"\x7f"]) * length
    if rng.random() < 0.15:
        del out[int(rng.integers(1, len(out) + 1)) :]
    return bytes(out)


_FUZZ = """
import pathlib, resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, (900_000_000, 900_000_000))
from testigo.reading import Limits, OpenedImage, Refusal, open_pages
limits = Limits(max_pixels=8_000_000, max_colour_pixels=4_000_000, max_pages=10)
source, worst = sys.stdin.buffer, 0.0
while head := source.read(4):
    data = source.read(int.from_bytes(head, "big"))
    began = time.monotonic()
    pages = open_pages(data, limits)
    if isinstance(pages, Refusal):
        assert set(pages.explanation) == {"es", "en"}
    else:
        assert pages
        for page in pages:
            assert page.full().shape == (page.height, page.width) and page.half().size
    worst = max(worst, time.monotonic() - began)
# Not ru_maxrss: that begins with what the process that started this one had.
status = pathlib.Path("/proc/self/status").read_text()
print(worst, status.split("VmHWM:")[1].split()[0])
"""


def _valid() -> dict[str, bytes]:
    picture = Image.fromarray(scan(1, (160, 120)))
    made: dict[str, bytes] = {"tiff": tiff(scan(1), scan(2))}
    for kind, options in {"JPEG": {"quality": 80}, "PNG": {}, "WEBP": {"quality": 80}, "TIFF": {}}.items():
        for mode in ("L", "RGB"):
            buffer = io.BytesIO()
            picture.convert(mode).save(buffer, kind, **options)
            made[f"{kind} {mode}"] = buffer.getvalue()
    buffer = io.BytesIO()
    picture.save(buffer, "TIFF", compression="jpeg")
    made["TIFF jpeg"] = buffer.getvalue()
    return made


def test_mutations_of_every_kind_end_in_pages_or_a_refusal_within_memory_and_time() -> None:
    rng = np.random.default_rng(3)
    files = [mutated(data, rng) for data in _valid().values() for _ in range(150)]
    given = b"".join(len(file).to_bytes(4, "big") + file for file in files)
    done = subprocess.run(
        [sys.executable, "-c", _FUZZ],
        input=given,
        capture_output=True,
        check=False,
        timeout=100,
        cwd=Path(__file__).parent,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    worst, memory = done.stdout.split()
    assert float(worst) < 2.0
    assert int(memory) < 400_000  # kB


def test_mutations_of_documents_never_reach_beyond_their_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the process itself, many in a row: what it answers is well-formed, whatever it was given."""
    rng = np.random.default_rng(4)
    asked = {
        "wanted_pages": 10, "max_pages": 10, "max_pixels": 4_000_000, "max_side_pixels": 65_000,
        "max_document_pixels": 8_000_000, "max_objects": 1000, "max_seconds": 100, "max_bytes_in_memory": 2**40,
    }  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    monkeypatch.setattr(renderer, "_limit_oneself", lambda *_: None)
    ends = set()
    for kind, valid, times in (("PDF", pdf([scan(1), scan(2)]), 250), ("HEIC", heic(scan(1, (64, 64))), 120)):
        for _ in range(times):
            request = json.dumps({**asked, "kind": kind}).encode() + b"\n" + mutated(valid, rng)
            answer = io.BytesIO()
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(request)))
            monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(answer))
            assert renderer.main() == 0
            sys.stdout.detach()  # type: ignore[union-attr]
            written = answer.getvalue()
            ends.add(json.loads(written[written.rindex(b'{"end"') :])["end"])
    assert {"done", "damaged"} <= ends
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000
    for _ in range(6):  # and through the process, as it is used
        opened_or_not = open_pages(mutated(pdf([scan(1)]), rng), LIMITS)
        assert opened_or_not
