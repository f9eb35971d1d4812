"""What passes between the parts of Testigo: submissions, readings, decisions, and the leaves of the ledger.

Rules of this module
--------------------
1. Everything is frozen. Nothing is edited; a later record supersedes an earlier one.
2. Canonical bytes are RFC 8785 JSON without floats: shares and confidences are integers (per mille).
3. A **private** record (:class:`Submission`, :class:`Reading`) may name a pseudonym, a channel, a time. A **public**
   form (:class:`PublicReading`, every ``…Leaf``) has *no field* for a person, a channel or a time of day.
4. ``from_json`` takes exactly the fields that ``as_json`` writes: a missing or an extra one is an :class:`InputError`.
   A later field is optional and left out while empty, so that no earlier leaf changes its bytes.
5. Leaf indexes are positions in the ledger, counted from 0.
"""

from testigo.records.canonical import canonical, parse_canonical
from testigo.records.counts import Counts
from testigo.records.facts import fact_problem
from testigo.records.leaves import (
    LEAF_TYPES,
    Check,
    ConfigurationLeaf,
    Decision,
    Leaf,
    OpenedLeaf,
    PublicReading,
    Reading,
    ReceiptLeaf,
    ReleaseLeaf,
    Submission,
    parse_leaf,
)
from testigo.records.vocabulary import (
    AT_LEAST,
    HEADLINE,
    Evidence,
    Flag,
    Opening,
    Outcome,
    Provenance,
    Standing,
    Withheld,
)

__all__ = [
    "AT_LEAST",
    "HEADLINE",
    "LEAF_TYPES",
    "Check",
    "ConfigurationLeaf",
    "Counts",
    "Decision",
    "Evidence",
    "Flag",
    "Leaf",
    "OpenedLeaf",
    "Opening",
    "Outcome",
    "Provenance",
    "PublicReading",
    "Reading",
    "ReceiptLeaf",
    "ReleaseLeaf",
    "Standing",
    "Submission",
    "Withheld",
    "canonical",
    "fact_problem",
    "parse_canonical",
    "parse_leaf",
]
