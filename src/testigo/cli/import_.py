"""``testigo import``: published counts of others, as a bundle to verify and analyse."""

from __future__ import annotations

import argparse
from pathlib import Path

from testigo.cli.common import add_json, add_profile, load_election, number, print_json, stage_bars
from testigo.cli.language import t

EXAMPLE = "testigo import RESULTADOS.csv --profile ve2024 --out bundle"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``testigo import``."""
    parser.add_argument(
        "file", type=Path, metavar="FILE", help=t("the published table (CSV)", "la tabla publicada (CSV)")
    )
    add_profile(parser)
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help=t("folder of the bundle", "carpeta del paquete")
    )
    parser.add_argument(
        "--log-key",
        type=Path,
        metavar="FILE",
        help=t(
            "private key that signs the log; without one a fresh key is written to DIR.log-key",
            "clave privada que firma el libro; sin ella se escribe una nueva en DIR.log-key",
        ),
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Import a table; 0, or 2 with every problem."""
    from testigo.importing import import_table

    profile, register = load_election(arguments)
    with stage_bars() as progress:
        done = import_table(
            profile,
            arguments.file,
            arguments.out,
            register=register,
            log_key=arguments.log_key,
            progress=progress,
        )
    if arguments.json:
        answer = {"out": str(done.path), "stations": done.stations, "key": done.verifier_key}
        print_json({**answer, "notes": [note.as_json() for note in done.notes]})
        return 0
    for note in done.notes:
        print(note)
    print(
        t(
            f"{number(done.stations)} stations imported into {done.path}.",
            f"{number(done.stations)} mesas importadas en {done.path}.",
        )
    )
    print(t("Verify it with: ", "Compruébelo con: ") + f"testigo verify {done.path} --key '{done.verifier_key}'")
    return 0
