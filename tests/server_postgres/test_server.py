"""The embedded server through a day of kills: committed rows stay, strangers are not touched, nothing is left over."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from testigo.errors import InputError, WireError
from testigo.server.postgres import ROLES, Server, acquire, processes
from testigo.server.postgres.roles import role_name

Eventually = Callable[..., bool]
StartClient = Callable[[], "subprocess.Popen[str]"]


def remember(server: Server, text: str) -> None:
    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS remembered (what text)")
        connection.execute("INSERT INTO remembered VALUES (%s)", [text])


def remembered(server: Server) -> list[str]:
    with psycopg.connect(server.url()) as connection:
        return [row[0] for row in connection.execute("SELECT what FROM remembered ORDER BY what")]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def kill(*pids: int) -> None:
    """SIGKILL, and wait until they are dead."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):  # the death of another one ended it
            os.kill(pid, signal.SIGKILL)
    while any(alive(pid) for pid in pids):
        time.sleep(0.002)


def test_a_new_home_gets_a_durable_private_server(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TESTIGO_TEST_POSTGRES_UNSAFE_NO_FSYNC")
    with acquire(home) as server, psycopg.connect(server.url()) as connection:
        settings: dict[str, str] = dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall())
        arguments = Path(f"/proc/{server.postgres_pid}/cmdline").read_bytes()
        status = Path(f"/proc/{server.postgres_pid}/status").read_text()
    assert {settings[name] for name in ("data_checksums", "fsync", "synchronous_commit", "full_page_writes")} == {"on"}
    assert settings["listen_addresses"] == ""
    assert settings["server_encoding"] == "UTF8"
    assert stat.S_IMODE(server.socket_directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "postgres").stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "postgres" / "data").stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "postgres" / "passwords.json").stat().st_mode) == 0o600
    assert "Uid:\t0" not in status
    assert b"password" not in arguments.replace(b"password_encryption", b"")
    assert not list((home / "postgres").glob("initdb.password"))


def test_no_directory_above_the_data_is_opened_to_others(home: Path) -> None:
    before = {parent: stat.S_IMODE(parent.stat().st_mode) for parent in home.parents}
    with acquire(home):
        assert {parent: stat.S_IMODE(parent.stat().st_mode) for parent in home.parents} == before
        assert before[home.parent] == 0o700


def test_two_programs_share_one_server_and_it_stops_after_the_last(
    home: Path, start_client: StartClient, eventually: Eventually
) -> None:
    first, second = start_client(), start_client()  # at the same instant, in an empty home
    assert first.stdout and second.stdout
    pids = first.stdout.readline().split()
    assert pids == second.stdout.readline().split()
    postgres, supervisor = map(int, pids)
    assert len([pid for pid in processes.servers_of(home / "postgres" / "data") if pid == postgres]) == 1

    first.kill()  # SIGKILL: nothing of it can clean up
    first.wait()
    time.sleep(1.2)  # more than twice the time to linger
    assert alive(postgres)
    second.kill()
    second.wait()
    assert eventually(lambda: not alive(postgres) and not alive(supervisor))
    assert "database system is shut down" in (home / "postgres" / "log").read_text()
    assert processes.servers_of(home / "postgres" / "data") == []


def test_many_processes_starting_at_once_get_one_server(home: Path, start_client: StartClient) -> None:
    answers = {client.stdout.readline() for client in [start_client() for _ in range(6)] if client.stdout}
    assert len(answers) == 1


def test_a_server_ends_with_its_killed_supervisor_though_nobody_looks(home: Path, eventually: Eventually) -> None:
    with acquire(home) as server:
        kill(server.supervisor_pid)
        assert eventually(lambda: not alive(server.postgres_pid))
    assert "database system is shut down" in (home / "postgres" / "log").read_text()


def test_a_killed_supervisor_is_replaced_and_loses_nothing(home: Path, eventually: Eventually) -> None:
    with acquire(home) as server:
        remember(server, "before the kill")
        old, address = server.postgres_pid, server.url()
        kill(server.supervisor_pid)
        server.ensure_running()  # at once: the orphan may still be there
        assert server.postgres_pid != old
        assert server.url() == address
        assert not alive(old)
        assert remembered(server) == ["before the kill"]


def test_an_orphan_that_does_not_want_to_end_is_found_and_stopped(home: Path, eventually: Eventually) -> None:
    with acquire(home) as server:
        remember(server, "kept")
        old = server.postgres_pid
        os.kill(old, signal.SIGSTOP)  # it cannot follow the kernel's interrupt
        kill(server.supervisor_pid)
        assert processes.servers_of(home / "postgres" / "data")
        server.ensure_running()
        assert not alive(old)
        assert remembered(server) == ["kept"]


