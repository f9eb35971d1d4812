"""What the command line asks of the server: configure, take files in, count, make a release.

Rules of this module
--------------------
1. Everything here works without a running web server, beside a running one, and again after a kill.
2. Each function begins with :func:`prepare`; nothing of Django is imported before.
3. Slow work goes to the same jobs and the same sequencer as a served day's.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from testigo.errors import InputError, InternalError

if TYPE_CHECKING:
    from testigo.bundle.manifest import Manifest
    from testigo.election import Contest, Profile
    from testigo.records import Standing
    from testigo.server.store.election import Election
    from testigo.tally import Tally

Progress = Callable[[int, int], None]
#: Reason of files whose opening was given up: the log shows their receipts as never opened.
NOT_OPENED = "not_opened"
#: Jobs that one process works off before a second one would be ready.
_FEW_JOBS = 12
#: A worker of a drain says every second that it is alive; one that was silent for so long is not.
_HEARTBEAT_SECONDS, _SILENT_SECONDS = 1.0, 15.0


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of files that were taken in.

    Attributes:
        received: files given.
        again: of them, files that had been taken in before.
        duplicates: files with the same bytes as another submission.
        images: files that are images and were given to the readers.
        read: images on which at least one sheet was read.
        refused: reason -> files, for those that led nowhere.
    """

    received: int
    again: int
    duplicates: int
    images: int
    read: int
    refused: Mapping[str, int] = field(default_factory=dict)


def prepare(home: Path, role: str = "owner") -> None:
    """Make Django ready for this process: the settings of ``home``, the rights of ``role``."""
    os.environ["TESTIGO_HOME"] = str(home.absolute())
    os.environ["TESTIGO_ROLE"] = role
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "testigo.server.settings")
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    import django

    django.setup()
    from testigo.server.configuration import configuration

    if configuration().home != home.absolute():
        raise InternalError(f"This process works in {configuration().home} and was asked to work in {home}.")


def configure(home: Path, profile: Profile, register: Path | None, *, rehearsal: bool) -> Election:
    """Make the database ready for an election, or see that it is the one that it has.

    1. Tables. 2. The election, if it has none; else it must be this one. 3. Keys. 4. The configuration leaf.

    Raises:
        InputError: the database belongs to another election, profile, register, or is (not) a rehearsal.
    """
    prepare(home)
    from testigo.server.store import log

    with log.one_operator():
        return _configure(profile, register, rehearsal=rehearsal)


def _configure(profile: Profile, register: Path | None, *, rehearsal: bool) -> Election:
    from django.core.management import call_command

    from testigo.server import keys
    from testigo.server.configuration import configuration
    from testigo.server.store import election as elections
    from testigo.server.store import log

    call_command("migrate", verbosity=0, interactive=False)  # 1
    election = elections.find_election()
    if election is None:  # 2
        origin = f"testigo/{profile.code}/{os.urandom(4).hex()}"
        election = elections.create_election(profile, register, rehearsal=rehearsal, origin=origin)
    else:
        _check_same(election, profile, register, rehearsal=rehearsal)
    so_far = log.head().text
    if so_far:  # 3
        keys.check_log_key(configuration().keys, so_far)
    else:
        keys.ensure_keys(configuration().keys, election.origin)
    _log_configuration(election)  # 4
    return election


def _check_same(election: Election, profile: Profile, register: Path | None, *, rehearsal: bool) -> None:
    if election.profile.sha256 != profile.sha256:
        raise InputError(
            f"This database counts {election.profile.code} by another profile than the one given.",
            "Use the profile with which it began, or another --home.",
        )
    if register is not None:
        given = hashlib.sha256(register.read_bytes()).hexdigest()
        known = election.register.sha256 if election.register is not None else ""
        if given != known:
            raise InputError(
                "This database has another register than the one given.",
                "Use the register with which it began, or another --home.",
            )
    if election.rehearsal != rehearsal:
        mark = "is a rehearsal, for ever" if election.rehearsal else "is not a rehearsal"
        raise InputError(f"This database {mark}.", "Use another --home for the other kind.")


def _log_configuration(election: Election) -> None:
    """Queue and number the configuration leaf, if the log has none that says the same."""
    from testigo import reading
    from testigo.records import ConfigurationLeaf
    from testigo.server import keys, sequencer
    from testigo.server.configuration import configuration
    from testigo.server.store import log, queueing

    sequencer.run_turns(until_empty=True)
    leaf = ConfigurationLeaf(
        election=election.profile.code,
        profile=election.profile.sha256,
        register=election.register.sha256 if election.register is not None else "",
        rehearsal=election.rehearsal,
        readers=reading.reader_versions() | {"person": "1"},
        intake_key=keys.intake_key(configuration().keys).verifier.encode(),
    )
    if queueing.last_leaf(ConfigurationLeaf.TYPE, log.head().tree.size) != leaf:
        queueing.put(leaf)
        sequencer.run_turns(until_empty=True)


def issue_tokens(home: Path, kind: str, count: int) -> list[tuple[str, str]]:
    """New (pseudonym, token) pairs; kinds are ``observer``, ``hub``, ``reviewer``."""
    prepare(home)
    from testigo.server.store import credentials

    return credentials.issue_tokens(kind, count)


