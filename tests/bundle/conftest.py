"""A very small invented log; with the profile in vectors/ it is the test vector of docs/bundle-format.md."""

from __future__ import annotations

import datetime as dt
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from testigo.bundle import BundleInfo, write_bundle
from testigo.election import Profile, Register, format_payload, load_profile, register_schema
from testigo.ledger import SigningKey
from testigo.records import ConfigurationLeaf, Counts, Leaf, OpenedLeaf, PublicReading, ReceiptLeaf
from testigo.review import RegisterFacts, decide

MADE = dt.datetime(2024, 7, 30, 8, tzinfo=dt.timezone(dt.timedelta(hours=-4)))
VECTORS = Path(__file__).parent / "vectors"
#: A key for tests only: its seed is public.
KEY = SigningKey("vectors.example/log", bytes(range(32)))
IMAGES = (b"not really an image 1", b"not really an image 2")


def make_register(profile: Profile, stations: tuple[str, ...] = ("990101001.01", "990101001.02")) -> Register:
    """Stations of one centre; the first has no known number of electors."""
    rows: list[dict[str, Any]] = []
    for at, code in enumerate(stations):
        row: dict[str, Any] = {"station": code, "centre": code[:9], "centre_name": 'Liceo "Ñandú", sede 2'}
        row["electors"] = 400 if at else None
        for level, area in zip(profile.levels, ("99", "9901", "990101"), strict=False):
            row |= {level.code: area, f"{level.code}_name": f"Lugar {area}"}
        rows.append(row)
    return Register(profile, pa.Table.from_pylist(rows, schema=register_schema(profile)), complete=False)


def first_leaves(profile: Profile) -> list[bytes]:
    """Configuration; one sheet with its code read and confirmed by a person, one with a code only."""
    contest = profile.contests[0]
    facts = RegisterFacts(make_register(profile))
    entries: list[bytes] = []

    def add(leaf: Leaf) -> int:
        entries.append(leaf.to_bytes())
        return len(entries) - 1

    add(ConfigurationLeaf(profile.code, profile.sha256, "", True, {"qr/zxing-cpp": "2.3.0"}))
    for number, image in enumerate(IMAGES, 1):
        station = f"990101001.{number:02d}"
        lines = {code: place * number for place, code in enumerate(contest.line_codes)}
        counts = Counts(contest.candidates_from_lines(lines), lines, number, 0)
        receipt = add(ReceiptLeaf("c0" * 32, 1))
        shown = ((10, 20, 600, 700), (10, 900, 600, 80))
        opened = add(OpenedLeaf(receipt, "image", "c1" * 32, None, sha256(image).hexdigest(), "", shown, (640, 1000)))
        payload = format_payload(contest, f"{station}.1.0001", counts)
        code = PublicReading(
            contest.code, station, "qr/zxing-cpp", "2.3.0", ("qr",), counts,
            opened=opened, sheet_code=f"{station}.1.0001", payload=payload,
        )  # fmt: skip
        readings = [(add(code), code)]
        if number == 1:
            typed = PublicReading(contest.code, station, "person", "1", ("print",), counts, person=1, opened=opened)
            readings.append((add(typed), typed))
        add(decide(profile, station, contest.code, readings, facts.of(station)))
    add(OpenedLeaf(add(ReceiptLeaf("c2" * 32, 2)), "empty"))
    return entries


def write(out: Path, profile: Profile, leaves: tuple[bytes, ...] | list[bytes], **more: Any) -> BundleInfo:
    """A bundle of these leaves."""
    store = {sha256(image).hexdigest(): image for image in IMAGES}
    values: dict[str, Any] = {"register": make_register(profile), "images": store.__getitem__, "key": KEY} | more
    return write_bundle(out, profile=profile, leaves=leaves, made=values.pop("made", MADE), **values)


@pytest.fixture(scope="session")
def profile() -> Profile:
    """An election with a code on its sheets."""
    return load_profile("ve2024")


@pytest.fixture(scope="session")
def leaves(profile: Profile) -> list[bytes]:
    """The entries before the first release leaf."""
    return first_leaves(profile)


@pytest.fixture
def info(profile: Profile, leaves: list[bytes], tmp_path: Path) -> BundleInfo:
    """The first release."""
    return write(tmp_path / "release-1", profile, leaves, why={"es": "Primera publicación", "en": "First release"})


@pytest.fixture(scope="session")
def write_release() -> Any:
    """For tests that write their own."""
    return write


@pytest.fixture(scope="session")
def register_of() -> Any:
    """For tests that need another register."""
    return make_register


@pytest.fixture(scope="session")
def vectors() -> Path:
    """Where the test vectors lie."""
    return VECTORS


@pytest.fixture(scope="session")
def make_leaves() -> Any:
    """The same entries for another profile."""
    return first_leaves
