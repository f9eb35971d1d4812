"""A form that people fill in by hand: printed labels, a box per digit, no code.

Sizes come from the profile's layout; the figures are drawn stroke by stroke.
"""

from __future__ import annotations

from collections.abc import Sequence

from testigo.election import Block, Box, Contest, Layout, Printing
from testigo.simulate.marks import MODULE, QUIET, ROOM, SIDE
from testigo.simulate.paper import Paper
from testigo.simulate.sheet import Sheet
from testigo.simulate.strokes import scribble, sign, write_digit
from testigo.simulate.tape import summary_figure

LEFT = 14.0  # margin, millimetres
CELL = 9.0  # side of a digit's box
END = 172.0  # where the boxes end


def mark_places(layout: Layout) -> Sequence[Box]:
    """At the right edge of every public block that has room, in its middle."""
    right = layout.paper_width - ROOM + QUIET * MODULE - 4
    return [
        Box(right, block.box.y + (block.box.height - SIDE) / 2 - 1, SIDE, SIDE)
        for block in layout.blocks
        if block.public and block.box.height >= ROOM + 4
    ]


# ------------------------------------------------------------------------- the same on every sheet


def static(paper: Paper, contest: Contest, layout: Layout, printing: Printing) -> None:
    """Write what is the same on every form of a contest."""
    right = layout.paper_width - LEFT
    for block in layout.blocks:
        y = block.box.y
        if block.kind == "header":
            paper.text(LEFT, y + 14, printing.title, 8, bold=True)
            for row, text in enumerate(printing.heading):
                paper.text(LEFT + 82, y + 11 + row * 6, text, 4.2, bold=True)
        elif block.kind == "lines":
            _static_lines(paper, contest, layout, printing, block)
        elif block.kind == "observations":
            paper.text(LEFT, y + 5, printing.label("observations"), 4, bold=True)
            for row in range(3):
                paper.rule(LEFT, y + 11 + row * 5.6, right, 0.15)
        elif block.kind == "signatures":
            for name, box in _signature_boxes(block, layout):
                paper.frame(box)
                paper.text(box.x + 1.5, box.y + 4.6, printing.label(name), 3.6, bold=True)
                for row, label in enumerate(("name", "id_number", "signature")):
                    paper.text(box.x + 1.5, box.y + 9.6 + row * 4.8, printing.label(label) + ":", 3)
        elif block.kind in ("voters", "summary"):
            paper.text(LEFT, y + 6, printing.label(block.kind), 4.4, bold=True)
            paper.rule(LEFT, y + 8, END)
        for label, _, box in _rows(block, contest, layout, printing, None):
            paper.text(LEFT + 4, box.y + box.height * 0.68, label, 4.2, width=100)
            for cell in _cells(box, printing):
                paper.frame(cell, 0.3)


def _static_lines(paper: Paper, contest: Contest, layout: Layout, printing: Printing, block: Block) -> None:
    y, first = block.box.y, 0
    for lines in layout.groups:
        candidate = contest.candidate(contest.lines[first].candidate)
        paper.rule(LEFT, y + 0.4, END, 0.3)
        if block.group:
            paper.text(LEFT, y + 6, candidate.name, 4.6, bold=True, width=110)
        y += block.group + lines * block.row
        first += lines


def _rows(
    block: Block, contest: Contest, layout: Layout, printing: Printing, sheet: Sheet | None
) -> list[tuple[str, int, Box]]:
    """Label, number (0 without a sheet) and place of every row of digit boxes in a block."""
    if block.kind == "lines":
        votes = sheet.counts.lines if sheet and sheet.counts.lines else dict.fromkeys(contest.line_codes, 0)
        return [
            (line.label, votes[line.code], box) for line, box in zip(contest.lines, layout.line_boxes(), strict=True)
        ]
    if block.kind == "summary":
        entries = [(row.label, summary_figure(sheet, row.figure) if sheet else 0) for row in printing.summary]
    elif block.kind == "voters":
        names = [name for name in contest.printed if name.startswith("voters")]
        entries = [(printing.label(name), sheet.figures[name] if sheet else 0) for name in names]
    else:
        return []
    height = (block.box.height - 9) / max(1, len(entries))
    return [
        (label, number, Box(0, block.box.y + 9 + row * height, layout.paper_width, height))
        for row, (label, number) in enumerate(entries)
    ]


def _cells(box: Box, printing: Printing) -> list[Box]:
    """A box per digit, right-aligned."""
    y = box.y + (box.height - CELL) / 2
    count = printing.figure_digits
    return [Box(END - (count - n) * (CELL + 1.5), y, CELL, CELL) for n in range(count)]


def _signature_boxes(block: Block, layout: Layout) -> list[tuple[str, Box]]:
    """Two in a row."""
    rows = (len(block.boxes) + 1) // 2
    width, height = (layout.paper_width - 2 * LEFT) / 2, block.box.height / max(1, rows)
    return [
        (name, Box(LEFT + (n % 2) * width + 0.6, block.box.y + (n // 2) * height + 0.6, width - 1.2, height - 1.2))
        for n, name in enumerate(block.boxes)
    ]


# ----------------------------------------------------------------------------------- what differs


def fill(paper: Paper, contest: Contest, layout: Layout, printing: Printing, sheet: Sheet) -> None:
    """Write what differs from sheet to sheet."""
    rng = sheet.rng("hand")
    slant = rng.uniform(0.0, 0.25)
    for block in layout.blocks:
        y = block.box.y
        if block.kind == "header":
            paper.text(LEFT, y + 22, sheet.code(contest), 5)
            paper.text(LEFT, y + 28, f"{sheet.uuid}   {sheet.printed_at:%d/%m/%Y %H:%M}", 3)
        elif block.kind == "territory":
            _fill_territory(paper, printing, sheet, y)
        elif block.kind == "observations" and rng.random() < 0.3:
            scribble(paper, Box(LEFT, y + 6, 170, 16), sheet.rng("note"), 3)
        elif block.kind == "signatures":
            boxes = _signature_boxes(block, layout)
            for signer, (_, box) in zip(sheet.signers(block.boxes), boxes, strict=True):
                paper.text(box.x + 16, box.y + 9.6, signer.name, 3.4, width=40)
                paper.text(box.x + 16, box.y + 14.4, signer.id_number, 3.4)
                sign(paper, Box(box.x + 46, box.y + 9, 42, box.height - 10), rng)
        for _, number, box in _rows(block, contest, layout, printing, sheet):
            cells = _cells(box, printing)
            digits = str(number).rjust(len(cells))
            if len(digits) > len(cells):  # more digits than boxes: they are squeezed into the same room
                room = Box(cells[0].x, cells[0].y, cells[-1].right - cells[0].x, CELL)
                step = room.width / len(digits)
                cells = [Box(room.x + n * step, room.y, step, CELL) for n in range(len(digits))]
            for digit, cell in zip(digits, cells, strict=True):
                if digit != " ":
                    write_digit(paper, cell, digit, rng, slant=slant)


def _fill_territory(paper: Paper, printing: Printing, sheet: Sheet, y: float) -> None:
    rows = [printing.area(level, name) for level, name in enumerate(sheet.areas)]
    rows.append(f"{printing.label('centre')} {sheet.centre}: {sheet.centre_name}")
    rows.append(sheet.address)
    rows.append(f"{printing.label('station')}: {sheet.station}")
    for row, text in enumerate(rows):
        paper.text(LEFT, y + 5 + row * 5.6, text, 4, width=125)
    if "electors" in sheet.figures:
        paper.text(END, y + 5, f"{printing.label('electors')}: {sheet.figures['electors']}", 4.4, align="right")
