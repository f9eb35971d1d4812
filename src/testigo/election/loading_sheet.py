"""Read from TOML what a sheet looks like: its code, its layout, its words.

Rules of this module
--------------------
Those of :mod:`testigo.election.loading`, whose part this is.
"""

from __future__ import annotations

from testigo.election.layout import BLOCK_KINDS, Block, Box, Layout
from testigo.election.printing import STYLES, Printing, SummaryRow
from testigo.election.profile import Line, QRGrammar
from testigo.election.reader import Reader
from testigo.election.simulacro import CODE_PREFIX

QR_FIELDS = ("sheet_code", "lines", "candidates", "null", "blank", "electors")

#: The figures that a sheet may print beside the votes of each line.
FIGURES = ("electors", "voters_machine", "voters_book", "votes", "valid", "null", "blank")


def read_qr(r: Reader) -> QRGrammar:
    """How the payload of the sheet's code is written."""
    fields = r.texts("fields")
    for name in fields:
        if name not in QR_FIELDS:
            r.problem("fields", f"{name!r} is not a field; known: {', '.join(QR_FIELDS)}")
    if "sheet_code" not in fields or not {"lines", "candidates"} & set(fields):
        r.problem("fields", "a payload needs sheet_code, and lines or candidates")
    alphabet = r.text("alphabet")
    if set(CODE_PREFIX) <= set(alphabet):
        r.problem("alphabet", "the alphabet must not be able to spell the mark of a drawing")
    separator, line_separator = r.text("separator"), r.text("line_separator")
    for key, sign in (("separator", separator), ("line_separator", line_separator)):
        if len(sign) != 1 or sign not in alphabet:
            r.problem(key, "give one character of the alphabet")
    level = r.text("level")
    if level not in ("L", "M", "Q", "H"):
        r.problem("level", "the error correction level is L, M, Q or H")
    return QRGrammar(
        fields,
        separator,
        line_separator,
        alphabet,
        r.integer("max_digits", least=1),
        r.integer("version", least=1),
        level,
    )


def read_layout(r: Reader, lines: tuple[Line, ...]) -> Layout:
    """Where things stand on the sheet."""
    width = r.number("paper_width")
    y, blocks = 0.0, []
    for table in r.tables("blocks"):
        kind = table.text("kind")
        if kind not in BLOCK_KINDS:
            table.problem("kind", f"{kind!r} is not a block; known: {', '.join(BLOCK_KINDS)}")
        height = table.number("height")
        sizes = {key: table.number(key, default=0.0) for key in ("row", "group", "module", "quiet")}
        boxes = table.texts("boxes", optional=True)
        blocks.append(Block(kind, Box(0.0, y, width, height), table.boolean("public"), boxes=boxes, **sizes))
        y += height
    if not blocks:
        r.problem("blocks", "name the sheet's blocks from top to bottom")
    layout = Layout(width, tuple(blocks), _groups(lines))
    for block in blocks:
        needed = len(layout.groups) * block.group + len(lines) * block.row
        if block.kind == "lines" and abs(needed - block.box.height) > 0.05:
            r.problem("blocks", f"{len(lines)} lines need {needed:g} mm, and the block has {block.box.height:g}")
    return layout


def _groups(lines: tuple[Line, ...]) -> tuple[int, ...]:
    """How many consecutive lines belong to the same candidate."""
    groups: list[int] = []
    last = None
    for line in lines:
        if line.candidate == last:
            groups[-1] += 1
        else:
            groups.append(1)
        last = line.candidate
    return tuple(groups)


def read_printing(r: Reader) -> Printing:
    """The words on the sheet."""
    style = r.text("style")
    if style not in STYLES:
        r.problem("style", f"a sheet is one of: {', '.join(STYLES)}")
    words = r.texts("digit_words", optional=True)
    if len(words) not in (0, 10) or len(set(words)) != len(words):
        r.problem("digit_words", "give ten different words, for the digits 0 to 9 in order, or none")
    summary = []
    for table in r.tables("summary"):
        figure = table.text("figure")
        if figure not in (*FIGURES, "zero"):
            table.problem("figure", f"{figure!r} is not a figure; known: {', '.join(FIGURES)}, zero")
        summary.append(SummaryRow(table.text("label"), figure))
    return Printing(
        style=style,
        title=r.text("title"),
        heading=r.texts("heading"),
        digit_words=words,
        figure_digits=r.integer("figure_digits", least=1),
        area_prefixes=r.texts("area_prefixes", optional=True),
        summary=tuple(summary),
        labels=r.mapping("labels", str, optional=True),
    )
