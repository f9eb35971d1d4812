"""The workers that open and read, and the sweeper that gives stalled jobs to others.

Rules of this module
--------------------
1. A worker that is killed leaves its job as running: nobody but the sweeper would ever look at it again.
2. A job that brought down worker after worker is given up, and says so in the log: one poisoned file must not hold up
   all others.
3. A job that is done is deleted: what it did is in the tables and in the log.
"""

from __future__ import annotations

import logging
import signal
import threading

import django

from testigo.server.configuration import configuration

_log = logging.getLogger("testigo.workers")
MOST_ATTEMPTS = 20

#: Jobs that run on no worker, or on one that has been silent for so long.
_STALLED = """
    SELECT job.id, job.attempts FROM procrastinate_jobs job
    LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
    WHERE job.status = 'doing'
      AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => %s))
"""


def work(queue: str) -> int:
    """Work off a queue until told to stop."""
    django.setup()
    from procrastinate.contrib.django import app

    silent = configuration().stalled_job_seconds
    worker = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    worker.run_worker(
        queues=[queue],
        name=queue,
        delete_jobs="successful",
        shutdown_graceful_timeout=5,
        fetch_job_polling_interval=2.0,
        update_heartbeat_interval=max(0.5, min(10.0, silent / 4)),
        stalled_worker_timeout=max(2.0, float(silent)),
    )
    return 0


def sweep() -> int:
    """Sweep again and again until told to stop."""
    django.setup()
    from django.db import Error, connection

    stop = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stop.set())
    silent = configuration().stalled_job_seconds
    while not stop.is_set():
        try:
            sweep_once(silent)
        except Error:
            connection.close()  # the database is away: it is asked again
        stop.wait(max(0.5, min(30.0, silent / 4)))
    return 0


def sweep_once(silent_seconds: float) -> int:
    """Give stalled jobs to others, delete finished ones; how many were given."""
    from django.db import connection
    from django.utils import timezone
    from procrastinate.contrib.django import app

    with connection.cursor() as cursor:
        cursor.execute(_STALLED, [silent_seconds])
        stalled = cursor.fetchall()
        cursor.execute("DELETE FROM procrastinate_jobs WHERE status = 'succeeded'")
    given_up = [job for job, attempts in stalled if attempts >= MOST_ATTEMPTS]
    for job, attempts in stalled:
        if attempts < MOST_ATTEMPTS:
            app.job_manager.retry_job_by_id(job, retry_at=timezone.now())
    if given_up:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT procrastinate_finish_job_v1(id, 'failed', false) FROM unnest(%s::bigint[]) id", [given_up]
            )
        _log.error("jobs given up", extra={"jobs": len(given_up)})
    if len(stalled) > len(given_up):
        _log.warning("stalled jobs given to others", extra={"jobs": len(stalled) - len(given_up)})
    return len(stalled) - len(given_up)
