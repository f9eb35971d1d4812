"""The one function that moves a station from standing to standing.

Rules of this module
--------------------
1. A decision follows from public readings, the facts and the decision before it; the same ones give the same decision,
   in whatever order they are handed over. A verifier replays it.
2. What was accepted stands. Readings that contradict it flag it *contested*; only a new adjudication changes its counts
   or lowers it. So one forged sheet per station cannot un-count an election.
3. What was not accepted is not accepted while evidence disagrees. Of counts in dispute the earlier decision's stay
   shown, else those of the earliest leaf: the ledger's order is fixed before anybody knows what follows. They are
   *documented* at most, flagged, and not in the headline.
4. A rule that blocks and fails leaves the counts documented and contested, with the failed check beside them.
5. Nothing here withdraws anything. A station that was withdrawn stays so until an adjudication after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from testigo.election import Contest, Profile
from testigo.errors import InputError
from testigo.records import Check, Counts, Decision, Flag, PublicReading, Standing
from testigo.review.checks import all_checks, blocking
from testigo.review.facts import Facts
from testigo.review.policies import Grounds, acceptance
from testigo.review.voices import Case, Voice, all_agree, hear

#: Names of rules beside the profile's policies.
NO_READING, MESSAGE, ONE_READING, DISPUTED, BLOCKED, IMPORTED = (
    "no_reading",
    "message",
    "one_reading",
    "disputed",
    "blocked",
    "imported",
)
OTHER_RULES = (NO_READING, MESSAGE, ONE_READING, DISPUTED, BLOCKED, IMPORTED)

_RANK = {
    Standing.MISSING: 0,
    Standing.REPORTED: 1,
    Standing.DOCUMENTED: 2,
    Standing.IMPORTED: 3,
    Standing.CONFIRMED: 4,
}


@dataclass(frozen=True, slots=True)
class _Finding:
    """What may be said: standing, rule, counts, the leaves that carry them, and whether evidence disagrees."""

    standing: Standing
    rule: str
    counts: Counts | None
    supports: tuple[int, ...]
    contested: bool = False


def decide(
    profile: Profile,
    station_code: str,
    contest_code: str,
    readings: Sequence[tuple[int, PublicReading]],
    facts: Facts,
    previous: tuple[int, Decision] | None = None,
) -> Decision:
    """Which counts stand for a station now.

    Args:
        readings: every public reading of (contest, station) so far, each with its leaf index; any order.
        facts: what the register and the operator say of the station.
        previous: the decision that stands until now, with its leaf index.

    1. Look at what is there. 2. Hear everybody who has a say. 3. Find what the readings alone allow.
    4. Let the earlier decision stand where nothing entitled changes it. 5. Check the counts. 6. Write it down.

    Raises:
        InputError: a reading belongs to another station or contest, stands twice, or one is missing on which the
            earlier decision rests.
    """
    # 1
    contest = profile.contest(contest_code)
    by_leaf = _by_leaf(station_code, contest_code, readings, previous)
    # 2
    case = hear(contest, by_leaf)
    # 3
    grounds = acceptance(profile).met(case)
    found = _find(case, grounds)
    checks = _checks(contest, station_code, found, by_leaf, case, facts)
    if found.counts is not None and blocking(profile, checks):
        found = _blocked(found)
    # 4
    final = _settle(found, case, grounds, previous[1] if previous else None)
    # 5
    if (final.counts, final.supports) != (found.counts, found.supports):
        checks = _checks(contest, station_code, final, by_leaf, case, facts)
    contested = final.contested or bool(final.counts is not None and blocking(profile, checks))
    # 6
    return Decision(
        contest=contest_code,
        station=station_code,
        standing=final.standing.value,
        rule=final.rule,
        counts=final.counts,
        inputs=tuple(sorted(by_leaf)),
        supports=final.supports,
        flags=_flags(contested, case, facts),
        checks=checks,
        provenance=facts.provenance,
        same_image=tuple(sorted(facts.same_image)),
        supersedes=previous[0] if previous else None,
    )


def changed(previous: Decision | None, decision: Decision) -> bool:
    """Whether a decision says anything that the earlier one did not, its place and its list of inputs apart."""
    if previous is None:
        return decision.standing != Standing.MISSING
    return replace(decision, inputs=previous.inputs, supersedes=previous.supersedes) != previous


def _by_leaf(
    station: str, contest: str, readings: Sequence[tuple[int, PublicReading]], previous: tuple[int, Decision] | None
) -> dict[int, PublicReading]:
    by_leaf = dict(readings)
    if len(by_leaf) != len(readings):
        raise InputError(f"A reading of {station} stands twice.", "Give every leaf once.")
    for leaf, reading in by_leaf.items():
        if (reading.station, reading.contest) != (station, contest):
            where = f"{reading.contest} at {reading.station}"
            raise InputError(f"The reading at leaf {leaf} is of {where}, not of {contest} at {station}.")
    lost = set(previous[1].inputs) - set(by_leaf) if previous else set()
    if lost:
        raise InputError(
            f"The earlier decision on {station} rests on the reading at leaf {min(lost)}, which is missing.",
            "Give every reading of the station so far.",
        )
    return by_leaf


def _find(case: Case, grounds: Grounds | None) -> _Finding:
    """What the readings alone allow."""
    if grounds is not None:
        leaves = tuple(voice.leaf for voice in grounds.voices)
        counts = _merged(grounds.voices)
        contested = any(not voice.counts.agrees_with(counts) for voice in _unsettled(case, grounds))
        return _Finding(Standing.CONFIRMED, grounds.rule, counts, leaves, contested)
    if case.tables:
        return _unconfirmed(Standing.IMPORTED, IMPORTED, case.tables, against=case.from_image)
    if case.from_image:
        return _unconfirmed(Standing.DOCUMENTED, ONE_READING, case.from_image)
    if case.messages:
        return _unconfirmed(Standing.REPORTED, MESSAGE, case.messages)
    return _Finding(Standing.MISSING, NO_READING, None, ())


def _unsettled(case: Case, grounds: Grounds) -> tuple[Voice, ...]:
    """Whose contradiction is not settled by the grounds.

    Two adjudicators settle what both could see: what stood in the ledger before either of their readings. One alone
    does not settle what came after the other.
    """
    if "adjudicated" not in grounds.policies:
        return case.from_image
    spoke = sorted(voice.leaf for voice in grounds.voices if voice in case.adjudications)
    later = [voice for voice in case.voices if voice.leaf > spoke[-2]]
    return (*later, *(voice for voice in case.adjudications if voice.leaf > spoke[-1]))


def _unconfirmed(standing: Standing, rule: str, voices: Sequence[Voice], against: Sequence[Voice] = ()) -> _Finding:
    """The earliest leaf's counts, with everybody who agrees."""
    carry = _around(voices[0].counts, voices)
    contested = not all_agree([*voices, *against])
    rule = DISPUTED if contested and standing is Standing.DOCUMENTED else rule
    return _Finding(standing, rule, _merged(carry), tuple(voice.leaf for voice in carry), contested)


