"""Reed-Solomon against the standard's own example, and at the very bound of what it can correct."""

from __future__ import annotations

import numpy as np

from testigo.reading.soft.field import EXP, INVERSE, PRODUCT, correct, encode, syndromes


def test_the_standards_example_has_its_check_symbols() -> None:
    # ISO/IEC 18004, annex I: "01234567" in version 1, level M
    data = np.array([[16, 32, 12, 86, 97, 128, 236, 17, 236, 17, 236, 17, 236, 17, 236, 17]], np.uint8)
    assert encode(data, 10).tolist() == [[165, 36, 212, 193, 237, 54, 199, 135, 44, 85]]


def test_the_field_multiplies_and_divides() -> None:
    assert PRODUCT[2, 128] == 0x1D  # x * x^7 = x^4 + x^3 + x^2 + 1
    assert PRODUCT[0, 77] == PRODUCT[77, 0] == 0
    assert all(PRODUCT[a, INVERSE[a]] == 1 for a in range(1, 256))
    assert len(set(EXP[:255].tolist())) == 255


def test_every_mixture_of_errors_and_erasures_within_the_bound_is_corrected() -> None:
    rng = np.random.default_rng(1)
    for checks, size in ((22, 18), (16, 60), (30, 87), (7, 19)):
        data = rng.integers(0, 256, (checks + 1, size), dtype=np.uint8)
        words = np.concatenate((data, encode(data, checks)), axis=1)
        assert not syndromes(words, checks).any()
        spoilt, erased = words.copy(), np.zeros(words.shape, bool)
        for row in range(len(words)):
            places = rng.permutation(words.shape[1])
            lost, wrong = row, (checks - row) // 2
            erased[row, places[:lost]] = True
            spoilt[row, places[:lost]] = rng.integers(0, 256, lost)
            spoilt[row, places[lost : lost + wrong]] ^= rng.integers(1, 256, wrong, dtype=np.uint8)
        fixed, good = correct(spoilt, erased, checks)
        assert good.all()
        assert (fixed == words).all()


def test_beyond_the_bound_nothing_is_claimed_that_is_not_a_code_word_within_it() -> None:
    rng = np.random.default_rng(2)
    noise = rng.integers(0, 256, (3000, 40), dtype=np.uint8)
    fixed, good = correct(noise, np.zeros(noise.shape, bool), 22)
    assert good.mean() < 0.01  # a random word lies within 11 errors of a code word once in 11! times
    assert (fixed[~good] == noise[~good]).all()
    erased = np.zeros((1, 40), bool)
    erased[0, :23] = True
    assert not correct(noise[:1], erased, 22)[1].any()
