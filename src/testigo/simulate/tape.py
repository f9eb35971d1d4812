"""A tape from a voting machine: figures and words in two rows per ballot line, boxes for signatures, code, HMAC.

What is printed where follows the description of the sheets of 2024; sizes come from the profile's layout.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from testigo.election import Block, Box, Contest, Layout, Printing
from testigo.election.simulacro import INVALID_HMAC
from testigo.simulate.look import HEADERS
from testigo.simulate.marks import MODULE, QUIET, ROOM, SIDE
from testigo.simulate.paper import Paper
from testigo.simulate.sheet import Sheet
from testigo.simulate.strokes import scribble, sign

LEFT = 3.0  # margin, millimetres
STEP = 4.2  # from one row of text to the next


def mark_places(layout: Layout) -> Sequence[Box]:
    """In the header, in the heading of the middle candidate, in the summary's heading, and beside the HMAC."""
    right = layout.paper_width - ROOM + QUIET * MODULE
    places = []
    for block in layout.blocks:
        if block.kind == "lines" and block.group:
            places.append(Box(right, _headings(block, layout)[len(layout.groups) // 2] + 2.0, SIDE, SIDE))
        elif block.kind in ("header", "hmac"):
            places.append(Box(right, block.box.y + 2.6, SIDE, SIDE))
    return places


def _headings(block: Block, layout: Layout) -> list[float]:
    """Where each candidate's heading begins."""
    tops, y = [], block.box.y
    for lines in layout.groups:
        tops.append(y)
        y += block.group + lines * block.row
    return tops


# ------------------------------------------------------------------------- the same on every sheet


def static(paper: Paper, contest: Contest, layout: Layout, printing: Printing) -> None:
    """Write what is the same on every tape of a contest."""
    right = layout.paper_width - LEFT
    for block in layout.blocks:
        y = block.box.y
        if block.kind == "header":
            paper.text(LEFT, y + 7, printing.title, 5.2, bold=True)
        elif block.kind == "territory":
            for row, text in enumerate(printing.heading):
                paper.text(layout.paper_width / 2, y + 4.5 + row * STEP, text, 3.6, bold=True, align="centre", width=74)
        elif block.kind == "voters":
            paper.text(LEFT, y + 5.5, printing.label("voters"), 4.2, bold=True)
            paper.rule(LEFT, y + 7, right)
            for row, name in enumerate(_voters(contest)):
                lift = 1.2 if paper.look.above else 0.0
                paper.text(LEFT, y + 11.5 - lift + row * 10.5, printing.label(name), 3.6, width=56)
        elif block.kind == "lines":
            _static_lines(paper, contest, layout, block)
        elif block.kind == "summary":
            paper.text(LEFT, y + 6.5, printing.label("summary"), 4.6, bold=True)
            paper.rule(LEFT, y + 8.5, right)
            for row, entry in enumerate(printing.summary):
                paper.text(LEFT, y + 14 + row * 8, entry.label, 3.8, width=56)
        elif block.kind == "observations":
            paper.text(LEFT, y + 5.5, printing.label("observations"), 4.2, bold=True)
            for row in range(4):
                paper.rule(LEFT, y + 11 + row * 5.4, right, 0.15)
        elif block.kind == "signatures":
            for name, box in _signature_boxes(block):
                paper.frame(box)
                paper.text(box.x + 1.5, box.y + 4.5, printing.label(name), 3.6, bold=True)
                for row, label in enumerate(("name", "id_number", "signature")):
                    paper.text(box.x + 1.5, box.y + 9 + row * 4.6, printing.label(label) + ":", 3.0)
        elif block.kind == "hmac":
            paper.text(LEFT, y + 4.5, "HMAC-SHA256", 3.2, bold=True)
            for row, text in enumerate(textwrap.wrap(INVALID_HMAC, 22)):
                paper.text(LEFT, y + 8.8 + row * 3.8, text, 3.2, width=60)


def _voters(contest: Contest) -> list[str]:
    return [name for name in contest.printed if name.startswith("voters")]


def _static_lines(paper: Paper, contest: Contest, layout: Layout, block: Block) -> None:
    right = layout.paper_width - LEFT
    first = 0
    for lines, y in zip(layout.groups, _headings(block, layout), strict=True):
        candidate = contest.candidate(contest.lines[first].candidate)
        if paper.look.rules:
            paper.rule(LEFT, y + 1.2, right, 0.4)
        for row, text in enumerate(textwrap.wrap(candidate.name.upper(), 24)[:2]):
            paper.text(LEFT, y + 7 + row * 4.8, text, 4.2, bold=True, width=60)
        if paper.look.rules:
            paper.rule(LEFT, y + block.group - 1.2, right, 0.2)
        first += lines
    for line, box in zip(contest.lines, layout.line_boxes(), strict=True):
        _static_line(paper, line.label, line.party, box.y + _base(paper))


def _base(paper: Paper) -> float:
    """Where a ballot line's base line is, below its upper edge."""
    if not paper.look.beside:
        return 3.9
    return 4.2 if paper.look.party == "below" else 5.0


def _static_line(paper: Paper, label: str, party: str, y: float) -> None:
    """A ballot line's label, and its party's number where the look has it."""
    beside, place = paper.look.beside, paper.look.party
    if place == "brackets" and party:
        label = f"{label} ({party})"
    paper.text(LEFT, y, label, 3.8, width=(22 if place == "column" else 29) if beside else 38)
    if place == "column":
        paper.text(26 if beside else 42, y, party, 2.8 if beside else 3.4)
    elif place == "below":
        paper.text(LEFT, y + 3.1, party, 2.6)


def _signature_boxes(block: Block) -> list[tuple[str, Box]]:
    height = block.box.height / max(1, len(block.boxes))
    width = block.box.width - 2 * LEFT
    return [
        (name, Box(LEFT, block.box.y + row * height + 0.6, width, height - 1.2)) for row, name in enumerate(block.boxes)
    ]


# ----------------------------------------------------------------------------------- what differs


def fill(paper: Paper, contest: Contest, layout: Layout, printing: Printing, sheet: Sheet) -> None:
    """Write what differs from sheet to sheet (all but the code)."""
    for block in layout.blocks:
        y = block.box.y
        if block.kind == "header":
            _fill_header(paper, contest, sheet, y)
        elif block.kind == "territory":
            _fill_territory(paper, printing, sheet, y + 4.5 + len(printing.heading) * STEP)
        elif block.kind == "voters":
            for row, name in enumerate(_voters(contest)):
                drop = 3.1 if paper.look.above else 0.0
                _figure(paper, layout, printing, y + 11.5 + drop + row * 10.5, sheet.figures[name])
        elif block.kind == "lines":
            votes = sheet.counts.lines or {}
            for line, box in zip(contest.lines, layout.line_boxes(), strict=True):
                _figure(paper, layout, printing, box.y + _base(paper), votes[line.code])
        elif block.kind == "summary":
            for row, entry in enumerate(printing.summary):
                _figure(paper, layout, printing, y + 14 + row * 8, summary_figure(sheet, entry.figure))
        elif block.kind == "observations" and sheet.rng("notes").random() < 0.15:
            scribble(paper, Box(LEFT, y + 6, 70, 20), sheet.rng("note"), 3)
        elif block.kind == "signatures":
            _fill_signatures(paper, block, sheet)


def _fill_header(paper: Paper, contest: Contest, sheet: Sheet, y: float) -> None:
    code, first, second, time, size = HEADERS[paper.look.header]
    paper.text(LEFT, y + code, sheet.code(contest), 4.2)
    if first == second:
        paper.text(LEFT, y + first, sheet.uuid, size, width=74)
    else:
        paper.text(LEFT, y + first, sheet.uuid[:19], size)
        paper.text(LEFT, y + second, sheet.uuid[19:], size)
    paper.text(LEFT, y + time, f"{sheet.printed_at:%d/%m/%Y %I:%M:%S %p}", 3.6)


def summary_figure(sheet: Sheet, name: str) -> int:
    """A figure of the summary by name."""
    counts = sheet.counts
    values = {"zero": 0, "valid": counts.valid, "null": counts.null or 0, "blank": counts.blank or 0}
    values["votes"] = counts.cast
    return values[name] if name in values else sheet.figures[name]


def _fill_territory(paper: Paper, printing: Printing, sheet: Sheet, y: float) -> None:
    rows = [printing.area(level, name).upper() for level, name in enumerate(sheet.areas)]
    rows += textwrap.wrap(sheet.centre_name.upper(), 38)[:2] + textwrap.wrap(sheet.address, 44)[:2]
    rows.append(f"{printing.label('centre')}: {sheet.centre}")
    rows.append(f"{printing.label('station')}: {sheet.station.removeprefix(sheet.centre)[1:]}")
    if "electors" in sheet.figures:
        rows.append(f"{sheet.figures['electors']} {printing.label('electors')}")
    for row, text in enumerate(rows):
        paper.text(LEFT, y + row * STEP, text, 3.5, width=74)


def _figure(paper: Paper, layout: Layout, printing: Printing, y: float, number: int) -> None:
    """A number in figures, and below it or beside it in words."""
    right = layout.paper_width - LEFT
    if paper.look.beside:
        paper.text(39, y, str(number), 4.2, bold=paper.look.strong, align="right")
        paper.text(42, y, printing.in_words(number), 2.9, width=35)
        return
    paper.text(right, y, str(number), 4.4, bold=paper.look.strong, align="right")
    paper.text(right, y + 3.4, printing.in_words(number), 2.9, align="right")


def _fill_signatures(paper: Paper, block: Block, sheet: Sheet) -> None:
    rng = sheet.rng("signatures")
    boxes = _signature_boxes(block)
    for signer, (_, box) in zip(sheet.signers(block.boxes), boxes, strict=True):
        paper.text(box.x + 16, box.y + 9, signer.name, 3.2, width=34)
        paper.text(box.x + 16, box.y + 13.6, signer.id_number, 3.2)
        sign(paper, Box(box.x + 38, box.y + 8, 34, box.height - 9), rng)
