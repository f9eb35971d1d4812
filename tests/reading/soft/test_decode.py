"""Damage on the modules: what must be read, and what must never be answered."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from testigo.reading.soft import combine, decode_modules
from testigo.reading.soft.symbol import LEVELS, VERSIONS, blocks, layout

Damage = Callable[[Any, np.random.Generator], Any]
BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "soft.py"


def _cut(side: str, share: float) -> Damage:
    def damage(trust: Any, rng: np.random.Generator) -> Any:
        n, out = len(trust), trust.copy()
        gone = round(share * n)
        part = {
            "bottom": np.s_[n - gone :, :],
            "top": np.s_[:gone, :],
            "left": np.s_[:, :gone],
            "right": np.s_[:, n - gone :],
        }[side]
        out[part] = 0
        return out

    return damage


def _blot(share: float, value: float) -> Damage:
    def damage(trust: Any, rng: np.random.Generator) -> Any:
        n, out = len(trust), trust.copy()
        side = round(np.sqrt(share) * n)
        top, left = rng.integers(0, n - side + 1, 2)
        out[top : top + side, left : left + side] = value
        return out

    return damage


def _flips(share: float) -> Damage:
    return lambda trust, rng: np.where(rng.random(trust.shape) < share, -trust, trust)


def _columns(share: float) -> Damage:
    def damage(trust: Any, rng: np.random.Generator) -> Any:
        out = trust.copy()
        out[:, rng.permutation(len(out))[: round(share * len(out))]] = 0
        return out

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(_cut("bottom", 0.35), id="35 per cent missing from the bottom"),
        pytest.param(_cut("bottom", 0.45), id="45 per cent missing from the bottom"),
        pytest.param(_cut("left", 0.45), id="45 per cent missing from the left"),
        pytest.param(_cut("right", 0.40), id="40 per cent missing from the right"),
        pytest.param(_cut("top", 0.35), id="35 per cent missing from the top"),
        pytest.param(_blot(0.25, 0.0), id="a quarter under a blot"),
        pytest.param(_blot(0.16, 3.0), id="a blot taken for dark modules"),
        pytest.param(_flips(0.03), id="3 per cent flipped"),
        pytest.param(_columns(0.3), id="three columns in ten lost"),
    ],
)
def test_damage_that_must_be_read(damage: Damage, codes: Any, trust_of: Any) -> None:
    for number in range(6):
        text = codes.payload(number)
        answer = decode_modules(damage(trust_of(codes.modules(text)), np.random.default_rng(number)), [codes.contest])
        assert answer is not None
        assert answer.payload.text == text
        assert (answer.modules == codes.modules(text)).all()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["contest", "alphanumeric"])
def test_every_version_and_level_that_holds_the_payload(version: int, kind: str, codes: Any, trust_of: Any) -> None:
    contest = getattr(codes, kind)
    text = codes.payload(version, contest)
    read = 0
    for level in LEVELS:
        try:
            modules = codes.modules(text, version, level)
        except ValueError:  # too long for it
            continue
        trust = np.where(np.random.default_rng(version).random(modules.shape) < 0.003, -1, 1) * trust_of(modules)
        answer = decode_modules(trust, [codes.contest, codes.alphanumeric])
        assert answer is not None
        assert (answer.payload.text, answer.version, answer.level) == (text, version, level)
        read += 1
    assert read or version < 6


def test_an_intact_code_has_nothing_corrected_and_a_cut_one_tells_what_was_not_seen(codes: Any, trust_of: Any) -> None:
    trust = trust_of(codes.modules(codes.payload(1)))
    whole = decode_modules(trust, [codes.contest])
    assert whole is not None
    assert (set(whole.symbols), whole.unused, whole.differing) == ({"."}, 1000, 0)
    cut = decode_modules(_cut("left", 0.3)(trust, np.random.default_rng()), [codes.contest])
    assert cut is not None
    assert cut.erased > 50
    assert (len(cut.symbols), cut.corrected) == (242, 0)
    assert cut.margin < whole.margin
    flipped = trust.copy()
    flipped[20, 20:28] *= -1
    turned = decode_modules(flipped, [codes.contest])
    assert turned is not None
    assert turned.corrected >= 2
    assert turned.erased == 0


def test_noise_other_codes_and_near_payloads_are_no_answer(codes: Any, trust_of: Any) -> None:
    rng = np.random.default_rng(3)
    text = codes.payload(3)
    others = [
        "https://example.org/" + "a1" * 40,
        text.replace(",", ",0", 1),  # a number with a leading zero
        text[:-2],  # a field less
        text.replace("!", ",", 1),
        text.replace(".1.", ".2.", 1),  # another process
    ]
    for other in others:
        assert decode_modules(trust_of(codes.modules(other, 9, "M")), [codes.contest]) is None
    for n in (37, 49, 77):
        assert decode_modules(rng.choice([-3.0, 3.0], (n, n)), [codes.contest]) is None
        assert decode_modules(np.full((n, n), -3.0), [codes.contest]) is None
    assert decode_modules(np.zeros((48, 48)), [codes.contest]) is None
    assert decode_modules(np.zeros((21, 21)), [codes.contest]) is None


def test_too_much_damage_is_no_answer(codes: Any, trust_of: Any) -> None:
    for number in range(4):
        trust = trust_of(codes.modules(codes.payload(number)))
        for damage in (_cut("bottom", 0.75), _cut("left", 0.62), _flips(0.15), _blot(0.8, 0.0)):
            assert decode_modules(damage(trust, np.random.default_rng(number)), [codes.contest]) is None


def test_one_wrong_block_is_no_answer_even_if_it_is_a_perfect_code_word(codes: Any, trust_of: Any) -> None:
    """A code put together of two: whichever is answered, it is one of them whole."""
    first, second = codes.payload(4), codes.payload(5)
    a, b = codes.modules(first, mask=2), codes.modules(second, mask=2)
    for line in range(0, 49, 4):
        mixed = np.concatenate((a[:line], b[line:]))
        answer = decode_modules(trust_of(mixed), [codes.contest])
        assert answer is None or answer.payload.text in (first, second)


def test_two_images_read_together_what_neither_reads_alone(codes: Any, trust_of: Any) -> None:
    trust = trust_of(codes.modules(codes.payload(6)))
    left, right = (
        _cut("left", 0.62)(trust, np.random.default_rng()),
        _cut("right", 0.62)(trust, np.random.default_rng()),
    )
    assert decode_modules(left, [codes.contest]) is None
    assert decode_modules(right, [codes.contest]) is None
    both = decode_modules(combine([left, right]), [codes.contest])
    assert both is not None
    assert both.payload.text == codes.payload(6)


def test_two_hundred_seeded_trials_of_every_kind_give_no_wrong_answer() -> None:
    """The benchmark's trials, fewer; ``python -m benchmarks.soft --trials 100000`` prints the bound."""
    trial, report = (runpy.run_path(str(BENCHMARK))[name] for name in ("trial", "report"))
    records = [trial(number) for number in range(5_000_000, 5_000_200)]
    assert not any(record["wrong"] for record in records)
    assert sum(record["read"] for record in records) > 50
    assert len({record["family"] for record in records}) == 10
    assert report(records) == 0


