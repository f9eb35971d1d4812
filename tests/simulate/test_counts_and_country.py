"""Invented votes and places: exact where published counts are split, valid by the profile's grammar everywhere."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testigo.election import Profile, Register, centre_of, load_profile
from testigo.errors import InputError
from testigo.records import Counts
from testigo.simulate import invented_counts, invented_register, rehearsal_profile, split_lines
from testigo.simulate.votes import altered

CONTEST = load_profile("ve2024").contest()
VOTES = st.lists(st.integers(0, 2000), min_size=10, max_size=10)


@settings(max_examples=50, deadline=None)
@given(votes=VOTES, seed=st.integers(0, 5))
def test_published_votes_are_split_over_the_lines_to_the_last_vote(votes: list[int], seed: int) -> None:
    published = Counts(dict(zip(CONTEST.candidate_codes, votes, strict=True)), None, 3, None)
    split = split_lines(CONTEST, published, seed, "010101001.01")
    assert split.lines is not None
    assert CONTEST.candidates_from_lines(split.lines) == published.candidates
    assert min(split.lines.values()) >= 0
    assert (split.null, split.blank) == (3, 0)
    assert split_lines(CONTEST, published, seed, "010101001.01") == split
    assert split_lines(CONTEST, split, seed + 1, "x") is split


def test_every_invented_count_fits_its_station(ve: Profile, altamar: Profile) -> None:
    for profile in (ve, altamar):
        register = invented_register(profile, 80, 2)
        for contest in profile.contests:
            counts = invented_counts(contest, register, 2)
            assert set(counts) == set(register.rows)
            for code, votes in counts.items():
                station = register.find(code)
                assert station is not None
                assert station.electors is not None
                assert 0 < votes.cast <= station.electors
                assert votes.lines is not None
                assert contest.candidates_from_lines(votes.lines) == votes.candidates


def test_most_payloads_fit_the_code_of_the_real_sheets(ve: Profile) -> None:
    from testigo.election import format_payload

    counts = invented_counts(ve.contest(), invented_register(ve, 200, 2), 2)
    lengths = [len(format_payload(ve.contest(), "010101001.01.1.0001", votes)) for votes in counts.values()]
    assert sum(length <= 108 for length in lengths) >= 0.95 * len(lengths)


def test_a_lie_moves_votes_and_still_sums() -> None:
    lines = dict.fromkeys(CONTEST.line_codes, 0)
    for strongest, votes in (("MUD", 300), ("CONDE", 1)):
        honest_lines = lines | {strongest: votes}
        honest = Counts(CONTEST.candidates_from_lines(honest_lines), honest_lines, 1, 0)
        lie = altered(CONTEST, honest, "seed")
        assert lie.candidates != honest.candidates
        assert lie.cast == honest.cast
        assert lie.lines is not None
        assert CONTEST.candidates_from_lines(lie.lines) == lie.candidates


@pytest.mark.parametrize("stations", [1, 7, 240, 3000])
def test_an_invented_register_is_valid_at_every_size(ve: Profile, stations: int) -> None:
    register = invented_register(ve, stations, 4)
    assert len(register) == stations
    assert register.table.equals(invented_register(ve, stations, 4).table)
    for code in register.rows:
        assert re.fullmatch(ve.station.pattern, code)
        station = register.find(code)
        assert station is not None
        assert station.centre == centre_of(ve, code)
        assert station.centre.startswith(station.areas[-1])


def test_names_have_accents_and_some_places_share_theirs(register: Register, ve: Profile) -> None:
    large = invented_register(ve, 600, 4)
    names = large.table["centre_name"].to_pylist()
    assert any(re.search("[áéíóúñü]", name) for name in names)
    places = Counter(area.name for area in large.areas.values() if area.level == "parroquia")
    assert max(places.values()) > 1
    assert len(large.areas) > len(register.areas)


def test_a_country_without_numbers_in_its_codes_has_a_register(altamar: Profile) -> None:
    register = invented_register(altamar, 240, 4)
    assert len(register) == 240
    assert {len(code) for code in register.rows} == {7}
    assert {station.areas[0] for code in register.rows if (station := register.find(code))} == set(altamar.tiles)


def test_more_stations_than_codes_are_refused_in_words(altamar: Profile) -> None:
    with pytest.raises(InputError, match=r"fewer stations"):
        invented_register(altamar, 400_000, 4)


def test_the_profile_of_a_rehearsal_counts_its_own_stations(ve: Profile, altamar: Profile) -> None:
    for profile in (ve, altamar):
        register = invented_register(profile, 50, 4)
        rehearsal = rehearsal_profile(profile, register)
        assert rehearsal.national.stations == 50
        assert rehearsal.national.electors == sum(register.table["electors"].to_pylist())
        assert rehearsal.sha256 != profile.sha256
        assert rehearsal.contests == profile.contests
        assert Register(rehearsal, register.table).unnamed_stations == 0
        without = re.sub(r"(?ms)^\[national\].*?(?=^\[)", "", profile.source.decode())
        from testigo.election import parse_profile

        assert rehearsal_profile(parse_profile(without.encode()), register).national.stations == 50
