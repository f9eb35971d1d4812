"""Where the things stand that a sheet prints: blocks from top to bottom, in millimetres.

Rules of this module
--------------------
1. The origin is the paper's upper left corner; x to the right, y downwards; millimetres throughout.
2. A block spans the paper's width. Whatever no public block covers is private: margins, names, signatures, notes.
3. The drawing side and the reading side share this module, and nothing else about the sheet's look.
"""

from __future__ import annotations

from dataclasses import dataclass

#: What the blocks are called; a profile uses those that its sheet has, in printed order.
BLOCK_KINDS = (
    "header",
    "territory",
    "voters",
    "lines",
    "summary",
    "observations",
    "signatures",
    "code",
    "hmac",
)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in millimetres: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge, millimetres from the left of the paper."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge, millimetres from the top of the paper."""
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Block:
    """A band of the sheet.

    Attributes:
        kind: one of :data:`BLOCK_KINDS`.
        box: its place, in millimetres.
        public: whether a published image may show it.
        row: height of one ballot line (block ``lines`` only).
        group: height of a candidate's heading (block ``lines`` only).
        boxes: whose names and signatures it holds (block ``signatures`` only).
        module, quiet: size of a QR module and of the white border (block ``code`` only).
    """

    kind: str
    box: Box
    public: bool
    row: float = 0.0
    group: float = 0.0
    boxes: tuple[str, ...] = ()
    module: float = 0.0
    quiet: float = 0.0


@dataclass(frozen=True, slots=True)
class Layout:
    """A sheet's blocks, stacked from the top.

    Attributes:
        paper_width: millimetres.
        blocks: in printed order.
        groups: how many ballot lines stand below each candidate's heading, in printed order.
    """

    paper_width: float
    blocks: tuple[Block, ...]
    groups: tuple[int, ...]

    @property
    def paper_height(self) -> float:
        """Length of the paper in millimetres."""
        return self.blocks[-1].box.bottom

    def block(self, kind: str) -> Block | None:
        """The block of that kind, if the sheet has one."""
        return next((block for block in self.blocks if block.kind == kind), None)

    def zones(self) -> tuple[Box, ...]:
        """What a published image may show; neighbouring public blocks are one zone."""
        zones: list[Box] = []
        for block in self.blocks:
            if not block.public:
                continue
            if zones and abs(zones[-1].bottom - block.box.y) < 1e-9:
                last = zones.pop()
                zones.append(Box(last.x, last.y, last.width, last.height + block.box.height))
            else:
                zones.append(block.box)
        return tuple(zones)

    def code_box(self, modules: int) -> Box | None:
        """The square of a QR code of that many modules a side, without its white border; ``None`` without such a block.

        It stands in the middle of the paper, ``quiet`` below the block's upper edge. A code of more modules than the
        block has room for is printed smaller, in the same place.
        """
        block = self.block("code")
        if block is None or not block.module:
            return None
        side = min(modules * block.module, block.box.height - 2 * block.quiet)
        return Box(block.box.x + (block.box.width - side) / 2, block.box.y + block.quiet, side, side)

    def line_boxes(self) -> tuple[Box, ...]:
        """The row of each ballot line, in printed order; empty if the sheet has no such block."""
        block = self.block("lines")
        if block is None:
            return ()
        boxes: list[Box] = []
        y = block.box.y
        for lines in self.groups:
            y += block.group
            for _ in range(lines):
                boxes.append(Box(block.box.x, y, block.box.width, block.row))
                y += block.row
        return tuple(boxes)
