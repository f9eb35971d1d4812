"""Totals: the mistakes that peers made, and the numbers against a naive count."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from testigo.election import Register, register_schema
from testigo.errors import InputError
from testigo.records import AT_LEAST, Standing
from testigo.tally import FIELDS, as_json, counted_from_table, tally

Story = Any
Make = Callable[..., Story]


def test_two_sheets_of_one_place_are_summed_and_not_one_of_them_taken(story: Make) -> None:
    result = story().station("c1.1", {"A": 100}).station("c1.2", {"A": 50}).tally()
    for place in (result.area("0101"), result.area("01"), result.area("XX"), result.country, result.centre("c1")):
        assert place.candidates == {"A": 150, "B": 0, "C": 0}
        assert place.with_tally == 2


def test_places_with_equal_names_do_not_merge(story: Make) -> None:
    result = story().station("c1.1", {"A": 10}).station("c4.1", {"B": 7}).tally()
    one, other = result.area("0101"), result.area("0201")
    assert one.name == other.name == "Bolívar"
    assert (one.valid, other.valid, result.country.valid) == (10, 7, 17)
    assert [centre.valid for centre in result.centres()] == [10, 0, 0, 7, 0]  # all called School


def test_a_tie_is_said_and_nobody_leads(story: Make) -> None:
    result = story().station("c1.1", {"A": 5, "B": 2}).station("c4.1", {"B": 3, "C": 1}).tally()
    country = result.country
    assert (country.tied, country.leader, country.lead) == (("A", "B"), None, 0)
    assert (result.area("01").leader, result.area("01").tied, result.area("01").lead) == ("A", (), 3)


def test_nobody_votes(story: Make) -> None:
    answer = as_json(story().station("c1.1", {}, null=0, blank=0).tally())
    assert answer["stations"]["with_tally"] == 1
    assert [c["share"] for c in answer["candidates"]] == [None, None, None]
    assert (answer["leader"], answer["tied"], answer["lead"], answer["turnout"]) == (None, [], 0, 0.0)
    assert (answer["null"], answer["blank"]) == (0, 0)


def test_nothing_has_arrived(story: Make) -> None:
    answer = as_json(story(stations=7).tally())
    assert answer["stations"]["by_standing"]["missing"] == answer["stations"]["registered"] == 7
    assert (answer["valid"], answer["null"], answer["turnout"], answer["coverage"]["stations"]) == (0, 0, None, 0.0)
    assert answer["certainty"]["certain"] is False


def test_a_candidate_without_votes_is_listed_with_zero(story: Make) -> None:
    answer = as_json(story().station("c1.1", {"A": 3}).tally())
    assert answer["candidates"][2]["code"] == "C"
    assert (answer["candidates"][2]["votes"], answer["candidates"][2]["share"]) == (0, 0.0)


def test_an_area_without_sheets_is_there_and_says_so(story: Make) -> None:
    result = story().station("c1.1", {"A": 3}).tally()
    area = result.area("0301")
    assert (area.registered, area.with_tally, area.valid, area.leader, area.turnout) == (1, 0, 0, None, None)
    assert area.share("A") is None
    assert area.by_standing["missing"] == 1


def test_a_contested_station_still_counts_and_is_shown(story: Make) -> None:
    result = story().station("c1.1", {"A": 3}, contested=True).station("c3.1", {"B": 1}, "reported", contested=True)
    country = result.tally().country
    assert (country.candidates["A"], country.with_tally, country.contested, country.contested_counted) == (3, 1, 2, 1)
    assert result.tally().centre("c3").contested == 1


def every_standing(make: Make) -> Story:
    day = make()
    for (code, votes), standing in zip(
        {"c1.1": 1, "c1.2": 10, "c3.1": 100, "c4.1": 1000}.items(),
        ("reported", "documented", "confirmed", "imported"),
        strict=True,
    ):
        day.station(code, {"A": votes}, standing)
    return day.station("c4.2", None, "withdrawn").station("c5.1", None, "missing")


@pytest.mark.parametrize(
    ("at_least", "votes"), [("confirmed", 1100), ("imported", 1000), ("documented", 1110), ("reported", 1111)]
)
def test_the_headline_counts_the_standing_asked_for_and_better(story: Make, at_least: str, votes: int) -> None:
    result = every_standing(story).tally(at_least=Standing(at_least))
    answer = as_json(result)
    assert answer["candidates"][0]["votes"] == answer["valid"] == votes
    assert answer["standing"] == at_least
    assert answer["stations"]["with_tally"] == len(str(votes).replace("0", ""))
    assert sum(centre.valid for centre in result.centres()) == votes
    # Whatever the headline counts, the votes per standing are all there.
    assert answer["candidates"][0]["votes_by_standing"] == {
        "missing": 0, "reported": 1, "documented": 10, "confirmed": 100, "imported": 1000, "withdrawn": 0,
    }  # fmt: skip
    assert answer["stations"]["by_standing"] == {
        "missing": 2, "reported": 1, "documented": 1, "confirmed": 1, "imported": 1, "withdrawn": 1,
    }  # fmt: skip


def test_withdrawn_counts_cannot_be_asked_for(story: Make) -> None:
    with pytest.raises(InputError, match="Choose one of"):
        story().tally(at_least=Standing.WITHDRAWN)


def test_a_withdrawn_station_leaves_the_totals(story: Make) -> None:
    day = story().station("c1.1", {"A": 9}, "withdrawn").station("c1.2", {"A": 1})
    assert day.tally().country.candidates["A"] == 1
    assert day.tally(at_least=Standing.REPORTED).country.candidates["A"] == 1


def test_stations_known_only_by_number_count_for_the_country_alone(story: Make) -> None:
    day = story(stations=10, electors=5000).station("c1.1", {"A": 1}).station("9999.1", {"A": 4}, null=2)
    result = day.tally()
    answer = as_json(result)
    assert (result.country.registered, result.country.with_tally, result.unlisted) == (10, 2, 1)
    assert answer["stations"]["by_standing"]["missing"] == 8
    assert answer["candidates"][0]["votes"] == 5
    assert sum(a["candidates"]["A"] for a in answer["areas"] if a["level"] == "state") == 1
    assert sum(centre.valid for centre in result.centres()) == 1
    assert answer["electors"] == {
        "registered": 5000, "known": 5000, "unknown": 0, "covered": 100, "covered_unknown": 1,
    }  # fmt: skip
    assert (answer["null"], answer["null_unknown"]) == (2, 1)


def test_a_flood_of_invented_stations_does_not_hide_what_is_missing(story: Make) -> None:
    day = story(stations=8)
    for number in range(50):
        day.station(f"fake.{number}", {"B": 1000}, "reported")
    country = day.station("c1.1", {"A": 1}).tally().country
    assert (country.registered, country.with_tally, country.valid) == (8, 1, 1)
    assert country.by_standing["missing"] == 6  # those of the register; the one unnamed station may be among the 50
    assert day.tally(at_least=Standing.REPORTED).country.station_coverage == pytest.approx(51 / 57)


def test_without_a_register_every_sheet_counts_for_the_country(story: Make) -> None:
    day = story(stations=3).station("x.1", {"A": 2}).station("x.2", {"B": 1})
    day.register = Register(day.profile, register_schema(day.profile).empty_table(), complete=False)
    result = day.tally()
    answer = as_json(result)
    assert (answer["valid"], answer["stations"]["registered"], answer["stations"]["with_tally"]) == (3, 3, 2)
    assert answer["areas"] == [] and list(result.centres()) == []
    assert answer["electors"]["registered"] is None and answer["coverage"]["electors"] is None


def test_unknown_electors_are_never_zero(story: Make) -> None:
    day = story().station("c1.1", {"A": 40}, null=5, blank=5).station("c2.1", {"A": 99})
    result = day.tally()
    area = result.area("0101")
    assert (area.electors, area.electors_unknown, area.electors_if_known, area.elector_coverage) == (300, 1, None, None)
    assert area.turnout == 0.5  # the station without electors is in neither part
    assert (area.covered, area.covered_unknown) == (100, 1)
    assert result.area("02").elector_coverage == 0.0
    assert as_json(result)["electors"]["registered"] is None
    assert (area.null, area.null_unknown, area.null_if_known) == (5, 1, 5)
    assert result.centre("c2").null_if_known is None  # its source does not say
    assert result.area("0301").null_if_known == 0  # there is nothing that could say


def test_lines_are_summed_where_sources_have_them(story: Make) -> None:
    lines = {"A_0": 3, "A_1": 4, "B_0": 5, "C_0": 0}
    day = story().station("c1.1", {"A": 7, "B": 5}, lines=lines).station("c1.2", {"A": 1})
    day.station("c3.1", {"A": 7, "B": 5}, "documented", lines=lines)
    country = day.tally().country
    assert (country.lines, country.with_lines) == (lines, 1)
    assert as_json(day.tally())["candidates"][0]["lines"] == {"A_0": 3, "A_1": 4}
    assert day.tally().centre("c1").lines == lines
    assert as_json(story().station("c1.2", {"A": 1}).tally())["candidates"][0]["lines"] is None


def test_another_contests_votes_stay_out(story: Make) -> None:
    day = story().station("c1.1", {"A": 7})
    table = day.table()
    other = table.set_column(0, "contest", pa.array(["mayor"]))
    counted = counted_from_table(day.contest, day.register, pa.concat_tables([table, other]))
    assert tally(day.profile, day.contest, day.register, counted).country.valid == 7


def test_a_station_cannot_count_twice(story: Make) -> None:
    day = story().station("c1.1", {"A": 7}).station("c1.1", {"A": 7})
    with pytest.raises(InputError, match="twice"):
        day.counted()
    counted = story().station("c1.1", {"A": 7}).station("c1.2", {"A": 7}).counted()
    counted.station_row[:] = 0
    with pytest.raises(InputError, match=r"c1\.1 twice"):
        tally(day.profile, day.contest, day.register, counted)


@pytest.mark.parametrize("votes", [-1, 2**61])
def test_votes_that_no_station_can_have_stop_the_sum(story: Make, votes: int) -> None:
    day = story().station("c1.1", {"A": votes}).station("c1.2", {"A": 5})
    with pytest.raises(InputError, match="cannot be summed"):
        day.tally()


def test_an_unknown_standing_or_a_hole_is_refused_by_name(story: Make) -> None:
    day = story().station("c1.1", {"A": 1})
    table = day.table()
    position = table.column_names.index("standing")
    with pytest.raises(InputError, match="certain"):
        counted_from_table(day.contest, day.register, table.set_column(position, "standing", pa.array(["certain"])))
    position = table.column_names.index("c_B")
    hole = table.set_column(position, "c_B", pa.array([None], pa.int64()))
    with pytest.raises(InputError, match=r"c_B at the station c1\.1"):
        counted_from_table(day.contest, day.register, hole)
    with pytest.raises(InputError, match="c_B"):
        counted_from_table(day.contest, day.register, table.drop_columns(["c_B"]))


def test_every_field_of_the_answer_is_documented(story: Make) -> None:
    day = every_standing(story).station("c2.1", {"A": 1}, lines={"A_0": 1, "A_1": 0, "B_0": 0, "C_0": 0})
    answer = as_json(day.tally())
    assert paths(answer, "") == set(FIELDS) | {"candidates[].lines.*"}
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer


OPEN = ("by_standing", "votes_by_standing", "lines", "areas[].candidates")


def paths(value: Any, path: str) -> set[str]:
    """Every leaf's path, lists as ``[]`` and mappings with free keys as ``*``."""
    if isinstance(value, dict):
        free = path.endswith(OPEN)
        inner = {p for k, v in value.items() for p in paths(v, f"{path}.{'*' if free else k}".lstrip("."))}
        return inner | ({path} if path.endswith(".lines") else set())
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {p for v in value for p in paths(v, f"{path}[]")}
    return {path}


