"""Step 7: every reading holds together, and every decision follows from its readings.

Rules of this module
--------------------
1. Decisions are made again, in the log's order, by the very function that makes them, from the readings that each
   names, the register in the bundle, and the decision before it.
2. What the operator asserts (same images, provenance) is taken from the decision, and listed under *not checked*.
3. A reading that came after a station's last decision must change nothing; one that would is a reading ignored.
4. What a code said is parsed again by the profile's grammar: a reading says exactly what its payload says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields

from testigo.bundle import Leaves
from testigo.bundle.manifest import LEDGER
from testigo.election import Profile, parse_payload
from testigo.errors import InputError
from testigo.records import Decision, Evidence, PublicReading, Standing, fact_problem
from testigo.review import RegisterFacts, changed, decide
from testigo.verify.report import Findings

Progress = Callable[[str, int, int], None]
Key = tuple[str, str]


def check_readings(profile: Profile, leaves: Leaves, found: Findings) -> None:
    """Every reading's counts fit the ballot and, where it read a code, are what the code says."""
    contests = {contest.code: contest for contest in profile.contests}
    for index, reading in leaves.readings.items():
        where = f"{LEDGER}, leaf {index} ({reading.contest} {reading.station})"
        contest = contests.get(reading.contest)
        if contest is None:
            found.problem("reading", where, f"the election has no contest {reading.contest!r}")
            continue
        wrong = fact_problem(reading.facts)
        if wrong:
            found.problem("reading", where, wrong)
        if Evidence.QR in reading.evidence:
            payload = parse_payload(contest, reading.payload)
            if payload is None:
                found.problem("reading", where, f"its payload is not one of this election: {reading.payload[:200]!r}")
                continue
            for name, said, read in (
                ("station", payload.code.station, reading.station),
                ("sheet_code", payload.code.text, reading.sheet_code),
                ("counts", payload.counts, reading.counts),
            ):
                if said != read:
                    found.problem("reading", where, f"{name}: the payload says {said}, the reading {read}")
        elif reading.payload:
            found.problem("reading", where, "it has a payload and does not say that it used a code")


def check_decisions(
    profile: Profile, facts: RegisterFacts, leaves: Leaves, found: Findings, progress: Progress | None = None
) -> None:
    """Make every decision again and compare it field by field."""
    readings = _by_key(leaves)
    contests = {contest.code for contest in profile.contests}
    since = _since(profile, leaves)
    replay = _Replay(profile, facts, leaves, found, since)
    keys = sorted(readings.keys() | leaves.decisions.keys())
    for done, key in enumerate(keys, 1):
        if key[0] in contests:
            replay.station(key, readings.get(key, []))
        else:
            found.problem("decision", f"{LEDGER}, {' '.join(key)}", f"the election has no contest {key[0]!r}")
        if progress is not None:
            progress("decisions", done, len(keys))
    replay.say_what_was_not_checked()
    _say_what_is_asserted(leaves, found)


def _by_key(leaves: Leaves) -> dict[Key, list[tuple[int, PublicReading]]]:
    readings: dict[Key, list[tuple[int, PublicReading]]] = {}
    for index, reading in leaves.readings.items():
        readings.setdefault((reading.contest, reading.station), []).append((index, reading))
    return readings


def _since(profile: Profile, leaves: Leaves) -> int:
    """From which leaf on the profile and register of this bundle have been in force."""
    now = leaves.configuration
    since = 0
    for index, leaf in sorted(leaves.configurations.items(), reverse=True):
        if (leaf.profile, leaf.register) != (now.profile, now.register):
            break
        since = index
    return since