def ingest(home: Path, files: Iterable[Path], progress: Progress = lambda done, total: None) -> IngestReport:
    """Take files in as flat scans of this machine, and drain the jobs.

    1. Store and receipt each file. 2. Drain. 3. Say what became of them.

    Raises:
        InputError: the database has no election, or a path is not a file.
    """
    prepare(home)
    from testigo.server import keys
    from testigo.server.configuration import configuration
    from testigo.server.jobs import blobs
    from testigo.server.store import credentials, election, receiving, summaries

    paths = list(files)
    origin, key = election.load_election().origin, keys.intake_key(configuration().keys)
    token, settings = credentials.ingest_token(), configuration()
    receipts: list[str] = []
    again = 0
    for number, path in enumerate(paths, 1):  # 1
        digest, size, outcome = _store(path, blobs(), settings.max_upload_bytes)
        receipt = receiving.receive(
            token, digest, size, outcome, key=key, origin=origin, now=int(time.time()), hours=settings.promise_hours
        )
        receipts.append(receipt.receipt)
        again += receipt.again
        progress(number, 2 * len(paths))
    drain(home, lambda done, total: progress(len(paths) + done * len(paths) // max(total, 1), 2 * len(paths)))  # 2
    outcomes = Counter(summaries.outcomes(receipts).values())  # 3
    outcomes[NOT_OPENED] = len(set(receipts)) - outcomes.total()
    images = outcomes.pop("image", 0)
    duplicates = outcomes.pop("same", 0)
    return IngestReport(len(paths), again, duplicates, images, summaries.read_among(receipts), dict(+outcomes))


def _store(path: Path, store: object, most: int) -> tuple[str, int, str]:
    """Digest, size and outcome of a file; one within the policy is durable in the store when this returns."""
    from testigo.server.blobs import BlobStore
    from testigo.server.store import receiving

    assert isinstance(store, BlobStore)  # noqa: S101
    if not path.is_file():
        raise InputError(f"{path.name} is not a file that can be taken in.", "Give files.")
    try:
        size = path.stat().st_size
        if size <= most:
            stored = store.put_if_absent(path)
            return stored.digest, stored.size, receiving.STORED
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest(), size, receiving.TOO_LARGE
    except PermissionError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}.", "Look at it, and take in again.") from error


def drain(home: Path, progress: Progress = lambda done, total: None) -> None:
    """Work off every job and number every leaf that waits. Other workers may be at it too.

    1. Give jobs of dead workers to others. 2. Up to two processes open and read what waits. 3. Meanwhile this one
    numbers leaves. 4. Until nothing is left.
    """
    prepare(home)
    from testigo.server import sequencer
    from testigo.server.serve.workers import sweep_once
    from testigo.server.store import log

    sequencer.run_turns(until_empty=True)
    total = log.backlog()[1]
    while log.backlog() != (0, 0):
        processes = 1 if total <= _FEW_JOBS else 2
        with ProcessPoolExecutor(processes, get_context("spawn"), _end_with, (os.getpid(),)) as pool:
            workers = [pool.submit(_work, str(home.absolute())) for _ in range(processes)]  # 2
            while not all(worker.done() for worker in workers):  # 3
                sequencer.run_turns(until_empty=True)
                sweep_once(_SILENT_SECONDS)  # 1
                waiting = log.backlog()[1]
                total = max(total, waiting)
                progress(total - waiting, total)
                time.sleep(0.2)
            for worker in workers:
                if worker.exception() is not None and not isinstance(worker.exception(), BrokenProcessPool):
                    worker.result()
        sequencer.run_turns(until_empty=True)
    progress(total, total)  # 4


def _end_with(parent: int) -> None:
    """End this process when its parent does: an orphan would hold the database for ever."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _work(home: str) -> None:
    """Work off the jobs that wait, in a process of its own, until none is left that this process could do."""
    prepare(Path(home))
    from procrastinate.contrib.django import app

    from testigo.server.store import log

    # Another application over the same tasks: what a task defers still goes through Django's own connection, and so
    # into its transaction.
    worker = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    while log.backlog()[1]:
        worker.run_worker(
            queues=["open", "read"],
            wait=False,
            install_signal_handlers=False,
            listen_notify=False,
            delete_jobs="successful",
            update_heartbeat_interval=_HEARTBEAT_SECONDS,
            stalled_worker_timeout=_SILENT_SECONDS,
        )
        time.sleep(0.2)


def current_tally(home: Path, contest: str | None, at_least: Standing) -> tuple[Profile, Contest, Tally]:
    """The counts that stand now in the database.

    Raises:
        InputError: no such contest, or several and none named; no election yet.
    """
    prepare(home)
    from django.db import connection

    from testigo.election import Register, register_schema
    from testigo.server.store.counted import fetch_counted
    from testigo.server.store.election import load_election
    from testigo.tally import tally

    election = load_election()
    chosen = election.profile.contest(contest)
    register = election.register
    if register is None:
        register = Register(election.profile, register_schema(election.profile).empty_table(), complete=False)
    connection.ensure_connection()
    counted = fetch_counted(connection.connection, chosen, register)
    return election.profile, chosen, tally(election.profile, chosen, register, counted, at_least=at_least)


def release(
    home: Path, out: Path, why: Mapping[str, str], progress: Callable[[str, int, int], None] | None = None
) -> Manifest:
    """Write the next release of the database's log to the folder ``out``; its manifest."""
    prepare(home)
    from testigo.server.jobs import blobs
    from testigo.server.releasing import make_release

    return make_release(out, blobs(), why, progress)
