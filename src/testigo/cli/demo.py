"""``testigo demo``: a whole small election day on this machine, ending in a site to look at."""

from __future__ import annotations

import argparse
import functools
import http.server
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testigo.cli.common import add_json, number, percent, print_json
from testigo.cli.language import language, t

if TYPE_CHECKING:
    from testigo.day import Outcome

EXAMPLE = "testigo demo --stations 300 --seed 1 --out demo --no-serve"
_STEPS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``testigo demo``."""
    parser.add_argument(
        "--stations", type=int, default=300, metavar="N", help=t("polling stations (300)", "mesas (300)")
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="S", help=t("seed of the day (1)", "semilla del día (1)")
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("demo"),
        metavar="DIR",
        help=t("folder of everything (demo); again: it goes on", "carpeta de todo (demo); otra vez: continúa"),
    )
    parser.add_argument(
        "--profile",
        default="ve2024",
        metavar="P",
        help=t("whose sheets are drawn (ve2024)", "de qué elección se dibujan las actas (ve2024)"),
    )
    parser.add_argument(
        "--no-serve",
        action="store_true",
        help=t("do not serve the site at the end", "no servir el sitio al final"),
    )
    parser.add_argument(
        "--site-port", type=int, default=8780, metavar="P", help=t("the site's port", "puerto del sitio")
    )
    add_json(parser)


class _Screen:
    """Tells the steps on standard error, each with a bar while it lasts."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._text = ""

    def step(self, number: int, english: str, spanish: str) -> None:
        """A step begins."""
        self.close()
        self._text = f"[{number}/{_STEPS}] {t(english, spanish)}"
        print(self._text, file=sys.stderr, flush=True)

    def progress(self, done: int, total: int) -> None:
        """Of the step that runs, so much is done."""
        from tqdm import tqdm

        if self._bar is None:
            self._bar = tqdm(total=total, disable=None, leave=False, file=sys.stderr)
        self._bar.total = total
        self._bar.n = done
        self._bar.refresh()

    def close(self) -> None:
        """The step that ran is over."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def run(arguments: argparse.Namespace) -> int:
    """Run the day; 0 if the bundle verifies and no confirmed count is wrong, else 1."""
    from testigo.day import run_day

    screen = _Screen()
    try:
        outcome = run_day(
            arguments.out.absolute(),
            stations=arguments.stations,
            seed=arguments.seed,
            profile_name=arguments.profile,
            teller=screen,
        )
    finally:
        screen.close()
    good = outcome.verdict["verdict"] == "pass" and not outcome.confirmed_wrong
    if arguments.json:
        print_json(_answer(outcome))
    else:
        _show(outcome)
    if not arguments.no_serve:
        _serve(outcome.site, arguments.site_port)
    return 0 if good else 1


def _answer(outcome: Outcome) -> dict[str, Any]:
    return {
        "bundle": str(outcome.bundle),
        "site": str(outcome.site),
        "key": outcome.key,
        "deliveries": dict(outcome.deliveries),
        "confirmed": outcome.confirmed,
        "confirmed_wrong": list(outcome.confirmed_wrong),
        "contested": outcome.contested,
        "receipts": dict(outcome.verdict["receipts"]),
        "verdict": outcome.verdict["verdict"],
        "sentence": outcome.verdict["sentence"],
        "seconds": round(outcome.seconds, 1),
        "tally": dict(outcome.tally),
    }


def _show(outcome: Outcome) -> None:
    """One screen: who won, what it rests on, what was refused, whether it verifies, where to look."""
    tally, receipts = outcome.tally, outcome.verdict["receipts"]
    stations = tally["stations"]
    print(t("\nSIMULACRO: everything below is invented.\n", "\nSIMULACRO: todo lo que sigue es inventado.\n"))
    for candidate in sorted(tally["candidates"], key=lambda c: -c["votes"])[:4]:
        bar = "█" * round(30 * candidate["votes"] / max(1, tally["valid"]))
        share = percent(candidate["votes"], tally["valid"])
        print(f"  {candidate['name']:<26} {number(candidate['votes']):>9} {share:>8}  {bar}")
    with_tally, registered = stations["with_tally"], stations["registered"]
    print(
        t(
            f"\n  {with_tally} of {registered} stations confirmed ({percent(with_tally, registered)}); ",
            f"\n  {with_tally} de {registered} mesas confirmadas ({percent(with_tally, registered)}); ",
        )
        + ", ".join(f"{_standing(name)} {count}" for name, count in stations["by_standing"].items() if count)
    )
    print(
        t(
            f"  {outcome.contested} contested. Of {outcome.confirmed} confirmed counts "
            f"{len(outcome.confirmed_wrong)} differ from what was invented.",
            f"  {outcome.contested} en disputa. De {outcome.confirmed} conteos confirmados "
            f"{len(outcome.confirmed_wrong)} difieren de lo inventado.",
        )
    )
    odd = ", ".join(f"{name} {count}" for name, count in sorted(receipts.items()) if count and name != "total")
    print(t(f"  Receipts: {receipts.get('total', 0)} ({odd}).", f"  Recibos: {receipts.get('total', 0)} ({odd})."))
    print(f"\n  {outcome.verdict['sentence']}")
    print(t(f"\n  Bundle  {outcome.bundle}", f"\n  Paquete {outcome.bundle}"))
    print(t(f"  Site    {outcome.site}/index.html", f"  Sitio   {outcome.site}/index.html"))
    print(t(f"  {outcome.seconds:.0f} seconds.", f"  {outcome.seconds:.0f} segundos."))


def _standing(name: str) -> str:
    from testigo.election.sentences import sentence

    return sentence("standing", name, language())


def _serve(site: Path, port: int) -> None:
    """Serve the site on this machine alone until Ctrl-C."""
    handler = functools.partial(_Quiet, directory=str(site))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    with server:
        address = f"http://127.0.0.1:{server.server_port}/"
        print(t(f"\n  Look at it: {address}  (Ctrl-C ends)", f"\n  Mírelo: {address}  (Ctrl-C termina)"), flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and notes nobody's visit."""

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: who looks at what is nobody's business."""
