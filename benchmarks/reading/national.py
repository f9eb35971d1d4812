"""A national set of clean tapes through ``testigo read`` itself, on two processes: time, and memory over time.

Rules of this module
--------------------
1. Some hundred tapes are drawn; their bytes are repeated with a different comment in each file, so that no file is
   the same as another and the disk does not hold them all at once in memory.
2. A sample is a sample: the time for 25,000 is *extrapolated* and said to be; ``--national 25000`` runs them all.
3. Memory is the sum over the command's processes, looked at twice a second; flat means that the last third of the run
   holds no more than the second.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # comes with distributed

from benchmarks.graded import profile_of, sheet_number
from testigo.errors import InputError
from testigo.simulate import scan_of

COUNTRY = 25_000
GOAL_MINUTES = 15.0


def write_tapes(folder: Path, count: int, drawn: int, seeds: str) -> int:
    """Write ``count`` different files of ``drawn`` different tapes; returns their bytes.

    Raises:
        InputError: the disk has no room.
    """
    profile = profile_of()
    bodies = [scan_of(profile, sheet_number(seeds, number), f"{seeds}/{number}") for number in range(min(drawn, count))]
    needed = sum(map(len, bodies)) * count // len(bodies)
    if shutil.disk_usage(folder).free < needed * 1.1:
        raise InputError(f"{count} tapes need {needed / 1e9:.1f} GB on the disk.", "Ask for fewer, or set TMPDIR.")
    for number in range(count):
        body = bodies[number % len(bodies)]
        comment = f"{number:012d}".encode()
        marked = body[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + body[2:]
        (folder / f"{number:06d}.jpg").write_bytes(marked)
    return needed


def measure(count: int, *, drawn: int = 200, jobs: int = 2, seeds: str = "dev") -> dict[str, Any]:
    """Read that many tapes with the command; returns figures for :func:`show`."""
    with tempfile.TemporaryDirectory(prefix="testigo-national-") as name:
        folder = Path(name)
        tapes = folder / "tapes"
        tapes.mkdir()
        size = write_tapes(tapes, count, drawn, seeds)
        command = [sys.executable, "-m", "testigo.cli", "read", "--profile", "ve2024", "--rehearsal"]
        command += ["--jobs", str(jobs), "--out", str(folder / "out.jsonl"), "--summary", "--json", str(tapes)]
        began = time.monotonic()
        with (folder / "said").open("w") as said:
            process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
            memory, seconds = _watch(process)
        wall = time.monotonic() - began
        lines = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    read = sum(line["by"] is not None for line in lines)
    third = max(1, len(memory) // 3)
    return {
        "tapes": count,
        "drawn": min(drawn, count),
        "bytes": size,
        "jobs": jobs,
        "status": process.returncode,
        "read": read,
        "wall_seconds": wall,
        "cpu_seconds": seconds,
        "memory_mb": {
            "second_third": statistics.median(memory[third : 2 * third] or memory),
            "last_third": statistics.median(memory[-third:]),
            "most": max(memory),
        },
        "country_minutes_by_wall": wall / count * COUNTRY / 60,
        "country_minutes_by_cpu": seconds / jobs / count * COUNTRY / 60,
    }


def _watch(process: psutil.Popen) -> tuple[list[float], float]:
    """Megabytes of the processes twice a second, and their CPU seconds."""
    memory: list[float] = []
    spent: dict[int, float] = {}
    while process.poll() is None:
        try:
            total = 0.0
            for one in (process, *process.children(recursive=True)):
                total += one.memory_info().rss / 1e6
                times = one.cpu_times()
                spent[one.pid] = times.user + times.system
            memory.append(total)
        except psutil.NoSuchProcess:
            pass
        time.sleep(0.5)
    return memory or [0.0], sum(spent.values())


def show(figures: dict[str, Any]) -> None:
    """Print them."""
    memory = figures["memory_mb"]
    said = "measured" if figures["tapes"] >= COUNTRY else f"EXTRAPOLATED from {figures['tapes']}"
    print(
        f"{figures['tapes']} clean tapes ({figures['drawn']} drawings, {figures['bytes'] / 1e6:.0f} MB), "
        f"{figures['jobs']} processes: {figures['read']} read, {figures['wall_seconds']:.0f} s, "
        f"{figures['cpu_seconds']:.0f} CPU s"
    )
    print(
        f"{COUNTRY}: {figures['country_minutes_by_wall']:.1f} min by the clock of this busy machine, "
        f"{figures['country_minutes_by_cpu']:.1f} min by CPU on {figures['jobs']} free cores ({said}; "
        f"goal {GOAL_MINUTES:.0f})"
    )
    print(
        f"memory: second third {memory['second_third']:.0f} MB, last third {memory['last_third']:.0f} MB, "
        f"most {memory['most']:.0f} MB"
    )
