"""The demonstration: a whole invented election day on one machine, through the doors that people use.

How the day goes (the numbers stand in the code):

1. Invent a country's register and the day's deliveries, from a seed.
2. Start the server as an operator does, marked as a rehearsal.
3. Enrol pseudonyms: hubs that scan, observers who photograph, reviewers who type.
4. Send every delivery over HTTP; keep the promise that each is answered with.
5. Wait until the server has opened, read and numbered everything.
6. Reviewers type what the print says; one of them lies.
7. Wait again, stop the server, write the release.
8. Publish the site.
9. Verify the bundle against the log's key, as a stranger would.
10. Count, and compare what was confirmed with what was invented.

Rules of this module
--------------------
1. It knows the server by its commands and its HTTP answers alone.
2. Killed at any moment and run again, it goes on: every step is either done (its file says so) or harmless to repeat.
3. It tells what happened in numbers of the server's, never in numbers of its own.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol

from testigo.bundle import counts_of, open_bundle
from testigo.day.doors import Client, served
from testigo.day.stage import Stage
from testigo.election import Profile, parse_profile
from testigo.errors import WireError
from testigo.records import Standing
from testigo.simulate import (
    Delivery,
    Kind,
    Transcription,
    size_of,
    stream_of,
)

_PHOTOS = (Kind.PHOTO, Kind.WRONG_THING)


class Teller(Protocol):
    """Whoever tells the person in front of the screen what is going on."""

    def step(self, number: int, english: str, spanish: str) -> None:
        """A step begins."""
        ...

    def progress(self, done: int, total: int) -> None:
        """Of the step that runs, so much is done."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demonstration ended in.

    Attributes:
        bundle, site: folders.
        key: the log's verifier key.
        tally: the answer of ``testigo tally --json``.
        verdict: the answer of ``testigo verify --json``.
        deliveries: kind -> how many were sent.
        confirmed, confirmed_wrong: stations confirmed, and of them those whose counts are not the invented ones.
        contested: stations whose evidence disagrees.
        seconds: of this run.
    """

    bundle: Path
    site: Path
    key: str
    tally: Mapping[str, Any]
    verdict: Mapping[str, Any]
    deliveries: Mapping[str, int]
    confirmed: int
    confirmed_wrong: tuple[str, ...]
    contested: int
    seconds: float


def run_day(out: Path, *, stations: int, seed: int, profile_name: str, teller: Teller) -> Outcome:
    """Run the demonstration in the folder ``out``.

    Args:
        stations: polling stations of the invented country, 10 or more.
        profile_name: which election's sheets are drawn.

    Raises:
        InputError: the folder holds another demonstration, or the numbers make no day.
        WireError: a part did not do its work; its last words are in the message.
    """
    begun = time.monotonic()
    teller.step(1, "inventing the country and its day", "inventando el país y su jornada")
    stage = Stage.prepare(out, stations=stations, seed=seed, profile_name=profile_name)  # 1
    if not stage.bundle.exists():
        _hold_the_day(stage, teller)  # 2 to 6
        teller.step(7, "writing the release", "escribiendo la publicación")
        why = ["--why", "es=Primera publicación de un simulacro", "--why", "en=First release of a rehearsal"]
        stage.command("bundle", "--home", str(stage.home), "--out", str(stage.bundle), *why)  # 7
    teller.step(8, "publishing the site", "publicando el sitio")
    stage.command("publish", str(stage.bundle), "--out", str(stage.site))  # 8
    teller.step(9, "verifying as a stranger would", "comprobando como lo haría un extraño")
    key = str(stage.home / "keys" / "log.vkey")
    verdict = stage.command("verify", str(stage.bundle), "--key", key, "--json", good=(0, 1))  # 9
    teller.step(10, "counting", "contando")
    contest = stage.day.truth and next(iter(stage.day.truth))[0]
    tally = stage.command("tally", str(stage.bundle), "--contest", str(contest), "--json")  # 10
    return _outcome(stage, tally, verdict, time.monotonic() - begun)


# ------------------------------------------------------------------------------------------------ steps 2 to 6


def _hold_the_day(stage: Stage, teller: Teller) -> None:
    teller.step(2, "starting the server", "arrancando el servidor")
    with served(stage.serve_words, stage.out / "server.log") as addresses:  # 2
        teller.step(3, "enrolling pseudonyms", "inscribiendo seudónimos")
        tokens = _tokens(stage)  # 3
        teller.step(4, "sending what observers and hubs send", "enviando lo que envían testigos y centros")
        receipts = _send_all(stage, addresses["observer"], tokens, teller)  # 4
        teller.step(5, "opening, reading, deciding", "abriendo, leyendo, decidiendo")
        _wait(addresses["observer"], teller)  # 5
        teller.step(6, "reviewers type what they see", "los revisores transcriben lo que ven")
        _type_all(stage, addresses["review"], tokens, receipts, teller)  # 6
        _wait(addresses["observer"], teller)


def _tokens(stage: Stage) -> dict[str, str]:
    """Who sends or types -> token. Hubs and observers are different pseudonyms, even in the same place."""
    file = stage.out / "tokens.json"
    if not file.exists():
        people: dict[str, list[str]] = {
            "hub": sorted({_sender(d) for d in stage.day.deliveries if d.kind not in _PHOTOS}),
            "observer": sorted({_sender(d) for d in stage.day.deliveries if d.kind in _PHOTOS}),
            "reviewer": list(stage.day.reviewers),
        }
        tokens: dict[str, str] = {}
        for kind, names in people.items():
            words = ("token", "--home", str(stage.home), "--kind", kind, "--count", str(max(1, len(names))), "--json")
            issued: Any = stage.command(*words)
            tokens.update({name: entry["token"] for name, entry in zip(names, issued, strict=False)})
        part = file.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(tokens))
        part.replace(file)
    known: dict[str, str] = json.loads(file.read_text())
    return known


def _sender(delivery: Delivery) -> str:
    return f"{'observer' if delivery.kind in _PHOTOS else 'hub'} {delivery.sender}"


def _send_all(stage: Stage, address: str, tokens: Mapping[str, str], teller: Teller) -> dict[int, str]:
    """Delivery -> receipt. What was acknowledged before is not sent again."""
    file = stage.out / "receipts.jsonl"
    receipts: dict[int, str] = {}
    if file.exists():
        for line in file.read_text().splitlines():
            try:
                entry = json.loads(line)
                receipts[entry["delivery"]] = entry["receipt"]
            except (ValueError, KeyError):
                continue  # the line that a kill cut off: that delivery is sent again, and gets its first promise
    deliveries = stage.day.deliveries
    teller.progress(len(receipts), len(deliveries))
    left = [d for d in deliveries if d.number not in receipts]
    with file.open("a") as kept, _pool(stage) as pool:
        sent = [pool.submit(_send, address, d, tokens[_sender(d)]) for d in left]
        for future in as_completed(sent):
            number, answer = future.result()
            receipts[number] = answer["receipt"]
            kept.write(json.dumps({"delivery": number, **answer}) + "\n")
            kept.flush()
            teller.progress(len(receipts), len(deliveries))
    return receipts


def _pool(stage: Stage) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        max_workers=min(4, os.cpu_count() or 1),
        mp_context=get_context("spawn"),
        initializer=_begin,
        initargs=(stage.profile.source,),
    )


_here: list[Profile] = []


def _begin(profile: bytes) -> None:
    _here[:] = [parse_profile(profile)]


def _send(address: str, delivery: Delivery, token: str) -> tuple[int, dict[str, Any]]:
    """Draw and send one delivery, from a process of the pool."""
    length = {"Content-Length": str(size_of(_here[0], delivery)), "Content-Type": "application/octet-stream"}
    with Client(address, token) as client:
        answer = client.ask("POST", "/api/v1/submissions", lambda: stream_of(_here[0], delivery), length)
    return delivery.number, answer


def _type_all(
    stage: Stage, address: str, tokens: Mapping[str, str], receipts: Mapping[int, str], teller: Teller
) -> None:
    """Each reviewer types in their own order; what was typed before is the same reading again."""
    typed = stage.day.transcriptions
    by_person = [[t for t in typed if t.reviewer == person] for person in stage.day.reviewers]
    done = 0
    with ThreadPoolExecutor(max_workers=max(1, len(by_person))) as pool:
        work = [pool.submit(_type, address, tokens, receipts, own) for own in by_person]
        for future in as_completed(work):
            done += future.result()
            teller.progress(done, len(typed))


def _type(address: str, tokens: Mapping[str, str], receipts: Mapping[int, str], typed: list[Transcription]) -> int:
    if not typed:
        return 0
    with Client(address, tokens[typed[0].reviewer]) as client:
        for one in typed:
            lines = one.counts.lines
            reading = {
                "submission": receipts[one.delivery],
                "contest": one.contest,
                "station": one.station,
                "lines": None if lines is None else dict(lines),
                "candidates": dict(one.counts.candidates),
                "null": one.counts.null,
                "blank": one.counts.blank,
                "printed": dict(one.figures),
                "adjudicates": "",
            }
            body = json.dumps(reading).encode()
            client.ask("POST", "/api/v1/readings", partial(bytes, body), {"Content-Type": "application/json"})
    return len(typed)


def _wait(address: str, teller: Teller, *, seconds: float = 900) -> None:
    """Until nothing waits any more: no job, no leaf."""
    until, most = time.monotonic() + seconds, 1
    with Client(address, "") as client:
        while time.monotonic() < until:
            waiting = client.ask("GET", "/ready").get("waiting", {})
            left = int(waiting.get("jobs", 1)) + int(waiting.get("leaves", 1))
            most = max(most, left)
            teller.progress(most - left, most)
            if left == 0:
                return
            time.sleep(0.3)
    raise WireError("The server is still at work after a long time.", "Run the demonstration again: it goes on.")


# ---------------------------------------------------------------------------------------------------- step 10


def _outcome(stage: Stage, tally: Mapping[str, Any], verdict: Mapping[str, Any], seconds: float) -> Outcome:
    """Compare what was confirmed with what was invented."""
    bundle = open_bundle(stage.bundle)
    confirmed, wrong = 0, []
    for row in bundle.tallies.to_pylist():
        if row["standing"] != Standing.CONFIRMED:
            continue
        confirmed += 1
        counts = counts_of(bundle.profile, row["contest"], row)
        if counts is None or not counts.agrees_with(stage.day.truth[row["contest"], row["station"]]):
            wrong.append(row["station"])
    return Outcome(
        bundle=stage.bundle,
        site=stage.site,
        key=bundle.manifest.log_key,
        tally=tally,
        verdict=verdict,
        deliveries=Counter(d.kind.value for d in stage.day.deliveries),
        confirmed=confirmed,
        confirmed_wrong=tuple(wrong),
        contested=int(tally["stations"]["contested"]),
        seconds=seconds,
    )


__all__ = ["Outcome", "Teller", "run_day"]
