"""What can go wrong, each with the next step.

Rules of this module
--------------------
1. Three families, and no more: :class:`InputError` (something came from outside and is wrong),
   :class:`WireError` (the disk, the network or the database did not do its part), :class:`InternalError` (our own bug).
2. Every error says what is wrong, where (file, line, field), and what to do next.
3. Nothing here imports anything: every part may raise these.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input.

    Attributes:
        file: name of the file as the user gave it.
        line: line number counted from 1; 0 where the file has no lines or the whole file is meant.
        field: column, key or element; empty where the whole line is meant.
        problem: what is wrong and what would be right, in one plain sentence.
    """

    file: str
    line: int
    field: str
    problem: str

    def __str__(self) -> str:
        where = self.file + (f", line {self.line}" if self.line else "") + (f", {self.field}" if self.field else "")
        return f"{where}: {self.problem}"

    def as_json(self) -> dict[str, str | int]:
        """The documented machine-readable shape: ``file``, ``line``, ``field``, ``problem``."""
        return {"file": self.file, "line": self.line, "field": self.field, "problem": self.problem}


class TestigoError(Exception):
    """Base of all errors that a person may see.

    Args:
        message: one clear sentence: what is wrong.
        remedy: what to do next; empty if the sentence already says so.
    """

    __test__ = False  # the name starts with "Test": pytest must not collect it
    exit_status = 2

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class InputError(TestigoError):
    """Something that came from outside is wrong: a file, an argument, a request.

    ``problems`` holds every problem found, not the first one.
    """

    def __init__(self, message: str, remedy: str = "", problems: Iterable[Problem] = ()) -> None:
        super().__init__(message, remedy)
        self.problems = tuple(problems)


class WireError(TestigoError):
    """The disk, the network, the database or another program did not do its part; trying again may help."""


class InternalError(TestigoError):
    """Our own bug: an invariant that the code promised does not hold."""
