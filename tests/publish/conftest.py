"""A small invented election day as a real bundle: confirmed, documented, contested, missing and hostile places."""

from __future__ import annotations

import datetime as dt
import io
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from testigo.bundle import BundleInfo, write_bundle
from testigo.election import Contest, Profile, Register, load_profile, register_schema
from testigo.ledger import SigningKey
from testigo.publish import publish
from testigo.records import ConfigurationLeaf, Counts, Decision, Leaf, OpenedLeaf, PublicReading, ReceiptLeaf
from testigo.review import RegisterFacts, decide

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
KEY = SigningKey("tests.example/log", bytes(range(32)))  # its seed is public: for tests only
MADE = dt.datetime(2031, 3, 10, 9, tzinfo=dt.UTC)
HOSTILE = '<script>alert("1")</script> & Ñandú\'s'


def make_register(profile: Profile, codes: dict[str, str], *, complete: bool = False, **names: str) -> Register:
    """Stations (station -> centre); an area is the centre's first letters. ``names``: ``c<centre>`` -> its name."""
    rows: list[dict[str, Any]] = []
    for station, centre in codes.items():
        row: dict[str, Any] = {"station": station, "centre": centre, "electors": 400 + len(rows) % 7}
        row["centre_name"] = names.get(f"c{centre}", f"Escuela Número {centre}")
        for depth, level in enumerate(profile.levels, 1):
            area = centre[: 2 * depth] if centre.isdigit() else centre[:depth]
            name = profile.tiles[area].name if depth == 1 and area in profile.tiles else f"Lugar {area}"
            row |= {level.code: area, f"{level.code}_name": names.get(f"a{area}", name)}
        rows.append(row)
    return Register(profile, pa.Table.from_pylist(rows, schema=register_schema(profile)), complete=complete)


@dataclass
class World:
    """A log that grows, and the bundles that are made of it."""

    profile: Profile
    register: Register
    rehearsal: bool = False
    seed: int = 1
    entries: list[bytes] = field(default_factory=list)
    images: dict[str, bytes] = field(default_factory=dict)
    readings: dict[tuple[str, str], list[tuple[int, PublicReading]]] = field(default_factory=dict)
    decisions: dict[tuple[str, str], tuple[int, Decision]] = field(default_factory=dict)
    last: BundleInfo | None = None

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._facts = RegisterFacts(self.register)
        self.add(ConfigurationLeaf(self.profile.code, self.profile.sha256, "", self.rehearsal, {"person": "1"}))

    def add(self, leaf: Leaf) -> int:
        """Append a leaf; its index."""
        self.entries.append(leaf.to_bytes())
        return len(self.entries) - 1

    def votes(self, contest: Contest, scale: int = 120) -> Counts:
        """Counts of one sheet: the first candidates get most."""
        lines = {
            code: self._random.randrange(scale // (1 + place) + 2) for place, code in enumerate(contest.line_codes)
        }
        return Counts(contest.candidates_from_lines(lines), lines, self._random.randrange(4), self._random.randrange(3))

    def arrive(self, image: bytes = b"", rectangles: tuple[Any, ...] = (), withheld: str = "not_aligned") -> int:
        """A receipt, opened; with an image to publish, or withheld. Returns the opened leaf's index."""
        receipt = self.add(ReceiptLeaf("c0" * 32, 1))
        if not image:
            return self.add(OpenedLeaf(receipt, "image", "c1" * 32, None, "", withheld))
        digest = sha256(image).hexdigest()
        self.images[digest] = image
        return self.add(OpenedLeaf(receipt, "image", "c1" * 32, None, digest, "", rectangles, sheet_size(self.profile)))

    def read(
        self, contest: str, station: str, counts: Counts, opened: int | None, person: int = 0, **more: Any
    ) -> None:
        """One reading: of a program (person 0) or of a person."""
        reader, evidence = ("person", ("print",)) if person else ("qr/zxing-cpp", ("qr",))
        reading = PublicReading(contest, station, reader, "1", evidence, counts, person, opened, **more)
        self.readings.setdefault((contest, station), []).append((self.add(reading), reading))

    def decide(self, contest: str, station: str) -> Decision:
        """What stands now, as the rules say."""
        key = contest, station
        facts = self._facts.of(station)
        decision = decide(self.profile, station, contest, self.readings.get(key, []), facts, self.decisions.get(key))
        self.decisions[key] = self.add(decision), decision
        return decision

    def write(self, out: Path) -> Path:
        """The next release."""
        previous = self.last.manifest if self.last else None
        self.last = write_bundle(
            out,
            profile=self.profile,
            register=self.register,
            leaves=self.entries,
            images=self.images.__getitem__,
            key=KEY,
            made=MADE + dt.timedelta(hours=previous.release if previous else 0),
            why={"es": "Llegaron más hojas.", "en": "More sheets arrived."} if previous else {},
            previous=previous,
            previous_register=self.register if previous else None,
        )
        self.entries = list(self.last.entries)
        return out


def sheet_size(profile: Profile) -> tuple[int, int]:
    """Pixels of a drawn sheet: 6 per millimetre."""
    layout = profile.contests[0].layout
    assert layout is not None
    return round(layout.paper_width * 4), round(layout.paper_height * 4)


def draw_sheet(contest: Contest, counts: Counts, size: tuple[int, int]) -> tuple[bytes, tuple[Any, ...]]:
    """A picture of a sheet with its lines, everything private blank, and the zones that it shows."""
    pil = pytest.importorskip("PIL.Image")
    pil_draw = pytest.importorskip("PIL.ImageDraw")
    layout = contest.layout
    assert layout is not None and counts.lines is not None
    image = pil.new("L", size, 255)
    draw, scale = pil_draw.Draw(image), size[0] / layout.paper_width
    draw.text((20, 20), f"SIMULACRO  {contest.code}", fill=0, font_size=24)
    for line, box in zip(contest.lines, layout.line_boxes(), strict=True):
        draw.text((box.x * scale + 20, box.y * scale + 4), f"{line.label}", fill=0, font_size=20)
        draw.text((size[0] * 0.7, box.y * scale + 4), f"{counts.lines[line.code]:03d}", fill=0, font_size=20)
        draw.line((0, box.bottom * scale, size[0], box.bottom * scale), fill=180)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=60)
    zones = tuple(
        (round(zone.x * scale), round(zone.y * scale), round(zone.width * scale), round(zone.height * scale))
        for zone in layout.zones()
    )
    return out.getvalue(), zones


