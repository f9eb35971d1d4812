"""What goes with an answer where it is asked for: the verdict on the scan, and pictures of what disagrees.

Rules of this module
--------------------
1. Neither changes what was read; trouble with them costs nothing but themselves.
2. A picture shows the line that disagrees and a little around it, never the whole sheet.
3. Its name is made from the file's hash: the same file gives the same pictures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import cv2

from testigo.election import Profile
from testigo.reading.found import SheetReadings
from testigo.reading.limits import Limits, Refusal
from testigo.reading.opening.images import OpenedImage, open_pages
from testigo.reading.quality import UNREAD, Reason, Verdict, judge

#: Around the line, of its height.
_MARGIN = 0.4
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_.-]")


def verdict_of(profile: Profile, page: OpenedImage, number: int, found: SheetReadings) -> dict[str, Any]:
    """Whether the scan of a page is good, as the answer tells it: ``readable``, and ``reasons`` with their values.

    Args:
        number: of the page, from 1.
        found: what was read of the file.
    """
    mine = [sheet for sheet in found.found if sheet.page == number]
    verdict = judge(page, profile, mine)
    if verdict.readable and not mine and found.refusal is None:  # "good" is no answer where nothing could be read
        verdict = Verdict(False, (Reason(UNREAD), *verdict.reasons))
    reasons = [{"code": one.code, "serious": one.serious, "values": dict(one.values)} for one in verdict.reasons]
    return {"readable": verdict.readable, "reasons": [explained_reason(one) for one in reasons]}


def explained_reason(reason: Mapping[str, Any]) -> dict[str, Any]:
    """A reason with its sentences: ``code``, ``serious``, ``values``, ``es``, ``en``."""
    texts = Reason(reason["code"], dict(reason["values"]), reason["serious"]).explanation
    return {"code": reason["code"], "serious": reason["serious"], "values": dict(reason["values"]), **texts}


def name_crops(lines: Iterable[dict[str, Any]]) -> None:
    """Give every disagreement of one file's lines the name of its picture (``crop``)."""
    for number, line in enumerate(lines, 1):
        for place, one in enumerate(line["disagreements"] or (), 1):  # a figure may stand in two places
            parts = (line["station"], line["sha256"][:16], f"{number}-{place}", one["field"])
            one["crop"] = _NOT_IN_A_NAME.sub("-", "_".join(parts)) + ".png"


def crops(data: bytes, lines: Sequence[Mapping[str, Any]], limits: Limits) -> Iterator[tuple[str, bytes]]:
    """The pictures that :func:`name_crops` named.

    Args:
        data: the file's bytes.
        lines: its answer.
        limits: the resource policy.

    Returns:
        (name, PNG) of every disagreement.
    """
    wanted = [(line["page"], one) for line in lines for one in line["disagreements"] or () if one["crop"]]
    pages = open_pages(data, limits) if wanted else ()
    if isinstance(pages, Refusal):
        return
    for page, one in wanted:
        pixels = pages[page - 1].full()
        x, y, width, height = one["region"]
        margin = round(height * _MARGIN)
        top, left = max(0, y - margin), max(0, x - margin)
        part = pixels[top : y + height + margin, left : x + width + margin]
        good, png = cv2.imencode(".png", part) if part.size else (False, b"")
        if good:
            yield one["crop"], bytes(png)
