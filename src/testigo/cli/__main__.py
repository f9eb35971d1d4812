"""``python -m testigo.cli``."""

from testigo.cli import command

command()
