"""``testigo tally``: totals, coverage and standings, of a bundle or of the database."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from testigo.cli.common import (
    add_home,
    add_json,
    add_register,
    database_home,
    number,
    percent,
    print_json,
    printable,
    sentence_of,
)
from testigo.cli.language import language, t

if TYPE_CHECKING:
    from testigo.election import Contest, Profile
    from testigo.forensics.finding import Figure, Finding
    from testigo.records import Standing
    from testigo.tally import Tally

EXAMPLE = "testigo tally bundle --json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``testigo tally``."""
    parser.add_argument(
        "bundle",
        type=Path,
        nargs="?",
        metavar="DIR",
        help=t("a bundle; without one, the database", "un paquete; sin él, la base de datos"),
    )
    parser.add_argument("--contest", metavar="C", help=t("contest, if there are several", "cargo, si hay varios"))
    parser.add_argument(
        "--standing",
        choices=("reported", "documented", "confirmed", "imported"),
        default="confirmed",
        help=t("count this standing or better (default: confirmed)", "contar este estado o mejor (confirmed)"),
    )
    add_register(parser)
    add_home(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Show the counts; always 0."""
    from testigo.records import Standing
    from testigo.tally import as_json

    at_least = Standing(arguments.standing)
    from_where = _of_database if arguments.bundle is None else _of_bundle
    profile, contest, counts, rehearsal = from_where(arguments, at_least)
    answer = as_json(counts)
    if arguments.json:
        print_json({**answer, "rehearsal": rehearsal})
        return 0
    if rehearsal:
        print(t("SIMULACRO: a rehearsal, no result of an election.", "SIMULACRO: un ensayo, no es un resultado."))
    _show(profile, contest, answer)
    _show_certainty(counts)
    return 0


def _of_bundle(arguments: argparse.Namespace, at_least: Standing) -> tuple[Profile, Contest, Tally, bool]:
    from testigo.bundle import open_bundle
    from testigo.election import read_register
    from testigo.tally import counted_from_table, tally

    bundle = open_bundle(arguments.bundle)
    profile = bundle.profile
    contest = profile.contest(arguments.contest)
    register = read_register(profile, arguments.register) if arguments.register else bundle.register
    counted = counted_from_table(contest, register, bundle.tallies)
    counts = tally(profile, contest, register, counted, at_least=at_least)
    return profile, contest, counts, bundle.manifest.rehearsal


def _of_database(arguments: argparse.Namespace, at_least: Standing) -> tuple[Profile, Contest, Tally, bool]:
    from testigo.server.operations import current_tally

    profile, contest, counts = current_tally(database_home(arguments), arguments.contest, at_least)
    from testigo.server.store.election import load_election  # Django is ready only now

    return profile, contest, counts, load_election().rehearsal


def _show(profile: Profile, contest: Contest, answer: dict[str, object]) -> None:
    """The answer as a table that people read."""
    stations, candidates = answer["stations"], answer["candidates"]
    assert isinstance(stations, dict)  # noqa: S101  (the documented shape)
    assert isinstance(candidates, list)  # noqa: S101
    valid = answer["valid"]
    assert isinstance(valid, int)  # noqa: S101
    lang = language()
    print(printable(f"{_name(profile.name, lang)} · {_name(contest.name, lang)}"))
    width = max(len(candidate["name"]) for candidate in candidates)
    for candidate in sorted(candidates, key=lambda c: -c["votes"]):
        name = printable(candidate["name"])
        print(f"  {name:<{width}}  {number(candidate['votes']):>12}  {percent(candidate['votes'], valid):>8}")
    print(f"  {t('valid votes', 'votos válidos'):<{width}}  {number(valid):>12}")
    with_tally, registered = stations["with_tally"], stations["registered"]
    share = percent(with_tally, registered)
    print(
        t(
            f"{number(with_tally)} of {number(registered)} polling stations counted ({share}).",
            f"{number(with_tally)} de {number(registered)} mesas contadas ({share}).",
        )
    )
    for standing, count in stations["by_standing"].items():
        if count:
            print(f"    {number(count):>10}  {standing}: {sentence_of('standing', standing)}")
    if stations["contested"]:
        print(
            t(
                f"{number(stations['contested'])} stations are contested: their evidence disagrees.",
                f"{number(stations['contested'])} mesas están en disputa: sus pruebas no coinciden.",
            )
        )


def _show_certainty(counts: Tally) -> None:
    """Could what is missing change the winner: the worst case, caps on turnout, premises, disputes, areas."""
    from testigo.forensics.certainty import certainty_finding

    lang = language()
    finding = certainty_finding(counts)
    print()
    print(printable(finding.title[lang]))
    print(printable(f"  {finding.statement[lang]}"))
    for figure in finding.figures:
        if isinstance(figure.value, int | float) and not _idle(finding, figure):
            print(printable(f"  {_value(figure.name, figure.value):>12}  {figure.label[lang]}"))
    if finding.figure("premise_confirmed").value is None:
        none = t("No sheet was confirmed here by two readings.", "Ningún acta se confirmó aquí con dos lecturas.")
        print(f"  {'—':>12}  {none}")


def _idle(finding: Finding, figure: Figure) -> bool:
    """Whether a figure repeats what was just said: a question about no station, or areas of unknown electors."""
    if figure.name.startswith("areas_"):
        return finding.figure("worst_case_margin").value is None
    return figure.name.startswith("disputed_") and not finding.figure("disputed_stations").value


def _value(name: str, value: int | float) -> str:
    """A figure of the certainty: turnouts as percentages, margins with their sign."""
    if isinstance(value, float):
        return percent(round(value * 1_000_000), 1_000_000)
    signed = "margin" in name or name.startswith("premise_")
    return f"+{number(value)}" if signed and value > 0 else number(value)


def _name(names: Mapping[str, str], lang: str) -> str:
    """The name in that language, else in the profile's first one: not every country speaks ours."""
    return names.get(lang) or next(iter(names.values()), "")
