"""Several images of one code say what none says alone; images of several codes say nothing."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from testigo.reading.soft import combine, decode_modules, decode_several, likeness

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


def sister_of(codes: Any, text: str, table: int) -> str:
    """A sheet of the same centre, as long, with one figure in four changed."""
    header, rest = text[:19], text[19:]
    rng = np.random.default_rng(table)
    changed = "".join(str(rng.integers(1, 10)) if c in "123456789" and rng.random() < 0.25 else c for c in rest)
    return f"{header[:10]}{table:02d}{header[12:]}{changed}"


@pytest.mark.parametrize("sides", [(slice(0, 31), slice(18, 49)), (slice(0, 30), slice(18, 49))])
def test_two_halves_are_one_code(sides: tuple[slice, slice], codes: Any, trust_of: Any) -> None:
    trust = trust_of(codes.modules(codes.payload(6)))
    maps = [trust.copy(), trust.copy()]
    for one, side in zip(maps, sides, strict=True):
        one[:, side] = 0
    assert [decode_modules(one, [codes.contest]) for one in maps] == [None, None]
    found = decode_several(maps, [codes.contest])
    assert found is not None
    assert found.payload.text == codes.payload(6)
    assert not found.judged


def test_sister_sheets_are_never_mixed(codes: Any, trust_of: Any) -> None:
    """Of equal length and under one mask, added up, they decode: block by block, the one's or the other's."""
    mixed = 0
    for number in range(8):
        first = codes.payload(number)
        texts = [first, sister_of(codes, first, 2)]
        maps = [trust_of(codes.modules(text, mask=2)) for text in texts]
        careless = decode_modules(combine(maps), [codes.contest])
        mixed += careless is not None and careless.payload.text not in texts
        assert decode_several(maps, [codes.contest]) is None
        for share in (12, 24, 36):
            parts = [maps[0].copy(), maps[1].copy()]
            parts[0][:, share:], parts[1][:, :share] = 0, 0
            assert decode_several(parts, [codes.contest]) is None
            parts = [maps[0].copy(), maps[1].copy()]
            parts[0][share:], parts[1][:share] = 0, 0
            assert decode_several(parts, [codes.contest]) is None
    assert mixed > 4  # else this test would not show that the danger is real


def test_a_map_that_shows_nothing_is_not_taken_along(codes: Any, trust_of: Any) -> None:
    trust = trust_of(codes.modules(codes.payload(8)))
    assert decode_several([trust, np.zeros_like(trust)], [codes.contest]) is None
    assert decode_several([trust, trust], [codes.contest]) is not None
    assert decode_several([], [codes.contest]) is None
    assert decode_several([trust, trust_of(codes.modules(codes.payload(8), 9))], [codes.contest]) is None


def test_likeness_tells_one_sheet_from_its_sister(codes: Any, trust_of: Any) -> None:
    first = codes.payload(9)
    own, sister = (trust_of(codes.modules(text, mask=1)) for text in (first, sister_of(codes, first, 3)))
    assert likeness(own, sister) is None
    assert (likeness(own, own) or 0.0) > 100
    left, right = own.copy(), own.copy()
    left[:, 25:], right[:, :25] = 0, 0
    assert likeness(left, right) == 0.0


def test_seeded_trials_with_maps_of_different_sheets_give_no_wrong_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """``python -m benchmarks.soft --together --trials 4000`` prints the bound."""
    monkeypatch.syspath_prepend(str(BENCHMARKS.parent))
    trial = runpy.run_path(str(BENCHMARKS / "_judged.py"))["trial_together"]
    records = [trial(number) for number in range(6_000_000, 6_000_150)]
    assert not any(record["wrong"] for record in records)
    assert any(record["helped"] for record in records)
