"""A process of its own that turns a PDF or a HEIC photo into grey pixels. Run as a file; imports nothing of testigo.

Rules of this module
--------------------
1. Formats that need a large native decoder are decoded here, where memory, processor time and crashes are somebody
   else's: the process limits itself before it looks at the first byte, and its parent waits only so long.
2. A page comes out so that the scan in it keeps its own pixels: the density of the page's largest picture is the
   density at which the page is drawn. A page without a picture is drawn at 300 dots per inch, fewer if it is large.
3. Nothing that a document brings along is run or fetched: no scripts, no forms, no notes stuck onto the page.
4. What goes in: one line of JSON (kind and limits), then the file. What comes out: for each page one line of JSON
   (width, height) and its pixels; then a line that says how it ended.
"""

from __future__ import annotations

import ctypes
import json
import math
import sys
from collections.abc import Iterator
from typing import IO, Any

DOTS_PER_INCH, LEAST_DOTS_PER_INCH = 300, 60
POINTS_PER_INCH = 72
_LARGEST_SHARE = 0.5  # pictures at least this large beside the largest one may decide the density
_DEPTH = 4  # of forms within forms in which pictures are looked for

#: How a rendering may end; the names of :class:`testigo.records.Opening`.
DONE, DAMAGED, NOT_AN_IMAGE, TOO_MANY_PIXELS = "done", "damaged", "not_an_image", "too_many_pixels"


class EndsError(Exception):
    """The rendering ends here: with one of the words above, and why."""

    def __init__(self, word: str, detail: str) -> None:
        super().__init__(detail)
        self.word, self.detail = word, detail


def main() -> int:
    """Read the request from standard input, write the pages to standard output."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    asked = json.loads(source.readline())
    _limit_oneself(asked["max_bytes_in_memory"], asked["max_seconds"])
    data = source.read()
    word, detail = DONE, ""
    try:
        pages = _pdf(data, asked) if asked["kind"] == "PDF" else _heic(data, asked)
        left = asked["max_document_pixels"]
        for width, height, pixels in pages:
            left -= width * height
            if left < 0:
                raise EndsError(TOO_MANY_PIXELS, "all pages together")
            _say(sink, {"width": width, "height": height})
            sink.write(pixels)
    except EndsError as end:
        word, detail = end.word, end.detail
    except MemoryError:
        word, detail = TOO_MANY_PIXELS, "memory"
    except Exception as error:  # whatever a decoder stumbles over is the file's fault
        word, detail = DAMAGED, type(error).__name__
    _say(sink, {"end": word, "detail": detail})
    sink.flush()
    return 0


def _say(sink: IO[bytes], what: dict[str, Any]) -> None:
    sink.write(json.dumps(what).encode() + b"\n")


def _limit_oneself(bytes_in_memory: int, seconds: int) -> None:
    """Memory, processor time, no files, no core: where the system knows such limits (not on Windows)."""
    try:
        import resource
    except ImportError:
        return
    wanted = {
        resource.RLIMIT_AS: bytes_in_memory,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
    }
    for kind, value in wanted.items():
        hard = resource.getrlimit(kind)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (most, most))


def _fitted(width: float, height: float, asked: dict[str, Any]) -> tuple[int, int]:
    """A picture's size, if it is within the limits."""
    w, h = max(1, round(width)), max(1, round(height))
    if w * h > asked["max_pixels"] or max(w, h) > asked["max_side_pixels"]:
        raise EndsError(TOO_MANY_PIXELS, f"{w} x {h}")
    return w, h


# -------------------------------------------------------------------------- PDF


def _pdf(data: bytes, asked: dict[str, Any]) -> Iterator[tuple[int, int, bytes]]:
    import pypdfium2.raw as pdfium

    pdfium.FPDF_InitLibrary()
    document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        locked = pdfium.FPDF_GetLastError() in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)
        raise EndsError(NOT_AN_IMAGE if locked else DAMAGED, "encrypted" if locked else "the PDF cannot be opened")
    count = int(pdfium.FPDF_GetPageCount(document))
    if count < 1:
        raise EndsError(DAMAGED, "a PDF without a page")
    if count > asked["max_pages"]:
        raise EndsError(TOO_MANY_PIXELS, f"{count} pages")
    for number in range(min(count, asked["wanted_pages"])):
        page = pdfium.FPDF_LoadPage(document, number)
        if not page:
            raise EndsError(DAMAGED, f"page {number + 1} cannot be opened")
        yield _rendered(pdfium, page, asked)
        pdfium.FPDF_ClosePage(page)


