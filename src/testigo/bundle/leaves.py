"""The ledger's leaves sorted by what they are, and the tables that follow from them.

Rules of this module
--------------------
1. Leaves are read in order, once, and every one must be a known, canonical leaf.
2. What a leaf names must stand before it and be of the right kind; a leaf that names nothing is refused, by its index.
3. The last decision of a (contest, station) stands; earlier ones remain as its history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import pyarrow as pa

from testigo.bundle.tables import reading_row, readings_table, tallies_table, tally_row
from testigo.election import Profile
from testigo.errors import InputError, Problem
from testigo.records import (
    ConfigurationLeaf,
    Decision,
    Leaf,
    OpenedLeaf,
    PublicReading,
    ReceiptLeaf,
    ReleaseLeaf,
    parse_leaf,
)

Key = tuple[str, str]
_Some = TypeVar("_Some")


@dataclass(slots=True)
class Leaves:
    """Leaves of a log, each under its index, by type. Filled by :meth:`add`, in order.

    Attributes:
        decisions: (contest, station) -> its decisions as (index, decision), oldest first.
    """

    size: int = 0
    configurations: dict[int, ConfigurationLeaf] = field(default_factory=dict)
    receipts: dict[int, ReceiptLeaf] = field(default_factory=dict)
    opened: dict[int, OpenedLeaf] = field(default_factory=dict)
    readings: dict[int, PublicReading] = field(default_factory=dict)
    decisions: dict[Key, list[tuple[int, Decision]]] = field(default_factory=dict)
    releases: dict[int, ReleaseLeaf] = field(default_factory=dict)

    def add(self, leaf: Leaf) -> None:
        """Take the next leaf.

        Raises:
            InputError: it names a leaf that is not there or is of another kind.
        """
        index = self.size
        match leaf:
            case ConfigurationLeaf():
                self.configurations[index] = leaf
            case ReceiptLeaf():
                self.receipts[index] = leaf
            case OpenedLeaf():
                _named(index, "receipt", [leaf.receipt], self.receipts)
                _named(index, "opened leaf", [leaf.same_as], self.opened)
                self.opened[index] = leaf
            case PublicReading():
                _named(index, "opened leaf", [leaf.opened], self.opened)
                self.readings[index] = leaf
            case Decision():
                _named(index, "reading", leaf.inputs, self.readings)
                self.decisions.setdefault((leaf.contest, leaf.station), []).append((index, leaf))
            case ReleaseLeaf():
                self.releases[index] = leaf
        self.size += 1

    @property
    def configuration(self) -> ConfigurationLeaf:
        """The configuration in force. Raises :class:`InputError` if there is none."""
        if not self.configurations:
            raise _refused(0, "the first leaf of a log must be a configuration")
        return self.configurations[max(self.configurations)]

    @property
    def rehearsal(self) -> bool:
        """Whether any configuration says that this is a rehearsal: once true, for ever true."""
        return any(leaf.rehearsal for leaf in self.configurations.values())

    @property
    def last_release(self) -> ReleaseLeaf | None:
        """The last release leaf, if there is one."""
        return self.releases[max(self.releases)] if self.releases else None

    @property
    def images(self) -> tuple[str, ...]:
        """Hashes of all images that opened leaves name, ascending."""
        return tuple(sorted({leaf.image for leaf in self.opened.values() if leaf.image}))

    def standing(self, covers: int | None = None) -> dict[Key, tuple[int, Decision]]:
        """(contest, station) -> the decision that stands after the first ``covers`` leaves (all of them by default)."""
        limit = self.size if covers is None else covers
        found = {}
        for key, history in self.decisions.items():
            before = [entry for entry in history if entry[0] < limit]
            if before:
                found[key] = before[-1]
        return found

    def tallies(self, profile: Profile, covers: int | None = None) -> pa.Table:
        """The table ``tallies`` as it follows from the first ``covers`` leaves."""
        rows = (tally_row(profile, *entry, self.readings, self.opened) for entry in self.standing(covers).values())
        return tallies_table(profile, rows)

    def readings_table(self, profile: Profile) -> pa.Table:
        """The table ``readings``."""
        return readings_table(profile, (reading_row(profile, *entry) for entry in self.readings.items()))


def read_leaves(entries: Iterable[bytes]) -> Leaves:
    """Sort the entries of a log.

    Raises:
        InputError: an entry is not a leaf, or names what is not there; ``problems`` names its index as ``leaf <n>``.
    """
    leaves = Leaves()
    for index, entry in enumerate(entries):
        try:
            leaf = parse_leaf(entry)
        except InputError as error:
            raise _refused(index, error.message) from error
        leaves.add(leaf)
    leaves.configuration  # noqa: B018  (raises if there is none)
    return leaves


def _named(index: int, kind: str, named: Iterable[int | None], known: Mapping[int, _Some]) -> None:
    for other in named:
        if other is not None and other not in known:
            raise _refused(index, f"it names leaf {other} as a {kind}, and no {kind} stands there before it")


def _refused(index: int, what: str) -> InputError:
    return InputError(
        f"Leaf {index} of the log cannot be used: {what}.",
        "The log was written by something else, or altered: check it with `testigo verify`.",
        [Problem("ledger", 0, f"leaf {index}", what)],
    )
