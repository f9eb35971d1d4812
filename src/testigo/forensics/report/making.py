"""Run the analyses, and keep what they say.

How a report is made
--------------------
1. Run every analysis that was asked for, in order; one that cannot answer becomes a finding that says why.
2. Settle each finding: plain numbers, safe picture, the command that gives it again.
3. Put together the dossiers of the stations that were asked for.
"""

from __future__ import annotations

import logging
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from testigo.errors import InputError
from testigo.forensics.dossier import Dossier
from testigo.forensics.finding import Finding
from testigo.forensics.report.analyses import ANALYSES, Analysis, Context
from testigo.forensics.report.settling import not_run, settled

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Report:
    """What was found.

    Attributes:
        context: what was looked at.
        findings: (analysis, finding), in the order of the page.
        failed: codes of analyses that could not answer.
        dossiers: of the stations asked for.
    """

    context: Context
    findings: tuple[tuple[Analysis, Finding], ...]
    failed: tuple[str, ...]
    dossiers: tuple[Dossier, ...]

    @property
    def command(self) -> str:
        """The command that makes this report again."""
        return self.context.command

    def as_json(self) -> dict[str, Any]:
        """The whole report as plain JSON values, without pictures."""
        manifest = self.context.bundle.manifest
        return {
            "election": manifest.election,
            "contest": self.context.contest.code,
            "release": manifest.release,
            "manifest": manifest.sha256,
            "made": manifest.made,
            "rehearsal": manifest.rehearsal,
            "seed": self.context.seed,
            "command": self.command,
            "findings": [finding.as_json() for _, finding in self.findings],
            "failed": list(self.failed),
            "dossiers": [dossier.as_json() for dossier in self.dossiers],
        }


def make_report(context: Context, *, only: Sequence[str] = (), stations: Sequence[str] = ()) -> Report:
    """Analyse.

    Args:
        context: what to look at.
        only: codes of analyses; all if empty.
        stations: whose dossiers are wanted.

    Raises:
        InputError: no such analysis, or no such station.
    """
    chosen = _chosen(only)
    dossiers = tuple(context.dossiers.of(station) for station in dict.fromkeys(stations))
    found: list[tuple[Analysis, Finding]] = []
    failed: list[str] = []
    for done, analysis in enumerate(chosen):
        if context.progress is not None:
            context.progress(analysis.code, done, len(chosen))
        # 1
        try:
            answers = analysis.run(context)
        except Exception as error:  # one analysis must not cost the reader the others
            _log.warning("analysis %s failed", analysis.code, exc_info=not isinstance(error, InputError))
            answers = (not_run(analysis.code, error),)
            failed.append(analysis.code)
        # 2
        found += [(analysis, settled(answer, _again(context, analysis, answer))) for answer in answers]
    return Report(context, tuple(found), tuple(failed), dossiers)


def _again(context: Context, analysis: Analysis, finding: Finding) -> str:
    """The command that gives one finding again."""
    own = finding.reproduce.strip()
    if not own or own.startswith("testigo forensics"):
        return f"{context.command} --only {analysis.code} --json"
    again = own.replace("BUNDLE", shlex.quote(context.name))
    if own.startswith("testigo tally") and context.register_name:
        again += f" --register {shlex.quote(context.register_name)}"
    return again


def _chosen(only: Sequence[str]) -> tuple[Analysis, ...]:
    known = {analysis.code for analysis in ANALYSES}
    for code in only:
        if code not in known:
            raise InputError(f"There is no analysis {code!r}.", f"There are: {', '.join(a.code for a in ANALYSES)}.")
    return tuple(analysis for analysis in ANALYSES if not only or analysis.code in only)
