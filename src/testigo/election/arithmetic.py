"""The arithmetic of a sheet: rules that answer pass, fail or *not evaluable*, each with its explanation.

Rules of this module
--------------------
1. A rule that lacks a figure says ``not_evaluable`` and names the figure; it never passes for want of evidence.
2. Every answer carries the numbers it compared, so that anybody can do the sum again.
3. Nothing is corrected here, and nothing is compared with what is usual elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping

from testigo.records import Check, Counts, Outcome


def station_exists(station: str, known: bool | None) -> Check:
    """Whether the station is in the register. ``known`` is ``None`` where there is no complete register."""
    if known is None:
        return _missing("station_exists", "register")
    return _answer("station_exists", known, "in_register", "not_in_register", station=station)


def lines_sum_to_valid(counts: Counts, printed: Mapping[str, int]) -> Check:
    """Whether the votes sum to the printed total of valid votes. A QR alone carries no total."""
    return _equal("lines_sum_to_valid", "sum", counts.valid, "valid", printed.get("valid"))


def total_within_voters(counts: Counts, printed: Mapping[str, int]) -> Check:
    """Whether no more votes were counted than people voted (on the machine, else in the book)."""
    voters = printed.get("voters_machine", printed.get("voters_book"))
    return _within("total_within_voters", "cast", counts.cast, "voters", voters)


def total_within_electors(counts: Counts, printed: Mapping[str, int], registered: int | None) -> Check:
    """Whether no more votes were counted than electors are registered (in the register, else as printed)."""
    electors = registered if registered is not None else printed.get("electors")
    return _within("total_within_electors", "cast", counts.cast, "electors", electors)


def voters_within_electors(printed: Mapping[str, int], registered: int | None) -> Check:
    """Whether no more people voted than are registered (in the register, else as printed)."""
    voters = max((printed[name] for name in ("voters_machine", "voters_book") if name in printed), default=None)
    electors = registered if registered is not None else printed.get("electors")
    return _within("voters_within_electors", "voters", voters, "electors", electors)


def _missing(rule: str, figure: str) -> Check:
    return Check(rule, Outcome.NOT_EVALUABLE.value, f"no_{figure}", {})


def _answer(rule: str, good: bool, because: str, otherwise: str, **values: int | str) -> Check:
    outcome = Outcome.PASS if good else Outcome.FAIL
    return Check(rule, outcome.value, because if good else otherwise, values)


def _equal(rule: str, left_name: str, left: int | None, right_name: str, right: int | None) -> Check:
    if left is None or right is None:
        return _missing(rule, left_name if left is None else right_name)
    return _answer(rule, left == right, "equal", "different", **{left_name: left, right_name: right})


def _within(rule: str, part_name: str, part: int | None, whole_name: str, whole: int | None) -> Check:
    if part is None or whole is None:
        return _missing(rule, part_name if part is None else whole_name)
    return _answer(rule, part <= whole, "within", "exceeds", **{part_name: part, whole_name: whole})
