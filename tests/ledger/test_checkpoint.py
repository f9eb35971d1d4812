"""Checkpoints and cosignatures: a real one, malformed ones, clocks that go backwards, and operators who lie."""

from __future__ import annotations

from typing import Any

import pytest

from testigo.errors import InputError, InternalError
from testigo.ledger import (
    COSIGNATURE,
    EMPTY_HEAD,
    MemoryLog,
    TreeHead,
    VerifierKey,
    cosign,
    generate_key,
    leaf_hash,
    open_checkpoint,
    open_note,
    parse_checkpoint,
    parse_verifier_key,
    sign_checkpoint,
    sign_note,
    successor,
    verify_consistency,
)

# A checkpoint of a public Certificate Transparency test log, cosigned by public witnesses, with the published keys of
# the log (its signature of another algorithm is unknown to us) and of one witness.
REAL = """\
arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIp\
wtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59R\
A23oHP7Ry1k3ZFWwQ=
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0Dr\
AWfBw==
""".encode()
REAL_LOG = parse_verifier_key(
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
)
REAL_WITNESS = parse_verifier_key("remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2")

ORIGIN = "example.org/log"
ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


def test_a_real_checkpoint_with_a_real_cosignature() -> None:
    signed = open_checkpoint(REAL, REAL_LOG, (REAL_WITNESS,))
    assert (signed.checkpoint.origin, signed.head.size) == ("arche2025h1.staging.ct.transparency.dev", 1_432_088_532)
    assert [one.name for one in signed.verified] == [REAL_LOG.name, REAL_WITNESS.name]
    assert signed.verified[1].time == 1_779_573_024
    assert [one.key_id.hex() for one in signed.unknown] == ["cd333cb1"]
    assert signed.checkpoint.time is None
    assert signed.data == REAL


def test_a_real_checkpoint_altered() -> None:
    for altered in (REAL.replace(b"1432088532", b"1432088533"), REAL.replace(b"U7WM7", b"U7WM8")):
        with pytest.raises(InputError, match="does not fit"):
            open_checkpoint(altered, REAL_LOG)
    with pytest.raises(InputError, match=r"remora\.n621\.de does not fit"):
        open_checkpoint(REAL.replace(b"2net5wAAAABqEiEg", b"2net5wAAAABqEiEh"), REAL_LOG, (REAL_WITNESS,))


def test_a_witness_alone_is_not_the_log() -> None:
    impostor = VerifierKey(REAL_LOG.name, REAL_WITNESS.public)
    with pytest.raises(InputError, match="not signed by the log's key"):
        open_checkpoint(REAL, impostor, (REAL_WITNESS,))


def test_the_specifications_example_is_read_and_written() -> None:
    # C2SP tlog-checkpoint.
    text = f"example.com/behind-the-sofa\n20852163\n{ROOT}\n"
    checkpoint = parse_checkpoint(text)
    assert (checkpoint.origin, checkpoint.head.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert checkpoint.text() == text


def test_further_lines_are_kept() -> None:
    text = f"log\n7\n{ROOT}\nsomething else\ntime 1722200000\n"
    assert parse_checkpoint(text).extensions == ("something else", "time 1722200000")
    assert parse_checkpoint(text).time == 1_722_200_000
    assert parse_checkpoint(text).text() == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log\n7\n",
        f"log\n7\n{ROOT}",
        f"\n7\n{ROOT}\n",
        f"log\n07\n{ROOT}\n",
        f"log\n+7\n{ROOT}\n",
        f"log\n-7\n{ROOT}\n",
        f"log\n7 \n{ROOT}\n",
        f"log\n٧\n{ROOT}\n",
        f"log\n1_000\n{ROOT}\n",
        f"log\n\n{ROOT}\n",
        f"log\nbananas\n{ROOT}\n",
        f"log\n9223372036854775808\n{ROOT}\n",
        f"log\n3438945738945739845734895735\n{ROOT}\n",
        f"log\n{'9' * 5000}\n{ROOT}\n",
        "log\n7\nYmFuYW5hcw==\n",  # seven bytes are no SHA-256
        "log\n7\nThisIsn'tBase64\n",
        f"log\n7\n{ROOT[:-1]}\n",
        f"log\n7\n{ROOT[:-2]}J=\n",  # stray last bits
        f"log\n0\n{ROOT}\n",  # an empty log with a root
        f"log\n7\n{ROOT}\n\n",
        f"log\n7\n{ROOT}\n\nmore\n",
        f"log\r\n7\r\n{ROOT}\r\n",
        f"log\n7\n{ROOT}\ntime 1\ntime 2\n",
        f"log\n7\n{ROOT}\ntime 01\n",
        f"log\n7\n{ROOT}\ntime yesterday\n",
    ],
)
def test_malformed_checkpoints_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_checkpoint(text)


