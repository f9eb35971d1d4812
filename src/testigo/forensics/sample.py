"""A random sample that anybody can draw again, and what a check of it can find.

How the sample is drawn
-----------------------
The method of Rivest's sampler, used in risk-limiting audits (R. L. Rivest, ``sampler.py``, 2011):

1. The N published sheets are ranked 1 … N by (contest and) station code, in order of the codes' bytes.
2. For the counter 1, 2, 3, …: take SHA-256 of the text *seed*, a comma, and the counter in decimal digits, as UTF-8;
   read the 32 bytes as one whole number, most significant first; its remainder by N, plus 1, is a rank.
3. A rank that came before is skipped. Stop when there are n ranks.

The remainder favours no rank by more than N/2^256. In a shell: ``printf '%s' 'SEED,1' | sha256sum``.

What a check finds
------------------
If K of the N sheets are wrong, the chance that n drawn ones hold none of them is C(N − K, n) / C(N, n).

Rules of this module
--------------------
1. The seed is public, and was not known when the sheets were published: dice thrown in public, the numbers of a lottery
   of a later day. A seed that the publisher chose proves nothing.
2. Exact: whole numbers until the last division.
"""

from __future__ import annotations

import hashlib
import math
from fractions import Fraction

from testigo.errors import InputError
from testigo.forensics.sheets import Sheets

LONGEST_SEED = 1000


def draw(seed: str, population: int, size: int) -> tuple[int, ...]:
    """Ranks from 1, in the order drawn.

    Args:
        seed: any text; spaces at its ends are part of it.
        population: N, how many sheets there are.
        size: n, how many to draw, at most N.

    Raises:
        InputError: an empty or endless seed, or a size that the population cannot give.
    """
    if not seed.strip() or len(seed) > LONGEST_SEED or not seed.isprintable():
        raise InputError("The seed is empty, too long or not printable.", "Throw dice in public and type the digits.")
    if not 0 <= size <= population:
        raise InputError(f"{size} sheets cannot be drawn from {population}.", "Give a number from 0 to that.")
    ranks: dict[int, None] = {}
    counter = 0
    while len(ranks) < size:
        counter += 1
        ranks.setdefault(ticket(seed, counter) % population + 1)
    return tuple(ranks)


def ticket(seed: str, counter: int) -> int:
    """SHA-256 of ``seed,counter`` as a whole number."""
    return int.from_bytes(hashlib.sha256(f"{seed},{counter}".encode()).digest(), "big")


def sample(sheets: Sheets, seed: str, size: int) -> tuple[int, ...]:
    """Positions in ``sheets`` (which stands in order of code), in the order drawn. Errors: :func:`draw`."""
    return tuple(rank - 1 for rank in draw(seed, len(sheets), size))


def chance_of_none(population: int, wrong: int, drawn: int) -> float:
    """Chance that a random sample of ``drawn`` sheets without replacement holds none of the ``wrong`` ones.

    Formula: C(N − K, n) / C(N, n) (hypergeometric), exact. Valid for a sample that nobody who made the wrong ones could
    foresee, in which a wrong one is recognised.

    Raises:
        InputError: numbers below 0 or above the population.
    """
    if not (0 <= wrong <= population and 0 <= drawn <= population):
        raise InputError(f"{wrong} wrong and {drawn} drawn of {population} sheets.", "Give numbers from 0 to that.")
    return float(Fraction(math.comb(population - wrong, drawn), math.comb(population, drawn)))


def enough(population: int, wrong: int, risk: float) -> int | None:
    """The smallest sample that holds none of the wrong sheets with at most this chance; ``None`` if none are wrong.

    Args:
        risk: between 0 and 1, such as 0.001.
    """
    if not 0 < risk < 1:
        raise InputError(f"{risk} is not a risk.", "Give a chance between 0 and 1.")
    if wrong <= 0:
        return None
    low, high = 1, population - wrong + 1  # one more than the right ones: a wrong one is among them for certain
    while low < high:
        middle = (low + high) // 2
        if chance_of_none(population, wrong, middle) <= risk:
            high = middle
        else:
            low = middle + 1
    return low
