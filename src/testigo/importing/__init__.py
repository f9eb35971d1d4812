"""Counts published by others: read strictly, and turned into a register or a bundle, without a database."""

from testigo.importing.registers import build_register, register_of
from testigo.importing.release import Imported, import_table, leaves_of
from testigo.importing.table import PublishedTable, Row, parse_table, read_table

__all__ = [
    "Imported",
    "PublishedTable",
    "Row",
    "build_register",
    "import_table",
    "leaves_of",
    "parse_table",
    "read_table",
    "register_of",
]
