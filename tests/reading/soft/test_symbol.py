"""The tables and the layout against another encoder: every version, level and mask."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import segno
from segno import consts

from testigo.reading.soft.field import syndromes
from testigo.reading.soft.message import text_of
from testigo.reading.soft.symbol import LEVELS, VERSIONS, blocks, full_pattern, layout, mask_bits

NAMES = {consts.ERROR_LEVEL_L: "L", consts.ERROR_LEVEL_M: "M", consts.ERROR_LEVEL_Q: "Q", consts.ERROR_LEVEL_H: "H"}


@pytest.mark.parametrize("version", VERSIONS)
def test_blocks_are_those_of_the_standard(version: int) -> None:
    table: Any = consts.ECC[version]
    for number, groups in table.items():
        made = blocks(version, NAMES[number])
        assert list(made.data) == [g.num_data for g in groups for _ in range(g.num_blocks)]
        assert made.checks == groups[0].num_total - groups[0].num_data
        assert made.total == sum(g.num_blocks * g.num_total for g in groups)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("level", LEVELS)
def test_a_foreign_encoders_symbol_is_taken_apart_and_put_together(version: int, level: str, codes: Any) -> None:
    text = "201301006.01.1.0001!1,2,3"
    mask = (version + LEVELS.index(level)) % 8
    dark = codes.modules(text, version, level, mask)
    place, dealt = layout(version), blocks(version, level)
    assert ((place.known > 0) == dark)[place.known != 0].all()
    bits = dark[place.rows, place.columns] ^ mask_bits(version, mask)
    assert (full_pattern(version, level, mask, bits) == dark).all()
    codewords = np.packbits(bits)
    assert not any(syndromes(codewords[member][None], dealt.checks).any() for member in dealt.members)
    assert text_of(codewords[dealt.data_order].tobytes(), version) == text


@pytest.mark.parametrize("mask", range(8))
def test_every_mask_is_taken_off(mask: int, codes: Any) -> None:
    dark = codes.modules("9,8,7", 9, "M", mask)
    bits = dark[layout(9).rows, layout(9).columns] ^ mask_bits(9, mask)
    assert text_of(np.packbits(bits)[blocks(9, "M").data_order].tobytes(), 9) == "9,8,7"


def test_messages_of_several_segments_are_read() -> None:
    for text in ("0123456789012", "ABC-12:3/4", "mixed, 123"):
        made = segno.make_qr(text, version=5, error="L", boost_error=False, mask=0)
        dark = np.array([[bool(m) for m in row] for row in made.matrix])
        bits = dark[layout(5).rows, layout(5).columns] ^ mask_bits(5, 0)
        assert text_of(np.packbits(bits)[blocks(5, "L").data_order].tobytes(), 5) == text
    assert text_of(b"\x80" + b"\0" * 20, 5) is None  # kanji: no payload has it
    assert text_of(b"\x4f\xf0", 5) is None  # says that it is longer than it is
    # a numeric segment, then a byte segment: 0001 0000000011 0001111011 | 0100 00000001 00100001
    bits_ = "0001" + "0000000011" + "0001111011" + "0100" + "00000001" + "00100001" + "0000"
    data = int(bits_.ljust(48, "0"), 2).to_bytes(6, "big")
    assert text_of(data, 5) == "123!"