def _rendered(pdfium: Any, page: Any, asked: dict[str, Any]) -> tuple[int, int, bytes]:
    """One page: (width, height, grey pixels)."""
    wide, high = float(pdfium.FPDF_GetPageWidthF(page)), float(pdfium.FPDF_GetPageHeightF(page))
    if not (0 < wide < math.inf and 0 < high < math.inf):
        raise EndsError(DAMAGED, "a page without a size")
    if pdfium.FPDFPage_CountObjects(page) > asked["max_objects"]:
        raise EndsError(TOO_MANY_PIXELS, "a page with too many parts")
    width, height = _fitted(*_size(pdfium, page, wide, high, asked), asked)
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_Gray, None, 0)
    if not bitmap:
        raise EndsError(TOO_MANY_PIXELS, "memory")
    pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
    flags = pdfium.FPDF_GRAYSCALE | pdfium.FPDF_RENDER_LIMITEDIMAGECACHE
    pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flags)
    stride = int(pdfium.FPDFBitmap_GetStride(bitmap))
    raw = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * height)
    pdfium.FPDFBitmap_Destroy(bitmap)
    if stride != width:
        raw = b"".join(raw[row * stride : row * stride + width] for row in range(height))
    return width, height, raw


def _size(pdfium: Any, page: Any, wide: float, high: float, asked: dict[str, Any]) -> tuple[float, float]:
    """In how many pixels a page is drawn."""
    pictures = _pictures(pdfium, page, asked)
    if pictures:
        largest = max(area for area, _, _ in pictures)
        shown = [picture for picture in pictures if picture[0] >= _LARGEST_SHARE * largest]
        _, across, down = max(shown, key=lambda picture: picture[1] * picture[2])
        if pdfium.FPDFPage_GetRotation(page) % 2:
            across, down = down, across
        if largest >= 0.1 * wide * high:
            return wide * across, high * down
    most = math.sqrt(asked["max_pixels"] * 0.99 / (wide * high))
    density = min(DOTS_PER_INCH / POINTS_PER_INCH, most, (asked["max_side_pixels"] - 1) / max(wide, high))
    if density * POINTS_PER_INCH < LEAST_DOTS_PER_INCH:
        raise EndsError(TOO_MANY_PIXELS, f"a page of {wide:.0f} x {high:.0f} points")
    return wide * density, high * density


Matrix = tuple[float, float, float, float]


def _pictures(pdfium: Any, page: Any, asked: dict[str, Any]) -> list[tuple[float, float, float]]:
    """Every picture on a page: (area in square points, pixels per point across, pixels per point down)."""
    found: list[tuple[float, float, float]] = []
    waiting: list[tuple[Any, Matrix, int]] = []
    left = asked["max_objects"]
    for index in range(pdfium.FPDFPage_CountObjects(page)):
        waiting.append((pdfium.FPDFPage_GetObject(page, index), (1.0, 0.0, 0.0, 1.0), 0))
    while waiting:
        thing, outer, depth = waiting.pop()
        left -= 1
        if left < 0:
            raise EndsError(TOO_MANY_PIXELS, "a page with too many parts")
        kind = pdfium.FPDFPageObj_GetType(thing)
        if kind not in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM):
            continue
        matrix = pdfium.FS_MATRIX()
        pdfium.FPDFPageObj_GetMatrix(thing, matrix)
        inner = _times((matrix.a, matrix.b, matrix.c, matrix.d), outer)
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            found += _density(pdfium, thing, inner, asked)
        elif depth < _DEPTH:
            parts = range(min(left + 1, pdfium.FPDFFormObj_CountObjects(thing)))
            waiting += [(pdfium.FPDFFormObj_GetObject(thing, part), inner, depth + 1) for part in parts]
    return found


def _times(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d = first
    e, f, g, h = then
    return a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h


def _density(pdfium: Any, thing: Any, matrix: Matrix, asked: dict[str, Any]) -> list[tuple[float, float, float]]:
    wide, high = ctypes.c_uint(), ctypes.c_uint()
    if not pdfium.FPDFImageObj_GetImagePixelSize(thing, wide, high):
        return []
    _fitted(wide.value, high.value, asked)  # it would be decoded whole, however small it is drawn
    a, b, c, d = matrix
    along, upward = math.hypot(a, b), math.hypot(c, d)
    if not (0 < along < math.inf and 0 < upward < math.inf):
        return []
    across, down = wide.value / along, high.value / upward
    if abs(b) > abs(a):  # the picture lies on its side
        across, down = down, across
    return [(abs(a * d - b * c), across, down)]


# ------------------------------------------------------------------------- HEIC


def _heic(data: bytes, asked: dict[str, Any]) -> Iterator[tuple[int, int, bytes]]:
    import pillow_heif

    pillow_heif.options.DECODE_THREADS = 1
    pillow_heif.options.THUMBNAILS = pillow_heif.options.DEPTH_IMAGES = pillow_heif.options.AUX_IMAGES = False
    pictures = pillow_heif.open_heif(data, convert_hdr_to_8bit=True)
    if len(pictures) > asked["max_pages"]:
        raise EndsError(TOO_MANY_PIXELS, f"{len(pictures)} pictures")
    primary = pictures.primary_index
    for number in [primary, *(n for n in range(len(pictures)) if n != primary)][: asked["wanted_pages"]]:
        width, height = _fitted(*pictures[number].size, asked)
        grey = pictures[number].to_pillow().convert("RGB").convert("L")  # the decoder has turned it upright
        if grey.size != (width, height):
            raise EndsError(DAMAGED, "a picture of another size than it says")
        yield width, height, grey.tobytes()


if __name__ == "__main__":
    sys.exit(main())
