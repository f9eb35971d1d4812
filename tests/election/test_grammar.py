"""The payload's grammar: what is drawn is read, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from testigo.election import (
    Profile,
    centre_of,
    find_payload,
    format_payload,
    format_sheet_code,
    load_profile,
    parse_payload,
    parse_profile,
    parse_sheet_code,
    station_code,
)
from testigo.election.simulacro import CODE_PREFIX
from testigo.errors import InputError
from testigo.records import Counts

REAL = "201301006.01.1.0001!140,7,10,8,1,7,1,0,2,3,0,1,8,1,0,1,0,3,1,1,0,1,0,0,0,0,0,0,1,2,0,0,0,5,7,155,1,1!0!0"

VE = load_profile("ve2024")
CONTEST = VE.contest()
VOTES = st.lists(st.integers(0, 99999), min_size=38, max_size=38)


def test_the_payload_of_the_field_notes_reads_as_published() -> None:
    payload = parse_payload(CONTEST, REAL)
    assert payload is not None
    votes = payload.counts.candidates
    assert [votes[c] for c in ("NM", "LM", "JABE", "JOBR", "AE", "CF", "DC", "EG", "EM", "BERA")] == [
        188, 6, 1, 1, 3, 0, 0, 167, 1, 1,
    ]  # fmt: skip
    assert payload.counts.valid == 368
    assert (payload.counts.null, payload.counts.blank) == (0, 0)
    assert payload.code.station == "201301006.01"
    assert payload.text == REAL


@given(votes=VOTES, null=st.integers(0, 99999), blank=st.integers(0, 99999))
def test_every_payload_that_is_written_is_read_back(votes: list[int], null: int, blank: int) -> None:
    lines = dict(zip(CONTEST.line_codes, votes, strict=True))
    counts = Counts(CONTEST.candidates_from_lines(lines), lines, null, blank)
    text = format_payload(CONTEST, "010101001.02.1.0001", counts)
    payload = parse_payload(CONTEST, text)
    assert payload is not None
    assert payload.counts == counts
    assert sum(payload.counts.candidates.values()) == sum(votes)


@given(text=st.text(max_size=200) | st.text("0123456789,.!", max_size=160))
@example("")
@example(CODE_PREFIX + "1")
@example("!" * 5000)
def test_no_other_text_is_taken_for_a_payload_and_none_breaks_it(text: str) -> None:
    payload = parse_payload(CONTEST, text)
    assert payload is None or format_payload(CONTEST, payload.code.text, payload.counts) == text


@given(position=st.integers(0, len(REAL) - 1), sign=st.characters())
def test_one_altered_character_is_refused_or_is_another_payload_in_full(position: int, sign: str) -> None:
    altered = REAL[:position] + sign + REAL[position + 1 :]
    payload = parse_payload(CONTEST, altered)
    if payload is not None:
        assert payload.text == altered
        assert format_payload(CONTEST, payload.code.text, payload.counts) == altered


@pytest.mark.parametrize(
    "altered",
    [
        REAL[:-1],
        REAL + "\n",
        " " + REAL,
        REAL + "!0",
        REAL.replace("!140,", "!0140,"),
        REAL.replace("!140,", "!-140,"),
        REAL.replace("!140,", "!١٤٠,"),
        REAL.replace("!140,", "!140000,"),
        REAL.replace("140,7,", "140,,7,"),
        REAL.replace("140,7,", "140,"),
        REAL.replace(".1.0001", ".2.0001"),
        REAL.replace("201301006", "20130100"),
    ],
)
def test_no_field_is_guessed_and_no_character_dropped(altered: str) -> None:
    assert parse_payload(CONTEST, altered) is None


def test_numbers_written_by_another_alphabet_are_not_digits() -> None:
    assert parse_sheet_code(CONTEST, "20130100٦.01.1.0001") is None


def test_the_sheet_code_tells_the_contest(altamar: Profile) -> None:
    president, assembly = altamar.contests
    code = format_sheet_code(assembly, "NB017-C")
    assert code == "A/NB017-C/1"
    assert parse_sheet_code(president, code) is None
    parsed = parse_sheet_code(assembly, code)
    assert parsed is not None
    assert (parsed.contest, parsed.station) == ("asamblea", "NB017-C")


def test_a_country_without_a_qr_has_no_payloads(altamar: Profile) -> None:
    assert find_payload(altamar.contests, REAL) is None
    with pytest.raises(InputError, match="carry no code"):
        format_payload(altamar.contests[0], "P/NB017-C/1", Counts({}))


def test_lost_leading_zeros_of_a_centre_are_put_back() -> None:
    assert station_code(VE, "10113042", "1") == "010113042.01"
    assert station_code(VE, "010113042", "10") == "010113042.10"
    assert station_code(VE, "10113042", "123") is None
    for odd in ("", "1011304x", "-1", "١"):
        assert station_code(VE, odd, "1") is None


def test_codes_that_are_not_numbers_are_taken_as_they_stand(altamar: Profile) -> None:
    assert station_code(altamar, "NB017", "C") == "NB017-C"
    assert station_code(altamar, "nb017", "C") is None
    assert station_code(altamar, "NB17", "C") is None
    assert centre_of(altamar, "NB017-C") == "NB017"
    with pytest.raises(InputError, match="NB017-c"):
        centre_of(altamar, "NB017-c")


def test_a_payload_of_candidates_only_gives_no_lines() -> None:
    """Another country's grammar: votes per candidate, electors, no lines."""
    source = VE.source.decode().replace(
        'fields = ["sheet_code", "lines",', 'fields = ["sheet_code", "electors", "candidates",'
    )
    contest = parse_profile(source.encode()).contest()
    text = "010101001.02.1.0001!500!1,2,3,4,5,6,7,8,9,10!1!2"
    payload = parse_payload(contest, text)
    assert payload is not None
    assert payload.counts.lines is None
    assert payload.counts.candidates["EG"] == 1
    assert payload.printed == {"electors": 500}
    assert format_payload(contest, payload.code.text, payload.counts, payload.printed) == text
