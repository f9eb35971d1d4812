"""What reading a clean tape costs, as a ratio to what it cannot do without.

The measure: CPU of reading a sheet / CPU of decoding its JPEG at half size and running zxing-cpp on it as it comes.
Printed as medians over rounds that alternate, because the machine is shared.
"""

from __future__ import annotations

import datetime as dt
import statistics
import time
from collections.abc import Callable

import cv2
import numpy as np
import zxingcpp

from testigo.election import Contest, Profile, load_profile
from testigo.reading import OpenedImage, Published, open_image, publish_image, read_sheet
from testigo.records import Counts
from testigo.simulate.press import draw_sheet, encode_jpeg
from testigo.simulate.sheet import Sheet, figures_for

QR_ONLY = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])


def draw(profile: Profile, contest: Contest, number: int) -> bytes:
    """A clean drawn tape as JPEG."""
    rng = np.random.default_rng(number)
    lines = {code: int(rng.integers(0, 9)) for code in contest.line_codes}
    counts = Counts(contest.candidates_from_lines(lines), lines, 0, 0)
    station = f"04020{number:04d}.01"
    figures = figures_for(contest, counts, 900)
    printed_at = dt.datetime(2024, 7, 28, 19, 3, 30)  # noqa: DTZ001  (as printed: local time)
    areas = ("Aragua", "Girardot", "Las Delicias")
    sheet = Sheet(contest.code, station, station[:9], "Liceo", "Calle", areas, counts, figures, printed_at, "1")
    return encode_jpeg(draw_sheet(profile, contest, sheet))


def baseline(data: bytes, formats: zxingcpp.BarcodeFormats | None) -> None:
    """Half-size decode and zxing-cpp: with its defaults, or looking for QR codes only."""
    half = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_2)
    assert half is not None
    assert zxingcpp.read_barcodes(half, formats=formats) if formats else zxingcpp.read_barcodes(half)


def genuine(data: bytes) -> bytes:
    """The tape with its marks painted over, in memory only: what reading costs outside a rehearsal."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None
    both = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.DataMatrix])
    for barcode in zxingcpp.read_barcodes(pixels, formats=both):
        corner, far = barcode.position.top_left, barcode.position.bottom_right
        if far.x - corner.x < 200:
            pixels[corner.y - 2 : far.y + 3, corner.x - 2 : far.x + 3] = 255
    return encode_jpeg(np.asarray(pixels, np.uint8))


def publish(profile: Profile, data: bytes) -> None:
    """Open, read, redact."""
    image = open_image(data)
    assert isinstance(image, OpenedImage)
    assert isinstance(publish_image(profile, image, read_sheet(profile, image, rehearsal=True)), Published)


def cpu(what: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    began = time.process_time()
    what()
    return time.process_time() - began


def measure(tapes: int, rounds: int) -> dict[str, float]:
    """Median CPU seconds of each piece of work; the first two are what the others are told against."""
    cv2.setNumThreads(1)
    profile = load_profile("ve2024")
    contest = profile.contest()
    drawn = [draw(profile, contest, number) for number in range(tapes)]
    bare = [genuine(tape) for tape in drawn]
    assert all(read_sheet(profile, tape, rehearsal=False).found for tape in bare)
    work: dict[str, Callable[[int], object]] = {
        "half-size decode + zxing-cpp as it comes": lambda n: baseline(drawn[n], None),
        "half-size decode + zxing-cpp, QR only": lambda n: baseline(drawn[n], QR_ONLY),
        "read_sheet, rehearsal": lambda n: read_sheet(profile, drawn[n], rehearsal=True),
        "read_sheet, no rehearsal (marks looked for)": lambda n: read_sheet(profile, bare[n], rehearsal=False),
        "open + read + redact": lambda n: publish(profile, drawn[n]),
    }
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for number in range(tapes):
            for name, what in work.items():
                seconds[name].append(cpu(lambda what=what, number=number: what(number)))  # type: ignore[misc]
    return {name: statistics.median(times) for name, times in seconds.items()}


def show(medians: dict[str, float]) -> None:
    """Print the ratios."""
    default, qr_only, *_ = medians.values()
    print("clean tapes, medians")
    for name, median in medians.items():
        print(f"{name:46} {median * 1000:6.1f} ms   x {median / default:4.2f}   (QR only: x {median / qr_only:4.2f})")
