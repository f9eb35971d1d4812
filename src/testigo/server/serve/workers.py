"""The workers that open and read, and the sweeper that gives stalled jobs to others.

Rules of this module
--------------------
1. A worker that is killed leaves its job as running: nobody but the sweeper would ever look at it again.
2. A job that brought down worker after worker is given up, and says so in the log: one poisoned file must not hold up
   all others.
3. A job that is done is deleted: what it did is in the tables and in the log.
4. A worker runs one job at a time. What it is said to run when it asks for work was lost on the way: the database went
   away between taking a job, or finishing it, and saying so.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterable

import django
from procrastinate.jobs import Job
from procrastinate.manager import JobManager

from testigo.server.configuration import configuration

_log = logging.getLogger("testigo.workers")
MOST_ATTEMPTS = 20

#: Jobs that run on no worker, or on one that has been silent for so long, go back into the queue; the database's clock
#: decides, for ours may jump.
_GIVE_AWAY = """
    UPDATE procrastinate_jobs job
    SET status = CASE WHEN attempts < %(most)s THEN 'todo' ELSE 'failed' END::procrastinate_job_status,
        attempts = attempts + 1, scheduled_at = now(), worker_id = NULL
    WHERE status = 'doing' AND NOT EXISTS (
        SELECT FROM procrastinate_workers worker WHERE worker.id = job.worker_id
        AND worker.last_heartbeat >= now() - make_interval(secs => %(silent)s))
    RETURNING status = 'todo'
"""

#: Jobs that a worker is said to run, when it runs none.
_LOST = """
    UPDATE procrastinate_jobs SET status = 'todo', attempts = attempts + 1, scheduled_at = now(), worker_id = NULL
    WHERE status = 'doing' AND worker_id = %(worker_id)s
"""


class Manager(JobManager):
    """Procrastinate's own, but for rule 4."""

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """See :class:`procrastinate.manager.JobManager`. Asked only when this worker runs nothing."""
        await self.connector.execute_query_async(_LOST, worker_id=worker_id)
        return await super().fetch_job(queues, worker_id)


def work(queue: str) -> int:
    """Work off a queue until told to stop."""
    django.setup()
    from procrastinate.contrib.django import app

    silent = configuration().stalled_job_seconds
    worker = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    worker.job_manager = Manager(worker.connector)
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

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE status = 'succeeded'")
        cursor.execute(_GIVE_AWAY, {"most": MOST_ATTEMPTS, "silent": silent_seconds})
        given = [row[0] for row in cursor.fetchall()]
    if not all(given):
        _log.error("jobs given up", extra={"jobs": given.count(False)})
    if any(given):
        _log.warning("stalled jobs given to others", extra={"jobs": given.count(True)})
    return given.count(True)
