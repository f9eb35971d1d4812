"""What holds for every test."""

from __future__ import annotations

import os

# The browser's driver keeps an event loop in the process that runs its tests; Django, asked by a later test in the same
# process, would take that for a call from within it and refuse.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
