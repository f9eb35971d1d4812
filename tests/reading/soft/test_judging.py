"""What the print says helps to decode, is named, and cannot lie."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from testigo.election import parse_payload
from testigo.reading.soft import Judge, Totals, decode_judged, decode_modules, symbol
from testigo.reading.soft.certainty import REQUIRED_BITS
from testigo.reading.soft.counting import fillings_bits
from testigo.reading.soft.syntax import syntax_of
from testigo.reading.soft.totals import fillings_bits_with

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
Floats = npt.NDArray[np.float64]


def without_left(trust: Floats, share: float) -> Floats:
    out = trust.copy()
    out[:, : round(share * len(out))] = 0
    return out


def scratched(trust: Floats, seed: int = 0, checks: int = 11) -> Floats:
    """A map of version 8-Q with rubbish where the header stands, and on some check symbols of that block."""
    place, blocks = symbol.layout(8), symbol.blocks(8, "Q")
    gone = blocks.members[0][: blocks.data[0] + checks]
    bits = (gone[:, None] * 8 + np.arange(8)).ravel()
    out = trust.copy()
    out[place.rows[bits], place.columns[bits]] = np.random.default_rng(seed).choice([-3.0, 3.0], len(bits))
    return out


@pytest.fixture
def spoilt(codes: Any, trust_of: Any) -> Callable[[int], Floats]:
    """Codes whose first block cannot be read alone."""
    return lambda number: scratched(trust_of(codes.modules(codes.payload(number))), number)


def test_the_header_helps_and_is_named(codes: Any, spoilt: Callable[[int], Floats]) -> None:
    for number in range(4):
        text, trust = codes.payload(number), spoilt(number)
        assert decode_modules(trust, [codes.contest]) is None
        found = decode_judged(trust, [codes.contest], [Judge("presidente", text[:19])])
        assert found is not None
        assert (found.payload.text, found.judged) == (text, True)
        assert found.margin >= REQUIRED_BITS


def test_who_is_not_needed_is_not_named(codes: Any, trust_of: Any) -> None:
    text = codes.payload(7)
    for header in (text[:19], "999999999.99.1.0001"):
        found = decode_judged(trust_of(codes.modules(text)), [codes.contest], [Judge("presidente", header)])
        assert found is not None
        assert (found.payload.text, found.judged) == (text, False)


def lies(text: str) -> list[str]:
    """Headers of other sheets; most differ in one figure."""
    near = [f"{text[:11]}{digit}{text[12:19]}" for digit in "27" if digit != text[11]]
    return ["999999999.99.1.0001", f"{text[:9]}.77.1.0001", f"{text[:18]}2", *near]


def test_a_header_of_another_sheet_gives_nothing(codes: Any, spoilt: Callable[[int], Floats]) -> None:
    """Also where the code's own header is not to be seen, and all but one figure of the lie is true."""
    for number in range(30, 32):
        judges = [Judge("presidente", lie) for lie in lies(codes.payload(number))]
        assert [decode_judged(spoilt(number), [codes.contest], [judge]) for judge in judges] == [None] * len(judges)
        blind = spoilt(number)
        blind[30:, 36:] = 0
        assert [decode_judged(blind, [codes.contest], [judge]) for judge in judges] == [None] * len(judges)


def test_what_is_seen_of_the_truth_does_not_speak_for_a_lie(codes: Any, trust_of: Any) -> None:
    """The check symbols are lost, the data are seen: nothing but the judge says that they are as they were printed."""
    for number in range(30, 33):
        text, trust = codes.payload(number), trust_of(codes.modules(codes.payload(number)))
        for share in (0.5, 0.54):
            lost = without_left(trust, share)
            alone = decode_modules(lost, [codes.contest])
            for header in [text[:19], *lies(text)[1:4]]:
                found = decode_judged(lost, [codes.contest], [Judge("presidente", header)])
                assert found == alone


