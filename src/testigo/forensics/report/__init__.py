"""A bundle -> one page that a journalist can read and a statistician can check, and the same as JSON."""

from testigo.forensics.report.analyses import ANALYSES, Analysis, Context, with_register
from testigo.forensics.report.making import Report, make_report
from testigo.forensics.report.page import render
from testigo.forensics.report.pdf import find_browser, print_pdf

__all__ = [
    "ANALYSES",
    "Analysis",
    "Context",
    "Report",
    "find_browser",
    "make_report",
    "print_pdf",
    "render",
    "with_register",
]
