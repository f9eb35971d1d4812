"""A real database per test, cloned from one that was migrated once; jobs and sequencer run here, as any role."""

from __future__ import annotations

import os
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from testigo.election import Profile, Register, load_profile, write_register
from testigo.records import Counts, Decision, Evidence, Leaf, PublicReading, Reading, Standing, parse_leaf
from testigo.server.postgres import ROLES, Server, acquire
from testigo.server.postgres.processes import stop_all
from testigo.simulate import Sheet, invented_counts, invented_register, make_sheet, rehearsal_profile, scan_of
from testigo.simulate.votes import altered

SEED = 5
STATIONS = 12


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Django is one per process: keep this folder's tests on one worker."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("server_store"))


@dataclass(frozen=True)
class Country:
    """What is counted, and its drawn sheets."""

    folder: Path
    profile: Profile
    register: Register
    contest: str

    @property
    def register_file(self) -> Path:
        return self.folder / "register.parquet"

    @property
    def stations(self) -> list[str]:
        return sorted(self.register.rows)

    def counts(self, station: str) -> Counts:
        return invented_counts(self.profile.contest(self.contest), self.register, SEED)[station]

    def sheet(self, station: str) -> Sheet:
        known = self.register.find(station)
        assert known is not None
        office = self.profile.contest(self.contest)
        return make_sheet(self.profile, office, self.register, known, self.counts(station), SEED)

    def scan(self, station: str, seed: str = "a") -> bytes:
        """A drawn sheet's scan; drawn once."""
        path = self.folder / f"{station}-{seed}.jpg"
        if not path.exists():
            path.write_bytes(scan_of(self.profile, self.sheet(station), f"{station}/{seed}"))
        return path.read_bytes()


class Place:
    """A database of its own with a home of its own, in which this process works."""

    def __init__(self, server: Server, name: str, home: Path, country: Country) -> None:
        self.server, self.name, self.home, self.country = server, name, home, country
        self.profile = country.profile

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to work in this place."""
        urls = {f"DATABASE_URL_{role.upper()}": self.server.url(role, self.name) for role in ROLES}
        return {
            **os.environ,
            **urls,
            "DATABASE_URL": self.server.url("owner", self.name),
            "TESTIGO_HOME": str(self.home),
            "TESTIGO_ROLE": "owner",
            "TESTIGO_LANG": "en",
        }

    def become(self, role: str = "owner") -> None:
        """Let Django speak to this place's database as that role."""
        from django.conf import settings
        from django.db import connections
        from psycopg.conninfo import conninfo_to_dict

        parts = conninfo_to_dict(self.server.url(role, self.name))
        connections.close_all()
        given: dict[str, Any] = {"NAME": parts["dbname"], "USER": parts["user"], "PASSWORD": parts["password"]}
        given.update({"HOST": parts["host"], "PORT": str(parts["port"])})
        settings.DATABASES["default"].update(given)
        forget()

    def connect(self, role: str = "owner") -> psycopg.Connection[Any]:
        """A connection of one's own, as any role."""
        return psycopg.connect(self.server.url(role, self.name), autocommit=True)

    def rows(self, statement: str | sql.SQL | sql.Composed, *values: object) -> list[tuple[Any, ...]]:
        """What the database holds."""
        with self.connect() as connection:
            return connection.execute(statement, values).fetchall()

    # ------------------------------------------------------------------ what people do

    def person(self, kind: str) -> tuple[str, bytes]:
        """(pseudonym, token hash) of somebody new."""
        from testigo.server.store import credentials

        ((pseudonym, token),) = credentials.issue_tokens(kind, 1)
        return pseudonym, credentials.hash_token(token)

    def send(self, token: bytes, data: bytes, now: int = 1_900_000_000) -> Any:
        """A file arrives; the receipt."""
        from testigo.server import keys
        from testigo.server.jobs import blobs
        from testigo.server.store import election, receiving

        stored = blobs().put_if_absent(data)
        key, origin = keys.intake_key(self.home / "keys"), election.load_election().origin
        return receiving.receive(token, stored.digest, stored.size, "stored", key=key, origin=origin, now=now, hours=24)

    def type(self, token: bytes, receipt: str, station: str, counts: Counts, **more: Any) -> int:
        """A person types what a sheet says."""
        from testigo.server.store import readings

        contest = more.pop("contest", self.country.contest)
        reading = Reading(contest, station, "person", "1", (Evidence.PRINT.value,), counts, person="x", **more)
        return readings.type_reading(token, receipt, reading)

    # ------------------------------------------------------------------ what the server does

    def work(self) -> None:
        """Work off the jobs that wait, here."""
        from testigo.server.operations import _work

        _work(str(self.home))

    def turn(self, now: int = 1_900_000_100, most: int = 1000) -> Any:
        """One turn of the sequencer."""
        from testigo.review import RegisterFacts
        from testigo.server import keys
        from testigo.server.store import election, sequencing

        known = election.load_election()
        key = keys.log_key(self.home / "keys")
        return sequencing.turn(known, RegisterFacts(known.register), key, now=now, most=most)

    def drain(self) -> None:
        """Jobs and turns, until nothing is left."""
        self.work()
        while self.turn().more:
            pass

    # ------------------------------------------------------------------ what was stored

    def leaves(self) -> list[Leaf]:
        return [parse_leaf(bytes(body)) for (body,) in self.rows("SELECT body FROM leaf ORDER BY index")]

    def readings(self) -> list[PublicReading]:
        return [leaf for leaf in self.leaves() if isinstance(leaf, PublicReading)]

    def decision(self, station: str) -> Decision | None:
        """The decision that stands for a station."""
        found = [leaf for leaf in self.leaves() if isinstance(leaf, Decision) and leaf.station == station]
        return found[-1] if found else None

    def stands(self, station: str) -> tuple[str, bool, dict[str, int]]:
        """(standing, contested, votes by candidate) as the tally will fetch them."""
        statement = "SELECT standing, contested, candidates FROM standing WHERE contest = %s AND station = %s"
        ((standing, contested, votes),) = self.rows(statement, self.country.contest, station)
        codes = self.profile.contest(self.country.contest).candidate_codes
        counted = dict(zip(codes, unpacked(votes), strict=True)) if votes is not None else {}
        return list(Standing)[standing].value, contested, counted

    def refused(self) -> list[str]:
        return [why for (why,) in self.rows("SELECT refused FROM ledger_queue WHERE refused <> '' ORDER BY id")]

    def bundle(self, name: str = "bundle") -> Path:
        """A release of what there is."""
        from testigo.server import operations

        operations.release(self.home, self.home.parent / name, {"es": "prueba", "en": "test"})
        return self.home.parent / name


