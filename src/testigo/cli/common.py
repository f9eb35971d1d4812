"""What several verbs share: arguments, progress bars, and how numbers are shown."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testigo.cli.language import language, t

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testigo.election import Profile, Register

#: Called with (done, total) as work goes on.
Progress = Callable[[int, int], None]


def add_json(parser: argparse.ArgumentParser) -> None:
    """``--json``: the documented machine-readable answer on standard output."""
    parser.add_argument("--json", action="store_true", help=t("answer as JSON", "responder en JSON"))


def add_profile(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """``--profile`` and ``--register``."""
    parser.add_argument(
        "--profile",
        required=required,
        metavar="P",
        help=t(
            "election profile: a built-in name or a folder", "perfil de la elección: un nombre incluido o una carpeta"
        ),
    )
    add_register(parser)


def add_register(parser: argparse.ArgumentParser) -> None:
    """``--register``."""
    parser.add_argument(
        "--register",
        type=Path,
        metavar="FILE",
        help=t(
            "register of polling stations (CSV or Parquet); without it electors are unknown",
            "registro de mesas (CSV o Parquet); sin él se desconocen los electores",
        ),
    )


def add_home(parser: argparse.ArgumentParser) -> None:
    """``--home``: where the embedded database, the blobs and the keys lie."""
    parser.add_argument(
        "--home",
        type=Path,
        metavar="DIR",
        help=t(
            "where database, files and keys lie (default: $TESTIGO_HOME, else ~/.local/share/testigo)",
            "dónde están base, archivos y claves (por omisión: $TESTIGO_HOME, o ~/.local/share/testigo)",
        ),
    )


def home_of(arguments: argparse.Namespace) -> Path:
    """The folder that ``--home`` or the environment names."""
    if arguments.home is not None:
        return Path(arguments.home)
    return Path(os.environ.get("TESTIGO_HOME") or Path.home() / ".local" / "share" / "testigo")


def database_home(arguments: argparse.Namespace) -> Path:
    """As :func:`home_of`, for verbs that need a database that is there: a mistyped folder must not become a new one.

    Raises:
        InputError: there is none.
    """
    import django  # noqa: F401  (a missing extra is said before a missing database)

    from testigo.errors import InputError

    home = home_of(arguments)
    if not os.environ.get("DATABASE_URL") and not (home / "postgres" / "data" / "PG_VERSION").exists():
        raise InputError(
            f"There is no database in {home}.",
            "Name another --home, or begin one: testigo serve --profile P, or testigo ingest DIR --profile P.",
        )
    return home


def load_election(arguments: argparse.Namespace) -> tuple[Profile, Register | None]:
    """The profile, and the register if one was named."""
    from testigo.election import load_profile, read_register

    profile = load_profile(arguments.profile)
    return profile, read_register(profile, arguments.register) if arguments.register else None


@contextmanager
def progress_bar(label: str, *, unit: str = "") -> Iterator[Progress]:
    """A progress bar on standard error, silent where that is no terminal."""
    from tqdm import tqdm

    with tqdm(desc=label, unit=f" {unit}" if unit else "", disable=None, leave=False, file=sys.stderr) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show


@contextmanager
def stage_bars() -> Iterator[Callable[[str, int, int], None]]:
    """Progress bars for work in stages, one at a time, named after the stage."""
    from tqdm import tqdm

    bar: Any = None
    name = ""

    def show(stage: str, done: int, total: int) -> None:
        nonlocal bar, name
        if stage != name:
            if bar is not None:
                bar.close()
            bar, name = tqdm(desc=_stage(stage), total=total, disable=None, leave=False, file=sys.stderr), stage
        bar.total = total
        bar.update(done - bar.n)

    try:
        yield show
    finally:
        if bar is not None:
            bar.close()


#: Stages that parts tell of -> their names for a person.
_STAGES = {
    "rows": ("rows", "filas"),
    "images": ("images", "imágenes"),
    "pages": ("pages", "páginas"),
    "decisions": ("decisions", "decisiones"),
}


def _stage(name: str) -> str:
    return t(*_STAGES.get(name, (name, name)))


def printable(text: str) -> str:
    """The text with every control character replaced: what strangers wrote must not steer a terminal."""
    kept = text.replace("\N{NO-BREAK SPACE}", " ")
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in kept)


def sentence_of(kind: str, code: str) -> str:
    """A published code in plain words of the person's language; the code itself if it is unknown."""
    from testigo.election.sentences import sentence
    from testigo.errors import InternalError

    try:
        return sentence(kind, code, language())
    except InternalError:
        return code


def print_json(value: Any) -> None:
    """One JSON value on standard output."""
    print(json.dumps(value, ensure_ascii=False, indent=None))


def number(value: int) -> str:
    """A whole number with the language's thousands separators."""
    text = f"{value:,}"
    return text.replace(",", ".") if language() == "es" else text


def percent(part: int, whole: int) -> str:
    """A share with one decimal; a dash where there is no whole."""
    if whole == 0:
        return "—"
    text = f"{100 * part / whole:.1f} %"
    return text.replace(".", ",") if language() == "es" else text
