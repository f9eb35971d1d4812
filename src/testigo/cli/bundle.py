"""``testigo bundle``: write a release from the database."""

from __future__ import annotations

import argparse
from pathlib import Path

from testigo.cli.common import add_home, add_json, database_home, number, print_json, stage_bars
from testigo.cli.language import t

EXAMPLE = "testigo bundle --out bundle-1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``testigo bundle``."""
    parser.add_argument(
        "--out", type=Path, required=True, metavar="B", help=t("folder of the new bundle", "carpeta del nuevo paquete")
    )
    parser.add_argument(
        "--why",
        action="append",
        default=[],
        metavar="LANG=TEXT",
        help=t(
            "what changed and why, once per language: --why es='…' --why en='…'",
            "qué cambió y por qué, una vez por idioma: --why es='…' --why en='…'",
        ),
    )
    add_home(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the release; always 0."""
    from testigo.server import operations

    with stage_bars() as progress:
        manifest = operations.release(database_home(arguments), arguments.out, _texts(arguments.why), progress)
    if arguments.json:
        answer = {"out": str(arguments.out), "release": manifest.release, "covers": manifest.covers}
        print_json({**answer, "manifest": manifest.sha256, "key": manifest.log_key})
        return 0
    print(
        t(
            f"Release {manifest.release} with {number(manifest.covers)} leaves is in {arguments.out}.",
            f"La publicación {manifest.release}, con {number(manifest.covers)} hojas, está en {arguments.out}.",
        )
    )
    print(t("Verify it with: ", "Compruébela con: ") + f"testigo verify {arguments.out} --key '{manifest.log_key}'")
    return 0


def _texts(given: list[str]) -> dict[str, str]:
    from testigo.errors import InputError

    texts = {}
    for entry in given:
        language, equals, text = entry.partition("=")
        if not equals or not text.strip() or not language.isalpha():
            raise InputError(f"--why {entry!r} is not LANG=TEXT.", "Write for example: --why es='Actas nuevas'.")
        texts[language] = text.strip()
    return texts
