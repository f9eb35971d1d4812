"""The site of 25,073 stations: pages per CPU second, and what publishing again costs after 1 % of the stations changed.

What is measured
----------------
CPU seconds (user and system, this process) of :func:`testigo.publish.publish`: opening the bundle, the totals, every
page in both languages, tables, search index, the copy of the bundle, and the disk.

Full build: into an empty folder. Again: the next release, in which 1 % of the stations have other counts, into the same
folder; once *spread* evenly over the whole country (every fourth parish changes: the worst case), once *neighbouring*
(as sheets arrive, hub by hub). Goals: at least 1,500 pages per CPU second; less than 10 % of a full build.

The counts are those of the published table of 2024 where it lies (``../shared/data/ve2024``), else invented ones of as
many stations. Every round builds both; medians are printed.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import random
import shutil
import statistics
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from testigo.bundle import BundleInfo, no_images, write_bundle
from testigo.election import Profile, Register, load_profile, register_schema
from testigo.importing import build_register, leaves_of, read_table
from testigo.ledger import SigningKey, generate_key
from testigo.publish import PublishReport, publish
from testigo.records import ConfigurationLeaf, Counts, Decision, PublicReading, parse_leaf
from testigo.review import RegisterFacts, decide

PUBLISHED = Path(__file__).parent.parent.parent / "shared" / "data" / "ve2024"
STATIONS = 25_073
MADE = dt.datetime(2024, 8, 1, tzinfo=dt.UTC)


def published(profile: Profile) -> tuple[Register, list[bytes]]:
    """Register and leaves of the table that was published."""
    tables = [PUBLISHED / f"RESULTADOS_2024_CSV_{version}.csv" for version in ("V1", "V2")]
    register = build_register(profile, tables)
    return register, leaves_of(profile, read_table(profile, tables[1]), register)


def invented(profile: Profile, stations: int) -> tuple[Register, list[bytes]]:
    """As many stations, two per centre, 24 per parish, 72 per municipality, 1,080 per state."""
    rows: list[dict[str, Any]] = []
    for row in range(stations):
        codes = [f"{row // 1080 + 1:02d}", f"{row // 72:04d}", f"{row // 24:06d}"]
        centre = f"{row // 2:09d}"
        own: dict[str, Any] = {"station": f"{centre}.{row % 2 + 1:02d}", "centre": centre, "electors": 500}
        own["centre_name"] = f"Escuela Nacional Número {row // 2}"
        for level, code in zip(profile.levels, codes, strict=True):
            own |= {level.code: code, f"{level.code}_name": f"Lugar {code}"}
        rows.append(own)
    register = Register(profile, pa.Table.from_pylist(rows, schema=register_schema(profile)), complete=False)
    contest, draw, facts = profile.contests[0], random.Random(1), RegisterFacts(register)
    leaves = [ConfigurationLeaf(profile.code, profile.sha256, "", False, {"published-table": "1"}).to_bytes()]
    for line, own in enumerate(rows, 2):
        counts = Counts({code: draw.randrange(300 // (1 + at)) for at, code in enumerate(contest.candidate_codes)})
        reading = PublicReading(
            contest.code,
            own["station"],
            "published-table",
            "1",
            ("published-table",),
            counts,
            source="ab" * 32,
            line=line,
        )
        known = facts.of(own["station"], provenance="published")
        decision = decide(profile, own["station"], contest.code, [(len(leaves), reading)], known)
        leaves += (reading.to_bytes(), decision.to_bytes())
    return register, leaves


def change(entries: tuple[bytes, ...], share: float, *, spread: bool) -> list[bytes]:
    """The log with a new reading and decision for a share of its stations, evenly spread or neighbouring."""
    decisions = [(at, leaf) for at, entry in enumerate(entries) if isinstance(leaf := parse_leaf(entry), Decision)]
    decisions = list({leaf.station: (at, leaf) for at, leaf in decisions}.values())  # those that stand
    chosen = decisions[:: round(1 / share)] if spread else decisions[: round(len(decisions) * share)]
    grown = list(entries)
    for index, decision in chosen:
        reading = parse_leaf(entries[decision.inputs[-1]])
        assert isinstance(reading, PublicReading) and decision.counts is not None
        votes = dict(decision.counts.candidates)
        first = next(iter(votes))
        counts = replace(decision.counts, candidates={**votes, first: votes[first] + 1})
        grown.append(replace(reading, counts=counts, line=reading.line + 1).to_bytes())
        at = len(grown) - 1
        newer = replace(decision, counts=counts, inputs=(*decision.inputs, at), supports=(at,), supersedes=index)
        grown.append(newer.to_bytes())
    return grown


def bundles(folder: Path, stations: int) -> tuple[Path, Path, Path]:
    """Three releases: 1 % of the stations change, spread evenly; then 1 % that are neighbours."""
    profile = load_profile("ve2024")
    real = stations == STATIONS and PUBLISHED.is_dir()
    register, leaves = published(profile) if real else invented(profile, stations)
    print(f"counts: {'published in 2024' if real else 'invented'}, {len(register):,} stations in the register")
    key = generate_key("benchmark.example/log")
    first = _write(folder / "first", profile, register, leaves, key)
    second = _write(folder / "second", profile, register, change(first.entries, 0.01, spread=True), key, first)
    _write(folder / "third", profile, register, change(second.entries, 0.01, spread=False), key, second)
    return folder / "first", folder / "second", folder / "third"


def _write(
    out: Path,
    profile: Profile,
    register: Register,
    leaves: list[bytes],
    key: SigningKey,
    before: BundleInfo | None = None,
) -> BundleInfo:
    return write_bundle(
        out,
        profile=profile,
        register=register,
        leaves=leaves,
        images=no_images,
        key=key,
        made=MADE,
        previous=before.manifest if before else None,
        previous_register=register if before else None,
    )


def timed(bundle: Path, site: Path) -> tuple[float, PublishReport]:
    """CPU seconds of one publication, and its report."""
    before = os.times()
    report = publish(bundle, site)
    after = os.times()
    return after.user + after.system - before.user - before.system, report


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="The site: pages per CPU second, and the cost of publishing again.")
    parser.add_argument("--rounds", type=int, default=1, help="how often each is measured")
    parser.add_argument("--stations", type=int, default=STATIONS, help="another number than the real one invents them")
    arguments = parser.parse_args()
    rates, spread, near = [], [], []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        releases = bundles(folder, arguments.stations)
        for _ in range(arguments.rounds):
            shutil.rmtree(folder / "site", ignore_errors=True)
            (full, first), (second, more), (third, last) = (timed(one, folder / "site") for one in releases)
            rates.append(first.pages / full)
            spread.append(second / full)
            near.append(third / full)
            print(f"full: {first.pages:,} pages in {full:.1f} CPU s")
            print(f"again: {more.written:,} files in {second:.1f} s (spread), {last.written:,} in {third:.1f} s (near)")
    print(f"publish: {statistics.median(rates):,.0f} pages per CPU second (goal: at least 1,500)")
    print(f"publish again after 1 %, spread evenly: {statistics.median(spread):.1%} of a full build (goal: under 10 %)")
    print(f"publish again after 1 %, neighbouring: {statistics.median(near):.1%} of a full build (goal: under 10 %)")


if __name__ == "__main__":
    main()
