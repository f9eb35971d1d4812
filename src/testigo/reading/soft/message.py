"""The message in a code's data: bits to text, and which characters stand where.

Rules of this module
--------------------
1. Numeric, alphanumeric and byte segments; what is of another kind is no payload.
"""

from __future__ import annotations

from testigo.reading.soft.modes import ALPHANUMERIC as _ALPHANUMERIC
from testigo.reading.soft.modes import MODES as _MODES


def text_of(data: bytes, version: int) -> str | None:
    """The message's bytes as Latin-1, of numeric, alphanumeric and byte segments; ``None`` if it is no such message."""
    stream = _Stream(data)
    parts: list[str] = []
    while stream.left >= 4:
        indicator = stream.take(4)
        mode = next((name for name, row in _MODES.items() if row[0] == indicator), None)
        if indicator == 0:
            break
        if mode is None:
            return None
        width = _MODES[mode][1 if version <= 9 else 2]
        part = _segment(stream, mode, stream.take(width)) if stream.left >= width else None
        if part is None:
            return None
        parts.append(part)
    return "".join(parts)


def characters_in(mode: str, version: int, first: int, stop: int) -> tuple[int, int]:
    """Which characters of the message stand, wholly or partly, in data codewords ``first`` to before ``stop``."""
    if mode not in _MODES:
        return 0, 8 * stop
    _, short, longer = _MODES[mode]
    header = 4 + (short if version <= 9 else longer)
    bits, characters = {"byte": (8, 1), "alphanumeric": (11, 2), "numeric": (10, 3)}[mode]
    begin = max(0, (8 * first - header) // bits * characters)
    return begin, max(begin, -(-(8 * stop - header) // bits) * characters)


class _Stream:
    def __init__(self, data: bytes) -> None:
        self._value, self.left = int.from_bytes(data, "big"), 8 * len(data)

    def take(self, width: int) -> int:
        self.left -= width
        return self._value >> self.left & ((1 << width) - 1)


def _segment(stream: _Stream, mode: str, length: int) -> str | None:
    if mode == "byte":
        if stream.left < 8 * length:
            return None
        return "".join(chr(stream.take(8)) for _ in range(length))
    group, widths, base = (3, (0, 4, 7, 10), 10) if mode == "numeric" else (2, (0, 6, 11), 45)
    out = ""
    while length:
        size = min(group, length)
        if stream.left < widths[size]:
            return None
        value = stream.take(widths[size])
        if value >= base**size:
            return None
        digits = [value // base**place % base for place in range(size - 1, -1, -1)]
        out += "".join(_ALPHANUMERIC[digit] for digit in digits)
        length -= size
    return out
