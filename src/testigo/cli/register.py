"""``testigo register``: the register of polling stations, from published files."""

from __future__ import annotations

import argparse
from pathlib import Path

from testigo.cli.common import add_json, number, print_json
from testigo.cli.language import t

EXAMPLE = "testigo register V1.csv V2.csv --profile ve2024 --out register.parquet"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``testigo register``."""
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help=t("published tables", "tablas publicadas"))
    parser.add_argument("--profile", required=True, metavar="P", help=t("election profile", "perfil de la elección"))
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help=t("register to write, .parquet or .csv", "registro que se escribe, .parquet o .csv"),
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Build a register; 0, or 2 with every problem."""
    from testigo.election import load_profile, write_register
    from testigo.errors import InputError
    from testigo.importing import build_register

    if arguments.out.suffix not in (".parquet", ".csv"):
        raise InputError(f"{arguments.out.name} is neither .parquet nor .csv.", "Choose one of the two endings.")
    profile = load_profile(arguments.profile)
    register = build_register(profile, arguments.files)
    write_register(register, arguments.out)
    unknown = register.table["electors"].null_count
    answer = {
        "out": str(arguments.out),
        "stations": register.total_stations,
        "named": len(register),
        "electors": register.total_electors,
        "electors_unknown": unknown,
    }
    if arguments.json:
        print_json(answer)
        return 0
    print(
        t(
            f"{number(len(register))} named stations of {number(register.total_stations)}; "
            f"electors unknown at {number(unknown)} of them. Written to {arguments.out}.",
            f"{number(len(register))} mesas con nombre de {number(register.total_stations)}; "
            f"en {number(unknown)} de ellas se desconocen los electores. Escrito en {arguments.out}.",
        )
    )
    return 0
