"""Where images come from: files, directories, and stores.

Rules of this module
--------------------
1. What a person names as a file is read, whatever its name. Below a directory or in a store only plausible files are:
   an image's ending, or a name that is a hash; nothing hidden. What is passed over is counted.
2. The order is that of the arguments, and sorted below each, so that two runs have the same order.
3. Finding fetches nothing; fetching never takes more bytes than the limit.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from testigo.recount.stores import get, objects_at, plain

ENDINGS = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".pdf", ".heic", ".heif")
#: A blob's file name: a SHA-256, with the two digits that are its folder's name or without.
_HASH = re.compile(r"[0-9a-f]{62}(?:[0-9a-f]{2})?")


@dataclass(frozen=True, slots=True)
class Item:
    """One file to read.

    Attributes:
        name: as answers name it; always valid Unicode.
        path: on this machine (absolute), or the key in the store.
        store: URL of its store; empty for a file.
        version: what the store's listing says of its content; empty if nothing but the content tells.
    """

    name: str
    path: str
    store: str = ""
    version: str = ""


@dataclass(slots=True)
class Found:
    """What the arguments led to.

    Attributes:
        items: in the order of the answers.
        passed_over: files below directories and in stores that are not plausible images.
        missing: names of arguments that are not there. Each is among the items too, so that it gets its line.
    """

    items: list[Item] = field(default_factory=list)
    passed_over: int = 0
    missing: list[str] = field(default_factory=list)


def find(arguments: Iterable[str], *, without: Collection[Path] = ()) -> Found:
    """The files that the arguments name.

    Args:
        arguments: files, directories (read recursively), and URLs of stores.
        without: folders that are not walked into, because results are written there.

    Raises:
        InputError: a URL is of no known kind, or the extra for stores is missing.
        WireError: a store cannot be listed.
    """
    found = Found()
    skipped = {path.resolve() for path in without}
    for argument in arguments:
        path = Path(argument)
        if "://" in argument:
            _find_in_store(argument, found)
        elif path.is_dir():
            _find_below(path, skipped, found)
        else:
            found.items.append(Item(_shown(argument), str(path.absolute())))
            if not path.is_file():
                found.missing.append(_shown(argument))
    return found


def fetch(item: Item, most_bytes: int) -> bytes | None:
    """A file's bytes; ``None`` if it has more than ``most_bytes``.

    Raises:
        OSError: it is not there, or not to be read.
        WireError: the store does not give it.
    """
    if item.store:
        return get(item.store, item.path, most_bytes)
    with Path(item.path).open("rb") as file:
        data = file.read(most_bytes + 1)
    return data if len(data) <= most_bytes else None


def _find_below(folder: Path, skipped: Collection[Path], found: Found) -> None:
    for root, folders, names in os.walk(folder):
        here = Path(root)
        folders[:] = sorted(name for name in folders if name[:1] != "." and (here / name).resolve() not in skipped)
        for name in sorted(names):
            path = here / name
            if name.startswith(".") or not path.is_file():
                continue
            if _plausible(name):
                found.items.append(Item(_shown(str(path)), str(path.absolute())))
            else:
                found.passed_over += 1


def _find_in_store(url: str, found: Found) -> None:
    for stored in objects_at(url):
        folders_and_name = stored.key.split("/")
        alone = stored.store != url  # the URL names the object itself
        if alone or _plausible(folders_and_name[-1]):
            if not any(part.startswith(".") for part in folders_and_name):
                name = _shown(f"{plain(stored.store)}/{stored.key}")
                found.items.append(Item(name, stored.key, stored.store, stored.version))
        else:
            found.passed_over += 1


def _plausible(name: str) -> bool:
    return name.lower().endswith(ENDINGS) or _HASH.fullmatch(name) is not None


def _shown(path: str) -> str:
    r"""The path as text that every form of the answer can carry: bytes that are no text become ``\xff``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
