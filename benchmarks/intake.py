"""What taking a file in costs the server: CPU per upload of 300 kB over HTTP, read from ``/proc`` of its processes.

Counted: the program that answers, and the database's processes on its behalf. Opener, sequencer and their part of the
database work later and are shown beside. The yardstick is a plain program that hashes, writes and syncs the same files.
Run: ``python -m benchmarks intake``. Nothing is asserted.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

FILES, BYTES, SENDERS, ROUNDS = 300, 300_000, 4, 4
TICKS = os.sysconf("SC_CLK_TCK")
GOAL_MS = 5.0


def main() -> int:
    """Serve, send, measure."""
    home = Path(tempfile.mkdtemp(prefix="testigo-bench-"))
    environment = {**os.environ, "TESTIGO_POSTGRES_LINGER_SECONDS": "1", "TESTIGO_HOME": str(home)}
    command = [sys.executable, "-P", "-m", "testigo.cli"]
    serve = [
        *command,
        "serve",
        "--profile",
        "altamar2031",
        "--rehearsal",
        "--port",
        "0",
        "--review-port",
        "0",
        "--json",
    ]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(serve, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert server.stdout is not None
        address = json.loads(server.stdout.readline())["observer"].removeprefix("http://")
        issue = [*command, "token", "--kind", "hub", "--count", str(SENDERS), "--json"]
        tokens = [entry["token"] for entry in json.loads(subprocess.check_output(issue, env=environment))]
        send(address, tokens, 40)  # every worker is warm, every connection open
        found = [one_round(address, tokens, home) for _ in range(ROUNDS)]
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(home, ignore_errors=True)
    base = median(yardstick() for _ in range(ROUNDS))
    print(f"{FILES} files of {BYTES // 1000} kB, {SENDERS} senders, median of {ROUNDS} rounds; CPU per upload:")
    for part in ("program", "its database", "intake", "opener, sequencer, their database"):
        value = median(entry[part] for entry in found)
        print(f"  {part:<36} {value:6.2f} ms   {value / base:5.2f} x hash, write, sync")
    print(f"  {'uploads per second, wall clock':<36} {median(entry['rate'] for entry in found):6.0f}")
    intake = median(entry["intake"] for entry in found)
    print(f"  goal: {GOAL_MS:.0f} ms; intake is at {intake / GOAL_MS:.2f} of it")
    return 0


def one_round(address: str, tokens: list[str], home: Path) -> dict[str, float]:
    """CPU milliseconds per upload, by part."""
    before, begun = usage(home), perf_counter()
    send(address, tokens, FILES)
    took, after = perf_counter() - begun, usage(home)
    spent = {part: (after[part] - before[part]) * 1000 / FILES for part in after}
    sleep(1.0)
    later = (usage(home)["rest"] - before["rest"]) * 1000 / FILES
    return {
        "program": spent["program"],
        "its database": spent["database"],
        "intake": spent["program"] + spent["database"],
        "opener, sequencer, their database": later,
        "rate": FILES / took,
    }


def send(address: str, tokens: list[str], files: int) -> None:
    """Send so many files that nobody sent before."""

    def one(token: str) -> None:
        connection = http.client.HTTPConnection(address, timeout=30)
        for _ in range(files // len(tokens)):
            connection.request("POST", "/api/v1/submissions", os.urandom(BYTES), {"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 201, answer.status
        connection.close()

    with ThreadPoolExecutor(len(tokens)) as pool:
        list(pool.map(one, tokens))


def usage(home: Path) -> dict[str, float]:
    """CPU seconds so far: of the program, of the database on its behalf (and of nobody's), of all the rest."""
    seconds = {"program": 0.0, "database": 0.0, "rest": 0.0}
    for pid, words in processes():
        with contextlib.suppress(OSError):
            ours = f"TESTIGO_HOME={home}".encode() in (Path("/proc") / pid / "environ").read_bytes().split(b"\0")
            postgres = words.startswith("postgres")
            if not (ours or (postgres and (Path("/proc") / pid / "cwd").samefile(home / "postgres" / "data"))):
                continue
            fields = (Path("/proc") / pid / "stat").read_text().rpartition(")")[2].split()
            part = "rest"
            if postgres:
                part = "rest" if any(f"testigo_{who} " in words for who in OTHERS) else "database"
            elif "serve.entry\0observer" in words or "testigo-observer" in words:
                part = "program"
            seconds[part] += (int(fields[11]) + int(fields[12])) / TICKS
    return seconds


OTHERS = ("opener", "reader", "sequencer", "review", "owner", "publish")


def processes() -> Iterator[tuple[str, str]]:
    """Number and command line of every process."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            yield entry.name, (entry / "cmdline").read_bytes().decode("utf-8", "replace")


def yardstick() -> float:
    """CPU milliseconds to hash, write and sync one such file."""
    folder = Path(tempfile.mkdtemp(prefix="testigo-bench-"))
    bodies = [os.urandom(BYTES) for _ in range(100)]
    before = resource.getrusage(resource.RUSAGE_SELF)
    for body in bodies:
        with (folder / hashlib.sha256(body).hexdigest()).open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
    after = resource.getrusage(resource.RUSAGE_SELF)
    shutil.rmtree(folder)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000 / len(bodies)


if __name__ == "__main__":
    sys.exit(main())
