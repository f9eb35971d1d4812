"""What verifying a bundle costs, as a ratio to what it cannot do without.

The measure: CPU of ``verify`` on a bundle with drawn and redacted sheets (child processes included) / CPU of SHA-256
over its images plus decoding each at half size and running zxing-cpp on it. Rounds alternate, medians are printed,
because the machine is shared. Nothing is asserted.

Run: ``python benchmarks/verify.py [--stations 300] [--rounds 3] [--real]``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import zxingcpp

from testigo.bundle import write_bundle
from testigo.election import Profile, Register, load_profile
from testigo.ledger import SigningKey, generate_key
from testigo.reading import OpenedImage, Published, open_image, publish_image, read_sheet, to_reading
from testigo.records import (
    ConfigurationLeaf,
    Evidence,
    Leaf,
    OpenedLeaf,
    PublicReading,
    ReceiptLeaf,
    Withheld,
)
from testigo.review import RegisterFacts, decide
from testigo.simulate import invented_counts, invented_register, simulate_folder
from testigo.verify import verify

QR_ONLY = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
MADE = dt.datetime(2031, 1, 1, tzinfo=dt.UTC)


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of ``work``, its child processes included."""
    before = _used()
    work()
    return _used() - before


def _used() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


@dataclass
class Night:
    """The leaves and published images of a night: each sheet arrives, is read by its code and by one person."""

    profile: Profile
    register: Register
    rehearsal: bool
    entries: list[bytes] = field(default_factory=list)
    images: dict[str, bytes] = field(default_factory=dict)
    withheld: int = 0

    def add(self, leaf: Leaf) -> int:
        """Append a leaf; its index."""
        self.entries.append(leaf.to_bytes())
        return len(self.entries) - 1

    def take(self, facts: RegisterFacts, data: bytes) -> None:
        """One scan, from its receipt to the decision."""
        image = open_image(data)
        assert isinstance(image, OpenedImage)
        readings = read_sheet(self.profile, image, rehearsal=True)
        if not readings.found:
            return
        shown = publish_image(self.profile, image, readings)
        receipt = self.add(ReceiptLeaf("c0" * 32, 1))
        if isinstance(shown, Published):
            digest = sha256(shown.jpeg).hexdigest()
            self.images[digest] = shown.jpeg
            leaf = OpenedLeaf(receipt, "image", "c1" * 32, None, digest, "", shown.rectangles, shown.size)
        else:
            self.withheld += isinstance(shown, Withheld)
            leaf = OpenedLeaf(receipt, "image", "c1" * 32, None, "", shown.value)
        opened = self.add(leaf)
        code = to_reading(readings.found[0], opened=opened).public(0)
        person = PublicReading(
            code.contest, code.station, "person", "1", (Evidence.PRINT.value,), code.counts, person=1, opened=opened
        )
        before = [(self.add(code), code)]
        first = decide(self.profile, code.station, code.contest, before, facts.of(code.station))
        previous = (self.add(first), first)
        both = [*before, (self.add(person), person)]
        self.add(decide(self.profile, code.station, code.contest, both, facts.of(code.station), previous))


def make_bundle(folder: Path, stations: int, key: SigningKey, *, rehearsal: bool) -> Path:
    """A bundle of so many drawn sheets. With ``rehearsal`` false it is what a real one costs; it leaves no folder."""
    profile = load_profile("ve2024")
    register = invented_register(profile, stations, 1)
    contest = profile.contest()
    simulate_folder(profile, register, invented_counts(contest, register, 1), stations, 1, folder / "scans")
    night = Night(profile, register, rehearsal)
    night.add(ConfigurationLeaf(profile.code, profile.sha256, register.sha256, rehearsal, {}))
    facts = RegisterFacts(register)
    for path in sorted((folder / "scans").glob("*.jpg")):
        night.take(facts, path.read_bytes())
    write_bundle(
        folder / "bundle",
        profile=profile,
        register=register,
        leaves=night.entries,
        images=night.images.__getitem__,
        key=key,
        made=MADE,
    )
    size = sum(map(len, night.images.values()))
    print(f"{stations} stations, {len(night.images)} images ({size / max(1, len(night.images)) / 1000:.0f} kB each)")
    return folder / "bundle"


def baseline(bundle: Path, formats: zxingcpp.BarcodeFormats | None) -> None:
    """SHA-256, half-size decode and zxing-cpp over every image: with its defaults, or looking for QR codes only."""
    for path in bundle.glob("sheets/*/*.jpg"):
        data = path.read_bytes()
        sha256(data).digest()
        half = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_2)
        assert half is not None
        _ = zxingcpp.read_barcodes(half, formats=formats) if formats else zxingcpp.read_barcodes(half)


def main(arguments: list[str] | None = None) -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--stations", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--real", action="store_true", help="a bundle that is no rehearsal")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    key = generate_key("bench.example/log")
    with tempfile.TemporaryDirectory() as folder:
        bundle = make_bundle(Path(folder), options.stations, key, rehearsal=not options.real)
        measures: dict[str, Callable[[], object]] = {
            "verify, with images read again": lambda: verify(bundle, key=key.verifier),
            "verify, images only hashed": lambda: verify(bundle, key=key.verifier, images=False),
            "sha-256 + half size + zxing-cpp, as it comes": lambda: baseline(bundle, None),
            "sha-256 + half size + zxing-cpp, QR only": lambda: baseline(bundle, QR_ONLY),
        }
        times: dict[str, list[float]] = {name: [] for name in measures}
        for _ in range(options.rounds):
            for name, work in measures.items():
                times[name].append(cpu(work))
        report = verify(bundle, key=key.verifier)
        print(f"{report.verdict}: {report.images_read} of {report.images_checked} images read again")
        full = times["verify, with images read again"]
        for name, values in times.items():
            ratio = statistics.median(a / b for a, b in zip(full, values, strict=True))
            print(f"{name:<48} {statistics.median(values):7.2f} s CPU   verify is {ratio:5.2f} times that")


if __name__ == "__main__":
    main()
