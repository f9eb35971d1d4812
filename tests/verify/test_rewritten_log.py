"""A log that was rewritten, rolled back or signed by somebody else does not pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from testigo.bundle import BundleInfo
from testigo.ledger import SigningKey, generate_key
from testigo.records import Decision, parse_leaf
from testigo.verify import Report, verify

STATION = "990101001.02"


def problems(report: Report, kind: str) -> list[str]:
    """Problems of a kind, as ``where: what``."""
    return [f"{problem.where}: {problem.what}" for problem in report.problems if problem.kind == kind]


def test_an_altered_leaf_retiled_without_the_key_fails(
    bundle: Path, key: SigningKey, day: Any, original: BundleInfo, replace_log: Callable[..., bytes]
) -> None:
    checkpoint = (bundle / "ledger" / "checkpoint").read_bytes()
    entries = list(original.entries)
    index, _ = day.last[STATION]
    decision = parse_leaf(entries[index])
    assert isinstance(decision, Decision)
    entries[index] = replace(decision, standing="withdrawn").to_bytes()
    replace_log(bundle, entries, generate_key(key.name))
    (bundle / "ledger" / "checkpoint").write_bytes(checkpoint)
    report = verify(bundle, key=key.verifier, images=False)
    assert problems(report, "log") and not report.passed
    assert all(line.startswith("ledger/") for line in problems(report, "log"))


def test_a_wholly_remade_bundle_fails_against_the_pinned_key_only(
    make_day: Callable[..., Any], day: Any, key: SigningKey, tmp_path: Path
) -> None:
    thief = generate_key(key.name)
    remade = day.write(tmp_path / "remade", thief).path
    pinned = verify(remade, key=key.verifier, images=False)
    assert problems(pinned, "signature") and not pinned.passed
    unpinned = verify(remade, images=False)
    assert unpinned.passed and not unpinned.pinned
    assert "unknown" in unpinned.sentence("en") and "no se sabe quién" in unpinned.sentence("es")
    assert "signer" in {one.code for one in unpinned.not_checked}


def test_a_remade_bundle_fails_against_an_earlier_checkpoint_even_without_the_key(
    day: Any, original: BundleInfo, key: SigningKey, tmp_path: Path
) -> None:
    remade = day.write(tmp_path / "remade", generate_key(key.name)).path
    assert problems(verify(remade, earlier=original.checkpoint, images=False), "history")


def test_a_rollback_to_an_earlier_state_fails_against_the_later_checkpoint(
    make_day: Callable[..., Any], day: Any, original: BundleInfo, key: SigningKey, tmp_path: Path
) -> None:
    earlier = make_day(day.profile)
    rolled_back = earlier.write(tmp_path / "short", key).path
    assert verify(rolled_back, key=key.verifier).passed
    (line,) = problems(verify(rolled_back, key=key.verifier, earlier=original.checkpoint), "history")
    assert "shrunk" in line


def test_a_rewritten_log_fails_against_the_earlier_checkpoint(
    make_day: Callable[..., Any], day: Any, key: SigningKey, tmp_path: Path
) -> None:
    first, second = make_day(day.profile), make_day(day.profile)
    first.receive(None, "empty")
    second.receive(None, "damaged")
    second.receive(None, "empty")
    checkpoint = first.write(tmp_path / "first", key).checkpoint
    (line,) = problems(
        verify(second.write(tmp_path / "second", key).path, key=key.verifier, earlier=checkpoint), "history"
    )
    assert "rewritten" in line


def test_an_old_checkpoint_put_back_into_a_newer_bundle_fails(
    bundle: Path, key: SigningKey, day: Any, original: BundleInfo, replace_log: Callable[..., bytes]
) -> None:
    replace_log(bundle, list(day.entries), key)  # everything but the release leaf, rightly signed
    lines = problems(verify(bundle, key=key.verifier, images=False), "release")
    assert len(lines) == 1 and "release leaf is missing" in lines[0]


def test_the_later_checkpoint_of_the_same_log_is_consistent(
    original: BundleInfo, key: SigningKey, bundle: Path
) -> None:
    report = verify(bundle, key=key.verifier, earlier=original.checkpoint, images=False)
    assert report.passed and "earlier" not in {one.code for one in report.not_checked}