def test_the_site_builder_finds_children_centres_and_missing_stations(story: Make) -> None:
    result = story().station("c1.2", {"A": 1}).station("c4.1", {"A": 1}, "documented").tally()
    assert [area.code for area in result.children("XX")] == ["01", "02", "03"]
    assert [area.code for area in result.children("01")] == ["0101", "0102"]
    assert result.children("0101") == []
    assert [centre.code for centre in result.centres_of("0101")] == ["c1", "c2"]
    assert (result.centre("c1").parent, result.centre("c1").level) == ("0101", "centre")
    assert result.centre("c4").by_standing["documented"] == 1
    assert result.station_counted.tolist() == [False, True, False, False, False, False, False]
    assert [list(Standing)[i].value for i in result.station_standing[[0, 1, 4]]] == [
        "missing",
        "confirmed",
        "documented",
    ]
    with pytest.raises(InputError, match="no area"):
        result.area("77")
    with pytest.raises(InputError, match="no centre"):
        result.centre("0101")


def test_a_country_without_levels(story: Make) -> None:
    day = story().station("c1.1", {"A": 2})
    profile = day.profile.__class__(**{**vars(day.profile), "levels": ()})
    register = Register(profile, day.register.table)
    result = tally(profile, day.contest, register, counted_from_table(day.contest, register, day.table()))
    assert (result.country.valid, as_json(result)["areas"]) == (2, [])
    assert len(result.centres_of("XX")) == 5


