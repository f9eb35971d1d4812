"""A sheet drawn together with where on it things stand: what damage aims at, and what tests of redaction look for."""

from __future__ import annotations

from testigo.election import Box, Contest, Layout, Profile
from testigo.simulate.damage.picture import Drawing, Place
from testigo.simulate.look import Fit, Look
from testigo.simulate.paper import DPI
from testigo.simulate.press import code_modules, draw_sheet
from testigo.simulate.sheet import Sheet

_NO_CODE = ""
_ROLL = 120.0  # millimetres: wider paper comes in sheets


def drawing_of(profile: Profile, contest: Contest, sheet: Sheet, look: Look | None = None) -> Drawing:
    """Draw a sheet, with that look and its dots per inch if one is given, and tell its places.

    Raises:
        InputError: as :func:`testigo.simulate.draw_sheet`.
    """
    dpi = DPI if look is None else look.dpi
    pixels = draw_sheet(profile, contest, sheet, dpi, look)
    layout = contest.layout
    assert layout is not None  # noqa: S101  (a sheet without a layout could not be drawn)
    places = _places(contest, layout, sheet, dpi / 25.4, None if look is None else Fit(look, layout))
    return Drawing(pixels, *places, millimetres=layout.paper_width if layout.paper_width > _ROLL else 80.0)


def _places(
    contest: Contest, layout: Layout, sheet: Sheet, scale: float, fit: Fit | None
) -> tuple[Place | None, tuple[Place, ...], tuple[Place, ...], str]:
    def place(box: Box, is_code: bool = False) -> Place:
        if fit is not None:
            box = fit.square(box, fit.look.module) if is_code else fit.box(box)
        return box.x * scale, box.y * scale, box.width * scale, box.height * scale

    payload = sheet.payload(contest) if contest.qr is not None else _NO_CODE
    code = layout.code_box(len(code_modules(contest, payload))) if payload else None
    private = [block.box for block in layout.blocks if block.kind in ("signatures", "observations")]
    return (
        place(code, True) if code else None,
        tuple(place(box) for box in layout.line_boxes()),
        tuple(place(box) for box in private),
        payload,
    )
