"""The segments of a message (ISO/IEC 18004, 7.4): shared by what is known of one and what is read of one."""

from __future__ import annotations

#: The characters of the alphanumeric mode, in the order of their values.
ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
#: Segment -> its four bits, and how long its count is in versions up to 9, and from 10 to 26.
MODES = {"numeric": (1, 10, 12), "alphanumeric": (2, 9, 11), "byte": (4, 8, 16)}
