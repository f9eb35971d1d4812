"""Where every page lies, and how one page points at another.

Rules of this module
--------------------
1. Links are relative and name a file, so that the site works from a memory stick, under any prefix, on any mirror.
2. Codes come from outside: a file name is made of ``[A-Za-z0-9.-]`` and, for anything else, of its UTF-8 bytes in hex.
3. A page's path depends on its code alone: correcting a name or a territory moves nothing, and forwarded links live.
"""

from __future__ import annotations

import re
from functools import lru_cache

_OTHER = re.compile(r"[^A-Za-z0-9-]")
_PREFIX = 4  # of a code: keeps folders to a few hundred pages each


@lru_cache(maxsize=1 << 17)
def slug(code: str) -> str:
    """A code as a file name; two codes never share one."""
    return _OTHER.sub(lambda m: "." if m[0] == "." else "".join(f"_{byte:02x}" for byte in m[0].encode()), code)


def _in_folder(kind: str, code: str) -> str:
    name = slug(code)
    return f"{kind}/{name[:_PREFIX].strip('.') or '_'}/{name}.html"


def front(contest: str, first: bool) -> str:
    """The front page of a contest, below the language's folder; the first contest's is the language's index."""
    return "index.html" if first else f"{contest}/index.html"


def area(contest: str, code: str, order: str = "", page: int = 1) -> str:
    """The page of an area; ``order`` names another order of its table, ``page`` counts from 1."""
    more = (f"~{order}" if order else "") + (f"~{page}" if page > 1 else "")
    return f"{contest}/a/{slug(code)}{more}.html"


def centre(contest: str, code: str) -> str:
    """The page of a polling centre."""
    return f"{contest}/{_in_folder('c', code)}"


def station(contest: str, code: str) -> str:
    """The page of a polling station."""
    return f"{contest}/{_in_folder('s', code)}"


def csv(contest: str, code: str) -> str:
    """The table of an area, below the site's root."""
    return f"csv/{contest}/{slug(code)}.csv"


def up(path: str) -> str:
    """The way from a page to the folder that its path starts from: ``../../``, or nothing."""
    return "../" * path.count("/")
