"""Proof files: kept for years, checked offline, believed in nothing."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest

from testigo.errors import InputError
from testigo.ledger import (
    COSIGNATURE,
    ProofFile,
    cosign,
    generate_key,
    leaf_hash,
    make_proof_file,
    parse_proof_file,
    verify_leaf_in_proof_file,
    verify_proof_file,
)

# Source: transparency-dev/formats, proof/tlog_proof_test.go.
H1, H2 = sha256(b"hash1").digest(), sha256(b"hash2").digest()
PUBLISHED = [
    (
        ProofFile(5, (H1, H2), b"test checkpoint\n"),
        f"c2sp.org/tlog-proof@v1\nindex 5\n{b64encode(H1).decode()}\n{b64encode(H2).decode()}\n\ntest checkpoint\n",
    ),
    (
        ProofFile(10, (H1,), b"checkpoint data\n", b"extra information"),
        "c2sp.org/tlog-proof@v1\nextra ZXh0cmEgaW5mb3JtYXRpb24=\nindex 10\n"
        f"{b64encode(H1).decode()}\n\ncheckpoint data\n",
    ),
    (ProofFile(0, (), b"checkpoint\n"), "c2sp.org/tlog-proof@v1\nindex 0\n\ncheckpoint\n"),
]


@pytest.mark.parametrize(("proof", "text"), PUBLISHED)
def test_published_proof_files(proof: ProofFile, text: str) -> None:
    assert proof.encode() == text.encode()
    assert parse_proof_file(text.encode()) == proof


@pytest.mark.parametrize(
    "text",
    [
        "",
        "wrong-header\nindex 0\n\ncheckpoint\n",
        "c2sp.org/tlog-proof@v1\nextra !!notbase64!!\nindex 0\n\ncheckpoint\n",
        "c2sp.org/tlog-proof@v1\n\n\ncheckpoint\n",
        "c2sp.org/tlog-proof@v1\nindex notanumber\n\ncheckpoint\n",
        "c2sp.org/tlog-proof@v1\nindex -5\n\ncheckpoint\n",
        "c2sp.org/tlog-proof@v1\nindex 05\n\ncheckpoint\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n!!notbase64!!\n\ncheckpoint\n",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{b64encode(bytes(64)).decode()}\n\ncheckpoint\n",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{b64encode(H1).decode()}\ncheckpoint\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n" + f"{b64encode(H1).decode()}\n" * 65 + "\ncheckpoint\n",
        "c2sp.org/tlog-proof@v1\nindex 0\nextra YQ==\n\ncheckpoint\n",
        "c2sp.org/tlog-proof@v1\r\nindex 0\r\n\r\ncheckpoint\r\n",
        "c2sp.org/tlog-proof@v1\nindex ٠\n\ncheckpoint\n",
    ],
)
def test_malformed_proof_files_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_proof_file(text.encode())


def test_an_observer_proves_years_later_that_her_sheet_was_logged(signed_log: Any) -> None:
    log = signed_log(700)
    tree = log.log.tree()
    for index in (0, 255, 256, 699):
        data = make_proof_file(tree, index, log.checkpoint).encode()
        signed = verify_proof_file(data, tree.entry(index), log.verifier)
        assert signed.head == log.log.head
        assert verify_leaf_in_proof_file(data, leaf_hash(tree.entry(index)), log.verifier) == signed


def test_every_altered_byte_of_a_proof_file_is_noticed(signed_log: Any) -> None:
    """Wherever it is altered, no proof of anything comes out; the key's name is part of what is checked."""
    log = signed_log(21)
    entry = log.log.tree().entry(13)
    data = make_proof_file(log.log.tree(), 13, log.checkpoint).encode()
    for at in range(len(data)):
        altered = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(InputError):
            verify_proof_file(altered, entry, log.verifier)


def test_a_proof_of_another_entry_or_of_another_log(signed_log: Any) -> None:
    log, other = signed_log(21), signed_log(21)
    data = make_proof_file(log.log.tree(), 13, log.checkpoint).encode()
    with pytest.raises(InputError, match="not leaf 13"):
        verify_proof_file(data, b"an entry of mine", log.verifier)
    with pytest.raises(InputError, match="None of the given keys"):
        verify_proof_file(data, log.log.tree().entry(13), other.verifier)


def test_a_proof_is_made_only_at_its_own_checkpoint(signed_log: Any) -> None:
    log = signed_log(21)
    earlier = log.checkpoint
    log.log.append([b"one more"])
    with pytest.raises(InputError, match="not that of these tiles"):
        make_proof_file(log.log.tree(), 13, earlier)


def test_witnesses_in_a_proof_file(signed_log: Any) -> None:
    log, witness = signed_log(21), generate_key("witness.example/w1", COSIGNATURE)
    checkpoint = cosign(log.checkpoint, log.verifier, witness, 1_722_200_123)
    data = make_proof_file(log.log.tree(), 13, checkpoint).encode()
    signed = verify_proof_file(data, log.log.tree().entry(13), log.verifier, (witness.verifier,))
    assert [one.name for one in signed.verified] == [log.verifier.name, "witness.example/w1"]


def test_the_extra_line_changes_nothing(signed_log: Any) -> None:
    log = signed_log(21)
    proof = make_proof_file(log.log.tree(), 13, log.checkpoint)
    lied = ProofFile(proof.index, proof.hashes, proof.checkpoint, b"this station: 999 votes")
    assert parse_proof_file(lied.encode()).unverified_extra == b"this station: 999 votes"
    verify_proof_file(lied.encode(), log.log.tree().entry(13), log.verifier)
