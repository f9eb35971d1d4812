"""A bundle -> a verdict. No server, no database, no network."""

from testigo.verify.report import KINDS, Finding, NotChecked, Report
from testigo.verify.verifier import verify

__all__ = ["KINDS", "Finding", "NotChecked", "Report", "verify"]