def test_a_killed_server_is_started_again_with_every_committed_row(home: Path, eventually: Eventually) -> None:
    with acquire(home) as server:
        remember(server, "committed")
        old, supervisor = server.postgres_pid, server.supervisor_pid
        os.kill(old, signal.SIGKILL)

        def replaced() -> bool:
            server.ensure_running()
            return server.postgres_pid != old

        assert eventually(replaced)
        assert server.supervisor_pid == supervisor
        assert remembered(server) == ["committed"]


def test_everything_is_killed_at_once(home: Path, eventually: Eventually) -> None:
    with acquire(home) as server:
        remember(server, "survives the power cut")
        kill(server.supervisor_pid, *processes.servers_of(home / "postgres" / "data"))
    with acquire(home) as server:
        assert remembered(server) == ["survives the power cut"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to run a stranger under the server's user id")
def test_a_stale_pid_file_that_names_a_stranger_kills_nobody(home: Path, eventually: Eventually) -> None:
    with acquire(home) as server:
        remember(server, "there")
        kill(server.supervisor_pid, *processes.servers_of(home / "postgres" / "data"))
        assert eventually(lambda: not processes.servers_of(home / "postgres" / "data"))
    data = home / "postgres" / "data"
    # Under the server's own user id, where postgres by itself would refuse to start.
    stranger = subprocess.Popen(["sleep", "60"], user=data.stat().st_uid, cwd="/")
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        (data / "postmaster.pid").write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        with acquire(home) as server:
            assert remembered(server) == ["there"]
            assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_kill_while_the_database_is_created_leaves_nothing_half_made(home: Path) -> None:
    half = home / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with acquire(home) as server:
        remember(server, "whole")
        assert remembered(server) == ["whole"]
    assert not half.exists()


def test_each_role_has_its_own_password_and_no_right(home: Path) -> None:
    with acquire(home) as server:
        remember(server, "secret")
        for role in ROLES:
            with psycopg.connect(server.url(role)) as connection:
                row = connection.execute("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
                assert row.fetchone() == (role_name(role), False)
        for role in ROLES[1:]:
            for statement in (
                "SELECT * FROM remembered",
                "CREATE TABLE mine (x int)",
                "CREATE TEMP TABLE mine (x int)",
            ):
                with (
                    psycopg.connect(server.url(role)) as connection,
                    pytest.raises(psycopg.errors.InsufficientPrivilege),
                ):
                    connection.execute(statement)
        with pytest.raises(InputError, match="no database role"):
            server.url("postgres")


def test_a_wrong_or_another_roles_password_is_refused(home: Path) -> None:
    with acquire(home) as server:
        owner = psycopg.conninfo.conninfo_to_dict(server.url("owner"))
        intake = psycopg.conninfo.conninfo_to_dict(server.url("intake"))
        for password in ("", "wrong", str(intake["password"])):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(**{**owner, "password": password})  # type: ignore[arg-type]


def test_the_log_holds_no_value_and_no_password(home: Path) -> None:
    with acquire(home) as server:
        with psycopg.connect(server.url()) as connection:
            connection.execute("CREATE TABLE people (name text PRIMARY KEY)")
            connection.execute("INSERT INTO people VALUES ('María Secreta')")
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute("INSERT INTO people VALUES ('María Secreta')")
        password = str(psycopg.conninfo.conninfo_to_dict(server.url())["password"])
    log = (home / "postgres" / "log").read_text()
    assert "duplicate key" in log
    assert "Secreta" not in log
    assert password not in log


def test_a_home_whose_socket_path_would_be_too_long(home: Path) -> None:
    deep = home / ("a-rather-long-name-" * 5) / "home"
    with acquire(deep) as server:
        assert len(os.fsencode(server.socket_directory / ".s.PGSQL.5432")) <= 107
        assert stat.S_IMODE(server.socket_directory.stat().st_mode) == 0o700
        remember(server, "reached")
        os.kill(server.supervisor_pid, signal.SIGTERM)
        while alive(server.supervisor_pid):
            time.sleep(0.02)
    assert not server.socket_directory.exists()  # nothing stays in the shared temporary directory


def test_lost_passwords_are_named_not_replaced(home: Path, eventually: Eventually) -> None:
    with acquire(home) as server:
        os.kill(server.supervisor_pid, signal.SIGTERM)
        assert eventually(lambda: not alive(server.supervisor_pid))
    (home / "postgres" / "passwords.json").unlink()
    with pytest.raises(WireError, match="passwords are missing"):
        acquire(home)
    assert not (home / "postgres" / "passwords.json").exists()


def test_a_start_that_fails_shows_the_servers_last_words(home: Path, eventually: Eventually) -> None:
    with acquire(home) as server:
        os.kill(server.supervisor_pid, signal.SIGTERM)
        assert eventually(lambda: not alive(server.supervisor_pid))
    (home / "postgres" / "data" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(WireError, match="no_such_setting") as caught:
        acquire(home)
    assert str(home / "postgres" / "log") in caught.value.remedy


def test_a_database_with_real_data_is_never_run_without_fsync(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTIGO_TEST_POSTGRES_UNSAFE_NO_FSYNC", "1")
    for path, expected in ((home / "for-tests", "off"), (home / "real", "on")):
        if expected == "on":  # created without the option, then started with it
            monkeypatch.delenv("TESTIGO_TEST_POSTGRES_UNSAFE_NO_FSYNC")
            with acquire(path) as server:
                os.kill(server.supervisor_pid, signal.SIGTERM)
                while alive(server.supervisor_pid):
                    time.sleep(0.02)
            monkeypatch.setenv("TESTIGO_TEST_POSTGRES_UNSAFE_NO_FSYNC", "1")
        with acquire(path) as server, psycopg.connect(server.url()) as connection:
            assert connection.execute("SHOW fsync").fetchone() == (expected,)


def test_files_that_are_no_database_are_not_touched(home: Path) -> None:
    data = home / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "notes").write_text("somebody's")
    with pytest.raises(WireError, match="no database"):
        acquire(home)
    assert (data / "notes").read_text() == "somebody's"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server under another user id")
def test_an_empty_data_directory_says_whose_the_server_shall_be(home: Path) -> None:
    data = home / "postgres" / "data"
    data.mkdir(parents=True)
    daemon = pwd.getpwnam("daemon").pw_uid
    os.chown(data, daemon, -1)
    with acquire(home) as server:
        assert Path(f"/proc/{server.postgres_pid}").stat().st_uid == daemon
        remember(server, "mine")


def test_a_further_database_is_created_once_with_the_same_rights(home: Path) -> None:
    with acquire(home) as server:
        assert server.create_database("test_of_mine")
        assert not server.create_database("test_of_mine")
        with psycopg.connect(server.url("reader", "test_of_mine")) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == ("test_of_mine",)
        with pytest.raises(InputError):
            server.create_database('x"; DROP DATABASE testigo; --')


PACKAGES = ":".join(
    path for path in sys.path if "site-packages" in path or (Path(path) / "testigo").exists()
)  # without this interpreter's own library, which may lie in a private home
AS_NOBODY = """
import os, pathlib, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
os.environ["HOME"] = "/nonexistent"
import psycopg
from testigo.server.postgres import acquire
with acquire(pathlib.Path(sys.argv[1])) as server, psycopg.connect(server.url("opener")) as connection:
    print(connection.execute("SELECT current_user").fetchone()[0])
"""


def python_of_everybody() -> str:
    """A Python of this version that an ordinary user can execute with our packages; skips if there is none."""
    script = "import psycopg, testigo.server"
    env = {**os.environ, "PYTHONPATH": PACKAGES}
    for python in (
        sys.executable,
        shutil.which(f"python3.{sys.version_info.minor}", path="/usr/bin") or sys.executable,
    ):
        try:
            done = subprocess.run(
                [python, "-c", script], user=65534, group=65534, cwd="/", env=env, capture_output=True
            )
        except PermissionError:
            continue
        if done.returncode == 0:
            return python
    pytest.skip("no Python that another user can execute: interpreter or packages lie below a private directory")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_an_ordinary_user_runs_it_and_root_may_join(home: Path) -> None:
    python = python_of_everybody()
    home.parent.chmod(0o755)
    home.mkdir(mode=0o700)
    os.chown(home, 65534, 65534)
    done = subprocess.run(
        [python, "-c", AS_NOBODY, str(home)],
        capture_output=True, text=True, check=False, cwd="/", env={**os.environ, "PYTHONPATH": PACKAGES},
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, "testigo_opener"), done.stderr
    with acquire(home) as server:
        os.kill(server.supervisor_pid, signal.SIGTERM)
        while alive(server.supervisor_pid):
            time.sleep(0.02)
        server.ensure_running()  # started by root now, over the user's data
        assert Path(f"/proc/{server.postgres_pid}").stat().st_uid == 65534
        assert {path.stat().st_uid for path in (home / "postgres").iterdir()} == {65534}
