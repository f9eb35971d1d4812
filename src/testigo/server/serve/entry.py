"""A child of the server: ``python -m testigo.server.serve.entry WHAT [FD]``.

``observer`` and ``review`` are the programs, with the descriptor of a listening socket; ``opener``, ``reader``,
``sequencer`` and ``sweeper`` need nothing. Each can also be run on another machine, by itself.

Rules of this module
--------------------
1. Logs are set up, and the role is chosen, before anything else is imported.
"""

from __future__ import annotations

import os
import sys

from testigo.server.web.logs import configure_logging

#: What runs -> (database role, Django's settings).
CHILDREN = {
    "observer": ("intake", "testigo.server.observer.settings"),
    "review": ("review", "testigo.server.review.settings"),
    "opener": ("opener", "testigo.server.settings"),
    "reader": ("reader", "testigo.server.settings"),
    "sequencer": ("sequencer", "testigo.server.settings"),
    "sweeper": ("opener", "testigo.server.settings"),
}


def main(arguments: list[str]) -> int:
    """Become that child."""
    what = arguments[0]
    os.environ["TESTIGO_ROLE"], os.environ["DJANGO_SETTINGS_MODULE"] = CHILDREN[what]
    os.umask(0o077)
    configure_logging(what)
    if what in ("observer", "review"):
        from testigo.server.serve.web import run_program

        return run_program(what, int(arguments[1]))
    if what == "sequencer":
        from testigo.server import sequencer

        return sequencer.main()
    from testigo.server.serve import workers

    return workers.sweep() if what == "sweeper" else workers.work({"opener": "open", "reader": "read"}[what])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
