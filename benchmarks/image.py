"""What opening, judging, finding and redacting an image cost, and how often each is right.

    python -m benchmarks.image [--each 6] [--names 0]

Times are CPU, as ratios to decoding the same file barely, medians over rounds that alternate. Rates are over the
graded families of damage (``testigo.simulate.damage``), whose truth is known; seeds of its own (9,000,000 and up).
``--names`` reads so many published pictures with a recogniser of text and looks for the known names on them.
"""

from __future__ import annotations

import argparse
import io
import re
import statistics
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import numpy.typing as npt
import pillow_heif
from PIL import Image

from benchmarks.reading.clean import draw
from testigo.election import Profile, load_profile
from testigo.reading import OpenedImage, Published, find_codes, open_image, open_pages, publish_image, read_sheet
from testigo.reading.papers.finding import find_papers
from testigo.reading.quality import judge
from testigo.simulate.damage import FAMILIES, MODERATE, Damaged, Drawing, damaged

Grey = npt.NDArray[np.uint8]
_FIRST_SEED = 9_000_000


def drawing(profile: Profile, number: int) -> Drawing:
    """A tape with the places that damage aims at and that nobody may see."""
    layout = profile.contest().layout
    assert layout is not None
    pixels = cv2.imdecode(np.frombuffer(draw(profile, profile.contest(), number), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None
    unit = pixels.shape[1] / layout.paper_width
    box = layout.code_box(49)
    assert box is not None
    private = [b.box for b in layout.blocks if not b.public]
    return Drawing(
        np.asarray(pixels, np.uint8),
        code=(box.x * unit, box.y * unit, box.width * unit, box.height * unit),
        private=tuple((b.x * unit, b.y * unit, b.width * unit, b.height * unit) for b in private),
    )


def cpu(what: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    began = time.process_time()
    what()
    return time.process_time() - began


# --------------------------------------------------------------------------- opening


def files(pixels: Grey) -> dict[str, bytes]:
    """The same scan as each kind of file."""
    picture = Image.fromarray(pixels)
    made: dict[str, bytes] = {}
    for kind, options in {"JPEG": {"quality": 75}, "PNG": {}, "WEBP": {"quality": 75}}.items():
        buffer = io.BytesIO()
        picture.save(buffer, kind, **options)
        made[kind] = buffer.getvalue()
    buffer = io.BytesIO()
    picture.convert("1").save(buffer, "TIFF", compression="group4")
    made["TIFF G4"] = buffer.getvalue()
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "PDF", resolution=200)
    made["PDF"] = buffer.getvalue()
    buffer = io.BytesIO()
    pillow_heif.from_pillow(picture.convert("RGB")).save(buffer, quality=60)
    made["HEIC"] = buffer.getvalue()
    return made


def opening(pixels: Grey, rounds: int) -> None:
    """Wall-clock of opening each kind of file, to its pixels at full size: documents are opened elsewhere."""
    print(f"\nopening a scan of {pixels.shape[1]} x {pixels.shape[0]} pixels, clock, medians of {rounds}")
    for kind, data in files(pixels).items():
        times = []
        for _ in range(rounds):
            began = time.perf_counter()
            pages = open_pages(data)
            assert isinstance(pages, tuple)
            assert pages[0].full().shape == pixels.shape, (kind, pages[0].size)
            times.append(time.perf_counter() - began)
        print(f"  {kind:8} {len(data) // 1000:6} kB {statistics.median(times) * 1000:7.0f} ms")


# --------------------------------------------------------------------------- quality


def verdicts(profile: Profile, pixels: Grey, rounds: int) -> None:
    """Time of a verdict on a clean scan of 1,700 x 10,000 pixels."""
    good, encoded = cv2.imencode(".jpg", cv2.resize(pixels, (1700, 10000), interpolation=cv2.INTER_CUBIC))
    assert good
    data = bytes(encoded)
    image = open_image(data)
    assert isinstance(image, OpenedImage)
    clock, own, decode = [], [], []
    for _ in range(rounds):
        began = time.perf_counter()
        own.append(cpu(lambda: judge(image, profile)))
        clock.append(time.perf_counter() - began)
        decode.append(cpu(lambda: open_image(data)))
    print("\nverdict on a clean tape of 1,700 x 10,000 pixels, medians")
    print(f"  clock {statistics.median(clock) * 1000:.0f} ms (best {min(clock) * 1000:.0f}), ", end="")
    print(
        f"CPU {statistics.median(own) * 1000:.0f} ms, x {statistics.median(own) / statistics.median(decode):.2f} ",
        end="",
    )
    print("of decoding the JPEG at half size")


# ----------------------------------------------------------------------------- rates


def graded(profile: Profile, each: int) -> Iterator[tuple[Damaged, OpenedImage]]:
    """Every family at ``each`` grades."""
    sheets = [drawing(profile, number) for number in range(1, 5)]
    for family in FAMILIES:
        for number in range(each):
            pair = [sheets[number % 4], sheets[(number + 1) % 4]]
            made = damaged(family, (number + 0.5) / each, pair, _FIRST_SEED + number)
            image = open_image(made.encoded())
            assert isinstance(image, OpenedImage)
            yield made, image


def lies_right(made: Damaged, image: OpenedImage, *, with_codes: bool) -> tuple[int, int, float]:
    """(sheets found and turned right, sheets there, CPU seconds): judged by where each sheet's code lies in it."""
    codes = [code for code in find_codes(image.full()) if "!" in code.text] if with_codes else []
    began = time.process_time()
    papers = find_papers(image, codes)
    spent = time.process_time() - began
    right = 0
    middles = [shown.corners(shown.drawing.code).mean(axis=0) for shown in made.sheets]
    for number, shown in enumerate(made.sheets):
        outlines = [np.array(paper.corners, np.float32) for paper in papers]
        held = [[cv2.pointPolygonTest(o, tuple(m), False) >= 0 for m in middles] for o in outlines]
        mine = [n for n, inside in enumerate(held) if inside[number]]
        if len(mine) != 1 or sum(held[mine[0]]) != 1:
            continue
        wide, tall = papers[mine[0]].size
        flat = np.array([(0, 0), (wide, 0), (wide, tall), (0, tall)], np.float32)
        lens = cv2.getPerspectiveTransform(outlines[mine[0]], flat)
        a, b, _, d = cv2.perspectiveTransform(shown.corners(shown.drawing.code)[None].astype(np.float32), lens)[0]
        along, down = (b - a) / np.linalg.norm(b - a), (d - a) / np.linalg.norm(d - a)
        right += bool(along[0] > 0.998 and down[1] > 0.998)
    return right, len(made.sheets), spent


def shows(profile: Profile, made: Damaged, image: OpenedImage) -> tuple[Published | None, int]:
    """The published picture, and how many of its pixels are private (of a grid over every private place)."""
    readings = read_sheet(profile, image, rehearsal=True, print_mode="never")
    picture = publish_image(profile, image, readings)
    if not isinstance(picture, Published):
        return None, 0
    seen = np.zeros(image.full().shape, bool)
    for x, y, w, h in picture.rectangles:
        seen[y : y + h, x : x + w] = True
    secret = 0
    for shown in made.sheets:
        for left, top, wide, tall in shown.drawing.private:
            grid = np.array(
                [(a, b) for b in np.linspace(top, top + tall, 60) for a in np.linspace(left, left + wide, 12)]
            )
            places = np.floor(shown.to_picture(grid)).astype(int)
            inside = (places >= 0).all(axis=1) & (places < image.size).all(axis=1)
            secret += int(np.count_nonzero(seen[places[inside, 1], places[inside, 0]]))
    return picture, secret


def rates(profile: Profile, each: int, names: int) -> None:
    """One table: found without and with codes, alarms, published; moderate grades apart."""
    table: dict[str, Counter[str]] = {}
    pictures = []
    for made, image in graded(profile, each):
        row = table.setdefault(made.family, Counter())
        for name, with_codes in (("print", False), ("codes", True)):
            right, there, spent = lies_right(made, image, with_codes=with_codes)
            row[name] += right
            row[f"ms {name}"] += round(1000 * spent)
            row["sheets"] += there if with_codes else 0
        verdict = judge(image, profile)
        row["images"] += 1
        row["moderate"] += made.moderate
        row["alarms"] += not verdict.readable
        row["alarms, moderate"] += made.moderate and not verdict.readable
        picture, secret = shows(profile, made, image)
        row["published"] += picture is not None
        row["published, moderate"] += picture is not None and made.moderate
        row["private pixels"] += secret
        if picture is not None:
            pictures.append(picture)
    total = sum(table.values(), Counter())
    print(f"\n{each} images of each family; moderate: grade up to {MODERATE}")
    print(f"  {'family':22} {'lies right':>14} {'with codes':>14} {'ms':>9} {'alarms (moderate)':>18} "
          f"{'published (moderate)':>21} {'private pixels':>15}")  # fmt: skip
    for name, row in [*table.items(), ("all", total)]:
        n, sheets = row["images"], row["sheets"]
        print(f"  {name:22} {row['print']:>7} / {sheets:<4} {row['codes']:>7} / {sheets:<4} "
              f"{row['ms print'] // n:>5}/{row['ms codes'] // n:<4} {row['alarms']:>5} ({row['alarms, moderate']:>2}) "
              f"{row['published']:>13} ({row['published, moderate']:>2} of {row['moderate']:>2}) "
              f"{row['private pixels']:>10}")  # fmt: skip
    if names:
        look_for_names(profile, pictures[:: max(1, len(pictures) // names)][:names])


def look_for_names(profile: Profile, pictures: list[Published]) -> None:
    """Read pictures with a recogniser and look for what stands beside the labels of the private boxes."""
    from rapidocr import RapidOCR

    one = {"EngineConfig.onnxruntime.intra_op_num_threads": 1, "EngineConfig.onnxruntime.inter_op_num_threads": 1}
    engine = RapidOCR(params={**one, "Global.log_level": "error", "Global.text_score": 0.2})
    printing = profile.contest().printing
    assert printing is not None
    labels = [printing.label(name) for name in ("observations", "president", "secretary", "name", "id_number")]
    found = 0
    for picture in pictures:
        pixels = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert pixels is not None
        texts: list[str] = []
        for top in range(0, pixels.shape[0], 1100):
            texts += getattr(engine(pixels[top : top + 1200], use_cls=False), "txts", None) or ()
        words = unicodedata.normalize("NFKD", "\n".join(texts))
        bad = [label for label in labels[:3] if re.search(rf"^\W*{re.escape(label)}", words, re.I | re.M)]
        bad += re.findall(r"\b97\.\d{3}\.\d{3}\b", words)  # invented ID numbers begin so
        found += len(bad)
        if bad:
            print(f"  FOUND on a published picture: {bad}")
    print(f"\n{len(pictures)} published pictures read by a recogniser: {found} private headings or ID numbers found")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--names", type=int, default=0)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    profile = load_profile("ve2024")
    pixels = drawing(profile, 1).pixels
    opening(pixels, options.rounds)
    verdicts(profile, pixels, options.rounds)
    rates(profile, options.each, options.names)


if __name__ == "__main__":
    main()
