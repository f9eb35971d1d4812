"""The graded set, every reader on the same bytes in one run: shares read, wrong payloads, CPU seconds, ratios.

Rules of this module
--------------------
1. Images are taken number by number through all families, so that a run that is stopped has seen each alike.
2. With ``--keep FILE`` every result is written down at once, and a run that was stopped goes on where it was; readers
   named with ``--again`` are run again all the same, so that what does not change need not be measured twice.
3. What is slow gets every n-th image, and the table says how many.
"""

from __future__ import annotations

import json
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.graded import case_of
from benchmarks.reading.readers import Reader, readers
from testigo.simulate.damage import FAMILIES, MODERATE

Record = dict[str, Any]
#: Arguments of :func:`one`.
Task = tuple[str, str, int, list[str], int, dict[str, Any]]
_EMPTY: Record = {"results": {}}
#: What must be reached (and what is shown beside the figures).
GOALS = {"read": 0.97, "failures_ratio": 8.0, "seconds": 0.25}


def chosen(names: Sequence[str]) -> list[Reader]:
    """Readers by the beginnings of their names; all without any."""
    return [reader for reader in readers() if not names or any(reader.name.startswith(name) for name in names)]


def due(reader: Reader, family: str, number: int, every: int) -> bool:
    """Whether a reader gets that image; slow ones get every n-th, other numbers in each family."""
    return not reader.missing and not (reader.slow and (number + FAMILIES.index(family)) % every)


def one(seeds: str, family: str, number: int, names: Sequence[str], every: int, known: Mapping[str, Any]) -> Record:
    """All wanted readers on one image of the set, but those whose results are known."""
    case = case_of(seeds, family, number)
    results = dict(known)
    for reader in chosen(names):
        if reader.name in known or not due(reader, family, number, every):
            continue
        if reader.name.startswith("Tesseract") and not case.truth.whole:
            continue  # a part of a sheet has no whole print
        results[reader.name] = reader.run(case).as_json()
    record = {"seeds": seeds, "family": family, "number": number, "grade": round(case.grade, 4)}
    return record | {"bytes": len(case.data), "whole": case.truth.whole, "results": results}


def run(
    seeds: str,
    images: int,
    families: Sequence[str] = FAMILIES,
    *,
    names: Sequence[str] = (),
    every: int = 3,
    processes: int = 1,
    keep: Path | None = None,
    minutes: float = 0.0,
    again: Sequence[str] = (),
) -> list[Record]:
    """Run the set; returns one record per image, as many as the time allowed.

    Args:
        every: slow readers get every n-th image.
        keep: file of records (JSON lines) to go on from and to add to.
        minutes: stop after so many; 0: never.
        again: beginnings of the names of readers whose kept results are not taken.
    """
    wanted = [(seeds, family, number) for number in range(images) for family in families]
    records = {_key(record): _without(record, again) for record in _kept(keep)}
    todo = [
        (*key, list(names), every, records.get(key, _EMPTY)["results"])
        for key in wanted
        if _lacks(records.get(key), key, names, every)
    ]
    began = time.monotonic()
    out = keep.open("a") if keep is not None else None
    try:
        for record in _results(todo, processes):
            records[_key(record)] = record
            if out is not None:
                out.write(json.dumps(record) + "\n")
                out.flush()
            if minutes and time.monotonic() - began > minutes * 60:
                break
    finally:
        if out is not None:
            out.close()
    return [records[key] for key in wanted if key in records]


def _key(record: Record) -> tuple[str, str, int]:
    return record["seeds"], record["family"], record["number"]


def _kept(keep: Path | None) -> list[Record]:
    if keep is None or not keep.exists():
        return []
    records = []
    for line in keep.read_text().splitlines():
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            continue  # the run was killed while writing it
    return records


def _without(record: Record, again: Sequence[str]) -> Record:
    kept = {n: r for n, r in record["results"].items() if not any(n.startswith(name) for name in again)}
    return record | {"results": kept}


def _lacks(record: Record | None, key: tuple[str, str, int], names: Sequence[str], every: int) -> bool:
    """Whether a wanted reader's result is not there yet."""
    if record is None:
        return True
    wanted = [reader for reader in chosen(names) if due(reader, key[1], key[2], every)]
    return any(r.name not in record["results"] and (record["whole"] or r.name[:4] != "Tess") for r in wanted)


def _results(todo: Sequence[Task], processes: int) -> Iterator[Record]:
    if processes <= 1:
        for task in todo:
            yield one(*task)
        return
    with ProcessPoolExecutor(processes) as pool:
        for start in range(0, len(todo), processes * 4):
            yield from pool.map(one, *zip(*todo[start : start + processes * 4], strict=True))


# ------------------------------------------------------------------------------ the table


