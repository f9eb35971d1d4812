"""Leaves that the operator puts into the log: configurations and releases."""

from __future__ import annotations

from testigo.records import Leaf, parse_leaf
from testigo.server.store.models import LeafRow, QueueRow


def put(leaf: Leaf) -> None:
    """Queue a leaf that needs nothing filled in."""
    QueueRow.objects.create(leaf_type=leaf.TYPE, body=leaf.to_bytes())


def is_waiting(kind: str) -> bool:
    """Whether a leaf of that type waits for its index."""
    return QueueRow.objects.filter(leaf_type=kind).exists()


def last_leaf(kind: str, before: int) -> Leaf | None:
    """The latest leaf of that type among the first ``before`` ones."""
    row = LeafRow.objects.filter(leaf_type=kind, index__lt=before).order_by("-index").values_list("body").first()
    return None if row is None else parse_leaf(bytes(row[0]))