def test_what_we_sign_is_what_is_read() -> None:
    key, head = generate_key(ORIGIN), MemoryLog([b"a", b"b"]).head
    checkpoint = successor(None, ORIGIN, head, 1_722_200_000)
    signed = open_checkpoint(sign_checkpoint(checkpoint, key), key.verifier)
    assert signed.checkpoint == checkpoint
    assert (signed.head, signed.checkpoint.time) == (head, 1_722_200_000)


def test_a_key_signs_only_for_its_own_log() -> None:
    checkpoint = successor(None, ORIGIN, EMPTY_HEAD, 0)
    for key in (generate_key("example.org/other"), generate_key(ORIGIN, COSIGNATURE)):
        with pytest.raises(InputError, match="cannot sign for the log"):
            sign_checkpoint(checkpoint, key)
    other = generate_key("example.org/other")
    with pytest.raises(InputError, match=r"speaks for 'example\.org/log'"):
        open_checkpoint(sign_note(checkpoint.text(), other), other.verifier)


def test_a_remade_log_under_the_same_name_fails_against_the_pinned_key(signed_log: Any) -> None:
    ours, theirs = signed_log(300), signed_log(300)
    assert ours.log.head == theirs.log.head
    with pytest.raises(InputError, match="None of the given keys"):
        open_checkpoint(theirs.checkpoint, ours.verifier)


def test_a_clock_going_backwards_does_not_make_the_log_regress(entries_of: Any) -> None:
    """The night's clock jumps back an hour: the log goes on, and the larger tree stays the newer one."""
    log = MemoryLog(entries_of(10))
    before = successor(None, ORIGIN, log.head, 1_722_200_000)
    log.append(entries_of(5))
    after = successor(before, ORIGIN, log.head, 1_722_196_400)
    assert after.head.size > before.head.size
    assert after.time is not None
    assert before.time is not None
    assert after.time < before.time
    verify_consistency(before.head, after.head, log.tree().consistency_proof(before.head.size))
    with pytest.raises(InternalError, match="shrink"):
        successor(after, ORIGIN, before.head, 1_722_300_000)


def test_a_sequencer_never_signs_a_fork(entries_of: Any) -> None:
    last = successor(None, ORIGIN, MemoryLog(entries_of(10)).head, 1)
    with pytest.raises(InternalError, match="fork"):
        successor(last, ORIGIN, TreeHead(10, leaf_hash(b"another")), 2)
    with pytest.raises(InternalError, match="cannot continue"):
        successor(last, "example.org/other", last.head, 2)
    assert successor(last, ORIGIN, last.head, 2).time == 2, "the same tree may be signed again, later"


@pytest.mark.parametrize("time", [-1, 2**63])
def test_a_clock_that_shows_no_time_signs_nothing(time: int) -> None:
    with pytest.raises(InternalError):
        successor(None, ORIGIN, EMPTY_HEAD, time)


def test_a_witness_cosigns_with_its_time(signed_log: Any) -> None:
    log, witness = signed_log(20), generate_key("witness.example/w1", COSIGNATURE)
    data = cosign(log.checkpoint, log.verifier, witness, 1_722_200_123)
    signed = open_checkpoint(data, log.verifier, (witness.verifier,))
    assert [(one.name, one.time) for one in signed.verified[1:]] == [("witness.example/w1", 1_722_200_123)]
    assert data.startswith(log.checkpoint), "the log's own note is kept byte for byte"
    again = open_checkpoint(cosign(data, log.verifier, witness, 1_722_200_456), log.verifier, (witness.verifier,))
    assert [one.time for one in again.verified[1:]] == [1_722_200_456], "a later cosignature replaces the earlier"


def test_a_cosignature_covers_its_time_and_the_extension_lines(signed_log: Any) -> None:
    log, witness = signed_log(20), generate_key("witness.example/w1", COSIGNATURE)
    data = cosign(log.checkpoint, log.verifier, witness, 1_722_200_123)
    signature = open_note(data, [witness.verifier]).verified[0]
    moved = type(signature)(signature.name, signature.key_id, (5).to_bytes(8, "big") + signature.value[8:])
    for altered in (data.replace(signature.line.encode(), moved.line.encode()), data.replace(b"time 17", b"time 18")):
        with pytest.raises(InputError, match=r"witness\.example/w1 does not fit"):
            open_note(altered, [witness.verifier])


def test_a_witness_does_not_cosign_what_the_log_did_not_sign(signed_log: Any) -> None:
    log, other, witness = signed_log(20), signed_log(20), generate_key("witness.example/w1", COSIGNATURE)
    with pytest.raises(InputError):
        cosign(other.checkpoint, log.verifier, witness, 1)
    with pytest.raises(InputError, match="not a witness's key"):
        cosign(log.checkpoint, log.verifier, generate_key("witness.example/w1"), 1)
    with pytest.raises(InputError, match="needs the time"):
        cosign(log.checkpoint, log.verifier, witness, 0)