def test_the_printed_bound_is_the_rule_of_three() -> None:
    bound = runpy.run_path(str(BENCHMARK))["bound"]
    assert bound(100_000, 0) == pytest.approx(3e-5, rel=0.01)
    assert bound(10, 10) == 1.0
    assert bound(1000, 1) == pytest.approx(4.74e-3, rel=0.01)


@pytest.mark.parametrize("rubbish", [0.0, 0.4, 3.0])
def test_data_that_no_check_symbol_bears_out_are_no_answer(codes: Any, trust_of: Any, rubbish: float) -> None:
    """Every check symbol of a block is covered: what its data seem to say fits the grammar, and proves nothing.

    So a figure of which one module was misread would be believed. Trials of an earlier reader had two such answers.
    """
    places, parts = layout(8), blocks(8, "Q")
    for number in range(6):
        rng = np.random.default_rng(number)
        trust = trust_of(codes.modules(codes.payload(number)))
        for block in range(len(parts.members)) if number % 2 else [number]:
            covered = parts.members[block][parts.data[block] :]
            bits = (8 * covered[:, None] + np.arange(8)).ravel()
            trust[places.rows[bits], places.columns[bits]] = rng.choice([-rubbish, rubbish], len(bits))
        assert decode_modules(trust, [codes.contest]) is None
