"""How fast the ledger is, as ratios to plain SHA-256 over the same number of hashes (machines differ, ratios less).

Run: ``python benchmarks/ledger.py``. Prints one line per figure; nothing is asserted.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from statistics import median
from time import perf_counter

from testigo.ledger import MemoryLog, Tree, append, check_log, generate_key, sign_checkpoint, successor

STATIONS = 30_026
LARGE = 1_000_000
ENTRY_BYTES = 400
ROUNDS = 7


def seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Median of several runs."""
    times: list[float] = []
    for _ in range(rounds):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return median(times)


def plain_hashes(entries: list[bytes]) -> None:
    """What a tree of these entries cannot do without: one hash per entry, one per inner node of 65 bytes."""
    node = bytes(65)
    for entry in entries:
        sha256(entry).digest()
        sha256(node).digest()


def show(what: str, took: float, base: float) -> None:
    print(f"{what:<58} {took * 1000:9.1f} ms  {took / base:6.2f} x plain SHA-256")


def main() -> None:
    entries = [b"entry %d " % index + b"." * ENTRY_BYTES for index in range(STATIONS)]
    base = seconds(lambda: plain_hashes(entries))
    log = MemoryLog(entries)
    key = generate_key("example.org/log")
    files = {**log.files, "checkpoint": sign_checkpoint(successor(None, key.name, log.head, 1), key)}
    show(f"append and tile {STATIONS:,} entries at once", seconds(lambda: MemoryLog(entries)), base)
    show(
        f"audit every file of that log ({len(files)} files)",
        seconds(lambda: check_log(files.__getitem__, files.keys(), key.verifier)),
        base,
    )

    def prove_all() -> None:
        tree = log.tree()
        for index in range(STATIONS):
            tree.inclusion_proof(index)

    show(f"an inclusion proof for each of {STATIONS:,} entries", seconds(prove_all), base)
    large = MemoryLog([b"%d" % index for index in range(LARGE)])
    batch = entries[:100]
    for name, grown in (("30,026", log), ("1,000,000", large)):
        took = seconds(lambda grown=grown: append(grown, grown.head, batch), 25)  # type: ignore[misc]
        show(f"append 100 entries to {name}", took, seconds(lambda: plain_hashes(batch), 25))
        one = seconds(lambda grown=grown: Tree(grown, grown.head.size).inclusion_proof(12_345), 25)  # type: ignore[misc]
        print(f"{f'one inclusion proof out of {name}, nothing cached':<58} {one * 1000:9.3f} ms")


if __name__ == "__main__":
    main()
