"""Images that look alike: found among many without comparing all with all, and hostile ones survived."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from testigo.forensics.dossier import nearness
from testigo.forensics.dossier.nearness import ALIKE, BITS, alike, candidates, grid, jpeg_size

cv2 = pytest.importorskip("cv2")


def sheets(kit: Any, number: int) -> dict[str, bytes]:
    rng = np.random.default_rng(3)
    return {
        f"{place:064d}": kit.jpeg(kit.draw([f"{one:03d}" for one in rng.integers(0, 400, 38)], place))
        for place in range(number)
    }


def test_copies_made_brighter_smaller_noisy_or_saved_again_are_found_and_no_strangers(kit: Any) -> None:
    store = sheets(kit, 24)
    names = list(store)
    originals = {name: cv2.imdecode(np.frombuffer(store[name], np.uint8), 0) for name in names[:4]}
    brighter, smaller, noisy, again = (originals[name].astype(float) for name in names[:4])
    noise = np.random.default_rng(1).normal(0, 12, noisy.shape)
    copies = {
        "b" * 64: np.clip(0.8 * brighter + 25, 0, 255),
        "c" * 64: cv2.resize(smaller, None, fx=0.9, fy=0.9, interpolation=cv2.INTER_AREA),
        "d" * 64: np.clip(noisy + noise, 0, 255),
        "e" * 64: again,
    }
    store |= {name: kit.jpeg(image.astype(np.uint8), 35) for name, image in copies.items()}
    found = alike(list(store), store.__getitem__)
    assert {(pair.first, pair.second) for pair in found.pairs} == set(zip(names[:4], copies, strict=True))
    assert all(pair.correlation >= ALIKE for pair in found.pairs)
    assert found.looked == 28 and len(found.hashes[names[0]]) == BITS // 4


def test_not_all_pairs_are_compared() -> None:
    bits = np.random.default_rng(1).integers(0, 2, (4000, BITS)).astype(bool)
    compared = len(candidates(bits))
    assert 0 < compared < 120 * len(bits)  # all pairs would be 2,000 per row


def test_a_thousand_copies_of_one_image_do_not_become_a_million_pairs() -> None:
    bits = np.repeat(np.random.default_rng(1).integers(0, 2, (1, BITS)).astype(bool), 1000, axis=0)
    pairs = set(map(tuple, candidates(bits).tolist()))
    assert len(pairs) < 45 * len(bits)
    assert {other for _, other in pairs} == set(range(1, 1000))  # every copy is still linked to an earlier one


def test_what_is_no_picture_blank_or_enormous_is_not_decoded(kit: Any) -> None:
    whole = kit.jpeg(kit.draw(["001"] * 38, 1))
    size = whole.index(b"\xff\xc0")
    enormous = whole[: size + 5] + b"\xff\xff\xff\xff" + whole[size + 9 :]
    assert jpeg_size(enormous) == (65535, 65535)
    for data in (
        b"",
        b"\xff\xd8",
        b"GIF89a" + b"x" * 50,
        whole[:300],
        enormous,
        kit.jpeg(np.full((400, 300), 255, np.uint8)),
    ):
        assert grid(data) is None
    store = sheets(kit, 4) | {"f" * 64: b"not a picture"}
    found = alike(list(store), store.__getitem__)
    assert found.unreadable == ("f" * 64,) and found.looked == 4


def test_a_bomb_of_pixels_is_refused_before_it_is_decoded(kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    data = kit.jpeg(kit.draw(["001"] * 38, 1))
    assert grid(data) is not None
    monkeypatch.setattr(nearness, "MAX_PIXELS", 640 * 2400 - 1)
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("it was decoded"))
    assert grid(data) is None


def test_two_images_alone_have_no_form_to_be_compared_with(kit: Any) -> None:
    store = sheets(kit, 2)
    assert alike(list(store), store.__getitem__).pairs == ()
