"""A small invented election of drawn sheets as a real bundle, with duplicates, a forged copy and a damaged code."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from testigo.bundle import write_bundle
from testigo.election import Profile, Register, format_payload, format_sheet_code, load_profile, register_schema
from testigo.ledger import SigningKey
from testigo.records import ConfigurationLeaf, Counts, Decision, Leaf, OpenedLeaf, PublicReading, ReceiptLeaf
from testigo.review import RegisterFacts, decide

KEY = SigningKey("tests.example/forensics", bytes(range(32)))  # its seed is public: for tests only
MADE = dt.datetime(2031, 3, 10, 9, tzinfo=dt.UTC)
HOSTILE = '<script>alert("1")</script> & Ñandú\'s'
WIDTH, HEIGHT = 640, 2400
RECTANGLES = ((10, 10, 620, 1600), (10, 1900, 620, 480))


def draw(text: Sequence[str], seed: int) -> Any:
    """A form with these lines, and a block of noise where a sheet has its code."""
    cv2 = pytest.importorskip("cv2")
    image = np.full((HEIGHT, WIDTH), 255, np.uint8)
    cv2.putText(image, "SIMULACRO", (30, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 0, 3)
    for place, line in enumerate(text):
        y = 130 + 37 * place
        cv2.putText(image, f"LINEA {place:02d}", (30, y), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 0, 2)
        cv2.putText(image, line, (420, y), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 0, 2)
        cv2.line(image, (20, y + 9), (620, y + 9), 160, 1)
    modules = np.random.default_rng(seed).integers(0, 2, (40, 40), np.uint8) * 255
    image[1920:2320, 120:520] = np.kron(modules, np.ones((10, 10), np.uint8))
    return image


def jpeg(image: Any, quality: int = 70) -> bytes:
    """The image's bytes."""
    import cv2

    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return bytes(data.tobytes())


