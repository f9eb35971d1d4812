"""The two jobs: open what arrived, read what was opened.

Rules of this module
--------------------
1. A job is enqueued in the transaction of the row that asks for it, and may run any number of times: what it writes is
   keyed by submission, or by bytes and reader version.
2. A job names a submission by its number. No file name, no sender.
3. Trouble on the wire, or with the database, is tried again; a file that cannot be opened is an outcome, not an error.
4. A file on which workers died is looked at by a process of its own first: if that dies too, the file is damaged. One
   poisoned image must not stop the reading of all others.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from django.db import Error
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from testigo.errors import WireError
from testigo.reading import (
    Limits,
    Refusal,
    open_image,
    publish_image,
    read_sheet,
    to_reading,
    to_readings,
    wants_print,
)
from testigo.records import Evidence, Opening, Withheld
from testigo.server import trial
from testigo.server.blobs import BlobStore, open_store
from testigo.server.configuration import configuration
from testigo.server.store import opening, readings
from testigo.server.store.election import Election, load_election
from testigo.server.store.receiving import OVER_QUOTA, STORED, TOO_LARGE

if TYPE_CHECKING:
    from testigo.reading import OpenedImage, PrintMode, SheetReadings

_log = logging.getLogger("testigo.jobs")
#: A store or a database that is away for a quarter of an hour loses nothing.
_AGAIN = RetryStrategy(max_attempts=12, wait=1, linear_wait=12, retry_exceptions={WireError, Error, OSError})
_AFTER_CODES = -10  # priority of a job: print takes a hundred times as long as a code
_CAREFUL_FROM_ATTEMPT = 2
_NOT_STORED = {TOO_LARGE: Opening.TOO_LARGE, OVER_QUOTA: Opening.OVER_QUOTA}


@lru_cache(maxsize=1)
def blobs() -> BlobStore:
    """This process's blob store; it proved at its opening that it does not overwrite."""
    return open_store(configuration().blob_place)


def print_mode() -> PrintMode:
    """When print is read, as the configuration says."""
    return cast("PrintMode", configuration().print_mode)


@lru_cache(maxsize=1)
def election() -> Election:
    """The election of the database; it never changes but by a new configuration, which restarts the workers."""
    return load_election()


@app.task(name="open_submission", queue="open", retry=_AGAIN, pass_context=True)
def open_submission(context: JobContext, submission: int) -> None:
    """Open what arrived: decrypt (what is not encrypted passes unchanged), decode, redact; write what became of it."""
    arrived = opening.arrived(submission)
    if arrived.opened:
        return
    if arrived.outcome != STORED:
        opening.save_opened(arrived, opening.Opened(_NOT_STORED[arrived.outcome]), enqueue_reading)
        return
    data = blobs().get(arrived.blob)
    if context.job.attempts >= _CAREFUL_FROM_ATTEMPT and not _is_harmless(data):
        _log.error("a file brought its reader down", extra={"submission": submission})
        opened = opening.Opened(Opening.DAMAGED, arrived.blob)
    else:
        opened = look_at(election(), blobs(), data, arrived)
    opening.save_opened(arrived, opened, enqueue_reading)


def _is_harmless(data: bytes) -> bool:
    return trial.survives(election().profile.source, data, rehearsal=election().rehearsal)


def look_at(of: Election, store: BlobStore, data: bytes, arrived: opening.Arrived) -> opening.Opened:
    """What a plaintext is; its redacted image, if there may be one, is in the store when this returns."""
    image = open_image(data, Limits())
    if isinstance(image, Refusal):
        return opening.Opened(image.outcome, arrived.blob)
    first = opening.first_of(arrived.blob) if arrived.scanned else None
    if first is not None and first != arrived.number:
        return opening.Opened(Opening.SAME, arrived.blob)
    found = read_sheet(of.profile, image, rehearsal=of.rehearsal, print_mode="never")
    if found.refusal is not None:
        return opening.Opened(found.refusal.outcome, arrived.blob)
    return _published(of, store, image, found, arrived)


def _published(
    of: Election, store: BlobStore, image: OpenedImage, found: SheetReadings, arrived: opening.Arrived
) -> opening.Opened:
    allowed = of.profile.hub_scans if arrived.scanned else of.profile.phone_photos
    if found.found and not allowed:
        return opening.Opened(Opening.IMAGE, arrived.blob, withheld=Withheld.PHONE_PHOTO.value, size=image.size)
    if image.pages > 1:  # its sheets would share the picture of one
        return opening.Opened(Opening.IMAGE, arrived.blob, withheld=Withheld.NOT_ALIGNED.value, size=image.size)
    picture = publish_image(of.profile, image, found)
    if isinstance(picture, Withheld) and allowed and print_mode() != "never":
        # No layout was found: what the print says may be shown row by row.
        printed = read_sheet(of.profile, image, rehearsal=of.rehearsal, print_mode="always")
        if printed.refusal is not None:  # only its print says that it is a drawing
            return opening.Opened(printed.refusal.outcome, arrived.blob)
        picture = publish_image(of.profile, image, printed)
    if isinstance(picture, Withheld):
        return opening.Opened(Opening.IMAGE, arrived.blob, withheld=picture.value, size=image.size)
    stored = store.put_if_absent(picture.jpeg)
    return opening.Opened(
        Opening.IMAGE, arrived.blob, image=stored.digest, rectangles=picture.rectangles, size=picture.size
    )


def enqueue_reading(submission: int) -> None:
    """Ask for the reading of an image, in the caller's transaction."""
    read_submission.defer(submission=submission)


@app.task(name="read_submission", queue="read", retry=_AGAIN)
def read_submission(submission: int) -> None:
    """Read an image by its codes; each sheet found becomes a reading. Where print is wanted, that is asked for."""
    blob = readings.blob_of(submission)
    if blob is None:
        return
    found = read_sheet(election().profile, blobs().get(blob), rehearsal=election().rehearsal, print_mode="never")
    for sheet in found.found:
        readings.save_reading(submission, to_reading(sheet))
    if wants_print(found.found, print_mode()):
        read_print_of.configure(priority=_AFTER_CODES).defer(submission=submission)


@app.task(name="read_print_of", queue="read", retry=_AGAIN)
def read_print_of(submission: int) -> None:
    """Read an image by its print: a reading of its own, which can confirm the code's or stand where there is none."""
    blob = readings.blob_of(submission)
    if blob is None:
        return
    found = read_sheet(election().profile, blobs().get(blob), rehearsal=election().rehearsal, print_mode=print_mode())
    for sheet in found.found:
        for reading in to_readings(sheet):
            if Evidence.PRINT.value in reading.evidence:
                readings.save_reading(submission, reading)
