"""``testigo token``: bearer tokens for pseudonyms. A token is shown once; only its hash is kept."""

from __future__ import annotations

import argparse

from testigo.cli.common import add_home, add_json, database_home, print_json
from testigo.cli.language import t

EXAMPLE = "testigo token --kind observer --count 20 --json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``testigo token``."""
    parser.add_argument(
        "--kind",
        required=True,
        choices=("observer", "hub", "reviewer"),
        help=t(
            "observer (photos), hub (flat scans), reviewer (typed readings)",
            "observer (fotos), hub (escaneos planos), reviewer (transcripciones)",
        ),
    )
    parser.add_argument("--count", type=int, default=1, metavar="N", help=t("how many (1)", "cuántas (1)"))
    add_home(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Issue tokens and show them."""
    from testigo.server.operations import issue_tokens

    issued = issue_tokens(database_home(arguments), arguments.kind, arguments.count)
    if arguments.json:
        print_json([{"pseudonym": pseudonym, "token": token} for pseudonym, token in issued])
    else:
        for pseudonym, token in issued:
            print(f"{pseudonym}  {token}")
    return 0