@dataclass
class World:
    """A log that grows, and the bundle that is made of it."""

    profile: Profile = field(default_factory=lambda: load_profile("ve2024"))
    stations: int = 14
    known_electors: bool = True
    entries: list[bytes] = field(default_factory=list)
    images: dict[str, bytes] = field(default_factory=dict)
    drawings: dict[str, Any] = field(default_factory=dict)
    readings: dict[str, list[tuple[int, PublicReading]]] = field(default_factory=dict)
    counts: dict[str, Counts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = random.Random(7)
        self.contest = self.profile.contest()
        self.codes = [f"0101010{place // 2 + 1:02d}.{place % 2 + 1:02d}" for place in range(self.stations)]
        self.register = self._register()
        self.add(ConfigurationLeaf(self.profile.code, self.profile.sha256, "", True, {"person": "1"}))
        for code in self.codes:
            most = 250 if code.endswith("1") else 180
            lines = {line: self._random.randrange(4) for line in self.contest.line_codes} | {
                "MUD": most + self._random.randrange(90),
                "PSUV": 90 + self._random.randrange(60),
            }
            self.counts[code] = Counts(self.contest.candidates_from_lines(lines), lines, self._random.randrange(4), 0)

    def _register(self) -> Register:
        rows: list[dict[str, Any]] = []
        for code in self.codes:
            centre = code.split(".")[0]
            row: dict[str, Any] = {"station": code, "centre": centre, "electors": 700 if self.known_electors else None}
            row["centre_name"] = HOSTILE if centre.endswith("01") else f"Escuela {centre}"
            for depth, level in enumerate(self.profile.levels, 1):
                row |= {level.code: centre[: 2 * depth], f"{level.code}_name": f"Lugar {centre[: 2 * depth]}"}
            rows.append(row)
        table = pa.Table.from_pylist(rows, schema=register_schema(self.profile))
        return Register(self.profile, table, complete=False)

    def add(self, leaf: Leaf) -> int:
        """Append a leaf; its index."""
        self.entries.append(leaf.to_bytes())
        return len(self.entries) - 1

    def picture(self, code: str) -> Any:
        """The drawing of a station's sheet."""
        if code not in self.drawings:
            lines = self.counts[code].lines
            assert lines is not None
            self.drawings[code] = draw([f"{votes:03d}" for votes in lines.values()], len(self.drawings))
        return self.drawings[code]

    def show(self, data: bytes = b"", withheld: str = "not_aligned") -> int:
        """An arrival that shows this image, or whose image is withheld; the opened leaf's index."""
        receipt = self.add(ReceiptLeaf("c0" * 32, 1))
        if not data:
            return self.add(OpenedLeaf(receipt, "image", "c1" * 32, None, "", withheld))
        digest = sha256(data).hexdigest()
        self.images[digest] = data
        return self.add(OpenedLeaf(receipt, "image", "c1" * 32, None, digest, "", RECTANGLES, (WIDTH, HEIGHT)))

    def read(self, code: str, opened: int | None, person: int = 0, counts: Counts | None = None, **more: Any) -> None:
        """One reading of a station: by QR (person 0) or by a person."""
        reader, evidence = ("person", ("print",)) if person else ("qr/zxing-cpp", ("qr",))
        says = counts or self.counts[code]
        if not person:
            sheet = format_sheet_code(self.contest, code)
            more = {"sheet_code": sheet, "payload": format_payload(self.contest, sheet, says), **more}
        reading = PublicReading(self.contest.code, code, reader, "1", evidence, says, person, opened, **more)
        self.readings.setdefault(code, []).append((self.add(reading), reading))

    def decide(self, code: str) -> Decision:
        """What stands now, as the rules say."""
        facts = RegisterFacts(self.register).of(code)
        decision = decide(self.profile, code, self.contest.code, self.readings.get(code, []), facts, None)
        self.add(decision)
        return decision

    def plain(self, code: str, data: bytes | None = None, **more: Any) -> None:
        """A sheet read by its code and by two people who agree."""
        opened = self.show(jpeg(self.picture(code)) if data is None else data)
        self.read(code, opened, **more)
        for person in (1, 2):
            self.read(code, opened, person, printed={"valid": self.counts[code].valid})
        self.decide(code)

    def write(self, out: Path) -> Path:
        """The release."""
        write_bundle(
            out,
            profile=self.profile,
            register=self.register,
            leaves=self.entries,
            images=self.images.__getitem__,
            key=KEY,
            made=MADE,
        )
        return out


@dataclass(frozen=True)
class Told:
    """A bundle, and what was planted in it: role -> station."""

    path: Path
    world: World
    planted: dict[str, str]


@pytest.fixture(scope="session")
def day(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Fourteen stations; of them one shows another's image, one another's QR, one a retouched copy, one has no
    readable code, one a damaged one, one disagrees with its print, one has its image withheld, one has no sheet."""
    world = World()
    names = (
        "honest image_of payload_of copied_from same_image same_payload copy no_code damaged differs withheld missing"
    )
    planted = dict(zip(names.split(), world.codes, strict=False))
    where = planted.__getitem__
    for role in ("honest", "image_of", "payload_of", "copied_from"):
        world.plain(where(role))
    for code in world.codes[len(planted) :]:
        world.plain(code)
    world.plain(where("same_image"), jpeg(world.picture(where("image_of"))))
    sheet = format_sheet_code(world.contest, where("payload_of"))
    says = world.counts[where("payload_of")]
    payload = format_payload(world.contest, sheet, says)
    world.counts[where("same_payload")] = says
    world.plain(where("same_payload"), sheet_code=sheet, payload=payload)
    retouched = world.picture(where("copied_from")).copy()
    retouched[600:640, 400:600] = 255
    world.plain(where("copy"), jpeg(retouched, 40))
    opened = world.show(jpeg(world.picture(where("no_code"))))
    for person in (1, 2):
        world.read(where("no_code"), opened, person)
    world.decide(where("no_code"))
    world.plain(where("damaged"), erased=3, corrected=5, problems=("code_damaged",))
    opened = world.show(jpeg(world.picture(where("differs"))))
    world.read(where("differs"), opened)
    other = world.counts[world.codes[-1]]
    for person in (1, 2):
        world.read(where("differs"), opened, person, other)
    world.decide(where("differs"))
    opened = world.show()
    world.read(where("withheld"), opened)
    world.read(where("withheld"), opened, 1)
    world.decide(where("withheld"))
    return Told(world.write(tmp_path_factory.mktemp("day") / "bundle"), world, planted)


@pytest.fixture(scope="session")
def kit() -> Any:
    """What tests make their own worlds with."""
    from types import SimpleNamespace

    return SimpleNamespace(World=World, jpeg=jpeg, draw=draw, KEY=KEY, HOSTILE=HOSTILE)


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Counts that others published, without electors and without images: sixty stations in twenty centres."""
    from testigo.importing import import_table

    places = ["COD_EDO", "EDO", "COD_MUN", "MUN", "COD_PAR", "PAR", "CENTRO", "MESA"]
    names = ["EG", "NM", "LM", "JABE", "JOBR", "AE", "CF", "DC", "EM", "BERA"]
    rng = np.random.default_rng(5)
    rows = [",".join([*places, "VOTOS_VALIDOS", "VOTOS_NULOS", *names])]
    for number in range(60):
        votes = [int(one) for one in rng.binomial(400, [0.45, 0.2, *[0.005] * 8])]
        place = ["1", "DTTO", "1", "MP", "1", "PQ", f"101010{number // 3 + 1:02d}", str(number % 3 + 1)]
        rows.append(",".join([*place, str(sum(votes)), "0", *map(str, votes)]))
    folder = tmp_path_factory.mktemp("imported")
    (folder / "published.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    import_table(load_profile("ve2024"), folder / "published.csv", folder / "bundle")
    return folder / "bundle"


@pytest.fixture(scope="session")
def report(day: Told) -> Any:
    """The analyses that take no time, of that day, and two dossiers."""
    from testigo.bundle import open_bundle
    from testigo.forensics.report import Context, make_report

    bundle = open_bundle(day.path)
    light = ("certainty", "contradiction", "round_numbers", "dossiers")
    at = Context(bundle, bundle.profile.contest(), seed=3)
    return make_report(at, only=light, stations=[day.planted["copy"], day.planted["honest"]])