def test_a_misread_figure_whose_check_symbols_are_lost_is_no_answer(
    codes: Any, spoilt: Callable[[int], Floats]
) -> None:  # fmt: skip
    """With the header given, one module turned over makes another payload, and all data that are seen agree with it."""
    place, blocks = symbol.layout(8), symbol.blocks(8, "Q")
    for number in range(4):
        text, trust = codes.payload(number), spoilt(number)
        judge = Judge("presidente", text[:19])
        assert decode_judged(trust, [codes.contest], [judge]) is not None
        figure = next(p for p in range(55, 70) if text[p - 1] == text[p + 1] == ",")  # in the fourth block
        bit = int(blocks.message_bits[12 + 8 * figure + 7])
        assert bit // 8 in blocks.members[3]
        trust[place.rows[bit], place.columns[bit]] *= -1
        lost = (blocks.members[3][-blocks.checks :, None] * 8 + np.arange(8)).ravel()
        trust[place.rows[lost], place.columns[lost]] = 0
        assert decode_judged(trust, [codes.contest], [judge]) is None


def test_totals_that_are_not_the_sheets_give_nothing(codes: Any, spoilt: Callable[[int], Floats]) -> None:
    text, trust = codes.payload(7), spoilt(7)
    counts = parse_payload(codes.contest, text).counts  # type: ignore[union-attr]
    right = Totals(counts.valid, counts.null, counts.blank)
    found = decode_judged(trust, [codes.contest], [Judge("presidente", text[:19], right)])
    assert found is not None
    assert found.payload.text == text
    for wrong in (
        replace(right, valid=(counts.valid or 0) + 1),
        replace(right, null=(counts.null or 0) + 1),
        replace(right, blank=(counts.blank or 0) + 1),
    ):
        assert decode_judged(trust, [codes.contest], [Judge("presidente", text[:19], wrong)]) is None


def test_of_two_judges_who_contradict_each_other_the_liar_is_not_heard(
    codes: Any, spoilt: Callable[[int], Floats]
) -> None:
    text = codes.payload(7)
    for judges in (
        [Judge("presidente", lies(text)[1]), Judge("presidente", text[:19])],
        [Judge("presidente", text[:19]), Judge("presidente", lies(text)[2])],
    ):
        found = decode_judged(spoilt(7), [codes.contest], judges)
        assert found is not None
        assert found.payload.text == text


# ---------------------------------------------------------------------- what totals are worth


def test_fillings_with_a_total_are_counted_as_one_by_one(codes: Any) -> None:
    """Every way to fill a short stretch, tried: those that parse with the total are as many as were counted."""
    text = codes.payload(11)
    syntax = syntax_of(codes.contest)
    assert syntax is not None
    for start, size in ((20, 3), (21, 4), (37, 3), (60, 4), (len(text) - 7, 3), (len(text) - 4, 4)):
        stop = start + size
        payload = parse_payload(codes.contest, text)
        assert payload is not None
        totals = Totals(valid=payload.counts.valid)
        ways = 0
        kinds = [list("0123456789,!") for _ in range(start, stop)]
        for letters in product(*kinds):
            other = parse_payload(codes.contest, text[:start] + "".join(letters) + text[stop:])
            ways += other is not None and totals.admit(other)
        counted = 2 ** fillings_bits_with(codes.contest, syntax, text, start, stop, totals)
        assert ways <= round(counted) <= 2 ** fillings_bits(codes.contest, syntax, text, start, stop)
        assert counted <= 3 * ways


def test_totals_never_make_a_stretch_freer(codes: Any) -> None:
    syntax = syntax_of(codes.contest)
    assert syntax is not None
    for number in range(20, 24):
        text = codes.payload(number)
        counts = parse_payload(codes.contest, text).counts  # type: ignore[union-attr]
        totals = Totals(counts.valid, counts.null, counts.blank)
        for start in range(0, len(text), 13):
            bare = fillings_bits(codes.contest, syntax, text, start, start + 18)
            assert 0 <= fillings_bits_with(codes.contest, syntax, text, start, start + 18, totals) <= bare
        last = len(text) - 18
        bare = fillings_bits(codes.contest, syntax, text, last, len(text))
        assert fillings_bits_with(codes.contest, syntax, text, last, len(text), totals) < bare - 8


def test_seeded_trials_with_judges_half_of_whom_lie_give_no_wrong_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """``python -m benchmarks.soft --judged --trials 4000`` prints the bound."""
    monkeypatch.syspath_prepend(str(BENCHMARKS.parent))
    trial = runpy.run_path(str(BENCHMARKS / "_judged.py"))["trial_judged"]
    records = [trial(number) for number in range(6_000_000, 6_000_080)]
    assert not any(record["wrong"] for record in records)
    assert sum(record["read"] for record in records) > 15
