"""One PostgreSQL server as a child of this process: made, started, watched, stopped.

Rules of this module
--------------------
1. What was acknowledged is on the disk: fsync, synchronous commit and full page writes are given on the command line,
   where no configuration file overrides them. Only a database that was *created* for tests with
   ``TESTIGO_TEST_POSTGRES_UNSAFE_NO_FSYNC=1`` may run without; one that holds real data can never be weakened.
2. Data pages carry checksums: a disk that lies is noticed.
3. No network: a unix socket in a 0700 directory, and every role needs its password even there.
4. The log names no statement, value or address: people in danger are in this database.
5. A data directory exists whole or not at all: ``initdb`` fills another one, which is then renamed.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from testigo.errors import WireError
from testigo.server.postgres import binaries, processes, roles
from testigo.server.postgres.layout import Layout, socket_directory, sync_directory

READY_SECONDS = 600.0  # crash recovery of a large database takes its time; clients give up earlier and may ask again
STOP_SECONDS = 60.0
LARGEST_LOG_BYTES = 5_000_000
UNSAFE_OPTION = "TESTIGO_TEST_POSTGRES_UNSAFE_NO_FSYNC"

_SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "synchronous_commit": "on",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "cluster_name": "testigo",
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_error_verbosity": "terse",  # without DETAIL, which quotes the values of a violated key
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
_DURABLE = ("fsync", "full_page_writes")  # what a test may do without: a killed process loses nothing by it


class Cluster:
    """The server of one home. Used by the supervisor alone, which holds the supervisor's lock."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.identity = processes.identity_for(layout.data)
        chosen = binaries.choose(layout.data)
        self.binaries = binaries.executable_by(chosen, self.identity, layout.home)
        self.socket = socket_directory(layout, self.identity.uid)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process number of the server; 0 if it does not run."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Bring the server up.

        1. Stop whatever still serves this directory, and clear away what a dead server left.
        2. Create the data directory if there is none.
        3. Start ``postgres`` and wait until it says that it is ready.
        4. Create the roles and the database that are missing.

        Raises:
            WireError: it did not come up; the message holds the last lines of its log.
        """
        known = roles.passwords(self.layout, create=True)
        processes.stop_all(self.layout.data)  # 1
        self._clear_leftovers()
        if not self.layout.has_data:  # 2
            self._create(known[roles.SUPERUSER])
        self._launch()  # 3
        self._wait_until_ready()
        self._ensure_roles(known)  # 4

    def died(self) -> bool:
        """Whether the server ended without being asked to."""
        return self._process is not None and self._process.poll() is not None

    def stop(self) -> None:
        """Stop the server fast and cleanly: open transactions are rolled back, committed ones are checkpointed."""
        if self._process is None:
            return
        for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self._process.poll() is None:
                self._process.send_signal(sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
                break
        self._process = None
        if self.socket.parent != self.layout.base:  # in a temporary directory: leave nothing behind there
            with contextlib.suppress(OSError):
                self.socket.rmdir()

    def _clear_leftovers(self) -> None:
        # Nobody serves this directory now, so the numbers in these files are those of dead processes, or by now of
        # strangers: postgres would refuse to start because of a stranger with its own user id.
        for leftover in (self.layout.data / "postmaster.pid", *self.socket.glob(".s.PGSQL.*")):
            leftover.unlink(missing_ok=True)

    def _create(self, superuser_password: str) -> None:
        new = self.layout.new_data
        if new.exists():  # a kill came while initdb ran
            shutil.rmtree(new)
        new.mkdir(mode=0o700)
        secret = self.layout.base / "initdb.password"
        secret.touch(mode=0o600)
        secret.write_text(superuser_password)
        for path in (new, secret) if self.identity.dropped else ():
            os.chown(path, self.identity.uid, self.identity.gid)
        unsafe = _unsafe_wanted()
        if unsafe:
            self.layout.unsafe_marker.touch(mode=0o600)
        try:
            with processes.Reach(self.identity) as reach:
                command = [
                    self.binaries.program("initdb"), f"--pgdata={reach.name(new)}", f"--pwfile={reach.name(secret)}",
                    f"--username={roles.SUPERUSER}", "--auth=scram-sha-256", "--data-checksums", "--encoding=UTF8",
                    *self._locale(), *(["--no-sync"] if unsafe else []),
                ]  # fmt: skip
                with self.layout.log.open("ab") as log:
                    status = processes.spawn(command, self.identity, log.fileno(), reach.descriptors).wait()
        finally:
            secret.unlink(missing_ok=True)
        if status != 0:
            raise self._failure(f"The database could not be created in {self.layout.data}")
        (new / "pg_hba.conf").write_text(
            "# Written by Testigo: no network, and a password for everybody.\nlocal all all scram-sha-256\n"
        )
        try:
            new.rename(self.layout.data)  # over an empty directory, if there is one
        except OSError as error:
            raise WireError(
                f"{self.layout.data} holds files, but no database: {error.strerror}.",
                "Restore the database there, or move these files away to begin with an empty one.",
            ) from error
        sync_directory(self.layout.base)

    def _locale(self) -> list[str]:
        """Sorting by code point, the same on every machine; letters as Unicode says."""
        if self.binaries.major >= 17:
            return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        return ["--locale=C.UTF-8"]

    def _launch(self) -> None:
        if self.layout.log.exists() and self.layout.log.stat().st_size > LARGEST_LOG_BYTES:
            self.layout.log.replace(self.layout.log.with_name("log.old"))
        durable = "off" if _unsafe_wanted() and self.layout.unsafe_marker.exists() else "on"
        with processes.Reach(self.identity) as reach:
            # Also the pid file names these two; that is why _clear_leftovers looks at places, never at its text.
            settings = {**_SETTINGS, **dict.fromkeys(_DURABLE, durable)}
            settings["unix_socket_directories"] = reach.name(self.socket)
            command = [self.binaries.program("postgres"), "-D", reach.name(self.layout.data)]
            command += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
            with self.layout.log.open("ab") as log:
                self._process = processes.spawn(command, self.identity, log.fileno(), reach.descriptors)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self._says_ready():
            if self.died():
                raise self._failure("The database server did not start")
            if time.monotonic() > deadline:
                self.stop()
                raise self._failure(f"The database server was not ready after {READY_SECONDS:.0f} seconds")
            time.sleep(0.01)

    def _says_ready(self) -> bool:
        try:
            lines = (self.layout.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0].strip() == str(self.pid) and lines[7].strip() == "ready"

    def _ensure_roles(self, known: dict[str, str]) -> None:
        import psycopg

        try:
            with psycopg.connect(
                host=str(self.socket), port=5432, user=roles.SUPERUSER, password=known[roles.SUPERUSER],
                dbname="postgres", autocommit=True,
            ) as connection:  # fmt: skip
                roles.ensure_roles(connection, known)
                roles.ensure_database(connection, roles.DATABASE)
        except psycopg.Error as error:
            self.stop()
            raise WireError(
                f"The database server runs, but its roles cannot be set up: {type(error).__name__}: {error}.".replace(
                    "\n", " "
                ),
                f"If {self.layout.passwords} was replaced, restore the one that belongs to this database.",
            ) from error

    def _failure(self, what: str) -> WireError:
        return WireError(
            f"{what}. Its last words:\n{last_lines(self.layout.log)}\n", f"The whole log is in {self.layout.log}."
        )


def last_lines(log: Path, count: int = 12) -> str:
    """The end of a log file; empty if there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-count:])
    except OSError:
        return ""


def _unsafe_wanted() -> bool:
    return os.environ.get(UNSAFE_OPTION) == "1"


def describe(cluster: Cluster) -> str:
    """What clients need to know of a server that is ready, as JSON."""
    return json.dumps(
        {
            "phase": "ready",
            "socket": str(cluster.socket),
            "version": cluster.binaries.version,
            "supervisor": str(os.getpid()),
            "postgres": str(cluster.pid),
        }
    )
