"""``testigo import``: published counts of others, as a bundle to verify and analyse."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from testigo.cli.common import add_json, add_profile, load_election, number, print_json, printable, stage_bars
from testigo.cli.language import t

if TYPE_CHECKING:
    from testigo.importing import Imported

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
        answer: dict[str, object] = {"out": str(done.path), "stations": done.stations, "key": done.verifier_key}
        answer |= {"key_file": str(done.key_file) if done.key_file else None, "again": done.again}
        print_json({**answer, "notes": [note.as_json() for note in done.notes]})
        return 0
    _show(done)
    return 0


def _show(done: Imported) -> None:
    for note in done.notes:
        print(printable(str(note)))
    stations = number(done.stations)
    if done.again:
        print(t(f"{stations} stations were in {done.path} already.", f"{stations} mesas ya estaban en {done.path}."))
    else:
        print(t(f"{stations} stations imported into {done.path}.", f"{stations} mesas importadas en {done.path}."))
    if done.key_file:
        print(
            t(
                f"The private key that signed is {done.key_file}: whoever has it signs as you. Keep it to yourself.",
                f"La clave privada que firmó es {done.key_file}: quien la tenga firma como usted. No se la dé a nadie.",
            )
        )
    print(t("Verify it with: ", "Compruébelo con: ") + f"testigo verify {done.path} --key '{done.verifier_key}'")
