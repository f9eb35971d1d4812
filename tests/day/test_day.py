"""The whole day, through the command, with the real server, database and site."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("day")

STATIONS, SEED = 14, 5


def command(out: Path, *more: str) -> list[str]:
    """The demonstration's command line."""
    words = ["demo", "--stations", str(STATIONS), "--seed", str(SEED), "--out", str(out), "--no-serve", "--json", *more]
    return [sys.executable, "-m", "testigo.cli", *words]


def run(out: Path) -> dict[str, Any]:
    """Run it to its end; its answer."""
    done = subprocess.run(command(out), capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A day that nobody disturbed."""
    out = tmp_path_factory.mktemp("day") / "demo"
    return out, run(out)


def totals(answer: dict[str, Any]) -> dict[str, Any]:
    """What must not depend on kills: votes and standings."""
    tally = answer["tally"]
    return {
        "votes": {c["code"]: c["votes"] for c in tally["candidates"]},
        "valid": tally["valid"],
        "by_standing": tally["stations"]["by_standing"],
    }


def test_a_day_ends_in_a_bundle_that_verifies_and_counts_what_was_invented(day: tuple[Path, dict[str, Any]]) -> None:
    _, answer = day
    assert answer["verdict"] == "pass"
    assert answer["confirmed"] > 0
    assert answer["confirmed_wrong"] == []
    assert answer["tally"]["stations"]["by_standing"]["confirmed"] == answer["confirmed"]


def test_what_is_no_sheet_leads_nowhere_and_says_why(day: tuple[Path, dict[str, Any]]) -> None:
    receipts = day[1]["receipts"]
    sent = day[1]["deliveries"]
    assert receipts["empty"] == sent["empty"] == 1
    assert receipts["too_large"] == sent["too_large"] == 1
    assert receipts["not_an_image"] == sent["text"] == 1
    assert receipts["damaged"] == sent["truncated"] == 1
    assert receipts["same"] == sent.get("duplicate", 0)
    # A re-send is the same receipt: it is not counted twice.
    assert receipts["total"] == sum(sent.values()) - sent.get("resend", 0)


def test_the_forged_and_the_rival_sheets_are_flagged_and_not_confirmed(day: tuple[Path, dict[str, Any]]) -> None:
    out, answer = day
    assert answer["deliveries"]["forged"] == 1
    # The forged sheet's station, and at least the stations with a rival sheet.
    assert answer["contested"] >= 1 + answer["deliveries"]["rival"]
    assert (out / "site" / "es" / "index.html").read_text().count("SIMULACRO") >= 1


def test_run_again_it_changes_nothing(day: tuple[Path, dict[str, Any]]) -> None:
    out, answer = day
    before = (out / "bundle" / "manifest.json").read_bytes()
    again = run(out)
    assert totals(again) == totals(answer)
    assert (out / "bundle" / "manifest.json").read_bytes() == before


def test_another_day_does_not_fit_into_the_folder(day: tuple[Path, dict[str, Any]]) -> None:
    out, _ = day
    words = command(out)
    words[words.index("--seed") + 1] = "6"
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "another demonstration" in done.stderr


def test_the_day_that_was_killed_again_and_again(day: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    out, rng = tmp_path / "demo", random.Random(20240728)
    killed = 0
    for _ in range(4):
        process = subprocess.Popen(command(out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=rng.uniform(1.0, 14.0))
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            killed += 1
        time.sleep(0.5)
    assert killed >= 2, "the kills came too late to test anything"
    assert totals(run(out)) == totals(day[1])
