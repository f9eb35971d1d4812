"""Where the embedded server's files lie, and how they are written and locked.

Rules of this module
--------------------
1. Everything lies below ``$TESTIGO_HOME/postgres``, a directory that only its owner can enter (0700).
2. A file that others rely on is written beside its place, synced, and renamed into it: it is there whole or not at all.
3. A lock is an open file description (``flock``): the kernel releases it when the last process that holds it dies,
   however it dies. Nobody decides by a process number alone whether somebody lives.
4. The path of a unix socket has at most 107 bytes; a deeper home gets a short directory of its own below the temporary
   directory, always the same one, so that an address stays valid when the server is restarted.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from testigo.errors import WireError

SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH_BYTES = 107  # sun_path of Linux holds 108 with the closing NUL; macOS holds 104
LOCK_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of the embedded server of one home.

    Attributes:
        home: the data home, ``$TESTIGO_HOME``, absolute.
    """

    home: Path

    @property
    def base(self) -> Path:
        """Everything of the server; 0700, of the user who runs Testigo."""
        return self.home / "postgres"

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory; 0700, of the user id that ``postgres`` runs as."""
        return self.base / "data"

    @property
    def has_data(self) -> bool:
        """Whether there is a database; an empty directory, made to say whose the server shall be, is none."""
        return (self.data / "PG_VERSION").exists()

    @property
    def new_data(self) -> Path:
        """The data directory while ``initdb`` fills it; renamed to :attr:`data` when it is whole."""
        return self.base / "data.new"

    @property
    def passwords(self) -> Path:
        """JSON object: role name to password. 0600."""
        return self.base / "passwords.json"

    @property
    def state(self) -> Path:
        """JSON object: what the supervisor last said (``phase`` is ``ready`` or ``failed``)."""
        return self.base / "state.json"

    @property
    def log(self) -> Path:
        """What PostgreSQL and the supervisor say; no statement, no value, no address is in it."""
        return self.base / "log"

    @property
    def unsafe_marker(self) -> Path:
        """Present only if this database was created for tests, without fsync."""
        return self.base / "CREATED_FOR_TESTS_WITHOUT_FSYNC"

    @property
    def clients_lock(self) -> Path:
        """Held shared by every client; the supervisor stops the server when it can hold it alone."""
        return self.base / "clients.lock"

    @property
    def start_lock(self) -> Path:
        """Held by the one client that looks for the server and, if there is none, starts it."""
        return self.base / "start.lock"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the supervisor for as long as it lives."""
        return self.base / "supervisor.lock"


def prepare(home: Path) -> Layout:
    """Make the directories of ``home`` and return their layout.

    Raises:
        WireError: the directory cannot be made, or belongs to somebody else.
    """
    layout = Layout(home.expanduser().absolute())
    try:
        layout.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        layout.base.mkdir(mode=0o700, exist_ok=True)
        mode = layout.base.stat().st_mode
        if mode & 0o077:
            layout.base.chmod(0o700)
    except OSError as error:
        raise WireError(
            f"The data directory {layout.base} cannot be prepared: {error.strerror}.",
            "Set TESTIGO_HOME to a directory that this user can write, or give the directory back to this user.",
        ) from error
    return layout


def write_private(path: Path, text: str) -> None:
    """Write a 0600 file, whole or not at all, for the owner of its directory (root may run on a user's behalf)."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        _give_to_owner_of(file.fileno(), path.parent)
        os.fsync(file.fileno())
    Path(temporary).replace(path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in ``path`` durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_json(path: Path) -> dict[str, str]:
    """The JSON object in ``path``; empty if there is no such file.

    Raises:
        WireError: the file is there and cannot be read.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise WireError(
            f"{path} cannot be read: {error}.",
            "Run as the user who owns the data home, or restore the file from a backup.",
        ) from error
    return {str(key): str(value) for key, value in found.items()}


def open_lock(path: Path) -> int:
    """Open a lock file, making it if needed; the caller closes the descriptor, which releases the lock.

    Raises:
        WireError: the file belongs to somebody else.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise WireError(
            f"The lock file {path} cannot be opened: {error.strerror}.",
            "Run as the user who owns the data home, or set TESTIGO_HOME to another directory.",
        ) from error
    _give_to_owner_of(handle, path.parent)
    return handle


def try_lock(handle: int, *, exclusive: bool) -> bool:
    """Take the lock now, or say no."""
    try:
        fcntl.flock(handle, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_lock(handle: int, *, exclusive: bool, deadline: float) -> bool:
    """Take the lock, asking until ``deadline`` (of :func:`time.monotonic`); False if it passed."""
    while not try_lock(handle, exclusive=exclusive):
        if time.monotonic() > deadline:
            return False
        time.sleep(LOCK_POLL_SECONDS)
    return True


def unlock(handle: int) -> None:
    """Let go of a lock that this process alone holds, keeping the file open."""
    fcntl.flock(handle, fcntl.LOCK_UN)


def is_locked(path: Path) -> bool:
    """Whether somebody holds the lock alone. Asks without keeping it."""
    handle = open_lock(path)
    try:
        return not try_lock(handle, exclusive=False)
    finally:
        os.close(handle)


def socket_directory(layout: Layout, uid: int) -> Path:
    """The directory of the unix socket, made if needed: 0700, owned by ``uid``, and short enough for an address.

    Raises:
        WireError: no safe directory could be made.
    """
    directory = layout.base / "socket"
    if len(os.fsencode(directory / SOCKET_NAME)) <= LONGEST_SOCKET_PATH_BYTES and _make_own(directory, uid):
        return directory
    name = "testigo-pg-" + hashlib.sha256(os.fsencode(layout.base.resolve()) + b"%d" % uid).hexdigest()[:16]
    places = dict.fromkeys((Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")))  # noqa: S108 the directory made there is checked to be ours alone
    for place in places:
        directory = place / name
        if len(os.fsencode(directory / SOCKET_NAME)) <= LONGEST_SOCKET_PATH_BYTES and _make_own(directory, uid):
            return directory
    raise WireError(
        f"No directory for the database's socket could be made for {layout.base}: the paths are too long or not ours.",
        "Set TESTIGO_HOME to a shorter path, or TMPDIR to a short directory that only this user can write.",
    )


def _make_own(directory: Path, uid: int) -> bool:
    """Make ``directory`` 0700 for ``uid``; False if it is a link or of somebody else (a trap in a shared place)."""
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (uid, os.geteuid()):
            return False
        if found.st_uid != uid:
            os.chown(directory, uid, -1)
        directory.chmod(0o700)
    except OSError:
        return False
    return True


def _give_to_owner_of(handle: int, directory: Path) -> None:
    if os.geteuid() == 0:
        owner = directory.stat()
        os.fchown(handle, owner.st_uid, owner.st_gid)
