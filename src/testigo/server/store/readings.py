"""Readings, as programs and people make them, on their way into the log.

Rules of this module
--------------------
1. The row and its place in the ledger's queue are one transaction.
2. The body is the public form without ordinal and leaf index; who typed it is a column that never leaves.
3. The same reading again (same sheet, reader, version, person, content) is the same row.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from django.db import Error, connection, transaction

from testigo.records import PublicReading, Reading
from testigo.server.store.errors import translate
from testigo.server.store.models import OpenedRow, SubmissionRow


def blob_of(number: int) -> str | None:
    """The blob of a submission that was opened as an image; ``None`` if it was not."""
    if not OpenedRow.objects.filter(submission_id=number, outcome="image").exists():
        return None
    row = SubmissionRow.objects.filter(pk=number).values_list("blob").first()
    return None if row is None else str(row[0])


def body_of(reading: Reading) -> bytes:
    """The canonical bytes that are kept: the public form, without ordinal and leaf index."""
    public: PublicReading = replace(reading, person="", opened=None).public(0)
    return public.to_bytes()


def save_reading(number: int, reading: Reading) -> bool:
    """Keep what a program read on a submission's image; ``False`` if it was known already."""
    body = body_of(reading)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO reading (submission_id, contest, station, person, reader, version, body, body_hash) "
            "VALUES (%s, %s, %s, '', %s, %s, %s, %s) "
            "ON CONFLICT (submission_id, person, reader, version, body_hash) DO NOTHING RETURNING id",
            [number, reading.contest, reading.station, reading.reader, reading.version, body, _hash(body)],
        )
        row = cursor.fetchone()
        if row is None:
            return False
        cursor.execute(
            "INSERT INTO ledger_queue (leaf_type, body, submission_id, reading_id) VALUES ('reading', %s, %s, %s)",
            [body, number, row[0]],
        )
        cursor.execute("NOTIFY ledger_queue")
    return True


def type_reading(token_hash: bytes, receipt: str, reading: Reading) -> int:
    """Keep what a person typed from the image of a receipt; the number of the reading.

    Raises:
        UnknownTokenError, UnknownSheetError, NotOpenedYetError: as the database says.
        WireError: it did not do its part.
    """
    body = body_of(reading)
    given: list[str | bytes] = [
        token_hash,
        receipt,
        reading.contest,
        reading.station,
        reading.version,
        body,
        _hash(body),
    ]
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT review_type(%s, %s, %s, %s, %s, %s, %s)", given)
            row = cursor.fetchone()
    except Error as error:
        raise translate(error) from error
    assert row is not None  # noqa: S101  (a scalar function gives one row)
    return int(row[0])


def is_reviewer(token_hash: bytes) -> bool:
    """Whether a token may type readings."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT review_admit(%s)", [token_hash])
        row = cursor.fetchone()
    return bool(row and row[0])


def _hash(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
