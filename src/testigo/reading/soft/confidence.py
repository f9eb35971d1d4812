"""How sure a reading by code is, per mille.

Rules of this module
--------------------
1. A figure is never higher than what trials support: :data:`MOST` comes from the number of trials without a wrong
   payload that ``benchmarks/soft.py`` runs.
"""

from __future__ import annotations

from testigo.reading.soft.decode import Decoded

#: 100,000 trials without a wrong payload bound its share at 3 in 100,000 (95 %), but per mille cannot say that.
MOST = 999


def confidence_of_plain(unused: int) -> int:
    """Of a code that the plain reader decoded, by the per mille of the error correction that was left."""
    return 995 if unused >= 300 else 900


def confidence_of(decoded: Decoded) -> int:
    """Of a code that the soft decoder read."""
    return 995 if decoded.margin > 60 else 980
