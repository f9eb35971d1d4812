"""What is claimed of an answer is what was counted, and no more."""

from __future__ import annotations

import pytest

from testigo.reading.soft.confidence import BY_MARGIN, BY_UNUSED, Counted, confidence_of_plain


@pytest.mark.parametrize("counted", [*BY_MARGIN, *BY_UNUSED])
def test_no_class_claims_more_than_its_answers_bound(counted: Counted) -> None:
    """Were the claim the true share of right answers, all of them would be right with a chance of 5 % or less."""
    assert (counted.claim / 1000) ** counted.answers <= 0.05 or counted.claim == 999
    assert ((counted.claim + 1) / 1000) ** counted.answers > 0.05 or counted.claim == 999
    assert 0.999**counted.answers <= 0.05 or counted.claim < 999


def test_classes_cover_every_answer_and_less_evidence_never_claims_more() -> None:
    for classes in (BY_MARGIN, BY_UNUSED):
        least, claims = [c.least for c in classes], [c.claim for c in classes]
        assert least == sorted(least, reverse=True)
        assert least[-1] == 0.0
        assert claims == sorted(claims, reverse=True)
    assert [confidence_of_plain(unused) for unused in (1000, 300, 299, 0)] == [999, 999, 998, 996]
