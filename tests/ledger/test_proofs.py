"""Proofs: against published vectors, against the recursive definition, and against liars."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from testigo.errors import InputError
from testigo.ledger import (
    EMPTY_HEAD,
    EMPTY_ROOT,
    AtSize,
    DictReader,
    MemoryLog,
    Tree,
    TreeHead,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)

# Source: transparency-dev/merkle, proof/verify_test.go.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
G = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f"
INCLUSION = [  # leaf counted from 0, size, proof
    (0, 1, []),
    (0, 8, [A, B, C]),
    (5, 8, [D, E, ROOTS[3]]),
    (2, 3, [ROOTS[1]]),
    (1, 5, [ROOTS[0], B, D]),
]
CONSISTENCY = [  # sizes, proof
    (1, 1, []),
    (1, 8, [A, B, C]),
    (6, 8, [F, E, ROOTS[3]]),
    (2, 5, [B, D]),
    (6, 7, [F, G, ROOTS[3]]),
]
OTHER = bytes.fromhex("abacaba000000000000000000000000000000000000000000060061e00123456")


def head(size: int) -> TreeHead:
    return TreeHead(size, bytes.fromhex(ROOTS[size - 1])) if size else EMPTY_HEAD


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSION)
def test_published_inclusion_proofs(index: int, size: int, proof: list[str]) -> None:
    hashes = [bytes.fromhex(value) for value in proof]
    verify_inclusion(leaf_hash(LEAVES[index]), index, head(size), hashes)
    tree = MemoryLog(LEAVES[:size]).tree()
    assert (tree.head, tree.inclusion_proof(index)) == (head(size), hashes)


@pytest.mark.parametrize(("old", "new", "proof"), CONSISTENCY)
def test_published_consistency_proofs(old: int, new: int, proof: list[str]) -> None:
    hashes = [bytes.fromhex(value) for value in proof]
    verify_consistency(head(old), head(new), hashes)
    assert MemoryLog(LEAVES[:new]).tree().consistency_proof(old) == hashes


@pytest.mark.parametrize("size", range(1, 71))
def test_every_proof_of_every_small_log(size: int, naive_tree: Any, entries_of: Any) -> None:
    entries = entries_of(size)
    naive, tree = naive_tree(entries), MemoryLog(entries).tree()
    assert tree.root == naive.root()
    for index, entry in enumerate(entries):
        proof = tree.inclusion_proof(index)
        assert proof == naive.path(index)
        assert (tree.entry(index), tree.leaf(index)) == (entry, leaf_hash(entry))
        verify_inclusion(leaf_hash(entry), index, tree.head, proof)
    for old in range(1, size + 1):
        proof = tree.consistency_proof(old)
        assert proof == naive.proof(old)
        verify_consistency(TreeHead(old, naive.root(0, old)), tree.head, proof)


@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_proofs_of_larger_logs(naive_tree: Any, entries_of: Any, data: st.DataObject) -> None:
    size = data.draw(st.integers(71, 2000), "size")
    index = data.draw(st.integers(0, size - 1), "index")
    old = data.draw(st.integers(1, size), "old")
    entries = entries_of(size)
    naive, tree = naive_tree(entries), MemoryLog(entries).tree()
    assert tree.inclusion_proof(index) == naive.path(index)
    assert tree.consistency_proof(old) == naive.proof(old)
    verify_inclusion(leaf_hash(entries[index]), index, tree.head, naive.path(index))
    verify_consistency(TreeHead(old, naive.root(0, old)), tree.head, naive.proof(old))


def test_proofs_across_three_levels_of_tiles(entries_of: Any) -> None:
    entries = entries_of(66_000)
    log = MemoryLog(entries)
    tree = log.tree()
    for index in (0, 255, 256, 65_535, 65_536, 65_999):
        verify_inclusion(leaf_hash(entries[index]), index, tree.head, tree.inclusion_proof(index))
    for old in (1, 256, 257, 65_535, 65_536, 65_537):
        earlier = Tree(AtSize(log, 66_000), old).head
        verify_consistency(earlier, tree.head, tree.consistency_proof(old))


def test_a_proof_reads_few_tiles(entries_of: Any) -> None:
    """Proving one leaf of 30,026 must not read the log: at most two tiles per level."""
    log, reads = MemoryLog(entries_of(30_026)), []

    class Counting(DictReader):
        def read(self, path: str) -> bytes:
            reads.append(path)
            return super().read(path)

    Tree(Counting(log.files), 30_026).inclusion_proof(12_345)
    assert 0 < len(reads) == len(set(reads)) <= 4


def wrong_proofs(proof: list[bytes], root: bytes) -> Iterator[list[bytes]]:
    yield [*proof, b""]
    yield [*proof, root]
    yield [*proof, OTHER]
    yield [root, *proof]
    yield [b"", *proof]
    for at in range(len(proof)):
        yield [*proof[:at], bytes([proof[at][0] ^ 8]) + proof[at][1:], *proof[at + 1 :]]
        yield proof[:at] + proof[at + 1 :]
        yield [*proof[:at], OTHER, *proof[at:]]
        yield [*proof[:at], proof[at] + b"\x00", *proof[at + 1 :]]


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSION)
def test_a_truncated_padded_or_altered_inclusion_proof(index: int, size: int, proof: list[str]) -> None:
    right, hashes = leaf_hash(LEAVES[index]), [bytes.fromhex(value) for value in proof]
    attacks = [(right, index, head(size), wrong) for wrong in wrong_proofs(hashes, head(size).root)]
    attacks += [(right, other, head(size), hashes) for other in (index - 1, index + 1, index ^ 2, -1, size, 2**62)]
    attacks += [(right, index, TreeHead(other, head(size).root), hashes) for other in (size * 2, size * 2 + 1)]
    attacks += [(right, index, TreeHead(size, root), hashes) for root in (OTHER, EMPTY_ROOT)]
    attacks += [(leaf_hash(b"another entry"), index, head(size), hashes), (b"short", index, head(size), hashes)]
    for attack in attacks:
        with pytest.raises(InputError):
            verify_inclusion(*attack)


@pytest.mark.parametrize(("old", "new", "proof"), CONSISTENCY)
def test_a_truncated_padded_or_altered_consistency_proof(old: int, new: int, proof: list[str]) -> None:
    hashes = [bytes.fromhex(value) for value in proof]
    first, second = head(old), head(new)
    attacks = [(first, second, wrong) for wrong in wrong_proofs(hashes, second.root)]
    attacks += [(TreeHead(other, first.root), second, hashes) for other in (old + 1, old ^ 2) if other]
    attacks += [(TreeHead(old, OTHER), second, hashes), (first, TreeHead(new, OTHER), hashes)]
    if old != new:
        attacks += [(TreeHead(old, second.root), TreeHead(new, first.root), hashes), (first, second, [])]
        attacks += [(first, TreeHead(new * 2, second.root), hashes), (second, first, hashes)]
    for attack in attacks:
        with pytest.raises(InputError):
            verify_consistency(*attack)


def test_an_error_says_which_statement_did_not_hold() -> None:
    inclusion, consistency = [bytes.fromhex(value) for value in (A, B, C)], [bytes.fromhex(value) for value in (B, D)]
    leaf = leaf_hash(LEAVES[0])
    for proof, what in [
        ([*inclusion, OTHER], "longer than the tree"),
        (inclusion[:2], "ends below the root"),
        ([OTHER, *inclusion[1:]], "does not lead to the checkpoint's root"),
        ([b"short", *inclusion[1:]], "a hash of 5 bytes"),
    ]:
        with pytest.raises(InputError, match=what):
            verify_inclusion(leaf, 0, head(8), proof)
    for proof, what in [
        ([*consistency, OTHER], "longer than the tree"),
        (consistency[:1], "ends below the root"),
        ([OTHER, *consistency[1:]], "later root, of 5 leaves"),
        ([b"short", *consistency[1:]], "a hash of 5 bytes"),
    ]:
        with pytest.raises(InputError, match=what):
            verify_consistency(head(2), head(5), proof)


def test_everything_follows_from_the_empty_log_and_nothing_leads_back() -> None:
    verify_consistency(EMPTY_HEAD, head(5), [])
    verify_consistency(EMPTY_HEAD, EMPTY_HEAD, [])
    for old, new, proof in [(EMPTY_HEAD, head(5), [OTHER]), (head(5), EMPTY_HEAD, []), (head(2), head(1), [])]:
        with pytest.raises(InputError):
            verify_consistency(old, new, proof)


@pytest.mark.parametrize("forged", [0, 99, 255, 256, 299])
def test_a_forked_log_cannot_prove_consistency(forged: int, entries_of: Any) -> None:
    """Whoever re-makes the log with one entry altered has no proof from the checkpoint that people hold."""
    honest = MemoryLog(entries_of(300))
    held = honest.head
    entries = entries_of(500)
    entries[forged] = b"another result"
    fork = MemoryLog(entries).tree()
    for proof in (fork.consistency_proof(300), MemoryLog(entries_of(500)).tree().consistency_proof(300)):
        with pytest.raises(InputError, match=r"does not lead to the (earlier|later) root"):
            verify_consistency(held, fork.head, proof)


def test_a_split_view_of_one_size_is_a_fork(entries_of: Any) -> None:
    shown_to_us, shown_to_them = MemoryLog(entries_of(300)), MemoryLog([*entries_of(299), b"for you only"])
    with pytest.raises(InputError, match="forked"):
        verify_consistency(shown_to_us.head, shown_to_them.head, [])


def test_a_dropped_entry_cannot_be_hidden_by_shrinking(entries_of: Any) -> None:
    with pytest.raises(InputError, match="shrunk"):
        verify_consistency(MemoryLog(entries_of(300)).head, MemoryLog(entries_of(299)).head, [])


def test_asking_beyond_the_log(entries_of: Any) -> None:
    tree = MemoryLog(entries_of(5)).tree()
    for ask in (tree.entry, tree.leaf, tree.inclusion_proof, lambda index: tree.consistency_proof(index + 1)):
        for index in (5, -2):
            with pytest.raises(InputError):
                ask(index)
