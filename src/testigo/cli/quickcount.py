"""``testigo quickcount``: which stations to observe so that few reports say much, from a past result."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testigo.cli.common import add_json, add_register, number, print_json, printable
from testigo.cli.language import language, t

if TYPE_CHECKING:
    from testigo.bundle import Bundle
    from testigo.forensics.finding import Finding
    from testigo.forensics.quickcount import Design
    from testigo.forensics.sheets import Sheets

EXAMPLE = "testigo quickcount bundle --size 600 --seed '4 1 6 6 2 5' --reply 0.9 --out stations.csv"

#: Strata that a person is shown; ``--json`` has all.
SHOWN = 40


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``testigo quickcount``."""
    parser.add_argument(
        "bundle",
        type=Path,
        metavar="DIR",
        help=t("a bundle of a past result, station by station", "un paquete de un resultado pasado, mesa por mesa"),
    )
    parser.add_argument("--size", type=int, metavar="N", help=t("stations to observe", "mesas que observar"))
    parser.add_argument(
        "--error",
        type=float,
        metavar="POINTS",
        help=t("instead: the smallest sample with this error", "en su lugar: la menor muestra con este error"),
    )
    parser.add_argument(
        "--seed",
        required=True,
        metavar="TEXT",
        help=t(
            "what draws the stations; published before, so that nobody can choose them",
            "lo que sortea las mesas; publicado antes, para que nadie las elija",
        ),
    )
    _add_rest(parser)


def _add_rest(parser: argparse.ArgumentParser) -> None:
    """The rest of them."""
    parser.add_argument(
        "--reply",
        type=float,
        default=1.0,
        metavar="SHARE",
        help=t("share of observers expected to report, above 0 to 1 (1)", "parte que informará, de 0 a 1 (1)"),
    )
    parser.add_argument(
        "--level",
        metavar="L",
        help=t("level of the territory that makes the strata (the first)", "nivel que forma los estratos (el primero)"),
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help=t("write the stations drawn (CSV)", "escribir las mesas (CSV)")
    )
    add_register(parser)
    parser.add_argument("--contest", metavar="C", help=t("contest, if there are several", "cargo, si hay varios"))
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Allocate, draw, write; always 0."""
    from testigo.errors import InputError
    from testigo.forensics.quickcount import allocation, design, size_for, strata_of
    from testigo.forensics.quickcount_finding import drawn_csv, drawn_rows, quick_count

    if (arguments.size is None) == (arguments.error is None):
        raise InputError(
            "How many stations?", "Give --size N, or --error POINTS for the smallest sample with that error."
        )
    bundle, past = _opened(arguments)
    level = arguments.level or bundle.profile.levels[0].code
    strata = strata_of(bundle, past, level)
    if arguments.size is None:
        size = size_for(past, arguments.error / 100, arguments.reply, strata)
    else:
        size = allocation(past, arguments.size, arguments.reply, strata).size
    plan = design(past, size, arguments.seed, arguments.reply, strata)
    names = {code: area.name for code, area in bundle.register.areas.items()}
    rows = drawn_rows(plan, past, bundle.register, names)
    finding = quick_count(plan, past, names, bundle.register.total_stations - int(plan.stations.sum()))
    if arguments.out is not None:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_bytes(drawn_csv(rows))
    if arguments.json:
        print_json(_answer(arguments, bundle, past, plan, level, names, rows))
    else:
        _show(arguments, plan, finding, names)
    return 0


def _opened(arguments: argparse.Namespace) -> tuple[Bundle, Sheets]:
    from testigo.bundle import open_bundle
    from testigo.election import read_register
    from testigo.forensics.report import with_register
    from testigo.forensics.sheets import sheets_of

    bundle = open_bundle(arguments.bundle)
    if arguments.register:
        bundle = with_register(bundle, read_register(bundle.profile, arguments.register))
    return bundle, sheets_of(bundle, arguments.contest)


def _command(arguments: argparse.Namespace, plan: Design, level: str) -> str:
    """The command that draws the same stations; no path of this machine is in it."""
    words = ["testigo", "quickcount", arguments.bundle.resolve().name, "--size", str(plan.size)]
    words += ["--seed", arguments.seed, "--reply", f"{plan.reply:g}", "--level", level]
    words += ["--register", arguments.register.name] if arguments.register else []
    words += ["--contest", arguments.contest] if arguments.contest else []
    return shlex.join(words)


def _answer(
    arguments: argparse.Namespace,
    bundle: Bundle,
    past: Sheets,
    plan: Design,
    level: str,
    names: dict[str, str],
    rows: list[dict[str, Any]],
) -> dict[str, Any]:
    from testigo.forensics.quickcount_finding import allocation_rows

    return {
        "election": bundle.profile.code,
        "contest": past.contest.code,
        "release": bundle.manifest.release,
        "manifest": bundle.manifest.sha256,
        "rehearsal": bundle.manifest.rehearsal,
        "size": plan.size,
        "level": level,
        "reply": plan.reply,
        "seed": plan.seed,
        "command": _command(arguments, plan, level),
        "expected_error": plan.error,
        "proportional_error": plan.proportional_error,
        "simple_error": plan.simple_error,
        "without_past": bundle.register.total_stations - int(plan.stations.sum()),
        "allocation": allocation_rows(plan, names),
        "sample": rows,
        "out": str(arguments.out) if arguments.out else None,
    }


def _show(arguments: argparse.Namespace, plan: Design, finding: Finding, names: dict[str, str]) -> None:
    lang = language()
    print(printable(finding.statement[lang]))
    for name in ("proportional_error", "simple_error"):
        figure = finding.figure(name)
        print(printable(f"  {figure.label[lang]}: ±{_points(float(figure.value or 0))}"))
    left = finding.figure("without_past")
    if left.value:
        print(printable(f"  {left.label[lang]}: {number(int(left.value))}"))
    rows = list(zip(plan.strata, plan.sample.tolist(), plan.stations.tolist(), strict=True))
    for code, sample, stations in rows[:SHOWN]:
        print(printable(f"  {number(sample):>7}  {t('of', 'de')} {number(stations):>7}  {code}  {names.get(code, '')}"))
    if len(rows) > SHOWN:
        print(t(f"  … {len(rows) - SHOWN} more strata in --json", f"  … {len(rows) - SHOWN} estratos más en --json"))
    print(printable(finding.valid_when[lang]))
    print(printable(finding.blind_spots[lang]))
    if arguments.out is not None:
        print(t(f"Written: {arguments.out}", f"Escrito: {arguments.out}"))


def _points(share: float) -> str:
    text = f"{100 * share:.2f}"
    return t(f"{text} points", f"{text.replace('.', ',')} puntos")
