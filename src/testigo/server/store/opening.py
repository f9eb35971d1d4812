"""Submissions to be opened, and what became of them.

Rules of this module
--------------------
1. Opening is idempotent: a submission has one outcome, the first that was written.
2. Of several **scans** with the same plaintext one is the image; the others are ``same`` and name it. What a phone
   sent is never said to be the same as anything: whoever seized a phone could send its photo again, and read in the
   public log whether it had been sent before. Such a copy is opened and read like any other image.
3. Row, nonce, queue entry and the job that reads it are one transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from django.db import IntegrityError, connection, transaction

from testigo.errors import InputError
from testigo.ledger import commit, new_nonce
from testigo.records import OpenedLeaf, Opening
from testigo.server.store.models import OpenedRow, SubmissionRow

#: Channels whose images are flat scans; everything else may be a photo from somebody's phone.
SCANS = ("scan", "ingest")


@dataclass(frozen=True, slots=True)
class Arrived:
    """A submission as the opener needs it: no sender, no time."""

    number: int
    blob: str
    scanned: bool
    outcome: str
    opened: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """What opening found. ``plaintext`` is its SHA-256 (hex), empty where nothing was stored."""

    outcome: Opening
    plaintext: str = ""
    image: str = ""
    withheld: str = ""
    rectangles: tuple[tuple[int, int, int, int], ...] = ()
    size: tuple[int, ...] = ()


def arrived(number: int) -> Arrived:
    """The submission of that number.

    Raises:
        InputError: there is none.
    """
    row = SubmissionRow.objects.filter(pk=number).values("blob", "channel", "outcome").first()
    if row is None:
        raise InputError(f"There is no submission {number}.")
    done = OpenedRow.objects.filter(submission_id=number).exists()
    return Arrived(number, row["blob"], row["channel"] in SCANS, row["outcome"], done)


def first_of(plaintext: str) -> int | None:
    """The scan that showed this plaintext first, if any did."""
    scans = OpenedRow.objects.filter(plaintext=plaintext, outcome=Opening.IMAGE, scanned=True)
    row = scans.values_list("submission_id").first()
    return None if row is None else int(row[0])


def save_opened(arrived: Arrived, opened: Opened, then: Callable[[int], None]) -> bool:
    """Write what became of a submission; ``then(number)`` enqueues the reading of an image, in the same transaction.

    Returns:
        whether it was written: ``False`` if another worker was faster.
    """
    try:
        with transaction.atomic():
            return _save(arrived, opened, then)
    except IntegrityError:
        # Another worker wrote either this submission or another copy of the same bytes in this very moment.
        if OpenedRow.objects.filter(submission_id=arrived.number).exists():
            return False
    with transaction.atomic():
        return _save(arrived, opened, then)


def _save(arrived: Arrived, opened: Opened, then: Callable[[int], None]) -> bool:
    number = arrived.number
    comparable = arrived.scanned and opened.outcome in (Opening.IMAGE, Opening.SAME)
    same_as = first_of(opened.plaintext) if comparable else None
    if same_as is not None and same_as != number:
        opened = replace(opened, outcome=Opening.SAME, image="", withheld="", rectangles=(), size=())
    nonce = new_nonce()
    digest = bytes.fromhex(opened.plaintext) if opened.plaintext else b""
    leaf = _leaf(opened, commit(nonce, digest).hex() if digest else "")
    # Raw statements: the opener may insert and not select, and Django's save() would ask for what it wrote.
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO opened (submission_id, outcome, plaintext, same_as, scanned, image, withheld) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (submission_id) DO NOTHING",
            [number, opened.outcome.value, opened.plaintext, same_as, arrived.scanned, opened.image, opened.withheld],
        )
        if cursor.rowcount == 0:
            return False
        if digest:
            cursor.execute("INSERT INTO nonce (submission_id, stage, nonce) VALUES (%s, 'opened', %s)", [number, nonce])
        cursor.execute(
            "INSERT INTO ledger_queue (leaf_type, body, submission_id) VALUES ('opened', %s, %s)",
            [leaf.to_bytes(), number],
        )
        cursor.execute("NOTIFY ledger_queue")
    if opened.outcome == Opening.IMAGE:
        then(number)
    return True


def _leaf(opened: Opened, commitment: str) -> OpenedLeaf:
    return OpenedLeaf(
        receipt=0,  # filled in by the sequencer, as is same_as
        outcome=opened.outcome.value,
        commitment=commitment,
        image=opened.image,
        withheld=opened.withheld,
        rectangles=opened.rectangles,
        size=opened.size,
    )
