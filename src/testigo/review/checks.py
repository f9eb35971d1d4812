"""Every rule's answer about the counts that are to stand, each with its explanation.

Rules of this module
--------------------
1. Rules answer in the order of :data:`testigo.election.loading.RULES`; a rule that lacks a figure says not evaluable.
2. A printed figure counts if strictly more of the supporting readings give it than any other value: one mistyped
   total must not block a station, and none is chosen by chance.
3. Sameness of images is the operator's assertion; here it is only reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from testigo.election import Contest, Profile, arithmetic
from testigo.records import Check, Counts, Evidence, Outcome, PublicReading
from testigo.review.facts import Facts
from testigo.review.voices import Case, Voice

#: A reader's problem code that says: the figures and the words of a line differ.
WORDS_DIFFER = "words_differ"


def all_checks(
    contest: Contest, station: str, counts: Counts | None, supports: Sequence[PublicReading], case: Case, facts: Facts
) -> tuple[Check, ...]:
    """Every rule's answer. ``supports`` are the readings that carry ``counts``."""
    printed = agreed_figures(reading.printed for reading in supports)
    return (
        arithmetic.station_exists(station, facts.station_known),
        *_sums(counts, printed, facts.electors),
        _figures_equal_words(supports),
        _qr_equals_print(contest, case.voices),
        _unique_image(case, facts),
    )


def blocking(profile: Profile, checks: Iterable[Check]) -> tuple[Check, ...]:
    """The failed checks that, by the profile, prevent confirmation."""
    return tuple(c for c in checks if c.outcome == Outcome.FAIL and profile.rules[c.rule] == "block")


def agreed_figures(readings: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The printed figures on which the readings agree: name -> the value that most of them give."""
    given: dict[str, Counter[int]] = {}
    for printed in readings:
        for name, value in printed.items():
            given.setdefault(name, Counter())[value] += 1
    agreed = {}
    for name, values in sorted(given.items()):
        first, *others = values.most_common(2)
        if not others or others[0][1] < first[1]:
            agreed[name] = first[0]
    return agreed


def _sums(counts: Counts | None, printed: Mapping[str, int], electors: int | None) -> tuple[Check, ...]:
    if counts is None:
        rules = ("lines_sum_to_valid", "total_within_voters", "total_within_electors")
        none = tuple(Check(rule, Outcome.NOT_EVALUABLE.value, "no_counts", {}) for rule in rules)
        return (*none, arithmetic.voters_within_electors(printed, electors))
    return (
        arithmetic.lines_sum_to_valid(counts, printed),
        arithmetic.total_within_voters(counts, printed),
        arithmetic.total_within_electors(counts, printed, electors),
        arithmetic.voters_within_electors(printed, electors),
    )


def _figures_equal_words(supports: Sequence[PublicReading]) -> Check:
    # Until a reader compares figures and words, silence says nothing: only a reader's complaint is an answer.
    if any(WORDS_DIFFER in reading.problems for reading in supports):
        return Check("figures_equal_words", Outcome.FAIL.value, WORDS_DIFFER, {})
    return Check("figures_equal_words", Outcome.NOT_EVALUABLE.value, "no_words", {})


def _qr_equals_print(contest: Contest, voices: Sequence[Voice]) -> Check:
    rule = "qr_equals_print"
    codes = [voice for voice in voices if voice.used_qr]
    prints = [voice for voice in voices if voice.is_print]
    same_sheet = [(c, p) for c in codes for p in prints if c.reading.opened == p.reading.opened]
    for code, text in same_sheet:
        if not code.agrees_with(text):
            name, left, right = _first_difference(contest, code.counts, text.counts)
            return Check(rule, Outcome.FAIL.value, "qr_differs", {"code": name, "qr": left, "print": right})
    if any(code.reading.evidence == (Evidence.QR.value,) for code, _ in same_sheet):
        return Check(rule, Outcome.PASS.value, "qr_agrees", {})
    if same_sheet:  # that they agree says little: the print helped to read the code
        return Check(rule, Outcome.NOT_EVALUABLE.value, "qr_read_with_print", {})
    because = "no_qr" if not codes else "no_print" if not prints else "no_same_sheet"
    return Check(rule, Outcome.NOT_EVALUABLE.value, because, {})


def _first_difference(contest: Contest, left: Counts, right: Counts) -> tuple[str, int, int]:
    for codes, mine, theirs in (
        (contest.candidate_codes, left.candidates, right.candidates),
        (contest.line_codes, left.lines, right.lines),
    ):
        for code in codes:
            if mine is not None and theirs is not None and mine[code] != theirs[code]:
                return code, mine[code], theirs[code]
    if left.null is not None and right.null is not None and left.null != right.null:
        return "null", left.null, right.null
    return "blank", left.blank or 0, right.blank or 0


def _unique_image(case: Case, facts: Facts) -> Check:
    if facts.same_image:
        others = ", ".join(sorted(facts.same_image))
        return Check("unique_image", Outcome.FAIL.value, "image_shared", {"stations": others})
    if not case.from_image:
        return Check("unique_image", Outcome.NOT_EVALUABLE.value, "no_image", {})
    return Check("unique_image", Outcome.PASS.value, "image_alone", {})
