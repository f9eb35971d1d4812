"""``testigo simulate``: draw sheets that carry published counts, marked SIMULACRO."""

from __future__ import annotations

import argparse
from pathlib import Path

from testigo.cli.common import add_json, add_profile, load_election, print_json, progress_bar
from testigo.cli.language import t

EXAMPLE = "testigo simulate --from RESULTADOS.csv --profile ve2024 --stations 500 --seed 1 --out sheets"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``testigo simulate``."""
    parser.add_argument(
        "--from",
        dest="table",
        type=Path,
        required=True,
        metavar="CSV",
        help=t("published counts to draw", "cifras publicadas que se dibujan"),
    )
    add_profile(parser)
    parser.add_argument(
        "--stations", type=int, default=500, metavar="N", help=t("how many stations (500)", "cuántas mesas (500)")
    )
    parser.add_argument("--seed", type=int, default=1, metavar="S", help=t("seed (1)", "semilla (1)"))
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help=t("folder for the images and truth.json", "carpeta para las imágenes y truth.json"),
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Draw; always 0."""
    from testigo.errors import InputError
    from testigo.importing import read_table, register_of
    from testigo.records import Counts
    from testigo.simulate import simulate_folder

    if arguments.stations < 1:
        raise InputError(f"Cannot draw {arguments.stations} stations.", "Ask for 1 or more.")
    profile, register = load_election(arguments)
    table = read_table(profile, arguments.table)
    codes = profile.contest(table.contest).candidate_codes
    counts = {row.station: Counts(dict(zip(codes, row.candidates, strict=True)), null=row.null) for row in table.rows}
    known = register if register is not None else register_of(profile, [table])
    with progress_bar(t("drawing", "dibujando"), unit=t("sheets", "actas")) as progress:
        truth = simulate_folder(
            profile, known, counts, arguments.stations, arguments.seed, arguments.out, progress, contest=table.contest
        )
    drawn = min(arguments.stations, len(counts))
    if arguments.json:
        print_json({"out": str(arguments.out), "sheets": drawn, "truth": str(truth)})
    else:
        print(
            t(
                f"{drawn} sheets drawn in {arguments.out}, all marked SIMULACRO.",
                f"{drawn} actas dibujadas en {arguments.out}, todas marcadas SIMULACRO.",
            )
        )
    return 0
