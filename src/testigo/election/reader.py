"""Read tables of a configuration file key by key, collecting what is wrong instead of stopping at the first.

Rules of this module
--------------------
1. A problem names the whole key (``contests[0].qr.level``) and says what would be right.
2. :meth:`Reader.finish` reports every key that nobody asked for.
3. After a problem a harmless value is returned, so that the rest can be looked at; the caller raises at the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar, overload

from testigo.errors import InputError, Problem

_T = TypeVar("_T", str, int)

_MISSING: Any = object()


class Reader:
    """One table of the file.

    Args:
        file: the file's name, for problems.
        raw: the table.
        path: the table's own key, such as ``contests[0]``.
        problems: where problems are collected; shared with the tables within.
    """

    def __init__(self, file: str, raw: Mapping[str, Any], path: str = "", parent: Reader | None = None) -> None:
        self.file = file
        self._raw = raw
        self._path = path
        self._asked: set[str] = set()
        self._children: dict[str, Reader] = {}
        self._problems: list[Problem] = parent._problems if parent else []
        self.languages: tuple[str, ...] = parent.languages if parent else ()

    # -------------------------------------------------------------- problems

    def problem(self, key: str, text: str) -> None:
        """Note that something is wrong with a key; ``text`` says what would be right."""
        entry = Problem(self.file, 0, f"{self._path}.{key}".strip("."), text)
        if entry not in self._problems:
            self._problems.append(entry)

    def finish(self) -> None:
        """Report every key that nobody asked for, here and in the tables within."""
        for key in self._raw:
            if key not in self._asked:
                self.problem(key, "this key is not known; remove it or correct its spelling")
        for child in self._children.values():
            child.finish()

    def raise_problems(self, message: str) -> None:
        """Raise :class:`InputError` with every problem found, if any."""
        if self._problems:
            count = len(self._problems)
            listed = "; ".join(f"{p.field}: {p.problem}" for p in self._problems[:3])
            more = f" (and {count - 3} more)" if count > 3 else ""
            raise InputError(message, f"{listed}{more}.", self._problems)

    # ---------------------------------------------------------------- values

    def names(self) -> Iterable[str]:
        """The table's own keys, in the file's order."""
        return tuple(self._raw)

    def has(self, key: str) -> bool:
        """Whether the table has that key."""
        return key in self._raw

    def raw(self, key: str, kind: type, default: Any = _MISSING) -> Any:
        """The value of that key, which must be of that kind."""
        self._asked.add(key)
        if key not in self._raw:
            if default is not _MISSING:
                return default
            self.problem(key, "this key is missing")
            return kind()
        value = self._raw[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.problem(key, f"this must be {_KINDS.get(kind, kind.__name__)}")
            return kind() if default is _MISSING else default
        return value

    def text(self, key: str, *, optional: bool = False, default: str | None = None) -> str:
        """A text; empty where optional and missing."""
        fallback = "" if optional else default
        value: str = self.raw(key, str, _MISSING if fallback is None else fallback)
        return value

    def code(self, key: str) -> str:
        """A code: letters, digits and underscores."""
        value = self.text(key)
        if value and not re.fullmatch(r"[A-Za-z0-9_]+", value):
            self.problem(key, "a code has only letters without accents, digits and underscores")
        return value

    @overload
    def integer(self, key: str, *, least: int = ..., default: int | None = ...) -> int: ...
    @overload
    def integer(self, key: str, *, optional: Literal[True], least: int = ...) -> int | None: ...
    def integer(
        self, key: str, *, optional: bool = False, least: int | None = None, default: int | None = None
    ) -> int | None:
        """A whole number, at least ``least``."""
        fallback = _MISSING if default is None and not optional else default
        value: int | None = self.raw(key, int, fallback)
        if value is not None and key in self._raw and least is not None and value < least:
            self.problem(key, f"this must be {least} or more")
        return value

    def number(self, key: str, *, default: float | None = None) -> float:
        """A number above 0 (or the default)."""
        self._asked.add(key)
        value = self._raw.get(key, default)
        if value is None:
            self.problem(key, "this key is missing")
            return 1.0
        if isinstance(value, bool) or not isinstance(value, int | float) or (key in self._raw and value <= 0):
            self.problem(key, "this must be a number above 0")
            return 1.0
        return float(value)

    def boolean(self, key: str) -> bool:
        """``true`` or ``false``."""
        value: bool = self.raw(key, bool)
        return value

    def texts(self, key: str, *, optional: bool = False) -> tuple[str, ...]:
        """A list of texts."""
        values = self.raw(key, list, [] if optional else _MISSING)
        if not all(isinstance(value, str) for value in values):
            self.problem(key, "this must be a list of texts")
            return ()
        return tuple(values)

    def mapping(self, key: str, kind: type[_T], *, optional: bool = False) -> dict[str, _T]:
        """A table whose values are all of one kind (numbers: 0 or more)."""
        values = self.raw(key, dict, {} if optional else _MISSING)
        for name, value in values.items():
            good = (
                isinstance(value, kind) and not isinstance(value, bool) and not (isinstance(value, int) and value < 0)
            )
            if not good:
                self.problem(
                    f"{key}.{name}", f"this must be {_KINDS[kind]}, 0 or more" if kind is int else "write a text"
                )
        return dict(values)

    def translated(self, key: str, *, optional: bool = False) -> dict[str, str]:
        """A text in every language of the profile."""
        values = self.mapping(key, str, optional=optional)
        if values or not optional:
            for language in self.languages:
                if not values.get(language):
                    self.problem(f"{key}.{language}", "this text is missing")
        return values

    # ---------------------------------------------------------------- tables

    def table(self, key: str, *, optional: bool = False) -> Reader:
        """The table of that key (an empty one where optional and missing)."""
        if key not in self._children:
            value = self.raw(key, dict, {} if optional else _MISSING)
            self._children[key] = Reader(self.file, value, f"{self._path}.{key}".strip("."), self)
        return self._children[key]

    def tables(self, key: str, *, optional: bool = False) -> tuple[Reader, ...]:
        """A list of tables."""
        values = self.raw(key, list, [] if optional else _MISSING)
        readers = []
        for number, value in enumerate(values):
            if not isinstance(value, dict):
                self.problem(f"{key}[{number}]", "this must be a table")
                continue
            name = f"{key}[{number}]"
            child = self._children.setdefault(name, Reader(self.file, value, f"{self._path}.{name}".strip("."), self))
            readers.append(child)
        return tuple(readers)


_KINDS: Mapping[type, str] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}
