"""``testigo read``: what sheets say, without server and database; one image, or a country's."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testigo.cli.common import add_json, number, printable, progress_bar
from testigo.cli.language import language, t

if TYPE_CHECKING:
    from testigo.recount.run import Engine, Recount, Summary
    from testigo.recount.sources import Found
    from testigo.recount.work import Settings

EXAMPLE = "testigo read --profile ve2024 --json sheets/*.jpg"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``testigo read``."""
    _add_what(parser)
    parser.add_argument("--profile", required=True, metavar="P", help=t("election profile", "perfil de la elección"))
    _add_how(parser)
    _add_where(parser)
    parser.add_argument(
        "--summary",
        action="store_true",
        help=t(
            "at the end, on standard error: sheets by code, by print, none; sheets per second",
            "al final, por la salida de errores: actas por código, por lo impreso, ninguna; actas por segundo",
        ),
    )
    add_json(parser)


def _add_how(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rehearsal",
        action="store_true",
        help=t("read drawings too (otherwise refused)", "leer también dibujos (si no, se rechazan)"),
    )
    parser.add_argument(
        "--print",
        dest="print_mode",
        choices=("needed", "always", "never"),
        metavar="MODE",
        default="needed",
        help=t(
            "read the print where the code gave no sheet or a weak one (needed), on every sheet, or never",
            "leer lo impreso donde el código no dio un acta o dio una débil (needed), en todas, o nunca",
        ),
    )
    parser.add_argument(
        "--parts",
        action="store_true",
        help=t(
            "the files are photos, some of parts of one sheet that overlap: join those",
            "los archivos son fotos, algunas de partes de un acta que se solapan: unirlas",
        ),
    )
    parser.add_argument(
        "--verdict",
        action="store_true",
        help=t("say whether each scan is good, and why not", "decir si cada escaneo es bueno, y por qué no"),
    )
    parser.add_argument(
        "--crops",
        type=Path,
        metavar="DIR",
        help=t(
            "write pictures of what disagrees (code, figures, words) into DIR",
            "escribir en DIR imágenes de lo que no concuerda (código, cifras, letras)",
        ),
    )


def _add_what(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help=t(
            "images, directories, s3://bucket/prefix or file:///directory",
            "imágenes, directorios, s3://bucket/prefijo o file:///directorio",
        ),
    )
    parser.add_argument(
        "--files-from",
        metavar="LIST",
        help=t("read names from a file, one per line (-: standard input)", "leer nombres de un archivo (-: entrada)"),
    )


def _add_where(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out",
        type=Path,
        metavar="OUT",
        help=t(
            "write the result to OUT (….jsonl, ….parquet, or a directory for both); killed and run again, it goes on",
            "escribir el resultado en OUT (….jsonl, ….parquet, o un directorio para ambos); tras un corte, continúa",
        ),
    )
    parser.add_argument(
        "--jobs", type=int, metavar="N", help=t("processes (default: every core)", "procesos (todos los núcleos)")
    )
    parser.add_argument(
        "--dask",
        metavar="ADDRESS",
        help=t(
            "read on the Dask cluster of this scheduler, which must see the same files",
            "leer en el clúster Dask de este planificador, que debe ver los mismos archivos",
        ),
    )


def run(arguments: argparse.Namespace) -> int:
    """Read; 0 when every file gave a sheet, 1 when some did not, 2 when a named file is not there."""
    from testigo.election import load_profile
    from testigo.errors import InputError
    from testigo.reading.batch import Options
    from testigo.recount.run import Recount
    from testigo.recount.work import Settings

    if arguments.jobs is not None and arguments.jobs < 1:
        raise InputError(f"Cannot read in {arguments.jobs} processes.", "Ask for 1 or more.")
    if arguments.parts:
        return _run_parts(arguments)
    profile = load_profile(arguments.profile)
    options = Options(
        rehearsal=arguments.rehearsal,
        print_mode=arguments.print_mode,
        verdict=arguments.verdict,
        crops=arguments.crops is not None,
    )
    settings = Settings(profile.source, options)
    found = _found(arguments)
    with progress_bar(t("reading", "leyendo"), unit=t("files", "archivos")) as progress:
        recount = Recount(found.items, settings, arguments.out, pictures=arguments.crops, progress=progress)
        try:
            _read(arguments, recount, settings)
        except KeyboardInterrupt:
            return _interrupted(arguments, recount.summary, len(found.items))
    if recount.was_void:
        print(
            t(
                "The unfinished result was of another version or of other options: everything was read again.",
                "El resultado sin terminar era de otra versión o de otras opciones: se leyó todo de nuevo.",
            ),
            file=sys.stderr,
        )
    if arguments.summary or arguments.out is not None:
        summary = recount.summary
        print(json.dumps(summary.as_json()) if arguments.json else _summary_sentence(summary), file=sys.stderr)
    if found.missing:
        print(_missing(found), file=sys.stderr)
    return 2 if recount.summary.missing else 1 if recount.summary.without else 0


def _run_parts(arguments: argparse.Namespace) -> int:
    from testigo.cli.read_parts import lines_of_parts

    every = True
    for line in lines_of_parts(arguments):
        every = every and line["by"] is not None
        _say(line, as_json=arguments.json)
    return 0 if every else 1


