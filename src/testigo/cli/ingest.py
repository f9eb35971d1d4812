"""``testigo ingest``: take files in, and drain the jobs before answering."""

from __future__ import annotations

import argparse
from pathlib import Path

from testigo.cli.common import (
    add_home,
    add_json,
    add_register,
    database_home,
    home_of,
    number,
    print_json,
    progress_bar,
    sentence_of,
)
from testigo.cli.language import t

EXAMPLE = "testigo ingest sheets --profile ve2024 --register register.parquet"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``testigo ingest``."""
    parser.add_argument("folder", type=Path, metavar="DIR", help=t("folder with images", "carpeta con imágenes"))
    parser.add_argument(
        "--profile",
        metavar="P",
        help=t(
            "election profile; needed the first time",
            "perfil de la elección; necesario la primera vez",
        ),
    )
    add_register(parser)
    parser.add_argument(
        "--rehearsal",
        action="store_true",
        help=t("a rehearsal: the database is marked for ever", "un simulacro: la base queda marcada para siempre"),
    )
    add_home(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Take in; always 0: what was refused is in the answer."""
    from testigo.election import load_profile
    from testigo.errors import InputError
    from testigo.server import operations

    home = home_of(arguments) if arguments.profile else database_home(arguments)
    files = _files(arguments.folder)
    if arguments.profile:
        profile = load_profile(arguments.profile)
        operations.configure(home, profile, arguments.register, rehearsal=arguments.rehearsal)
    elif arguments.register or arguments.rehearsal:
        raise InputError("--register and --rehearsal need --profile.", "Name the election's profile.")
    with progress_bar(t("taking in", "recibiendo")) as progress:
        report = operations.ingest(home, files, progress)
    answer = {
        "received": report.received,
        "again": report.again,
        "duplicates": report.duplicates,
        "images": report.images,
        "read": report.read,
        "refused": dict(report.refused),
    }
    if arguments.json:
        print_json(answer)
        return 0
    print(
        t(
            f"{number(report.received)} files received ({number(report.again)} of them again), "
            f"{number(report.duplicates)} duplicates, {number(report.images)} images, "
            f"{number(report.read)} with a sheet that was read.",
            f"{number(report.received)} archivos recibidos ({number(report.again)} ya lo habían sido), "
            f"{number(report.duplicates)} duplicados, {number(report.images)} imágenes, "
            f"{number(report.read)} con un acta leída.",
        )
    )
    for reason, count in sorted(report.refused.items()):
        print(f"    {number(count)} · {reason}: {sentence_of('opening', reason)}")
    return 0


def _files(folder: Path) -> list[Path]:
    """Every file below a folder, in order of name; hidden files and ``truth.json`` are not evidence."""
    from testigo.errors import InputError

    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder.", "Give the folder that holds the images.")
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != "truth.json")
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))
