"""GF(256) and Reed-Solomon: many words corrected at once, errors and erasures.

Rules of this module
--------------------
1. The field of QR codes: x^8 + x^4 + x^3 + x^2 + 1, generator 2; code roots 2^0 … 2^(r-1) (ISO/IEC 18004, annex A).
2. Bounded distance: a word is corrected only if 2 x errors + erasures <= r, and its syndromes vanish afterwards.
3. Everything works on a batch (rows), because the same word is tried with many sets of erasures.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def _tables() -> tuple[Bytes, Ints]:
    exp, log = np.zeros(512, np.uint8), np.zeros(256, np.int64)
    value = 1
    for power in range(255):
        exp[power] = exp[power + 255] = value
        log[value] = power
        value = (value << 1) ^ (0x11D if value & 0x80 else 0)
    exp[510:] = exp[:2]
    return exp, log


#: EXP[i] = 2^i for i < 512; LOG[0] is meaningless.
EXP, LOG = _tables()


def _products() -> Bytes:
    table: Bytes = EXP[LOG[:, None] + LOG[None, :]].copy()
    table[0, :] = table[:, 0] = 0
    return table


#: PRODUCT[a, b] = a b.
PRODUCT: Bytes = _products()
INVERSE: Bytes = np.concatenate((np.zeros(1, np.uint8), EXP[255 - LOG[1:]])).astype(np.uint8)


@lru_cache(maxsize=64)
def generator(checks: int) -> Bytes:
    """The generator polynomial with that many roots, highest power first, without the leading 1."""
    poly = np.ones(1, np.uint8)
    for i in range(checks):
        longer = np.append(poly, np.uint8(0))
        longer[1:] ^= PRODUCT[poly, EXP[i]]
        poly = longer
    return np.asarray(poly[1:], np.uint8)


def encode(data: Bytes, checks: int) -> Bytes:
    """The check symbols of data words, shape (rows, k) -> (rows, checks)."""
    poly = generator(checks)
    rest = np.zeros((data.shape[0], checks), np.uint8)
    for column in range(data.shape[1]):
        lead = data[:, column] ^ rest[:, 0]
        rest[:, :-1] = rest[:, 1:]
        rest[:, -1] = 0
        rest ^= PRODUCT[lead[:, None], poly[None, :]]
    return rest


@lru_cache(maxsize=64)
def _syndrome_powers(length: int, checks: int) -> Bytes:
    places = np.arange(length - 1, -1, -1)
    return np.asarray(EXP[(places[None, :] * np.arange(checks)[:, None]) % 255], np.uint8)


def syndromes(words: Bytes, checks: int) -> Bytes:
    """Of words, shape (rows, n), first symbol the highest power -> (rows, checks)."""
    powers = _syndrome_powers(words.shape[1], checks)
    products = PRODUCT[words[:, None, :], powers[None, :, :]]
    return np.asarray(np.bitwise_xor.reduce(products, axis=2), np.uint8)


def correct(words: Bytes, erased: Bools, checks: int) -> tuple[Bytes, Bools]:
    """Correct words with errors and erasures.

    Args:
        words: shape (rows, n), first symbol the highest power.
        erased: same shape; what stands in an erased place does not matter.
        checks: r, the number of check symbols.

    Returns:
        The corrected words, and for each row whether it is a code word within the bound. Rows that failed are as given.
    """
    words = np.where(erased, 0, words).astype(np.uint8)
    counts = erased.sum(axis=1)
    good = counts <= checks
    synd = syndromes(words, checks)
    clean = good & ~synd.any(axis=1)
    locator, degree = _locators(synd, erased & good[:, None], checks)
    fixed, solved = _repaired(words, synd, locator, degree, checks)
    good &= solved & (2 * degree - counts <= checks)
    result = np.where(good[:, None], fixed, words).astype(np.uint8)
    result[clean] = words[clean]
    good |= clean
    return result, good


def _erasure_locators(erased: Bools, checks: int) -> tuple[Bytes, Ints]:
    """Products of (1 - X_i x) over the erased places, lowest power first."""
    rows, length = erased.shape
    locator = np.zeros((rows, checks + 1), np.uint8)
    locator[:, 0] = 1
    for place in np.flatnonzero(erased.any(axis=0)):
        x = EXP[(length - 1 - place) % 255]
        shifted = PRODUCT[x, locator[:, :-1]]
        locator[:, 1:] ^= np.where(erased[:, place, None], shifted, 0).astype(np.uint8)
    return locator, erased.sum(axis=1).astype(np.int64)


def _locators(synd: Bytes, erased: Bools, checks: int) -> tuple[Bytes, Ints]:
    """Berlekamp-Massey begun with the erasures (Blahut, Theory and Practice of Error Control Codes, ch. 9)."""
    locator, count = _erasure_locators(erased, checks)
    before, degree = locator.copy(), count.copy()
    for k in range(checks):
        active = k >= count
        if not active.any():
            continue
        terms = PRODUCT[locator[:, : k + 1], synd[:, k::-1]]
        gap = np.bitwise_xor.reduce(terms, axis=1)
        shifted = np.zeros_like(before)
        shifted[:, 1:] = before[:, :-1]
        update = active & (gap != 0)
        longer = update & (2 * degree <= k + count)
        scaled = PRODUCT[INVERSE[gap][:, None], locator]
        after = locator ^ np.where(update[:, None], PRODUCT[gap[:, None], shifted], 0).astype(np.uint8)
        before = np.where(longer[:, None], scaled, np.where(active[:, None], shifted, before)).astype(np.uint8)
        degree = np.where(longer, k + 1 + count - degree, degree)
        locator = after
    return locator, degree


def _repaired(words: Bytes, synd: Bytes, locator: Bytes, degree: Ints, checks: int) -> tuple[Bytes, Bools]:
    """Forney's magnitudes at the locator's roots; and whether the roots are as many as they must be and it checks."""
    length = words.shape[1]
    inverse_places = EXP[(255 - np.arange(length - 1, -1, -1)) % 255]
    powers = EXP[(LOG[inverse_places][None, :] * np.arange(checks + 1)[:, None]) % 255]
    values = np.bitwise_xor.reduce(PRODUCT[locator[:, :, None], powers[None, :, :]], axis=1)
    root = values == 0
    right_count = root.sum(axis=1) == degree
    evaluator = np.zeros((words.shape[0], checks), np.uint8)
    for k in range(checks):
        evaluator[:, k] = np.bitwise_xor.reduce(PRODUCT[locator[:, : k + 1], synd[:, k::-1]], axis=1)
    omega = np.bitwise_xor.reduce(PRODUCT[evaluator[:, :, None], powers[None, :checks, :]], axis=1)
    odd = locator[:, 1::2]
    slope = np.bitwise_xor.reduce(PRODUCT[odd[:, :, None], powers[None, 0 : 2 * odd.shape[1] : 2, :]], axis=1)
    places = INVERSE[inverse_places]
    magnitude = PRODUCT[places[None, :], PRODUCT[omega, INVERSE[slope]]]
    sound = right_count & ~(root & (slope == 0)).any(axis=1)
    fixed = words ^ np.where(root & sound[:, None], magnitude, 0).astype(np.uint8)
    return fixed, sound & ~syndromes(fixed, checks).any(axis=1)
