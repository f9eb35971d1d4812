"""Step 10: what became of everything that arrived.

Rules of this module
--------------------
1. Every receipt has one end: read, never opened, or the reason why it led nowhere. The numbers sum to the receipts.
2. A receipt that led nowhere is not a problem of the bundle; hiding it would be one. It is counted, by reason.
"""

from __future__ import annotations

from collections import Counter

from testigo.bundle import Leaves
from testigo.bundle.manifest import LEDGER
from testigo.records import Opening, Withheld
from testigo.verify.report import Findings

READ, NEVER_OPENED, NO_READING = "read", "never_opened", "no_reading"
_OUTCOMES = {one.value for one in Opening}
_WITHHELD = {one.value for one in Withheld}


def check_receipts(leaves: Leaves, found: Findings) -> None:
    """Count receipts by what became of them."""
    read = {reading.opened for reading in leaves.readings.values() if reading.opened is not None}
    ends: dict[int, str] = {}
    for index, leaf in leaves.opened.items():
        where = f"{LEDGER}, leaf {index}"
        if leaf.outcome not in _OUTCOMES or leaf.withheld not in _WITHHELD:
            found.problem("leaf", where, f"it names no known outcome: {leaf.outcome!r}, withheld {leaf.withheld!r}")
        if (leaf.outcome == Opening.SAME) != (leaf.same_as is not None):
            found.problem("leaf", where, "same_as: exactly an opening with the outcome same names an earlier one")
        if leaf.image and leaf.outcome != Opening.IMAGE:
            found.problem("leaf", where, f"image: it names one, and its outcome is {leaf.outcome}")
        if leaf.receipt in ends:
            found.problem("leaf", where, f"receipt: leaf {leaf.receipt} was opened before")
            continue
        if leaf.outcome == Opening.IMAGE:
            ends[leaf.receipt] = READ if index in read else NO_READING
        else:
            ends[leaf.receipt] = leaf.outcome
    counted = Counter(ends.get(index, NEVER_OPENED) for index in leaves.receipts)
    found.receipts.update({"total": len(leaves.receipts), **dict(sorted(counted.items()))})
