"""Promises, and the intake that does not keep them."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from testigo.errors import InputError
from testigo.ledger import (
    LogCopy,
    MemoryLog,
    Promise,
    PromiseState,
    complete_copy,
    generate_key,
    leaf_hash,
    open_checkpoint,
    open_promise,
    parse_checkpoint,
    promise_is_broken,
    promise_state,
    sign_checkpoint,
    sign_note,
    sign_promise,
    successor,
)

ORIGIN = "example.org/log"
LEAF = leaf_hash(b"the sheet of station 7")
PROMISE = Promise(ORIGIN, LEAF, 1_722_200_600)


def copy_at(time: int, entries: list[bytes]) -> LogCopy:
    return complete_copy(
        successor(None, ORIGIN, MemoryLog(entries).head, time), [leaf_hash(entry) for entry in entries]
    )


def test_a_promise_is_four_lines_that_a_person_can_read() -> None:
    key = generate_key("example.org/intake")
    data = sign_promise(PROMISE, key)
    leaf = b64encode(LEAF).decode()
    assert data.decode().split("\n\n")[0] == (
        f"testigo promise v1\nlog example.org/log\nleaf {leaf}\ndeadline 1722200600"
    )
    assert open_promise(data, [key.verifier]) == PROMISE


def test_a_dropped_sheet_is_shown_by_anybody_with_the_log_itself(entries_of: Any) -> None:
    log_key, intake_key = generate_key(ORIGIN), generate_key("example.org/intake")
    promise_note = sign_promise(PROMISE, intake_key)
    entries = entries_of(300)
    checkpoint_note = sign_checkpoint(successor(None, ORIGIN, MemoryLog(entries).head, 1_722_200_601), log_key)
    # What a newspaper does, with nothing but the two notes, the entry bundles and the two public keys:
    promise = open_promise(promise_note, [intake_key.verifier])
    signed = open_checkpoint(checkpoint_note, log_key.verifier)
    copy = complete_copy(signed.checkpoint, [leaf_hash(entry) for entry in entries])
    assert promise_is_broken(promise, copy)


def test_kept_open_and_broken(entries_of: Any) -> None:
    without, with_it = entries_of(300), [*entries_of(150), b"the sheet of station 7", *entries_of(20)]
    assert promise_state(PROMISE, copy_at(1_722_200_600, without)) is PromiseState.OPEN, (
        "the deadline itself is in time"
    )
    assert promise_state(PROMISE, copy_at(1_722_200_601, without)) is PromiseState.BROKEN
    assert promise_state(PROMISE, copy_at(1_722_200_601, with_it)) is PromiseState.KEPT
    assert promise_state(PROMISE, copy_at(1, with_it)) is PromiseState.KEPT


def test_a_sheet_logged_late_broke_its_promise_all_the_same(entries_of: Any) -> None:
    """The checkpoint between the deadline and the leaf is the evidence, taken out of a later copy."""
    entries = [*entries_of(300), b"the sheet of station 7"]
    leaves = [leaf_hash(entry) for entry in entries]
    late = successor(None, ORIGIN, MemoryLog(entries[:300]).head, 1_722_200_601)
    latest = successor(late, ORIGIN, MemoryLog(entries).head, 1_722_201_000)
    assert promise_state(PROMISE, complete_copy(latest, leaves)) is PromiseState.KEPT
    assert promise_is_broken(PROMISE, complete_copy(late, leaves[: late.head.size]))


def test_a_part_of_the_log_is_no_evidence(entries_of: Any) -> None:
    """An accuser who leaves the promised leaf out of his copy proves nothing."""
    entries = [*entries_of(20), b"the sheet of station 7"]
    checkpoint = successor(None, ORIGIN, MemoryLog(entries).head, 1_722_200_601)
    leaves = [leaf_hash(entry) for entry in entries]
    for partial in (leaves[:-1], [*leaves[:-1], leaf_hash(b"another")], leaves[::-1], []):
        with pytest.raises(InputError, match="not the whole log"):
            complete_copy(checkpoint, partial)


def test_a_checkpoint_without_a_time_proves_nothing(entries_of: Any) -> None:
    entries = entries_of(5)
    timed = successor(None, ORIGIN, MemoryLog(entries).head, 1_722_200_601)
    untimed = parse_checkpoint(timed.text().replace("time 1722200601\n", ""))
    copy = complete_copy(untimed, [leaf_hash(entry) for entry in entries])
    assert promise_state(PROMISE, copy) is PromiseState.OPEN


def test_another_log_is_no_evidence(entries_of: Any) -> None:
    copy = copy_at(1_722_200_601, entries_of(5))
    with pytest.raises(InputError, match="speaks of the log"):
        promise_is_broken(Promise("example.org/other", LEAF, 1), copy)


def test_a_clock_set_back_before_the_deadline_leaves_the_promise_open(entries_of: Any) -> None:
    assert not promise_is_broken(PROMISE, copy_at(1_722_100_000, entries_of(5)))


def test_a_forged_promise_accuses_nobody() -> None:
    intake, impostor = generate_key("example.org/intake"), generate_key("example.org/intake")
    with pytest.raises(InputError):
        open_promise(sign_promise(PROMISE, impostor), [intake.verifier])
    real = sign_promise(PROMISE, intake)
    for at in range(len(real)):
        with pytest.raises(InputError):
            open_promise(real[:at] + bytes([real[at] ^ 1]) + real[at + 1 :], [intake.verifier])


@pytest.mark.parametrize(
    "text",
    [
        "testigo promise v2\n" + PROMISE.text().partition("\n")[2],
        PROMISE.text() + "more\n",
        PROMISE.text().replace("deadline ", "deadline 0"),
        PROMISE.text().replace("leaf ", "leaf  "),
        PROMISE.text().replace("log ", "Log "),
        "\n".join(PROMISE.text().split("\n")[:3]) + "\n",
    ],
)
def test_a_signed_text_of_another_form_is_not_a_promise(text: str) -> None:
    key = generate_key("example.org/intake")
    with pytest.raises(InputError):
        open_promise(sign_note(text, key), [key.verifier])


def test_a_promise_and_a_checkpoint_are_never_taken_for_each_other(entries_of: Any) -> None:
    key = generate_key(ORIGIN)
    with pytest.raises(InputError):
        open_checkpoint(sign_promise(PROMISE, key), key.verifier)
    with pytest.raises(InputError):
        open_promise(sign_checkpoint(successor(None, ORIGIN, MemoryLog(entries_of(4)).head, 1), key), [key.verifier])


@pytest.mark.parametrize(
    ("origin", "leaf", "deadline"), [("", LEAF, 1), ("two\nlines", LEAF, 1), (ORIGIN, b"short", 1), (ORIGIN, LEAF, -1)]
)
def test_an_impossible_promise_is_not_made(origin: str, leaf: bytes, deadline: int) -> None:
    with pytest.raises(InputError):
        Promise(origin, leaf, deadline)
