"""``testigo publish``: the site from a bundle."""

from __future__ import annotations

import argparse
from pathlib import Path

from testigo.cli.common import add_json, number, print_json, stage_bars
from testigo.cli.language import t

EXAMPLE = "testigo publish bundle --out site"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``testigo publish``."""
    parser.add_argument("bundle", type=Path, metavar="DIR", help=t("the bundle", "el paquete"))
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="SITE",
        help=t("folder of the site; again: only what changed", "carpeta del sitio; otra vez: sólo lo que cambió"),
    )
    parser.add_argument(
        "--base-url",
        default="",
        metavar="URL",
        help=t(
            "where it will be, for the picture of a forwarded link alone",
            "dónde estará, sólo para la imagen de un enlace reenviado",
        ),
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the site; always 0."""
    from testigo.publish import publish

    with stage_bars() as progress:
        report = publish(arguments.bundle, arguments.out, base_url=arguments.base_url, progress=progress)
    if arguments.json:
        print_json(
            {
                "out": str(arguments.out),
                "pages": report.pages,
                "written": report.written,
                "unchanged": report.unchanged,
                "removed": report.removed,
            }
        )
        return 0
    print(
        t(
            f"{number(report.pages)} pages: {number(report.written)} files written, "
            f"{number(report.unchanged)} unchanged, {number(report.removed)} removed. Open {arguments.out}/index.html",
            f"{number(report.pages)} páginas: {number(report.written)} archivos escritos, "
            f"{number(report.unchanged)} sin cambios, {number(report.removed)} retirados. "
            f"Abra {arguments.out}/index.html",
        )
    )
    return 0
