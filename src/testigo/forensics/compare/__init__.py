"""Two publications of the same election, station by station: what is in one only, what differs, what it changes."""

from testigo.forensics.compare.joining import Comparison, Difference, compare
from testigo.forensics.compare.mapping import Mapping, layout_of, read_mapping
from testigo.forensics.compare.report import comparison_finding, comparison_json
from testigo.forensics.compare.side import OTHERS, Side, side_of_bundle
from testigo.forensics.compare.table import parse_side, read_side

__all__ = [
    "OTHERS",
    "Comparison",
    "Difference",
    "Mapping",
    "Side",
    "compare",
    "comparison_finding",
    "comparison_json",
    "layout_of",
    "parse_side",
    "read_mapping",
    "read_side",
    "side_of_bundle",
]
