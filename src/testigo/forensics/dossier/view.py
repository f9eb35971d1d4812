"""One station's records, as the facts and the claims look at them.

Rules of this module
--------------------
1. Everything comes from the bundle, when it is asked for.
2. A code that has no sentence is shown as itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from testigo.election.sentences import explain, sentence
from testigo.errors import InputError, InternalError
from testigo.forensics.dossier.answers import Text
from testigo.forensics.dossier.facts import SheetFacts, facts_of
from testigo.records import Check, Decision, OpenedLeaf

if TYPE_CHECKING:
    from testigo.forensics.dossier.records import Dossiers, Row


def plain(kind: str, code: str) -> Text:
    """A published code in words; the code itself if it is unknown."""
    try:
        return {language: sentence(kind, code, language) for language in ("es", "en")}
    except InternalError:
        return {"es": code, "en": code}


class SheetView:
    """One station's records, as the facts and the claims look at them."""

    def __init__(self, dossiers: Dossiers, station: str, row: Row | None, readings: Sequence[Row]) -> None:
        self.dossiers, self.station, self.row, self.readings = dossiers, station, row, readings
        self.contest, self.bundle = dossiers.contest, dossiers.bundle

    @property
    def standing_text(self) -> Text:
        """The standing in words."""
        return plain("standing", self.row["standing"] if self.row else "missing")

    @cached_property
    def opened(self) -> list[tuple[int, OpenedLeaf]]:
        """The opened leaves that its readings come from."""
        return [(index, self.bundle.log.opened[index]) for index in (self.row["opened"] if self.row else ())]

    @cached_property
    def images(self) -> tuple[str, ...]:
        """SHA-256 of the published images."""
        return tuple(dict.fromkeys(self.row["sheets"])) if self.row else ()

    @cached_property
    def checks(self) -> tuple[dict[str, Any], ...]:
        """Each rule's answer, with its sentence."""
        found = []
        for one in json.loads(self.row["checks"]) if self.row else ():
            check = Check(**one)
            try:
                because = {language: explain(check, language) for language in ("es", "en")}
            except InternalError:
                because = {"es": check.because, "en": check.because}
            found.append(
                {
                    "rule": check.rule,
                    "question": plain("check", check.rule),
                    "outcome": check.outcome,
                    "outcome_text": plain("outcome", check.outcome),
                    "because": because,
                }
            )
        return tuple(found)

    def check(self, rule: str) -> dict[str, Any] | None:
        """The answer of one rule, if it was asked."""
        return next((check for check in self.checks if check["rule"] == rule), None)

    @cached_property
    def decisions(self) -> list[tuple[int, Decision]]:
        """Its decisions with their leaves, oldest first."""
        return self.bundle.history(self.contest.code, self.station)

    @cached_property
    def history(self) -> tuple[dict[str, Any], ...]:
        """What happened over time."""
        return tuple(
            {
                "leaf": index,
                "standing": decision.standing,
                "rule": decision.rule,
                "valid": decision.counts.valid if decision.counts else None,
                "text": {
                    language: f"{standing}: {plain('rule', decision.rule)[language]}"
                    for language, standing in plain("standing", decision.standing).items()
                },
            }
            for index, decision in self.decisions
        )

    @cached_property
    def proof(self) -> str:
        """The decision's ``.tlog-proof``; empty if the checkpoint does not cover it."""
        if self.row is None:
            return ""
        try:
            return self.bundle.ledger.proofs().file(self.row["decision"]).decode()
        except InputError:
            return ""

    @property
    def entry(self) -> str:
        """The decision's leaf as it stands in the log."""
        return self.decisions[-1][1].to_bytes().decode() if self.decisions else ""

    @property
    def payloads(self) -> tuple[str, ...]:
        """Payloads read from it, verbatim."""
        return tuple(dict.fromkeys(row["payload"] for row in self.readings if row["payload"]))

    @cached_property
    def facts(self) -> SheetFacts:
        """What its readings say of the sheet itself."""
        return facts_of(self.readings)

    @property
    def imported(self) -> bool:
        """Whether its counts come from somebody else's table."""
        return self.row is not None and self.row["standing"] == "imported"

    def shared(self, groups: Mapping[str, tuple[str, ...]], keys: Sequence[str]) -> tuple[str, ...]:
        """Other stations that have one of these keys."""
        return tuple(sorted({other for key in keys for other in groups.get(key, ()) if other != self.station}))