def altamar(**more: Any) -> World:
    """The invented country: two offices, sheets without QR, one hostile name, everything that can stand."""
    profile = load_profile("altamar2031")
    codes = {
        f"{island}{district}{number:03d}-{box}": f"{island}{district}{number:03d}"
        for island in "NPMCS"
        for district in "AB"
        for number in (11, 12)
        for box in ("ABC" if island == "M" else "AB")
    }
    register = make_register(profile, codes, cNA011=HOSTILE, cMB012="Liceo Río Ancho de Los Ángeles")
    world = World(profile, register, rehearsal=True, **more)
    for contest in profile.contests:
        for place, station in enumerate(codes):
            fill(world, contest, station, place)
    return world


def fill(world: World, contest: Contest, station: str, place: int) -> None:
    """One station: of twelve, seven confirmed, one withheld, one outvoted, one contested, two missing."""
    kind = place % 12
    if kind in (4, 9):
        return
    counts = world.votes(contest)
    if kind == 3:
        opened = world.arrive(withheld="not_aligned")
    else:
        opened = world.arrive(*draw_sheet(contest, counts, sheet_size(world.profile)))
    world.read(contest.code, station, counts, opened, 1, printed={"valid": counts.valid, "voters_book": counts.cast})
    if kind == 5:  # documented: only one reading
        world.decide(contest.code, station)
        return
    if kind in (6, 7):  # somebody types other numbers
        world.read(contest.code, station, world.votes(contest), opened, 2)
    if kind != 7:
        world.read(contest.code, station, counts, opened, 3)
    world.decide(contest.code, station)


def imported_world(register_codes: dict[str, str], filled: int) -> World:
    """Counts that others published, under the profile of a real election with invented numbers."""
    profile = load_profile("ve2024")
    world = World(profile, make_register(profile, register_codes))
    contest, facts = profile.contests[0], RegisterFacts(world.register)
    for line, station in enumerate(list(register_codes)[:filled], 2):
        drawn = world.votes(contest).candidates
        counts = Counts({**drawn, "EG": drawn["EG"] + 300}, null=0)
        reading = PublicReading(
            contest.code, station, "published-table", "1", ("published-table",), counts, source="ab" * 32, line=line
        )
        entry = (world.add(reading), reading)
        world.add(decide(profile, station, contest.code, [entry], facts.of(station, provenance="published")))
    return world


@dataclass(frozen=True)
class Published:
    """A world, its bundle and its site."""

    world: World
    bundle: Path
    site: Path


@pytest.fixture(scope="session")
def kit() -> SimpleNamespace:
    """What tests make their own worlds with."""
    return SimpleNamespace(
        World=World, altamar=altamar, draw_sheet=draw_sheet, make_register=make_register, sheet_size=sheet_size, key=KEY
    )


@pytest.fixture(scope="session")
def altamar_site(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The invented country's site. Tests that change it copy it first."""
    folder = tmp_path_factory.mktemp("altamar")
    world = altamar()
    bundle = world.write(folder / "bundle")
    publish(bundle, folder / "site")
    return Published(world, bundle, folder / "site")


@pytest.fixture(scope="session")
def imported_site(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A site of imported counts: 90 centres in one parish, so that lists need pages."""
    folder = tmp_path_factory.mktemp("imported")
    codes = {f"0101010{number:02d}.01": f"0101010{number:02d}" for number in range(1, 91)}
    codes |= {"170101001.01": "170101001", "170101001.02": "170101001"}
    world = imported_world(codes, filled=91)
    bundle = world.write(folder / "bundle")
    publish(bundle, folder / "site")
    return Published(world, bundle, folder / "site")


@pytest.fixture
def copy_of(tmp_path: Path) -> Iterator[Any]:
    """Copies a site, so that a test may change it."""

    def copy(site: Path) -> Path:
        target = tmp_path / "copy"
        shutil.copytree(site, target)
        return target

    yield copy


# Not for the whole session: while the driver runs, this process has a running event loop, and servers tested later in
# the same process could not start theirs.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real headless Chromium, or a visible skip."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"{CHROMIUM} is not installed (apt install chromium)")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        yield running
        running.close()
