"""The language of what the command says: Spanish or English."""

from __future__ import annotations

import os
from functools import lru_cache


@lru_cache(maxsize=1)
def language() -> str:
    """``es`` or ``en``: by ``TESTIGO_LANG``, else by the locale's language."""
    chosen = next((os.environ[k] for k in ("TESTIGO_LANG", "LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(k)), "")
    return "es" if chosen.lower().startswith("es") else "en"


def t(en: str, es: str) -> str:
    """The text in the person's language."""
    return es if language() == "es" else en
