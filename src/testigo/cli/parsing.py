"""The parser of the command's words, in the person's language.

Rules of this module
--------------------
1. What ``argparse`` itself says (headings, usage, what is wrong with an argument) is in the same language as the rest.
2. A wrong word ends with status 2, the usage, and one sentence on standard error.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

from testigo.cli.language import language, t

#: What argparse says when a word is wrong, in Spanish; the longer text first where one holds another.
_SPANISH = (
    ("the following arguments are required:", "faltan estos argumentos:"),
    ("unrecognized arguments:", "argumentos desconocidos:"),
    ("ambiguous option:", "opción ambigua:"),
    ("could match", "puede ser"),
    ("not allowed with argument", "no se admite junto a"),
    ("expected at least one argument", "falta al menos un valor"),
    ("expected one argument", "falta su valor"),
    ("invalid choice:", "opción no válida:"),
    ("choose from", "elija entre"),
    ("invalid int value:", "no es un número entero:"),
    ("ignored explicit argument", "no lleva valor, y se dio"),
    ("argument ", "argumento "),
)


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the example on its line, so that it can be copied."""

    def add_usage(
        self, usage: str | None, actions: Iterable[Any], groups: Iterable[Any], prefix: str | None = None
    ) -> None:
        """As the standard one, with the heading in the person's language."""
        super().add_usage(usage, actions, groups, t("usage: ", "uso: ") if prefix is None else prefix)


class Parser(argparse.ArgumentParser):
    """``argparse``'s parser that speaks Spanish too."""

    def __init__(self, *, add_help: bool = True, **settings: Any) -> None:
        super().__init__(add_help=False, formatter_class=_Formatter, allow_abbrev=False, **settings)
        self._positionals.title = t("arguments", "argumentos")
        self._optionals.title = t("options", "opciones")
        if add_help:
            text = t("show this help and exit", "mostrar esta ayuda y terminar")
            self.add_argument("-h", "--help", action="help", default=argparse.SUPPRESS, help=text)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the words, and end with 2."""
        self.print_usage(sys.stderr)
        if language() == "es":
            for english, spanish in _SPANISH:
                message = message.replace(english, spanish)
        self.exit(2, f"{self.prog}: {message}\n")
