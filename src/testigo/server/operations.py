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
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from testigo.errors import InputError

if TYPE_CHECKING:
    from testigo.bundle.manifest import Manifest
    from testigo.election import Contest, Profile
    from testigo.records import Standing
    from testigo.server.store.election import Election
    from testigo.tally import Tally

Progress = Callable[[int, int], None]


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


def configure(home: Path, profile: Profile, register: Path | None, *, rehearsal: bool) -> Election:
    """Make the database ready for an election, or see that it is the one that it has.

    1. Tables. 2. The election, if it has none; else it must be this one. 3. Keys. 4. The configuration leaf.

    Raises:
        InputError: the database belongs to another election, profile, register, or is (not) a rehearsal.
    """
    prepare(home)
    from django.core.management import call_command

    from testigo.server import keys
    from testigo.server.configuration import configuration
    from testigo.server.store import election as elections

    call_command("migrate", verbosity=0, interactive=False)  # 1
    election = elections.find_election()
    if election is None:  # 2
        origin = f"testigo/{profile.code}/{os.urandom(4).hex()}"
        election = elections.create_election(profile, register, rehearsal=rehearsal, origin=origin)
    else:
        _check_same(election, profile, register, rehearsal=rehearsal)
    keys.ensure_keys(configuration().keys, election.origin)  # 3
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
    """Queue and number the configuration leaf if the log is still empty."""
    from testigo import reading
    from testigo.records import ConfigurationLeaf
    from testigo.server import keys, sequencer
    from testigo.server.configuration import configuration
    from testigo.server.store import log, queueing

    if log.head().tree.size == 0 and not queueing.is_waiting(ConfigurationLeaf.TYPE):
        leaf = ConfigurationLeaf(
            election=election.profile.code,
            profile=election.profile.sha256,
            register=election.register.sha256 if election.register is not None else "",
            rehearsal=election.rehearsal,
            readers={reading.READER: reading.reader_version(), "person": "1"},
            intake_key=keys.intake_key(configuration().keys).verifier.encode(),
        )
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
    images = outcomes.pop("image", 0)
    duplicates = outcomes.pop("same", 0)
    return IngestReport(len(paths), again, duplicates, images, summaries.read_among(receipts), dict(outcomes))


def _store(path: Path, store: object, most: int) -> tuple[str, int, str]:
    """Digest, size and outcome of a file; one within the policy is durable in the store when this returns."""
    from testigo.server.blobs import BlobStore
    from testigo.server.store import receiving

    assert isinstance(store, BlobStore)  # noqa: S101
    try:
        size = path.stat().st_size
        if size <= most:
            stored = store.put_if_absent(path)
            return stored.digest, stored.size, receiving.STORED
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest(), size, receiving.TOO_LARGE
    except IsADirectoryError as error:
        raise InputError(f"{path.name} is a folder.", "Give files.") from error


def drain(home: Path, progress: Progress = lambda done, total: None) -> None:
    """Work off every job and number every leaf that waits. Other workers may be at it too.

    1. Two processes open and read what waits. 2. Meanwhile this one numbers leaves. 3. Until nothing is left.
    """
    prepare(home)
    from testigo.server import sequencer
    from testigo.server.store import log

    total = max(log.backlog()[1], 1)
    with ProcessPoolExecutor(max_workers=2, mp_context=get_context("spawn")) as pool:
        while True:
            workers = [pool.submit(_work, str(home.absolute())) for _ in range(2)]  # 1
            while not all(worker.done() for worker in workers):  # 2
                sequencer.run_turns(until_empty=True)
                waiting = log.backlog()[1]
                total = max(total, waiting)
                progress(total - waiting, total)
                time.sleep(0.2)
            for worker in workers:
                worker.result()
            sequencer.run_turns(until_empty=True)
            if log.backlog() == (0, 0):  # 3
                progress(total, total)
                return


def _work(home: str) -> None:
    """Work off the jobs that wait, in a process of its own."""
    prepare(Path(home))
    from procrastinate.contrib.django import app

    # Another application over the same tasks: what a task defers still goes through Django's own connection, and so
    # into its transaction.
    worker = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    worker.run_worker(queues=["open", "read"], wait=False, install_signal_handlers=False, listen_notify=False)


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