# --------------------------------------------------------------------------- against a naive count

VOTES = st.integers(0, 2**31 - 1)
DECISION = st.fixed_dictionaries(
    {
        "standing": st.sampled_from(list(Standing)),
        "votes": st.none() | st.tuples(VOTES, VOTES, VOTES),
        "null": st.none() | VOTES,
        "blank": st.none() | st.integers(0, 50),
        "lines": st.none() | st.tuples(VOTES, VOTES, VOTES, VOTES),
        "contested": st.booleans(),
    }
)
CODES = ["c1.1", "c1.2", "c2.1", "c3.1", "c4.1", "c4.2", "c5.1", "unnamed.1", "unnamed.2"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(CODES), DECISION), st.sampled_from(list(AT_LEAST)))
def test_every_sum_equals_a_naive_count(story: Make, day: dict[str, dict[str, Any]], at_least: Standing) -> None:
    told = story(stations=9)
    for code, d in day.items():
        votes = None if d["votes"] is None else dict(zip("ABC", d["votes"], strict=True))
        lines = None if d["lines"] is None else dict(zip(told.contest.line_codes, d["lines"], strict=True))
        more = {} if votes is None else {"null": d["null"], "blank": d["blank"], "lines": lines}
        told.station(code, votes, str(d["standing"]), contested=d["contested"], **more)
    result = told.tally(at_least=at_least)
    naive = naive_sums(told, at_least)
    places = [*result.areas(), *result.centres()]
    assert len(places) == 1 + 3 + 4 + 5
    for place in places:
        expected = naive[place.level, place.code]
        got = {f"votes {code}": votes for code, votes in place.candidates.items()}
        got |= {f"line {code}": votes for code, votes in place.lines.items()}
        for name in ("with_tally", "contested", "null", "null_unknown", "blank", "covered", "covered_unknown"):
            got[name] = getattr(place, name)
        got["cast"] = place.cast_where_electors_known
        got |= {f"{standing}": n for standing, n in place.by_standing.items() if standing != "missing"}
        for code, by_standing in place.votes_by_standing.items():
            got |= {f"{code} {standing}": votes for standing, votes in by_standing.items()}
        assert {name: n for name, n in got.items() if n} == {
            name: n for name, n in expected.items() if n and (place.level != "centre" or name[1:2] != " ")
        }
        assert sum(place.by_standing.values()) == place.registered


