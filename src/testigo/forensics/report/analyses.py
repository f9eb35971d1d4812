"""Every analysis of the report, in the order in which people read them.

Rules of this module
--------------------
1. **Adding an analysis is adding a line to** :data:`ANALYSES`: a code, a section of the page, and a function from
   :class:`Context` to findings.
2. Analyses import what they need when they run: a missing extra costs one finding, not the report.
3. Everything random comes from the context's seed.
"""

from __future__ import annotations

import copy
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from testigo.bundle import Bundle
from testigo.election import Contest, Register
from testigo.errors import InputError
from testigo.forensics.dossier import Dossiers, summary
from testigo.forensics.finding import Finding
from testigo.forensics.sheets import Sheets, sheets_of
from testigo.tally import Tally, counted_from_table, tally

#: Told (what is being done, done, all).
Progress = Callable[[str, int, int], None]


@dataclass
class Context:
    """What the analyses look at. Tables are made when first asked for, once.

    Attributes:
        bundle: the release; its register may have been replaced (:func:`with_register`).
        contest: the office.
        seed: of everything random.
        nuts: whether the mixture is sampled too, besides its mode.
        images: whether published images are compared with each other.
        name: of the bundle, as commands on the page call it.
        register_name: of the register that replaced the bundle's; empty if none did.
    """

    bundle: Bundle
    contest: Contest
    seed: int = 1
    nuts: bool = False
    images: bool = True
    progress: Progress | None = field(default=None, repr=False)
    name: str = "bundle"
    register_name: str = ""

    @cached_property
    def sheets(self) -> Sheets:
        """The counted stations as arrays."""
        found = sheets_of(self.bundle, self.contest.code)
        if not len(found):
            raise InputError("No station of this bundle is counted yet.", "Analyse a later release.")
        return found

    @cached_property
    def tally(self) -> Tally:
        """The totals, as `testigo tally` makes them."""
        register = self.bundle.register
        counted = counted_from_table(self.contest, register, self.bundle.tallies)
        return tally(self.bundle.profile, self.contest, register, counted)

    @cached_property
    def dossiers(self) -> Dossiers:
        """The sheets' dossiers."""
        return Dossiers(self.bundle, self.contest.code, images=self.images, progress=self.progress)

    @property
    def command(self) -> str:
        """The command that gives the same figures again; no path of this machine is in it."""
        words = ["testigo", "forensics", self.name]
        words += ["--register", self.register_name] if self.register_name else []
        words += ["--contest", self.contest.code] if len(self.bundle.profile.contests) > 1 else []
        words += ["--nuts"] if self.nuts else []
        return shlex.join([*words, "--seed", str(self.seed)])

    @property
    def leader(self) -> str:
        """The candidate with most votes; the first on the ballot of several."""
        totals = self.sheets.votes.sum(axis=0)
        return self.contest.candidate_codes[int(totals.argmax())]


Findings = tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    """One analysis: its code (``--only``), the section of the page where its findings stand, and what runs."""

    code: str
    section: str
    run: Callable[[Context], Findings]


def with_register(bundle: Bundle, register: Register) -> Bundle:
    """The same release seen with another register (one that knows electors); nothing on disk changes."""
    seen = copy.copy(bundle)
    seen.register = register
    return seen


# ------------------------------------------------------------------ one function per analysis


def _certainty(at: Context) -> Findings:
    from testigo.forensics.certainty import certainty_finding

    return (certainty_finding(at.tally),)


def _contradiction(at: Context) -> Findings:
    from testigo.forensics.contradiction_finding import contradiction_findings

    return tuple(contradiction_findings(at.sheets, at.bundle.register))


def _round_numbers(at: Context) -> Findings:
    from testigo.forensics.rounding_finding import rounding_findings

    return tuple(rounding_findings(at.bundle.profile, at.contest.code))


def _projection(at: Context) -> Findings:
    from testigo.forensics.projection import projection, roll_of

    return (projection(at.sheets, roll_of(at.bundle, at.sheets), at.seed),)


def _battery(at: Context) -> Findings:
    from testigo.forensics.battery import run_battery

    return run_battery(at.sheets, at.seed)


def _eforensics(at: Context) -> Findings:
    from testigo.forensics.eforensics import eforensics

    mode = eforensics(at.sheets, at.leader, at.seed)
    return (mode, eforensics(at.sheets, at.leader, at.seed, "nuts")) if at.nuts else (mode,)


def _dossiers(at: Context) -> Findings:
    return (summary(at.dossiers),)


ANALYSES: tuple[Analysis, ...] = (
    Analysis("certainty", "certainty", _certainty),
    Analysis("contradiction", "bulletins", _contradiction),
    Analysis("round_numbers", "bulletins", _round_numbers),
    Analysis("projection", "projection", _projection),
    Analysis("battery", "battery", _battery),
    Analysis("eforensics", "eforensics", _eforensics),
    Analysis("dossiers", "dossiers", _dossiers),
)
