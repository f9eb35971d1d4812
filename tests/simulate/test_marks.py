"""A drawing cannot be passed off as a real sheet: not whole, not cut, not by any option."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable
from random import Random

import pytest

from testigo.election import Profile, parse_payload
from testigo.election.simulacro import CODE_PREFIX, INVALID_HMAC, RESERVED_UUID_PREFIX, says_simulacro
from testigo.simulate import Sheet, draw_sheet, encode_jpeg, scan_of
from testigo.simulate.damage import photo
from testigo.simulate.look import look_of
from testigo.simulate.paper import DPI
from testigo.simulate.press import Press

SheetOf = Callable[..., Sheet]
CodesOf = Callable[..., list[str]]


@pytest.mark.parametrize("half", [False, True])
def test_every_drawing_says_simulacro_to_a_machine(
    ve: Profile, altamar: Profile, sheet_of: SheetOf, codes_of: CodesOf, half: bool
) -> None:
    for profile in (ve, altamar):
        for contest in profile.contests:
            sheet = sheet_of(profile, contest.code)
            for jpeg in (encode_jpeg(draw_sheet(profile, contest, sheet), 75), scan_of(profile, sheet, "s")):
                marks = [text for text in codes_of(jpeg, half) if text.startswith(CODE_PREFIX)]
                assert len(set(marks)) >= 3


def test_every_published_zone_carries_a_mark_of_its_own(
    ve: Profile, altamar: Profile, sheet_of: SheetOf, codes_of: CodesOf
) -> None:
    scale = DPI / 25.4
    for profile in (ve, altamar):
        for contest in profile.contests:
            assert contest.layout is not None
            image = draw_sheet(profile, contest, sheet_of(profile, contest.code))
            for zone in contest.layout.zones():
                cut = image[round(zone.y * scale) : round(zone.bottom * scale)]
                assert says_simulacro(codes_of(cut))


def test_cutting_out_the_code_keeps_a_mark(ve: Profile, sheet_of: SheetOf, codes_of: CodesOf) -> None:
    contest = ve.contest()
    assert contest.layout is not None
    block = contest.layout.block("code")
    assert block is not None
    scale = DPI / 25.4
    cut = draw_sheet(ve, contest, sheet_of(ve))[round(block.box.y * scale) : round(block.box.bottom * scale)]
    texts = codes_of(cut)
    assert any(parse_payload(contest, text) for text in texts)
    assert says_simulacro(texts)


def test_each_part_that_a_phone_photographs_is_marked(ve: Profile, sheet_of: SheetOf, codes_of: CodesOf) -> None:
    drawing = draw_sheet(ve, ve.contest(), sheet_of(ve))
    for part in ((0.0, 0.4), (0.33, 0.72), (0.62, 1.0)):
        assert says_simulacro(codes_of(encode_jpeg(photo(drawing, Random(5), part), 72)))


def test_the_word_lies_pale_across_every_block(ve: Profile, altamar: Profile, sheet_of: SheetOf) -> None:
    """Grey that neither paper nor print has."""
    scale = DPI / 25.4
    for profile in (ve, altamar):
        for contest in profile.contests:
            assert contest.layout is not None
            image = draw_sheet(profile, contest, sheet_of(profile, contest.code))
            for block in contest.layout.blocks:
                cut = image[round(block.box.y * scale) : round(block.box.bottom * scale)]
                assert ((cut > 190) & (cut < 202)).sum() > 2000, block.kind


def test_no_option_draws_without_marks() -> None:
    assert list(inspect.signature(draw_sheet).parameters) == ["profile", "contest", "sheet", "dpi", "look"]
    assert list(inspect.signature(Press).parameters) == ["profile", "contest", "dpi", "look"]
    assert list(inspect.signature(Press.print).parameters) == ["self", "sheet"]


def test_nobody_can_hand_in_a_uuid_or_a_name(ve: Profile, sheet_of: SheetOf) -> None:
    fields = {field.name for field in dataclasses.fields(Sheet)}
    assert not fields & {"uuid", "names", "signers", "people"}
    sheet = sheet_of(ve)
    assert sheet.uuid.startswith(RESERVED_UUID_PREFIX)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", sheet.uuid)
    assert all(re.fullmatch(r"97\.\d{3}\.\d{3}", signer.id_number) for signer in sheet.signers(("a", "b", "c")))


def test_two_sheets_have_two_uuids(ve: Profile, sheet_of: SheetOf) -> None:
    sheet = sheet_of(ve)
    others = [
        dataclasses.replace(sheet, seed="8"),
        dataclasses.replace(sheet, sequence=2),
        dataclasses.replace(sheet, station="x"),
    ]
    assert len({s.uuid for s in (sheet, *others)}) == 4


def test_the_hmac_of_a_drawing_is_no_hmac() -> None:
    assert len(INVALID_HMAC) == 64
    with pytest.raises(ValueError, match="hexadecimal"):
        bytes.fromhex(INVALID_HMAC)


def test_no_payload_grammar_admits_a_mark(ve: Profile) -> None:
    assert parse_payload(ve.contest(), CODE_PREFIX + "1") is None


def test_no_look_draws_without_marks(ve: Profile, sheet_of: SheetOf, codes_of: CodesOf) -> None:
    contest, sheet = ve.contest(), sheet_of(ve)
    for seed in range(6):
        look = look_of(seed)
        texts = codes_of(draw_sheet(ve, contest, sheet, look.dpi, look))
        assert sheet.payload(contest) in texts
        assert len({text for text in texts if text.startswith(CODE_PREFIX)}) >= 4
