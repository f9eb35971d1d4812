"""Submissions to be opened, and what became of them.

Rules of this module
--------------------
1. Opening is idempotent: a submission has one outcome, the first that was written.
2. Of several submissions with the same plaintext one is the image; the others are ``same`` and name it.
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


@dataclass(frozen=True, slots=True)
class Arrived:
    """A submission as the opener needs it: no sender, no time."""

    number: int
    blob: str
    channel: str
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
    return Arrived(number, row["blob"], row["channel"], row["outcome"], done)


def first_of(plaintext: str) -> int | None:
    """The submission that showed this plaintext first, if any did."""
    row = OpenedRow.objects.filter(plaintext=plaintext, outcome=Opening.IMAGE).values_list("submission_id").first()
    return None if row is None else int(row[0])


def save_opened(number: int, opened: Opened, then: Callable[[int], None]) -> bool:
    """Write what became of a submission; ``then(number)`` enqueues the reading of an image, in the same transaction.

    Returns:
        whether it was written: ``False`` if another worker was faster.
    """
    try:
        with transaction.atomic():
            return _save(number, opened, then)
    except IntegrityError:
        # Another worker wrote either this submission or another copy of the same bytes in this very moment.
        if OpenedRow.objects.filter(submission_id=number).exists():
            return False
    with transaction.atomic():
        return _save(number, opened, then)


def _save(number: int, opened: Opened, then: Callable[[int], None]) -> bool:
    same_as = first_of(opened.plaintext) if opened.outcome in (Opening.IMAGE, Opening.SAME) else None
    if same_as is not None and same_as != number:
        opened = replace(opened, outcome=Opening.SAME, image="", withheld="", rectangles=(), size=())
    nonce = new_nonce()
    digest = bytes.fromhex(opened.plaintext) if opened.plaintext else b""
    leaf = OpenedLeaf(
        receipt=0,  # filled in by the sequencer, as is same_as
        outcome=opened.outcome.value,
        commitment=commit(nonce, digest).hex() if digest else "",
        image=opened.image,
        withheld=opened.withheld,
        rectangles=opened.rectangles,
        size=opened.size,
    )
    # Raw statements: the opener may insert and not select, and Django's save() would ask for what it wrote.
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO opened (submission_id, outcome, plaintext, same_as, image, withheld) "
            "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (submission_id) DO NOTHING",
            [number, opened.outcome.value, opened.plaintext, same_as, opened.image, opened.withheld],
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
