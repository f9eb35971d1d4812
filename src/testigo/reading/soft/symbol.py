"""How a QR code is laid out (ISO/IEC 18004, model 2): blocks, function modules, places of the bits, masks, formats.

Rules of this module
--------------------
1. Versions 5 to 15, all levels. Tables follow from the standard's table 9 and annex E; tests hold them against another
   encoder.
2. A module map has shape (n, n), row first, dark is true, upright and not mirrored.
3. Bits are numbered in the order in which they are placed: codeword by codeword, highest bit first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Signs = npt.NDArray[np.int8]
Ints = npt.NDArray[np.int64]

VERSIONS = range(5, 16)
LEVELS = "LMQH"
#: Level -> its two bits in the format information.
LEVEL_BITS = {"L": 1, "M": 0, "Q": 3, "H": 2}

#: Error correction codewords per block, and blocks, of versions 1-15 (ISO/IEC 18004, table 9).
EC_PER_BLOCK = {
    "L": (7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22),
    "M": (10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24),
    "Q": (13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30),
    "H": (17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24),
}
_BLOCKS = {
    "L": (1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6),
    "M": (1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10),
    "Q": (1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12),
    "H": (1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18),
}
#: Centres of the alignment patterns, versions 5-15 (annex E).
_ALIGNMENT = {
    5: (6, 30), 6: (6, 34), 7: (6, 22, 38), 8: (6, 24, 42), 9: (6, 26, 46), 10: (6, 28, 50), 11: (6, 30, 54),
    12: (6, 32, 58), 13: (6, 34, 62), 14: (6, 26, 46, 66), 15: (6, 26, 48, 70),
}  # fmt: skip


def side(version: int) -> int:
    """Modules per side."""
    return 17 + 4 * version


@dataclass(frozen=True)
class Blocks:
    """How the codewords of a version and level are dealt to blocks.

    Attributes:
        checks: check symbols per block.
        data: data symbols of each block.
        members: for each block the codewords (numbers in placed order) that make it, data first, then checks.
        data_order: codeword numbers of the data in the order of the message.
        message_bits: bit numbers (in placed order) of the data in the order of the message.
    """

    checks: int
    data: tuple[int, ...]
    members: tuple[Ints, ...]
    data_order: Ints
    message_bits: Ints

    @property
    def total(self) -> int:
        """Codewords in all."""
        return sum(self.data) + self.checks * len(self.data)


@lru_cache(maxsize=64)
def blocks(version: int, level: str) -> Blocks:
    """The block structure of a version (5-15) and level."""
    checks, count = EC_PER_BLOCK[level][version - 1], _BLOCKS[level][version - 1]
    total = len(layout(version).rows) // 8
    short, longer = divmod(total - checks * count, count)
    data = tuple(short + (block >= count - longer) for block in range(count))
    members: list[list[int]] = [[] for _ in data]
    number = 0
    for column in range(short + 1):
        for block, size in enumerate(data):
            if column < size:
                members[block].append(number)
                number += 1
    order = [codeword for member in members for codeword in member]
    for _ in range(checks):
        for member in members:
            member.append(number)
            number += 1
    message_bits = (np.array(order)[:, None] * 8 + np.arange(8)).ravel()
    return Blocks(checks, data, tuple(np.array(member) for member in members), np.array(order), message_bits)


@dataclass(frozen=True)
class Layout:
    """Where everything stands in a version.

    Attributes:
        known: shape (n, n): +1 dark, -1 light, 0 not known from the version alone.
        function: whether the module is no data module.
        rows, columns: place of each data bit in placed order (whole codewords only).
        format_places: two copies, each 15 (row, column), highest bit first.
    """

    version: int
    known: Signs
    function: Bools
    rows: Ints
    columns: Ints
    format_places: tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]

    @property
    def modules(self) -> int:
        """Per side."""
        return side(self.version)


@lru_cache(maxsize=16)
def layout(version: int) -> Layout:
    """The layout of a version."""
    n = side(version)
    known, function = np.zeros((n, n), np.int8), np.zeros((n, n), bool)
    _draw_timing(known, function)
    _draw_alignment(known, function, version)
    _draw_finders(known, function)
    copies = _format_places(n)
    for copy in copies:
        for row, column in copy:
            function[row, column], known[row, column] = True, 0
    known[n - 8, 8], function[n - 8, 8] = 1, True
    if version >= 7:
        _draw_version(known, function, version)
    rows, columns = _bit_places(function)
    return Layout(version, known, function, rows, columns, copies)


def _draw_timing(known: Signs, function: Bools) -> None:
    n = len(known)
    dots = np.where(np.arange(n) % 2 == 0, 1, -1)
    known[6, :], known[:, 6] = dots, dots
    function[6, :] = function[:, 6] = True


def _draw_finders(known: Signs, function: Bools) -> None:
    n = len(known)
    pattern = np.full((9, 9), -1, np.int8)
    pattern[1:8, 1:8] = 1
    pattern[2:7, 2:7] = -1
    pattern[3:6, 3:6] = 1
    for rows, columns, part in (
        (slice(0, 8), slice(0, 8), pattern[1:, 1:]),
        (slice(0, 8), slice(n - 8, n), pattern[1:, :8]),
        (slice(n - 8, n), slice(0, 8), pattern[:8, 1:]),
    ):
        known[rows, columns], function[rows, columns] = part, True


def _draw_alignment(known: Signs, function: Bools, version: int) -> None:
    pattern = np.ones((5, 5), np.int8)
    pattern[1:4, 1:4] = -1
    pattern[2, 2] = 1
    centres = _ALIGNMENT[version]
    last = centres[-1]
    for y in centres:
        for x in centres:
            if (y, x) not in ((6, 6), (6, last), (last, 6)):
                where = slice(y - 2, y + 3), slice(x - 2, x + 3)
                known[where], function[where] = pattern, True


def _format_places(n: int) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    first = [(8, c) for c in (0, 1, 2, 3, 4, 5, 7, 8)] + [(r, 8) for r in (7, 5, 4, 3, 2, 1, 0)]
    second = [(n - 1 - i, 8) for i in range(7)] + [(8, n - 8 + i) for i in range(8)]
    return tuple(first), tuple(second)


def _draw_version(known: Signs, function: Bools, version: int) -> None:
    n = len(known)
    rest = version
    for _ in range(12):
        rest = (rest << 1) ^ (0x1F25 if rest >> 11 else 0)
    bits = version << 12 | rest
    for i in range(18):
        value = 1 if bits >> i & 1 else -1
        for place in ((i // 3, n - 11 + i % 3), (n - 11 + i % 3, i // 3)):
            known[place], function[place] = value, True


def _bit_places(function: Bools) -> tuple[Ints, Ints]:
    n = len(function)
    rows: list[int] = []
    columns: list[int] = []
    upwards = True
    right = n - 1
    while right > 0:
        if right == 6:
            right -= 1
        for row in range(n - 1, -1, -1) if upwards else range(n):
            for column in (right, right - 1):
                if not function[row, column]:
                    rows.append(row)
                    columns.append(column)
        upwards, right = not upwards, right - 2
    whole = len(rows) // 8 * 8
    return np.array(rows[:whole]), np.array(columns[:whole])


def masked(mask: int, rows: Ints, columns: Ints) -> Bools:
    """Whether the mask turns these modules over (table 10)."""
    i, j = rows, columns
    conditions = (
        lambda: (i + j) % 2,
        lambda: i % 2,
        lambda: j % 3,
        lambda: (i + j) % 3,
        lambda: (i // 2 + j // 3) % 2,
        lambda: i * j % 2 + i * j % 3,
        lambda: (i * j % 2 + i * j % 3) % 2,
        lambda: ((i + j) % 2 + i * j % 3) % 2,
    )
    flip: Bools = np.asarray(conditions[mask]() == 0)
    return flip


@lru_cache(maxsize=128)
def mask_bits(version: int, mask: int) -> Bools:
    """For each data bit in placed order whether the mask turns it over."""
    place = layout(version)
    return masked(mask, place.rows, place.columns)


@lru_cache(maxsize=32)
def format_bits(level: str, mask: int) -> Signs:
    """The 15 bits of the format information, highest first: +1 dark, -1 light (annex C)."""
    value = LEVEL_BITS[level] << 3 | mask
    rest = value
    for _ in range(10):
        rest = (rest << 1) ^ (0x537 if rest >> 9 else 0)
    bits = (value << 10 | rest) ^ 0x5412
    return np.array([1 if bits >> (14 - i) & 1 else -1 for i in range(15)], np.int8)


def full_pattern(version: int, level: str, mask: int, bits: Bools) -> Bools:
    """The whole symbol from its bits (unmasked, placed order): shape (n, n), dark true. Remainder bits are 0."""
    place = layout(version)
    n = place.modules
    dark = place.known > 0
    rest = ~place.function
    everywhere = np.indices((n, n))
    dark = np.where(rest, masked(mask, everywhere[0], everywhere[1]), dark)  # remainder bits: 0, masked
    dark[place.rows, place.columns] = bits ^ mask_bits(version, mask)
    for copy in place.format_places:
        for (row, column), value in zip(copy, format_bits(level, mask), strict=True):
            dark[row, column] = value > 0
    return np.asarray(dark, bool)
