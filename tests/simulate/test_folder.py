"""A folder of drawings with its truth: exact, the same on any number of processes, resumable."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from testigo.election import Profile, Register, parse_payload
from testigo.errors import InputError
from testigo.records import Counts
from testigo.simulate import invented_counts, simulate_folder

CodesOf = Callable[..., list[str]]


def published(profile: Profile, register: Register) -> dict[str, Counts]:
    """What a published table has: votes per candidate only, and no blank votes."""
    counts = invented_counts(profile.contest(), register, 1)
    return {code: Counts(votes.candidates, None, votes.null, None) for code, votes in counts.items()}


def test_the_codes_say_what_the_truth_says(ve: Profile, register: Register, tmp_path: Path, codes_of: CodesOf) -> None:
    counts = published(ve, register)
    path = simulate_folder(ve, register, counts, 8, 5, tmp_path / "out", workers=1)
    files = json.loads(path.read_text())["files"]
    assert len(files) == 8
    for name, truth in files.items():
        texts = codes_of((path.parent / name).read_bytes(), half=True)
        payload = next(p for p in (parse_payload(ve.contest(), text) for text in texts) if p)
        assert payload.code.station == truth["station"]
        assert payload.counts.lines == truth["counts"]
        assert payload.counts.candidates == truth["candidates"] == counts[truth["station"]].candidates
        assert (payload.counts.null, payload.counts.blank) == (truth["null"], truth["blank"])
        assert (truth["contest"], truth["expected"]) == ("presidente", "image")
        assert truth["station"] not in name


def test_two_processes_draw_the_same_bytes_as_one(altamar: Profile, tmp_path: Path) -> None:
    from testigo.simulate import invented_register

    register = invented_register(altamar, 64, 1)
    counts = invented_counts(altamar.contest("asamblea"), register, 1)
    progress: list[tuple[int, int]] = []
    for name, workers in (("one", 1), ("two", 2)):
        simulate_folder(
            altamar, register, counts, 64, 5, tmp_path / name, lambda *p: progress.append(p),
            contest="asamblea", workers=workers,
        )  # fmt: skip
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two
    assert len(one) == 66
    assert progress == [(n, 64) for n in range(1, 65)] * 2


def test_killed_and_started_again_it_goes_on_and_ends_the_same(ve: Profile, register: Register, tmp_path: Path) -> None:
    counts = published(ve, register)

    def killed(done: int, _: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate_folder(ve, register, counts, 6, 5, tmp_path / "out", killed, workers=1)
    assert not (tmp_path / "out" / "truth.json").exists()
    kept = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "out").glob("*.jpg")}
    assert len(kept) == 3
    simulate_folder(ve, register, counts, 6, 5, tmp_path / "out", workers=1)
    assert all((tmp_path / "out" / name).stat().st_mtime_ns == time for name, time in kept.items())
    whole = simulate_folder(ve, register, counts, 6, 5, tmp_path / "whole", workers=1).parent
    assert {p.name: p.read_bytes() for p in whole.iterdir()} == {
        p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()
    }


def test_two_simulations_are_never_mixed_in_one_folder(ve: Profile, register: Register, tmp_path: Path) -> None:
    counts = published(ve, register)
    simulate_folder(ve, register, counts, 1, 5, tmp_path / "out")
    before = sorted(p.name for p in (tmp_path / "out").iterdir())
    with pytest.raises(InputError, match="another simulation"):
        simulate_folder(ve, register, counts, 2, 5, tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep")
    with pytest.raises(InputError, match="not empty"):
        simulate_folder(ve, register, counts, 1, 5, tmp_path / "mine")


def test_unknown_electors_are_invented_on_the_sheet_and_never_too_few(
    ve: Profile, register: Register, tmp_path: Path
) -> None:
    column = register.table.schema.get_field_index("electors")
    table = register.table.set_column(column, "electors", pa.nulls(len(register), pa.int64()))
    unknown = Register(ve, table, complete=False)
    path = simulate_folder(ve, unknown, published(ve, register), 5, 5, tmp_path / "out")
    for truth in json.loads(path.read_text())["files"].values():
        cast = sum(truth["candidates"].values()) + truth["null"] + truth["blank"]
        assert cast == truth["printed"]["votes"] <= truth["printed"]["electors"]


def test_a_station_that_the_register_lacks_is_named_before_anything_is_drawn(
    ve: Profile, register: Register, tmp_path: Path
) -> None:
    counts = published(ve, register)
    counts["990101001.01"] = next(iter(counts.values()))
    with pytest.raises(InputError, match=r"990101001\.01"):
        simulate_folder(ve, register, counts, 999, 5, tmp_path / "out")
    assert not (tmp_path / "out").exists()