class _Replay:
    def __init__(self, profile: Profile, facts: RegisterFacts, leaves: Leaves, found: Findings, since: int) -> None:
        self._profile, self._facts, self._leaves, self._found, self._since = profile, facts, leaves, found, since
        self._earlier = 0
        self._withdrawn: list[str] = []

    def station(self, key: Key, readings: Sequence[tuple[int, PublicReading]]) -> None:
        """Every decision of one (contest, station), then what came after the last one."""
        previous: tuple[int, Decision] | None = None
        for index, decision in self._leaves.decisions.get(key, []):
            where = f"{LEDGER}, leaf {index} ({' '.join(key)})"
            if decision.supersedes != (previous[0] if previous else None):
                said = decision.supersedes
                self._found.problem("decision", where, f"supersedes: {said} is not the decision before it")
            self._one_voice_each(decision, where)
            if index < self._since:
                self._earlier += 1
            elif decision.standing == Standing.WITHDRAWN and (previous is None or not _withdrawn(previous[1])):
                self._withdrawn.append(" ".join(key))
            else:
                self._again(decision, previous, where)
            previous = (index, decision)
        self._ignored(key, readings, previous)

    def _again(self, decision: Decision, previous: tuple[int, Decision] | None, where: str) -> None:
        inputs = [(index, self._leaves.readings[index]) for index in decision.inputs]
        made = self._decide((decision.contest, decision.station), inputs, decision, previous, where)
        if made is None or made == decision:
            return
        right, wrong = made.as_json(), decision.as_json()
        for name in (one.name for one in fields(decision)):
            if right[name] != wrong[name]:
                self._found.problem("decision", where, f"{name}: the rules give {right[name]}, the log {wrong[name]}")

    def _ignored(
        self, key: Key, readings: Sequence[tuple[int, PublicReading]], last: tuple[int, Decision] | None
    ) -> None:
        known = set(last[1].inputs) if last else set()
        further = [index for index, _ in readings if index not in known]
        if not further:
            return
        where = f"{LEDGER}, leaf {further[0]} ({' '.join(key)})"
        made = self._decide(key, readings, last[1] if last else None, last, where)
        if made is not None and changed(last[1] if last else None, made):
            what = f"the reading was ignored: with it the station would be {made.standing} by {made.rule}"
            if made.flags:
                what += f", flagged {', '.join(made.flags)}"
            self._found.problem("decision", where, what)

    def _decide(
        self,
        key: Key,
        inputs: Sequence[tuple[int, PublicReading]],
        asserted: Decision | None,
        previous: tuple[int, Decision] | None,
        where: str,
    ) -> Decision | None:
        assertions = (asserted.same_image, asserted.provenance) if asserted else ()
        facts = self._facts.of(key[1], *assertions)
        try:
            return decide(self._profile, key[1], key[0], inputs, facts, previous)
        except InputError as error:
            self._found.problem("decision", where, error.message)
            return None

    def _one_voice_each(self, decision: Decision, where: str) -> None:
        """No rule may count one person twice on one sheet, whatever the rules are."""
        if not set(decision.supports) <= set(decision.inputs):
            self._found.problem("decision", where, "supports: not all of them are among its inputs")
            return
        voices = [self._leaves.readings[index] for index in decision.supports]
        people = [(voice.person, voice.opened) for voice in voices if voice.person]
        if len(people) != len(set(people)):
            self._found.problem("decision", where, "supports: one person is counted twice for one sheet")

    def say_what_was_not_checked(self) -> None:
        """Decisions under an earlier configuration, and what the operator withdrew."""
        if self._earlier:
            self._found.skip(
                "earlier_configuration",
                f"decisiones tomadas con una configuración anterior, que no está en este paquete: {self._earlier}",
                f"decisions made under an earlier configuration, which is not in this bundle: {self._earlier}",
            )
        if self._withdrawn:
            names = ", ".join(self._withdrawn[:5]) + (" …" if len(self._withdrawn) > 5 else "")
            self._found.skip(
                "withdrawn",
                f"por qué el operador retiró actas: {len(self._withdrawn)} ({names})",
                f"why the operator withdrew sheets: {len(self._withdrawn)} ({names})",
            )


def _withdrawn(decision: Decision) -> bool:
    return decision.standing == Standing.WITHDRAWN


def _say_what_is_asserted(leaves: Leaves, found: Findings) -> None:
    if any(reading.person for reading in leaves.readings.values()):
        found.skip(
            "people",
            "que quienes transcribieron sean personas distintas (lo afirma el operador)",
            "that those who typed are different people (the operator's assertion)",
        )
    if leaves.opened:
        found.skip(
            "same_image",
            "qué imágenes son la misma y de cuántas fuentes vienen (lo afirma el operador)",
            "which images are the same and from how many sources they come (the operator's assertion)",
        )
    if any(Evidence.TABLE in reading.evidence for reading in leaves.readings.values()):
        found.skip(
            "source_table",
            "que las filas digan lo que dice la tabla de origen (no está en el paquete)",
            "that the rows say what the source table says (it is not in the bundle)",
        )
