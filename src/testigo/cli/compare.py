"""``testigo compare``: two bundles or published tables, station by station."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from testigo.cli.common import add_json, number, print_json, printable
from testigo.cli.language import language, t

if TYPE_CHECKING:
    from testigo.bundle import Bundle
    from testigo.election import Contest, Profile
    from testigo.forensics.compare import Comparison, Side

EXAMPLE = "testigo compare RESULTS_V1.csv RESULTS_V2.csv --profile ve2024"

#: Stations of a kind that a person is shown; ``--json`` has all.
SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``testigo compare``."""
    what = t("a bundle, or a table (CSV, Parquet)", "un paquete, o una tabla (CSV, Parquet)")
    parser.add_argument("a", type=Path, metavar="A", help=what)
    parser.add_argument("b", type=Path, metavar="B", help=what)
    parser.add_argument(
        "--profile",
        metavar="P",
        help=t(
            "election profile, if neither A nor B is a bundle and there is no mapping",
            "perfil de la elección, si ni A ni B es un paquete y no hay mapa de columnas",
        ),
    )
    parser.add_argument("--contest", metavar="C", help=t("contest, if there are several", "cargo, si hay varios"))
    for side in ("a", "b"):
        parser.add_argument(
            f"--map-{side}",
            type=Path,
            metavar="FILE",
            help=t(
                f"which columns of {side.upper()} say what (TOML), if their names are unknown",
                f"qué dice cada columna de {side.upper()} (TOML), si sus nombres son desconocidos",
            ),
        )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare; 0 if nothing differs, 1 if something does."""
    from testigo.bundle import open_bundle
    from testigo.election import load_profile
    from testigo.forensics.compare import compare, comparison_json

    bundles = {path: open_bundle(path) for path in (arguments.a, arguments.b) if path.is_dir()}
    profile = next((bundle.profile for bundle in bundles.values()), None)
    if arguments.profile:
        profile = load_profile(arguments.profile)
    _same_election(profile, list(bundles.values()))
    contest = profile.contest(arguments.contest) if profile else None
    sides = [
        _side(path, bundles.get(path), mapping, profile, contest)
        for path, mapping in ((arguments.a, arguments.map_a), (arguments.b, arguments.map_b))
    ]
    comparison = compare(sides[0], sides[1], profile)
    if arguments.json:
        print_json(comparison_json(comparison))
    else:
        _show(comparison)
    return 0 if comparison.identical else 1


def _same_election(profile: Profile | None, bundles: list[Bundle]) -> None:
    from testigo.errors import InputError

    for bundle in bundles:
        if profile and bundle.profile.code != profile.code:
            raise InputError(
                f"{bundle.path} is of the election {bundle.profile.code}, not of {profile.code}.",
                "Compare publications of one election.",
            )


def _side(
    path: Path, bundle: Bundle | None, mapping: Path | None, profile: Profile | None, contest: Contest | None
) -> Side:
    from testigo.errors import InputError
    from testigo.forensics.compare import read_mapping, read_side, side_of_bundle

    if bundle is None:
        return read_side(path, read_mapping(mapping) if mapping else None, profile, contest)
    if mapping is not None:
        raise InputError(f"{path} is a bundle: it needs no mapping.", "Leave the option out.")
    return side_of_bundle(bundle, bundle.profile.contest(contest.code if contest else None))


def _show(comparison: Comparison) -> None:
    from testigo.forensics.compare import comparison_finding

    for side in (comparison.a, comparison.b):
        for note in side.notes:
            print(printable(str(note)))
    finding = comparison_finding(comparison)
    print(printable(f"A: {comparison.a.name}"))
    print(printable(f"B: {comparison.b.name}"))
    print(printable(finding.statement[language()]))
    if comparison.left_out:
        codes = ", ".join(comparison.left_out)
        print(printable(t(f"Not compared, in one side only: {codes}.", f"No comparados, solo en un lado: {codes}.")))
    _show_totals(comparison)
    _show_different(comparison)
    for name, codes_of_side in (("A", comparison.only_a), ("B", comparison.only_b)):
        if codes_of_side:
            listed = ", ".join(codes_of_side[:SHOWN]) + (" …" if len(codes_of_side) > SHOWN else "")
            print(printable(t(f"only in {name}: {listed}", f"solo en {name}: {listed}")))


def _show_totals(comparison: Comparison) -> None:
    width = max(len(code) for code in comparison.candidates)
    print(f"  {'':<{width}}  {'A':>12}  {'B':>12}  {'B − A':>12}")
    for code in comparison.candidates:
        a, b = comparison.totals_a[code], comparison.totals_b[code]
        print(printable(f"  {code:<{width}}  {number(a):>12}  {number(b):>12}  {number(b - a):>12}"))


def _show_different(comparison: Comparison) -> None:
    if comparison.different:
        print(t("other counts:", "otras cifras:"))
    for one in comparison.different[:SHOWN]:
        parts = [f"{code} {one.a[code]} → {one.b[code]}" for code in one.a if one.a[code] != one.b[code]]
        print(printable(f"  {one.station}  {', '.join(parts)}"))
    if len(comparison.different) > SHOWN:
        print("  …")