def _say(line: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(line, ensure_ascii=False), flush=True)
        return
    for sentence in _sentences(line):
        print(printable(sentence), flush=True)


def _found(arguments: argparse.Namespace) -> Found:
    """What to read. Raises :class:`InputError` if that is nothing."""
    from testigo.errors import InputError
    from testigo.recount.sources import find

    given = [*arguments.files, *_listed(arguments.files_from)]
    found = find(given, without=[path for path in (arguments.out, arguments.crops) if path])
    if len(found.items) == len(found.missing):
        if found.missing:
            raise InputError(_missing(found), t("Check the paths.", "Revise las rutas."))
        raise InputError(
            t(
                f"There is nothing to read here; {found.passed_over} files are no images by their names.",
                f"No hay nada que leer; {found.passed_over} archivos no son imágenes según su nombre.",
            ),
            t("Name files, directories, s3://… or --files-from.", "Dé archivos, directorios, s3://… o --files-from."),
        )
    if len(found.items) > len(given) or found.passed_over:
        files, passed = number(len(found.items)), number(found.passed_over)
        said = t(
            f"{files} files to read, {passed} passed over.", f"{files} archivos por leer, {passed} pasados por alto."
        )
        print(said, file=sys.stderr)
    return found


def _listed(where: str | None) -> list[str]:
    if where is None:
        return []
    text = sys.stdin.read() if where == "-" else Path(where).read_text(encoding="utf-8", errors="surrogateescape")
    return [name for name in text.splitlines() if name.strip()]


def _read(arguments: argparse.Namespace, recount: Recount, settings: Settings) -> None:
    """Read, and say what was read as it comes."""
    from testigo.recount.pool import Pool, cores

    with ExitStack() as stack:
        engine: Engine
        if arguments.dask:
            from testigo.recount.cluster import Cluster

            engine = stack.enter_context(Cluster(arguments.dask, settings))
        else:
            engine = stack.enter_context(Pool(arguments.jobs or cores(), settings))
        for lines in stack.enter_context(closing(recount.run(engine))):
            for line in lines:
                if arguments.json or arguments.out is None:
                    _say(line, as_json=arguments.json)


# ---------------------------------------------------------------------- what a person is told


def _sentences(line: dict[str, Any]) -> Iterator[str]:
    """One line of the answer for a person; then, where there are, its disagreements and the verdict on the scan."""
    file = line["file"]
    if line["by"] is None:
        yield f"{file}: {t('no sheet.', 'ningún acta.')} {_why(line['problems'])}"
    else:
        votes = " ".join(f"{code} {count}" for code, count in line["candidates"].items())
        yield f"{file}: {line['station']} ({line['contest']}): {votes}"
    names = {"qr": t("code", "código"), "figures": t("figures", "cifras"), "words": t("words", "letras")}
    for one in line["disagreements"] or ():
        said = ", ".join(f"{names[by]} {one[by]}" for by in names if one[by] is not None)
        yield f"{file}: {one['field']}: {said}{' → ' + one['crop'] if one['crop'] else ''}"
    if line["verdict"] is not None:
        good = t("good scan.", "buen escaneo.") if line["verdict"]["readable"] else t("scan again.", "repita.")
        yield f"{file}: {good} {_why(line['verdict']['reasons'])}".rstrip()


def _why(reasons: Iterable[dict[str, Any]]) -> str:
    return " ".join(f"{one[language()]} ({one['code']})" for one in reasons)


def _summary_sentence(summary: Summary) -> str:
    names = {
        "qr": t("by the code", "por el código"),
        "print": t("by the print", "por lo impreso"),
        "qr+print": t("by code and print together", "por código e impreso juntos"),
    }
    parts = [f"{number(count)} {names.get(by, by)}" for by, count in sorted(summary.sheets.items(), reverse=True)]
    sheets = ", ".join(parts) or t("none", "ninguna")
    again = t(f", {number(summary.again)} of them earlier", f", {number(summary.again)} de ellos antes")
    speed = f"{summary.per_second:.1f}"
    return t(
        f"{number(summary.files)} files read{again if summary.again else ''}. Sheets: {sheets}. "
        f"Files without a sheet: {number(summary.without)}. {speed} sheets per second.",
        f"{number(summary.files)} archivos leídos{again if summary.again else ''}. Actas: {sheets}. "
        f"Archivos sin acta: {number(summary.without)}. {speed} actas por segundo.",
    )


def _missing(found: Found) -> str:
    names = ", ".join(printable(name) for name in found.missing[:3]) + (", …" if len(found.missing) > 3 else "")
    count = len(found.missing)
    return t(f"Not found ({count}): {names}.", f"No se encontraron ({count}): {names}.")


def _interrupted(arguments: argparse.Namespace, summary: Summary, total: int) -> int:
    done = t(
        f"Interrupted after {number(summary.files)} of {number(total)} files.",
        f"Interrumpido tras {number(summary.files)} de {number(total)} archivos.",
    )
    then = t(" What was read is kept: the same command goes on.", " Lo leído se conserva: la misma orden continúa.")
    print(done + (then if arguments.out is not None else ""), file=sys.stderr)
    return 130
