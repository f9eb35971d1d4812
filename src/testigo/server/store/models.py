"""The tables. Canonical bytes are the truth; the other columns are indexes into it.

Rules of this module
--------------------
1. Only :mod:`testigo.server.store` maps these rows to records.
2. A row that is evidence is never updated, except to note the leaf index that it was given.
3. No column holds a name, a telephone number, an ID number or an address.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class ElectionRow(models.Model):
    """What this database counts: exactly one row, for ever. ``rehearsal`` can be set and never unset."""

    code = models.TextField(unique=True)
    profile = models.BinaryField()
    register = models.BinaryField(null=True)
    register_sha256 = models.TextField(default="")
    register_complete = models.BooleanField(default=False)
    rehearsal = models.BooleanField()
    origin = models.TextField()

    class Meta:
        db_table = "election"


class CredentialRow(models.Model):
    """A pseudonym and the hash of its token. Who is behind it is not known here."""

    pseudonym = models.TextField(unique=True)
    kind = models.TextField()
    token_hash = models.BinaryField(unique=True)
    revoked = models.BooleanField(default=False)

    class Meta:
        db_table = "credential"


class SubmissionRow(models.Model):
    """One arrival. A retry of the same bytes by the same sender is the same row."""

    receipt = models.TextField(unique=True)
    blob = models.TextField()
    size = models.BigIntegerField()
    channel = models.TextField()
    sender = models.TextField()
    received_at = models.BigIntegerField()
    batch = models.BigIntegerField()
    outcome = models.TextField()
    leaf = models.BinaryField()
    promise = models.TextField()
    deadline = models.BigIntegerField()
    leaf_index = models.BigIntegerField(null=True)

    class Meta:
        db_table = "submission"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sender", "blob", "outcome"], name="submission_once_per_sender")
        ]
        indexes: ClassVar = [models.Index(fields=["blob"], name="submission_blob")]


class NonceRow(models.Model):
    """What opens a commitment, one by one, to a court or an auditor. Readable by the auditor's role alone."""

    submission_id = models.BigIntegerField()
    stage = models.TextField()
    nonce = models.BinaryField()

    class Meta:
        db_table = "nonce"
        constraints: ClassVar = [models.UniqueConstraint(fields=["submission_id", "stage"], name="nonce_once")]


class OpenedRow(models.Model):
    """What became of a submission."""

    submission = models.OneToOneField(SubmissionRow, on_delete=models.PROTECT)
    outcome = models.TextField()
    plaintext = models.TextField(default="")
    same_as = models.BigIntegerField(null=True)
    scanned = models.BooleanField()
    image = models.TextField(default="")
    withheld = models.TextField(default="")
    leaf_index = models.BigIntegerField(null=True)

    class Meta:
        db_table = "opened"
        constraints: ClassVar = [
            # Two workers may open two copies of one photo at once: one of them is the first.
            models.UniqueConstraint(
                fields=["plaintext"],
                condition=models.Q(outcome="image", scanned=True),
                name="opened_first_of_its_bytes",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["plaintext"], name="opened_plaintext")]


class ReadingRow(models.Model):
    """A reading as it was made. ``body`` is the canonical public form without ordinal and leaf index."""

    submission_id = models.BigIntegerField(null=True, db_index=True)
    contest = models.TextField()
    station = models.TextField()
    person = models.TextField(default="")
    reader = models.TextField()
    version = models.TextField()
    body = models.BinaryField()
    body_hash = models.BinaryField()
    leaf_index = models.BigIntegerField(null=True, unique=True)

    class Meta:
        db_table = "reading"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["submission_id", "person", "reader", "version", "body_hash"], name="reading_once"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["contest", "station"], name="reading_station")]


class PersonOrdinalRow(models.Model):
    """Which ordinal a pseudonym has at a station. Private: the public reading has the ordinal alone."""

    contest = models.TextField()
    station = models.TextField()
    pseudonym = models.TextField()
    ordinal = models.IntegerField()

    class Meta:
        db_table = "person_ordinal"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contest", "station", "pseudonym"], name="person_once"),
            models.UniqueConstraint(fields=["contest", "station", "ordinal"], name="ordinal_once"),
        ]


class QueueRow(models.Model):
    """A leaf that waits for its index. ``refused`` says why it will not get one; such rows stay to be looked at."""

    leaf_type = models.TextField()
    body = models.BinaryField()
    submission_id = models.BigIntegerField(null=True)
    reading_id = models.BigIntegerField(null=True)
    refused = models.TextField(default="", db_default="")

    class Meta:
        db_table = "ledger_queue"


class LeafRow(models.Model):
    """An entry of the log: canonical bytes under their index. Never updated, never deleted (a trigger says so)."""

    index = models.BigIntegerField(primary_key=True)
    leaf_type = models.TextField()
    body = models.BinaryField()
    leaf_hash = models.BinaryField(db_index=True)

    class Meta:
        db_table = "leaf"


class TileRow(models.Model):
    """A tile or entry bundle of the log, by its path."""

    path = models.TextField(primary_key=True)
    body = models.BinaryField()

    class Meta:
        db_table = "tile"


class CheckpointRow(models.Model):
    """A signed checkpoint; the largest size is the log's head."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField()
    text = models.TextField()

    class Meta:
        db_table = "checkpoint"


class DecisionRow(models.Model):
    """Where the decisions of a (contest, station) stand in the log."""

    leaf_index = models.BigIntegerField(primary_key=True)
    contest = models.TextField()
    station = models.TextField()
    standing = models.TextField()

    class Meta:
        db_table = "decision"
        indexes: ClassVar = [models.Index(fields=["contest", "station", "leaf_index"], name="decision_station")]


class StandingRow(models.Model):
    """What stands now, as the tally fetches it; follows from the latest decision. Votes are packed (``pack_votes``)."""

    contest = models.TextField()
    station = models.TextField()
    register_row = models.IntegerField(null=True)
    standing = models.SmallIntegerField()
    contested = models.BooleanField()
    candidates = models.BinaryField(null=True)
    lines = models.BinaryField(null=True)
    null_votes = models.IntegerField(null=True)
    blank_votes = models.IntegerField(null=True)
    decision_leaf = models.BigIntegerField(null=True)

    class Meta:
        db_table = "standing"
        constraints: ClassVar = [models.UniqueConstraint(fields=["contest", "station"], name="standing_once")]
