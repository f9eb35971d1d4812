"""Processes of the embedded server: under whose id they run, how they are started, found and stopped.

Rules of this module
--------------------
1. ``postgres`` refuses to run as root, and must not be able to do what root can: started by root, it runs as the owner
   of its data directory, or as ``nobody``.
2. Such a process cannot enter a private home. No directory is opened to others for it: it is handed open descriptors of
   the two directories that it needs, and names them ``/proc/self/fd/N``.
3. A child asks the kernel to be stopped when its parent dies, *after* the change of user id, which would undo it.
4. A process is one of ours only if its program is ``postgres`` and its working directory *is* the data directory.
   A number in a pid file proves nothing: numbers are used again.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from testigo.errors import WireError

_PR_SET_PDEATHSIG = 1
_HAS_PROC = sys.platform.startswith("linux")


@dataclass(frozen=True, slots=True)
class Identity:
    """The user and group id that ``postgres`` runs as; ``dropped`` if they are not our own."""

    uid: int
    gid: int
    dropped: bool


def identity_for(data: Path) -> Identity:
    """Decide under whose id the server of the directory ``data`` runs (it need not exist yet).

    Raises:
        WireError: we are root on a system without a user ``nobody`` or without ``/proc``.
    """
    if os.geteuid() != 0:
        return Identity(os.geteuid(), os.getegid(), dropped=False)
    if not _HAS_PROC:
        raise WireError("PostgreSQL does not run as root.", "Run Testigo as an ordinary user, or set DATABASE_URL.")
    with contextlib.suppress(FileNotFoundError):
        owner = data.stat()
        if owner.st_uid != 0:
            return Identity(owner.st_uid, owner.st_gid, dropped=True)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise WireError(
            "PostgreSQL does not run as root, and this system has no user nobody.",
            f"Run Testigo as an ordinary user, set DATABASE_URL, or create {data} owned by the user to run as.",
        ) from None
    return Identity(nobody.pw_uid, nobody.pw_gid, dropped=True)


class Reach:
    """Paths as a process with another user id can name them; a context manager that closes what it opened."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self.descriptors: list[int] = []

    def name(self, path: Path) -> str:
        """``path`` itself, or the name of an open descriptor of it that survives ``exec``."""
        if not self._identity.dropped:
            return str(path)
        descriptor = os.open(path, os.O_RDONLY)
        self.descriptors.append(descriptor)
        return f"/proc/self/fd/{descriptor}"

    def __enter__(self) -> Reach:
        return self

    def __exit__(self, *_: object) -> None:
        while self.descriptors:
            os.close(self.descriptors.pop())


def spawn(
    command: Sequence[str], identity: Identity, output: int, descriptors: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start ``command`` as ``identity``, to be interrupted (SIGINT: a fast, clean shutdown) when this process dies.

    Raises:
        WireError: the program cannot be executed under that id.
    """
    drop = {"user": identity.uid, "group": identity.gid, "extra_groups": []} if identity.dropped else {}
    try:
        process: subprocess.Popen[bytes] = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            pass_fds=tuple(descriptors),
            preexec_fn=_tie_to_parent(),  # runs after the change of user id (rule 3)
            **drop,  # type: ignore[call-overload]
        )
    except OSError as error:
        raise WireError(
            f"{command[0]} cannot be started as user id {identity.uid}: {error.strerror}.",
            "Check that the file is executable for that user and not on a file system mounted noexec.",
        ) from error
    return process


def _tie_to_parent() -> Callable[[], None] | None:
    if not _HAS_PROC:
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl  # looked up before the fork
    parent = os.getpid()

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != parent:  # it died in between: nobody would ever stop us
            os._exit(1)

    return tie


def servers_of(data: Path) -> list[int]:
    """Numbers of all living ``postgres`` processes whose data directory is ``data`` (server and its workers)."""
    return [pid for pid in _all_processes() if _belongs(pid, data)]


def stop_all(data: Path, patience_seconds: float = 20.0) -> list[int]:
    """Stop whatever ``postgres`` runs on ``data`` without a supervisor: ask, insist, kill. Returns whom it found.

    Raises:
        WireError: some of them do not go away.
    """
    found = servers_of(data)
    for sign, share in ((signal.SIGINT, 0.75), (signal.SIGQUIT, 0.25), (signal.SIGKILL, 0.25)):
        remaining = servers_of(data)
        for pid in remaining:
            # The server alone is asked to stop, it stops its workers; a worker whose server is dead ends by itself.
            if sign is signal.SIGKILL or _parent(pid) not in remaining:
                _signal_if_ours(pid, data, sign)
        deadline = time.monotonic() + patience_seconds * share
        while servers_of(data):
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        else:
            return found
    raise WireError(
        f"Processes {servers_of(data)} of an earlier database server in {data} cannot be stopped.",
        "Stop them by hand, then start again.",
    )


def _signal_if_ours(pid: int, data: Path, sign: int) -> None:
    """Signal ``pid`` if it is still a server of ``data``; the handle makes sure that the number was not used again."""
    with contextlib.suppress(ProcessLookupError):
        if not hasattr(os, "pidfd_open"):
            if _belongs(pid, data):
                os.kill(pid, sign)
            return
        handle = os.pidfd_open(pid)
        try:
            if _belongs(pid, data):
                signal.pidfd_send_signal(handle, sign)
                signal.pidfd_send_signal(handle, signal.SIGCONT)  # one that was halted hears nothing else
        finally:
            os.close(handle)


def _all_processes() -> Iterator[int]:
    if _HAS_PROC:
        yield from (int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208 thousands of names, no objects
        return
    listing = subprocess.run(["ps", "-axo", "pid="], capture_output=True, text=True, check=False).stdout
    yield from (int(line) for line in listing.split())


def _belongs(pid: int, data: Path) -> bool:
    """Whether ``pid`` is a living ``postgres`` that works in ``data``. What we may not look at is not ours."""
    if not _HAS_PROC:  # no working directory to look at: the command line names the data directory
        command = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False)
        return "postgres" in command.stdout and f"-D {data}" in command.stdout
    process = Path("/proc") / str(pid)
    try:
        program = (process / "exe").readlink().name  # ends in " (deleted)" after an upgrade
        return program.removesuffix(" (deleted)") == "postgres" and os.path.samestat(
            (process / "cwd").stat(), data.stat()
        )
    except OSError:
        return False


def _parent(pid: int) -> int:
    if not _HAS_PROC:
        listing = subprocess.run(["ps", "-p", str(pid), "-o", "ppid="], capture_output=True, text=True, check=False)
        return int(listing.stdout.strip() or 0)
    try:
        # The second field is the program's name in brackets and may hold anything: count from its end.
        return int((Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0
