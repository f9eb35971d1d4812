"""``testigo read``: what sheets say, without server and database."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from testigo.cli.common import add_json, printable, progress_bar
from testigo.cli.language import language, t

EXAMPLE = "testigo read --profile ve2024 --json sheets/*.jpg"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``testigo read``."""
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help=t("images", "imágenes"))
    parser.add_argument("--profile", required=True, metavar="P", help=t("election profile", "perfil de la elección"))
    parser.add_argument(
        "--rehearsal",
        action="store_true",
        help=t("read drawings too (otherwise refused)", "leer también dibujos (si no, se rechazan)"),
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read; 0 when every file gave a sheet, 1 when some did not."""
    from testigo.election import load_profile
    from testigo.errors import InputError
    from testigo.reading import as_json, read_sheet

    profile = load_profile(arguments.profile)
    every = True
    with progress_bar(t("reading", "leyendo"), unit=t("files", "archivos")) as progress:
        for done, path in enumerate(arguments.files, 1):
            try:
                data = path.read_bytes()
            except OSError as error:
                raise InputError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
            found = read_sheet(profile, data, rehearsal=arguments.rehearsal)
            every = every and bool(found.found)
            for line in as_json(str(path), found):
                print(json.dumps(line, ensure_ascii=False) if arguments.json else printable(_sentence(line)))
            progress(done, len(arguments.files))
    return 0 if every else 1


def _sentence(line: dict[str, object]) -> str:
    if line["by"] is None:
        problems = line["problems"]
        assert isinstance(problems, list)  # noqa: S101  (the documented shape)
        why = " ".join(f"{problem[language()]} ({problem['code']})" for problem in problems)
        return f"{line['file']}: {t('no sheet.', 'ningún acta.')} {why}"
    candidates = line["candidates"]
    assert isinstance(candidates, dict)  # noqa: S101  (the documented shape)
    votes = " ".join(f"{code} {count}" for code, count in candidates.items())
    return f"{line['file']}: {line['station']} ({line['contest']}): {votes}"