def unpacked(votes: bytes) -> list[int]:
    """Votes as the table keeps them: 32 bits each, little-endian."""
    return [number for (number,) in struct.iter_unpack("<i", votes)]


def forget() -> None:
    """Nothing that a process keeps for its only database may outlive a change of place."""
    from testigo.server import configuration, jobs

    for cached in (configuration.configuration, jobs.blobs, jobs.election):
        cached.cache_clear()


# ---------------------------------------------------------------------- fixtures


@pytest.fixture(scope="session")
def private() -> Iterator[Path]:
    """A folder that only its owner can enter."""
    folder = Path(tempfile.mkdtemp(prefix="testigo-test-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server(private: Path) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TESTIGO_TEST_POSTGRES_UNSAFE_NO_FSYNC", "1")
        patch.setenv("TESTIGO_POSTGRES_LINGER_SECONDS", "0.5")
        held = acquire(private / "postgres-home")
    yield held
    data = held.home / "postgres" / "data"
    held.close()
    stop_all(data)


@pytest.fixture(scope="session")
def venezuela(private: Path) -> Country:
    profile = load_profile("ve2024")
    return _country(private / "ve", profile, profile.contests[0].code)


@pytest.fixture(scope="session")
def altamar(private: Path) -> Country:
    profile = load_profile("altamar2031")
    return _country(private / "al", profile, profile.contests[0].code)


def _country(folder: Path, profile: Profile, contest: str) -> Country:
    folder.mkdir()
    register = invented_register(profile, STATIONS, SEED)
    profile = rehearsal_profile(profile, register)
    write_register(register, folder / "register.parquet")
    (folder / "profile.toml").write_bytes(profile.source)
    return Country(folder, profile, register, contest)


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Callable[[Place], Place]:
    """Makes this process work in a place until the test is over."""

    def enter(place: Place) -> Place:
        for name, value in place.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "testigo.server.settings")
        monkeypatch.delenv("TESTIGO_BLOBS", raising=False)
        import django

        django.setup()
        place.become()
        return place

    return enter


@pytest.fixture(scope="session")
def _templates() -> dict[str, Path]:
    return {}


@pytest.fixture
def place_of(
    server: Server, private: Path, surroundings: Callable[[Place], Place], _templates: dict[str, Path]
) -> Iterator[Callable[..., Place]]:
    """Makes places: each a clone of a database that was configured once for its country."""
    made: list[Place] = []

    def make(country: Country) -> Place:
        template = f"template_{country.folder.name}"
        if template not in _templates:
            _templates[template] = _configured(server, surroundings, country, template)
        name = f"test_{os.urandom(6).hex()}"
        with psycopg.connect(server.url("owner", "postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
            connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
            roles = ", ".join(f"testigo_{role}" for role in ROLES)
            connection.execute(f'GRANT CONNECT ON DATABASE "{name}" TO {roles}')
        home = private / name / "home"
        shutil.copytree(_templates[template], home)
        made.append(Place(server, name, home, country))
        return surroundings(made[-1])

    yield make
    from django.db import connections

    connections.close_all()
    forget()
    for place in made:
        # What another role still holds open goes with the server.
        with suppress(psycopg.Error), psycopg.connect(server.url("owner", "postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{place.name}" WITH (FORCE)')
        shutil.rmtree(place.home.parent, ignore_errors=True)


def _configured(server: Server, surroundings: Callable[[Place], Place], country: Country, name: str) -> Path:
    from django.db import connections

    from testigo.server import operations

    server.create_database(name)
    home = country.folder / "home"
    home.mkdir()
    surroundings(Place(server, name, home, country))
    operations.configure(home, country.profile, country.register_file, rehearsal=True)
    connections.close_all()
    return home


@pytest.fixture
def place(place_of: Callable[..., Place], venezuela: Country) -> Place:
    """A fresh rehearsal of twelve Venezuelan stations."""
    return place_of(venezuela)


@pytest.fixture
def lie(venezuela: Country) -> Callable[..., Counts]:
    """Counts that a liar gives: same ballot, other votes."""

    def altered_counts(counts: Counts, seed: str = "lie") -> Counts:
        return altered(venezuela.profile.contest(venezuela.contest), counts, seed)

    return altered_counts
