"""Let a process of its own decode what needs a large native decoder: PDF and HEIC.

Rules of this module
--------------------
1. That process (:mod:`.renderer`) may use so much memory and time and no more; if it crashes, hangs or
   talks nonsense, the file is refused and nothing else happens.
2. It is given the file and nothing else: no setting, password or address that this process has in its environment.
3. What it answers is checked like any other input: sizes and lengths must fit, and the limits hold here too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from testigo.reading.limits import Limits, Refusal
from testigo.reading.pixels import Grey
from testigo.records import Opening

_COMMAND = (sys.executable, "-P", str(Path(__file__).with_name("renderer.py")))
#: What a Python needs to start, and where its libraries may be.
_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "SYSTEMROOT")
_REFUSED = {
    "damaged": Opening.DAMAGED,
    "not_an_image": Opening.NOT_AN_IMAGE,
    "too_many_pixels": Opening.TOO_MANY_PIXELS,
}


def render(kind: str, data: bytes, limits: Limits, *, pages: int) -> list[Grey] | Refusal:
    """The pages of a PDF or the pictures of a HEIC, upright.

    Args:
        kind: PDF or HEIC.
        data: the file.
        limits: on that process.
        pages: how many at most are wanted; a document with more is not refused for that.

    Returns:
        Grey pixels of each page, shape (height, width); or DAMAGED, NOT_AN_IMAGE (it asks for a password),
        TOO_MANY_PIXELS (also: too many pages or parts, too much time or memory).
    """
    asked = {
        "kind": kind,
        "wanted_pages": pages,
        "max_pages": limits.max_pages,
        "max_pixels": min(limits.max_pixels, limits.max_colour_pixels),
        "max_side_pixels": limits.max_side_pixels,
        "max_document_pixels": limits.max_document_pixels,
        "max_objects": limits.max_objects,
        "max_seconds": limits.max_render_seconds,
        "max_bytes_in_memory": limits.max_render_bytes,
    }
    given = json.dumps(asked).encode() + b"\n" + data
    try:
        done = subprocess.run(
            _COMMAND,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            timeout=2 * limits.max_render_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Refusal(Opening.TOO_MANY_PIXELS, "its decoder took too long")
    try:
        return _pages(done.stdout, limits)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return Refusal(Opening.DAMAGED, f"its decoder died ({done.returncode})")


def _pages(answer: bytes, limits: Limits) -> list[Grey] | Refusal:
    """What the process wrote, taken apart. Whatever it raises: it did not come to its end."""
    pages: list[Grey] = []
    position = 0
    while True:
        end = answer.index(b"\n", position)
        said = json.loads(answer[position:end])
        position = end + 1
        if "end" in said:
            break
        width, height = int(said["width"]), int(said["height"])
        if min(width, height) < 1 or width * height > limits.max_pixels or position + width * height > len(answer):
            raise ValueError("a page of an impossible size")
        page = np.frombuffer(answer, np.uint8, width * height, position).reshape(height, width)
        pages.append(page.copy())
        position += width * height
    if said["end"] in _REFUSED:
        return Refusal(_REFUSED[said["end"]], str(said["detail"]))
    return pages if pages and said["end"] == "done" else Refusal(Opening.DAMAGED, "a document without a page")