def naive_sums(told: Story, at_least: Standing) -> dict[tuple[str, str], dict[str, int]]:
    """The same sums with a loop that nobody can misunderstand."""
    sums: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for decision in told.decisions:
        station, counts = told.register.find(decision.station), decision.counts
        places = [("country", "XX")]
        if station is not None:
            places += [("centre", station.centre), *zip(("state", "municipality"), station.areas, strict=True)]
        for place in places:
            figures = sums[place]
            figures["contested"] += "contested" in decision.flags
            if decision.standing != "missing":
                figures[decision.standing] += 1
            if counts is None:
                continue
            for code, votes in counts.candidates.items():
                figures[f"{code} {decision.standing}"] += votes
            if decision.standing not in AT_LEAST[at_least]:
                continue
            electors = station.electors if station else None
            figures["with_tally"] += 1
            figures["null"] += counts.null or 0
            figures["null_unknown"] += counts.null is None
            figures["blank"] += counts.blank or 0
            figures["covered"] += electors or 0
            figures["covered_unknown"] += electors is None
            figures["cast"] += counts.cast if electors is not None else 0
            for code, votes in counts.candidates.items():
                figures[f"votes {code}"] += votes
            for code, votes in (counts.lines or {}).items():
                figures[f"line {code}"] += votes
    return sums


def test_the_order_of_the_stations_is_of_no_account(story: Make) -> None:
    day = every_standing(story)
    counted = day.counted()
    backwards = counted.__class__(**{name: v if v is None else v[::-1] for name, v in vars(counted).items()})
    one, other = (tally(day.profile, day.contest, day.register, c) for c in (counted, backwards))
    for mine, theirs in zip(one.sums.arrays(), other.sums.arrays(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
