"""What a program found odd about a sheet is said in words wherever it is shown."""

from __future__ import annotations

import pytest

from testigo.election.oddities import ODDITIES, oddity


@pytest.mark.parametrize("code", sorted(ODDITIES))
def test_every_code_has_a_whole_sentence_in_each_language(code: str) -> None:
    assert set(ODDITIES[code]) == {"es", "en"}
    for language, text in ODDITIES[code].items():
        assert text.endswith("."), (code, language)
        assert oddity(code, language) == text


def test_a_code_of_tomorrow_is_shown_as_it_is() -> None:
    assert oddity("never_heard_of", "es") == "never_heard_of"
