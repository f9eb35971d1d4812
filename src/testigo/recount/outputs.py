"""The finished result on disk: JSON lines, Parquet, or a directory with both.

Rules of this module
--------------------
1. A result appears under its name whole, or not at all.
2. It is written in the order of the arguments, a few files at a time: memory does not grow with it.
3. What is there and is not a result of ours is never overwritten.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import IO, Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from testigo.errors import InputError, InternalError, WireError
from testigo.reading.batch import SCHEMA, to_lines, to_table

T = TypeVar("T")
Lines = list[dict[str, Any]]
_JSON, _PARQUET = ".jsonl", ".parquet"
_NAME = "sheets"
_ROWS_AT_ONCE = 5_000


class Output:
    """Where a result goes.

    Args:
        path: ``….jsonl``, ``….parquet``, or a directory, which then holds ``sheets.jsonl`` and ``sheets.parquet``.

    Raises:
        InputError: the name says neither, or what is there is not a result of ours.
    """

    def __init__(self, path: Path) -> None:
        kind = path.suffix.lower()
        if path.is_dir() or not kind:
            self.files: tuple[Path, ...] = (path / f"{_NAME}{_JSON}", path / f"{_NAME}{_PARQUET}")
            self.journal = path / f"{_NAME}.partial"
        elif kind in (_JSON, _PARQUET):
            self.files = (path,)
            self.journal = path.with_name(f"{path.name}.partial")
        else:
            raise InputError(f"{path}: this kind of result is not known.", "Name it ….jsonl, ….parquet or a directory.")

    def prepare(self) -> None:
        """Make the folder that the result lies in. Raises :class:`WireError` if that is not possible."""
        with _disk(self.journal.parent):
            self.journal.parent.mkdir(parents=True, exist_ok=True)

    def finished(self) -> Iterator[Lines]:
        """The lines, file by file, of a result that is there already.

        Raises:
            InputError: what is there is not a result of ours.
        """
        path = next((file for file in self.files if file.exists()), None)
        if path is not None:
            lines = _json_lines(path) if path.suffix.lower() == _JSON else _parquet_lines(path)
            for _, group in groupby(lines, key=lambda line: line["file"]):
                yield list(group)

    def write(self, answers: Callable[[], Iterable[Lines]]) -> None:
        """Write the result.

        Args:
            answers: the lines of each file, in order; called once for each form.

        Raises:
            WireError: the disk does not take it.
        """
        for path in self.files:
            write = _write_json if path.suffix.lower() == _JSON else _write_parquet
            with _disk(path):
                _whole_or_not(path, write, answers())


def write_pictures(folder: Path, pictures: Iterable[tuple[str, bytes]]) -> None:
    """Write (name, PNG) into a folder, made if needed. Raises :class:`WireError` if the disk does not take it."""
    for name, png in pictures:
        with _disk(folder / name):
            folder.mkdir(parents=True, exist_ok=True)
            _whole_or_not(folder / name, lambda file, data: file.write(data), png)


def _write_json(file: IO[bytes], answers: Iterable[Lines]) -> None:
    for lines in answers:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")


def _write_parquet(file: IO[bytes], answers: Iterable[Lines]) -> None:
    with pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
        rows: Lines = []
        for lines in answers:
            rows += lines
            if len(rows) >= _ROWS_AT_ONCE:
                writer.write_table(to_table(rows))
                rows.clear()
        writer.write_table(to_table(rows))


def _whole_or_not(path: Path, write: Callable[[IO[bytes], T], object], content: T) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            write(file, content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for text in file:
            try:
                line = json.loads(text)
                to_table([line])  # a line of ours has our columns, of our types
            except (ValueError, TypeError, LookupError, AttributeError, InternalError, pa.ArrowException) as error:
                raise _foreign(path) from error
            yield line


def _parquet_lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with pq.ParquetFile(path) as file:
            if file.schema_arrow.names != SCHEMA.names:
                raise _foreign(path)
            for batch in file.iter_batches(_ROWS_AT_ONCE):
                yield from to_lines(pa.Table.from_batches([batch]))
    except pa.ArrowException as error:
        raise _foreign(path) from error


def _foreign(path: Path) -> InputError:
    return InputError(
        f"{path} is there, and is not a result of this version of testigo read.",
        "Move it away, or choose another --out.",
    )


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WireError(
            f"{path} cannot be written: {error.strerror}.", "Make room or check its rights, and run it again."
        ) from error
