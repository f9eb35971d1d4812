"""A look moves and changes the type; it never changes what is said, and without one nothing is moved."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import zxingcpp

from testigo.election import Profile
from testigo.simulate import Sheet, draw_sheet
from testigo.simulate.look import PARTIES, Fit, Look, look_of
from testigo.simulate.places import drawing_of

SheetOf = Callable[..., Sheet]


def test_looks_differ_in_all_that_sheets_differ_in() -> None:
    looks = [look_of(seed) for seed in range(60)]
    assert len({look.letters for look in looks}) > 25
    assert {look.header for look in looks} == {0, 1, 2}
    modules = [look.module * 1.15 for look in looks]
    assert min(modules) < 0.95
    assert max(modules) > 1.25
    assert look_of(5) == look_of(5)


def test_a_code_is_read_where_the_look_puts_it(ve: Profile, sheet_of: SheetOf) -> None:
    for seed in range(8):
        drawing = drawing_of(ve, ve.contest(), sheet_of(ve), look_of(seed))
        code = next(c for c in zxingcpp.read_barcodes(drawing.pixels) if c.text == drawing.payload)
        assert drawing.code is not None
        x, y, w, h = drawing.code
        assert abs(w - h) < 1e-6
        corner, far = code.position.top_left, code.position.bottom_right
        assert np.allclose((corner.x, corner.y, far.x, far.y), (x, y, x + w, y + h), atol=0.02 * w)


def test_looks_are_as_wide_as_real_scans_and_wider(ve: Profile) -> None:
    layout = ve.contest().layout
    assert layout is not None
    looks = [look_of(seed) for seed in range(100)]
    widths = sorted(Fit(look, layout).width * look.dpi / 25.4 for look in looks)
    assert widths[0] < 560
    assert 700 < widths[50] < 900
    assert widths[-1] > 1500


def test_rows_are_where_the_look_puts_them(ve: Profile, sheet_of: SheetOf) -> None:
    """One vote more changes pixels in its row, in totals and in the code, and nowhere else."""
    contest = ve.contest()
    for seed in range(6):
        look = look_of(seed)
        one, two = (drawing_of(ve, contest, sheet_of(ve, EV=votes), look) for votes in (14, 64))
        changed = np.flatnonzero((one.pixels != two.pixels).any(axis=1))
        row = list(contest.line_codes).index("EV")
        tops = [y for _, y, _, _ in one.rows]
        bottoms = [y + h for _, y, _, h in one.rows]
        inside = [[n for n in range(len(tops)) if tops[n] - 2 <= y <= bottoms[n] + 2] for y in changed]
        assert any(row in rows for rows in inside)
        assert all(not rows or row in rows for rows in inside)


def test_no_look_is_the_profiles_own(ve: Profile, sheet_of: SheetOf) -> None:
    plain = draw_sheet(ve, ve.contest(), sheet_of(ve))
    same = draw_sheet(ve, ve.contest(), sheet_of(ve), look=Look())
    assert plain.shape[0] == same.shape[0]
    # Only the margin beside the code may widen the paper.
    assert abs(plain.shape[1] - same.shape[1]) <= 12


def test_looks_place_words_and_party_numbers_otherwise() -> None:
    looks = [look_of(seed) for seed in range(40)]
    assert {look.party for look in looks} == set(PARTIES)
    for name in ("beside", "rules", "above", "strong"):
        assert {getattr(look, name) for look in looks} == {True, False}, name
