"""``testigo verify``: check a bundle, trusting nobody."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from testigo.cli.common import add_json, number, print_json, printable, sentence_of, stage_bars
from testigo.cli.language import language, t

if TYPE_CHECKING:
    from testigo.ledger import VerifierKey
    from testigo.verify import Report

EXAMPLE = "testigo verify bundle --key log.vkey"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``testigo verify``."""
    parser.add_argument("bundle", type=Path, metavar="DIR", help=t("the bundle", "el paquete"))
    parser.add_argument(
        "--key",
        metavar="KEY",
        help=t(
            "the log's verifier key, or the file that holds it, from another source than the bundle; "
            "without it the signer is unknown",
            "la clave verificadora del libro, o el archivo que la contiene, obtenida por otra vía que el paquete; "
            "sin ella no se sabe quién firma",
        ),
    )
    parser.add_argument(
        "--earlier",
        type=Path,
        metavar="FILE",
        help=t("a checkpoint of the same log that you kept", "un punto de control del mismo libro que usted guardó"),
    )
    parser.add_argument(
        "--previous",
        type=Path,
        metavar="DIR",
        help=t("the bundle of the previous release", "el paquete de la publicación anterior"),
    )
    parser.add_argument(
        "--no-images",
        action="store_true",
        help=t("do not read the images again", "no volver a leer las imágenes"),
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Verify; 0 if nothing differs, 1 if something does."""
    from testigo.verify import verify

    with stage_bars() as progress:
        report = verify(
            arguments.bundle,
            key=_key(arguments.key) if arguments.key else None,
            earlier=_read(arguments.earlier) if arguments.earlier else None,
            previous=arguments.previous,
            images=not arguments.no_images,
            progress=progress,
        )
    if arguments.json:
        print_json(report.as_json(language()))
    else:
        _show(report)
    return 0 if report.passed else 1


def _key(given: str) -> VerifierKey:
    """The key, given as itself or as a file's path."""
    from testigo.ledger import parse_verifier_key, read_verifier_key

    path = Path(given)
    if len(given) < 200 and path.is_file():
        return read_verifier_key(path)
    return parse_verifier_key(given)


def _read(path: Path) -> bytes:
    from testigo.errors import InputError

    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error


def _what_became(reason: str) -> str:
    """What became of receipts that gave no reading, in words."""
    if reason == "never_opened":
        return t("They were never opened.", "Nunca se abrieron.")
    if reason == "no_reading":
        return t("An image on which no sheet was read.", "Una imagen en la que no se leyó ningún acta.")
    return sentence_of("opening", reason)


def _show(report: Report) -> None:
    for problem in report.problems:
        print(printable(f"✗ {problem.text(language())}"))
    for one in report.not_checked:
        print(printable("· " + t("not checked: ", "no comprobado: ") + one.text(language())))
    for reason, count in report.receipts.items():
        if reason not in ("total", "read") and count:
            print(printable(f"· {t('receipts', 'recibos')}: {number(count)} · {reason}: {_what_became(reason)}"))
    print(report.sentence(language()))
