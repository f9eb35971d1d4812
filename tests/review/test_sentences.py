"""Every code that a record can hold is explained, in Spanish and in English."""

from __future__ import annotations

import itertools
import re
import string
from enum import StrEnum
from pathlib import Path

import pytest

import testigo.review.checks
from testigo.election import arithmetic
from testigo.election.loading import POLICIES, RULES
from testigo.election.sentences import LANGUAGES, SENTENCES, explain, sentence
from testigo.errors import InternalError
from testigo.records import Check, Counts, Evidence, Flag, Opening, Outcome, Provenance, Standing, Withheld
from testigo.review import OTHER_RULES

ENUMS: dict[str, type[StrEnum]] = {
    "standing": Standing,
    "flag": Flag,
    "outcome": Outcome,
    "provenance": Provenance,
    "evidence": Evidence,
    "withheld": Withheld,
    "opening": Opening,
}


@pytest.mark.parametrize("kind", ENUMS)
def test_every_value_has_a_sentence_and_no_sentence_is_without_a_value(kind: str) -> None:
    assert set(SENTENCES[kind]) == {value.value for value in ENUMS[kind]}


def test_every_rule_and_policy_has_a_sentence() -> None:
    assert set(SENTENCES["rule"]) == {*POLICIES, *OTHER_RULES}
    assert set(SENTENCES["check"]) == set(RULES)


def test_every_sentence_exists_in_every_language_and_none_is_the_same_in_both() -> None:
    for kind, code, texts in [(k, c, texts) for k, of in SENTENCES.items() for c, texts in of.items()]:
        assert set(texts) == set(LANGUAGES), (kind, code)
        assert len(set(texts.values())) == len(LANGUAGES), (kind, code)
        assert all(text.strip() for text in texts.values())


def test_both_languages_name_the_same_numbers() -> None:
    for code, texts in SENTENCES["because"].items():
        names = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts.values()]
        assert names[0] == names[1], code


def arithmetic_answers() -> list[Check]:
    """What the arithmetic can answer: every rule with every figure there or not, right or wrong."""
    counts, answers = Counts({"A": 50}), []
    for known in (None, True, False):
        answers.append(arithmetic.station_exists("1", known))
    for valid, voters, electors in itertools.product((None, 50, 40, 60), repeat=3):
        given = {"valid": valid, "voters_machine": voters, "electors": electors}
        printed = {name: value for name, value in given.items() if value is not None}
        answers.append(arithmetic.lines_sum_to_valid(counts, printed))
        answers.append(arithmetic.total_within_voters(counts, printed))
        answers.append(arithmetic.total_within_electors(counts, printed, None))
        answers.append(arithmetic.voters_within_electors(printed, None))
    return answers


def test_every_reason_of_the_arithmetic_can_be_said_in_every_language() -> None:
    answers = arithmetic_answers()
    assert len({(check.rule, check.because) for check in answers}) == 16
    for check, language in itertools.product(answers, LANGUAGES):
        text = explain(check, language)
        assert "{" not in text
        assert all(str(value) in text for value in check.values.values())


def test_every_reason_that_the_checks_name_has_a_sentence() -> None:
    source = Path(testigo.review.checks.__file__).read_text()
    named = set(re.findall(r'"(no_[a-z_]+|qr_(?:agrees|differs)|image_[a-z]+|words_differ)"', source))
    assert len(named) == 11
    assert named <= {code.partition(".")[2] for code in SENTENCES["because"]}


def test_an_unknown_code_is_our_own_bug_and_says_so() -> None:
    with pytest.raises(InternalError, match="no_such"):
        sentence("flag", "no_such", "es")


def test_policies_of_one_list_are_said_one_after_the_other() -> None:
    both = sentence("rule", "qr_confirmed_by_print+two_people_agree", "en")
    assert "QR" in both
    assert "people typed" in both
