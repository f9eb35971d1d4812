"""What pages need of the ledger: past decisions, releases, redactions, and proofs at the right checkpoint.

Rules of this module
--------------------
1. Leaves are looked at as bytes and parsed only where a page needs them: almost all of a log is read past.
2. A station's proof is made at the first known checkpoint after its last decision, not at the latest: so its page stays
   the same when other leaves arrive, and whoever kept it holds the same proof.
3. A checkpoint that this ledger does not continue is dropped: then everything is published anew.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Any

from testigo.bundle.proofs import LedgerView, Proofs
from testigo.errors import InputError

_DECISION, _OPENED, _RELEASE = b'"type":"decision"}', b'"type":"opened"', b'"type":"release"}'


class Log:
    """A bundle's ledger, read once.

    Attributes:
        entries: every leaf's bytes.
        releases: (leaf index, number, manifest hash), in order.
        opened: leaf index -> an opened leaf that names a published image, as JSON values.
        past: (contest, station) -> its superseded decisions as (leaf index, JSON values), oldest first.
    """

    def __init__(self, ledger: LedgerView, standing: Iterable[int], checkpoints: Iterable[str]) -> None:
        """``standing``: leaf indexes of the decisions that stand; ``checkpoints``: known from past publications."""
        self.entries = list(ledger.entries())
        self.releases: list[tuple[int, int, str]] = []
        self.opened: dict[int, Mapping[str, Any]] = {}
        self.past: dict[tuple[str, str], list[tuple[int, Mapping[str, Any]]]] = {}
        self._sort(set(standing))
        self._release_leaves = [release[0] for release in self.releases]
        self._proofs = _continued(ledger, checkpoints)
        self._sizes = [proofs.size for proofs in self._proofs]

    def _sort(self, standing: set[int]) -> None:
        for index, entry in enumerate(self.entries):
            if entry.endswith(_DECISION):
                if index not in standing:
                    decision = json.loads(entry)
                    key = decision["contest"], decision["station"]
                    self.past.setdefault(key, []).append((index, decision))
            elif entry.endswith(_RELEASE):
                release = json.loads(entry)
                self.releases.append((index, release["number"], release["manifest"]))
            elif _OPENED in entry:
                opened = json.loads(entry)
                if opened["image"]:
                    self.opened[index] = opened

    @property
    def checkpoints(self) -> list[str]:
        """The checkpoints that this ledger continues, its own last, as text to remember."""
        return [proofs.checkpoint.decode() for proofs in self._proofs]

    def release_of(self, leaf: int) -> int | None:
        """Number of the release that first covered that leaf; ``None`` if none did."""
        place = bisect_right(self._release_leaves, leaf)
        return self.releases[place][1] if place < len(self.releases) else None

    def proof_size(self, leaf: int) -> int:
        """Size of the checkpoint at which that leaf's proof is made; 0 if no checkpoint covers it."""
        place = bisect_right(self._sizes, leaf)
        return self._sizes[place] if place < len(self._sizes) else 0

    def proof(self, leaf: int) -> bytes:
        """The ``.tlog-proof`` file of that leaf. It must be covered."""
        return self._proofs[bisect_right(self._sizes, leaf)].file(leaf)


def _continued(ledger: LedgerView, checkpoints: Iterable[str]) -> list[Proofs]:
    """Proofs at every past checkpoint that the ledger continues, and at its own; by size, each size once."""
    found = {ledger.size: ledger.proofs()}
    for text in checkpoints:
        try:
            proofs = ledger.proofs(text.encode())
        except InputError:
            continue
        found.setdefault(proofs.size, proofs)
    return [found[size] for size in sorted(found)]
