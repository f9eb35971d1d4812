"""``testigo forensics``: findings of a bundle, as a page, as JSON and on paper."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from testigo.cli.common import add_json, add_register, print_json, printable, stage_bars
from testigo.cli.language import language, t

if TYPE_CHECKING:
    from testigo.forensics.report import Context, Report

EXAMPLE = "testigo forensics bundle --register register.parquet --out report.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``testigo forensics``."""
    parser.add_argument("bundle", type=Path, metavar="DIR", help=t("the bundle", "el paquete"))
    add_register(parser)
    parser.add_argument("--contest", metavar="C", help=t("contest, if there are several", "cargo, si hay varios"))
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help=t("seed of everything random (1)", "semilla del azar (1)")
    )
    parser.add_argument(
        "--station",
        action="append",
        default=[],
        metavar="CODE",
        help=t("also the dossier of this station's sheet; can be repeated", "también la ficha de esta mesa; repetible"),
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="CODE",
        help=t("only this analysis; can be repeated", "sólo este análisis; repetible"),
    )
    parser.add_argument(
        "--nuts",
        action="store_true",
        help=t("sample the mixture model too (minutes)", "muestrear también el modelo de mezcla (minutos)"),
    )
    parser.add_argument(
        "--no-images",
        action="store_true",
        help=t("do not compare the images with each other", "no comparar las imágenes entre sí"),
    )
    _add_output(parser)


def _add_output(parser: argparse.ArgumentParser) -> None:
    """The rest of them."""
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help=t("write the page (HTML)", "escribir la página (HTML)")
    )
    parser.add_argument("--pdf", type=Path, metavar="FILE", help=t("print the page (PDF)", "imprimir la página (PDF)"))
    parser.add_argument(
        "--lang",
        choices=("es", "en"),
        default=None,
        help=t("language of the page (default: yours)", "idioma de la página (por omisión, el suyo)"),
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Analyse and write; always 0: a finding is no verdict."""
    from testigo.forensics.report import make_report, print_pdf, render

    if arguments.pdf is not None:
        _needs_browser()
    if arguments.nuts:
        _needs_numpyro()
    with stage_bars() as progress:
        context = _context(arguments)
        context.progress = progress
        report = make_report(context, only=arguments.only, stations=arguments.station)
    lang = arguments.lang or language()
    if arguments.out is not None:
        _write(arguments.out, render(report, lang))
    if arguments.pdf is not None:
        print_pdf(render(report, lang, paper=True), arguments.pdf)
    if arguments.json:
        print_json(report.as_json())
    else:
        _show(report, arguments.out)
    return 0


def _context(arguments: argparse.Namespace) -> Context:
    from testigo.bundle import open_bundle
    from testigo.election import read_register
    from testigo.forensics.report import Context, with_register

    bundle = open_bundle(arguments.bundle)
    if arguments.register:
        bundle = with_register(bundle, read_register(bundle.profile, arguments.register))
    return Context(
        bundle,
        bundle.profile.contest(arguments.contest),
        seed=arguments.seed,
        nuts=arguments.nuts,
        images=not arguments.no_images,
        name=arguments.bundle.resolve().name,
        register_name=arguments.register.name if arguments.register else "",
    )


def _needs_browser() -> None:
    """Minutes of work must not end in a message that could have come first."""
    from testigo.errors import InputError
    from testigo.forensics.report import find_browser

    if find_browser() is None:
        raise InputError(
            "--pdf needs Chromium, which is not installed here.",
            "Install it (apt install chromium), or use --out and print the page from any browser.",
        )


def _needs_numpyro() -> None:
    import importlib.util

    from testigo.errors import InputError

    if importlib.util.find_spec("numpyro") is None:
        raise InputError(
            "--nuts needs NumPyro, which is not installed here.", "Install it: pip install 'testigo[eforensics]'."
        )


def _write(path: Path, page: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(page)


def _show(report: Report, out: Path | None) -> None:
    lang = language()
    for _, finding in report.findings:
        print(printable(f"· {finding.title[lang]}: {finding.statement[lang]}"))
    for dossier in report.dossiers:
        print(printable(f"· {dossier.station}: {dossier.standing_text[lang]}"))
        for claim in dossier.claims:
            print(printable(f"    {claim.claim[lang]}: {_answer(str(claim.answer), lang)}"))
            for evidence in claim.evidence:
                print(printable(f"      · {evidence[lang]}"))
            print(printable(f"      {t('Cannot be known', 'No se puede saber')}: {claim.cannot_know[lang]}"))
    if out is not None:
        print(t(f"Open {out}", f"Abra {out}"))


def _answer(code: str, lang: str) -> str:
    from testigo.forensics.dossier.answers import ANSWER_TEXTS

    return ANSWER_TEXTS[code][lang]
