"""``testigo serve``: database, programs, workers and sequencer, until Ctrl-C."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from testigo.cli.common import add_home, add_json, add_profile, home_of, print_json
from testigo.cli.language import t

if TYPE_CHECKING:
    from testigo.server.serve import Addresses

EXAMPLE = "testigo serve --profile ve2024 --register register.parquet"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``testigo serve``."""
    add_profile(parser, required=False)
    parser.add_argument(
        "--rehearsal",
        action="store_true",
        help=t(
            "mark the database as a rehearsal, for ever; drawn sheets are read",
            "marcar la base como simulacro, para siempre; se leen actas dibujadas",
        ),
    )
    add_home(parser)
    for name, what in (
        ("port", t("uploads", "los envíos")),
        ("review-port", t("typed readings", "las transcripciones")),
    ):
        parser.add_argument(
            f"--{name}",
            type=int,
            metavar="N",
            help=t(f"port for {what}; 0 chooses a free one", f"puerto para {what}; 0 elige uno libre"),
        )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Serve; 0 when asked to stop."""
    from testigo.election import load_profile
    from testigo.server.serve import serve
    from testigo.server.web.logs import configure_logging

    configure_logging("serve")

    def ready(addresses: Addresses) -> None:
        if arguments.json:
            print_json({"observer": addresses.observer, "review": addresses.review})
        else:
            print(t(f"Uploads:  {addresses.observer}", f"Envíos:          {addresses.observer}"))
            print(t(f"Readings: {addresses.review}", f"Transcripciones: {addresses.review}"))
            print(t("Ctrl-C stops.", "Ctrl-C detiene."))
        sys.stdout.flush()

    serve(
        home_of(arguments),
        load_profile(arguments.profile) if arguments.profile else None,
        arguments.register,
        rehearsal=arguments.rehearsal,
        port=arguments.port,
        review_port=arguments.review_port,
        ready=ready,
    )
    return 0