def summary(records: Sequence[Record]) -> Record:
    """Per reader and family: images, read, wrong, mean and median CPU seconds; and the ratios of the whole."""
    names = [reader.name for reader in readers() if any(reader.name in record["results"] for record in records)]
    out: Record = {"images": len(records), "readers": {}, "missing": _missing(), "goals": GOALS}
    for name in names:
        rows = {
            family: _figures([r["results"][name] for r in records if r["family"] == family and name in r["results"]])
            for family in FAMILIES
        }
        whole = _figures([r["results"][name] for r in records if name in r["results"]])
        mild = [r["results"][name] for r in records if name in r["results"] and r["grade"] <= MODERATE]
        out["readers"][name] = {"all": whole, "moderate": _figures(mild), "families": rows}
    ours, theirs = (reader.name for reader in readers()[:2])
    if {ours, theirs} <= set(names):
        out["ratios"] = _ratios(records, ours, theirs)
    return out


def _missing() -> dict[str, str]:
    return {reader.name: reader.missing for reader in readers() if reader.missing}


def _figures(results: Sequence[Record]) -> Record:
    if not results:
        return {"images": 0}
    seconds = [result["seconds"] for result in results]
    figures = {
        "images": len(results),
        "read": sum(result["read"] for result in results),
        "wrong": sum(result["wrong"] for result in results),
        "seconds_mean": statistics.fmean(seconds),
        "seconds_median": statistics.median(seconds),
        "seconds_most": max(seconds),
        "stages": dict(Counter(result["stage"] for result in results if result["stage"])),
    }
    notes = [result["note"] for result in results if result["note"] is not None]
    return figures | ({"counts_right": statistics.fmean(notes)} if notes else {})


def _ratios(records: Sequence[Record], ours: str, theirs: str) -> Record:
    both = [r["results"] for r in records if ours in r["results"] and theirs in r["results"]]
    failures = [sum(not result[name]["read"] for result in both) for name in (ours, theirs)]
    costs = [result[ours]["seconds"] / max(1e-6, result[theirs]["seconds"]) for result in both]
    return {
        "against": theirs,
        "failures": failures,
        "failures_ratio": failures[1] / failures[0] if failures[0] else None,
        "cost_ratio_median": statistics.median(costs),
        "cost_ratio_of_means": sum(r[ours]["seconds"] for r in both) / sum(r[theirs]["seconds"] for r in both),
    }


def show(figures: Record) -> None:
    """Print the table."""
    table = figures["readers"]
    width = max(map(len, FAMILIES)) + 1
    print(f"{figures['images']} images; share read, (wrong payloads), CPU s per image")
    print(" " * width + "".join(f"{name:>24}" for name in table))
    for family in (*FAMILIES, "moderate", "all"):
        cells = [_cell(of["families"][family] if family in FAMILIES else of[family]) for of in table.values()]
        print(f"{family:{width}}" + "".join(f"{cell:>24}" for cell in cells))
    for name, of in table.items():
        stages = ", ".join(f"{stage} {count}" for stage, count in sorted(of["all"].get("stages", {}).items()))
        right = f"; counts right {of['all']['counts_right']:.1%}" if "counts_right" in of["all"] else ""
        print(f"{name}: median {of['all'].get('seconds_median', 0):.3f} CPU s{right}{'; ' + stages if stages else ''}")
    for name, why in figures["missing"].items():
        print(f"SKIPPED {name}: {why}")
    ratios = figures.get("ratios")
    if ratios:
        less = ratios["failures_ratio"]
        said = f"{less:.1f} times fewer" if less else "no failure at all"
        print(
            f"failures {ratios['failures'][0]} against {ratios['failures'][1]} of {ratios['against']}: {said}; "
            f"cost x {ratios['cost_ratio_median']:.2f} (median), x {ratios['cost_ratio_of_means']:.2f} (means)"
        )


def _cell(of: Record) -> str:
    if not of["images"]:
        return "-"
    return f"{of['read'] / of['images']:6.1%} ({of['wrong']}) {of['seconds_mean']:.3f} n={of['images']}"


def markdown(figures: Record) -> str:
    """The table for the documentation: share read per family; below it wrong payloads, CPU seconds and images."""
    table = figures["readers"]
    lines = ["| Family | " + " | ".join(table) + " |", "|---" * (len(table) + 1) + "|"]
    for family in (*FAMILIES, "moderate", "all"):
        rows = [of["families"][family] if family in FAMILIES else of[family] for of in table.values()]
        shares = [f"{row['read'] / row['images']:.1%}" if row["images"] else "–" for row in rows]
        lines.append(f"| `{family}` | " + " | ".join(shares) + " |")
    below = (("wrong", "{}", "wrong"), ("CPU s, mean", "{:.3f}", "seconds_mean"), ("images", "{}", "images"))
    for name, form, key in below:
        lines.append(f"| {name} | " + " | ".join(form.format(of["all"].get(key, 0)) for of in table.values()) + " |")
    return "\n".join(lines) + "\n"
