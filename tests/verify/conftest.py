"""A small invented election day as a bundle, and a forger with the log's own key."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pytest
import segno

from testigo.bundle import BundleInfo, write_bundle
from testigo.bundle.texts import csv_bytes
from testigo.bundle.write import parquet_bytes
from testigo.election import Profile, Register, format_payload, load_profile, register_schema
from testigo.election.simulacro import CODE_PREFIX
from testigo.ledger import (
    Checkpoint,
    MemoryLog,
    SigningKey,
    generate_key,
    sign_checkpoint,
    tiles_of,
)
from testigo.records import (
    ConfigurationLeaf,
    Counts,
    Decision,
    Leaf,
    OpenedLeaf,
    PublicReading,
    ReceiptLeaf,
    ReleaseLeaf,
    canonical,
)
from testigo.review import RegisterFacts, decide

MADE = dt.datetime(2024, 7, 30, 12, tzinfo=dt.UTC)
PHOTOGRAPHED, IMPORTED, MISSING = 8, 120, 5  # stations
COMMITMENT = "c0" * 32


def code_image(text: str) -> np.ndarray[Any, Any]:
    """A QR code as grey pixels, 6 px per module."""
    matrix = np.array([list(row) for row in segno.make_qr(text, error="q").matrix], dtype=np.uint8)
    return np.kron(np.pad(255 * (1 - matrix), 4, constant_values=255), np.ones((6, 6), np.uint8)).astype(np.uint8)


def drawing(payload: str) -> bytes:
    """An image with the payload's code and the mark of a drawing, as JPEG."""
    codes = [code_image(payload), code_image(CODE_PREFIX + "test")]
    width = max(code.shape[1] for code in codes)
    padded = [np.pad(code, ((0, 40), (0, width - code.shape[1])), constant_values=255) for code in codes]
    return bytes(cv2.imencode(".jpg", np.vstack(padded), [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes())


class Day:
    """Leaves, images and register of an invented day; everything follows from the order of the calls."""

    def __init__(self, profile: Profile, *, rehearsal: bool = True) -> None:
        self.profile, self.contest = profile, profile.contests[0]
        self.register = Register(profile, self._stations())
        self.facts = RegisterFacts(self.register)
        self.entries: list[bytes] = []
        self.images: dict[str, bytes] = {}
        self.readings: dict[str, list[tuple[int, PublicReading]]] = {}
        self.last: dict[str, tuple[int, Decision]] = {}
        self.add(ConfigurationLeaf(profile.code, profile.sha256, "", rehearsal, {"qr/zxing-cpp": "1"}))

    def _stations(self) -> pa.Table:
        rows = []
        for number in range(PHOTOGRAPHED + IMPORTED + MISSING):
            row: dict[str, Any] = {"station": self.station(number), "centre": self.station(number)[:9]}
            row |= {"centre_name": f'Escuela "{number}", Ñ', "electors": 900}
            for level, code in zip(self.profile.levels, ("99", "9901", "990101"), strict=True):
                row |= {level.code: code, f"{level.code}_name": f"Lugar {code}"}
            rows.append(row)
        return pa.Table.from_pylist(rows, schema=register_schema(self.profile))

    @staticmethod
    def station(number: int) -> str:
        """The code of the station of that number."""
        return f"990101{number // 3 + 1:03d}.{number % 3 + 1:02d}"

    def add(self, leaf: Leaf) -> int:
        """Append a leaf; its index."""
        self.entries.append(leaf.to_bytes())
        return len(self.entries) - 1

    def counts(self, number: int) -> Counts:
        """Invented votes per line."""
        lines = {code: (number * 7 + place * 5) % 17 for place, code in enumerate(self.contest.line_codes)}
        return Counts(self.contest.candidates_from_lines(lines), lines, number % 3, 0)

    def receive(self, image: bytes | None, outcome: str = "image", same_as: int | None = None) -> int:
        """A receipt and its opening; the opened leaf's index."""
        receipt = self.add(ReceiptLeaf(COMMITMENT, 1))
        digest = sha256(image).hexdigest() if image else ""
        if image:
            self.images[digest] = image
        return self.add(OpenedLeaf(receipt, outcome, COMMITMENT, same_as, digest))

    def read(self, number: int, **values: Any) -> int:
        """A reading of the station; its index."""
        station = self.station(number)
        plain: dict[str, Any] = {"reader": "person", "version": "1", "evidence": ("print",)}
        values = plain | {"counts": self.counts(number)} | values
        reading = PublicReading(self.contest.code, station, **values)
        index = self.add(reading)
        self.readings.setdefault(station, []).append((index, reading))
        return index

    def read_code(self, number: int, opened: int) -> int:
        """A reading of the code of that station's sheet."""
        payload = self.payload(number)
        code = payload.split("!")[0]
        values = {"reader": "qr/zxing-cpp", "evidence": ("qr",), "payload": payload, "sheet_code": code}
        return self.read(number, opened=opened, **values)

    def payload(self, number: int) -> str:
        """What the code of the station's sheet says."""
        return format_payload(self.contest, f"{self.station(number)}.1.0001", self.counts(number))

    def decide(self, number: int) -> int:
        """The decision on the station; its index."""
        station = self.station(number)
        facts = self.facts.of(station)
        made = decide(self.profile, station, self.contest.code, self.readings[station], facts, self.last.get(station))
        index = self.add(made)
        self.last[station] = (index, made)
        return index

    def happen(self) -> None:
        """The whole day."""
        for number in range(PHOTOGRAPHED):
            opened = self.receive(drawing(self.payload(number)))
            self.read_code(number, opened)
            self.decide(number)
            if number != PHOTOGRAPHED - 1:
                self.read(number, person=1, opened=opened)
                self.decide(number)
            if number == 0:
                self.receive(None, "same", opened)
        self.receive(None, "empty")
        self.add(ReceiptLeaf(COMMITMENT, 2))  # never opened
        self.receive(drawing("nothing of this election"))
        for number in range(PHOTOGRAPHED, PHOTOGRAPHED + IMPORTED):
            source = {"reader": "published-table", "evidence": ("published-table",), "source": "5a" * 32}
            candidates = Counts(self.counts(number).candidates)
            self.read(number, counts=candidates, line=number + 2, **source)
            self.decide(number)

    def write(self, out: Path, key: SigningKey, **more: Any) -> BundleInfo:
        """The day as a bundle."""
        return write_bundle(
            out,
            profile=self.profile,
            register=self.register,
            leaves=self.entries,
            images=self.images.__getitem__,
            key=key,
            made=MADE,
            **more,
        )


class Forger:
    """Alters a copy of a bundle with the log's own key in hand: whatever is signed holds, only the content lies."""

    def __init__(self, path: Path, key: SigningKey) -> None:
        self.path, self.key = path, key
        self.manifest: dict[str, Any] = json.loads((path / "manifest.json").read_bytes())

    def put(self, path: str, data: bytes) -> None:
        """Replace or add a file, and list it."""
        (self.path / path).parent.mkdir(parents=True, exist_ok=True)
        (self.path / path).write_bytes(data)
        self.manifest["files"][path] = {"sha256": sha256(data).hexdigest(), "size": len(data)}

    def table(self, name: str, table: pa.Table) -> None:
        """Replace a table in both forms."""
        self.put(f"{name}.parquet", parquet_bytes(table))
        if name != "readings":
            self.put(f"{name}.csv", csv_bytes(table))

    def sign(self, entries: list[bytes]) -> None:
        """Write the manifest, its release leaf after ``entries``, and a log that holds it all."""
        self.manifest["covers"] = len(entries)
        data = canonical(self.manifest)
        (self.path / "manifest.json").write_bytes(data)
        number, previous = self.manifest["release"], self.manifest["previous"]
        leaf = ReleaseLeaf(number, sha256(data).hexdigest(), previous)
        write_log(self.path, [*entries, leaf.to_bytes()], self.key)


def write_log(path: Path, entries: list[bytes], key: SigningKey) -> bytes:
    """Replace a bundle's ledger by one of these entries; the checkpoint."""
    shutil.rmtree(path / "ledger")
    for name, data in tiles_of(entries):
        (path / "ledger" / name).parent.mkdir(parents=True, exist_ok=True)
        (path / "ledger" / name).write_bytes(data)
    head = MemoryLog(entries).head
    checkpoint = sign_checkpoint(Checkpoint(key.name, head, (f"time {int(MADE.timestamp())}",)), key)
    (path / "ledger" / "checkpoint").write_bytes(checkpoint)
    return checkpoint


@pytest.fixture(scope="session")
def key() -> SigningKey:
    """The log's key."""
    return generate_key("day.example/log")


@pytest.fixture(scope="session")
def day() -> Day:
    """The day; not to be altered by a test."""
    made = Day(load_profile("ve2024"))
    made.happen()
    return made


@pytest.fixture(scope="session")
def original(day: Day, key: SigningKey, tmp_path_factory: pytest.TempPathFactory) -> BundleInfo:
    """Its bundle; not to be altered."""
    return day.write(tmp_path_factory.mktemp("day") / "bundle", key)


@pytest.fixture
def bundle(original: BundleInfo, tmp_path: Path) -> Path:
    """A copy of the bundle to alter."""
    return Path(shutil.copytree(original.path, tmp_path / "bundle"))


@pytest.fixture
def forger(bundle: Path, key: SigningKey) -> Forger:
    """Somebody with the log's key, over the copy."""
    return Forger(bundle, key)


@pytest.fixture(scope="session")
def make_day() -> Callable[..., Day]:
    """For tests that need another day."""
    return Day


@pytest.fixture(scope="session")
def replace_log() -> Callable[[Path, list[bytes], SigningKey], bytes]:
    """For tests that need another log in a bundle."""
    return write_log


@pytest.fixture(scope="session")
def make_forger() -> type[Forger]:
    """For tests that forge another bundle."""
    return Forger
