"""What became of receipts, for whoever runs the server."""

from __future__ import annotations

from collections.abc import Sequence

from testigo.server.store.models import OpenedRow, ReadingRow


def outcomes(receipts: Sequence[str]) -> dict[str, str]:
    """Receipt -> what opening found; receipts that were not opened yet are not in it."""
    rows = OpenedRow.objects.filter(submission__receipt__in=list(receipts))
    return dict(rows.values_list("submission__receipt", "outcome"))


def read_among(receipts: Sequence[str]) -> int:
    """How many of these receipts are images on which a program read at least one sheet."""
    numbers = OpenedRow.objects.filter(submission__receipt__in=list(receipts), outcome="image")
    return (
        ReadingRow.objects.filter(submission_id__in=numbers.values("submission_id"), person="")
        .values("submission_id")
        .distinct()
        .count()
    )