def _blocked(found: _Finding) -> _Finding:
    """Counts that break a blocking rule: shown, and not accepted."""
    if found.standing is Standing.CONFIRMED:
        return replace(found, standing=Standing.DOCUMENTED, rule=BLOCKED, contested=True)
    return replace(found, contested=True)


def _settle(found: _Finding, case: Case, grounds: Grounds | None, previous: Decision | None) -> _Finding:
    """What stands, after what stood before."""
    if previous is None or _newly_adjudicated(grounds, previous):
        return found
    before = Standing(previous.standing)
    if before is Standing.WITHDRAWN:
        return _Finding(before, previous.rule, previous.counts, previous.supports)
    same = previous.counts is None or (found.counts is not None and found.counts.agrees_with(previous.counts))
    if _RANK[found.standing] < _RANK[before] or (before is Standing.CONFIRMED and not same):
        return _stands(found, case, previous)
    if found.standing is before and found.contested and not same:
        return _still_shown(found, case, previous)
    return found


def _newly_adjudicated(grounds: Grounds | None, previous: Decision) -> bool:
    if grounds is None or "adjudicated" not in grounds.policies:
        return False
    return not {voice.leaf for voice in grounds.voices} <= set(previous.inputs)


def _stands(found: _Finding, case: Case, previous: Decision) -> _Finding:
    """The earlier decision, contested if anybody who looked at an image says otherwise, or a check fails now."""
    counts = previous.counts
    against = counts is not None and any(not voice.counts.agrees_with(counts) for voice in case.from_image)
    contested = against or found.contested
    return _Finding(Standing(previous.standing), previous.rule, counts, previous.supports, contested)


def _still_shown(found: _Finding, case: Case, previous: Decision) -> _Finding:
    """In a dispute the counts that were shown stay, as long as anybody says so."""
    voices = {
        Standing.IMPORTED: case.tables,
        Standing.DOCUMENTED: case.from_image,
        Standing.REPORTED: case.messages,
    }[found.standing]
    carry = _around(previous.counts, voices) if previous.counts else ()
    if not carry:
        return found
    return replace(found, counts=_merged(carry), supports=tuple(voice.leaf for voice in carry))


def _around(counts: Counts, voices: Sequence[Voice]) -> tuple[Voice, ...]:
    """Those who agree with the counts and with each other, the earliest first."""
    carry: list[Voice] = []
    for voice in voices:
        if voice.counts.agrees_with(counts) and all(voice.agrees_with(other) for other in carry):
            carry.append(voice)
    return tuple(carry)


def _merged(voices: Sequence[Voice]) -> Counts:
    """What voices that agree know together: every number is one that somebody read, none is computed."""
    every = [voice.counts for voice in voices]
    return Counts(
        every[0].candidates,
        next((counts.lines for counts in every if counts.lines is not None), None),
        next((counts.null for counts in every if counts.null is not None), None),
        next((counts.blank for counts in every if counts.blank is not None), None),
    )


def _checks(
    contest: Contest,
    station: str,
    finding: _Finding,
    readings: Mapping[int, PublicReading],
    case: Case,
    facts: Facts,
) -> tuple[Check, ...]:
    supports = [readings[leaf] for leaf in finding.supports]
    return all_checks(contest, station, finding.counts, supports, case, facts)


def _flags(contested: bool, case: Case, facts: Facts) -> tuple[str, ...]:
    flags = {
        Flag.CONTESTED: contested,
        Flag.OUTVOTED: bool(case.outvoted),
        Flag.SAME_IMAGE: bool(facts.same_image),
    }
    return tuple(sorted(flag.value for flag, shown in flags.items() if shown))
