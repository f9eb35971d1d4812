"""The ``testigo`` command: one thin module per verb, imported only when that verb is used.

Rules of this module
--------------------
1. A verb is a module with ``HELP``, ``EXAMPLE``, ``add_arguments(parser)`` and ``run(arguments) -> int``.
2. Exit status: 0 yes or done, 1 the answer is no, 2 bad input (one clear sentence), 130 interrupted, 141 whoever read
   the output went away before its end: never 0, or ``verify B | head`` would call a failed bundle good.
3. A missing extra ends with status 2 and the command that installs it.
4. What a person reads is in their language (``TESTIGO_LANG``, else the locale); ``--json`` is the same in all, UTF-8.
5. What comes from files of strangers is shown without control characters: a bundle must not steer a terminal.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import os
import sys
from collections.abc import Sequence
from importlib import metadata
from typing import NoReturn

from testigo.cli.common import printable
from testigo.cli.language import t
from testigo.cli.parsing import Parser
from testigo.errors import InputError, InternalError, TestigoError, WireError

#: verb -> (module, extra that it needs (``tally``: only without a bundle), what it does).
VERBS: dict[str, tuple[str, str, tuple[str, str]]] = {
    "demo": (
        "demo",
        "all",
        (
            "a whole small election day on this machine, ending in a site to look at",
            "un pequeño día de elección completo en esta máquina, que termina en un sitio para mirar",
        ),
    ),
    "simulate": (
        "simulate",
        "simulate",
        (
            "draw sheets with published counts, marked SIMULACRO",
            "dibujar actas con cifras publicadas, marcadas SIMULACRO",
        ),
    ),
    "read": ("read", "reading", ("what the sheets say", "lo que dicen las actas")),
    "redact": (
        "redact",
        "reading",
        ("the picture of a sheet that everybody may see", "la imagen de un acta que todos pueden ver"),
    ),
    "ingest": ("ingest", "server", ("take files in", "recibir archivos")),
    "tally": ("tally", "server", ("totals, coverage, standings", "totales, cobertura, estado de las actas")),
    "bundle": ("bundle", "server", ("write a release from the database", "escribir una publicación desde la base")),
    "publish": ("publish", "site", ("the site from a bundle", "el sitio a partir de un paquete")),
    "verify": ("verify", "", ("check a bundle", "comprobar un paquete")),
    "compare": (
        "compare",
        "",
        ("two publications, station by station", "dos publicaciones, mesa por mesa"),
    ),
    "forensics": (
        "forensics",
        "forensics",
        (
            "what statistics can say of a bundle, each test with its validity, power and blind spots",
            "lo que la estadística puede decir de un paquete, cada prueba con su validez, potencia y puntos ciegos",
        ),
    ),
    "sample": (
        "sample",
        "forensics",
        (
            "a random sample of the sheets to check by hand, and what a check of it proves",
            "una muestra al azar de las actas para comprobar a mano, y qué prueba comprobarla",
        ),
    ),
    "quickcount": (
        "quickcount",
        "forensics",
        (
            "design a quick count from a past result: which stations to observe, and the error to expect",
            "diseñar un conteo rápido con un resultado pasado: qué mesas observar y qué error esperar",
        ),
    ),
    "register": ("register", "", ("build a register from published files", "construir el registro de mesas")),
    "import": (
        "import_",
        "",
        ("published counts of others, as a bundle", "cifras publicadas por otros, como paquete"),
    ),
    "serve": ("serve", "server", ("server, workers and database", "servidor, procesos y base de datos")),
    "token": ("token", "server", ("bearer tokens for pseudonyms", "credenciales para seudónimos")),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb.

    Args:
        argv: the words after ``testigo``; those of the process if not given.

    Returns:
        the exit status.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    verb = words[0] if words and words[0] in VERBS else None
    as_json = "--json" in words
    _open_streams(as_json=as_json)
    try:
        parser = build_parser(verb)
        arguments = parser.parse_args(words)
        if verb is None:
            parser.print_help()
            return 2
        status: int = arguments.run(arguments)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        print(t("Interrupted.", "Interrumpido."), file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Somebody read enough (`| head`): nothing more can be said to them, not even when Python closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except ModuleNotFoundError as error:
        return _missing(verb, error)
    except TestigoError as error:
        return _refuse(error, as_json=as_json)
    except OSError as error:
        return _refuse(_of_system(error), as_json=as_json)


def _open_streams(*, as_json: bool) -> None:
    """No letter of a name may break the output, whatever the terminal's encoding; JSON is UTF-8 everywhere."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if as_json and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")


def _of_system(error: OSError) -> WireError:
    """What the operating system refused and no verb foresaw, in our words."""
    what = error.strerror or str(error)
    place = f"{error.filename}: {what}." if error.filename else f"{what}."
    return WireError(place, "Check the path, its rights and the space on the disk, and try again.")


def command() -> NoReturn:
    """The process of the ``testigo`` command.

    It ends at once with the status of its work: threads of native libraries can abort a process while the interpreter
    is taken down, which would turn a good answer into a crash.
    """
    try:
        status = main()
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 0 if error.code is None else 2
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def build_parser(verb: str | None) -> argparse.ArgumentParser:
    """The command's parser; with a verb, only that verb's module is imported and its arguments added."""
    parser = Parser(
        prog="testigo",
        description=t(
            "Prove the result of an election from the tally sheets of its polling stations.",
            "Probar el resultado de una elección con las actas de sus mesas.",
        ),
    )
    version = f"testigo {metadata.version('testigo')}"
    parser.add_argument(
        "--version", action="version", version=version, help=t("show the version and exit", "mostrar la versión")
    )
    commands = parser.add_subparsers(title=t("verbs", "verbos"), metavar=t("verb", "verbo"))
    for name, (module, _extra, help_text) in VERBS.items():
        text = t(*help_text)
        if name != verb:
            commands.add_parser(name, help=text, add_help=False)
            continue
        implementation = importlib.import_module(f"testigo.cli.{module}")
        command = commands.add_parser(
            name,
            help=text,
            description=f"{text[:1].upper()}{text[1:]}.",
            epilog=t("example: ", "ejemplo: ") + implementation.EXAMPLE,
        )
        implementation.add_arguments(command)
        command.set_defaults(run=implementation.run)
    return parser


def _missing(verb: str | None, error: ModuleNotFoundError) -> int:
    if (error.name or "").split(".")[0] == "testigo":
        raise error
    extra = VERBS[verb][1] if verb else ""
    package = f"'testigo[{extra}]'" if extra else "testigo"
    print(
        t(
            f"`testigo {verb}` needs {error.name}, which is not installed. Install it: pip install {package}",
            f"`testigo {verb}` necesita {error.name}, que no está instalado. Instálelo: pip install {package}",
        ),
        file=sys.stderr,
    )
    return 2


def _refuse(error: TestigoError, *, as_json: bool) -> int:
    """Say what was wrong: all problems, as text or as the documented JSON list."""
    problems = error.problems if isinstance(error, InputError) else ()
    if as_json and problems:
        print(json.dumps([problem.as_json() for problem in problems], ensure_ascii=False))
    else:
        for problem in problems:
            print(printable(str(problem)), file=sys.stderr)
    print(printable(f"testigo: {error}"), file=sys.stderr)
    if isinstance(error, InternalError):
        print(
            t("This is a defect of Testigo; please report it.", "Es un defecto de Testigo; infórmelo."), file=sys.stderr
        )
    return error.exit_status


if __name__ == "__main__":
    sys.exit(main())
