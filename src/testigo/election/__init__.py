"""What is to be counted: profile, register, territory, the sheet's grammar and arithmetic."""

from testigo.election.grammar import (
    Payload,
    SheetCode,
    centre_of,
    find_payload,
    format_payload,
    format_sheet_code,
    parse_payload,
    parse_sheet_code,
    station_code,
)
from testigo.election.layout import Block, Box, Layout
from testigo.election.loading import load_profile, parse_profile
from testigo.election.printing import Printing, SummaryRow
from testigo.election.profile import Candidate, Contest, Level, Line, Profile, QRGrammar, TableColumns
from testigo.election.register import (
    Area,
    Register,
    Station,
    parse_register,
    read_register,
    register_schema,
    write_register,
)

__all__ = [
    "Area",
    "Block",
    "Box",
    "Candidate",
    "Contest",
    "Layout",
    "Level",
    "Line",
    "Payload",
    "Printing",
    "Profile",
    "QRGrammar",
    "Register",
    "SheetCode",
    "Station",
    "SummaryRow",
    "TableColumns",
    "centre_of",
    "find_payload",
    "format_payload",
    "format_sheet_code",
    "load_profile",
    "parse_payload",
    "parse_profile",
    "parse_register",
    "parse_sheet_code",
    "read_register",
    "register_schema",
    "station_code",
    "write_register",
]
