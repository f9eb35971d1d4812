"""How a drawing says that it is one.

Drawn sheets of real stations are a forger's dream. Every drawing therefore carries the word SIMULACRO, further
machine-readable codes that say so, a reserved UUID and an impossible HMAC; reading refuses it outside a rehearsal.
"""

from __future__ import annotations

#: Printed across every drawing.
WORD = "SIMULACRO"

#: Every drawing's additional codes begin so; no election's payload grammar may admit it.
CODE_PREFIX = "TESTIGO-SIMULACRO:"

#: The first group of every drawn UUID. Real ones are random: one in four thousand million has it.
RESERVED_UUID_PREFIX = "51a00c20-"

#: What a drawing prints where the authority's HMAC stands: not hexadecimal, so that nobody can take it for one.
INVALID_HMAC = "SIMULACRO" * 7 + "X"


def says_simulacro(texts: list[str]) -> bool:
    """Whether any of the codes found on an image says that it is a drawing."""
    return any(text.startswith(CODE_PREFIX) for text in texts)
